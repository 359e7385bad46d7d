//! Adds a note that stays inside the agency, on the dossier, on a field of the formulaire or on a preuve.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{candidature::Candidature, chapitre::Emplacement, evenement::Evenement, formulaire::champs};
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
            let evenement = Evenement::new(candidature.sujet(), "Note interne ajoutée", &note.auteur, le)
                .difference(intitule(candidature, objet), "", texte)
                .interne();
            tx.save_note(&app.alea.uuid(le).to_string(), candidature.id, &note, &evenement).await?;
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

/// How the history names the part of the dossier that a note is about.
fn intitule(candidature: &Candidature, objet: &str) -> String {
    match objet.split_once(':') {
        Some(("champ", cle)) => {
            champs::trouver(cle, candidature.guichet).map_or_else(|| cle.to_owned(), champs::Champ::intitule)
        }
        Some((_, id)) => {
            emplacement(candidature, id).map_or_else(|| id.to_owned(), |slot| slot.attendue.clone())
        }
        None => "dossier".to_owned(),
    }
}

/// The slot in which the preuve of this identity stands.
fn emplacement<'a>(candidature: &'a Candidature, preuve: &str) -> Option<&'a Emplacement> {
    let mut slots = candidature.chapitres.iter().flat_map(|chapitre| &chapitre.emplacements);
    slots.find(|slot| slot.preuves.iter().any(|une| une.id.to_string() == preuve))
}

/// Whether `objet` names a part of this dossier.
fn connu(candidature: &Candidature, objet: &str) -> bool {
    match objet.split_once(':') {
        None => objet == "dossier",
        Some(("champ", cle)) => champs::trouver(cle, candidature.guichet).is_some(),
        Some(("preuve", id)) => emplacement(candidature, id).is_some(),
        Some(_) => false,
    }
}
