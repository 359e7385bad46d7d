//! The Client IDs of a produit.

use domaine::{
    client_psc::{ClientPsc, Dossier, Environnement},
    evenement::{Evenement, Sujet},
};
use registre::Erreur;

use crate::appui::{apres, claire, dit, id, le, peupler, sur_chaque_base};

fn client(rang: u128, client_id: &str, secondes: i64) -> ClientPsc {
    ClientPsc {
        id: id(rang),
        produit: id(100),
        client_id: client_id.parse().expect("a Client ID"),
        environnement: Environnement::Production,
        dossier: Some(Dossier {
            nru: "KXNFPNCHFV".parse().expect("a NRU"),
            datapass: "D12".parse().expect("a number"),
        }),
        fin: apres(94_608_000),
        par: claire(),
        le: apres(secondes),
    }
}

#[tokio::test]
async fn un_client_id_va_et_revient_avec_son_evenement() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        let (premier, second) = (client(301, "prod-proxy-1", 0), client(300, "prod-proxy-2", 60));
        for client in [&premier, &second] {
            let acte = format!("Client ID obtenu : {}", client.client_id);
            let evenement = Evenement::new(Sujet::new("produit", client.produit), acte, &claire(), le());
            tx.save_client_psc(client, &evenement).await.unwrap();
        }
        let lus = tx.load_clients_psc(id(100)).await.unwrap();
        assert_eq!(lus, [second, premier], "{} : newest first", base.nom);
        assert_eq!(tx.load_clients_psc(id(999)).await.unwrap(), [], "{}", base.nom);
        let evenements =
            tx.load_evenements(&Sujet::new("produit", id::<ClientPsc>(100)), false).await.unwrap();
        let dits = evenements.iter().filter(|lu| lu.evenement.acte.starts_with("Client ID obtenu")).count();
        assert_eq!(dits, 2, "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn un_client_id_ne_sert_qu_une_fois_et_a_un_produit_qui_existe() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        tx.save_client_psc(&client(300, "prod-proxy-1", 0), &dit("produit", 100, "x")).await.unwrap();
        let jumeau = tx.save_client_psc(&client(301, "prod-proxy-1", 0), &dit("produit", 100, "x")).await;
        assert!(matches!(jumeau, Err(Erreur::Conflit)), "{}", base.nom);
        let orphelin = ClientPsc { produit: id(999), ..client(302, "prod-proxy-2", 0) };
        let refus = tx.save_client_psc(&orphelin, &dit("produit", 999, "x")).await;
        assert!(matches!(refus, Err(Erreur::Base(_))), "{}", base.nom);
    })
    .await;
}
