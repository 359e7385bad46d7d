//! The second step of the wizard: the fiche read over, then « Valider ».

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::produit::{EtatProduit, Refus};
use web::{Cadre, Formulaire, Genre};

use super::{fiche, modifier, nouveau::Venue};
use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur, session};

/// References start above this, so that nobody takes one for a version in « nom - version - référence ».
const PREMIERE_REFERENCE: i64 = 1000;

#[derive(Template)]
#[template(path = "produit/recapitulatif.html")]
struct Page {
    cadre: Cadre,
    lignes: Vec<(&'static str, String)>,
    nil_pris: bool,
    valider: String,
    corriger: String,
    demarche: String,
}

pub async fn voir(State(app): State<App>, ici: Ici, Query(venue): Query<Venue>) -> Result<Response, Erreur> {
    let produit = ici.produit()?;
    let url = format!("/produits/{}", produit.id);
    let demarche = fiche::demarche(&venue.demarche);
    if produit.etat != EtatProduit::Brouillon {
        return Ok(Redirect::to(&url).into_response());
    }
    let fautes = produit.fiche.fautes();
    if !fautes.is_empty() {
        let f = fiche::avec_fautes(fiche::champs(&produit.fiche), fautes);
        return Ok(modifier::page(&app, &ici, produit, f, demarche, false)?.repondre());
    }
    let mut tx = app.registre.lire().await?;
    let page = Page {
        cadre: cadre(
            &app,
            Some(&ici),
            "Vérifier et valider",
            &format!("{url}/recapitulatif"),
            &[("Produits", "/produits")],
        ),
        lignes: fiche::lignes(&produit.fiche, ici.structure()?),
        nil_pris: tx.nil_deja_pris(produit).await?,
        valider: format!("{url}/valider"),
        corriger: fiche::suite(&format!("{url}/modifier"), &demarche),
        demarche,
    };
    Ok(web::page(&page))
}

pub async fn valider(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let demarche = fiche::demarche(saisie.texte("demarche"));
    let mut tx = app.registre.ecrire().await?;
    let lu = tx.load_produit(ici.produit()?.id).await?.ok_or(Erreur::Introuvable)?;
    let url = format!("/produits/{}", lu.id);
    let suite =
        if demarche.is_empty() { url.clone() } else { format!("/demarches/{demarche}?produit={}", lu.id) };
    let reference = PREMIERE_REFERENCE + tx.suivant("produit").await?;
    match lu.valeur.clone().valider(reference, &ici.acteur(), app.maintenant()) {
        Ok((produit, evenement)) => {
            tx.save_produit(&lu.vers(produit), &evenement).await?;
            tx.commit().await?;
        }
        // A second click: the produit is there, and keeps its first number.
        Err(Refus::DejaValide) => return Ok(Redirect::to(&suite).into_response()),
        Err(Refus::Fiche(fautes)) => {
            let f = fiche::avec_fautes(fiche::champs(&lu.fiche), fautes);
            return Ok(modifier::page(&app, &ici, &lu, f, demarche, false)?.repondre());
        }
        Err(refus) => return Err(refus.into()),
    }
    let texte = if demarche.is_empty() {
        "Le produit est à votre catalogue. Rattachez-le à une démarche pour candidater."
    } else {
        "Le produit est à votre catalogue : il ne reste qu’à l’ajouter à la démarche."
    };
    session::aviser(&app, &ici, Genre::Succes, texte).await?;
    Ok(Redirect::to(&suite).into_response())
}
