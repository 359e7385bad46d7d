//! Whoever is slow, floods or hangs up: cut or cleaned up after, and nobody else hears of it.

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::json;

use crate::banc::{Banc, CIBA, PRO, REVOKE, SECRET_1, TOKEN};

#[tokio::test]
async fn une_tete_qui_ne_vient_pas_est_un_408_et_une_connexion_muette_se_ferme_sans_un_mot() {
    let banc = Banc::regle(|config| config.limites.entetes_s = 1).await;
    let lps = banc.connecte(SECRET_1).await;
    let lents = join_all((0..200).map(|rang| {
        let debut = ["GET /send/backend-1/rsc HTTP/1.1\r\nHost: a\r\nX-Lent: ", "G", ""][rang % 3];
        let banc = &banc;
        async move { (debut, banc.brut().await.dire(debut).await) }
    }));
    let autres = async {
        for _ in 0..20 {
            assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200, "others are served meanwhile");
        }
    };
    let (lents, ()) = tokio::join!(lents, autres);
    for (debut, reponse) in lents {
        if debut.is_empty() {
            assert_eq!(reponse, "", "nothing was begun");
            continue;
        }
        let (tete, corps) = reponse.split_once("\r\n\r\n").unwrap();
        assert!(tete.starts_with("HTTP/1.1 408 "), "{debut:?}: {tete}");
        assert!(tete.to_lowercase().contains("connection: close") && tete.contains("X-Edc-Origine: proxy"));
        assert!(tete.ends_with(&format!("Content-Length: {}", corps.len())));
        let lu: serde_json::Value = serde_json::from_str(corps).unwrap();
        assert_eq!(lu, json!({"code": "408", "message": "Request head too slow.", "metadata": {}}));
    }
    // The second head of a connection has the same time as the first.
    let cookie = lps.cookie.clone().unwrap();
    let premiere =
        format!("GET /send/backend-1/rsc HTTP/1.1\r\nHost: a\r\nCookie: proxy_session_id={cookie}\r\n\r\n");
    let reponse = banc.brut().await.dire(&format!("{premiere}GET /send/")).await;
    assert!(reponse.starts_with("HTTP/1.1 200") && reponse.contains("HTTP/1.1 408"), "{reponse}");
}

#[tokio::test]
async fn un_corps_refuse_est_laisse_finir_et_la_connexion_sert_encore() {
    let banc = Banc::regle(|config| config.apis[0].corps_max_octets = 1_000).await;
    let cookie = banc.connecte(SECRET_1).await.cookie.unwrap();
    let corps = "x".repeat(200_000);
    let cas = [
        ("/send/backend-1/rsc", "", 401),
        ("/send/backend-1/rsc", &*cookie, 413),
        ("/send/../rsc", &*cookie, 404),
        ("/rien", "", 404),
        ("/disconnect", "", 405),
        ("/connect", "", 413),
    ];
    for (chemin, cookie, statut) in cas {
        let tete = format!("POST {chemin} HTTP/1.1\r\nHost: a\r\nCookie: proxy_session_id={cookie}\r\n");
        let fin = "GET /check/alive HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let texte = format!("{tete}Content-Length: {}\r\n\r\n{corps}{fin}", corps.len());
        let dit = banc.brut().await.dire(&texte).await;
        assert!(dit.starts_with(&format!("HTTP/1.1 {statut} ")), "{chemin}: {dit}");
        assert!(dit.ends_with("OK"), "{chemin}: the next request is answered on the same connection: {dit}");
    }
    // Who asked first whether to send has nothing to finish, and isn't told to.
    let attend =
        "POST /send/backend-1/rsc HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
    let dit = banc.brut().await.dire(attend).await;
    assert!(dit.starts_with("HTTP/1.1 401 ") && !dit.contains(" 100 "), "{dit}");
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
fn trame(sorte: u8, drapeaux: u8, flux: u32, corps: &[u8]) -> Vec<u8> {
    let longueur = u32::try_from(corps.len()).unwrap().to_be_bytes();
    [&longueur[1..], &[sorte, drapeaux], &flux.to_be_bytes(), corps].concat()
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// What a client of HTTP/2 says first: the preface and an empty SETTINGS.
fn preface() -> Vec<u8> {
    [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &trame(4, 0, 0, &[])].concat()
}

/// `GET / https localhost` (RFC 7541 appendix A, the authority as a literal).
fn tete() -> Vec<u8> {
    [&[0x82, 0x87, 0x84, 0x41, 9][..], b"localhost"].concat()
}

/// The error code of the GOAWAY that a server said, whatever it said before.
fn adieu(mut octets: &[u8]) -> Option<u32> {
    while octets.len() >= 9 {
        let longueur = u32::from_be_bytes([0, octets[0], octets[1], octets[2]]) as usize;
        let corps = octets.get(9..9 + longueur)?;
        if octets[3] == GOAWAY && corps[4..8] != [0; 4] {
            return Some(u32::from_be_bytes(corps[4..8].try_into().unwrap()));
        }
        octets = &octets[9 + longueur..];
    }
    None
}

/// Kind and stream of the whole frames in `octets`.
fn trames(mut octets: &[u8]) -> Vec<(u8, u32)> {
    let mut vues = Vec::new();
    while let Some((debut, reste)) = octets.split_first_chunk::<9>() {
        let longueur = u32::from_be_bytes([0, debut[0], debut[1], debut[2]]) as usize;
        let Some(suite) = reste.get(longueur..) else { break };
        vues.push((debut[3], u32::from_be_bytes(debut[5..].try_into().unwrap())));
        octets = suite;
    }
    vues
}

#[tokio::test]
async fn un_flux_refuse_n_est_pas_rompu_pendant_qu_il_envoie() {
    let banc = Banc::ouvrir().await;
    let mut fil = banc.brut_h2().await;
    // POST in place of GET.
    let envoi = [&[0x83], &tete()[1..]].concat();
    let mut octets = [preface(), trame(HEADERS, END_HEADERS, 1, &envoi)].concat();
    octets.extend(trame(HEADERS, END_HEADERS | END_STREAM, 3, &tete()));
    let repond = |flux| move |octets: &[u8]| trames(octets).contains(&(HEADERS, flux));
    fil.ecrire_octets(&octets).await;
    let mut dit = Vec::new();
    fil.lire_jusque(&mut dit, |octets| repond(1)(octets) && repond(3)(octets)).await;
    let suite = [trame(0, END_STREAM, 1, b"enfin"), trame(HEADERS, END_HEADERS | END_STREAM, 5, &tete())];
    fil.ecrire_octets(&suite.concat()).await;
    fil.lire_jusque(&mut dit, repond(5)).await;
    assert!(trames(&dit).iter().all(|(sorte, _)| *sorte != RST_STREAM), "{:?}", trames(&dit));
}

#[tokio::test]
async fn des_flux_ouverts_et_rompus_par_milliers_ferment_leur_connexion_et_elle_seule() {
    const ENHANCE_YOUR_CALM: u32 = 0xb;
    let banc = Banc::ouvrir().await;
    let connecte = banc.connecte(SECRET_1).await;
    let mut lps = banc.lps_h2();
    lps.cookie.clone_from(&connecte.cookie);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);

    let mut rompus = preface();
    for rang in 0..10_000 {
        let flux = 2 * rang + 1;
        rompus.extend(trame(HEADERS, END_HEADERS | END_STREAM, flux, &tete()));
        rompus.extend(trame(RST_STREAM, 0, flux, &8_u32.to_be_bytes()));
    }
    let mut sans_fin = preface();
    sans_fin.extend(trame(HEADERS, END_STREAM, 1, &tete()));
    for _ in 0..10_000 {
        // A literal header of no use, again and again: the head never ends.
        sans_fin.extend(trame(CONTINUATION, 0, 1, &[0x00, 1, b'x', 1, b'y']));
    }
    for (quoi, octets) in [("rapid reset", &rompus), ("endless head", &sans_fin)] {
        let mut fils = join_all((0..4).map(|_| banc.brut_h2())).await;
        let attaques = join_all(fils.iter_mut().map(async |fil| {
            fil.ecrire_octets(octets).await;
            fil.lire_octets().await
        }));
        let autres = async {
            for _ in 0..20 {
                assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200, "{quoi}: others are served");
            }
        };
        let (dits, ()) = tokio::join!(attaques, autres);
        for dit in dits {
            // The connection may be reset before what it said is read.
            assert!(adieu(&dit).is_none_or(|code| code == ENHANCE_YOUR_CALM), "{quoi}: {:?}", adieu(&dit));
        }
    }
    assert_eq!(banc.apis[0].nombre("/"), 0, "nothing of it reached an API");
}

/// Waits until the proxy has seen that nobody is connected any more.
pub(crate) async fn attendre_le_depart(banc: &Banc) {
    let operateur = banc.operateur();
    while !operateur.get("/metrics").await.texte().contains("\nedc_proxy_connexions_tls 0\n") {
        tokio::task::yield_now().await;
    }
}

/// Waits for the trace of a connect that failed, and for PSC to have its token back.
pub(crate) async fn attendre_le_menage(banc: &Banc, debut: Timestamp) {
    banc.psc.acteur.attendre(REVOKE, 1).await;
    loop {
        let traces = banc.traces(debut).await;
        // Where a session was opened and traced before it was known that nobody waits, the failure follows.
        if traces.last().is_some_and(|trace| trace["type"] == "CONNECT_FAILURE") {
            break;
        }
    }
    let texte = banc.operateur().get("/metrics").await.texte();
    assert!(texte.contains("\nedc_proxy_sessions 0\n"), "no session stays");
    assert_eq!(banc.psc.acteur.nombre(REVOKE), 1);
}

#[tokio::test]
async fn un_logiciel_qui_raccroche_pendant_que_psc_repond_ne_laisse_pas_de_jeton() {
    let banc = Banc::ouvrir().await;
    let debut = banc.maintenant();
    banc.psc.rythme(json!(25), json!(120), 0);
    let mut lps = banc.lps();
    let attente = tokio::spawn(async move { lps.connecter(SECRET_1, PRO).await });
    banc.psc.acteur.attendre(CIBA, 1).await;
    banc.psc.acteur.retenir().await;
    banc.psc.acteur.attendre(TOKEN, 1).await;
    attente.abort();
    let _ = attente.await;
    attendre_le_depart(&banc).await;
    banc.psc.acteur.relacher();
    attendre_le_menage(&banc, debut).await;
    assert_eq!(banc.serveurs[0].nombre("/token"), 0, "nothing is exchanged for nobody");
}

#[tokio::test]
async fn un_logiciel_qui_raccroche_pendant_les_echanges_ne_laisse_pas_de_session() {
    let banc = Banc::ouvrir().await;
    let debut = banc.maintenant();
    banc.serveurs[0].retenir().await;
    let mut lps = banc.lps();
    let attente = tokio::spawn(async move { lps.connecter(SECRET_1, PRO).await });
    banc.serveurs[0].attendre("/token", 1).await;
    attente.abort();
    let _ = attente.await;
    attendre_le_depart(&banc).await;
    banc.serveurs[0].relacher();
    attendre_le_menage(&banc, debut).await;
    for serveur in &banc.serveurs {
        // Refresh and access token.
        serveur.attendre("/revoke", 2).await;
    }
}
