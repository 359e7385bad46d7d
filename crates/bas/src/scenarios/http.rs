//! Faults of transport: what comes back in place of the answer, or around it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use service::Pair;

use super::{Faute, FauteHttp, Point};
use crate::journal::Note;
use crate::parametres::basic;
use crate::psc::Psc;

/// No request of the realm is longer.
const CORPS_MAX: usize = 64 * 1024;
const ENORME: usize = 8 * 1024 * 1024;

/// Around the realm. The client is who the form, the header or the certificate names: nothing is proven yet.
pub(crate) async fn couche(
    State(psc): State<Arc<Psc>>,
    note: Note,
    requete: Request,
    suite: Next,
) -> Response {
    let Some(point) = Point::du_chemin(requete.uri().path()) else { return suite.run(requete).await };
    if psc.scenarios.actifs().is_empty() {
        return suite.run(requete).await;
    }
    let (parties, corps) = requete.into_parts();
    let Ok(corps) = to_bytes(corps, CORPS_MAX).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let client_id = nomme(&parties.headers, parties.extensions.get::<Pair>(), &corps);
    let tire =
        psc.scenarios.choisir(client_id.as_deref(), Some(point), |faute| matches!(faute, Faute::Http(_)));
    let requete = Request::from_parts(parties, Body::from(corps));
    let Some(tire) = tire else { return suite.run(requete).await };
    note.detail("scenario", tire.nom);
    let Faute::Http(faute) = tire.faute else { return suite.run(requete).await };
    match faute {
        FauteHttp::Statut(statut) => {
            let statut = StatusCode::from_u16(statut).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut reponse = statut.into_response();
            if matches!(statut, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
                reponse.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
            }
            reponse
        }
        FauteHttp::Lent => {
            tokio::time::sleep(Duration::from_secs(tire.secondes.into())).await;
            suite.run(requete).await
        }
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

fn json(corps: Body) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], corps).into_response()
}

/// Who says that it asks.
fn nomme(entetes: &HeaderMap, pair: Option<&Pair>, corps: &[u8]) -> Option<String> {
    let du_corps = url::form_urlencoded::parse(corps).find(|(nom, _)| nom == "client_id");
    let de_l_entete = || entetes.get(header::AUTHORIZATION).and_then(|valeur| basic(valeur.as_bytes()));
    let du_certificat = || igc::lire::lire_der(pair?.certificat()?).ok()?.cn;
    du_corps
        .map(|(_, client_id)| client_id.into_owned())
        .or_else(|| de_l_entete().map(|(client_id, _)| client_id))
        .or_else(du_certificat)
}
