//! The first step of the wizard: a new produit, kept as a brouillon from its first sending on.
//!
//! Rule: a brouillon may be wrong, so nothing typed is ever lost to a fault; only a nameless one is not worth keeping.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::produit::{Fiche, Produit};
use registre::Versionne;
use serde::Deserialize;
use web::{Champs, Formulaire, Genre};

use super::{
    fiche::{self, Page},
    modifier,
};
use crate::{acces::Ici, app::App, cadre::cadre, envoi, erreur::Erreur, session};

#[derive(Deserialize)]
pub struct Venue {
    #[serde(default)]
    pub(super) demarche: String,
}

fn page(app: &App, ici: &Ici, f: Champs, envoi: String, demarche: String) -> Result<Page, Erreur> {
    let structure = ici.structure()?;
    let fil = [("Produits", "/produits")];
    Ok(Page {
        cadre: cadre(app, Some(ici), "Ajouter un nouveau produit", "/produits/nouveau", &fil),
        f,
        titre: "Ajouter un nouveau produit".to_owned(),
        action: "/produits/nouveau".to_owned(),
        retour: if demarche.is_empty() { "/produits".to_owned() } else { format!("/demarches/{demarche}") },
        garde: ("envoi", envoi),
        demarche,
        brouillon: true,
        nom_fige: false,
        responsables: fiche::responsables(structure),
        dispositifs: fiche::dispositifs(),
        entretemps: None,
    })
}

pub async fn voir(State(app): State<App>, ici: Ici, Query(venue): Query<Venue>) -> Result<Response, Erreur> {
    let vide = Fiche { responsable: Some(ici.personne.id), ..Fiche::default() };
    let mut f = fiche::champs(&vide);
    let demarche = fiche::demarche(&venue.demarche);
    if !demarche.is_empty() {
        f = f.avec("dispositifs", "edc-psc");
    }
    Ok(page(&app, &ici, f, app.alea.jeton(), demarche)?.repondre())
}

pub async fn creer(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let jeton = envoi::jeton(&app, &saisie);
    if let Some(url) = envoi::deja(&app, &jeton).await? {
        return Ok(Redirect::to(&url).into_response());
    }
    let structure = ici.structure()?;
    let fiche = fiche::lire(&saisie, structure);
    let demarche = fiche::demarche(saisie.texte("demarche"));
    let fautes = fiche.fautes();
    if fiche.nom.is_empty() {
        let f = fiche::avec_fautes(Champs::depuis(saisie), fautes);
        return Ok(page(&app, &ici, f, jeton, demarche)?.repondre());
    }
    let le = app.maintenant();
    let (produit, evenement) = Produit::brouillon(app.id(), structure.id, fiche, &ici.acteur(), le);
    let reprendre = fiche::suite(&format!("/produits/{}/modifier", produit.id), &demarche);
    let mut tx = app.registre.ecrire().await?;
    match tx.save_envoi(&jeton, &reprendre, le).await {
        Ok(()) => {}
        Err(registre::Erreur::Conflit) => {
            return Ok(Redirect::to(&reprendre_premier(&app, &jeton).await?).into_response());
        }
        Err(erreur) => return Err(erreur.into()),
    }
    tx.save_produit(&Versionne::nouveau(produit.clone()), &evenement).await?;
    tx.commit().await?;
    let enregistre = Versionne { valeur: produit, version: 1 };
    if saisie.coche("brouillon") {
        session::aviser(
            &app,
            &ici,
            Genre::Succes,
            "Brouillon enregistré. Vous pouvez le reprendre quand vous voulez.",
        )
        .await?;
        return Ok(Redirect::to("/produits").into_response());
    }
    if fautes.is_empty() {
        let recapitulatif = fiche::suite(&format!("/produits/{}/recapitulatif", enregistre.id), &demarche);
        return Ok(Redirect::to(&recapitulatif).into_response());
    }
    // From here on the brouillon exists: the corrected form changes it instead of making another one.
    let f = fiche::avec_fautes(Champs::depuis(saisie), fautes);
    Ok(modifier::page(&app, &ici, &enregistre, f, demarche, false)?.repondre())
}

async fn reprendre_premier(app: &App, jeton: &str) -> Result<String, Erreur> {
    envoi::deja(app, jeton).await?.ok_or(Erreur::Registre(registre::Erreur::Conflit))
}
