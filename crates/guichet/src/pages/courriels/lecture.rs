//! Reads back the `.eml` files that the guichet writes: one text part in quoted-printable (RFC 2045 §6.7), headers with
//! encoded words in base64 (RFC 2047). Whatever else stands in the folder is shown as it is.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use domaine::calendrier::date_heure_fr;

pub(super) struct Courriel {
    pub a: String,
    pub objet: String,
    pub date: String,
    pub corps: String,
}

pub(super) fn lire(octets: &[u8]) -> Courriel {
    let texte = String::from_utf8_lossy(octets).replace("\r\n", "\n");
    let (entetes, corps) = texte.split_once("\n\n").unwrap_or((&texte, ""));
    let entetes = entetes.replace("\n ", " ").replace("\n\t", " ");
    let entete = |nom: &str| {
        let lue = entetes.lines().find_map(|ligne| {
            let (cle, valeur) = ligne.split_once(':')?;
            cle.eq_ignore_ascii_case(nom).then(|| mots(valeur.trim()))
        });
        lue.unwrap_or_default()
    };
    let quoted = entete("Content-Transfer-Encoding").eq_ignore_ascii_case("quoted-printable");
    Courriel {
        a: entete("To"),
        objet: entete("Subject"),
        date: date(&entete("Date")),
        corps: if quoted { quoted_printable(corps) } else { corps.to_owned() },
    }
}

/// The date in words; as it is when it can't be read.
fn date(entete: &str) -> String {
    jiff::fmt::rfc2822::parse(entete).map_or_else(|_| entete.to_owned(), |lue| date_heure_fr(lue.timestamp()))
}

/// Undoes `=?utf-8?b?…?=`; the space between two encoded words is not part of the text.
fn mots(valeur: &str) -> String {
    let mut sortie = String::new();
    let mut encode_avant = false;
    for mot in valeur.split(' ') {
        let decode = mot
            .strip_prefix("=?utf-8?b?")
            .and_then(|reste| reste.strip_suffix("?="))
            .and_then(|base64| BASE64_STANDARD.decode(base64).ok());
        let colles = encode_avant && decode.is_some();
        if !sortie.is_empty() && !colles {
            sortie.push(' ');
        }
        encode_avant = decode.is_some();
        match decode {
            Some(octets) => sortie.push_str(&String::from_utf8_lossy(&octets)),
            None => sortie.push_str(mot),
        }
    }
    sortie
}

fn quoted_printable(corps: &str) -> String {
    let mut octets = Vec::with_capacity(corps.len());
    let joint = corps.replace("=\n", "");
    let mut reste = joint.as_bytes();
    while let Some((premier, suite)) = reste.split_first() {
        let hexa = suite.get(..2).and_then(|deux| std::str::from_utf8(deux).ok());
        match hexa.and_then(|deux| u8::from_str_radix(deux, 16).ok()) {
            Some(octet) if *premier == b'=' => {
                octets.push(octet);
                reste = &suite[2..];
            }
            _ => {
                octets.push(*premier);
                reste = suite;
            }
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn les_mots_encodes_se_lisent() {
        for (brut, attendu) in [
            ("Bonjour", "Bonjour"),
            ("=?utf-8?b?w6l0w6k=?=", "été"),
            ("=?utf-8?b?w6l0?= =?utf-8?b?w6k=?=", "été"),
            ("Chapitre =?utf-8?b?w6l0w6k=?= fin", "Chapitre été fin"),
            ("=?utf-8?b?*?=", "=?utf-8?b?*?="),
            ("", ""),
        ] {
            assert_eq!(mots(brut), attendu, "{brut}");
        }
    }

    #[test]
    fn le_corps_se_lit() {
        for (brut, attendu) in [
            ("=C3=A9t=C3=A9", "été"),
            ("long=\nue", "longue"),
            ("a=b", "a=b"),
            ("fin=", "fin="),
            ("=zz", "=zz"),
        ] {
            assert_eq!(quoted_printable(brut), attendu, "{brut}");
        }
    }
}
