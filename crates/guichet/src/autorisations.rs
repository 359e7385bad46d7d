//! Autorisations d’accès: issued when the technical prerequisites are valid, and the document that proves it.
//!
//! Rule: the autorisation exists from the transaction that validates the chapter; its PDF is made right after by a task,
//! or on the spot for whoever asks sooner. Making it twice keeps the first one that was saved.

use bytes::Bytes;
use domaine::{
    autorisation::{self, Autorisation},
    candidature::Candidature,
    id::Id,
    referentiel::Guichet,
};
use registre::{Tx, Versionne};

use crate::{
    app::App,
    documents::{self, Piece, PieceAutorisation},
    erreur::Erreur,
    taches::{Avertissement, Genre, avertir},
};

/// Issues the autorisation of an éditeur whose chapter PMT is valid, once; does nothing in any other case.
///
/// To be called in the transaction that validates a chapter; the caller wakes the worker after the commit.
pub async fn emettre(tx: &mut Tx, app: &App, candidature: &Candidature) -> Result<(), Erreur> {
    let prete = candidature.guichet == Guichet::Editeur
        && candidature.chapitre(autorisation::CHAPITRE).is_some_and(domaine::chapitre::Chapitre::valide);
    if !prete || tx.load_autorisation(candidature.id).await?.is_some() {
        return Ok(());
    }
    let le = app.maintenant();
    let annee = domaine::calendrier::jour(le).year();
    let sequence = tx.suivant(&format!("autorisation-{annee}")).await?;
    let (emise, evenement) = Autorisation::emettre(app.id(), annee, sequence, candidature, le)?;
    tx.save_autorisation(&Versionne::nouveau(emise), Some(&evenement)).await?;
    demander_document(tx, app, candidature.id).await?;
    avertir(tx, app, candidature, Avertissement::AutorisationAccordee).await
}

/// Asks the worker for the PDF of the current period.
pub async fn demander_document(tx: &mut Tx, app: &App, candidature: Id<Candidature>) -> Result<(), Erreur> {
    let le = app.maintenant();
    let id = app.alea.uuid(le).to_string();
    tx.ajouter_tache(&id, Genre::DocumentAutorisation.cle(), &candidature.to_string(), None, le).await?;
    Ok(())
}

/// The autorisation and its signed PDF, made now if it was not made yet.
pub async fn document(app: &App, candidature: Id<Candidature>) -> Result<(Autorisation, Bytes), Erreur> {
    loop {
        let mut tx = app.registre.lire().await?;
        let lue = tx.load_autorisation(candidature).await?.ok_or(Erreur::Introuvable)?;
        if let Some(sha256) = &lue.document {
            let octets = app.magasin.lire(sha256).await?;
            return Ok((lue.valeur, octets));
        }
        let dossier = tx.load_candidature(candidature).await?.ok_or(Erreur::Introuvable)?;
        drop(tx);
        let piece = Piece::Autorisation(PieceAutorisation::nouvelle(app, &lue, &dossier));
        let octets = documents::signer(app, piece, "Autorisation d’accès", lue.debut).await?;
        let sha256 = app.magasin.garder(octets.clone()).await?;
        let faite = Autorisation { document: Some(sha256), ..lue.valeur.clone() };
        let mut tx = app.registre.ecrire().await?;
        match tx.save_autorisation(&lue.vers(faite.clone()), None).await {
            Ok(()) => {
                tx.commit().await?;
                return Ok((faite, octets.into()));
            }
            // Somebody made it, prolonged or revoked in between: look again.
            Err(registre::Erreur::Conflit) => {}
            Err(erreur) => return Err(erreur.into()),
        }
    }
}
