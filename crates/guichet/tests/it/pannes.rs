//! What happens when something around the guichet fails, and when several processes share one database.

use std::sync::Arc;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{
    appui::{Site, decision, dossier},
    preuve, televersement,
};

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
async fn une_base_sqlite_tenue_par_un_autre_se_dit_puis_revient() {
    let base = test_support::base::sqlite();
    let url = base.url.clone();
    let site = Site::ouvrir(base).await;
    let produit = dossier::produit(&site, "claire.martin", "Proxy").await;
    let claire = site.comme("claire.martin").await;
    let creer = format!("/produits/{produit}/candidatures");
    let champs = [("guichet", "editeur"), ("envoi", "une-fois")];

    // A backup tool, say, that keeps the file locked for longer than we wait.
    let autre = registre::Registre::ouvrir(&url).await.expect("opened");
    let verrou = autre.ecrire().await.expect("locked");
    let panne = claire.post(&creer, &champs).await;
    assert_eq!(panne.statut, 503, "{}", panne.corps());
    let corps = panne.corps();
    assert!(corps.contains("momentanément indisponible") && corps.contains("éférence"), "{corps}");
    assert!(!corps.contains("sqlite") && !corps.contains("locked"), "the cause stays in the log");
    assert_eq!(claire.get("/tableau-de-bord").await.statut, 200, "reading goes on");

    drop(verrou);
    let reponse = claire.post(&creer, &champs).await;
    assert_eq!(reponse.statut, 303, "{}", reponse.corps());
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    assert_eq!(tx.load_candidatures_produit(produit).await.expect("read").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn un_televersement_commence_ici_se_finit_la_bas_et_une_tache_n_est_faite_qu_une_fois() {
    let Some(base) = test_support::base::postgres() else { return };
    let url = base.url.clone();
    let un = Site::ouvrir(base).await;
    let deux = un.jumeau(&url).await;
    let id = dossier::depot_ouvert(&un).await;
    let ici = un.comme("claire.martin").await;
    let la_bas = deux.avec_cookie_de(&ici);
    let octets = televersement::journal(6 << 20);
    let chemin = televersement::creer(&ici, "traces.log", octets.len()).await;
    let moitie = octets.len() / 2;
    assert_eq!(televersement::envoyer(&ici, &chemin, 0, octets[..moitie].to_vec()).await.statut, 204);
    assert_eq!(televersement::envoyer(&la_bas, &chemin, moitie, octets[moitie..].to_vec()).await.statut, 204);
    let televersement = chemin.rsplit('/').next().expect("an id");
    let champs = [
        ("envoi", "a"),
        ("forme", "log"),
        ("televersement", televersement),
        ("date_reelle", "2026-11-20"),
        ("version", "2.1"),
    ];
    let depose = ici.post_fichiers(&preuve::url(id, "PMT.06.01.01"), &champs, &[]).await;
    assert_eq!(depose.statut, 303, "{}", depose.corps());
    let lue = dossier::lire(&deux, id).await;
    let fichier = lue.chapitre("PMT").and_then(|chapitre| chapitre.emplacement("PMT.06.01.01"));
    let sha256 = fichier.expect("there").preuves[0].contenu.fichier().expect("a file").sha256.clone();
    let telecharge = la_bas.get(&format!("/candidatures/{id}/fichiers/{sha256}")).await;
    assert!(telecharge.octets == octets);

    // Both workers at once, over mails to several people.
    let verif = un.comme("verif.durand").await;
    let messages = format!("/candidatures/{id}/messages");
    let envoye = verif.post_fichiers(&messages, &[("envoi", "m"), ("texte", "Bonjour.")], &[]).await;
    assert_eq!(envoye.statut, 303, "{}", envoye.corps());
    tokio::join!(un.travailler(), deux.travailler());
    let courriels = [decision::courriels(&un), decision::courriels(&deux)].concat();
    let entete = |courriel: &str, nom: &str| {
        courriel.lines().find(|ligne| ligne.starts_with(nom)).unwrap_or_default().to_owned()
    };
    let mut lettres: Vec<_> =
        courriels.iter().map(|un| (entete(un, "To:"), entete(un, "Subject:"))).collect();
    lettres.sort();
    let nombre = lettres.len();
    lettres.dedup();
    assert!(nombre > 1 && lettres.len() == nombre, "{nombre} {lettres:?}");
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
