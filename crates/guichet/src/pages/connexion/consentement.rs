//! The consent asked at the first access (spec guichets §2.1, R2).

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use web::{Cadre, Champs, Formulaire, Saisie};

use super::{partir::chemin_sur, revenir::accueil_de};
use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur};

#[derive(Template)]
#[template(path = "connexion/consentement.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    prenom: String,
    /// Where the person was going when the consent was asked.
    retour: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Parametres {
    retour: String,
}

/// Where to go once the consent is given: where the person was going, else their own first page.
fn destination(ici: &Ici, retour: &str) -> String {
    match chemin_sur(retour) {
        "/" => accueil_de(&ici.personne).to_owned(),
        chemin => chemin.to_owned(),
    }
}

fn page(app: &App, ici: &Ici, f: Champs, retour: &str) -> Response {
    let cadre = cadre(app, Some(ici), "Partage de vos données", "/consentement", &[]);
    web::page(&Page { cadre, f, prenom: ici.personne.prenom.clone(), retour: retour.to_owned() })
}

pub async fn voir(State(app): State<App>, ici: Ici, Query(p): Query<Parametres>) -> Result<Response, Erreur> {
    if ici.personne.consentement.is_some() {
        return Ok(Redirect::to(&destination(&ici, &p.retour)).into_response());
    }
    Ok(page(&app, &ici, Champs::vides(), &p.retour))
}

pub async fn donner(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    if !accepte(&saisie) {
        let retour = saisie.texte("retour").to_owned();
        let mut f = Champs::depuis(saisie);
        f.refuser("accord", "Sans votre accord, le guichet ne peut pas ouvrir votre espace.");
        return Ok(page(&app, &ici, f, &retour));
    }
    let mut tx = app.registre.ecrire().await?;
    let personne = tx.load_personne(ici.personne.id).await?.ok_or(Erreur::Introuvable)?;
    if let Some((personne, evenement)) = personne.clone().consentir(app.maintenant()) {
        tx.save_personne(&personne).await?;
        tx.save_evenement(&evenement).await?;
        tx.commit().await?;
    }
    Ok(Redirect::to(&destination(&ici, saisie.texte("retour"))).into_response())
}

fn accepte(saisie: &Saisie) -> bool {
    saisie.coche("accord")
}
