//! Takes a produit out of the lists, once nothing rests on it.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use web::{Formulaire, Genre};

use crate::{acces::Ici, app::App, erreur::Erreur, session};

pub async fn archiver(State(app): State<App>, ici: Ici, _: Formulaire) -> Result<Response, Erreur> {
    let mut tx = app.registre.ecrire().await?;
    let lu = tx.load_produit(ici.produit()?.id).await?.ok_or(Erreur::Introuvable)?;
    let en_usage = super::en_usage(&mut tx, &lu).await?;
    let (produit, evenement) = lu.valeur.clone().archiver(en_usage, &ici.acteur(), app.maintenant())?;
    tx.save_produit(&lu.vers(produit), &evenement).await?;
    tx.commit().await?;
    session::aviser(&app, &ici, Genre::Succes, "Le produit est archivé.").await?;
    Ok(Redirect::to("/produits?vue=archives").into_response())
}
