//! Autorisations d’accès, one for each candidature.

use domaine::{autorisation::Autorisation, candidature::Candidature, evenement::Evenement, id::Id};

use crate::base::{Resultat, Tx, Versionne, exige_une, json};

/// A line of a list.
#[derive(Clone, Debug)]
pub struct ResumeAutorisation {
    pub autorisation: Autorisation,
    pub titre: String,
    pub denomination: String,
}

impl Tx {
    pub async fn load_autorisation(
        &mut self,
        candidature: Id<Candidature>,
    ) -> Resultat<Option<Versionne<Autorisation>>> {
        self.ligne(
            "SELECT donnees, version FROM autorisation WHERE candidature = $1",
            vec![candidature.into()],
        )
        .await?
        .map(|ligne| ligne.versionne("autorisation"))
        .transpose()
    }

    /// Every autorisation, the last to end first, with the title of its produit and the name of the company.
    pub async fn load_autorisations(&mut self) -> Resultat<Vec<ResumeAutorisation>> {
        self.lignes(
            "SELECT autorisation.donnees, candidature.titre, candidature.denomination FROM autorisation
             JOIN candidature ON candidature.id = autorisation.candidature
             ORDER BY autorisation.fin DESC, autorisation.numero",
            vec![],
        )
        .await?
        .iter()
        .map(|ligne| {
            Ok(ResumeAutorisation {
                autorisation: ligne.donnees("autorisation")?,
                titre: ligne.texte("titre")?,
                denomination: ligne.texte("denomination")?,
            })
        })
        .collect()
    }

    /// `evenement` is `None` when only the document was made: the issue was already told.
    pub async fn save_autorisation(
        &mut self,
        autorisation: &Versionne<Autorisation>,
        evenement: Option<&Evenement>,
    ) -> Resultat<()> {
        let donnees = json("autorisation", &autorisation.valeur)?;
        let touchees = if autorisation.version == 0 {
            self.executer(
                "INSERT INTO autorisation (id, candidature, numero, fin, donnees, version)
                 VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT DO NOTHING",
                vec![
                    autorisation.id.into(),
                    autorisation.candidature.into(),
                    autorisation.numero.as_str().into(),
                    autorisation.fin.to_string().into(),
                    donnees,
                ],
            )
            .await?
        } else {
            self.executer(
                "UPDATE autorisation SET numero = $2, fin = $3, donnees = $4, version = version + 1
                 WHERE id = $1 AND version = $5",
                vec![
                    autorisation.id.into(),
                    autorisation.numero.as_str().into(),
                    autorisation.fin.to_string().into(),
                    donnees,
                    autorisation.version.into(),
                ],
            )
            .await?
        };
        exige_une(touchees)?;
        if let Some(evenement) = evenement {
            self.save_evenement(evenement).await?;
        }
        Ok(())
    }
}
