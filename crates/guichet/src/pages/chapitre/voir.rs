//! A chapter: each exigence with its preuves attendues, what was deposited, and what is missing before it can be
//! submitted. The agency sees it as the industriel does, without its buttons.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use domaine::{
    calendrier::date_heure_fr,
    candidature::Etat,
    chapitre::{Chapitre, EtatChapitre},
    permission::{Acte, Objet},
    referentiel::Nature,
};
use http::StatusCode;
use web::{Cadre, Genre};

use crate::{
    acces::Ici,
    app::App,
    cadre::{cadre, depart},
    erreur::Erreur,
    pages::preuve::{EmplacementVu, Regard},
};

#[derive(Template)]
#[template(path = "chapitre/voir.html")]
struct Page {
    cadre: Cadre,
    titre: String,
    dossier: String,
    url_soumettre: String,
    description: String,
    genre: Genre,
    etat: &'static str,
    /// What the state means for who reads.
    explication: String,
    fait: usize,
    total: usize,
    exigences: Vec<ExigenceVue>,
    /// What keeps the chapter from being submitted: title and anchor.
    manque: Vec<(String, String)>,
    /// The words before that list.
    reste: &'static str,
    /// Whether this person could submit it, were it complete.
    peut_soumettre: bool,
    /// A refusal of the act that was just tried.
    refus: Option<String>,
    instruction: Option<String>,
}

struct ExigenceVue {
    id: String,
    enonce: String,
    aide: String,
    preconisation: bool,
    criticite: &'static str,
    emplacements: Vec<EmplacementVu>,
    /// Address and text of the answers of the FAQ.
    faq: Vec<(String, String)>,
}

pub async fn voir(
    State(app): State<App>,
    ici: Ici,
    Path((_, code)): Path<(String, String)>,
) -> Result<Response, Erreur> {
    page(&app, &ici, &code, None).await
}

/// The page, with the refusal of the act that brought here.
pub(super) async fn page(
    app: &App,
    ici: &Ici,
    code: &str,
    refus: Option<String>,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let chapitre = candidature.chapitre(code).ok_or(Erreur::Introuvable)?;
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let liens = app.registre.lire().await?.load_liens_faq().await?;
    let ouvert = ouvert(&candidature.etat);
    let regard = Regard {
        candidature: candidature.id.to_string(),
        chapitre,
        referentiel,
        agence: ici.agence(),
        depose: ouvert && ici.peut(Objet::Preuve, Acte::Ecrire),
        aujourdhui: app.aujourdhui(),
    };
    let exigences = exigences(&regard, &liens);
    let manque = chapitre
        .a_faire()
        .into_iter()
        .map(|slot| {
            let titre = referentiel.attendue(&slot.attendue).map_or("", |attendue| &attendue.titre);
            (format!("{} {titre}", slot.attendue), slot.attendue.clone())
        })
        .collect();
    let (fait, total) = chapitre.chargees();
    let (genre, explication) = expliquer(chapitre, ouvert, ici.agence());
    let url = regard.url_chapitre();
    let page_dossier = format!("/candidatures/{}", candidature.id);
    let cadre = cadre(
        app,
        Some(ici),
        &chapitre.titre,
        &url,
        &[depart(ici), (candidature.titre.as_str(), page_dossier.as_str())],
    );
    let statut = if refus.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Page {
        cadre,
        titre: chapitre.titre.clone(),
        dossier: format!("{} · NRU {}", candidature.titre, candidature.nru),
        description: referentiel.chapitre(code).map(|c| c.description.clone()).unwrap_or_default(),
        genre,
        etat: if chapitre.etat == EtatChapitre::ACompleter && chapitre.complet() {
            "Complet"
        } else {
            chapitre.etat.libelle()
        },
        explication,
        fait,
        total,
        exigences,
        manque,
        reste: if matches!(chapitre.etat, EtatChapitre::ACorriger { .. }) {
            "Il reste à corriger :"
        } else {
            "Il manque :"
        },
        peut_soumettre: ouvert
            && ici.peut(Objet::Preuve, Acte::Soumettre)
            && matches!(chapitre.etat, EtatChapitre::ACompleter | EtatChapitre::ACorriger { .. }),
        refus,
        instruction: ici
            .peut(Objet::Instruction, Acte::Lire)
            .then(|| format!("{page_dossier}/instruction/chapitres/{code}")),
        url_soumettre: format!("{url}/soumettre"),
    };
    Ok(web::page_avec(statut, &page))
}

/// Whether preuves can be deposited: a sleeping dossier wakes up with the first act.
pub(crate) fn ouvert(etat: &Etat) -> bool {
    match etat {
        Etat::DepotOuvert => true,
        Etat::Dormante { avant, .. } => ouvert(avant),
        _ => false,
    }
}

fn exigences(regard: &Regard<'_>, liens: &BTreeMap<String, Vec<(i64, String)>>) -> Vec<ExigenceVue> {
    regard
        .referentiel
        .exigences_du(&regard.chapitre.code)
        .into_iter()
        .filter_map(|exigence| {
            let emplacements: Vec<EmplacementVu> = exigence
                .preuves()
                .filter_map(|attendue| regard.emplacement(regard.chapitre.emplacement(&attendue.id)?))
                .collect();
            if emplacements.is_empty() {
                return None;
            }
            let faq = liens.get(&format!("exigence:{}", exigence.id)).into_iter().flatten();
            Some(ExigenceVue {
                id: exigence.id.clone(),
                enonce: exigence.enonce.clone(),
                aide: exigence.aide.clone(),
                preconisation: exigence.nature == Nature::Preconisation,
                criticite: exigence.criticite.libelle(),
                emplacements,
                faq: faq.map(|(id, question)| (format!("/faq/{id}"), question.clone())).collect(),
            })
        })
        .collect()
}

fn expliquer(chapitre: &Chapitre, ouvert: bool, agence: bool) -> (Genre, String) {
    match &chapitre.etat {
        EtatChapitre::ACompleter if !ouvert => {
            (Genre::Neutre, "Le dépôt de preuves est fermé dans l’état actuel du dossier.".to_owned())
        }
        EtatChapitre::ACompleter if agence => {
            (Genre::Attention, "L’industriel complète ce chapitre ; il n’est à lire qu’une fois soumis.".to_owned())
        }
        EtatChapitre::ACompleter if chapitre.complet() => (
            Genre::Info,
            "Toutes les preuves demandées sont là. Soumettez le chapitre : l’agence ne l’examine qu’à partir de là."
                .to_owned(),
        ),
        EtatChapitre::ACompleter => (
            Genre::Attention,
            "Déposez au moins une preuve à chaque emplacement, puis soumettez le chapitre : l’agence ne l’examine qu’à partir de là."
                .to_owned(),
        ),
        EtatChapitre::Soumis { le } => (
            Genre::Info,
            format!("Soumis le {}. Les preuves ne changent plus tant que l’agence les examine.", date_heure_fr(*le)),
        ),
        EtatChapitre::EnInstruction { .. } => {
            (Genre::Info, "L’agence examine ce chapitre. Ses preuves ne changent plus.".to_owned())
        }
        EtatChapitre::ACorriger { emplacements, le } => {
            let nombre = emplacements.len();
            let combien = if nombre < 2 { "une preuve".to_owned() } else { format!("{nombre} preuves") };
            (
                Genre::Attention,
                format!(
                    "L’agence demande le {} de corriger {combien}. Remplacez ce qui est signalé, puis soumettez de nouveau ; le reste ne change pas.",
                    date_heure_fr(*le)
                ),
            )
        }
        EtatChapitre::Valide { le, .. } => {
            (Genre::Succes, format!("Chapitre validé le {}.", date_heure_fr(*le)))
        }
    }
}
