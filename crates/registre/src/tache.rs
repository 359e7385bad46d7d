//! Background work: a task is written in the transaction of the act that asks for it, and done at least once.
//!
//! Rule: a worker takes a task under a lease; a worker that dies loses it, and another takes it up. A task with a `cle`
//! exists once, whoever asks for it again.

use jiff::{SignedDuration, Timestamp};

use crate::base::{Resultat, Tx};

#[derive(Clone, Debug)]
pub struct Tache {
    pub id: String,
    pub genre: String,
    /// JSON, of a shape that the kind knows.
    pub charge: String,
    pub tentatives: i64,
}

impl Tx {
    /// Asks for work at `a_partir`. With a `cle` already known, nothing happens.
    pub async fn ajouter_tache(
        &mut self,
        id: &str,
        genre: &str,
        charge: &str,
        cle: Option<&str>,
        a_partir: Timestamp,
    ) -> Resultat<()> {
        self.executer(
            "INSERT INTO tache (id, genre, charge, cle, a_partir, tentatives, bail, erreur, terminee_le)
             VALUES ($1, $2, $3, $4, $5, 0, NULL, '', NULL) ON CONFLICT DO NOTHING",
            vec![id.into(), genre.into(), charge.into(), cle.map(str::to_owned).into(), a_partir.into()],
        )
        .await?;
        Ok(())
    }

    /// Takes the oldest task that is due, under a lease of `bail`.
    pub async fn prendre_tache(&mut self, le: Timestamp, bail: SignedDuration) -> Resultat<Option<Tache>> {
        let jusqua = le.saturating_add(bail).unwrap_or(le);
        self.ligne(
            "UPDATE tache SET bail = $2, tentatives = tentatives + 1 WHERE id = (
               SELECT id FROM tache WHERE terminee_le IS NULL AND a_partir <= $1 AND (bail IS NULL OR bail < $1)
               ORDER BY a_partir, id LIMIT 1)
             AND (bail IS NULL OR bail < $1) RETURNING id, genre, charge, tentatives",
            vec![le.into(), jusqua.into()],
        )
        .await?
        .map(|ligne| {
            Ok(Tache {
                id: ligne.texte("id")?,
                genre: ligne.texte("genre")?,
                charge: ligne.texte("charge")?,
                tentatives: ligne.entier("tentatives")?,
            })
        })
        .transpose()
    }

    /// The work is done; what it was about is forgotten with it, for a mail may hold a secret.
    pub async fn terminer_tache(&mut self, id: &str, le: Timestamp) -> Resultat<()> {
        self.executer(
            "UPDATE tache SET terminee_le = $2, bail = NULL, erreur = '', charge = '' WHERE id = $1",
            vec![id.into(), le.into()],
        )
        .await?;
        Ok(())
    }

    /// The task failed: it comes back at `a_partir`.
    pub async fn reporter_tache(&mut self, id: &str, erreur: &str, a_partir: Timestamp) -> Resultat<()> {
        self.executer(
            "UPDATE tache SET a_partir = $3, bail = NULL, erreur = $2 WHERE id = $1",
            vec![id.into(), erreur.into(), a_partir.into()],
        )
        .await?;
        Ok(())
    }

    /// Tasks that have failed and still wait, for the health page.
    pub async fn compter_taches_en_echec(&mut self) -> Resultat<i64> {
        self.ligne("SELECT count(*) AS total FROM tache WHERE terminee_le IS NULL AND erreur <> ''", vec![])
            .await?
            .map_or(Ok(0), |ligne| ligne.entier("total"))
    }

    /// When the task of this key was asked for, if it ever was.
    pub async fn date_tache(&mut self, cle: &str) -> Resultat<Option<Timestamp>> {
        self.ligne("SELECT a_partir FROM tache WHERE cle = $1", vec![cle.into()])
            .await?
            .map(|ligne| ligne.instant("a_partir"))
            .transpose()
    }

    /// Forgets finished tasks. Those with a key stay, so that they are not asked for again; but mails, whose key names
    /// the task that asked for them, are not asked for again once that one is done.
    pub async fn purger_taches(&mut self, avant: Timestamp) -> Resultat<()> {
        self.executer(
            "DELETE FROM tache WHERE (cle IS NULL OR genre = 'courriel') AND terminee_le < $1",
            vec![avant.into()],
        )
        .await?;
        Ok(())
    }
}
