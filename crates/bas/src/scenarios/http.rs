//! Faults of transport: what comes back in place of the answer, or around it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::{StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use oidc::jetons::ErreurOauth;
use serde_json::Value;
use service::Pair;

use super::{Cible, Faute, FauteHttp, Point, Scenarios, Tire};
use crate::journal::Note;
use crate::parametres::basic;

/// No request of a realm is longer.
const CORPS_MAX: usize = 64 * 1024;
const ENORME: usize = 8 * 1024 * 1024;

/// Around a server. At a realm the client is who the form, the header or the certificate names: nothing is proven yet. At an
/// API it is who the certificate names, and the body goes through unread.
pub(crate) async fn couche(
    State((scenarios, cible)): State<(Arc<Scenarios>, Cible)>,
    note: Note,
    requete: Request,
    suite: Next,
) -> Response {
    let point = Point::du_chemin(requete.uri().path()).filter(|_| cible != Cible::Api);
    if (point.is_none() && cible != Cible::Api) || scenarios.actifs().is_empty() {
        return suite.run(requete).await;
    }
    let (requete, client_id) = if cible == Cible::Api {
        let client_id = du_certificat(requete.extensions().get::<Pair>());
        (requete, client_id)
    } else {
        let (parties, corps) = requete.into_parts();
        let Ok(corps) = to_bytes(corps, CORPS_MAX).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        let client_id = nomme(&parties.headers, parties.extensions.get::<Pair>(), &corps);
        (Request::from_parts(parties, Body::from(corps)), client_id)
    };
    let ici = [cible];
    let tire = scenarios.choisir(Some(&ici), client_id.as_deref(), point, |faute| match faute {
        Faute::Http(_) => true,
        Faute::RefusAs(_) => cible == Cible::As && point == Some(Point::Jeton),
        Faute::RefusRevocation(_) => cible == Cible::Psc && point == Some(Point::Revocation),
        _ => false,
    });
    let reponse = match tire {
        Some(tire) => {
            note.scenario(tire.nom);
            appliquer(tire, &note, requete, suite).await
        }
        None => suite.run(requete).await,
    };
    let membre = |faute| matches!(faute, Faute::MembreAs(..));
    if cible == Cible::As
        && point == Some(Point::Jeton)
        && reponse.status() == StatusCode::OK
        && let Some(tire) = scenarios.tirer(client_id.as_deref(), membre)
    {
        note.scenario(tire.nom);
        return deformer(tire, reponse).await;
    }
    reponse
}

async fn appliquer(tire: Tire, note: &Note, requete: Request, suite: Next) -> Response {
    let faute = match tire.faute {
        Faute::Http(faute) => faute,
        Faute::RefusAs(code) | Faute::RefusRevocation(code) => return refuser(code, tire.nom, note),
        _ => return suite.run(requete).await,
    };
    match faute {
        FauteHttp::Statut(statut) => {
            let statut = StatusCode::from_u16(statut).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut reponse = statut.into_response();
            let entetes = reponse.headers_mut();
            if matches!(statut, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
                entetes.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
            } else if statut == StatusCode::UNAUTHORIZED {
                let methode = HeaderValue::from_static("Bearer error=\"invalid_token\"");
                entetes.insert(header::WWW_AUTHENTICATE, methode);
            }
            reponse
        }
        FauteHttp::Lent => {
            tokio::time::sleep(Duration::from_secs(tire.secondes.into())).await;
            suite.run(requete).await
        }
        FauteHttp::Goutte => goutte_a_goutte(suite.run(requete).await, tire.secondes).await,
        FauteHttp::Coupe => {
            let debut = Ok(Bytes::from_static(b"{\"access_token\":\""));
            let fin = Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
            json(Body::from_stream(stream::iter([debut, fin])))
        }
        FauteHttp::Html => {
            axum::response::Html("<!doctype html><title>Maintenance</title><p>Maintenance").into_response()
        }
        FauteHttp::Vide => StatusCode::OK.into_response(),
        FauteHttp::Tronque => json(Body::from("{\"issuer\": \"https://")),
        FauteHttp::AutreType => {
            let mut reponse = suite.run(requete).await;
            reponse.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            reponse
        }
        FauteHttp::Redirection => {
            (StatusCode::FOUND, [(header::LOCATION, "https://pirate.example/")]).into_response()
        }
        FauteHttp::Enorme => json(Body::from(vec![b' '; ENORME])),
    }
}

/// An OAuth error in place of the answer.
fn refuser(code: &'static str, nom: &str, note: &Note) -> Response {
    note.refuse(code, format!("Scénario « {nom} »."));
    let statut = match code {
        "invalid_client" | "unauthorized_client" => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    };
    let corps = ErreurOauth { error: code.to_owned(), error_description: Some("scenario".to_owned()) };
    (statut, Json(corps)).into_response()
}

/// A right answer with a member left out or replaced.
async fn deformer(tire: Tire, reponse: Response) -> Response {
    let (mut parties, corps) = reponse.into_parts();
    let octets = to_bytes(corps, ENORME).await.unwrap_or_default();
    let (Faute::MembreAs(nom, valeur), Ok(Value::Object(mut objet))) =
        (tire.faute, serde_json::from_slice(&octets))
    else {
        return Response::from_parts(parties, Body::from(octets));
    };
    objet.remove(nom);
    if let Some(valeur) = valeur.and_then(|valeur| serde_json::from_str(valeur).ok()) {
        objet.insert(nom.to_owned(), valeur);
    }
    parties.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parties, Body::from(Value::Object(objet).to_string()))
}

/// The same answer, a byte at a time.
async fn goutte_a_goutte(reponse: Response, secondes: u32) -> Response {
    let (mut parties, corps) = reponse.into_parts();
    let octets = to_bytes(corps, ENORME).await.unwrap_or_default();
    let nombre = u32::try_from(octets.len()).unwrap_or(u32::MAX).max(1);
    let pas = Duration::from_secs(secondes.into()) / nombre;
    parties.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(octets.len()));
    let gouttes = stream::iter(0..octets.len()).then(move |rang| {
        let goutte = octets.slice(rang..=rang);
        async move {
            tokio::time::sleep(pas).await;
            Ok::<_, std::io::Error>(goutte)
        }
    });
    Response::from_parts(parties, Body::from_stream(gouttes))
}

fn json(corps: Body) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], corps).into_response()
}

/// Who says that it asks.
fn nomme(entetes: &HeaderMap, pair: Option<&Pair>, corps: &[u8]) -> Option<String> {
    let du_corps = url::form_urlencoded::parse(corps).find(|(nom, _)| nom == "client_id");
    let de_l_entete = || entetes.get(header::AUTHORIZATION).and_then(|valeur| basic(valeur.as_bytes()));
    du_corps
        .map(|(_, client_id)| client_id.into_owned())
        .or_else(|| de_l_entete().map(|(client_id, _)| client_id))
        .or_else(|| du_certificat(pair))
}

fn du_certificat(pair: Option<&Pair>) -> Option<String> {
    igc::lire::lire_der(pair?.certificat()?).ok()?.cn
}
