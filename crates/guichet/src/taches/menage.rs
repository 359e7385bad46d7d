//! Forgets what is too old: sessions, sign-ins that never came back, kept forms, finished tasks, unclaimed uploads, and what
//! is over its time of retention.
//!
//! Rule: of a dossier only what the rule of retention says is erased (`domaine::candidature::conservation`), with its event;
//! bytes go once nothing shows them any more.

use domaine::{
    calendrier::jour,
    candidature::{Candidature, Refus, conservation::Effacement},
};
use jiff::SignedDuration;

use crate::{app::App, depot, erreur::Erreur, session};

/// How long a form already played is remembered, so that playing it again changes nothing.
const ENVOIS: SignedDuration = SignedDuration::from_hours(24);
/// How long a finished task is kept, for whoever asks what was sent.
const TACHES: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long a file that no form took is kept.
const INUTILES: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long nobody must have begun an upload before bytes are erased.
const CALME: SignedDuration = SignedDuration::from_hours(24);

pub(super) async fn faire(app: &App) -> Result<(), Erreur> {
    let maintenant = app.maintenant();
    let il_y_a = |duree: SignedDuration| maintenant.saturating_sub(duree).unwrap_or(jiff::Timestamp::MIN);
    let mut tx = app.registre.ecrire().await?;
    tx.purger_sessions(il_y_a(session::AGE), il_y_a(ENVOIS)).await?;
    tx.purger_taches(il_y_a(TACHES)).await?;
    tx.commit().await?;
    depot::menage(app).await?;
    conserver(app).await?;
    fichiers(app).await
}

/// Erases what is due of the dossiers that have come to their end.
async fn conserver(app: &App) -> Result<(), Erreur> {
    let le = app.maintenant();
    let mut tx = app.registre.lire().await?;
    let mut dus = Vec::new();
    for dossier in tx.load_candidatures_terminees().await? {
        let habilitations = tx.load_habilitations_candidature(dossier.id).await?;
        let derniere_fin = habilitations.iter().map(|une| une.contenu.fin).max();
        dus.extend(dossier.a_effacer(derniere_fin, jour(le)).map(|quoi| (dossier.id, quoi)));
    }
    drop(tx);
    for (id, quoi) in dus {
        let effacer = |candidature: Candidature| -> Result<_, Refus> { candidature.effacer(quoi, le) };
        let (mut tx, _) = app.engager(id, effacer).await?;
        match quoi {
            Effacement::Preuves => tx.effacer_usages(id, "preuve:").await?,
            Effacement::Dossier => {
                tx.effacer_usages(id, "").await?;
                tx.effacer_echanges(id).await?;
            }
        }
        app.conclure(tx).await?;
    }
    Ok(())
}

/// Erases the bytes that nothing shows. While somebody sends a file nothing is erased: it may be the same one, found in the
/// store and not shown yet.
async fn fichiers(app: &App) -> Result<(), Erreur> {
    let maintenant = app.maintenant();
    let il_y_a = |duree: SignedDuration| maintenant.saturating_sub(duree).unwrap_or(jiff::Timestamp::MIN);
    let mut tx = app.registre.lire().await?;
    if tx.televersement_en_cours(il_y_a(CALME)).await? {
        return Ok(());
    }
    let inutiles = tx.load_fichiers_inutiles(il_y_a(INUTILES)).await?;
    drop(tx);
    for sha256 in inutiles {
        let mut tx = app.registre.ecrire().await?;
        if tx.supprimer_fichier(&sha256).await? {
            app.magasin.supprimer(&sha256).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
