//! The static files, inside the binary. Each has the hash of its content in its address, so a browser may keep it for
//! ever and a new version is never mixed with an old one.
//!
//! `htmx.min.js` is htmx.org 2.0.11 (0BSD) and `tus.min.js` is tus-js-client 4.3.1 (MIT, without its source map line);
//! their licences are beside them. The rest is ours.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use tower_http::compression::CompressionLayer;

struct Asset {
    nom: &'static str,
    genre: &'static str,
    contenu: &'static [u8],
    empreinte: String,
}

impl Asset {
    fn nouveau(nom: &'static str, genre: &'static str, contenu: &'static [u8]) -> Self {
        let empreinte = hex::encode(&digest::digest(&digest::SHA256, contenu).as_ref()[..8]);
        Self { nom, genre, contenu, empreinte }
    }
}

static ASSETS: LazyLock<[Asset; 5]> = LazyLock::new(|| {
    let script = "text/javascript; charset=utf-8";
    [
        Asset::nouveau("style.css", "text/css; charset=utf-8", include_bytes!("../assets/style.css")),
        Asset::nouveau("edc.js", script, include_bytes!("../assets/edc.js")),
        Asset::nouveau("htmx.min.js", script, include_bytes!("../assets/htmx.min.js")),
        Asset::nouveau("tus.min.js", script, include_bytes!("../assets/tus.min.js")),
        Asset::nouveau("marque.svg", "image/svg+xml", include_bytes!("../assets/marque.svg")),
    ]
});

/// Address of a static file: `/static/{hash}/{name}`. An unknown name gives an address that answers 404.
pub fn url(nom: &str) -> String {
    let empreinte = ASSETS.iter().find(|a| a.nom == nom).map_or("inconnu", |a| a.empreinte.as_str());
    format!("/static/{empreinte}/{nom}")
}

/// `GET /static/{empreinte}/{nom}`, compressed. A hash that isn't the content's answers 404: a page of another version
/// must not get a file that doesn't go with it.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/static/{empreinte}/{nom}", get(servir)).layer(CompressionLayer::new())
}

async fn servir(Path((empreinte, nom)): Path<(String, String)>) -> Response {
    match ASSETS.iter().find(|a| a.nom == nom && a.empreinte == empreinte) {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, asset.genre),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            asset.contenu,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
