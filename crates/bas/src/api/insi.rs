//! A stand-in for the search of a national health identity (INS) by traits, with fictitious patients.
//!
//! It is not the téléservice INSi: that one speaks SOAP with a VIHF assertion, this one JSON, for whoever tries a proxy. What
//! it keeps of it is the shape of the answer: one identity, none, or several without saying which, each an answer and not an
//! error.
//!
//! `POST /recherche` takes `{"nomNaissance", "prenom", "sexe": "F"|"M", "dateNaissance": "AAAA-MM-JJ", "lieuNaissance"?}` and
//! answers `{"codeRetour": "00"|"01"|"02", "libelle", "identite"?}`.

mod patients;

use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use jiff::civil::Date;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization as _;

use crate::journal::Note;
use patients::{PATIENTS, Patient};

/// Longest body, in bytes.
const CORPS_MAX: usize = 16 * 1024;
/// Longest trait, in characters.
const TRAIT_MAX: usize = 100;

pub(super) fn routes() -> Router {
    Router::new()
        .route("/recherche", post(rechercher))
        .route("/patients", get(lister))
        .fallback(|note: Note| async move {
            note.refuse(None, "Cette API ne connaît que POST /recherche et GET /patients.");
            StatusCode::NOT_FOUND
        })
        .layer(DefaultBodyLimit::max(CORPS_MAX))
}

/// Traits to look for, as compared.
struct Traits {
    nom: String,
    prenom: String,
    sexe: char,
    naissance: Date,
    lieu: Option<String>,
}

/// Capitals without accents, words one space apart: how identities are compared.
fn comparable(texte: &str) -> String {
    let lettres =
        texte.nfd().filter(|lettre| !('\u{300}'..='\u{36f}').contains(lettre)).flat_map(char::to_uppercase);
    let lisses: String = lettres.map(|lettre| if lettre.is_alphanumeric() { lettre } else { ' ' }).collect();
    lisses.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Traits {
    fn lire(octets: &[u8]) -> Result<Self, Vec<(&'static str, &'static str)>> {
        let Ok(Value::Object(objet)) = serde_json::from_slice(octets) else {
            return Err(vec![("corps", "Un objet JSON est attendu.")]);
        };
        let mut fautes = Vec::new();
        let texte = |nom: &str| {
            objet.get(nom).and_then(Value::as_str).map(str::trim).filter(|texte| !texte.is_empty())
        };
        let mut mot = |nom: &'static str| match texte(nom).map(comparable) {
            Some(mot) if !mot.is_empty() && mot.chars().count() <= TRAIT_MAX => mot,
            _ => {
                fautes.push((nom, "Un texte de 1 à 100 caractères est attendu."));
                String::new()
            }
        };
        let (nom, prenom) = (mot("nomNaissance"), mot("prenom"));
        let sexe = match texte("sexe") {
            Some("F") => 'F',
            Some("M") => 'M',
            _ => {
                fautes.push(("sexe", "« F » ou « M » est attendu."));
                ' '
            }
        };
        let naissance = texte("dateNaissance").and_then(|date| date.parse().ok()).unwrap_or_else(|| {
            fautes.push(("dateNaissance", "Une date AAAA-MM-JJ est attendue."));
            Date::ZERO
        });
        let lieu = objet.get("lieuNaissance").filter(|valeur| !valeur.is_null()).map(|valeur| {
            let code = valeur.as_str().unwrap_or_default().trim().to_uppercase();
            if code.len() != 5 || !code.bytes().all(|octet| octet.is_ascii_alphanumeric()) {
                fautes.push(("lieuNaissance", "Un code INSEE de cinq caractères est attendu."));
            }
            code
        });
        if fautes.is_empty() { Ok(Self { nom, prenom, sexe, naissance, lieu }) } else { Err(fautes) }
    }

    fn sont_de(&self, patient: &Patient) -> bool {
        let (annee, mois, jour) = patient.naissance;
        comparable(patient.nom) == self.nom
            && patient.prenoms.iter().any(|prenom| comparable(prenom) == self.prenom)
            && patient.sexe == self.sexe
            && (self.naissance.year(), self.naissance.month(), self.naissance.day()) == (annee, mois, jour)
            && self.lieu.as_deref().is_none_or(|lieu| lieu == patient.lieu)
    }
}

async fn rechercher(note: Note, corps: Result<Bytes, axum::extract::rejection::BytesRejection>) -> Response {
    let Ok(octets) = corps else {
        note.refuse(None, "Le corps est trop long ou s’est interrompu.");
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let traits = match Traits::lire(&octets) {
        Ok(traits) => traits,
        Err(fautes) => {
            let champs: Vec<&str> = fautes.iter().map(|(nom, _)| *nom).collect();
            note.refuse("invalid_request", format!("Traits refusés : {}.", champs.join(", ")));
            let fautes: Vec<Value> =
                fautes.iter().map(|(champ, message)| json!({ "champ": champ, "message": message })).collect();
            return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_request", "fautes": fautes })))
                .into_response();
        }
    };
    let trouves: Vec<&Patient> = PATIENTS.iter().filter(|patient| traits.sont_de(patient)).collect();
    let reponse = match trouves.as_slice() {
        [seul] => json!({ "codeRetour": "00", "libelle": "Identité trouvée.", "identite": seul.identite() }),
        [] => json!({ "codeRetour": "01", "libelle": "Aucune identité trouvée." }),
        // Which ones is not said: a search must not be a way to list people.
        [_, _, ..] => {
            json!({ "codeRetour": "02", "libelle": "Plusieurs identités trouvées : précisez les traits." })
        }
    };
    note.accepte(format!("Recherche par traits : {}", reponse["libelle"].as_str().unwrap_or_default()));
    Json(reponse).into_response()
}

/// The fictitious patients, for whoever writes a test.
async fn lister(note: Note) -> Json<Value> {
    note.accepte("Patients fictifs du bac à sable.");
    Json(PATIENTS.iter().map(Patient::identite).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_registers_write_them() {
        for (texte, attendu) in [
            ("Essai-Soleil", "ESSAI SOLEIL"),
            ("  d’Outremer ", "D OUTREMER"),
            ("Émile", "EMILE"),
            ("Zoë  ça", "ZOE CA"),
            ("–", ""),
        ] {
            assert_eq!(comparable(texte), attendu, "{texte}");
        }
    }
}
