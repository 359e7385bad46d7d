//! Servers that hang, that can't be reached, or that show the wrong certificate: whoever asks is told, once, and nobody else
//! waits for it.

use futures::future::join_all;
use igc::{Algorithme, Demande, Usage};
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde_json::json;
use service::tls::Clients;
use service::{Arret, Identite, TlsServeur};

use crate::banc::{
    Acteur, Banc, Brute, CERTS, CIBA, Conduite, DECOUVERTE, Pki, SECRET_1, TOKEN, reponse_json,
};

const JETON: &str = "/token";

#[tokio::test]
async fn psc_qui_ne_repond_pas_est_attendu_une_fois_par_tous() {
    let banc = Banc::regle(|config| config.psc.delai_s = 1).await;
    banc.psc.acteur.retenir().await;
    let attentes = (0..12).map(|rang| {
        let mut lps = banc.lps();
        async move { lps.connecter(SECRET_1, &format!("8997{rang}")).await }
    });
    for reponse in join_all(attentes).await {
        assert_eq!((reponse.statut, reponse.corps.len(), reponse.cookie()), (504, 0, None));
    }
    assert_eq!(banc.psc.acteur.nombre(DECOUVERTE), 1, "one question, twelve answers");
    assert_eq!(banc.lps().connecter(SECRET_1, "8997").await.statut, 504, "for some seconds more");
    assert_eq!(banc.psc.acteur.nombre(DECOUVERTE), 1);
    banc.psc.acteur.relacher();
    banc.horloge.avancer(SignedDuration::from_secs(6));
    banc.connecte(SECRET_1).await;

    // The documents are there: what hangs is what is asked.
    banc.psc.acteur.retenir().await;
    assert_eq!(banc.lps().connecter(SECRET_1, "8997").await.statut, 504);
    assert_eq!(banc.psc.acteur.nombre(CIBA), 2);
}

#[tokio::test]
async fn un_document_de_psc_est_relu_apres_dix_minutes_et_sert_encore_une_heure_sinon() {
    let banc = Banc::ouvrir().await;
    let lus = || (banc.psc.acteur.nombre(DECOUVERTE), banc.psc.acteur.nombre(CERTS));
    let cas = [
        (9, false, 200, (1, 1), "still young"),
        (2, false, 200, (2, 2), "read again"),
        (30, true, 200, (3, 3), "can't be read again: the former one serves"),
        (0, true, 200, (3, 3), "and isn't asked for at once"),
        (1, false, 200, (4, 4), "read again as soon as it can be"),
        (61, true, 503, (5, 4), "too old to be believed"),
    ];
    banc.connecte(SECRET_1).await;
    for (minutes, malade, statut, attendu, quoi) in cas {
        banc.horloge.avancer(SignedDuration::from_mins(minutes));
        if malade && minutes > 0 {
            banc.psc.acteur.prochaine_json(DECOUVERTE, 503, json!(null));
            banc.psc.acteur.prochaine_json(CERTS, 503, json!(null));
        }
        let reponse = banc.lps().connecter(SECRET_1, "899700000001").await;
        assert_eq!((reponse.statut, lus()), (statut, attendu), "{quoi}");
    }
}

#[tokio::test]
async fn un_serveur_d_autorisation_muet_est_un_504_et_un_absent_un_503() {
    let ferme = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (absent, statut) in [(false, 504), (true, 503)] {
        let banc = Banc::regle(move |config| {
            config.apis[0].delai_reponse_s = 1;
            if absent {
                config.apis[0].jeton_url = format!("https://localhost:{ferme}/token").parse().unwrap();
            }
        })
        .await;
        banc.serveurs[0].retenir().await;
        let debut = banc.maintenant();
        let reponse = banc.lps().connecter(SECRET_1, "899700000001").await;
        assert_eq!((reponse.statut, reponse.corps.len(), reponse.cookie()), (statut, 0, None));
        assert_eq!(banc.traces(debut).await[0]["type"], "CONNECT_FAILURE");
        banc.serveurs[1].attendre("/revoke", 2).await;
        banc.psc.acteur.attendre("/revoke", 1).await;
    }
}

#[tokio::test]
async fn un_serveur_d_autorisation_muet_ne_fait_pas_la_queue() {
    let banc = Banc::regle(|config| config.apis[0].delai_reponse_s = 1).await;
    let corps =
        json!({"access_token": "a1", "expires_in": 100, "token_type": "Bearer", "refresh_token": "r1"});
    banc.serveurs[0].prochaine_json(JETON, 200, corps);
    let lps = banc.connecte(SECRET_1).await;
    banc.serveurs[0].retenir().await;

    // Near its end it still lives: everybody goes on with it while one asks.
    banc.horloge.avancer(SignedDuration::from_secs(80));
    let appels = join_all((0..20).map(|_| lps.get("/send/backend-1/rsc"))).await;
    assert!(appels.iter().all(|reponse| reponse.statut == 200));
    let porteurs = banc.apis[0].recus("/rsc");
    assert!(porteurs.iter().all(|recu| recu.entete("authorization") == Some("Bearer a1")));
    banc.serveurs[0].attendre(JETON, 2).await;

    // Dead: whoever asks hears the same failure.
    banc.horloge.avancer(SignedDuration::from_secs(21));
    let appels = join_all((0..20).map(|_| lps.get("/send/backend-1/rsc"))).await;
    assert!(appels.iter().all(|reponse| reponse.statut == 504));
    assert!(banc.serveurs[0].nombre(JETON) <= 3, "twenty calls, one question");
    assert_eq!(lps.get("/send/backend-2/rsc").await.statut, 200, "another API isn't concerned");
    banc.serveurs[0].relacher();
    banc.horloge.avancer(SignedDuration::from_secs(6));
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
}

#[tokio::test]
async fn psc_malade_pendant_les_sondages_n_est_pas_une_personne_qui_n_a_pas_approuve() {
    for (statut, retour, attendu) in [(500, None, 502), (503, None, 503), (503, Some("86400"), 503)] {
        let banc = Banc::ouvrir().await;
        banc.psc.rythme(json!(1), json!(6), usize::MAX / 4);
        for _ in 0..10 {
            banc.psc.acteur.prochaine(TOKEN, move |_| {
                let mut reponse = reponse_json(statut, &json!(null));
                if let Some(retour) = retour {
                    reponse.headers_mut().insert("retry-after", retour.parse().unwrap());
                }
                reponse
            });
        }
        let reponse = banc.lps().connecter(SECRET_1, "899700000001").await;
        assert_eq!((reponse.statut, reponse.corps.len()), (attendu, 0), "{statut} {retour:?}");
    }
    // Silent from the first poll on.
    let banc = Banc::ouvrir().await;
    banc.psc.rythme(json!(1), json!(2), usize::MAX / 4);
    let mut lps = banc.lps();
    let acteur = banc.psc.acteur.clone();
    let (reponse, ()) = tokio::join!(lps.connecter(SECRET_1, "899700000001"), async {
        acteur.attendre(CIBA, 1).await;
        acteur.retenir().await;
    });
    assert_eq!(reponse.statut, 504);
    // Ill, then well: nobody approved, and that is what is said.
    let banc = Banc::ouvrir().await;
    banc.psc.rythme(json!(1), json!(6), usize::MAX / 4);
    banc.psc.acteur.prochaine_json(TOKEN, 503, json!(null));
    assert_eq!(banc.lps().connecter(SECRET_1, "899700000001").await.statut, 401);
}

#[tokio::test]
async fn psc_qui_freine_est_un_503_et_dit_quand_revenir() {
    let banc = Banc::ouvrir().await;
    banc.psc.acteur.prochaine(CIBA, |_| {
        let mut reponse = reponse_json(429, &json!(null));
        reponse.headers_mut().insert("retry-after", "10".parse().unwrap());
        reponse
    });
    let reponse = banc.lps().connecter(SECRET_1, "899700000001").await;
    assert_eq!((reponse.statut, reponse.entete("retry-after"), reponse.cookie()), (503, Some("10"), None));
    banc.connecte(SECRET_1).await;
}

#[tokio::test]
async fn une_rafale_de_connexions_n_en_ouvre_pas_autant_vers_psc() {
    const RAFALE: usize = 300;
    let banc = Banc::regle(|config| {
        config.limites.connects_adresse_minute = 0;
        config.limites.connects_client_minute = 0;
        config.limites.connects_personne_minute = 0;
        config.limites.attentes_max = RAFALE;
    })
    .await;
    banc.connecte(SECRET_1).await;
    banc.psc.acteur.retenir().await;
    let rafale = (0..RAFALE).map(|_| {
        let mut lps = banc.lps();
        async move { lps.connecter(SECRET_1, "899700000001").await.statut }
    });
    let ((), statuts) = tokio::join!(
        async {
            banc.psc.acteur.attendre(CIBA, 257).await;
            banc.psc.acteur.relacher();
        },
        join_all(rafale),
    );
    assert!(statuts.iter().all(|statut| *statut == 200), "{statuts:?}");
    let liens: std::collections::HashSet<u16> =
        banc.psc.acteur.recus(CIBA).iter().map(|recu| recu.port).collect();
    assert!(liens.len() <= 257, "{} connections for {RAFALE} calls", liens.len());
}

/// A server whose certificate is for `nom`, valid until `fin` hours from now.
fn mal_certifie(pki: &Pki, nom: &str, fin: i64) -> TlsServeur {
    let le = service::Horloge::systeme().maintenant();
    let demande = Demande {
        cn: nom.to_owned(),
        ou: None,
        organisation: None,
        noms_dns: vec![nom.to_owned()],
        adresses_ip: Vec::new(),
        usage: Usage::Serveur,
        debut: le - SignedDuration::from_mins(50),
        fin: le + SignedDuration::from_mins(fin),
        algorithme: Algorithme::P256,
    };
    let certificat = pki.autorite.emettre(&demande).unwrap();
    let identite = Identite::depuis_pem(&certificat.cert_pem, certificat.cle_pem.expose_secret()).unwrap();
    TlsServeur::nouveau(identite, Clients::Aucun).unwrap()
}

#[tokio::test]
async fn un_certificat_au_mauvais_nom_ou_fini_ne_recoit_aucune_requete() {
    for (nom, fin) in [("autre.example", 600), ("localhost", -10)] {
        let (pki, arret) = (Pki::nouvelle(), Arret::new());
        let mut faux = Vec::new();
        for _ in 0..3 {
            let repondre = |_: &_| reponse_json(200, &json!({}));
            faux.push(Acteur::demarrer(mal_certifie(&pki, nom, fin), &arret, Box::new(repondre)).await);
        }
        let [psc, serveur, api] = [0, 1, 2].map(|rang: usize| faux[rang].url.clone());
        // An API, asked when it is called.
        let url = api.clone();
        let banc = Banc::avec(pki, move |config| {
            config.apis[0].url = url.parse().unwrap();
            config.apis[1].jeton_url = format!("{serveur}/token").parse().unwrap();
            config.apis[1].obligatoire = false;
        })
        .await;
        let lps = banc.connecte(SECRET_1).await;
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 502, "{nom}");
        assert!([502, 503].contains(&lps.get("/send/backend-2/rsc").await.statut), "{nom}");
        let voisin = banc
            .voisin(|config| {
                config.traces.journal.dossier = config.traces.journal.dossier.join("b");
                config.psc.decouverte = format!("{psc}/.well-known/openid-configuration").parse().unwrap();
            })
            .await;
        let reponse = banc.lps_de(&voisin, &banc.lps()).connecter(SECRET_1, "899700000001").await;
        assert!([502, 503].contains(&reponse.statut), "{nom}: {}", reponse.statut);
        assert!(faux.iter().all(|acteur| acteur.nombre("") == 0), "{nom}: not a byte of a request");
        arret.demander();
    }
}

#[tokio::test]
async fn une_connexion_gardee_que_l_api_a_fermee_ne_coute_aucun_appel() {
    let pki = Pki::nouvelle();
    let api = Brute::demarrer(pki.serveur(Clients::Aucun), Conduite::Ferme).await;
    let url = api.url.clone();
    let banc = Banc::avec(pki, move |config| config.apis[0].url = url.parse().unwrap()).await;
    let lps = banc.connecte(SECRET_1).await;
    for appels in 1..=5 {
        // A write: were it sent on the dead connection, nobody could make it again.
        assert_eq!(lps.demander("POST", "/send/backend-1/rsc").await.statut, 200);
        assert_eq!(api.requetes(), appels, "written once");
        api.fermees(appels).await;
    }
}
