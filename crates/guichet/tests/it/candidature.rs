//! A candidature as its own pages make it, show it, give it up and replace it.

use domaine::{
    candidature::{Candidature, Etat},
    id::Id,
    preuve::Appreciation,
    referentiel::Guichet,
};

use crate::appui::{Site, debut, dossier};

async fn charger(site: &Site, id: Id<Candidature>) -> Candidature {
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    tx.load_candidature(id).await.expect("read").expect("there").valeur
}

fn id_de(url: &str) -> Id<Candidature> {
    url.strip_prefix("/candidatures/").expect("a candidature").parse().expect("an identity")
}

#[tokio::test(flavor = "multi_thread")]
async fn un_formulaire_renvoye_ne_cree_qu_une_candidature() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let produit = dossier::produit(&site, "claire.martin", "Carnet").await;
        let claire = site.comme("claire.martin").await;
        let creer = format!("/produits/{produit}/candidatures");
        let jeton = claire.get("/demarches/editeur").await.champ("envoi");
        let champs = [("guichet", "editeur"), ("envoi", jeton.as_str())];
        // Two clicks at once, then a page reloaded.
        let (un, deux) = tokio::join!(claire.post(&creer, &champs), claire.post(&creer, &champs));
        let trois = claire.post(&creer, &champs).await;
        assert_eq!((un.statut, deux.statut, trois.statut), (303, 303, 303));
        assert_eq!(un.vers(), deux.vers());
        assert_eq!(un.vers(), trois.vers());

        // Another one on purpose: asked for first, then made.
        let question = claire.post(&creer, &[("guichet", "editeur"), ("envoi", "autre")]).await;
        assert_eq!(question.statut, 200);
        assert!(question.corps().contains(un.vers()));
        let voulue =
            claire.post(&creer, &[("guichet", "editeur"), ("envoi", "autre"), ("confirme", "oui")]).await;
        assert_eq!(voulue.statut, 303);
        assert_ne!(voulue.vers(), un.vers());
        assert_ne!(
            charger(&site, id_de(un.vers())).await.nru,
            charger(&site, id_de(voulue.vers())).await.nru
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn demarrer_ouvre_le_formulaire_autant_de_fois_qu_on_clique() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let produit = dossier::produit(&site, "claire.martin", "Carnet").await;
    let id = dossier::candidature(&site, "claire.martin", produit, Guichet::Editeur).await;
    let claire = site.comme("claire.martin").await;
    for _ in 0..2 {
        let reponse = claire.post(&format!("/candidatures/{id}/demarrer"), &[]).await;
        assert_eq!(
            (reponse.statut, reponse.vers()),
            (303, format!("/candidatures/{id}/formulaire").as_str())
        );
    }
    assert_eq!(charger(&site, id).await.etat, Etat::FormulaireEnCours);
}

#[tokio::test(flavor = "multi_thread")]
async fn un_abandon_demande_son_motif_et_ferme_tout() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::formulaire_soumis(&site).await;
    let claire = site.comme("claire.martin").await;
    let abandonner = format!("/candidatures/{id}/abandonner");
    for motif in ["", "   "] {
        assert_eq!(claire.post(&abandonner, &[("motif", motif)]).await.statut, 422);
    }
    assert_eq!(claire.post(&abandonner, &[("motif", "Projet arrêté")]).await.statut, 303);
    assert!(claire.get(&format!("/candidatures/{id}")).await.corps().contains("Projet arrêté"));
    assert_eq!(claire.post(&abandonner, &[("motif", "Encore")]).await.statut, 422);
    assert_eq!(claire.get(&abandonner).await.statut, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn une_erreur_de_profil_se_repare_par_une_nouvelle_candidature() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let claire = site.comme("claire.martin").await;
    let soumise = dossier::formulaire_soumis(&site).await;
    let trop_tot = claire.post(&format!("/candidatures/{soumise}/remplacer"), &[("envoi", "a")]).await;
    assert_eq!(trop_tot.statut, 422);

    let ancienne = dossier::depot_ouvert(&site).await;
    let remplacer = format!("/candidatures/{ancienne}/remplacer");
    let champs = [("envoi", "b"), ("abandonner", "oui")];
    let (un, deux) = tokio::join!(claire.post(&remplacer, &champs), claire.post(&remplacer, &champs));
    assert_eq!((un.statut, un.vers()), (303, deux.vers()));
    let nouvelle = charger(&site, id_de(un.vers())).await;
    let ancienne = charger(&site, ancienne).await;
    assert_eq!(nouvelle.remplace.as_ref(), Some(&ancienne.nru));
    assert_eq!(nouvelle.formulaire.valeur("siret"), ancienne.formulaire.valeur("siret"));
    assert_eq!(nouvelle.formulaire.valeur("profils"), "");
    assert!(matches!(ancienne.etat, Etat::Abandonnee { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn la_remplacante_offre_les_preuves_de_l_ancienne() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let claire = site.comme("claire.martin").await;
        let ancienne = dossier::depot_ouvert(&site).await;
        dossier::soumettre_chapitre(&site, ancienne, "PMT").await;
        let remplacer = format!("/candidatures/{ancienne}/remplacer");
        let reponse = claire.post(&remplacer, &[("envoi", "b"), ("abandonner", "oui")]).await;
        assert_eq!(reponse.statut, 303, "{}", reponse.corps());
        let id = id_de(reponse.vers());
        let reprendre = format!("/candidatures/{id}/preuves/reprendre");
        // Not before the chapters are open.
        assert!(claire.get(reponse.vers()).await.corps().contains("pourront être reprises"));
        assert_eq!(claire.post(&reprendre, &[]).await.statut, 303);
        let (par, durand) = (site.acteur("claire.martin").await, site.acteur("verif.durand").await);
        let contexte = site.app.contexte(Guichet::Editeur);
        let valeurs =
            dossier::FORMULAIRE_ELP.iter().map(|(cle, valeur)| ((*cle).to_owned(), (*valeur).to_owned()));
        let saisie =
            domaine::candidature::administratif::Saisie { valeurs: valeurs.collect(), ..Default::default() };
        site.app.agir(id, |c| c.saisir(saisie.clone(), &contexte, &par, debut())).await.unwrap();
        site.app.agir(id, |c| c.soumettre_formulaire(&contexte, &par, debut())).await.unwrap();
        let referentiel = site.app.referentiel_de(&site.app.referentiel).unwrap();
        site.app.agir(id, |c| c.valider_formulaire(referentiel, &contexte, &durand, debut())).await.unwrap();

        let page = claire.get(&format!("/candidatures/{id}")).await.corps();
        assert!(page.contains("Reprendre ces preuves"), "{page}");
        site.horloge.avancer(jiff::SignedDuration::from_hours(1));
        for _ in 0..2 {
            assert_eq!(claire.post(&reprendre, &[]).await.statut, 303);
        }
        let (lue, avant) = (charger(&site, id).await, charger(&site, ancienne).await);
        let slots = &lue.chapitre("PMT").unwrap().emplacements;
        assert!(slots.iter().all(|slot| slot.preuves.len() == 1), "all of it, once");
        let preuve = &slots[0].preuves[0];
        assert_eq!(preuve.deposee_le, site.app.maintenant());
        assert_eq!(preuve.date_reelle, avant.chapitre("PMT").unwrap().emplacements[0].preuves[0].date_reelle);
        // The bytes are shared, the right to them is of the new dossier.
        let sha256 = &preuve.contenu.fichier().unwrap().sha256;
        assert_eq!(claire.get(&format!("/candidatures/{id}/fichiers/{sha256}")).await.statut, 200);
        let histoire = claire.get(&format!("/candidatures/{id}/historique")).await.corps();
        assert!(histoire.contains(&format!("Preuves reprises de la candidature {}", avant.nru)));
        assert_eq!(site.comme("nadia.benali").await.post(&reprendre, &[]).await.statut, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l_industriel_ne_voit_ni_noms_ni_verdicts_de_l_instruction() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::depot_ouvert(&site).await;
    dossier::soumettre_chapitre(&site, id, "PMT").await;
    let par = site.acteur("verif.durand").await;
    site.app.agir(id, |c| c.prendre_chapitre("PMT", &par, debut())).await.expect("a submitted chapter");
    let preuve = {
        let lue = charger(&site, id).await;
        let chapitre = lue.chapitre("PMT").expect("there");
        chapitre.emplacements[0].courantes().next().expect("deposited").id
    };
    site.app
        .agir(id, |c| c.juger_preuve("PMT", preuve, Appreciation::NonConforme, "illisible", &par, debut()))
        .await
        .expect("a verdict");

    let claire = site.comme("claire.martin").await;
    let verif = site.comme("verif.durand").await;
    for chemin in ["", "/historique"] {
        let vu = claire.get(&format!("/candidatures/{id}{chemin}")).await;
        assert_eq!(vu.statut, 200);
        let corps = vu.corps();
        for secret in ["Durand", "illisible", "Non conforme", "Notes internes"] {
            assert!(!corps.contains(secret), "« {secret} » {chemin}");
        }
    }
    let vu = verif.get(&format!("/candidatures/{id}/historique")).await.corps();
    assert!(vu.contains("Durand") && vu.contains("illisible"));
    let vu = verif.get(&format!("/candidatures/{id}")).await.corps();
    assert!(vu.contains("Notes internes") && vu.contains("/instruction/chapitres/PMT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn la_page_dit_ce_qu_il_manque_et_ou() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let claire = site.comme("claire.martin").await;
    let produit = dossier::produit(&site, "claire.martin", "Carnet").await;
    let neuve = dossier::candidature(&site, "claire.martin", produit, Guichet::Editeur).await;
    let corps = claire.get(&format!("/candidatures/{neuve}")).await.corps();
    assert!(corps.contains(&format!("/candidatures/{neuve}/formulaire#c-siret")));
    assert!(corps.contains(&format!("action=\"/candidatures/{neuve}/demarrer\"")));

    let ouverte = dossier::depot_ouvert(&site).await;
    let corps = claire.get(&format!("/candidatures/{ouverte}")).await.corps();
    assert!(corps.contains(&format!("/candidatures/{ouverte}/chapitres/PMT/preuves/PMT.01.01.01")));
    assert!(corps.contains("chapitres soumis dont 0 validés"));
    let tableau = claire.get("/tableau-de-bord").await.corps();
    assert!(tableau.contains("chapitres soumis dont 0 validés"));
    assert!(tableau.contains("compléter le formulaire administratif"));
}
