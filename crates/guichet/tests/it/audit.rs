//! The audit de conformité, from its planning to its conclusion, as each side sees it; its reminders.

pub(crate) mod voie;

use domaine::{habilitation::EtatHabilitation, produit::Droit};
use jiff::SignedDuration;

use self::voie::{audit, avancer, planifie, signee, texte_de};
use crate::appui::{Site, decision, dossier};

#[tokio::test(flavor = "multi_thread")]
async fn le_titulaire_n_apprend_l_audit_qu_a_sa_notification_et_les_constats_qu_a_leur_communication() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let habilitation = signee(&site).await;
        let url = planifie(&site, habilitation.numero()).await;
        let (auditeur, claire) = (site.comme("auditeur.meyer").await, site.comme("claire.martin").await);
        let page_habilitation = format!("/habilitations/{}", habilitation.numero());
        assert!(auditeur.get(&page_habilitation).await.corps().contains(&url));
        assert!(!claire.get(&page_habilitation).await.corps().contains(&url));
        assert_eq!(claire.get(&url).await.statut, 404, "not told yet");

        assert_eq!(auditeur.post(&format!("{url}/notifier"), &[]).await.statut, 303);
        let page = claire.get(&url).await;
        assert_eq!(page.statut, 200);
        assert!(page.corps().contains("Authentification et traces"), "{}", page.corps());
        assert!(!page.corps().contains("Meyer"), "the names of the agency stay inside");
        assert!(claire.get(&page_habilitation).await.corps().contains(&url));
        // Somebody of another structure learns nothing, nor a collaborator who may only read the produit.
        assert_eq!(site.comme("nadia.benali").await.get(&url).await.statut, 404);
        dossier::droit(&site, habilitation.produit, "tom.leroy", Droit::Lecture).await;
        assert_eq!(site.comme("tom.leroy").await.get(&url).await.statut, 403);

        auditeur.post(&format!("{url}/commencer"), &[]).await;
        voie::constater(&site, &url).await;
        let chez_l_agence = auditeur.get(&url).await.corps();
        assert!(chez_l_agence.contains("Jetons écrits dans les journaux"), "{chez_l_agence}");
        let fichier = voie::adresse_fichier(&chez_l_agence);
        assert_eq!(auditeur.get(&fichier).await.statut, 200);
        for secret in [claire.get(&url).await.corps(), claire.get("/tableau-de-bord").await.corps()] {
            assert!(!secret.contains("Jetons écrits"), "{secret}");
        }
        assert_eq!(claire.get(&fichier).await.statut, 404, "not communicated yet");
        let sha256 = fichier.rsplit('/').next().expect("a hash");
        let par_le_dossier = format!("/candidatures/{}/fichiers/{sha256}", habilitation.candidature);
        assert_eq!(claire.get(&par_le_dossier).await.statut, 404, "no way around");

        voie::rapporter(&site, &url, "rapport-provisoire").await;
        assert_eq!(claire.get(&fichier).await.statut, 404);
        let tot = auditeur.post(&format!("{url}/communiquer"), &[("jusqu_au", "2026-11-25")]).await;
        assert_eq!(tot.statut, 422);
        assert!(tot.corps().contains("6 décembre 2026"), "{}", tot.corps());
        auditeur.post(&format!("{url}/communiquer"), &[("jusqu_au", "2026-12-10")]).await;
        assert!(claire.get(&url).await.corps().contains("Jetons écrits dans les journaux"));
        assert_eq!(claire.get(&fichier).await.statut, 200);
        let tableau = claire.get("/tableau-de-bord").await.corps();
        assert!(tableau.contains("Présenter des observations") && tableau.contains(&url), "{tableau}");

        site.travailler().await;
        for courriel in decision::courriels(&site) {
            assert!(!courriel.contains("Jetons") && !courriel.contains("Authentification et"), "{courriel}");
        }
        let objets = decision::objets(&site);
        for objet in ["Audit de conformité notifié", "Rapport provisoire d’audit"] {
            assert!(objets.iter().any(|un| un.starts_with(objet)), "{objet} dans {objets:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l_echange_puis_le_plan_puis_une_proposition_qui_ne_touche_pas_l_habilitation() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let habilitation = signee(&site).await;
        let url = planifie(&site, habilitation.numero()).await;
        avancer(&site, &url, "contradictoire").await;
        let (auditeur, claire) = (site.comme("auditeur.meyer").await, site.comme("claire.martin").await);

        // Nothing is concluded before the answer.
        let tot = auditeur.post_fichiers(&format!("{url}/rapport-final"), &[("synthese", "Tôt.")], &[]).await;
        assert_eq!(tot.statut, 422);
        assert!(tot.corps().contains("Il n’en a pas encore présenté") && tot.corps().contains("Tôt."));
        let vide = claire.post_fichiers(&format!("{url}/observations"), &[("observation", "")], &[]).await;
        assert_eq!(vide.statut, 422);
        assert!(vide.corps().contains("Ce champ est obligatoire"), "{}", vide.corps());
        // Sent twice, said once; a collaborator who deposits reads and does not answer.
        let envoi = claire.get(&url).await.champ("envoi");
        for _ in 0..2 {
            let champs = [("observation", "Le jeton est fictif."), ("envoi", envoi.as_str())];
            let piece: &[(&str, &str, &[u8])] = &[("pieces_observation", "journal.txt", b"jeton=fictif")];
            let reponse = claire.post_fichiers(&format!("{url}/observations"), &champs, piece).await;
            assert_eq!(reponse.statut, 303, "{}", reponse.corps());
        }
        assert_eq!(audit(&site, &url).await.observations.len(), 1);
        dossier::droit(&site, habilitation.produit, "lea.petit", Droit::Depot).await;
        let lea = site.comme("lea.petit").await;
        assert_eq!(lea.get(&url).await.statut, 200);
        let refus = lea.post_fichiers(&format!("{url}/observations"), &[("observation", "Non.")], &[]).await;
        assert_eq!(refus.statut, 403);

        voie::rapporter(&site, &url, "rapport-final").await;
        auditeur.post(&format!("{url}/conclure"), &[]).await;
        auditeur.post(&format!("{url}/plan"), &[("avant", "2026-12-20")]).await;
        let attente = auditeur.post(&format!("{url}/recontrole"), &[("prevu_le", "2027-01-10")]).await;
        assert!(attente.statut == 422 && attente.corps().contains("20 décembre 2026"));
        let action = format!("{url}/constats/1/action");
        let sans_date = claire.post_fichiers(&action, &[("action_1", "Masquer.")], &[]).await;
        assert_eq!(sans_date.statut, 422);
        assert!(sans_date.corps().contains("Masquer."), "what was typed is kept");
        let champs = [("action_1", "Masquer les jetons."), ("date_1", "2027-01-05")];
        let proposee =
            claire.post_fichiers(&action, &champs, &[("pieces_action_1", "plan.txt", b"plan")]).await;
        assert_eq!(proposee.statut, 303, "{}", proposee.corps());
        auditeur.post(&format!("{url}/recontrole"), &[("prevu_le", "2027-01-10")]).await;
        let sans_jugement = auditeur.post(&format!("{url}/clore"), &[]).await;
        assert!(sans_jugement.statut == 422 && sans_jugement.corps().contains("Jugez d’abord"));
        let juger = [("verdict_1", "maintenu"), ("motif_1", "Le jeton paraît toujours.")];
        assert_eq!(auditeur.post(&format!("{url}/constats/1/juger"), &juger).await.statut, 303);
        let clore = auditeur.post(&format!("{url}/clore"), &[]).await;
        assert!(clore.statut == 422 && clore.corps().contains("maintenu"));
        let proposer = [("motif_suspension", "Rien n’est corrigé.")];
        assert_eq!(auditeur.post(&format!("{url}/proposer-suspension"), &proposer).await.statut, 303);

        let page = claire.get(&url).await.corps();
        assert!(page.contains("Rien n’est corrigé.") && page.contains("« active »"), "{}", texte_de(&page));
        let admin = site.comme("admin.chevalier").await;
        let chemin = format!("/habilitations/{}", habilitation.numero());
        assert!(admin.get(&chemin).await.corps().contains("Un audit attend une décision"));
        let lue = voie::lire(&site, habilitation.numero()).await;
        assert!(matches!(lue.etat, EtatHabilitation::Active { .. }), "nobody decided");
        admin.post(&format!("{chemin}/suspendre"), &[("motif_suspendre", "Audit en écart")]).await;
        assert!(!admin.get(&chemin).await.corps().contains("Un audit attend une décision"));

        site.travailler().await;
        let objets = decision::objets(&site);
        for objet in ["Observations reçues", "Plan d’actions demandé", "Plan d’actions complet", "Suspension"]
        {
            assert!(objets.iter().any(|un| un.starts_with(objet)), "{objet} dans {objets:?}");
        }
        let mut tx = site.app.registre.lire().await.expect("a transaction");
        tx.verifier_chaine().await.expect("read").expect("whole");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn la_liste_de_l_agence_montre_d_abord_ce_qui_est_en_retard() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let habilitation = signee(&site).await;
    let tardif = planifie(&site, habilitation.numero()).await;
    avancer(&site, &tardif, "contradictoire").await;
    let recent = planifie(&site, habilitation.numero()).await;
    let auditeur = site.comme("auditeur.meyer").await;
    let lire = async |filtre: &str| {
        let corps = auditeur.get(&format!("/audits{filtre}")).await.corps();
        (corps.find(&tardif), corps.find(&recent))
    };
    let (avant, apres) = lire("").await;
    assert!(avant > apres && apres.is_some(), "the newest first");
    site.horloge.avancer(SignedDuration::from_hours(24 * 40));
    site.oublier_sessions();
    let auditeur = site.comme("auditeur.meyer").await;
    for (filtre, attendu) in [
        ("?etat=contradictoire", (true, false)),
        ("?etat=ouverts", (true, true)),
        ("?etat=clos_conforme", (false, false)),
        ("?retard=oui", (true, true)),
        ("?q=logimed", (true, true)),
        ("?q=inconnu", (false, false)),
    ] {
        let corps = auditeur.get(&format!("/audits{filtre}")).await.corps();
        assert_eq!((corps.contains(&tardif), corps.contains(&recent)), attendu, "{filtre}");
    }
    assert_eq!(site.comme("claire.martin").await.get("/audits").await.statut, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn une_echeance_se_rappelle_avant_et_apres_une_fois() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let habilitation = signee(&site).await;
        let url = planifie(&site, habilitation.numero()).await;
        avancer(&site, &url, "contradictoire").await;
        // Observations through the 10th of December: day 19.
        let titulaire = 3;
        for (quand, proche, passee) in [
            (11, 0, 0),
            (12, titulaire, 0),
            (13, titulaire, 0),
            (18, 2 * titulaire, 0),
            (19, 2 * titulaire, 0),
            // The auditeur is told too.
            (20, 2 * titulaire, titulaire + 1),
            (25, 2 * titulaire, titulaire + 1),
        ] {
            voie::jour(&site, quand).await;
            let objets = decision::objets(&site);
            let compter = |debut: &str| objets.iter().filter(|objet| objet.starts_with(debut)).count();
            assert_eq!(compter("Échéance d’audit proche"), proche, "jour {quand}");
            assert_eq!(compter("Échéance d’audit passée"), passee, "jour {quand}");
        }
        // Without an answer the final report may come; then nothing is due from anybody by a day.
        avancer(&site, &url, "rapport_final").await;
        assert_eq!(audit(&site, &url).await.etat.cle(), "rapport_final");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn qui_a_instruit_le_dossier_n_en_mene_pas_l_audit() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let habilitation = signee(&site).await;
    let mut instructeur = site.personne("verif.durand").await;
    instructeur.roles_agence.push(domaine::permission::Qualite::Auditeur);
    let mut tx = site.app.registre.ecrire().await.expect("a transaction");
    tx.save_personne(&instructeur).await.expect("saved");
    tx.commit().await.expect("committed");
    let durand = site.comme("verif.durand").await;
    let chemin = format!("/habilitations/{}/audits/nouveau", habilitation.numero());
    let refus = durand.post(&chemin, &voie::PLAN).await;
    assert_eq!(refus.statut, 422);
    assert!(refus.corps().contains("n’en mène pas l’audit"), "{}", refus.corps());
    let url = planifie(&site, habilitation.numero()).await;
    let page = durand.get(&url).await.corps();
    assert!(page.contains("Vous avez instruit ce dossier") && !page.contains("Notifier au titulaire"));
    assert_eq!(durand.post(&format!("{url}/notifier"), &[]).await.statut, 422);
}
