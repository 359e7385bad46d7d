//! Rubbish, and too much of it: whatever is sent, an answer comes that says what is wrong; never a fault of ours.

use domaine::referentiel::Guichet;

use crate::appui::{Site, dossier};

#[tokio::test(flavor = "multi_thread")]
async fn un_envoi_trop_gros_a_sa_page() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let produit = dossier::produit(&site, "claire.martin", "Proxy").await;
    let id = dossier::candidature(&site, "claire.martin", produit, Guichet::Editeur).await;
    let claire = site.comme("claire.martin").await;
    let long = "a".repeat(3 << 20);
    let reponse = claire.post(&format!("/candidatures/{id}/formulaire"), &[("denomination", &long)]).await;
    assert_eq!(reponse.statut, 413);
    assert!(reponse.corps().contains("dépasse la taille"), "{}", reponse.corps());
    // A file too large is refused at its field; a form too large as a whole has no field to show.
    let chemin = format!("/candidatures/{id}/composants/nouveau");
    for (taille, statut) in [(21 << 20, 422), (65 << 20, 413)] {
        let pdf = vec![b'a'; taille];
        let reponse = claire.post_fichiers(&chemin, &[], &[("licence", "licence.pdf", &pdf)]).await;
        assert_eq!(reponse.statut, statut);
        assert!(reponse.corps().contains("dépasse la taille"), "{}", reponse.corps());
    }
}
