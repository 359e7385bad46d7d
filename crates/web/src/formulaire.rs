//! Forms. The rule: **a form can't be read without its CSRF check**, because reading it is what checks it.
//!
//! [`Formulaire`] reads a plain form, [`FormulaireFichiers`] streams one with files, [`CsrfEntete`] guards a request
//! that has no form (resumable uploads, DELETE). All three need the [`SessionWeb`] that the product's middleware puts
//! in the request's extensions, and refuse what another site sent.

mod fichiers;
mod saisie;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use subtle::ConstantTimeEq;

use crate::{PageErreur, SessionWeb};

pub use fichiers::{Flux, FormulaireFichiers, Partie};
pub use saisie::Saisie;

/// Longest plain form, in bytes.
pub const LIMITE: usize = 2 * 1024 * 1024;

/// Name of the field that carries the CSRF token.
pub const CHAMP_CSRF: &str = "csrf";

/// Why a form was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusFormulaire {
    #[error("Votre session a pris fin. Reconnectez-vous, puis recommencez.")]
    SansSession,
    #[error("Cette page est restée ouverte trop longtemps. Revenez en arrière, rechargez-la et recommencez.")]
    JetonAbsent,
    #[error("Cette page vient d’une autre session. Revenez en arrière, rechargez-la et recommencez.")]
    JetonFaux,
    #[error("Cette demande vient d’un autre site : elle a été refusée.")]
    OrigineEtrangere,
    #[error("Le contenu envoyé n’est pas celui d’un formulaire de ce site.")]
    TypeInattendu,
    #[error(
        "L’envoi dépasse la taille que cette page accepte. Revenez en arrière et envoyez moins à la fois."
    )]
    TropGros,
    #[error("L’envoi s’est interrompu ou n’a pas pu être lu. Recommencez.")]
    Illisible,
}

impl RefusFormulaire {
    pub fn statut(self) -> StatusCode {
        match self {
            Self::SansSession | Self::JetonAbsent | Self::JetonFaux | Self::OrigineEtrangere => {
                StatusCode::FORBIDDEN
            }
            Self::TypeInattendu => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TropGros => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Illisible => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for RefusFormulaire {
    fn into_response(self) -> Response {
        tracing::warn!(refus = ?self, "form refused");
        PageErreur::nouvelle(self.statut()).message(self.to_string()).into_response()
    }
}

/// A form `application/x-www-form-urlencoded` whose CSRF token was checked. At most [`LIMITE`] bytes.
#[derive(Debug)]
pub struct Formulaire(pub Saisie);

impl<S: Sync> FromRequest<S> for Formulaire {
    type Rejection = RefusFormulaire;

    async fn from_request(requete: Request, _: &S) -> Result<Self, RefusFormulaire> {
        let (parts, corps) = requete.into_parts();
        let garde = Garde::de(&parts)?;
        if !type_est(&parts.headers, "application/x-www-form-urlencoded") {
            return Err(RefusFormulaire::TypeInattendu);
        }
        let mut saisie = Saisie::lire(&lire(corps).await?);
        let jeton = saisie.retirer(CHAMP_CSRF);
        garde.verifier(jeton.as_deref())?;
        Ok(Self(saisie))
    }
}

async fn lire(corps: Body) -> Result<bytes::Bytes, RefusFormulaire> {
    to_bytes(corps, LIMITE).await.map_err(|faute| {
        let mut cause: Option<&dyn std::error::Error> = Some(&faute);
        while let Some(c) = cause {
            if c.is::<http_body_util::LengthLimitError>() {
                return RefusFormulaire::TropGros;
            }
            cause = c.source();
        }
        RefusFormulaire::Illisible
    })
}

/// Proof that the header `X-CSRF-Token` was checked, for a request without a form.
#[derive(Debug, Clone, Copy)]
pub struct CsrfEntete(());

impl<S: Sync> FromRequestParts<S> for CsrfEntete {
    type Rejection = RefusFormulaire;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, RefusFormulaire> {
        Garde::de(parts)?.verifier(None)?;
        Ok(Self(()))
    }
}

/// What the request must match: the session's token, and the token of the header if there is one.
struct Garde {
    attendu: String,
    entete: Option<String>,
}

impl Garde {
    /// Refuses a request that another site sent or that has no session.
    fn de(parts: &Parts) -> Result<Self, RefusFormulaire> {
        if !meme_site(parts) {
            return Err(RefusFormulaire::OrigineEtrangere);
        }
        let session = parts.extensions.get::<SessionWeb>().ok_or(RefusFormulaire::SansSession)?;
        let entete = parts.headers.get("x-csrf-token").and_then(|v| v.to_str().ok()).map(str::to_owned);
        Ok(Self { attendu: session.csrf.clone(), entete })
    }

    fn a_entete(&self) -> bool {
        self.entete.is_some()
    }

    fn verifier(&self, champ: Option<&str>) -> Result<(), RefusFormulaire> {
        let recu = match (self.entete.as_deref(), champ) {
            (Some(jeton), _) | (None, Some(jeton)) if !jeton.is_empty() => jeton,
            _ => return Err(RefusFormulaire::JetonAbsent),
        };
        // A session without a token would accept an empty one: it accepts none.
        let juste = !self.attendu.is_empty() && bool::from(recu.as_bytes().ct_eq(self.attendu.as_bytes()));
        juste.then_some(()).ok_or(RefusFormulaire::JetonFaux)
    }
}

/// `Sec-Fetch-Site` decides when the browser sends it, else `Origin` against the host asked for. A client that sends
/// neither is no browser, and has the token to show.
fn meme_site(parts: &Parts) -> bool {
    if let Some(site) = parts.headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origine) = parts.headers.get(header::ORIGIN) else { return true };
    let hote = parts
        .uri
        .authority()
        .map(http::uri::Authority::as_str)
        .or_else(|| parts.headers.get(header::HOST).and_then(|v| v.to_str().ok()));
    let origine = origine.to_str().ok().and_then(|o| o.split_once("://")).map(|(_, hote)| hote);
    matches!((origine, hote), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b))
}

fn type_est(entetes: &HeaderMap, attendu: &str) -> bool {
    entetes
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split(';').next())
        .is_some_and(|v| v.trim().eq_ignore_ascii_case(attendu))
}
