//! The logout token of OpenID Connect Back-Channel Logout 1.0: what the provider posts to say that a session has ended.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id_token::{AGE_MAX, DERIVE_MAX, Refus as RefusJeton};
use crate::{Jwks, jwt};

/// The member of `events` that makes it a logout token (§2.4).
pub const EVENEMENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The claims of a logout token. Instants in seconds since 1970.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct JetonDeconnexion {
    pub iss: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(deserialize_with = "crate::id_token::un_ou_plusieurs")]
    pub aud: Vec<String>,
    pub iat: i64,
    pub exp: i64,
    pub jti: String,
    /// The session that ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    #[serde(default)]
    pub events: Map<String, Value>,
    /// Forbidden: an id_token must not pass for a logout token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

/// Why a logout token is refused (§2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refus {
    #[error("jeton de déconnexion refusé")]
    Jeton(#[from] RefusJeton),
    #[error("jeton de déconnexion sans l’événement attendu")]
    Evenement,
    #[error("jeton de déconnexion qui porte un nonce")]
    Nonce,
    #[error("jeton de déconnexion sans session ni sujet")]
    SansSession,
}

/// Verifies a logout token, signature first. Whether its `jti` was seen already is the caller's to say.
///
/// # Errors
/// The first [`Refus`] met.
pub fn verifier(
    jeton: &str,
    cles: &Jwks,
    issuer: &str,
    client_id: &str,
    maintenant: Timestamp,
) -> Result<JetonDeconnexion, Refus> {
    let lu: JetonDeconnexion = jwt::verifier(jeton, cles)?;
    if lu.iss != issuer {
        return Err(RefusJeton::Emetteur.into());
    }
    if !lu.aud.iter().any(|aud| aud == client_id) {
        return Err(RefusJeton::Audience.into());
    }
    let maintenant = maintenant.as_second();
    if lu.exp <= maintenant.saturating_sub(DERIVE_MAX) {
        return Err(RefusJeton::Expire.into());
    }
    if lu.iat > maintenant.saturating_add(DERIVE_MAX) {
        return Err(RefusJeton::Futur.into());
    }
    if lu.iat < maintenant.saturating_sub(AGE_MAX) {
        return Err(RefusJeton::TropAncien.into());
    }
    if !lu.events.get(EVENEMENT).is_some_and(Value::is_object) {
        return Err(Refus::Evenement);
    }
    if lu.nonce.is_some() {
        return Err(Refus::Nonce);
    }
    if lu.sid.is_none() && lu.sub.is_none() {
        return Err(Refus::SansSession);
    }
    Ok(lu)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::CleSignature;
    use crate::jwt::Algorithme;

    #[test]
    fn only_a_logout_token_of_that_provider_for_that_client_passes() {
        let pem = CleSignature::generer_pem(Algorithme::Es256).unwrap();
        let cle = CleSignature::depuis_pem(Algorithme::Es256, &pem).unwrap();
        let cles = Jwks::parse(cle.jwks().to_string().as_bytes()).unwrap();
        let maintenant: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let t = maintenant.as_second();
        let cas = [
            (json!({}), Ok(())),
            (json!({"sub": null}), Ok(())),
            (json!({"aud": ["autre", "lps"]}), Ok(())),
            (json!({"sid": null}), Ok(())),
            (json!({"sid": null, "sub": null}), Err(Refus::SansSession)),
            (json!({"iss": "https://autre.test"}), Err(RefusJeton::Emetteur.into())),
            (json!({"aud": "autre"}), Err(RefusJeton::Audience.into())),
            (json!({"exp": t - 61}), Err(RefusJeton::Expire.into())),
            (json!({"iat": t + 61}), Err(RefusJeton::Futur.into())),
            (json!({"iat": t - 601}), Err(RefusJeton::TropAncien.into())),
            (json!({"events": {}}), Err(Refus::Evenement)),
            (json!({"events": {EVENEMENT: true}}), Err(Refus::Evenement)),
            (json!({"nonce": "n"}), Err(Refus::Nonce)),
            (json!({"jti": null}), Err(RefusJeton::Forme.into())),
        ];
        for (changement, attendu) in cas {
            let mut corps = json!({"iss": "https://psc.test", "sub": "f:1:8", "aud": "lps", "iat": t, "exp": t + 120,
                "jti": "j", "sid": "s", "events": {EVENEMENT: {}}});
            for (nom, valeur) in changement.as_object().unwrap() {
                corps[nom] = valeur.clone();
            }
            let jeton = cle.signer(&corps).unwrap();
            let vu = verifier(&jeton, &cles, "https://psc.test", "lps", maintenant).map(|_| ());
            assert_eq!(vu, attendu, "{changement}");
        }
    }
}
