//! The page behind the link of an invitation: who invites, where, as what; then the acceptance.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    calendrier::{date_fr, jour},
    structure::{Refus, Structure},
};
use http::StatusCode;
use registre::Versionne;
use web::{Cadre, Formulaire, Genre};

use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur, session};

#[derive(Template)]
#[template(path = "structure/invitation.html")]
struct Page {
    cadre: Cadre,
    action: String,
    denomination: String,
    siret: String,
    par: String,
    role: &'static str,
    courriel: String,
    expire: String,
    /// Why this person can't accept it; empty when they can.
    refus: String,
}

async fn chercher(app: &App, jeton: &str) -> Result<Versionne<Structure>, Erreur> {
    let mut tx = app.registre.lire().await?;
    let structure = tx.load_structure_par_invitation(&super::empreinte(jeton)).await?;
    structure.ok_or_else(|| Refus::InvitationInconnue.into())
}

fn page(
    app: &App,
    ici: &Ici,
    jeton: &str,
    structure: &Structure,
    refus: Option<&Refus>,
) -> Result<Response, Erreur> {
    let empreinte = super::empreinte(jeton);
    let invitation = structure
        .invitations
        .iter()
        .find(|invitation| invitation.empreinte == empreinte)
        .ok_or(Refus::InvitationInconnue)?;
    let action = format!("/invitations/{jeton}");
    let statut = if refus.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Page {
        cadre: cadre(app, Some(ici), "Invitation", &action, &[]),
        action,
        denomination: structure.denomination.clone(),
        siret: structure.siret.lisible(),
        par: invitation.par.nom.clone(),
        role: invitation.role.libelle(),
        courriel: invitation.courriel.to_string(),
        expire: date_fr(jour(invitation.expire)),
        refus: refus.map_or_else(String::new, ToString::to_string),
    };
    Ok(web::page_avec(statut, &page))
}

pub async fn voir(State(app): State<App>, ici: Ici, Path(jeton): Path<String>) -> Result<Response, Erreur> {
    let structure = chercher(&app, &jeton).await?;
    // Decided and thrown away: the page tells beforehand what the act would refuse.
    let essai = structure.valeur.clone().accepter_invitation(
        &super::empreinte(&jeton),
        &ici.personne,
        app.maintenant(),
    );
    let refus = essai.err().or_else(|| ici.agence().then_some(Refus::AutreStructure));
    page(&app, &ici, &jeton, &structure, refus.as_ref())
}

pub async fn accepter(
    State(app): State<App>,
    ici: Ici,
    Path(jeton): Path<String>,
    _: Formulaire,
) -> Result<Response, Erreur> {
    let empreinte = super::empreinte(&jeton);
    let le = app.maintenant();
    let mut tx = app.registre.ecrire().await?;
    let lue = tx.load_structure_par_invitation(&empreinte).await?.ok_or(Refus::InvitationInconnue)?;
    let mut personne = tx.load_personne(ici.personne.id).await?.ok_or(Erreur::Introuvable)?;
    let accepte = if personne.est_agence() {
        Err(Refus::AutreStructure)
    } else {
        lue.valeur.clone().accepter_invitation(&empreinte, &personne, le)
    };
    let (structure, evenement) = match accepte {
        Ok(suite) => suite,
        Err(refus) => return page(&app, &ici, &jeton, &lue, Some(&refus)),
    };
    personne.structure = Some(structure.id);
    let texte = format!("Bienvenue chez {}.", structure.denomination);
    tx.save_structure(&lue.vers(structure), &evenement).await?;
    tx.save_personne(&personne).await?;
    tx.commit().await?;
    session::aviser(&app, &ici, Genre::Succes, &texte).await?;
    Ok(Redirect::to("/tableau-de-bord").into_response())
}
