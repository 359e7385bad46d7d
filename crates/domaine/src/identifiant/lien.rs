//! An address on the web, given as a preuve or in a form.
//!
//! Rule: https only, nothing that could hide where it leads. Whether it answers is checked elsewhere.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{chaine_verifiee, trompeur};

const LONGUEUR_MAX: usize = 2048;

/// An `https` address of at most 2048 characters, without user name or password, normalised (WHATWG URL).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LienHttps(String);
chaine_verifiee!(LienHttps);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusLien {
    #[error("Le lien s’écrit https://… et désigne une page accessible.")]
    Forme,
    #[error("Le lien doit commencer par https://.")]
    Protocole,
    #[error("Le lien ne peut pas dépasser 2048 caractères.")]
    Longueur,
    #[error("Le lien ne peut contenir ni nom d’utilisateur ni mot de passe.")]
    Identifiants,
    #[error("Le lien contient un espace ou un caractère invisible.")]
    Caractere,
}

impl LienHttps {
    /// Host name, in ASCII and lower case.
    pub fn hote(&self) -> String {
        Url::parse(&self.0).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl FromStr for LienHttps {
    type Err = RefusLien;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        let lien = texte.trim();
        if lien.len() > LONGUEUR_MAX {
            return Err(RefusLien::Longueur);
        }
        // The URL parser drops tabs and line ends: what would be stored is not what was shown.
        if lien.chars().any(|c| c.is_whitespace() || c.is_control() || trompeur(c)) {
            return Err(RefusLien::Caractere);
        }
        let url = Url::parse(lien).map_err(|_| RefusLien::Forme)?;
        if url.scheme() != "https" {
            return Err(RefusLien::Protocole);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RefusLien::Identifiants);
        }
        let lien = String::from(url);
        // Percent-encoding may have lengthened it.
        if lien.len() > LONGUEUR_MAX { Err(RefusLien::Longueur) } else { Ok(Self(lien)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_normalised() {
        for (texte, attendu, hote) in [
            ("https://exemple.fr", "https://exemple.fr/", "exemple.fr"),
            (" HTTPS://Exemple.FR/CGU?v=1#psc ", "https://exemple.fr/CGU?v=1#psc", "exemple.fr"),
            ("https://exemple.fr:8443/a/../b", "https://exemple.fr:8443/b", "exemple.fr"),
            ("https://exemple.fr/é", "https://exemple.fr/%C3%A9", "exemple.fr"),
            ("https://bücher.example/", "https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ] {
            let lien: LienHttps = texte.parse().unwrap();
            assert_eq!((lien.as_str(), lien.hote().as_str()), (attendu, hote), "{texte}");
            assert_eq!(lien.as_str().parse(), Ok(lien.clone()));
        }
    }

    #[test]
    fn a_link_is_refused() {
        let long = format!("https://exemple.fr/{}", "a".repeat(2048));
        let allonge = format!("https://exemple.fr/{}", "é".repeat(700));
        for (texte, refus) in [
            ("", RefusLien::Forme),
            ("exemple.fr", RefusLien::Forme),
            ("https://", RefusLien::Forme),
            ("http://exemple.fr", RefusLien::Protocole),
            ("javascript:alert(1)", RefusLien::Protocole),
            ("file:///etc/passwd", RefusLien::Protocole),
            ("https://moi@exemple.fr", RefusLien::Identifiants),
            ("https://moi:secret@exemple.fr", RefusLien::Identifiants),
            ("https://exemple.fr/a b", RefusLien::Caractere),
            ("https://exemple\t.fr/", RefusLien::Caractere),
            ("https://exemple.fr/\u{202e}fdp", RefusLien::Caractere),
            (&long, RefusLien::Longueur),
            (&allonge, RefusLien::Longueur),
        ] {
            assert_eq!(texte.parse::<LienHttps>(), Err(refus), "{texte}");
        }
    }
}
