//! The end of sessions: by the person, by age, by silence, or because PSC says so.
//!
//! Rule: whatever the end, the API tokens are revoked. PSC is logged out only when the person asked for it: an automatic end
//! must not close the session that another software uses.

use std::sync::Arc;
use std::time::Duration;

use journal::Fait;

use super::{Session, durable, jeton};
use crate::connect::code;
use crate::etat::Etat;

/// Between two looks at all sessions.
const RONDE: Duration = Duration::from_secs(5);

/// Ends sessions that are too old or silent, until asked to stop.
pub(crate) async fn veiller(etat: Arc<Etat>) {
    loop {
        tokio::select! {
            () = etat.arret.demande() => return,
            () = tokio::time::sleep(RONDE) => {}
        }
        balayer(&etat).await;
    }
}

/// One look. Ends what has to end, revocations included.
pub(crate) async fn balayer(etat: &Arc<Etat>) {
    code::ramasser(etat).await;
    let finies = match durable::finies(etat).await {
        Ok(finies) => finies,
        Err(erreur) => {
            tracing::error!(%erreur, "sessions à finir : la base ne répond pas");
            return;
        }
    };
    for session in finies {
        expirer(etat, &session).await;
    }
}

/// Ends a session that nobody asked to end.
pub(crate) async fn expirer(etat: &Arc<Etat>, session: &Arc<Session>) {
    if durable::fermer(etat, session).await {
        jeton::noter(etat, session, Fait::SessionExpired(etat.noms.session(session)));
        tracing::info!(client_id = %session.identite.client_id, session = session.empreinte(), "session expirée");
        revoquer(etat, session).await;
    }
}

/// Revokes every API token of an ended session.
pub(crate) async fn revoquer(etat: &Etat, session: &Session) {
    for api in &etat.apis {
        // Nobody renews it meanwhile: the session is closed, and whoever began has finished.
        let place = &session.apis[api.rang];
        let _seul = place.renouveler.lock().await;
        let Some(jeton) = place.retirer() else { continue };
        if api.revoquer(&session.identite, &jeton).await {
            jeton::noter(etat, session, Fait::TokenRevoked(etat.noms.session(session), &api.regles.id));
        }
    }
}
