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
use crate::{
    acces::Ici,
    app::App,
    cadre::cadre,
    chronologie::{Ligne, lignes},
    erreur::Erreur,
    modeles,
};

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
    /// The variables as they are written, what they mean, an example.
    variables: Vec<(String, &'static str, &'static str)>,
    /// The text at hand with the examples in place of its variables.
    apercu: String,
    histoire: Vec<Ligne>,
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
    montrer(&app, &ici, StatusCode::OK, f).await
}

pub(super) async fn montrer(app: &App, ici: &Ici, statut: StatusCode, f: Champs) -> Result<Response, Erreur> {
    let mut tx = app.registre.lire().await?;
    let modeles = tx.load_modeles().await?;
    let histoire = lignes(tx.load_evenements(&modeles::sujet(), true).await?, true);
    drop(tx);
    let groupes = GENRES
        .into_iter()
        .map(|(cle, libelle)| {
            (libelle, modeles.iter().filter(|modele| modele.genre == cle).cloned().collect::<Vec<_>>())
        })
        .filter(|(_, modeles)| !modeles.is_empty())
        .collect();
    let variables = modeles::VARIABLES.map(|(nom, sens, exemple)| (format!("{{{nom}}}"), sens, exemple));
    let page = Page {
        cadre: cadre(app, Some(ici), "Modèles de messages", "/agence/modeles", &[]),
        apercu: modeles::apercu(f.valeur("texte")),
        f,
        groupes,
        genres: GENRES.map(|(cle, libelle)| Choix::nouveau(cle, libelle)).to_vec(),
        variables: variables.to_vec(),
        histoire,
        titre_max: TITRE_MAX,
        texte_max: TEXTE_MAX,
    };
    Ok(web::page_avec(statut, &page))
}
