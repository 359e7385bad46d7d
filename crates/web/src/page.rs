//! A rendered template as an answer.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

use crate::{PageErreur, typographie::relier};

/// Renders a page with status 200.
pub fn page(modele: &impl Template) -> Response {
    page_avec(StatusCode::OK, modele)
}

/// Renders a page with another status (422 for a refused form). A template that fails gives the page of a 500.
pub fn page_avec(statut: StatusCode, modele: &impl Template) -> Response {
    match modele.render() {
        Ok(html) => (statut, Html(relier(&html))).into_response(),
        Err(faute) => PageErreur::interne(&faute).into_response(),
    }
}
