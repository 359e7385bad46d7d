//! The formulaire administratif, filled in by several people and instructed by several others.

mod habilitation;
mod instruction;

use domaine::{candidature::Candidature, id::Id, referentiel::Guichet};

use crate::appui::{
    Navigateur, Reponse, Site,
    dossier::{self, FORMULAIRE_ELP},
};

/// The fields that a page sends: those that it offers with the values that it shows, then the changes.
pub(super) fn envoyer(page: &Reponse, changements: &[(&str, &str)]) -> Vec<(String, String)> {
    let corps = page.corps();
    let mut champs = vec![("page".to_owned(), page.champ("page"))];
    for morceau in corps.split("name=\"origine.").skip(1) {
        let cle = morceau.split('"').next().unwrap_or_default();
        let origine = page.champ(&format!("origine.{cle}")).replace("&#39;", "'");
        champs.push((format!("origine.{cle}"), origine.clone()));
        let valeur = changements.iter().find(|(autre, _)| *autre == cle).map(|(_, valeur)| *valeur);
        for une in valeur.unwrap_or(&origine).split(',').filter(|une| !une.is_empty()) {
            champs.push((cle.to_owned(), une.to_owned()));
        }
    }
    champs.extend(
        changements
            .iter()
            .filter(|(cle, _)| !corps.contains(&format!("name=\"origine.{cle}\"")))
            .map(|(cle, valeur)| ((*cle).to_owned(), (*valeur).to_owned())),
    );
    champs
}

pub(super) async fn poster(
    qui: &Navigateur<'_>,
    chemin: &str,
    page: &Reponse,
    changements: &[(&str, &str)],
) -> Reponse {
    let champs = envoyer(page, changements);
    let champs: Vec<(&str, &str)> =
        champs.iter().map(|(cle, valeur)| (cle.as_str(), valeur.as_str())).collect();
    qui.post(chemin, &champs).await
}

pub(super) async fn lire(site: &Site, id: Id<Candidature>) -> Candidature {
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    tx.load_candidature(id).await.expect("read").expect("there").valeur
}

async fn ouvrir(site: &Site) -> (Id<Candidature>, String) {
    let produit = dossier::produit(site, "claire.martin", "Proxy Logimed").await;
    let id = dossier::candidature(site, "claire.martin", produit, Guichet::Editeur).await;
    (id, format!("/candidatures/{id}/formulaire"))
}

#[tokio::test(flavor = "multi_thread")]
async fn un_brouillon_garde_tout_et_dit_ce_qui_ne_va_pas() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let (id, chemin) = ouvrir(&site).await;
        let claire = site.comme("claire.martin").await;
        let page = claire.get(&chemin).await;
        assert_eq!(page.statut, 200, "{}", page.corps());
        assert!(!page.corps().contains("name=\"nie\""), "the NIE is only for an ELU");
        let changements =
            [("siret", "732 829 320 00075"), ("profils", "ELU,ELP"), ("denomination", "L'Atelier <b>")];
        let reponse = poster(&claire, &chemin, &page, &changements).await;
        assert_eq!((reponse.statut, reponse.vers()), (303, chemin.as_str()), "{}", reponse.corps());
        let lue = lire(&site, id).await;
        assert_eq!(lue.formulaire.valeur("siret"), "732 829 320 00075");
        assert_eq!(lue.formulaire.valeur("profils"), "ELU,ELP");
        let page = claire.get(&chemin).await;
        for attendu in ["clé de contrôle", "name=\"nie\"", "Il reste", "Candidature complétée à"] {
            assert!(page.corps().contains(attendu), "{attendu} : {}", page.corps());
        }
        assert!(!page.corps().contains("resume-erreurs"), "a draft is advised, not refused");
        // Nothing typed, nothing written.
        let evenements = |lue: &Candidature| lue.formulaire.ecritures.len();
        let avant = lire(&site, id).await;
        assert_eq!(poster(&claire, &chemin, &page, &[]).await.statut, 303);
        let apres = lire(&site, id).await;
        assert_eq!(evenements(&avant), evenements(&apres));
        assert_eq!(avant.active_le, apres.active_le);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deux_onglets_ne_s_ecrasent_pas() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let (id, chemin) = ouvrir(&site).await;
        let (claire, hugo) = (site.comme("claire.martin").await, site.comme("hugo.bernard").await);
        let auto = format!("{chemin}/auto");
        let de_claire = claire.get(&chemin).await;
        let de_hugo = hugo.get(&chemin).await;
        // Each writes in fields of their own: nothing is lost.
        assert_eq!(poster(&claire, &auto, &de_claire, &[("siege_commune", "Lyon")]).await.statut, 204);
        let reponse = poster(&hugo, &auto, &de_hugo, &[("version", "3.0")]).await;
        assert_eq!(reponse.statut, 204, "{}", reponse.corps());
        // A tab is never in conflict with what it saved before, even when it takes it back.
        for commune in ["Lyon 3", "", "Lyon"] {
            let reponse = poster(&claire, &auto, &de_claire, &[("siege_commune", commune)]).await;
            assert_eq!(reponse.statut, 204, "{commune}");
            assert_eq!(lire(&site, id).await.formulaire.valeur("siege_commune"), commune);
        }
        assert_eq!(lire(&site, id).await.formulaire.valeur("version"), "3.0");
        // The same field: the second one is told, and keeps what she typed.
        let changements = [("siege_commune", "Lyon"), ("version", "2.2")];
        assert_eq!(poster(&claire, &auto, &de_claire, &changements).await.statut, 409);
        let refusee = poster(&claire, &chemin, &de_claire, &changements).await;
        assert_eq!(refusee.statut, 409);
        assert_eq!(lire(&site, id).await.formulaire.valeur("version"), "3.0");
        assert_eq!(refusee.champ("version"), "2.2", "what was typed stays");
        assert_eq!(refusee.champ("origine.version"), "3.0");
        assert!(refusee.corps().contains("hugo Bernard a enregistré « 3.0 »"), "{}", refusee.corps());
        // Now she knows, and decides.
        let reponse = poster(&claire, &chemin, &refusee, &[("version", "2.2")]).await;
        assert_eq!(reponse.statut, 303, "{}", reponse.corps());
        assert_eq!(lire(&site, id).await.formulaire.valeur("version"), "2.2");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_soumet_ce_que_l_on_voit() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let (id, chemin) = ouvrir(&site).await;
        let (claire, hugo) = (site.comme("claire.martin").await, site.comme("hugo.bernard").await);
        let soumettre = format!("{chemin}/soumettre");
        let page = claire.get(&chemin).await;
        let refuse = poster(&claire, &soumettre, &page, &[("denomination", "Logimed")]).await;
        assert_eq!(refuse.statut, 422);
        assert!(refuse.corps().contains("points sont à corriger"), "{}", refuse.corps());
        assert_eq!(refuse.champ("denomination"), "Logimed", "saved all the same");

        let page = claire.get(&chemin).await;
        poster(&claire, &chemin, &page, FORMULAIRE_ELP).await;
        let page = claire.get(&chemin).await;
        let autre = hugo.get(&chemin).await;
        poster(&hugo, &chemin, &autre, &[("datapass", "D654321")]).await;
        let depassee = poster(&claire, &soumettre, &page, &[]).await;
        assert_eq!(depassee.statut, 409, "she has not seen the other number");
        assert!(depassee.corps().contains("D654321"), "{}", depassee.corps());
        let page = claire.get(&chemin).await;
        let soumise = poster(&claire, &soumettre, &page, &[]).await;
        assert_eq!(soumise.statut, 303, "{}", soumise.corps());
        assert!(lire(&site, id).await.formulaire.soumis());
        let encore = poster(&claire, &soumettre, &page, &[]).await;
        assert_eq!(encore.statut, 409);
        // A tab left open: its text is given back, not lost.
        let tard = poster(&hugo, &chemin, &autre, &[("datapass", "D111")]).await;
        assert_eq!(tard.statut, 409);
        assert!(tard.corps().contains("D111") && tard.corps().contains("D654321"), "{}", tard.corps());
        let lecture = hugo.get(&chemin).await;
        assert!(!lecture.corps().contains("name=\"origine."), "submitted: read only");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn le_preremplissage_ne_remplace_rien() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let (id, chemin) = ouvrir(&site).await;
        let hugo = site.comme("hugo.bernard").await;
        let page = hugo.get(&chemin).await;
        let reponse =
            poster(&hugo, &format!("{chemin}/preremplir"), &page, &[("denomination", "Autre nom")]).await;
        assert_eq!(reponse.statut, 303, "{}", reponse.corps());
        let lue = lire(&site, id).await;
        for (cle, attendu) in [
            ("denomination", "Autre nom"),
            ("siret", "732 829 320 00074"),
            ("forme_juridique", "SAS"),
            ("siege_pays", "FRA"),
            ("representant_nom", "Martin"),
            ("contact_nom", "Bernard"),
            ("contact_courriel", "hugo.bernard@exemple.fr"),
            ("representant_fonction", ""),
        ] {
            assert_eq!(lue.formulaire.valeur(cle), attendu, "{cle}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn un_composant_s_ajoute_une_fois_et_garde_ses_fichiers() {
    const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let (id, _) = ouvrir(&site).await;
        let claire = site.comme("claire.martin").await;
        let chemin = format!("/candidatures/{id}/composants/nouveau");
        let page = claire.get(&chemin).await;
        assert_eq!(page.statut, 200);
        let envoi = page.champ("envoi");
        let champs = [
            ("envoi", envoi.as_str()),
            ("nom", "Module DMP"),
            ("version", "1"),
            ("editeur", "Tiers SARL"),
            ("tiers", "oui"),
            ("nature", "bibliotheque"),
            ("integre_a", "proxy"),
            ("teleservices", "dmp"),
        ];
        let faux = claire.post_fichiers(&chemin, &champs, &[("licence", "licence.pdf", b"rien")]).await;
        assert_eq!(faux.statut, 422);
        assert_eq!(faux.champ("nom"), "Module DMP");
        for _ in 0..2 {
            let reponse = claire.post_fichiers(&chemin, &champs, &[("licence", "licence.pdf", PDF)]).await;
            assert_eq!(reponse.statut, 303, "{}", reponse.corps());
        }
        let composants = lire(&site, id).await.formulaire.composants;
        assert_eq!(composants.len(), 1, "a form sent twice adds one");
        assert!(composants[0].fautes().is_empty() && composants[0].licence.is_some());

        let premier = format!("/candidatures/{id}/composants/0");
        let page = claire.get(&premier).await;
        let vu = page.champ("composant");
        let mut champs = champs.to_vec();
        champs[0] = ("composant", vu.as_str());
        champs[2] = ("version", "2");
        assert_eq!(claire.post_fichiers(&premier, &champs, &[]).await.statut, 303);
        let composant = lire(&site, id).await.formulaire.composants[0].clone();
        assert_eq!((composant.version.as_str(), composant.licence.is_some()), ("2", true));
        champs[2] = ("version", "3");
        let depassee = claire.post_fichiers(&premier, &champs, &[]).await;
        assert_eq!(depassee.statut, 409, "somebody changed it since the page was shown");
        assert_eq!(depassee.champ("version"), "3");
        let retirer = format!("{premier}/retirer");
        assert_eq!(claire.post(&retirer, &[("composant", &vu)]).await.statut, 303);
        assert_eq!(lire(&site, id).await.formulaire.composants.len(), 1, "not the one that was seen");
        let vu = claire.get(&premier).await.champ("composant");
        assert_eq!(claire.post(&retirer, &[("composant", &vu)]).await.statut, 303);
        assert!(lire(&site, id).await.formulaire.composants.is_empty());
    }
}
