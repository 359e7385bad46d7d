//! What people type and what must then be true: numbers, addresses and names, each a type that can only hold a valid
//! value.
//!
//! Rule: a value is checked once, when it is read (`FromStr`, or serde which goes through it), put in its canonical
//! form (spaces stripped, case folded), and never checked again. A refusal is a sentence for the person who typed it.

mod contact;
mod dossier;
mod entreprise;
mod fichier;
mod lien;
mod pays;
mod texte;

pub use contact::{Courriel, RefusCourriel, RefusTelephone, Telephone};
pub use dossier::{
    ALPHABET_NRU, ClientId, Datapass, Nie, Nil, Nru, RefusClientId, RefusDatapass, RefusNie, RefusNil,
    RefusNru, RefusVersion, VersionLogiciel,
};
pub use entreprise::{RefusSiren, RefusSiret, Siren, Siret};
pub use fichier::{NomFichier, RefusNomFichier};
pub use lien::{LienHttps, RefusLien};
pub use pays::{CodePostal, Pays, RefusCodePostal, RefusPays, UNION_EUROPEENNE};
pub use texte::{RefusTexte, Texte};

/// What every type of this module that wraps a `String` offers besides its own `FromStr`: reading it back, and serde
/// (through `#[serde(try_from = "String", into = "String")]`).
macro_rules! chaine_verifiee {
    ($Type:ident) => {
        impl $Type {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $Type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $Type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $Type {
            type Error = <Self as std::str::FromStr>::Err;

            fn try_from(texte: String) -> Result<Self, Self::Error> {
                texte.parse()
            }
        }

        impl From<$Type> for String {
            fn from(valeur: $Type) -> Self {
                valeur.0
            }
        }
    };
}
use chaine_verifiee;

/// Without any white space, no-break spaces included: people copy numbers from documents that group the digits.
fn sans_espaces(texte: &str) -> String {
    texte.chars().filter(|c| !c.is_whitespace()).collect()
}

fn que_des_chiffres(texte: &str) -> bool {
    texte.bytes().all(|octet| octet.is_ascii_digit())
}

/// Characters that change how their neighbours are displayed, or that are not displayed at all: with them a name can
/// show something else than what it is.
fn trompeur(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}
