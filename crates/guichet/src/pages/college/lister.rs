//! The sessions of the collège, the open ones first, and the dossiers that wait for one.

use askama::Template;
use axum::{extract::State, response::Response};
use domaine::{
    calendrier::date_fr,
    college::Session,
    permission::{Acte, Objet},
};
use http::StatusCode;
use registre::FiltreCandidatures;
use web::{Cadre, Champs, Genre};

use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur};

#[derive(Template)]
#[template(path = "college/lister.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    sessions: Vec<SessionVue>,
    /// NRU, title, address of the synthesis.
    prets: Vec<(String, String, String)>,
    peut_ouvrir: bool,
    aujourdhui: String,
}

struct SessionVue {
    url: String,
    date: String,
    lieu: String,
    dossiers: usize,
    decides: usize,
    genre: Genre,
    etat: &'static str,
}

impl From<&Session> for SessionVue {
    fn from(session: &Session) -> Self {
        let (genre, etat) = if session.close { (Genre::Neutre, "Close") } else { (Genre::Info, "Ouverte") };
        Self {
            url: super::url(session.id),
            date: date_fr(session.date),
            lieu: session.lieu.clone(),
            dossiers: session.dossiers.len(),
            decides: session.dossiers.iter().filter(|dossier| dossier.decision.is_some()).count(),
            genre,
            etat,
        }
    }
}

pub async fn lister(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    montrer(&app, &ici, StatusCode::OK, Champs::vides()).await
}

pub(super) async fn montrer(app: &App, ici: &Ici, statut: StatusCode, f: Champs) -> Result<Response, Erreur> {
    let mut tx = app.registre.lire().await?;
    let sessions = tx.load_sessions_college().await?;
    let filtre = FiltreCandidatures {
        etat: "depot_complet".to_owned(),
        par_page: 100,
        ..FiltreCandidatures::default()
    };
    let (prets, _) = tx.load_candidatures(&filtre).await?;
    let page = Page {
        cadre: cadre(app, Some(ici), "Collège", "/college", &[]),
        f,
        sessions: sessions.iter().map(SessionVue::from).collect(),
        prets: prets
            .into_iter()
            .map(|pret| {
                let synthese = format!("/candidatures/{}/synthese", pret.candidature.id);
                (pret.candidature.nru.to_string(), pret.candidature.titre, synthese)
            })
            .collect(),
        peut_ouvrir: ici.peut(Objet::College, Acte::Administrer),
        aujourdhui: app.aujourdhui().to_string(),
    };
    Ok(web::page_avec(statut, &page))
}
