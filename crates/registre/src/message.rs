//! The messagerie of a candidature, the notes that stay inside the agency, and the templates of messages.

use domaine::{
    candidature::Candidature,
    evenement::{Acteur, Evenement},
    id::Id,
    preuve::Fichier,
    structure::Personne,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::base::{Ligne, Resultat, Tx, json};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    pub id: Id<Message>,
    pub auteur: Acteur,
    /// Written by the agency (true) or by the industriel.
    pub agence: bool,
    pub le: Timestamp,
    /// At most 8000 characters.
    pub texte: String,
    /// At most 10.
    pub pieces: Vec<Fichier>,
}

/// A note on a part of the dossier (`champ:siret`, `preuve:…`, `dossier`) that the industriel never sees.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NoteInterne {
    pub objet: String,
    pub auteur: Acteur,
    pub le: Timestamp,
    pub texte: String,
}

/// A text ready to be re-used by the vérificateurs.
#[derive(Clone, Debug)]
pub struct ModeleMessage {
    pub id: String,
    /// For which act: `message`, `correction`, `refus`.
    pub genre: String,
    /// At most 50 characters.
    pub titre: String,
    pub texte: String,
}

fn modele(ligne: &Ligne) -> Resultat<ModeleMessage> {
    Ok(ModeleMessage {
        id: ligne.texte("id")?,
        genre: ligne.texte("genre")?,
        titre: ligne.texte("titre")?,
        texte: ligne.texte("texte")?,
    })
}

impl Tx {
    /// The conversation, oldest first.
    pub async fn load_messages(&mut self, candidature: Id<Candidature>) -> Resultat<Vec<Message>> {
        self.lignes(
            "SELECT donnees FROM message WHERE candidature = $1 ORDER BY le, id",
            vec![candidature.into()],
        )
        .await?
        .iter()
        .map(|ligne| ligne.donnees("message"))
        .collect()
    }

    pub async fn save_message(&mut self, candidature: Id<Candidature>, message: &Message) -> Resultat<()> {
        self.executer(
            "INSERT INTO message (id, candidature, le, agence, donnees) VALUES ($1, $2, $3, $4, $5)",
            vec![
                message.id.into(),
                candidature.into(),
                message.le.into(),
                message.agence.into(),
                json("message", message)?,
            ],
        )
        .await?;
        for piece in &message.pieces {
            let objet = format!("message:{}", message.id);
            self.save_usage_fichier(&piece.sha256, candidature, &objet, piece.nom.as_str()).await?;
        }
        Ok(())
    }

    /// This person has read the conversation up to `le`.
    pub async fn marquer_lu(
        &mut self,
        candidature: Id<Candidature>,
        personne: Id<Personne>,
        le: Timestamp,
    ) -> Resultat<()> {
        self.executer(
            "INSERT INTO message_lu (candidature, personne, le) VALUES ($1, $2, $3)
             ON CONFLICT (candidature, personne) DO UPDATE SET le = excluded.le",
            vec![candidature.into(), personne.into(), le.into()],
        )
        .await?;
        Ok(())
    }

    /// Messages of the other side that this person has not read yet.
    pub async fn compter_non_lus(
        &mut self,
        candidature: Id<Candidature>,
        personne: Id<Personne>,
        agence: bool,
    ) -> Resultat<i64> {
        self.ligne(
            "SELECT count(*) AS total FROM message m WHERE m.candidature = $1 AND m.agence <> $3
             AND m.le > COALESCE((SELECT l.le FROM message_lu l WHERE l.candidature = $1 AND l.personne = $2), 0)",
            vec![candidature.into(), personne.into(), agence.into()],
        )
        .await?
        .map_or(Ok(0), |ligne| ligne.entier("total"))
    }

    pub async fn load_notes(&mut self, candidature: Id<Candidature>) -> Resultat<Vec<NoteInterne>> {
        self.lignes(
            "SELECT donnees FROM note_interne WHERE candidature = $1 ORDER BY le, id",
            vec![candidature.into()],
        )
        .await?
        .iter()
        .map(|ligne| ligne.donnees("note_interne"))
        .collect()
    }

    /// Writes the note and its event, which stays inside the agency as the note does.
    pub async fn save_note(
        &mut self,
        id: &str,
        candidature: Id<Candidature>,
        note: &NoteInterne,
        evenement: &Evenement,
    ) -> Resultat<()> {
        self.save_evenement(evenement).await?;
        self.executer(
            "INSERT INTO note_interne (id, candidature, objet, le, donnees) VALUES ($1, $2, $3, $4, $5)",
            vec![
                id.into(),
                candidature.into(),
                note.objet.as_str().into(),
                note.le.into(),
                json("note_interne", note)?,
            ],
        )
        .await?;
        Ok(())
    }

    /// Forgets the conversation and the notes of a dossier whose retention is over.
    pub async fn effacer_echanges(&mut self, candidature: Id<Candidature>) -> Resultat<()> {
        for ordre in [
            "DELETE FROM message WHERE candidature = $1",
            "DELETE FROM message_lu WHERE candidature = $1",
            "DELETE FROM note_interne WHERE candidature = $1",
        ] {
            self.executer(ordre, vec![candidature.into()]).await?;
        }
        Ok(())
    }

    pub async fn load_modeles(&mut self) -> Resultat<Vec<ModeleMessage>> {
        self.lignes("SELECT id, genre, titre, texte FROM modele_message ORDER BY genre, titre", vec![])
            .await?
            .iter()
            .map(modele)
            .collect()
    }

    /// Writes the template and its event in one act.
    pub async fn save_modele(&mut self, modele: &ModeleMessage, evenement: &Evenement) -> Resultat<()> {
        self.save_evenement(evenement).await?;
        self.executer(
            "INSERT INTO modele_message (id, genre, titre, texte) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE SET genre = excluded.genre, titre = excluded.titre, texte = excluded.texte",
            vec![
                modele.id.as_str().into(),
                modele.genre.as_str().into(),
                modele.titre.as_str().into(),
                modele.texte.as_str().into(),
            ],
        )
        .await?;
        Ok(())
    }

    pub async fn supprimer_modele(&mut self, id: &str, evenement: &Evenement) -> Resultat<()> {
        self.save_evenement(evenement).await?;
        self.executer("DELETE FROM modele_message WHERE id = $1", vec![id.into()]).await?;
        Ok(())
    }
}
