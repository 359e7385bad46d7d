//! Habilitations: prepared after the decision, signed, and what follows for those who rely on them.
//!
//! Rule: the signed letter stands in the store before the transaction that makes the habilitation active, so that a
//! crash leaves either a project or a whole habilitation; a letter that no habilitation names is nothing.

use domaine::{
    calendrier::jour,
    candidature::Candidature,
    chapitre::{Chapitre, EtatChapitre},
    evenement::Acteur,
    habilitation::{EtatHabilitation, Habilitation, Refus},
    referentiel::Profil,
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use registre::{SessionGardee, Tx, Versionne};

use crate::{
    app::App,
    documents::{self, Piece, PieceHabilitation},
    erreur::Erreur,
    pages::formulaire::habilitation::etats,
    taches::{Avertissement, avertir},
};

/// Age of the proof of identity with which somebody may sign.
const PREUVE: SignedDuration = SignedDuration::from_mins(5);

/// Prepares one habilitation for each profile of a candidature that the collège has just accepted; those that exist
/// already stay as they are. Gives their numbers.
///
/// To be called in the transaction of the decision, with the candidature in its new state.
pub async fn preparer(
    tx: &mut Tx,
    app: &App,
    candidature: &Candidature,
    le: Timestamp,
) -> Result<Vec<String>, Erreur> {
    let existantes = tx.load_habilitations_candidature(candidature.id).await?;
    let mut numeros = Vec::new();
    for profil in candidature.profils() {
        if existantes.iter().any(|une| une.contenu.profil == profil) {
            continue;
        }
        let annee = jour(le).year();
        let sequence = tx.suivant(&format!("habilitation-{}-{annee}", profil.code())).await?;
        let conformite = conformite(candidature, profil, jour(le));
        let (projet, evenement) =
            Habilitation::preparer(app.id(), sequence, profil, candidature, conformite, le)?;
        numeros.push(projet.numero().to_owned());
        tx.save_habilitation(&Versionne::nouveau(projet), &evenement).await?;
    }
    Ok(numeros)
}

/// First and last day on which the chapters of a profile were validated.
fn conformite(candidature: &Candidature, profil: Profil, defaut: Date) -> (Date, Date) {
    let du_profil =
        |chapitre: &&Chapitre| chapitre.emplacements.iter().any(|slot| slot.profils.contains(&profil));
    let jours: Vec<Date> = candidature
        .chapitres
        .iter()
        .filter(du_profil)
        .filter_map(|chapitre| match &chapitre.etat {
            EtatChapitre::Valide { le, .. } => Some(jour(*le)),
            _ => None,
        })
        .collect();
    let premier = jours.iter().min().copied().unwrap_or(defaut);
    (premier, jours.iter().max().copied().unwrap_or(defaut))
}

/// Whether the person proved who they are recently enough to sign.
pub fn preuve_fraiche(session: &SessionGardee, maintenant: Timestamp) -> bool {
    maintenant.duration_since(session.authentifie_le) <= PREUVE
}

/// Signs the letter and puts the habilitation in force, in place of an older one of the same produit and profile.
pub async fn signer(
    app: &App,
    projet: &Versionne<Habilitation>,
    candidature: &Candidature,
    par: &Acteur,
) -> Result<Habilitation, Erreur> {
    projet.exige_signataire(candidature, par)?;
    let le = app.maintenant();
    let mut tx = app.registre.lire().await?;
    exige_prerequis(&mut tx, candidature, le).await?;
    drop(tx);
    let piece = PieceHabilitation::nouvelle(app, projet.contenu.clone(), &par.nom, le);
    let pdf = documents::signer(app, Piece::Habilitation(piece), "Habilitation", le).await?;
    let sha256 = app.magasin.garder(pdf).await?;
    let (active, evenement) = projet.valeur.clone().activer(candidature, sha256, par, le)?;
    let mut tx = app.registre.ecrire().await?;
    // Again in the transaction: a suspension may have come while the letter was being signed.
    exige_prerequis(&mut tx, candidature, le).await?;
    match tx.save_habilitation(&projet.vers(active.clone()), &evenement).await {
        Ok(()) => {}
        // Only a signature changes a project.
        Err(registre::Erreur::Conflit) => return Err(Refus::Etat("Active").into()),
        Err(erreur) => return Err(erreur.into()),
    }
    let numero = active.numero().to_owned();
    avertir(&mut tx, app, candidature, Avertissement::HabilitationSignee { numero }).await?;
    remplacer_les_anciennes(&mut tx, app, &active, le).await?;
    tx.commit().await?;
    app.travail.notify_one();
    Ok(active)
}

/// Refuses when a habilitation on which the dossier relies is no longer in force, by what the register says now.
async fn exige_prerequis(tx: &mut Tx, candidature: &Candidature, le: Timestamp) -> Result<(), Erreur> {
    let etats = etats(tx, candidature, le).await?;
    let mut candidature = candidature.clone();
    candidature.formulaire.actualiser_habilitations(&etats);
    Ok(candidature.exige_prerequis(le)?)
}

async fn remplacer_les_anciennes(
    tx: &mut Tx,
    app: &App,
    nouvelle: &Habilitation,
    le: Timestamp,
) -> Result<(), Erreur> {
    let memes = tx.load_habilitations_produit(nouvelle.produit, nouvelle.contenu.profil).await?;
    for ancienne in memes {
        let vivante =
            matches!(ancienne.etat, EtatHabilitation::Active { .. } | EtatHabilitation::Suspendue { .. });
        if ancienne.id == nouvelle.id || !vivante {
            continue;
        }
        let numero = ancienne.numero().to_owned();
        let par = nouvelle.numero().to_owned();
        let (remplacee, evenement) = ancienne.valeur.clone().remplacer(&par, le)?;
        tx.save_habilitation(&ancienne.vers(remplacee), &evenement).await?;
        if let Some(candidature) = tx.load_candidature(ancienne.candidature).await? {
            let avertissement =
                Avertissement::HabilitationRemplacee { numero: numero.clone(), par: par.clone() };
            avertir(tx, app, &candidature, avertissement).await?;
        }
        let touchee = Avertissement::DependanceTouchee {
            numero: numero.clone(),
            etat: format!("remplacée par {par}"),
        };
        prevenir_dependants(tx, app, &numero, &touchee).await?;
    }
    Ok(())
}

/// Changes a habilitation that is in force, and tells its holder and whoever relies on it.
pub async fn changer(
    app: &App,
    lue: &Versionne<Habilitation>,
    suite: (Habilitation, domaine::evenement::Evenement),
    titulaire: Avertissement,
    dependants: &Avertissement,
) -> Result<(), Erreur> {
    let (changee, evenement) = suite;
    let mut tx = app.registre.ecrire().await?;
    tx.save_habilitation(&lue.vers(changee), &evenement).await?;
    if let Some(candidature) = tx.load_candidature(lue.candidature).await? {
        avertir(&mut tx, app, &candidature, titulaire).await?;
    }
    prevenir_dependants(&mut tx, app, lue.numero(), dependants).await?;
    tx.commit().await?;
    app.travail.notify_one();
    Ok(())
}

/// Tells every opérateur whose candidature names this habilitation what became of it.
async fn prevenir_dependants(
    tx: &mut Tx,
    app: &App,
    numero: &str,
    avertissement: &Avertissement,
) -> Result<(), Erreur> {
    for dependante in tx.load_candidatures_dependantes(numero).await? {
        avertir(tx, app, &dependante, avertissement.clone()).await?;
    }
    Ok(())
}

/// A habilitation on which another relies, as it stands today.
#[derive(Clone, Debug)]
pub struct Dependance {
    pub numero: String,
    pub etat: &'static str,
    pub en_vigueur: bool,
}

/// Where the habilitations stand on which this one relies.
pub async fn dependances(
    tx: &mut Tx,
    habilitation: &Habilitation,
    le: Timestamp,
) -> Result<Vec<Dependance>, Erreur> {
    let mut dependances = Vec::new();
    for numero in &habilitation.contenu.dependances {
        let lue = tx.load_habilitation(numero).await?;
        dependances.push(Dependance {
            numero: numero.clone(),
            etat: lue.as_ref().map_or("Inconnue", |une| une.libelle_etat(le)),
            en_vigueur: lue.is_some_and(|une| une.en_vigueur(le).is_ok()),
        });
    }
    Ok(dependances)
}
