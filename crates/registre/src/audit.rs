//! Audits de conformité, by number, by habilitation and by holder.

use domaine::{audit::Audit, evenement::Evenement, habilitation::Habilitation, id::Id, structure::Structure};

use crate::base::{Ligne, Resultat, Tx, Versionne, exige_une, json};

fn tous(lignes: &[Ligne]) -> Resultat<Vec<Audit>> {
    lignes.iter().map(|ligne| ligne.donnees("audit")).collect()
}

impl Tx {
    pub async fn load_audit(&mut self, numero: &str) -> Resultat<Option<Versionne<Audit>>> {
        self.ligne("SELECT donnees, version FROM audit WHERE numero = $1", vec![numero.into()])
            .await?
            .map(|ligne| ligne.versionne("audit"))
            .transpose()
    }

    /// Every audit, the newest first; without the ended ones when `ouverts`.
    pub async fn load_audits(&mut self, ouverts: bool) -> Resultat<Vec<Audit>> {
        let lignes = self
            .lignes(
                "SELECT donnees FROM audit WHERE $1 = 0 OR termine = 0 ORDER BY numero DESC",
                vec![ouverts.into()],
            )
            .await?;
        tous(&lignes)
    }

    pub async fn load_audits_habilitation(&mut self, habilitation: Id<Habilitation>) -> Resultat<Vec<Audit>> {
        let lignes = self
            .lignes(
                "SELECT donnees FROM audit WHERE habilitation = $1 ORDER BY numero DESC",
                vec![habilitation.into()],
            )
            .await?;
        tous(&lignes)
    }

    pub async fn load_audits_structure(&mut self, structure: Id<Structure>) -> Resultat<Vec<Audit>> {
        let lignes = self
            .lignes(
                "SELECT donnees FROM audit WHERE structure = $1 ORDER BY numero DESC",
                vec![structure.into()],
            )
            .await?;
        tous(&lignes)
    }

    pub async fn save_audit(&mut self, audit: &Versionne<Audit>, evenement: &Evenement) -> Resultat<()> {
        let donnees = json("audit", &audit.valeur)?;
        let touchees = if audit.version == 0 {
            self.executer(
                "INSERT INTO audit (id, numero, habilitation, structure, etat, termine, donnees, version)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT DO NOTHING",
                vec![
                    audit.id.into(),
                    audit.numero.as_str().into(),
                    audit.habilitation.into(),
                    audit.structure.into(),
                    audit.etat.cle().into(),
                    audit.etat.termine().into(),
                    donnees,
                ],
            )
            .await?
        } else {
            self.executer(
                "UPDATE audit SET etat = $2, termine = $3, donnees = $4, version = version + 1
                 WHERE id = $1 AND version = $5",
                vec![
                    audit.id.into(),
                    audit.etat.cle().into(),
                    audit.etat.termine().into(),
                    donnees,
                    audit.version.into(),
                ],
            )
            .await?
        };
        exige_une(touchees)?;
        self.save_evenement(evenement).await
    }
}
