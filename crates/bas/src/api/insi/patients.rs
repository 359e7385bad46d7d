//! The fictitious patients. Their names say what they are; the numbers have a true key and nobody behind.

use serde_json::{Value, json};

/// Assigning authority of test identifiers (INS-NIR of the test perimeter).
const OID_TEST: &str = "1.2.250.1.213.1.4.10";

#[derive(Debug)]
pub(super) struct Patient {
    pub(super) nom: &'static str,
    pub(super) prenoms: &'static [&'static str],
    /// `F` or `M`.
    pub(super) sexe: char,
    /// Year, month, day.
    pub(super) naissance: (i16, i8, i8),
    /// INSEE code of the place of birth.
    pub(super) lieu: &'static str,
    /// The last three digits of the number, its key apart.
    rang: u16,
}

pub(super) const PATIENTS: [Patient; 6] = [
    patient("ESSAI-LUNE", &["AMBRE", "SOLÈNE"], 'F', (1975, 7, 12), "69123", 11),
    patient("ESSAI-SOLEIL", &["ÉMILE"], 'M', (1948, 2, 29), "29019", 27),
    // The same traits but for the place: several, until one tells where.
    patient("ESSAI-JUMEAU", &["ALIX"], 'F', (1990, 1, 31), "31555", 102),
    patient("ESSAI-JUMEAU", &["ALIX", "MARIE"], 'F', (1990, 1, 31), "44109", 45),
    patient("ESSAI-D’OUTREMER", &["NOÉ"], 'M', (2019, 11, 30), "99350", 350),
    patient("ESSAI-ÉTOILE", &["JEAN-LOUP", "ZACHARIE"], 'M', (2024, 12, 1), "75114", 8),
];

const fn patient(
    nom: &'static str,
    prenoms: &'static [&'static str],
    sexe: char,
    naissance: (i16, i8, i8),
    lieu: &'static str,
    rang: u16,
) -> Patient {
    Patient { nom, prenoms, sexe, naissance, lieu, rang }
}

impl Patient {
    /// Thirteen digits and a key of two (97 less the rest of the division by 97).
    fn matricule(&self) -> String {
        let sexe = if self.sexe == 'M' { 1 } else { 2 };
        let (annee, mois, _) = self.naissance;
        let treize = format!("{sexe}{:02}{mois:02}{}{:03}", annee.rem_euclid(100), self.lieu, self.rang);
        let cle = treize.parse::<u64>().map_or(0, |nombre| 97 - nombre % 97);
        format!("{treize}{cle:02}")
    }

    pub(super) fn identite(&self) -> Value {
        let (annee, mois, jour) = self.naissance;
        json!({
            "matriculeINS": self.matricule(),
            "oid": OID_TEST,
            "nomNaissance": self.nom,
            "prenomsNaissance": self.prenoms,
            "sexe": self.sexe.to_string(),
            "dateNaissance": format!("{annee:04}-{mois:02}-{jour:02}"),
            "lieuNaissance": self.lieu,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_fifteen_digits_and_their_key() {
        let mut vus = std::collections::HashSet::new();
        for patient in &PATIENTS {
            let matricule = patient.matricule();
            assert_eq!(matricule.len(), 15, "{matricule}");
            let (treize, cle) = matricule.split_at(13);
            assert_eq!((treize.parse::<u64>().unwrap() + cle.parse::<u64>().unwrap()) % 97, 0, "{matricule}");
            assert!(vus.insert(matricule), "one number each");
        }
        // Worked out by hand: 2750769123011 = 97 × 28358444567 + 12.
        assert_eq!(PATIENTS[0].matricule(), format!("2750769123011{:02}", 97 - 2_750_769_123_011_u64 % 97));
    }
}
