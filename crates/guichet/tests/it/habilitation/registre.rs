//! What follows the signature: suspended, restored, withdrawn, replaced, ended; and what the register says of it.

use domaine::habilitation::{EtatHabilitation, Habilitation};
use jiff::SignedDuration;
use registre::Versionne;

use crate::appui::{Site, decision};

async fn signee(site: &Site) -> Versionne<Habilitation> {
    let projet = decision::projet(site).await;
    let chemin = format!("/habilitations/{}/signer", projet.numero());
    assert_eq!(site.comme("signataire.faure").await.post(&chemin, &[]).await.statut, 303);
    lire(site, projet.numero()).await
}

async fn lire(site: &Site, numero: &str) -> Versionne<Habilitation> {
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    tx.load_habilitation(numero).await.expect("read").expect("there")
}

/// Saves another habilitation for the same profile: ours are made by a decision, and a second dossier is long.
async fn autre(
    site: &Site,
    modele: &Habilitation,
    numero: &str,
    dependances: &[&str],
) -> Versionne<Habilitation> {
    let produit = crate::appui::dossier::produit(site, "claire.martin", "Autre").await;
    let candidature = crate::appui::dossier::candidature(
        site,
        "claire.martin",
        produit,
        domaine::referentiel::Guichet::Editeur,
    )
    .await;
    let mut contenu = modele.contenu.clone();
    contenu.numero = numero.to_owned();
    contenu.dependances = dependances.iter().map(|un| (*un).to_owned()).collect();
    let habilitation = Habilitation {
        id: site.app.id(),
        candidature,
        contenu,
        etat: EtatHabilitation::Projet,
        ..modele.clone()
    };
    let evenement = domaine::evenement::Evenement::new(
        domaine::evenement::Sujet::new("candidature", candidature),
        "Habilitation d’essai",
        &domaine::evenement::Acteur::systeme(),
        site.app.maintenant(),
    );
    let mut tx = site.app.registre.ecrire().await.expect("a transaction");
    tx.save_habilitation(&Versionne::nouveau(habilitation), &evenement).await.expect("saved");
    tx.commit().await.expect("committed");
    lire(site, numero).await
}

#[tokio::test(flavor = "multi_thread")]
async fn une_habilitation_se_suspend_se_retablit_et_se_retire() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let numero = signee(&site).await.numero().to_owned();
        let chemin = format!("/habilitations/{numero}");
        let (admin, college) = (site.comme("admin.chevalier").await, site.comme("college.roux").await);
        let vide = admin.post(&format!("{chemin}/suspendre"), &[("motif_suspendre", "")]).await;
        assert_eq!(vide.statut, 422);
        assert!(vide.corps().contains("Donnez un motif"), "{}", vide.corps());
        let suspendue =
            admin.post(&format!("{chemin}/suspendre"), &[("motif_suspendre", "Audit en écart")]).await;
        assert_eq!(suspendue.statut, 303, "{}", suspendue.corps());
        let public = site.anonyme().get(&format!("/registre/{numero}")).await.corps();
        assert!(public.contains("Suspendue") && !public.contains("Audit en écart"), "{public}");
        let titulaire = site.comme("claire.martin").await.get(&chemin).await.corps();
        assert!(titulaire.contains("Audit en écart"), "{titulaire}");
        assert!(!titulaire.contains("Chevalier"), "the names of the agency stay inside");

        let deux = admin.post(&format!("{chemin}/suspendre"), &[("motif_suspendre", "Encore")]).await;
        assert_eq!(deux.statut, 422);
        assert!(deux.corps().contains("Suspendue"));
        let retablie = admin.post(&format!("{chemin}/retablir"), &[("motif_retablir", "Corrigé")]).await;
        assert_eq!(retablie.statut, 303);
        assert_eq!(admin.post(&format!("{chemin}/retirer"), &[("motif_retirer", "x")]).await.statut, 403);
        let retiree = college.post(&format!("{chemin}/retirer"), &[("motif_retirer", "Manquement")]).await;
        assert_eq!(retiree.statut, 303, "{}", retiree.corps());
        assert!(matches!(lire(&site, &numero).await.etat, EtatHabilitation::Retiree { .. }));
        site.travailler().await;
        let objets = decision::objets(&site);
        for objet in ["Habilitation suspendue", "Habilitation rétablie", "Habilitation retirée"] {
            assert!(objets.iter().any(|un| un.starts_with(objet)), "{objet} dans {objets:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn la_nouvelle_remplace_l_ancienne_et_le_registre_le_dit_aux_programmes() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let ancienne = signee(&site).await;
        let projet = autre(&site, &ancienne, "HAB-ELP-2026-09999", &[ancienne.numero()]).await;
        let signataire = site.comme("signataire.faure").await;
        let reponse = signataire.post("/habilitations/HAB-ELP-2026-09999/signer", &[]).await;
        assert_eq!(reponse.statut, 303, "{}", reponse.corps());
        let EtatHabilitation::Remplacee { par, .. } = &lire(&site, ancienne.numero()).await.etat else {
            panic!("replaced")
        };
        assert_eq!(par, projet.numero());

        let json = site.anonyme().get("/registre?format=json").await;
        assert_eq!(json.entetes["content-type"], "application/json; charset=utf-8");
        let registre: serde_json::Value = serde_json::from_slice(&json.octets).expect("JSON");
        let etats: Vec<(&str, &str)> = registre["habilitations"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|une| (une["numero"].as_str().unwrap_or_default(), une["etat"].as_str().unwrap_or_default()))
            .collect();
        assert!(etats.contains(&(ancienne.numero(), "remplacee")), "{etats:?}");
        assert!(etats.contains(&(projet.numero(), "active")), "{etats:?}");
        for (filtre, attendu) in [
            ("?etat=active", 1),
            ("?etat=suspendue", 0),
            ("?profil=ELP", 2),
            ("?profil=ELU", 0),
            ("?q=logimed", 2),
            ("?q=09999", 1),
            ("?q=introuvable", 0),
        ] {
            let json = site.anonyme().get(&format!("/registre{filtre}&format=json")).await;
            let registre: serde_json::Value = serde_json::from_slice(&json.octets).expect("JSON");
            assert_eq!(registre["habilitations"].as_array().expect("a list").len(), attendu, "{filtre}");
            assert_eq!(site.anonyme().get(&format!("/registre{filtre}")).await.statut, 200);
        }
        // It relied on the one that it replaced.
        let fiche = signataire.get("/habilitations/HAB-ELP-2026-09999").await.corps();
        assert!(fiche.contains("n’est plus en vigueur"), "{fiche}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn la_fin_se_rappelle_a_ses_dates_une_fois() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let habilitation = signee(&site).await;
        site.travailler().await;
        let compter =
            |debut: &str| decision::objets(&site).iter().filter(|objet| objet.starts_with(debut)).count();
        // Contact and the two who answer for the structure.
        let destinataires = 3;
        let mut rappels = 0;
        // Days after the decision, for an end 1096 days later.
        for (jour, nouveau) in
            [(700, 0), (731, 1), (732, 0), (916, 1), (1037, 1), (1066, 1), (1089, 1), (1090, 0), (1096, 0)]
        {
            avancer_au(&site, jour);
            rappels += nouveau;
            for _ in 0..2 {
                guichet::taches::planifier(&site.app).await.expect("planned");
                site.travailler().await;
            }
            assert_eq!(compter("Fin prochaine"), rappels * destinataires, "jour {jour}");
        }
        assert_eq!(compter("Habilitation expirée"), 0);
        avancer_au(&site, 1097);
        guichet::taches::planifier(&site.app).await.expect("planned");
        site.travailler().await;
        assert_eq!(compter("Habilitation expirée"), destinataires);
        let public = site.anonyme().get(&format!("/registre/{}", habilitation.numero())).await.corps();
        assert!(public.contains("Expirée"), "{public}");
    }
}

/// Moves the clock to that many days after the beginning.
fn avancer_au(site: &Site, jour: i64) {
    let voulu = crate::appui::debut().as_second() + jour * 86_400;
    site.horloge.avancer(SignedDuration::from_secs(voulu - site.app.maintenant().as_second()));
}
