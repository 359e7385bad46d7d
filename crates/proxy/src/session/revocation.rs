//! The tokens of a session that is over, given back to their authorization servers (RFC 7009).
//!
//! Rule: nobody waits for it. Each API has places of its own, so that a server that hangs holds up its own tokens only; what
//! fails is tried again, then given up aloud.

use std::sync::Arc;

use journal::Fait;
use secrecy::SecretString;

use super::{Session, jeton};
use crate::connect::appel::Panne;
use crate::connect::echange::Api;
use crate::etat::Etat;

/// Seconds before a server that failed is asked again.
const REPRISES_S: [u32; 3] = [2, 15, 60];

/// Has every API token of an ended session revoked.
pub(crate) fn revoquer(etat: &Arc<Etat>, session: &Arc<Session>) {
    for api in etat.apis.iter().filter(|api| !session.apis[api.rang].est_vide()) {
        let (commun, session, api) = (Arc::clone(etat), Arc::clone(session), Arc::clone(api));
        etat.arret.suivre(async move { rendre(&commun, &session, &api).await });
    }
}

async fn rendre(etat: &Etat, session: &Session, api: &Api) {
    let place = &session.apis[api.rang];
    let jeton = {
        // Nobody renews it meanwhile: the session is closed, and whoever began has finished.
        let _seul = place.renouveler.lock().await;
        place.retirer()
    };
    let Some(jeton) = jeton else { return };
    let Ok(_attente) = api.revocations.attentes.try_acquire() else {
        tracing::error!(api = %api.regles.id, "trop de révocations en attente, un jeton d’API n’est pas révoqué");
        return;
    };
    let renouvellement = jeton.renouvellement.clone();
    let acces = Some(SecretString::from(jeton.acces()));
    let mut rendus = 0_usize;
    let jetons = [("refresh_token", renouvellement), ("access_token", acces)];
    let donnes = jetons.iter().filter_map(|(sorte, valeur)| Some((*sorte, valeur.as_ref()?)));
    let mut tous = 0_usize;
    for (sorte, valeur) in donnes {
        tous += 1;
        match insister(etat, session, api, sorte, valeur).await {
            Ok(true) => rendus += 1,
            // Said at start.
            Ok(false) => {}
            Err(panne) => {
                tracing::warn!(api = %api.regles.id, %panne, "un jeton d’API n’a pas été révoqué");
            }
        }
    }
    if rendus == tous {
        jeton::noter(etat, session, Fait::TokenRevoked(etat.noms.session(session), &api.regles.id));
    }
}

/// Asks until it is done, refused, or enough. A stop makes the next try the last one, at once.
async fn insister(
    etat: &Etat,
    session: &Session,
    api: &Api,
    sorte: &str,
    jeton: &SecretString,
) -> Result<bool, Panne> {
    let mut reprises = REPRISES_S.into_iter();
    loop {
        let essai = {
            // Never closed: an error can't be.
            let _place = api.revocations.places.acquire().await;
            api.revoquer(&session.identite, sorte, jeton).await
        };
        let reprise = reprises.next().filter(|_| !etat.arret.est_demande());
        match (essai, reprise) {
            (Err(panne), Some(secondes)) if !matches!(panne, Panne::Refus { .. }) => {
                tracing::info!(api = %api.regles.id, %panne, "révocation à reprendre");
                tokio::select! {
                    () = etat.arret.demande() => {}
                    () = tokio::time::sleep(etat.config.psc.seconde.saturating_mul(secondes)) => {}
                }
            }
            (essai, _) => return essai,
        }
    }
}
