//! Sessions of the collège.

use domaine::college::{Avis, Decision, Session};
use jiff::civil::date;
use registre::{Erreur, Versionne};

use crate::appui::{dossier, id, le, sur_chaque_base, victor};

fn ouverte(rang: u128, jour: i8) -> (Session, domaine::evenement::Evenement) {
    let lieu = "Paris".to_owned();
    Session::ouvrir(id(rang), date(2026, 12, jour), lieu, date(2026, 11, 21), &victor(), le())
        .expect("to come")
}

#[tokio::test]
async fn une_session_va_et_revient() {
    sur_chaque_base(async |base| {
        let mut tx = base.ecrire().await;
        for (rang, jour) in [(500, 10), (501, 3), (502, 17)] {
            let (session, evenement) = ouverte(rang, jour);
            tx.save_session_college(&Versionne::nouveau(session), &evenement).await.unwrap();
        }
        let lue = tx.load_session_college(id(502)).await.unwrap().expect("saved");
        let (inscrite, evenement) = lue.valeur.clone().inscrire(&dossier(), &victor(), le()).unwrap();
        tx.save_session_college(&lue.vers(inscrite.clone()), &evenement).await.unwrap();
        let stale = tx.save_session_college(&lue.vers(inscrite.clone()), &evenement).await;
        assert!(matches!(stale, Err(Erreur::Conflit)), "{}", base.nom);
        let decision = Decision { avis: Avis::Favorable, motif: String::new(), par: victor(), le: le() };
        let (decidee, _) = inscrite.decider(dossier().id, decision).unwrap();
        let (close, evenement) = decidee.clore(&victor(), le()).unwrap();
        let lue = tx.load_session_college(id(502)).await.unwrap().expect("saved");
        tx.save_session_college(&lue.vers(close.clone()), &evenement).await.unwrap();
        let toutes = tx.load_sessions_college().await.unwrap();
        let rangs: Vec<_> = toutes.iter().map(|session| session.id).collect();
        assert_eq!(rangs, [id(500), id(501), id(502)], "{} : the open ones first", base.nom);
        assert_eq!(toutes[2], close, "{}", base.nom);
        assert!(tx.load_session_college(id(999)).await.unwrap().is_none(), "{}", base.nom);
    })
    .await;
}
