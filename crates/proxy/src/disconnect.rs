//! `DELETE /disconnect`: the person leaves. Traced, ended here, logged out at PSC, API tokens revoked.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use journal::Fait;

use crate::etat::Etat;
use crate::reponse::{self, Reponse};
use crate::requete::Recue;
use crate::session::{Session, chercher, durable, presente, surveillance};
use crate::trace;

/// Waits before PSC is told again that a session has ended.
const REPRISES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(15), Duration::from_mins(1)];

pub(crate) async fn deconnecter(etat: Arc<Etat>, recue: Recue) -> Reponse {
    let maintenant = etat.horloge.maintenant();
    let presente = presente(&recue.tete.headers);
    let trouvee = match chercher(&etat, presente, maintenant).await {
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
    let (suite, partie) = (Arc::clone(&etat), Arc::clone(&session));
    etat.arret.suivre(async move { surveillance::revoquer(&suite, &partie).await });
    let statut = match sortir_de_psc(&etat, &session).await {
        Ok(()) => StatusCode::OK,
        Err(panne) => {
            tracing::warn!(%panne, "déconnexion de PSC à reprendre");
            let suite = Arc::clone(&etat);
            etat.arret.suivre(async move { insister(&suite, &session).await });
            // The agency answers 500 here. The session is over all the same, and PSC will hear it later.
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let reponse = if statut == StatusCode::OK {
        reponse::vide(statut)
    } else {
        reponse::refus(statut, "Session closed; the logout at PSC will be tried again.")
    };
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
        let Some(sid) = annonce.sid.as_deref() else { return reponse::vide(StatusCode::OK) };
        let finies = match durable::par_etat(&etat, client_id, sid).await {
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

/// A refusal of PSC counts as done: it has nothing left to end. Only its silence is an error.
async fn sortir_de_psc(etat: &Etat, session: &Session) -> Result<(), crate::connect::appel::Panne> {
    use crate::connect::appel::Panne;
    let id_token = session.psc.lock().await.id_token.clone();
    match etat.psc.deconnecter(&session.identite, &id_token).await {
        Err(Panne::Refus { refus, .. }) => {
            tracing::warn!(refus = refus.message(), "PSC a refusé la déconnexion");
            Ok(())
        }
        Err(Panne::Indisponible { statut, .. }) => {
            tracing::warn!(%statut, "PSC n’a pas fait la déconnexion");
            Ok(())
        }
        autre => autre,
    }
}

async fn insister(etat: &Etat, session: &Session) {
    for attente in REPRISES {
        tokio::select! {
            () = etat.arret.demande() => return,
            () = tokio::time::sleep(attente) => {}
        }
        if sortir_de_psc(etat, session).await.is_ok() {
            return;
        }
    }
    etat.alertes.deconnexion_impossible(&session.identite.client_id);
}
