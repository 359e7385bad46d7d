//! What a machine sends to an endpoint: headers, certificate, form; and the note that tells the journal about it.

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use service::Pair;

use super::Refus;
use crate::journal::Note;
use crate::parametres::Parametres;

pub(super) struct Appel {
    pub(super) entetes: HeaderMap,
    pub(super) pair: Option<Pair>,
    pub(super) corps: Parametres,
    pub(super) note: Note,
}

impl<S: Send + Sync> FromRequest<S> for Appel {
    type Rejection = Response;

    async fn from_request(requete: Request, etat: &S) -> Result<Self, Response> {
        let (mut parties, corps) = requete.into_parts();
        let Ok(note) = Note::from_request_parts(&mut parties, etat).await;
        let (entetes, pair) = (parties.headers.clone(), parties.extensions.get::<Pair>().cloned());
        let corps =
            Form::<Vec<(String, String)>>::from_request(Request::from_parts(parties, corps), etat).await;
        let Form(corps) = corps.map_err(|refus| {
            Refus::requete(
                "form parameters expected",
                "un formulaire (application/x-www-form-urlencoded) est attendu",
            )
            .avec_statut(refus.into_response().status())
            .into_response()
        })?;
        note.formulaire(corps.iter().map(|(nom, valeur)| (nom, valeur)));
        Ok(Self { entetes, pair, corps: Parametres::nouveaux(corps), note })
    }
}

/// Tells the journal why an answer is a refusal, whichever handler made it.
pub(super) async fn noter(note: Note, requete: Request, suite: Next) -> Response {
    let reponse = suite.run(requete).await;
    if let Some(refus) = reponse.extensions().get::<Refus>() {
        if refus.statut == StatusCode::INTERNAL_SERVER_ERROR {
            note.panne(refus.raison.clone());
        } else {
            note.refuse(refus.code, refus.raison.clone());
        }
    }
    reponse
}
