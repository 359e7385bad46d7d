//! Sessions of the collège.

use domaine::{college::Session, evenement::Evenement, id::Id};

use crate::base::{Resultat, Tx, Versionne, exige_une, json};

impl Tx {
    pub async fn load_session_college(&mut self, id: Id<Session>) -> Resultat<Option<Versionne<Session>>> {
        self.ligne("SELECT donnees, version FROM session_college WHERE id = $1", vec![id.into()])
            .await?
            .map(|ligne| ligne.versionne("session_college"))
            .transpose()
    }

    /// Open sessions first, then the latest.
    pub async fn load_sessions_college(&mut self) -> Resultat<Vec<Session>> {
        self.lignes("SELECT donnees FROM session_college ORDER BY close, jour DESC", vec![])
            .await?
            .iter()
            .map(|ligne| ligne.donnees("session_college"))
            .collect()
    }

    pub async fn save_session_college(
        &mut self,
        session: &Versionne<Session>,
        evenement: &Evenement,
    ) -> Resultat<()> {
        let donnees = json("session_college", &session.valeur)?;
        let touchees = if session.version == 0 {
            self.executer(
                "INSERT INTO session_college (id, jour, close, donnees, version) VALUES ($1, $2, 0, $3, 1)
                 ON CONFLICT DO NOTHING",
                vec![session.id.into(), session.date.to_string().into(), donnees],
            )
            .await?
        } else {
            self.executer(
                "UPDATE session_college SET close = $2, donnees = $3, version = version + 1
                 WHERE id = $1 AND version = $4",
                vec![session.id.into(), session.close.into(), donnees, session.version.into()],
            )
            .await?
        };
        exige_une(touchees)?;
        self.save_evenement(evenement).await
    }
}
