//! Everything that happened to a candidature, as a line of time.
//!
//! Rule: the industriel reads the acts of the agency without the names of those who instruct; what is internal does not
//! leave the agency at all.

use askama::Template;
use axum::{extract::State, response::Response};
use web::Cadre;

use crate::{
    acces::Ici,
    app::App,
    avancement,
    cadre::cadre,
    chronologie::{Ligne, lignes},
    erreur::Erreur,
};

#[derive(Template)]
#[template(path = "candidature/historique.html")]
struct Page {
    cadre: Cadre,
    titre: String,
    agence: bool,
    lignes: Vec<Ligne>,
}

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let url = avancement::url(candidature);
    let mut tx = app.registre.lire().await?;
    let evenements = tx.load_evenements(&candidature.sujet(), ici.agence()).await?;
    let fil = super::fil(&ici, &candidature.titre, &url);
    let page = Page {
        cadre: cadre(&app, Some(&ici), "Historique", &format!("{url}/historique"), &fil),
        titre: format!("{} · NRU {}", candidature.titre, candidature.nru),
        agence: ici.agence(),
        lignes: lignes(evenements, ici.agence()),
    };
    Ok(web::page(&page))
}
