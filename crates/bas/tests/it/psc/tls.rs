//! Faults of the connection: each strikes the handshake as it says, for the next connection, and is told in the journal.

use std::error::Error as _;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Banc, MEDECIN};

impl Banc {
    /// The lines of the journal that name that scenario.
    pub(super) async fn frappes(&self, nom: &str) -> Vec<Value> {
        let nomme = |ligne: &Value| {
            ligne["parametres"].as_array().is_some_and(|tous| tous.contains(&json!(["scenario", nom])))
        };
        self.lignes_depuis(0).await.0.into_iter().filter(nomme).collect()
    }

    /// The lines of the journal after that one, a thousand at most, and the number of the last.
    pub(super) async fn lignes_depuis(&self, vue: u64) -> (Vec<Value>, u64) {
        let chemin = format!("/journal?max=1000&since={vue}");
        let suite = self.administrer(Method::GET, &chemin, None).await;
        (suite["lignes"].as_array().unwrap().clone(), suite["dernier"].as_u64().unwrap())
    }

    async fn connecter_tcp(&self) -> TcpStream {
        let port = url::Url::parse(&self.issuer).unwrap().port().unwrap();
        TcpStream::connect(("127.0.0.1", port)).await.unwrap()
    }
}

/// The whole chain of causes of a failed call.
fn causes(erreur: &reqwest::Error) -> String {
    let mut texte = String::new();
    let mut cause = erreur.source();
    while let Some(une) = cause {
        texte = format!("{texte}{une} ");
        cause = une.source();
    }
    texte
}

#[tokio::test]
async fn a_client_refuses_what_it_must_refuse_and_the_journal_says_both_sides() {
    let banc = Banc::ouvrir();
    for (nom, cause, raison, reaction) in [
        ("tls-autorite-inconnue", "UnknownIssuer", "d’une autorité inconnue", "ne connaît pas l’autorité"),
        ("tls-nom-faux", "not valid for", "d’un autre hôte", "refuse notre certificat"),
        ("tls-expire", "expired", "certificat expiré", "a expiré"),
        ("tls-1-1", "ServerTlsVersionIsDisabledByOurConfig", "alerte protocol_version", ""),
        ("tls-coupe", "reset", "coupée (RST)", ""),
    ] {
        banc.fixer(json!([{"nom": nom, "fois": 1}])).await;
        let erreur = banc.http().get(banc.point("certs")).send().await.unwrap_err();
        let causes = causes(&erreur);
        assert!(causes.contains(cause) || nom == "tls-1-1", "{nom}: {causes}");
        let [frappe] = attendre(&banc, nom).await.try_into().unwrap();
        assert!(frappe["raison"].as_str().unwrap().contains(raison), "{nom}: {frappe}");
        assert_eq!((&frappe["serveur"], &frappe["issue"]), (&json!("psc"), &json!("panne")));
        if !reaction.is_empty() {
            let vue = async || {
                let journal = banc.administrer(Method::GET, "/journal?max=1000", None).await;
                journal.to_string().contains(reaction)
            };
            while !vue().await {}
        }
        banc.cles().await;
    }
}

/// The line of a strike may be written after the caller has seen its effect.
async fn attendre(banc: &Banc, nom: &str) -> Vec<Value> {
    loop {
        let lignes = banc.frappes(nom).await;
        if !lignes.is_empty() {
            return lignes;
        }
    }
}

#[tokio::test]
async fn a_silent_listener_is_left_by_who_has_a_time_limit_and_stops_with_the_server() {
    let mut banc = Banc::ouvrir();
    banc.fixer(json!([{"nom": "tls-muet", "fois": 2}])).await;
    let presse = reqwest::Client::builder().timeout(Duration::from_millis(50)).build().unwrap();
    assert!(presse.get(banc.point("certs")).send().await.unwrap_err().is_timeout());
    let mut attend = banc.connecter_tcp().await;
    attend.write_all(b"n'importe quoi").await.unwrap();
    while banc.frappes("tls-muet").await.len() < 2 {}
    banc.redemarrer().await;
    // No byte ever came, and the end of the server is the end of the wait.
    let mut reste = Vec::new();
    let _ = attend.read_to_end(&mut reste).await;
    assert!(reste.is_empty());
    banc.cles().await;
}

#[tokio::test]
async fn a_listener_may_ask_for_no_certificate_or_speak_tls_1_2_only() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    lps.demander(MEDECIN, "MOBILE").await.unwrap();
    // The connection that is open ends by itself: what was set holds for the next request.
    banc.fixer(json!([{"nom": "tls-sans-demande"}])).await;
    let refus = loop {
        if let Err(refus) = lps.demander(MEDECIN, "MOBILE").await {
            break refus;
        }
    };
    assert_eq!((refus.0, refus.1.as_str()), (401, "invalid_client"));
    banc.fixer(json!([{"nom": "tls-1-2"}])).await;
    while lps.demander(MEDECIN, "MOBILE").await.is_err() {}
    let nouveau = || {
        let ca = reqwest::Certificate::from_pem_bundle(banc.autorite.cert_pem().as_bytes()).unwrap();
        reqwest::Client::builder().tls_certs_only(ca)
    };
    let seul_1_3 = nouveau().tls_version_min(reqwest::tls::Version::TLS_1_3).build().unwrap();
    assert!(seul_1_3.get(banc.point("certs")).send().await.is_err());
    let seul_1_2 = nouveau().tls_version_max(reqwest::tls::Version::TLS_1_2).build().unwrap();
    assert_eq!(seul_1_2.get(banc.point("certs")).send().await.unwrap().status(), StatusCode::OK);
    banc.fixer(json!([])).await;
    assert_eq!(seul_1_3.get(banc.point("certs")).send().await.unwrap().status(), StatusCode::OK);
    assert!(!banc.frappes("tls-1-2").await.is_empty() && !banc.frappes("tls-sans-demande").await.is_empty());
}

#[tokio::test]
async fn who_does_not_speak_tls_is_told_apart_from_who_follows_an_old_version() {
    let banc = Banc::ouvrir();
    banc.fixer(json!([{"nom": "tls-1-1"}])).await;
    for (envoi, suite, attendu) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], &b""[..], "raccroche"),
        (&[21, 3, 1, 0, 2, 2, 40], &[], "ne parle pas TLS"),
        (&[22, 3, 1, 0, 1, 1], &[22, 3, 2, 0, 1, 16], "ne le refuse pas"),
        (&[22, 3, 1, 0, 1, 1], &[21, 3, 3, 0, 2, 2, 70], "alerte protocol_version"),
        (&[22, 3, 1, 0, 1, 1], &[21, 3, 3, 0, 2, 2, 40], "rompt par une alerte"),
    ] {
        let avant = banc.frappes("tls-1-1").await.len();
        let mut flux = banc.connecter_tcp().await;
        flux.write_all(envoi).await.unwrap();
        if !suite.is_empty() {
            let mut hello = [0; 9];
            flux.read_exact(&mut hello).await.unwrap();
            assert_eq!((hello[0], &hello[1..3], hello[5]), (22, &[3, 2][..], 2), "a ServerHello of TLS 1.1");
            flux.write_all(suite).await.unwrap();
        }
        drop(flux);
        let frappe = loop {
            let frappes = banc.frappes("tls-1-1").await;
            if frappes.len() > avant {
                break frappes[avant].clone();
            }
        };
        assert!(frappe["raison"].as_str().unwrap().contains(attendu), "{attendu}: {frappe}");
    }
}
