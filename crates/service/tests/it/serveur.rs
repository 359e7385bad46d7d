//! What the server promises: both protocols, the peer known, panics contained, slow peers cut, a drain that answers.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use axum::{Extension, Router};
use http::{StatusCode, Version};
use service::Pair;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::soutien::Essai;

fn routes() -> Router {
    Router::new()
        .route("/pair", get(|Extension(pair): Extension<Pair>| async move { pair.adresse.ip().to_string() }))
        .route("/panique", get(panique))
}

async fn panique() {
    panic!("faute du gestionnaire")
}

#[tokio::test]
async fn h2_is_negotiated_and_the_peer_is_known() {
    let essai = Essai::demarrer(routes()).await;
    let reponse = essai.autorite.client().get(essai.url("/pair")).send().await.unwrap();
    assert_eq!(reponse.version(), Version::HTTP_2);
    assert_eq!(reponse.text().await.unwrap(), "127.0.0.1");
}

#[tokio::test]
async fn http1_is_served_too_and_a_plain_text_peer_changes_nothing() {
    service::tls::installer_fournisseur();
    let essai = Essai::demarrer(routes()).await;
    let mut clair = TcpStream::connect(essai.adresse).await.unwrap();
    clair.write_all(b"GET /pair HTTP/1.1\r\n\r\n").await.unwrap();
    let mut reste = Vec::new();
    let _ = clair.read_to_end(&mut reste).await;
    assert!(!reste.starts_with(b"HTTP/"), "no answer in clear");

    let certificats = essai.autorite.pem();
    let client = reqwest::Client::builder()
        .http1_only()
        .tls_certs_only(reqwest::Certificate::from_pem_bundle(certificats.as_bytes()).unwrap())
        .build()
        .unwrap();
    let reponse = client.get(essai.url("/pair")).send().await.unwrap();
    assert_eq!((reponse.version(), reponse.status()), (Version::HTTP_11, StatusCode::OK));
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_next_request_is_answered() {
    let essai = Essai::demarrer(routes()).await;
    let client = essai.autorite.client();
    let reponse = client.get(essai.url("/panique")).send().await.unwrap();
    assert_eq!(reponse.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!reponse.text().await.unwrap().contains("gestionnaire"), "the cause stays in the log");
    assert_eq!(client.get(essai.url("/pair")).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_stop_answers_the_request_under_way_then_refuses_connections() {
    let (entree, suite) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (entree_route, suite_route) = (Arc::clone(&entree), Arc::clone(&suite));
    let lent = move || async move {
        entree_route.notify_one();
        suite_route.notified().await;
        "fini"
    };
    let essai = Essai::demarrer(Router::new().route("/lent", get(lent))).await;
    let reponse = tokio::spawn(essai.autorite.client().get(essai.url("/lent")).send());
    entree.notified().await;
    essai.arret.demander();
    suite.notify_one();
    assert_eq!(reponse.await.unwrap().unwrap().text().await.unwrap(), "fini");
    assert!(essai.arret.termine(Duration::from_secs(10)).await, "the server has ended");
    assert!(TcpStream::connect(essai.adresse).await.is_err());
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_the_stop() {
    let essai = Essai::demarrer(routes()).await;
    let client = essai.autorite.client();
    client.get(essai.url("/pair")).send().await.unwrap().text().await.unwrap();
    essai.arret.demander();
    assert!(essai.arret.termine(Duration::from_secs(10)).await);
}

/// Two answers given before the body was read: to a client that only listens once it has sent everything (as browsers
/// do over http/1.1), and to one that listens all along.
#[tokio::test]
async fn an_answer_that_comes_before_the_end_of_the_body_is_not_lost() {
    const CORPS: usize = 48 << 20;
    let refuse = || async { (StatusCode::PAYLOAD_TOO_LARGE, "trop gros") };
    let essai = Essai::demarrer(routes().route("/refuse", axum::routing::post(refuse))).await;

    let mut flux = essai.connexion_http1().await;
    let tete = format!("POST /refuse HTTP/1.1\r\nhost: localhost\r\ncontent-length: {CORPS}\r\n\r\n");
    flux.write_all(tete.as_bytes()).await.unwrap();
    let morceau = vec![b'a'; 1 << 20];
    for _ in 0..CORPS / morceau.len() {
        flux.write_all(&morceau).await.unwrap();
    }
    flux.write_all(b"GET /pair HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut recu = Vec::new();
    flux.read_to_end(&mut recu).await.unwrap();
    let recu = String::from_utf8(recu).unwrap();
    assert!(recu.starts_with("HTTP/1.1 413") && recu.contains("trop gros"), "{recu}");
    assert!(recu.ends_with("127.0.0.1"), "the connection goes on: {recu}");

    let reponse =
        essai.autorite.client().post(essai.url("/refuse")).body(vec![b'a'; CORPS]).send().await.unwrap();
    assert_eq!((reponse.version(), reponse.status()), (Version::HTTP_2, StatusCode::PAYLOAD_TOO_LARGE));
    assert_eq!(reponse.text().await.unwrap(), "trop gros");
}

#[tokio::test]
async fn a_socket_kept_elsewhere_serves_again_at_the_same_address() {
    service::tls::installer_fournisseur();
    let autorite = crate::soutien::Autorite::nouvelle();
    let ecoute = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://localhost:{}/pair", ecoute.local_addr().unwrap().port());
    for _ in 0..3 {
        let tls = service::TlsServeur::nouveau(autorite.identite(), service::tls::Clients::Aucun).unwrap();
        let serveur = service::Serveur::sur(ecoute.try_clone().unwrap()).unwrap();
        let arret = service::Arret::new();
        // Asked before anybody serves: the caller waits in the system's queue.
        let appel = tokio::spawn(autorite.client().get(&url).send());
        arret.suivre(serveur.servir(routes(), tls, arret.clone()));
        assert_eq!(appel.await.unwrap().unwrap().status(), StatusCode::OK);
        arret.demander();
        assert!(arret.termine(Duration::from_secs(30)).await);
    }
}

#[tokio::test]
async fn a_porter_may_serve_otherwise_keep_a_connection_or_have_open_ones_renewed() {
    use service::serveur::{Accueil, Portier};
    use service::tls::Variante;
    use std::sync::atomic::{AtomicUsize, Ordering};

    service::tls::installer_fournisseur();
    let autorite = crate::soutien::Autorite::nouvelle();
    let tls = service::TlsServeur::nouveau(autorite.identite(), service::tls::Clients::Aucun).unwrap();
    let (renouveler, rang) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let compteur = Arc::clone(&rang);
    // The second connection is kept, the third speaks TLS 1.2 only.
    let portier = Portier::nouveau(Arc::clone(&renouveler), move |flux, _, tls| {
        let rang = compteur.fetch_add(1, Ordering::SeqCst);
        async move {
            match rang {
                1 => std::future::pending().await,
                2 => {
                    let variante = Variante { tls12: true, ..Variante::default() };
                    Accueil::Servir(flux, tls.variante(variante).unwrap())
                }
                _ => Accueil::Servir(flux, tls),
            }
        }
    });
    let serveur = service::Serveur::lier(([127, 0, 0, 1], 0).into()).await.unwrap().avec_portier(portier);
    let (adresse, arret) = (serveur.adresse(), service::Arret::new());
    arret.suivre(serveur.servir(routes(), tls, arret.clone()));
    let url = format!("https://localhost:{}/pair", adresse.port());
    let client = autorite.client();
    client.get(&url).send().await.unwrap();
    let gardee = TcpStream::connect(adresse).await.unwrap();
    while rang.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    client.get(&url).send().await.unwrap();
    assert_eq!(rang.load(Ordering::SeqCst), 2, "the open connection serves on");
    renouveler.notify_waiters();
    // Its end may cross a request; the next connection is a new one.
    while client.get(&url).send().await.is_err() || rang.load(Ordering::SeqCst) < 3 {}
    arret.demander();
    assert!(arret.termine(Duration::from_secs(30)).await, "what the porter keeps ends with the server");
    drop(gardee);
}
