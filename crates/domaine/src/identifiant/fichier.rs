//! The name of a deposited file, as it is shown and as it is given back on download.
//!
//! Rule: the name is only a label (the bytes are stored under their hash), yet it must be safe on the computer of
//! whoever downloads it, and show the extension that it has.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::{chaine_verifiee, trompeur};

const LONGUEUR_MAX: usize = 180;

/// Names that Windows keeps for its devices, whatever their extension.
const RESERVES: [&str; 22] = [
    "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
    "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
];

/// A file name of 1 to 180 characters, in Unicode NFC, without path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NomFichier(String);
chaine_verifiee!(NomFichier);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusNomFichier {
    #[error("Le fichier n’a pas de nom.")]
    Vide,
    #[error("Le nom du fichier ne peut pas dépasser 180 caractères.")]
    Longueur,
    #[error("Le nom du fichier ne peut pas contenir de chemin (« / », « \\ » ou « .. »).")]
    Chemin,
    #[error("Le nom du fichier contient un caractère invisible ou interdit (< > : \" | ? *).")]
    Caractere,
    #[error("Ce nom de fichier est réservé par certains systèmes, renommez le fichier.")]
    Reserve,
    #[error("Le nom du fichier ne peut ni commencer par un point, ni finir par un point.")]
    Point,
}

impl NomFichier {
    /// What follows the last dot, in lower case; empty when there is none.
    pub fn extension(&self) -> String {
        self.0.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default()
    }

    /// The nearest acceptable name: keeps the last part of a path, drops what cannot be displayed, replaces what is
    /// not allowed, shortens before the extension.
    ///
    /// # Errors
    /// [`RefusNomFichier::Vide`] when nothing is left.
    pub fn assainir(texte: &str) -> Result<Self, RefusNomFichier> {
        let nom = texte.rsplit(['/', '\\']).next().unwrap_or_default().trim();
        let nom: String = nom
            .nfc()
            .filter(|c| !c.is_control() && !trompeur(*c))
            .map(|c| if interdit(c) || (c.is_whitespace() && c != ' ') { '_' } else { c })
            .collect();
        let nom = nom.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' ']);
        if nom.is_empty() {
            return Err(RefusNomFichier::Vide);
        }
        let nom = nom.replace("..", "_");
        let nom = if est_reserve(&nom) { format!("_{nom}") } else { nom };
        raccourcir(&nom).parse()
    }
}

fn interdit(c: char) -> bool {
    matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
}

fn est_reserve(nom: &str) -> bool {
    let racine = nom.split('.').next().unwrap_or_default().trim_end();
    RESERVES.iter().any(|reserve| reserve.eq_ignore_ascii_case(racine))
}

fn raccourcir(nom: &str) -> String {
    if nom.chars().count() <= LONGUEUR_MAX {
        return nom.to_owned();
    }
    // An « extension » longer than this is not one, it is the end of a sentence.
    let (racine, extension) = match nom.rsplit_once('.') {
        Some((racine, extension)) if extension.chars().count() <= 16 => (racine, format!(".{extension}")),
        _ => (nom, String::new()),
    };
    let place = LONGUEUR_MAX - extension.chars().count();
    let racine: String = racine.chars().take(place).collect();
    format!("{}{extension}", racine.trim_end_matches(['.', ' ']))
}

impl FromStr for NomFichier {
    type Err = RefusNomFichier;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        let nom: String = texte.trim().nfc().collect();
        if nom.is_empty() {
            return Err(RefusNomFichier::Vide);
        }
        if nom.contains(['/', '\\']) || nom.contains("..") {
            return Err(RefusNomFichier::Chemin);
        }
        let permis =
            |c: char| !c.is_control() && !trompeur(c) && !interdit(c) && (!c.is_whitespace() || c == ' ');
        if !nom.chars().all(permis) {
            return Err(RefusNomFichier::Caractere);
        }
        if nom.starts_with('.') || nom.ends_with('.') {
            return Err(RefusNomFichier::Point);
        }
        if est_reserve(&nom) {
            return Err(RefusNomFichier::Reserve);
        }
        if nom.chars().count() > LONGUEUR_MAX {
            return Err(RefusNomFichier::Longueur);
        }
        Ok(Self(nom))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_name_is_kept() {
        for (texte, extension) in [
            ("Rapport de test d’intrusion (v2).PDF", "pdf"),
            ("schéma d'architecture.tar.gz", "gz"),
            ("LISEZMOI", ""),
            ("concept.pdf", "pdf"),
        ] {
            let nom: NomFichier = texte.parse().unwrap();
            assert_eq!((nom.as_str(), nom.extension().as_str()), (texte, extension));
            assert_eq!(NomFichier::assainir(texte).unwrap(), nom);
        }
        // e followed by a combining accent is the same letter
        assert_eq!("e\u{301}tude.pdf".parse::<NomFichier>().unwrap().as_str(), "étude.pdf");
    }

    #[test]
    fn a_bad_name_is_refused_or_repaired() {
        let long = format!("{}.pdf", "é".repeat(200));
        let raccourci = format!("{}.pdf", "é".repeat(176));
        for (texte, refus, assaini) in [
            ("", RefusNomFichier::Vide, None),
            ("  ", RefusNomFichier::Vide, None),
            ("..", RefusNomFichier::Chemin, None),
            ("\u{202e}", RefusNomFichier::Caractere, None),
            ("../../etc/passwd", RefusNomFichier::Chemin, Some("passwd")),
            ("C:\\fakepath\\preuve.pdf", RefusNomFichier::Chemin, Some("preuve.pdf")),
            ("a/", RefusNomFichier::Chemin, None),
            ("preuve\u{202e}fdp.exe", RefusNomFichier::Caractere, Some("preuvefdp.exe")),
            ("preuve\u{200b}.pdf", RefusNomFichier::Caractere, Some("preuve.pdf")),
            ("a\r\nb.pdf", RefusNomFichier::Caractere, Some("ab.pdf")),
            ("a\0.pdf", RefusNomFichier::Caractere, Some("a.pdf")),
            ("quoi ?.pdf", RefusNomFichier::Caractere, Some("quoi _.pdf")),
            ("a\u{a0}b.pdf", RefusNomFichier::Caractere, Some("a_b.pdf")),
            (".htaccess", RefusNomFichier::Point, Some("htaccess")),
            ("preuve.", RefusNomFichier::Point, Some("preuve")),
            ("a..b.pdf", RefusNomFichier::Chemin, Some("a_b.pdf")),
            ("con.pdf", RefusNomFichier::Reserve, Some("_con.pdf")),
            ("LPT1", RefusNomFichier::Reserve, Some("_LPT1")),
            (&long, RefusNomFichier::Longueur, Some(raccourci.as_str())),
        ] {
            assert_eq!(texte.parse::<NomFichier>(), Err(refus), "{texte:?}");
            let lu = NomFichier::assainir(texte).ok();
            assert_eq!(lu.as_ref().map(NomFichier::as_str), assaini, "{texte:?}");
        }
    }
}
