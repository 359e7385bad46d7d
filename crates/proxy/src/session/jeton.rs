//! A fresh API token for a session: at once when there is one, else asked for by one caller while others wait.
//!
//! The ladder: the API's own refresh token, then a new exchange with PSC's token, itself renewed if it has died, and when
//! PSC's refresh token has died too, the session is over.

use std::sync::Arc;

use jiff::SignedDuration;
use journal::Fait;
use secrecy::SecretString;

pub(crate) use super::api::echeance;
use super::{JetonApi, Session, depot, durable};
use crate::connect::appel::Panne;
use crate::connect::echange::Api;
use crate::etat::Etat;
use crate::trace;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SansJeton {
    /// Nothing can renew it: the person must connect again.
    #[error("la session ne peut plus obtenir de jeton")]
    Finie,
    #[error(transparent)]
    Panne(#[from] Panne),
    #[error(transparent)]
    Depot(#[from] depot::Erreur),
}

/// Name of PSC in traces of tokens.
const PSC: &str = "psc";

/// The current token if it may still be sent: what the relay calls, without a lock.
pub(crate) fn courant(etat: &Etat, session: &Session, api: &Api) -> Option<Arc<JetonApi>> {
    let place = session.apis.get(api.rang)?;
    let jeton = place.actuel.load_full()?;
    jeton.frais(etat.horloge.maintenant(), marge(etat)).then_some(jeton)
}

fn marge(etat: &Etat) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(etat.config.session.marge_jeton_s).unwrap_or(30))
}

/// Renews, once whoever asks at the same time.
pub(crate) async fn renouveler(
    etat: &Etat,
    session: &Session,
    api: &Api,
) -> Result<Arc<JetonApi>, SansJeton> {
    let place = session.apis.get(api.rang).ok_or(SansJeton::Finie)?;
    let _seul = place.renouveler.lock().await;
    // Closed while this caller waited: its tokens are revoked, and no new one may be born.
    if session.est_fermee() {
        return Err(SansJeton::Finie);
    }
    // Somebody else may have renewed it while this caller waited, here and then on another node.
    let encore_bon = || {
        let frais = |actuel: &Arc<JetonApi>| actuel.frais(etat.horloge.maintenant(), marge(etat));
        place.actuel.load_full().filter(frais)
    };
    if let Some(bon) = encore_bon() {
        return Ok(bon);
    }
    let verrou = durable::reserver(etat, session).await?;
    let obtenu = if session.est_fermee() {
        Err(SansJeton::Finie)
    } else if let Some(bon) = encore_bon() {
        Ok(bon)
    } else {
        let ancien = place.actuel.load_full();
        let dernier = place.dernier();
        let obtenu = obtenir(etat, session, api, dernier.as_deref()).await.map(|jeton| place.poser(jeton));
        // Also when it failed: PSC may have changed its refresh token on the way.
        durable::garder(etat, session).await;
        match (obtenu, ancien) {
            // Asked ahead of its end and without an answer: the one there is still lives.
            (Err(SansJeton::Panne(panne)), Some(ancien)) if ancien.expire > etat.horloge.maintenant() => {
                tracing::warn!(api = %api.regles.id, %panne, "jeton non renouvelé, il vit encore");
                Ok(ancien)
            }
            (obtenu, _) => obtenu,
        }
    };
    if let Some(verrou) = verrou {
        verrou.relacher().await;
    }
    obtenu
}

/// By the API's own refresh token, else by a new exchange.
async fn obtenir(
    etat: &Etat,
    session: &Session,
    api: &Api,
    ancien: Option<&JetonApi>,
) -> Result<JetonApi, SansJeton> {
    let depart = etat.horloge.maintenant();
    if let Some(ancien) = ancien
        && let Some(renouvellement) = &ancien.renouvellement
        && ancien.renouvellement_expire.is_none_or(|expire| expire > depart)
    {
        let obtenu = api.renouveler(&session.identite, renouvellement, depart).await;
        etat.alertes.jeton(api.rang, &api.regles.id, &obtenu);
        match obtenu {
            Ok(jeton) => {
                noter(etat, session, Fait::TokenRenewed(etat.noms.session(session), &api.regles.id));
                return Ok(jeton);
            }
            // Refused: the exchange below is another way to the same end.
            Err(Panne::Refus { .. }) => {}
            Err(panne) => return Err(panne.into()),
        }
    }
    echanger(etat, session, api).await
}

/// A new exchange, with PSC's token renewed first when it has died.
pub(crate) async fn echanger(etat: &Etat, session: &Session, api: &Api) -> Result<JetonApi, SansJeton> {
    let depart = etat.horloge.maintenant();
    let acces = jeton_psc(etat, session).await?;
    let obtenu = api.echanger(&session.identite, &acces, depart).await;
    etat.alertes.jeton(api.rang, &api.regles.id, &obtenu);
    let jeton = obtenu?;
    noter(etat, session, Fait::TokenObtained(etat.noms.session(session), &api.regles.id));
    Ok(jeton)
}

/// PSC's access token, renewed first when it has died: one caller does it, the others wait.
pub(crate) async fn jeton_psc(etat: &Etat, session: &Session) -> Result<SecretString, SansJeton> {
    let mut psc = session.psc.lock().await;
    let depart = etat.horloge.maintenant();
    // Five seconds to travel: an authorization server asks PSC whether the token lives.
    if psc.expire <= depart.saturating_add(SignedDuration::from_secs(5)).unwrap_or(depart) {
        let vivant = psc.renouvellement_expire.is_none_or(|expire| expire > depart);
        let Some(renouvellement) = psc.renouvellement.clone().filter(|_| vivant) else {
            return Err(SansJeton::Finie);
        };
        match etat.psc.renouveler(&session.identite, &renouvellement).await {
            Ok(reponse) => {
                psc.acces = reponse.access_token;
                psc.expire = echeance(depart, reponse.expires_in.unwrap_or(60));
                // A provider that rotates gives a new one; the old one must not be shown again.
                if let Some(nouveau) = reponse.refresh_token {
                    psc.renouvellement = Some(nouveau);
                    psc.renouvellement_expire =
                        reponse.refresh_expires_in.map(|duree| echeance(depart, duree));
                }
                if let Some(id_token) = reponse.id_token {
                    psc.id_token = id_token;
                }
                noter(etat, session, Fait::TokenRenewed(etat.noms.session(session), PSC));
            }
            Err(Panne::Refus { .. }) => return Err(SansJeton::Finie),
            Err(panne) => return Err(panne.into()),
        }
    }
    Ok(psc.acces.clone())
}

/// The same for whoever isn't renewing an API token: what it changes is kept, and one node does it at a time.
pub(crate) async fn jeton_psc_seul(etat: &Etat, session: &Session) -> Result<SecretString, SansJeton> {
    let verrou = durable::reserver(etat, session).await?;
    let acces = jeton_psc(etat, session).await;
    durable::garder(etat, session).await;
    if let Some(verrou) = verrou {
        verrou.relacher().await;
    }
    acces
}

/// A trace that the agency doesn't ask for: when it can't be written, the log says so and life goes on.
pub(crate) fn noter(etat: &Etat, session: &Session, fait: Fait<'_>) {
    let trace = trace::de_session(session, None, fait, etat.horloge.maintenant());
    if let Err(refus) = etat.journal.tracer(&trace) {
        tracing::error!(%refus, "trace d’un jeton perdue");
    }
}
