//! Who applies: the four profiles and the two guichets where they do.
//!
//! Rule: a profile belongs to one guichet; a candidature has one or two profiles, both of its guichet.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// In what quality an industriel applies, in the order in which the profiles depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Profil {
    /// Éditeur de Logiciel Utilisateur.
    ELU,
    /// Éditeur de logiciel Proxy e-Santé.
    ELP,
    /// Opérateur de services Utilisateur.
    OpSU,
    /// Opérateur de services Proxy e-Santé.
    OpSP,
}

impl Profil {
    pub const TOUS: [Self; 4] = [Self::ELU, Self::ELP, Self::OpSU, Self::OpSP];

    /// The two profiles of a guichet.
    pub const fn du_guichet(guichet: Guichet) -> [Self; 2] {
        match guichet {
            Guichet::Editeur => [Self::ELU, Self::ELP],
            Guichet::Operateur => [Self::OpSU, Self::OpSP],
        }
    }

    pub const fn guichet(self) -> Guichet {
        match self {
            Self::ELU | Self::ELP => Guichet::Editeur,
            Self::OpSU | Self::OpSP => Guichet::Operateur,
        }
    }

    /// As written in the catalogue, in forms and on the habilitation.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ELU => "ELU",
            Self::ELP => "ELP",
            Self::OpSU => "OpSU",
            Self::OpSP => "OpSP",
        }
    }

    pub const fn libelle(self) -> &'static str {
        match self {
            Self::ELU => "Éditeur de Logiciel Utilisateur",
            Self::ELP => "Éditeur de logiciel Proxy e-Santé",
            Self::OpSU => "Opérateur de services Utilisateur",
            Self::OpSP => "Opérateur de services Proxy e-Santé",
        }
    }
}

impl fmt::Display for Profil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("les profils sont ELU, ELP, OpSU et OpSP")]
pub struct ProfilInconnu;

impl FromStr for Profil {
    type Err = ProfilInconnu;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        Self::TOUS.into_iter().find(|profil| profil.code() == texte).ok_or(ProfilInconnu)
    }
}

/// Where a candidature is deposited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guichet {
    Editeur,
    Operateur,
}

impl Guichet {
    pub const TOUS: [Self; 2] = [Self::Editeur, Self::Operateur];

    /// As written in URLs and tables.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Editeur => "editeur",
            Self::Operateur => "operateur",
        }
    }

    pub const fn libelle(self) -> &'static str {
        match self {
            Self::Editeur => "Guichet Éditeur",
            Self::Operateur => "Guichet Opérateur",
        }
    }
}

impl fmt::Display for Guichet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.libelle())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("les guichets sont editeur et operateur")]
pub struct GuichetInconnu;

impl FromStr for Guichet {
    type Err = GuichetInconnu;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        Self::TOUS.into_iter().find(|guichet| guichet.code() == texte).ok_or(GuichetInconnu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_of_one_guichet_and_keeps_its_code() {
        for guichet in Guichet::TOUS {
            assert_eq!(guichet.code().parse(), Ok(guichet));
            assert_eq!(serde_json::to_string(&guichet).unwrap(), format!("\"{}\"", guichet.code()));
            assert!(Profil::du_guichet(guichet).into_iter().all(|profil| profil.guichet() == guichet));
        }
        for profil in Profil::TOUS {
            assert_eq!(profil.code().parse(), Ok(profil));
            assert_eq!(serde_json::to_string(&profil).unwrap(), format!("\"{}\"", profil.code()));
        }
        assert_eq!("elu".parse::<Profil>(), Err(ProfilInconnu));
    }
}
