//! A produit from its brouillon to its archive, and who may work on it.

use domaine::{
    id::Id,
    produit::{EtatProduit, Produit},
    referentiel::Guichet,
};

use crate::appui::{Site, dossier, id_personne, id_structure};

fn fiche<'a>(nom: &'a str, version: &'a str, responsable: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("nom", nom),
        ("version", version),
        ("responsable", responsable),
        ("description", "Un carnet"),
        ("dispositifs", "edc-psc"),
        ("dispositifs", "segur"),
    ]
}

async fn produits(site: &Site) -> Vec<Produit> {
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    tx.load_produits(id_structure(0)).await.expect("read")
}

async fn charger(site: &Site, id: Id<Produit>) -> Produit {
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    tx.load_produit(id).await.expect("read").expect("there").valeur
}

#[tokio::test(flavor = "multi_thread")]
async fn la_saisie_passe_par_un_brouillon_que_rien_ne_perd() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let claire = site.comme("claire.martin").await;
    let moi = id_personne("claire.martin").to_string();

    let vide = claire.get("/produits/nouveau").await;
    let envoi = vide.champ("envoi");
    let sans_nom = claire.post("/produits/nouveau", &[("envoi", &envoi)]).await;
    assert_eq!(sans_nom.statut, 422);
    assert!(sans_nom.corps().contains("Donnez le nom du produit."));
    assert!(produits(&site).await.is_empty());

    // Faulty but named: kept as it is, and sent twice it is still one.
    let mut champs = fiche("Carnet", "-1", &moi);
    champs.push(("envoi", &envoi));
    let fautif = claire.post("/produits/nouveau", &champs).await;
    assert_eq!(fautif.statut, 422);
    assert!(fautif.corps().contains("id=\"c-version-erreur\""));
    let double = claire.post("/produits/nouveau", &champs).await;
    assert_eq!(double.statut, 303);
    let brouillons = produits(&site).await;
    assert_eq!(brouillons.len(), 1);
    let brouillon = &brouillons[0];
    assert_eq!(brouillon.fiche.version, "-1");
    let url = format!("/produits/{}", brouillon.id);
    assert_eq!(double.vers(), format!("{url}/modifier"));

    let vue = fautif.champ("vue");
    let mut champs = fiche("Carnet", "1.0", &moi);
    champs.push(("vue", &vue));
    let juste = claire.post(&format!("{url}/modifier"), &champs).await;
    assert_eq!((juste.statut, juste.vers()), (303, format!("{url}/recapitulatif").as_str()));
    assert!(claire.get(juste.vers()).await.corps().contains("Ségur du numérique en santé"));
    assert_eq!(claire.post(&format!("{url}/valider"), &[]).await.vers(), url);
    let actif = charger(&site, brouillon.id).await;
    assert_eq!((actif.etat, actif.fiche.version.as_str()), (EtatProduit::Actif, "1.0"));
    assert_eq!(claire.post(&format!("{url}/valider"), &[]).await.vers(), url);
    assert_eq!(charger(&site, brouillon.id).await.reference, actif.reference);
}

#[tokio::test(flavor = "multi_thread")]
async fn le_second_a_enregistrer_voit_ce_que_le_premier_a_ecrit() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::produit(&site, "claire.martin", "Carnet").await;
    let moi = id_personne("claire.martin").to_string();
    let modifier = format!("/produits/{id}/modifier");
    let (claire, hugo) = (site.comme("claire.martin").await, site.comme("hugo.bernard").await);
    let vue = claire.get(&modifier).await.champ("vue");

    let mut champs = fiche("Carnet", "3.0", &moi);
    champs.push(("vue", &vue));
    assert_eq!(claire.post(&modifier, &champs).await.statut, 303);

    let mut champs = fiche("Carnet", "4.0", &moi);
    champs.push(("vue", &vue));
    let depasse = hugo.post(&modifier, &champs).await;
    assert_eq!(depasse.statut, 409);
    let corps = depasse.corps();
    assert!(corps.contains("value=\"4.0\""), "what was typed is kept");
    assert!(corps.contains("<dd class=\"texte-libre\">3.0</dd>"), "what is written now is shown");
    assert_eq!(charger(&site, id).await.fiche.version, "3.0");

    let vue = depasse.champ("vue");
    champs.pop();
    champs.push(("vue", &vue));
    assert_eq!(hugo.post(&modifier, &champs).await.statut, 303);
    assert_eq!(charger(&site, id).await.fiche.version, "4.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn un_droit_ouvre_et_ferme_le_produit() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::produit(&site, "claire.martin", "Carnet").await;
    let (claire, lea) = (site.comme("claire.martin").await, site.comme("lea.petit").await);
    let (url, collaborateurs) = (format!("/produits/{id}"), format!("/produits/{id}/collaborateurs"));
    let personne = id_personne("lea.petit").to_string();
    for (droit, lire, ecrire) in [("", 404, 404), ("lecture", 200, 403), ("depot", 200, 200), ("", 404, 404)]
    {
        let donne = claire.post(&collaborateurs, &[("personne", &personne), ("droit", droit)]).await;
        assert_eq!(donne.statut, 303);
        assert_eq!(lea.get(&url).await.statut, lire, "{droit}");
        assert_eq!(lea.get(&format!("{url}/modifier")).await.statut, ecrire, "{droit}");
        let vu = lea.get("/produits").await.corps().contains(&format!("href=\"{url}\""));
        assert_eq!(vu, lire == 200, "{droit}");
    }
    let etrangere = id_personne("nadia.benali").to_string();
    let refus = claire.post(&collaborateurs, &[("personne", &etrangere), ("droit", "gestion")]).await;
    assert_eq!(refus.statut, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn un_produit_en_usage_ne_s_archive_pas() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::produit(&site, "claire.martin", "Carnet").await;
    let candidature = dossier::candidature(&site, "claire.martin", id, Guichet::Editeur).await;
    let claire = site.comme("claire.martin").await;
    let archiver = format!("/produits/{id}/archiver");
    assert_eq!(claire.post(&archiver, &[]).await.statut, 422);
    let abandon = format!("/candidatures/{candidature}/abandonner");
    assert_eq!(claire.post(&abandon, &[("motif", "Projet arrêté")]).await.statut, 303);
    assert_eq!(claire.post(&archiver, &[]).await.statut, 303);
    assert!(!claire.get("/demarches/editeur").await.corps().contains("Carnet"));
}
