//! Error pages and headers at the edge of a product.

use axum::Router;
use axum::routing::{get, post};
use http::{HeaderName, StatusCode, header};
use web::{Cadre, PageErreur, entetes};

use crate::{envoyer, requete};

async fn panique() -> &'static str {
    panic!("le secret de la panique")
}

fn site() -> Router {
    let routeur = Router::new()
        .route("/panique", get(panique))
        .route(
            "/refus",
            get(|| async { PageErreur::nouvelle(StatusCode::CONFLICT).message("Déjà <soumis>.") }),
        )
        .route("/panne", get(|| async { PageErreur::interne(&std::io::Error::other("le secret du disque")) }))
        .route(
            "/json",
            get(|| async { (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], "{}") }),
        )
        .route("/apercu", get(|| async { (axum::Extension(entetes::Apercu), "%PDF") }))
        .route("/poste", post(|| async { "fait" }));
    let routeur = web::erreur::couche(
        routeur,
        |_, uri| Cadre::nouveau("Guichet", "", uri.path()),
        || "AB12".to_owned(),
    );
    entetes::couche(routeur, &["https://identite.example:8443/auth".parse().unwrap()])
}

#[tokio::test]
async fn every_refusal_has_its_page() {
    for (methode, chemin, statut, texte) in [
        ("GET", "/absent", 404, "Page introuvable"),
        ("GET", "/poste", 405, "Action impossible ici"),
        ("GET", "/refus", 409, "Déjà &#60;soumis&#62;."),
        ("GET", "/panne", 500, "AB12"),
        ("GET", "/panique", 500, "AB12"),
    ] {
        let (vu, entetes, page) =
            envoyer(site(), requete(methode, chemin, &[("accept", "text/html")], "")).await;
        assert_eq!(vu.as_u16(), statut, "{chemin}");
        assert!(page.contains(texte) && page.contains("<html lang=\"fr\">"), "{chemin}: {page}");
        assert!(!page.contains("secret"), "{chemin}");
        assert_eq!(entetes[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(entetes[header::CACHE_CONTROL], "no-store");
        if statut == 405 {
            assert_eq!(entetes[header::ALLOW], "POST");
        }
    }
}

#[tokio::test]
async fn clients_that_do_not_read_html_get_text() {
    let (statut, _, texte) = envoyer(site(), requete("GET", "/refus", &[("accept", "text/plain")], "")).await;
    assert_eq!(statut, StatusCode::CONFLICT);
    assert!(texte.contains("Déjà <soumis>.") && !texte.contains("<html"));
    let (statut, _, texte) = envoyer(site(), requete("GET", "/json", &[], "")).await;
    assert_eq!((statut, texte.as_str()), (StatusCode::BAD_REQUEST, "{}"));
}

#[tokio::test]
async fn headers_on_every_answer() {
    for chemin in ["/absent", "/panique", "/json"] {
        let (_, entetes, _) = envoyer(site(), requete("GET", chemin, &[], "")).await;
        let politique = entetes[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        for regle in [
            "default-src 'none'",
            "script-src 'self';",
            "style-src 'self';",
            "form-action 'self' https://identite.example:8443;",
            "frame-ancestors 'none'",
        ] {
            assert!(politique.contains(regle), "{chemin}: {regle} in {politique}");
        }
        assert!(!politique.contains("unsafe"));
        for nom in
            ["strict-transport-security", "x-content-type-options", "referrer-policy", "permissions-policy"]
        {
            assert!(entetes.contains_key(HeaderName::from_static(nom)), "{chemin}: {nom}");
        }
    }
    let (_, entetes, _) = envoyer(site(), requete("GET", "/apercu", &[], "")).await;
    let politique = entetes[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(politique.contains("frame-ancestors 'self'") && !politique.contains("script-src"));
}

#[test]
fn every_status_has_words() {
    for statut in [400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503] {
        let page = PageErreur::nouvelle(StatusCode::from_u16(statut).unwrap());
        assert!(!page.titre.is_empty() && page.titre != "Demande refusée", "{statut}");
    }
}
