//! From a text to the stems by which it is found.
//!
//! Rule: the stemmer reads the accents (« habilité » is a participle, « habilite » may not be), so a word is stemmed
//! first and folded afterwards. A text is indexed under the stem of the word as written and under that of the word
//! without accents, so that whoever types « securite » finds « sécurité ».

use std::collections::BTreeSet;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Words taken from one search: more would only cost.
const MOTS_MAX: usize = 12;

/// Words that tell nothing, folded. What stands before an apostrophe is among them.
const VIDES: &[&str] = &[
    "ai", "ainsi", "alors", "apres", "as", "au", "aujourd", "aussi", "autre", "autres", "aux", "avant",
    "avec", "avez", "avoir", "avons", "beaucoup", "car", "ce", "cela", "celle", "celles", "celui", "ces",
    "cet", "cette", "ceux", "chez", "ci", "comme", "comment", "dans", "de", "des", "deux", "dois", "doit",
    "doivent", "donc", "dont", "du", "elle", "elles", "en", "encore", "entre", "es", "est", "et", "etait",
    "etant", "ete", "etes", "etre", "eux", "faire", "fait", "faut", "hui", "ici", "il", "ils", "je", "jusqu",
    "la", "le", "les", "leur", "leurs", "lors", "lorsqu", "lorsque", "lui", "ma", "mais", "me", "meme",
    "mes", "moi", "mon", "ne", "ni", "nos", "notre", "nous", "on", "ont", "or", "ou", "par", "pas", "peu",
    "peut", "peuvent", "peux", "plus", "pour", "pourquoi", "puis", "puisqu", "puisque", "qu", "quand", "que",
    "quel", "quelle", "quelles", "quels", "qui", "quoi", "quoiqu", "sa", "sans", "se", "ses", "si", "soi",
    "soit", "son", "sont", "sous", "suis", "sur", "ta", "te", "tes", "toi", "ton", "tous", "tout", "toute",
    "toutes", "tres", "tu", "un", "une", "va", "vers", "vos", "votre", "vous", "voici", "voila",
];

/// The stems that a search asks for, all of them, in the order of the words.
pub fn racines(texte: &str) -> Vec<String> {
    let francais = Stemmer::create(Algorithm::French);
    let mut racines = Vec::new();
    for mot in mots(texte, false) {
        let racine = racine(&francais, &mot);
        if !racines.contains(&racine) {
            racines.push(racine);
        }
    }
    racines.truncate(MOTS_MAX);
    racines
}

/// The stems under which a text is found.
pub fn racines_indexees(texte: &str) -> BTreeSet<String> {
    let francais = Stemmer::create(Algorithm::French);
    mots(texte, true)
        .iter()
        .flat_map(|mot| [racine(&francais, mot), racine(&francais, &plier(mot))])
        .collect()
}

fn racine(francais: &Stemmer, mot: &str) -> String {
    let racine = plier(&francais.stem(mot));
    // Without its accent the ending of « habilitées » is not known for one: what is left of it goes too.
    let sans_e = racine.trim_end_matches('e');
    if sans_e.len() >= 3 { sans_e.to_owned() } else { racine }
}

/// Words in lower case, without those that tell nothing. `joints` adds « esante » beside « e-santé ».
fn mots(texte: &str, joints: bool) -> Vec<String> {
    let texte: String = texte.nfc().flat_map(char::to_lowercase).collect();
    let texte = texte.replace('œ', "oe").replace('æ', "ae");
    let mut mots: Vec<String> = Vec::new();
    for groupe in texte.split(|c: char| !(c.is_alphanumeric() || trait_d_union(c))) {
        let parties: Vec<&str> = groupe.split(trait_d_union).filter(|partie| !partie.is_empty()).collect();
        mots.extend(parties.iter().filter(|partie| parlant(partie)).map(|partie| (*partie).to_owned()));
        if let (true, [initiale, suite]) = (joints, parties.as_slice())
            && initiale.chars().count() == 1
        {
            mots.push(format!("{initiale}{suite}"));
        }
    }
    mots
}

fn trait_d_union(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{2011}')
}

/// A letter alone is an elision or an initial; a figure alone may be a version.
fn parlant(mot: &str) -> bool {
    let seule = mot.chars().count() == 1 && mot.chars().all(char::is_alphabetic);
    !seule && VIDES.binary_search(&plier(mot).as_str()).is_err()
}

/// Without accents.
fn plier(mot: &str) -> String {
    mot.nfd().filter(|c| !is_combining_mark(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn les_mots_d_une_famille_ont_une_racine() {
        for famille in [
            &[
                "habilité",
                "habilitée",
                "habilitées",
                "habilitation",
                "habilitations",
                "Habilitation",
                "HABILITATIONS",
            ][..],
            &["preuve", "preuves", "PREUVE"],
            &["éditeur", "editeur", "éditeurs", "EDITEURS", "Éditeur", "e\u{301}diteur"],
            &["opérateur", "operateurs"],
            &["valider", "validé", "validée", "validés"],
            &["certificat", "certificats"],
        ] {
            let racines: BTreeSet<Vec<String>> = famille.iter().map(|mot| racines(mot)).collect();
            assert_eq!(racines.len(), 1, "{famille:?} gave {racines:?}");
        }
    }

    #[test]
    fn ce_qui_est_tape_sans_accent_trouve_ce_qui_est_ecrit_avec() {
        for (tape, ecrit) in [
            ("securite", "La sécurité des échanges"),
            ("tracabilite", "Traçabilité et alertes"),
            ("habilitees", "des solutions habilitées"),
            ("prerequis", "Prérequis Maturité Technique"),
            ("homologue", "un composant homologué"),
            ("e-sante", "le Proxy e-Santé"),
            ("esante", "le Proxy e‑Santé"),
            ("e-CPS", "la e-CPS"),
            ("coeur", "le cœur"),
            ("client id", "`client_id`"),
            ("SC.PSC.14", "l’exigence SC.PSC.14"),
            ("l’accès", "un acces"),
            ("d'accès", "l’accès"),
        ] {
            let ecrites = racines_indexees(ecrit);
            for racine in racines(tape) {
                assert!(ecrites.contains(&racine), "{tape:?} ({racine}) not found in {ecrit:?}: {ecrites:?}");
            }
        }
    }

    #[test]
    fn les_mots_qui_ne_disent_rien_sont_passes() {
        for (texte, attendu) in [
            ("", &[][..]),
            ("   ", &[]),
            ("Comment est-ce que je dois faire ?", &[]),
            ("« Qu’est-ce que le NRU\u{a0}? »", &["nru"]),
            ("aujourd’hui", &[]),
            ("jusqu’à l’audit", &["audit"]),
            ("preuve preuves PREUVE", &["preuv"]),
            ("version\u{a0}2", &["version", "2"]),
            ("<script>alert(1)</script>", &["script", "alert", "1"]),
            ("100 % _", &["100"]),
        ] {
            assert_eq!(racines(texte), attendu, "{texte:?}");
        }
        let long = (0..50).map(|rang| format!("mot{rang}")).collect::<Vec<_>>().join(" ");
        assert_eq!(racines(&long).len(), MOTS_MAX);
    }

    #[test]
    fn la_liste_des_mots_vides_se_cherche_par_moitie() {
        assert!(VIDES.is_sorted());
        for mot in VIDES {
            assert_eq!(*mot, plier(mot));
        }
    }
}
