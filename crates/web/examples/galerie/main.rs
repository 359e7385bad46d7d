//! Development only: serves every block of the design system on a loopback port, with the real headers.
//! `cargo run -p web --example galerie -- 8099`, then open `/`, `/connexion`, `/erreur`, `/panique`.

mod modele;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use web::{Formulaire, PageErreur, SessionWeb};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|p| p.parse().ok()).unwrap_or(8099_u16);
    let pages = Router::new()
        .route("/", get(|| async { web::page(&modele::Galerie::exemple()) }))
        .route(
            "/connexion",
            get(|| async {
                let cadre = web::Cadre {
                    nav: Vec::new(),
                    fil: Vec::new(),
                    avis: Vec::new(),
                    personne: None,
                    ..modele::cadre("Se connecter", "/connexion")
                };
                web::page(&modele::Connexion { cadre })
            }),
        )
        .route("/brouillon", axum::routing::post(|_: Formulaire| async { StatusCode::NO_CONTENT }))
        .route("/erreur", get(|| async { PageErreur::nouvelle(StatusCode::CONFLICT) }))
        .route("/panique", get(panique))
        .merge(web::assets::routes());
    let pages = web::erreur::couche(pages, |_, uri| modele::cadre("", uri.path()), || "K7PX2MQ4".to_owned());
    let pages = pages.layer(axum::Extension(SessionWeb { csrf: "jeton-de-la-galerie".into() }));
    let ecoute = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(ecoute, web::entetes::couche(pages, &[])).await
}

async fn panique() -> StatusCode {
    panic!("a panic of the gallery")
}
