//! Static files: hashed addresses, kept for ever, and never a file of another version.

use axum::Router;
use http::{StatusCode, header};

use crate::{envoyer, requete};

#[tokio::test]
async fn each_file_at_its_hashed_address() {
    for (nom, genre) in [
        ("style.css", "text/css; charset=utf-8"),
        ("edc.js", "text/javascript; charset=utf-8"),
        ("htmx.min.js", "text/javascript; charset=utf-8"),
        ("tus.min.js", "text/javascript; charset=utf-8"),
        ("marque.svg", "image/svg+xml"),
    ] {
        let url = web::assets::url(nom);
        let empreinte = url.strip_prefix("/static/").unwrap().split('/').next().unwrap();
        assert!(empreinte.len() == 16 && empreinte.bytes().all(|c| c.is_ascii_hexdigit()), "{url}");
        let (statut, entetes, corps) = envoyer(routes(), requete("GET", &url, &[], "")).await;
        assert_eq!(statut, StatusCode::OK, "{nom}");
        assert_eq!(entetes[header::CONTENT_TYPE], genre);
        assert_eq!(entetes[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert!(!corps.is_empty());
    }
}

#[tokio::test]
async fn nothing_else() {
    for chemin in
        ["/static/0000000000000000/style.css", "/static/inconnu/rien.css", "/static/x/..%2f..%2fCargo.toml"]
    {
        assert_eq!(
            envoyer(routes(), requete("GET", chemin, &[], "")).await.0,
            StatusCode::NOT_FOUND,
            "{chemin}"
        );
    }
    assert_eq!(web::assets::url("rien.css"), "/static/inconnu/rien.css");
}

#[tokio::test]
async fn compressed_when_asked() {
    let url = web::assets::url("style.css");
    let (_, entetes, _) = envoyer(routes(), requete("GET", &url, &[("accept-encoding", "gzip")], "")).await;
    assert_eq!(entetes[header::CONTENT_ENCODING], "gzip");
}

fn routes() -> Router {
    web::assets::routes()
}
