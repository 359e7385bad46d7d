//! A fresh API token for a session: at once when there is one, else asked for by one caller while others wait.
//!
//! The ladder: the API's own refresh token, then a new exchange with PSC's token, itself renewed if it has died, and when
//! PSC's refresh token has died too, nothing renews it. Rule: nobody waits while a token lives, and nobody waits in turn for
//! a server that hangs: a failure is shared by all who would ask again at once.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use journal::Fait;
use secrecy::{ExposeSecret as _, SecretString};

pub(crate) use super::api::echeance;
use super::{AuRepos, JetonApi, JetonsPsc, Session, depot, durable};
use crate::connect::appel::{Panne, PanneRecente};
use crate::connect::echange::Api;
use crate::etat::Etat;
use crate::trace;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SansJeton {
    /// PSC ended its session, or somebody ended this one: the person must connect again.
    #[error("la session est finie")]
    Finie,
    /// PSC's tokens died of age. What the session has still serves, nothing more can be had.
    #[error("la session ne peut plus obtenir de jeton")]
    Epuisee,
    #[error(transparent)]
    Panne(#[from] Panne),
    #[error(transparent)]
    Depot(#[from] depot::Erreur),
}

/// Name of PSC in traces of tokens.
const PSC: &str = "psc";

/// The current token if it may still be sent: what the relay calls, without a lock.
pub(crate) fn courant(
    etat: &Etat,
    session: &Session,
    api: &Api,
    maintenant: Timestamp,
) -> Option<Arc<JetonApi>> {
    // A session that ended while the call was on its way sends nothing more.
    let place = session.apis.get(api.rang).filter(|_| !session.est_fermee())?;
    let jeton = place.actuel.load_full()?;
    jeton.frais(maintenant, marge(etat)).then_some(jeton)
}

fn marge(etat: &Etat) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(etat.config.session.marge_jeton_s).unwrap_or(30))
}

/// A token that may be sent, renewed once whoever asks at the same time. One that still lives is given at once, and renewed
/// beside.
pub(crate) async fn renouveler(
    etat: &Arc<Etat>,
    session: &Arc<Session>,
    api: &Arc<Api>,
) -> Result<Arc<JetonApi>, SansJeton> {
    let place = session.apis.get(api.rang).ok_or(SansJeton::Finie)?;
    let maintenant = etat.horloge.maintenant();
    let Some(vivant) = place.vivant(maintenant).filter(|_| !session.est_fermee()) else {
        return remplacer(etat, session, api).await;
    };
    if place.panne(maintenant).is_none() && place.renouveler.try_lock().is_ok() {
        let (commun, session, api) = (Arc::clone(etat), Arc::clone(session), Arc::clone(api));
        etat.arret.suivre(async move {
            if let Err(sans) = remplacer(&commun, &session, &api).await {
                tracing::warn!(api = %api.regles.id, %sans, "jeton non renouvelé, il vit encore");
            }
        });
    }
    Ok(vivant)
}

/// Renews: one caller does it, the others wait for what comes of it.
async fn remplacer(etat: &Etat, session: &Session, api: &Api) -> Result<Arc<JetonApi>, SansJeton> {
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
    if let Some(panne) = place.panne(etat.horloge.maintenant()) {
        return Err(panne.into());
    }
    let verrou = durable::reserver(etat, session).await?;
    let obtenu = if session.est_fermee() {
        Err(SansJeton::Finie)
    } else if let Some(bon) = encore_bon() {
        Ok(bon)
    } else {
        let dernier = place.dernier();
        let obtenu = obtenir(etat, session, api, dernier.as_deref()).await.map(|jeton| place.poser(jeton));
        if let Err(SansJeton::Panne(panne)) = &obtenu {
            place.noter(panne, etat.horloge.maintenant());
        }
        // Also when it failed: PSC may have changed its refresh token on the way.
        durable::garder(etat, session).await;
        obtenu
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
        etat.alertes.jeton(api.rang, &api.regles.id, &session.identite.client_id, &obtenu);
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
    etat.alertes.jeton(api.rang, &api.regles.id, &session.identite.client_id, &obtenu);
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
        renouveler_psc(etat, session, &mut psc, depart).await?;
    }
    Ok(psc.acces.texte())
}

async fn renouveler_psc(
    etat: &Etat,
    session: &Session,
    psc: &mut JetonsPsc,
    depart: Timestamp,
) -> Result<(), SansJeton> {
    let renouvelable = psc.renouvellement.as_ref().filter(|_| psc.renouvelables(depart));
    let Some(renouvellement) = renouvelable.map(AuRepos::texte) else {
        return Err(SansJeton::Epuisee);
    };
    if let Some(panne) = psc.panne.as_ref().and_then(|panne| panne.encore(depart)) {
        return Err(panne.into());
    }
    let reponse = match etat.psc.renouveler(&session.identite, &renouvellement).await {
        Ok(reponse) => reponse,
        Err(panne) if panne.code() == Some("invalid_grant") => return Err(SansJeton::Finie),
        // Also another refusal: that PSC takes us for somebody else, or for too many, says nothing of the session.
        Err(panne) => {
            psc.panne = Some(PanneRecente::nouvelle(&panne, etat.horloge.maintenant()).into());
            return Err(panne.into());
        }
    };
    let jugement =
        etat.psc.confirmer(&session.identite, &reponse, &psc.id_token.texte(), &session.national_id).await;
    if let Err(doute) = jugement {
        tracing::error!(session = session.empreinte(), %doute, "jetons renouvelés par PSC refusés");
        etat.psc.rendre(&session.identite, &reponse).await;
        psc.renouvellement = None;
        return Err(SansJeton::Finie);
    }
    psc.acces = reponse.access_token.expose_secret().into();
    psc.obtenu = depart;
    psc.expire = echeance(depart, reponse.expires_in.unwrap_or(60));
    // A provider that rotates gives a new one; the old one must not be shown again.
    if let Some(nouveau) = reponse.refresh_token {
        psc.renouvellement = Some(nouveau.expose_secret().into());
        psc.renouvellement_expire = reponse.refresh_expires_in.map(|duree| echeance(depart, duree));
    }
    if let Some(id_token) = reponse.id_token {
        psc.id_token = id_token.expose_secret().into();
    }
    psc.panne = None;
    session.noter_psc(psc);
    noter(etat, session, Fait::TokenRenewed(etat.noms.session(session), PSC));
    Ok(())
}

/// The same for whoever isn't renewing an API token: what it changes is kept, and one node does it at a time.
pub(crate) async fn jeton_psc_seul(etat: &Etat, session: &Session) -> Result<SecretString, SansJeton> {
    seul(etat, session, jeton_psc(etat, session)).await
}

/// Renews PSC's tokens ahead of the end of their refresh token, unless another node just did.
pub(crate) async fn entretenir_psc(etat: &Etat, session: &Session) -> Result<(), SansJeton> {
    let entretien = async {
        let mut psc = session.psc.lock().await;
        let depart = etat.horloge.maintenant();
        if session.est_fermee() || !session.psc_a_renouveler(depart) {
            return Ok(());
        }
        renouveler_psc(etat, session, &mut psc, depart).await
    };
    seul(etat, session, entretien).await
}

async fn seul<T>(
    etat: &Etat,
    session: &Session,
    acte: impl Future<Output = Result<T, SansJeton>>,
) -> Result<T, SansJeton> {
    let verrou = durable::reserver(etat, session).await?;
    let avant = session.psc_obtenu();
    let obtenu = acte.await;
    if session.psc_obtenu() != avant {
        durable::garder(etat, session).await;
    }
    if let Some(verrou) = verrou {
        verrou.relacher().await;
    }
    obtenu
}

/// Whether something that its software may call can't be had any more. A connection then opens another session.
pub(crate) async fn est_epuisee(etat: &Etat, session: &Session) -> bool {
    let maintenant = etat.horloge.maintenant();
    let psc = session.psc.lock().await;
    if psc.expire > maintenant || psc.renouvelables(maintenant) {
        return false;
    }
    drop(psc);
    let client = etat.clients.get(&*session.identite.client_id);
    let permises = etat.apis.iter().filter(|api| client.is_some_and(|client| client.permet(&api.regles.id)));
    permises.map(|api| &session.apis[api.rang]).any(|place| !place.peut_servir(maintenant))
}

/// A trace that the agency doesn't ask for: when it can't be written, the log says so and life goes on.
pub(crate) fn noter(etat: &Etat, session: &Session, fait: Fait<'_>) {
    let trace = trace::de_session(session, None, fait, etat.horloge.maintenant());
    if let Err(refus) = etat.journal.tracer(&trace) {
        tracing::error!(%refus, "trace d’un jeton perdue");
    }
}
