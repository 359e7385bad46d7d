//! Habilitations: one a profile, and the lists by which others find them.

use domaine::{
    candidature::Etat,
    habilitation::{EtatHabilitation, Habilitation},
    referentiel::Profil,
};
use jiff::civil::date;
use registre::{Erreur, Versionne};

use crate::appui::{candidature, dit, id, le, peupler, proxy, sur_chaque_base};

fn projet(rang: u128, sequence: i64, profil: Profil, dossier: u128) -> Habilitation {
    let mut candidature = candidature(dossier, "KXNFPNCHFV", &proxy(), "Logimed");
    candidature.etat = Etat::Habilitee { le: le() };
    candidature.formulaire.saisie.insert("profils".to_owned(), "ELU,ELP".to_owned());
    let conformite = (date(2026, 11, 1), date(2026, 11, 20));
    Habilitation::preparer(id(rang), sequence, profil, &candidature, conformite, le()).expect("decided").0
}

#[tokio::test]
async fn une_habilitation_va_et_revient() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        let evenement = dit("candidature", 200, "Habilitation");
        let (elu, elp) = (projet(400, 1, Profil::ELU, 200), projet(401, 2, Profil::ELP, 200));
        for une in [&elu, &elp] {
            tx.save_habilitation(&Versionne::nouveau(une.clone()), &evenement).await.unwrap();
        }
        assert!(!tx.produit_habilite(id(100)).await.unwrap(), "{} : not signed", base.nom);
        let lue = tx.load_habilitation("HAB-ELP-2026-00002").await.unwrap().expect("saved");
        assert_eq!((&lue.valeur, lue.version), (&elp, 1), "{}", base.nom);
        let mut active = lue.valeur.clone();
        active.etat = EtatHabilitation::Active { signee_le: le(), document: "ab".repeat(32) };
        tx.save_habilitation(&lue.vers(active.clone()), &evenement).await.unwrap();
        let stale = tx.save_habilitation(&lue.vers(active.clone()), &evenement).await;
        assert!(matches!(stale, Err(Erreur::Conflit)), "{}", base.nom);

        let numeros = |liste: Vec<Versionne<Habilitation>>| {
            liste.iter().map(|une| une.numero().to_owned()).collect::<Vec<_>>()
        };
        let (un, deux) = ("HAB-ELU-2026-00001".to_owned(), "HAB-ELP-2026-00002".to_owned());
        let de_candidature = tx.load_habilitations_candidature(id(200)).await.unwrap();
        assert_eq!(numeros(de_candidature), [deux.clone(), un.clone()], "{}", base.nom);
        let de_structure = tx.load_habilitations_structure(id(50)).await.unwrap();
        assert_eq!(numeros(de_structure), [deux.clone(), un.clone()], "{}", base.nom);
        let par_nru = tx.load_habilitations_nru("KXNFPNCHFV", Profil::ELP).await.unwrap();
        assert_eq!(numeros(par_nru), [deux.as_str()], "{}", base.nom);
        assert!(
            tx.load_habilitations_nru("MZYDQBPUKP", Profil::ELP).await.unwrap().is_empty(),
            "{}",
            base.nom
        );
        let du_produit = tx.load_habilitations_produit(id(100), Profil::ELU).await.unwrap();
        assert_eq!(numeros(du_produit), [un.as_str()], "{}", base.nom);
        assert_eq!(numeros(tx.load_habilitations(true).await.unwrap()), [un], "{} : to sign", base.nom);
        assert_eq!(numeros(tx.load_habilitations(false).await.unwrap()), [deux], "{} : public", base.nom);
        assert!(tx.load_habilitation("HAB-ELP-2026-00099").await.unwrap().is_none(), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn un_produit_habilite_l_est_tant_que_son_nom_est_porte() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        let evenement = dit("candidature", 200, "Habilitation");
        tx.save_habilitation(&Versionne::nouveau(projet(400, 1, Profil::ELP, 200)), &evenement)
            .await
            .unwrap();
        let document = || "ab".repeat(32);
        let motif = || "Incident.".to_owned();
        let etats = [
            (EtatHabilitation::Active { signee_le: le(), document: document() }, true),
            (
                EtatHabilitation::Suspendue {
                    signee_le: le(),
                    document: document(),
                    motif: motif(),
                    le: le(),
                },
                true,
            ),
            (EtatHabilitation::Retiree { document: document(), motif: motif(), le: le() }, false),
            (
                EtatHabilitation::Remplacee {
                    document: document(),
                    par: "HAB-ELP-2029-00001".to_owned(),
                    le: le(),
                },
                false,
            ),
        ];
        for (etat, porte) in etats {
            let lue = tx.load_habilitation("HAB-ELP-2026-00001").await.unwrap().expect("saved");
            let mut suite = lue.valeur.clone();
            suite.etat = etat.clone();
            tx.save_habilitation(&lue.vers(suite), &evenement).await.unwrap();
            assert_eq!(tx.produit_habilite(id(100)).await.unwrap(), porte, "{} : {etat:?}", base.nom);
            assert_eq!(tx.load_habilitations(false).await.unwrap().len(), 1, "{}", base.nom);
        }
    })
    .await;
}

#[tokio::test]
async fn ni_deux_par_profil_ni_deux_du_meme_numero() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        let evenement = dit("candidature", 200, "Habilitation");
        tx.save_habilitation(&Versionne::nouveau(projet(400, 1, Profil::ELP, 200)), &evenement)
            .await
            .unwrap();
        // The same profile again under another number, then the same number.
        let mut meme_numero = projet(402, 3, Profil::ELU, 200);
        meme_numero.contenu.numero = "HAB-ELP-2026-00001".to_owned();
        for une in [projet(401, 2, Profil::ELP, 200), meme_numero] {
            let numero = une.numero().to_owned();
            let refus = tx.save_habilitation(&Versionne::nouveau(une), &evenement).await;
            assert!(matches!(refus, Err(Erreur::Conflit)), "{} : {numero}", base.nom);
        }
    })
    .await;
}
