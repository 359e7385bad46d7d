//! The end of a session: asked by a client, for a browser (GET) or from its server (POST), and told to the others.
//!
//! The session is named by an id_token of ours; its age doesn't matter (OpenID Connect RP-Initiated Logout 1.0 §2).
//! Every client of the session that gave an address is posted a logout token (OpenID Connect Back-Channel Logout 1.0).

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use oidc::deconnexion::{EVENEMENT, JetonDeconnexion};
use serde_json::{Map, Value, json};
use web::{Cadre, PageErreur};

use super::emission::{Sorte, sub};
use super::sessions::Session;
use super::{Psc, Refus};
use crate::cadre::cadre;
use crate::journal::{Issue, Ligne, masque};
use crate::parametres::{Parametres, vers};
use crate::scenarios::{Avis, Faute};

/// Under which the journal tells the requests that the realm itself sends.
const AVIS: &str = "psc-avis";
/// Life of a logout token, in seconds.
const VIE: i64 = 120;

#[derive(Template)]
#[template(path = "psc/deconnexion.html")]
struct PageDeconnexion {
    cadre: Cadre,
}

pub(super) async fn demander(
    State(psc): State<Arc<Psc>>,
    Query(parametres): Query<Vec<(String, String)>>,
) -> Response {
    psc.deconnecter(&Parametres::nouveaux(parametres)).await
}

pub(super) async fn demander_par_formulaire(
    State(psc): State<Arc<Psc>>,
    Form(parametres): Form<Vec<(String, String)>>,
) -> Response {
    psc.deconnecter(&Parametres::nouveaux(parametres)).await
}

impl Psc {
    async fn deconnecter(&self, parametres: &Parametres) -> Response {
        let Ok(Some(indice)) = parametres.jeton("id_token_hint") else {
            return refuser("Paramètre absent : id_token_hint. Il nomme la session à terminer.");
        };
        let Some(lu) = self.lire_jeton(indice).filter(|lu| lu.typ == Sorte::Id) else {
            return refuser(
                "Le jeton présenté (id_token_hint) n’est pas un id_token de ce fournisseur d’identité.",
            );
        };
        let (Ok(client_id), Ok(adresse), Ok(state)) = (
            parametres.unique("client_id"),
            parametres.unique("post_logout_redirect_uri"),
            parametres.unique("state"),
        ) else {
            return refuser("Un paramètre est répété ou trop long.");
        };
        if client_id.is_some_and(|client_id| client_id != lu.azp) {
            return refuser("Le jeton présenté (id_token_hint) est celui d’un autre service (client_id).");
        }
        if let Some(adresse) = adresse {
            let client = self.clients.trouver(&lu.azp);
            let connue =
                client.is_some_and(|client| client.post_logout_redirect_uris.iter().any(|u| u == adresse));
            if !connue {
                return refuser(
                    "L’adresse de retour n’est pas de celles que le service a déclarées (post_logout_redirect_uri).",
                );
            }
        }
        self.terminer(&lu.sid).await;
        match adresse {
            Some(adresse) => vers(adresse, &[("state", state)]),
            None => web::page(&PageDeconnexion { cadre: cadre("Vous êtes déconnecté", &self.base) }),
        }
    }

    /// Ends a session and tells its clients. Ending one that is gone is fine. Gives how many clients were told.
    pub(crate) async fn terminer(&self, sid: &str) -> usize {
        let Some(session) = self.sessions.fermer(sid) else { return 0 };
        let mut avertis = 0;
        for client_id in session.clients.keys() {
            if self.avertir(&session, client_id).await {
                avertis += 1;
            }
        }
        avertis
    }

    /// Posts a logout token. What the client answers changes nothing: the session is over.
    async fn avertir(&self, session: &Session, client_id: &str) -> bool {
        let Some(adresse) = self.clients.trouver(client_id).and_then(|client| client.backchannel_logout_uri)
        else {
            return false;
        };
        let maintenant = self.horloge.maintenant();
        let iat = maintenant.as_second();
        let mut corps = JetonDeconnexion {
            iss: self.issuer.clone(),
            sub: Some(sub(&session.national_id)),
            aud: vec![client_id.to_owned()],
            iat,
            exp: iat + VIE,
            jti: self.alea.uuid(maintenant).to_string(),
            sid: Some(session.sid.clone()),
            events: Map::from_iter([(EVENEMENT.to_owned(), Value::Object(Map::new()))]),
            nonce: None,
        };
        let mut entete = json!({ "alg": "RS256", "typ": "logout+jwt", "kid": self.cles().active().kid() });
        let tire = self.scenarios.tirer(Some(client_id), |faute| matches!(faute, Faute::Avis(_)));
        if let Some(Faute::Avis(avis)) = tire.map(|tire| tire.faute) {
            match avis {
                Avis::AlgNone => entete["alg"] = json!("none"),
                Avis::AudFaux => corps.aud = vec!["un-autre-client".to_owned()],
                Avis::IssFaux => "https://pirate.example/".clone_into(&mut corps.iss),
                Avis::SansEvents => corps.events.clear(),
                Avis::AvecNonce => corps.nonce = Some("nonce".to_owned()),
            }
        }
        let jeton = self.cles().active().signer_sous(&entete, &corps);
        let jeton = match jeton {
            Ok(jeton) => jeton,
            Err(erreur) => {
                tracing::error!(erreur = &erreur as &dyn std::error::Error, "jeton de déconnexion non signé");
                return false;
            }
        };
        let mut parametres = vec![("logout_token".to_owned(), masque::jeton(&jeton))];
        parametres.extend(tire.map(|tire| ("scenario".to_owned(), tire.nom.to_owned())));
        let chemin = masque::couper(adresse.as_str());
        let envoi = self.http.post(adresse).form(&[("logout_token", jeton)]).send().await;
        let (issue, statut, raison) = match &envoi {
            Ok(reponse) if reponse.status().is_success() => {
                (Issue::Accepte, Some(reponse.status()), "Le client a reçu l’avis de fin de session.")
            }
            Ok(reponse) => {
                (Issue::Refuse, Some(reponse.status()), "Le client a refusé l’avis de fin de session.")
            }
            Err(_) => (Issue::Panne, None, "Le client n’a pas pu être prévenu : il est injoignable."),
        };
        self.journal.ajouter(Ligne {
            serveur: AVIS.to_owned(),
            client: Some(client_id.to_owned()),
            personne: Some(session.national_id.clone()),
            methode: "POST".to_owned(),
            chemin,
            parametres,
            statut: statut.map(|statut| statut.as_u16()),
            issue,
            raison: raison.to_owned(),
            ..self.journal.vierge()
        });
        issue == Issue::Accepte
    }
}

fn refuser(texte: &'static str) -> Response {
    let page = PageErreur::nouvelle(StatusCode::BAD_REQUEST);
    let mut reponse = page.titre("Demande de déconnexion refusée").message(texte).into_response();
    reponse.extensions_mut().insert(Refus::requete("invalid logout request", texte));
    reponse
}
