//! The mails sent, newest first.

use askama::Template;
use axum::{extract::State, response::Response};
use web::Cadre;

use super::{
    dossier,
    lecture::{self, Courriel},
    nom_sur,
};
use crate::{acces::PeutEtre, app::App, cadre::cadre, erreur::Erreur};

/// How many are shown.
const MAX: usize = 200;

#[derive(Template)]
#[template(path = "courriels/lister.html")]
struct Page {
    cadre: Cadre,
    courriels: Vec<(String, Courriel)>,
}

pub async fn lister(State(app): State<App>, PeutEtre(ici): PeutEtre) -> Result<Response, Erreur> {
    let dossier = dossier(&app)?;
    let mut noms = Vec::new();
    // The folder is made with the first mail.
    if let Ok(mut entrees) = tokio::fs::read_dir(dossier).await {
        while let Ok(Some(entree)) = entrees.next_entry().await {
            noms.push(entree.file_name().to_string_lossy().into_owned());
        }
    }
    noms.retain(|nom| nom_sur(nom));
    noms.sort_unstable_by(|un, autre| autre.cmp(un));
    noms.truncate(MAX);
    let mut courriels = Vec::new();
    for nom in noms {
        if let Ok(octets) = tokio::fs::read(dossier.join(&nom)).await {
            courriels.push((nom, lecture::lire(&octets)));
        }
    }
    let cadre = cadre(&app, ici.as_ref(), "Courriels envoyés", "/dev/courriels", &[]);
    Ok(web::page(&Page { cadre, courriels }))
}
