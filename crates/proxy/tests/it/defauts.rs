//! The eleven defects of the agency's example, each with a test that it isn't here.

use jiff::SignedDuration;
use serde_json::json;

use crate::banc::{Banc, CIBA, MTLS, PRO, SECONDE, SECRET_1, TOKEN, corps, reponse_json};

const AUTRE: &str = "899700000002";

#[tokio::test]
async fn defaut_01_et_02_un_refus_de_la_personne_est_un_401_et_arrete_les_sondages() {
    let banc = Banc::ouvrir().await;
    let cas = [
        ("access_denied", "not authorized", "400 - access_denied : not authorized"),
        ("expired_token", "authentication timed out", "400 - expired_token : authentication timed out"),
        ("invalid_grant", "canary-of-psc", "400 - invalid_grant : null"),
    ];
    for (code, description, message) in cas {
        let debut = banc.maintenant();
        let avant = banc.psc.acteur.nombre(TOKEN);
        banc.psc.acteur.prochaine_json(TOKEN, 400, json!({"error": "authorization_pending"}));
        banc.psc.acteur.prochaine_json(TOKEN, 400, json!({"error": code, "error_description": description}));
        let reponse = banc.lps().connecter(SECRET_1, PRO).await;
        assert_eq!(reponse.statut, 401, "{code}");
        assert_eq!(reponse.json()["message"], message);
        assert_eq!(reponse.cookie(), None);
        assert_eq!(banc.psc.acteur.nombre(TOKEN) - avant, 2, "no poll after {code}");
        let traces = banc.traces(debut).await;
        assert_eq!((traces.len(), &traces[0]["type"]), (1, &json!("CONNECT_FAILURE")));
    }
}

#[tokio::test]
async fn defaut_02_bis_le_rythme_de_psc_est_respecte() {
    let banc = Banc::ouvrir().await;
    banc.psc.rythme(json!(3), json!(120), 1);
    banc.psc.acteur.prochaine_json(TOKEN, 400, json!({"error": "slow_down"}));
    assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 200);
    let (demande, sondages) = (banc.psc.acteur.recus(CIBA)[0].le, banc.psc.acteur.recus(TOKEN));
    assert_eq!(sondages.len(), 3);
    assert!(sondages[0].le - demande >= SECONDE * 3, "the interval before the first poll");
    for paire in sondages.windows(2) {
        assert!(paire[1].le - paire[0].le >= SECONDE * 8, "slow_down adds five seconds, for good");
    }
}

#[tokio::test]
async fn defaut_02_ter_une_demande_jamais_approuvee_finit_a_son_terme() {
    let banc = Banc::ouvrir().await;
    banc.psc.rythme(json!(2), json!(7), usize::MAX / 4);
    let reponse = banc.lps().connecter(SECRET_1, PRO).await;
    assert_eq!(reponse.statut, 401);
    assert_eq!(reponse.json()["message"], "400 - expired_token : authentication timed out");
    assert!(banc.psc.acteur.nombre(TOKEN) <= 3, "polls at 2, 4 and 6 s of a life of 7 s");
}

#[tokio::test]
async fn defaut_03_des_connexions_en_attente_ne_genent_personne() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    banc.psc.rythme(json!(1), json!(100_000), usize::MAX / 4);
    let attentes: Vec<_> = (0..100)
        .map(|rang| {
            let mut autre = banc.lps();
            tokio::spawn(async move { autre.connecter(SECRET_1, &format!("8997{rang}")).await })
        })
        .collect();
    banc.psc.acteur.attendre(CIBA, 101).await;
    for _ in 0..20 {
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    }
    assert!(attentes.iter().all(|attente| !attente.is_finished()), "they still wait");
    attentes.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn defaut_03_bis_un_logiciel_qui_raccroche_arrete_tout() {
    let banc = Banc::ouvrir().await;
    let debut = banc.maintenant();
    banc.psc.rythme(json!(1), json!(100_000), usize::MAX / 4);
    let mut lps = banc.lps();
    let attente = tokio::spawn(async move { lps.connecter(SECRET_1, PRO).await });
    banc.psc.acteur.attendre(TOKEN, 2).await;
    attente.abort();
    while banc.traces(debut).await.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(banc.traces(debut).await[0]["type"], "CONNECT_FAILURE");
    let apres = banc.psc.acteur.nombre(TOKEN);
    // Another whole connect, as a measure of time: the first one polls no more.
    banc.psc.rythme(json!(1), json!(120), 1);
    assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 200);
    assert_eq!(banc.psc.acteur.nombre(TOKEN), apres + 2);
}

#[tokio::test]
async fn defaut_04_on_ne_prend_pas_la_session_d_un_autre() {
    let banc = Banc::ouvrir().await;
    let mut lps = banc.connecte(SECRET_1).await;
    let reponse = lps.connecter(SECRET_1, AUTRE).await;
    assert_eq!(reponse.statut, 409);
    assert_eq!(reponse.json()["metadata"], json!({"nationalId": AUTRE, "clientId": SECRET_1}));
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200, "the session is unharmed");

    let strict = Banc::regle(|config| config.session.reprise_stricte = true).await;
    let mut lps = strict.connecte(SECRET_1).await;
    assert_eq!(lps.connecter(MTLS, PRO).await.statut, 409);
    assert_eq!(lps.connecter(SECRET_1, PRO).await.statut, 304);
}

#[tokio::test]
async fn defaut_05_le_cookie_ne_passe_ni_dans_un_sens_ni_dans_l_autre() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    banc.apis[0].prochaine("/rsc", |_| {
        let mut reponse = reponse_json(200, &json!({}));
        reponse.headers_mut().append("set-cookie", "proxy_session_id=vole".parse().unwrap());
        reponse.headers_mut().append("set-cookie", "autre=1".parse().unwrap());
        reponse
    });
    let reponse = lps.get("/send/backend-1/rsc").await;
    assert_eq!(reponse.statut, 200);
    assert_eq!(reponse.entete("set-cookie"), None);
    assert_eq!(banc.apis[0].recus("/rsc")[0].entete("cookie"), None);
}

#[tokio::test]
async fn defaut_06_seul_un_relais_declare_dit_pour_qui_il_parle() {
    let banc = Banc::regle(|config| config.relais_de_confiance = Vec::new()).await;
    let debut = banc.maintenant();
    banc.connecte(SECRET_1).await;
    let trace = &banc.traces(debut).await[0];
    assert_eq!(trace["ipAddress"], "127.0.0.1", "the peer, without a slash");
    assert_eq!(trace["ports"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn defaut_07_les_traces_sont_gardees() {
    const JETON: &str = "jeton des traces, assez long";
    let banc = Banc::regle(|config| {
        config.profil = proxy::config::Profil::Production;
        config.traces.jeton = Some(JETON.into());
    })
    .await;
    let lps = banc.connecte(SECRET_1).await;
    let chemin = "/traces?start=2020-01-01T00:00:00Z";
    assert_eq!(banc.lps().get(chemin).await.statut, 401);
    assert_eq!(lps.get(chemin).await.statut, 401, "a session opens no trace");
    let requete = banc.lps().requete("GET", chemin).bearer_auth(format!("{JETON}x"));
    assert_eq!(banc.lps().envoyer(requete).await.statut, 401);
    let requete = banc.lps().requete("GET", chemin).bearer_auth(JETON);
    let reponse = banc.lps().envoyer(requete).await;
    assert_eq!(reponse.statut, 200);
    // What is read there opens nothing: the session stands under its fingerprint.
    let traces = reponse.json();
    let mut voleur = banc.lps();
    for trace in traces.as_array().unwrap() {
        for valeur in trace.as_object().unwrap().values().filter_map(|valeur| valeur.as_str()) {
            voleur.cookie = Some(valeur.replace([' ', ',', ';', '='], "_"));
            assert_eq!(voleur.get("/send/backend-1/rsc").await.statut, 401);
        }
    }
}

#[tokio::test]
async fn defaut_08_l_identite_donnee_par_psc_est_verifiee() {
    let maintenant = service::Horloge::systeme().maintenant().as_second();
    let cas = [
        ("another person", "SubjectNameID", json!(AUTRE)),
        ("another issuer", "iss", json!("https://psc.autre.example")),
        ("another client", "aud", json!("autre")),
        ("several audiences without azp", "aud", json!([SECRET_1, "autre"])),
        ("over", "exp", json!(maintenant - 300)),
        ("a week old", "iat", json!(maintenant - 7 * 86_400)),
        ("another access token", "at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ("without subject", "sub", json!(null)),
        ("a level that is not asked", "acr", json!("eidas0")),
    ];
    for (quoi, nom, valeur) in cas {
        let banc = Banc::ouvrir().await;
        banc.psc.revendication(nom, valeur);
        let reponse = banc.lps().connecter(SECRET_1, PRO).await;
        assert_eq!(reponse.statut, 401, "{quoi}");
        assert_eq!(reponse.cookie(), None, "{quoi}");
        assert_eq!(banc.serveurs[0].nombre("/token"), 0, "{quoi}: the token goes nowhere");
        assert_eq!(banc.psc.acteur.nombre("/revoke"), 1, "{quoi}: and is given back");
    }
    let acceptes = [
        ("aud", json!([SECRET_1])),
        ("acr", json!("eidas3")),
        ("acr", json!(null)),
        ("at_hash", json!(null)),
    ];
    for (nom, valeur) in acceptes {
        let banc = Banc::ouvrir().await;
        banc.psc.revendication(nom, valeur);
        assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 200, "{nom}");
    }
}

#[tokio::test]
async fn defaut_08_bis_un_jeton_signe_par_un_autre_est_refuse_et_une_cle_nouvelle_est_lue() {
    let banc = Banc::ouvrir().await;
    banc.connecte(SECRET_1).await;
    let avant = banc.psc.acteur.nombre("/certs");
    // A key that the set does not hold yet: it is read again once, and found.
    banc.psc.changer_de_cle();
    banc.horloge.avancer(SignedDuration::from_secs(31));
    banc.connecte(SECRET_1).await;
    assert_eq!(banc.psc.acteur.nombre("/certs"), avant + 1);
    // A key that it will never hold.
    let autre = crate::banc::cle();
    banc.psc.membre("id_token", json!(autre.signer(&json!({"iss": banc.psc.emetteur()})).unwrap()));
    assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 401);
    for jeton in ["eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.", "", "a.b", "a.b.c"] {
        banc.psc.membre("id_token", json!(jeton));
        assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 401, "{jeton:?}");
    }
}

/// Everything that is logged, at the finest level.
#[derive(Clone, Default)]
struct Ecrit(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Ecrit {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn defaut_09_aucun_jeton_n_est_ecrit_dans_les_logs_ni_dit_au_logiciel() {
    let ecrit = Ecrit::default();
    let copie = ecrit.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || copie.clone())
        .init();
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(MTLS).await;
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    assert_eq!(lps.get("/send/backend-4/rsc").await.statut, 503);
    let id_token = {
        assert_eq!(lps.deconnecter().await.statut, 200);
        banc.psc.acteur.recus("/logout")[0].champ("id_token_hint").unwrap()
    };
    let psc = banc.serveurs[0].recus("/token")[0].champ("subject_token").unwrap();
    let api = banc.apis[0].recus("/rsc")[0].entete("authorization").unwrap().replace("Bearer ", "");
    let ciba = banc.psc.acteur.recus(TOKEN)[0].champ("auth_req_id").unwrap();
    // The fakes and the HTTP libraries of this process log too: only our lines are read.
    let texte = String::from_utf8_lossy(&ecrit.0.lock().unwrap()).into_owned();
    let notres: Vec<_> = texte.lines().filter(|ligne| ligne.contains(" proxy::")).collect();
    assert!(!notres.is_empty(), "the log was read");
    let secrets = [id_token, psc, api, ciba, lps.cookie.unwrap(), "secret un".to_owned()];
    for secret in &secrets {
        assert!(!secret.is_empty());
        assert!(notres.iter().all(|ligne| !ligne.contains(secret)), "{secret} in the log");
    }
}

#[tokio::test]
async fn defaut_10_une_panne_de_reseau_ne_laisse_rien_derriere_elle() {
    let banc = Banc::ouvrir().await;
    let cas = [
        ("text instead of JSON", CIBA, 200, json!("pas un objet"), 502),
        ("no auth_req_id", CIBA, 200, json!({"expires_in": 120}), 502),
        ("no expires_in", CIBA, 200, json!({"auth_req_id": "x"}), 502),
        ("an error of PSC", CIBA, 500, json!({"error": "canary-of-psc"}), 502),
        ("tokens that can't be read", TOKEN, 200, json!({"access_token": 1}), 200),
        ("an authorization server that is ill", "", 0, json!(null), 502),
    ];
    for (quoi, chemin, statut, corps, attendu) in cas {
        let debut = banc.maintenant();
        if chemin.is_empty() {
            banc.serveurs[1].prochaine_json("/token", 200, json!("pas un objet"));
        } else {
            banc.psc.acteur.prochaine_json(chemin, statut, corps);
        }
        let reponse = banc.lps().connecter(SECRET_1, PRO).await;
        assert_eq!(reponse.statut, attendu, "{quoi}");
        if attendu != 200 {
            assert_eq!((reponse.corps.len(), reponse.cookie()), (0, None), "{quoi}");
            let traces = banc.traces(debut).await;
            assert_eq!((traces.len(), &traces[0]["type"]), (1, &json!("CONNECT_FAILURE")), "{quoi}");
        }
    }
    // The tokens that the others had given are given back.
    banc.serveurs[0].attendre("/revoke", 1).await;
    banc.psc.acteur.attendre("/revoke", 1).await;
}

#[tokio::test]
async fn defaut_11_le_certificat_n_est_pas_relu_a_chaque_appel() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(MTLS).await;
    std::fs::remove_file(banc.pki.dossier.path().join(format!("{MTLS}.pem"))).unwrap();
    for _ in 0..5 {
        assert_eq!(lps.get("/send/backend-3/rsc").await.statut, 200);
    }
    let ports: std::collections::HashSet<_> =
        banc.apis[2].recus("").into_iter().map(|recu| recu.port).collect();
    assert!(ports.len() <= 2, "one connection for each core at most: {ports:?}");
    assert_eq!(banc.lps().connecter_avec(&corps(MTLS, PRO)).await.statut, 200);
}
