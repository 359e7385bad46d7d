//! The numbers of a dossier: NRU of the candidature, Datapass, Client ID, NIE and NIL of the CNDA, version.
//!
//! Rule: what another administration issued is kept as it issued it; only what is ours (the NRU) is generated here.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{chaine_verifiee, que_des_chiffres, sans_espaces};

/// Letters of a generated NRU: no vowel, so that no word appears, and no letter read as another one or as a digit
/// (L as I, Q as O).
pub const ALPHABET_NRU: [char; 18] =
    ['B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'];

const LONGUEUR_NRU: usize = 10;

/// Numéro de référencement unique of a candidature: 10 capitals.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nru(String);
chaine_verifiee!(Nru);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Le NRU compte 10 lettres, sans chiffre ni accent, par exemple KXNFPNCHFV.")]
pub struct RefusNru;

impl Nru {
    /// The NRU drawn by a number from a cryptographic generator. The caller checks that it is not taken yet.
    ///
    /// There are 18¹⁰ ≈ 3.6 × 10¹² of them, so the bias of the modulo is below one in a million.
    pub fn tirer(alea: u64) -> Self {
        let base = ALPHABET_NRU.len() as u64;
        let lettres = std::iter::successors(Some(alea), |reste| Some(reste / base))
            .take(LONGUEUR_NRU)
            // Below 18: the first byte holds it whole.
            .map(|reste| ALPHABET_NRU[usize::from((reste % base).to_le_bytes()[0])]);
        Self(lettres.collect())
    }
}

impl FromStr for Nru {
    type Err = RefusNru;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        let nru = sans_espaces(texte).to_ascii_uppercase();
        if nru.len() == LONGUEUR_NRU && nru.bytes().all(|octet| octet.is_ascii_uppercase()) {
            Ok(Self(nru))
        } else {
            Err(RefusNru)
        }
    }
}

/// Number of a **demande** DataPass: `D` and 1 to 9 digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Datapass(String);
chaine_verifiee!(Datapass);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusDatapass {
    #[error(
        "C’est le numéro de l’habilitation DataPass (H…) : indiquez le numéro de la demande, qui commence par D et \
         figure sur la page de votre demande."
    )]
    NumeroHabilitation,
    #[error("Le numéro de demande DataPass s’écrit D suivi de 1 à 9 chiffres, par exemple D12345.")]
    Forme,
}

impl FromStr for Datapass {
    type Err = RefusDatapass;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        let numero = sans_espaces(texte).to_ascii_uppercase();
        let est_numero = |chiffres: &str| !chiffres.is_empty() && que_des_chiffres(chiffres);
        if numero.strip_prefix('H').is_some_and(est_numero) {
            return Err(RefusDatapass::NumeroHabilitation);
        }
        let chiffres = numero.strip_prefix('D').unwrap_or(&numero);
        if est_numero(chiffres) && chiffres.len() <= 9 {
            Ok(Self(format!("D{chiffres}")))
        } else {
            Err(RefusDatapass::Forme)
        }
    }
}

/// Client ID at Pro Santé Connect: 3 to 128 letters, digits, `.`, `_`, `-`, starting with a letter or digit. Case counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);
chaine_verifiee!(ClientId);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "Le Client ID compte de 3 à 128 caractères : lettres sans accent, chiffres, point, tiret, tiret bas ; il commence \
     par une lettre ou un chiffre."
)]
pub struct RefusClientId;

impl FromStr for ClientId {
    type Err = RefusClientId;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        let id = texte.trim();
        let permis = |octet: u8| octet.is_ascii_alphanumeric() || b"._-".contains(&octet);
        let debut = id.bytes().next().is_some_and(|octet| octet.is_ascii_alphanumeric());
        if (3..=128).contains(&id.len()) && debut && id.bytes().all(permis) {
            Ok(Self(id.to_owned()))
        } else {
            Err(RefusClientId)
        }
    }
}

/// Version of a logiciel: 1 to 40 letters, digits, spaces and `.+_-`. Compared as written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionLogiciel(String);
chaine_verifiee!(VersionLogiciel);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "La version compte de 1 à 40 caractères : lettres sans accent, chiffres, espace, point, plus, tiret, tiret bas ; \
     elle commence par une lettre ou un chiffre."
)]
pub struct RefusVersion;

impl FromStr for VersionLogiciel {
    type Err = RefusVersion;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        let version = texte.trim();
        let permis = |octet: u8| octet.is_ascii_alphanumeric() || b" .+_-".contains(&octet);
        let debut = version.bytes().next().is_some_and(|octet| octet.is_ascii_alphanumeric());
        if version.len() <= 40 && debut && version.bytes().all(permis) {
            Ok(Self(version.to_owned()))
        } else {
            Err(RefusVersion)
        }
    }
}

/// Numéro d’identification de l’éditeur, given by the CNDA: 1 to 20 letters or digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nie(String);
chaine_verifiee!(Nie);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Le NIE compte de 1 à 20 lettres ou chiffres ; il figure sur le portail du CNDA.")]
pub struct RefusNie;

impl FromStr for Nie {
    type Err = RefusNie;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        numero_cnda(texte, 20).map(Self).ok_or(RefusNie)
    }
}

/// Numéro d’identification du logiciel, given by the CNDA: 1 to 30 letters or digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nil(String);
chaine_verifiee!(Nil);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Le NIL compte de 1 à 30 lettres ou chiffres ; il figure sur le portail du CNDA.")]
pub struct RefusNil;

impl FromStr for Nil {
    type Err = RefusNil;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        numero_cnda(texte, 30).map(Self).ok_or(RefusNil)
    }
}

/// The format of these numbers is not published: bounded, and nothing more is assumed.
fn numero_cnda(texte: &str, max: usize) -> Option<String> {
    let numero = texte.trim();
    let valide =
        (1..=max).contains(&numero.len()) && numero.bytes().all(|octet| octet.is_ascii_alphanumeric());
    valide.then(|| numero.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_nru_is_read_whatever_its_case_and_spaces() {
        for texte in ["KXNFPNCHFV", "kxnfpnchfv", " KXNFP NCHFV "] {
            assert_eq!(texte.parse::<Nru>().unwrap().as_str(), "KXNFPNCHFV", "{texte}");
        }
        // an issued number may hold any letter, not only those that we would draw
        assert!("MZYDQBPUKP".parse::<Nru>().is_ok());
        for texte in ["", "KXNFPNCHF", "KXNFPNCHFVA", "KXNFPNCHF1", "KXNFPNCHFÉ", "KXNFP-NCHF"] {
            assert_eq!(texte.parse::<Nru>(), Err(RefusNru), "{texte}");
        }
    }

    #[test]
    fn a_drawn_nru_is_valid_and_follows_the_number() {
        for alea in [0, 1, 17, 18, u64::MAX, 0x0123_4567_89ab_cdef] {
            let nru = Nru::tirer(alea);
            assert_eq!(nru.as_str().parse(), Ok(nru.clone()), "{alea}");
            assert!(nru.as_str().chars().all(|lettre| ALPHABET_NRU.contains(&lettre)));
        }
        assert_ne!(Nru::tirer(0), Nru::tirer(1));
        assert_ne!(Nru::tirer(0), Nru::tirer(18_u64.pow(9)));
    }

    #[test]
    fn a_datapass_is_the_number_of_the_demande() {
        for (texte, attendu) in
            [("D12345", "D12345"), ("d12345", "D12345"), (" 12 345 ", "D12345"), ("D007", "D007")]
        {
            assert_eq!(texte.parse::<Datapass>().unwrap().as_str(), attendu, "{texte}");
        }
        for (texte, refus) in [
            ("H123", RefusDatapass::NumeroHabilitation),
            ("h1234567890", RefusDatapass::NumeroHabilitation),
            ("H", RefusDatapass::Forme),
            ("", RefusDatapass::Forme),
            ("D", RefusDatapass::Forme),
            ("D1234567890", RefusDatapass::Forme),
            ("DD12", RefusDatapass::Forme),
            ("D12A", RefusDatapass::Forme),
        ] {
            assert_eq!(texte.parse::<Datapass>(), Err(refus), "{texte}");
        }
    }

    #[test]
    fn a_client_id_keeps_its_case() {
        assert_eq!(
            " Logiciel-Exemple_bas.1 ".parse::<ClientId>().unwrap().as_str(),
            "Logiciel-Exemple_bas.1"
        );
        let long = "a".repeat(128);
        assert!(long.parse::<ClientId>().is_ok());
        for texte in ["", "ab", "-abc", ".abc", "a b c", "abc/def", "abç", &format!("{long}a")] {
            assert_eq!(texte.parse::<ClientId>(), Err(RefusClientId), "{texte}");
        }
    }

    #[test]
    fn a_version_is_bounded() {
        for texte in ["1", "2.4.1", "2026 R2", "v3+build-7_a"] {
            assert_eq!(texte.parse::<VersionLogiciel>().unwrap().as_str(), texte);
        }
        for texte in ["", " ", ".1", "1.0é", "1/0", &"1".repeat(41)] {
            assert_eq!(texte.parse::<VersionLogiciel>(), Err(RefusVersion), "{texte}");
        }
    }

    #[test]
    fn cnda_numbers_are_bounded() {
        assert_eq!(" 12345A ".parse::<Nie>().unwrap().as_str(), "12345A");
        assert_eq!("1".repeat(21).parse::<Nie>(), Err(RefusNie));
        assert_eq!("12-3".parse::<Nie>(), Err(RefusNie));
        assert!("1".repeat(30).parse::<Nil>().is_ok());
        assert_eq!("1".repeat(31).parse::<Nil>(), Err(RefusNil));
        assert_eq!("".parse::<Nil>(), Err(RefusNil));
    }
}
