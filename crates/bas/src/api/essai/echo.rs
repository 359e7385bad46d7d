//! What the API received, told back.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use axum::Json;
use axum::body::Body;
use axum::extract::{OriginalUri, Request};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use service::Pair;

use crate::api::jetons::Acces;
use crate::api::serveur::certificat;
use crate::journal::{Note, masque};

/// The body is read through, whatever its size, and never kept.
pub(super) async fn echo(note: Note, requete: Request) -> Response {
    let (parties, corps) = requete.into_parts();
    let Ok((octets, sha256)) = mesurer(corps).await else {
        note.refuse(None, "Le corps de la requête s’est interrompu.");
        return StatusCode::BAD_REQUEST.into_response();
    };
    let uri = parties.extensions.get::<OriginalUri>().map_or(&parties.uri, |uri| &uri.0);
    let lu = certificat(parties.extensions.get::<Pair>());
    let acces = parties.extensions.get::<Arc<Acces>>();
    note.accepte("Écho répondu.");
    Json(json!({
        "methode": parties.method.as_str(),
        "chemin": uri.path(),
        "requete": uri.query(),
        "version": format!("{:?}", parties.version),
        "entetes": entetes(&parties.headers),
        "corps": { "octets": octets, "sha256": sha256 },
        "certificat": lu.map(|lu| json!({ "dn": lu.dn, "cn": lu.cn, "empreinte": lu.empreinte_sha256 })),
        "jeton": acces.map(|acces| json!({
            "azp": acces.azp, "SubjectNameID": acces.national_id, "scope": acces.scope, "exp": acces.exp,
            "sid": acces.sid, "psc_session_state": acces.psc_session_state,
        })),
    }))
    .into_response()
}

async fn mesurer(corps: Body) -> Result<(u64, String), axum::Error> {
    let mut flux = corps.into_data_stream();
    let (mut octets, mut sha256) = (0_u64, Context::new(&SHA256));
    while let Some(morceau) = flux.next().await {
        let morceau = morceau?;
        octets = octets.saturating_add(morceau.len() as u64);
        sha256.update(&morceau);
    }
    Ok((octets, hex::encode(sha256.finish())))
}

/// In the order received, a pair each, so that what came twice is seen twice.
fn entetes(recus: &HeaderMap) -> Vec<Value> {
    let montrer = |(nom, valeur): (&header::HeaderName, &header::HeaderValue)| {
        let texte = String::from_utf8_lossy(valeur.as_bytes());
        let montre = if *nom == header::AUTHORIZATION || *nom == header::PROXY_AUTHORIZATION {
            match texte.split_once(' ') {
                Some((methode, jeton)) => format!("{methode} {}", masque::jeton(jeton)),
                None => "masqué".to_owned(),
            }
        } else if *nom == header::COOKIE {
            let noms = texte.split(';').map(|cookie| cookie.split('=').next().unwrap_or_default().trim());
            noms.map(|nom| format!("{nom}=masqué")).collect::<Vec<_>>().join("; ")
        } else {
            texte.into_owned()
        };
        json!([nom.as_str(), montre])
    };
    recus.iter().map(montrer).collect()
}
