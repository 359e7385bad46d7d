//! The templates, and the form that makes or changes one.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use registre::ModeleMessage;
use serde::Deserialize;
use web::{Cadre, Champs, Choix};

use super::{GENRES, TEXTE_MAX, TITRE_MAX};
use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Demande {
    /// Identity of the template to change; empty to make one.
    modele: String,
}

#[derive(Template)]
#[template(path = "modele/lister.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    groupes: Vec<(&'static str, Vec<ModeleMessage>)>,
    genres: Vec<Choix>,
    titre_max: usize,
    texte_max: usize,
}

pub async fn lister(
    State(app): State<App>,
    ici: Ici,
    Query(demande): Query<Demande>,
) -> Result<Response, Erreur> {
    let modeles = app.registre.lire().await?.load_modeles().await?;
    let f = match modeles.iter().find(|modele| modele.id == demande.modele) {
        None => Champs::vides(),
        Some(modele) => Champs::vides()
            .avec("id", &modele.id)
            .avec("genre", &modele.genre)
            .avec("titre", &modele.titre)
            .avec("texte", &modele.texte),
    };
    Ok(montrer(&app, &ici, StatusCode::OK, f, &modeles))
}

pub(super) fn montrer(
    app: &App,
    ici: &Ici,
    statut: StatusCode,
    f: Champs,
    modeles: &[ModeleMessage],
) -> Response {
    let groupes = GENRES
        .into_iter()
        .map(|(cle, libelle)| {
            (libelle, modeles.iter().filter(|modele| modele.genre == cle).cloned().collect::<Vec<_>>())
        })
        .filter(|(_, modeles)| !modeles.is_empty())
        .collect();
    let page = Page {
        cadre: cadre(app, Some(ici), "Modèles de messages", "/agence/modeles", &[]),
        f,
        groupes,
        genres: GENRES.map(|(cle, libelle)| Choix::nouveau(cle, libelle)).to_vec(),
        titre_max: TITRE_MAX,
        texte_max: TEXTE_MAX,
    };
    web::page_avec(statut, &page)
}
