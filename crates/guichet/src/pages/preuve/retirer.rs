//! Withdraws an item: it stays in the history.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use web::{Formulaire, Genre};

use crate::{acces::Ici, app::App, erreur::Erreur, session};

pub async fn retirer(
    State(app): State<App>,
    ici: Ici,
    Path((_, code, attendue, preuve)): Path<(String, String, String, String)>,
    Formulaire(_): Formulaire,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let preuve = preuve.parse().map_err(|_| Erreur::Introuvable)?;
    let (par, le) = (ici.acteur(), app.maintenant());
    app.agir(candidature.id, |lue| lue.retirer(&code, &attendue, preuve, &par, le)).await?;
    session::aviser(&app, &ici, Genre::Succes, "Preuve retirée. Elle reste dans l’historique.").await?;
    let url = format!("/candidatures/{}/chapitres/{code}#{attendue}", candidature.id);
    Ok(Redirect::to(&url).into_response())
}
