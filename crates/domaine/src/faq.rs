//! The questions that industriels ask, and the answers that the agency keeps true (spec guichets §1.9, §6).
//!
//! Rule: `brouillon → publiee → a_revoir → archivee`. Readers' votes alone can send an answer back to be read again;
//! it stays on show meanwhile, since an answer in doubt is better than none. Votes speak of the answer that was read: a
//! rewritten one starts again from zero.

use std::{collections::BTreeMap, fmt};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    calendrier::jour,
    evenement::{Acteur, Evenement, Sujet},
    produit::Faute,
};

/// Longest question, in characters.
pub const QUESTION_MAX: usize = 250;
/// Longest answer, in characters.
pub const REPONSE_MAX: usize = 20_000;
/// « Non » votes below which nothing is concluded.
const NON_MIN: i64 = 5;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Etat {
    #[default]
    Brouillon,
    Publiee,
    /// On show, but too many readers found it useless.
    ARevoir,
    Archivee,
}

impl Etat {
    pub const TOUS: [Self; 4] = [Self::Brouillon, Self::Publiee, Self::ARevoir, Self::Archivee];

    pub fn cle(self) -> &'static str {
        match self {
            Self::Brouillon => "brouillon",
            Self::Publiee => "publiee",
            Self::ARevoir => "a_revoir",
            Self::Archivee => "archivee",
        }
    }

    pub fn libelle(self) -> &'static str {
        match self {
            Self::Brouillon => "Brouillon",
            Self::Publiee => "Publiée",
            Self::ARevoir => "À revoir",
            Self::Archivee => "Archivée",
        }
    }

    pub fn lire(cle: &str) -> Option<Self> {
        Self::TOUS.into_iter().find(|etat| etat.cle() == cle)
    }

    /// Whether everybody can read it.
    pub fn visible(self) -> bool {
        matches!(self, Self::Publiee | Self::ARevoir)
    }
}

impl fmt::Display for Etat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.libelle())
    }
}

/// What is written: by the agency in its editor, or by those who ship the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    pub question: String,
    /// Markdown.
    pub reponse: String,
    /// Facet (`offre`, `couloir`, `dispositif`, `produit`, `theme`) to its codes.
    pub facettes: BTreeMap<String, Vec<String>>,
    /// Form fields and exigences that the answer explains: `champ:…`, `exigence:…`.
    pub liens: Vec<String>,
}

impl Redaction {
    /// Every fault, field by field; a draft needs a question only, what is published needs an answer.
    pub fn fautes(&self, etat: Etat) -> Vec<Faute> {
        let mut fautes = Vec::new();
        let question = self.question.chars().count();
        if question == 0 {
            fautes.push(Faute::new("question", "Écrivez la question, comme on la poserait."));
        } else if question > QUESTION_MAX {
            fautes.push(Faute::new("question", format!("La question tient en {QUESTION_MAX} caractères.")));
        }
        let reponse = self.reponse.chars().count();
        if reponse == 0 && etat.visible() {
            fautes.push(Faute::new("reponse", "Une question publiée a une réponse."));
        } else if reponse > REPONSE_MAX {
            fautes.push(Faute::new("reponse", format!("La réponse tient en {REPONSE_MAX} caractères.")));
        }
        fautes
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub id: i64,
    #[serde(flatten)]
    pub redaction: Redaction,
    pub etat: Etat,
    /// Civil day in Paris of the last change of the text.
    pub mise_a_jour: Date,
    /// Fingerprint of the shipped text from which this one comes; empty when the agency made it.
    #[serde(default)]
    pub livree: String,
    /// Under which rules of search the question was last indexed.
    #[serde(default)]
    pub index: String,
}

impl Question {
    /// A question that the agency adds.
    pub fn nouvelle(
        id: i64,
        redaction: Redaction,
        etat: Etat,
        par: &Acteur,
        le: Timestamp,
    ) -> (Self, Evenement) {
        let evenement = Evenement::new(sujet(id), "Question créée", par, le)
            .etats("", etat)
            .difference("question", "", &redaction.question)
            .difference("reponse", "", &redaction.reponse)
            .interne();
        let question =
            Self { id, redaction, etat, mise_a_jour: jour(le), livree: String::new(), index: String::new() };
        (question, evenement)
    }

    /// What the agency rewrites. `None` when nothing changes.
    pub fn rediger(
        self,
        redaction: Redaction,
        etat: Etat,
        par: &Acteur,
        le: Timestamp,
    ) -> Option<(Self, Evenement)> {
        if redaction == self.redaction && etat == self.etat {
            return None;
        }
        let avant = &self.redaction;
        let mut evenement =
            Evenement::new(sujet(self.id), "Question modifiée", par, le).etats(self.etat, etat).interne();
        for (champ, ancien, nouveau) in [
            ("question", avant.question.clone(), redaction.question.clone()),
            ("reponse", avant.reponse.clone(), redaction.reponse.clone()),
            ("facettes", codes(avant), codes(&redaction)),
            ("liens", avant.liens.join(", "), redaction.liens.join(", ")),
        ] {
            if ancien != nouveau {
                evenement = evenement.difference(champ, ancien, nouveau);
            }
        }
        let ecrit = redaction.question != avant.question || redaction.reponse != avant.reponse;
        let mise_a_jour = if ecrit { jour(le) } else { self.mise_a_jour };
        Some((Self { redaction, etat, mise_a_jour, ..self }, evenement))
    }

    /// After a vote: a published answer that too many readers found useless is to be read again.
    pub fn juger(self, utile: i64, inutile: i64, le: Timestamp) -> Option<(Self, Evenement)> {
        if self.etat != Etat::Publiee || !trop_de_non(utile, inutile) {
            return None;
        }
        let evenement = Evenement::new(sujet(self.id), "Réponse à revoir", &Acteur::systeme(), le)
            .etats(self.etat, Etat::ARevoir)
            .motif(format!("{inutile} avis « non » sur {}", utile + inutile))
            .interne();
        Some((Self { etat: Etat::ARevoir, ..self }, evenement))
    }
}

/// What the history of a question is kept under.
pub fn sujet(id: i64) -> Sujet {
    Sujet::new("faq", id)
}

/// At least five « non », and more than a third of the votes: a few unhappy readers of a much-read answer change
/// nothing, and nor do the first two of a new one.
pub fn trop_de_non(utile: i64, inutile: i64) -> bool {
    inutile >= NON_MIN && inutile * 3 > utile + inutile
}

fn codes(redaction: &Redaction) -> String {
    let facettes: Vec<String> = redaction
        .facettes
        .iter()
        .filter(|(_, codes)| !codes.is_empty())
        .map(|(facette, codes)| format!("{facette} : {}", codes.join(", ")))
        .collect();
    facettes.join(" ; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn le(texte: &str) -> Timestamp {
        texte.parse().unwrap()
    }

    fn redaction(question: &str, reponse: &str) -> Redaction {
        Redaction { question: question.to_owned(), reponse: reponse.to_owned(), ..Redaction::default() }
    }

    fn question(etat: Etat) -> Question {
        Question {
            id: 7,
            redaction: redaction("Une question ?", "Une réponse."),
            etat,
            mise_a_jour: "2026-01-02".parse().unwrap(),
            livree: "abc".to_owned(),
            index: String::new(),
        }
    }

    #[test]
    fn trop_de_non_a_partir_d_un_tiers_et_de_cinq() {
        for (utile, inutile, attendu) in [
            (0, 0, false),
            (0, 4, false),
            (0, 5, true),
            (9, 5, true),
            (10, 5, false),
            (100, 5, false),
            (100, 50, false),
            (100, 51, true),
        ] {
            assert_eq!(trop_de_non(utile, inutile), attendu, "{utile} oui, {inutile} non");
        }
    }

    #[test]
    fn seule_une_reponse_publiee_devient_a_revoir() {
        for (etat, attendu) in [
            (Etat::Brouillon, None),
            (Etat::Publiee, Some(Etat::ARevoir)),
            (Etat::ARevoir, None),
            (Etat::Archivee, None),
        ] {
            let vers = question(etat).juger(0, 9, le("2026-05-01T10:00:00Z")).map(|(q, _)| q.etat);
            assert_eq!(vers, attendu, "{etat}");
        }
        assert!(question(Etat::Publiee).juger(9, 4, le("2026-05-01T10:00:00Z")).is_none());
    }

    #[test]
    fn la_date_suit_le_texte_et_non_l_etat() {
        let acteur = Acteur::systeme();
        let soir = le("2026-05-01T22:30:00Z");
        let inchangee = question(Etat::Publiee);
        assert!(inchangee.clone().rediger(inchangee.redaction, Etat::Publiee, &acteur, soir).is_none());

        let meme = question(Etat::Publiee).redaction;
        let (archivee, evenement) =
            question(Etat::Publiee).rediger(meme, Etat::Archivee, &acteur, soir).unwrap();
        assert_eq!(archivee.mise_a_jour.to_string(), "2026-01-02");
        assert!(evenement.differences.is_empty());

        let autre = redaction("Une question ?", "Une autre réponse.");
        let (reecrite, evenement) =
            question(Etat::ARevoir).rediger(autre, Etat::Publiee, &acteur, soir).unwrap();
        // 22:30 UTC is already the next day in Paris.
        assert_eq!(reecrite.mise_a_jour.to_string(), "2026-05-02");
        assert_eq!(reecrite.livree, "abc");
        assert_eq!(evenement.differences.len(), 1);
    }

    #[test]
    fn ce_qui_est_publie_a_une_reponse() {
        let longue = "é".repeat(QUESTION_MAX + 1);
        for (question, reponse, etat, fautes) in [
            ("Q ?", "R.", Etat::Publiee, 0),
            ("Q ?", "", Etat::Brouillon, 0),
            ("Q ?", "", Etat::Publiee, 1),
            ("", "", Etat::Publiee, 2),
            (longue.as_str(), "R.", Etat::Archivee, 1),
        ] {
            assert_eq!(redaction(question, reponse).fautes(etat).len(), fautes, "{question:?} {etat}");
        }
    }

    #[test]
    fn les_etats_se_relisent() {
        for etat in Etat::TOUS {
            assert_eq!(Etat::lire(etat.cle()), Some(etat));
            assert_eq!(serde_json::to_string(&etat).unwrap(), format!("\"{}\"", etat.cle()));
        }
    }
}
