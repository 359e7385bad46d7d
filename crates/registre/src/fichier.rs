//! Files by content, who uses them, and uploads under way.
//!
//! Rule: the bytes stand in the object store under their SHA-256; here stands what is known of them and which
//! candidature refers to them, so that a download can be authorised and a re-used preuve seen.

use domaine::{candidature::Candidature, id::Id, structure::Personne};
use jiff::Timestamp;

use crate::base::{Ligne, Resultat, Tx, exige_une};

#[derive(Clone, Debug)]
pub struct FichierGarde {
    /// Lower-case hexadecimal, 64 characters.
    pub sha256: String,
    /// In bytes.
    pub taille: i64,
    pub mime: String,
    pub depose_le: Timestamp,
}

/// A resumable upload: `recu` bytes of `taille` are safe, in `parties` pieces.
#[derive(Clone, Debug)]
pub struct Televersement {
    pub id: String,
    pub personne: Id<Personne>,
    pub nom: String,
    pub taille: i64,
    pub recu: i64,
    pub parties: i64,
    pub cree_le: Timestamp,
}

fn televersement(ligne: &Ligne) -> Resultat<Televersement> {
    Ok(Televersement {
        id: ligne.texte("id")?,
        personne: ligne
            .texte("personne")?
            .parse()
            .map_err(|cause| crate::Erreur::illisible("televersement", cause))?,
        nom: ligne.texte("nom")?,
        taille: ligne.entier("taille")?,
        recu: ligne.entier("recu")?,
        parties: ligne.entier("parties")?,
        cree_le: ligne.instant("cree_le")?,
    })
}

impl Tx {
    pub async fn load_fichier(&mut self, sha256: &str) -> Resultat<Option<FichierGarde>> {
        self.ligne(
            "SELECT sha256, taille, mime, depose_le FROM fichier WHERE sha256 = $1",
            vec![sha256.into()],
        )
        .await?
        .map(|ligne| {
            Ok(FichierGarde {
                sha256: ligne.texte("sha256")?,
                taille: ligne.entier("taille")?,
                mime: ligne.texte("mime")?,
                depose_le: ligne.instant("depose_le")?,
            })
        })
        .transpose()
    }

    /// Knows a file from here on; the same bytes deposited twice are one file.
    pub async fn save_fichier(&mut self, fichier: &FichierGarde) -> Resultat<()> {
        self.executer(
            "INSERT INTO fichier (sha256, taille, mime, depose_le) VALUES ($1, $2, $3, $4)
             ON CONFLICT (sha256) DO NOTHING",
            vec![
                fichier.sha256.as_str().into(),
                fichier.taille.into(),
                fichier.mime.as_str().into(),
                fichier.depose_le.into(),
            ],
        )
        .await?;
        Ok(())
    }

    /// Says that `objet` (a preuve, a message…) of this candidature shows the file under `nom`.
    pub async fn save_usage_fichier(
        &mut self,
        sha256: &str,
        candidature: Id<Candidature>,
        objet: &str,
        nom: &str,
    ) -> Resultat<()> {
        self.executer(
            "INSERT INTO usage_fichier (sha256, candidature, objet, nom) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            vec![sha256.into(), candidature.into(), objet.into(), nom.into()],
        )
        .await?;
        Ok(())
    }

    /// Under which name, and for which object, this candidature shows the file; `None` when it does not.
    pub async fn load_usage_fichier(
        &mut self,
        sha256: &str,
        candidature: Id<Candidature>,
    ) -> Resultat<Option<(String, String)>> {
        self.ligne(
            "SELECT objet, nom FROM usage_fichier WHERE sha256 = $1 AND candidature = $2 ORDER BY objet",
            vec![sha256.into(), candidature.into()],
        )
        .await?
        .map(|ligne| Ok((ligne.texte("objet")?, ligne.texte("nom")?)))
        .transpose()
    }

    /// All that shows the file in this candidature: the object and the name.
    pub async fn load_usages_fichier(
        &mut self,
        sha256: &str,
        candidature: Id<Candidature>,
    ) -> Resultat<Vec<(String, String)>> {
        self.lignes(
            "SELECT objet, nom FROM usage_fichier WHERE sha256 = $1 AND candidature = $2 ORDER BY objet",
            vec![sha256.into(), candidature.into()],
        )
        .await?
        .iter()
        .map(|ligne| Ok((ligne.texte("objet")?, ligne.texte("nom")?)))
        .collect()
    }

    /// NRU of the other candidatures that show the same bytes.
    pub async fn load_autres_usages(
        &mut self,
        sha256: &str,
        candidature: Id<Candidature>,
    ) -> Resultat<Vec<String>> {
        self.lignes(
            "SELECT DISTINCT c.nru FROM usage_fichier u JOIN candidature c ON c.id = u.candidature
             WHERE u.sha256 = $1 AND u.candidature <> $2 ORDER BY c.nru",
            vec![sha256.into(), candidature.into()],
        )
        .await?
        .iter()
        .map(|ligne| ligne.texte("nru"))
        .collect()
    }

    /// This candidature no longer shows files for the objects whose name begins with `debut`; all of them when it is empty.
    pub async fn effacer_usages(&mut self, candidature: Id<Candidature>, debut: &str) -> Resultat<()> {
        self.executer(
            "DELETE FROM usage_fichier WHERE candidature = $1 AND objet LIKE $2",
            vec![candidature.into(), format!("{debut}%").into()],
        )
        .await?;
        Ok(())
    }

    /// SHA-256 of the files that came before `avant` and that nothing shows.
    pub async fn load_fichiers_inutiles(&mut self, avant: Timestamp) -> Resultat<Vec<String>> {
        self.lignes(
            "SELECT sha256 FROM fichier WHERE depose_le < $1 AND NOT EXISTS
             (SELECT 1 FROM usage_fichier u WHERE u.sha256 = fichier.sha256) ORDER BY sha256",
            vec![avant.into()],
        )
        .await?
        .iter()
        .map(|ligne| ligne.texte("sha256"))
        .collect()
    }

    /// Forgets a file that nothing shows; says whether it was so.
    pub async fn supprimer_fichier(&mut self, sha256: &str) -> Resultat<bool> {
        let touchees = self
            .executer(
                "DELETE FROM fichier WHERE sha256 = $1 AND NOT EXISTS
                 (SELECT 1 FROM usage_fichier u WHERE u.sha256 = $1)",
                vec![sha256.into()],
            )
            .await?;
        Ok(touchees == 1)
    }

    /// Whether anybody has begun an upload since `depuis` and not finished with it.
    pub async fn televersement_en_cours(&mut self, depuis: Timestamp) -> Resultat<bool> {
        let ligne = self
            .ligne("SELECT count(*) AS nombre FROM televersement WHERE cree_le >= $1", vec![depuis.into()])
            .await?;
        Ok(ligne.map_or(Ok(0), |ligne| ligne.entier("nombre"))? > 0)
    }

    pub async fn creer_televersement(&mut self, televersement: &Televersement) -> Resultat<()> {
        self.executer(
            "INSERT INTO televersement (id, personne, nom, taille, recu, parties, cree_le)
             VALUES ($1, $2, $3, $4, 0, 0, $5)",
            vec![
                televersement.id.as_str().into(),
                televersement.personne.into(),
                televersement.nom.as_str().into(),
                televersement.taille.into(),
                televersement.cree_le.into(),
            ],
        )
        .await?;
        Ok(())
    }

    pub async fn load_televersement(&mut self, id: &str) -> Resultat<Option<Televersement>> {
        self.ligne(
            "SELECT id, personne, nom, taille, recu, parties, cree_le FROM televersement WHERE id = $1",
            vec![id.into()],
        )
        .await?
        .as_ref()
        .map(televersement)
        .transpose()
    }

    /// One more piece is safe. Two senders at the same offset: the second one conflicts. The announced size is not looked
    /// at here: a file that comes in a form announces none.
    pub async fn avancer_televersement(&mut self, id: &str, recu_avant: i64, octets: i64) -> Resultat<()> {
        let touchees = self
            .executer(
                "UPDATE televersement SET recu = recu + $3, parties = parties + 1 WHERE id = $1 AND recu = $2",
                vec![id.into(), recu_avant.into(), octets.into()],
            )
            .await?;
        exige_une(touchees)
    }

    /// An upload whose length was not told beforehand is whole: what was received is its length.
    pub async fn clore_televersement(&mut self, id: &str) -> Resultat<()> {
        let touchees =
            self.executer("UPDATE televersement SET taille = recu WHERE id = $1", vec![id.into()]).await?;
        exige_une(touchees)
    }

    /// How many uploads a person has under way, and how many bytes they announce.
    pub async fn compter_televersements(&mut self, personne: Id<Personne>) -> Resultat<(i64, i64)> {
        let ligne = self
            .ligne(
                "SELECT count(*) AS nombre, CAST(coalesce(sum(taille), 0) AS BIGINT) AS octets
                 FROM televersement WHERE personne = $1",
                vec![personne.into()],
            )
            .await?
            .ok_or(crate::Erreur::Conflit)?;
        Ok((ligne.entier("nombre")?, ligne.entier("octets")?))
    }

    pub async fn supprimer_televersement(&mut self, id: &str) -> Resultat<()> {
        self.executer("DELETE FROM televersement WHERE id = $1", vec![id.into()]).await?;
        Ok(())
    }

    /// Uploads begun before `avant` and never used: their pieces can go.
    pub async fn load_televersements_abandonnes(&mut self, avant: Timestamp) -> Resultat<Vec<Televersement>> {
        self.lignes(
            "SELECT id, personne, nom, taille, recu, parties, cree_le FROM televersement WHERE cree_le < $1",
            vec![avant.into()],
        )
        .await?
        .iter()
        .map(televersement)
        .collect()
    }
}
