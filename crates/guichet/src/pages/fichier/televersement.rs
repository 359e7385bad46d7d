//! Resumable uploads: tus 1.0, core with the extensions creation and termination.
//!
//! Rule: the offset moves only once the bytes are safe, piece by piece while they arrive, so that a cut connection or a
//! killed process loses at most what nobody acknowledged. Somebody else's upload does not exist.

use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domaine::identifiant::NomFichier;
use futures::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use registre::Televersement;
use web::{PageErreur, formulaire::CsrfEntete};

use crate::{
    acces::Ici,
    app::App,
    depot::{self, Ecrivain, RefusDepot, TAILLE_MAX},
    erreur::Erreur,
};

const VERSION: HeaderName = HeaderName::from_static("tus-resumable");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LONGUEUR: HeaderName = HeaderName::from_static("upload-length");
const METADONNEES: HeaderName = HeaderName::from_static("upload-metadata");

/// An answer of the protocol.
fn reponse(statut: StatusCode, entetes: &[(HeaderName, String)]) -> Result<Response, Erreur> {
    let mut reponse = statut.into_response();
    reponse.headers_mut().insert(VERSION, HeaderValue::from_static("1.0.0"));
    for (nom, valeur) in entetes {
        let valeur =
            HeaderValue::try_from(valeur).map_err(|_| Erreur::Interne("a header can't be written"))?;
        reponse.headers_mut().insert(nom, valeur);
    }
    Ok(reponse)
}

fn refus(statut: StatusCode, texte: impl Into<String>) -> Response {
    let mut reponse = PageErreur::nouvelle(statut).message(texte.into()).into_response();
    reponse.headers_mut().insert(VERSION, HeaderValue::from_static("1.0.0"));
    reponse.headers_mut().insert("tus-version", HeaderValue::from_static("1.0.0"));
    reponse
}

/// Speaks the client our version of the protocol?
fn autre_version(entetes: &HeaderMap) -> Option<Response> {
    let juste = entetes.get(VERSION).is_some_and(|valeur| valeur == "1.0.0");
    (!juste)
        .then(|| refus(StatusCode::PRECONDITION_FAILED, "La version 1.0.0 du protocole tus est attendue."))
}

fn entier(entetes: &HeaderMap, nom: HeaderName) -> Option<i64> {
    let texte = entetes.get(nom)?.to_str().ok()?;
    texte.parse().ok().filter(|valeur| *valeur >= 0)
}

/// The file name in `Upload-Metadata`: pairs separated by commas, the value in base64.
fn nom_annonce(entetes: &HeaderMap) -> Option<NomFichier> {
    let texte = entetes.get(METADONNEES)?.to_str().ok()?;
    let code = texte.split(',').find_map(|paire| paire.trim().strip_prefix("filename "))?;
    let octets = STANDARD.decode(code.trim()).ok()?;
    NomFichier::assainir(&String::from_utf8(octets).ok()?).ok()
}

async fn charger(app: &App, ici: &Ici, id: &str) -> Result<Televersement, Erreur> {
    let televersement = app.registre.lire().await?.load_televersement(id).await?;
    televersement.filter(|un| un.personne == ici.personne.id).ok_or(Erreur::Introuvable)
}

pub async fn creer(
    State(app): State<App>,
    ici: Ici,
    _: CsrfEntete,
    entetes: HeaderMap,
) -> Result<Response, Erreur> {
    if let Some(refus) = autre_version(&entetes) {
        return Ok(refus);
    }
    let Some(taille) = entier(&entetes, LONGUEUR) else {
        return Ok(refus(StatusCode::BAD_REQUEST, "La taille du fichier (Upload-Length) est attendue."));
    };
    if taille.unsigned_abs() > TAILLE_MAX {
        return Ok(refus(StatusCode::PAYLOAD_TOO_LARGE, "Le fichier dépasse 2 Gio."));
    }
    let Some(nom) = nom_annonce(&entetes) else {
        return Ok(refus(
            StatusCode::BAD_REQUEST,
            "Le nom du fichier (Upload-Metadata) est absent ou illisible.",
        ));
    };
    match depot::ouvrir(&app, &ici, &nom, taille).await {
        Ok(televersement) => {
            let url = format!("/televersements/{}", televersement.id);
            reponse(StatusCode::CREATED, &[(header::LOCATION, url)])
        }
        Err(trop @ RefusDepot::TropDeTeleversements) => {
            Ok(refus(StatusCode::TOO_MANY_REQUESTS, trop.to_string()))
        }
        Err(autre) => Err(Erreur::Refus(autre.texte()?)),
    }
}

pub async fn etat(
    State(app): State<App>,
    ici: Ici,
    Path(id): Path<String>,
    entetes: HeaderMap,
) -> Result<Response, Erreur> {
    if let Some(refus) = autre_version(&entetes) {
        return Ok(refus);
    }
    let televersement = charger(&app, &ici, &id).await?;
    let mut reponse = reponse(
        StatusCode::OK,
        &[(OFFSET, televersement.recu.to_string()), (LONGUEUR, televersement.taille.to_string())],
    )?;
    reponse.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(reponse)
}

pub async fn recevoir(
    State(app): State<App>,
    ici: Ici,
    Path(id): Path<String>,
    _: CsrfEntete,
    entetes: HeaderMap,
    corps: Body,
) -> Result<Response, Erreur> {
    if let Some(refus) = autre_version(&entetes) {
        return Ok(refus);
    }
    if entetes.get(header::CONTENT_TYPE).is_none_or(|genre| genre != "application/offset+octet-stream") {
        return Ok(refus(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Le type application/offset+octet-stream est attendu.",
        ));
    }
    let televersement = charger(&app, &ici, &id).await?;
    if entier(&entetes, OFFSET) != Some(televersement.recu) {
        return Ok(refus(StatusCode::CONFLICT, "Ce téléversement en est à un autre point."));
    }
    // In a task of its own: when the connection is cut this handler is dropped, while the task sees the end of the body
    // and still makes safe what came.
    let tache = tokio::spawn(ecrire(app, televersement, corps));
    match tache.await.map_err(|_| Erreur::Interne("the reception of an upload panicked"))? {
        Ok(Fin::Recu(recu)) => reponse(StatusCode::NO_CONTENT, &[(OFFSET, recu.to_string())]),
        Ok(Fin::Coupe) => Ok(refus(StatusCode::BAD_REQUEST, "L’envoi s’est interrompu.")),
        Ok(Fin::TropLong) => Ok(refus(StatusCode::PAYLOAD_TOO_LARGE, "L’envoi dépasse la taille annoncée.")),
        Err(Erreur::Registre(registre::Erreur::Conflit)) => {
            Ok(refus(StatusCode::CONFLICT, "Ce téléversement avance déjà ailleurs, ou n’existe plus."))
        }
        Err(erreur) => Err(erreur),
    }
}

/// How the reading of a body ended; what came before is safe.
enum Fin {
    Recu(i64),
    Coupe,
    TropLong,
}

async fn ecrire(app: App, televersement: Televersement, corps: Body) -> Result<Fin, Erreur> {
    let taille = televersement.taille.unsigned_abs();
    let mut ecrivain = Ecrivain::reprendre(&app, &televersement);
    let mut corps = corps.into_data_stream();
    while let Some(morceau) = corps.next().await {
        let Ok(morceau) = morceau else {
            ecrivain.finir().await?;
            return Ok(Fin::Coupe);
        };
        if ecrivain.total() + morceau.len() as u64 > taille {
            ecrivain.finir().await?;
            return Ok(Fin::TropLong);
        }
        ecrivain.ajouter(&morceau).await?;
    }
    ecrivain.finir().await?;
    Ok(Fin::Recu(ecrivain.avance().0))
}

pub async fn abandonner(
    State(app): State<App>,
    ici: Ici,
    Path(id): Path<String>,
    _: CsrfEntete,
    entetes: HeaderMap,
) -> Result<Response, Erreur> {
    if let Some(refus) = autre_version(&entetes) {
        return Ok(refus);
    }
    charger(&app, &ici, &id).await?;
    depot::oublier(&app, &ici, &id).await?;
    reponse(StatusCode::NO_CONTENT, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_announced_name_is_read_and_made_safe() {
        for (metadonnees, attendu) in [
            ("filename cmFwcG9ydC5wZGY=", Some("rapport.pdf")),
            ("filetype YQ==,filename cmFwcG9ydC5wZGY=", Some("rapport.pdf")),
            ("filetype YQ==, filename cmFwcG9ydC5wZGY=", Some("rapport.pdf")),
            // « ../../etc/passwd »
            ("filename Li4vLi4vZXRjL3Bhc3N3ZA==", Some("passwd")),
            ("filename", None),
            ("filename ", None),
            ("filename !!!", None),
            ("filename /////w==", None),
            ("filetype YQ==", None),
        ] {
            let mut entetes = HeaderMap::new();
            entetes.insert(METADONNEES, HeaderValue::from_static(metadonnees));
            let lu = nom_annonce(&entetes);
            assert_eq!(lu.as_ref().map(NomFichier::as_str), attendu, "{metadonnees}");
        }
    }
}
