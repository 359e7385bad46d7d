//! Closes a session once each of its dossiers has its decision.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{college::Session, id::Id};
use web::{Formulaire, Genre};

use super::{charger, url};
use crate::{acces::Ici, app::App, erreur::Erreur, session};

pub async fn clore(
    State(app): State<App>,
    ici: Ici,
    Path(id): Path<Id<Session>>,
    _: Formulaire,
) -> Result<Response, Erreur> {
    let mut tx = app.registre.ecrire().await?;
    let lue = charger(&mut tx, id).await?;
    let (genre, texte) = match lue.valeur.clone().clore(&ici.acteur(), app.maintenant()) {
        Ok((close, evenement)) => {
            tx.save_session_college(&lue.vers(close), &evenement).await?;
            tx.commit().await?;
            (Genre::Succes, "La session est close.".to_owned())
        }
        Err(refus) => {
            drop(tx);
            (Genre::Erreur, refus.to_string())
        }
    };
    session::aviser(&app, &ici, genre, &texte).await?;
    Ok(Redirect::to(&url(id)).into_response())
}
