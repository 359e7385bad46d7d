//! Who joins and who leaves a structure, seen from whoever would get around the rules.

use domaine::{
    evenement::Acteur,
    permission::Qualite,
    structure::{Adresse, Invitation, Personne, Refus, Role, Structure},
};

use crate::appui::{id, instant, le, ok};

fn personne(rang: u128, courriel: &str) -> Personne {
    Personne {
        id: id(rang),
        sub: rang.to_string(),
        nom: format!("Nom{rang}"),
        prenom: "Prénom".to_owned(),
        courriel: courriel.to_owned(),
        telephone: String::new(),
        structure: None,
        roles_agence: Vec::new(),
        consentement: None,
    }
}

fn structure() -> Structure {
    let vide = Structure {
        id: id(50),
        siret: "73282932000074".parse().expect("a SIRET"),
        denomination: "Logimed".to_owned(),
        forme_juridique: "SAS".to_owned(),
        adresse: Adresse {
            voie: "1 rue de la Paix".to_owned(),
            complement: String::new(),
            code_postal: "75002".to_owned(),
            commune: "Paris".to_owned(),
            pays: "FRA".to_owned(),
        },
        membres: Vec::new(),
        invitations: Vec::new(),
        retraits: Vec::new(),
    };
    let (seule, _) = vide.rattacher(&personne(1, "mandataire@exemple.fr"), Role::Mandataire, le());
    seule.rattacher(&personne(2, "responsable@exemple.fr"), Role::Responsable, le()).0
}

fn acteur(rang: u128) -> Acteur {
    personne(rang, "").acteur(Qualite::Responsable)
}

fn invitation(courriel: &str, role: Role, par: u128) -> Invitation {
    Invitation {
        empreinte: "ab".to_owned(),
        courriel: courriel.parse().expect("an address"),
        role,
        par: acteur(par),
        expire: instant("2026-12-01T00:00:00Z"),
    }
}

/// An address that changed since: the member would come in again by a lower door and leave nobody to manage.
#[test]
fn un_membre_n_accepte_pas_d_invitation() {
    let invitee = ok(structure().inviter(invitation("nouvelle@exemple.fr", Role::Salarie, 2), le()));
    let mandataire = personne(1, "nouvelle@exemple.fr");
    assert_eq!(invitee.accepter_invitation("ab", &mandataire, le()).err(), Some(Refus::DejaMembre));
}

#[test]
fn une_invitation_ne_survit_pas_au_droit_de_son_auteur() {
    let invitee = || ok(structure().inviter(invitation("nouvelle@exemple.fr", Role::Responsable, 2), le()));
    let nouvelle = personne(9, "nouvelle@exemple.fr");
    assert!(invitee().accepter_invitation("ab", &nouvelle, le()).is_ok());
    let partis = [
        ok(invitee().retirer(id(2), &acteur(1), le())),
        ok(invitee().changer_role(id(2), Role::Salarie, &acteur(1), le())),
    ];
    for structure in partis {
        let refus = structure.accepter_invitation("ab", &nouvelle, le()).err();
        assert_eq!(refus, Some(Refus::InvitationInconnue));
    }
}
