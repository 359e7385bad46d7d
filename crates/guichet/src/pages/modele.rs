//! The message templates of the agency: texts ready for corrections, messages and refusals.

pub mod enregistrer;
pub mod lister;
pub mod supprimer;

/// For which acts a template serves: key and label.
const GENRES: [(&str, &str); 3] =
    [("correction", "Demande de correction"), ("message", "Message"), ("refus", "Refus")];

/// Longest title and text, in characters.
const TITRE_MAX: usize = 50;
const TEXTE_MAX: usize = 2000;
