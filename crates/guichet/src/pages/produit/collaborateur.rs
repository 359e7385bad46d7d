//! Gives, changes or withdraws the right of somebody of the structure on a produit.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::produit::{Droit, Refus};
use web::{Formulaire, Genre};

use crate::{acces::Ici, app::App, erreur::Erreur, session};

pub async fn donner_droit(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let (produit, structure) = (ici.produit()?, ici.structure()?);
    let droit =
        match saisie.texte("droit") {
            "" => None,
            cle => Some(Droit::depuis_cle(cle).ok_or_else(|| {
                Erreur::Demande("Choisissez un droit : lecture, dépôt ou gestion.".to_owned())
            })?),
        };
    let personne = saisie.texte("personne");
    let membre = structure
        .membres
        .iter()
        .find(|membre| membre.personne.to_string() == personne)
        .ok_or(Refus::PasMembre)?;
    let (par, le) = (ici.acteur(), app.maintenant());
    let (id, nom) = (membre.personne, membre.nom.clone());
    if produit.droit(id) != droit {
        super::agir(&app, produit.id, |produit| produit.donner_droit(structure, id, droit, &par, le)).await?;
    }
    let texte = match droit {
        Some(droit) => format!("{nom} a désormais le droit de {} sur ce produit.", droit.libelle()),
        None => format!("{nom} n’a plus accès à ce produit."),
    };
    session::aviser(&app, &ici, Genre::Succes, &texte).await?;
    // Whoever withdrew their own right has nothing left to see here.
    let retour = if droit.is_none() && ici.personne.id == id {
        "/produits".to_owned()
    } else {
        format!("/produits/{}#collaborateurs", produit.id)
    };
    Ok(Redirect::to(&retour).into_response())
}
