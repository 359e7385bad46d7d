//! The collège: agenda, separation of duties, decisions and what follows from them.

use domaine::{candidature::Etat, college::Session, id::Id, permission::Qualite};

use crate::appui::{Site, debut, dossier};

async fn sessions(site: &Site) -> Vec<Session> {
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    tx.load_sessions_college().await.expect("read")
}

/// A session with this dossier on its agenda, made through the pages.
async fn session(site: &Site, candidature: &str) -> Id<Session> {
    let admin = site.comme("admin.chevalier").await;
    let passee = [("date", "2026-11-20"), ("lieu", "Paris")];
    let reponse = admin.post("/college", &passee).await;
    assert_eq!(reponse.statut, 422);
    assert!(reponse.corps().contains("La date d’une session ne peut pas être passée."));
    let reponse = admin.post("/college", &[("date", "2026-12-01"), ("lieu", "Paris")]).await;
    assert_eq!(reponse.statut, 303, "{}", reponse.corps());
    let id = sessions(site).await[0].id;
    let reponse = admin.post(&format!("/college/{id}/dossiers"), &[("dossier", candidature)]).await;
    assert_eq!(reponse.statut, 303, "{}", reponse.corps());
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn qui_instruit_ne_decide_pas() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let candidature = dossier::complet(&site).await;
        let mut durand = site.personne("verif.durand").await;
        durand.roles_agence.push(Qualite::College);
        let mut tx = site.app.registre.ecrire().await.unwrap();
        tx.save_personne(&durand).await.unwrap();
        tx.commit().await.unwrap();
        let session = session(&site, &candidature.to_string()).await;
        assert!(matches!(dossier::lire(&site, candidature).await.etat, Etat::EnCollege { .. }));

        // It is told before the form, and refused after it.
        let page = format!("/college/{session}?dossier={candidature}");
        let decider = format!("/college/{session}/dossiers/{candidature}/decider");
        let juge = site.comme("verif.durand").await;
        let corps = juge.get(&page).await.corps();
        assert!(corps.contains("Vous ne prenez pas part à cette décision"), "{corps}");
        assert!(!corps.contains("Enregistrer la décision"));
        let reponse = juge.post(&decider, &[("avis", "favorable")]).await;
        assert_eq!(reponse.statut, 422);
        assert!(reponse.corps().contains("ne décide pas en collège"));

        let roux = site.comme("college.roux").await;
        assert!(roux.get(&page).await.corps().contains("Enregistrer la décision"));
        for (saisie, attendu) in [
            (&[("avis", "")][..], "Choisissez la décision du collège."),
            (&[("avis", "refus")], "Donnez le motif"),
            (&[("avis", "complement"), ("motif", "Précisez.")], "Choisissez au moins un chapitre à rouvrir."),
        ] {
            let reponse = roux.post(&decider, saisie).await;
            assert_eq!(reponse.statut, 422, "{attendu}");
            assert!(reponse.corps().contains(attendu), "{attendu}");
        }
        let admin = site.comme("admin.chevalier").await;
        admin.post(&format!("/college/{session}/clore"), &[]).await;
        assert!(!sessions(&site).await[0].close, "a dossier still waits");

        // A favourable decision prepares one habilitation for each profile, once.
        for statut in [303, 422] {
            assert_eq!(roux.post(&decider, &[("avis", "favorable")]).await.statut, statut);
        }
        assert!(matches!(dossier::lire(&site, candidature).await.etat, Etat::Habilitee { .. }));
        let mut tx = site.app.registre.lire().await.unwrap();
        let projets = tx.load_habilitations_candidature(candidature).await.unwrap();
        drop(tx);
        assert_eq!(projets.len(), 1);
        admin.post(&format!("/college/{session}/clore"), &[]).await;
        assert!(sessions(&site).await[0].close);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn un_complement_rouvre_les_chapitres_choisis() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let candidature = dossier::complet(&site).await;
    let session = session(&site, &candidature.to_string()).await;
    let roux = site.comme("college.roux").await;
    let decider = format!("/college/{session}/dossiers/{candidature}/decider");
    let saisie = [("avis", "complement"), ("chapitres", "PAS"), ("motif", "Le plan d’assurance date trop.")];
    assert_eq!(roux.post(&decider, &saisie).await.statut, 303);
    let dossier = dossier::lire(&site, candidature).await;
    assert_eq!(dossier.etat, Etat::DepotOuvert);
    let rouverts: Vec<&str> = dossier
        .chapitres
        .iter()
        .filter(|chapitre| !chapitre.valide())
        .map(|chapitre| chapitre.code.as_str())
        .collect();
    assert_eq!(rouverts, ["PAS"]);
    let claire = site.comme("claire.martin").await;
    let corps = claire.get(&format!("/candidatures/{candidature}/messages")).await.corps();
    assert!(corps.contains("Le plan d’assurance date trop."), "{corps}");
    assert!(!corps.contains("Roux"), "the name of a member stays inside");
}

#[tokio::test(flavor = "multi_thread")]
async fn un_membre_recuse_ne_decide_plus() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let candidature = dossier::complet(&site).await;
    let session = session(&site, &candidature.to_string()).await;
    let roux = site.comme("college.roux").await;
    let base = format!("/college/{session}/dossiers/{candidature}");
    assert_eq!(roux.post(&format!("{base}/recuser"), &[("motif_recusation", "")]).await.statut, 422);
    let motif = [("motif_recusation", "Ancien salarié de l’éditeur.")];
    assert_eq!(roux.post(&format!("{base}/recuser"), &motif).await.statut, 303);
    let reponse = roux.post(&format!("{base}/decider"), &[("avis", "favorable")]).await;
    assert_eq!(reponse.statut, 422);
    assert!(reponse.corps().contains("Vous vous êtes récusé sur ce dossier"));
}

#[tokio::test(flavor = "multi_thread")]
async fn la_synthese_dit_ce_que_le_dossier_contient() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let candidature = dossier::complet(&site).await;
    let roux = site.comme("college.roux").await;
    let reponse = roux.get(&format!("/candidatures/{candidature}/synthese")).await;
    assert_eq!(reponse.statut, 200, "{}", reponse.corps());
    assert_eq!(reponse.entetes["content-type"], "application/pdf");
    assert!(reponse.octets.starts_with(b"%PDF-"));
    assert_eq!(site.app.maintenant(), debut());
}

#[tokio::test(flavor = "multi_thread")]
async fn la_synthese_est_figee_a_l_ordre_du_jour() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let candidature = dossier::complet(&site).await;
    let roux = site.comme("college.roux").await;
    let synthese = format!("/candidatures/{candidature}/synthese");
    let avant = roux.get(&synthese).await.octets;
    site.horloge.avancer(jiff::SignedDuration::from_mins(1));
    assert_ne!(roux.get(&synthese).await.octets, avant, "a working copy until then");

    let premiere = session(&site, &candidature.to_string()).await;
    let figee = dossier::lire(&site, candidature).await.synthese.expect("frozen");
    let lue = roux.get(&synthese).await.octets;
    assert_eq!(figee.sha256, hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &lue)));
    site.horloge.avancer(jiff::SignedDuration::from_mins(1));
    assert_eq!(roux.get(&synthese).await.octets, lue, "the same, whenever it is asked for");
    let page = roux.get(&format!("/college/{premiere}?dossier={candidature}")).await.corps();
    assert!(page.contains(&figee.sha256), "{page}");

    // A complement reopens the dossier; put on an agenda again, it gets another one.
    let decider = format!("/college/{premiere}/dossiers/{candidature}/decider");
    let saisie = [("avis", "complement"), ("chapitres", "PAS"), ("motif", "À compléter.")];
    assert_eq!(roux.post(&decider, &saisie).await.statut, 303);
    assert_ne!(roux.get(&synthese).await.octets, lue);
    let par = site.acteur("claire.martin").await;
    site.app.agir(candidature, |c| c.soumettre_chapitre("PAS", &par, debut())).await.unwrap();
    dossier::valider_chapitre(&site, candidature, "PAS").await;
    let admin = site.comme("admin.chevalier").await;
    assert_eq!(admin.post("/college", &[("date", "2026-12-20"), ("lieu", "Paris")]).await.statut, 303);
    let seconde = sessions(&site).await.into_iter().find(|une| une.id != premiere).unwrap().id;
    let reponse =
        admin.post(&format!("/college/{seconde}/dossiers"), &[("dossier", &candidature.to_string())]).await;
    assert_eq!(reponse.statut, 303, "{}", reponse.corps());
    let suivante = dossier::lire(&site, candidature).await.synthese.expect("frozen anew");
    assert_eq!(suivante.session, seconde);
    assert_ne!(suivante.sha256, figee.sha256);
}

#[tokio::test(flavor = "multi_thread")]
async fn un_dossier_abandonne_ne_retient_pas_la_session() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let candidature = dossier::complet(&site).await;
    let session = session(&site, &candidature.to_string()).await;
    let admin = site.comme("admin.chevalier").await;
    let retirer = format!("/college/{session}/dossiers/{candidature}/retirer");
    assert_eq!(admin.post(&retirer, &[]).await.statut, 422, "it waits for its decision");
    let par = site.acteur("claire.martin").await;
    site.app.agir(candidature, |c| c.abandonner("Produit arrêté.", &par, debut())).await.unwrap();
    assert!(admin.get(&format!("/college/{session}")).await.corps().contains("Retirer de l’ordre du jour"));
    assert_eq!(admin.post(&retirer, &[]).await.statut, 303);
    assert!(sessions(&site).await[0].dossiers.is_empty());
}
