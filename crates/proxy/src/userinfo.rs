//! `GET /userinfo`: what PSC says of the session's user, for software that shows a name or chooses a situation of practice.
//!
//! Off by default. The access token stays here; the answer must be about the person of the session.

use std::sync::Arc;

use http::StatusCode;
use secrecy::ExposeSecret as _;

use crate::etat::Etat;
use crate::reponse::{self, Reponse};
use crate::requete::Recue;
use crate::session::jeton::{self, SansJeton};
use crate::session::{chercher, presente};

pub(crate) async fn donner(etat: Arc<Etat>, recue: Recue) -> Reponse {
    let presente = presente(&recue.tete.headers);
    let session = match chercher(&etat, presente, recue.origine.adresse, etat.horloge.maintenant()).await {
        Ok(Some(session)) => session,
        Ok(None) => return reponse::refus(StatusCode::UNAUTHORIZED, "No session found."),
        Err(panne) => return reponse::sans_depot(&panne),
    };
    let lues = match jeton::jeton_psc_seul(&etat, &session).await {
        Ok(acces) => etat.psc.userinfo(&session.identite, &acces).await.map_err(SansJeton::Panne),
        Err(sans) => Err(sans),
    };
    match lues {
        Ok(lues) => {
            let dit = |nom: &str| lues.get(nom).and_then(|valeur| valeur.as_str());
            let national_id = dit("SubjectNameID").or_else(|| dit("preferred_username"));
            // OpenID Connect Core §5.3.2: the subject too must be the one of the id_token.
            let sujet = oidc::id_token::sujet(session.psc.lock().await.id_token.texte().expose_secret());
            if national_id == Some(&session.national_id) && sujet.as_deref() == dit("sub") {
                return reponse::json(StatusCode::OK, &lues);
            }
            tracing::error!(
                session = session.empreinte(),
                "userinfo décrit une autre personne que la session"
            );
            reponse::indisponible(StatusCode::BAD_GATEWAY, "Userinfo refused.", etat.config.session.corps_5xx)
        }
        Err(SansJeton::Depot(panne)) => reponse::sans_depot(&panne),
        Err(SansJeton::Finie | SansJeton::Epuisee) => {
            reponse::refus(StatusCode::UNAUTHORIZED, "Session expired.")
        }
        Err(SansJeton::Panne(panne)) => {
            tracing::warn!(%panne, "userinfo");
            let message = "The identity provider is unavailable.";
            let statut = panne.statut();
            reponse::indisponible(statut, message, etat.config.session.corps_5xx || statut.is_client_error())
        }
    }
}
