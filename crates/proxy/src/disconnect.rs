//! `DELETE /disconnect`: the person leaves. Traced, ended here, logged out at PSC, API tokens revoked.

use std::sync::Arc;

use http::StatusCode;
use journal::Fait;

use crate::connect::appel::Panne;
use crate::etat::Etat;
use crate::reponse::{self, Reponse};
use crate::requete::Recue;
use crate::session::{Session, chercher, durable, presente, revocation, surveillance};
use crate::trace;

/// Seconds before PSC is told again that a session has ended.
const REPRISES_S: [u32; 3] = [2, 15, 60];

pub(crate) async fn deconnecter(etat: Arc<Etat>, recue: Recue) -> Reponse {
    let maintenant = etat.horloge.maintenant();
    let presente = presente(&recue.tete.headers);
    let trouvee = match chercher(&etat, presente, recue.origine.adresse, maintenant).await {
        Ok(trouvee) => trouvee,
        Err(panne) => return reponse::sans_depot(&panne),
    };
    let Some(session) = trouvee else {
        return reponse::refus(StatusCode::UNAUTHORIZED, "Session ID not found.");
    };
    let fait = Fait::Disconnect(etat.noms.session(&session));
    if let Err(refus) =
        etat.journal.tracer(&trace::de_session(&session, Some(recue.origine), fait, maintenant))
    {
        // Somebody who leaves is let go: the end of a session is what matters most.
        tracing::error!(%refus, "trace d’une déconnexion perdue");
    }
    if !durable::fermer(&etat, &session).await {
        return reponse::refus(StatusCode::UNAUTHORIZED, "Session ID not found.");
    }
    revocation::revoquer(&etat, &session);
    let sortie = sortir_de_psc(&etat, &session).await;
    let reponse = match &sortie {
        // Whatever PSC answers, somebody who leaves has left, as with the agency's example.
        Ok(()) | Err(Panne::Indisponible { .. }) => reponse::vide(StatusCode::OK),
        // There, no answer is a 500.
        Err(_) => {
            let message = "Session closed; the logout at PSC will be tried again.";
            reponse::refus(StatusCode::INTERNAL_SERVER_ERROR, message)
        }
    };
    if let Err(panne) = sortie {
        tracing::warn!(%panne, "déconnexion de PSC à reprendre");
        let suite = Arc::clone(&etat);
        etat.arret.suivre(async move { insister(&suite, &session).await });
    }
    reponse::cookie_efface(reponse)
}

/// `POST /psc/deconnexion`: PSC says that one of its sessions has ended (OpenID Connect Back-Channel Logout 1.0 §2.5).
///
/// The token names the client; only a token that is good for one of ours ends anything.
pub(crate) async fn annoncee(etat: Arc<Etat>, recue: Recue) -> Reponse {
    let champ = url::form_urlencoded::parse(&recue.corps).find(|(nom, _)| nom == "logout_token");
    let Some((_, jeton)) = champ else {
        return reponse::refus(StatusCode::BAD_REQUEST, "[logout_token is missing]");
    };
    for (client_id, client) in &etat.clients {
        let Ok(annonce) = etat.psc.jeton_de_deconnexion(&client.identite(), &jeton).await else { continue };
        let finies = match (&annonce.sid, &annonce.sub) {
            (Some(sid), _) => durable::par_etat(&etat, client_id, sid).await,
            // §2.4: without a session, all those of that person end.
            (None, Some(sub)) => durable::par_sujet(&etat, client_id, sub).await,
            // Not given by `verifier`.
            (None, None) => Ok(Vec::new()),
        };
        let finies = match finies {
            Ok(finies) => finies,
            Err(panne) => return reponse::sans_depot(&panne),
        };
        for session in finies {
            surveillance::expirer(&etat, &session).await;
        }
        return reponse::vide(StatusCode::OK);
    }
    reponse::refus(StatusCode::BAD_REQUEST, "logout_token refused.")
}

/// A refusal of PSC counts as done: it has nothing left to end.
async fn sortir_de_psc(etat: &Etat, session: &Session) -> Result<(), Panne> {
    let id_token = session.psc.lock().await.id_token.texte();
    match etat.psc.deconnecter(&session.identite, &id_token).await {
        Err(Panne::Refus { refus, .. }) => {
            tracing::warn!(refus = refus.message(), "PSC a refusé la déconnexion");
            Ok(())
        }
        autre => autre,
    }
}

/// Tells PSC again, and gives up aloud. A stop makes the next try the last one, at once.
async fn insister(etat: &Etat, session: &Session) {
    for secondes in REPRISES_S {
        tokio::select! {
            () = etat.arret.demande() => {}
            () = tokio::time::sleep(etat.config.psc.seconde.saturating_mul(secondes)) => {}
        }
        if sortir_de_psc(etat, session).await.is_ok() {
            return;
        }
        if etat.arret.est_demande() {
            break;
        }
    }
    etat.alertes.deconnexion_impossible(&session.identite.client_id);
}
