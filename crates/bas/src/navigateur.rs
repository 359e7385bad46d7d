//! The browser in front of a page: its session token, made at the first page that has a form, and its cookie.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::header;
use http::request::Parts;
use web::Cadre;
use web::session::JetonSession;

use crate::cadre::{COOKIE, cadre, cadre_du_bac};
use crate::psc::Psc;

/// Known by its cookie, or new.
pub(crate) struct Navigateur {
    pub(crate) jeton: JetonSession,
    nouveau: bool,
}

impl FromRequestParts<Arc<Psc>> for Navigateur {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parties: &mut Parts, psc: &Arc<Psc>) -> Result<Self, Self::Rejection> {
        Ok(match parties.extensions.get::<JetonSession>() {
            Some(jeton) => Self { jeton: jeton.clone(), nouveau: false },
            None => Self::neuf(psc),
        })
    }
}

impl Navigateur {
    /// A token that nobody knew before: what was there before a sign-in must not be worth a session after it.
    pub(crate) fn neuf(psc: &Psc) -> Self {
        Self { jeton: JetonSession::nouveau(psc.alea.octets()), nouveau: true }
    }

    /// The frame of a page whose forms this browser may send.
    pub(crate) fn cadre(&self, titre: &str, chemin: &str) -> Cadre {
        self.signer(cadre(titre, chemin))
    }

    /// The same, with the navigation of the sandbox.
    pub(crate) fn cadre_du_bac(&self, titre: &str, chemin: &str) -> Cadre {
        self.signer(cadre_du_bac(titre, chemin))
    }

    fn signer(&self, mut cadre: Cadre) -> Cadre {
        cadre.csrf = self.jeton.csrf();
        cadre
    }

    /// Gives the cookie to a browser that has none.
    pub(crate) fn marquer(&self, mut reponse: Response) -> Response {
        if self.nouveau {
            reponse.headers_mut().insert(header::SET_COOKIE, COOKIE.poser(&self.jeton, None));
        }
        reponse
    }
}
