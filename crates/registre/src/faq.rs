//! The FAQ: questions, the stems by which they are found, their facets and the votes.
//!
//! Rule: the same index serves both databases: stems are computed by the guichet (French, accents folded) and kept as
//! rows, so that a search is a join and nothing is left to the engine's own idea of French.

use std::collections::BTreeMap;

use domaine::{id::Id, structure::Personne};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::base::{Resultat, Tx, Valeur, Versionne, exige_une, json};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionGardee {
    pub id: i64,
    pub question: String,
    /// Markdown.
    pub reponse: String,
    /// Civil date of the last change, ISO 8601.
    pub mise_a_jour: String,
    /// `brouillon`, `publiee`, `a_revoir` or `archivee`.
    pub etat: String,
    /// Facet (`offre`, `couloir`, `dispositif`, `produit`, `theme`) to its codes.
    pub facettes: BTreeMap<String, Vec<String>>,
    /// Form fields and exigences that the answer explains: `champ:…`, `exigence:…`.
    pub liens: Vec<String>,
}

/// A search: codes of one facet add up, facets restrict each other.
#[derive(Clone, Debug, Default)]
pub struct FiltreFaq {
    pub facettes: BTreeMap<String, Vec<String>>,
    /// Stems that must all be found, in the question or in its answer.
    pub racines: Vec<String>,
    /// Also what is not published, for the agency.
    pub tout: bool,
}

#[derive(Clone, Debug)]
pub struct ResultatFaq {
    pub question: QuestionGardee,
    pub utile: i64,
    pub inutile: i64,
}

impl Tx {
    pub async fn load_question(&mut self, id: i64) -> Resultat<Option<Versionne<QuestionGardee>>> {
        self.ligne("SELECT donnees, version FROM faq_question WHERE id = $1", vec![id.into()])
            .await?
            .map(|ligne| ligne.versionne("faq_question"))
            .transpose()
    }

    /// The identities that answer the search, best first; without words, in the order of the questions.
    pub async fn chercher_questions(&mut self, filtre: &FiltreFaq) -> Resultat<Vec<i64>> {
        let lignes = self
            .lignes(
                "SELECT id FROM faq_question WHERE ($1 = 1 OR etat IN ('publiee', 'a_revoir')) ORDER BY id",
                vec![filtre.tout.into()],
            )
            .await?;
        let mut trouvees: Vec<(i64, i64)> =
            lignes.iter().map(|ligne| Ok((ligne.entier("id")?, 0))).collect::<Resultat<_>>()?;
        for racine in &filtre.racines {
            let poids = self.poids(racine).await?;
            trouvees.retain_mut(|(id, note)| {
                poids.get(id).is_some_and(|poids| {
                    *note += poids;
                    true
                })
            });
        }
        for (facette, codes) in &filtre.facettes {
            if codes.is_empty() {
                continue;
            }
            let mut admises = std::collections::BTreeSet::new();
            for code in codes {
                let lignes = self
                    .lignes(
                        "SELECT question FROM faq_facette WHERE facette = $1 AND code = $2",
                        vec![facette.as_str().into(), code.as_str().into()],
                    )
                    .await?;
                for ligne in &lignes {
                    admises.insert(ligne.entier("question")?);
                }
            }
            trouvees.retain(|(id, _)| admises.contains(id));
        }
        trouvees.sort_by_key(|(id, note)| (-note, *id));
        Ok(trouvees.into_iter().map(|(id, _)| id).collect())
    }

    async fn poids(&mut self, racine: &str) -> Resultat<BTreeMap<i64, i64>> {
        self.lignes("SELECT question, poids FROM faq_mot WHERE racine = $1", vec![racine.into()])
            .await?
            .iter()
            .map(|ligne| Ok((ligne.entier("question")?, ligne.entier("poids")?)))
            .collect()
    }

    pub async fn load_resultat(&mut self, id: i64) -> Resultat<Option<ResultatFaq>> {
        let Some(question) = self.load_question(id).await? else { return Ok(None) };
        let votes = self
            .ligne(
                "SELECT CAST(COALESCE(sum(utile), 0) AS BIGINT) AS utile, count(*) AS total FROM faq_vote WHERE question = $1",
                vec![id.into()],
            )
            .await?;
        let (utile, total) = match votes {
            Some(ligne) => (ligne.entier("utile")?, ligne.entier("total")?),
            None => (0, 0),
        };
        Ok(Some(ResultatFaq { question: question.valeur, utile, inutile: total - utile }))
    }

    /// Published questions that explain this field or exigence.
    pub async fn load_questions_liees(&mut self, lien: &str) -> Resultat<Vec<(i64, String)>> {
        let questions: Vec<QuestionGardee> = self
            .lignes(
                "SELECT donnees FROM faq_question WHERE etat IN ('publiee', 'a_revoir') AND donnees LIKE $1
                 ORDER BY id",
                vec![format!("%\"{lien}\"%").into()],
            )
            .await?
            .iter()
            .map(|ligne| ligne.donnees("faq_question"))
            .collect::<Resultat<_>>()?;
        Ok(questions
            .into_iter()
            .filter(|question| question.liens.iter().any(|autre| autre == lien))
            .map(|question| (question.id, question.question))
            .collect())
    }

    /// Every link of the published questions at once: link to its questions.
    pub async fn load_liens_faq(&mut self) -> Resultat<BTreeMap<String, Vec<(i64, String)>>> {
        let lignes = self
            .lignes(
                "SELECT donnees FROM faq_question WHERE etat IN ('publiee', 'a_revoir') ORDER BY id",
                vec![],
            )
            .await?;
        let mut liens: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
        for ligne in &lignes {
            let question: QuestionGardee = ligne.donnees("faq_question")?;
            for lien in question.liens {
                liens.entry(lien).or_default().push((question.id, question.question.clone()));
            }
        }
        Ok(liens)
    }

    /// Writes a question with its index: `racines` gives each stem its weight.
    pub async fn save_question(
        &mut self,
        question: &Versionne<QuestionGardee>,
        racines: &BTreeMap<String, i64>,
    ) -> Resultat<()> {
        let id = question.id;
        let donnees = json("faq_question", &question.valeur)?;
        let communs: Vec<Valeur> =
            vec![id.into(), question.etat.as_str().into(), question.mise_a_jour.as_str().into(), donnees];
        let touchees = if question.version == 0 {
            self.executer(
                "INSERT INTO faq_question (id, etat, mise_a_jour, donnees, version) VALUES ($1, $2, $3, $4, 1)
                 ON CONFLICT DO NOTHING",
                communs,
            )
            .await?
        } else {
            let mut valeurs = communs;
            valeurs.push(question.version.into());
            self.executer(
                "UPDATE faq_question SET etat = $2, mise_a_jour = $3, donnees = $4, version = version + 1
                 WHERE id = $1 AND version = $5",
                valeurs,
            )
            .await?
        };
        exige_une(touchees)?;
        self.executer("DELETE FROM faq_mot WHERE question = $1", vec![id.into()]).await?;
        self.executer("DELETE FROM faq_facette WHERE question = $1", vec![id.into()]).await?;
        for (racine, poids) in racines {
            self.executer(
                "INSERT INTO faq_mot (question, racine, poids) VALUES ($1, $2, $3)",
                vec![id.into(), racine.as_str().into(), (*poids).into()],
            )
            .await?;
        }
        for (facette, codes) in &question.facettes {
            for code in codes {
                self.executer(
                    "INSERT INTO faq_facette (question, facette, code) VALUES ($1, $2, $3)
                     ON CONFLICT DO NOTHING",
                    vec![id.into(), facette.as_str().into(), code.as_str().into()],
                )
                .await?;
            }
        }
        Ok(())
    }

    /// The greatest number in use, 0 when there is none.
    pub async fn dernier_numero_question(&mut self) -> Resultat<i64> {
        self.ligne("SELECT COALESCE(max(id), 0) AS dernier FROM faq_question", vec![])
            .await?
            .map_or(Ok(0), |ligne| ligne.entier("dernier"))
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
