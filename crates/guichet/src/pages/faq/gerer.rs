//! The agency's list of questions: every state, the votes, a search.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use domaine::{calendrier::date_courte, faq::Etat};
use registre::{FiltreFaq, Votes};
use url::form_urlencoded::byte_serialize;
use web::{Cadre, Champs, Genre, Lien, Saisie};

use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur, faq::mots::racines};

#[derive(Template)]
#[template(path = "faq/gerer.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    onglets: Vec<Lien>,
    etat: &'static str,
    lignes: Vec<Ligne>,
}

struct Ligne {
    id: i64,
    question: String,
    etat: Etat,
    genre: Genre,
    votes: Votes,
    mise_a_jour: String,
    livree: bool,
}

pub(super) fn genre(etat: Etat) -> Genre {
    match etat {
        Etat::Brouillon => Genre::Info,
        Etat::Publiee => Genre::Succes,
        Etat::ARevoir => Genre::Attention,
        Etat::Archivee => Genre::Neutre,
    }
}

pub async fn lister(
    State(app): State<App>,
    ici: Ici,
    RawQuery(requete): RawQuery,
) -> Result<Response, Erreur> {
    let saisie = Saisie::lire(requete.as_deref().unwrap_or_default().as_bytes());
    let etat = Etat::lire(saisie.texte("etat"));
    let mots = saisie.texte("mots").to_owned();
    let mut tx = app.registre.lire().await?;
    let filtre = FiltreFaq { racines: racines(&mots), tout: true, ..FiltreFaq::default() };
    let ids = tx.chercher_questions(&filtre).await?.ids;
    let questions = tx.load_questions().await?;
    let votes = tx.load_votes().await?;
    drop(tx);
    let mut lignes: Vec<Ligne> = questions
        .into_iter()
        .filter(|question| ids.contains(&question.id))
        .map(|question| Ligne {
            id: question.id,
            etat: question.etat,
            genre: genre(question.etat),
            votes: votes.get(&question.id).copied().unwrap_or_default(),
            mise_a_jour: date_courte(question.mise_a_jour),
            livree: !question.livree.is_empty(),
            question: question.valeur.redaction.question,
        })
        .collect();
    let onglets = onglets(&lignes, etat, &mots);
    lignes.retain(|ligne| etat.is_none_or(|etat| etat == ligne.etat));
    // What readers complain of comes first.
    lignes.sort_by_key(|ligne| (ligne.etat != Etat::ARevoir, ids.iter().position(|id| *id == ligne.id)));
    let cadre = cadre(&app, Some(&ici), "Gérer la FAQ", "/agence/faq", &[]);
    let f = Champs::vides().avec("mots", &mots);
    Ok(web::page(&Page { cadre, f, onglets, etat: etat.map_or("", Etat::cle), lignes }))
}

/// One tab a state, with how many questions the words leave in it.
fn onglets(lignes: &[Ligne], courant: Option<Etat>, mots: &str) -> Vec<Lien> {
    let mots: String = byte_serialize(mots.as_bytes()).collect();
    std::iter::once(None)
        .chain(Etat::TOUS.map(Some))
        .map(|etat| {
            let compte = lignes.iter().filter(|ligne| etat.is_none_or(|etat| etat == ligne.etat)).count();
            let (libelle, cle) = etat.map_or(("Toutes", ""), |etat| (etat.libelle(), etat.cle()));
            Lien::nouveau(libelle, &format!("/agence/faq?etat={cle}&mots={mots}"))
                .actif(etat == courant)
                .badge(u32::try_from(compte).unwrap_or(u32::MAX))
        })
        .collect()
}
