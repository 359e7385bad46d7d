//! Opens a session of the collège: a date and a place.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{calendrier::lire_date, college::Session};
use http::StatusCode;
use registre::Versionne;
use web::{Champs, Formulaire, Genre};

use super::{lister::montrer, url};
use crate::{acces::Ici, app::App, erreur::Erreur, session};

pub async fn ouvrir(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let mut f = Champs::depuis(saisie.clone());
    let lieu = saisie.texte("lieu");
    if lieu.is_empty() {
        f.refuser("lieu", "Indiquez le lieu, ou « visioconférence ».");
    } else if lieu.chars().count() > 200 {
        f.refuser("lieu", "Le lieu compte 200 caractères au plus.");
    }
    let date = lire_date(saisie.texte("date"));
    if date.is_err() {
        f.refuser("date", "Indiquez la date de la session.");
    }
    let (Ok(date), false) = (date, f.en_faute()) else {
        return montrer(&app, &ici, StatusCode::UNPROCESSABLE_ENTITY, f).await;
    };
    let (par, le) = (ici.acteur(), app.maintenant());
    let ouverte = Session::ouvrir(app.id(), date, lieu.to_owned(), app.aujourdhui(), &par, le);
    let (nouvelle, evenement) = match ouverte {
        Ok(ouverte) => ouverte,
        Err(refus) => {
            f.refuser("date", refus.to_string());
            return montrer(&app, &ici, StatusCode::UNPROCESSABLE_ENTITY, f).await;
        }
    };
    let retour = url(nouvelle.id);
    let mut tx = app.registre.ecrire().await?;
    tx.save_session_college(&Versionne::nouveau(nouvelle), &evenement).await?;
    tx.commit().await?;
    session::aviser(&app, &ici, Genre::Succes, "La session est ouverte : inscrivez-y les dossiers.").await?;
    Ok(Redirect::to(&retour).into_response())
}
