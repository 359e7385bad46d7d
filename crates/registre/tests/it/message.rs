//! The messagerie, what each has not read yet, the notes inside the agency, and the templates.

use domaine::{
    evenement::{Acteur, Evenement, Sujet},
    preuve::{Analyse, Fichier},
};
use registre::{FichierGarde, Message, ModeleMessage, NoteInterne};

use crate::appui::{Base, apres, claire, id, le, peupler, sur_chaque_base, victor};

fn message(rang: u128, auteur: Acteur, secondes: i64) -> Message {
    let agence = auteur == victor();
    Message {
        id: id(rang),
        auteur,
        agence,
        le: apres(secondes),
        texte: format!("Message {rang}"),
        pieces: Vec::new(),
    }
}

/// The event of an act of these tests.
fn ecrit(secondes: i64) -> Evenement {
    Evenement::new(Sujet::new("essai", 1), "Écrit", &victor(), apres(secondes)).interne()
}

async fn ecrire(base: &Base, messages: &[Message]) {
    let mut tx = base.ecrire().await;
    for message in messages {
        tx.save_message(id(200), message).await.expect("the database answers");
    }
    tx.commit().await.expect("the database answers");
}

#[tokio::test]
async fn la_conversation_se_lit_dans_l_ordre_et_ne_change_pas() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        ecrire(&base, &[message(2, victor(), 20), message(1, claire(), 10)]).await;
        let lus = base.lire().await.load_messages(id(200)).await.unwrap();
        let textes: Vec<&str> = lus.iter().map(|lu| lu.texte.as_str()).collect();
        assert_eq!(textes, ["Message 1", "Message 2"], "{}", base.nom);
        assert!(base.lire().await.load_messages(id(201)).await.unwrap().is_empty(), "{}", base.nom);
        let encore = base.ecrire().await.save_message(id(200), &message(1, claire(), 99)).await;
        assert!(encore.is_err(), "{} : a message is written once", base.nom);
    })
    .await;
}

#[tokio::test]
async fn les_pieces_d_un_message_sont_de_sa_candidature() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let sha256 = "a".repeat(64);
        let piece = Fichier {
            sha256: sha256.clone(),
            taille: 12,
            nom: "échange.pdf".parse().unwrap(),
            mime: "application/pdf".to_owned(),
            analyse: Analyse::NonAnalyse,
        };
        let gardee =
            FichierGarde { sha256: sha256.clone(), taille: 12, mime: piece.mime.clone(), depose_le: le() };
        let mut tx = base.ecrire().await;
        tx.save_fichier(&gardee).await.unwrap();
        let avec = Message { pieces: vec![piece.clone()], ..message(1, claire(), 0) };
        tx.save_message(id(200), &avec).await.unwrap();
        let usage = tx.load_usage_fichier(&sha256, id(200)).await.unwrap();
        assert_eq!(usage, Some((format!("message:{}", avec.id), "échange.pdf".to_owned())), "{}", base.nom);
        assert_eq!(tx.load_messages(id(200)).await.unwrap()[0].pieces, [piece], "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn chacun_compte_ce_que_l_autre_a_ecrit_depuis_sa_lecture() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        ecrire(&base, &[message(1, claire(), 10), message(2, victor(), 20), message(3, claire(), 30)]).await;
        let non_lus = async || {
            let mut tx = base.lire().await;
            let industriel = tx.compter_non_lus(id(200), id(1), false).await.unwrap();
            (industriel, tx.compter_non_lus(id(200), id(10), true).await.unwrap())
        };
        assert_eq!(non_lus().await, (1, 2), "{} : nobody has read anything", base.nom);
        for (personne, secondes, attendu) in
            [(10, 15, (1, 1)), (1, 20, (0, 1)), (10, 30, (0, 0)), (10, 40, (0, 0))]
        {
            let mut tx = base.ecrire().await;
            tx.marquer_lu(id(200), id(personne), apres(secondes)).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(non_lus().await, attendu, "{} : {personne} at {secondes}", base.nom);
        }
        ecrire(&base, &[message(4, victor(), 50)]).await;
        assert_eq!(non_lus().await, (1, 0), "{}", base.nom);
        let collegue = base.lire().await.compter_non_lus(id(200), id(2), false).await.unwrap();
        assert_eq!(collegue, 2, "{} : each person counts alone", base.nom);
    })
    .await;
}

#[tokio::test]
async fn les_notes_restent_dans_l_ordre() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        for (nom, secondes) in [("b", 20), ("a", 10)] {
            let note = NoteInterne {
                objet: "champ:siret".to_owned(),
                auteur: victor(),
                le: apres(secondes),
                texte: nom.to_owned(),
            };
            tx.save_note(nom, id(200), &note, &ecrit(secondes)).await.unwrap();
        }
        let notes = tx.load_notes(id(200)).await.unwrap();
        let lues: Vec<(&str, &str)> =
            notes.iter().map(|note| (note.texte.as_str(), note.objet.as_str())).collect();
        assert_eq!(lues, [("a", "champ:siret"), ("b", "champ:siret")], "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn un_modele_se_garde_se_change_et_s_efface() {
    sur_chaque_base(async |base| {
        let mut tx = base.ecrire().await;
        let modele = |id: &str, genre: &str, titre: &str| ModeleMessage {
            id: id.to_owned(),
            genre: genre.to_owned(),
            titre: titre.to_owned(),
            texte: "Bonjour {produit}".to_owned(),
        };
        for un in [modele("2", "refus", "B"), modele("1", "correction", "Z"), modele("3", "refus", "A")] {
            tx.save_modele(&un, &ecrit(1)).await.unwrap();
        }
        tx.save_modele(&modele("1", "refus", "C"), &ecrit(2)).await.unwrap();
        let titres = async |tx: &mut registre::Tx| {
            let modeles = tx.load_modeles().await.unwrap();
            modeles.into_iter().map(|un| un.titre).collect::<Vec<_>>()
        };
        assert_eq!(titres(&mut tx).await, ["A", "B", "C"], "{}", base.nom);
        tx.supprimer_modele("3", &ecrit(3)).await.unwrap();
        assert_eq!(titres(&mut tx).await, ["B", "C"], "{}", base.nom);
        let trace = tx.load_evenements(&Sujet::new("essai", 1), true).await.unwrap();
        assert_eq!(trace.len(), 5, "{}: each act leaves its event", base.nom);
    })
    .await;
}
