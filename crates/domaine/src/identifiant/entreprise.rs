//! The numbers of a French company: SIREN (9 digits) and SIRET (SIREN and 5 digits for the establishment).
//!
//! Rule: both end with a Luhn control digit. La Poste ran out of valid numbers: its establishments only have to have a
//! sum of digits divisible by 5.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{chaine_verifiee, que_des_chiffres, sans_espaces};

const SIREN_LA_POSTE: &str = "356000000";

/// Number of a company: 9 digits, without spaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Siren(String);
chaine_verifiee!(Siren);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusSiren {
    #[error("Le SIREN compte 9 chiffres.")]
    Forme,
    #[error("Ce SIREN n’existe pas : sa clé de contrôle est fausse, vérifiez les chiffres.")]
    Cle,
}

impl FromStr for Siren {
    type Err = RefusSiren;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        let siren = sans_espaces(texte);
        if siren.len() != 9 || !que_des_chiffres(&siren) {
            return Err(RefusSiren::Forme);
        }
        if siren == "000000000" || !luhn(&siren) {
            return Err(RefusSiren::Cle);
        }
        Ok(Self(siren))
    }
}

/// Number of an establishment: 14 digits, without spaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Siret(String);
chaine_verifiee!(Siret);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusSiret {
    #[error("Le SIRET compte 14 chiffres : les 9 du SIREN et les 5 de l’établissement.")]
    Forme,
    #[error("Les 9 premiers chiffres ne forment pas un SIREN : leur clé de contrôle est fausse.")]
    Siren,
    #[error("Ce SIRET n’existe pas : sa clé de contrôle est fausse, vérifiez les chiffres.")]
    Cle,
}

impl Siret {
    pub fn siren(&self) -> Siren {
        Siren(self.0[..9].to_owned())
    }

    /// « 356 000 000 00048 ».
    pub fn lisible(&self) -> String {
        format!("{} {} {} {}", &self.0[..3], &self.0[3..6], &self.0[6..9], &self.0[9..])
    }
}

impl FromStr for Siret {
    type Err = RefusSiret;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        let siret = sans_espaces(texte);
        if siret.len() != 14 || !que_des_chiffres(&siret) {
            return Err(RefusSiret::Forme);
        }
        let entreprise = &siret[..9];
        Siren::from_str(entreprise).map_err(|_| RefusSiret::Siren)?;
        // The head office of La Poste does follow Luhn.
        let la_poste = entreprise == SIREN_LA_POSTE && somme_des_chiffres(&siret).is_multiple_of(5);
        if !la_poste && !luhn(&siret) {
            return Err(RefusSiret::Cle);
        }
        Ok(Self(siret))
    }
}

/// ISO/IEC 7812-1 annex B, over ASCII digits.
fn luhn(chiffres: &str) -> bool {
    let somme: u32 = chiffres
        .bytes()
        .rev()
        .enumerate()
        .map(|(rang, octet)| {
            let chiffre = u32::from(octet - b'0');
            match (rang % 2, chiffre) {
                (0, chiffre) => chiffre,
                (_, chiffre @ 0..=4) => 2 * chiffre,
                (_, chiffre) => 2 * chiffre - 9,
            }
        })
        .sum();
    somme.is_multiple_of(10)
}

fn somme_des_chiffres(chiffres: &str) -> u32 {
    chiffres.bytes().map(|octet| u32::from(octet - b'0')).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_siret_is_read() {
        for (texte, attendu) in [
            ("73282932000074", "73282932000074"),
            (" 732 829 320 00074 ", "73282932000074"),
            ("732\u{a0}829\u{202f}320\u{a0}00074", "73282932000074"),
            // La Poste: head office (Luhn), then establishments (sum divisible by 5)
            ("35600000000048", "35600000000048"),
            ("35600000049837", "35600000049837"),
            ("35600000000001", "35600000000001"),
        ] {
            assert_eq!(texte.parse::<Siret>().unwrap().as_str(), attendu, "{texte}");
        }
    }

    #[test]
    fn a_siret_is_refused() {
        for (texte, refus) in [
            ("", RefusSiret::Forme),
            ("7328293200007", RefusSiret::Forme),
            ("732829320000745", RefusSiret::Forme),
            ("7328293200007A", RefusSiret::Forme),
            ("73282932000é74", RefusSiret::Forme),
            ("٧٣٢٨٢٩٣٢٠٠٠٠٧٤", RefusSiret::Forme),
            ("73282932000075", RefusSiret::Cle),
            ("73282932100074", RefusSiret::Siren),
            ("00000000000000", RefusSiret::Siren),
            ("35600000000002", RefusSiret::Cle),
        ] {
            assert_eq!(texte.parse::<Siret>(), Err(refus), "{texte}");
        }
    }

    #[test]
    fn a_siren_is_read_or_refused() {
        assert_eq!("732 829 320".parse::<Siren>().unwrap().as_str(), "732829320");
        assert_eq!("732829320000".parse::<Siren>(), Err(RefusSiren::Forme));
        assert_eq!("732829321".parse::<Siren>(), Err(RefusSiren::Cle));
        let siret: Siret = "73282932000074".parse().unwrap();
        assert_eq!(siret.siren().as_str(), "732829320");
        assert_eq!(siret.lisible(), "732 829 320 00074");
    }

    #[test]
    fn serde_goes_through_the_rule() {
        let siret: Siret = serde_json::from_str("\"732 829 320 00074\"").unwrap();
        assert_eq!(serde_json::to_string(&siret).unwrap(), "\"73282932000074\"");
        let refus = serde_json::from_str::<Siret>("\"73282932000075\"").unwrap_err().to_string();
        assert!(refus.contains("clé de contrôle"), "{refus}");
    }
}
