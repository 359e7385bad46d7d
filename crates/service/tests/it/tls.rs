//! Identities and client certificates: what is refused when read, what is refused on the wire, what a reload changes.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use axum::{Extension, Router};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use service::tls::{Autorites, Clients, ErreurTls};
use service::{Identite, Pair};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::soutien::{Autorite, Essai};

fn routes() -> Router {
    let nombre = |Extension(pair): Extension<Pair>| async move { pair.certificats.len().to_string() };
    Router::new().route("/certificats", get(nombre))
}

#[test]
fn an_identity_that_does_not_hold_together_is_refused() {
    let autorite = Autorite::nouvelle();
    let (certificat, cle) = autorite.emettre("localhost");
    let (_, autre_cle) = autorite.emettre("localhost");
    assert!(Identite::depuis_pem(&certificat, &cle).is_ok());
    let cas = [
        ("", cle.as_str(), "aucun certificat dans le PEM"),
        (&certificat, "", "clé privée PEM illisible"),
        (&certificat, &autre_cle, "la clé privée ne va pas avec le certificat"),
        ("-----BEGIN CERTIFICATE-----\n???\n-----END CERTIFICATE-----\n", &cle, "certificat PEM illisible"),
    ];
    for (certificat, cle, attendu) in cas {
        assert_eq!(Identite::depuis_pem(certificat, cle).unwrap_err().to_string(), attendu);
    }
    let absent = std::path::Path::new("absent.pem");
    assert!(matches!(Identite::depuis_fichiers(absent, absent), Err(ErreurTls::Fichier { .. })));
}

#[tokio::test]
async fn a_client_certificate_is_asked_as_configured_and_always_verified() {
    let etrangere = Autorite::nouvelle();
    for (exige, avec, attendu) in [
        (false, None, Some("0")),
        (false, Some(true), Some("1")),
        (false, Some(false), None),
        (true, None, None),
        (true, Some(true), Some("1")),
        (true, Some(false), None),
    ] {
        let autorite = Autorite::nouvelle();
        let autorites = Autorites::depuis_pem(&autorite.pem()).unwrap();
        let mode = if exige { Clients::Exige(autorites) } else { Clients::Facultatif(autorites) };
        let essai = Essai::demarrer_avec(routes(), autorite, mode).await;
        let client = match avec {
            None => essai.autorite.client(),
            Some(de_la_maison) => {
                let emettrice = if de_la_maison { &essai.autorite } else { &etrangere };
                let (certificat, cle) = emettrice.emettre("client");
                let (ca, identite) = (essai.autorite.pem(), certificat + &cle);
                service::client_http::client_avec_identite(Some(&ca), &identite, Duration::from_secs(20))
                    .unwrap()
            }
        };
        let nombre = match client.get(essai.url("/certificats")).send().await {
            Ok(reponse) => Some(reponse.text().await.unwrap()),
            Err(_) => None,
        };
        assert_eq!(nombre.as_deref(), attendu, "exige: {exige}, avec: {avec:?}");
    }
}

#[tokio::test]
async fn a_reload_serves_the_new_identity_to_new_connections() {
    let essai = Essai::demarrer(routes()).await;
    let nouvelle = Autorite::nouvelle();
    assert!(nouvelle.client().get(essai.url("/certificats")).send().await.is_err());
    essai.tls.reload(nouvelle.identite()).unwrap();
    assert!(nouvelle.client().get(essai.url("/certificats")).send().await.is_ok());
    assert!(essai.autorite.client().get(essai.url("/certificats")).send().await.is_err());
}

#[tokio::test]
async fn a_handler_sees_the_very_certificate_even_on_a_resumed_session() {
    let lire = |Extension(pair): Extension<Pair>| async move {
        pair.certificat().map(<[u8]>::to_vec).unwrap_or_default()
    };
    let autorite = Autorite::nouvelle();
    let autorites = Autorites::depuis_pem(&autorite.pem()).unwrap();
    let routes = Router::new().route("/certificat", get(lire));
    let essai = Essai::demarrer_avec(routes, autorite, Clients::Facultatif(autorites)).await;
    let (certificat, cle) = essai.autorite.emettre("client");
    let der = CertificateDer::from_pem_slice(certificat.as_bytes()).unwrap();
    let (ca, identite) = (essai.autorite.pem(), certificat + &cle);
    let client =
        service::client_http::client_avec_identite(Some(&ca), &identite, Duration::from_secs(20)).unwrap();
    for _ in 0..3 {
        // http/1.1 with `close` forces a new connection, which resumes the TLS session.
        let requete = client.get(essai.url("/certificat")).version(http::Version::HTTP_11);
        let reponse = requete.header("connection", "close").send().await.unwrap();
        assert_eq!(reponse.bytes().await.unwrap(), der.as_ref());
    }
}

async fn attendre(dit: &mut UnboundedReceiver<String>, attendu: &str) {
    let raison = dit.recv().await.unwrap();
    assert!(raison.contains(attendu), "{attendu} : {raison}");
}

#[tokio::test]
async fn a_failed_handshake_is_told_with_its_cause() {
    let etrangere = Autorite::nouvelle();
    let autorite = Autorite::nouvelle();
    let exige = Clients::Exige(Autorites::depuis_pem(&autorite.pem()).unwrap());
    let (dire, mut dit) = unbounded_channel();
    let temoin = Arc::new(move |_, raison: &str| dire.send(raison.to_owned()).unwrap());
    let essai = Essai::demarrer_devant(routes(), autorite, exige, temoin).await;

    assert!(essai.autorite.client().get(essai.url("/certificats")).send().await.is_err());
    attendre(&mut dit, "aucun n’a été présenté").await;

    let (certificat, cle) = etrangere.emettre("client");
    let (ca, identite) = (essai.autorite.pem(), certificat + &cle);
    let client =
        service::client_http::client_avec_identite(Some(&ca), &identite, Duration::from_secs(20)).unwrap();
    assert!(client.get(essai.url("/certificats")).send().await.is_err());
    attendre(&mut dit, "autorité reconnue").await;

    assert!(etrangere.client().get(essai.url("/certificats")).send().await.is_err());
    attendre(&mut dit, "ne connaît pas l’autorité de notre certificat").await;

    let mut clair = TcpStream::connect(essai.adresse).await.unwrap();
    clair.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    attendre(&mut dit, "pas du TLS").await;

    drop(TcpStream::connect(essai.adresse).await.unwrap());
    attendre(&mut dit, "coupée").await;
}
