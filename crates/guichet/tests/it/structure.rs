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

#[tokio::test(flavor = "multi_thread")]
async fn une_invitation_s_annule_et_une_expiree_se_dit() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let claire = site.comme("claire.martin").await;
    let empreinte = async || {
        let mut tx = site.app.registre.lire().await.expect("a transaction");
        let structure = tx.load_structure(id_structure(0)).await.expect("read").expect("there");
        structure.invitations[0].empreinte.clone()
    };
    let champs = [("courriel", "paul.girard@exemple.fr"), ("role", "salarie")];
    assert_eq!(claire.post("/structure/invitations", &champs).await.statut, 303);
    let lien = lien(&site).await;
    let annuler = format!("/structure/invitations/{}/annuler", empreinte().await);
    assert_eq!(site.comme("lea.petit").await.post(&annuler, &[]).await.statut, 403);
    assert_eq!(site.comme("nadia.benali").await.post(&annuler, &[]).await.statut, 303, "another structure");
    assert!(
        claire.get("/structure").await.corps().contains("paul.girard@exemple.fr"),
        "changes nothing here"
    );
    assert_eq!(claire.post(&annuler, &[]).await.statut, 303);
    let page = claire.get("/structure").await.corps();
    assert!(page.contains("Invitation de paul.girard@exemple.fr annulée"), "{page}");
    let paul = site.comme("paul.girard").await;
    assert!(paul.get(&lien).await.corps().contains("a été annulée"));

    assert_eq!(claire.post("/structure/invitations", &champs).await.statut, 303);
    let mut tx = site.app.registre.ecrire().await.expect("a transaction");
    let lue = tx.load_structure(id_structure(0)).await.expect("read").expect("there");
    let mut vieille = lue.valeur.clone();
    vieille.invitations[0].expire = crate::appui::debut();
    let evenement = domaine::evenement::Evenement::new(
        domaine::evenement::Sujet::new("essai", 1),
        "Vieillie",
        &domaine::evenement::Acteur::systeme(),
        crate::appui::debut(),
    );
    tx.save_structure(&lue.vers(vieille), &evenement).await.expect("saved");
    tx.commit().await.expect("committed");
    assert!(claire.get("/structure").await.corps().contains("le lien ne sert plus"));
}

#[tokio::test(flavor = "multi_thread")]
async fn une_personne_retiree_le_sait_et_se_readmet() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let (claire, lea) = (site.comme("claire.martin").await, site.comme("lea.petit").await);
        let membre = format!("/structure/membres/{}", id_personne("lea.petit"));
        assert_eq!(claire.post(&format!("{membre}/retirer"), &[]).await.statut, 303);
        let page = lea.get("/tableau-de-bord").await.corps();
        assert!(page.contains("Logimed vous a retiré de ses membres"), "{page}");
        let readmettre = format!("{membre}/readmettre");
        assert_eq!(site.comme("tom.leroy").await.post(&readmettre, &[]).await.statut, 403);
        assert!(claire.get("/structure").await.corps().contains("Personnes retirées"));
        assert_eq!(claire.post(&readmettre, &[]).await.statut, 303);
        assert!(lea.get("/structure").await.corps().contains("Logimed"));
        assert!(!claire.get("/structure").await.corps().contains("Personnes retirées"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn le_premier_consentement_ramene_la_ou_l_on_allait() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let mut paul = site.personne("paul.girard").await;
    paul.consentement = None;
    let mut tx = site.app.registre.ecrire().await.expect("a transaction");
    tx.save_personne(&paul).await.expect("saved");
    tx.commit().await.expect("committed");
    let paul = site.comme("paul.girard").await;
    let reponse = paul.get("/invitations/secret?x=1").await;
    assert_eq!(
        (reponse.statut, reponse.vers()),
        (303, "/consentement?retour=%2Finvitations%2Fsecret%3Fx%3D1")
    );
    let page = paul.get(reponse.vers()).await;
    let retour = page.champ("retour");
    assert_eq!(retour, "/invitations/secret?x=1");
    let refus = paul.post("/consentement", &[("retour", &retour)]).await;
    assert_eq!(refus.champ("retour"), retour, "kept when the box is not ticked");
    let reponse = paul.post("/consentement", &[("accord", "oui"), ("retour", &retour)]).await;
    assert_eq!((reponse.statut, reponse.vers()), (303, retour.as_str()));
    // Never out of the site.
    let reponse = paul.post("/consentement", &[("accord", "oui"), ("retour", "//exemple.fr")]).await;
    assert_eq!(reponse.vers(), "/tableau-de-bord");
}
