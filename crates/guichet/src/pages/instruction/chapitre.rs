//! The reviewer's page of a chapter, and what a vérificateur does with it: take, judge, send back, validate, reopen.
//!
//! Rule: one vérificateur holds a chapter. Taking it over is explicit and written down; a form shown before the chapter
//! changed overwrites nothing: it comes back (409) with what was typed beside what changed.

mod verdicts;
pub(super) mod vue;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    candidature::Candidature,
    chapitre::{Chapitre, EtatChapitre},
    evenement::Acteur,
    id::Id,
    permission::{Acte, Objet},
};
use http::StatusCode;
use registre::{Tx, Versionne};
use web::{Champs, Formulaire, Genre, Saisie};

use crate::{
    acces::Ici,
    app::App,
    erreur::Erreur,
    messagerie, session,
    taches::{Avertissement, avertir},
};
use verdicts::Suite;
use vue::Page;

/// Identity of the candidature and code of the chapter.
type Chemin = Path<(Id<Candidature>, String)>;

fn url(candidature: &Candidature, code: &str) -> String {
    format!("/candidatures/{}/instruction/chapitres/{code}", candidature.id)
}

pub async fn voir(State(app): State<App>, ici: Ici, Path((_, code)): Chemin) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let chapitre = candidature.chapitre(&code).ok_or(Erreur::Introuvable)?;
    let f = verdicts::champs(chapitre);
    montrer(&app, &ici, candidature, &code, Montre { f, ..Montre::default() }).await
}

/// What is special about a showing of the page.
#[derive(Default)]
struct Montre {
    statut: Option<StatusCode>,
    f: Champs,
    /// What changed since the form was shown; the form keeps what was typed.
    conflit: Option<String>,
}

async fn montrer(
    app: &App,
    ici: &Ici,
    candidature: &Versionne<Candidature>,
    code: &str,
    montre: Montre,
) -> Result<Response, Erreur> {
    let mut tx = app.registre.lire().await?;
    let page = Page::composer(app, ici, &mut tx, candidature, code, montre.f, montre.conflit).await?;
    Ok(web::page_avec(montre.statut.unwrap_or(StatusCode::OK), &page))
}

/// Takes the chapter in charge, from nobody or from the colleague whom the page named.
pub async fn prendre(
    State(app): State<App>,
    ici: Ici,
    Path((_, code)): Chemin,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let mut tx = app.registre.ecrire().await?;
    let lue = charger(&mut tx, &ici).await?;
    let chapitre = lue.chapitre(&code).ok_or(Erreur::Introuvable)?;
    let retour = url(&lue, &code);
    if instructeur(chapitre) != saisie.texte("vu") {
        drop(tx);
        let qui = detenteur(chapitre).map_or("Ce chapitre a changé d’état".to_owned(), |acteur| {
            format!("{} vient de prendre ce chapitre", acteur.nom)
        });
        let texte = format!("{qui}. Rien n’a été modifié ; vous pouvez le reprendre si vous en convenez.");
        session::aviser(&app, &ici, Genre::Attention, &texte).await?;
        return Ok(Redirect::to(&retour).into_response());
    }
    let (candidature, evenement) =
        lue.valeur.clone().prendre_chapitre(&code, &ici.acteur(), app.maintenant())?;
    tx.save_candidature(&lue.vers(candidature), &evenement).await?;
    tx.commit().await?;
    session::aviser(&app, &ici, Genre::Succes, "Vous instruisez ce chapitre.").await?;
    Ok(Redirect::to(&retour).into_response())
}

async fn charger(tx: &mut Tx, ici: &Ici) -> Result<Versionne<Candidature>, Erreur> {
    tx.load_candidature(ici.candidature()?.id).await?.ok_or(Erreur::Introuvable)
}

/// Who instructs the chapter now.
fn detenteur(chapitre: &Chapitre) -> Option<&Acteur> {
    match &chapitre.etat {
        EtatChapitre::EnInstruction { par, .. } => Some(par),
        _ => None,
    }
}

/// What « Prendre » was shown with: the identity of who instructs, or the state.
fn instructeur(chapitre: &Chapitre) -> String {
    detenteur(chapitre)
        .and_then(|acteur| acteur.personne)
        .map_or_else(|| chapitre.etat.libelle().to_owned(), |id| id.to_string())
}

pub async fn juger(
    State(app): State<App>,
    ici: Ici,
    Path((_, code)): Chemin,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    verdicts::traiter(&app, &ici, &code, saisie, Suite::Garder).await
}

/// « Demander une correction »: saves the verdicts, then unlocks the slots that are not conforme, and they alone.
pub async fn renvoyer(
    State(app): State<App>,
    ici: Ici,
    Path((_, code)): Chemin,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    verdicts::traiter(&app, &ici, &code, saisie, Suite::Renvoyer).await
}

pub async fn valider(
    State(app): State<App>,
    ici: Ici,
    Path((_, code)): Chemin,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    verdicts::traiter(&app, &ici, &code, saisie, Suite::Valider).await
}

/// Reopens a valid chapter before the decision, with the motive that the industriel reads.
pub async fn rouvrir(
    State(app): State<App>,
    ici: Ici,
    Path((_, code)): Chemin,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let mut tx = app.registre.ecrire().await?;
    let lue = charger(&mut tx, &ici).await?;
    let (par, le, motif) = (ici.acteur(), app.maintenant(), saisie.texte("motif").to_owned());
    let (candidature, evenement) = match lue.valeur.clone().rouvrir_chapitre(&code, &motif, &par, le) {
        Ok(suite) => suite,
        Err(refus) => {
            drop(tx);
            return refuser(&app, &ici, &lue, &code, saisie, "motif", refus.to_string()).await;
        }
    };
    let prochaine = lue.vers(candidature);
    tx.save_candidature(&prochaine, &evenement).await?;
    let titre = prochaine.chapitre(&code).map_or("", |chapitre| chapitre.titre.as_str());
    let texte = format!("Le chapitre « {titre} » est rouvert.\n\n{motif}");
    messagerie::poster(&app, &mut tx, &prochaine, &par, texte, le).await?;
    avertir(&mut tx, &app, &prochaine, Avertissement::ChapitreRouvert { code: code.clone() }).await?;
    app.conclure(tx).await?;
    session::aviser(&app, &ici, Genre::Succes, "Le chapitre est rouvert ; l’industriel en est averti.")
        .await?;
    Ok(Redirect::to(&url(&prochaine, &code)).into_response())
}

/// The page again, with what was typed and the reason of the refusal.
async fn refuser(
    app: &App,
    ici: &Ici,
    candidature: &Versionne<Candidature>,
    code: &str,
    saisie: Saisie,
    champ: &str,
    pourquoi: String,
) -> Result<Response, Erreur> {
    let mut f = Champs::depuis(saisie);
    f.refuser(champ, pourquoi);
    let montre = Montre { statut: Some(StatusCode::UNPROCESSABLE_ENTITY), f, conflit: None };
    montrer(app, ici, candidature, code, montre).await
}

fn peut_juger(ici: &Ici) -> bool {
    ici.peut(Objet::Preuve, Acte::Juger)
}
