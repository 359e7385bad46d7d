//! No act without its event: acts driven through their pages, each of which must lengthen the chain, and say who acted.

use std::collections::BTreeSet;

use domaine::{
    evenement::{Evenement, Sujet, Visibilite},
    referentiel::Guichet,
};
use guichet::routes::table;

use crate::appui::{Site, dossier, id_personne};

/// Routes that change something and leave no event, with the reason.
const SANS_EVENEMENT: &[(&str, &str)] = &[
    ("/faq/{question}/vote", "votes are nobody's: only what they lead to is told"),
    ("/deconnexion", "a session is not of the dossier"),
    ("/reprise/oublier", "a draft that its author gives up"),
    ("/televersements", "bytes under way: the act that takes the file tells it"),
    ("/televersements/{televersement}", "the same"),
];

/// Login, path and fields of an act.
type Pas<'a> = (&'a str, String, Vec<(&'a str, &'a str)>);

/// Rank of the last event.
async fn rang(site: &Site) -> i64 {
    let mut tx = site.app.registre.lire().await.unwrap();
    tx.verifier_chaine().await.unwrap().expect("a whole chain")
}

async fn derniers(site: &Site, sujet: Sujet) -> Vec<Evenement> {
    let mut tx = site.app.registre.lire().await.unwrap();
    tx.load_evenements(&sujet, true).await.unwrap().into_iter().map(|lu| lu.evenement).collect()
}

#[test]
fn une_route_sans_evenement_dit_pourquoi() {
    let changent: BTreeSet<&str> =
        table().iter().filter(|route| route.methode != http::Method::GET).map(|route| route.chemin).collect();
    for (chemin, raison) in SANS_EVENEMENT {
        assert!(changent.contains(chemin), "{chemin} ({raison}) is no route that changes something");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chaque_acte_allonge_la_chaine() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let produit = dossier::produit(&site, "claire.martin", "Carnet").await;
        let neuve = dossier::candidature(&site, "claire.martin", produit, Guichet::Editeur).await;
        let soumise = dossier::formulaire_soumis(&site).await;
        let ouverte = dossier::depot_ouvert(&site).await;
        dossier::soumettre_chapitre(&site, ouverte, "PAS").await;
        let (lea, durand) = (id_personne("lea.petit").to_string(), id_personne("verif.durand").to_string());
        let p = format!("/produits/{produit}");
        let [n, s, o] = [neuve, soumise, ouverte].map(|id| format!("/candidatures/{id}"));
        let slot = format!("{o}/chapitres/PMT/preuves/PMT.04.01.01");
        let pas = format!("{o}/instruction/chapitres/PAS");
        let vu = site.comme("verif.durand").await.get(&pas).await.champ("vu");
        let fiche = [
            ("nom", "Autre carnet"),
            ("version", "3.0"),
            ("description", "Un carnet"),
            ("dispositifs", "edc-psc"),
            ("responsable", lea.as_str()),
            ("vue", "2"),
            ("envoi", "produit"),
        ];
        let question =
            [("question", "Pourquoi ?"), ("reponse", "Pour voir."), ("etat", "brouillon"), ("envoi", "faq")];
        let preuve = [
            ("forme", "texte"),
            ("texte", "acr_values=eidas1"),
            ("date_reelle", "2026-11-20"),
            ("version", "2.1"),
        ];
        let actes: Vec<Pas<'_>> = vec![
            (
                "claire.martin",
                "/structure/invitations".into(),
                vec![("courriel", "x@exemple.fr"), ("role", "salarie")],
            ),
            ("claire.martin", format!("/structure/membres/{lea}/role"), vec![("role", "responsable")]),
            ("claire.martin", format!("/structure/membres/{lea}/role"), vec![("role", "salarie")]),
            ("claire.martin", format!("{p}/collaborateurs"), vec![("personne", &lea), ("droit", "lecture")]),
            ("claire.martin", "/produits/nouveau".into(), fiche.to_vec()),
            ("claire.martin", format!("{p}/candidatures"), vec![("guichet", "operateur"), ("envoi", "c")]),
            ("claire.martin", format!("{n}/demarrer"), vec![]),
            (
                "claire.martin",
                format!("{n}/formulaire"),
                vec![("datapass", "D12"), ("origine.datapass", ""), ("page", "p")],
            ),
            ("claire.martin", format!("{n}/abandonner"), vec![("motif", "Essai")]),
            ("claire.martin", format!("{o}/messages"), vec![("envoi", "m"), ("texte", "Secret du candidat")]),
            ("claire.martin", slot, preuve.to_vec()),
            ("verif.durand", format!("{s}/referent"), vec![("vu", ""), ("referent", &durand)]),
            (
                "verif.durand",
                format!("{s}/notes"),
                vec![("envoi", "n"), ("objet", "champ:siret"), ("texte", "Note secrète")],
            ),
            (
                "verif.durand",
                format!("{s}/instruction/formulaire/irrecevable"),
                vec![("motif", "Hors champ")],
            ),
            ("verif.durand", format!("{pas}/prendre"), vec![("vu", &vu)]),
            (
                "verif.durand",
                "/agence/modeles".into(),
                vec![("genre", "message"), ("titre", "Reçu"), ("texte", "Bien reçu")],
            ),
            ("admin.chevalier", "/agence/faq/nouvelle".into(), question.to_vec()),
            (
                "admin.chevalier",
                "/college".into(),
                vec![("date", "2026-12-15"), ("lieu", "Paris"), ("envoi", "s")],
            ),
            ("claire.martin", format!("/structure/membres/{lea}/retirer"), vec![]),
        ];
        for (login, chemin, champs) in actes {
            let avant = rang(&site).await;
            let navigateur = site.comme(login).await;
            let fichiers = chemin.ends_with("/messages") || chemin.contains("/preuves/");
            let reponse = if fichiers {
                navigateur.post_fichiers(&chemin, &champs, &[]).await
            } else {
                navigateur.post(&chemin, &champs).await
            };
            assert_eq!(reponse.statut, 303, "{chemin}: {}", reponse.corps());
            assert!(rang(&site).await > avant, "{chemin} left no event");
        }
    }
}

/// What each side reads of a note and of a message.
#[tokio::test(flavor = "multi_thread")]
async fn une_note_et_un_message_se_racontent_sans_se_repeter() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::formulaire_soumis(&site).await;
    let s = format!("/candidatures/{id}");
    let (claire, durand) = (site.comme("claire.martin").await, site.comme("verif.durand").await);
    let note = [("envoi", "n"), ("objet", "champ:siret"), ("texte", "Note secrète")];
    assert_eq!(durand.post(&format!("{s}/notes"), &note).await.statut, 303);
    let message = [("envoi", "m"), ("texte", "Secret du candidat")];
    let envoi = claire.post_fichiers(&format!("{s}/messages"), &message, &[]).await;
    assert_eq!(envoi.statut, 303, "{}", envoi.corps());

    let evenements = derniers(&site, Sujet::new("candidature", id)).await;
    let note = evenements.iter().find(|une| une.acte == "Note interne ajoutée").expect("told");
    assert_eq!((note.visibilite, note.acteur.nom.as_str()), (Visibilite::Agence, "verif Durand"));
    assert_eq!(note.differences[0].apres, "Note secrète");
    for chemin in [&s, &format!("{s}/historique")] {
        assert!(!claire.get(chemin).await.corps().contains("Note"), "{chemin}");
    }
    // A message is told, what it says is not.
    assert!(evenements.iter().any(|une| une.acte == "Message envoyé"));
    assert!(!format!("{evenements:?}").contains("Secret du candidat"));
}

#[tokio::test(flavor = "multi_thread")]
async fn un_modele_fait_change_puis_retire_laisse_trois_lignes() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let durand = site.comme("verif.durand").await;
    let modele = [("genre", "message"), ("titre", "Reçu"), ("texte", "Bien reçu")];
    assert_eq!(durand.post("/agence/modeles", &modele).await.statut, 303);
    let mut tx = site.app.registre.lire().await.unwrap();
    let id = tx.load_modeles().await.unwrap()[0].id.clone();
    drop(tx);
    let change = [("id", id.as_str()), ("genre", "message"), ("titre", "Reçu"), ("texte", "Reçu {nru}")];
    assert_eq!(durand.post("/agence/modeles", &change).await.statut, 303);
    for _ in 0..2 {
        assert_eq!(durand.post(&format!("/agence/modeles/{id}/supprimer"), &[]).await.statut, 303);
    }
    let actes: Vec<String> =
        derniers(&site, Sujet::new("modeles", "agence")).await.into_iter().map(|une| une.acte).collect();
    assert_eq!(actes, ["Modèle créé", "Modèle modifié", "Modèle supprimé"]);
    assert!(durand.get("/agence/modeles").await.corps().contains("Reçu {nru}"), "the history shows the text");
}

#[tokio::test(flavor = "multi_thread")]
async fn le_consentement_laisse_sa_trace_une_fois() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let mut personne = site.personne("lea.petit").await;
    personne.consentement = None;
    let mut tx = site.app.registre.ecrire().await.unwrap();
    tx.save_personne(&personne).await.unwrap();
    tx.commit().await.unwrap();
    let lea = site.comme("lea.petit").await;
    for _ in 0..2 {
        assert_eq!(lea.post("/consentement", &[("accord", "oui")]).await.statut, 303);
    }
    let evenements = derniers(&site, Sujet::new("personne", personne.id)).await;
    assert_eq!(evenements.len(), 1);
    assert!(evenements[0].acteur.est(personne.id));
}
