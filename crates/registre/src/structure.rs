//! People and structures.

use domaine::{
    evenement::Evenement,
    id::Id,
    structure::{Personne, Structure},
};

use crate::base::{Resultat, Tx, Versionne, exige_une, json};

impl Tx {
    pub async fn load_personne(&mut self, id: Id<Personne>) -> Resultat<Option<Personne>> {
        self.ligne("SELECT donnees FROM personne WHERE id = $1", vec![id.into()])
            .await?
            .map(|ligne| ligne.donnees("personne"))
            .transpose()
    }

    /// The person whom the OpenID provider names by this subject.
    pub async fn load_personne_par_sub(&mut self, sub: &str) -> Resultat<Option<Personne>> {
        self.ligne("SELECT donnees FROM personne WHERE sub = $1", vec![sub.into()])
            .await?
            .map(|ligne| ligne.donnees("personne"))
            .transpose()
    }

    pub async fn load_personnes_agence(&mut self) -> Resultat<Vec<Personne>> {
        let lignes = self.lignes("SELECT donnees FROM personne WHERE structure IS NULL", vec![]).await?;
        let personnes: Vec<Personne> =
            lignes.iter().map(|ligne| ligne.donnees("personne")).collect::<Resultat<_>>()?;
        Ok(personnes.into_iter().filter(Personne::est_agence).collect())
    }

    pub async fn load_personnes_structure(&mut self, structure: Id<Structure>) -> Resultat<Vec<Personne>> {
        self.lignes("SELECT donnees FROM personne WHERE structure = $1", vec![structure.into()])
            .await?
            .iter()
            .map(|ligne| ligne.donnees("personne"))
            .collect()
    }

    /// Writes down what the OpenID provider says of a person at each sign-in.
    pub async fn save_personne(&mut self, personne: &Personne) -> Resultat<()> {
        self.executer(
            "INSERT INTO personne (id, sub, structure, courriel, donnees) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET structure = excluded.structure, courriel = excluded.courriel,
             donnees = excluded.donnees",
            vec![
                personne.id.into(),
                personne.sub.as_str().into(),
                personne.structure.map(|id| id.to_string()).into(),
                personne.courriel.as_str().into(),
                json("personne", personne)?,
            ],
        )
        .await?;
        Ok(())
    }

    pub async fn load_structure(&mut self, id: Id<Structure>) -> Resultat<Option<Versionne<Structure>>> {
        self.ligne("SELECT donnees, version FROM structure WHERE id = $1", vec![id.into()])
            .await?
            .map(|ligne| ligne.versionne("structure"))
            .transpose()
    }

    pub async fn load_structure_par_siret(&mut self, siret: &str) -> Resultat<Option<Versionne<Structure>>> {
        self.ligne("SELECT donnees, version FROM structure WHERE siret = $1", vec![siret.into()])
            .await?
            .map(|ligne| ligne.versionne("structure"))
            .transpose()
    }

    /// The structure that holds the invitation of this fingerprint.
    pub async fn load_structure_par_invitation(
        &mut self,
        empreinte: &str,
    ) -> Resultat<Option<Versionne<Structure>>> {
        let lignes = self
            .lignes(
                "SELECT donnees, version FROM structure WHERE donnees LIKE $1",
                vec![format!("%\"empreinte\":\"{empreinte}\"%").into()],
            )
            .await?;
        let structures: Vec<Versionne<Structure>> =
            lignes.iter().map(|ligne| ligne.versionne("structure")).collect::<Resultat<_>>()?;
        // LIKE only narrows: a fingerprint with a joker in it is no fingerprint.
        Ok(structures.into_iter().find(|structure| {
            structure.invitations.iter().any(|invitation| invitation.empreinte == empreinte)
        }))
    }

    /// The structures that withdrew this person and have not taken them back.
    pub async fn load_structures_retirant(&mut self, personne: Id<Personne>) -> Resultat<Vec<Structure>> {
        let lignes = self
            .lignes(
                "SELECT donnees FROM structure WHERE donnees LIKE $1",
                vec![format!("%\"retraits\":[%\"{personne}\"%").into()],
            )
            .await?;
        let mut structures: Vec<Structure> =
            lignes.iter().map(|ligne| ligne.donnees("structure")).collect::<Resultat<_>>()?;
        // LIKE only narrows: the person may stand elsewhere in the structure.
        structures.retain(|une| une.retraits.iter().any(|retrait| retrait.personne == personne));
        Ok(structures)
    }

    pub async fn save_structure(
        &mut self,
        structure: &Versionne<Structure>,
        evenement: &Evenement,
    ) -> Resultat<()> {
        let donnees = json("structure", &structure.valeur)?;
        let touchees = if structure.version == 0 {
            self.executer(
                "INSERT INTO structure (id, siret, donnees, version) VALUES ($1, $2, $3, 1)
                 ON CONFLICT DO NOTHING",
                vec![structure.id.into(), structure.siret.to_string().into(), donnees],
            )
            .await?
        } else {
            self.executer(
                "UPDATE structure SET donnees = $2, version = version + 1 WHERE id = $1 AND version = $3",
                vec![structure.id.into(), donnees, structure.version.into()],
            )
            .await?
        };
        exige_une(touchees)?;
        self.save_evenement(evenement).await
    }
}
