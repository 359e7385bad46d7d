//! How to reach somebody: courriel and telephone.
//!
//! Rule: only what a mail server and a telephone operator surely accept; the proof that it works is the confirmation
//! mail, not the grammar.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{chaine_verifiee, que_des_chiffres};

/// Mail address: a dot-atom of at most 64 characters, `@`, a host name with a dot; 254 characters at most
/// (RFC 5321 §4.5.3.1, RFC 5322 §3.4.1 without quotes, comments and literals). The domain is stored in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Courriel(String);
chaine_verifiee!(Courriel);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusCourriel {
    #[error("L’adresse de courriel s’écrit nom@domaine.fr.")]
    Forme,
    #[error("L’adresse de courriel ne peut pas dépasser 254 caractères, dont 64 avant l’arobase.")]
    Longueur,
    #[error("L’adresse de courriel ne peut contenir ni accent, ni espace, ni guillemet.")]
    Caractere,
    #[error("Le domaine de l’adresse, après l’arobase, n’est pas valide.")]
    Domaine,
}

impl FromStr for Courriel {
    type Err = RefusCourriel;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        let adresse = texte.trim();
        let (local, domaine) = adresse.rsplit_once('@').ok_or(RefusCourriel::Forme)?;
        if local.is_empty() || domaine.is_empty() {
            return Err(RefusCourriel::Forme);
        }
        if adresse.len() > 254 || local.len() > 64 {
            return Err(RefusCourriel::Longueur);
        }
        let atext = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&octet);
        if !local.bytes().all(atext) {
            return Err(RefusCourriel::Caractere);
        }
        if local.split('.').any(str::is_empty) {
            return Err(RefusCourriel::Forme);
        }
        if !est_nom_hote(domaine) {
            return Err(RefusCourriel::Domaine);
        }
        Ok(Self(format!("{local}@{}", domaine.to_ascii_lowercase())))
    }
}

/// A host name of at least two labels (RFC 1123 §2.1), whose last one is no number.
fn est_nom_hote(nom: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    nom.split('.').all(label) && nom.rsplit_once('.').is_some_and(|(_, dernier)| !que_des_chiffres(dernier))
}

/// Telephone number, stored as E.164: `+` and 7 to 15 digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Telephone(String);
chaine_verifiee!(Telephone);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusTelephone {
    #[error("Le numéro de téléphone français compte 10 chiffres, par exemple 01 23 45 67 89.")]
    France,
    #[error("Un numéro étranger commence par + et l’indicatif du pays, par exemple +32 2 123 45 67.")]
    Indicatif,
    #[error("Un numéro international compte de 7 à 15 chiffres après le +.")]
    Longueur,
    #[error(
        "Le numéro de téléphone ne contient que des chiffres, des espaces, des points, des tirets et des parenthèses."
    )]
    Caractere,
}

/// First three digits, after the 0, of the numbers overseas, and their country code: there the national number keeps
/// its nine digits behind a code of its own (ARCEP numbering plan, zones of Guadeloupe, Guyane, Martinique, Réunion
/// and Mayotte).
const OUTRE_MER: [(&str, &str); 14] = [
    ("590", "590"),
    ("690", "590"),
    ("691", "590"),
    ("594", "594"),
    ("694", "594"),
    ("596", "596"),
    ("696", "596"),
    ("697", "596"),
    ("262", "262"),
    ("263", "262"),
    ("269", "262"),
    ("639", "262"),
    ("692", "262"),
    ("693", "262"),
];

impl Telephone {
    /// « 01 23 45 67 89 » for a number of mainland France, as stored for any other.
    pub fn lisible(&self) -> String {
        let Some(national) = self.0.strip_prefix("+33") else { return self.0.clone() };
        let (debut, suite) = national.split_at(1);
        let paires: Vec<&str> = (0..suite.len()).step_by(2).map(|i| &suite[i..i + 2]).collect();
        format!("0{debut} {}", paires.join(" "))
    }
}

impl FromStr for Telephone {
    type Err = RefusTelephone;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        // « +33 (0)1 … »: the 0 in brackets is not dialled with the code.
        let texte = texte.replace("(0)", "");
        let numero: String =
            texte.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-' | '(' | ')')).collect();
        let (international, chiffres) = match numero.strip_prefix('+') {
            Some(chiffres) => (true, chiffres),
            None => (false, numero.as_str()),
        };
        if !que_des_chiffres(chiffres) {
            return Err(RefusTelephone::Caractere);
        }
        match chiffres.strip_prefix("33").filter(|_| international).or_else(|| chiffres.strip_prefix("0033"))
        {
            Some(national) => francais(national),
            None if international && chiffres.starts_with('0') => Err(RefusTelephone::Indicatif),
            None if international && (7..=15).contains(&chiffres.len()) => Ok(Self(numero)),
            None if international => Err(RefusTelephone::Longueur),
            None if chiffres.starts_with("00") => Err(RefusTelephone::Indicatif),
            None => francais(chiffres.strip_prefix('0').ok_or(RefusTelephone::Indicatif)?),
        }
    }
}

/// From the nine digits of a national number.
fn francais(national: &str) -> Result<Telephone, RefusTelephone> {
    if national.len() != 9 || national.starts_with('0') {
        return Err(RefusTelephone::France);
    }
    let zone = OUTRE_MER
        .iter()
        .find(|(debut, _)| national.starts_with(debut))
        .map_or("33", |(_, indicatif)| indicatif);
    Ok(Telephone(format!("+{zone}{national}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_courriel_is_read() {
        for (texte, attendu) in [
            ("jeanne.martin@exemple.fr", "jeanne.martin@exemple.fr"),
            ("  Jeanne+psc@Sous.Exemple.FR ", "Jeanne+psc@sous.exemple.fr"),
            ("o'neil@a-b.example", "o'neil@a-b.example"),
            ("a@xn--caf-dma.fr", "a@xn--caf-dma.fr"),
        ] {
            assert_eq!(texte.parse::<Courriel>().unwrap().as_str(), attendu, "{texte}");
        }
    }

    #[test]
    fn a_courriel_is_refused() {
        let trop_long = format!("{}@exemple.fr", "a".repeat(65));
        let domaine_long = format!("a@{}.fr", "a.".repeat(130));
        for (texte, refus) in [
            ("", RefusCourriel::Forme),
            ("jeanne", RefusCourriel::Forme),
            ("@exemple.fr", RefusCourriel::Forme),
            ("jeanne@", RefusCourriel::Forme),
            (".jeanne@exemple.fr", RefusCourriel::Forme),
            ("jeanne..m@exemple.fr", RefusCourriel::Forme),
            (&trop_long, RefusCourriel::Longueur),
            (&domaine_long, RefusCourriel::Longueur),
            ("jeanne martin@exemple.fr", RefusCourriel::Caractere),
            ("\"jeanne\"@exemple.fr", RefusCourriel::Caractere),
            ("hélène@exemple.fr", RefusCourriel::Caractere),
            ("a@b@exemple.fr", RefusCourriel::Caractere),
            ("a\r\nBcc: b@exemple.fr", RefusCourriel::Caractere),
            ("jeanne@localhost", RefusCourriel::Domaine),
            ("jeanne@-exemple.fr", RefusCourriel::Domaine),
            ("jeanne@exemple..fr", RefusCourriel::Domaine),
            ("jeanne@[192.0.2.1]", RefusCourriel::Domaine),
            ("jeanne@192.0.2.1", RefusCourriel::Domaine),
        ] {
            assert_eq!(texte.parse::<Courriel>(), Err(refus), "{texte}");
        }
    }

    #[test]
    fn a_telephone_is_stored_as_e164() {
        for (texte, attendu, lisible) in [
            ("01 23 45 67 89", "+33123456789", "01 23 45 67 89"),
            ("01.23.45.67.89", "+33123456789", "01 23 45 67 89"),
            ("01\u{a0}23\u{202f}45-67-89", "+33123456789", "01 23 45 67 89"),
            ("+33 (0)6 12 34 56 78", "+33612345678", "06 12 34 56 78"),
            ("0033612345678", "+33612345678", "06 12 34 56 78"),
            ("0590 12 34 56", "+590590123456", "+590590123456"),
            ("06 92 12 34 56", "+262692123456", "+262692123456"),
            ("+32 2 123 45 67", "+3221234567", "+3221234567"),
        ] {
            let telephone: Telephone = texte.parse().unwrap();
            assert_eq!((telephone.as_str(), telephone.lisible().as_str()), (attendu, lisible), "{texte}");
            assert_eq!(telephone.as_str().parse::<Telephone>().unwrap(), telephone);
        }
    }

    #[test]
    fn a_telephone_is_refused() {
        for (texte, refus) in [
            ("", RefusTelephone::Indicatif),
            ("0123", RefusTelephone::France),
            ("01 23 45 67 89 0", RefusTelephone::France),
            ("+33 0123456789", RefusTelephone::France),
            ("32 2 123 45 67", RefusTelephone::Indicatif),
            ("0032 2 123 45 67", RefusTelephone::Indicatif),
            ("+0123456789", RefusTelephone::Indicatif),
            ("+32123", RefusTelephone::Longueur),
            ("+3212345678901234", RefusTelephone::Longueur),
            ("01 23 45 67 8a", RefusTelephone::Caractere),
            ("++33123456789", RefusTelephone::Caractere),
        ] {
            assert_eq!(texte.parse::<Telephone>(), Err(refus), "{texte}");
        }
    }
}
