//! The Client IDs that produits were given. One never changes: it is written with its event, and read.

use domaine::{client_psc::ClientPsc, evenement::Evenement, id::Id, produit::Produit};

use crate::base::{Resultat, Tx, exige_une, json};

impl Tx {
    /// The Client IDs of a produit, newest first.
    pub async fn load_clients_psc(&mut self, produit: Id<Produit>) -> Resultat<Vec<ClientPsc>> {
        self.lignes(
            "SELECT donnees FROM client_psc WHERE produit = $1 ORDER BY le DESC, id DESC",
            vec![produit.into()],
        )
        .await?
        .iter()
        .map(|ligne| ligne.donnees("client_psc"))
        .collect()
    }

    /// A Client ID belongs to one demande: given a second time, it is [`crate::Erreur::Conflit`].
    pub async fn save_client_psc(&mut self, client: &ClientPsc, evenement: &Evenement) -> Resultat<()> {
        let donnees = json("client_psc", client)?;
        let touchees = self
            .executer(
                "INSERT INTO client_psc (id, produit, client_id, le, donnees) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT DO NOTHING",
                vec![
                    client.id.into(),
                    client.produit.into(),
                    client.client_id.as_str().into(),
                    client.le.into(),
                    donnees,
                ],
            )
            .await?;
        exige_une(touchees)?;
        self.save_evenement(evenement).await
    }
}
