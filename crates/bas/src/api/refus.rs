//! What is answered to who is refused: the code and the words of the norm for the caller, the true reason for the journal.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use oidc::jetons::ErreurOauth;

use crate::journal::Note;

/// A refusal of an authorization server (RFC 6749 §5.2, RFC 8693 §2.2.2).
#[derive(Debug)]
pub(super) struct Refus {
    pub(super) statut: StatusCode,
    pub(super) code: &'static str,
    /// For the caller: ASCII, in the words of Keycloak where it has some.
    pub(super) detail: &'static str,
    /// For the journal, in French.
    pub(super) raison: String,
}

impl Refus {
    pub(super) fn requete(detail: &'static str, raison: impl Into<String>) -> Self {
        Self { statut: StatusCode::BAD_REQUEST, code: "invalid_request", detail, raison: raison.into() }
    }

    pub(super) fn autre(code: &'static str, detail: &'static str, raison: impl Into<String>) -> Self {
        Self { statut: StatusCode::BAD_REQUEST, code, detail, raison: raison.into() }
    }

    /// The client could not prove who it is. The caller isn't told which part is wrong.
    pub(super) fn client(raison: impl Into<String>) -> Self {
        Self {
            statut: StatusCode::UNAUTHORIZED,
            code: "invalid_client",
            detail: "Invalid client or Invalid client credentials",
            raison: raison.into(),
        }
    }

    /// Ours, or of what we depend on.
    pub(super) fn panne(statut: StatusCode, detail: &'static str, raison: impl Into<String>) -> Self {
        let code = if statut == StatusCode::INTERNAL_SERVER_ERROR {
            "server_error"
        } else {
            "temporarily_unavailable"
        };
        Self { statut, code, detail, raison: raison.into() }
    }

    pub(super) fn repondre(self, note: &Note) -> Response {
        if self.statut.is_server_error() {
            note.panne(self.raison);
        } else {
            note.refuse(self.code, self.raison);
        }
        let corps =
            ErreurOauth { error: self.code.to_owned(), error_description: Some(self.detail.to_owned()) };
        let mut reponse = sans_cache((self.statut, Json(corps)).into_response());
        if self.statut == StatusCode::UNAUTHORIZED {
            let methode = HeaderValue::from_static("Basic realm=\"bac-a-sable\"");
            reponse.headers_mut().insert(header::WWW_AUTHENTICATE, methode);
        }
        reponse
    }
}

/// Tokens are in there (RFC 6749 §5.1, CI-SIS).
pub(super) fn sans_cache(mut reponse: Response) -> Response {
    let entetes = reponse.headers_mut();
    entetes.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
    entetes.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    reponse
}

/// A refusal of an API (RFC 6750 §3.1).
#[derive(Debug)]
pub(super) struct RefusPorteur {
    statut: StatusCode,
    /// Absent when the caller showed no token at all.
    code: Option<&'static str>,
    detail: &'static str,
    raison: String,
    /// The scope that would do.
    scope: Option<String>,
}

impl RefusPorteur {
    pub(super) fn sans_jeton(raison: impl Into<String>) -> Self {
        Self {
            statut: StatusCode::UNAUTHORIZED,
            code: None,
            detail: "Bearer token required",
            raison: raison.into(),
            scope: None,
        }
    }

    pub(super) fn requete(detail: &'static str, raison: impl Into<String>) -> Self {
        let (statut, code) = (StatusCode::BAD_REQUEST, Some("invalid_request"));
        Self { statut, code, detail, raison: raison.into(), scope: None }
    }

    pub(super) fn jeton(detail: &'static str, raison: impl Into<String>) -> Self {
        let (statut, code) = (StatusCode::UNAUTHORIZED, Some("invalid_token"));
        Self { statut, code, detail, raison: raison.into(), scope: None }
    }

    pub(super) fn scope(scope: &str, raison: impl Into<String>) -> Self {
        let (statut, code) = (StatusCode::FORBIDDEN, Some("insufficient_scope"));
        Self {
            statut,
            code,
            detail: "The token has not the scope of this API",
            raison: raison.into(),
            scope: Some(scope.to_owned()),
        }
    }

    pub(super) fn repondre(self, royaume: &str, note: &Note) -> Response {
        let code = self.code.unwrap_or("invalid_request");
        note.refuse(self.code, self.raison);
        let mut methode = format!("Bearer realm=\"{royaume}\"");
        if let Some(code) = self.code {
            methode = format!("{methode}, error=\"{code}\", error_description=\"{}\"", self.detail);
        }
        if let Some(scope) = self.scope {
            methode = format!("{methode}, scope=\"{scope}\"");
        }
        let corps = ErreurOauth { error: code.to_owned(), error_description: Some(self.detail.to_owned()) };
        let mut reponse = (self.statut, Json(corps)).into_response();
        if let Ok(methode) = HeaderValue::try_from(methode) {
            reponse.headers_mut().insert(header::WWW_AUTHENTICATE, methode);
        }
        reponse
    }
}
