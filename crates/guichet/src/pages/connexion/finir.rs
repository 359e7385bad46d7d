//! Ends the session here and at the provider.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::header;
use web::Formulaire;

use crate::{acces::Ici, app::App, erreur::Erreur, session};

pub async fn finir(State(app): State<App>, ici: Ici, _: Formulaire) -> Result<Response, Erreur> {
    let mut tx = app.registre.ecrire().await?;
    tx.supprimer_session_web(&ici.session.empreinte).await?;
    tx.commit().await?;
    let retour = app.config.url.as_str();
    let id_token = ici.session.id_token.clone().into();
    // A provider that does not answer must not keep anybody signed in here.
    let destination = match app.oidc.deconnexion_url(Some(&id_token), Some(retour), None).await {
        Ok(Some(url)) => url.to_string(),
        Ok(None) => "/".to_owned(),
        Err(erreur) => {
            tracing::warn!(erreur = &erreur as &dyn std::error::Error, "the provider's session stays open");
            "/".to_owned()
        }
    };
    let mut reponse = Redirect::to(&destination).into_response();
    reponse.headers_mut().append(header::SET_COOKIE, session::COOKIE.effacer());
    Ok(reponse)
}
