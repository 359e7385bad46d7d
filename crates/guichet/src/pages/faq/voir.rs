//! One question with its answer, what it is about, its neighbours and the vote.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use domaine::{
    calendrier::date_fr,
    faq::Question,
    permission::{Acte, Objet, permis},
};
use registre::Votes;
use web::Cadre;

use crate::{
    acces::PeutEtre,
    app::App,
    cadre::cadre,
    erreur::Erreur,
    faq::{self, vocabulaire},
};

/// Neighbours shown.
const VOISINES: usize = 5;

#[derive(Template)]
#[template(path = "faq/voir.html")]
struct Page {
    cadre: Cadre,
    id: i64,
    question: String,
    reponse: String,
    mise_a_jour: String,
    couloirs: Vec<Couloir>,
    sujets: Vec<Sujet>,
    eclaires: Vec<Eclaire>,
    voisines: Vec<(i64, String)>,
    votes: Votes,
    /// The person's own vote.
    vote: Option<bool>,
    connecte: bool,
    /// Where the agency edits it, for who may.
    gestion: Option<String>,
}

/// A couloir with the dispositifs of it that the answer concerns.
struct Couloir {
    code: String,
    libelle: &'static str,
    dispositifs: Vec<(String, &'static str)>,
}

/// Offre, produit, thème: a title and links to the search.
struct Sujet {
    titre: &'static str,
    cle: &'static str,
    codes: Vec<(String, &'static str)>,
}

/// A field of the form or an exigence that the answer explains.
struct Eclaire {
    genre: &'static str,
    libelle: String,
    url: Option<String>,
}

pub async fn voir(
    State(app): State<App>,
    PeutEtre(ici): PeutEtre,
    Path(question): Path<String>,
) -> Result<Response, Erreur> {
    let id: i64 = question.parse().map_err(|_| Erreur::Introuvable)?;
    let mut tx = app.registre.lire().await?;
    let question = tx.load_question(id).await?.filter(|question| question.etat.visible());
    let question = question.ok_or(Erreur::Introuvable)?.valeur;
    let toutes: Vec<Question> = tx.load_questions().await?.into_iter().map(|lue| lue.valeur).collect();
    let votes = tx.load_votes_question(id).await?;
    let vote = match &ici {
        Some(ici) => tx.load_vote(id, ici.personne.id).await?,
        None => None,
    };
    drop(tx);
    let chemin = format!("/faq/{id}");
    let cadre =
        cadre(&app, ici.as_ref(), &question.redaction.question, &chemin, &[("Foire aux questions", "/faq")]);
    let voisines = faq::voisines(&question, &toutes, VOISINES)
        .into_iter()
        .map(|autre| (autre.id, autre.redaction.question.clone()))
        .collect();
    Ok(web::page(&Page {
        cadre,
        id,
        reponse: web::markdown::html(&question.redaction.reponse),
        mise_a_jour: date_fr(question.mise_a_jour),
        couloirs: couloirs(&question),
        sujets: sujets(&question),
        eclaires: eclaires(&app, &question, ici.is_some())?,
        question: question.redaction.question,
        voisines,
        votes,
        vote,
        connecte: ici.is_some(),
        gestion: ici
            .filter(|ici| permis(&ici.personne.roles_agence, Objet::Faq, Acte::Ecrire))
            .map(|_| format!("/agence/faq/{id}")),
    }))
}

fn codes(question: &Question, cle: &str) -> Vec<String> {
    question.redaction.facettes.get(cle).cloned().unwrap_or_default()
}

fn couloirs(question: &Question) -> Vec<Couloir> {
    let choisis = codes(question, "dispositif");
    let dispositifs = vocabulaire::facette("dispositif").map_or(&[][..], |facette| &facette.codes);
    codes(question, "couloir")
        .into_iter()
        .filter_map(|code| {
            let libelle = vocabulaire::libelle("couloir", &code)?;
            let dispositifs = dispositifs
                .iter()
                .filter(|dispositif| dispositif.couloir.as_deref() == Some(code.as_str()))
                .filter(|dispositif| choisis.contains(&dispositif.code))
                .map(|dispositif| (dispositif.code.clone(), dispositif.libelle.as_str()))
                .collect();
            Some(Couloir { code, libelle, dispositifs })
        })
        .collect()
}

fn sujets(question: &Question) -> Vec<Sujet> {
    [("Thèmes", "theme"), ("Produits ou services", "produit"), ("Offres", "offre")]
        .into_iter()
        .map(|(titre, cle)| {
            let codes = codes(question, cle)
                .into_iter()
                .filter_map(|code| vocabulaire::libelle(cle, &code).map(|libelle| (code, libelle)))
                .collect();
            Sujet { titre, cle, codes }
        })
        .filter(|sujet: &Sujet| !sujet.codes.is_empty())
        .collect()
}

fn eclaires(app: &App, question: &Question, connecte: bool) -> Result<Vec<Eclaire>, Erreur> {
    let referentiel = app.referentiel_de(&app.referentiel)?;
    Ok(question
        .redaction
        .liens
        .iter()
        .filter_map(|texte| faq::lien(texte, referentiel))
        .map(|lien| match lien {
            faq::Lien::Champ(champ) => {
                Eclaire { genre: "Champ du formulaire", libelle: champ.to_owned(), url: None }
            }
            faq::Lien::Exigence(exigence) => {
                let titre = referentiel.chapitre(&exigence.chapitre).map_or("", |c| c.titre.as_str());
                Eclaire {
                    genre: "Exigence",
                    libelle: format!("{} ({titre})", exigence.id),
                    url: connecte.then(|| {
                        let profil = exigence.profils.first().map_or("", |profil| profil.code());
                        format!("/referentiel?profil={profil}#{}", exigence.id)
                    }),
                }
            }
        })
        .collect())
}
