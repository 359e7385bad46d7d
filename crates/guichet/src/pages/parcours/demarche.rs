//! One démarche: choose the produit that is attached to it, or describe a new one.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    permission::{Acte, Objet, permis},
    produit::{EtatProduit, Produit},
    referentiel::Guichet,
};
use serde::Deserialize;
use web::Cadre;

use crate::{
    acces::{Ici, qualites_sur},
    app::App,
    avancement,
    cadre::cadre,
    erreur::Erreur,
    pages::{connexion::revenir::accueil_de, produit::cherche},
};

#[derive(Deserialize)]
pub struct Recherche {
    #[serde(default)]
    q: String,
    /// The produit that was just described for this démarche.
    #[serde(default)]
    produit: String,
}

struct Choisi {
    id: String,
    titre: String,
    description: String,
    /// Says that it was just described.
    etat: &'static str,
    /// NRU and address of the candidatures already open at this guichet.
    ouvertes: Vec<(String, String)>,
    /// One-time token of the form.
    envoi: String,
}

#[derive(Template)]
#[template(path = "parcours/demarche.html")]
struct Page {
    cadre: Cadre,
    guichet: Guichet,
    q: String,
    produits: Vec<Choisi>,
    /// How many could be chosen without the search.
    total: usize,
    peut_creer: bool,
}

pub async fn voir(
    State(app): State<App>,
    ici: Ici,
    Path(guichet): Path<String>,
    Query(recherche): Query<Recherche>,
) -> Result<Response, Erreur> {
    let guichet =
        Guichet::TOUS.into_iter().find(|autre| autre.code() == guichet).ok_or(Erreur::Introuvable)?;
    if ici.agence() {
        return Ok(Redirect::to(accueil_de(&ici.personne)).into_response());
    }
    let structure = ici.structure()?;
    let mut tx = app.registre.lire().await?;
    let mut produits = tx.load_produits(structure.id).await?;
    produits.retain(|produit| {
        produit.etat == EtatProduit::Actif
            && permis(&qualites_sur(&ici.personne, structure, produit), Objet::Produit, Acte::Ecrire)
    });
    let total = produits.len();
    produits.retain(|produit| cherche(produit, &recherche.q));
    produits.sort_by_key(|produit| produit.id.to_string() != recherche.produit);
    let candidatures = tx.load_candidatures_structure(structure.id).await?;
    let choisi = |produit: &Produit| Choisi {
        id: produit.id.to_string(),
        titre: produit.titre(),
        description: produit.fiche.description.clone(),
        etat: if produit.id.to_string() == recherche.produit { "Nouveau" } else { "" },
        ouvertes: candidatures
            .iter()
            .filter(|autre| autre.produit == produit.id && autre.guichet == guichet && !autre.etat.terminee())
            .map(|autre| (autre.nru.to_string(), avancement::url(autre)))
            .collect(),
        envoi: app.alea.jeton(),
    };
    let chemin = format!("/demarches/{}", guichet.code());
    let page = Page {
        cadre: cadre(&app, Some(&ici), guichet.libelle(), &chemin, &[("Parcours", "/parcours")]),
        guichet,
        produits: produits.iter().map(choisi).collect(),
        q: recherche.q,
        total,
        peut_creer: structure
            .membre(ici.personne.id)
            .is_some_and(|membre| permis(&[membre.role.qualite()], Objet::Produit, Acte::Ecrire)),
    };
    Ok(web::page(&page))
}
