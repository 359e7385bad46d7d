//! The first page: what this place is for, and the way in.

use askama::Template;
use axum::{extract::State, response::Response};
use web::Cadre;

use crate::{acces::PeutEtre, app::App, cadre::cadre, erreur::Erreur, pages::connexion::revenir::accueil_de};

#[derive(Template)]
#[template(path = "accueil/voir.html")]
struct Page {
    cadre: Cadre,
    /// First name and first page of the person who is there.
    personne: Option<(String, &'static str)>,
    delai_jours: i32,
}

pub async fn voir(State(app): State<App>, PeutEtre(ici): PeutEtre) -> Result<Response, Erreur> {
    let cadre = cadre(&app, ici.as_ref(), "Accueil", "/", &[]);
    let personne = ici.map(|ici| (ici.personne.prenom.clone(), accueil_de(&ici.personne)));
    Ok(web::page(&Page { cadre, personne, delai_jours: app.config.agence.delai_jours }))
}
