//! Pushed authorization requests (RFC 9126): a client leaves its request here, proven, and sends the browser with a name for it.
//!
//! The name serves until a code is given. The person may reload the page or take their time over the e-CPS meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::appel::Appel;
use super::jetons::sans_cache;
use super::{Psc, Refus, ouvrir};
use crate::demande;
use crate::parametres::Parametres;

pub(super) const PREFIXE: &str = "urn:ietf:params:oauth:request_uri:";
/// From the deposit to the browser's arrival, in seconds.
const VIE: i64 = 60;
/// From each look at it to the next.
const PROLONGATION: SignedDuration = SignedDuration::from_mins(10);
const POUSSES_MAX: usize = 10_000;
/// Parameters that prove the client; the request itself has none of them.
const PREUVES: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

#[derive(Debug)]
struct Pousse {
    client_id: String,
    parametres: Parametres,
    fin: Timestamp,
}

#[derive(Debug, Default)]
pub(super) struct Pousses(Mutex<HashMap<String, Pousse>>);

impl Pousses {
    /// `false`, and nothing is kept, when there are too many.
    #[must_use]
    fn deposer(&self, uri: String, pousse: Pousse, maintenant: Timestamp) -> bool {
        let mut toutes = ouvrir(&self.0);
        toutes.retain(|_, autre| autre.fin > maintenant);
        let place = toutes.len() < POUSSES_MAX;
        if place {
            toutes.insert(uri, pousse);
        }
        place
    }

    /// The request of that client under that name, which lives on.
    pub(super) fn lire(&self, uri: &str, client_id: &str, maintenant: Timestamp) -> Option<Parametres> {
        let mut toutes = ouvrir(&self.0);
        let pousse = toutes.get_mut(uri).filter(|une| une.fin > maintenant && une.client_id == client_id)?;
        pousse.fin = maintenant.saturating_add(PROLONGATION).unwrap_or(maintenant);
        Some(pousse.parametres.clone())
    }

    pub(super) fn retirer(&self, uri: &str) {
        ouvrir(&self.0).remove(uri);
    }
}

pub(super) async fn deposer(State(psc): State<Arc<Psc>>, appel: Appel) -> Response {
    match psc.deposer(&appel) {
        Ok(reponse) => reponse,
        Err(refus) => refus.into_response(),
    }
}

impl Psc {
    fn deposer(&self, appel: &Appel) -> Result<Response, Refus> {
        let client = self.prouver(appel)?;
        let parametres = appel.corps.sauf(&PREUVES).avec("client_id", &client.client_id);
        if parametres.unique("request_uri").ok().flatten().is_some() {
            let raison = "request_uri n’a rien à faire dans une demande que l’on dépose";
            return Err(Refus::requete("request_uri not allowed", raison));
        }
        self.lire_parametres(&parametres).map_err(|refus| match refus {
            demande::Refus::Page(texte) => Refus::requete("Invalid request", texte),
            demande::Refus::Retour { code, detail, .. } => {
                Refus::nouveau(StatusCode::BAD_REQUEST, code, detail, format!("demande refusée : {detail}"))
            }
        })?;
        let maintenant = self.horloge.maintenant();
        let fin = maintenant.saturating_add(SignedDuration::from_secs(VIE)).unwrap_or(maintenant);
        let uri = format!("{PREFIXE}{}", self.alea.jeton());
        let pousse = Pousse { client_id: client.client_id, parametres, fin };
        if !self.pousses.deposer(uri.clone(), pousse, maintenant) {
            return Err(Refus::complet());
        }
        appel.note.accepte("Demande d’autorisation déposée : le navigateur peut venir avec son nom.");
        let corps = json!({ "request_uri": uri, "expires_in": VIE });
        Ok(sans_cache((StatusCode::CREATED, Json(corps)).into_response()))
    }
}
