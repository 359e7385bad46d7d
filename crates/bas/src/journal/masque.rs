//! What the journal shows of a value, by the name under which it came.
//!
//! The list is of what may be shown: a name that nobody thought of is masked.

use aws_lc_rs::digest::{SHA256, digest};

/// Longest value shown, in characters; the rest is cut.
const LONGUEUR_MAX: usize = 200;
/// Most parameters told of one request.
pub(super) const PARAMETRES_MAX: usize = 32;

/// Parameters that hold no secret.
const VISIBLES: [&str; 35] = [
    "acr",
    "acr_values",
    "actor_token_type",
    "audience",
    "binding_message",
    "channel",
    "claims",
    "client_assertion_type",
    "client_id",
    "code_challenge_method",
    "display",
    "expires_in",
    "grant_type",
    "interval",
    "issued_token_type",
    "login_hint",
    "max_age",
    "nonce",
    "post_logout_redirect_uri",
    "prompt",
    "redirect_uri",
    "requested_expiry",
    "requested_token_type",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "session_state",
    "state",
    "subject_issuer",
    "subject_token_type",
    "token_type",
    "token_type_hint",
    "ui_locales",
    "kc_idp_hint",
];

/// Parameters that hold a random token: a fingerprint can't give it back.
const JETONS: [&str; 11] = [
    "access_token",
    "actor_token",
    "auth_req_id",
    "code",
    "id_token",
    "id_token_hint",
    "logout_token",
    "refresh_token",
    "request_uri",
    "subject_token",
    "token",
];

/// The value as the journal may show it.
pub fn parametre(nom: &str, valeur: &str) -> String {
    if VISIBLES.contains(&nom) {
        couper(valeur)
    } else if valeur.is_empty() {
        String::new()
    } else if JETONS.contains(&nom) && valeur.len() >= 20 {
        jeton(valeur)
    } else {
        format!("masqué ({} caractères)", valeur.chars().count())
    }
}

/// A token, told by its length and the first eight digits of its SHA-256.
pub fn jeton(valeur: &str) -> String {
    let empreinte = hex::encode(digest(&SHA256, valeur.as_bytes()));
    format!("jeton {} ({} caractères)", empreinte.get(..8).unwrap_or_default(), valeur.chars().count())
}

/// A text from outside on one line, at most 200 characters.
pub fn couper(texte: &str) -> String {
    let mut court: String = texte
        .chars()
        .take(LONGUEUR_MAX)
        .map(|lettre| if lettre.is_control() { ' ' } else { lettre })
        .collect();
    if texte.chars().nth(LONGUEUR_MAX).is_some() {
        court.push('…');
    }
    court
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_values_are_shown() {
        let long = "x".repeat(300);
        let jeton_long = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
        for (nom, valeur, attendu) in [
            ("client_id", "proxy-de-demonstration", "proxy-de-demonstration".to_owned()),
            ("scope", &*long, format!("{}…", "x".repeat(200))),
            ("login_hint", "899\n700", "899 700".to_owned()),
            ("client_secret", "secret", "masqué (6 caractères)".to_owned()),
            ("mot_de_passe", "é", "masqué (1 caractères)".to_owned()),
            ("code", "1234", "masqué (4 caractères)".to_owned()),
            ("token", "", String::new()),
            ("subject_token", jeton_long, jeton(jeton_long)),
            ("inconnu", jeton_long, "masqué (29 caractères)".to_owned()),
        ] {
            assert_eq!(parametre(nom, valeur), attendu, "{nom}");
        }
        assert!(jeton(jeton_long).starts_with("jeton ") && !jeton(jeton_long).contains("eyJ"));
    }
}
