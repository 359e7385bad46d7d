//! Gives a candidature up: a page that says what it means, then the act with its motive.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use web::{Cadre, Champs, Formulaire, Genre};

use crate::{
    acces::Ici,
    app::App,
    avancement,
    cadre::cadre,
    erreur::Erreur,
    session,
    taches::{Avertissement, avertir},
};

/// Longest motive, in characters.
const MOTIF: usize = 2000;

#[derive(Template)]
#[template(path = "candidature/abandonner.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    titre: String,
    nru: String,
    retour: String,
    action: String,
}

fn page(app: &App, ici: &Ici, f: Champs) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let url = avancement::url(candidature);
    let action = format!("{url}/abandonner");
    let fil = super::fil(ici, &candidature.titre, &url);
    let statut = if f.en_faute() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Page {
        cadre: cadre(app, Some(ici), "Abandonner la candidature", &action, &fil),
        f,
        titre: candidature.titre.clone(),
        nru: candidature.nru.to_string(),
        retour: url,
        action,
    };
    Ok(web::page_avec(statut, &page))
}

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    if candidature.etat.terminee() {
        return Ok(Redirect::to(&avancement::url(candidature)).into_response());
    }
    page(&app, &ici, Champs::vides())
}

pub async fn abandonner(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let motif = saisie.texte("motif").to_owned();
    let mut f = Champs::depuis(saisie);
    if motif.is_empty() {
        f.refuser("motif", "Dites pourquoi vous abandonnez : ce motif reste dans l’historique.");
    } else if motif.chars().count() > MOTIF {
        f.refuser("motif", format!("{MOTIF} caractères au plus."));
    }
    if f.en_faute() {
        return page(&app, &ici, f);
    }
    let (par, le) = (ici.acteur(), app.maintenant());
    match app.engager(candidature.id, |candidature| candidature.abandonner(&motif, &par, le)).await {
        Ok((mut tx, abandonnee)) => {
            avertir(&mut tx, &app, &abandonnee, Avertissement::CandidatureAbandonnee).await?;
            app.conclure(tx).await?;
        }
        Err(Erreur::Refus(texte)) => {
            f.refuser("", texte);
            return page(&app, &ici, f);
        }
        Err(erreur) => return Err(erreur),
    }
    session::aviser(
        &app,
        &ici,
        Genre::Succes,
        "La candidature est abandonnée. Ce qui était déposé est gardé douze mois.",
    )
    .await?;
    Ok(Redirect::to(&avancement::url(candidature)).into_response())
}
