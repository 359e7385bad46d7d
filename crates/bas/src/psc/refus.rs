//! What the realm answers when it refuses, in the words of Keycloak, with the true reason beside it for whoever develops.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use oidc::jetons::ErreurOauth;

/// An OAuth refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refus {
    pub(crate) statut: StatusCode,
    pub(crate) code: &'static str,
    /// As Keycloak words it: clients compare it.
    pub(crate) detail: Cow<'static, str>,
    /// What really happened, in French, for the journal; may say more than the client may know.
    pub(crate) raison: Cow<'static, str>,
}

impl Refus {
    pub(super) fn nouveau(
        statut: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
        raison: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { statut, code, detail: detail.into(), raison: raison.into() }
    }

    /// 400 `invalid_request`.
    pub(super) fn requete(
        detail: impl Into<Cow<'static, str>>,
        raison: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::nouveau(StatusCode::BAD_REQUEST, "invalid_request", detail, raison)
    }

    /// 400 `invalid_grant`.
    pub(super) fn perime(detail: impl Into<Cow<'static, str>>, raison: impl Into<Cow<'static, str>>) -> Self {
        Self::nouveau(StatusCode::BAD_REQUEST, "invalid_grant", detail, raison)
    }

    pub(super) fn avec_statut(self, statut: StatusCode) -> Self {
        Self { statut, ..self }
    }

    pub(super) fn interne(erreur: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(erreur, "jetons non émis");
        Self::nouveau(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "unknown_error",
            "panne du bac à sable",
        )
    }
}

impl Refus {
    /// 503: the sandbox keeps as many requests as it will.
    pub(super) fn complet() -> Self {
        Self::nouveau(
            StatusCode::SERVICE_UNAVAILABLE,
            "temporarily_unavailable",
            "Too many pending requests",
            "trop de demandes attendent déjà dans le bac à sable : celle-ci n’est pas gardée",
        )
    }
}

impl IntoResponse for Refus {
    fn into_response(self) -> Response {
        tracing::info!(code = self.code, raison = %self.raison, "Pro Santé Connect refuse");
        let corps = ErreurOauth {
            error: self.code.to_owned(),
            error_description: Some(self.detail.clone().into_owned()),
        };
        let mut reponse = (self.statut, Json(corps)).into_response();
        reponse.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        reponse.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        reponse.extensions_mut().insert(self);
        reponse
    }
}
