//! Who is given which file: what a page lists for this person, and nothing else that the store holds.

use domaine::{
    candidature::{Candidature, administratif::Saisie},
    formulaire::composant::Composant,
    id::Id,
    preuve::{Analyse, Fichier},
    referentiel::Guichet,
};
use jiff::SignedDuration;
use registre::FichierGarde;

use crate::{
    appui::{Site, dossier},
    preuve::PDF,
};

/// What each of these people is answered for this address.
async fn statuts<const N: usize>(site: &Site, chemin: &str, logins: [&str; N]) -> [u16; N] {
    let mut statuts = [0; N];
    for (statut, login) in statuts.iter_mut().zip(logins) {
        *statut = site.comme(login).await.get(chemin).await.statut;
    }
    statuts
}

const AGENCE: [&str; 4] = ["verif.durand", "college.roux", "admin.chevalier", "auditeur.meyer"];

/// SHA-256 of the current file of the slot.
async fn sha256(site: &Site, id: Id<Candidature>, attendue: &str) -> String {
    let lue = dossier::lire(site, id).await;
    let slot = lue.chapitre("PMT").unwrap().emplacement(attendue).unwrap();
    slot.courantes().next().unwrap().contenu.fichier().unwrap().sha256.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn l_agence_n_a_une_preuve_qu_une_fois_le_chapitre_soumis() {
    const SLOT: &str = "PMT.01.01.01";
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let id = dossier::depot_ouvert(&site).await;
        let claire = site.comme("claire.martin").await;
        let durand = site.comme("verif.durand").await;
        let page = crate::preuve::url(id, SLOT);
        let champs = |envoi| {
            [("envoi", envoi), ("forme", "document"), ("date_reelle", "2026-11-20"), ("version", "2.1")]
        };
        let depose = claire.post_fichiers(&page, &champs("a"), &[("fichier", "brouillon.pdf", PDF)]).await;
        assert_eq!(depose.statut, 303, "{}", depose.corps());
        let brouillon = format!("/candidatures/{id}/fichiers/{}", sha256(&site, id, SLOT).await);
        let chapitre = format!("/candidatures/{id}/chapitres/PMT");
        assert_eq!(claire.get(&brouillon).await.statut, 200);
        assert_eq!(statuts(&site, &brouillon, AGENCE).await, [404; 4]);
        assert_eq!(statuts(&site, &format!("{brouillon}/apercu"), AGENCE).await, [404; 4]);
        // Neither do the pages show what may not be had.
        for vue in [&chapitre, &page, &format!("/candidatures/{id}/instruction/chapitres/PMT")] {
            let corps = durand.get(vue).await.corps();
            assert!(!corps.contains("brouillon.pdf"), "{vue}");
        }
        // Withdrawn and replaced by what the dossier needs, then submitted.
        let lue = dossier::lire(&site, id).await;
        let preuve = lue.chapitre("PMT").unwrap().emplacement(SLOT).unwrap().preuves[0].id;
        assert_eq!(claire.post(&format!("{page}/{preuve}/retirer"), &[]).await.statut, 303);
        site.horloge.avancer(SignedDuration::from_mins(1));
        dossier::soumettre_chapitre(&site, id, "PMT").await;
        let soumis = format!("/candidatures/{id}/fichiers/{}", sha256(&site, id, SLOT).await);
        assert_eq!(statuts(&site, &soumis, AGENCE).await, [200; 4]);
        // The signatory and the CNDA have no right on preuves, submitted or not.
        assert_eq!(statuts(&site, &soumis, ["signataire.faure", "cnda.simon"]).await, [403; 2]);

        // Sent back: what was submitted stays readable, what replaces it is not before it is submitted again.
        let par = site.acteur("verif.durand").await;
        let le = site.app.maintenant();
        site.app.agir(id, |c| c.prendre_chapitre("PMT", &par, le)).await.unwrap();
        let courantes: Vec<_> = dossier::lire(&site, id)
            .await
            .chapitre("PMT")
            .unwrap()
            .emplacements
            .iter()
            .flat_map(|slot| {
                slot.courantes().map(|preuve| (slot.attendue.clone(), preuve.id)).collect::<Vec<_>>()
            })
            .collect();
        for (attendue, preuve) in &courantes {
            let verdict = if attendue == SLOT {
                domaine::preuve::Appreciation::NonConforme
            } else {
                domaine::preuve::Appreciation::Conforme
            };
            site.app
                .agir(id, |c| c.juger_preuve("PMT", *preuve, verdict, "À revoir", &par, le))
                .await
                .unwrap();
        }
        site.app.agir(id, |c| c.renvoyer_chapitre("PMT", &par, le)).await.unwrap();
        site.horloge.avancer(SignedDuration::from_mins(1));
        let ancienne = courantes.iter().find(|(attendue, _)| attendue == SLOT).unwrap().1.to_string();
        let mut tous = champs("b").to_vec();
        tous.push(("remplace", &ancienne));
        let depose = claire.post_fichiers(&page, &tous, &[("fichier", "suite.pdf", PDF)]).await;
        assert_eq!(depose.statut, 303, "{}", depose.corps());
        let suite = format!("/candidatures/{id}/fichiers/{}", sha256(&site, id, SLOT).await);
        assert_eq!(statuts(&site, &soumis, AGENCE).await, [200; 4]);
        assert!(!durand.get(&chapitre).await.corps().contains("suite.pdf"));
        // The same bytes were in the first draft: they are its withdrawn item, which the submitted chapter shows.
        assert_eq!(suite, brouillon);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l_agence_n_a_les_pieces_du_formulaire_qu_une_fois_soumis() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let produit = dossier::produit(&site, "claire.martin", "Proxy").await;
    let id = dossier::candidature(&site, "claire.martin", produit, Guichet::Editeur).await;
    let sha256 = site.app.magasin.garder(PDF.to_vec()).await.unwrap();
    let licence = Fichier {
        sha256: sha256.clone(),
        taille: PDF.len() as u64,
        nom: "licence.pdf".parse().unwrap(),
        mime: "application/pdf".to_owned(),
        analyse: Analyse::NonAnalyse,
    };
    let composant = Composant {
        nom: "Module".to_owned(),
        version: "1".to_owned(),
        editeur: "Autre SARL".to_owned(),
        tiers: true,
        nature: "bibliotheque".to_owned(),
        integre_a: "proxy".to_owned(),
        teleservices: vec!["dmp".to_owned()],
        licence: Some(licence),
        homologation: None,
    };
    let (par, le) = (site.acteur("claire.martin").await, site.app.maintenant());
    let contexte = site.app.contexte(Guichet::Editeur);
    let mut valeurs: std::collections::BTreeMap<String, String> = dossier::FORMULAIRE_ELP
        .iter()
        .map(|(cle, valeur)| ((*cle).to_owned(), (*valeur).to_owned()))
        .collect();
    valeurs.insert("composants".to_owned(), "oui".to_owned());
    let saisie = Saisie { valeurs, composants: Some(vec![composant]), ..Saisie::default() };
    let (mut tx, _) = site.app.engager(id, |c| c.saisir(saisie.clone(), &contexte, &par, le)).await.unwrap();
    let garde = FichierGarde {
        sha256: sha256.clone(),
        taille: i64::try_from(PDF.len()).unwrap(),
        mime: "application/pdf".to_owned(),
        depose_le: le,
    };
    tx.save_fichier(&garde).await.unwrap();
    tx.save_usage_fichier(&sha256, id, "composant", "licence.pdf").await.unwrap();
    site.app.conclure(tx).await.unwrap();

    let adresse = format!("/candidatures/{id}/fichiers/{sha256}");
    let durand = site.comme("verif.durand").await;
    let formulaire = format!("/candidatures/{id}/formulaire");
    assert_eq!(site.comme("claire.martin").await.get(&adresse).await.statut, 200);
    assert_eq!(statuts(&site, &adresse, AGENCE).await, [404; 4]);
    assert!(!durand.get(&formulaire).await.corps().contains("licence.pdf"));
    site.app.agir(id, |c| c.soumettre_formulaire(&contexte, &par, le)).await.unwrap();
    assert_eq!(statuts(&site, &adresse, AGENCE).await, [200; 4]);
    assert!(durand.get(&formulaire).await.corps().contains("licence.pdf"));
}

#[tokio::test(flavor = "multi_thread")]
async fn une_piece_jointe_n_est_donnee_qu_a_qui_lit_la_conversation() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::formulaire_soumis(&site).await;
    let claire = site.comme("claire.martin").await;
    let champs = [("envoi", "un"), ("texte", "Voici.")];
    let chemin = format!("/candidatures/{id}/messages");
    let envoi = claire.post_fichiers(&chemin, &champs, &[("pieces", "note.txt", b"Une note.")]).await;
    assert_eq!(envoi.statut, 303, "{}", envoi.corps());
    let mut tx = site.app.registre.lire().await.unwrap();
    let sha256 = tx.load_messages(id).await.unwrap()[0].pieces[0].sha256.clone();
    drop(tx);
    // By the address of the preuves as by that of the conversation.
    let adresse = format!("/candidatures/{id}/fichiers/{sha256}");
    let logins = ["claire.martin", "verif.durand", "college.roux", "auditeur.meyer"];
    assert_eq!(statuts(&site, &adresse, logins).await, [200, 200, 200, 404]);
    let adresse = format!("{chemin}/fichiers/{sha256}");
    assert_eq!(statuts(&site, &adresse, logins).await, [200, 200, 200, 403]);
}
