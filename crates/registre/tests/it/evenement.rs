//! The history: a chain that only grows, and in which every hand that passed is seen.

use domaine::evenement::{Evenement, Sujet};
use jiff::SignedDuration;
use registre::ChaineRompue;
use uuid::Uuid;

use crate::appui::{Base, dit, le, sur_chaque_base};

async fn ecrire(base: &Base, evenements: &[Evenement]) {
    let mut tx = base.ecrire().await;
    for evenement in evenements {
        tx.save_evenement(evenement).await.expect("the database answers");
    }
    tx.commit().await.expect("the database answers");
}

async fn verifier(base: &Base) -> Result<i64, ChaineRompue> {
    base.lire().await.verifier_chaine().await.expect("the database answers")
}

fn cinq() -> Vec<Evenement> {
    (1..=5).map(|rang| dit("candidature", rang % 2, &format!("Acte {rang}"))).collect()
}

#[tokio::test]
async fn chaque_sujet_a_son_historique() {
    sur_chaque_base(async |base| {
        let public = dit("candidature", 1, "Chapitre soumis")
            .etats("À compléter", "Soumis")
            .motif("Voilà.")
            .difference("champ", "avant", "après");
        let interne = dit("candidature", 1, "Preuve vérifiée").interne();
        ecrire(
            &base,
            &[public.clone(), dit("candidature", 2, "Ailleurs"), interne.clone(), dit("produit", 1, "Autre")],
        )
        .await;
        let sujet = Sujet::new("candidature", Uuid::from_u128(1));
        let lire = async |agence| {
            let lus = base.lire().await.load_evenements(&sujet, agence).await.unwrap();
            lus.into_iter().map(|lu| (lu.rang, lu.evenement)).collect::<Vec<_>>()
        };
        assert_eq!(lire(true).await, [(1, public.clone()), (3, interne)], "{}", base.nom);
        assert_eq!(lire(false).await, [(1, public)], "{} : what stays inside the agency", base.nom);
        assert_eq!(verifier(&base).await, Ok(4), "{}", base.nom);
    })
    .await;
}

/// More lines than one reading takes, at instants that the columns cannot hold whole.
#[tokio::test]
async fn une_longue_chaine_se_verifie() {
    sur_chaque_base(async |base| {
        let lignes: Vec<Evenement> = (0..1203)
            .map(|rang| {
                let mut evenement = dit("candidature", 1, &format!("Acte {rang}"));
                evenement.le = le() + SignedDuration::from_nanos(rang * 1_000_007);
                evenement
            })
            .collect();
        ecrire(&base, &lignes).await;
        assert_eq!(verifier(&base).await, Ok(1203), "{}", base.nom);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn vingt_ecrivains_font_une_seule_chaine() {
    sur_chaque_base(async |base| {
        let mut ecrivains = tokio::task::JoinSet::new();
        for rang in 0..20u128 {
            let registre = base.registre.clone();
            ecrivains.spawn(async move {
                for acte in 0..3 {
                    let mut tx = registre.ecrire().await.unwrap();
                    tx.save_evenement(&dit("candidature", rang, &format!("Acte {acte}"))).await.unwrap();
                    // One in three gives up: its lines never were.
                    if acte != 1 {
                        tx.commit().await.unwrap();
                    }
                }
            });
        }
        ecrivains.join_all().await;
        assert_eq!(verifier(&base).await, Ok(40), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn la_base_refuse_qu_on_touche_a_l_historique() {
    sur_chaque_base(async |base| {
        ecrire(&base, &cinq()).await;
        let mut gestes = vec![
            "UPDATE evenement SET donnees = '{}' WHERE rang = 2",
            "UPDATE evenement SET agence = 1",
            "DELETE FROM evenement WHERE rang = 5",
            "DELETE FROM evenement",
        ];
        if base.nom == "postgres" {
            gestes.push("TRUNCATE evenement");
        }
        for geste in gestes {
            let refus = base.brut(geste.to_owned()).await;
            let dit = refus.err().map(|erreur| erreur.to_string()).unwrap_or_default();
            assert!(dit.contains("l'historique ne change pas"), "{} : {geste} : {dit}", base.nom);
        }
        assert_eq!(verifier(&base).await, Ok(5), "{}", base.nom);
    })
    .await;
}

/// Whoever owns the database can remove the triggers, not the traces.
#[tokio::test]
async fn chaque_falsification_se_voit() {
    const CONTENU: &str = "son contenu a changé";
    const CLASSEMENT: &str = "son classement a changé";
    let cas: [(&str, i64, &str); 11] = [
        ("UPDATE evenement SET donnees = replace(donnees, 'Acte 2', 'Acte 9') WHERE rang = 2", 2, CONTENU),
        ("UPDATE evenement SET empreinte = 'ab' WHERE rang = 3", 3, CONTENU),
        ("UPDATE evenement SET precedente = 'ab' WHERE rang = 3", 3, "elle ne suit pas la précédente"),
        ("UPDATE evenement SET agence = 1 WHERE rang = 4", 4, CLASSEMENT),
        ("UPDATE evenement SET sujet = 'produit' WHERE rang = 4", 4, CLASSEMENT),
        ("UPDATE evenement SET sujet_id = 'x' WHERE rang = 1", 1, CLASSEMENT),
        ("UPDATE evenement SET le = le + 1 WHERE rang = 1", 1, CLASSEMENT),
        ("DELETE FROM evenement WHERE rang = 1", 1, "une ligne manque"),
        ("DELETE FROM evenement WHERE rang = 3", 3, "une ligne manque"),
        ("DELETE FROM evenement WHERE rang = 5", 5, "la fin de la chaîne manque"),
        ("DELETE FROM evenement", 1, "la fin de la chaîne manque"),
    ];
    for (geste, rang, raison) in cas {
        sur_chaque_base(async |base| {
            ecrire(&base, &cinq()).await;
            let sans_declencheur = if base.nom == "sqlite" {
                "DROP TRIGGER evenement_fige_update; DROP TRIGGER evenement_fige_delete;"
            } else {
                "DROP TRIGGER evenement_fige ON evenement;"
            };
            base.brut(format!("{sans_declencheur} {geste};")).await.unwrap();
            let attendu = Err(ChaineRompue { rang, raison });
            assert_eq!(verifier(&base).await, attendu, "{} : {geste}", base.nom);
        })
        .await;
    }
}
