//! Autorisations d’accès: one a candidature, one number each.

use domaine::autorisation::Autorisation;
use jiff::civil::date;
use registre::{Erreur, Versionne};

use crate::appui::{candidature, dit, dossier, id, le, peupler, proxy, sur_chaque_base};

fn autorisation(rang: u128, numero: &str, candidature: u128) -> Autorisation {
    Autorisation {
        id: id(rang),
        numero: numero.to_owned(),
        periode: 1,
        candidature: id(candidature),
        nru: dossier().nru,
        debut: le(),
        fin: date(2027, 2, 21),
        revocation: None,
        document: None,
    }
}

#[tokio::test]
async fn une_autorisation_va_et_revient() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        let evenement = dit("candidature", 200, "Autorisation accordée");
        let premiere = autorisation(300, "AUT-2026-00001", 200);
        tx.save_autorisation(&Versionne::nouveau(premiere.clone()), Some(&evenement)).await.unwrap();
        let lue = tx.load_autorisation(id(200)).await.unwrap().expect("saved");
        assert_eq!((&lue.valeur, lue.version), (&premiere, 1), "{}", base.nom);
        // Its PDF came later: no event, since nothing happened that was not told.
        let mut avec = lue.valeur.clone();
        avec.document = Some("ab".repeat(32));
        avec.fin = date(2027, 5, 10);
        tx.save_autorisation(&lue.vers(avec.clone()), None).await.unwrap();
        assert_eq!(tx.verifier_chaine().await.unwrap(), Ok(4), "{}", base.nom);
        let stale = tx.save_autorisation(&lue.vers(avec.clone()), None).await;
        assert!(matches!(stale, Err(Erreur::Conflit)), "{}", base.nom);
        let liste = tx.load_autorisations().await.unwrap();
        let [ligne] = liste.as_slice() else { panic!("{} : {liste:?}", base.nom) };
        assert_eq!(ligne.autorisation, avec, "{}", base.nom);
        assert_eq!(
            (ligne.titre.as_str(), ligne.denomination.as_str()),
            ("Proxy Logimed - 2.1 - 3232", "Logimed")
        );
        assert!(tx.load_autorisation(id(999)).await.unwrap().is_none(), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn ni_deux_par_candidature_ni_deux_du_meme_numero() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        let autre = candidature(201, "MZYDQBPUKP", &proxy(), "Logimed");
        tx.save_candidature(&Versionne::nouveau(autre), &dit("candidature", 201, "x")).await.unwrap();
        let premiere = Versionne::nouveau(autorisation(300, "AUT-2026-00001", 200));
        tx.save_autorisation(&premiere, None).await.unwrap();
        for (rang, numero, candidature, prise) in [
            (301, "AUT-2026-00002", 200, false),
            (301, "AUT-2026-00001", 201, false),
            (301, "AUT-2026-00002", 201, true),
        ] {
            let une = Versionne::nouveau(autorisation(rang, numero, candidature));
            let obtenu = tx.save_autorisation(&une, None).await;
            assert_eq!(obtenu.is_ok(), prise, "{} : {numero} {candidature}", base.nom);
            assert!(prise || matches!(obtenu, Err(Erreur::Conflit)), "{}", base.nom);
        }
    })
    .await;
}
