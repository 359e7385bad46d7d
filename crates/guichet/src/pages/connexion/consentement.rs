//! The consent asked at the first access (spec guichets §2.1, R2).

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use web::{Cadre, Champs, Formulaire, Saisie};

use super::revenir::accueil_de;
use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur};

#[derive(Template)]
#[template(path = "connexion/consentement.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    prenom: String,
}

fn page(app: &App, ici: &Ici, f: Champs) -> Response {
    let cadre = cadre(app, Some(ici), "Partage de vos données", "/consentement", &[]);
    web::page(&Page { cadre, f, prenom: ici.personne.prenom.clone() })
}

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    if ici.personne.consentement.is_some() {
        return Ok(Redirect::to(accueil_de(&ici.personne)).into_response());
    }
    Ok(page(&app, &ici, Champs::vides()))
}

pub async fn donner(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    if !accepte(&saisie) {
        let mut f = Champs::depuis(saisie);
        f.refuser("accord", "Sans votre accord, le guichet ne peut pas ouvrir votre espace.");
        return Ok(page(&app, &ici, f));
    }
    let mut tx = app.registre.ecrire().await?;
    let personne = tx.load_personne(ici.personne.id).await?.ok_or(Erreur::Introuvable)?;
    if let Some((personne, evenement)) = personne.clone().consentir(app.maintenant()) {
        tx.save_personne(&personne).await?;
        tx.save_evenement(&evenement).await?;
        tx.commit().await?;
    }
    Ok(Redirect::to(accueil_de(&personne)).into_response())
}

fn accepte(saisie: &Saisie) -> bool {
    saisie.coche("accord")
}
