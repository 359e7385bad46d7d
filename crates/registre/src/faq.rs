//! The FAQ: questions, the stems by which they are found, their facets and the votes.
//!
//! Rule: the same index serves both databases: stems are computed by the guichet (French, accents folded) and kept as
//! rows, so that a search is a join and nothing is left to the engine's own idea of French.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::LazyLock,
};

use domaine::{faq::Question, id::Id, structure::Personne};
use jiff::Timestamp;

use crate::base::{Resultat, Tx, Valeur, Versionne, exige_une, json};

/// Rows written by one INSERT: the index of a question takes two or three statements instead of a hundred.
const LOT: usize = 64;

static INSERER_MOTS: LazyLock<String> =
    LazyLock::new(|| inserer("INSERT INTO faq_mot (question, racine, poids) VALUES "));
static INSERER_FACETTES: LazyLock<String> =
    LazyLock::new(|| inserer("INSERT INTO faq_facette (question, facette, code) VALUES "));

fn inserer(debut: &str) -> String {
    let mut sql = debut.to_owned();
    for rang in 0..LOT {
        let virgule = if rang == 0 { "" } else { ", " };
        let premier = rang * 3 + 1;
        write!(sql, "{virgule}(${premier}, ${}, ${})", premier + 1, premier + 2)
            .expect("a String takes any text");
    }
    // The last lot is filled up by repeating its last row.
    sql.push_str(" ON CONFLICT DO NOTHING");
    sql
}

/// A search: codes of one facet add up, facets restrict each other.
#[derive(Clone, Debug, Default)]
pub struct FiltreFaq {
    pub facettes: BTreeMap<String, Vec<String>>,
    /// Words that must all be found, in the question, in the names of its facets or in its answer; each by the stems
    /// of which one is enough.
    pub racines: Vec<Vec<String>>,
    /// Also what is not published, for the agency.
    pub tout: bool,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrouvailleFaq {
    /// Best first; without words, in the order of the questions.
    pub ids: Vec<i64>,
    /// Facet, code: how many questions this choice gives, with the words and the choices of the other facets.
    pub comptes: BTreeMap<String, BTreeMap<String, usize>>,
}

/// The votes on an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Votes {
    pub utile: i64,
    pub inutile: i64,
}

impl Tx {
    pub async fn load_question(&mut self, id: i64) -> Resultat<Option<Versionne<Question>>> {
        self.ligne("SELECT donnees, version FROM faq_question WHERE id = $1", vec![id.into()])
            .await?
            .map(|ligne| ligne.versionne("faq_question"))
            .transpose()
    }

    /// Every question, published or not, by number.
    pub async fn load_questions(&mut self) -> Resultat<Vec<Versionne<Question>>> {
        self.lignes("SELECT donnees, version FROM faq_question ORDER BY id", vec![])
            .await?
            .iter()
            .map(|ligne| ligne.versionne("faq_question"))
            .collect()
    }

    pub async fn chercher_questions(&mut self, filtre: &FiltreFaq) -> Resultat<TrouvailleFaq> {
        let lignes = self
            .lignes(
                "SELECT id FROM faq_question WHERE ($1 = 1 OR etat IN ('publiee', 'a_revoir')) ORDER BY id",
                vec![filtre.tout.into()],
            )
            .await?;
        let mut notes: BTreeMap<i64, i64> =
            lignes.iter().map(|ligne| Ok((ligne.entier("id")?, 0))).collect::<Resultat<_>>()?;
        for mot in &filtre.racines {
            let poids = self.poids(mot).await?;
            notes.retain(|id, note| {
                poids.get(id).is_some_and(|poids| {
                    *note += poids;
                    true
                })
            });
        }
        let mut facettes: BTreeMap<i64, BTreeSet<(String, String)>> = BTreeMap::new();
        for ligne in self.lignes("SELECT question, facette, code FROM faq_facette", vec![]).await? {
            let id = ligne.entier("question")?;
            if notes.contains_key(&id) {
                facettes.entry(id).or_default().insert((ligne.texte("facette")?, ligne.texte("code")?));
            }
        }
        Ok(restreindre(&notes, &facettes, &filtre.facettes))
    }

    /// Questions that hold the word; when none does, those that hold one that starts like it, so that a word still
    /// being typed finds something.
    async fn poids(&mut self, racines: &[String]) -> Resultat<BTreeMap<i64, i64>> {
        let exact = "SELECT question, poids FROM faq_mot WHERE racine = $1";
        let debut =
            "SELECT question, max(poids) AS poids FROM faq_mot WHERE racine LIKE $1 GROUP BY question";
        let mut poids: BTreeMap<i64, i64> = BTreeMap::new();
        for (sql, suite) in [(exact, ""), (debut, "%")] {
            for racine in racines.iter().filter(|racine| suite.is_empty() || racine.chars().count() >= 3) {
                for ligne in self.lignes(sql, vec![format!("{racine}{suite}").into()]).await? {
                    let note = poids.entry(ligne.entier("question")?).or_default();
                    *note = ligne.entier("poids")?.max(*note);
                }
            }
            if !poids.is_empty() {
                break;
            }
        }
        Ok(poids)
    }

    /// The votes on one answer.
    pub async fn load_votes_question(&mut self, id: i64) -> Resultat<Votes> {
        let ligne = self
            .ligne(
                "SELECT CAST(COALESCE(sum(utile), 0) AS BIGINT) AS utile, count(*) AS total
                 FROM faq_vote WHERE question = $1",
                vec![id.into()],
            )
            .await?;
        let Some(ligne) = ligne else { return Ok(Votes::default()) };
        let utile = ligne.entier("utile")?;
        Ok(Votes { utile, inutile: ligne.entier("total")? - utile })
    }

    /// The votes on every answer that has any.
    pub async fn load_votes(&mut self) -> Resultat<BTreeMap<i64, Votes>> {
        self.lignes(
            "SELECT question, CAST(sum(utile) AS BIGINT) AS utile, count(*) AS total
             FROM faq_vote GROUP BY question",
            vec![],
        )
        .await?
        .iter()
        .map(|ligne| {
            let utile = ligne.entier("utile")?;
            Ok((ligne.entier("question")?, Votes { utile, inutile: ligne.entier("total")? - utile }))
        })
        .collect()
    }

    /// Every link of the published questions at once: link (`champ:…`, `exigence:…`) to its questions.
    pub async fn load_liens_faq(&mut self) -> Resultat<BTreeMap<String, Vec<(i64, String)>>> {
        let lignes = self
            .lignes(
                "SELECT donnees FROM faq_question WHERE etat IN ('publiee', 'a_revoir') ORDER BY id",
                vec![],
            )
            .await?;
        let mut liens: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
        for ligne in &lignes {
            let Question { id, redaction, .. } = ligne.donnees("faq_question")?;
            for lien in redaction.liens {
                liens.entry(lien).or_default().push((id, redaction.question.clone()));
            }
        }
        Ok(liens)
    }

    /// Published questions that explain this field or exigence.
    pub async fn load_questions_liees(&mut self, lien: &str) -> Resultat<Vec<(i64, String)>> {
        Ok(self.load_liens_faq().await?.remove(lien).unwrap_or_default())
    }

    /// Writes a question with its index: `racines` gives each stem its weight.
    pub async fn save_question(
        &mut self,
        question: &Versionne<Question>,
        racines: &BTreeMap<String, i64>,
    ) -> Resultat<()> {
        let id = question.id;
        let mut valeurs: Vec<Valeur> = vec![
            id.into(),
            question.etat.cle().into(),
            question.mise_a_jour.to_string().into(),
            json("faq_question", &question.valeur)?,
        ];
        let touchees = if question.version == 0 {
            self.executer(
                "INSERT INTO faq_question (id, etat, mise_a_jour, donnees, version) VALUES ($1, $2, $3, $4, 1)
                 ON CONFLICT DO NOTHING",
                valeurs,
            )
            .await?
        } else {
            valeurs.push(question.version.into());
            self.executer(
                "UPDATE faq_question SET etat = $2, mise_a_jour = $3, donnees = $4, version = version + 1
                 WHERE id = $1 AND version = $5",
                valeurs,
            )
            .await?
        };
        exige_une(touchees)?;
        if question.version != 0 {
            self.executer("DELETE FROM faq_mot WHERE question = $1", vec![id.into()]).await?;
            self.executer("DELETE FROM faq_facette WHERE question = $1", vec![id.into()]).await?;
        }
        let mots: Vec<[Valeur; 3]> = racines
            .iter()
            .map(|(racine, poids)| [id.into(), racine.as_str().into(), (*poids).into()])
            .collect();
        self.par_lots(&INSERER_MOTS, &mots).await?;
        let codes: Vec<[Valeur; 3]> = question
            .redaction
            .facettes
            .iter()
            .flat_map(|(facette, codes)| codes.iter().map(move |code| (facette, code)))
            .map(|(facette, code)| [id.into(), facette.as_str().into(), code.as_str().into()])
            .collect();
        self.par_lots(&INSERER_FACETTES, &codes).await
    }

    async fn par_lots(&mut self, sql: &'static LazyLock<String>, lignes: &[[Valeur; 3]]) -> Resultat<()> {
        for lot in lignes.chunks(LOT) {
            let manquantes = lot.last().into_iter().cycle().take(LOT - lot.len());
            let valeurs = lot.iter().chain(manquantes).flatten().cloned().collect();
            self.executer(sql.as_str(), valeurs).await?;
        }
        Ok(())
    }

    /// One vote a person, that they may change.
    pub async fn voter(
        &mut self,
        question: i64,
        personne: Id<Personne>,
        utile: bool,
        le: Timestamp,
    ) -> Resultat<()> {
        self.executer(
            "INSERT INTO faq_vote (question, personne, utile, le) VALUES ($1, $2, $3, $4)
             ON CONFLICT (question, personne) DO UPDATE SET utile = excluded.utile, le = excluded.le",
            vec![question.into(), personne.into(), utile.into(), le.into()],
        )
        .await?;
        Ok(())
    }

    /// Forgets the votes on an answer that was rewritten.
    pub async fn oublier_votes(&mut self, question: i64) -> Resultat<()> {
        self.executer("DELETE FROM faq_vote WHERE question = $1", vec![question.into()]).await?;
        Ok(())
    }

    pub async fn load_vote(&mut self, question: i64, personne: Id<Personne>) -> Resultat<Option<bool>> {
        self.ligne(
            "SELECT utile FROM faq_vote WHERE question = $1 AND personne = $2",
            vec![question.into(), personne.into()],
        )
        .await?
        .map(|ligne| ligne.vrai("utile"))
        .transpose()
    }
}

/// Applies the facets to what the words left: `notes` is what each question scored.
fn restreindre(
    notes: &BTreeMap<i64, i64>,
    facettes: &BTreeMap<i64, BTreeSet<(String, String)>>,
    choix: &BTreeMap<String, Vec<String>>,
) -> TrouvailleFaq {
    let aucune = BTreeSet::new();
    let mut trouvaille = TrouvailleFaq::default();
    let mut retenues: Vec<(i64, i64)> = Vec::new();
    for (id, note) in notes {
        let siennes = facettes.get(id).unwrap_or(&aucune);
        let manquees: Vec<&str> = choix
            .iter()
            .filter(|(facette, codes)| {
                !codes.is_empty()
                    && !siennes.iter().any(|(autre, code)| autre == *facette && codes.contains(code))
            })
            .map(|(facette, _)| facette.as_str())
            .collect();
        if manquees.is_empty() {
            retenues.push((-note, *id));
        }
        for (facette, code) in siennes {
            // A choice of this facet would give this question if no other facet stands in the way.
            if manquees.iter().all(|manquee| manquee == facette) {
                *trouvaille.comptes.entry(facette.clone()).or_default().entry(code.clone()).or_default() += 1;
            }
        }
    }
    retenues.sort_unstable();
    trouvaille.ids = retenues.into_iter().map(|(_, id)| id).collect();
    trouvaille
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn les_codes_s_ajoutent_les_facettes_se_restreignent() {
        let facettes: BTreeMap<i64, BTreeSet<(String, String)>> = [
            (1, vec![("couloir", "hopital"), ("theme", "preuves")]),
            (2, vec![("couloir", "imagerie"), ("theme", "preuves")]),
            (3, vec![("couloir", "imagerie"), ("theme", "comptes")]),
            (4, vec![]),
        ]
        .into_iter()
        .map(|(id, codes)| (id, codes.into_iter().map(|(f, c)| (f.to_owned(), c.to_owned())).collect()))
        .collect();
        let notes: BTreeMap<i64, i64> = [(1, 1), (2, 6), (3, 1), (4, 0)].into();
        for (choix, ids, comptes) in [
            (vec![], vec![2, 1, 3, 4], [("couloir", "imagerie", 2), ("theme", "preuves", 2)]),
            (
                vec![("couloir", vec!["hopital"])],
                vec![1],
                // The other couloirs keep their counts, the themes are those of the hospital.
                [("couloir", "imagerie", 2), ("theme", "preuves", 1)],
            ),
            (
                vec![("couloir", vec!["hopital", "imagerie"])],
                vec![2, 1, 3],
                [("couloir", "hopital", 1), ("theme", "preuves", 2)],
            ),
            (
                vec![("couloir", vec!["imagerie"]), ("theme", vec!["preuves"])],
                vec![2],
                [("couloir", "hopital", 1), ("theme", "comptes", 1)],
            ),
            (
                vec![("couloir", vec!["hopital"]), ("theme", vec!["comptes"])],
                vec![],
                [("couloir", "imagerie", 1), ("theme", "preuves", 1)],
            ),
        ] {
            let choix: BTreeMap<String, Vec<String>> = choix
                .into_iter()
                .map(|(f, codes)| (f.to_owned(), codes.into_iter().map(str::to_owned).collect()))
                .collect();
            let trouvaille = restreindre(&notes, &facettes, &choix);
            assert_eq!(trouvaille.ids, ids, "{choix:?}");
            for (facette, code, compte) in comptes {
                let vu = trouvaille.comptes.get(facette).and_then(|codes| codes.get(code)).copied();
                assert_eq!(vu, Some(compte), "{choix:?}: {facette} {code}");
            }
        }
    }
}
