//! All habilitations, for the agency and the CNDA, with those that wait for a signature.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use domaine::calendrier::date_courte;
use serde::Deserialize;
use web::{Cadre, Champs, Choix, Genre, Pagination};

use super::{choix_etats, choix_profils, cle, correspond, genre};
use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur};

const PAR_PAGE: usize = 25;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Filtre {
    q: String,
    etat: String,
    profil: String,
    page: usize,
}

struct Ligne {
    numero: String,
    profil: &'static str,
    denomination: String,
    logiciel: String,
    fin: String,
    genre: Genre,
    etat: &'static str,
    /// How many habilitations on which it relies are not in force.
    alertes: usize,
}

#[derive(Template)]
#[template(path = "habilitation/lister.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    etats: Vec<Choix>,
    profils: Vec<Choix>,
    lignes: Vec<Ligne>,
    total: usize,
    pagination: Pagination,
}

pub async fn lister(
    State(app): State<App>,
    ici: Ici,
    Query(filtre): Query<Filtre>,
) -> Result<Response, Erreur> {
    let le = app.maintenant();
    let mut tx = app.registre.lire().await?;
    let mut toutes = tx.load_habilitations(true).await?;
    toutes.extend(tx.load_habilitations(false).await?);
    toutes.retain(|une| {
        (filtre.etat.is_empty() || cle(une, le) == filtre.etat)
            && (filtre.profil.is_empty() || une.contenu.profil.code() == filtre.profil)
            && correspond(une, &filtre.q)
    });
    let parametres = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("q", &filtre.q), ("etat", &filtre.etat), ("profil", &filtre.profil)])
        .finish();
    let pagination = pagination(filtre.page, toutes.len(), PAR_PAGE, &format!("/habilitations?{parametres}"));
    let mut lignes = Vec::new();
    for une in toutes.iter().skip(avant(&pagination, PAR_PAGE)).take(PAR_PAGE) {
        let dependances = crate::habilitations::dependances(&mut tx, une, le).await?;
        lignes.push(Ligne {
            numero: une.numero().to_owned(),
            profil: une.contenu.profil.code(),
            denomination: une.contenu.denomination.clone(),
            logiciel: format!("{} {}", une.contenu.logiciel, une.contenu.version),
            fin: date_courte(une.contenu.fin),
            genre: genre(une, le),
            etat: une.libelle_etat(le),
            alertes: dependances.iter().filter(|autre| !autre.en_vigueur).count(),
        });
    }
    Ok(web::page(&Page {
        cadre: cadre(&app, Some(&ici), "Habilitations", "/habilitations", &[]),
        f: Champs::vides().avec("q", &filtre.q).avec("etat", &filtre.etat).avec("profil", &filtre.profil),
        etats: choix_etats(true),
        profils: choix_profils(),
        total: toutes.len(),
        lignes,
        pagination,
    }))
}

/// How many lines stand on the pages before this one.
pub(in crate::pages) fn avant(pagination: &Pagination, par_page: usize) -> usize {
    usize::try_from(pagination.page - 1).unwrap_or(usize::MAX).saturating_mul(par_page)
}

/// Pages of a list counted in memory.
pub(in crate::pages) fn pagination(page: usize, total: usize, par_page: usize, url: &str) -> Pagination {
    let page = u32::try_from(page).unwrap_or(u32::MAX);
    Pagination::nouvelle(page, total as u64, u32::try_from(par_page).unwrap_or(u32::MAX), url)
}
