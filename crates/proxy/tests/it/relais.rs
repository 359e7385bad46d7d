//! The relay: what goes through untouched, what doesn't go through, and what an ill API gives.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt as _;
use serde_json::json;

use crate::banc::{Banc, Brute, Conduite, SECRET_1, reponse_json};

fn octets(nombre: usize) -> Vec<u8> {
    (0..nombre).map(|rang| u8::try_from(rang % 251).unwrap()).collect()
}

#[tokio::test]
async fn un_corps_passe_octet_pour_octet_dans_les_deux_sens() {
    let banc = Banc::ouvrir().await;
    let connecte = banc.connecte(SECRET_1).await;
    for h2 in [false, true] {
        let mut lps = if h2 { banc.lps_h2() } else { banc.lps() };
        lps.cookie.clone_from(&connecte.cookie);
        for taille in [0, 1, 255, 65_536, 1 << 20] {
            for par_morceaux in [false, true] {
                let corps = octets(taille);
                let requete =
                    lps.requete("POST", "/send/backend-1/echo").header("content-type", "multipart/related");
                let requete = if par_morceaux {
                    let morceaux: Vec<_> = corps
                        .chunks(10_000)
                        .map(|m| Ok::<_, std::io::Error>(Bytes::copy_from_slice(m)))
                        .collect();
                    requete.body(reqwest::Body::wrap_stream(futures::stream::iter(morceaux)))
                } else {
                    requete.body(corps.clone())
                };
                let reponse = lps.envoyer(requete).await;
                assert_eq!(reponse.statut, 200);
                assert_eq!(reponse.entete("content-type"), Some("multipart/related"));
                assert!(reponse.corps == corps, "h2 {h2}, {taille} bytes, chunked {par_morceaux}");
            }
        }
    }
}

#[tokio::test]
async fn un_corps_coule_sans_attendre_sa_fin() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    let (envoi, reception) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let flux = futures::stream::unfold(reception, |mut r| async move { r.recv().await.map(|m| (m, r)) });
    let requete = lps.requete("POST", "/send/backend-1/flux").body(reqwest::Body::wrap_stream(flux));
    envoi.send(Ok(Bytes::from_static(b"un"))).await.unwrap();
    let mut reponse = requete.send().await.unwrap();
    // Each piece comes back before the next one leaves: nothing waits for an end, either way.
    for (mot, suivant) in [("un", Some("deux")), ("deux", Some("trois")), ("trois", None)] {
        assert_eq!(reponse.chunk().await.unwrap().unwrap(), mot);
        if let Some(suivant) = suivant {
            envoi.send(Ok(Bytes::from_static(suivant.as_bytes()))).await.unwrap();
        }
    }
    drop(envoi);
    assert!(reponse.chunk().await.unwrap().is_none());
}

#[tokio::test]
async fn un_lecteur_lent_ralentit_l_api_au_lieu_d_emplir_la_memoire() {
    const MORCEAU: usize = 64 * 1024;
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    let produits = Arc::new(AtomicUsize::new(0));
    let compte = Arc::clone(&produits);
    banc.apis[0].prochaine("/infini", move |_| {
        let flux = futures::stream::repeat_with(move || {
            compte.fetch_add(MORCEAU, Ordering::SeqCst);
            Ok::<_, std::io::Error>(Bytes::from(vec![0; MORCEAU]))
        });
        Response::new(Body::from_stream(flux.take(1 << 14)))
    });
    let mut reponse = lps.requete("GET", "/send/backend-1/infini").send().await.unwrap();
    reponse.chunk().await.unwrap().unwrap();
    for _ in 0..50 {
        assert_eq!(lps.get("/send/backend-2/rsc").await.statut, 200, "others are served meanwhile");
    }
    let produits = produits.load(Ordering::SeqCst);
    assert!(produits < 64 << 20, "{produits} bytes of 1 GiB left the API, nobody reads them");
}

#[tokio::test]
async fn la_reponse_de_l_api_passe_telle_quelle() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    for statut in [200, 201, 206, 400, 401, 403, 404, 409, 422, 429, 500, 503] {
        banc.apis[0].prochaine("/rsc", move |_| {
            let mut reponse = reponse_json(statut, &json!({"resourceType": "OperationOutcome"}));
            for (nom, valeur) in [("retry-after", "7"), ("etag", "\"v1\""), ("content-range", "bytes 0-1/2")]
            {
                reponse.headers_mut().insert(nom, valeur.parse().unwrap());
            }
            reponse
        });
        let reponse = lps.get("/send/backend-1/rsc").await;
        assert_eq!((reponse.statut, reponse.json()), (statut, json!({"resourceType": "OperationOutcome"})));
        assert_eq!(reponse.entete("retry-after"), Some("7"));
        assert_eq!(reponse.entete("etag"), Some("\"v1\""));
        assert_eq!(reponse.entete("x-edc-origine"), None, "an answer of the API, not of the proxy");
    }
    for statut in [204, 304] {
        banc.apis[0].prochaine("/rsc", move |_| reponse_json(statut, &json!(null)));
        let reponse = lps.get("/send/backend-1/rsc").await;
        assert_eq!((reponse.statut, reponse.corps.len()), (statut, 0));
    }
    assert_eq!(lps.demander("HEAD", "/send/backend-1/rsc").await.statut, 200);
}

#[tokio::test]
async fn une_redirection_revient_au_logiciel() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    let ailleurs = format!("{}/ailleurs", banc.apis[1].url);
    let vers = ailleurs.clone();
    banc.apis[0].prochaine("/rsc", move |_| {
        let mut reponse = reponse_json(302, &json!(null));
        reponse.headers_mut().insert("location", vers.parse().unwrap());
        reponse
    });
    let reponse = lps.get("/send/backend-1/rsc").await;
    assert_eq!((reponse.statut, reponse.entete("location")), (302, Some(&*ailleurs)));
    assert_eq!(banc.apis[1].nombre(""), 0, "no token goes there");
}

#[tokio::test]
async fn le_chemin_et_la_requete_arrivent_lettre_pour_lettre() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    let cookie = lps.cookie.unwrap();
    let demander = async |cible: &str| {
        let texte = format!(
            "GET {cible} HTTP/1.1\r\nHost: localhost\r\nCookie: proxy_session_id={cookie}\r\nConnection: close\r\n\r\n"
        );
        let reponse = banc.brut().await.dire(&texte).await;
        reponse.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    for (chemin, requete) in [
        ("/Patient/1", None),
        ("/a%2Fb/%C3%A9t%c3%a9", Some("q=a+b&q=&vide&x=%2F%26")),
        ("/a//b;v=1/...", Some("?=?")),
        ("/", None),
    ] {
        let cible = requete.map_or(chemin.to_owned(), |requete| format!("{chemin}?{requete}"));
        assert_eq!(demander(&format!("/send/backend-1{cible}")).await, "200", "{cible}");
        let recu = banc.apis[0].recus("").pop().unwrap();
        assert_eq!((recu.chemin.as_str(), recu.requete.as_deref()), (chemin, requete));
    }
    let avant = banc.apis[0].nombre("");
    for cible in [
        "/send/backend-1/../backend-2/rsc",
        "/send/backend-1/a/%2e%2e/b",
        "/send/backend-1/a/..%2f..%2fb",
        "/send/backend-1/%252e%252e/b",
        "/send/backend-1//hote/b",
        "/send/backend-1/a\\..\\b",
        "https://evil.example/send/backend-1/rsc",
    ] {
        assert_eq!(demander(cible).await, "400", "{cible}");
    }
    for cible in ["/send/inconnue/rsc", "/send/backend-1", "/send/", "/autre", "/"] {
        assert_eq!(demander(cible).await, "404", "{cible}");
    }
    let long = format!("/send/backend-1/{}", "a".repeat(9_000));
    assert_eq!(demander(&long).await, "414");
    assert_eq!(banc.apis[0].nombre(""), avant, "none of these reached an API");
}

#[tokio::test]
async fn ce_que_le_logiciel_dit_de_lui_meme_ne_passe_pas() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    let requete = lps
        .requete("GET", "/send/backend-1/rsc")
        .header("Authorization", "Bearer du-logiciel")
        .header("DPoP", "x")
        .header("X-SSL-Client-S-DN", "CN=autre")
        .header("X-Forwarded-Host", "evil.example")
        .header("TE", "trailers")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .header("X-Request-Id", "r-1");
    assert_eq!(lps.envoyer(requete).await.statut, 200);
    let recu = banc.apis[0].recus("/rsc").pop().unwrap();
    assert_eq!(recu.entetes.get_all("authorization").iter().count(), 1);
    assert!(recu.entete("authorization").unwrap().starts_with("Bearer as1-"));
    for nom in ["dpop", "x-ssl-client-s-dn", "x-forwarded-host", "x-forwarded-for", "te", "cookie"] {
        assert_eq!(recu.entete(nom), None, "{nom}");
    }
    assert!(recu.entete("traceparent").is_some() && recu.entete("x-request-id").is_some());
    assert_eq!(recu.entete("host"), banc.apis[0].url.strip_prefix("https://"));
}

#[tokio::test]
async fn les_formes_ambigues_sont_refusees_et_la_connexion_fermee() {
    let banc = Banc::ouvrir().await;
    let cookie = banc.connecte(SECRET_1).await.cookie.unwrap();
    let tete =
        format!("POST /send/backend-1/rsc HTTP/1.1\r\nHost: a\r\nCookie: proxy_session_id={cookie}\r\n");
    let glisse = format!(
        "GET /send/backend-1/glisse HTTP/1.1\r\nHost: a\r\nCookie: proxy_session_id={cookie}\r\n\r\n"
    );
    let formes = [
        format!("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{glisse}"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{glisse}"),
        format!("Content-Length: 0\r\nContent-Length: 5\r\n\r\n{glisse}"),
        format!("Content-Length: 0\nX: y\r\n\r\n{glisse}"),
        format!("X: a\r\n b\r\nContent-Length: 0\r\n\r\n{glisse}"),
        format!("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{glisse}"),
    ];
    for forme in &formes {
        let reponse = banc.brut().await.dire(&format!("{tete}{forme}")).await;
        assert!(reponse.starts_with("HTTP/1.1 400"), "{forme:?}: {reponse}");
        assert_eq!(reponse.matches("HTTP/1.1").count(), 1, "{forme:?}: closed after the refusal");
    }
    // However long the head is.
    for longueur in [60_000, 65_000, 66_000, 70_000, 80_000, 100_000] {
        let longue = format!("{tete}X-Long: {}\r\n{}", "a".repeat(longueur), formes[0]);
        let reponse = banc.brut().await.dire(&longue).await;
        assert!(!reponse.contains("HTTP/1.1 200"), "{longueur}: {reponse}");
    }
    assert_eq!(banc.apis[0].nombre(""), 0);
    let geante = format!("{tete}X-Long: {}\r\n\r\n", "a".repeat(200_000));
    assert!(banc.brut().await.dire(&geante).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn une_api_malade_a_le_statut_de_sa_maladie() {
    let pki = crate::banc::Pki::nouvelle();
    let tls = || pki.serveur(service::tls::Clients::Aucun);
    let cas = [(Conduite::Raccroche, 502), (Conduite::Delire, 502), (Conduite::SeTait, 504)];
    let mut brutes = Vec::new();
    for (conduite, _) in cas {
        brutes.push(Brute::demarrer(tls(), conduite).await);
    }
    let coupe = Brute::demarrer(tls(), Conduite::Coupe).await;
    let urls: Vec<_> = brutes.iter().chain([&coupe]).map(|brute| brute.url.clone()).collect();
    let banc = Banc::avec(pki, move |config| {
        for (api, url) in config.apis.iter_mut().zip(urls) {
            api.url = url.parse().unwrap();
            api.delai_reponse_s = 1;
        }
    })
    .await;
    let lps = banc.connecte(SECRET_1).await;
    for (rang, (conduite, statut)) in cas.into_iter().enumerate() {
        let reponse = lps.demander("POST", &format!("/send/backend-{}/rsc", rang + 1)).await;
        assert_eq!((reponse.statut, reponse.corps.len()), (statut, 0), "{conduite:?}");
        assert_eq!(brutes[rang].requetes(), 1, "{conduite:?}: a call is never made twice");
        assert_eq!(reponse.entete("x-edc-origine"), Some("proxy"));
    }
    // Once the head has left, the only honest way is to break off.
    let reponse = lps.requete("GET", "/send/backend-4/rsc").send().await.unwrap();
    assert_eq!(reponse.status(), 200);
    assert!(reponse.bytes().await.is_err(), "three bytes of ten are not a body");
}

#[tokio::test]
async fn un_corps_trop_gros_ou_trop_lent_est_refuse() {
    let banc = Banc::regle(|config| {
        config.apis[0].corps_max_octets = 1_000;
        config.limites.silence_s = 1;
    })
    .await;
    let lps = banc.connecte(SECRET_1).await;
    for par_morceaux in [false, true] {
        for (taille, statut) in [(1_000, 200), (1_001, 413)] {
            let requete = lps.requete("POST", "/send/backend-1/echo");
            let requete = if par_morceaux {
                let flux = futures::stream::iter(
                    octets(taille)
                        .chunks(100)
                        .map(|m| Ok::<_, std::io::Error>(Bytes::copy_from_slice(m)))
                        .collect::<Vec<_>>(),
                );
                requete.body(reqwest::Body::wrap_stream(flux))
            } else {
                requete.body(octets(taille))
            };
            assert_eq!(lps.envoyer(requete).await.statut, statut, "{taille} {par_morceaux}");
        }
    }
    let cookie = lps.cookie.clone().unwrap();
    let texte = format!(
        "POST /send/backend-2/echo HTTP/1.1\r\nHost: a\r\nCookie: proxy_session_id={cookie}\r\nContent-Length: 10\r\n\r\nabc"
    );
    assert!(banc.brut().await.dire(&texte).await.starts_with("HTTP/1.1 408"), "the rest never comes");
    // Our own endpoints have bounds too.
    let reponse = lps.envoyer(lps.requete("POST", "/connect").body(vec![b'a'; 100_000])).await;
    assert_eq!(reponse.statut, 413);
    let reponse =
        lps.envoyer(lps.requete("POST", "/connect").header("content-type", "text/plain").body("x")).await;
    assert_eq!(reponse.statut, 415);
    for corps in ["", "{", "[]", "null", &"[".repeat(10_000)] {
        let requete = banc.lps().requete("POST", "/connect").body(corps.to_owned());
        let reponse = lps.envoyer(requete).await;
        assert_eq!((reponse.statut, &reponse.json()["code"]), (400, &json!("400")), "{corps:.20}");
    }
}

#[tokio::test]
async fn qui_n_envoie_pas_son_corps_a_temps_a_408_et_non_la_faute_de_l_api() {
    let banc = Banc::regle(|config| config.apis[0].delai_reponse_s = 1).await;
    let cookie = banc.connecte(SECRET_1).await.cookie.unwrap();
    // Silent for less than `silence_s`, and yet too slow for a call as a whole.
    let texte = format!(
        "POST /send/backend-1/echo HTTP/1.1\r\nHost: a\r\nCookie: proxy_session_id={cookie}\r\nContent-Length: 10\r\n\r\nabc"
    );
    assert!(banc.brut().await.dire(&texte).await.starts_with("HTTP/1.1 408"));
}

#[tokio::test]
async fn les_autres_methodes_sont_refusees() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    for (methode, chemin, permises) in [
        ("GET", "/connect", "POST"),
        ("POST", "/disconnect", "DELETE"),
        ("POST", "/check/alive", "GET"),
        ("DELETE", "/traces", "GET"),
        ("OPTIONS", "/send/backend-1/rsc", "GET, HEAD, POST, PUT, PATCH, DELETE"),
        ("TRACE", "/send/backend-1/rsc", "GET, HEAD, POST, PUT, PATCH, DELETE"),
    ] {
        let reponse = lps.demander(methode, chemin).await;
        assert_eq!((reponse.statut, reponse.entete("allow")), (405, Some(permises)), "{methode} {chemin}");
        assert_eq!(reponse.entete("cache-control"), Some("no-store"));
        assert_eq!(reponse.entete("access-control-allow-origin"), None);
    }
}

#[tokio::test]
async fn un_envoi_plus_long_que_le_delai_de_reponse_aboutit() {
    let banc = Banc::regle(|config| config.apis[0].delai_reponse_s = 2).await;
    let lps = banc.connecte(SECRET_1).await;
    let pas = tokio::time::interval(std::time::Duration::from_millis(300));
    // 2.7 s in all, never 2 s without a piece.
    let flux = futures::stream::unfold((pas, 0), |(mut pas, n)| async move {
        pas.tick().await;
        (n < 10).then(|| (Ok::<_, std::io::Error>(vec![b'x'; 1_000]), (pas, n + 1)))
    });
    let requete = lps.requete("POST", "/send/backend-1/lent").body(reqwest::Body::wrap_stream(flux));
    let reponse = lps.envoyer(requete).await;
    assert_eq!(reponse.statut, 200, "{}", reponse.texte());
    assert_eq!(banc.apis[0].recus("/lent")[0].corps.len(), 10_000);
}

#[tokio::test]
async fn un_appel_que_le_logiciel_abandonne_est_compte_et_trace() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    banc.apis[0].retenir().await;
    let appel = lps.envoyer(lps.requete("GET", "/send/backend-1/longue"));
    tokio::select! {
        _ = appel => panic!("the API answers nothing"),
        () = banc.apis[0].attendre("/longue", 1) => {}
    }
    drop(lps);
    let chute = "edc_proxy_chutes_total{api=\"backend-1\"} 1";
    while !banc.operateur().get("/metrics").await.texte().contains(chute) {}
    banc.apis[0].relacher();
}
