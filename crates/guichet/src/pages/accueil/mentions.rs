//! What is kept of people and for how long, how accessible the site is, whom to tell of a flaw.
//!
//! Rule: the page claims only what the code does and what the tests prove; a contact that was not configured is said
//! to be missing.

use askama::Template;
use axum::{extract::State, response::Response};
use web::Cadre;

use crate::{acces::PeutEtre, app::App, cadre::cadre, erreur::Erreur, session};

#[derive(Template)]
#[template(path = "accueil/mentions.html")]
struct Page {
    cadre: Cadre,
    agence: String,
    contact_securite: Option<String>,
    contact_donnees: Option<String>,
    /// Hours after which a session ends in any case, idle hours after which it ends.
    session: (i64, i64),
    /// Hours for which a form typed without a session is kept.
    garde: i64,
}

pub async fn mentions(State(app): State<App>, PeutEtre(ici): PeutEtre) -> Result<Response, Erreur> {
    let agence = &app.config.agence;
    Ok(web::page(&Page {
        cadre: cadre(&app, ici.as_ref(), "Données personnelles et accessibilité", "/mentions", &[]),
        agence: agence.nom.clone(),
        contact_securite: agence.contact_securite.clone(),
        contact_donnees: agence.contact_donnees.clone(),
        session: (session::AGE.as_hours(), session::INACTIVITE.as_hours()),
        garde: session::GARDE.as_hours(),
    }))
}
