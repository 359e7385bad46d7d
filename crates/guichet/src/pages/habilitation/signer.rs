//! What waits for the signatory, and the signature itself.
//!
//! Rule: whoever signs has proved who they are in the last five minutes, and has instructed no part of the dossier.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::calendrier::date_fr;
use serde::Deserialize;
use web::{Cadre, Formulaire, Genre};

use crate::{
    acces::Ici,
    app::App,
    cadre::cadre,
    erreur::Erreur,
    habilitations::{self, Dependance},
    session,
};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Parametres {
    /// Number of the habilitation that the person was about to sign when they were asked to prove who they are.
    reprendre: String,
}

struct Ligne {
    numero: String,
    profil: String,
    denomination: String,
    logiciel: String,
    nru: String,
    decision: String,
    fin: String,
    /// Why this person may not sign it.
    refus: Option<String>,
    /// Marks the one that was about to be signed.
    repere: &'static str,
    alertes: Vec<Dependance>,
}

#[derive(Template)]
#[template(path = "habilitation/signature.html")]
struct Page {
    cadre: Cadre,
    lignes: Vec<Ligne>,
    /// Whether the next signature goes through without another proof of identity.
    fraiche: bool,
}

pub async fn lister(
    State(app): State<App>,
    ici: Ici,
    Query(parametres): Query<Parametres>,
) -> Result<Response, Erreur> {
    let le = app.maintenant();
    let par = ici.acteur();
    let mut tx = app.registre.lire().await?;
    let mut lignes = Vec::new();
    for projet in tx.load_habilitations(true).await? {
        let Some(candidature) = tx.load_candidature(projet.candidature).await? else { continue };
        let mut alertes = habilitations::dependances(&mut tx, &projet, le).await?;
        alertes.retain(|une| !une.en_vigueur);
        let contenu = &projet.contenu;
        lignes.push(Ligne {
            numero: contenu.numero.clone(),
            profil: format!("{} – {}", contenu.profil, contenu.profil.libelle()),
            denomination: contenu.denomination.clone(),
            logiciel: format!("{} {}", contenu.logiciel, contenu.version),
            nru: contenu.nru.to_string(),
            decision: date_fr(contenu.decision_le),
            fin: date_fr(contenu.fin),
            refus: projet.exige_signataire(&candidature, &par).err().map(|refus| refus.to_string()),
            repere: if contenu.numero == parametres.reprendre { "Prête à signer" } else { "" },
            alertes,
        });
    }
    lignes.sort_by_key(|ligne| ligne.repere.is_empty());
    Ok(web::page(&Page {
        cadre: cadre(&app, Some(&ici), "À signer", "/signature", &[]),
        lignes,
        fraiche: habilitations::preuve_fraiche(&ici.session, le),
    }))
}

pub async fn signer(State(app): State<App>, ici: Ici, _: Formulaire) -> Result<Response, Erreur> {
    let projet = ici.habilitation()?;
    let candidature = ici.candidature()?;
    projet.exige_signataire(candidature, &ici.acteur())?;
    if !habilitations::preuve_fraiche(&ici.session, app.maintenant()) {
        let retour = format!("/signature?reprendre={}", projet.numero());
        let url: String = url::form_urlencoded::byte_serialize(retour.as_bytes()).collect();
        return Ok(Redirect::to(&format!("/connexion?preuve=true&retour={url}")).into_response());
    }
    let active = habilitations::signer(&app, projet, candidature, &ici.acteur()).await?;
    let texte = format!(
        "L’habilitation {} est signée et en vigueur\u{a0}; son titulaire est prévenu.",
        active.numero()
    );
    session::aviser(&app, &ici, Genre::Succes, &texte).await?;
    Ok(Redirect::to("/signature").into_response())
}
