//! What a token of the realm is worth (RFC 7662), and taking it back (RFC 7009).
//!
//! Whoever proves to be a client may ask about any token; only the client that got it takes it back. A dead token and one
//! that never existed get the same answer; the journal tells them apart.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::HeaderMap;
use oidc::jetons::Introspection;
use serde_json::{Map, Value, json};
use service::Pair;

use super::{Formulaire, ServeurAutorisation, certificat, lire, lire_formulaire};
use crate::api::clients::{Prouve, prouver};
use crate::api::refus::{Refus, sans_cache};
use crate::journal::Note;

/// A proven client and the token that it asks about.
fn demande(
    serveur: &ServeurAutorisation,
    note: &Note,
    entetes: &HeaderMap,
    pair: Option<&Pair>,
    formulaire: Formulaire,
) -> Result<(Prouve, String), Refus> {
    let corps = lire_formulaire(formulaire, note)?;
    let client = prouver(&serveur.config, entetes, certificat(pair).as_ref(), &corps, note)?;
    let jeton = lire(&corps, "token")?
        .ok_or_else(|| Refus::requete("Token not provided", "Le paramètre « token » manque."))?;
    Ok((client, jeton.to_owned()))
}

pub(super) async fn dire(
    State(serveur): State<Arc<ServeurAutorisation>>,
    note: Note,
    entetes: HeaderMap,
    pair: Option<Extension<Pair>>,
    formulaire: Formulaire,
) -> Response {
    match demande(&serveur, &note, &entetes, pair.as_deref(), formulaire) {
        Ok((_, jeton)) => sans_cache(Json(serveur.introspecter(&jeton, &note)).into_response()),
        Err(refus) => refus.repondre(&note),
    }
}

pub(super) async fn revoquer(
    State(serveur): State<Arc<ServeurAutorisation>>,
    note: Note,
    entetes: HeaderMap,
    pair: Option<Extension<Pair>>,
    formulaire: Formulaire,
) -> Response {
    match demande(&serveur, &note, &entetes, pair.as_deref(), formulaire) {
        Ok((client, jeton)) => {
            serveur.revoquer(&client, &jeton, &note);
            sans_cache(().into_response())
        }
        Err(refus) => refus.repondre(&note),
    }
}

impl ServeurAutorisation {
    fn introspecter(&self, jeton: &str, note: &Note) -> Introspection {
        let maintenant = self.horloge.maintenant();
        let revendications = if let Some((sid, sujet, expire)) = self.sessions.lire(jeton, maintenant) {
            note.personne(&sujet.national_id);
            objet(json!({
                "typ": "Refresh", "iss": self.issuer, "azp": sujet.client_id, "client_id": sujet.client_id,
                "scope": sujet.scope, "sid": sid, "exp": expire.as_second(),
            }))
        } else {
            match self.lire_acces(jeton) {
                Ok(acces) => {
                    note.personne(&acces.national_id);
                    let mut toutes = objet(json!(acces));
                    toutes.extend(objet(json!({
                        "client_id": acces.azp, "username": acces.national_id, "token_type": "Bearer",
                    })));
                    toutes
                }
                Err(raison) => {
                    note.accepte(format!("Réponse « inactif ». {raison}"));
                    return Introspection::default();
                }
            }
        };
        note.accepte("Réponse « actif ».");
        Introspection { active: true, revendications }
    }

    /// Says nothing to the caller of what it found (RFC 7009 §2.2).
    fn revoquer(&self, client: &Prouve, jeton: &str, note: &Note) {
        let maintenant = self.horloge.maintenant();
        if let Some((sid, sujet, _)) = self.sessions.lire(jeton, maintenant) {
            if sujet.client_id == client.client_id {
                self.revoquer_session(&sid, maintenant);
                note.accepte("Session révoquée : jeton de rafraîchissement et jetons d’accès.");
            } else {
                note.accepte("Rien n’est révoqué : ce jeton de rafraîchissement est d’un autre client.");
            }
            return;
        }
        match self.lire_acces(jeton) {
            Ok(acces) if acces.azp == client.client_id => {
                self.revoques.ajouter(&acces.jti, acces.exp);
                note.accepte("Jeton d’accès révoqué.");
            }
            Ok(_) => note.accepte("Rien n’est révoqué : ce jeton d’accès est d’un autre client."),
            Err(raison) => note.accepte(format!("Rien n’est révoqué. {raison}")),
        }
    }
}

fn objet(valeur: Value) -> Map<String, Value> {
    if let Value::Object(objet) = valeur { objet } else { Map::new() }
}
