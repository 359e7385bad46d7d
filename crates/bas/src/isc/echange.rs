//! The token endpoint: a code, its PKCE verifier and a proven client against an id_token and an access token.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Form, Json};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::client::NonProuve;
use super::{Code, Isc, USERINFO};
use crate::codes::Echec;
use crate::parametres::Parametres;

/// Life of an access token and of an id_token, in seconds.
pub(super) const VIE_ACCES: i64 = 300;

/// The claims of an access token of the realm: good for `userinfo` and nothing else.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Acces {
    pub(super) iss: String,
    pub(super) aud: String,
    pub(super) sub: String,
    pub(super) client_id: String,
    pub(super) sid: String,
    pub(super) jti: String,
    pub(super) scope: String,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

/// An OAuth error answer (RFC 6749 §5.2).
struct Refus(StatusCode, &'static str, &'static str);

pub(super) async fn echanger(
    State(isc): State<Arc<Isc>>,
    entetes: HeaderMap,
    Form(corps): Form<Vec<(String, String)>>,
) -> Response {
    match isc.echanger(&entetes, &Parametres::nouveaux(corps)) {
        Ok(reponse) => Json(reponse).into_response(),
        Err(Refus(statut, code, detail)) => {
            tracing::info!(code, detail, "échange refusé");
            let corps = Json(json!({ "error": code, "error_description": detail }));
            let mut reponse = (statut, corps).into_response();
            if statut == StatusCode::UNAUTHORIZED {
                let methode = http::HeaderValue::from_static("Basic realm=\"industriels\"");
                reponse.headers_mut().insert(header::WWW_AUTHENTICATE, methode);
            }
            reponse
        }
    }
}

impl Isc {
    fn echanger(&self, entetes: &HeaderMap, corps: &Parametres) -> Result<serde_json::Value, Refus> {
        let invalide = |detail| Refus(StatusCode::BAD_REQUEST, "invalid_request", detail);
        let perime = |detail| Refus(StatusCode::BAD_REQUEST, "invalid_grant", detail);
        let client = self.clients.prouver(entetes, corps).map_err(|refus| match refus {
            NonProuve::Requete => invalide("authentification du client mal formee"),
            NonProuve::Inconnu => {
                Refus(StatusCode::UNAUTHORIZED, "invalid_client", "client inconnu ou secret incorrect")
            }
        })?;
        let lire = |nom| match corps.unique(nom) {
            Ok(Some(valeur)) => Ok(valeur),
            Ok(None) | Err(_) => Err(invalide("parametre absent, repete ou trop long")),
        };
        if lire("grant_type")? != "authorization_code" {
            let detail = "seul grant_type=authorization_code est accepte";
            return Err(Refus(StatusCode::BAD_REQUEST, "unsupported_grant_type", detail));
        }
        let (jeton, redirect_uri, verificateur) =
            (lire("code")?, lire("redirect_uri")?, lire("code_verifier")?);

        let maintenant = self.horloge.maintenant();
        let jti = self.alea.uuid(maintenant).to_string();
        let code =
            self.codes.consommer(jeton, &client.client_id, |_| jti.clone(), maintenant).map_err(|echec| {
                if let Echec::Rejoue(donne) = echec {
                    // RFC 6749 §4.1.2: what the code gave is taken back.
                    self.revoques.ajouter(donne, maintenant.as_second() + VIE_ACCES, maintenant);
                }
                perime("code inconnu, expire ou deja utilise")
            })?;
        if code.redirect_uri != redirect_uri {
            return Err(perime("redirect_uri n'est pas celle de la demande"));
        }
        if !code.defi.as_ref().is_some_and(|defi| oidc::pkce::repond(verificateur, defi)) {
            return Err(perime("code_verifier ne repond pas au code_challenge"));
        }
        self.jetons(&client.client_id, &code, jti, maintenant).map_err(|erreur| {
            tracing::error!(erreur = &erreur as &dyn std::error::Error, "signature des jetons");
            Refus(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "signature impossible")
        })
    }

    fn jetons(
        &self,
        client_id: &str,
        code: &Code,
        jti: String,
        maintenant: Timestamp,
    ) -> Result<serde_json::Value, oidc::jwt::ErreurCle> {
        let (iat, sub) = (maintenant.as_second(), code.personne.sub().to_string());
        let acces = self.cle.signer(&Acces {
            iss: self.issuer.clone(),
            aud: self.adresse(USERINFO).into(),
            sub: sub.clone(),
            client_id: client_id.to_owned(),
            sid: code.sid.clone(),
            jti,
            scope: code.scope.clone(),
            iat,
            exp: iat + VIE_ACCES,
        })?;
        let mut revendications = json!(code.personne.profil());
        let protocole = json!({
            "iss": self.issuer,
            "sub": sub,
            "aud": client_id,
            "azp": client_id,
            "iat": iat,
            "exp": iat + VIE_ACCES,
            "auth_time": code.auth_time.as_second(),
            "nonce": code.nonce,
            "sid": code.sid,
            "at_hash": oidc::id_token::at_hash(&acces),
        });
        if let (Some(toutes), serde_json::Value::Object(protocole)) =
            (revendications.as_object_mut(), protocole)
        {
            toutes.extend(protocole.into_iter().filter(|(_, valeur)| !valeur.is_null()));
        }
        Ok(json!({
            "access_token": acces,
            "token_type": "Bearer",
            "expires_in": VIE_ACCES,
            "scope": code.scope,
            "id_token": self.cle.signer(&revendications)?,
        }))
    }
}
