//! The agency's work on a chapter: two reviewers at once, corrections slot by slot, notes that stay inside.

use domaine::{
    candidature::{Candidature, depot::Depot},
    chapitre::EtatChapitre,
    evenement::Visibilite,
    id::Id,
    preuve::{Appreciation, Contenu, Preuve},
};

use crate::appui::{Site, debut, dossier, id_personne};

const CODE: &str = "PMT";

fn url(id: Id<Candidature>) -> String {
    format!("/candidatures/{id}/instruction/chapitres/{CODE}")
}

/// The current items of the chapter, in order.
async fn preuves(site: &Site, id: Id<Candidature>) -> Vec<Preuve> {
    let dossier = dossier::lire(site, id).await;
    let chapitre = dossier.chapitre(CODE).expect("a chapter of an ELP");
    chapitre.emplacements.iter().flat_map(|slot| slot.courantes().cloned()).collect()
}

/// A chapter submitted and taken by `verif.durand` through the page.
async fn pris(site: &Site) -> Id<Candidature> {
    let id = dossier::depot_ouvert(site).await;
    dossier::soumettre_chapitre(site, id, CODE).await;
    let durand = site.comme("verif.durand").await;
    let vu = durand.get(&url(id)).await.champ("vu");
    let reponse = durand.post(&format!("{}/prendre", url(id)), &[("vu", &vu)]).await;
    assert_eq!(reponse.statut, 303, "{}", reponse.corps());
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn deux_verificateurs_ne_s_ecrasent_pas() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let id = pris(&site).await;
        let (durand, lopez) = (site.comme("verif.durand").await, site.comme("verif.lopez").await);
        let preuve = preuves(&site, id).await[0].id;
        let (verdict, motif) = (format!("v.{preuve}"), format!("m.{preuve}"));
        let vu = durand.get(&url(id)).await.champ("vu");

        // The takeover is explicit: a page shown before somebody else took the chapter takes nothing.
        let reponse = lopez.post(&format!("{}/prendre", url(id)), &[("vu", "Soumis")]).await;
        assert_eq!(reponse.statut, 303);
        let detenteur = |etat: &EtatChapitre| match etat {
            EtatChapitre::EnInstruction { par, .. } => par.personne,
            _ => None,
        };
        let lire = || dossier::lire(&site, id);
        assert_eq!(detenteur(&lire().await.chapitre(CODE).unwrap().etat), Some(id_personne("verif.durand")));
        let affiche = lopez.get(&url(id)).await;
        assert!(affiche.corps().contains("verif Durand vient de prendre ce chapitre"));
        let reponse = lopez.post(&format!("{}/prendre", url(id)), &[("vu", &affiche.champ("vu"))]).await;
        assert_eq!(reponse.statut, 303);
        assert_eq!(detenteur(&lire().await.chapitre(CODE).unwrap().etat), Some(id_personne("verif.lopez")));

        // What was typed comes back, nothing is saved.
        let saisie = [("vu", vu.as_str()), (&verdict, "incomplete"), (&motif, "La page 3 manque.")];
        let reponse = durand.post(&format!("{}/verdicts", url(id)), &saisie).await;
        assert_eq!(reponse.statut, 409);
        let corps = reponse.corps();
        assert!(corps.contains("La page 3 manque."), "{corps}");
        assert!(corps.contains("verif Lopez instruit maintenant ce chapitre."), "{corps}");
        assert!(preuves(&site, id).await[0].verdict.is_none());

        // Saving from there takes the chapter over, and says so in the history of the agency only.
        let vu = reponse.champ("vu");
        let saisie = [
            ("vu", vu.as_str()),
            ("reprendre", "oui"),
            (&verdict, "incomplete"),
            (&motif, "La page 3 manque."),
        ];
        let reponse = durand.post(&format!("{}/verdicts", url(id)), &saisie).await;
        assert_eq!(reponse.statut, 303, "{}", reponse.corps());
        let verdict_ecrit = preuves(&site, id).await[0].verdict.clone().expect("saved");
        assert_eq!(verdict_ecrit.appreciation, Appreciation::Incomplete);
        assert!(verdict_ecrit.par.est(id_personne("verif.durand")));
        let mut tx = site.app.registre.lire().await.unwrap();
        let evenements = tx.load_evenements(&lire().await.sujet(), true).await.unwrap();
        let reprises: Vec<_> =
            evenements.iter().filter(|lu| lu.evenement.acte.contains("pris en instruction")).collect();
        assert_eq!(reprises.len(), 3);
        assert!(reprises.iter().all(|lu| lu.evenement.visibilite == Visibilite::Agence));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn la_correction_ne_rouvre_que_ce_qui_est_signale() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = pris(&site).await;
    let durand = site.comme("verif.durand").await;
    let preuves = preuves(&site, id).await;
    let mut champs: Vec<(String, &str)> =
        preuves.iter().map(|preuve| (format!("v.{}", preuve.id), "conforme")).collect();
    champs[0].1 = "non_conforme";
    let envoyer = async |motif: &str, quoi: &str| {
        let vu = durand.get(&url(id)).await.champ("vu");
        let nom_motif = format!("m.{}", preuves[0].id);
        let mut saisie: Vec<(&str, &str)> =
            champs.iter().map(|(nom, valeur)| (nom.as_str(), *valeur)).collect();
        saisie.extend([("vu", vu.as_str()), (nom_motif.as_str(), motif)]);
        durand.post(&format!("{}/{quoi}", url(id)), &saisie).await
    };

    // A motive is asked where it is missing, and a chapter with a refused preuve is not validated.
    let reponse = envoyer("", "renvoyer").await;
    assert_eq!(reponse.statut, 422);
    assert!(reponse.corps().contains("Dites ce qui ne va pas"));
    let reponse = envoyer("Capture illisible.", "valider").await;
    assert_eq!(reponse.statut, 422);
    assert!(reponse.corps().contains("Ces preuves ne sont pas conformes"));

    let reponse = envoyer("Capture illisible.", "renvoyer").await;
    assert_eq!(reponse.statut, 303, "{}", reponse.corps());
    let renvoye = dossier::lire(&site, id).await;
    let chapitre = renvoye.chapitre(CODE).unwrap();
    let EtatChapitre::ACorriger { emplacements, .. } = &chapitre.etat else { panic!("{:?}", chapitre.etat) };
    assert_eq!(emplacements, &[chapitre.emplacements[0].attendue.clone()]);
    assert!(chapitre.deverrouille(&emplacements[0]));
    assert!(!chapitre.deverrouille(&chapitre.emplacements[1].attendue));

    // The industriel reads why, from « l’agence ».
    let claire = site.comme("claire.martin").await;
    let corps = claire.get(&format!("/candidatures/{id}/messages")).await.corps();
    assert!(corps.contains("Capture illisible.") && corps.contains("L’agence"), "{corps}");
    assert!(!corps.contains("Durand"), "{corps}");
}

/// `verif.durand` finds everything conforme but this preuve, and sends the chapter back.
async fn renvoyer(site: &Site, id: Id<Candidature>, fautive: Id<Preuve>, motif: &str) {
    let verif = site.acteur("verif.durand").await;
    site.app.agir(id, |c| c.prendre_chapitre(CODE, &verif, debut())).await.expect("allowed");
    for preuve in preuves(site, id).await {
        let verdict = if preuve.id == fautive { Appreciation::NonConforme } else { Appreciation::Conforme };
        site.app
            .agir(id, |c| c.juger_preuve(CODE, preuve.id, verdict, motif, &verif, debut()))
            .await
            .expect("allowed");
    }
    site.app.agir(id, |c| c.renvoyer_chapitre(CODE, &verif, debut())).await.expect("allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn les_versions_se_comparent_ligne_a_ligne() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::depot_ouvert(&site).await;
    let par = site.acteur("claire.martin").await;
    let referentiel = site.app.referentiel_de(&site.app.referentiel).unwrap();
    dossier::soumettre_chapitre(&site, id, CODE).await;
    let modele = preuves(&site, id).await[0].clone();
    let attendue = dossier::lire(&site, id).await.chapitre(CODE).unwrap().emplacements[0].attendue.clone();
    let durand = site.comme("verif.durand").await;
    let mut derniere = modele.id;
    for (version, texte) in ["Un\nDeux\nTrois", "Un\nDeux bis\nTrois"].into_iter().enumerate() {
        renvoyer(&site, id, derniere, &format!("Motif {version}")).await;
        let contenu = Contenu::NonApplicable { justification: texte.to_owned() };
        let preuve = Preuve { id: site.app.id(), contenu, ..modele.clone() };
        let le = debut() + jiff::SignedDuration::from_mins(1);
        let deposer = |c: Candidature| {
            let depot = Depot {
                chapitre: CODE,
                attendue: &attendue,
                preuve: preuve.clone(),
                remplace: Some(derniere),
                aujourdhui: site.app.aujourdhui(),
            };
            c.deposer(depot, referentiel, &par, le)
        };
        site.app.agir(id, deposer).await.unwrap();
        let versions = format!("/candidatures/{id}/instruction/versions/{}", preuve.id);
        assert_eq!(durand.get(&versions).await.statut, 404, "not submitted again yet");
        assert!(!durand.get(&url(id)).await.corps().contains(texte));
        site.app.agir(id, |c| c.soumettre_chapitre(CODE, &par, le)).await.unwrap();
        derniere = preuve.id;
    }
    let corps = durand.get(&format!("/candidatures/{id}/instruction/versions/{derniere}")).await.corps();
    assert!(corps.contains("<del>Deux</del>") && corps.contains("<ins>Deux bis</ins>"), "{corps}");
    assert!(corps.contains("Motif 1") && !corps.contains("Motif 0"), "version 2 beside version 3");
    let premiere = format!("/candidatures/{id}/instruction/versions/{derniere}?avec={}", modele.id);
    assert!(durand.get(&premiere).await.corps().contains("Motif 0"));
    let corps = durand.get(&url(id)).await.corps();
    assert!(corps.contains("Versions précédentes (2)") && corps.contains("Motif 1"), "{corps}");
}

#[tokio::test(flavor = "multi_thread")]
async fn les_notes_ne_sortent_pas_de_l_agence() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = pris(&site).await;
    let durand = site.comme("verif.durand").await;
    let preuve = preuves(&site, id).await[0].id;
    let secret = "Confidence de vérificateur";
    for objet in ["dossier".to_owned(), format!("preuve:{preuve}"), "champ:siret".to_owned()] {
        let chemin = format!("/candidatures/{id}/notes");
        let saisie = [("objet", objet.as_str()), ("texte", secret), ("envoi", objet.as_str())];
        for _ in 0..2 {
            assert_eq!(durand.post(&chemin, &saisie).await.statut, 303);
        }
    }
    let mut tx = site.app.registre.lire().await.unwrap();
    assert_eq!(tx.load_notes(id).await.unwrap().len(), 3, "each form was sent twice");
    drop(tx);
    assert!(durand.get(&url(id)).await.corps().contains(secret));
    let claire = site.comme("claire.martin").await;
    for chemin in [
        format!("/candidatures/{id}"),
        format!("/candidatures/{id}/historique"),
        format!("/candidatures/{id}/formulaire"),
        format!("/candidatures/{id}/chapitres/{CODE}"),
        format!("/candidatures/{id}/messages"),
        url(id),
        format!("/candidatures/{id}/synthese"),
        format!("/candidatures/{id}/instruction/versions/{preuve}"),
    ] {
        let reponse = claire.get(&chemin).await;
        assert!(!reponse.corps().contains(secret), "{chemin}");
        if chemin.contains("instruction") || chemin.ends_with("synthese") {
            assert!(matches!(reponse.statut, 403 | 404), "{chemin} : {}", reponse.statut);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn le_chapitre_valide_accorde_l_autorisation() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = pris(&site).await;
    let durand = site.comme("verif.durand").await;
    let vu = durand.get(&url(id)).await.champ("vu");
    let noms: Vec<String> =
        preuves(&site, id).await.iter().map(|preuve| format!("v.{}", preuve.id)).collect();
    let mut saisie = vec![("vu", vu.as_str())];
    saisie.extend(noms.iter().map(|nom| (nom.as_str(), "conforme")));
    assert_eq!(durand.post(&format!("{}/valider", url(id)), &saisie).await.statut, 303);
    let mut tx = site.app.registre.lire().await.unwrap();
    assert!(tx.load_autorisation(id).await.unwrap().is_some());
    drop(tx);
    assert!(dossier::lire(&site, id).await.chapitre(CODE).unwrap().valide());

    // Reopening asks for a motive that the industriel reads.
    let rouvrir = format!("{}/rouvrir", url(id));
    assert_eq!(durand.post(&rouvrir, &[("motif", " ")]).await.statut, 422);
    assert_eq!(durand.post(&rouvrir, &[("motif", "Le certificat a expiré.")]).await.statut, 303);
    assert!(!dossier::lire(&site, id).await.chapitre(CODE).unwrap().valide());
}

#[tokio::test(flavor = "multi_thread")]
async fn ce_que_l_industriel_prepare_n_est_pas_montre() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::depot_ouvert(&site).await;
    let durand = site.comme("verif.durand").await;
    let avant = durand.get(&url(id)).await.corps();
    assert!(avant.contains("Chez l’industriel") && !avant.contains("Enregistrer les verdicts"));
    dossier::soumettre_chapitre(&site, id, CODE).await;
    let dossier = dossier::lire(&site, id).await;
    let attendue = &dossier.chapitre(CODE).unwrap().emplacements[0].attendue;
    assert!(durand.get(&url(id)).await.corps().contains(&format!("id=\"e-{attendue}\"")));
}

#[tokio::test(flavor = "multi_thread")]
async fn la_file_montre_ce_qui_attend_et_s_affecte_en_un_clic() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let id = dossier::formulaire_soumis(&site).await;
        let nru = dossier::lire(&site, id).await.nru.to_string();
        let (durand, lopez) = (site.comme("verif.durand").await, site.comme("verif.lopez").await);
        for (chemin, present) in [
            ("/instruction".to_owned(), true),
            ("/instruction?referent=personne".to_owned(), true),
            ("/instruction?referent=moi".to_owned(), false),
            ("/instruction?file=retard".to_owned(), false),
            ("/instruction?guichet=operateur".to_owned(), false),
            ("/instruction?etat=formulaire_soumis".to_owned(), true),
            (format!("/instruction?file=toutes&q={}", nru.to_lowercase()), true),
            ("/instruction?q=introuvable".to_owned(), false),
        ] {
            let reponse = durand.get(&chemin).await;
            assert_eq!(reponse.statut, 200, "{chemin}");
            assert_eq!(reponse.corps().contains(&nru), present, "{chemin}");
        }
        let affecter = format!("/candidatures/{id}/referent");
        let moi = id_personne("verif.durand").to_string();
        let reponse =
            durand.post(&affecter, &[("vu", ""), ("referent", &moi), ("retour", "/instruction")]).await;
        assert_eq!((reponse.statut, reponse.vers()), (303, "/instruction"));
        // The same button on a page shown before does not take the dossier away.
        let autre = id_personne("verif.lopez").to_string();
        assert_eq!(lopez.post(&affecter, &[("vu", ""), ("referent", &autre)]).await.statut, 303);
        let referent = dossier::lire(&site, id).await.referent.expect("somebody");
        assert!(referent.est(id_personne("verif.durand")));
        assert!(durand.get("/instruction?referent=moi").await.corps().contains(&nru));
        assert_eq!(lopez.post(&affecter, &[("vu", &moi), ("referent", "personne d’ici")]).await.statut, 422);
    }
}
