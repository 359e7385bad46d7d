//! Every audit, for the agency: what is late first, then the newest.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use domaine::{
    audit::{Audit, EtatAudit, Partie},
    calendrier::date_courte,
};
use jiff::civil::Date;
use serde::Deserialize;
use web::{Cadre, Champs, Choix, Genre, Pagination};

use super::{super::habilitation::lister as habilitations, genre, url};
use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur};

const PAR_PAGE: usize = 25;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Filtre {
    q: String,
    etat: String,
    /// « oui » for those whose due date has passed.
    retard: String,
    page: usize,
}

struct Ligne {
    url: String,
    numero: String,
    habilitation: String,
    denomination: String,
    logiciel: String,
    genre: Genre,
    etat: &'static str,
    attendu: String,
    avant: String,
    retard: bool,
}

#[derive(Template)]
#[template(path = "audit/lister.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    etats: Vec<Choix>,
    lignes: Vec<Ligne>,
    total: usize,
    pagination: Pagination,
}

pub async fn lister(
    State(app): State<App>,
    ici: Ici,
    Query(filtre): Query<Filtre>,
) -> Result<Response, Erreur> {
    let aujourdhui = app.aujourdhui();
    let mut audits = app.registre.lire().await?.load_audits(false).await?;
    audits.retain(|audit| {
        let etat = match filtre.etat.as_str() {
            "" => true,
            "ouverts" => !audit.etat.termine(),
            etat => audit.etat.cle() == etat,
        };
        etat && (filtre.retard.is_empty() || en_retard(audit, aujourdhui)) && correspond(audit, &filtre.q)
    });
    audits.sort_by_key(|audit| !en_retard(audit, aujourdhui));
    let parametres = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("q", &filtre.q), ("etat", &filtre.etat), ("retard", &filtre.retard)])
        .finish();
    let adresse = format!("/audits?{parametres}");
    let pagination = habilitations::pagination(filtre.page, audits.len(), PAR_PAGE, &adresse);
    let debut = habilitations::avant(&pagination, PAR_PAGE);
    Ok(web::page(&Page {
        cadre: cadre(&app, Some(&ici), "Audits", "/audits", &[]),
        f: Champs::vides().avec("q", &filtre.q).avec("etat", &filtre.etat).avec("retard", &filtre.retard),
        etats: std::iter::once(Choix::nouveau("ouverts", "Tous ceux qui sont ouverts"))
            .chain(EtatAudit::TOUS.into_iter().map(|(cle, nom)| Choix::nouveau(cle, nom)))
            .collect(),
        total: audits.len(),
        lignes: audits.iter().skip(debut).take(PAR_PAGE).map(|audit| ligne(audit, aujourdhui)).collect(),
        pagination,
    }))
}

fn en_retard(audit: &Audit, aujourdhui: Date) -> bool {
    audit.attente().is_some_and(|attente| attente.en_retard(aujourdhui))
}

/// Whether an audit answers a search: part of its number, of the habilitation's, company or software.
fn correspond(audit: &Audit, texte: &str) -> bool {
    let texte = texte.trim().to_lowercase();
    [&audit.numero, &audit.habilitation_numero, &audit.denomination, &audit.logiciel]
        .iter()
        .any(|valeur| valeur.to_lowercase().contains(&texte))
}

fn ligne(audit: &Audit, aujourdhui: Date) -> Ligne {
    let attente = audit.attente();
    Ligne {
        url: url(audit),
        numero: audit.numero.clone(),
        habilitation: audit.habilitation_numero.clone(),
        denomination: audit.denomination.clone(),
        logiciel: audit.logiciel.clone(),
        genre: genre(&audit.etat),
        etat: audit.etat.libelle(),
        attendu: attente.map_or_else(String::new, |attente| {
            let qui = match attente.de {
                Partie::Agence => "agence",
                Partie::Titulaire => "titulaire",
            };
            format!("{} ({qui})", attente.quoi)
        }),
        avant: attente.and_then(|attente| attente.avant).map(date_courte).unwrap_or_default(),
        retard: en_retard(audit, aujourdhui),
    }
}
