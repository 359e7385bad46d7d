//! The habilitation on which an opérateur relies: found in the register by its NRU, or read from its signed PDF.
//!
//! Rule: what the register says counts more than what a PDF says; a habilitation that the register does not know is
//! taken from its PDF when a recognised authority signed it.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    candidature::{Candidature, administratif},
    formulaire::{
        HabilitationLiee,
        champs::{self, Forme},
    },
    habilitation::{EtatHabilitation, Habilitation},
    id::Id,
    identifiant::Nru,
    referentiel::Profil,
};
use jiff::Timestamp;
use web::{Formulaire, FormulaireFichiers, Genre, Partie, Saisie};

use super::{
    brouillon, conflit,
    vue::{self, Affichage},
};
use crate::{acces::Ici, app::App, erreur::Erreur, session};

/// What the register says today of the linked habilitations that it knows, by their numbers.
pub(crate) async fn etats(
    app: &App,
    candidature: &Candidature,
) -> Result<BTreeMap<String, Result<(), String>>, Erreur> {
    let le = app.maintenant();
    let mut tx = app.registre.lire().await?;
    let mut etats = BTreeMap::new();
    for liee in candidature.formulaire.habilitations.values() {
        if let Some(connue) = tx.load_habilitation(&liee.numero).await? {
            etats.insert(liee.numero.clone(), connue.en_vigueur(le));
        }
    }
    Ok(etats)
}

pub async fn lier(
    State(app): State<App>,
    ici: Ici,
    Path((_, cle)): Path<(String, String)>,
    mut formulaire: FormulaireFichiers,
) -> Result<Response, Erreur> {
    let profil = profil_du_champ(ici.candidature()?, &cle)?;
    let mut saisie = Saisie::default();
    while let Some(partie) = formulaire.suivant().await? {
        match partie {
            Partie::Texte { nom, valeur } => saisie.ajouter(&nom, &valeur),
            Partie::Fichier { .. } => {}
        }
    }
    let candidature = match brouillon::enregistrer(&app, &ici, &saisie).await? {
        Ok(candidature) => candidature,
        Err(refuse) => return conflit::page(&app, &ici, *refuse, saisie, false).await,
    };
    let nru = saisie.texte(&format!("nru.{cle}")).to_owned();
    let trouvee = par_nru(&app, &nru, profil).await?;
    let liee = match trouvee {
        Ok(liee) => liee,
        Err(raison) => {
            let affichage = Affichage { saisie: Some(saisie), erreurs: vec![(cle, raison)], htmx: false };
            let page = vue::page(&app, &ici, &candidature, affichage).await?;
            return Ok(web::page_avec(http::StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    poser(&app, &ici, candidature.id, &cle, Some(liee), saisie).await
}

pub async fn retirer(
    State(app): State<App>,
    ici: Ici,
    Path((_, cle)): Path<(String, String)>,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    profil_du_champ(ici.candidature()?, &cle)?;
    match brouillon::enregistrer(&app, &ici, &saisie).await? {
        Ok(candidature) => poser(&app, &ici, candidature.id, &cle, None, saisie).await,
        Err(refuse) => conflit::page(&app, &ici, *refuse, saisie, false).await,
    }
}

fn profil_du_champ(candidature: &Candidature, cle: &str) -> Result<Profil, Erreur> {
    match champs::trouver(cle, candidature.guichet).map(|champ| champ.forme) {
        Some(Forme::Habilitation(profil)) => Ok(profil),
        _ => Err(Erreur::Introuvable),
    }
}

async fn poser(
    app: &App,
    ici: &Ici,
    id: Id<Candidature>,
    cle: &str,
    liee: Option<HabilitationLiee>,
    saisie: Saisie,
) -> Result<Response, Erreur> {
    let contexte = app.contexte(ici.candidature()?.guichet);
    let (acteur, le) = (ici.acteur(), app.maintenant());
    let resultat = app
        .tenter(id, |candidature| {
            let habilitations = BTreeMap::from([(cle.to_owned(), liee.clone())]);
            let saisie = administratif::Saisie { habilitations, ..administratif::Saisie::default() };
            candidature.saisir(saisie, &contexte, &acteur, le)
        })
        .await?;
    match resultat {
        Ok(candidature) => {
            let texte = match &liee {
                Some(liee) => format!("Habilitation {} liée au formulaire.", liee.numero),
                None => "Habilitation retirée du formulaire.".to_owned(),
            };
            session::aviser(app, ici, Genre::Succes, &texte).await?;
            let url = format!("/candidatures/{}/formulaire#c-{cle}", candidature.id);
            Ok(Redirect::to(&url).into_response())
        }
        Err(refuse) => conflit::page(app, ici, *refuse, saisie, false).await,
    }
}

/// The habilitation of this profile under this NRU, or why there is none to rely on.
async fn par_nru(app: &App, texte: &str, profil: Profil) -> Result<Result<HabilitationLiee, String>, Erreur> {
    if texte.is_empty() {
        return Ok(Err("Donnez le NRU de l’habilitation, ou joignez son PDF signé.".to_owned()));
    }
    let nru: Nru = match texte.parse() {
        Ok(nru) => nru,
        Err(refus) => return Ok(Err(format!("{refus}"))),
    };
    let mut tx = app.registre.lire().await?;
    let mut connues = Vec::new();
    for autre in Profil::TOUS {
        let lues = tx.load_habilitations_nru(nru.as_str(), autre).await?;
        connues.extend(lues.into_iter().map(|lue| lue.valeur));
    }
    Ok(choisir(&connues, &nru, profil, app.maintenant()))
}

/// Among the habilitations of a NRU: the one in force for this profile, else why none will do. What is not signed yet
/// is nobody else's business: it counts as unknown.
fn choisir(
    connues: &[Habilitation],
    nru: &Nru,
    profil: Profil,
    le: Timestamp,
) -> Result<HabilitationLiee, String> {
    let signees: Vec<&Habilitation> =
        connues.iter().filter(|une| une.etat != EtatHabilitation::Projet).collect();
    let du_profil: Vec<&&Habilitation> = signees.iter().filter(|une| une.contenu.profil == profil).collect();
    if let Some(bonne) = du_profil.iter().find(|une| une.en_vigueur(le).is_ok()) {
        return Ok(liee(bonne, le));
    }
    if let Some(derniere) = du_profil.first() {
        let raison = derniere.en_vigueur(le).err().unwrap_or_default();
        return Err(format!("{} : {raison}", derniere.numero()));
    }
    if let Some(autre) = signees.first() {
        return Err(format!(
            "Le NRU {nru} est celui d’une habilitation « {} » ; celle d’un « {} » est attendue ici.",
            autre.contenu.profil.libelle(),
            profil.libelle()
        ));
    }
    Err(format!("Le registre ne connaît aucune habilitation sous le NRU {nru}. Vérifiez les lettres."))
}

fn liee(habilitation: &Habilitation, le: Timestamp) -> HabilitationLiee {
    let contenu = &habilitation.contenu;
    HabilitationLiee {
        profil: contenu.profil,
        numero: contenu.numero.clone(),
        nru: contenu.nru.to_string(),
        logiciel: contenu.logiciel.clone(),
        version: contenu.version.clone(),
        fin: contenu.fin,
        en_vigueur: habilitation.en_vigueur(le),
        fichier: None,
    }
}
