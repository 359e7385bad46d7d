//! « Démarrer »: opens the formulaire administratif.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::candidature::{Etat, Refus};
use web::Formulaire;

use crate::{acces::Ici, app::App, avancement, erreur::Erreur};

pub async fn demarrer(State(app): State<App>, ici: Ici, _: Formulaire) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let formulaire = Redirect::to(&format!("{}/formulaire", avancement::url(candidature)));
    let (par, le) = (ici.acteur(), app.maintenant());
    // A second click finds the form already open: that is what was asked for.
    let ouvert = |etat: &Etat| matches!(etat, Etat::FormulaireEnCours | Etat::FormulaireACorriger);
    if ouvert(&candidature.etat) {
        return Ok(formulaire.into_response());
    }
    match app.agir(candidature.id, |candidature| candidature.demarrer(&par, le)).await {
        Ok(_) => Ok(formulaire.into_response()),
        Err(Erreur::Refus(texte)) if texte == Refus::Etat(Etat::FormulaireEnCours.libelle()).to_string() => {
            Ok(formulaire.into_response())
        }
        Err(erreur) => Err(erreur),
    }
}
