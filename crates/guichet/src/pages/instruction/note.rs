//! Adds a note that stays inside the agency, on the dossier, on a field of the formulaire or on a preuve.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{candidature::Candidature, formulaire::champs};
use http::StatusCode;
use registre::NoteInterne;
use web::{Cadre, Champs, Formulaire, Genre, Saisie};

use super::retour;
use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur, session};

const LONGUEUR: usize = 4000;

#[derive(Template)]
#[template(path = "instruction/note.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    action: String,
    objet: String,
    retour: String,
    envoi: String,
}

pub async fn ajouter(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let objet = saisie.texte("objet");
    if !connu(candidature, objet) {
        return Err(Erreur::Demande("Cette note ne porte sur aucune partie de ce dossier.".to_owned()));
    }
    let defaut = format!("/candidatures/{}", candidature.id);
    let retour = retour(&saisie, &defaut).to_owned();
    let texte = saisie.texte("texte");
    let faute = match texte.chars().count() {
        0 => Some("Écrivez la note.".to_owned()),
        n if n > LONGUEUR => Some(format!("Une note compte {LONGUEUR} caractères au plus ({n} ici).")),
        _ => None,
    };
    if let Some(faute) = faute {
        return Ok(refuser(&app, &ici, &saisie, &retour, faute));
    }
    let le = app.maintenant();
    let note = NoteInterne { objet: objet.to_owned(), auteur: ici.acteur(), le, texte: texte.to_owned() };
    let mut tx = app.registre.ecrire().await?;
    match tx.save_envoi(saisie.texte("envoi"), &retour, le).await {
        Ok(()) => {
            tx.save_note(&app.alea.uuid(le).to_string(), candidature.id, &note).await?;
            tx.commit().await?;
        }
        // The same form, sent twice: the first one counts.
        Err(registre::Erreur::Conflit) => drop(tx),
        Err(erreur) => return Err(erreur.into()),
    }
    session::aviser(&app, &ici, Genre::Succes, "La note est ajoutée. L’industriel ne la voit pas.").await?;
    Ok(Redirect::to(&retour).into_response())
}

fn refuser(app: &App, ici: &Ici, saisie: &Saisie, retour: &str, faute: String) -> Response {
    let action = ici
        .candidature()
        .map_or_else(|_| String::new(), |candidature| format!("/candidatures/{}/notes", candidature.id));
    let mut f = Champs::depuis(saisie.clone());
    f.refuser("texte", faute);
    let cadre = cadre(app, Some(ici), "Note interne", &action, &[("Retour au dossier", retour)]);
    web::page_avec(
        StatusCode::UNPROCESSABLE_ENTITY,
        &Page {
            cadre,
            f,
            action,
            objet: saisie.texte("objet").to_owned(),
            retour: retour.to_owned(),
            envoi: saisie.texte("envoi").to_owned(),
        },
    )
}

/// Whether `objet` names a part of this dossier.
fn connu(candidature: &Candidature, objet: &str) -> bool {
    match objet.split_once(':') {
        None => objet == "dossier",
        Some(("champ", cle)) => champs::trouver(cle, candidature.guichet).is_some(),
        Some(("preuve", id)) => candidature
            .chapitres
            .iter()
            .flat_map(|chapitre| &chapitre.emplacements)
            .flat_map(|slot| &slot.preuves)
            .any(|preuve| preuve.id.to_string() == id),
        Some(_) => false,
    }
}
