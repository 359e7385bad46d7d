//! The catalogue of produits.

use domaine::produit::{EtatProduit, Produit};
use registre::{Erreur, Versionne};

use crate::appui::{claire, dit, fiche, id, le, peupler, produit, proxy, sur_chaque_base};

#[tokio::test]
async fn un_produit_va_et_revient() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        let (brouillon, evenement) = Produit::brouillon(id(101), id(50), fiche("Agenda"), &claire(), le());
        tx.save_produit(&Versionne::nouveau(brouillon.clone()), &evenement).await.unwrap();
        let lu = tx.load_produit(id(101)).await.unwrap().expect("saved");
        assert_eq!((&lu.valeur, lu.version), (&brouillon, 1), "{}", base.nom);
        let (actif, evenement) = brouillon.valider(7, &claire(), le()).unwrap();
        tx.save_produit(&lu.vers(actif.clone()), &evenement).await.unwrap();
        let stale = tx.save_produit(&lu.vers(actif.clone()), &evenement).await;
        assert!(matches!(stale, Err(Erreur::Conflit)), "{}", base.nom);
        let catalogue = tx.load_produits(id(50)).await.unwrap();
        assert_eq!(catalogue, [actif, proxy()], "{} : newest first", base.nom);
        assert_eq!(tx.load_produits(id(51)).await.unwrap(), [], "{}", base.nom);
        assert!(tx.load_produit(id(999)).await.unwrap().is_none(), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn une_reference_ne_sert_qu_une_fois() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        let jumeau = produit(101, "Autre", 3232);
        let refus = tx.save_produit(&Versionne::nouveau(jumeau), &dit("produit", 101, "x")).await;
        assert!(matches!(refus, Err(Erreur::Conflit)), "{}", base.nom);
    })
    .await;
}

type Change = fn(&mut Produit);

#[tokio::test]
async fn un_nil_deja_pris_se_voit() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.lire().await;
        let cas: [(&str, Change, bool); 6] = [
            ("same NIL and version", |_| {}, true),
            ("itself", |p| p.id = id(100), false),
            ("another NIL", |p| p.fiche.nil = "NIL43".to_owned(), false),
            ("another version", |p| p.fiche.version = "2.2".to_owned(), false),
            ("no NIL", |p| p.fiche.nil.clear(), false),
            ("another structure", |p| p.structure = id(51), false),
        ];
        for (nom, changer, pris) in cas {
            let mut autre = produit(101, "Autre", 1);
            autre.etat = EtatProduit::Brouillon;
            changer(&mut autre);
            assert_eq!(tx.nil_deja_pris(&autre).await.unwrap(), pris, "{} : {nom}", base.nom);
        }
    })
    .await;
}
