//! What a product relies on: forms that refuse, error pages, headers, static files, and every template rendered.
#![cfg(test)]

mod assets;
mod erreur;
mod fichiers;
mod formulaire;
#[path = "../../examples/galerie/modele.rs"]
mod modele;
mod modeles;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use http::{HeaderMap, StatusCode};
use tower::ServiceExt;

async fn envoyer(routeur: Router, requete: Request) -> (StatusCode, HeaderMap, String) {
    let reponse = routeur.oneshot(requete).await.unwrap();
    let (parts, corps) = reponse.into_parts();
    let corps = to_bytes(corps, 4 << 20).await.unwrap();
    (parts.status, parts.headers, String::from_utf8_lossy(&corps).into_owned())
}

fn requete(methode: &str, chemin: &str, entetes: &[(&str, &str)], corps: impl Into<Body>) -> Request {
    let mut requete = Request::builder().method(methode).uri(chemin);
    for (nom, valeur) in entetes {
        requete = requete.header(*nom, *valeur);
    }
    requete.body(corps.into()).unwrap()
}
