//! The message templates of the agency: texts ready for corrections, messages and refusals.

pub mod enregistrer;
pub mod lister;
pub mod supprimer;

use domaine::evenement::{Acteur, Evenement};
use jiff::Timestamp;
use registre::ModeleMessage;

/// For which acts a template serves: key and label.
const GENRES: [(&str, &str); 3] =
    [("correction", "Demande de correction"), ("message", "Message"), ("refus", "Refus")];

/// Longest title and text, in characters.
const TITRE_MAX: usize = 50;
const TEXTE_MAX: usize = 2000;

/// The event of a template made, changed or removed.
fn raconter(
    acte: &str,
    avant: Option<&ModeleMessage>,
    apres: Option<&ModeleMessage>,
    par: &Acteur,
    le: Timestamp,
) -> Evenement {
    let genre = |modele: &ModeleMessage| {
        GENRES.iter().find(|(cle, _)| *cle == modele.genre).map_or("", |(_, libelle)| *libelle).to_owned()
    };
    let lire = |modele: Option<&ModeleMessage>| {
        modele.map_or_else(Default::default, |un| [genre(un), un.titre.clone(), un.texte.clone()])
    };
    let (avant, apres): ([String; 3], [String; 3]) = (lire(avant), lire(apres));
    let mut evenement = Evenement::new(crate::modeles::sujet(), acte, par, le).interne();
    for ((champ, avant), apres) in ["pour", "titre", "texte"].into_iter().zip(avant).zip(apres) {
        // The title says which template it is, even when it has not changed.
        if avant != apres || champ == "titre" {
            evenement = evenement.difference(champ, avant, apres);
        }
    }
    evenement
}
