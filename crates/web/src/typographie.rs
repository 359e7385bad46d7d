//! The no-break spaces of French, put where a page leaves the program: nobody has to type them in a template or a sentence,
//! and none is forgotten.
//!
//! Rule: only what people read on the page is touched. Tags and their attributes stay as they are, and so does what stands
//! in a field, in a code or in a script: it is sent back, copied or run.

/// Elements whose content is left as it is.
const TELS_QUELS: [&str; 5] = ["textarea", "code", "pre", "script", "style"];

/// Ties `:`, `;`, `?`, `!`, `%` and guillemets to the word that they go with.
pub(crate) fn relier(html: &str) -> String {
    let mut page = String::with_capacity(html.len() + html.len() / 64);
    let mut reste = html;
    while let Some(debut) = reste.find('<') {
        page.push_str(&insecables(&reste[..debut]));
        let fin = fin_de_balise(&reste[debut..]).map_or(reste.len(), |longueur| debut + longueur);
        let balise = &reste[debut..fin];
        page.push_str(balise);
        reste = &reste[fin..];
        if let Some(nom) = TELS_QUELS.into_iter().find(|nom| ouvre(balise, nom)) {
            let fin = reste.find(&format!("</{nom}")).unwrap_or(reste.len());
            page.push_str(&reste[..fin]);
            reste = &reste[fin..];
        }
    }
    page.push_str(&insecables(reste));
    page
}

/// Length of the tag at the beginning of `html`: a `>` in the value of an attribute does not end it.
fn fin_de_balise(html: &str) -> Option<usize> {
    let mut guillemet = None;
    for (rang, octet) in html.bytes().enumerate() {
        match (guillemet, octet) {
            (None, b'>') => return Some(rang + 1),
            (None, b'"' | b'\'') => guillemet = Some(octet),
            (Some(ouvrant), octet) if octet == ouvrant => guillemet = None,
            _ => {}
        }
    }
    None
}

fn ouvre(balise: &str, nom: &str) -> bool {
    let suite = balise.strip_prefix('<').and_then(|reste| reste.strip_prefix(nom));
    suite.is_some_and(|suite| suite.starts_with(['>', ' ', '\n']))
}

/// The same for a text that no page holds: a document, a mail. Every character of `texte` is taken for text.
pub fn insecables(texte: &str) -> String {
    [(" :", "\u{a0}:"), (" ;", "\u{a0};"), (" ?", "\u{a0}?"), (" !", "\u{a0}!"), (" %", "\u{a0}%")]
        .iter()
        .chain(&[(" »", "\u{a0}»"), ("« ", "«\u{a0}")])
        .fold(texte.to_owned(), |texte, (de, vers)| texte.replace(de, vers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_people_read_is_tied() {
        for (html, attendu) in [
            ("<p>Quoi ? « ça » : 5 %</p>", "<p>Quoi\u{a0}? «\u{a0}ça\u{a0}»\u{a0}: 5\u{a0}%</p>"),
            ("<b>Nom</b> : x", "<b>Nom</b>\u{a0}: x"),
            ("<a title=\"a : b > c\" href='x ?'>d !</a>", "<a title=\"a : b > c\" href='x ?'>d\u{a0}!</a>"),
            ("<textarea name=\"t\">a : b</textarea> :", "<textarea name=\"t\">a : b</textarea>\u{a0}:"),
            ("<code class=\"c\">a : b</code>", "<code class=\"c\">a : b</code>"),
            ("<script>a ? b : c</script>", "<script>a ? b : c</script>"),
            ("a&amp;b ; c", "a&amp;b\u{a0}; c"),
            ("https://exemple.fr/?a", "https://exemple.fr/?a"),
            ("<p", "<p"),
            ("<code>sans fin : x", "<code>sans fin : x"),
            ("", ""),
        ] {
            assert_eq!(relier(html), attendu, "{html}");
        }
    }
}
