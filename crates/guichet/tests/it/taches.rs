//! Background work: mails that leave by SMTP or wait in a folder, reminders that come on their day and once.

use domaine::{candidature::Etat, produit::Droit};
use guichet::{
    config::Courriel,
    taches::{self, Avertissement, avertir},
};
use jiff::SignedDuration;
use test_support::smtp::BoiteAuxLettres;

use crate::appui::{Site, decision, dossier};

async fn prevenir(site: &Site, id: domaine::id::Id<domaine::candidature::Candidature>, quoi: Avertissement) {
    let mut tx = site.app.registre.ecrire().await.expect("a transaction");
    let candidature = tx.load_candidature(id).await.expect("read").expect("there");
    avertir(&mut tx, &site.app, &candidature, quoi).await.expect("asked for");
    tx.commit().await.expect("committed");
}

async fn jour(site: &Site, jour: i64) {
    let voulu = crate::appui::debut().as_second() + jour * 86_400;
    site.horloge.avancer(SignedDuration::from_secs(voulu - site.app.maintenant().as_second()));
    taches::planifier(&site.app).await.expect("planned");
    site.travailler().await;
}

fn compter(site: &Site, debut: &str) -> usize {
    decision::objets(site).iter().filter(|objet| objet.starts_with(debut)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn un_courriel_part_par_le_relais_a_chacun() {
    let boite = BoiteAuxLettres::ouvrir().await;
    let adresse = boite.adresse();
    let site = Site::ouvrir_avec(test_support::base::sqlite(), |config| {
        config.courriel = Courriel::Smtp {
            url: format!("smtp://{adresse}").into(),
            expediteur: "Guichets <guichets@exemple.fr>".to_owned(),
        };
    })
    .await;
    let id = dossier::depot_ouvert(&site).await;
    let produit = {
        let mut tx = site.app.registre.lire().await.expect("a transaction");
        tx.load_candidature(id).await.expect("read").expect("there").produit
    };
    dossier::droit(&site, produit, "lea.petit", Droit::Depot).await;
    dossier::droit(&site, produit, "tom.leroy", Droit::Lecture).await;
    prevenir(&site, id, Avertissement::ChapitreACorriger { code: "PMT".to_owned() }).await;
    site.travailler().await;
    let lettres = boite.attendre(4).await;
    let mut a: Vec<&str> = lettres.iter().flat_map(|lettre| lettre.a.iter().map(String::as_str)).collect();
    a.sort_unstable();
    assert_eq!(
        a,
        ["claire.martin@exemple.fr", "hugo.bernard@exemple.fr", "hugo@exemple.fr", "lea.petit@exemple.fr"]
    );
    let lettre = &lettres[0];
    assert!(lettre.sujet().starts_with("Preuves à corriger – "), "{}", lettre.sujet());
    assert!(
        lettre.corps().contains(&format!("{}/candidatures/{id}/chapitres/PMT", site.url)),
        "{}",
        lettre.corps()
    );
    for entete in ["Message-ID", "Date", "Auto-Submitted"] {
        assert!(lettre.entete(entete).is_some(), "{entete} : {}", lettre.brut);
    }
    // Nothing is sent again.
    site.travailler().await;
    assert_eq!(boite.lettres().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn un_relais_absent_ne_perd_rien_et_n_arrete_rien() {
    // A port that was free a moment ago: nobody answers there.
    let libre = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let adresse = libre.local_addr().expect("an address");
    drop(libre);
    let site = Site::ouvrir_avec(test_support::base::sqlite(), |config| {
        config.courriel = Courriel::Smtp {
            url: format!("smtp://{adresse}").into(),
            expediteur: "guichets@exemple.fr".to_owned(),
        };
    })
    .await;
    let id = dossier::depot_ouvert(&site).await;
    prevenir(&site, id, Avertissement::FormulaireValide).await;
    site.travailler().await;
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    assert_eq!(tx.compter_taches_en_echec().await.expect("counted"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn les_courriels_d_une_demonstration_se_lisent_sur_le_site_et_nulle_part_ailleurs() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::depot_ouvert(&site).await;
    assert!(site.anonyme().get("/dev/courriels").await.corps().contains("Aucun courriel"));
    prevenir(&site, id, Avertissement::FormulaireValide).await;
    site.travailler().await;
    let liste = site.anonyme().get("/dev/courriels").await.corps();
    let debut = liste.find("/dev/courriels/").expect("a mail");
    let chemin = liste[debut..].split('"').next().expect("an address");
    let page = site.anonyme().get(chemin).await.corps();
    assert!(page.contains("Formulaire validé") && page.contains("Le dépôt des preuves est ouvert"), "{page}");
    assert!(page.contains(&format!("<a href=\"{}/candidatures/{id}\">", site.url)), "{page}");
    for ailleurs in ["/dev/courriels/..%2Fautorite.pem", "/dev/courriels/absent.eml"] {
        assert_eq!(site.anonyme().get(ailleurs).await.statut, 404, "{ailleurs}");
    }
    let reel = Site::ouvrir_avec(test_support::base::sqlite(), |config| config.demonstration = false).await;
    assert_eq!(reel.anonyme().get("/dev/courriels").await.statut, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn l_agence_se_rappelle_son_delai() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        dossier::formulaire_soumis(&site).await;
        // 60 days; two vérificateurs, and from the end also the administrateur.
        for (quand, attendu) in [(29, 0), (30, 2), (31, 2), (48, 4), (60, 7), (90, 7)] {
            jour(&site, quand).await;
            assert_eq!(compter(&site, "Réponse attendue"), attendu, "jour {quand}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn une_correction_se_redemande() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::formulaire_soumis(&site).await;
    let par = site.acteur("verif.durand").await;
    let le = site.app.maintenant();
    site.app
        .agir(id, |c| c.juger_champ("siret", false, "Ce n’est pas le siège", &par, le))
        .await
        .expect("a verdict");
    site.app.agir(id, |c| c.renvoyer_formulaire(&par, le)).await.expect("sent back");
    for (quand, attendu) in [(6, 0), (7, 3), (8, 3), (21, 6), (45, 9), (60, 9)] {
        jour(&site, quand).await;
        assert_eq!(compter(&site, "Corrections attendues"), attendu, "jour {quand}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trois_rappels_puis_le_sommeil() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let id = dossier::depot_ouvert(&site).await;
        for (quand, rappels) in [(80, 0), (93, 3), (100, 3), (121, 6), (152, 9), (180, 9)] {
            jour(&site, quand).await;
            assert_eq!(compter(&site, "Candidature sans activité"), rappels, "jour {quand}");
        }
        assert_eq!(etat(&site, id).await, Etat::DepotOuvert);
        jour(&site, 182).await;
        assert!(matches!(etat(&site, id).await, Etat::Dormante { .. }));
        site.travailler().await;
        assert_eq!(compter(&site, "Candidature en sommeil"), 3);
    }
}

async fn etat(site: &Site, id: domaine::id::Id<domaine::candidature::Candidature>) -> Etat {
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    tx.load_candidature(id).await.expect("read").expect("there").valeur.etat
}

#[tokio::test(flavor = "multi_thread")]
async fn une_preuve_qui_se_perime_se_rappelle_tant_que_son_chapitre_n_est_pas_soumis() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::depot_ouvert(&site).await;
    let claire = site.comme("claire.martin").await;
    let slot = crate::preuve::url(id, "TI.01.01.01");
    // Signed eleven months ago: a year is allowed.
    let champs = [("envoi", "a"), ("forme", "pdf_signe"), ("date_reelle", "2026-01-10"), ("version", "2.1")];
    let depose = claire.post_fichiers(&slot, &champs, &[("fichier", "ti.pdf", crate::preuve::PDF)]).await;
    assert_eq!(depose.statut, 303, "{}", depose.corps());
    let tableau = claire.get("/tableau-de-bord").await.corps();
    assert!(tableau.contains("Preuve TI.01.01.01 bientôt périmée"), "{tableau}");
    for _ in 0..2 {
        jour(&site, 0).await;
    }
    // The day 0 is 50 days before the end: one reminder, to each who deposits.
    let destinataires = compter(&site, "Preuve bientôt périmée");
    assert!(destinataires > 0);
    jour(&site, 25).await;
    assert_eq!(compter(&site, "Preuve bientôt périmée"), 2 * destinataires, "then thirty days before");
    jour(&site, 51).await;
    assert_eq!(compter(&site, "Preuve périmée"), destinataires);
}

#[tokio::test(flavor = "multi_thread")]
async fn les_preuves_d_un_abandon_s_effacent_au_bout_de_douze_mois() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let id = dossier::depot_ouvert(&site).await;
        dossier::soumettre_chapitre(&site, id, "PAS").await;
        let sha256 = {
            let lue = dossier::lire(&site, id).await;
            let slot = lue.chapitre("PAS").unwrap().emplacements[0].clone();
            slot.preuves[0].contenu.fichier().expect("a file").sha256.clone()
        };
        let par = site.acteur("claire.martin").await;
        site.app.agir(id, |c| c.abandonner("Arrêté", &par, crate::appui::debut())).await.expect("open");
        jour(&site, 300).await;
        assert!(site.app.magasin.existe(&sha256).await.unwrap(), "kept for a year");
        for quand in [366, 367] {
            jour(&site, quand).await;
        }
        let lue = dossier::lire(&site, id).await;
        assert!(lue.chapitre("PAS").unwrap().emplacements[0].preuves.is_empty());
        assert!(!site.app.magasin.existe(&sha256).await.unwrap(), "nothing shows it any more");
        let mut tx = site.app.registre.lire().await.expect("a transaction");
        let evenements = tx.load_evenements(&lue.sujet(), true).await.expect("read");
        let effacements =
            evenements.iter().filter(|lu| lu.evenement.acte.starts_with("Preuves effacées")).count();
        assert_eq!(effacements, 1, "once, and told");
        tx.verifier_chaine().await.expect("read").expect("whole");
    }
}
