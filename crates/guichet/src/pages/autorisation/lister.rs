//! The autorisations, for the agency and for the CNDA.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use domaine::calendrier::{date_courte, jour};
use registre::ResumeAutorisation;
use serde::Deserialize;
use web::{Cadre, Champs, Choix, Genre, Pagination};

use super::{
    super::habilitation::lister::{avant, pagination},
    cle, genre, libelle,
};
use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur};

const PAR_PAGE: usize = 25;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Filtre {
    q: String,
    etat: String,
    page: usize,
}

struct Ligne {
    numero: String,
    nru: String,
    titre: String,
    denomination: String,
    debut: String,
    fin: String,
    genre: Genre,
    etat: String,
    url: String,
}

#[derive(Template)]
#[template(path = "autorisation/lister.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    etats: Vec<Choix>,
    lignes: Vec<Ligne>,
    total: usize,
    pagination: Pagination,
}

pub async fn lister(
    State(app): State<App>,
    ici: Ici,
    Query(filtre): Query<Filtre>,
) -> Result<Response, Erreur> {
    let aujourdhui = app.aujourdhui();
    let texte = filtre.q.trim().to_lowercase();
    let mut tx = app.registre.lire().await?;
    let mut toutes = tx.load_autorisations().await?;
    drop(tx);
    toutes.retain(|une| {
        (filtre.etat.is_empty() || cle(une.autorisation.etat(aujourdhui)) == filtre.etat)
            && correspond(une, &texte)
    });
    let parametres = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("q", &filtre.q), ("etat", &filtre.etat)])
        .finish();
    let pagination = pagination(filtre.page, toutes.len(), PAR_PAGE, &format!("/autorisations?{parametres}"));
    let total = toutes.len();
    let ligne = |une: ResumeAutorisation| {
        let etat = une.autorisation.etat(aujourdhui);
        Ligne {
            nru: une.autorisation.nru.to_string(),
            titre: une.titre,
            denomination: une.denomination,
            debut: date_courte(jour(une.autorisation.debut)),
            fin: date_courte(une.autorisation.fin),
            genre: genre(etat),
            etat: libelle(etat),
            url: format!("/candidatures/{}/autorisation", une.autorisation.candidature),
            numero: une.autorisation.numero,
        }
    };
    Ok(web::page(&Page {
        cadre: cadre(&app, Some(&ici), "Autorisations d’accès", "/autorisations", &[]),
        f: Champs::vides().avec("q", &filtre.q).avec("etat", &filtre.etat),
        etats: vec![
            Choix::nouveau("active", "Active"),
            Choix::nouveau("expiree", "Expirée"),
            Choix::nouveau("revoquee", "Révoquée"),
        ],
        lignes: toutes.into_iter().skip(avant(&pagination, PAR_PAGE)).take(PAR_PAGE).map(ligne).collect(),
        total,
        pagination,
    }))
}

fn correspond(une: &ResumeAutorisation, texte: &str) -> bool {
    [une.autorisation.numero.as_str(), une.autorisation.nru.as_str(), &une.titre, &une.denomination]
        .iter()
        .any(|valeur| valeur.to_lowercase().contains(texte))
}
