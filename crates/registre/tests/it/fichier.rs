//! Files, who shows them, and uploads piece by piece.

use registre::{Erreur, FichierGarde, Televersement, Versionne};

use crate::appui::{Base, apres, candidature, dit, id, le, peupler, proxy, sur_chaque_base};

fn sha256(lettre: &str) -> String {
    lettre.repeat(64)
}

async fn deposer(base: &Base, sha256: &str) {
    let fichier = FichierGarde {
        sha256: sha256.to_owned(),
        taille: 12,
        mime: "application/pdf".to_owned(),
        depose_le: le(),
    };
    let mut tx = base.ecrire().await;
    tx.save_fichier(&fichier).await.expect("the database answers");
    // The same bytes again are the same file.
    tx.save_fichier(&FichierGarde { taille: 99, ..fichier }).await.expect("the database answers");
    tx.commit().await.expect("the database answers");
}

#[tokio::test]
async fn un_fichier_est_ses_octets() {
    sur_chaque_base(async |base| {
        deposer(&base, &sha256("a")).await;
        let mut tx = base.lire().await;
        let lu = tx.load_fichier(&sha256("a")).await.unwrap().expect("saved");
        assert_eq!(
            (lu.taille, lu.mime.as_str(), lu.depose_le),
            (12, "application/pdf", le()),
            "{}",
            base.nom
        );
        assert!(tx.load_fichier(&sha256("b")).await.unwrap().is_none(), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn chaque_candidature_dit_ce_qu_elle_montre() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        deposer(&base, &sha256("a")).await;
        let mut tx = base.ecrire().await;
        let autre = candidature(201, "MZYDQBPUKP", &proxy(), "Logimed");
        tx.save_candidature(&Versionne::nouveau(autre), &dit("candidature", 201, "x")).await.unwrap();
        for (dossier, objet, nom) in [
            (200, "preuve:2", "b.pdf"),
            (200, "preuve:1", "a.pdf"),
            (200, "preuve:1", "autre.pdf"),
            (201, "preuve:3", "c.pdf"),
        ] {
            tx.save_usage_fichier(&sha256("a"), id(dossier), objet, nom).await.unwrap();
        }
        let usage = |objet: &str, nom: &str| (objet.to_owned(), nom.to_owned());
        let premier = tx.load_usage_fichier(&sha256("a"), id(200)).await.unwrap();
        assert_eq!(premier, Some(usage("preuve:1", "a.pdf")), "{} : the first name stays", base.nom);
        let tous = tx.load_usages_fichier(&sha256("a"), id(200)).await.unwrap();
        assert_eq!(tous, [usage("preuve:1", "a.pdf"), usage("preuve:2", "b.pdf")], "{}", base.nom);
        assert_eq!(tx.load_usage_fichier(&sha256("a"), id(999)).await.unwrap(), None, "{}", base.nom);
        let ailleurs = tx.load_autres_usages(&sha256("a"), id(200)).await.unwrap();
        assert_eq!(ailleurs, ["MZYDQBPUKP"], "{}", base.nom);
        let inconnu = tx.save_usage_fichier(&sha256("b"), id(200), "preuve:4", "d.pdf").await;
        assert!(matches!(inconnu, Err(Erreur::Base(_))), "{} : a file that is there", base.nom);
    })
    .await;
}

fn televersement(nom: &str, cree_le: jiff::Timestamp) -> Televersement {
    Televersement {
        id: nom.to_owned(),
        personne: id(1),
        nom: "video.mp4".to_owned(),
        taille: 100,
        recu: 0,
        parties: 0,
        cree_le,
    }
}

#[tokio::test]
async fn un_televersement_avance_sans_trou_ni_double() {
    sur_chaque_base(async |base| {
        let mut tx = base.ecrire().await;
        tx.creer_televersement(&televersement("un", le())).await.unwrap();
        // Offset given, bytes sent, whether they are taken, and what is safe then.
        for (a_partir, octets, pris, recu, parties) in
            [(0, 40, true, 40, 1), (0, 40, false, 40, 1), (50, 10, false, 40, 1), (40, 60, true, 100, 2)]
        {
            let avance = tx.avancer_televersement("un", a_partir, octets).await;
            assert_eq!(avance.is_ok(), pris, "{} : {a_partir}+{octets}", base.nom);
            assert!(pris || matches!(avance, Err(Erreur::Conflit)), "{}", base.nom);
            let lu = tx.load_televersement("un").await.unwrap().expect("under way");
            assert_eq!((lu.recu, lu.parties), (recu, parties), "{} : {a_partir}+{octets}", base.nom);
        }
        assert!(matches!(tx.avancer_televersement("deux", 0, 1).await, Err(Erreur::Conflit)), "{}", base.nom);
        assert!(tx.load_televersement("deux").await.unwrap().is_none(), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn un_televersement_se_compte_se_clot_et_s_oublie() {
    sur_chaque_base(async |base| {
        let mut tx = base.ecrire().await;
        assert_eq!(tx.compter_televersements(id(1)).await.unwrap(), (0, 0), "{}", base.nom);
        for (nom, age) in [("vieux", -3600), ("neuf", 0)] {
            tx.creer_televersement(&televersement(nom, apres(age))).await.unwrap();
        }
        assert_eq!(tx.compter_televersements(id(1)).await.unwrap(), (2, 200), "{}", base.nom);
        assert_eq!(tx.compter_televersements(id(2)).await.unwrap(), (0, 0), "{}", base.nom);
        tx.avancer_televersement("neuf", 0, 30).await.unwrap();
        tx.clore_televersement("neuf").await.unwrap();
        let clos = tx.load_televersement("neuf").await.unwrap().expect("closed, still there");
        assert_eq!((clos.taille, clos.recu), (30, 30), "{}", base.nom);
        let abandonnes = tx.load_televersements_abandonnes(apres(-60)).await.unwrap();
        let noms: Vec<&str> = abandonnes.iter().map(|un| un.id.as_str()).collect();
        assert_eq!(noms, ["vieux"], "{}", base.nom);
        tx.supprimer_televersement("vieux").await.unwrap();
        assert!(tx.load_televersement("vieux").await.unwrap().is_none(), "{}", base.nom);
        let absent = tx.clore_televersement("vieux").await;
        assert!(matches!(absent, Err(Erreur::Conflit)), "{}", base.nom);
    })
    .await;
}

/// Two senders of the same piece at the same time: one is told to look again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deux_envois_au_meme_endroit_n_en_font_qu_un() {
    sur_chaque_base(async |base| {
        let mut tx = base.ecrire().await;
        tx.creer_televersement(&televersement("un", le())).await.unwrap();
        tx.commit().await.unwrap();
        let mut envois = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let registre = base.registre.clone();
            envois.spawn(async move {
                let mut tx = registre.ecrire().await.unwrap();
                let avance = tx.avancer_televersement("un", 0, 10).await;
                tx.commit().await.unwrap();
                avance.is_ok()
            });
        }
        let pris = envois.join_all().await.into_iter().filter(|pris| *pris).count();
        assert_eq!(pris, 1, "{}", base.nom);
    })
    .await;
}
