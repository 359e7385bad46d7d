//! From a text to the stems by which it is found.
//!
//! Rule: the stemmer reads accents and endings, and neither way alone is enough: of « sécurité » it makes « sécur »,
//! of « securite » « securit »; of « habilité » « habl », of « habilitation » « habilit ». So a word has two stems, that of
//! the word as written (stemmed first, then folded) and that of the word without accents; two words agree when they
//! share one.

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
    "toutes", "tres", "tu", "un", "une", "va", "vers", "voici", "voila", "vos", "votre", "vous",
];

/// What a search asks for: its words, all of them, each by the stems of which one is enough.
pub fn racines(texte: &str) -> Vec<Vec<String>> {
    let francais = Stemmer::create(Algorithm::French);
    let mut demandes: Vec<Vec<String>> = Vec::new();
    for mot in mots(texte, false) {
        let racines: Vec<String> = racines_du_mot(&francais, &mot).into_iter().collect();
        if !demandes.contains(&racines) {
            demandes.push(racines);
        }
    }
    demandes.truncate(MOTS_MAX);
    demandes
}

/// The stems under which a text is found.
pub fn racines_indexees(texte: &str) -> BTreeSet<String> {
    let francais = Stemmer::create(Algorithm::French);
    mots(texte, true).iter().flat_map(|mot| racines_du_mot(&francais, mot)).collect()
}

fn racines_du_mot(francais: &Stemmer, mot: &str) -> BTreeSet<String> {
    let plie = plier(mot);
    [plier(&francais.stem(mot)), plier(&francais.stem(&plie))]
        .into_iter()
        .map(|racine| {
            // Without its accent the ending of « habilitées » is not known for one: what is left of it goes too.
            let sans_e = racine.trim_end_matches('e');
            if sans_e.len() >= 3 { sans_e.to_owned() } else { racine }
        })
        .collect()
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

    fn trouve(tape: &str, ecrit: &str) -> bool {
        let ecrites = racines_indexees(ecrit);
        racines(tape).iter().all(|mot| mot.iter().any(|racine| ecrites.contains(racine)))
    }

    #[test]
    fn chaque_mot_d_une_famille_trouve_les_autres() {
        for famille in [
            &[
                "habilité",
                "habilitée",
                "habilitées",
                "habilitees",
                "habilitation",
                "Habilitations",
                "HABILITATION",
            ][..],
            &["preuve", "preuves", "PREUVE"],
            &["éditeur", "editeur", "éditeurs", "EDITEURS", "Éditeur", "e\u{301}diteur"],
            &["opérateur", "operateurs"],
            &["valider", "validé", "validée", "validés", "valides"],
            &["sécurité", "securite", "Sécurités"],
            &["certificat", "certificats"],
        ] {
            for tape in famille {
                for ecrit in famille {
                    assert!(trouve(tape, ecrit), "{tape:?} {:?} / {ecrit:?}", racines(tape));
                }
            }
        }
        for (tape, ecrit) in
            [("preuve", "épreuve"), ("produit", "production"), ("habilitation", "habitation")]
        {
            assert!(!trouve(tape, ecrit), "{tape:?} / {ecrit:?}");
        }
    }

    #[test]
    fn ce_qui_est_tape_autrement_se_trouve() {
        for (tape, ecrit) in [
            ("securite", "La sécurité des échanges"),
            ("tracabilite", "Traçabilité et alertes"),
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
            ("test\u{a0}d’intrusion", "Test d'intrusion"),
        ] {
            assert!(trouve(tape, ecrit), "{tape:?} {:?} not found in {ecrit:?}", racines(tape));
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
            let attendu: Vec<Vec<String>> = attendu.iter().map(|racine| vec![(*racine).to_owned()]).collect();
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
