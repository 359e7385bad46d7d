//! The catalogue of produits.

use domaine::{
    evenement::Evenement,
    id::Id,
    produit::{EtatProduit, Produit},
    structure::Structure,
};

use crate::base::{Resultat, Tx, Valeur, Versionne, exige_une, json};

fn cle(etat: EtatProduit) -> &'static str {
    match etat {
        EtatProduit::Brouillon => "brouillon",
        EtatProduit::Actif => "actif",
        EtatProduit::Archive => "archive",
    }
}

impl Tx {
    pub async fn load_produit(&mut self, id: Id<Produit>) -> Resultat<Option<Versionne<Produit>>> {
        self.ligne("SELECT donnees, version FROM produit WHERE id = $1", vec![id.into()])
            .await?
            .map(|ligne| ligne.versionne("produit"))
            .transpose()
    }

    /// The catalogue of a structure, newest first.
    pub async fn load_produits(&mut self, structure: Id<Structure>) -> Resultat<Vec<Produit>> {
        self.lignes(
            "SELECT donnees FROM produit WHERE structure = $1 ORDER BY id DESC",
            vec![structure.into()],
        )
        .await?
        .iter()
        .map(|ligne| ligne.donnees("produit"))
        .collect()
    }

    /// Another produit of the structure with the same NIL and version: worth a warning (spec guichets §2.2).
    pub async fn nil_deja_pris(&mut self, produit: &Produit) -> Resultat<bool> {
        if produit.fiche.nil.is_empty() {
            return Ok(false);
        }
        let autre = self
            .ligne(
                "SELECT id FROM produit WHERE structure = $1 AND nil = $2 AND logiciel_version = $3 AND id <> $4",
                vec![
                    produit.structure.into(),
                    produit.fiche.nil.as_str().into(),
                    produit.fiche.version.as_str().into(),
                    produit.id.into(),
                ],
            )
            .await?;
        Ok(autre.is_some())
    }

    pub async fn save_produit(
        &mut self,
        produit: &Versionne<Produit>,
        evenement: &Evenement,
    ) -> Resultat<()> {
        let donnees = json("produit", &produit.valeur)?;
        let touchees = if produit.version == 0 {
            self.executer(
                "INSERT INTO produit (id, structure, reference, etat, nil, logiciel_version, donnees, version)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT DO NOTHING",
                vec![
                    produit.id.into(),
                    produit.structure.into(),
                    Valeur::EntierOuNul(produit.reference),
                    cle(produit.etat).into(),
                    produit.fiche.nil.as_str().into(),
                    produit.fiche.version.as_str().into(),
                    donnees,
                ],
            )
            .await?
        } else {
            self.executer(
                "UPDATE produit SET reference = $2, etat = $3, nil = $4, logiciel_version = $5, donnees = $6,
                 version = version + 1 WHERE id = $1 AND version = $7",
                vec![
                    produit.id.into(),
                    Valeur::EntierOuNul(produit.reference),
                    cle(produit.etat).into(),
                    produit.fiche.nil.as_str().into(),
                    produit.fiche.version.as_str().into(),
                    donnees,
                    produit.version.into(),
                ],
            )
            .await?
        };
        exige_une(touchees)?;
        self.save_evenement(evenement).await
    }
}
