//! Forgets what is too old: sessions, sign-ins that never came back, kept forms, finished tasks, unclaimed uploads.
//!
//! Rule: nothing of a dossier is forgotten here; its retention is counted in years (spec guichets R65).

use jiff::SignedDuration;

use crate::{app::App, depot, erreur::Erreur, session};

/// How long a form already played is remembered, so that playing it again changes nothing.
const ENVOIS: SignedDuration = SignedDuration::from_hours(24);
/// How long a finished task is kept, for whoever asks what was sent.
const TACHES: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(super) async fn faire(app: &App) -> Result<(), Erreur> {
    let maintenant = app.maintenant();
    let il_y_a = |duree: SignedDuration| maintenant.saturating_sub(duree).unwrap_or(jiff::Timestamp::MIN);
    let mut tx = app.registre.ecrire().await?;
    tx.purger_sessions(il_y_a(session::AGE), il_y_a(ENVOIS)).await?;
    tx.purger_taches(il_y_a(TACHES)).await?;
    tx.commit().await?;
    depot::menage(app).await
}
