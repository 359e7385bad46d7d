//! Takes over the preuves of the candidature that this one replaces or renews: all that fit, in one act.
//!
//! Rule: only references are copied, the bytes stand in the store once; the automatic checks run again, for what was
//! right of the other candidature may not be of this one.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::candidature::{Candidature, reprise::Reprise};
use registre::Tx;
use web::{Formulaire, Genre};

use crate::{acces::Ici, app::App, avancement, erreur::Erreur, session, verifications::controler};

/// What the page offers to take over.
pub(super) struct Offre {
    /// NRU of the candidature from which it comes.
    pub nru: String,
    pub preuves: usize,
    pub emplacements: usize,
}

/// The candidature from which this one takes over, when both are of the same structure.
async fn source(tx: &mut Tx, candidature: &Candidature) -> Result<Option<Candidature>, Erreur> {
    let Some(nru) = &candidature.remplace else { return Ok(None) };
    let lue = tx.load_candidature_par_nru(nru.as_str()).await?;
    let meme = |autre: &Candidature| {
        autre.structure == candidature.structure && autre.produit == candidature.produit
    };
    Ok(lue.map(|lue| lue.valeur).filter(meme))
}

/// What can be taken over now; `None` when there is nothing.
pub(super) async fn offre(
    app: &App,
    tx: &mut Tx,
    candidature: &Candidature,
) -> Result<Option<Offre>, Erreur> {
    let Some(ancienne) = source(tx, candidature).await? else { return Ok(None) };
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let reprises = candidature.preuves_a_reprendre(&ancienne, referentiel, app.aujourdhui());
    let mut emplacements: Vec<&str> = reprises.iter().map(|une| une.attendue.as_str()).collect();
    emplacements.dedup();
    let offre =
        Offre { nru: ancienne.nru.to_string(), preuves: reprises.len(), emplacements: emplacements.len() };
    Ok((offre.preuves > 0).then_some(offre))
}

/// The items as they will be deposited here: each its own identity, and the advice on it for this candidature.
async fn preparer(
    app: &App,
    candidature: &Candidature,
    mut reprises: Vec<Reprise>,
) -> Result<Vec<Reprise>, Erreur> {
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    for Reprise { attendue, preuve, .. } in &mut reprises {
        preuve.id = app.id();
        if let Some(attendue) = referentiel.attendue(attendue) {
            preuve.avis = controler(app, candidature, attendue, preuve.kind, &preuve.contenu).await?;
        }
    }
    Ok(reprises)
}

pub async fn reprendre(State(app): State<App>, ici: Ici, _: Formulaire) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let retour = Redirect::to(&format!("{}#etape-2", avancement::url(candidature)));
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let (par, le, aujourdhui) = (ici.acteur(), app.maintenant(), app.aujourdhui());
    let mut tx = app.registre.lire().await?;
    let ancienne = source(&mut tx, candidature).await?;
    drop(tx);
    let ancienne = ancienne.ok_or(Erreur::Introuvable)?;
    let a_reprendre = candidature.preuves_a_reprendre(&ancienne, referentiel, aujourdhui);
    if a_reprendre.is_empty() {
        // A second click: the first one has done it all.
        session::aviser(&app, &ici, Genre::Info, "Il n’y a plus de preuve à reprendre.").await?;
        return Ok(retour.into_response());
    }
    let reprises = preparer(&app, candidature, a_reprendre).await?;
    let acte =
        |dossier: Candidature| dossier.reprendre(&ancienne.nru, &reprises, referentiel, aujourdhui, &par, le);
    let (mut tx, _) = app.engager(candidature.id, acte).await?;
    for Reprise { preuve, .. } in &reprises {
        if let Some(fichier) = preuve.contenu.fichier() {
            let objet = format!("preuve:{}", preuve.id);
            tx.save_usage_fichier(&fichier.sha256, candidature.id, &objet, fichier.nom.as_str()).await?;
        }
    }
    app.conclure(tx).await?;
    let texte = match reprises.len() {
        1 => format!("Une preuve est reprise de {} : relisez-la avant de soumettre.", ancienne.nru),
        nombre => {
            format!("{nombre} preuves sont reprises de {} : relisez-les avant de soumettre.", ancienne.nru)
        }
    };
    session::aviser(&app, &ici, Genre::Succes, &texte).await?;
    Ok(retour.into_response())
}
