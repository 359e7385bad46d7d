//! The form of a fiche: read, filled in again, and shown; one template for the new produit and for the changed one.

use askama::Template;
use axum::response::Response;
use domaine::{
    produit::{AUCUN_DISPOSITIF, DISPOSITIFS, Faute, Fiche},
    structure::Structure,
};
use http::StatusCode;
use web::{Cadre, Champs, Choix, Saisie};

/// What somebody else wrote while the form was open.
pub(super) struct Entretemps {
    pub(super) qui: String,
    pub(super) quand: String,
    /// Field, as it stands now, for those that differ from what is typed.
    pub(super) valeurs: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "produit/fiche.html")]
pub(super) struct Page {
    pub(super) cadre: Cadre,
    pub(super) f: Champs,
    pub(super) titre: String,
    pub(super) action: String,
    pub(super) retour: String,
    /// Name and value of the hidden field that makes the sending safe: `envoi` or `vue`.
    pub(super) garde: (&'static str, String),
    pub(super) demarche: String,
    /// Whether the fiche is a brouillon: it may be kept as it is, and is read over before it counts.
    pub(super) brouillon: bool,
    pub(super) nom_fige: bool,
    pub(super) responsables: Vec<Choix>,
    pub(super) dispositifs: Vec<Choix>,
    pub(super) entretemps: Option<Entretemps>,
}

impl Page {
    fn aide_nom(&self) -> &'static str {
        if self.nom_fige {
            "Le nom est figé : une habilitation en vigueur le porte."
        } else {
            "Le nom sous lequel vos clients le connaissent, suivi s’il y a lieu du système et de l’appareil, par exemple « Carnet iOS Mobile »."
        }
    }

    pub(super) fn repondre(&self) -> Response {
        let statut = if self.entretemps.is_some() {
            StatusCode::CONFLICT
        } else if self.f.en_faute() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        };
        web::page_avec(statut, self)
    }
}

/// The fiche as it was typed. A responsable who is no member of the structure counts as none.
pub(super) fn lire(saisie: &Saisie, structure: &Structure) -> Fiche {
    let responsable = saisie.texte("responsable");
    Fiche {
        nom: saisie.texte("nom").to_owned(),
        version: saisie.texte("version").to_owned(),
        nil: saisie.texte("nil").to_owned(),
        responsable: structure
            .membres
            .iter()
            .map(|membre| membre.personne)
            .find(|personne| personne.to_string() == responsable),
        description: saisie.texte("description").to_owned(),
        certifications: saisie.texte("certifications").to_owned(),
        dispositifs: saisie.tous("dispositifs").into_iter().map(str::to_owned).collect(),
    }
}

/// The form filled in with a fiche.
pub(super) fn champs(fiche: &Fiche) -> Champs {
    let f = Champs::vides()
        .avec("nom", &fiche.nom)
        .avec("version", &fiche.version)
        .avec("nil", &fiche.nil)
        .avec("description", &fiche.description)
        .avec("certifications", &fiche.certifications)
        .avec("responsable", fiche.responsable.map_or_else(String::new, |id| id.to_string()));
    fiche.dispositifs.iter().fold(f, |f, code| f.avec("dispositifs", code))
}

/// The same with its faults.
pub(super) fn avec_fautes(mut f: Champs, fautes: Vec<Faute>) -> Champs {
    for faute in fautes {
        f.refuser(&faute.champ, faute.message);
    }
    f
}

pub(super) fn responsables(structure: &Structure) -> Vec<Choix> {
    structure
        .membres
        .iter()
        .map(|membre| {
            Choix::nouveau(
                &membre.personne.to_string(),
                &format!("{} ({})", membre.nom, membre.role.libelle()),
            )
        })
        .collect()
}

pub(super) fn dispositifs() -> Vec<Choix> {
    let mut choix: Vec<Choix> =
        DISPOSITIFS.iter().map(|(code, libelle)| Choix::nouveau(code, libelle)).collect();
    choix.push(
        Choix::nouveau(AUCUN_DISPOSITIF, "Aucun dispositif identifié pour le moment")
            .aide("Ne se coche avec aucun autre."),
    );
    choix
}

/// « Ségur du numérique en santé » for `segur`.
pub(super) fn libelle_dispositif(code: &str) -> &str {
    DISPOSITIFS
        .iter()
        .find(|(autre, _)| *autre == code)
        .map_or("Aucun dispositif identifié pour le moment", |(_, libelle)| libelle)
}

/// A fiche as people read it: label and text of each field; an empty text is shown as such.
pub(super) fn lignes(fiche: &Fiche, structure: &Structure) -> Vec<(&'static str, String)> {
    let responsable = fiche
        .responsable
        .and_then(|id| structure.membre(id))
        .map_or_else(String::new, |membre| membre.nom.clone());
    let dispositifs: Vec<&str> = fiche.dispositifs.iter().map(|code| libelle_dispositif(code)).collect();
    vec![
        ("Nom du produit", fiche.nom.clone()),
        ("Version", fiche.version.clone()),
        ("N° d’identification (NIL)", fiche.nil.clone()),
        ("Responsable", responsable),
        ("Description", fiche.description.clone()),
        ("Certifications", fiche.certifications.clone()),
        ("Dispositifs", dispositifs.join("\n")),
    ]
}

/// Where the wizard comes from and goes back to: the code of a guichet, or nothing.
pub(super) fn demarche(texte: &str) -> String {
    let connu = domaine::referentiel::Guichet::TOUS.into_iter().any(|guichet| guichet.code() == texte);
    if connu { texte.to_owned() } else { String::new() }
}

/// Adds the démarche to an address of the wizard.
pub(super) fn suite(chemin: &str, demarche: &str) -> String {
    if demarche.is_empty() { chemin.to_owned() } else { format!("{chemin}?demarche={demarche}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_demarche_is_followed() {
        for (texte, suivie) in
            [("editeur", "/x?demarche=editeur"), ("", "/x"), ("//ailleurs", "/x"), ("operateur&a=b", "/x")]
        {
            assert_eq!(suite("/x", &demarche(texte)), suivie);
        }
    }
}
