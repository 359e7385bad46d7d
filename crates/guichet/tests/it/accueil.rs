//! The pages that ask for nobody: home, notices, health.

use test_support::base::{bases, sqlite};

use crate::appui::Site;

#[tokio::test(flavor = "multi_thread")]
async fn l_accueil_mene_chacun_chez_soi() {
    let site = Site::ouvrir(sqlite()).await;
    assert!(site.anonyme().get("/").await.corps().contains("href=\"/connexion\""));
    for (login, url) in [
        ("claire.martin", "/tableau-de-bord"),
        ("verif.durand", "/instruction"),
        ("college.roux", "/college"),
        ("signataire.faure", "/signature"),
    ] {
        let page = site.comme(login).await.get("/").await;
        assert!(page.corps().contains(&format!("href=\"{url}\"")), "{login}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn les_mentions_disent_les_contacts_ou_leur_absence() {
    let site = Site::ouvrir(sqlite()).await;
    let page = site.anonyme().get("/mentions").await;
    assert_eq!(page.statut, 200);
    assert!(page.corps().contains("n’a pas encore indiqué d’adresse pour les signalements"));
    let site = Site::ouvrir_avec(sqlite(), |config| {
        config.agence.contact_securite = Some("faille@exemple.fr".to_owned());
        config.agence.contact_donnees = Some("donnees@exemple.fr".to_owned());
    })
    .await;
    let corps = site.anonyme().get("/mentions").await.corps();
    for adresse in ["mailto:faille@exemple.fr", "mailto:donnees@exemple.fr"] {
        assert!(corps.contains(adresse), "{adresse}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn la_sante_suit_celle_de_la_base() {
    for base in bases() {
        let nom = base.nom;
        let site = Site::ouvrir(base).await;
        let bonne = site.anonyme().get("/sante").await;
        assert_eq!(bonne.statut, 200, "{nom}");
        let corps: serde_json::Value = serde_json::from_slice(&bonne.octets).unwrap();
        assert_eq!((corps["etat"].as_str(), corps["base"].as_str()), (Some("ok"), Some("ok")), "{nom}");
        assert!(corps["version"].is_string(), "{nom}");
        site.app.registre.fermer().await;
        let mauvaise = site.anonyme().get("/sante").await;
        assert_eq!(mauvaise.statut, 503, "{nom}");
        assert!(mauvaise.corps().contains("\"base\":\"muette\""), "{nom}");
    }
}
