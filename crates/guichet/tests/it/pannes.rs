//! What happens when something around the guichet fails, and when several processes share one database.

use std::sync::Arc;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::appui::{Site, dossier};

/// A wire to PostgreSQL that a test can cut and mend.
struct Fil {
    port: u16,
    etat: Arc<watch::Sender<bool>>,
}

impl Fil {
    async fn tendre(vers: String) -> Self {
        let ecoute = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = ecoute.local_addr().expect("bound").port();
        let etat = Arc::new(watch::Sender::new(true));
        let lecture = etat.clone();
        tokio::spawn(async move {
            while let Ok((mut ici, _)) = ecoute.accept().await {
                let mut vif = lecture.subscribe();
                let vers = vers.clone();
                tokio::spawn(async move {
                    if !*vif.borrow() {
                        return;
                    }
                    let Ok(mut la) = TcpStream::connect(&vers).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut ici, &mut la) => {}
                        _ = vif.wait_for(|vif| !*vif) => {}
                    }
                });
            }
        });
        Self { port, etat }
    }

    fn couper(&self) {
        self.etat.send_replace(false);
    }

    fn reparer(&self) {
        self.etat.send_replace(true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn la_base_disparait_puis_revient_sans_redemarrage() {
    let Some(base) = test_support::base::postgres() else { return };
    let mut url: url::Url = base.url.parse().expect("a URL");
    let vers = format!("127.0.0.1:{}", url.port().unwrap_or(5432));
    let fil = Fil::tendre(vers).await;
    url.set_host(Some("127.0.0.1")).expect("a host");
    url.set_port(Some(fil.port)).expect("a port");
    let direct = Site::ouvrir(base).await;
    let site = direct.jumeau(url.as_str()).await;
    let claire = site.comme("claire.martin").await;
    assert_eq!(claire.get("/").await.statut, 200);

    fil.couper();
    let reponse = claire.get("/tableau-de-bord").await;
    assert_eq!(reponse.statut, 503);
    let corps = reponse.corps();
    assert!(corps.contains("Service momentanément indisponible"), "{corps}");
    assert!(corps.contains("Référence") || corps.contains("référence"), "{corps}");
    assert!(!corps.contains("postgres") && !corps.contains("sqlx"), "the cause stays in the log");

    fil.reparer();
    assert_ne!(claire.get("/").await.statut, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn deux_processus_sur_une_base_n_en_font_qu_un() {
    let Some(base) = test_support::base::postgres() else { return };
    let url = base.url.clone();
    let un = Site::ouvrir(base).await;
    let deux = un.jumeau(&url).await;
    let id = dossier::formulaire_soumis(&un).await;
    // The session opened at the first is known at the second, and so is what was done.
    let cookie = un.comme("claire.martin").await;
    let reponse = deux.avec_cookie_de(&cookie).get(&format!("/candidatures/{id}")).await;
    assert_eq!(reponse.statut, 200);
    // Acts at both ends at once: each is kept, the history stays one chain.
    let le = un.app.maintenant();
    let par = un.acteur("verif.durand").await;
    let (a, b) = tokio::join!(
        un.app.agir(id, |c| c.juger_champ("siret", true, "", &par, le)),
        deux.app.agir(id, |c| c.juger_champ("datapass", true, "", &par, le)),
    );
    a.expect("kept");
    let derniere = b.expect("kept");
    let mut tx = un.app.registre.lire().await.expect("a transaction");
    let lue = tx.load_candidature(id).await.expect("read").expect("there");
    assert_eq!(lue.formulaire.verdicts.len(), 2);
    assert!(derniere.version <= lue.version);
    assert!(tx.verifier_chaine().await.expect("read").is_ok());
}
