//! The path under `/send/{api}`: kept letter for letter, or refused.
//!
//! Rule: no server behind, however it decodes, may read a path that leaves the API's prefix. Each segment is looked at as
//! sent, decoded once and decoded twice.

use bytes::Bytes;
use http::Uri;
use http::uri::PathAndQuery;

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Path not allowed.")]
pub(crate) struct Refuse;

/// Splits `/send/{api}/…` into the API and the rest, with its slash; `None` for another address.
pub(crate) fn separer(chemin: &str) -> Option<(&str, &str)> {
    let reste = chemin.strip_prefix("/send/")?;
    let (api, suite) = reste.split_at(reste.find('/')?);
    (!api.is_empty()).then_some((api, suite))
}

/// What is asked of the API: `prefixe` (no slash at the end), the path as it came, and the query as it came.
pub(crate) fn construire(prefixe: &str, suite: &str, uri: &Uri) -> Result<PathAndQuery, Refuse> {
    verifier(suite)?;
    let requete = uri.query();
    let taille = prefixe.len() + suite.len() + requete.map_or(0, |requete| requete.len() + 1);
    let mut texte = String::with_capacity(taille);
    texte.push_str(prefixe);
    texte.push_str(suite);
    if let Some(requete) = requete {
        texte.push('?');
        texte.push_str(requete);
    }
    PathAndQuery::from_maybe_shared(Bytes::from(texte)).map_err(|_| Refuse)
}

fn verifier(suite: &str) -> Result<(), Refuse> {
    // An empty first segment would read as another host.
    if suite.starts_with("//") {
        return Err(Refuse);
    }
    // Nothing that could hide a dot segment: the usual case, decided in one look.
    if !suite.bytes().any(|octet| matches!(octet, b'%' | b'\\' | b';')) {
        return segments(suite);
    }
    let une_fois = decoder(suite.as_bytes());
    let deux_fois = decoder(&une_fois);
    for lecture in [suite.as_bytes(), &une_fois, &deux_fois] {
        if lecture.iter().any(|octet| matches!(octet, b'\\' | 0..=0x1f | 0x7f)) {
            return Err(Refuse);
        }
        segments(&String::from_utf8_lossy(lecture))?;
    }
    // Decoded, the first segment may be empty too.
    if une_fois.starts_with(b"//") || deux_fois.starts_with(b"//") {
        return Err(Refuse);
    }
    Ok(())
}

/// No segment that is `.` or `..`, whatever ends it: parameters after `;`, or a `?` or `#` that was an escape.
fn segments(chemin: &str) -> Result<(), Refuse> {
    let point = |segment: &str| matches!(segment.split([';', '?', '#']).next(), Some("." | ".."));
    if chemin.split('/').any(point) { Err(Refuse) } else { Ok(()) }
}

fn decoder(octets: &[u8]) -> Vec<u8> {
    let mut decodes = Vec::with_capacity(octets.len());
    let mut reste = octets;
    while let [premier, suite @ ..] = reste {
        let hexa = |octet: &u8| char::from(*octet).to_digit(16).and_then(|valeur| u8::try_from(valeur).ok());
        if *premier == b'%'
            && let [haut, bas, apres @ ..] = suite
            && let (Some(haut), Some(bas)) = (hexa(haut), hexa(bas))
        {
            decodes.push(haut << 4 | bas);
            reste = apres;
        } else {
            decodes.push(*premier);
            reste = suite;
        }
    }
    decodes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_and_the_rest() {
        let cas = [
            ("/send/dmp/a/b", Some(("dmp", "/a/b"))),
            ("/send/dmp/", Some(("dmp", "/"))),
            ("/send/dmp", None),
            ("/send//a", None),
            ("/send/", None),
            ("/sendx/a/b", None),
        ];
        for (chemin, attendu) in cas {
            assert_eq!(separer(chemin), attendu, "{chemin}");
        }
    }

    #[test]
    fn a_path_passes_unchanged_or_not_at_all() {
        let cas = [
            ("", "/a/b", true),
            ("/base", "/a", true),
            ("", "/a%2Fb/%C3%A9?q=%2F&q=&p=a+b", true),
            ("", "/a//b", true),
            ("", "/a;x=1/b", true),
            ("", "/a..b/...", true),
            ("", "/%", true),
            ("", "/..", false),
            ("", "/a/../b", false),
            ("", "/a/./b", false),
            ("", "/a/%2e%2e/b", false),
            ("", "/a/%2E./b", false),
            ("", "/a/..%2fb", false),
            ("", "/a/%252e%252e/b", false),
            ("", "/a/..;x/b", false),
            ("", "/a/..%3fb", false),
            ("", "/a/.%2523", false),
            ("", "/a..%3fb", true),
            ("", "/a%5c..%5cb", false),
            ("", "/a\\b", false),
            ("", "/%00", false),
            ("", "/%0d%0ax", false),
            ("", "//hote/a", false),
            ("", "/%2fhote/a", false),
        ];
        for (prefixe, suite, passe) in cas {
            let (chemin, requete) = suite.split_once('?').map_or((suite, None), |(c, r)| (c, Some(r)));
            let adresse = requete.map_or("/x".to_owned(), |requete| format!("/x?{requete}"));
            let construit = construire(prefixe, chemin, &adresse.parse().unwrap());
            let attendu = passe.then(|| format!("{prefixe}{suite}"));
            assert_eq!(construit.ok().map(|lu| lu.to_string()), attendu, "{suite}");
        }
    }
}
