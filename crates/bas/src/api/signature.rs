//! The API that signs session data, as the agency's for conformity tests: what came is given back with a signature, which
//! proves that the call crossed the proxy up to here, under a token, unchanged.
//!
//! The field `signature` is a detached JWS (RFC 7515 appendix F), ES256, whose key is in `jwks.json` beside the API. What is
//! signed is the canonical JSON (RFC 8785) of the four fields and nothing else: no space, members sorted, UTF-8:
//!
//! ```json
//! {"clientID":"…","nationalId":"…","proxy_session_id":"…","session_state":"…"}
//! ```
//!
//! The protected header says what the API itself saw: `iat`, `jti`, `azp` and `SubjectNameID` of the token, the thumbprint of
//! the certificate (`cnf`), and `psc_session_state`, so that a reader can compare the fields, which the software wrote, with
//! what was proven.

use std::path::Path;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use bytes::Bytes;
use http::StatusCode;
use oidc::CleSignature;
use serde::Serialize;
use serde_json::{Map, Value, json};
use service::{Alea, Horloge};

use super::jetons::Acces;
use crate::journal::Note;
use crate::{Erreur, cle};

/// Root of the agency's API.
pub const CHEMIN: &str = "/mockservice/apipsc";
/// Longest body, in bytes: four short texts.
const CORPS_MAX: usize = 64 * 1024;
/// Longest field, in bytes.
const CHAMP_MAX: usize = 4 * 1024;
/// `typ` of the signature's header.
const TYP: &str = "session-data+jws";

/// The key of the signatures.
#[derive(Debug)]
pub(super) struct Signataire(CleSignature);

impl Signataire {
    pub(super) fn charger(donnees: &Path) -> Result<Self, Erreur> {
        Ok(Self(cle::charger(&donnees.join("signature-cle.pem"), cle::Algorithme::Es256)?))
    }
}

/// Session data. Members stand in the order of RFC 8785, and so are they written.
#[derive(Debug, Serialize)]
struct Donnees {
    #[serde(rename = "clientID")]
    client_id: String,
    #[serde(rename = "nationalId")]
    national_id: String,
    proxy_session_id: String,
    session_state: String,
}

#[derive(Serialize)]
struct Signees {
    #[serde(flatten)]
    donnees: Donnees,
    signature: String,
}

impl Donnees {
    /// The four fields of a JSON object; others are ignored. All that is wrong is told at once.
    fn lire(octets: &[u8]) -> Result<Self, String> {
        let Ok(Value::Object(mut objet)) = serde_json::from_slice(octets) else {
            return Err("Le corps n’est pas un objet JSON.".to_owned());
        };
        let mut fautes = Vec::new();
        let mut champ = |nom: &'static str| match objet.remove(nom) {
            Some(Value::String(texte)) if texte.len() <= CHAMP_MAX => texte,
            Some(Value::String(_)) => {
                fautes.push(format!("« {nom} » est trop long"));
                String::new()
            }
            Some(_) => {
                fautes.push(format!("« {nom} » n’est pas un texte"));
                String::new()
            }
            None => {
                fautes.push(format!("« {nom} » manque"));
                String::new()
            }
        };
        let donnees = Self {
            national_id: champ("nationalId"),
            client_id: champ("clientID"),
            proxy_session_id: champ("proxy_session_id"),
            session_state: champ("session_state"),
        };
        if fautes.is_empty() { Ok(donnees) } else { Err(format!("Corps refusé : {}.", fautes.join(", "))) }
    }

    /// What the software wrote that the token doesn't say.
    fn ecarts(&self, acces: &Acces) -> Vec<&'static str> {
        let session = acces.psc_session_state.as_ref().is_some_and(|vue| *vue != self.session_state);
        [
            (self.national_id != acces.national_id, "nationalId"),
            (self.client_id != acces.azp, "clientID"),
            (session, "session_state"),
        ]
        .into_iter()
        .filter_map(|(ecart, nom)| ecart.then_some(nom))
        .collect()
    }
}

#[derive(Clone)]
struct Etat {
    signataire: Arc<Signataire>,
    horloge: Horloge,
    alea: Alea,
}

pub(super) fn routes(signataire: &Arc<Signataire>, horloge: &Horloge, alea: &Alea) -> Router {
    let etat = Etat { signataire: Arc::clone(signataire), horloge: horloge.clone(), alea: alea.clone() };
    Router::new()
        .route("/signsessiondata", post(signer))
        .fallback(|note: Note| async move {
            note.refuse(None, "Cette API ne connaît que POST /signsessiondata.");
            StatusCode::NOT_FOUND
        })
        .layer(DefaultBodyLimit::max(CORPS_MAX))
        .with_state(etat)
}

/// The public key (RFC 7517).
pub(super) fn routes_publiques(signataire: &Arc<Signataire>) -> Router {
    let publier = |State(signataire): State<Arc<Signataire>>| async move { Json(signataire.0.jwks()) };
    Router::new().route("/jwks.json", get(publier)).with_state(Arc::clone(signataire))
}

async fn signer(
    State(etat): State<Etat>,
    note: Note,
    Extension(acces): Extension<Arc<Acces>>,
    corps: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let lues = corps.map_err(|_| "Le corps est trop long ou s’est interrompu.".to_owned());
    let donnees = match lues.and_then(|octets| Donnees::lire(&octets)) {
        Ok(donnees) => donnees,
        Err(raison) => {
            note.refuse("invalid_request", raison.as_str());
            let corps = json!({ "error": "invalid_request", "error_description": raison });
            return (StatusCode::BAD_REQUEST, Json(corps)).into_response();
        }
    };
    let maintenant = etat.horloge.maintenant();
    let entete = json!({
        "typ": TYP,
        "iat": maintenant.as_second(),
        "jti": etat.alea.uuid(maintenant),
        "azp": acces.azp,
        "SubjectNameID": acces.national_id,
        "psc_session_state": acces.psc_session_state,
        "cnf": acces.cnf,
    });
    let signature = serde_json::to_vec(&donnees).ok().map(|charge| {
        let entete: Map<String, Value> = entete
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, valeur)| !valeur.is_null())
            .map(|(nom, valeur)| (nom.clone(), valeur.clone()))
            .collect();
        etat.signataire.0.signer_detache(entete, &charge)
    });
    let Some(Ok(signature)) = signature else {
        note.panne("La signature a échoué.");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let ecarts = donnees.ecarts(&acces);
    note.accepte(if ecarts.is_empty() {
        "Données de session signées ; elles disent la même chose que le jeton.".to_owned()
    } else {
        format!(
            "Données de session signées telles quelles ; le jeton dit autre chose pour {}.",
            ecarts.join(", ")
        )
    });
    Json(Signees { donnees, signature }).into_response()
}
