//! The agency writes a question and its answer.
//!
//! Rule: nobody overwrites what they have not seen. The form carries the version that it shows; when another one has
//! been saved meanwhile, nothing is written (409), both texts are shown, and saving again is then a decision.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    calendrier::{date_fr, date_heure_fr},
    evenement::Difference,
    faq::{Etat, Question, Redaction, sujet},
};
use http::StatusCode;
use registre::{EvenementLu, Tx, Versionne, Votes};
use web::{Cadre, Champs, Choix, Formulaire, Genre, Saisie};

use super::gerer::genre;
use crate::{
    acces::Ici,
    app::App,
    cadre::cadre,
    erreur::Erreur,
    faq::{
        INDEX, index, lien,
        vocabulaire::{Facette, facettes, ranger},
    },
    session,
};

/// Numbers of the agency start here: those below are kept for what ships with the program.
const PREMIER: i64 = 10_000;

#[derive(Template)]
#[template(path = "faq/rediger.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    /// Where the form is sent.
    url: String,
    facettes: Vec<FacetteVue>,
    etats: Vec<Choix>,
    apercu: String,
    kept: Option<Gardee>,
    /// What was saved by somebody else meanwhile.
    conflit: bool,
}

struct FacetteVue {
    cle: &'static str,
    titre: &'static str,
    choix: Vec<Choix>,
    coches: usize,
}

/// What the registry holds of the question.
struct Gardee {
    id: i64,
    /// Its public page.
    url: String,
    etat: Etat,
    genre: Genre,
    mise_a_jour: String,
    question: String,
    reponse: String,
    livree: bool,
    votes: Votes,
    historique: Vec<Trace>,
}

struct Trace {
    le: String,
    acte: String,
    par: String,
    motif: Option<String>,
    differences: Vec<Difference>,
}

impl From<EvenementLu> for Trace {
    fn from(lu: EvenementLu) -> Self {
        let evenement = lu.evenement;
        Self {
            le: date_heure_fr(evenement.le),
            acte: evenement.acte,
            par: evenement.acteur.nom,
            motif: evenement.motif,
            differences: evenement.differences,
        }
    }
}

/// What the URL names: `nouvelle` or a number.
#[derive(Clone, Copy)]
enum Visee {
    Nouvelle,
    Numero(i64),
}

fn visee(chemin: &str) -> Result<Visee, Erreur> {
    if chemin == "nouvelle" {
        return Ok(Visee::Nouvelle);
    }
    chemin.parse().map(Visee::Numero).map_err(|_| Erreur::Introuvable)
}

async fn gardee(tx: &mut Tx, lue: &Versionne<Question>) -> Result<Gardee, Erreur> {
    let mut historique: Vec<Trace> =
        tx.load_evenements(&sujet(lue.id), true).await?.into_iter().map(Trace::from).collect();
    historique.reverse();
    Ok(Gardee {
        id: lue.id,
        url: format!("/faq/{}", lue.id),
        etat: lue.etat,
        genre: genre(lue.etat),
        mise_a_jour: date_fr(lue.mise_a_jour),
        question: lue.redaction.question.clone(),
        reponse: lue.redaction.reponse.clone(),
        livree: !lue.livree.is_empty(),
        votes: tx.load_votes_question(lue.id).await?,
        historique,
    })
}

fn page(
    app: &App,
    ici: &Ici,
    statut: StatusCode,
    f: Champs,
    kept: Option<Gardee>,
    conflit: bool,
) -> Response {
    let url =
        kept.as_ref().map_or("/agence/faq/nouvelle".to_owned(), |kept| format!("/agence/faq/{}", kept.id));
    let titre = kept.as_ref().map_or("Nouvelle question".to_owned(), |kept| format!("Question {}", kept.id));
    let cadre = cadre(app, Some(ici), &titre, &url, &[("Gérer la FAQ", "/agence/faq")]);
    let facettes = facettes()
        .iter()
        .map(|Facette { cle, titre, codes }| FacetteVue {
            cle,
            titre,
            choix: codes.iter().map(|code| Choix::nouveau(&code.code, &code.libelle)).collect(),
            coches: codes.iter().filter(|code| f.contient(cle, &code.code)).count(),
        })
        .collect();
    let etats = [
        (Etat::Brouillon, "Visible de l’agence seulement."),
        (Etat::Publiee, "Visible de tous."),
        (Etat::ARevoir, "Visible de tous, signalée à l’agence."),
        (Etat::Archivee, "Retirée ; le texte et l’historique restent ici."),
    ]
    .map(|(etat, aide)| Choix::nouveau(etat.cle(), etat.libelle()).aide(aide))
    .to_vec();
    let apercu = web::markdown::html(f.valeur("reponse"));
    web::page_avec(statut, &Page { cadre, f, url, facettes, etats, apercu, kept, conflit })
}

/// The form as the registry fills it.
fn champs(question: &Versionne<Question>) -> Champs {
    let redaction = &question.redaction;
    let mut f = Champs::vides()
        .avec("question", &redaction.question)
        .avec("reponse", &redaction.reponse)
        .avec("etat", question.etat.cle())
        .avec("liens", redaction.liens.join("\n"))
        .avec("version", question.version.to_string());
    for (facette, codes) in &redaction.facettes {
        for code in codes {
            f = f.avec(facette, code);
        }
    }
    f
}

/// The form as it was sent, to be shown again over the version `version`.
fn renvoyer(saisie: &Saisie, version: i64) -> Champs {
    let mut f = Champs::vides().avec("version", version.to_string());
    for (nom, valeur) in saisie.champs().filter(|(nom, _)| *nom != "version" && *nom != "acte") {
        f = f.avec(nom, valeur);
    }
    f
}

fn lire(saisie: &Saisie) -> (Redaction, Etat) {
    let choix: BTreeMap<String, Vec<String>> = facettes()
        .iter()
        .map(|facette| {
            (facette.cle.to_owned(), saisie.tous(facette.cle).into_iter().map(str::to_owned).collect())
        })
        .collect();
    let redaction = Redaction {
        question: saisie.texte("question").to_owned(),
        reponse: saisie.texte("reponse").to_owned(),
        facettes: ranger(&choix),
        liens: saisie.texte("liens").split_whitespace().map(str::to_owned).collect(),
    };
    (redaction, Etat::lire(saisie.texte("etat")).unwrap_or_default())
}

fn refuser(app: &App, f: &mut Champs, redaction: &Redaction, etat: Etat) -> Result<(), Erreur> {
    for faute in redaction.fautes(etat) {
        f.refuser(&faute.champ, faute.message);
    }
    let referentiel = app.referentiel_de(&app.referentiel)?;
    let inconnus: Vec<&str> = redaction
        .liens
        .iter()
        .filter(|texte| lien(texte, referentiel).is_none())
        .map(String::as_str)
        .collect();
    if !inconnus.is_empty() {
        let quels = inconnus.join(", ");
        f.refuser("liens", format!("Ni un champ du formulaire ni une exigence du référentiel : {quels}."));
    }
    Ok(())
}

pub async fn voir(
    State(app): State<App>,
    ici: Ici,
    Path(question): Path<String>,
) -> Result<Response, Erreur> {
    let id = match visee(&question)? {
        Visee::Nouvelle => {
            let f = Champs::vides().avec("etat", Etat::Brouillon.cle()).avec("envoi", app.alea.jeton());
            return Ok(page(&app, &ici, StatusCode::OK, f, None, false));
        }
        Visee::Numero(id) => id,
    };
    let mut tx = app.registre.lire().await?;
    let lue = tx.load_question(id).await?.ok_or(Erreur::Introuvable)?;
    let kept = gardee(&mut tx, &lue).await?;
    Ok(page(&app, &ici, StatusCode::OK, champs(&lue), Some(kept), false))
}

pub async fn enregistrer(
    State(app): State<App>,
    ici: Ici,
    Path(question): Path<String>,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    match visee(&question)? {
        Visee::Nouvelle => creer(&app, &ici, &saisie).await,
        Visee::Numero(id) => modifier(&app, &ici, id, &saisie).await,
    }
}

async fn creer(app: &App, ici: &Ici, saisie: &Saisie) -> Result<Response, Erreur> {
    let (redaction, etat) = lire(saisie);
    let mut f = renvoyer(saisie, 0);
    if saisie.texte("acte") == "apercu" {
        return Ok(page(app, ici, StatusCode::OK, f, None, false));
    }
    refuser(app, &mut f, &redaction, etat)?;
    if f.en_faute() {
        return Ok(page(app, ici, StatusCode::UNPROCESSABLE_ENTITY, f, None, false));
    }
    let envoi = saisie.texte("envoi");
    if envoi.is_empty() {
        return Err(Erreur::Demande("Rouvrez la page « Nouvelle question » et recommencez.".to_owned()));
    }
    let maintenant = app.maintenant();
    let mut tx = app.registre.ecrire().await?;
    if let Some(url) = tx.load_envoi(envoi).await? {
        return Ok(Redirect::to(&url).into_response());
    }
    let id = PREMIER + tx.suivant("faq").await?;
    let url = format!("/agence/faq/{id}");
    let (question, evenement) = Question::nouvelle(id, redaction, etat, &ici.acteur(), maintenant);
    let question = Versionne::nouveau(Question { index: INDEX.clone(), ..question });
    tx.save_envoi(envoi, &url, maintenant).await?;
    tx.save_question(&question, &index(&question)).await?;
    tx.save_evenement(&evenement).await?;
    tx.commit().await?;
    session::aviser(app, ici, Genre::Succes, "La question est enregistrée.").await?;
    Ok(Redirect::to(&url).into_response())
}

async fn modifier(app: &App, ici: &Ici, id: i64, saisie: &Saisie) -> Result<Response, Erreur> {
    let (redaction, etat) = lire(saisie);
    let mut tx = app.registre.ecrire().await?;
    let lue = tx.load_question(id).await?.ok_or(Erreur::Introuvable)?;
    let affichee: i64 = saisie.texte("version").parse().unwrap_or(0);
    if saisie.texte("acte") == "apercu" {
        let kept = gardee(&mut tx, &lue).await?;
        return Ok(page(app, ici, StatusCode::OK, renvoyer(saisie, affichee), Some(kept), false));
    }
    let conflit = affichee != lue.version;
    let mut f = renvoyer(saisie, lue.version);
    if !conflit {
        refuser(app, &mut f, &redaction, etat)?;
    }
    if conflit || f.en_faute() {
        let statut = if conflit { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
        let kept = gardee(&mut tx, &lue).await?;
        return Ok(page(app, ici, statut, f, Some(kept), conflit));
    }
    let url = format!("/agence/faq/{id}");
    let zero = saisie.coche("zero");
    let Some((question, mut evenement)) =
        lue.valeur.clone().rediger(redaction, etat, &ici.acteur(), app.maintenant())
    else {
        drop(tx);
        session::aviser(app, ici, Genre::Info, "Rien n’a changé.").await?;
        return Ok(Redirect::to(&url).into_response());
    };
    if zero {
        let Votes { utile, inutile } = tx.load_votes_question(id).await?;
        tx.oublier_votes(id).await?;
        evenement = evenement.difference("avis", format!("{utile} oui, {inutile} non"), "remis à zéro");
    }
    let question = Question { index: INDEX.clone(), ..question };
    let racines = index(&question);
    tx.save_question(&lue.vers(question), &racines).await?;
    tx.save_evenement(&evenement).await?;
    tx.commit().await?;
    session::aviser(app, ici, Genre::Succes, "La question est enregistrée.").await?;
    Ok(Redirect::to(&url).into_response())
}
