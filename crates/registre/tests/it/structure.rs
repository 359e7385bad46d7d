//! People and structures.

use domaine::{
    permission::Qualite,
    structure::{Invitation, Role},
};
use registre::{Erreur, Versionne};

use crate::appui::{apres, claire, dit, id, personne, peupler, structure, sur_chaque_base};

#[tokio::test]
async fn une_personne_se_retrouve_par_qui_elle_est() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        let mut agente = personne(10, None);
        agente.roles_agence = vec![Qualite::Verificateur];
        for une in [&personne(2, Some(50)), &personne(3, None), &agente] {
            tx.save_personne(une).await.unwrap();
        }
        assert_eq!(
            tx.load_personne_par_sub("sub-2").await.unwrap(),
            Some(personne(2, Some(50))),
            "{}",
            base.nom
        );
        assert_eq!(tx.load_personne_par_sub("sub-9").await.unwrap(), None, "{}", base.nom);
        assert_eq!(tx.load_personnes_agence().await.unwrap(), [agente], "{}", base.nom);
        let mut membres = tx.load_personnes_structure(id(50)).await.unwrap();
        membres.sort_by_key(|une| une.id);
        assert_eq!(membres, [personne(1, Some(50)), personne(2, Some(50))], "{}", base.nom);
        // Each sign-in writes down what the provider says now.
        let mut partie = personne(2, None);
        partie.courriel = "ailleurs@exemple.fr".to_owned();
        tx.save_personne(&partie).await.unwrap();
        assert_eq!(tx.load_personne(id(2)).await.unwrap(), Some(partie), "{}", base.nom);
        assert_eq!(tx.load_personnes_structure(id(50)).await.unwrap().len(), 1, "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn un_sub_ne_designe_qu_une_personne() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut autre = personne(9, None);
        autre.sub = "sub-1".to_owned();
        let refus = base.ecrire().await.save_personne(&autre).await;
        assert!(matches!(refus, Err(Erreur::Base(_))), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn une_structure_va_et_revient() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        let lue = tx.load_structure_par_siret("73282932000074").await.unwrap().expect("by its SIRET");
        assert_eq!((&lue.valeur, lue.version), (&structure(50, "73282932000074"), 1), "{}", base.nom);
        let invitation = Invitation {
            empreinte: "ab".repeat(32),
            courriel: "nouvelle@exemple.fr".parse().unwrap(),
            role: Role::Salarie,
            par: claire(),
            expire: apres(3600),
        };
        let (invitee, evenement) = lue.valeur.clone().inviter(invitation, apres(0)).unwrap();
        tx.save_structure(&lue.vers(invitee.clone()), &evenement).await.unwrap();
        let stale = tx.save_structure(&lue.vers(invitee.clone()), &evenement).await;
        assert!(matches!(stale, Err(Erreur::Conflit)), "{}", base.nom);
        let par_invitation = tx.load_structure_par_invitation(&"ab".repeat(32)).await.unwrap();
        assert_eq!(par_invitation.map(|une| une.valeur), Some(invitee.clone()), "{}", base.nom);
        assert!(tx.load_structure_par_invitation(&"cd".repeat(32)).await.unwrap().is_none(), "{}", base.nom);
        assert_eq!(tx.load_structure(id(50)).await.unwrap().map(|une| une.version), Some(2), "{}", base.nom);
        assert!(tx.load_structure(id(51)).await.unwrap().is_none(), "{}", base.nom);
        let jumelle = Versionne::nouveau(structure(51, "73282932000074"));
        let refus = tx.save_structure(&jumelle, &dit("structure", 51, "x")).await;
        assert!(matches!(refus, Err(Erreur::Conflit)), "{} : one structure a SIRET", base.nom);
    })
    .await;
}

/// The fingerprint comes from an address: it must not be a pattern.
#[tokio::test]
async fn une_invitation_ne_se_devine_pas_par_un_joker() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        let lue = tx.load_structure(id(50)).await.unwrap().expect("saved");
        let invitation = Invitation {
            empreinte: "ab".repeat(32),
            courriel: "nouvelle@exemple.fr".parse().unwrap(),
            role: Role::Salarie,
            par: claire(),
            expire: apres(3600),
        };
        let (invitee, evenement) = lue.valeur.clone().inviter(invitation, apres(0)).unwrap();
        tx.save_structure(&lue.vers(invitee), &evenement).await.unwrap();
        for joker in ["%", "a%", &"_".repeat(64), ""] {
            let trouvee = tx.load_structure_par_invitation(joker).await.unwrap();
            assert!(trouvee.is_none(), "{} : {joker}", base.nom);
        }
    })
    .await;
}
