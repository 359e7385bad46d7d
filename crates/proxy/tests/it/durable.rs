//! Sessions that outlive the process, and those that several nodes share.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use igc::Usage;
use jiff::SignedDuration;
use proxy::Proxy;
use proxy::config::Config;
use secrecy::ExposeSecret as _;
use service::tls::Clients;
use service::{Alea, Arret};
use test_support::redis::{Redis, Tls};

use crate::banc::{Banc, LOGOUT, Lps, MTLS, PRO, Pki, SECRET_1, TOKEN, Voisin, reponse_json};

const ECHANGE: &str = "/token";
const REVOCATION: &str = "/revoke";

fn cle(graine: u64) -> String {
    BASE64_STANDARD.encode(Alea::graine(graine).octets::<32>())
}

/// The bearer that an API received last.
fn porteur(banc: &Banc, api: usize) -> String {
    let recus = banc.apis[api].recus("/rsc");
    recus.last().and_then(|recu| recu.entete("authorization").map(str::to_owned)).unwrap_or_default()
}

/// A call whose token the API says is no good; the next call will ask for another.
async fn refuser_le_jeton(banc: &Banc, lps: &Lps) -> u16 {
    banc.apis[0].prochaine("/rsc", |_| {
        let mut reponse = reponse_json(401, &serde_json::Value::Null);
        let raison = "Bearer error=\"invalid_token\"".parse().unwrap();
        reponse.headers_mut().insert("www-authenticate", raison);
        reponse
    });
    // A read would be made again with another token.
    lps.demander("POST", "/send/backend-1/rsc").await.statut
}

fn contenu(dossier: &Path) -> Vec<u8> {
    let noms = ["sessions.db", "sessions.db-wal"];
    noms.iter().flat_map(|nom| std::fs::read(dossier.join(nom)).unwrap_or_default()).collect()
}

#[tokio::test]
async fn une_session_survit_a_un_redemarrage_et_sa_fin_aussi() {
    let mut banc = Banc::ouvrir().await;
    let (lps, partie) = (banc.connecte(MTLS).await, banc.connecte(SECRET_1).await);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    let avant = porteur(&banc, 0);
    assert_eq!(partie.deconnecter().await.statut, 200);
    let echanges = banc.serveurs[0].nombre(ECHANGE);
    banc.arreter().await;

    let voisin = banc.voisin(|_| {}).await;
    let (lps, partie) = (banc.lps_de(&voisin, &lps), banc.lps_de(&voisin, &partie));
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    assert_eq!(porteur(&banc, 0), avant, "the very same token");
    assert_eq!(banc.serveurs[0].nombre(ECHANGE), echanges, "nothing is asked again");
    assert_eq!(lps.get("/send/backend-3/rsc").await.statut, 200, "with the certificate of its client");
    assert_eq!(lps.clone().connecter(MTLS, PRO).await.statut, 304);
    assert_eq!(partie.get("/send/backend-1/rsc").await.statut, 401);
    assert_eq!(lps.deconnecter().await.statut, 200);
    assert_eq!(banc.psc.acteur.nombre(LOGOUT), 2);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 401);
}

#[tokio::test]
async fn ce_qui_est_garde_ne_montre_rien() {
    let banc = Banc::ouvrir().await;
    let lps = banc.connecte(MTLS).await;
    lps.get("/send/backend-1/rsc").await;
    let dossier = banc.config.traces.journal.dossier.clone();
    for nom in ["sessions.db", "sessions.db-wal", "sessions.cles"] {
        let mode = std::fs::metadata(dossier.join(nom)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{nom}");
    }
    let garde = contenu(&dossier);
    assert!(garde.len() > 4_096, "the session is there");
    let jeton = porteur(&banc, 0).replace("Bearer ", "");
    for secret in [lps.cookie.as_deref().unwrap(), &jeton, PRO, "session-state", "as1-", MTLS] {
        assert!(!secret.is_empty());
        assert!(!garde.windows(secret.len()).any(|fenetre| fenetre == secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn un_jeton_renouvele_est_garde_avant_de_servir() {
    let mut banc = Banc::ouvrir().await;
    let lps = banc.connecte(MTLS).await;
    // The API's token is refused; PSC's, which has died, is renewed on the way to a new exchange.
    banc.horloge.avancer(SignedDuration::from_secs(1_395));
    let echanges = banc.serveurs[0].nombre(ECHANGE);
    assert_eq!(refuser_le_jeton(&banc, &lps).await, 401);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    assert_eq!(banc.serveurs[0].nombre(ECHANGE) - echanges, 1);
    let (avant, psc) = (porteur(&banc, 0), banc.psc.acteur.nombre(TOKEN));
    banc.arreter().await;

    let voisin = banc.voisin(|_| {}).await;
    let lps = banc.lps_de(&voisin, &lps);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    assert_eq!((porteur(&banc, 0), banc.psc.acteur.nombre(TOKEN)), (avant, psc));
}

#[tokio::test]
async fn un_jeton_court_reste_frais_apres_un_redemarrage() {
    let mut banc = Banc::ouvrir().await;
    let corps = serde_json::json!({"access_token": "a1", "expires_in": 20, "token_type": "Bearer"});
    banc.serveurs[0].prochaine_json(ECHANGE, 200, corps);
    let lps = banc.connecte(MTLS).await;
    banc.arreter().await;
    let voisin = banc.voisin(|_| {}).await;
    let lps = banc.lps_de(&voisin, &lps);
    for _ in 0..3 {
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
        assert_eq!(porteur(&banc, 0), "Bearer a1");
    }
    assert_eq!(banc.serveurs[0].nombre(ECHANGE), 1);
}

#[tokio::test]
async fn une_session_morte_pendant_l_arret_est_finie_et_ses_jetons_revoques() {
    let mut banc = Banc::ouvrir().await;
    let (muette, vieille) = (banc.connecte(MTLS).await, banc.connecte(SECRET_1).await);
    banc.arreter().await;
    banc.horloge.avancer(SignedDuration::from_secs(1_700));
    let mut voisin = banc.voisin(|_| {}).await;
    let vieille = banc.lps_de(&voisin, &vieille);
    assert_eq!(vieille.get("/send/backend-1/rsc").await.statut, 200);
    // The last use is kept by the rounds, and once more by the stop.
    voisin.poignee.balayer().await;
    voisin.arret.demander();
    (&mut voisin.fin).await.unwrap();
    assert!(voisin.arret.termine(std::time::Duration::from_mins(1)).await);

    banc.horloge.avancer(SignedDuration::from_secs(1_000));
    let voisin = banc.voisin(|_| {}).await;
    let (muette, vieille) = (banc.lps_de(&voisin, &muette), banc.lps_de(&voisin, &vieille));
    assert_eq!(muette.get("/send/backend-1/rsc").await.statut, 401, "silent for 2,700 s");
    assert_eq!(vieille.get("/send/backend-1/rsc").await.statut, 200, "silent for 1,000 s");
    let avant = banc.serveurs[0].nombre(REVOCATION);
    voisin.poignee.balayer().await;
    banc.serveurs[0].attendre(REVOCATION, avant + 2).await;
    assert_eq!(banc.psc.acteur.nombre(LOGOUT), 0);
}

#[tokio::test]
async fn les_cles_se_remplacent_sans_perdre_de_session() {
    let mut banc = Banc::ouvrir().await;
    let lps = banc.connecte(MTLS).await;
    let cles = banc.config.traces.journal.dossier.join("sessions.cles");
    let ancienne = std::fs::read_to_string(&cles).unwrap();
    for (contenu, statut) in
        [(format!("{}\n{ancienne}", cle(1)), 200), (cle(1), 401), (format!("{}\n{ancienne}", cle(2)), 200)]
    {
        banc.arreter().await;
        std::fs::write(&cles, contenu).unwrap();
        let mut voisin = banc.voisin(|_| {}).await;
        let reponse = banc.lps_de(&voisin, &lps).get("/send/backend-1/rsc").await;
        assert_eq!(reponse.statut, statut, "a session whose key is away is not lost");
        voisin.arret.demander();
        (&mut voisin.fin).await.unwrap();
        assert!(voisin.arret.termine(std::time::Duration::from_mins(1)).await);
        banc.fin = tokio::spawn(async {});
    }
}

/// Two nodes on one Redis, and an LPS connected to the first as it shows itself to the second.
pub(crate) async fn deux_noeuds(redis: &Redis) -> (Banc, Voisin, Lps, Lps) {
    let url = redis.url();
    let banc = Banc::regle(move |config| partager(config, &url)).await;
    let voisin = banc
        .voisin(|config| {
            config.traces.journal.dossier = config.traces.journal.dossier.join("b");
        })
        .await;
    let lps = banc.connecte(MTLS).await;
    let autre = banc.lps_de(&voisin, &lps);
    (banc, voisin, lps, autre)
}

pub(crate) fn partager(config: &mut Config, url: &str) {
    let dossier = config.traces.journal.dossier.parent().unwrap().to_owned();
    let cles = dossier.join("partagees.cles");
    std::fs::write(&cles, cle(7)).unwrap();
    config.depot.base = Some(url.into());
    config.depot.cles = Some(cles);
}

#[tokio::test]
async fn chaque_noeud_sert_chaque_session_et_en_apprend_la_fin() {
    let Some(redis) = Redis::demarrer() else { return };
    let (banc, voisin, lps, autre) = deux_noeuds(&redis).await;
    assert_eq!(autre.get("/send/backend-1/rsc").await.statut, 200);
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    assert_eq!(autre.clone().connecter(MTLS, PRO).await.statut, 304);
    assert_eq!(banc.serveurs[0].nombre(ECHANGE), 1);

    // Ended here, ended there: pushed, not asked for.
    assert_eq!(autre.deconnecter().await.statut, 200);
    while lps.get("/send/backend-1/rsc").await.statut != 401 {
        tokio::task::yield_now().await;
    }
    assert_eq!(lps.deconnecter().await.statut, 401);
    assert_eq!(banc.psc.acteur.nombre(LOGOUT), 1);

    // Two who leave at once: one leaves.
    let lps = banc.connecte(MTLS).await;
    let autre = banc.lps_de(&voisin, &lps);
    assert_eq!(autre.get("/send/backend-1/rsc").await.statut, 200);
    let (a, b) = tokio::join!(lps.deconnecter(), autre.deconnecter());
    let mut statuts = [a.statut, b.statut];
    statuts.sort_unstable();
    assert_eq!((statuts, banc.psc.acteur.nombre(LOGOUT)), ([200, 401], 2));
}

#[tokio::test]
async fn un_jeton_est_renouvele_une_fois_pour_tous_les_noeuds() {
    let Some(redis) = Redis::demarrer() else { return };
    let (banc, _voisin, lps, autre) = deux_noeuds(&redis).await;
    assert_eq!(autre.get("/send/backend-1/rsc").await.statut, 200);
    let avant = banc.serveurs[0].nombre(ECHANGE);
    for lps in [&lps, &autre] {
        assert_eq!(refuser_le_jeton(&banc, lps).await, 401);
    }
    let (a, b) = tokio::join!(lps.get("/send/backend-1/rsc"), autre.get("/send/backend-1/rsc"));
    assert_eq!((a.statut, b.statut), (200, 200));
    assert_eq!(banc.serveurs[0].nombre(ECHANGE) - avant, 1, "one renewal");
    let jetons: Vec<_> = banc.apis[0].recus("/rsc");
    let derniers: Vec<_> = jetons.iter().rev().take(2).map(|recu| recu.entete("authorization")).collect();
    assert_eq!(derniers[0], derniers[1]);
}

#[tokio::test]
async fn une_session_muette_finit_une_fois_selon_ce_que_tous_ont_vu() {
    let Some(redis) = Redis::demarrer() else { return };
    let (banc, mut voisin, lps, autre) = deux_noeuds(&redis).await;
    assert_eq!(autre.get("/send/backend-1/rsc").await.statut, 200);
    banc.horloge.avancer(SignedDuration::from_secs(1_000));
    assert_eq!(autre.get("/send/backend-1/rsc").await.statut, 200);
    voisin.poignee.balayer().await;
    banc.horloge.avancer(SignedDuration::from_secs(1_000));
    // This node saw nothing for 2,000 s; the other one did.
    banc.poignee.balayer().await;
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    banc.horloge.avancer(SignedDuration::from_secs(2_000));
    tokio::join!(banc.poignee.balayer(), voisin.poignee.balayer());
    banc.serveurs[0].attendre(REVOCATION, 2).await;
    voisin.arret.demander();
    (&mut voisin.fin).await.unwrap();
    assert!(voisin.arret.termine(std::time::Duration::from_mins(1)).await);
    let revoques: Vec<_> =
        banc.serveurs[0].recus(REVOCATION).iter().map(|recu| recu.champ("token")).collect();
    let distincts: std::collections::BTreeSet<_> = revoques.iter().collect();
    assert!(!revoques.is_empty() && revoques.len() == distincts.len(), "each token once: {revoques:?}");
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 401);
}

#[tokio::test]
async fn sans_redis_on_ne_sait_pas_et_on_le_dit() {
    let Some(mut redis) = Redis::demarrer() else { return };
    let (_banc, _voisin, lps, autre) = deux_noeuds(&redis).await;
    assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
    redis.tuer();
    for lps in [&lps, &autre] {
        while lps.get("/send/backend-1/rsc").await.statut != 503 {
            tokio::task::yield_now().await;
        }
    }
    redis.relancer();
    // It kept nothing: the session is no more, and that can be said again.
    for lps in [&lps, &autre] {
        while lps.get("/send/backend-1/rsc").await.statut != 401 {
            tokio::task::yield_now().await;
        }
    }
}

type Changement = Box<dyn Fn(&mut Config)>;

#[tokio::test]
async fn un_redis_en_tls_est_celui_de_son_autorite_et_veut_notre_certificat() {
    let pki = Pki::nouvelle();
    let emis = pki.emettre("localhost", Usage::Serveur, 90);
    let (certificat, cle_redis) =
        (pki.dossier.path().join("redis.pem"), pki.dossier.path().join("redis.key"));
    std::fs::write(&certificat, &emis.cert_pem).unwrap();
    std::fs::write(&cle_redis, emis.cle_pem.expose_secret()).unwrap();
    let (client, cle_client) = pki.ecrire("noeud", 90);
    let autorite = pki.ca();
    let Some(redis) = Redis::tls(&Tls { certificat: &certificat, cle: &cle_redis, autorite: &autorite })
    else {
        return;
    };
    let (url, ca) = (redis.url(), autorite.clone());
    assert!(url.starts_with("rediss://"));
    let banc = Banc::avec(pki, move |config| {
        partager(config, &url);
        config.depot.autorite = Some(ca);
        config.depot.certificat = Some(client);
        config.depot.certificat_cle = Some(cle_client);
    })
    .await;
    let voisin =
        banc.voisin(|config| config.traces.journal.dossier = config.traces.journal.dossier.join("b")).await;
    let lps = banc.connecte(MTLS).await;
    assert_eq!(banc.lps_de(&voisin, &lps).get("/send/backend-1/rsc").await.statut, 200);
    assert!(proxy::verifier(&banc.config).is_ok());

    let inconnue = Pki::nouvelle();
    let cas: [(&str, Changement); 3] = [
        (
            "the authority of somebody else",
            Box::new(move |config| config.depot.autorite = Some(inconnue.ca())),
        ),
        ("the system's authorities", Box::new(|config| config.depot.autorite = None)),
        (
            "no certificate of ours",
            Box::new(|config| {
                config.depot.certificat = None;
                config.depot.certificat_cle = None;
            }),
        ),
    ];
    for (rang, (quoi, changement)) in cas.iter().enumerate() {
        let mut config = banc.config.clone();
        config.traces.journal.dossier = config.traces.journal.dossier.join(format!("c{rang}"));
        changement(&mut config);
        let tls = banc.pki.serveur(Clients::Aucun);
        let ouvert = Proxy::ouvrir(config, tls, banc.horloge.clone(), Alea::systeme(), Arret::new()).await;
        assert!(matches!(ouvert, Err(proxy::Erreur::Depot(_))), "{quoi}");
    }
    let mut config = banc.config.clone();
    config.depot.certificat_cle = Some(autorite);
    assert!(proxy::verifier(&config).is_err(), "a key that is none is seen without connecting");
    config.depot.certificat_cle = None;
    config.depot.certificat = None;
    config.depot.cles = Some("nulle-part".into());
    assert!(proxy::verifier(&config).is_err(), "nodes that share need the keys to be there");
}

#[tokio::test]
async fn une_session_de_trop_est_refusee_et_ses_jetons_rendus() {
    let banc = Banc::regle(|config| config.depot.sessions_max = 1).await;
    let premiere = banc.connecte(MTLS).await;
    let debut = banc.maintenant();
    let refus = banc.lps().connecter(SECRET_1, PRO).await;
    assert_eq!((refus.statut, refus.cookie()), (503, None));
    // What was obtained is given back.
    banc.serveurs[0].attendre(REVOCATION, 2).await;
    let traces = banc.traces(debut).await;
    assert_eq!((traces.len(), &traces[0]["type"]), (1, &"CONNECT_FAILURE".into()));
    assert_eq!(premiere.deconnecter().await.statut, 200);
    assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 200);
}
