//! CIBA in poll mode: the person answers on their own device while the LPS waits.
//!
//! Rule: wait the interval before every poll, the first too; slow down when told; stop at once at a final answer, at the
//! end of the request's life, or when the LPS has hung up.

use std::time::Duration;

use oidc::ciba::{Demande, INTERVALLE_PAR_DEFAUT, RALENTIR, Sondage};
use oidc::jetons::ReponseJetons;
use tokio::time::{Instant, sleep, timeout_at};

use super::appel::{Panne, Refus};
use super::psc::Psc;
use crate::identite::Identite;

/// What PSC says when nobody answered in time.
fn expire() -> Panne {
    let refus = Refus {
        statut: 400,
        code: Some("expired_token".to_owned()),
        description: Some("authentication timed out"),
    };
    Panne::Refus { etape: "sondage CIBA", refus }
}

/// Asks, then polls until an answer. Dropping the future is how the caller hangs up: no poll leaves after that.
pub(crate) async fn authentifier(
    psc: &Psc,
    identite: &Identite,
    demande: &Demande,
) -> Result<ReponseJetons, Panne> {
    let accuse = psc.demander(identite, demande).await?;
    let seconde = psc.regles.seconde;
    let secondes = |n: u64| seconde.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX));
    let fin = Instant::now() + secondes(accuse.expires_in.min(3_600));
    let mut intervalle = accuse.interval.unwrap_or(INTERVALLE_PAR_DEFAUT).clamp(1, 600);
    let sondage = Sondage::nouveau(accuse.auth_req_id);
    loop {
        let pause = secondes(intervalle);
        if Instant::now() + pause > fin {
            // Nothing may be asked any more: the answer is known already.
            sleep(fin.saturating_duration_since(Instant::now())).await;
            return Err(expire());
        }
        sleep(pause).await;
        // The last poll may not outlive the request by more than one interval.
        let reponse =
            timeout_at(fin + Duration::max(pause, Duration::from_secs(1)), psc.sonder(identite, &sondage));
        match reponse.await.unwrap_or_else(|_| Err(expire())) {
            Ok(jetons) => return Ok(jetons),
            Err(Panne::Refus { etape, refus }) => match refus.code.as_deref() {
                Some("authorization_pending") => {}
                Some("slow_down") => intervalle = intervalle.saturating_add(RALENTIR),
                _ => return Err(Panne::Refus { etape, refus }),
            },
            // CIBA §11: a poll that got no answer says nothing of the person's; the server may say when to come back.
            Err(Panne::Indisponible { attendre, .. }) => {
                let deja = intervalle;
                let attendre = attendre.unwrap_or(0).min(accuse.expires_in);
                sleep(secondes(attendre.saturating_sub(deja))).await;
            }
            Err(panne) => {
                tracing::debug!(%panne, "sondage sans réponse");
            }
        }
    }
}
