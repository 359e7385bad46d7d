//! One autorisation: what it opens, until when, and the acts of the agency on it.

use askama::Template;
use axum::{extract::State, response::Response};
use domaine::{
    autorisation::{Autorisation, EtatAutorisation},
    calendrier::{date_fr, date_heure_fr, jour},
    evenement::Sujet,
    permission::{Acte, Objet},
};
use http::StatusCode;
use web::{Cadre, Champs, Genre};

use super::super::habilitation::auteur;
use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur};

struct Fait {
    le: String,
    acte: String,
    acteur: String,
    motif: Option<String>,
}

#[derive(Template)]
#[template(path = "autorisation/fiche.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    id: String,
    numero: String,
    sous: String,
    genre: Genre,
    etat: String,
    revocation: Option<String>,
    champs: Vec<(&'static str, String)>,
    /// The industriel is told what to do with the document.
    deposant: bool,
    peut_prolonger: bool,
    peut_revoquer: bool,
    historique: Vec<Fait>,
}

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    let mut tx = app.registre.lire().await?;
    let autorisation = tx.load_autorisation(ici.candidature()?.id).await?.ok_or(Erreur::Introuvable)?.valeur;
    drop(tx);
    page(&app, &ici, &autorisation, Champs::vides(), StatusCode::OK).await
}

/// The page, with what was typed in one of its forms when an act was refused.
pub(super) async fn page(
    app: &App,
    ici: &Ici,
    autorisation: &Autorisation,
    f: Champs,
    statut: StatusCode,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let formulaire = &candidature.formulaire;
    let etat = autorisation.etat(app.aujourdhui());
    let racine: String = autorisation.numero.split('-').take(3).collect::<Vec<_>>().join("-");
    let mut tx = app.registre.lire().await?;
    let historique = tx
        .load_evenements(&Sujet::new("candidature", candidature.id), ici.agence())
        .await?
        .into_iter()
        .rev()
        .map(|lu| lu.evenement)
        .filter(|evenement| evenement.acte.contains(&format!("({racine}")))
        .map(|evenement| Fait {
            le: date_heure_fr(evenement.le),
            acteur: auteur(app, ici, &evenement.acteur),
            acte: evenement.acte,
            motif: evenement.motif.filter(|motif| !motif.is_empty()),
        })
        .collect();
    drop(tx);
    let id = candidature.id.to_string();
    let chemin = format!("/candidatures/{id}/autorisation/fiche");
    let dossier = format!("/candidatures/{id}");
    let fil: [(&str, &str); 1] = if ici.agence() {
        [("Autorisations", "/autorisations")]
    } else {
        [("Candidature", dossier.as_str())]
    };
    let champs = [
        ("NRU", candidature.nru.to_string()),
        ("Titulaire", formulaire.valeur("denomination").to_owned()),
        ("Logiciel", format!("{}, version {}", formulaire.valeur("logiciel"), formulaire.valeur("version"))),
        ("NIE", formulaire.valeur("nie").to_owned()),
        ("NIL", formulaire.valeur("nil").to_owned()),
        ("Client ID BAS", formulaire.valeur("client_id").to_owned()),
        ("Début", date_fr(jour(autorisation.debut))),
        ("Fin", format!("{} inclus", date_fr(autorisation.fin))),
    ];
    let modele = Page {
        cadre: cadre(app, Some(ici), &autorisation.numero, &chemin, &fil),
        f,
        numero: autorisation.numero.clone(),
        sous: candidature.titre.clone(),
        genre: super::genre(etat),
        etat: super::libelle(etat),
        revocation: autorisation
            .revocation
            .as_ref()
            .map(|une| format!("Le {}\u{a0}: {}", date_heure_fr(une.le), une.motif)),
        champs: champs.into_iter().filter(|(_, valeur)| !valeur.is_empty()).collect(),
        deposant: !ici.agence() && matches!(etat, EtatAutorisation::Active { .. }),
        peut_prolonger: etat != EtatAutorisation::Revoquee && ici.peut(Objet::Autorisation, Acte::Juger),
        peut_revoquer: etat != EtatAutorisation::Revoquee && ici.peut(Objet::Autorisation, Acte::Administrer),
        historique,
        id,
    };
    Ok(web::page_avec(statut, &modele))
}
