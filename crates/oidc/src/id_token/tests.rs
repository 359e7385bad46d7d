//! Every refusal of an id_token, and the few liberties that are allowed.

use serde_json::{Value, json};

use super::*;
use crate::jwt::{Algorithme, CleSignature};

const MAINTENANT: i64 = 1_772_352_000;
const ACCES: &str = "jeton-d-acces";

fn cle(algorithme: Algorithme) -> CleSignature {
    CleSignature::depuis_pem(algorithme, &CleSignature::generer_pem(algorithme).unwrap()).unwrap()
}

fn cles(cle: &CleSignature) -> Jwks {
    Jwks::parse(cle.jwks().to_string().as_bytes()).unwrap()
}

fn attentes() -> Attentes<'static> {
    Attentes {
        issuer: "https://isc.test/realms/industriels",
        client_id: "guichet",
        nonce: Some("n-1"),
        jeton_acces: Some(ACCES),
        max_age: None,
        maintenant: Timestamp::from_second(MAINTENANT).unwrap(),
    }
}

/// Good claims with `changements` laid over them; `null` takes a claim out.
fn revendications(changements: &Value) -> Value {
    let mut base = json!({
        "iss": "https://isc.test/realms/industriels", "sub": "s", "aud": "guichet",
        "exp": MAINTENANT + 300, "iat": MAINTENANT, "nonce": "n-1", "auth_time": MAINTENANT - 30,
        "at_hash": at_hash(ACCES), "email": "x@y.test",
    });
    for (nom, valeur) in changements.as_object().unwrap() {
        if valeur.is_null() {
            base.as_object_mut().unwrap().remove(nom);
        } else {
            base[nom] = valeur.clone();
        }
    }
    base
}

#[test]
fn claims_are_checked_one_by_one() {
    let cle = cle(Algorithme::Es256);
    let cles = cles(&cle);
    let cas = [
        (json!({}), None, Ok(())),
        (json!({"iss": "https://isc.test/realms/industriels/"}), None, Err(Refus::Emetteur)),
        (json!({"iss": "https://autre.test"}), None, Err(Refus::Emetteur)),
        (json!({"iss": null}), None, Err(Refus::Forme)),
        (json!({"sub": ""}), None, Err(Refus::Sujet)),
        (json!({"sub": "a".repeat(256)}), None, Err(Refus::Sujet)),
        (json!({"aud": "autre"}), None, Err(Refus::Audience)),
        (json!({"aud": []}), None, Err(Refus::Audience)),
        (json!({"aud": ["guichet"]}), None, Ok(())),
        (json!({"aud": ["guichet", "autre"]}), None, Err(Refus::PartieAutorisee)),
        (json!({"aud": ["guichet", "autre"], "azp": "guichet"}), None, Ok(())),
        (json!({"aud": ["guichet", "autre"], "azp": "autre"}), None, Err(Refus::PartieAutorisee)),
        (json!({"azp": "autre"}), None, Err(Refus::PartieAutorisee)),
        (json!({"exp": MAINTENANT - DERIVE_MAX + 1}), None, Ok(())),
        (json!({"exp": MAINTENANT - DERIVE_MAX}), None, Err(Refus::Expire)),
        (json!({"exp": i64::MIN}), None, Err(Refus::Expire)),
        (json!({"exp": null}), None, Err(Refus::Forme)),
        (json!({"exp": "demain"}), None, Err(Refus::Forme)),
        (json!({"iat": MAINTENANT + DERIVE_MAX}), None, Ok(())),
        (json!({"iat": MAINTENANT + DERIVE_MAX + 1}), None, Err(Refus::Futur)),
        (json!({"iat": MAINTENANT - AGE_MAX}), None, Ok(())),
        (json!({"iat": MAINTENANT - AGE_MAX - 1}), None, Err(Refus::TropAncien)),
        (json!({"iat": null}), None, Err(Refus::Forme)),
        (json!({"nonce": "n-2"}), None, Err(Refus::Nonce)),
        (json!({"nonce": ""}), None, Err(Refus::Nonce)),
        (json!({"nonce": null}), None, Err(Refus::Nonce)),
        (json!({"at_hash": null}), None, Ok(())),
        (json!({"at_hash": at_hash("autre")}), None, Err(Refus::JetonAcces)),
        (json!({"auth_time": null}), None, Ok(())),
        (json!({"auth_time": null}), Some(60), Err(Refus::SansAuthentification)),
        (json!({}), Some(0), Ok(())),
        (json!({"auth_time": MAINTENANT - 120}), Some(60), Ok(())),
        (json!({"auth_time": MAINTENANT - 121}), Some(60), Err(Refus::AuthentificationAncienne)),
        (json!({"auth_time": MAINTENANT + 61}), Some(60), Err(Refus::Futur)),
    ];
    for (changements, max_age, attendu) in cas {
        let jeton = cle.signer(&revendications(&changements)).unwrap();
        let vu = verifier(&jeton, &cles, &Attentes { max_age, ..attentes() }).map(|_| ());
        assert_eq!(vu, attendu, "{changements} {max_age:?}");
    }
}

#[test]
fn the_key_decides_the_algorithm() {
    let (rsa, ec, etrangere) = (cle(Algorithme::Rs256), cle(Algorithme::Es256), cle(Algorithme::Rs256));
    let bonnes = revendications(&json!({}));
    let b64 = |texte: String| BASE64_URL_SAFE_NO_PAD.encode(texte);
    let charge = b64(bonnes.to_string());
    let bon = rsa.signer(&bonnes).unwrap();
    let (message, signature) = bon.rsplit_once('.').unwrap();
    let avec_entete = |entete: Value| format!("{}.{charge}.{signature}", b64(entete.to_string()));

    // The classic confusion: the public key, known to all, used as an HMAC secret.
    let publique = rsa.jwks()["keys"][0].to_string();
    let mut hmac = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    hmac.kid = Some(rsa.kid().to_owned());
    let secret = jsonwebtoken::EncodingKey::from_secret(publique.as_bytes());
    let confusion = jsonwebtoken::encode(&hmac, &bonnes, &secret).unwrap();

    let cas = [
        (bon.clone(), Ok(())),
        (ec.signer(&bonnes).unwrap(), Err(Refus::CleInconnue)),
        (etrangere.signer(&bonnes).unwrap(), Err(Refus::CleInconnue)),
        (avec_entete(json!({"alg": "none", "kid": rsa.kid()})), Err(Refus::Algorithme)),
        (avec_entete(json!({"alg": "ES256", "kid": rsa.kid()})), Err(Refus::Algorithme)),
        (avec_entete(json!({"alg": "PS256", "kid": rsa.kid()})), Err(Refus::Algorithme)),
        (avec_entete(json!({"alg": "RS256", "kid": "autre"})), Err(Refus::CleInconnue)),
        (avec_entete(json!({"alg": "RS256", "kid": rsa.kid(), "crit": ["exp"]})), Err(Refus::Forme)),
        (avec_entete(json!({"alg": "RS256", "kid": rsa.kid(), "typ": "x"})), Err(Refus::Signature)),
        (avec_entete(json!({"kid": rsa.kid()})), Err(Refus::Forme)),
        (confusion, Err(Refus::Algorithme)),
        (format!("{message}."), Err(Refus::Signature)),
        (format!("{message}.AAAA"), Err(Refus::Signature)),
        (message.to_owned(), Err(Refus::Forme)),
        (format!("{bon}.x"), Err(Refus::Signature)),
        (String::new(), Err(Refus::Forme)),
        ("é.é.é".to_owned(), Err(Refus::Forme)),
        ("a".repeat(20_000), Err(Refus::Forme)),
    ];
    for (jeton, attendu) in cas {
        assert_eq!(verifier(&jeton, &cles(&rsa), &attentes()).map(|_| ()), attendu, "{jeton}");
    }
    assert_eq!(verifier(&bon, &Jwks::default(), &attentes()).unwrap_err(), Refus::CleInconnue);
}

#[test]
fn a_set_keeps_only_the_keys_that_may_sign() {
    let rsa = cle(Algorithme::Rs256);
    let jeton = rsa.signer(&revendications(&json!({}))).unwrap();
    let bonne = rsa.jwks()["keys"][0].clone();
    let avec = |nom: &str, valeur: &str| {
        let mut changee = bonne.clone();
        changee[nom] = valeur.into();
        changee
    };
    let mut sans_alg = bonne.clone();
    sans_alg.as_object_mut().unwrap().remove("alg");
    let cas = [
        (json!([bonne]), true),
        (json!([sans_alg]), true),
        (json!([{"kty": "inconnu"}, 3, {"kty": "oct", "k": "AA"}, bonne]), true),
        (json!([avec("use", "enc")]), false),
        (json!([avec("alg", "PS256")]), false),
        (json!([avec("alg", "RS512")]), false),
        (json!([]), false),
    ];
    for (liste, attendu) in cas {
        let cles = Jwks::parse(json!({ "keys": liste }).to_string().as_bytes()).unwrap();
        assert_eq!(verifier(&jeton, &cles, &attentes()).is_ok(), attendu, "{liste}");
    }
    assert!(Jwks::parse(b"[]").is_err());
}

#[test]
fn other_claims_can_be_read() {
    let cle = cle(Algorithme::Es256);
    let jeton = cle.signer(&revendications(&json!({}))).unwrap();
    let lues = verifier(&jeton, &cles(&cle), &attentes()).unwrap();
    assert_eq!(lues.lire::<String>("email").as_deref(), Some("x@y.test"));
    assert_eq!(lues.lire::<u32>("email"), None);
    assert_eq!(lues.lire::<String>("absente"), None);
    let secret = CleSignature::generer_pem(Algorithme::Es256).unwrap();
    assert!(CleSignature::depuis_pem(Algorithme::Rs256, &secret).is_err(), "a key of the other algorithm");
    assert!(!format!("{cle:?}{secret:?}").contains("PRIVATE"));
}
