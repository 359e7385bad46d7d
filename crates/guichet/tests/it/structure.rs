//! The people of a structure: invited, named, withdrawn.

use domaine::produit::Droit;

use crate::appui::{Site, dossier, id_personne, id_structure};

/// The link that the invited person finds in the mail.
async fn lien(site: &Site) -> String {
    site.travailler().await;
    let anonyme = site.anonyme();
    let liste = anonyme.get("/dev/courriels").await.corps();
    let debut = liste.find("/dev/courriels/").expect("a mail");
    let adresse = liste[debut..].split('"').next().expect("quoted");
    let courriel = anonyme.get(adresse).await.corps();
    let debut = courriel.find("/invitations/").expect("the link of the invitation");
    courriel[debut..]
        .split(|c: char| !(c.is_ascii_alphanumeric() || "/-_".contains(c)))
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn une_invitation_va_de_son_courriel_a_son_destinataire_seul() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let (claire, nadia) = (site.comme("claire.martin").await, site.comme("nadia.benali").await);
    let (paul, lea) = (site.comme("paul.girard").await, site.comme("lea.petit").await);
    for (courriel, role) in
        [("pas une adresse", "salarie"), ("lea.petit@exemple.fr", "salarie"), ("x@exemple.fr", "")]
    {
        let refus = claire.post("/structure/invitations", &[("courriel", courriel), ("role", role)]).await;
        assert_eq!(refus.statut, 422, "{courriel} {role}");
    }
    let champs = [("courriel", "paul.girard@exemple.fr"), ("role", "responsable")];
    assert_eq!(lea.post("/structure/invitations", &champs).await.statut, 403);
    assert_eq!(claire.post("/structure/invitations", &champs).await.statut, 303);
    let lien = lien(&site).await;

    // Not its recipient, then its recipient while he is bound elsewhere.
    assert_eq!(lea.post(&lien, &[]).await.statut, 422);
    assert!(paul.get(&lien).await.corps().contains("autre structure"));
    assert_eq!(paul.post(&lien, &[]).await.statut, 422);
    let retirer = format!("/structure/membres/{}/retirer", id_personne("paul.girard"));
    assert_eq!(nadia.post(&retirer, &[]).await.statut, 303);
    assert_eq!(paul.get("/structure").await.statut, 404);
    assert_eq!(paul.get(&lien).await.statut, 200);
    assert_eq!(paul.post(&lien, &[]).await.vers(), "/tableau-de-bord");
    assert!(paul.get("/structure").await.corps().contains("Logimed"));
    assert_eq!(paul.post(&lien, &[]).await.statut, 422, "it serves once");
}

#[tokio::test(flavor = "multi_thread")]
async fn les_droits_finissent_avec_l_appartenance() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let produit = dossier::produit(&site, "claire.martin", "Carnet").await;
    dossier::droit(&site, produit, "lea.petit", Droit::Gestion).await;
    let claire = site.comme("claire.martin").await;
    let retirer = format!("/structure/membres/{}/retirer", id_personne("lea.petit"));
    assert_eq!(claire.post(&retirer, &[]).await.statut, 303);
    assert_eq!(site.comme("lea.petit").await.get(&format!("/produits/{produit}")).await.statut, 404);
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    let produit = tx.load_produit(produit).await.expect("read").expect("there");
    assert!(produit.collaborateurs.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn la_structure_garde_qui_la_gere() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let (claire, hugo) = (site.comme("claire.martin").await, site.comme("hugo.bernard").await);
    let role = |login: &str| format!("/structure/membres/{}/role", id_personne(login));
    // A responsable has no hold on the mandataire; the page says why.
    assert_eq!(hugo.post(&role("claire.martin"), &[("role", "salarie")]).await.statut, 303);
    assert!(hugo.get("/structure").await.corps().contains("seul le mandataire"));
    assert_eq!(claire.post(&role("lea.petit"), &[("role", "responsable")]).await.statut, 303);
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    let structure = tx.load_structure(id_structure(0)).await.expect("read").expect("there");
    let roles: Vec<&str> = ["claire.martin", "lea.petit"]
        .into_iter()
        .map(|login| structure.membre(id_personne(login)).expect("a member").role.cle())
        .collect();
    assert_eq!(roles, ["mandataire", "responsable"]);
}
