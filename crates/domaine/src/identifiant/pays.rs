//! Where a company has its seat: the country, and its postal code.
//!
//! Rule: the provider is a legal person registered in the European Union, so only its member States have a name and a
//! form of postal code here; any other country is known by its code alone, to be told that it is outside. French
//! overseas departments are France, with their own postal codes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::chaine_verifiee;

/// A country, by its ISO 3166-1 alpha-3 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Pays(&'static str);

/// The 27 member States of the European Union, in the alphabetical order of their French names.
pub const UNION_EUROPEENNE: [Pays; 27] = {
    let mut pays = [Pays::FRANCE; 27];
    let mut rang = 0;
    while rang < 27 {
        pays[rang] = Pays(ETATS_MEMBRES[rang].0);
        rang += 1;
    }
    pays
};

/// Code, name, and form of the postal code: 9 is a digit, A a letter, X a letter or digit; anything else is written
/// as is, and may be left out when typing.
const ETATS_MEMBRES: [(&str, &str, &str); 27] = [
    ("DEU", "Allemagne", "99999"),
    ("AUT", "Autriche", "9999"),
    ("BEL", "Belgique", "9999"),
    ("BGR", "Bulgarie", "9999"),
    ("CYP", "Chypre", "9999"),
    ("HRV", "Croatie", "99999"),
    ("DNK", "Danemark", "9999"),
    ("ESP", "Espagne", "99999"),
    ("EST", "Estonie", "99999"),
    ("FIN", "Finlande", "99999"),
    ("FRA", "France", "99999"),
    ("GRC", "Grèce", "999 99"),
    ("HUN", "Hongrie", "9999"),
    ("IRL", "Irlande", "AXX XXXX"),
    ("ITA", "Italie", "99999"),
    ("LVA", "Lettonie", "lv-9999"),
    ("LTU", "Lituanie", "lt-99999"),
    ("LUX", "Luxembourg", "9999"),
    ("MLT", "Malte", "AAA 9999"),
    ("NLD", "Pays-Bas", "9999 AA"),
    ("POL", "Pologne", "99-999"),
    ("PRT", "Portugal", "9999-999"),
    ("CZE", "République tchèque", "999 99"),
    ("ROU", "Roumanie", "999999"),
    ("SVK", "Slovaquie", "999 99"),
    ("SVN", "Slovénie", "9999"),
    ("SWE", "Suède", "999 99"),
];

/// The same member States in ISO 3166-1 alpha-2, in the same order.
const DEUX_LETTRES: [&str; 27] = [
    "DE", "AT", "BE", "BG", "CY", "HR", "DK", "ES", "EE", "FI", "FR", "GR", "HU", "IE", "IT", "LV", "LT",
    "LU", "MT", "NL", "PL", "PT", "CZ", "RO", "SK", "SI", "SE",
];

#[rustfmt::skip]
const ISO_3166_1: [&str; 249] = [
    "ABW", "AFG", "AGO", "AIA", "ALA", "ALB", "AND", "ARE", "ARG", "ARM", "ASM", "ATA", "ATF", "ATG", "AUS",
    "AUT", "AZE", "BDI", "BEL", "BEN", "BES", "BFA", "BGD", "BGR", "BHR", "BHS", "BIH", "BLM", "BLR", "BLZ",
    "BMU", "BOL", "BRA", "BRB", "BRN", "BTN", "BVT", "BWA", "CAF", "CAN", "CCK", "CHE", "CHL", "CHN", "CIV",
    "CMR", "COD", "COG", "COK", "COL", "COM", "CPV", "CRI", "CUB", "CUW", "CXR", "CYM", "CYP", "CZE", "DEU",
    "DJI", "DMA", "DNK", "DOM", "DZA", "ECU", "EGY", "ERI", "ESH", "ESP", "EST", "ETH", "FIN", "FJI", "FLK",
    "FRA", "FRO", "FSM", "GAB", "GBR", "GEO", "GGY", "GHA", "GIB", "GIN", "GLP", "GMB", "GNB", "GNQ", "GRC",
    "GRD", "GRL", "GTM", "GUF", "GUM", "GUY", "HKG", "HMD", "HND", "HRV", "HTI", "HUN", "IDN", "IMN", "IND",
    "IOT", "IRL", "IRN", "IRQ", "ISL", "ISR", "ITA", "JAM", "JEY", "JOR", "JPN", "KAZ", "KEN", "KGZ", "KHM",
    "KIR", "KNA", "KOR", "KWT", "LAO", "LBN", "LBR", "LBY", "LCA", "LIE", "LKA", "LSO", "LTU", "LUX", "LVA",
    "MAC", "MAF", "MAR", "MCO", "MDA", "MDG", "MDV", "MEX", "MHL", "MKD", "MLI", "MLT", "MMR", "MNE", "MNG",
    "MNP", "MOZ", "MRT", "MSR", "MTQ", "MUS", "MWI", "MYS", "MYT", "NAM", "NCL", "NER", "NFK", "NGA", "NIC",
    "NIU", "NLD", "NOR", "NPL", "NRU", "NZL", "OMN", "PAK", "PAN", "PCN", "PER", "PHL", "PLW", "PNG", "POL",
    "PRI", "PRK", "PRT", "PRY", "PSE", "PYF", "QAT", "REU", "ROU", "RUS", "RWA", "SAU", "SDN", "SEN", "SGP",
    "SGS", "SHN", "SJM", "SLB", "SLE", "SLV", "SMR", "SOM", "SPM", "SRB", "SSD", "STP", "SUR", "SVK", "SVN",
    "SWE", "SWZ", "SXM", "SYC", "SYR", "TCA", "TCD", "TGO", "THA", "TJK", "TKL", "TKM", "TLS", "TON", "TTO",
    "TUN", "TUR", "TUV", "TWN", "TZA", "UGA", "UKR", "UMI", "URY", "USA", "UZB", "VAT", "VCT", "VEN", "VGB",
    "VIR", "VNM", "VUT", "WLF", "WSM", "YEM", "ZAF", "ZMB", "ZWE",
];

impl Pays {
    pub const FRANCE: Self = Self("FRA");

    /// The member State of that alpha-2 code, as addresses of identity providers write it.
    pub fn de_deux_lettres(code: &str) -> Option<Self> {
        DEUX_LETTRES
            .iter()
            .position(|un| un.eq_ignore_ascii_case(code.trim()))
            .map(|rang| UNION_EUROPEENNE[rang])
    }

    /// ISO 3166-1 alpha-3.
    pub const fn code(self) -> &'static str {
        self.0
    }

    /// In French for the member States of the Union, the code for any other country.
    pub fn nom(self) -> &'static str {
        self.etat_membre().map_or(self.0, |(_, nom, _)| nom)
    }

    pub fn est_ue(self) -> bool {
        self.etat_membre().is_some()
    }

    fn etat_membre(self) -> Option<(&'static str, &'static str, &'static str)> {
        ETATS_MEMBRES.into_iter().find(|(code, _, _)| *code == self.0)
    }
}

impl fmt::Display for Pays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.nom())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Le pays s’écrit avec son code ISO 3166-1 à trois lettres, par exemple FRA.")]
pub struct RefusPays;

impl FromStr for Pays {
    type Err = RefusPays;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        let code = texte.trim().to_ascii_uppercase();
        ISO_3166_1.binary_search(&code.as_str()).map(|rang| Self(ISO_3166_1[rang])).map_err(|_| RefusPays)
    }
}

// By hand: derived, it would take the `&'static str` for something borrowed from the input.
impl<'de> Deserialize<'de> for Pays {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// Postal code, written as its country writes it. At most 10 characters.
///
/// [`CodePostal::lire`] checks it against the country; `FromStr` and serde, which do not know the country, only check
/// that it could be one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodePostal(String);
chaine_verifiee!(CodePostal);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusCodePostal {
    #[error("Le code postal compte au plus 10 lettres, chiffres, espaces ou tirets.")]
    Forme,
    #[error("Le code postal français compte 5 chiffres, de 01000 à 98999.")]
    France,
    #[error(
        "Le code postal de ce pays ({pays}) a la forme {forme} (9 : un chiffre, A : une lettre, X : l’un ou l’autre)."
    )]
    Pays { pays: &'static str, forme: String },
}

impl CodePostal {
    /// Reads a postal code of that country, with or without its spaces, hyphens and prefix.
    pub fn lire(texte: &str, pays: &Pays) -> Result<Self, RefusCodePostal> {
        let Some((_, nom, forme)) = pays.etat_membre() else { return texte.parse() };
        let code = mettre_en_forme(texte, forme);
        if *pays == Pays::FRANCE {
            let departement = |code: &String| ("01".."99").contains(&&code[..2]);
            return code.filter(departement).map(Self).ok_or(RefusCodePostal::France);
        }
        code.map(Self).ok_or_else(|| RefusCodePostal::Pays { pays: nom, forme: forme.to_ascii_uppercase() })
    }
}

/// The typed characters poured into the pattern of the country, or `None` when they do not fill it exactly.
fn mettre_en_forme(texte: &str, forme: &str) -> Option<String> {
    let majuscules = texte.trim().to_uppercase();
    let mut saisis = majuscules.chars().filter(|c| !c.is_whitespace() && *c != '-').peekable();
    let mut code = String::with_capacity(forme.len());
    for modele in forme.chars() {
        let accepte: fn(&char) -> bool = match modele {
            '9' => char::is_ascii_digit,
            'A' => char::is_ascii_uppercase,
            'X' => char::is_ascii_alphanumeric,
            fixe => {
                let fixe = fixe.to_ascii_uppercase();
                saisis.next_if_eq(&fixe);
                code.push(fixe);
                continue;
            }
        };
        code.push(saisis.next_if(accepte)?);
    }
    saisis.peek().is_none().then_some(code)
}

impl FromStr for CodePostal {
    type Err = RefusCodePostal;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        let code = texte.trim();
        let permis = |octet: u8| octet.is_ascii_alphanumeric() || octet == b' ' || octet == b'-';
        let vide = !code.bytes().any(|octet| octet.is_ascii_alphanumeric());
        if code.len() <= 10 && !vide && code.bytes().all(permis) {
            Ok(Self(code.to_ascii_uppercase()))
        } else {
            Err(RefusCodePostal::Forme)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alpha_2_code_names_the_member_state_that_its_alpha_3_code_names() {
        for (deux, trois) in
            [("FR", "FRA"), ("fr ", "FRA"), ("DE", "DEU"), ("GR", "GRC"), ("SE", "SWE"), ("SI", "SVN")]
        {
            assert_eq!(Pays::de_deux_lettres(deux).map(Pays::code), Some(trois), "{deux}");
        }
        for inconnu in ["", "US", "FRA"] {
            assert_eq!(Pays::de_deux_lettres(inconnu), None, "{inconnu}");
        }
    }

    #[test]
    fn member_states_are_listed_once_in_order() {
        let noms: Vec<String> =
            UNION_EUROPEENNE.iter().map(|pays| pays.nom().replace(['è', 'é'], "e")).collect();
        assert!(noms.is_sorted(), "{noms:?}");
        for pays in UNION_EUROPEENNE {
            assert_eq!(pays.code().parse(), Ok(pays));
            assert!(pays.est_ue());
            assert_eq!(serde_json::from_str::<Pays>(&serde_json::to_string(&pays).unwrap()).unwrap(), pays);
        }
    }

    #[test]
    fn a_country_is_known_by_its_code() {
        assert!(ISO_3166_1.is_sorted());
        assert_eq!(" fra ".parse(), Ok(Pays::FRANCE));
        let suisse: Pays = "CHE".parse().unwrap();
        assert_eq!((suisse.est_ue(), suisse.nom()), (false, "CHE"));
        for texte in ["", "FR", "France", "F1A", "XXX"] {
            assert_eq!(texte.parse::<Pays>(), Err(RefusPays), "{texte}");
        }
    }

    #[test]
    fn a_postal_code_follows_its_country() {
        for (pays, texte, attendu) in [
            ("FRA", " 75 015 ", Some("75015")),
            ("FRA", "97400", Some("97400")),
            ("FRA", "2A004", None),
            ("FRA", "00999", None),
            ("FRA", "99123", None),
            ("FRA", "7501", None),
            ("FRA", "750155", None),
            ("FRA", "٧٥٠١٥", None),
            ("BEL", "1000", Some("1000")),
            ("DEU", "10115", Some("10115")),
            ("NLD", "1012ab", Some("1012 AB")),
            ("POL", "00950", Some("00-950")),
            ("PRT", "1000-205", Some("1000-205")),
            ("LVA", "1010", Some("LV-1010")),
            ("LVA", "LV-1010", Some("LV-1010")),
            ("LTU", "lt 01100", Some("LT-01100")),
            ("IRL", "d02x285", Some("D02 X285")),
            ("IRL", "D6W XY00", Some("D6W XY00")),
            ("MLT", "VLT1117", Some("VLT 1117")),
            ("SWE", "11455", Some("114 55")),
            ("SWE", "114 5", None),
            ("LUX", "", None),
            ("CHE", "1201", Some("1201")),
        ] {
            let pays: Pays = pays.parse().unwrap();
            let lu = CodePostal::lire(texte, &pays);
            assert_eq!(lu.as_ref().ok().map(CodePostal::as_str), attendu, "{pays} {texte}");
            if let Ok(code) = lu {
                assert_eq!(code.as_str().parse::<CodePostal>(), Ok(code));
            }
        }
        let portugal: Pays = "PRT".parse().unwrap();
        let refus = CodePostal::lire("12", &portugal).unwrap_err().to_string();
        assert!(refus.contains("Portugal") && refus.contains("9999-999"), "{refus}");
    }

    #[test]
    fn without_its_country_a_postal_code_is_only_bounded() {
        for texte in ["", "-", "12345678901", "75<15"] {
            assert_eq!(texte.parse::<CodePostal>(), Err(RefusCodePostal::Forme), "{texte}");
        }
    }
}
