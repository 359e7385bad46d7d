//! Markdown to safe HTML, for texts that people of the agency write (answers of the FAQ).
//!
//! The rule: what comes out holds only the elements that this file lets through. Raw HTML is dropped, images are
//! shown as their text, links lead only to https, mailto or a path of the site.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// HTML of a Markdown text, without any script or style. Headings start at `<h3>`: the page has its own h1 and h2.
pub fn html(texte: &str) -> String {
    let mut lien_garde = Vec::new();
    let mut sans_html = 0_u32;
    let evenements = Parser::new_ext(texte, Options::ENABLE_TABLES).filter_map(|evenement| match evenement {
        Event::Html(_)
        | Event::InlineHtml(_)
        | Event::Start(Tag::Image { .. })
        | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::HtmlBlock) => {
            sans_html += 1;
            None
        }
        Event::End(TagEnd::HtmlBlock) => {
            sans_html = sans_html.saturating_sub(1);
            None
        }
        Event::Text(_) if sans_html > 0 => None,
        Event::Start(Tag::Link { dest_url, .. }) => {
            let ouverture = ouvrir_lien(&dest_url);
            lien_garde.push(ouverture.is_some());
            ouverture.map(|balise| Event::InlineHtml(CowStr::from(balise)))
        }
        Event::End(TagEnd::Link) => {
            lien_garde.pop().unwrap_or(false).then_some(Event::InlineHtml(CowStr::Borrowed("</a>")))
        }
        Event::Start(Tag::Heading { level, .. }) => Some(Event::Start(Tag::Heading {
            level: abaisser(level),
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        })),
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(abaisser(level)))),
        autre => Some(autre),
    });
    let mut sortie = String::new();
    html::push_html(&mut sortie, evenements);
    sortie
}

fn abaisser(niveau: HeadingLevel) -> HeadingLevel {
    match niveau {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

fn ouvrir_lien(adresse: &str) -> Option<String> {
    let ailleurs = adresse.starts_with("https://");
    // "//hote" and "/\hote" leave the site although they look like paths.
    let chemin =
        adresse.starts_with('#') || adresse.starts_with('/') && !adresse[1..].starts_with(['/', '\\']);
    if !(ailleurs || chemin || adresse.starts_with("mailto:")) || adresse.contains(char::is_control) {
        return None;
    }
    let mut balise = String::from("<a href=\"");
    for c in adresse.chars() {
        match c {
            '&' => balise.push_str("&amp;"),
            '<' => balise.push_str("&lt;"),
            '>' => balise.push_str("&gt;"),
            '"' => balise.push_str("&quot;"),
            '\'' => balise.push_str("&#39;"),
            autre => balise.push(autre),
        }
    }
    balise.push_str(if ailleurs { "\" rel=\"noopener\">" } else { "\">" });
    Some(balise)
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn attacks_lose_their_teeth() {
        for attaque in [
            "<script>alert(1)</script>",
            "texte <img src=x onerror=alert(1)> texte",
            "<svg/onload=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](  javascript:alert(1))",
            "[x](java&#115;cript:alert(1))",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "[x](vbscript:msgbox(1))",
            "[x](//mechant.example/)",
            "[x](/\\mechant.example/)",
            "[x](http://clair.example/)",
            "<javascript:alert(1)>",
            "![x](javascript:alert(1))",
            "![x\" onerror=\"alert(1)](https://a.example/x.png)",
            "<a href=\"https://a.example\" onclick=\"alert(1)\">x</a>",
            "<style>*{display:none}</style>",
            "<iframe src=\"https://a.example\"></iframe>",
            "[x]: javascript:alert(1)\n\n[x]",
        ] {
            let sortie = html(attaque).to_lowercase();
            let balises: Vec<&str> = sortie.split('<').skip(1).filter_map(|b| b.split('>').next()).collect();
            for balise in balises {
                assert!(matches!(balise, "p" | "/p"), "{attaque:?} gave {sortie:?}");
            }
        }
    }

    #[test]
    fn links_and_structure_stay() {
        for (texte, attendu) in [
            (
                "[a](https://a.example/?x=1&y='2)",
                "<p><a href=\"https://a.example/?x=1&amp;y=&#39;2\" rel=\"noopener\">a</a></p>\n",
            ),
            ("[a](/faq#b)", "<p><a href=\"/faq#b\">a</a></p>\n"),
            ("[a](mailto:x@a.example)", "<p><a href=\"mailto:x@a.example\">a</a></p>\n"),
            (
                "# Titre\n\n- un\n- **deux**",
                "<h3>Titre</h3>\n<ul>\n<li>un</li>\n<li><strong>deux</strong></li>\n</ul>\n",
            ),
            ("a <b>c</b> d", "<p>a c d</p>\n"),
        ] {
            assert_eq!(html(texte), attendu, "{texte}");
        }
    }
}
