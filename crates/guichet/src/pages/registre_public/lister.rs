//! The register as a list, with search and filters, and as JSON with the same filters.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use domaine::calendrier::date_courte;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use web::{Cadre, Champs, Choix, Genre, Pagination};

use super::{
    super::habilitation::{
        choix_etats, choix_profils, cle, correspond, genre,
        lister::{avant, pagination},
    },
    Entree, json,
};
use crate::{acces::PeutEtre, app::App, cadre::cadre, erreur::Erreur};

const PAR_PAGE: usize = 25;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Filtre {
    q: String,
    etat: String,
    profil: String,
    page: usize,
    /// `json` for programs.
    format: String,
}

impl Filtre {
    fn parametres(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("q", &self.q), ("etat", &self.etat), ("profil", &self.profil)])
            .finish()
    }
}

#[derive(Serialize)]
struct Registre<'a> {
    emetteur: &'a str,
    genere_le: Timestamp,
    habilitations: Vec<Entree>,
}

struct Ligne {
    numero: String,
    profil: &'static str,
    titulaire: String,
    logiciel: String,
    fin: String,
    genre: Genre,
    etat: &'static str,
}

#[derive(Template)]
#[template(path = "registre_public/lister.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    etats: Vec<Choix>,
    profils: Vec<Choix>,
    filtre: bool,
    lignes: Vec<Ligne>,
    total: usize,
    json: String,
    pagination: Pagination,
}

pub async fn lister(
    State(app): State<App>,
    PeutEtre(ici): PeutEtre,
    Query(filtre): Query<Filtre>,
) -> Result<Response, Erreur> {
    let le = app.maintenant();
    let mut tx = app.registre.lire().await?;
    let mut toutes = tx.load_habilitations(false).await?;
    toutes.retain(|une| {
        (filtre.etat.is_empty() || cle(une, le) == filtre.etat)
            && (filtre.profil.is_empty() || une.contenu.profil.code() == filtre.profil)
            && correspond(une, &filtre.q)
    });
    if filtre.format == "json" {
        let mut habilitations = Vec::with_capacity(toutes.len());
        for une in &toutes {
            habilitations.push(Entree::lire(&app, &mut tx, une, le).await?);
        }
        return json(&Registre { emetteur: &app.config.agence.nom, genere_le: le, habilitations });
    }
    let parametres = filtre.parametres();
    let pagination = pagination(filtre.page, toutes.len(), PAR_PAGE, &format!("/registre?{parametres}"));
    let lignes = toutes
        .iter()
        .skip(avant(&pagination, PAR_PAGE))
        .take(PAR_PAGE)
        .map(|une| Ligne {
            numero: une.numero().to_owned(),
            profil: une.contenu.profil.code(),
            titulaire: une.contenu.denomination.clone(),
            logiciel: format!("{} {}", une.contenu.logiciel, une.contenu.version),
            fin: date_courte(une.contenu.fin),
            genre: genre(une, le),
            etat: une.libelle_etat(le),
        })
        .collect();
    Ok(web::page(&Page {
        cadre: cadre(&app, ici.as_ref(), "Registre des habilitations", "/registre", &[]),
        f: Champs::vides().avec("q", &filtre.q).avec("etat", &filtre.etat).avec("profil", &filtre.profil),
        etats: choix_etats(false),
        profils: choix_profils(),
        filtre: !(filtre.q.is_empty() && filtre.etat.is_empty() && filtre.profil.is_empty()),
        total: toutes.len(),
        lignes,
        json: format!("/registre?{parametres}&format=json"),
        pagination,
    }))
}
