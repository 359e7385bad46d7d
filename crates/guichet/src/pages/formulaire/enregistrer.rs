//! Saves the draft, valid or not: by hand, or as the person types.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{candidature::Refus, formulaire::EtatFormulaire};
use http::{HeaderMap, StatusCode};
use web::{Formulaire, Genre};

use super::{brouillon, conflit};
use crate::{acces::Ici, app::App, erreur::Erreur, session};

/// Where the buttons that lead elsewhere may lead, once the draft is saved.
const SUITES: &str = "composants/";

pub async fn enregistrer(
    State(app): State<App>,
    ici: Ici,
    entetes: HeaderMap,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let htmx = web::htmx::est_htmx(&entetes);
    let candidature = match brouillon::enregistrer(&app, &ici, &saisie).await? {
        Ok(candidature) => candidature,
        Err(refuse) => return conflit::page(&app, &ici, *refuse, saisie, htmx).await,
    };
    let base = format!("/candidatures/{}", candidature.id);
    let suite = saisie.texte("puis");
    if suite.strip_prefix(SUITES).is_some_and(|rang| rang.bytes().all(|octet| octet.is_ascii_alphanumeric()))
    {
        return Ok(Redirect::to(&format!("{base}/{suite}")).into_response());
    }
    if !htmx {
        let contexte = app.contexte(candidature.guichet);
        let texte = match candidature.formulaire.etat {
            EtatFormulaire::Valide { .. } => "Modification enregistrée ; l’agence la voit.".to_owned(),
            _ => match candidature.formulaire.fautes(&contexte).len() {
                0 => "Brouillon enregistré. Le formulaire est complet : vous pouvez le soumettre.".to_owned(),
                1 => "Brouillon enregistré. Il reste un point à compléter avant de soumettre.".to_owned(),
                n => format!("Brouillon enregistré. Il reste {n} points à compléter avant de soumettre."),
            },
        };
        session::aviser(&app, &ici, Genre::Succes, &texte).await?;
    }
    Ok(Redirect::to(&format!("{base}/formulaire")).into_response())
}

/// Saves as the person types; the protocol is that of `edc.js`.
pub async fn auto(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    Ok(match brouillon::enregistrer(&app, &ici, &saisie).await? {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(refuse) if matches!(refuse.refus, Refus::Formulaire(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        Err(_) => StatusCode::CONFLICT,
    }
    .into_response())
}
