//! The userinfo endpoint (OpenID Connect Core §5.3): all that Pro Santé Connect says of a professional.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use service::Pair;

use super::emission::{Sorte, sub};
use super::jetons::{Vivant, sans_cache};
use super::{Psc, Refus};
use crate::journal::Note;
use crate::scenarios::Faute;

pub(super) async fn donner(
    State(psc): State<Arc<Psc>>,
    note: Note,
    entetes: HeaderMap,
    pair: Option<Extension<Pair>>,
) -> Response {
    let porteur = entetes.get(header::AUTHORIZATION).and_then(|valeur| valeur.to_str().ok());
    let jeton = porteur.and_then(|valeur| {
        let (methode, jeton) = valeur.split_once(' ')?;
        methode.eq_ignore_ascii_case("Bearer").then_some(jeton.trim())
    });
    let Some(jeton) = jeton else {
        let refus = Refus::requete("Missing token", "aucun jeton dans l’en-tête Authorization");
        return avec_methode(refus, "Bearer realm=\"esante-wallet\"");
    };
    let vivant = psc.vivant(jeton, Sorte::Bearer, psc.horloge.maintenant());
    match vivant.and_then(|vivant| lie(vivant, pair.as_deref())) {
        Ok(vivant) => {
            note.client(&vivant.lu.azp);
            note.personne(vivant.identite.national_id());
            let mut profil = psc.profil(&vivant);
            if let Some(tire) = psc.scenarios.tirer(Some(&vivant.lu.azp), |faute| faute == Faute::AutreSub) {
                note.scenario(tire.nom);
                profil["sub"] = json!(sub("899700000999"));
            }
            sans_cache(Json(profil).into_response())
        }
        Err(refus) => {
            let refus = Refus::nouveau(
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                "Token verification failed",
                refus.raison,
            );
            avec_methode(
                refus,
                "Bearer realm=\"esante-wallet\", error=\"invalid_token\", error_description=\"Token verification failed\"",
            )
        }
    }
}

/// A token that is bound to a certificate is shown with it (RFC 8705 §3).
fn lie(vivant: Vivant, pair: Option<&Pair>) -> Result<Vivant, Refus> {
    let Some(attendue) = vivant.lu.cnf() else { return Ok(vivant) };
    let montre = pair.and_then(Pair::certificat);
    if montre.is_some_and(|der| oidc::cnf::correspond(attendue, der)) {
        return Ok(vivant);
    }
    let raison = "le jeton est lié à un certificat (cnf) qui n’est pas celui de la connexion";
    Err(Refus::perime("Token is not active", raison))
}

fn avec_methode(refus: Refus, methode: &'static str) -> Response {
    let mut reponse = Refus { statut: StatusCode::UNAUTHORIZED, ..refus }.into_response();
    reponse.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(methode));
    reponse
}

impl Psc {
    fn profil(&self, vivant: &Vivant) -> Value {
        let Vivant { session, identite, .. } = vivant;
        let mut profil = json!(identite.profil);
        profil["sub"] = json!(sub(identite.national_id()));
        profil["preferred_username"] = json!(identite.national_id());
        if let Value::Object(profil) = &mut profil {
            profil.extend(self.reglages().marques(session.canal, session.idp.as_deref()));
        }
        profil
    }
}
