//! The history: a chain of events in which each line carries the fingerprint of the one before.
//!
//! Rule: lines are only added. To change or remove one, somebody would have to rewrite every later line, which
//! [`Tx::verifier_chaine`] sees against any fingerprint noted elsewhere; triggers refuse the attempt at the door.

use aws_lc_rs::digest::{SHA256, digest};
use domaine::evenement::{Evenement, Sujet, Visibilite};
use thiserror::Error;

use crate::base::{Erreur, Ligne, Resultat, Tx};

/// An event with its place in the chain.
#[derive(Clone, Debug)]
pub struct EvenementLu {
    pub rang: i64,
    pub evenement: Evenement,
    /// Lower-case hexadecimal SHA-256 of the line before and of this one.
    pub empreinte: String,
}

/// Where the history was tampered with.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("l’historique est rompu à la ligne {rang} : {raison}")]
pub struct ChaineRompue {
    pub rang: i64,
    pub raison: &'static str,
}

fn empreinte(precedente: &str, rang: i64, donnees: &str) -> String {
    hex::encode(digest(&SHA256, format!("{precedente}\n{rang}\n{donnees}").as_bytes()))
}

fn lu(ligne: &Ligne) -> Resultat<EvenementLu> {
    Ok(EvenementLu {
        rang: ligne.entier("rang")?,
        evenement: ligne.donnees("evenement")?,
        empreinte: ligne.texte("empreinte")?,
    })
}

impl Tx {
    /// Adds an event at the end of the chain. The head of the chain is locked until the transaction ends.
    pub async fn save_evenement(&mut self, evenement: &Evenement) -> Resultat<()> {
        let tete = self
            .ligne("UPDATE chaine SET rang = rang + 1 WHERE id = 1 RETURNING rang, empreinte", vec![])
            .await?
            .ok_or(Erreur::Conflit)?;
        let rang = tete.entier("rang")?;
        let precedente = tete.texte("empreinte")?;
        let donnees =
            serde_json::to_string(evenement).map_err(|cause| Erreur::illisible("evenement", cause))?;
        let empreinte = empreinte(&precedente, rang, &donnees);
        self.executer(
            "INSERT INTO evenement (rang, sujet, sujet_id, le, agence, donnees, precedente, empreinte)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            vec![
                rang.into(),
                evenement.sujet.nom.as_str().into(),
                evenement.sujet.id.as_str().into(),
                evenement.le.into(),
                (evenement.visibilite == Visibilite::Agence).into(),
                donnees.into(),
                precedente.into(),
                empreinte.as_str().into(),
            ],
        )
        .await?;
        self.executer("UPDATE chaine SET empreinte = $1 WHERE id = 1", vec![empreinte.into()]).await?;
        Ok(())
    }

    /// The history of one subject, oldest first; the industriel's view leaves out what stays inside the agency.
    pub async fn load_evenements(&mut self, sujet: &Sujet, agence: bool) -> Resultat<Vec<EvenementLu>> {
        self.lignes(
            "SELECT rang, donnees, empreinte FROM evenement WHERE sujet = $1 AND sujet_id = $2
             AND ($3 = 1 OR agence = 0) ORDER BY rang",
            vec![sujet.nom.as_str().into(), sujet.id.as_str().into(), agence.into()],
        )
        .await?
        .iter()
        .map(lu)
        .collect()
    }

    /// Reads the whole chain again, a thousand lines at a time; gives how many lines it has.
    pub async fn verifier_chaine(&mut self) -> Resultat<Result<i64, ChaineRompue>> {
        let mut precedente = String::new();
        let mut rang = 0;
        loop {
            let lignes = self
                .lignes(
                    "SELECT rang, sujet, sujet_id, le, agence, donnees, precedente, empreinte
                     FROM evenement WHERE rang > $1
                     ORDER BY rang LIMIT 1000",
                    vec![rang.into()],
                )
                .await?;
            if lignes.is_empty() {
                break;
            }
            for ligne in &lignes {
                rang += 1;
                let rompue = |raison| Ok(Err(ChaineRompue { rang, raison }));
                if ligne.entier("rang")? != rang {
                    return rompue("une ligne manque");
                }
                if ligne.texte("precedente")? != precedente {
                    return rompue("elle ne suit pas la précédente");
                }
                let attendue = empreinte(&precedente, rang, &ligne.texte("donnees")?);
                if ligne.texte("empreinte")? != attendue {
                    return rompue("son contenu a changé");
                }
                // By its columns a line is found and shown; they must say what the line says.
                let evenement: Evenement = ligne.donnees("evenement")?;
                if ligne.texte("sujet")? != evenement.sujet.nom
                    || ligne.texte("sujet_id")? != evenement.sujet.id
                    || ligne.instant("le")?.as_microsecond() != evenement.le.as_microsecond()
                    || ligne.vrai("agence")? != (evenement.visibilite == Visibilite::Agence)
                {
                    return rompue("son classement a changé");
                }
                precedente = attendue;
            }
        }
        let tete = self
            .ligne("SELECT rang, empreinte FROM chaine WHERE id = 1", vec![])
            .await?
            .ok_or(Erreur::Conflit)?;
        if tete.entier("rang")? != rang || tete.texte("empreinte")? != precedente {
            return Ok(Err(ChaineRompue { rang: rang + 1, raison: "la fin de la chaîne manque" }));
        }
        Ok(Ok(rang))
    }
}
