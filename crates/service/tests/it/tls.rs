//! Identities and client certificates: what is refused when read, what is refused on the wire, what a reload changes.

use std::time::Duration;

use axum::routing::get;
use axum::{Extension, Router};
use service::tls::{Autorites, Clients, ErreurTls};
use service::{Identite, Pair};

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
