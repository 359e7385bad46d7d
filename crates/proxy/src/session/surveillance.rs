//! The end of sessions: by the person, by age, by silence, or because PSC says so.
//!
//! Rule: whatever the end, the API tokens are revoked. PSC is logged out only when the person asked for it: an automatic end
//! must not close the session that another software uses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream;
use journal::Fait;

use super::{Session, durable, jeton, revocation};
use crate::connect::code;
use crate::etat::Etat;

/// Between two looks at all sessions: at least, and at most.
const RONDE: Duration = Duration::from_secs(5);
const RONDE_MAX: Duration = Duration::from_mins(1);
/// A look that took long is followed by that many times as much: a million sessions must not slow the calls.
const REPOS: u32 = 50;
/// Sessions closed at once.
const ENSEMBLE: usize = 32;
/// So many ended in one look that there are others: a shared store gives them by the hundred.
const BEAUCOUP: usize = 100;

/// Ends sessions that are too old or silent, until asked to stop.
pub(crate) async fn veiller(etat: Arc<Etat>) {
    let mut attente = RONDE;
    loop {
        tokio::select! {
            () = etat.arret.demande() => return,
            () = tokio::time::sleep(attente) => {}
        }
        let debut = Instant::now();
        attente = if balayer(&etat).await < BEAUCOUP {
            (debut.elapsed() * REPOS).clamp(RONDE, RONDE_MAX)
        } else {
            Duration::ZERO
        };
    }
}

/// One look. Ends what has to end and gives their number; revocations follow by themselves.
pub(crate) async fn balayer(etat: &Arc<Etat>) -> usize {
    code::ramasser(etat).await;
    let finies = match durable::finies(etat).await {
        Ok(finies) => finies,
        Err(erreur) => {
            tracing::error!(%erreur, "sessions à finir : la base ne répond pas");
            return 0;
        }
    };
    let nombre = finies.len();
    stream::iter(finies).for_each_concurrent(ENSEMBLE, async |session| expirer(etat, &session).await).await;
    nombre
}

/// Ends a session that nobody asked to end.
pub(crate) async fn expirer(etat: &Arc<Etat>, session: &Arc<Session>) {
    if durable::fermer(etat, session).await {
        jeton::noter(etat, session, Fait::SessionExpired(etat.noms.session(session)));
        tracing::info!(client_id = %session.identite.client_id, session = session.empreinte(), "session expirée");
        revocation::revoquer(etat, session);
    }
}
