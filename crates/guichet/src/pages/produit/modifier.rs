//! Changes the fiche of a produit: a brouillon on its way to the catalogue, or one that is already there.
//!
//! Rule: two people at once never overwrite each other unseen: the form carries the version that it showed, and whoever
//! comes second reads what changed before deciding.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    calendrier::date_heure_fr,
    produit::{EtatProduit, Fiche, Produit, Refus},
    structure::Structure,
};
use registre::{Tx, Versionne};
use web::{Champs, Formulaire, Genre};

use super::{
    fiche::{self, Entretemps, Page},
    nouveau::Venue,
};
use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur, session};

/// The form over a produit; also what the first step of the wizard shows once the brouillon exists.
pub(super) fn page(
    app: &App,
    ici: &Ici,
    produit: &Versionne<Produit>,
    f: Champs,
    demarche: String,
    nom_fige: bool,
) -> Result<Page, Erreur> {
    let brouillon = produit.etat == EtatProduit::Brouillon;
    let url = format!("/produits/{}", produit.id);
    let action = format!("{url}/modifier");
    let titre = produit.titre();
    let titre_page = if brouillon { "Ajouter un nouveau produit" } else { "Modifier la fiche" };
    let fil = [("Produits", "/produits"), (titre.as_str(), url.as_str())];
    let fil = if brouillon { &fil[..1] } else { &fil[..] };
    Ok(Page {
        cadre: cadre(app, Some(ici), titre_page, &action, fil),
        f,
        titre: titre_page.to_owned(),
        retour: if brouillon { "/produits".to_owned() } else { url },
        action,
        garde: ("vue", produit.version.to_string()),
        demarche,
        brouillon,
        nom_fige,
        responsables: fiche::responsables(ici.structure()?),
        dispositifs: fiche::dispositifs(),
        entretemps: None,
    })
}

pub async fn voir(State(app): State<App>, ici: Ici, Query(venue): Query<Venue>) -> Result<Response, Erreur> {
    let produit = ici.produit()?;
    if produit.etat == EtatProduit::Archive {
        return Ok(Redirect::to(&format!("/produits/{}", produit.id)).into_response());
    }
    let mut tx = app.registre.lire().await?;
    let nom_fige = tx.produit_habilite(produit.id).await?;
    let f = fiche::champs(&produit.fiche);
    Ok(page(&app, &ici, produit, f, fiche::demarche(&venue.demarche), nom_fige)?.repondre())
}

pub async fn modifier(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let structure = ici.structure()?;
    let fiche = fiche::lire(&saisie, structure);
    let demarche = fiche::demarche(saisie.texte("demarche"));
    let vue: i64 = saisie.texte("vue").parse().unwrap_or(0);
    let mut tx = app.registre.ecrire().await?;
    let lu = tx.load_produit(ici.produit()?.id).await?.ok_or(Erreur::Introuvable)?;
    let nom_fige = tx.produit_habilite(lu.id).await?;
    if vue != lu.version && lu.fiche != fiche {
        let entretemps = entretemps(&mut tx, &lu, &fiche, structure).await?;
        let f = Champs::depuis(saisie);
        let page = Page { entretemps: Some(entretemps), ..page(&app, &ici, &lu, f, demarche, nom_fige)? };
        return Ok(page.repondre());
    }
    let brouillon = lu.etat == EtatProduit::Brouillon;
    let fautes = fiche.fautes();
    let mut enregistre = lu.clone();
    if lu.fiche != fiche {
        match lu.valeur.clone().modifier(fiche, nom_fige, &ici.acteur(), app.maintenant()) {
            Ok((produit, evenement)) => {
                let evenement = evenement_responsable(evenement, &lu.fiche, &produit.fiche, structure);
                tx.save_produit(&lu.vers(produit.clone()), &evenement).await?;
                tx.commit().await?;
                enregistre = Versionne { valeur: produit, version: lu.version + 1 };
            }
            Err(refus) => {
                let mut f = Champs::depuis(saisie);
                match refus {
                    Refus::Fiche(fautes) => f = fiche::avec_fautes(f, fautes),
                    Refus::NomFige => f.refuser("nom", refus.to_string()),
                    autre => f.refuser("", autre.to_string()),
                }
                return Ok(page(&app, &ici, &lu, f, demarche, nom_fige)?.repondre());
            }
        }
    }
    let url = format!("/produits/{}", lu.id);
    if !brouillon {
        session::aviser(&app, &ici, Genre::Succes, "La fiche est enregistrée.").await?;
        return Ok(Redirect::to(&url).into_response());
    }
    if saisie.coche("brouillon") {
        session::aviser(&app, &ici, Genre::Succes, "Brouillon enregistré.").await?;
        return Ok(Redirect::to("/produits").into_response());
    }
    if fautes.is_empty() {
        let recapitulatif = fiche::suite(&format!("{url}/recapitulatif"), &demarche);
        return Ok(Redirect::to(&recapitulatif).into_response());
    }
    let f = fiche::avec_fautes(Champs::depuis(saisie), fautes);
    Ok(page(&app, &ici, &enregistre, f, demarche, nom_fige)?.repondre())
}

/// The history names people, not identities.
fn evenement_responsable(
    evenement: domaine::evenement::Evenement,
    avant: &Fiche,
    apres: &Fiche,
    structure: &Structure,
) -> domaine::evenement::Evenement {
    if avant.responsable == apres.responsable {
        return evenement;
    }
    let nom = |fiche: &Fiche| {
        fiche
            .responsable
            .and_then(|id| structure.membre(id))
            .map_or_else(String::new, |membre| membre.nom.clone())
    };
    evenement.difference("responsable", nom(avant), nom(apres))
}

async fn entretemps(
    tx: &mut Tx,
    produit: &Produit,
    typee: &Fiche,
    structure: &Structure,
) -> Result<Entretemps, Erreur> {
    let dernier = tx.load_evenements(&super::sujet(produit), false).await?.pop();
    let maintenant = fiche::lignes(&produit.fiche, structure);
    let saisies = fiche::lignes(typee, structure);
    Ok(Entretemps {
        qui: dernier.as_ref().map_or_else(String::new, |lu| lu.evenement.acteur.nom.clone()),
        quand: dernier.map_or_else(String::new, |lu| date_heure_fr(lu.evenement.le)),
        valeurs: maintenant
            .into_iter()
            .zip(saisies)
            .filter(|((_, avant), (_, apres))| avant != apres)
            .map(|((champ, valeur), _)| (champ.to_owned(), valeur))
            .collect(),
    })
}
