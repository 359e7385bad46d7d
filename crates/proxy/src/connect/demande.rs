//! The body of `POST /connect`: four texts, all of them needed, and all that is wrong told at once.

use http::StatusCode;
use oidc::ciba::{Canal, message_valide};
use serde_json::Value;

use crate::config::ReglesSession;
use crate::reponse::{Metadata, Reponse, erreur, refus};
use crate::requete::Recue;
use crate::session::Session;

/// Longest nationalId and clientId, in characters.
const TEXTE_MAX: usize = 200;

/// What an LPS asks for.
#[derive(Clone, Debug)]
pub(super) struct Connexion {
    pub(super) national_id: String,
    pub(super) binding_message: String,
    pub(super) client_id: String,
    pub(super) channel: Canal,
}

impl Connexion {
    pub(super) fn metadata(&self) -> Metadata {
        Metadata { national_id: Some(self.national_id.clone()), client_id: Some(self.client_id.clone()) }
    }

    /// Whether it asks again for that very session.
    pub(super) fn rejoue(&self, session: &Session) -> bool {
        *session.national_id == *self.national_id && *session.identite.client_id == *self.client_id
    }

    /// Reads and checks, in the agency's order: nationalId, bindingMessage, clientId, channel.
    pub(super) fn lire(recue: &Recue, regles: &ReglesSession) -> Result<Self, Reponse> {
        if let Some(sorte) = recue.tete.headers.get(http::header::CONTENT_TYPE) {
            let sorte = sorte.to_str().unwrap_or_default().to_ascii_lowercase();
            let sorte = sorte.split(';').next().unwrap_or_default().trim().to_owned();
            if sorte != "application/json" && !sorte.ends_with("+json") {
                return Err(refus(StatusCode::UNSUPPORTED_MEDIA_TYPE, "application/json expected."));
            }
        }
        let illisible = || refus(StatusCode::BAD_REQUEST, "Request body is not a JSON object.");
        let corps: serde_json::Map<String, Value> =
            serde_json::from_slice(&recue.corps).map_err(|_| illisible())?;
        let mut fautes = Vec::new();
        let national_id = champ(&corps, "nationalId", &mut fautes, |texte| {
            texte.chars().count() <= TEXTE_MAX && !texte.chars().any(char::is_control)
        });
        let binding_message = champ(&corps, "bindingMessage", &mut fautes, |texte| {
            let deux_chiffres = texte.len() == 2 && texte.bytes().all(|octet| octet.is_ascii_digit());
            if !deux_chiffres && !regles.message_strict {
                tracing::warn!("bindingMessage qui n’est pas de deux chiffres");
            }
            deux_chiffres || (!regles.message_strict && message_valide(texte))
        });
        let client_id = champ(&corps, "clientId", &mut fautes, |texte| {
            texte.chars().count() <= TEXTE_MAX && !texte.chars().any(char::is_control)
        });
        let channel = champ(&corps, "channel", &mut fautes, |texte| Canal::lire(texte).is_some());
        match (national_id, binding_message, client_id, channel.and_then(Canal::lire)) {
            (Some(national_id), Some(binding_message), Some(client_id), Some(channel))
                if fautes.is_empty() =>
            {
                Ok(Self {
                    national_id: national_id.to_owned(),
                    binding_message: binding_message.to_owned(),
                    client_id: client_id.to_owned(),
                    channel,
                })
            }
            (national_id, _, client_id, _) => {
                let metadata =
                    Metadata { national_id: national_id.map(propre), client_id: client_id.map(propre) };
                Err(erreur(StatusCode::BAD_REQUEST, &format!("[{}]", fautes.join(", ")), &metadata))
            }
        }
    }
}

/// A text that is there and good, or a fault. What is there is given back even when it isn't good: the answer names it.
fn champ<'a>(
    corps: &'a serde_json::Map<String, Value>,
    nom: &str,
    fautes: &mut Vec<String>,
    bon: impl Fn(&str) -> bool,
) -> Option<&'a str> {
    match corps.get(nom) {
        None | Some(Value::Null) => fautes.push(format!("{nom} is missing")),
        Some(Value::String(texte)) if texte.trim().is_empty() => fautes.push(format!("{nom} is missing")),
        Some(Value::String(texte)) => {
            if !bon(texte) {
                fautes.push(format!("{nom} value {} is invalid", propre(texte)));
            }
            return Some(texte);
        }
        Some(_) => fautes.push(format!("{nom} value is not a text")),
    }
    None
}

/// What may be said back: short, and without anything that a terminal would obey.
fn propre(texte: &str) -> String {
    texte.chars().map(|lettre| if lettre.is_control() { '\u{fffd}' } else { lettre }).take(60).collect()
}
