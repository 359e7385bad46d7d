//! The published versions of the référentiel: a candidature follows the one with which it began.

use jiff::Timestamp;

use crate::base::{Resultat, Tx};

impl Tx {
    /// The text (TOML) of every published version, oldest first.
    pub async fn load_referentiels(&mut self) -> Resultat<Vec<(String, String)>> {
        self.lignes("SELECT version, texte FROM referentiel ORDER BY publie_le, version", vec![])
            .await?
            .iter()
            .map(|ligne| Ok((ligne.texte("version")?, ligne.texte("texte")?)))
            .collect()
    }

    /// Publishes a version; one that is already there stays as it is, whatever `texte` says.
    pub async fn publier_referentiel(&mut self, version: &str, texte: &str, le: Timestamp) -> Resultat<bool> {
        let touchees = self
            .executer(
                "INSERT INTO referentiel (version, texte, publie_le) VALUES ($1, $2, $3)
                 ON CONFLICT (version) DO NOTHING",
                vec![version.into(), texte.into(), le.into()],
            )
            .await?;
        Ok(touchees == 1)
    }
}
