//! Faults of the id_token: claims that lie, headers that trap, signatures that don't hold.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oidc::CleSignature;
use oidc::jwt::{Algorithme, ErreurCle};
use serde_json::{Map, Value, json};

use super::FauteId;

const HEURE: i64 = 3600;

/// An id_token with that fault. `cle` is the key that would have signed it.
pub(crate) fn deformer_id(
    faute: FauteId,
    mut charge: Map<String, Value>,
    cle: &CleSignature,
    client_id: &str,
) -> Result<String, ErreurCle> {
    let entete = json!({ "alg": "RS256", "typ": "JWT", "kid": cle.kid() });
    let decaler = |charge: &mut Map<String, Value>, nom: &str, secondes: i64| {
        let instant = charge.get(nom).and_then(Value::as_i64).unwrap_or_default();
        charge.insert(nom.to_owned(), json!(instant + secondes));
    };
    match faute {
        FauteId::Sans(nom) => {
            charge.remove(nom);
        }
        FauteId::Avec(nom, valeur) => {
            charge.insert(nom.to_owned(), serde_json::from_str(valeur).unwrap_or_default());
        }
        FauteId::AudPlusieurs => {
            charge.insert("aud".to_owned(), json!([client_id, "un-autre-client"]));
            charge.remove("azp");
        }
        FauteId::AudTableau => {
            charge.insert("aud".to_owned(), json!([client_id]));
        }
        FauteId::ExpPasse => decaler(&mut charge, "exp", -HEURE - 120),
        FauteId::IatVieux => decaler(&mut charge, "iat", -7 * 24 * HEURE),
        FauteId::IatFutur => {
            decaler(&mut charge, "iat", HEURE);
            decaler(&mut charge, "exp", HEURE);
        }
        FauteId::AutrePersonne => {
            let autre = "899700000999";
            charge.insert("sub".to_owned(), json!(format!("f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:{autre}")));
            for nom in ["SubjectNameID", "preferred_username"] {
                charge.insert(nom.to_owned(), json!(autre));
            }
        }
        FauteId::CleInconnue | FauteId::CleUsurpee => {
            let pem = CleSignature::generer_pem(Algorithme::Rs256)?;
            let autre = CleSignature::depuis_pem(Algorithme::Rs256, &pem)?;
            let entete = if faute == FauteId::CleUsurpee {
                entete
            } else {
                json!({ "alg": "RS256", "typ": "JWT", "kid": autre.kid() })
            };
            return autre.signer_sous(&entete, &charge);
        }
        FauteId::SignatureAlteree => {
            let jeton = cle.signer_sous(&entete, &charge)?;
            let (message, signature) = jeton.rsplit_once('.').unwrap_or_default();
            let premiere = if signature.starts_with('A') { 'B' } else { 'A' };
            return Ok(format!("{message}.{premiere}{}", signature.get(1..).unwrap_or_default()));
        }
        FauteId::AlgNone => {
            return Ok(format!("{}.", message(&json!({ "alg": "none", "typ": "JWT" }), &charge)));
        }
        FauteId::Hs256Client => return Ok(hs256(cle.kid(), client_id.as_bytes(), &charge)),
        FauteId::Hs256Cle => {
            let publique = cle.jwks()["keys"][0]["n"].as_str().unwrap_or_default().to_owned();
            return Ok(hs256(cle.kid(), publique.as_bytes(), &charge));
        }
        FauteId::Jku => {
            let entete = json!({ "alg": "RS256", "typ": "JWT", "kid": "autre", "jku": "https://pirate.example/certs" });
            return cle.signer_sous(&entete, &charge);
        }
        FauteId::Crit => {
            let entete = json!({ "alg": "RS256", "typ": "JWT", "kid": cle.kid(), "crit": ["exp"], "exp": 1 });
            return cle.signer_sous(&entete, &charge);
        }
        FauteId::SansKid => return cle.signer_sous(&json!({ "alg": "RS256", "typ": "JWT" }), &charge),
    }
    cle.signer_sous(&entete, &charge)
}

fn message(entete: &Value, charge: &Map<String, Value>) -> String {
    let encoder = |texte: String| BASE64_URL_SAFE_NO_PAD.encode(texte);
    format!("{}.{}", encoder(entete.to_string()), encoder(Value::Object(charge.clone()).to_string()))
}

fn hs256(kid: &str, cle: &[u8], charge: &Map<String, Value>) -> String {
    let message = message(&json!({ "alg": "HS256", "typ": "JWT", "kid": kid }), charge);
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, cle), message.as_bytes());
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}
