//! A form with files: nothing before the token, files by pieces.

use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use axum::{Extension, Router};
use http::StatusCode;
use web::{FormulaireFichiers, JetonSession, Partie, RefusFormulaire, SessionWeb};

use crate::{envoyer, requete};

const TYPE: (&str, &str) = ("content-type", "multipart/form-data; boundary=LIMITE");

async fn inventaire(mut formulaire: FormulaireFichiers) -> Result<String, RefusFormulaire> {
    let mut vu = Vec::new();
    while let Some(partie) = formulaire.suivant().await? {
        vu.push(match partie {
            Partie::Texte { nom, valeur } => format!("{nom}={valeur}"),
            Partie::Fichier { nom, nom_fichier, mut flux } => {
                let mut taille = 0;
                while let Some(morceau) = flux.morceau().await? {
                    taille += morceau.len();
                }
                format!("{nom}:{nom_fichier}:{taille}")
            }
        });
    }
    Ok(vu.join(" "))
}

fn corps(parties: &[(&str, Option<&str>, &str)]) -> String {
    let partie = |(nom, fichier, valeur): &(&str, Option<&str>, &str)| {
        let fichier = fichier.map(|f| format!("; filename=\"{f}\"")).unwrap_or_default();
        format!("--LIMITE\r\nContent-Disposition: form-data; name=\"{nom}\"{fichier}\r\n\r\n{valeur}\r\n")
    };
    parties.iter().map(partie).chain(["--LIMITE--\r\n".to_owned()]).collect()
}

#[tokio::test]
async fn the_token_comes_first() {
    let mien = JetonSession::nouveau([1; 32]);
    let (juste, autre) = (mien.csrf(), JetonSession::nouveau([2; 32]).csrf());
    let (juste, autre) = (juste.as_str(), autre.as_str());
    let fichier = ("piece", Some("C:\\a\\rapport.pdf"), "12345");
    let tout = "titre=é piece:rapport.pdf:5 vide=";
    let grand = "x".repeat(5000);
    for (cas, entetes, parties, attendu) in [
        (
            "field first",
            vec![TYPE],
            vec![("csrf", None, juste), ("titre", None, "  e\u{301} "), fichier, ("vide", Some(""), "")],
            Ok(tout),
        ),
        (
            "header",
            vec![TYPE, ("x-csrf-token", juste)],
            vec![("titre", None, "é"), fichier, ("vide", Some(""), "")],
            Ok(tout),
        ),
        ("missing", vec![TYPE], vec![fichier], Err(StatusCode::FORBIDDEN)),
        ("after the file", vec![TYPE], vec![fichier, ("csrf", None, juste)], Err(StatusCode::FORBIDDEN)),
        ("other session's", vec![TYPE], vec![("csrf", None, autre), fichier], Err(StatusCode::FORBIDDEN)),
        (
            "endless token",
            vec![TYPE],
            vec![("csrf", None, grand.as_str())],
            Err(StatusCode::PAYLOAD_TOO_LARGE),
        ),
        (
            "cross site",
            vec![TYPE, ("sec-fetch-site", "cross-site")],
            vec![("csrf", None, juste)],
            Err(StatusCode::FORBIDDEN),
        ),
        (
            "not multipart",
            vec![("content-type", "text/plain")],
            vec![("csrf", None, juste)],
            Err(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ),
        (
            "beyond the limit of the route",
            vec![TYPE],
            vec![("csrf", None, juste), ("piece", Some("a"), &grand), ("b", Some("a"), &grand)],
            Err(StatusCode::PAYLOAD_TOO_LARGE),
        ),
    ] {
        let routeur = Router::new()
            .route("/", post(inventaire))
            .layer(DefaultBodyLimit::max(8000))
            .layer(Extension(SessionWeb { csrf: mien.csrf() }));
        let (statut, _, texte) = envoyer(routeur, requete("POST", "/", &entetes, corps(&parties))).await;
        match attendu {
            Ok(attendu) => assert_eq!((statut, texte.as_str()), (StatusCode::OK, attendu), "{cas}"),
            Err(attendu) => assert_eq!(statut, attendu, "{cas}: {texte}"),
        }
    }
}

#[tokio::test]
async fn a_body_cut_short_is_refused() {
    let mien = JetonSession::nouveau([1; 32]);
    let entier = corps(&[("csrf", None, &mien.csrf()), ("piece", Some("a.pdf"), "12345")]);
    let routeur =
        Router::new().route("/", post(inventaire)).layer(Extension(SessionWeb { csrf: mien.csrf() }));
    let coupe = entier[..entier.len() - 12].to_owned();
    let (statut, _, _) = envoyer(routeur, requete("POST", "/", &[TYPE], coupe)).await;
    assert_eq!(statut, StatusCode::BAD_REQUEST);
}
