//! Habilitations: one for each profile of a candidature, and the public register that lists them.

use domaine::{
    candidature::Candidature,
    evenement::Evenement,
    habilitation::{EtatHabilitation, Habilitation},
    id::Id,
    produit::Produit,
    referentiel::Profil,
    structure::Structure,
};

use crate::base::{Ligne, Resultat, Tx, Versionne, exige_une, json};

fn cle(etat: &EtatHabilitation) -> &'static str {
    match etat {
        EtatHabilitation::Projet => "projet",
        EtatHabilitation::Active { .. } => "active",
        EtatHabilitation::Suspendue { .. } => "suspendue",
        EtatHabilitation::Retiree { .. } => "retiree",
        EtatHabilitation::Remplacee { .. } => "remplacee",
    }
}

fn toutes(lignes: &[Ligne]) -> Resultat<Vec<Versionne<Habilitation>>> {
    lignes.iter().map(|ligne| ligne.versionne("habilitation")).collect()
}

impl Tx {
    pub async fn load_habilitation(&mut self, numero: &str) -> Resultat<Option<Versionne<Habilitation>>> {
        self.ligne("SELECT donnees, version FROM habilitation WHERE numero = $1", vec![numero.into()])
            .await?
            .map(|ligne| ligne.versionne("habilitation"))
            .transpose()
    }

    pub async fn load_habilitations_candidature(
        &mut self,
        candidature: Id<Candidature>,
    ) -> Resultat<Vec<Versionne<Habilitation>>> {
        let lignes = self
            .lignes(
                "SELECT donnees, version FROM habilitation WHERE candidature = $1 ORDER BY profil",
                vec![candidature.into()],
            )
            .await?;
        toutes(&lignes)
    }

    pub async fn load_habilitations_structure(
        &mut self,
        structure: Id<Structure>,
    ) -> Resultat<Vec<Versionne<Habilitation>>> {
        let lignes = self
            .lignes(
                "SELECT donnees, version FROM habilitation WHERE structure = $1 ORDER BY numero",
                vec![structure.into()],
            )
            .await?;
        toutes(&lignes)
    }

    /// The habilitations given under this NRU for this profile, newest first.
    pub async fn load_habilitations_nru(
        &mut self,
        nru: &str,
        profil: Profil,
    ) -> Resultat<Vec<Versionne<Habilitation>>> {
        let lignes = self
            .lignes(
                "SELECT donnees, version FROM habilitation WHERE nru = $1 AND profil = $2 ORDER BY expire DESC",
                vec![nru.into(), profil.code().into()],
            )
            .await?;
        toutes(&lignes)
    }

    /// Those of the same produit and profile: a newer one replaces them.
    pub async fn load_habilitations_produit(
        &mut self,
        produit: Id<Produit>,
        profil: Profil,
    ) -> Resultat<Vec<Versionne<Habilitation>>> {
        let lignes = self
            .lignes(
                "SELECT donnees, version FROM habilitation WHERE produit = $1 AND profil = $2",
                vec![produit.into(), profil.code().into()],
            )
            .await?;
        toutes(&lignes)
    }

    /// Those in one of two states; the public register is every state but `projet`.
    pub async fn load_habilitations(&mut self, projets: bool) -> Resultat<Vec<Versionne<Habilitation>>> {
        let lignes = self
            .lignes(
                "SELECT donnees, version FROM habilitation
                 WHERE ($1 = 1 AND etat = 'projet') OR ($1 = 0 AND etat <> 'projet') ORDER BY expire DESC, numero",
                vec![projets.into()],
            )
            .await?;
        toutes(&lignes)
    }

    /// Whether a habilitation in force (or still suspended) carries the name of this produit.
    pub async fn produit_habilite(&mut self, produit: Id<Produit>) -> Resultat<bool> {
        let ligne = self
            .ligne(
                "SELECT id FROM habilitation WHERE produit = $1 AND etat IN ('active', 'suspendue')",
                vec![produit.into()],
            )
            .await?;
        Ok(ligne.is_some())
    }

    pub async fn save_habilitation(
        &mut self,
        habilitation: &Versionne<Habilitation>,
        evenement: &Evenement,
    ) -> Resultat<()> {
        let donnees = json("habilitation", &habilitation.valeur)?;
        let touchees = if habilitation.version == 0 {
            self.executer(
                "INSERT INTO habilitation (id, candidature, structure, produit, profil, numero, nru, etat,
                 expire, donnees, version)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1) ON CONFLICT DO NOTHING",
                vec![
                    habilitation.id.into(),
                    habilitation.candidature.into(),
                    habilitation.structure.into(),
                    habilitation.produit.into(),
                    habilitation.contenu.profil.code().into(),
                    habilitation.numero().into(),
                    habilitation.contenu.nru.to_string().into(),
                    cle(&habilitation.etat).into(),
                    habilitation.expire.into(),
                    donnees,
                ],
            )
            .await?
        } else {
            self.executer(
                "UPDATE habilitation SET etat = $2, donnees = $3, version = version + 1
                 WHERE id = $1 AND version = $4",
                vec![
                    habilitation.id.into(),
                    cle(&habilitation.etat).into(),
                    donnees,
                    habilitation.version.into(),
                ],
            )
            .await?
        };
        exige_une(touchees)?;
        self.save_evenement(evenement).await
    }
}
