//! `POST /connect`: an LPS asks for a session, its user answers on their own device.
//!
//! Rule: a connect either ends in a session that somebody received, or leaves nothing behind: no session, no cookie, tokens
//! revoked, one CONNECT_FAILURE in the journal.

#[cfg(test)]
mod abime;
pub(crate) mod appel;
pub(crate) mod attente;

mod ciba;
pub(crate) mod code;

mod demande;
pub(crate) mod echange;
mod garde;
mod ouverture;
pub(crate) mod psc;

use std::sync::Arc;

use http::StatusCode;
use journal::{Fait, Trace};
use oidc::ciba::Demande;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::etat::Etat;
use crate::metriques;
use crate::reponse::{self, Metadata, Reponse};
use crate::requete::{Origine, Recue};
use crate::session::{Session, chercher, durable, jeton, presente, surveillance};
use crate::trace;
use demande::Connexion;
pub(crate) use ouverture::{Echec, ouvrir};

/// Refused connects that leave a trace, an address and a minute; beyond, they only count in the metrics.
const REFUS_TRACES_MINUTE: u32 = 60;

/// The agency's answer, with our bearer for those who asked for one.
#[derive(Serialize)]
struct Ouverte<'a> {
    proxy_session_id: &'a str,
    session_state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jeton_applicatif: Option<String>,
}

/// The body that announces a session.
pub(crate) fn annoncer(session: &Session) -> Reponse {
    use secrecy::ExposeSecret as _;
    let jeton = session.jeton_applicatif();
    let ouverte = Ouverte {
        proxy_session_id: session.id(),
        session_state: &session.session_state,
        jeton_applicatif: jeton.map(|jeton| jeton.expose_secret().to_owned()),
    };
    reponse::json(StatusCode::OK, &ouverte)
}

/// Handles `POST /connect` on the control side. `raccroche` says that the LPS has gone.
pub(crate) async fn connecter(etat: Arc<Etat>, recue: Recue, raccroche: CancellationToken) -> Reponse {
    let demande = match Connexion::lire(&recue, &etat.config.session) {
        Ok(demande) => demande,
        Err(refus) => return refus,
    };
    let metadata = demande.metadata();
    let maintenant = etat.horloge.maintenant();
    let presente = presente(&recue.tete.headers);
    let mut epuisee = None;
    match chercher(&etat, presente, recue.origine.adresse, maintenant).await {
        Ok(None) => {}
        // For the same person on the same software, one that can give all that it should takes the place of one that can't.
        Ok(Some(session)) if demande.rejoue(&session) && jeton::est_epuisee(&etat, &session).await => {
            epuisee = Some(session);
        }
        Ok(Some(session)) => return rejouer(&etat, &session, &demande, &metadata, recue.origine),
        Err(panne) => return reponse::sans_depot(&panne),
    }
    let echouer = |reponse: Reponse| {
        etat.metriques.connexion(metriques::Connexion::Echouee);
        tracer_echec(&etat, &demande.client_id, Some(&demande.national_id), recue.origine);
        reponse
    };
    // These cost who asks nothing, so their traces are bounded: a stranger would fill the disk with them.
    let refuser = |reponse: Reponse| {
        let adresse = recue.origine.adresse.to_string();
        if etat.refus_traces.passe(&adresse, REFUS_TRACES_MINUTE, maintenant) {
            tracer_echec(&etat, &demande.client_id, Some(&demande.national_id), recue.origine);
        }
        reponse
    };
    let Some(client) = etat.clients.get(&demande.client_id) else {
        etat.metriques.connexion(metriques::Connexion::Echouee);
        let message = "User National ID or Software Client ID Not Found.";
        return refuser(reponse::erreur(StatusCode::NOT_FOUND, message, &metadata));
    };
    if let Err(refus) = freiner(&etat, &demande, &metadata, recue.origine) {
        return refuser(refus);
    }
    if !traces_possibles(&etat) {
        let message = "Traces cannot be written: no new session for now.";
        let refus = reponse::refus(StatusCode::SERVICE_UNAVAILABLE, message);
        return refuser(reponse::attendre(refus, 30));
    }
    let Some(_place) = etat.place() else {
        let message = "Too many connections are waiting for their user.";
        return refuser(reponse::attendre(reponse::refus(StatusCode::SERVICE_UNAVAILABLE, message), 5));
    };

    let identite = client.identite();
    let ciba = Demande {
        scope: etat.config.psc.scope.clone(),
        acr_values: etat.config.psc.acr.clone(),
        login_hint: demande.national_id.clone(),
        binding_message: demande.binding_message.clone(),
        channel: demande.channel,
    };
    let abandon = || {
        tracing::info!(client_id = %demande.client_id, "connexion abandonnée par le logiciel");
        echouer(reponse::vide(StatusCode::REQUEST_TIMEOUT))
    };
    let jetons = match ciba::authentifier(&etat.psc, &identite, &ciba, &raccroche).await {
        Err(ciba::Fin::Raccroche) => return abandon(),
        Ok(jetons) if raccroche.is_cancelled() => {
            etat.psc.rendre(&identite, &jetons).await;
            return abandon();
        }
        Err(ciba::Fin::Panne(panne)) => Err(Echec::Psc(panne)),
        Ok(jetons) => Ok(jetons),
    };
    let ouverture = async {
        let personne = etat.psc.reconnaitre(&identite, jetons?, None, etat.horloge.maintenant()).await?;
        let attendue = Some(demande.national_id.as_str());
        ouvrir(&etat, client, &identite, personne, attendue, recue.origine).await
    };
    match Box::pin(ouverture).await {
        Err(echec) => echouer(echec.repondre(&etat, &metadata)),
        Ok(session) if raccroche.is_cancelled() => {
            abandonner(&etat, &session).await;
            abandon()
        }
        Ok(session) => {
            if let Some(epuisee) = epuisee {
                surveillance::expirer(&etat, &epuisee).await;
            }
            reponse::cookie_session(annoncer(&session), session.id())
        }
    }
}

/// No session is opened while nothing could tell of it.
fn traces_possibles(etat: &Etat) -> bool {
    let journal = etat.journal.etat();
    if !journal.sain() {
        etat.alertes.journal_en_panne(&journal);
    }
    journal.sain()
}

/// Undoes a session that nobody will receive.
pub(crate) async fn abandonner(etat: &Arc<Etat>, session: &Arc<Session>) {
    tracing::info!(client_id = %session.identite.client_id, "session abandonnée avant d’être remise");
    if durable::fermer(etat, session).await {
        ouverture::rendre(etat, session);
    }
}

/// A live session comes back: nothing is asked again, unless it is for somebody else.
fn rejouer(
    etat: &Etat,
    session: &Arc<Session>,
    demande: &Connexion,
    metadata: &Metadata,
    origine: Origine,
) -> Reponse {
    let autre_personne = *session.national_id != *demande.national_id;
    let autre_logiciel = *session.identite.client_id != *demande.client_id;
    if autre_personne || (autre_logiciel && etat.config.session.reprise_stricte) {
        let message = "The session belongs to another user or software: disconnect first.";
        return reponse::erreur(StatusCode::CONFLICT, message, metadata);
    }
    let fait = Fait::ConnectReplay(etat.noms.session(session));
    let trace = trace::de_session(session, Some(origine), fait, etat.horloge.maintenant());
    match etat.journal.tracer(&trace) {
        Ok(()) => {
            etat.metriques.connexion(metriques::Connexion::Rejouee);
            reponse::vide(StatusCode::NOT_MODIFIED)
        }
        Err(refus) => sans_trace(etat, &refus),
    }
}

/// A trace that must be written can't be.
pub(crate) fn sans_trace(etat: &Etat, refus: &journal::RefusDeTracer) -> Reponse {
    tracing::error!(%refus, "trace refusée");
    etat.alertes.journal_en_panne(&etat.journal.etat());
    reponse::attendre(reponse::refus(StatusCode::SERVICE_UNAVAILABLE, "Traces cannot be written."), 30)
}

/// `qui`: the nationalId, when it is known.
fn tracer_echec(etat: &Etat, client_id: &str, qui: Option<&str>, origine: Origine) {
    let trace = Trace {
        instant: etat.horloge.maintenant(),
        client_id: Some(client_id),
        id_rpps: qui,
        origine: Some(origine.into()),
        fait: Fait::ConnectFailure,
    };
    if let Err(refus) = etat.journal.tracer(&trace) {
        tracing::error!(%refus, "trace d’un échec de connexion perdue");
    }
}

/// Too many connects from this address, for this software or for this person.
fn freiner(etat: &Etat, demande: &Connexion, metadata: &Metadata, origine: Origine) -> Result<(), Reponse> {
    let (limites, maintenant) = (&etat.config.limites, etat.horloge.maintenant());
    let trop = |message: &str, secondes| {
        etat.metriques.connexion(metriques::Connexion::Freinee);
        let refus = reponse::erreur(StatusCode::TOO_MANY_REQUESTS, message, metadata);
        Err(reponse::attendre(refus, secondes))
    };
    let adresse = origine.adresse.to_string();
    if !etat.par_adresse.passe(&adresse, limites.connects_adresse_minute, maintenant) {
        return trop("Too many connections from this address.", 10);
    }
    if !etat.par_client.passe(&demande.client_id, limites.connects_client_minute, maintenant) {
        return trop("Too many connections for this software.", 10);
    }
    etat.alertes.connexion_demandee(&demande.client_id, &demande.national_id, maintenant);
    if !etat.par_personne.passe(&demande.national_id, limites.connects_personne_minute, maintenant) {
        return trop("Too many connections for this user.", 30);
    }
    Ok(())
}
