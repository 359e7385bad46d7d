//! The FAQ: found by its stems and its facets, voted once a person.

use std::collections::BTreeMap;

use domaine::faq::{Etat, Question, Redaction};
use jiff::civil::date;
use registre::{Erreur, FiltreFaq, Tx, Versionne, Votes};

use crate::appui::{Base, id, le, sur_chaque_base};

type Liste<'a> = &'a [(&'a str, &'a [&'a str])];

fn facettes(liste: Liste<'_>) -> BTreeMap<String, Vec<String>> {
    liste
        .iter()
        .map(|(facette, codes)| {
            ((*facette).to_owned(), codes.iter().map(|code| (*code).to_owned()).collect())
        })
        .collect()
}

fn question(id: i64, etat: Etat, liste: Liste<'_>) -> Question {
    Question {
        id,
        redaction: Redaction {
            question: format!("Question {id} ?"),
            reponse: "Réponse.".to_owned(),
            facettes: facettes(liste),
            liens: vec!["champ:siret".to_owned(), format!("exigence:TI.{id:02}")],
        },
        etat,
        mise_a_jour: date(2026, 11, 21),
        livree: String::new(),
        index: String::new(),
    }
}

fn racines(liste: &[(&str, i64)]) -> BTreeMap<String, i64> {
    liste.iter().map(|(racine, poids)| ((*racine).to_owned(), *poids)).collect()
}

async fn remplir(base: &Base) {
    let mut tx = base.ecrire().await;
    let imagerie: Liste<'_> = &[("couloir", &["imagerie", "hopital"]), ("theme", &["preuves"])];
    for (une, mots) in [
        (question(1, Etat::Publiee, imagerie), racines(&[("preuv", 3), ("siret", 1)])),
        (question(2, Etat::Publiee, &[("couloir", &["hopital"])]), racines(&[("preuv", 9)])),
        (question(3, Etat::ARevoir, &[("theme", &["comptes"])]), racines(&[("siret", 5)])),
        (question(4, Etat::Brouillon, &[("couloir", &["hopital"])]), racines(&[("preuv", 9)])),
        (question(5, Etat::Archivee, &[]), racines(&[("siret", 9)])),
    ] {
        tx.save_question(&Versionne::nouveau(une), &mots).await.expect("a new number");
    }
    tx.commit().await.expect("commit");
}

fn filtre(mots: &[&[&str]], liste: Liste<'_>, tout: bool) -> FiltreFaq {
    let racines = mots.iter().map(|mot| mot.iter().map(|racine| (*racine).to_owned()).collect()).collect();
    FiltreFaq { facettes: facettes(liste), racines, tout }
}

#[tokio::test]
async fn une_question_se_trouve_par_ses_mots_et_ses_facettes() {
    let cas: [(FiltreFaq, &[i64]); 12] = [
        (filtre(&[], &[], false), &[1, 2, 3]),
        (filtre(&[], &[], true), &[1, 2, 3, 4, 5]),
        (filtre(&[&["preuv"]], &[], false), &[2, 1]),
        (filtre(&[&["preuv"], &["siret"]], &[], false), &[1]),
        // One of the stems of a word is enough.
        (filtre(&[&["preuv", "siret"]], &[], false), &[2, 3, 1]),
        // A word still being typed, of three letters at least.
        (filtre(&[&["preu"]], &[], false), &[2, 1]),
        (filtre(&[&["pr"]], &[], false), &[]),
        (filtre(&[&["rien"]], &[], false), &[]),
        (filtre(&[], &[("couloir", &["hopital"])], false), &[1, 2]),
        (filtre(&[], &[("couloir", &["imagerie"]), ("theme", &["preuves"])], false), &[1]),
        (filtre(&[], &[("theme", &["preuves", "comptes"])], false), &[1, 3]),
        (filtre(&[&["siret"]], &[("couloir", &["hopital"])], true), &[1]),
    ];
    sur_chaque_base(async |base| {
        remplir(&base).await;
        let mut tx = base.lire().await;
        for (filtre, attendues) in &cas {
            let trouvees = tx.chercher_questions(filtre).await.unwrap();
            assert_eq!(trouvees.ids, *attendues, "{} : {filtre:?}", base.nom);
        }
        let comptes =
            tx.chercher_questions(&filtre(&[], &[("theme", &["preuves"])], false)).await.unwrap().comptes;
        assert_eq!(comptes["couloir"]["hopital"], 1, "{} : within the other choices", base.nom);
        assert_eq!(comptes["theme"]["comptes"], 1, "{} : beside its own", base.nom);
    })
    .await;
}

#[tokio::test]
async fn une_question_recrite_change_d_index() {
    sur_chaque_base(async |base| {
        remplir(&base).await;
        let mut tx = base.ecrire().await;
        let lue = tx.load_question(2).await.unwrap().expect("saved");
        assert_eq!(
            (&lue.valeur, lue.version),
            (&question(2, Etat::Publiee, &[("couloir", &["hopital"])]), 1)
        );
        let autre = question(2, Etat::Publiee, &[("theme", &["comptes"])]);
        // More stems than one statement takes.
        let mut mots: BTreeMap<String, i64> =
            (0..150).map(|rang| (format!("mot{rang:03}"), rang + 1)).collect();
        mots.insert("jeton".to_owned(), 2);
        tx.save_question(&lue.vers(autre.clone()), &mots).await.unwrap();
        let stale = tx.save_question(&lue.vers(autre.clone()), &mots).await;
        assert!(matches!(stale, Err(Erreur::Conflit)), "{}", base.nom);
        for (mot, ids) in [("preuv", vec![1]), ("jeton", vec![2]), ("mot000", vec![2]), ("mot149", vec![2])] {
            let trouvees = tx.chercher_questions(&filtre(&[&[mot]], &[], false)).await.unwrap();
            assert_eq!(trouvees.ids, ids, "{} : {mot}", base.nom);
        }
        let trouvees =
            tx.chercher_questions(&filtre(&[], &[("couloir", &["hopital"])], false)).await.unwrap();
        assert_eq!(trouvees.ids, [1], "{}", base.nom);
        let toutes = tx.load_questions().await.unwrap();
        assert_eq!((toutes.len(), &toutes[1].valeur), (5, &autre), "{}", base.nom);
        let prise = tx.save_question(&Versionne::nouveau(autre), &racines(&[])).await;
        assert!(matches!(prise, Err(Erreur::Conflit)), "{} : a number serves once", base.nom);
    })
    .await;
}

#[tokio::test]
async fn les_liens_menent_aux_questions_publiees() {
    sur_chaque_base(async |base| {
        remplir(&base).await;
        let mut tx = base.lire().await;
        let du_siret = tx.load_questions_liees("champ:siret").await.unwrap();
        let numeros: Vec<i64> = du_siret.iter().map(|(id, _)| *id).collect();
        assert_eq!(numeros, [1, 2, 3], "{}", base.nom);
        assert_eq!(du_siret[0].1, "Question 1 ?", "{}", base.nom);
        assert!(tx.load_questions_liees("champ").await.unwrap().is_empty(), "{}", base.nom);
        assert!(
            tx.load_questions_liees("exigence:TI.04").await.unwrap().is_empty(),
            "{} : a draft",
            base.nom
        );
        assert_eq!(tx.load_liens_faq().await.unwrap().len(), 4, "{}", base.nom);
    })
    .await;
}

async fn votes(tx: &mut Tx, question: i64) -> (i64, i64) {
    let Votes { utile, inutile } = tx.load_votes_question(question).await.expect("votes");
    (utile, inutile)
}

#[tokio::test]
async fn chacun_vote_une_fois_et_peut_changer_d_avis() {
    sur_chaque_base(async |base| {
        remplir(&base).await;
        let mut tx = base.ecrire().await;
        assert_eq!(votes(&mut tx, 1).await, (0, 0), "{}", base.nom);
        for (personne, utile, attendu) in
            [(1, true, (1, 0)), (2, false, (1, 1)), (1, false, (0, 2)), (1, false, (0, 2)), (2, true, (1, 1))]
        {
            tx.voter(1, id(personne), utile, le()).await.unwrap();
            assert_eq!(votes(&mut tx, 1).await, attendu, "{} : {personne} {utile}", base.nom);
        }
        assert_eq!(tx.load_vote(1, id(2)).await.unwrap(), Some(true), "{}", base.nom);
        assert_eq!(tx.load_vote(1, id(3)).await.unwrap(), None, "{}", base.nom);
        tx.voter(2, id(1), true, le()).await.unwrap();
        let tous = tx.load_votes().await.unwrap();
        assert_eq!(tous.keys().copied().collect::<Vec<_>>(), [1, 2], "{}", base.nom);
        tx.oublier_votes(1).await.unwrap();
        assert_eq!(votes(&mut tx, 1).await, (0, 0), "{}", base.nom);
        assert_eq!(votes(&mut tx, 2).await, (1, 0), "{}", base.nom);
    })
    .await;
}
