//! The catalogue of a structure, as cards with a search.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    permission::{Acte, Objet, permis},
    produit::EtatProduit,
};
use serde::Deserialize;
use web::{Cadre, Genre, Lien};

use super::cherche;
use crate::{
    acces::{Ici, qualites_sur},
    app::App,
    cadre::cadre,
    erreur::Erreur,
    pages::connexion::revenir::accueil_de,
};

#[derive(Deserialize)]
pub struct Recherche {
    #[serde(default)]
    q: String,
    /// `archives` shows what was archived instead of what is in use.
    #[serde(default)]
    vue: String,
}

struct CarteProduit {
    titre: String,
    url: String,
    description: String,
    responsable: String,
    etat: &'static str,
    genre: Genre,
    candidatures: usize,
    droit: String,
}

#[derive(Template)]
#[template(path = "produit/lister.html")]
struct Page {
    cadre: Cadre,
    q: String,
    archives: bool,
    onglets: Vec<Lien>,
    produits: Vec<CarteProduit>,
    total: usize,
    peut_creer: bool,
}

pub async fn lister(
    State(app): State<App>,
    ici: Ici,
    Query(recherche): Query<Recherche>,
) -> Result<Response, Erreur> {
    if ici.agence() {
        return Ok(Redirect::to(accueil_de(&ici.personne)).into_response());
    }
    let Ok(structure) = ici.structure() else { return Ok(Redirect::to("/tableau-de-bord").into_response()) };
    let mut tx = app.registre.lire().await?;
    let mut produits = tx.load_produits(structure.id).await?;
    produits.retain(|produit| {
        permis(&qualites_sur(&ici.personne, structure, produit), Objet::Produit, Acte::Lire)
    });
    let candidatures = tx.load_candidatures_structure(structure.id).await?;
    let archives = recherche.vue == "archives";
    let archive = |etat| etat == EtatProduit::Archive;
    let nombre = produits.iter().filter(|produit| archive(produit.etat)).count();
    let onglets = if nombre == 0 {
        Vec::new()
    } else {
        let compte = |nombre: usize| u32::try_from(nombre).unwrap_or(u32::MAX);
        vec![
            Lien::nouveau("En usage", "/produits").actif(!archives).badge(compte(produits.len() - nombre)),
            Lien::nouveau("Archivés", "/produits?vue=archives").actif(archives).badge(compte(nombre)),
        ]
    };
    produits.retain(|produit| archive(produit.etat) == archives);
    let total = produits.len();
    produits.retain(|produit| cherche(produit, &recherche.q));
    produits.sort_by_key(|produit| produit.etat != EtatProduit::Brouillon);
    let cartes = produits
        .iter()
        .map(|produit| {
            let url = format!("/produits/{}", produit.id);
            let nom = |id| structure.membre(id).map_or_else(String::new, |membre| membre.nom.clone());
            CarteProduit {
                titre: produit.titre(),
                url: if produit.etat == EtatProduit::Brouillon { format!("{url}/modifier") } else { url },
                description: produit.fiche.description.clone(),
                responsable: produit.fiche.responsable.map_or_else(String::new, nom),
                etat: produit.etat.libelle(),
                genre: super::genre(produit),
                candidatures: candidatures.iter().filter(|autre| autre.produit == produit.id).count(),
                droit: produit
                    .droit(ici.personne.id)
                    .map_or_else(String::new, |droit| droit.libelle().to_owned()),
            }
        })
        .collect();
    let page = Page {
        cadre: cadre(&app, Some(&ici), "Produits", "/produits", &[]),
        archives,
        onglets,
        produits: cartes,
        total,
        peut_creer: structure
            .membre(ici.personne.id)
            .is_some_and(|membre| permis(&[membre.role.qualite()], Objet::Produit, Acte::Ecrire)),
        q: recherche.q,
    };
    Ok(web::page(&page))
}
