//! Offers to send again the form that somebody had typed when their session ended.

mod libelles;

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, header};
use jiff::Timestamp;
use web::{Cadre, Formulaire, Saisie};

use super::revenir::accueil_de;
use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur, session};

#[derive(Template)]
#[template(path = "connexion/reprise.html")]
struct Page {
    cadre: Cadre,
    chemin: String,
    /// What is sent again, as it was typed.
    champs: Vec<(String, String)>,
    /// The same for people: what the form calls each field, and what was answered.
    lisibles: Vec<(String, String)>,
}

pub async fn voir(State(app): State<App>, ici: Ici, entetes: HeaderMap) -> Result<Response, Erreur> {
    let ailleurs = Redirect::to(accueil_de(&ici.personne));
    let Some(jeton) = session::COOKIE_SAISIE.lire(&entetes) else { return Ok(ailleurs.into_response()) };
    let depuis = app.maintenant().saturating_sub(session::GARDE).unwrap_or(Timestamp::MIN);
    let mut tx = app.registre.lire().await?;
    let gardee = tx.load_saisie(&jeton.empreinte(), depuis).await?;
    // What one person typed is never shown to another who uses the same browser.
    let Some(gardee) = gardee.filter(|gardee| gardee.personne.is_none_or(|id| id == ici.personne.id)) else {
        let mut reponse = ailleurs.into_response();
        reponse.headers_mut().append(header::SET_COOKIE, session::COOKIE_SAISIE.effacer());
        return Ok(reponse);
    };
    let saisie = Saisie::lire(gardee.corps.as_bytes());
    let champs: Vec<(String, String)> =
        saisie.champs().map(|(nom, valeur)| (nom.to_owned(), valeur.to_owned())).collect();
    let lisibles = champs.iter().filter_map(|(nom, valeur)| libelles::ligne(nom, valeur)).collect();
    let cadre = cadre(&app, Some(&ici), "Reprendre votre saisie", "/reprise", &[]);
    let mut reponse = web::page(&Page { cadre, chemin: gardee.chemin, champs, lisibles });
    reponse.headers_mut().append(header::SET_COOKIE, session::COOKIE_SAISIE.effacer());
    Ok(reponse)
}

pub async fn oublier(
    State(app): State<App>,
    ici: Ici,
    entetes: HeaderMap,
    _: Formulaire,
) -> Result<Response, Erreur> {
    if let Some(jeton) = session::COOKIE_SAISIE.lire(&entetes) {
        let mut tx = app.registre.ecrire().await?;
        tx.supprimer_saisie(&jeton.empreinte()).await?;
        tx.commit().await?;
    }
    let mut reponse = Redirect::to(accueil_de(&ici.personne)).into_response();
    reponse.headers_mut().append(header::SET_COOKIE, session::COOKIE_SAISIE.effacer());
    Ok(reponse)
}
