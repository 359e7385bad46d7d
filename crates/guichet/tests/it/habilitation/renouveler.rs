//! A habilitation near its end leads to a new candidature, prefilled from the former.

use domaine::evenement::{Acteur, Evenement, Sujet};

use crate::appui::{Site, debut, decision, dossier};

#[tokio::test(flavor = "multi_thread")]
async fn une_habilitation_pres_de_sa_fin_se_renouvelle_une_fois() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let projet = decision::projet(&site).await;
    let numero = projet.numero().to_owned();
    let signer = format!("/habilitations/{numero}/signer");
    assert_eq!(site.comme("signataire.faure").await.post(&signer, &[]).await.statut, 303);
    let claire = site.comme("claire.martin").await;
    let page = format!("/habilitations/{numero}");
    let renouveler = format!("{page}/renouveler");
    assert!(!claire.get(&page).await.corps().contains("Renouveler"));
    let trop_tot = claire.post(&renouveler, &[("envoi", "a")]).await;
    assert_eq!(trop_tot.statut, 422);
    assert!(trop_tot.corps().contains("12 mois"));

    // Three years later, or nearly.
    let mut tx = site.app.registre.ecrire().await.unwrap();
    let lue = tx.load_habilitation(&numero).await.unwrap().unwrap();
    let mut vieillie = lue.valeur.clone();
    vieillie.contenu.fin = "2027-03-01".parse().unwrap();
    let evenement = Evenement::new(Sujet::new("essai", 1), "Vieillie", &Acteur::systeme(), debut());
    tx.save_habilitation(&lue.vers(vieillie), &evenement).await.unwrap();
    tx.commit().await.unwrap();
    assert!(claire.get(&page).await.corps().contains("Renouveler"));
    assert_eq!(site.comme("verif.durand").await.post(&renouveler, &[("envoi", "v")]).await.statut, 403);
    let (un, deux) = (
        claire.post(&renouveler, &[("envoi", "b")]).await,
        claire.post(&renouveler, &[("envoi", "c")]).await,
    );
    assert_eq!((un.statut, un.vers()), (303, deux.vers()), "{}", un.corps());
    let id = un.vers().strip_prefix("/candidatures/").unwrap().parse().unwrap();
    let nouvelle = dossier::lire(&site, id).await;
    assert_eq!(nouvelle.renouvelle.as_deref(), Some(numero.as_str()));
    assert_eq!(
        (nouvelle.formulaire.valeur("profils"), nouvelle.formulaire.valeur("date_depot")),
        ("ELP", "")
    );
    assert!(claire.get(&page).await.corps().contains(un.vers()), "the page leads to it");
    assert!(claire.get("/tableau-de-bord").await.corps().contains("plus que"));
}
