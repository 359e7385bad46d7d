//! A JSON body, read with an answer in French when it can't be.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use serde::de::DeserializeOwned;

use super::Faute;

pub(super) struct Corps<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Corps<T> {
    type Rejection = Faute;

    async fn from_request(requete: Request, etat: &S) -> Result<Self, Faute> {
        match Json::<T>::from_request(requete, etat).await {
            Ok(Json(lu)) => Ok(Self(lu)),
            // The reader's own words name the field and the place; they never hold more than a field's name.
            Err(JsonRejection::JsonDataError(refus)) => {
                let cause = std::error::Error::source(&refus).map(ToString::to_string).unwrap_or_default();
                Err(Faute(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    format!("Le contenu JSON ne convient pas : {cause}"),
                ))
            }
            Err(JsonRejection::JsonSyntaxError(_)) => {
                Err(Faute(StatusCode::BAD_REQUEST, "Le contenu n’est pas du JSON bien formé.".to_owned()))
            }
            Err(JsonRejection::MissingJsonContentType(_)) => {
                let texte = "Un contenu JSON est attendu (Content-Type: application/json).";
                Err(Faute(StatusCode::UNSUPPORTED_MEDIA_TYPE, texte.to_owned()))
            }
            Err(autre) => Err(Faute(autre.status(), "Le contenu n’a pas pu être lu.".to_owned())),
        }
    }
}
