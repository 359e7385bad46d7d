//! What is announced, once when it begins and once when it ends: a refused certificate, stores that fail, an unusual volume.

use jiff::SignedDuration;
use serde_json::{Value, json};
use service::Arret;
use test_support::base::postgres;
use test_support::coupure::Coupure;
use test_support::redis::Redis;

use crate::banc::{Banc, Lps, MTLS, PRO, Pki, SECRET_1};
use crate::exploitation::{alertes, puits};

/// Kind, target and whether it begins.
pub(crate) fn dites(vues: &[Value]) -> Vec<(&str, &str, bool)> {
    vues.iter()
        .map(|vue| {
            (vue["type"].as_str().unwrap(), vue["cible"].as_str().unwrap(), vue["active"].as_bool().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn un_certificat_de_serveur_refuse_est_annonce_avec_sa_cause() {
    let (pki, arret) = (Pki::nouvelle(), Arret::new());
    let (puits, regler) = puits(&pki, &arret).await;
    let listes = [pki.lister("api.crl", &[], 24), pki.lister("psc.crl", &[], 24)];
    let banc = Banc::avec(pki, move |config| {
        regler(config);
        let [api, psc] = listes;
        (config.apis[0].crl, config.psc.crl) = (vec![api], vec![psc]);
        config.apis[0].obligatoire = false;
        config.alertes.connects_personne_minute = 100;
    })
    .await;
    let lps = banc.connecte(SECRET_1).await;
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);

    // Past its date, a list refuses its API, its authorization server, PSC; and is itself announced.
    for liste in ["api.crl", "psc.crl"] {
        banc.pki.lister(liste, &[], -1);
    }
    banc.poignee.relire_certificats();
    for _ in 0..3 {
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 502);
        assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 502);
    }
    let vues = alertes(&puits, 3).await;
    let qui = dites(&vues);
    assert_eq!(qui[0].0, "liste_revocation");
    assert!(vues[0]["message"].as_str().unwrap().contains("périmée"));
    let refus = |cible| ("certificat_serveur_refuse", cible, true);
    assert_eq!(qui[1..], [refus("backend-1"), refus("psc")]);
    assert!(vues[1]["message"].as_str().unwrap().contains("liste de révocation est périmée"), "{}", vues[1]);

    banc.pki.lister("psc.crl", &[], 24);
    banc.poignee.relire_certificats();
    assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 200, "without the token of backend-1");
    let vues = alertes(&puits, 5).await;
    let suite = [
        ("certificat_serveur_refuse", "psc", false),
        ("certificat_serveur_refuse", "serveur d’autorisation de backend-1", true),
    ];
    assert_eq!(dites(&vues)[3..], suite);

    banc.pki.lister("api.crl", &[], 24);
    banc.poignee.relire_certificats();
    assert_eq!(banc.connecte(SECRET_1).await.get("/send/backend-1/rsc").await.statut, 200);
    let vues = alertes(&puits, 7).await;
    let fins = ["serveur d’autorisation de backend-1", "backend-1"];
    assert_eq!(dites(&vues)[5..], fins.map(|cible| ("certificat_serveur_refuse", cible, false)));
    let texte = banc.operateur().get("/metrics").await.texte();
    for ligne in ["{type=\"certificat_serveur_refuse\"} 3", "{type=\"liste_revocation\"} 1"] {
        assert!(texte.contains(&format!("edc_proxy_alertes_total{ligne}\n")), "{ligne}\n{texte}");
    }
    arret.demander();
}

#[tokio::test]
async fn un_jeton_lie_a_un_autre_et_des_traces_en_panne_sont_annonces() {
    use base64::Engine as _;
    let (pki, arret) = (Pki::nouvelle(), Arret::new());
    let (puits, regler) = puits(&pki, &arret).await;
    let banc = Banc::avec(pki, regler).await;
    let corps = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(r#"{"cnf":{"x5t#S256":"autre"}}"#);
    let jeton =
        json!({"access_token": format!("e30.{corps}.c2ln"), "token_type": "Bearer", "expires_in": 60});
    banc.serveurs[1].prochaine_json("/token", 200, jeton);
    assert_eq!(banc.lps().connecter(MTLS, PRO).await.statut, 502);
    let vues = alertes(&puits, 1).await;
    assert_eq!(dites(&vues), [("jeton_mal_lie", "backend-2", true)]);

    // The table of the traces goes away, and comes back.
    let base = format!("sqlite:{}", banc.pki.dossier.path().join("traces/traces.db").display());
    let renommer = async |de: &str, vers: &str| {
        use sqlx::{AssertSqlSafe, Connection as _};
        let mut connexion = sqlx::SqliteConnection::connect(&base).await.unwrap();
        let ordre = AssertSqlSafe(format!("ALTER TABLE {de} RENAME TO {vers}"));
        sqlx::raw_sql(ordre).execute(&mut connexion).await.unwrap();
    };
    renommer("trace_lot", "ailleurs").await;
    let operateur = banc.operateur();
    // The journal finds out at the next trace that it moves: that of this connection, or of a token given back by the former.
    assert!([200, 503].contains(&banc.lps().connecter(SECRET_1, PRO).await.statut));
    while operateur.get("/health").await.statut == 200 {
        tokio::task::yield_now().await;
    }
    banc.poignee.veiller().await;
    assert_eq!(banc.lps().connecter(SECRET_1, "899700000030").await.statut, 503);
    renommer("ailleurs", "trace_lot").await;
    while operateur.get("/health").await.statut != 200 {
        tokio::task::yield_now().await;
    }
    banc.poignee.veiller().await;
    let vues = alertes(&puits, 3).await;
    assert_eq!(
        dites(&vues)[1..],
        [("traces_en_panne", "journal", true), ("traces_en_panne", "journal", false)]
    );
    arret.demander();
}

#[tokio::test]
async fn la_base_des_sessions_coupee_est_annoncee_et_son_retour_aussi() {
    let Some(mut redis) = Redis::demarrer() else { return };
    let (pki, arret) = (Pki::nouvelle(), Arret::new());
    let (puits, regler) = puits(&pki, &arret).await;
    let (url, cles) = (redis.url(), pki.dossier.path().join("cles"));
    // Thirty-two bytes, as `openssl rand -base64 32` gives.
    std::fs::write(&cles, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").unwrap();
    let banc = Banc::avec(pki, move |config| {
        regler(config);
        config.depot.base = Some(url.into());
        config.depot.cles = Some(cles);
    })
    .await;
    let operateur = banc.operateur();
    let joignables = async || operateur.get("/health").await.json()["sessions_joignables"] == json!(true);
    let etat = async |joignables: bool| {
        for chemin in ["/health", "/ready"] {
            assert_eq!(operateur.get(chemin).await.statut == 200, joignables, "{chemin}");
        }
        let mesure = format!("\nedc_proxy_depot_joignable {}\n", u8::from(joignables));
        assert!(operateur.get("/metrics").await.texte().contains(&mesure));
    };
    etat(true).await;
    redis.tuer();
    while joignables().await {
        banc.poignee.veiller().await;
    }
    etat(false).await;
    redis.relancer();
    while !joignables().await {
        banc.poignee.veiller().await;
    }
    etat(true).await;
    let vues = alertes(&puits, 2).await;
    let suite = [("sessions_injoignables", "sessions", true), ("sessions_injoignables", "sessions", false)];
    assert_eq!(dites(&vues), suite);
    assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 200);
    arret.demander();
}

#[tokio::test]
async fn dix_fois_plus_d_appels_que_d_habitude_sont_annonces() {
    let (pki, arret) = (Pki::nouvelle(), Arret::new());
    let (puits, regler) = puits(&pki, &arret).await;
    let banc = Banc::avec(pki, move |config| {
        regler(config);
        config.alertes.volume_minimum = 20;
    })
    .await;
    let lps = banc.connecte(SECRET_1).await;
    let minute = async |appels: usize| {
        for _ in 0..appels {
            assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
        }
        banc.horloge.avancer(SignedDuration::from_secs(60));
        banc.poignee.veiller().await;
    };
    banc.poignee.veiller().await;
    for appels in [2; 10].into_iter().chain([19, 60, 60, 2]) {
        minute(appels).await;
    }
    let vues = alertes(&puits, 2).await;
    let suite = [("volume_inhabituel", "appels", true), ("volume_inhabituel", "appels", false)];
    assert_eq!(dites(&vues), suite);
    assert!(
        vues[0]["message"].as_str().unwrap().starts_with("60 appels en une minute, pour "),
        "{}",
        vues[0]
    );
    arret.demander();
}

#[tokio::test]
async fn une_liste_qui_finit_bientot_est_annoncee_avant() {
    let (pki, arret) = (Pki::nouvelle(), Arret::new());
    let (puits, regler) = puits(&pki, &arret).await;
    // Made four hours ago: one hour left is less than a quarter of its life.
    let liste = pki.lister("courte.crl", &[], 1);
    let _banc = Banc::avec(pki, move |config| {
        regler(config);
        config.apis[0].crl = vec![liste];
    })
    .await;
    let vues = alertes(&puits, 1).await;
    assert_eq!(vues[0]["type"], "liste_revocation");
    assert!(vues[0]["cible"].as_str().unwrap().contains("AC DE TEST"));
    arret.demander();
}

#[tokio::test]
async fn sans_la_base_des_traces_le_proxy_demarre_le_dit_et_range_tout_a_son_retour() {
    let Some(base) = postgres() else { return };
    let (ligne, url) = Coupure::vers(&base.url);
    let mut banc = Banc::regle(move |config| config.traces.journal.base = Some(url.into())).await;
    let debut = banc.maintenant();
    let lps = banc.connecte(SECRET_1).await;
    banc.arreter().await;

    ligne.couper();
    let voisin = banc.voisin(|_| {}).await;
    let lps = banc.lps_de(&voisin, &lps);
    assert_eq!(
        lps.get("/send/backend-1/pendant").await.statut,
        200,
        "a session of before goes on, traced on disk"
    );
    assert_eq!(banc.lps_de(&voisin, &banc.lps()).connecter(SECRET_1, PRO).await.statut, 503, "no new one");
    let operateur = Lps::nouveau(&voisin.admin, banc.pki.autorite.cert_pem(), false);
    let sante = operateur.get("/health").await;
    assert_eq!((sante.statut, &sante.json()["traces"]["saines"]), (503, &json!(false)));
    assert_eq!(operateur.get("/ready").await.statut, 503);
    let texte = operateur.get("/metrics").await.texte();
    assert!(
        texte.contains("\nedc_proxy_traces_saines 0\n")
            && !texte.contains("\nedc_proxy_traces_attente_octets 0\n")
    );

    ligne.reparer();
    while operateur.get("/ready").await.statut != 200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(banc.lps_de(&voisin, &banc.lps()).connecter(SECRET_1, PRO).await.statut, 200);
    let traces = lps.get(&format!("/traces?start={debut}")).await.json();
    let types: Vec<_> =
        traces.as_array().unwrap().iter().map(|trace| trace["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["CONNECT_SUCCESS", "SEND", "CONNECT_FAILURE", "CONNECT_SUCCESS"]);
}
