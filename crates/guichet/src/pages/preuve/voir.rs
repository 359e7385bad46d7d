//! A slot: what is asked, what stands there, and the form that deposits.

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use serde::Deserialize;
use web::Champs;

use super::{
    formulaire::{Etat, Forme, page},
    trouver,
};
use crate::{acces::Ici, app::App, erreur::Erreur};

#[derive(Deserialize)]
pub struct Parametres {
    /// Code of a kind, or `non_applicable`.
    #[serde(default)]
    forme: String,
    /// Identity of the item to replace.
    #[serde(default)]
    remplace: String,
}

pub async fn voir(
    State(app): State<App>,
    ici: Ici,
    Path((_, code, attendue)): Path<(String, String, String)>,
    Query(demande): Query<Parametres>,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let (_, _, attendu) = trouver(referentiel, &attendue).ok_or(Erreur::Introuvable)?;
    let forme = Forme::lire(&demande.forme, attendu);
    if forme == Some(Forme::TestIntrusion) {
        let url =
            format!("/candidatures/{}/chapitres/{code}/preuves/{attendue}/test-intrusion", candidature.id);
        return Ok(Redirect::to(&url).into_response());
    }
    let forme = forme.or_else(|| {
        // The sheet has its own page: the first other form is the one to show here.
        attendu.kinds.iter().map(|kind| Forme::de(*kind)).find(|forme| *forme != Forme::TestIntrusion)
    });
    let etat = Etat {
        statut: StatusCode::OK,
        f: Champs::vides(),
        forme,
        remplace: demande.remplace,
        gardes: Vec::new(),
        envoi: String::new(),
    };
    page(&app, &ici, candidature, &code, &attendue, etat)
}
