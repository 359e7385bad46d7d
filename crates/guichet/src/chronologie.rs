//! Events as people read them: who, when, what changed, the newest first.
//!
//! Rule: an event names whoever acted for the agency only inside the agency.

use domaine::{
    calendrier::{date_fr, date_heure_fr},
    evenement::{Acteur, Evenement, Visibilite},
    permission::Qualite,
};
use jiff::{SignedDuration, civil::Date};
use registre::EvenementLu;
use web::Genre;

/// Saves of the same form by the same person no further apart than this are one line.
const SAISIE: SignedDuration = SignedDuration::from_mins(30);

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
    /// How many saves it tells.
    pub(crate) nombre: usize,
}

/// A field before and after.
#[derive(Clone, Debug)]
pub(crate) struct Ecart {
    pub(crate) champ: String,
    pub(crate) avant: String,
    pub(crate) apres: String,
}

pub(crate) fn lignes(evenements: Vec<EvenementLu>, agence: bool) -> Vec<Ligne> {
    let mut lignes: Vec<Ligne> = Vec::new();
    let mut precedent: Option<Evenement> = None;
    for lu in evenements {
        let meme_saisie = precedent.as_ref().is_some_and(|avant| meme_saisie(avant, &lu.evenement));
        precedent = Some(lu.evenement.clone());
        let suivante = ligne(lu, agence);
        match lignes.last_mut() {
            Some(derniere) if meme_saisie => derniere.absorber(suivante),
            _ => lignes.push(suivante),
        }
    }
    lignes.reverse();
    lignes
}

/// A form that saves by itself leaves many events; none of them says more than their sum.
fn meme_saisie(avant: &Evenement, apres: &Evenement) -> bool {
    let simple = |evenement: &Evenement| {
        evenement.vers.is_none() && evenement.motif.is_none() && !evenement.differences.is_empty()
    };
    simple(avant)
        && simple(apres)
        && avant.acte == apres.acte
        && avant.acteur == apres.acteur
        && avant.visibilite == apres.visibilite
        && apres.le.duration_since(avant.le) < SAISIE
}

impl Ligne {
    /// Takes in the save that followed: each field from its first text to its last.
    fn absorber(&mut self, suivante: Self) {
        for ecart in suivante.differences {
            match self.differences.iter_mut().find(|autre| autre.champ == ecart.champ) {
                Some(autre) => autre.apres = ecart.apres,
                None => self.differences.push(ecart),
            }
        }
        self.differences.retain(|ecart| ecart.avant != ecart.apres);
        self.nombre += 1;
        (self.rang, self.le, self.quand) = (suivante.rang, suivante.le, suivante.quand);
    }
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
        nombre: 1,
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
    use domaine::evenement::Sujet;
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

    fn modification(rang: i64, minute: i64, acte: &str, avant: &str, apres: &str) -> EvenementLu {
        let le = Timestamp::from_second(minute * 60).expect("small");
        let evenement = Evenement::new(Sujet::new("candidature", 1), acte, &Acteur::systeme(), le);
        EvenementLu { rang, evenement: evenement.difference("fin", avant, apres), empreinte: String::new() }
    }

    #[test]
    fn the_newest_line_comes_first_and_dates_are_readable() {
        let lignes = lignes(
            vec![modification(1, 0, "créée", "", "x"), modification(2, 0, "modifiée", "2026-11-21", "texte")],
            false,
        );
        assert_eq!(lignes.iter().map(|ligne| ligne.rang).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(lignes[0].differences[0].avant, "21 novembre 2026");
        assert_eq!(lignes[0].differences[0].apres, "texte");
    }

    #[test]
    fn saves_in_a_row_are_one_line_from_the_first_text_to_the_last() {
        let lignes = lignes(
            vec![
                modification(1, 0, "modifié", "", "a"),
                modification(2, 10, "modifié", "a", "b"),
                modification(3, 20, "autre", "b", "c"),
                modification(4, 60, "modifié", "c", "d"),
                modification(5, 100, "modifié", "d", "e"),
            ],
            false,
        );
        let lues: Vec<_> = lignes
            .iter()
            .map(|ligne| {
                let ecart = &ligne.differences[0];
                (ligne.rang, ligne.nombre, ecart.avant.as_str(), ecart.apres.as_str())
            })
            .collect();
        assert_eq!(lues, [(5, 1, "d", "e"), (4, 1, "c", "d"), (3, 1, "b", "c"), (2, 2, "", "b")]);
    }
}
