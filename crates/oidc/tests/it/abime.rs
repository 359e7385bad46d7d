//! Fuzz targets: what a provider answers and what a stranger presents as a token, damaged in every way, is read or
//! refused, never a panic and never believed.

use bolero::check;
use jiff::Timestamp;
use oidc::jwt::Algorithme;
use oidc::metadonnees::Fournisseur;
use oidc::psc::Profil;
use oidc::{Attentes, CleSignature, Jwks, deconnexion, id_token};
use serde_json::{Value, json};
use test_support::abime::{Accident, abimer};

/// Inputs tried in a run of the tests; `cargo bolero test` goes on for as long as one likes.
const ESSAIS: usize = 5_000;
const MAINTENANT: i64 = 1_795_000_000;

fn cle() -> (CleSignature, Jwks) {
    let pem = CleSignature::generer_pem(Algorithme::Es256).unwrap();
    let cle = CleSignature::depuis_pem(Algorithme::Es256, &pem).unwrap();
    let jwks = Jwks::parse(&serde_json::to_vec(&cle.jwks()).unwrap()).unwrap();
    (cle, jwks)
}

fn revendications() -> Value {
    json!({"iss": "https://psc.test", "sub": "f:1:8", "aud": ["lps"], "azp": "lps", "exp": MAINTENANT + 120,
        "iat": MAINTENANT, "auth_time": MAINTENANT, "nonce": "n-1"})
}

fn attentes() -> Attentes<'static> {
    Attentes {
        issuer: "https://psc.test",
        client_id: "lps",
        nonce: Some("n-1"),
        jeton_acces: None,
        max_age: Some(60),
        maintenant: Timestamp::from_second(MAINTENANT).unwrap(),
    }
}

#[test]
fn a_damaged_token_is_refused() {
    let (cle, jwks) = cle();
    let bon = cle.signer(&revendications()).unwrap();
    assert!(id_token::verifier(&bon, &jwks, &attentes()).is_ok());
    check!().with_type::<Vec<Accident>>().with_iterations(ESSAIS).for_each(|accidents| {
        let abime = String::from_utf8_lossy(&abimer(bon.as_bytes(), accidents)).into_owned();
        if abime != bon {
            assert!(id_token::verifier(&abime, &jwks, &attentes()).is_err(), "{abime}");
        }
    });
}

#[test]
fn claims_that_lie_are_refused_though_well_signed() {
    let (cle, jwks) = cle();
    let bonnes = revendications();
    let texte = serde_json::to_vec(&bonnes).unwrap();
    check!().with_type::<Vec<Accident>>().with_iterations(ESSAIS).for_each(|accidents| {
        let Ok(lues) = serde_json::from_slice::<Value>(&abimer(&texte, accidents)) else { return };
        let jeton = cle.signer(&lues).unwrap();
        if id_token::verifier(&jeton, &jwks, &attentes()).is_ok() {
            for nom in ["iss", "nonce"] {
                assert_eq!(lues[nom], bonnes[nom]);
            }
        }
    });
}

#[test]
fn damaged_keys_and_metadata_are_read_or_refused() {
    let (cle, _) = cle();
    let jwks = serde_json::to_vec(&cle.jwks()).unwrap();
    let metadonnees = serde_json::to_vec(&json!({
        "issuer": "https://psc.test", "authorization_endpoint": "https://psc.test/auth",
        "token_endpoint": "https://psc.test/token", "jwks_uri": "https://psc.test/certs",
        "backchannel_authentication_endpoint": "https://psc.test/ciba",
        "mtls_endpoint_aliases": {"token_endpoint": "https://mtls.psc.test/token"},
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
    }))
    .unwrap();
    assert!(serde_json::from_slice::<Fournisseur>(&metadonnees).is_ok());
    check!().with_type::<Vec<Accident>>().with_iterations(ESSAIS).for_each(|accidents| {
        drop(Jwks::parse(&abimer(&jwks, accidents)));
        if let Ok(lu) = serde_json::from_slice::<Fournisseur>(&abimer(&metadonnees, accidents)) {
            drop(lu.points(true));
        }
    });
}

#[test]
fn damaged_answers_of_a_token_endpoint_are_read_or_refused() {
    let bonne = serde_json::to_vec(&json!({"access_token": "a", "token_type": "Bearer", "expires_in": 120,
        "refresh_token": "r", "refresh_expires_in": 1800, "id_token": "i", "session_state": "s",
        "not-before-policy": 0, "scope": "openid"}))
    .unwrap();
    assert!(serde_json::from_slice::<oidc::jetons::ReponseJetons>(&bonne).is_ok());
    check!().with_type::<Vec<Accident>>().with_iterations(ESSAIS).for_each(|accidents| {
        let abime = abimer(&bonne, accidents);
        drop(serde_json::from_slice::<oidc::jetons::ReponseJetons>(&abime));
        drop(serde_json::from_slice::<oidc::jetons::Introspection>(&abime));
        drop(serde_json::from_slice::<oidc::ciba::Accuse>(&abime));
    });
}

#[test]
fn a_damaged_logout_token_ends_nothing() {
    let (cle, jwks) = cle();
    let bonne = json!({"iss": "https://psc.test", "sub": "f:1:8", "aud": "lps", "exp": MAINTENANT + 120,
        "iat": MAINTENANT, "jti": "j", "sid": "s", "events": {deconnexion::EVENEMENT: {}}});
    let texte = serde_json::to_vec(&bonne).unwrap();
    let bon = cle.signer(&bonne).unwrap();
    let lire = |jeton: &str| {
        let maintenant = Timestamp::from_second(MAINTENANT).unwrap();
        deconnexion::verifier(jeton, &jwks, "https://psc.test", "lps", maintenant)
    };
    assert_eq!(lire(&bon).unwrap().sid.as_deref(), Some("s"));
    check!().with_type::<Vec<Accident>>().with_iterations(ESSAIS).for_each(|accidents| {
        let abime = String::from_utf8_lossy(&abimer(bon.as_bytes(), accidents)).into_owned();
        assert_eq!(lire(&abime).is_ok(), abime == bon, "{abime}");
        let Ok(dites) = serde_json::from_slice::<Value>(&abimer(&texte, accidents)) else { return };
        if let Ok(lu) = lire(&cle.signer(&dites).unwrap()) {
            assert_eq!((&dites["iss"], dites["sid"].as_str()), (&bonne["iss"], lu.sid.as_deref()));
        }
    });
}

#[test]
fn a_person_is_who_the_provider_says_or_nobody() {
    let (cle, jwks) = cle();
    let bonnes = json!({"SubjectNameID": "899700000001", "preferred_username": "899700000001",
        "SubjectRole": ["10^1.2.250.1.213.1.1.5.5"], "otherIds": [{"identifiant": "8", "origine": "RPPS", "qualite": 1}],
        "SubjectRefPro": {"exercices": [{"codeProfession": "10", "activities": [{"codeRole": "X"}]}]}});
    let texte = serde_json::to_vec(&bonnes).unwrap();
    check!().with_type::<Vec<Accident>>().with_iterations(ESSAIS).for_each(|accidents| {
        let Ok(Value::Object(dites)) = serde_json::from_slice::<Value>(&abimer(&texte, accidents)) else {
            return;
        };
        let dit = dites.get("SubjectNameID").and_then(Value::as_str);
        if let Ok(profil) = serde_json::from_value::<Profil>(Value::Object(dites.clone())) {
            assert_eq!(profil.national_id, dit.unwrap_or_default());
        }
        let Value::Object(mut jeton) = revendications() else { return };
        jeton.extend(dites.clone());
        let jeton = cle.signer(&jeton).unwrap();
        if let Ok(lues) = id_token::verifier(&jeton, &jwks, &attentes()) {
            assert_eq!(lues.lire::<String>("SubjectNameID").as_deref(), dit);
        }
    });
}
