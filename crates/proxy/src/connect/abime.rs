//! Fuzz target: the body of `/connect`, damaged in every way, is read for what it says or refused with all its faults, never
//! a panic.

use bolero::check;
use bytes::Bytes;
use futures::FutureExt as _;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use test_support::abime::{Accident, abimer};

use super::demande::Connexion;
use crate::config::ReglesSession;
use crate::requete::{Origine, Pair, Recue};

/// Inputs tried in a run of the tests; `cargo bolero test` goes on for as long as one likes.
const ESSAIS: usize = 5_000;

fn recue(corps: Vec<u8>) -> Recue {
    let pair = Pair { adresse: "192.0.2.7:40000".parse().unwrap(), certificats: [].into() };
    let (tete, ()) = Request::post("/connect").body(()).unwrap().into_parts();
    let origine = Origine::de(&pair, &tete.headers, &[]);
    Recue { tete, corps: Bytes::from(corps), origine, pair }
}

#[test]
fn a_damaged_connect_is_read_for_what_it_says_or_refused_in_words() {
    let bon =
        json!({"nationalId": "899700000001", "bindingMessage": "42", "clientId": "lps", "channel": "CARD"});
    let texte = serde_json::to_vec(&bon).unwrap();
    assert!(Connexion::lire(&recue(texte.clone()), &ReglesSession::default()).is_ok());
    check!().with_type::<(bool, Vec<Accident>)>().with_iterations(ESSAIS).for_each(
        |(message_strict, accidents)| {
            let regles = ReglesSession { message_strict: *message_strict, ..ReglesSession::default() };
            let recue = recue(abimer(&texte, accidents));
            match Connexion::lire(&recue, &regles) {
                Ok(lue) => {
                    let dit: Value = serde_json::from_slice(&recue.corps).unwrap();
                    let champs = [
                        ("nationalId", &lue.national_id),
                        ("bindingMessage", &lue.binding_message),
                        ("clientId", &lue.client_id),
                    ];
                    for (nom, valeur) in champs {
                        assert_eq!(dit[nom], **valeur);
                        assert!(!valeur.is_empty() && !valeur.chars().any(char::is_control), "{valeur:?}");
                    }
                    assert_eq!(dit["channel"], lue.channel.valeur());
                    assert!(!message_strict || lue.binding_message.len() == 2);
                }
                Err(refus) => {
                    assert_eq!(refus.status(), StatusCode::BAD_REQUEST);
                    let corps = refus.into_body().collect().now_or_never().unwrap().unwrap().to_bytes();
                    let descripteur: Value = serde_json::from_slice(&corps).unwrap();
                    let message = descripteur["message"].as_str().unwrap();
                    assert!(!message.is_empty() && !message.chars().any(char::is_control), "{message:?}");
                    assert!(corps.len() < 2_000, "a refusal says little back");
                }
            }
        },
    );
}
