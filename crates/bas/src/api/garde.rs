//! The guard before an API: a token of its authorization server, alive, with the scope, shown by who it was given to.
//!
//! "Who it was given to" is the certificate of the TLS connection, compared with the thumbprint in the token (RFC 8705 §3),
//! in the norm's spelling or the agency's.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::{HeaderMap, header};
use service::Pair;

use super::ConfigApi;
use super::jetons::Acces;
use super::refus::RefusPorteur;
use super::serveur::ServeurAutorisation;
use crate::journal::Note;

struct Garde {
    serveur: Arc<ServeurAutorisation>,
    scope: Option<String>,
    sans_liaison: bool,
}

/// Puts the guard before `routes`. Handlers find the claims of the token as an `Extension<Arc<Acces>>`.
pub(super) fn couche(routes: Router, serveur: &Arc<ServeurAutorisation>, config: &ConfigApi) -> Router {
    let garde = Arc::new(Garde {
        serveur: Arc::clone(serveur),
        scope: config.scope.clone(),
        sans_liaison: config.sans_liaison,
    });
    routes.layer(from_fn_with_state(garde, passer))
}

async fn passer(State(garde): State<Arc<Garde>>, note: Note, mut requete: Request, suite: Next) -> Response {
    match garde.verifier(requete.headers(), requete.extensions().get::<Pair>(), &note) {
        Ok(acces) => {
            requete.extensions_mut().insert(Arc::new(acces));
            suite.run(requete).await
        }
        Err(refus) => refus.repondre(&garde.serveur.royaume, &note),
    }
}

impl Garde {
    fn verifier(&self, entetes: &HeaderMap, pair: Option<&Pair>, note: &Note) -> Result<Acces, RefusPorteur> {
        let acces = self.serveur.lire_acces(porteur(entetes)?);
        let acces = acces.map_err(|raison| RefusPorteur::jeton("Token verification failed", raison))?;
        note.client(&acces.azp);
        note.personne(&acces.national_id);
        let certificat = pair.and_then(Pair::certificat);
        match (acces.empreinte(), certificat) {
            (Some(empreinte), Some(der)) if oidc::cnf::correspond(empreinte, der) => {}
            (Some(_), Some(_)) => {
                return Err(RefusPorteur::jeton(
                    "The token is bound to another certificate",
                    "Le certificat de la connexion n’est pas celui auquel le jeton est lié (cnf).",
                ));
            }
            (Some(_), None) => {
                return Err(RefusPorteur::jeton(
                    "The token is bound to a certificate",
                    "Le jeton est lié à un certificat (cnf) et la connexion n’en présente aucun.",
                ));
            }
            (None, _) if self.sans_liaison => {}
            (None, _) => {
                return Err(RefusPorteur::jeton(
                    "A token bound to a certificate is required",
                    "Le jeton n’est lié à aucun certificat (cnf absent), et cette API l’exige.",
                ));
            }
        }
        match &self.scope {
            Some(scope) if !acces.a_le_scope(scope) => Err(RefusPorteur::scope(
                scope,
                format!("Le jeton porte le scope « {} », et cette API veut « {scope} ».", acces.scope),
            )),
            _ => Ok(acces),
        }
    }
}

/// The token of the one `Authorization` header (RFC 6750 §2.1; other places are not accepted).
fn porteur(entetes: &HeaderMap) -> Result<&str, RefusPorteur> {
    let mut valeurs = entetes.get_all(header::AUTHORIZATION).iter();
    let (Some(valeur), None) = (valeurs.next(), valeurs.next()) else {
        return if entetes.contains_key(header::AUTHORIZATION) {
            Err(RefusPorteur::requete(
                "Several Authorization headers",
                "La requête a plusieurs en-têtes Authorization.",
            ))
        } else {
            Err(RefusPorteur::sans_jeton("La requête n’a pas d’en-tête Authorization."))
        };
    };
    let texte = valeur.to_str().unwrap_or_default();
    match texte.split_once(' ') {
        Some((methode, jeton)) if methode.eq_ignore_ascii_case("bearer") && !jeton.trim().is_empty() => {
            Ok(jeton.trim())
        }
        _ => {
            Err(RefusPorteur::sans_jeton("L’en-tête Authorization n’est pas un « Bearer » suivi d’un jeton."))
        }
    }
}
