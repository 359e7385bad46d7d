//! The life of tokens and sessions: renewed once, by the right way; revoked at every end; kept apart between clients.

use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures::future::join_all;
use jiff::SignedDuration;
use proxy::config::{CnfDuJeton, Echange, Lps};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use crate::banc::{Banc, CIBA, LOGOUT, MTLS, MTLS_2, PRO, SECRET_1, SECRET_2, TOKEN, reponse_json};

const JETON: &str = "/token";
const REVOKE: &str = "/revoke";

/// An authorization server's answer with lives of one's own.
fn jeton(acces: &str, vie: u64, renouvellement: Option<(&str, u64)>) -> Value {
    let mut corps = json!({"access_token": acces, "expires_in": vie, "token_type": "bearer"});
    if let Some((renouvellement, vie)) = renouvellement {
        corps["refresh_token"] = json!(renouvellement);
        corps["refresh_expires_in"] = json!(vie);
    }
    corps
}

#[tokio::test]
async fn un_jeton_paresseux_n_est_demande_qu_au_premier_appel_et_une_fois() {
    let banc = Banc::regle(|config| config.apis[0].echange = Echange::PremierAppel).await;
    let lps = banc.connecte(SECRET_1).await;
    assert_eq!(banc.serveurs[0].nombre(JETON), 0);
    let appels = join_all((0..50).map(|_| lps.get("/send/backend-1/rsc"))).await;
    assert!(appels.iter().all(|reponse| reponse.statut == 200));
    assert_eq!(banc.serveurs[0].nombre(JETON), 1, "fifty calls, one exchange");
}

#[tokio::test]
async fn un_jeton_qui_finit_est_renouvele_une_fois_avec_le_dernier_jeton_de_renouvellement() {
    let banc = Banc::ouvrir().await;
    for (acces, renouvellement) in [("a1", "r1"), ("a2", "r2"), ("a3", "r3")] {
        banc.serveurs[0].prochaine_json(JETON, 200, jeton(acces, 60, Some((renouvellement, 600))));
    }
    let lps = banc.connecte(SECRET_1).await;
    for (acces, precedent) in [("a2", "r1"), ("a3", "r2")] {
        banc.horloge.avancer(SignedDuration::from_secs(61));
        let appels = join_all((0..50).map(|_| lps.get("/send/backend-1/rsc"))).await;
        assert!(appels.iter().all(|reponse| reponse.statut == 200));
        let recu = banc.serveurs[0].recus(JETON).pop().unwrap();
        assert_eq!(recu.champ("grant_type").as_deref(), Some("refresh_token"));
        assert_eq!(recu.champ("refresh_token").as_deref(), Some(precedent));
        let api = banc.apis[0].recus("/rsc").pop().unwrap();
        assert_eq!(api.entete("authorization"), Some(&*format!("Bearer {acces}")));
    }
    assert_eq!(banc.serveurs[0].nombre(JETON), 3, "one call for each end, whoever asks");
}

#[tokio::test]
async fn sans_renouvellement_possible_un_nouvel_echange_part_d_un_jeton_psc_frais() {
    let banc = Banc::ouvrir().await;
    banc.serveurs[0].prochaine_json(JETON, 200, jeton("a1", 300, Some(("r1", 600))));
    let lps = banc.connecte(SECRET_1).await;
    let premier = banc.serveurs[0].recus(JETON)[0].champ("subject_token").unwrap();
    banc.horloge.avancer(SignedDuration::from_secs(301));
    banc.serveurs[0].prochaine_json(JETON, 400, json!({"error": "invalid_grant"}));
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    let recus = banc.serveurs[0].recus(JETON);
    assert_eq!(recus.len(), 3, "first exchange, refused renewal, second exchange");
    let second = recus[2].champ("subject_token").unwrap();
    assert_ne!(premier, second, "PSC's token had died: it was renewed first");
    let psc = banc.psc.acteur.recus(TOKEN).pop().unwrap();
    assert_eq!(psc.champ("grant_type").as_deref(), Some("refresh_token"));
}

#[tokio::test]
async fn quand_psc_ne_renouvelle_plus_la_session_finit() {
    let banc = Banc::ouvrir().await;
    banc.serveurs[0].prochaine_json(JETON, 200, jeton("a1", 300, None));
    let lps = banc.connecte(SECRET_1).await;
    banc.horloge.avancer(SignedDuration::from_secs(301));
    banc.psc.acteur.prochaine_json(
        TOKEN,
        400,
        json!({"error": "invalid_grant", "error_description": "Session not active"}),
    );
    let reponse = lps.get("/send/backend-1/rsc").await;
    assert_eq!((reponse.statut, &reponse.json()["message"]), (401, &json!("Session expired.")));
    let reponse = lps.get("/send/backend-2/rsc").await;
    assert_eq!((reponse.statut, &reponse.json()["message"]), (401, &json!("No session found.")));
    banc.serveurs[1].attendre(REVOKE, 2).await;
    assert_eq!(banc.psc.acteur.nombre(LOGOUT), 0, "an end that nobody asked for leaves PSC alone");
}

/// What an API says of a token that it doesn't take (RFC 6750 §3.1).
fn jeton_refuse() -> Response {
    let mut reponse = reponse_json(401, &json!({"refus": true}));
    reponse.headers_mut().append("www-authenticate", "Basic realm=\"autre\"".parse().unwrap());
    reponse.headers_mut().append("www-authenticate", "Bearer error=\"invalid_token\"".parse().unwrap());
    reponse
}

#[tokio::test]
async fn un_jeton_refuse_par_l_api_est_remplace_et_seule_une_lecture_est_refaite() {
    let cas = [
        ("GET", "", 200),
        ("HEAD", "", 200),
        ("GET", "corps", 401),
        ("POST", "", 401),
        ("PUT", "corps", 401),
    ];
    for (methode, corps, statut) in cas {
        let banc = Banc::ouvrir().await;
        let lps = banc.connecte(SECRET_1).await;
        let debut = banc.maintenant();
        banc.apis[0].prochaine("/rsc", |_| jeton_refuse());
        let requete = lps.requete(methode, "/send/backend-1/rsc").body(corps);
        assert_eq!(lps.envoyer(requete).await.statut, statut, "{methode} {corps}");
        let fois = if statut == 200 { 2 } else { 1 };
        assert_eq!(banc.apis[0].nombre("/rsc"), fois, "{methode} {corps}");
        assert_eq!(lps.demander(methode, "/send/backend-1/rsc").await.statut, 200);
        let recus = banc.apis[0].recus("/rsc");
        assert_ne!(recus[0].entete("authorization"), recus[1].entete("authorization"));
        assert_eq!(recus[1].entete("authorization"), recus.last().unwrap().entete("authorization"));
        let demandes = banc.serveurs[0].recus(JETON);
        assert_eq!(demandes.len(), 2, "{methode} {corps}: one renewal");
        assert_eq!(demandes[1].champ("grant_type").as_deref(), Some("refresh_token"));
        assert_eq!(banc.traces(debut).await.len(), 2, "one trace for each call of the LPS");
    }
}

#[tokio::test]
async fn cinquante_lectures_refusees_ensemble_font_un_renouvellement() {
    let banc = Banc::ouvrir().await;
    banc.serveurs[0].prochaine_json(JETON, 200, jeton("refuse", 14_400, Some(("r1", 600))));
    let lps = banc.connecte(SECRET_1).await;
    for _ in 0..100 {
        banc.apis[0].prochaine("/rsc", |recu| match recu.entete("authorization") {
            Some("Bearer refuse") => jeton_refuse(),
            _ => reponse_json(200, &json!({})),
        });
    }
    let appels = join_all((0..50).map(|_| lps.get("/send/backend-1/rsc"))).await;
    assert!(appels.iter().all(|reponse| reponse.statut == 200));
    assert_eq!(banc.serveurs[0].nombre(JETON), 2, "the exchange of the connection, then one renewal");
}

#[tokio::test]
async fn une_lecture_n_est_refaite_qu_une_fois_et_pas_sans_jeton_neuf() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    for _ in 0..2 {
        banc.apis[0].prochaine("/rsc", |_| jeton_refuse());
    }
    let reponse = lps.get("/send/backend-1/rsc").await;
    assert_eq!((reponse.statut, reponse.json()), (401, json!({"refus": true})), "the API's own words");
    assert_eq!(banc.apis[0].nombre("/rsc"), 2);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    // The renewal is refused, then the exchange finds nobody.
    banc.apis[0].prochaine("/rsc", |_| jeton_refuse());
    banc.serveurs[0].prochaine_json(JETON, 400, json!({"error": "invalid_grant"}));
    banc.serveurs[0].prochaine_json(JETON, 503, json!(null));
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 503);
    assert_eq!(banc.apis[0].nombre("/rsc"), 4);
    let demandes = banc.serveurs[0].nombre(JETON);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 503, "known for some seconds");
    assert_eq!(banc.serveurs[0].nombre(JETON), demandes);
    banc.horloge.avancer(SignedDuration::from_secs(6));
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200, "asked for again");
}

#[tokio::test]
async fn un_jeton_lie_a_un_autre_certificat_ne_sert_pas() {
    use oidc::cnf::{Forme, empreinte};
    let lie = |valeur: &str| {
        let corps = BASE64_URL_SAFE_NO_PAD.encode(json!({"cnf": {"x5t#S256": valeur}}).to_string());
        format!("e30.{corps}.c2ln")
    };
    let cas = [
        (CnfDuJeton::Verifier, Some(Forme::Agence), MTLS, 200),
        (CnfDuJeton::Exiger, Some(Forme::Rfc8705), MTLS, 200),
        (CnfDuJeton::Verifier, None, MTLS, 200),
        (CnfDuJeton::Exiger, None, MTLS, 502),
        (CnfDuJeton::Exiger, None, SECRET_1, 502),
        (CnfDuJeton::Verifier, Some(Forme::Agence), MTLS_2, 502),
        (CnfDuJeton::Verifier, Some(Forme::Agence), SECRET_1, 502),
        (CnfDuJeton::Ignorer, Some(Forme::Rfc8705), MTLS_2, 200),
    ];
    for (regle, forme, client_id, statut) in cas {
        let banc = Banc::regle(move |config| config.apis[0].cnf_du_jeton = regle).await;
        let pem = std::fs::read(banc.pki.dossier.path().join(format!("{MTLS}.pem"))).unwrap();
        let der = CertificateDer::from_pem_slice(&pem).unwrap();
        let acces = forme.map_or("opaque".to_owned(), |forme| lie(&empreinte(&der, forme)));
        banc.serveurs[0].prochaine_json(JETON, 200, jeton(&acces, 600, None));
        let quoi = format!("{regle:?} {forme:?} {client_id}");
        let mut lps = banc.lps();
        let reponse = lps.connecter(client_id, PRO).await;
        assert_eq!(reponse.statut, statut, "{quoi}");
        if statut == 502 {
            assert_eq!((reponse.corps.len(), reponse.cookie()), (0, None), "{quoi}");
            banc.serveurs[1].attendre(REVOKE, 2).await;
        } else {
            assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200, "{quoi}");
        }
    }
}

#[tokio::test]
async fn un_echange_dit_pour_qui_il_parle_aux_api_qui_le_veulent() {
    let banc = Banc::regle(|config| {
        let acteur = [("iss", "edc-proxy"), ("situation_exercice", "10C")];
        let acteur = acteur.map(|(nom, valeur)| (nom.to_owned(), valeur.to_owned()));
        config.apis[0].acteur = Some(acteur.into());
        let lps = Lps { nom: "Logimed".to_owned(), id: None, version: Some("3.1".to_owned()) };
        config.clients.iter_mut().find(|client| client.client_id == MTLS).unwrap().lps = Some(lps);
    })
    .await;
    banc.connecte(MTLS).await;
    let recu = &banc.serveurs[0].recus(JETON)[0];
    assert_eq!(recu.champ("actor_token_type").as_deref(), Some("urn:ietf:params:oauth:token-type:jwt"));
    let jeton = recu.champ("actor_token").unwrap();
    let parties: Vec<_> = jeton.split('.').collect();
    let lire = |partie: &str| -> Value {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(partie).unwrap()).unwrap()
    };
    assert_eq!((parties.len(), parties[2]), (3, ""), "mTLS stands for the signature");
    assert_eq!(lire(parties[0]), json!({"alg": "none", "typ": "JWT"}));
    let dit =
        json!({"iss": "edc-proxy", "situation_exercice": "10C", "lps_nom": "Logimed", "lps_version": "3.1"});
    assert_eq!(lire(parties[1]), dit);
    let autre = &banc.serveurs[1].recus(JETON)[0];
    assert_eq!((autre.champ("actor_token"), autre.champ("actor_token_type")), (None, None));
}

#[tokio::test]
async fn quitter_revoque_chaque_jeton_d_api() {
    let banc = Banc::ouvrir().await;
    let debut = banc.maintenant();
    let lps = banc.connecte(MTLS).await;
    assert_eq!(lps.deconnecter().await.statut, 200);
    for (serveur, nombre) in banc.serveurs.iter().zip([2, 2, 4]) {
        serveur.attendre(REVOKE, nombre).await;
        let recus = serveur.recus(REVOKE);
        assert_eq!(recus[0].champ("token_type_hint").as_deref(), Some("refresh_token"));
        assert_eq!(recus[0].cn().as_deref(), Some(MTLS));
        assert!(recus[1].champ("token").is_some_and(|jeton| jeton.starts_with("as")));
    }
    let types: Vec<_> = banc.traces(debut).await.into_iter().map(|trace| trace["type"].clone()).collect();
    assert_eq!(types, ["CONNECT_SUCCESS", "DISCONNECT"], "our own kinds stay out of the agency's endpoint");
}

#[tokio::test]
async fn une_session_finit_par_son_age_ou_par_son_silence() {
    for (reglage, pas, vivants) in
        [((14_400, 1_800), 1_700, 8), ((3_600, 1_800), 1_700, 2), ((14_400, 60), 61, 0)]
    {
        let banc = Banc::regle(move |config| {
            (config.session.duree_max_s, config.session.inactivite_s) = reglage;
        })
        .await;
        let lps = banc.connecte(SECRET_1).await;
        let mut tenus = 0;
        loop {
            banc.horloge.avancer(SignedDuration::from_secs(pas));
            if lps.get("/send/backend-1/rsc").await.statut != 200 {
                break;
            }
            tenus += 1;
        }
        assert_eq!(tenus, vivants, "{reglage:?}");
        banc.poignee.balayer().await;
        banc.serveurs[0].attendre(REVOKE, 2).await;
        assert_eq!(banc.psc.acteur.nombre(LOGOUT), 0);
        assert_eq!(lps.deconnecter().await.statut, 401);
    }
}

#[tokio::test]
async fn deux_clients_ne_partagent_ni_jeton_ni_connexion() {
    let banc = Banc::ouvrir().await;
    let sessions = [banc.connecte(MTLS).await, banc.connecte(MTLS_2).await];
    for _ in 0..10 {
        let appels = (0..20).map(|rang| {
            let lps = &sessions[rang % 2];
            async move { lps.get(&format!("/send/backend-3/client-{}", rang % 2)).await.statut }
        });
        assert!(join_all(appels).await.iter().all(|statut| *statut == 200));
    }
    let mut qui = std::collections::HashMap::new();
    for recu in banc.apis[2].recus("") {
        let cn = recu.cn().unwrap();
        let attendu = if recu.chemin.ends_with('0') { MTLS } else { MTLS_2 };
        assert_eq!(cn, attendu, "a call under the other's certificate");
        let premier = qui.entry(recu.port).or_insert_with(|| cn.clone());
        assert_eq!(*premier, cn, "a connection lent to the other client");
    }
    // Closing one leaves the other.
    assert_eq!(sessions[0].deconnecter().await.statut, 200);
    assert_eq!(sessions[1].get("/send/backend-3/rsc").await.statut, 200);
}

#[tokio::test]
async fn un_certificat_remplace_sert_aux_sessions_suivantes_sans_toucher_aux_autres() {
    let banc = Banc::ouvrir().await;
    let ancienne = banc.connecte(MTLS).await;
    assert_eq!(ancienne.get("/send/backend-3/rsc").await.statut, 200);
    banc.pki.ecrire(MTLS, 80);
    banc.poignee.relire_certificats();
    let nouvelle = banc.connecte(MTLS).await;
    for lps in [&nouvelle, &ancienne, &nouvelle, &ancienne] {
        assert_eq!(lps.get("/send/backend-3/rsc").await.statut, 200);
    }
    let certificats: Vec<_> =
        banc.apis[2].recus("").into_iter().map(|recu| recu.certificat.unwrap()).collect();
    let (a, n) = (&certificats[0], &certificats[1]);
    assert_ne!(a, n);
    assert!([a, n, a, n, a].iter().zip(&certificats).all(|(attendu, vu)| **attendu == *vu));
    // A file that can't be used changes nothing.
    std::fs::write(banc.pki.dossier.path().join(format!("{MTLS}.pem")), "abime").unwrap();
    banc.poignee.relire_certificats();
    assert_eq!(banc.connecte(MTLS).await.get("/send/backend-3/rsc").await.statut, 200);
}

#[tokio::test]
async fn psc_annonce_la_fin_d_une_session() {
    let banc = Banc::ouvrir().await;
    let cle = banc.psc.cle();
    banc.psc.membre("session_state", json!("sid-1"));
    let lps = banc.connecte(SECRET_1).await;
    let t = banc.maintenant().as_second();
    let bon = json!({
        "iss": banc.psc.emetteur(), "aud": SECRET_1, "iat": t, "exp": t + 120, "jti": "j", "sid": "sid-1", "sub": "f:1:8",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    });
    let annoncer = async |corps: &Value| {
        let jeton = cle.signer(corps).unwrap();
        let requete = banc.lps().requete("POST", "/psc/deconnexion").form(&[("logout_token", jeton)]);
        banc.lps().envoyer(requete).await.statut
    };
    for (nom, valeur) in [
        ("iss", json!("https://autre.example")),
        ("aud", json!("autre")),
        ("events", json!({})),
        ("nonce", json!("n")),
        ("exp", json!(t - 300)),
    ] {
        let mut faux = bon.clone();
        faux[nom] = valeur;
        assert_eq!(annoncer(&faux).await, 400, "{nom}");
    }
    let mut autre_client = bon.clone();
    autre_client["aud"] = json!(SECRET_2);
    assert_eq!(annoncer(&autre_client).await, 200);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200, "another client's session of that name");
    assert_eq!(annoncer(&bon).await, 200);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 401);
    assert_eq!(banc.psc.acteur.nombre(LOGOUT), 0);

    // Signed by a key that wasn't known yet: the keys are read again, not more than once in some seconds.
    let lps = banc.connecte(SECRET_1).await;
    banc.psc.changer_de_cle();
    let (cle, inconnue, avant) = (banc.psc.cle(), crate::banc::cle(), banc.psc.acteur.nombre("/certs"));
    banc.horloge.avancer(SignedDuration::from_secs(6));
    let envoyer = async |jeton: String| {
        let requete = banc.lps().requete("POST", "/psc/deconnexion").form(&[("logout_token", jeton)]);
        banc.lps().envoyer(requete).await.statut
    };
    assert_eq!(envoyer(cle.signer(&bon).unwrap()).await, 200);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 401);
    for _ in 0..5 {
        assert_eq!(envoyer(inconnue.signer(&bon).unwrap()).await, 400);
    }
    assert_eq!(banc.psc.acteur.nombre("/certs"), avant + 1);
}

#[tokio::test]
async fn un_jeton_applicatif_vaut_un_cookie_pour_qui_l_a_demande() {
    let banc = Banc::regle(|config| config.clients[0].jeton_applicatif = true).await;
    let reponse = banc.lps().connecter(SECRET_1, PRO).await;
    let lu = reponse.json();
    let (jeton, id) = (lu["jeton_applicatif"].as_str().unwrap(), lu["proxy_session_id"].as_str().unwrap());
    let lps = banc.lps();
    let avec = async |porteur: &str| {
        lps.envoyer(lps.requete("GET", "/send/backend-1/rsc").bearer_auth(porteur)).await.statut
    };
    assert_eq!(avec(jeton).await, 200);
    assert!(banc.apis[0].recus("/rsc")[0].entete("authorization").unwrap().starts_with("Bearer as1-"));
    // The identifier alone opens nothing but as a cookie.
    for faux in
        [id.to_owned(), format!("ja.{id}"), format!("ja.{id}.x"), format!("{jeton}x"), "ja..".to_owned()]
    {
        assert_eq!(avec(&faux).await, 401, "{faux}");
    }
    for chemin in [format!("/send/backend-1/rsc?proxy_session_id={id}")] {
        assert_eq!(lps.get(&chemin).await.statut, 401);
    }
    let autre = banc.lps().connecter(SECRET_2, PRO).await.json();
    assert_eq!(autre.get("jeton_applicatif"), None);
}

#[tokio::test]
async fn un_jeton_plus_court_que_la_marge_sert_la_moitie_de_sa_vie() {
    let banc = Banc::ouvrir().await;
    banc.serveurs[0].prochaine_json(JETON, 200, jeton("a1", 20, None));
    let lps = banc.connecte(SECRET_1).await;
    for _ in 0..5 {
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    }
    assert_eq!(banc.serveurs[0].nombre(JETON), 1);
    banc.horloge.avancer(SignedDuration::from_secs(11));
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    banc.serveurs[0].attendre(JETON, 2).await;
}

#[tokio::test]
async fn un_serveur_en_panne_ne_prive_pas_d_un_jeton_qui_vit_encore() {
    let banc = Banc::ouvrir().await;
    banc.serveurs[0].prochaine_json(JETON, 200, jeton("a1", 100, Some(("r1", 600))));
    let lps = banc.connecte(SECRET_1).await;
    banc.horloge.avancer(SignedDuration::from_secs(80));
    banc.serveurs[0].prochaine_json(JETON, 503, json!(null));
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    assert_eq!(banc.apis[0].recus("/rsc")[0].entete("authorization"), Some("Bearer a1"));
    banc.serveurs[0].attendre(JETON, 2).await;
    banc.horloge.avancer(SignedDuration::from_secs(30));
    banc.serveurs[0].prochaine_json(JETON, 503, json!(null));
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 503, "now it is dead");
}

#[tokio::test]
async fn userinfo_est_donne_a_qui_le_demande_quand_l_exploitant_le_permet() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    assert_eq!(lps.get("/userinfo").await.statut, 404, "off by default");

    let banc = Banc::regle(|config| config.psc.userinfo = true).await;
    assert_eq!(banc.lps().get("/userinfo").await.statut, 401);
    let lps = banc.connecte(SECRET_1).await;
    let reponse = lps.get("/userinfo").await;
    assert_eq!((reponse.statut, &reponse.json()["SubjectNameID"]), (200, &json!(PRO)));
    // PSC's token has died: it is renewed first.
    banc.horloge.avancer(SignedDuration::from_secs(121));
    assert_eq!(lps.get("/userinfo").await.statut, 200);
    for (nom, valeur) in
        [("sub", json!("f:autre")), ("sub", json!(null)), ("SubjectNameID", json!("899700000002"))]
    {
        let banc = Banc::regle(|config| config.psc.userinfo = true).await;
        let lps = banc.connecte(SECRET_1).await;
        banc.psc.profil(nom, valeur);
        assert_eq!(lps.get("/userinfo").await.statut, 502, "about somebody else: {nom}");
    }
}

#[tokio::test]
async fn des_jetons_psc_renouveles_pour_un_autre_finissent_la_session() {
    let cas = [
        ("id_token", "SubjectNameID", json!("899700000002")),
        ("id_token", "sub", json!("f:autre")),
        ("id_token", "iss", json!("https://psc.autre.example")),
        ("id_token", "aud", json!(SECRET_2)),
        ("id_token", "at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ("reponse", "token_type", json!("mac")),
        ("reponse", "id_token", json!("a.b.c")),
        ("reponse", "id_token", json!(null)),
        ("id_token", "acr", json!("eidas1")),
    ];
    for (rang, (ou, nom, valeur)) in cas.into_iter().enumerate() {
        let banc = Banc::regle(|config| config.apis[0].echange = Echange::PremierAppel).await;
        let lps = banc.connecte(SECRET_1).await;
        banc.horloge.avancer(SignedDuration::from_secs(121));
        if ou == "id_token" {
            banc.psc.revendication(nom, valeur);
        } else {
            banc.psc.membre(nom, valeur);
        }
        let reponse = lps.get("/send/backend-1/rsc").await;
        if rang >= 7 {
            assert_eq!(reponse.statut, 200, "{nom}: nothing wrong");
            continue;
        }
        assert_eq!((reponse.statut, &reponse.json()["message"]), (401, &json!("Session expired.")), "{nom}");
        assert_eq!(banc.serveurs[0].nombre(JETON), 0, "{nom}: goes nowhere");
        banc.psc.acteur.attendre(REVOKE, 1).await;
        assert_eq!(lps.get("/send/backend-2/rsc").await.statut, 401, "{nom}");
    }
}

#[tokio::test]
async fn deux_personnes_qui_approuvent_dans_l_autre_ordre_ont_chacune_leur_session() {
    let banc = Banc::ouvrir().await;
    banc.psc.approuver(&[]);
    banc.psc.rythme(json!(1), json!(100_000), 1);
    let demander = |qui: &'static str, rang| {
        let (mut lps, acteur) = (banc.lps(), banc.psc.acteur.clone());
        async move {
            acteur.attendre(CIBA, rang).await;
            (lps.connecter(SECRET_1, qui).await, lps)
        }
    };
    let (premiere, seconde) = ("899700000011", "899700000012");
    let mut attentes = [tokio::spawn(demander(premiere, 0)), tokio::spawn(demander(seconde, 1))];
    banc.psc.acteur.attendre(CIBA, 2).await;
    for (rang, qui) in [(1, seconde), (0, premiere)] {
        banc.psc.approuver(&[qui]);
        let (reponse, lps) = (&mut attentes[rang]).await.unwrap();
        assert_eq!(reponse.statut, 200);
        let etat = reponse.json()["session_state"].as_str().unwrap().to_owned();
        assert!(etat.starts_with(&format!("session-state-{qui}-")), "{qui}: {etat}");
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
        if rang == 1 {
            assert!(!attentes[0].is_finished(), "the first one still waits");
        }
    }
}

#[tokio::test]
async fn quitter_pendant_un_appel_n_en_laisse_partir_aucun_autre() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(SECRET_1).await;
    banc.apis[0].retenir().await;
    let partant = lps.clone();
    let appel = tokio::spawn(async move { partant.get("/send/backend-1/rsc").await });
    banc.apis[0].attendre("/rsc", 1).await;
    assert_eq!(lps.deconnecter().await.statut, 200);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 401);
    // Refused by the API: a read that would be made again, were the session still there.
    banc.apis[0].prochaine("/rsc", |_| jeton_refuse());
    banc.apis[0].relacher();
    assert_eq!(appel.await.unwrap().statut, 401);
    assert_eq!(banc.apis[0].nombre("/rsc"), 1);
    assert_eq!(banc.serveurs[0].nombre(JETON), 1, "no token for a session that is over");
}
