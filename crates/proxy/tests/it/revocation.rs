//! Certificates that were revoked: of the servers that the proxy calls, and of the software that calls it.

use igc::{Certificat, Usage};
use secrecy::ExposeSecret as _;
use serde_json::json;
use service::Arret;
use service::tls::Clients;

use crate::banc::{Acteur, Banc, CIBA, PRO, Pki, SECRET_1, reponse_json};

/// An API under a certificate of its own.
async fn api(certificat: &Certificat, arret: &Arret) -> Acteur {
    let tls = Pki::serveur_sous(certificat, Clients::Aucun);
    Acteur::demarrer(tls, arret, Box::new(|_| reponse_json(200, &json!({})))).await
}

#[tokio::test]
async fn une_api_revoquee_est_refusee_des_que_la_liste_le_dit() {
    let (pki, arret) = (Pki::nouvelle(), Arret::new());
    let certificat = pki.emettre("localhost", Usage::Serveur, 90);
    let api = api(&certificat, &arret).await;
    let (url, liste) = (api.url.clone(), pki.lister("api.crl", &[], 24));
    let banc = Banc::avec(pki, move |config| {
        config.apis[0].url = url.parse().unwrap();
        config.apis[0].crl = vec![liste];
    })
    .await;
    let lps = banc.connecte(SECRET_1).await;
    for _ in 0..4 {
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    }
    let ports: std::collections::HashSet<_> = api.recus("").iter().map(|recu| recu.port).collect();
    assert!(ports.len() <= 2, "connections are kept while the list is the same: {ports:?}");

    // Revoked: neither a kept connection nor a resumed session gets through.
    banc.pki.lister("api.crl", &[&certificat], 24);
    banc.poignee.relire_certificats();
    for _ in 0..4 {
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 502);
    }
    assert_eq!(api.nombre(""), 4);
    assert_eq!(lps.get("/send/backend-2/rsc").await.statut, 200, "another API has no list");

    // A file that can't be used changes nothing; a new list does.
    std::fs::write(banc.pki.dossier.path().join("api.crl"), "abîmée").unwrap();
    banc.poignee.relire_certificats();
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 502);
    banc.pki.lister("api.crl", &[], 24);
    banc.poignee.relire_certificats();
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    arret.demander();
}

#[tokio::test]
async fn une_liste_perimee_ou_d_une_autre_autorite_ne_vaut_rien() {
    let autre = Pki::nouvelle();
    let etrangere = autre.lister("etrangere.crl", &[], 24);
    let pki = Pki::nouvelle();
    let (perimee, bonne) = (pki.lister("perimee.crl", &[], -1), pki.lister("bonne.crl", &[], 24));
    let listes = [vec![perimee], vec![etrangere.clone()], vec![bonne, etrangere], Vec::new()];
    let banc = Banc::avec(pki, move |config| {
        for (api, liste) in config.apis.iter_mut().zip(listes) {
            api.crl = liste;
            api.obligatoire = false;
        }
        config.apis[3].url = config.apis[1].url.clone();
    })
    .await;
    // Their authorization servers are refused for the same reason: no token is asked for over such a connection.
    let lps = banc.connecte(SECRET_1).await;
    for (api, statut) in [("backend-1", 502), ("backend-2", 502), ("backend-4", 200)] {
        assert_eq!(lps.get(&format!("/send/{api}/rsc")).await.statut, statut, "{api}");
    }
    assert_eq!((banc.serveurs[0].nombre(""), banc.serveurs[1].nombre("")), (0, 0));
    assert!(banc.serveurs[2].nombre("/token") >= 1, "the list that is good is found among others");
}

#[tokio::test]
async fn psc_revoque_n_entend_rien() {
    let pki = Pki::nouvelle();
    let liste = pki.lister("psc.crl", &[], 24);
    let banc = Banc::avec(pki, move |config| config.psc.crl = vec![liste]).await;
    assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 200);
    let avant = banc.psc.acteur.nombre("");
    banc.pki.lister("psc.crl", &[], -1);
    banc.poignee.relire_certificats();
    let reponse = banc.lps().connecter(SECRET_1, PRO).await;
    assert_eq!((reponse.statut, reponse.corps.len()), (502, 0));
    assert_eq!(banc.psc.acteur.nombre(""), avant, "not even by a connection of before");
    banc.pki.lister("psc.crl", &[], 24);
    banc.poignee.relire_certificats();
    assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 200);
    assert_eq!(banc.psc.acteur.nombre(CIBA), 2);
}

#[tokio::test]
async fn un_logiciel_revoque_n_entre_plus() {
    let pki = Pki::nouvelle();
    let (certificat, ca) = (pki.emettre("auditeur", Usage::Client, 30), pki.ca());
    let liste = pki.lister("logiciels.crl", &[], 24);
    let banc = Banc::avec(pki, move |config| {
        config.profil = proxy::config::Profil::Production;
        config.autorites_clients = Some(ca);
        config.crl_clients = vec![liste];
        config.traces.lecteurs = vec!["auditeur".to_owned()];
    })
    .await;
    let pem = format!("{}{}", certificat.cert_pem, certificat.cle_pem.expose_secret());
    let lire = async || {
        let delai = std::time::Duration::from_secs(30);
        let ca = Some(banc.pki.autorite.cert_pem());
        let http = service::client_http::client_avec_identite(ca, &pem, delai).unwrap();
        let reponse = http.get(format!("{}/traces?start=2020-01-01T00:00:00Z", banc.url)).send().await;
        reponse.map(|reponse| reponse.status().as_u16()).ok()
    };
    assert_eq!(lire().await, Some(200));
    banc.pki.lister("logiciels.crl", &[&certificat], 24);
    banc.poignee.relire_certificats();
    assert_eq!(lire().await, None, "the handshake fails");
    assert_eq!(
        banc.lps().get("/check/alive").await.statut,
        200,
        "who shows no certificate is not asked for one"
    );
    banc.pki.lister("logiciels.crl", &[], 24);
    banc.poignee.relire_certificats();
    assert_eq!(lire().await, Some(200));
}

#[tokio::test]
async fn une_liste_illisible_empeche_de_demarrer_et_check_config_le_dit() {
    let pki = Pki::nouvelle();
    let chemin = pki.dossier.path().join("pas-une.crl");
    std::fs::write(&chemin, pki.autorite.cert_pem()).unwrap();
    let banc = Banc::ouvrir().await;
    for cible in 0..3 {
        let mut config = banc.config.clone();
        match cible {
            0 => config.psc.crl = vec![chemin.clone()],
            1 => config.apis[1].crl = vec![chemin.clone()],
            _ => (config.autorites_clients, config.crl_clients) = (Some(pki.ca()), vec![chemin.clone()]),
        }
        let faute = proxy::verifier(&config).unwrap_err().to_string();
        assert!(faute.contains("pas-une.crl") && faute.contains("liste de révocation"), "{faute}");
    }
}
