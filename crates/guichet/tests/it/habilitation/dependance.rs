//! A habilitation on which a dossier relies is looked at again on the day of the decision and on that of the signature.

use std::collections::BTreeMap;

use domaine::{
    candidature::Candidature,
    evenement::{Acteur, Evenement, Sujet},
    formulaire::HabilitationLiee,
    habilitation::Habilitation,
    id::Id,
    referentiel::{Guichet, Profil},
};

use crate::appui::{Site, debut, decision, dossier};

/// Turns a dossier into that of an opérateur who relies on this habilitation.
async fn appuyer(site: &Site, id: Id<Candidature>, sur: &Habilitation) {
    let mut tx = site.app.registre.ecrire().await.unwrap();
    let lue = tx.load_candidature(id).await.unwrap().unwrap();
    let mut dossier = lue.valeur.clone();
    dossier.guichet = Guichet::Operateur;
    dossier.formulaire.saisie.insert("profils".to_owned(), "OpSP".to_owned());
    let liee = HabilitationLiee {
        profil: Profil::ELP,
        numero: sur.numero().to_owned(),
        nru: sur.contenu.nru.to_string(),
        logiciel: sur.contenu.logiciel.clone(),
        version: sur.contenu.version.clone(),
        fin: sur.contenu.fin,
        en_vigueur: Ok(()),
        fichier: None,
    };
    dossier.formulaire.habilitations = BTreeMap::from([("habilitation_elp".to_owned(), liee)]);
    let evenement = Evenement::new(Sujet::new("essai", 1), "Préparé", &Acteur::systeme(), debut());
    tx.save_candidature(&lue.vers(dossier), &evenement).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ce_qui_ne_vaut_plus_arrete_la_signature_et_la_decision() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let signataire = site.comme("signataire.faure").await;
    let admin = site.comme("admin.chevalier").await;
    let socle = decision::projet(&site).await;
    let signer = |numero: &str| format!("/habilitations/{numero}/signer");
    assert_eq!(signataire.post(&signer(socle.numero()), &[]).await.statut, 303);
    let projet = decision::projet(&site).await;
    appuyer(&site, projet.candidature, &socle).await;
    let en_college = dossier::complet(&site).await;
    appuyer(&site, en_college, &socle).await;
    assert_eq!(admin.post("/college", &[("date", "2026-12-01"), ("lieu", "Paris")]).await.statut, 303);
    let mut tx = site.app.registre.lire().await.unwrap();
    let session = tx.load_sessions_college().await.unwrap()[0].id;
    drop(tx);
    let inscrire = format!("/college/{session}/dossiers");
    assert_eq!(admin.post(&inscrire, &[("dossier", &en_college.to_string())]).await.statut, 303);

    let suspendre = format!("/habilitations/{}/suspendre", socle.numero());
    let reponse = admin.post(&suspendre, &[("motif_suspendre", "Incident")]).await;
    assert_eq!(reponse.statut, 303, "{}", reponse.corps());
    let reponse = signataire.post(&signer(projet.numero()), &[]).await;
    assert_eq!(reponse.statut, 422);
    assert!(
        reponse.corps().contains(socle.numero()) && reponse.corps().contains("suspendue"),
        "{}",
        reponse.corps()
    );
    let decider = format!("/college/{session}/dossiers/{en_college}/decider");
    let roux = site.comme("college.roux").await;
    let reponse = roux.post(&decider, &[("avis", "favorable")]).await;
    assert_eq!(reponse.statut, 422);
    assert!(
        reponse.corps().contains(socle.numero()) && reponse.corps().contains("suspendue"),
        "{}",
        reponse.corps()
    );

    // In force again: both go on.
    let retablir = format!("/habilitations/{}/retablir", socle.numero());
    assert_eq!(admin.post(&retablir, &[("motif_retablir", "Corrigé")]).await.statut, 303);
    assert_eq!(signataire.post(&signer(projet.numero()), &[]).await.statut, 303);
    assert_eq!(roux.post(&decider, &[("avis", "favorable")]).await.statut, 303);
}
