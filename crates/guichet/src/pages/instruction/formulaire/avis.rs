//! What the machine sees in the fields of the form, beside the vérificateur: agreement with what is known of the
//! structure, of the produit and of the register. Advice, never a verdict.

use std::collections::BTreeMap;

use domaine::{
    avis::{VerdictAvis, datapass},
    candidature::Candidature,
    formulaire::{Contexte, champs::Forme},
    habilitation::EtatHabilitation,
    identifiant::{Nru, Siret},
    permission::Qualite,
    produit::Produit,
    referentiel::{Controle, Profil},
    structure::Structure,
};

use crate::{app::App, erreur::Erreur, pages::formulaire::habilitation};

/// Advice on each field, by its key.
pub(super) type Avis = BTreeMap<&'static str, Vec<(VerdictAvis, String)>>;

pub(super) async fn avis(
    app: &App,
    candidature: &Candidature,
    structure: &Structure,
    produit: &Produit,
) -> Result<Avis, Erreur> {
    let contexte = app.contexte(candidature.guichet);
    let mut a_jour = candidature.clone();
    let mut tx = app.registre.lire().await?;
    let etats = habilitation::etats(&mut tx, candidature, app.maintenant()).await?;
    drop(tx);
    a_jour.formulaire.actualiser_habilitations(&etats);
    let mut avis = regles(&a_jour, &contexte);
    comparer(&mut avis, &a_jour, structure, produit);
    for (cle, profil) in [("nru_elu", Profil::ELU), ("nru_elp", Profil::ELP)] {
        if let Ok(nru) = candidature.formulaire.valeur(cle).parse::<Nru>() {
            let mut tx = app.registre.lire().await?;
            let connues = tx.load_habilitations_nru(nru.as_str(), profil).await?;
            let signee = connues.iter().any(|une| une.etat != EtatHabilitation::Projet);
            ajouter(
                &mut avis,
                cle,
                if signee {
                    (VerdictAvis::Conforme, format!("Habilitation {} au registre.", profil.code()))
                } else {
                    (VerdictAvis::Indetermine, "Aucune habilitation signée sous ce NRU.".to_owned())
                },
            );
        }
    }
    for (verdict, raison) in certificats(candidature) {
        ajouter(&mut avis, "client_id", (verdict, raison));
    }
    Ok(avis)
}

/// What the certificates deposited say of the Client ID of the form: it must be their CN. Only those that the agency reads.
fn certificats(candidature: &Candidature) -> Vec<(VerdictAvis, String)> {
    let mut lus = Vec::new();
    for chapitre in &candidature.chapitres {
        for slot in &chapitre.emplacements {
            for preuve in slot.courantes().filter(|preuve| chapitre.lu_par_l_agence(preuve)) {
                for avis in preuve.avis.iter().filter(|avis| avis.controle == Controle::CertCn) {
                    let raisons = if avis.raisons.is_empty() {
                        "son CN est ce Client ID.".to_owned()
                    } else {
                        avis.raisons.join(" ")
                    };
                    lus.push((avis.verdict, format!("Certificat déposé en {} : {raisons}", slot.attendue)));
                }
            }
        }
    }
    lus
}

fn ajouter(avis: &mut Avis, cle: &'static str, un: (VerdictAvis, String)) {
    avis.entry(cle).or_default().push(un);
}

/// What the rules of the form say of it today.
fn regles(candidature: &Candidature, contexte: &Contexte) -> Avis {
    let formulaire = &candidature.formulaire;
    let remarques = formulaire.remarques(contexte);
    let mut avis = Avis::new();
    for champ in formulaire.champs(candidature.guichet) {
        if let Some(faute) = champ.faute(formulaire, contexte) {
            ajouter(&mut avis, champ.cle, (VerdictAvis::NonConforme, faute.message));
        } else if matches!(champ.forme, Forme::Habilitation(_))
            && formulaire.habilitations.contains_key(champ.cle)
        {
            ajouter(&mut avis, champ.cle, (VerdictAvis::Conforme, "En vigueur à ce jour.".to_owned()));
        }
        for remarque in remarques.iter().filter(|remarque| remarque.champ == champ.cle) {
            ajouter(&mut avis, champ.cle, (VerdictAvis::Remarque, remarque.message.clone()));
        }
    }
    let numero = datapass(formulaire.valeur("datapass"));
    if numero.verdict == VerdictAvis::Conforme {
        let texte = "Numéro de demande, et non d’habilitation.".to_owned();
        ajouter(&mut avis, "datapass", (numero.verdict, texte));
    }
    avis
}

/// Agreement with what Industriels Santé Connect and the catalogue say.
fn comparer(avis: &mut Avis, candidature: &Candidature, structure: &Structure, produit: &Produit) {
    let formulaire = &candidature.formulaire;
    if let Ok(siret) = formulaire.valeur("siret").parse::<Siret>() {
        let un = if siret == structure.siret {
            (VerdictAvis::Conforme, "SIRET de la structure.".to_owned())
        } else if siret.siren() == structure.siret.siren() {
            let texte = format!("Autre établissement de la structure ({}).", structure.siret.lisible());
            (VerdictAvis::Remarque, texte)
        } else {
            let texte = format!("La structure a un autre SIREN ({}).", structure.siret.lisible());
            (VerdictAvis::NonConforme, texte)
        };
        ajouter(avis, "siret", un);
    }
    let mandataire = structure.membres.iter().find(|membre| membre.role.qualite() == Qualite::Mandataire);
    let representant =
        format!("{} {}", formulaire.valeur("representant_prenom"), formulaire.valeur("representant_nom"));
    if let Some(mandataire) = mandataire
        && !egaux(&mandataire.nom, &representant)
    {
        let texte = format!("Le mandataire de la structure est {}.", mandataire.nom);
        ajouter(avis, "representant_nom", (VerdictAvis::Remarque, texte));
    }
    for (cle, attendu, source) in [
        ("denomination", structure.denomination.as_str(), "la structure"),
        ("logiciel", produit.fiche.nom.as_str(), "le produit"),
        ("version", produit.fiche.version.as_str(), "le produit"),
        ("nil", produit.fiche.nil.as_str(), "le produit"),
    ] {
        let valeur = formulaire.valeur(cle);
        if !attendu.is_empty() && !valeur.is_empty() && !egaux(attendu, valeur) {
            let texte = format!("Diffère de ce que dit {source} : « {attendu} ».");
            ajouter(avis, cle, (VerdictAvis::Remarque, texte));
        }
    }
}

fn egaux(un: &str, autre: &str) -> bool {
    un.split_whitespace().eq(autre.split_whitespace()) || un.to_lowercase() == autre.to_lowercase()
}
