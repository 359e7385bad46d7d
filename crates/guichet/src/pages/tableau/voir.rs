//! The industriel's dashboard: what needs them first, where each candidature stands, what they hold and until when.
//!
//! Rule: a member sees the produits on which they have a right, and nothing of the others.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::permission::{Acte, Objet, permis};
use web::Cadre;

use super::{
    dossier::{Document, Dossier, charger},
    urgence::{Urgence, urgences},
};
use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur, pages::connexion::revenir::accueil_de};

#[derive(Template)]
#[template(path = "tableau/voir.html")]
struct Page {
    cadre: Cadre,
    denomination: String,
    peut_creer: bool,
    /// Whether the catalogue holds at least one validated produit.
    produits: bool,
    urgences: Vec<Urgence>,
    ouverts: Vec<Dossier>,
    clos: Vec<Dossier>,
    documents: Vec<Document>,
    /// Names of the structures that withdrew the person, shown to somebody who belongs to none.
    retraits: Vec<String>,
}

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    if ici.agence() {
        return Ok(Redirect::to(accueil_de(&ici.personne)).into_response());
    }
    let cadre = cadre(&app, Some(&ici), "Tableau de bord", "/tableau-de-bord", &[]);
    let mut page = Page {
        cadre,
        denomination: String::new(),
        peut_creer: false,
        produits: false,
        urgences: Vec::new(),
        ouverts: Vec::new(),
        clos: Vec::new(),
        documents: Vec::new(),
        retraits: Vec::new(),
    };
    let Ok(structure) = ici.structure() else {
        let retirant = app.registre.lire().await?.load_structures_retirant(ici.personne.id).await?;
        page.retraits = retirant.into_iter().map(|une| une.denomination).collect();
        return Ok(web::page(&page));
    };
    page.denomination.clone_from(&structure.denomination);
    page.peut_creer = structure
        .membre(ici.personne.id)
        .is_some_and(|membre| permis(&[membre.role.qualite()], Objet::Produit, Acte::Ecrire));
    let mut tx = app.registre.lire().await?;
    let espace = charger(&app, &mut tx, &ici.personne, structure).await?;
    page.produits = espace.produits.iter().any(|produit| produit.reference.is_some());
    page.urgences = urgences(&espace, app.maintenant());
    page.documents = espace.documents;
    (page.clos, page.ouverts) = espace.dossiers.into_iter().partition(|dossier| dossier.terminee);
    Ok(web::page(&page))
}
