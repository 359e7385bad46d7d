//! The first page: what this place is for, and the way in.

use askama::Template;
use axum::{extract::State, response::Response};
use web::Cadre;

use crate::{acces::PeutEtre, app::App, cadre::cadre, erreur::Erreur};

#[derive(Template)]
#[template(path = "accueil/voir.html")]
struct Page {
    cadre: Cadre,
    connecte: bool,
}

pub async fn voir(State(app): State<App>, PeutEtre(ici): PeutEtre) -> Result<Response, Erreur> {
    let cadre = cadre(&app, ici.as_ref(), "Accueil", "/", &[]);
    Ok(web::page(&Page { cadre, connecte: ici.is_some() }))
}
