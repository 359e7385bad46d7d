//! CIBA in poll mode: the person answers on their own device while the LPS waits.
//!
//! Rule: wait the interval before every poll, the first too; slow down when told; stop at once at a final answer, at the
//! end of the request's life, or when the LPS has hung up.

use std::time::Duration;

use oidc::ciba::{Demande, INTERVALLE_PAR_DEFAUT, RALENTIR, Sondage};
use oidc::jetons::ReponseJetons;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::appel::{Panne, Refus};
use super::psc::Psc;
use crate::identite::Identite;

const SONDAGE: &str = "sondage CIBA";

/// What PSC says when nobody answered in time.
fn expire() -> Panne {
    let refus = Refus {
        statut: 400,
        code: Some("expired_token".to_owned()),
        description: Some("authentication timed out"),
    };
    Panne::Refus { etape: SONDAGE, refus }
}

/// Why there are no tokens.
#[derive(Debug)]
pub(crate) enum Fin {
    /// The LPS has gone: no poll leaves after that.
    Raccroche,
    Panne(Panne),
}

impl From<Panne> for Fin {
    fn from(panne: Panne) -> Self {
        Self::Panne(panne)
    }
}

/// Asks, then polls until an answer. A poll under way is waited for even when the LPS has gone: it may bring tokens, which
/// somebody must then give back.
pub(crate) async fn authentifier(
    psc: &Psc,
    identite: &Identite,
    demande: &Demande,
    raccroche: &CancellationToken,
) -> Result<ReponseJetons, Fin> {
    // Boxed, as what follows: of thousands that wait, nearly all sleep, and hold no room for a request.
    let accuse = Box::pin(psc.demander(identite, demande)).await?;
    let seconde = psc.regles.seconde;
    let secondes = |n: u64| seconde.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX));
    let fin = Instant::now() + secondes(accuse.expires_in.min(3_600));
    let mut intervalle = accuse.interval.unwrap_or(INTERVALLE_PAR_DEFAUT).clamp(1, 600);
    let sondage = Sondage::nouveau(accuse.auth_req_id);
    // Why the last poll had no answer: in the end that is what there is to say, and not that nobody approved.
    let mut panne = None;
    loop {
        let pause = secondes(intervalle);
        if Instant::now() + pause > fin {
            // Nothing may be asked any more: the answer is known already.
            attendre(fin, raccroche).await?;
            return Err(panne.unwrap_or_else(expire).into());
        }
        attendre(Instant::now() + pause, raccroche).await?;
        // The last poll may not outlive the request by more than one interval.
        let sondage = Box::pin(psc.sonder(identite, &sondage));
        let reponse = timeout_at(fin + Duration::max(pause, Duration::from_secs(1)), sondage);
        match reponse.await.unwrap_or(Err(Panne::Delai { etape: SONDAGE })) {
            Ok(jetons) => return Ok(jetons),
            Err(Panne::Refus { etape, refus }) => match refus.code.as_deref() {
                Some("authorization_pending") => panne = None,
                Some("slow_down") => {
                    panne = None;
                    intervalle = intervalle.saturating_add(RALENTIR);
                }
                _ => return Err(Panne::Refus { etape, refus }.into()),
            },
            // CIBA §11: a poll that got no answer says nothing of the person's; the server may say when to come back.
            Err(autre) => {
                tracing::debug!(panne = %autre, "sondage sans réponse");
                if let Panne::Indisponible { attendre: Some(voulu), .. } = autre {
                    let reste = secondes(voulu.min(accuse.expires_in).saturating_sub(intervalle));
                    attendre(fin.min(Instant::now() + reste), raccroche).await?;
                }
                panne = Some(autre);
            }
        }
    }
}

async fn attendre(jusque: Instant, raccroche: &CancellationToken) -> Result<(), Fin> {
    tokio::select! {
        () = raccroche.cancelled() => Err(Fin::Raccroche),
        () = sleep_until(jusque) => Ok(()),
    }
}
