//! A structure (the legal person that applies), the people in it and their roles (spec guichets §2.1, §5).
//!
//! Rule: the mandataire comes from Industriels Santé Connect, which has verified him; he and the responsables he names
//! delegate from there. A structure never loses its last account manager.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    evenement::{Acteur, Evenement, Sujet},
    id::Id,
    identifiant::{Courriel, Siret},
    permission::Qualite,
};

/// Somebody who can sign in; `sub` is the subject given by the OpenID provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personne {
    pub id: Id<Personne>,
    pub sub: String,
    pub nom: String,
    pub prenom: String,
    pub courriel: String,
    pub telephone: String,
    /// Structure to which the person belongs; `None` for the agency's people.
    pub structure: Option<Id<Structure>>,
    pub roles_agence: Vec<Qualite>,
    /// When the person agreed to share the data of the iSC account with the guichet.
    pub consentement: Option<Timestamp>,
}

impl Personne {
    pub fn nom_complet(&self) -> String {
        format!("{} {}", self.prenom, self.nom)
    }

    pub fn est_agence(&self) -> bool {
        !self.roles_agence.is_empty()
    }

    fn sujet(&self) -> Sujet {
        Sujet::new("personne", self.id)
    }

    /// In what quality the person acts on their own account.
    fn en_son_nom(&self) -> Acteur {
        self.acteur(self.roles_agence.first().copied().unwrap_or(Qualite::Membre))
    }

    /// Agrees to share the data of the iSC account with the guichet; `None` when that was done before.
    pub fn consentir(mut self, le: Timestamp) -> Option<(Self, Evenement)> {
        if self.consentement.is_some() {
            return None;
        }
        let acte = "Partage des données du compte accepté";
        let evenement = Evenement::new(self.sujet(), acte, &self.en_son_nom(), le);
        self.consentement = Some(le);
        Some((self, evenement))
    }

    /// What the provider says of this person that it did not say before (`avant`); `None` when nothing has changed.
    pub fn presentee(&self, avant: Option<&Self>, le: Timestamp) -> Option<Evenement> {
        let roles = |personne: &Self| {
            personne.roles_agence.iter().map(|role| role.libelle()).collect::<Vec<_>>().join(", ")
        };
        let acte = if avant.is_some() { "Compte mis à jour à la connexion" } else { "Première connexion" };
        let vide = Self {
            nom: String::new(),
            prenom: String::new(),
            courriel: String::new(),
            telephone: String::new(),
            roles_agence: Vec::new(),
            ..self.clone()
        };
        let avant_ou_vide = avant.unwrap_or(&vide);
        let mut evenement = Evenement::new(self.sujet(), acte, &self.en_son_nom(), le);
        for (champ, avant, apres) in [
            ("prénom", avant_ou_vide.prenom.clone(), self.prenom.clone()),
            ("nom", avant_ou_vide.nom.clone(), self.nom.clone()),
            ("courriel", avant_ou_vide.courriel.clone(), self.courriel.clone()),
            ("téléphone", avant_ou_vide.telephone.clone(), self.telephone.clone()),
            ("rôles à l’agence", roles(avant_ou_vide), roles(self)),
        ] {
            if avant != apres {
                evenement = evenement.difference(champ, avant, apres);
            }
        }
        (avant.is_none() || !evenement.differences.is_empty()).then_some(evenement)
    }

    pub fn acteur(&self, qualite: Qualite) -> Acteur {
        Acteur { personne: Some(self.id), nom: self.nom_complet(), qualite }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    Mandataire,
    Responsable,
    Salarie,
}

impl Role {
    pub fn libelle(self) -> &'static str {
        match self {
            Self::Mandataire => "mandataire",
            Self::Responsable => "responsable",
            Self::Salarie => "salarié",
        }
    }

    pub fn cle(self) -> &'static str {
        match self {
            Self::Mandataire => "mandataire",
            Self::Responsable => "responsable",
            Self::Salarie => "salarie",
        }
    }

    pub fn depuis_cle(cle: &str) -> Option<Self> {
        [Self::Mandataire, Self::Responsable, Self::Salarie].into_iter().find(|role| role.cle() == cle)
    }

    pub fn gere_les_comptes(self) -> bool {
        self != Self::Salarie
    }

    pub fn qualite(self) -> Qualite {
        match self {
            Self::Mandataire => Qualite::Mandataire,
            Self::Responsable => Qualite::Responsable,
            Self::Salarie => Qualite::Membre,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membre {
    pub personne: Id<Personne>,
    pub nom: String,
    pub courriel: String,
    pub role: Role,
    pub depuis: Timestamp,
}

/// An invitation to join; the secret travels in the mail, only its fingerprint is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Lower-case hexadecimal SHA-256 of the secret.
    pub empreinte: String,
    pub courriel: Courriel,
    pub role: Role,
    pub par: Acteur,
    pub expire: Timestamp,
}

/// Somebody whom the structure withdrew, whatever the provider says of them since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retrait {
    pub personne: Id<Personne>,
    pub nom: String,
    pub courriel: String,
    pub par: Acteur,
    pub le: Timestamp,
}

/// What a sign-in changes of a structure, for a person whom the provider presents as one of its people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presentation {
    DejaMembre,
    Rejoint(Box<(Structure, Evenement)>),
    /// The structure withdrew the person: they stay outside until somebody of it takes them back.
    Retiree,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adresse {
    pub voie: String,
    pub complement: String,
    pub code_postal: String,
    pub commune: String,
    /// ISO 3166-1 alpha-3.
    pub pays: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    pub id: Id<Structure>,
    pub siret: Siret,
    pub denomination: String,
    pub forme_juridique: String,
    pub adresse: Adresse,
    pub membres: Vec<Membre>,
    pub invitations: Vec<Invitation>,
    #[serde(default)]
    pub retraits: Vec<Retrait>,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refus {
    #[error("Seuls le mandataire et les responsables gèrent les comptes de la structure.")]
    PasGestionnaire,
    #[error("Cette personne n’est pas membre de la structure.")]
    PasMembre,
    #[error(
        "La structure garde au moins une personne qui gère ses comptes : nommez d’abord un autre responsable."
    )]
    DernierGestionnaire,
    #[error(
        "Le rôle de mandataire est vérifié par Industriels Santé Connect : seul le mandataire peut le donner."
    )]
    MandataireSeul,
    #[error("Cette personne fait déjà partie de la structure.")]
    DejaMembre,
    #[error("Cette personne n’a pas été retirée de la structure.")]
    PasRetiree,
    #[error("Cette invitation n’existe pas, a été annulée ou a déjà servi.")]
    InvitationInconnue,
    #[error("Cette invitation a expiré : demandez-en une nouvelle.")]
    InvitationExpiree,
    #[error("Cette invitation est adressée à {0} : connectez-vous avec ce compte.")]
    AutreDestinataire(Courriel),
    #[error("Vous faites déjà partie d’une autre structure.")]
    AutreStructure,
}

impl Structure {
    fn sujet(&self) -> Sujet {
        Sujet::new("structure", self.id)
    }

    pub fn membre(&self, personne: Id<Personne>) -> Option<&Membre> {
        self.membres.iter().find(|membre| membre.personne == personne)
    }

    fn exige_gestionnaire(&self, par: &Acteur) -> Result<Role, Refus> {
        par.personne
            .and_then(|id| self.membre(id))
            .map(|membre| membre.role)
            .filter(|role| role.gere_les_comptes())
            .ok_or(Refus::PasGestionnaire)
    }

    /// Adds somebody whom the OpenID provider presents as a member of this structure.
    pub fn rattacher(mut self, personne: &Personne, role: Role, le: Timestamp) -> (Self, Evenement) {
        let acteur = personne.acteur(role.qualite());
        let evenement = Evenement::new(
            self.sujet(),
            format!("{} rejoint la structure ({})", personne.nom_complet(), role.libelle()),
            &acteur,
            le,
        );
        self.membres.retain(|membre| membre.personne != personne.id);
        self.retraits.retain(|retrait| retrait.personne != personne.id);
        self.membres.push(Membre {
            personne: personne.id,
            nom: personne.nom_complet(),
            courriel: personne.courriel.clone(),
            role,
            depuis: le,
        });
        (self, evenement)
    }

    /// The provider presents somebody as one of its people, in this role. It says who is mandataire; a role delegated here
    /// stays as it was delegated, and a withdrawal decided here holds.
    pub fn presenter(self, personne: &Personne, role: Role, le: Timestamp) -> Presentation {
        if self.retraits.iter().any(|retrait| retrait.personne == personne.id) {
            return Presentation::Retiree;
        }
        let connu = self.membre(personne.id).map(|membre| membre.role);
        if connu.is_some() && (role != Role::Mandataire || connu == Some(Role::Mandataire)) {
            return Presentation::DejaMembre;
        }
        Presentation::Rejoint(Box::new(self.rattacher(personne, role, le)))
    }

    /// Takes back somebody who was withdrawn, as a salarié: any other role is given afterwards.
    pub fn readmettre(
        self,
        personne: &Personne,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        self.exige_gestionnaire(par)?;
        if !self.retraits.iter().any(|retrait| retrait.personne == personne.id) {
            return Err(Refus::PasRetiree);
        }
        if personne.structure.is_some_and(|id| id != self.id) {
            return Err(Refus::AutreStructure);
        }
        let (structure, mut evenement) = self.rattacher(personne, Role::Salarie, le);
        evenement.acteur = par.clone();
        evenement.acte = format!("{} est de nouveau membre (salarié)", personne.nom_complet());
        Ok((structure, evenement))
    }

    /// Cancels an invitation that was not accepted yet: its link leads nowhere from here.
    pub fn annuler_invitation(
        mut self,
        empreinte: &str,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        self.exige_gestionnaire(par)?;
        let rang = self.invitations.iter().position(|une| une.empreinte == empreinte);
        let invitation = self.invitations.remove(rang.ok_or(Refus::InvitationInconnue)?);
        let acte = format!("Invitation de {} annulée", invitation.courriel);
        let evenement = Evenement::new(self.sujet(), acte, par, le).difference(
            "rôle proposé",
            invitation.role.libelle(),
            "",
        );
        Ok((self, evenement))
    }

    /// Invites somebody; a second invitation to the same address replaces the first.
    pub fn inviter(mut self, invitation: Invitation, le: Timestamp) -> Result<(Self, Evenement), Refus> {
        let role = self.exige_gestionnaire(&invitation.par)?;
        if invitation.role == Role::Mandataire && role != Role::Mandataire {
            return Err(Refus::MandataireSeul);
        }
        let adresse = invitation.courriel.to_string();
        if self.membres.iter().any(|membre| membre.courriel.eq_ignore_ascii_case(&adresse)) {
            return Err(Refus::DejaMembre);
        }
        let evenement = Evenement::new(
            self.sujet(),
            format!("{adresse} est invité ({})", invitation.role.libelle()),
            &invitation.par,
            le,
        );
        self.invitations.retain(|autre| autre.courriel != invitation.courriel);
        self.invitations.push(invitation);
        Ok((self, evenement))
    }

    pub fn accepter_invitation(
        mut self,
        empreinte: &str,
        personne: &Personne,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        let rang = self
            .invitations
            .iter()
            .position(|invitation| invitation.empreinte == empreinte)
            .ok_or(Refus::InvitationInconnue)?;
        if self.invitations[rang].expire <= le {
            return Err(Refus::InvitationExpiree);
        }
        if !self.invitations[rang].courriel.to_string().eq_ignore_ascii_case(&personne.courriel) {
            return Err(Refus::AutreDestinataire(self.invitations[rang].courriel.clone()));
        }
        if personne.structure.is_some_and(|id| id != self.id) {
            return Err(Refus::AutreStructure);
        }
        // Joining again would replace the role, and could take the last account manager away.
        if self.membre(personne.id).is_some() {
            return Err(Refus::DejaMembre);
        }
        let invitation = self.invitations.remove(rang);
        Ok(self.rattacher(personne, invitation.role, le))
    }

    pub fn changer_role(
        mut self,
        personne: Id<Personne>,
        role: Role,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        let mon_role = self.exige_gestionnaire(par)?;
        let membre = self.membre(personne).ok_or(Refus::PasMembre)?.clone();
        if (role == Role::Mandataire || membre.role == Role::Mandataire) && mon_role != Role::Mandataire {
            return Err(Refus::MandataireSeul);
        }
        if membre.role.gere_les_comptes() && !role.gere_les_comptes() {
            self.exige_autre_gestionnaire(personne)?;
        }
        let evenement = Evenement::new(self.sujet(), format!("Rôle de {} modifié", membre.nom), par, le)
            .difference("rôle", membre.role.libelle(), role.libelle());
        for autre in &mut self.membres {
            if autre.personne == personne {
                autre.role = role;
            }
        }
        if !role.gere_les_comptes() {
            self.invitations.retain(|invitation| !invitation.par.est(personne));
        }
        Ok((self, evenement))
    }

    pub fn retirer(
        mut self,
        personne: Id<Personne>,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        let mon_role = self.exige_gestionnaire(par)?;
        let membre = self.membre(personne).ok_or(Refus::PasMembre)?.clone();
        if membre.role == Role::Mandataire && mon_role != Role::Mandataire {
            return Err(Refus::MandataireSeul);
        }
        if membre.role.gere_les_comptes() {
            self.exige_autre_gestionnaire(personne)?;
        }
        self.membres.retain(|autre| autre.personne != personne);
        self.retraits.push(Retrait {
            personne,
            nom: membre.nom.clone(),
            courriel: membre.courriel.clone(),
            par: par.clone(),
            le,
        });
        self.invitations.retain(|invitation| !invitation.par.est(personne));
        let evenement = Evenement::new(self.sujet(), format!("{} quitte la structure", membre.nom), par, le);
        Ok((self, evenement))
    }

    fn exige_autre_gestionnaire(&self, personne: Id<Personne>) -> Result<(), Refus> {
        let autre =
            self.membres.iter().any(|membre| membre.personne != personne && membre.role.gere_les_comptes());
        if autre { Ok(()) } else { Err(Refus::DernierGestionnaire) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn personne(rang: u128, courriel: &str) -> Personne {
        Personne {
            id: Id::new(Uuid::from_u128(rang)),
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
            id: Id::new(Uuid::from_u128(100)),
            siret: "73282932000074".parse().expect("SIRET of the example"),
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
        let (une, _) = vide.rattacher(&personne(1, "m@exemple.fr"), Role::Mandataire, Timestamp::UNIX_EPOCH);
        let (deux, _) = une.rattacher(&personne(2, "r@exemple.fr"), Role::Responsable, Timestamp::UNIX_EPOCH);
        deux.rattacher(&personne(3, "s@exemple.fr"), Role::Salarie, Timestamp::UNIX_EPOCH).0
    }

    fn acteur(rang: u128, role: Role) -> Acteur {
        personne(rang, "x@exemple.fr").acteur(role.qualite())
    }

    #[test]
    fn ce_que_le_fournisseur_dit_de_neuf_se_raconte() {
        let (le, avant) = (Timestamp::UNIX_EPOCH, personne(1, "a@exemple.fr"));
        let champs = |personne: &Personne, avant: Option<&Personne>| {
            let evenement = personne.presentee(avant, le)?;
            Some(evenement.differences.into_iter().map(|une| une.champ).collect::<Vec<_>>())
        };
        assert_eq!(champs(&avant, Some(&avant)), None);
        assert_eq!(champs(&avant, None), Some(vec!["prénom".into(), "nom".into(), "courriel".into()]));
        let autre = Personne {
            courriel: "b@exemple.fr".to_owned(),
            roles_agence: vec![Qualite::College],
            ..avant.clone()
        };
        assert_eq!(champs(&autre, Some(&avant)), Some(vec!["courriel".into(), "rôles à l’agence".into()]));
        // Agreeing happens once.
        let (accord, evenement) = avant.consentir(le).expect("not given before");
        assert_eq!((accord.consentement, evenement.le), (Some(le), le));
        assert!(accord.consentir(le).is_none());
    }

    #[test]
    fn qui_change_le_role_de_qui() {
        let cas = [
            (1, 3, Role::Responsable, None),
            (2, 3, Role::Responsable, None),
            (2, 3, Role::Mandataire, Some(Refus::MandataireSeul)),
            (2, 1, Role::Salarie, Some(Refus::MandataireSeul)),
            (3, 3, Role::Responsable, Some(Refus::PasGestionnaire)),
            (1, 9, Role::Salarie, Some(Refus::PasMembre)),
        ];
        for (par, qui, role, refus) in cas {
            let obtenu = structure().changer_role(
                Id::new(Uuid::from_u128(qui)),
                role,
                &acteur(par, Role::Salarie),
                Timestamp::UNIX_EPOCH,
            );
            assert_eq!(obtenu.err(), refus, "{par} → {qui} {role:?}");
        }
    }

    #[test]
    fn un_retrait_tient_jusqu_a_ce_que_la_structure_reprenne_la_personne() {
        let (le, mandataire) = (Timestamp::UNIX_EPOCH, acteur(1, Role::Mandataire));
        let salarie = personne(3, "s@exemple.fr");
        assert_eq!(structure().presenter(&salarie, Role::Salarie, le), Presentation::DejaMembre);
        let nouveau = personne(9, "n@exemple.fr");
        assert!(matches!(structure().presenter(&nouveau, Role::Salarie, le), Presentation::Rejoint(..)));
        // What was delegated here stays; that somebody became mandataire is taken over.
        let deux = personne(2, "r@exemple.fr");
        assert_eq!(structure().presenter(&deux, Role::Salarie, le), Presentation::DejaMembre);
        assert!(matches!(structure().presenter(&deux, Role::Mandataire, le), Presentation::Rejoint(..)));

        let sans = structure().retirer(salarie.id, &mandataire, le).expect("allowed").0;
        for role in [Role::Salarie, Role::Mandataire] {
            assert_eq!(sans.clone().presenter(&salarie, role, le), Presentation::Retiree, "{role:?}");
        }
        let refus = |personne: &Personne, par: &Acteur| sans.clone().readmettre(personne, par, le).err();
        assert_eq!(refus(&nouveau, &mandataire), Some(Refus::PasRetiree));
        assert_eq!(refus(&salarie, &acteur(3, Role::Salarie)), Some(Refus::PasGestionnaire));
        let ailleurs = Personne { structure: Some(Id::new(Uuid::from_u128(101))), ..salarie.clone() };
        assert_eq!(refus(&ailleurs, &mandataire), Some(Refus::AutreStructure));
        let (reprise, evenement) = sans.readmettre(&salarie, &mandataire, le).expect("allowed");
        assert_eq!(reprise.membre(salarie.id).map(|membre| membre.role), Some(Role::Salarie));
        assert_eq!(evenement.acteur, mandataire);
        assert_eq!(reprise.presenter(&salarie, Role::Salarie, le), Presentation::DejaMembre);
    }

    #[test]
    fn le_dernier_gestionnaire_reste() {
        let mandataire = acteur(1, Role::Mandataire);
        let (seul, _) = structure()
            .retirer(Id::new(Uuid::from_u128(2)), &mandataire, Timestamp::UNIX_EPOCH)
            .expect("another manager remains");
        let refus = seul.retirer(Id::new(Uuid::from_u128(1)), &mandataire, Timestamp::UNIX_EPOCH);
        assert_eq!(refus.err(), Some(Refus::DernierGestionnaire));
    }

    #[test]
    fn une_invitation_sert_une_fois_a_son_destinataire_et_avant_son_terme() {
        let fin = Timestamp::from_second(1_000).expect("small");
        let invitation = Invitation {
            empreinte: "ab".to_owned(),
            courriel: "nouveau@exemple.fr".parse().expect("valid address"),
            role: Role::Salarie,
            par: acteur(2, Role::Responsable),
            expire: fin,
        };
        let (invitee, _) = structure().inviter(invitation, Timestamp::UNIX_EPOCH).expect("allowed");
        let autre = personne(8, "autre@exemple.fr");
        let bon = personne(9, "Nouveau@exemple.fr");
        let avant = Timestamp::UNIX_EPOCH;
        assert!(matches!(
            invitee.clone().accepter_invitation("ab", &autre, avant),
            Err(Refus::AutreDestinataire(_))
        ));
        assert_eq!(
            invitee.clone().accepter_invitation("ab", &bon, fin).err(),
            Some(Refus::InvitationExpiree)
        );
        // Cancelled, it leads nowhere.
        let salarie = acteur(3, Role::Salarie);
        let refus = invitee.clone().annuler_invitation("ab", &salarie, avant).err();
        assert_eq!(refus, Some(Refus::PasGestionnaire));
        let par = acteur(2, Role::Responsable);
        let (annulee, _) = invitee.clone().annuler_invitation("ab", &par, avant).expect("allowed");
        assert_eq!(annulee.accepter_invitation("ab", &bon, avant).err(), Some(Refus::InvitationInconnue));
        let (acceptee, _) = invitee.accepter_invitation("ab", &bon, avant).expect("right person in time");
        assert_eq!(acceptee.membre(bon.id).map(|membre| membre.role), Some(Role::Salarie));
        assert_eq!(acceptee.accepter_invitation("ab", &bon, avant).err(), Some(Refus::InvitationInconnue));
    }
}
