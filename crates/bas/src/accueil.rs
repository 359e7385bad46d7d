//! The first page of the sandbox: what is simulated here, and who exists in it.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use web::Cadre;

use crate::api::Annonce;
use crate::cadre::cadre_du_bac;
use crate::isc::{Groupe, Isc, MOT_DE_PASSE, groupes};
use crate::psc::Psc;

#[derive(Template)]
#[template(path = "accueil.html")]
struct Accueil {
    cadre: Cadre,
    metadonnees: String,
    metadonnees_psc: String,
    apis: Vec<Annonce>,
    /// What is not as at the first start.
    ecarts: Option<String>,
    groupes: Vec<Groupe>,
    mot_de_passe: &'static str,
}

pub(crate) fn routes(isc: &Arc<Isc>, psc: &Arc<Psc>, apis: Vec<Annonce>) -> Router {
    Router::new().route("/", get(accueil)).with_state((Arc::clone(isc), Arc::clone(psc), apis))
}

async fn accueil(State((isc, psc, apis)): State<(Arc<Isc>, Arc<Psc>, Vec<Annonce>)>) -> Response {
    let metadonnees_psc = format!("{}{}", psc.issuer, oidc::psc::CHEMIN_METADONNEES);
    let metadonnees = format!("{}{}", isc.issuer, oidc::metadonnees::CHEMIN);
    let cadre = cadre_du_bac("Bac à sable", "/");
    web::page(&Accueil {
        cadre,
        metadonnees,
        metadonnees_psc,
        apis,
        ecarts: psc.ecarts(),
        groupes: groupes(),
        mot_de_passe: MOT_DE_PASSE,
    })
}
