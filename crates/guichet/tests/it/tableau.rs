//! Where somebody lands, and the pages that lead to a candidature.

use domaine::{produit::Droit, referentiel::Guichet};

use crate::appui::{Site, dossier};

#[tokio::test(flavor = "multi_thread")]
async fn chacun_arrive_chez_soi_et_n_y_voit_que_le_sien() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let produit = dossier::produit(&site, "claire.martin", "Carnet").await;
    dossier::candidature(&site, "claire.martin", produit, Guichet::Editeur).await;
    dossier::droit(&site, produit, "lea.petit", Droit::Lecture).await;
    for (login, voit) in [
        ("claire.martin", true),
        ("hugo.bernard", true),
        ("lea.petit", true),
        ("tom.leroy", false),
        ("nadia.benali", false),
    ] {
        let page = site.comme(login).await.get("/tableau-de-bord").await;
        assert_eq!(page.statut, 200);
        assert_eq!(page.corps().contains("Carnet - 2.1"), voit, "{login}");
    }
    for (login, depart) in
        [("verif.durand", "/instruction"), ("college.roux", "/college"), ("signataire.faure", "/signature")]
    {
        let navigateur = site.comme(login).await;
        for chemin in ["/tableau-de-bord", "/produits", "/demarches/editeur"] {
            assert_eq!(navigateur.get(chemin).await.vers(), depart, "{login} {chemin}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn le_referentiel_garde_les_points_de_verification_pour_l_agence() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    for (login, voit) in [("claire.martin", false), ("cnda.simon", false), ("verif.durand", true)] {
        for profil in ["ELU", "ELP", "OpSU", "OpSP"] {
            let page = site.comme(login).await.get(&format!("/referentiel?profil={profil}")).await;
            assert_eq!(page.statut, 200);
            assert_eq!(page.corps().contains("Points de vérification"), voit, "{login} {profil}");
        }
    }
    let claire = site.comme("claire.martin").await;
    let modele = claire.get("/referentiel/modeles/formulaire-ti.md").await;
    assert_eq!(modele.statut, 200);
    assert!(modele.entetes["content-disposition"].to_str().expect("ASCII").contains("formulaire-ti.md"));
    assert_eq!(claire.get("/referentiel/modeles/../edc-psc.toml").await.statut, 404);
    assert_eq!(claire.get("/referentiel?version=absente").await.statut, 404);
}
