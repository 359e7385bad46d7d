//! Events as people read them: who, when, what changed, the newest first.
//!
//! Rule: an event names whoever acted for the agency only inside the agency.

use domaine::{
    calendrier::{date_fr, date_heure_fr},
    evenement::{Acteur, Visibilite},
    permission::Qualite,
};
use jiff::civil::Date;
use registre::EvenementLu;
use web::Genre;

/// One line of the history.
#[derive(Clone, Debug)]
pub(crate) struct Ligne {
    pub(crate) rang: i64,
    /// RFC 3339.
    pub(crate) le: String,
    pub(crate) quand: String,
    pub(crate) acte: String,
    pub(crate) par: String,
    pub(crate) passage: Option<(String, String)>,
    pub(crate) motif: String,
    pub(crate) differences: Vec<Ecart>,
    pub(crate) interne: bool,
    pub(crate) genre: Genre,
}

/// A field before and after.
#[derive(Clone, Debug)]
pub(crate) struct Ecart {
    pub(crate) champ: String,
    pub(crate) avant: String,
    pub(crate) apres: String,
}

pub(crate) fn lignes(evenements: Vec<EvenementLu>, agence: bool) -> Vec<Ligne> {
    evenements.into_iter().rev().map(|lu| ligne(lu, agence)).collect()
}

fn ligne(lu: EvenementLu, agence: bool) -> Ligne {
    let evenement = lu.evenement;
    let genre = genre(&evenement.acte, evenement.vers.as_deref());
    let passage = evenement.de.zip(evenement.vers).filter(|(de, vers)| de != vers);
    Ligne {
        rang: lu.rang,
        le: evenement.le.to_string(),
        quand: date_heure_fr(evenement.le),
        par: auteur(&evenement.acteur, agence),
        acte: evenement.acte,
        passage,
        motif: evenement.motif.unwrap_or_default(),
        differences: evenement
            .differences
            .into_iter()
            .map(|difference| Ecart {
                champ: difference.champ,
                avant: lisible(difference.avant),
                apres: lisible(difference.apres),
            })
            .collect(),
        interne: evenement.visibilite == Visibilite::Agence,
        genre,
    }
}

/// « Claire Martin, mandataire » ; « l’agence » for whoever is outside of it.
fn auteur(acteur: &Acteur, agence: bool) -> String {
    if acteur.qualite == Qualite::Systeme {
        "le système".to_owned()
    } else if !agence && Qualite::AGENCE.contains(&acteur.qualite) {
        "l’agence".to_owned()
    } else {
        format!("{}, {}", acteur.nom, acteur.qualite.libelle())
    }
}

/// Dates kept as ISO 8601 are shown as people write them.
fn lisible(texte: String) -> String {
    texte.parse::<Date>().map_or(texte, date_fr)
}

/// The tone of a line: good ends, corrections and refusals stand out of the rest.
fn genre(acte: &str, vers: Option<&str>) -> Genre {
    match vers {
        Some("Validé" | "Habilitée" | "Active" | "Dépôt des preuves") => Genre::Succes,
        Some("À corriger" | "Formulaire à corriger" | "En sommeil" | "Suspendue") => Genre::Attention,
        Some("Refusée" | "Retirée" | "Abandonnée") => Genre::Erreur,
        Some(_) => Genre::Info,
        None if acte.starts_with("Autorisation d’accès accordée") => Genre::Succes,
        None => Genre::Neutre,
    }
}

#[cfg(test)]
mod tests {
    use domaine::evenement::{Evenement, Sujet};
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_agency_has_no_names_outside_of_it() {
        let acteur = |qualite| Acteur { personne: None, nom: "Ines Durand".to_owned(), qualite };
        for (qualite, agence, attendu) in [
            (Qualite::Verificateur, false, "l’agence"),
            (Qualite::College, false, "l’agence"),
            (Qualite::Verificateur, true, "Ines Durand, vérificateur"),
            (Qualite::Mandataire, false, "Ines Durand, mandataire"),
            (Qualite::Systeme, false, "le système"),
        ] {
            assert_eq!(auteur(&acteur(qualite), agence), attendu);
        }
    }

    #[test]
    fn the_newest_line_comes_first_and_dates_are_readable() {
        let evenement = |rang, acte: &str| EvenementLu {
            rang,
            evenement: Evenement::new(
                Sujet::new("candidature", 1),
                acte,
                &Acteur::systeme(),
                Timestamp::UNIX_EPOCH,
            )
            .difference("fin", "2026-11-21", "texte"),
            empreinte: String::new(),
        };
        let lignes = lignes(vec![evenement(1, "créée"), evenement(2, "modifiée")], false);
        assert_eq!(lignes.iter().map(|ligne| ligne.rang).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(lignes[0].differences[0].avant, "21 novembre 2026");
        assert_eq!(lignes[0].differences[0].apres, "texte");
    }
}
