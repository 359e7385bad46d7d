//! Certificates on disk: read again when they change, announced before their end; and what else a day brings.

use jiff::SignedDuration;
use service::Arret;

use crate::banc::{Banc, MTLS, MTLS_2, PRO, Pki, SECRET_1};
use crate::exploitation::{alertes, puits};
use crate::surveillance::dites;

#[tokio::test]
async fn un_certificat_pres_de_sa_fin_est_annonce_une_fois_par_jour_meme_sans_relecture() {
    for relecture in [0, 60] {
        let (pki, arret) = (Pki::nouvelle(), Arret::new());
        let (puits, regler) = puits(&pki, &arret).await;
        let banc = Banc::avec(pki, move |config| {
            regler(config);
            config.relecture_certificats_s = relecture;
        })
        .await;
        // Ninety days, sixty before the end; then half a day, then another.
        for heures in [1, 30 * 24, 1, 10, 14, 1] {
            banc.horloge.avancer(SignedDuration::from_hours(heures));
            for _ in 0..3 {
                banc.poignee.veiller().await;
            }
        }
        // One more thing to hear, after all that there may be.
        std::fs::write(banc.pki.dossier.path().join("proxy.key"), "abime").unwrap();
        banc.poignee.relire_certificats();
        let vues = alertes(&puits, 7).await;
        let mut suite: Vec<_> = dites(&vues);
        assert_eq!(suite.pop(), Some(("certificat_illisible", "serveur", true)));
        for jour in suite.chunks_mut(3) {
            jour.sort_unstable();
            assert_eq!(jour, [MTLS, MTLS_2, "serveur"].map(|cible| ("certificat_bientot_fini", cible, true)));
        }
        assert_eq!(suite.len(), 6);
        arret.demander();
    }
}

/// The certificate that a new connection is shown.
async fn montre(banc: &Banc) -> Vec<u8> {
    let autorites = reqwest::Certificate::from_pem_bundle(banc.pki.autorite.cert_pem().as_bytes()).unwrap();
    let http =
        reqwest::Client::builder().tls_certs_only(autorites).no_proxy().tls_info(true).build().unwrap();
    let reponse = http.get(format!("{}/check/alive", banc.url)).send().await.unwrap();
    let vu = reponse.extensions().get::<reqwest::tls::TlsInfo>().unwrap();
    vu.peer_certificate().unwrap().to_vec()
}

#[tokio::test]
async fn les_certificats_du_serveur_et_des_clients_sont_relus_chaque_minute() {
    let banc = Banc::ouvrir().await;
    let minute = async || {
        banc.horloge.avancer(SignedDuration::from_secs(61));
        banc.poignee.veiller().await;
    };
    minute().await;
    let premier = montre(&banc).await;
    let (certificat, _) = banc.pki.ecrire_serveur(80);
    assert_eq!(montre(&banc).await, premier, "not read yet");
    minute().await;
    let second = montre(&banc).await;
    assert_ne!(second, premier);
    std::fs::write(certificat, "abime").unwrap();
    minute().await;
    assert_eq!(montre(&banc).await, second, "a file that can't be used changes nothing");

    // The same certificate with another chain is another thing to show.
    let ancienne = banc.connecte(MTLS).await;
    assert_eq!(ancienne.get("/send/backend-3/rsc").await.statut, 200);
    let client = banc.pki.dossier.path().join(format!("{MTLS}.pem"));
    let chaine = format!("{}{}", std::fs::read_to_string(&client).unwrap(), banc.pki.autorite.cert_pem());
    std::fs::write(&client, chaine).unwrap();
    minute().await;
    assert_eq!(banc.connecte(MTLS).await.get("/send/backend-3/rsc").await.statut, 200);
    assert_eq!(ancienne.get("/send/backend-3/rsc").await.statut, 200);
    let chaines: Vec<_> = banc.apis[2].recus("/rsc").iter().map(|recu| recu.chaine).collect();
    assert_eq!(chaines, [1, 2, 1], "a session keeps what it began with");
}

#[tokio::test]
async fn chaque_jour_ce_qui_est_trop_vieux_s_efface() {
    let banc = Banc::ouvrir().await;
    let debut = banc.maintenant();
    banc.poignee.veiller().await;
    banc.connecte(SECRET_1).await;
    banc.horloge.avancer(SignedDuration::from_hours(24 * 150));
    assert_eq!(banc.lps().connecter(SECRET_1, PRO).await.statut, 200);
    banc.poignee.veiller().await;
    assert_eq!(banc.traces(debut).await.len(), 2, "five months are kept");
    banc.horloge.avancer(SignedDuration::from_hours(24 * 40));
    banc.poignee.veiller().await;
    assert_eq!(banc.traces(debut).await.len(), 1, "six are not");
}
