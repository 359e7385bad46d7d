//! A test API that does what it is asked: echo by default, or a status, a delay, a size, a redirect, a breakdown.
//!
//! | Path under the root | Answer |
//! |---|---|
//! | `/statut/{code}` | that status, 200 to 599, with the echo as its body |
//! | `/delai/{ms}` | the echo after that time, one minute at most |
//! | `/octets/{n}` | a body of that size, 100 MiB at most |
//! | `/lent/{n}?pas=ms` | `n` bytes, one every `pas` milliseconds (100 by default) |
//! | `/redirection?vers=URL&statut=302` | a redirect |
//! | `/entetes?Nom=valeur` | the echo with these headers |
//! | `/coupure?apres=n` | announces a long body and cuts the connection after `n` bytes |
//! | anything else | the echo |
//!
//! The echo is what the API received: method, path, query, headers, size and SHA-256 of the body, certificate, token. The
//! token itself is masked, since the echo goes back to the software that must never see it.

mod echo;

use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use futures::{StreamExt as _, stream};
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::journal::Note;
use echo::echo;

const DELAI_MAX: u64 = 60_000;
const OCTETS_MAX: u64 = 100 * 1024 * 1024;
/// Of a slow body: a minute and a half at a byte every millisecond is enough.
const LENT_MAX: u64 = 100_000;
const AVANT_COUPURE: Duration = Duration::from_millis(100);
const MORCEAU: usize = 64 * 1024;

type Parametres = Query<Vec<(String, String)>>;

pub(super) fn routes() -> Router {
    Router::new()
        .route("/statut/{code}", any(statut))
        .route("/delai/{ms}", any(delai))
        .route("/octets/{n}", any(octets))
        .route("/lent/{n}", any(lent))
        .route("/redirection", any(redirection))
        .route("/entetes", any(entetes))
        .route("/coupure", any(coupure))
        .fallback(echo)
}

fn refuser(note: &Note, quoi: &'static str) -> Response {
    note.refuse(None, quoi);
    (StatusCode::BAD_REQUEST, quoi).into_response()
}

fn parametre<'p>(parametres: &'p [(String, String)], nom: &str) -> Option<&'p str> {
    parametres.iter().find(|(autre, _)| autre == nom).map(|(_, valeur)| valeur.as_str())
}

async fn statut(Path(code): Path<String>, note: Note, requete: Request) -> Response {
    let voulu = code.parse().ok().filter(|code| (200..600).contains(code));
    let Some(statut) = voulu.and_then(|code| StatusCode::from_u16(code).ok()) else {
        return refuser(&note, "Le statut est un nombre de 200 à 599.");
    };
    let mut reponse = echo(note.clone(), requete).await;
    *reponse.status_mut() = statut;
    // Nothing follows these (RFC 9110 §15.3.5, §15.4.5), and 205 wants it empty.
    if matches!(statut, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED) {
        *reponse.body_mut() = Body::empty();
        reponse.headers_mut().remove(header::CONTENT_TYPE);
        reponse.headers_mut().remove(header::CONTENT_LENGTH);
    }
    note.accepte(format!("Statut {} répondu, comme demandé.", statut.as_u16()));
    reponse
}

async fn delai(Path(ms): Path<String>, note: Note, requete: Request) -> Response {
    let Some(ms) = ms.parse().ok().filter(|ms| *ms <= DELAI_MAX) else {
        return refuser(&note, "Le délai est un nombre de millisecondes, 60 000 au plus.");
    };
    tokio::time::sleep(Duration::from_millis(ms)).await;
    echo(note, requete).await
}

async fn octets(Path(n): Path<String>, note: Note) -> Response {
    let Some(n) = n.parse::<u64>().ok().filter(|n| *n <= OCTETS_MAX) else {
        return refuser(&note, "La taille est un nombre d’octets, 104 857 600 au plus.");
    };
    note.accepte(format!("{n} octets répondus."));
    let morceaux = stream::unfold(n, |reste| async move {
        let taille = usize::try_from(reste).unwrap_or(MORCEAU).min(MORCEAU);
        (taille > 0).then(|| (Ok::<_, io::Error>(Bytes::from(vec![b'x'; taille])), reste - taille as u64))
    });
    longueur(Body::from_stream(morceaux), n)
}

async fn lent(Path(n): Path<String>, Query(parametres): Parametres, note: Note) -> Response {
    let pas = parametre(&parametres, "pas").map_or(Ok(100), str::parse::<u64>);
    let (Some(n), Some(pas)) =
        (n.parse::<u64>().ok().filter(|n| *n <= LENT_MAX), pas.ok().filter(|pas| *pas <= DELAI_MAX))
    else {
        return refuser(
            &note,
            "Un nombre d’octets (100 000 au plus) et un pas en millisecondes sont attendus.",
        );
    };
    note.accepte(format!("{n} octets répondus, un toutes les {pas} ms."));
    let goutte = move |rang| async move {
        if rang > 0 {
            tokio::time::sleep(Duration::from_millis(pas)).await;
        }
        Ok::<_, io::Error>(Bytes::from_static(b"x"))
    };
    longueur(Body::from_stream(stream::iter(0..n).then(goutte)), n)
}

fn longueur(corps: Body, n: u64) -> Response {
    let entetes = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_LENGTH, HeaderValue::from(n)),
    ];
    (entetes, corps).into_response()
}

async fn redirection(Query(parametres): Parametres, note: Note) -> Response {
    let statut = parametre(&parametres, "statut").map_or(Ok(302), str::parse::<u16>);
    let statut = statut.ok().filter(|code| matches!(code, 301 | 302 | 303 | 307 | 308));
    let vers = parametre(&parametres, "vers").and_then(|vers| HeaderValue::from_str(vers).ok());
    let (Some(Ok(statut)), Some(vers)) = (statut.map(StatusCode::from_u16), vers) else {
        return refuser(&note, "Un paramètre « vers » et un statut 301, 302, 303, 307 ou 308 sont attendus.");
    };
    note.accepte("Redirection répondue, comme demandé.");
    (statut, [(header::LOCATION, vers)]).into_response()
}

async fn entetes(Query(parametres): Parametres, note: Note, requete: Request) -> Response {
    let mut voulus = Vec::new();
    for (nom, valeur) in &parametres {
        let (Ok(nom), Ok(valeur)) = (HeaderName::from_bytes(nom.as_bytes()), HeaderValue::from_str(valeur))
        else {
            return refuser(&note, "Un nom ou une valeur d’en-tête n’est pas permis par HTTP.");
        };
        // These frame the answer itself: they are ours.
        if [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::UPGRADE]
            .contains(&nom)
        {
            return refuser(&note, "Cet en-tête tient à la connexion et ne se choisit pas.");
        }
        voulus.push((nom, valeur));
    }
    let mut reponse = echo(note.clone(), requete).await;
    for (nom, valeur) in voulus {
        reponse.headers_mut().append(nom, valeur);
    }
    note.accepte("Écho répondu avec les en-têtes demandés.");
    reponse
}

async fn coupure(Query(parametres): Parametres, note: Note) -> Response {
    let apres = parametre(&parametres, "apres").map_or(Ok(0), str::parse::<u64>);
    let Some(apres) = apres.ok().filter(|apres| *apres <= LENT_MAX) else {
        return refuser(&note, "« apres » est un nombre d’octets, 100 000 au plus.");
    };
    note.accepte(format!("Réponse coupée après {apres} octets, comme demandé."));
    let debut = usize::try_from(apres).unwrap_or_default();
    let coupe = stream::once(async {
        // What was given must have left before the break, which would take it along.
        tokio::time::sleep(AVANT_COUPURE).await;
        Err(io::Error::new(io::ErrorKind::ConnectionAborted, "coupure demandée"))
    });
    let morceaux = stream::iter([Ok(Bytes::from(vec![b'x'; debut]))]).chain(coupe);
    longueur(Body::from_stream(morceaux), apres.saturating_add(1_000_000))
}
