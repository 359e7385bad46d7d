//! The FAQ as the program ships it and as people search it: vocabulary of the facets, shipped questions, French stems.
//!
//! Rule: what is shipped is only a start. The agency owns the stored text: a question that it has rewritten is never
//! overwritten by a newer shipped one. [`livrees::semer`] runs at each opening and writes only what differs.
//!
//! Other pages show the questions that explain a field or an exigence with `templates/faq/liees.html`.

pub mod livrees;
pub mod mots;
pub mod vocabulaire;

use std::{collections::BTreeMap, sync::LazyLock};

use aws_lc_rs::digest::{SHA256, digest};
use domaine::{
    faq::Question,
    formulaire::champs::CHAMPS,
    referentiel::{Exigence, Referentiel},
};

use vocabulaire::libelle;

/// What a word is worth in the question, in the names of its facets, in its answer.
const POIDS_QUESTION: i64 = 5;
const POIDS_FACETTE: i64 = 3;
const POIDS_REPONSE: i64 = 1;

/// Changes with the rules of [`mots`] and with the vocabulary: what was indexed under another one is indexed again.
pub static INDEX: LazyLock<String> =
    LazyLock::new(|| format!("1-{}", &empreinte(vocabulaire::TEXTE.as_bytes())[..16]));

/// Lower-case hexadecimal SHA-256.
fn empreinte(octets: &[u8]) -> String {
    hex::encode(digest(&SHA256, octets))
}

/// The stems under which a question is found, with their weights.
pub fn index(question: &Question) -> BTreeMap<String, i64> {
    let redaction = &question.redaction;
    let facettes: Vec<&str> = redaction
        .facettes
        .iter()
        .flat_map(|(facette, codes)| codes.iter().filter_map(|code| libelle(facette, code)))
        .collect();
    let mut index: BTreeMap<String, i64> = BTreeMap::new();
    for (texte, poids) in [
        (redaction.question.as_str(), POIDS_QUESTION),
        (facettes.join(" ").as_str(), POIDS_FACETTE),
        (redaction.reponse.as_str(), POIDS_REPONSE),
    ] {
        for racine in mots::racines_indexees(texte) {
            *index.entry(racine).or_default() += poids;
        }
    }
    index
}

/// What a link of a question points at.
#[derive(Clone, Copy)]
pub enum Lien<'a> {
    /// A field of the form, or one of its parts (`champ:contact`), by its title.
    Champ(&'static str),
    Exigence(&'a Exigence),
}

/// Reads `champ:…` or `exigence:…`; `None` when neither the form nor the référentiel knows it.
pub fn lien<'a>(texte: &str, referentiel: &'a Referentiel) -> Option<Lien<'a>> {
    if let Some(cle) = texte.strip_prefix("champ:") {
        let champ = CHAMPS.iter().find(|champ| champ.cle == cle).map(|champ| champ.libelle);
        let partie = || CHAMPS.iter().find(|champ| champ.section.ancre() == cle);
        return champ.or_else(|| partie().map(|champ| champ.section.titre())).map(Lien::Champ);
    }
    let id = texte.strip_prefix("exigence:")?;
    referentiel.exigences.iter().find(|exigence| exigence.id == id).map(Lien::Exigence)
}

/// Published questions near this one, nearest first: they explain the same field or exigence, or share its themes.
pub fn voisines<'a>(question: &Question, toutes: &'a [Question], combien: usize) -> Vec<&'a Question> {
    let communs = |a: &[String], b: &[String]| a.iter().filter(|code| b.contains(code)).count();
    let facette = |question: &'a Question, nom: &str| -> &'a [String] {
        question.redaction.facettes.get(nom).map_or(&[], Vec::as_slice)
    };
    let codes = |nom: &str| question.redaction.facettes.get(nom).cloned().unwrap_or_default();
    let (themes, produits, dispositifs) = (codes("theme"), codes("produit"), codes("dispositif"));
    let mut notees: Vec<(usize, &Question)> = toutes
        .iter()
        .filter(|autre| autre.id != question.id && autre.etat.visible())
        .map(|autre| {
            let note = 4 * communs(&question.redaction.liens, &autre.redaction.liens)
                + 3 * communs(&themes, facette(autre, "theme"))
                + 2 * communs(&dispositifs, facette(autre, "dispositif"))
                + communs(&produits, facette(autre, "produit"));
            (note, autre)
        })
        // One shared product alone is no kinship: half the questions have it.
        .filter(|(note, _)| *note >= 3)
        .collect();
    notees.sort_by_key(|(note, autre)| (usize::MAX - note, autre.id));
    notees.into_iter().take(combien).map(|(_, autre)| autre).collect()
}

#[cfg(test)]
mod tests {
    use askama::Template;

    use super::*;

    #[derive(Template)]
    #[template(
        ext = "html",
        source = r#"{% import "faq/liees.html" as faq %}{{ faq::champ(liens, nom) }}|{{ faq::exigence(liens, id) }}"#
    )]
    struct Page<'a> {
        liens: BTreeMap<String, Vec<(i64, String)>>,
        nom: &'a str,
        id: String,
    }

    #[test]
    fn les_questions_liees_se_montrent_a_cote_de_leur_champ() {
        let liens: BTreeMap<String, Vec<(i64, String)>> = [
            ("champ:siret".to_owned(), vec![(114, "Mon SIRET <faux> ?".to_owned())]),
            ("exigence:TI.01".to_owned(), vec![(1, "Un ?".to_owned()), (2, "Deux ?".to_owned())]),
        ]
        .into();
        for (nom, id, vus, absents) in [
            ("siret", "TI.01", &["/faq/114", "&#60;faux&#62;", "2 questions", "/faq/2"][..], &[][..]),
            ("siren", "TI.01", &["/faq/1"], &["/faq/114"]),
            ("siret", "TI.0", &["Une question"], &["/faq/1\""]),
        ] {
            let page = Page { liens: liens.clone(), nom, id: id.to_owned() }.render().unwrap();
            assert!(vus.iter().all(|vu| page.contains(vu)), "{nom} {id}: {page}");
            assert!(!absents.iter().any(|absent| page.contains(absent)), "{nom} {id}: {page}");
        }
    }

    #[test]
    fn les_voisines_sont_proches_et_visibles() {
        let livrees = livrees::livrees();
        let prolonger = livrees.iter().find(|question| question.id == 702).unwrap();
        let proches: Vec<i64> = voisines(prolonger, &livrees, 5).iter().map(|question| question.id).collect();
        assert_eq!(proches.len(), 5);
        assert!(!proches.contains(&702));
        let mut cachees = livrees.clone();
        for question in &mut cachees {
            question.etat = domaine::faq::Etat::Archivee;
        }
        assert!(voisines(prolonger, &cachees, 5).is_empty());
    }
}
