//! Free text between two lengths: a denomination, a description, a message.
//!
//! Rule: what is counted is what is kept: Unicode NFC, line ends as `\n`, no space around, and no character that makes
//! the text show something else than what it says.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// A text of `MIN` to `MAX` characters, both included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Texte<const MIN: usize, const MAX: usize>(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusTexte {
    #[error("Ce champ est obligatoire.")]
    Vide,
    #[error("Ce texte est trop court : au moins {min} caractères.")]
    TropCourt { min: usize },
    #[error("Ce texte est trop long : {recu} caractères, au plus {max}.")]
    TropLong { max: usize, recu: usize },
    #[error("Ce texte contient un caractère invisible ou de commande, sans doute collé avec lui.")]
    Caractere,
}

impl<const MIN: usize, const MAX: usize> Texte<MIN, MAX> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> FromStr for Texte<MIN, MAX> {
    type Err = RefusTexte;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        let texte: String = texte.replace("\r\n", "\n").trim().nfc().collect();
        // Zero-width joiners and direction marks are left: some scripts and emoji need them. Overrides are not.
        let interdit = |c: char| match c {
            '\n' | '\t' => false,
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => true,
            c => c.is_control(),
        };
        if texte.contains(interdit) {
            return Err(RefusTexte::Caractere);
        }
        match texte.chars().count() {
            0 if MIN > 0 => Err(RefusTexte::Vide),
            recu if recu < MIN => Err(RefusTexte::TropCourt { min: MIN }),
            recu if recu > MAX => Err(RefusTexte::TropLong { max: MAX, recu }),
            _ => Ok(Self(texte)),
        }
    }
}

impl<const MIN: usize, const MAX: usize> TryFrom<String> for Texte<MIN, MAX> {
    type Error = RefusTexte;

    fn try_from(texte: String) -> Result<Self, Self::Error> {
        texte.parse()
    }
}

impl<const MIN: usize, const MAX: usize> From<Texte<MIN, MAX>> for String {
    fn from(texte: Texte<MIN, MAX>) -> Self {
        texte.0
    }
}

impl<const MIN: usize, const MAX: usize> AsRef<str> for Texte<MIN, MAX> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Display for Texte<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_bounded_in_characters() {
        type Court = Texte<2, 5>;
        for (texte, attendu) in [
            ("abc", Ok("abc")),
            ("  é\r\nè ", Ok("é\nè")),
            ("e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}", Ok("ééééé")),
            ("", Err(RefusTexte::Vide)),
            (" \n ", Err(RefusTexte::Vide)),
            ("a", Err(RefusTexte::TropCourt { min: 2 })),
            ("abcdef", Err(RefusTexte::TropLong { max: 5, recu: 6 })),
            ("a\0b", Err(RefusTexte::Caractere)),
            ("a\u{202e}b", Err(RefusTexte::Caractere)),
        ] {
            assert_eq!(
                texte.parse::<Court>().as_ref().map(Court::as_str),
                attendu.as_ref().copied(),
                "{texte:?}"
            );
        }
        assert_eq!("".parse::<Texte<0, 10>>().unwrap().as_str(), "");
    }
}
