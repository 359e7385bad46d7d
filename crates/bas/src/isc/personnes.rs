//! The people of the sandbox, as a table. All fictitious: domains end in `.example`, telephone numbers are of the blocks
//! kept for fiction, and no company can have a SIREN that begins with `0000`.

use aws_lc_rs::digest::{SHA256, digest};
use oidc::isc::{Adresse, Profil, RoleAgence, RoleEntreprise};
use uuid::Uuid;

/// The password of everybody.
pub const MOT_DE_PASSE: &str = "demo";

/// A company.
#[derive(Debug, PartialEq, Eq)]
pub struct Structure {
    /// 14 digits; SIRET and SIREN both pass Luhn.
    pub siret: &'static str,
    pub denomination: &'static str,
    pub forme_juridique: &'static str,
    pub voie: &'static str,
    pub code_postal: &'static str,
    pub commune: &'static str,
    domaine: &'static str,
}

/// What a person is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Entreprise(RoleEntreprise),
    Agence(RoleAgence),
}

impl Role {
    /// As people read it.
    pub fn libelle(self) -> &'static str {
        match self {
            Self::Entreprise(role) => role.libelle(),
            Self::Agence(role) => role.libelle(),
        }
    }
}

/// A person who can sign in.
#[derive(Debug)]
pub struct Personne {
    pub login: &'static str,
    pub prenom: &'static str,
    pub nom: &'static str,
    pub role: Role,
    /// `None` for the agency's people.
    pub structure: Option<&'static Structure>,
    /// Last digits of the telephone number.
    telephone: &'static str,
}

static LOGIMED: Structure = Structure {
    siret: "00001204700015",
    denomination: "Logimed",
    forme_juridique: "SAS",
    voie: "12 rue des Exemples",
    code_postal: "69003",
    commune: "Lyon",
    domaine: "logimed.example",
};

static HEXASOINS: Structure = Structure {
    siret: "00002307700019",
    denomination: "Hexasoins",
    forme_juridique: "SARL",
    voie: "4 place de la Fiction",
    code_postal: "35000",
    commune: "Rennes",
    domaine: "hexasoins.example",
};

static OPERA_SANTE: Structure = Structure {
    siret: "00003501400018",
    denomination: "Opéra-Santé",
    forme_juridique: "SA",
    voie: "30 avenue du Modèle",
    code_postal: "59000",
    commune: "Lille",
    domaine: "opera-sante.example",
};

const fn salarie_de(
    structure: &'static Structure,
    login: &'static str,
    prenom: &'static str,
    nom: &'static str,
    role: RoleEntreprise,
    telephone: &'static str,
) -> Personne {
    Personne { login, prenom, nom, role: Role::Entreprise(role), structure: Some(structure), telephone }
}

const fn agent(
    login: &'static str,
    prenom: &'static str,
    nom: &'static str,
    role: RoleAgence,
    telephone: &'static str,
) -> Personne {
    Personne { login, prenom, nom, role: Role::Agence(role), structure: None, telephone }
}

static PERSONNES: [Personne; 15] = [
    salarie_de(&LOGIMED, "claire.martin", "Claire", "Martin", RoleEntreprise::Mandataire, "01"),
    salarie_de(&LOGIMED, "hugo.bernard", "Hugo", "Bernard", RoleEntreprise::Responsable, "02"),
    salarie_de(&LOGIMED, "lea.petit", "Léa", "Petit", RoleEntreprise::Salarie, "03"),
    salarie_de(&LOGIMED, "tom.leroy", "Tom", "Leroy", RoleEntreprise::Salarie, "04"),
    salarie_de(&HEXASOINS, "nadia.benali", "Nadia", "Benali", RoleEntreprise::Mandataire, "05"),
    salarie_de(&HEXASOINS, "paul.girard", "Paul", "Girard", RoleEntreprise::Salarie, "06"),
    salarie_de(&OPERA_SANTE, "jeanne.moreau", "Jeanne", "Moreau", RoleEntreprise::Mandataire, "07"),
    agent("verif.durand", "Alice", "Durand", RoleAgence::Verificateur, "08"),
    agent("verif.lopez", "Marc", "Lopez", RoleAgence::Verificateur, "09"),
    agent("college.roux", "Sophie", "Roux", RoleAgence::College, "10"),
    agent("college.blanc", "Karim", "Blanc", RoleAgence::College, "11"),
    agent("signataire.faure", "Hélène", "Faure", RoleAgence::Signataire, "12"),
    agent("admin.chevalier", "Yann", "Chevalier", RoleAgence::Administrateur, "13"),
    agent("auditeur.meyer", "Inès", "Meyer", RoleAgence::Auditeur, "14"),
    agent("cnda.simon", "Rémi", "Simon", RoleAgence::Cnda, "15"),
];

/// Everybody, companies first.
pub fn personnes() -> &'static [Personne] {
    &PERSONNES
}

/// The people of a structure, for a page.
#[derive(Debug)]
pub struct Groupe {
    /// `Logimed SAS`, `Agence`.
    pub titre: String,
    /// `Logimed`, `Agence`.
    pub nom: &'static str,
    pub personnes: Vec<&'static Personne>,
}

/// Everybody by structure, the agency last.
pub fn groupes() -> Vec<Groupe> {
    let mut groupes: Vec<Groupe> = Vec::new();
    for personne in personnes() {
        let nom = personne.structure.map_or("Agence", |structure| structure.denomination);
        match groupes.last_mut() {
            Some(groupe) if groupe.nom == nom => groupe.personnes.push(personne),
            _ => {
                let forme = personne.structure.map(|structure| format!(" {}", structure.forme_juridique));
                let titre = format!("{nom}{}", forme.unwrap_or_default());
                groupes.push(Groupe { titre, nom, personnes: vec![personne] });
            }
        }
    }
    groupes
}

impl Personne {
    /// The stable identifier, drawn from the login (UUID v8, RFC 9562 §5.8).
    pub fn sub(&self) -> Uuid {
        let mut octets = [0; 16];
        let empreinte = digest(&SHA256, format!("isc personne {}", self.login).as_bytes());
        octets.copy_from_slice(&empreinte.as_ref()[..16]);
        uuid::Builder::from_custom_bytes(octets).into_uuid()
    }

    /// The claims told to clients.
    pub fn profil(&self) -> Profil {
        let domaine = self.structure.map_or("agence.example", |structure| structure.domaine);
        let (role_entreprise, roles_agence) = match self.role {
            Role::Entreprise(role) => (Some(role), Vec::new()),
            Role::Agence(role) => (None, vec![role]),
        };
        Profil {
            preferred_username: self.login.to_owned(),
            given_name: self.prenom.to_owned(),
            family_name: self.nom.to_owned(),
            email: format!("{}@{domaine}", self.login),
            email_verified: true,
            phone_number: Some(format!("+336399801{}", self.telephone)),
            role_entreprise,
            structure: self.structure.map(Structure::profil),
            roles_agence,
        }
    }
}

impl Structure {
    fn profil(&self) -> oidc::isc::Structure {
        oidc::isc::Structure {
            siret: self.siret.to_owned(),
            denomination: self.denomination.to_owned(),
            forme_juridique: self.forme_juridique.to_owned(),
            adresse: Adresse {
                voie: self.voie.to_owned(),
                code_postal: self.code_postal.to_owned(),
                commune: self.commune.to_owned(),
                pays: "FR".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn luhn(chiffres: &str) -> bool {
        let somme: u32 = chiffres
            .chars()
            .rev()
            .map(|chiffre| chiffre.to_digit(10).unwrap())
            .enumerate()
            .map(|(rang, chiffre)| if rang % 2 == 0 { chiffre } else { chiffre * 2 / 10 + chiffre * 2 % 10 })
            .sum();
        somme.is_multiple_of(10)
    }

    #[test]
    fn identifiers_are_valid_and_distinct() {
        let (mut logins, mut sujets) = (HashSet::new(), HashSet::new());
        for personne in personnes() {
            assert!(logins.insert(personne.login) && sujets.insert(personne.sub()), "{}", personne.login);
            if let Some(structure) = personne.structure {
                assert_eq!(structure.siret.len(), 14);
                assert!(luhn(structure.siret) && luhn(&structure.siret[..9]), "{}", structure.siret);
            }
        }
        assert_eq!(personnes()[0].sub(), personnes()[0].sub());
        assert_eq!(personnes()[0].sub().get_version_num(), 8);
    }

    #[test]
    fn people_are_grouped_by_structure() {
        let titres: Vec<(String, usize)> =
            groupes().into_iter().map(|groupe| (groupe.titre, groupe.personnes.len())).collect();
        let attendus = [("Logimed SAS", 4), ("Hexasoins SARL", 2), ("Opéra-Santé SA", 1), ("Agence", 8)];
        assert_eq!(titres, attendus.map(|(titre, nombre)| (titre.to_owned(), nombre)));
    }
}
