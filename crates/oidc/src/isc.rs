//! The claims of "Industriels Santé Connect": who a person is, for which structure, in which role.

use serde::{Deserialize, Serialize};

use crate::id_token::Revendications;

/// What a person may do for their company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleEntreprise {
    Mandataire,
    Responsable,
    Salarie,
}

impl RoleEntreprise {
    /// As people read it.
    pub fn libelle(self) -> &'static str {
        match self {
            Self::Mandataire => "mandataire",
            Self::Responsable => "responsable",
            Self::Salarie => "salarié",
        }
    }
}

/// What a person of the agency may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleAgence {
    Verificateur,
    College,
    Signataire,
    Administrateur,
    Auditeur,
    Cnda,
}

impl RoleAgence {
    /// As people read it.
    pub fn libelle(self) -> &'static str {
        match self {
            Self::Verificateur => "vérificateur",
            Self::College => "membre du collège",
            Self::Signataire => "signataire",
            Self::Administrateur => "administrateur",
            Self::Auditeur => "auditeur",
            Self::Cnda => "CNDA",
        }
    }
}

/// A legal person and its seat.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Structure {
    /// 14 digits.
    pub siret: String,
    pub denomination: String,
    /// `SAS`, `SARL`, `SA`…
    pub forme_juridique: String,
    pub adresse: Adresse,
}

/// A postal address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Adresse {
    pub voie: String,
    pub code_postal: String,
    pub commune: String,
    /// ISO 3166-1, two letters.
    pub pays: String,
}

/// A person, as the realm tells them. A person of the agency has roles there and no structure.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Profil {
    pub preferred_username: String,
    pub given_name: String,
    pub family_name: String,
    pub email: String,
    #[serde(default)]
    pub email_verified: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_entreprise: Option<RoleEntreprise>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<Structure>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles_agence: Vec<RoleAgence>,
}

impl Profil {
    /// Reads the profile out of a verified id_token.
    ///
    /// # Errors
    /// When a claim is missing or of another type; the message names the claim.
    pub fn depuis(revendications: &Revendications) -> Result<Self, serde_json::Error> {
        serde_json::from_value(serde_json::Value::Object(revendications.autres.clone()))
    }
}
