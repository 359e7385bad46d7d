//! The form read by the agency: verdicts by two people, correction, what changed, validation.

use domaine::{candidature::Etat, formulaire::EtatFormulaire};

use super::{lire, poster};
use crate::appui::{Navigateur, Reponse, Site, dossier};

/// Sends the verdicts, with what the page showed.
async fn juger(qui: &Navigateur<'_>, chemin: &str, page: &Reponse, champs: &[(&str, &str)]) -> Reponse {
    let corps = page.corps();
    let vus: Vec<(String, String)> = corps
        .split("name=\"vu.")
        .skip(1)
        .map(|morceau| format!("vu.{}", morceau.split('"').next().unwrap_or_default()))
        .map(|nom| (nom.clone(), page.champ(&nom)))
        .collect();
    let mut tous: Vec<(&str, &str)> = vus.iter().map(|(nom, vu)| (nom.as_str(), vu.as_str())).collect();
    tous.extend_from_slice(champs);
    qui.post(chemin, &tous).await
}

#[tokio::test(flavor = "multi_thread")]
async fn du_renvoi_a_la_validation() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let id = dossier::formulaire_soumis(&site).await;
        let formulaire = format!("/candidatures/{id}/formulaire");
        let instruction = format!("/candidatures/{id}/instruction/formulaire");
        let (durand, claire) = (site.comme("verif.durand").await, site.comme("claire.martin").await);
        assert_eq!(claire.get(&instruction).await.statut, 403);
        let page = durand.get(&instruction).await;
        assert_eq!(page.statut, 200, "{}", page.corps());
        assert!(page.corps().contains("SIRET de la structure"), "advice: {}", page.corps());

        let renvoyer = format!("{instruction}/renvoyer");
        let rien = juger(&durand, &renvoyer, &page, &[]).await;
        assert_eq!(rien.statut, 422, "{}", rien.corps());
        let sans_motif = juger(&durand, &renvoyer, &page, &[("avis.datapass", "a_corriger")]).await;
        assert_eq!(sans_motif.statut, 422);
        assert!(sans_motif.corps().contains("dites ce qui est à corriger"), "{}", sans_motif.corps());
        let verdicts = [
            ("avis.datapass", "a_corriger"),
            ("motif.datapass", "Ce numéro n’existe pas."),
            ("avis.siret", "conforme"),
        ];
        // Before it is sent, the candidate sees nothing of it.
        assert_eq!(juger(&durand, &format!("{instruction}/verdicts"), &page, &verdicts).await.statut, 303);
        assert!(!claire.get(&formulaire).await.corps().contains("existe pas"));
        let page = durand.get(&instruction).await;
        let renvoi = juger(&durand, &renvoyer, &page, &[]).await;
        assert_eq!(renvoi.statut, 303, "{}", renvoi.corps());
        assert!(matches!(lire(&site, id).await.formulaire.etat, EtatFormulaire::ACorriger { .. }));

        let page = claire.get(&formulaire).await;
        assert!(page.corps().contains("Ce numéro n’existe pas."), "{}", page.corps());
        assert!(page.corps().contains("name=\"origine.datapass\""));
        assert!(!page.corps().contains("name=\"origine.siret\""), "only what is to correct is open");
        let soumise =
            poster(&claire, &format!("{formulaire}/soumettre"), &page, &[("datapass", "D777")]).await;
        assert_eq!(soumise.statut, 303, "{}", soumise.corps());

        let page = durand.get(&instruction).await;
        assert!(page.corps().contains("<del>D123456</del> <ins>D777</ins>"), "{}", page.corps());
        assert!(page.corps().contains("sur l’ancienne valeur"), "{}", page.corps());
        let valider = format!("{instruction}/valider");
        let trop_tot = juger(&durand, &valider, &page, &[]).await;
        assert_eq!(trop_tot.statut, 422, "the changed field waits for a verdict");
        let page = durand.get(&instruction).await;
        let valide = juger(&durand, &valider, &page, &[("avis.datapass", "conforme")]).await;
        assert_eq!(valide.statut, 303, "{}", valide.corps());
        let lue = lire(&site, id).await;
        assert_eq!(lue.etat, Etat::DepotOuvert);
        assert!(lue.formulaire.verdicts["siret"].conforme, "the verdict on what did not change stays");

        // R24: the version stays open; each change must be right.
        let page = claire.get(&formulaire).await;
        let faux = poster(&claire, &formulaire, &page, &[("version", "?")]).await;
        assert_eq!(faux.statut, 422);
        assert_eq!(faux.champ("version"), "?");
        assert_eq!(poster(&claire, &formulaire, &page, &[("version", "2.2")]).await.statut, 303);
        site.travailler().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deux_verificateurs_ne_s_ecrasent_pas() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let id = dossier::formulaire_soumis(&site).await;
        let instruction = format!("/candidatures/{id}/instruction/formulaire");
        let verdicts = format!("{instruction}/verdicts");
        let (durand, lopez) = (site.comme("verif.durand").await, site.comme("verif.lopez").await);
        let (de_durand, de_lopez) = (durand.get(&instruction).await, lopez.get(&instruction).await);
        let signale = [("avis.siret", "a_corriger"), ("motif.siret", "Établissement fermé.")];
        assert_eq!(juger(&durand, &verdicts, &de_durand, &signale).await.statut, 303);
        site.horloge.avancer(jiff::SignedDuration::from_secs(5));
        // Another field: both stand. The same: the second one is told, and what she typed stays.
        let autre = [("avis.datapass", "conforme")];
        assert_eq!(juger(&lopez, &verdicts, &de_lopez, &autre).await.statut, 303);
        let meme = juger(&lopez, &verdicts, &de_lopez, &[("avis.siret", "conforme")]).await;
        assert_eq!(meme.statut, 409);
        assert!(meme.corps().contains("Établissement fermé."), "{}", meme.corps());
        assert!(!lire(&site, id).await.formulaire.verdicts["siret"].conforme);
        // Nobody decides on verdicts that they have not seen.
        let valider = juger(&lopez, &format!("{instruction}/renvoyer"), &de_lopez, &[]).await;
        assert_eq!(valider.statut, 409, "{}", valider.corps());
        let reste = lopez.get(&instruction).await;
        let tout = [signale[0], signale[1], ("reste", "conforme")];
        assert_eq!(juger(&lopez, &verdicts, &reste, &tout).await.statut, 303);
        let lue = lire(&site, id).await;
        let conformes = lue.formulaire.verdicts.values().filter(|verdict| verdict.conforme).count();
        assert_eq!(conformes + 1, lue.formulaire.champs(lue.guichet).count(), "all but the SIRET");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn irrecevable_demande_un_motif_et_arrete_tout() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let id = dossier::formulaire_soumis(&site).await;
        let instruction = format!("/candidatures/{id}/instruction/formulaire");
        let durand = site.comme("verif.durand").await;
        let chemin = format!("{instruction}/irrecevable");
        assert_eq!(durand.post(&chemin, &[("motif", "")]).await.statut, 422);
        let reponse = durand.post(&chemin, &[("motif", "Personne physique.")]).await;
        assert_eq!(reponse.statut, 303, "{}", reponse.corps());
        let page = site.comme("claire.martin").await.get(&format!("/candidatures/{id}/formulaire")).await;
        assert!(page.corps().contains("Personne physique."), "{}", page.corps());
        assert_eq!(durand.post(&chemin, &[("motif", "Encore")]).await.statut, 409);
    }
}
