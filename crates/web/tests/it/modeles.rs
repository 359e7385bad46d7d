//! Every template rendered with samples; what comes out is read as a browser and a screen reader would.

use std::collections::HashSet;

use askama::Template;

use crate::modele::{Connexion, Galerie, cadre};

fn attributs<'a>(html: &'a str, nom: &str) -> Vec<&'a str> {
    let motif = format!(" {nom}=\"");
    html.split(motif.as_str()).skip(1).filter_map(|suite| suite.split('"').next()).collect()
}

fn pages() -> [(&'static str, String); 2] {
    [
        ("galerie", Galerie::exemple().render().unwrap()),
        ("connexion", Connexion { cadre: cadre("Se connecter", "/connexion") }.render().unwrap()),
    ]
}

#[test]
fn no_inline_script_or_style_and_no_foreign_address() {
    for (nom, page) in pages() {
        assert!(!page.contains("<style") && attributs(&page, "style").is_empty(), "{nom}");
        assert!(!page.contains("<script>") && !page.contains("javascript:"), "{nom}");
        for evenement in ["onclick", "onload", "onsubmit", "onchange"] {
            assert!(attributs(&page, evenement).is_empty(), "{nom}: {evenement}");
        }
        for source in attributs(&page, "src") {
            assert!(source.starts_with("/static/"), "{nom}: {source}");
        }
    }
}

#[test]
fn labels_hints_and_errors_lead_somewhere() {
    for (nom, page) in pages() {
        let ids: Vec<&str> = attributs(&page, "id");
        let uniques: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), uniques.len(), "{nom}: an id comes twice in {ids:?}");
        for cible in attributs(&page, "for") {
            assert!(uniques.contains(cible), "{nom}: for={cible}");
        }
        for cibles in attributs(&page, "aria-describedby") {
            for cible in cibles.split(' ') {
                assert!(uniques.contains(cible), "{nom}: aria-describedby={cible}");
            }
        }
        for cible in attributs(&page, "href").into_iter().filter_map(|h| h.strip_prefix('#')) {
            assert!(cible.is_empty() || uniques.contains(cible), "{nom}: #{cible}");
        }
    }
}

#[test]
fn values_are_kept_and_escaped() {
    let page = Galerie::exemple().render().unwrap();
    assert!(page.contains("Un agenda &#60;b&#62;partagé"));
    assert!(page.contains("value=\"1234\""));
    assert!(page.contains("value=\"sage-femme\" checked"));
    assert!(page.contains("value=\"lgc\" selected"));
    assert!(page.contains("3 points sont à corriger"));
    assert!(page.contains("aria-describedby=\"c-siret-aide c-siret-erreur\""));
}

#[test]
fn every_post_form_starts_with_its_token() {
    for (nom, page) in pages() {
        for formulaire in
            page.split("<form").skip(1).filter(|f| f.split('>').next().is_some_and(|b| b.contains("post")))
        {
            let premier = formulaire.split_once("<input").map(|(_, suite)| suite);
            assert!(
                premier.is_some_and(|p| p.starts_with(" type=\"hidden\" name=\"csrf\"")),
                "{nom}: {formulaire}"
            );
        }
    }
}

#[test]
fn htmx_gets_the_content_only() {
    let fragment = Galerie::fragment().render().unwrap();
    assert!(fragment.starts_with("<title>"));
    assert!(!fragment.contains("<html") && !fragment.contains("<main") && !fragment.contains("<footer"));
    assert!(fragment.contains("File d’instruction") && fragment.contains("Vos réponses sont enregistrées."));
}
