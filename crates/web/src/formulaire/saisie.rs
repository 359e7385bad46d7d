//! What a form said: an ordered list of names and values, cleaned when it is read, so that every value that the
//! product sees is trimmed, NFC, with `\n` line ends and without invisible control characters.

use unicode_normalization::UnicodeNormalization;

/// The fields of a form, in the order sent; a name may come several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saisie(Vec<(String, String)>);

impl Saisie {
    /// Reads `application/x-www-form-urlencoded`; what isn't UTF-8 is replaced.
    pub fn lire(octets: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(octets).map(|(n, v)| (n.into_owned(), normaliser(&v))).collect())
    }

    /// Adds a value, cleaned like those that are read.
    pub fn ajouter(&mut self, nom: &str, valeur: &str) {
        self.0.push((nom.to_owned(), normaliser(valeur)));
    }

    /// First value of a field, empty if it is absent.
    pub fn texte(&self, nom: &str) -> &str {
        self.0.iter().find(|(n, _)| n == nom).map_or("", |(_, v)| v)
    }

    /// All values of a field, in the order sent.
    pub fn tous(&self, nom: &str) -> Vec<&str> {
        self.0.iter().filter(|(n, _)| n == nom).map(|(_, v)| v.as_str()).collect()
    }

    /// Was this box ticked? A box that isn't ticked isn't sent.
    pub fn coche(&self, nom: &str) -> bool {
        !self.texte(nom).is_empty()
    }

    /// Fields whose name starts with `prefixe`: what follows the prefix, and the value.
    pub fn prefixe(&self, prefixe: &str) -> Vec<(&str, &str)> {
        self.0.iter().filter_map(|(n, v)| n.strip_prefix(prefixe).map(|suite| (suite, v.as_str()))).collect()
    }

    /// All fields, in the order sent.
    pub fn champs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    pub(super) fn retirer(&mut self, nom: &str) -> Option<String> {
        let valeur = self.0.iter().find(|(n, _)| n == nom).map(|(_, v)| v.clone());
        self.0.retain(|(n, _)| n != nom);
        valeur
    }
}

/// Trims, unifies line ends, composes accents, drops control characters other than `\n` and `\t` and the bidirectional
/// controls, with which a text could show its reader something else than what is kept.
pub(super) fn normaliser(texte: &str) -> String {
    let texte = texte.replace("\r\n", "\n").replace('\r', "\n");
    let texte: String = texte
        .chars()
        .filter(|&c| c == '\n' || c == '\t' || !(c.is_control() || bidirectionnel(c)))
        .nfc()
        .collect();
    texte.trim().to_owned()
}

fn bidirectionnel(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cleaned() {
        for (sale, propre) in [
            ("  a  ", "a"),
            ("a\r\nb\rc\nd", "a\nb\nc\nd"),
            ("a\0b\u{7}c\u{1b}[31m", "abc[31m"),
            ("a\tb", "a\tb"),
            ("e\u{301}te\u{301}", "été"),
            ("\u{202e}fdp.exe", "fdp.exe"),
            ("\u{a0}\n a \n", "a"),
            ("", ""),
            ("👩\u{200d}⚕️", "👩\u{200d}⚕️"),
        ] {
            assert_eq!(normaliser(sale), propre, "{sale:?}");
        }
    }

    #[test]
    fn an_ordered_multimap() {
        let s = Saisie::lire(b"b=2&a=1&b=3&r.x=%20oui+&r.y=non&vide=&%C3%A9=%E9");
        assert_eq!(s.texte("b"), "2");
        assert_eq!(s.tous("b"), ["2", "3"]);
        assert_eq!(s.texte("absent"), "");
        assert_eq!(s.prefixe("r."), [("x", "oui"), ("y", "non")]);
        assert!(s.coche("a") && !s.coche("vide") && !s.coche("absent"));
        assert_eq!(s.texte("é"), "\u{fffd}");
    }
}
