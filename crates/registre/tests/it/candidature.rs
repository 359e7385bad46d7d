//! Candidatures: saved over what was read, found by the filters of the queues.

use std::slice;

use domaine::{
    candidature::{Candidature, Etat},
    referentiel::Guichet,
};
use registre::{Erreur, FiltreCandidatures, Versionne};

use crate::appui::{
    Base, apres, candidature, claire, dit, dossier, id, le, peupler, produit, proxy, sur_chaque_base, victor,
};

async fn charger(base: &Base) -> Versionne<Candidature> {
    base.lire().await.load_candidature(id(200)).await.expect("the database answers").expect("saved")
}

#[tokio::test]
async fn elle_revient_telle_qu_elle_a_ete_ecrite() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let lue = charger(&base).await;
        assert_eq!((&lue.valeur, lue.version), (&dossier(), 1), "{}", base.nom);
        let (demarree, evenement) = lue.valeur.clone().demarrer(&claire(), le()).unwrap();
        let mut tx = base.ecrire().await;
        tx.save_candidature(&lue.vers(demarree.clone()), &evenement).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = base.lire().await;
        let par_nru = tx.load_candidature_par_nru("KXNFPNCHFV").await.unwrap().expect("by its NRU");
        assert_eq!((&par_nru.valeur, par_nru.version), (&demarree, 2), "{}", base.nom);
        assert_eq!(
            tx.load_candidatures_structure(id(50)).await.unwrap(),
            slice::from_ref(&demarree),
            "{}",
            base.nom
        );
        assert_eq!(
            tx.load_candidatures_produit(id(100)).await.unwrap(),
            slice::from_ref(&demarree),
            "{}",
            base.nom
        );
        let historique = tx.load_evenements(&demarree.sujet(), false).await.unwrap();
        let actes: Vec<&str> = historique.iter().map(|lu| lu.evenement.acte.as_str()).collect();
        assert_eq!(actes, ["Créée", "Formulaire démarré"], "{}", base.nom);
        assert!(tx.load_candidature(id(999)).await.unwrap().is_none(), "{}", base.nom);
        assert!(tx.load_candidature_par_nru("BCDFGHJKLM").await.unwrap().is_none(), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn le_second_apprend_que_le_dossier_a_change() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let (un, deux) = (charger(&base).await, charger(&base).await);
        let ecrire = async |lue: Versionne<Candidature>| {
            let (suite, evenement) = lue.valeur.clone().demarrer(&claire(), le()).unwrap();
            let mut tx = base.ecrire().await;
            tx.save_candidature(&lue.vers(suite), &evenement).await?;
            tx.commit().await
        };
        ecrire(un).await.unwrap();
        assert!(matches!(ecrire(deux).await, Err(Erreur::Conflit)), "{}", base.nom);
        // The event of the refused act was not written either: créée ×3, then one act.
        assert_eq!(base.lire().await.verifier_chaine().await.unwrap(), Ok(4), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn un_nru_ne_sert_qu_une_fois() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        for (rang, nru) in [(200, "MZYDQBPUKP"), (201, "KXNFPNCHFV")] {
            let autre = candidature(rang, nru, &proxy(), "Autre");
            let mut tx = base.ecrire().await;
            let refus = tx.save_candidature(&Versionne::nouveau(autre), &dit("candidature", rang, "x")).await;
            assert!(matches!(refus, Err(Erreur::Conflit)), "{} : {rang} {nru}", base.nom);
        }
        let orpheline = candidature(202, "MZYDQBPUKP", &produit(999, "Inconnu", 1), "Autre");
        let mut tx = base.ecrire().await;
        let refus = tx.save_candidature(&Versionne::nouveau(orpheline), &dit("candidature", 202, "x")).await;
        assert!(matches!(refus, Err(Erreur::Base(_))), "{} : of a produit that exists", base.nom);
    })
    .await;
}

/// Rank, NRU, title, company, since when it waits for the agency (in seconds), in whose charge.
type Ligne = (u128, &'static str, &'static str, &'static str, Option<i64>, bool);

const LIGNES: [Ligne; 4] = [
    (201, "BCDFGHJKLM", "Éclair Santé", "Hôpital Numérique", Some(50), true),
    (202, "NPQRSTVWXZ", "Proxy 100%", "ÉDITEUR Généraliste", Some(10), false),
    (203, "MZYDQBPUKP", "Agenda_Pro", "Cœur & Cie", None, false),
    (204, "DMGBTZGXHW", "Éclair Mobile", "Hôpital Numérique", None, true),
];

async fn remplir(base: &Base) {
    peupler(base).await;
    let mut tx = base.ecrire().await;
    for (rang, nru, nom, denomination, attend, suivi) in LIGNES {
        let sien = produit(rang, nom, i64::try_from(rang).expect("the database answers"));
        tx.save_produit(&Versionne::nouveau(sien.clone()), &dit("produit", rang, "Créé"))
            .await
            .expect("the database answers");
        let mut une = candidature(rang, nru, &sien, denomination);
        une.attente_agence = attend.map(apres);
        une.referent = suivi.then(victor);
        une.active_le = apres(i64::try_from(rang).expect("the database answers"));
        if rang == 204 {
            une.guichet = Guichet::Operateur;
        }
        if rang == 202 {
            une.etat = Etat::FormulaireSoumis;
        }
        tx.save_candidature(&Versionne::nouveau(une), &dit("candidature", rang, "Créée"))
            .await
            .expect("the database answers");
    }
    tx.commit().await.expect("the database answers");
}

#[tokio::test]
async fn les_files_se_filtrent() {
    let filtre = |changer: fn(&mut FiltreCandidatures)| {
        let mut filtre = FiltreCandidatures { par_page: 10, ..FiltreCandidatures::default() };
        changer(&mut filtre);
        filtre
    };
    // Those that wait come first, the oldest wait before; then the latest activity.
    let cas: [(FiltreCandidatures, &[&str]); 18] = [
        (filtre(|_| {}), &["NPQRSTVWXZ", "BCDFGHJKLM", "DMGBTZGXHW", "MZYDQBPUKP", "KXNFPNCHFV"]),
        (filtre(|f| f.etat = "formulaire_soumis".to_owned()), &["NPQRSTVWXZ"]),
        (filtre(|f| f.guichet = Some(Guichet::Operateur)), &["DMGBTZGXHW"]),
        (filtre(|f| f.referent = victor().personne), &["BCDFGHJKLM", "DMGBTZGXHW"]),
        (filtre(|f| f.referent = claire().personne), &[]),
        (filtre(|f| f.sans_referent = true), &["NPQRSTVWXZ", "MZYDQBPUKP", "KXNFPNCHFV"]),
        (filtre(|f| f.attend_agence = true), &["NPQRSTVWXZ", "BCDFGHJKLM"]),
        (filtre(|f| f.attend_depuis = Some(apres(20))), &["NPQRSTVWXZ"]),
        (filtre(|f| f.texte = "mzyd".to_owned()), &["MZYDQBPUKP"]),
        (filtre(|f| f.texte = " éclair ".to_owned()), &["BCDFGHJKLM", "DMGBTZGXHW"]),
        (filtre(|f| f.texte = "ECLAIR".to_owned()), &["BCDFGHJKLM", "DMGBTZGXHW"]),
        (filtre(|f| f.texte = "Éditeur".to_owned()), &["NPQRSTVWXZ"]),
        (filtre(|f| f.texte = "hopital".to_owned()), &["BCDFGHJKLM", "DMGBTZGXHW"]),
        (filtre(|f| f.texte = "2.1 - 203".to_owned()), &["MZYDQBPUKP"]),
        (filtre(|f| f.texte = "%'; DROP TABLE".to_owned()), &[]),
        (filtre(|f| f.texte = "rien".to_owned()), &[]),
        (filtre(|f| (f.page, f.par_page) = (1, 2)), &["DMGBTZGXHW", "MZYDQBPUKP"]),
        (filtre(|f| f.page = 9), &[]),
    ];
    sur_chaque_base(async |base| {
        remplir(&base).await;
        for (filtre, attendus) in &cas {
            let (lignes, total) = base.lire().await.load_candidatures(filtre).await.unwrap();
            let nru: Vec<String> = lignes.iter().map(|ligne| ligne.candidature.nru.to_string()).collect();
            assert_eq!(nru, *attendus, "{} : {filtre:?}", base.nom);
            let attendu = if filtre.page == 0 { attendus.len() } else { 5 };
            assert_eq!(usize::try_from(total).unwrap(), attendu, "{} : {filtre:?}", base.nom);
        }
        let filtre = FiltreCandidatures { texte: "coeur".to_owned(), par_page: 10, ..Default::default() };
        let (lignes, _) = base.lire().await.load_candidatures(&filtre).await.unwrap();
        assert!(lignes.is_empty(), "a ligature is not two letters");
        let filtre = FiltreCandidatures { texte: "cœur".to_owned(), par_page: 10, ..Default::default() };
        let (lignes, _) = base.lire().await.load_candidatures(&filtre).await.unwrap();
        assert_eq!(lignes[0].denomination, "Cœur & Cie", "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn une_recherche_suit_ce_qui_change() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let lue = charger(&base).await;
        let mut suite = lue.valeur.clone();
        suite.formulaire.saisie.insert("denomination".to_owned(), "Nouvelle Société".to_owned());
        let mut tx = base.ecrire().await;
        tx.save_candidature(&lue.vers(suite), &dit("candidature", 200, "x")).await.unwrap();
        for (texte, attendu) in [("nouvelle societe", 1), ("proxy logimed", 1), ("logimed sa", 0)] {
            let filtre =
                FiltreCandidatures { texte: texte.to_owned(), par_page: 10, ..FiltreCandidatures::default() };
            assert_eq!(tx.load_candidatures(&filtre).await.unwrap().1, attendu, "{} : {texte}", base.nom);
        }
    })
    .await;
}

#[tokio::test]
async fn ne_dort_que_ce_que_personne_ne_fait_attendre() {
    sur_chaque_base(async |base| {
        remplir(&base).await;
        let mut tx = base.lire().await;
        let mut inactives = async |depuis| {
            let lues = tx.load_candidatures_inactives(apres(depuis)).await.unwrap();
            lues.iter().map(|une| une.nru.to_string()).collect::<std::collections::BTreeSet<_>>()
        };
        let toutes = inactives(1000).await;
        let attendues = ["KXNFPNCHFV", "MZYDQBPUKP", "DMGBTZGXHW"].map(str::to_owned);
        assert_eq!(toutes, attendues.into_iter().collect(), "{}", base.nom);
        assert_eq!(inactives(1).await.len(), 1, "{}", base.nom);
        assert!(inactives(0).await.is_empty(), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn on_retrouve_qui_depend_d_une_habilitation() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let lue = charger(&base).await;
        let mut suite = lue.valeur.clone();
        let liee = domaine::formulaire::HabilitationLiee {
            profil: domaine::referentiel::Profil::ELP,
            numero: "HAB-ELP-2026-00007".to_owned(),
            nru: "MZYDQBPUKP".to_owned(),
            logiciel: "Proxy".to_owned(),
            version: "2.1".to_owned(),
            fin: jiff::civil::date(2029, 1, 1),
            en_vigueur: Ok(()),
            fichier: None,
        };
        suite.formulaire.habilitations.insert("habilitation_elp".to_owned(), liee);
        let mut operateur = candidature(201, "MZYDQBPUKP", &proxy(), "Logimed");
        operateur.guichet = Guichet::Operateur;
        operateur.formulaire = suite.formulaire.clone();
        let mut close = operateur.clone();
        (close.id, close.nru) = (id(202), "BCDFGHJKLM".parse().unwrap());
        close.etat = Etat::Abandonnee { motif: "x".to_owned(), le: le() };
        let mut tx = base.ecrire().await;
        tx.save_candidature(&lue.vers(suite), &dit("candidature", 200, "x")).await.unwrap();
        for une in [operateur.clone(), close] {
            tx.save_candidature(&Versionne::nouveau(une), &dit("candidature", 201, "x")).await.unwrap();
        }
        let dependantes = tx.load_candidatures_dependantes("HAB-ELP-2026-00007").await.unwrap();
        assert_eq!(dependantes, [operateur], "{}", base.nom);
        assert!(tx.load_candidatures_dependantes("HAB-ELP-2026-00070").await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn on_filtre_ce_qu_une_personne_n_a_pas_lu() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let filtre = FiltreCandidatures { non_lus_de: victor().personne, par_page: 10, ..Default::default() };
        let mut tx = base.ecrire().await;
        assert_eq!(tx.load_candidatures(&filtre).await.unwrap().1, 0, "{} : nothing written", base.nom);
        let message = |rang, agence, secondes| registre::Message {
            id: id(rang),
            auteur: claire(),
            agence,
            le: apres(secondes),
            texte: "Bonjour".to_owned(),
            pieces: Vec::new(),
        };
        tx.save_message(id(200), &message(1, true, 10)).await.unwrap();
        assert_eq!(tx.load_candidatures(&filtre).await.unwrap().1, 0, "{} : by a colleague", base.nom);
        tx.save_message(id(200), &message(2, false, 20)).await.unwrap();
        assert_eq!(tx.load_candidatures(&filtre).await.unwrap().1, 1, "{}", base.nom);
        tx.marquer_lu(id(200), id(10), apres(20)).await.unwrap();
        assert_eq!(tx.load_candidatures(&filtre).await.unwrap().1, 0, "{} : read", base.nom);
    })
    .await;
}
