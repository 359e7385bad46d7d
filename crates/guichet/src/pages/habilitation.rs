//! Habilitations inside the site: the agency's list, one page each for its holder and the agency, the signature.

pub mod lister;
pub mod retirer;
pub mod signer;
pub mod suspendre;
pub mod telecharger;
pub mod voir;

use domaine::{
    evenement::Acteur,
    habilitation::{EtatHabilitation, Habilitation},
    permission::Qualite,
};
use jiff::Timestamp;
use web::{Choix, Genre};

use crate::{acces::Ici, app::App};

/// The states that people filter on: key and name.
pub(super) const ETATS: [(&str, &str); 6] = [
    ("projet", "À signer"),
    ("active", "Active"),
    ("suspendue", "Suspendue"),
    ("expiree", "Expirée"),
    ("remplacee", "Remplacée"),
    ("retiree", "Retirée"),
];

/// Key of the state of today, in filters and in the JSON of the register.
pub(super) fn cle(habilitation: &Habilitation, le: Timestamp) -> &'static str {
    match &habilitation.etat {
        EtatHabilitation::Projet => "projet",
        EtatHabilitation::Active { .. } if habilitation.expiree(le) => "expiree",
        EtatHabilitation::Active { .. } => "active",
        EtatHabilitation::Suspendue { .. } => "suspendue",
        EtatHabilitation::Retiree { .. } => "retiree",
        EtatHabilitation::Remplacee { .. } => "remplacee",
    }
}

pub(super) fn genre(habilitation: &Habilitation, le: Timestamp) -> Genre {
    match cle(habilitation, le) {
        "active" => Genre::Succes,
        "projet" => Genre::Info,
        "suspendue" => Genre::Attention,
        "retiree" => Genre::Erreur,
        _ => Genre::Neutre,
    }
}

pub(super) fn choix_etats(projets: bool) -> Vec<Choix> {
    ETATS
        .iter()
        .filter(|(cle, _)| projets || *cle != "projet")
        .map(|(cle, nom)| Choix::nouveau(cle, nom))
        .collect()
}

pub(super) fn choix_profils() -> Vec<Choix> {
    domaine::referentiel::Profil::TOUS
        .into_iter()
        .map(|profil| Choix::nouveau(profil.code(), &format!("{} – {}", profil.code(), profil.libelle())))
        .collect()
}

/// Whether a habilitation answers a search: part of its number, NRU, company, software or client_id.
pub(super) fn correspond(habilitation: &Habilitation, texte: &str) -> bool {
    let contenu = &habilitation.contenu;
    let texte = texte.trim().to_lowercase();
    texte.is_empty()
        || [
            contenu.numero.as_str(),
            contenu.nru.as_str(),
            &contenu.denomination,
            &contenu.siret,
            &contenu.logiciel,
            &contenu.client_id,
        ]
        .iter()
        .any(|valeur| valeur.to_lowercase().contains(&texte))
}

/// Who acted, as this person may read it: the names of the agency stay inside.
pub(super) fn auteur(app: &App, ici: &Ici, acteur: &Acteur) -> String {
    if !ici.agence() && Qualite::AGENCE.contains(&acteur.qualite) {
        return app.config.agence.nom.clone();
    }
    acteur.to_string()
}

/// An answer that is a PDF to keep.
pub(super) fn pdf(nom: &str, octets: bytes::Bytes) -> axum::response::Response {
    use axum::response::IntoResponse as _;
    use http::header;
    let disposition = format!("attachment; filename=\"{nom}.pdf\"");
    let entetes = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    (entetes, octets).into_response()
}
