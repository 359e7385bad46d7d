//! PSC's tokens of the sessions that are in use, renewed before their refresh token dies: without them no API gives a new
//! token once its own has ended.
//!
//! Rule: a session that nobody used since its tokens came is left to end, at PSC as here. A round looks at a share of the
//! sessions and asks for a few at once; PSC not answering ends it, the next one comes soon enough.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;

use super::jeton::{self, SansJeton};
use super::surveillance;
use crate::connect::appel::Panne;
use crate::etat::Etat;

/// Between two rounds.
const RONDE: Duration = Duration::from_secs(5);
/// Rounds for all sessions to be looked at: forty seconds, much less than what is left to a token that must be renewed.
const PARTS: usize = 8;
/// Renewals asked of PSC at once.
const ENSEMBLE: usize = 16;

/// Renews until asked to stop.
pub(crate) async fn veiller(etat: Arc<Etat>) {
    for part in (0..PARTS).cycle() {
        tokio::select! {
            () = etat.arret.demande() => return,
            () = tokio::time::sleep(RONDE) => {}
        }
        entretenir(&etat, part, PARTS).await;
    }
}

/// One round, on the sessions of one of `parts` shares.
pub(crate) async fn entretenir(etat: &Arc<Etat>, part: usize, parts: usize) {
    let (maintenant, regles) = (etat.horloge.maintenant(), &etat.config.session);
    let dues = etat.magasin.choisir_part(part, parts, |session| {
        session.psc_a_renouveler(maintenant) && session.vivante(regles, maintenant)
    });
    let assez = AtomicBool::new(false);
    let assez = &assez;
    stream::iter(dues)
        .for_each_concurrent(ENSEMBLE, async |session| {
            if assez.load(Ordering::Relaxed) || etat.arret.est_demande() {
                return;
            }
            match jeton::entretenir_psc(etat, &session).await {
                Ok(()) | Err(SansJeton::Epuisee) => {}
                // PSC says that its session is over, or that it is somebody else's.
                Err(SansJeton::Finie) => surveillance::expirer(etat, &session).await,
                Err(sans) => {
                    tracing::warn!(session = session.empreinte(), %sans, "jetons de PSC non renouvelés");
                    // A refusal is about this session or its software: the others may do better.
                    if !matches!(sans, SansJeton::Panne(Panne::Refus { .. })) {
                        assez.store(true, Ordering::Relaxed);
                    }
                }
            }
        })
        .await;
}
