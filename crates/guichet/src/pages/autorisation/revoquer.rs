//! Revokes an autorisation: it no longer opens any environment.

use axum::{extract::State, response::Response};
use domaine::autorisation::Autorisation;
use web::Formulaire;

use super::prolonger::Acte;
use crate::{acces::Ici, app::App, erreur::Erreur, taches::Avertissement};

pub async fn revoquer(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let acte = Acte {
        champ: "motif_revoquer",
        avertissement: Avertissement::AutorisationRevoquee,
        fait: "L’autorisation est révoquée\u{a0}; les collaborateurs sont prévenus.",
        nouveau_document: false,
    };
    let motif = saisie.texte(acte.champ).to_owned();
    let suite = |une: Autorisation| une.revoquer(&motif, &ici.acteur(), app.maintenant());
    acte.faire(&app, &ici, saisie.clone(), suite).await
}
