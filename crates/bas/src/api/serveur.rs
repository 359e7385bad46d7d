//! An authorization server: a realm that exchanges tokens of Pro Santé Connect for tokens of its API.
//!
//! Paths and answers are those of a Keycloak realm, as the agency's is; what the norms add (RFC 8693's
//! `issued_token_type`, RFC 8707's refusals) is added.

mod echange;
mod introspection;
mod metadonnees;
mod psc;
mod rafraichissement;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Form, Json};
use http::{HeaderMap, StatusCode};
use igc::Lecture;
use jiff::{SignedDuration, Timestamp};
use oidc::jetons::ReponseJetons;
use oidc::{CleSignature, Jwks};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use service::{Alea, Horloge, Pair};

use super::ConfigServeur;
use super::clients::prouver;
use super::jetons::{Acces, Revoques, Sessions, Sujet};
use super::refus::{Refus, sans_cache};
use crate::journal::Note;
use crate::parametres::Parametres;
use crate::{Erreur, cle};

pub(super) use psc::Psc;

pub(super) const TOKEN: &str = "/protocol/openid-connect/token";
const INTROSPECTION: &str = "/protocol/openid-connect/token/introspect";
const REVOCATION: &str = "/protocol/openid-connect/revoke";
const CERTS: &str = "/protocol/openid-connect/certs";
/// Scopes that a Keycloak realm gives whoever asks.
const SCOPES_OPENID: [&str; 3] = ["openid", "email", "profile"];
/// However often a session is refreshed, it ends with the longest session of Pro Santé Connect.
const SESSION_MAX: SignedDuration = SignedDuration::from_hours(4);

/// Lives of tokens, in seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Durees {
    /// 14 400 by default: four hours, as at the agency.
    pub acces: u32,
    /// 1 800 by default.
    pub rafraichissement: u32,
}

impl Default for Durees {
    fn default() -> Self {
        Self { acces: 14_400, rafraichissement: 1_800 }
    }
}

/// A realm.
#[derive(Debug)]
pub(crate) struct ServeurAutorisation {
    pub(super) royaume: String,
    pub(super) issuer: String,
    config: ConfigServeur,
    cle: CleSignature,
    cles: Jwks,
    psc: Arc<Psc>,
    sessions: Sessions,
    revoques: Revoques,
    horloge: Horloge,
    pub(super) alea: Alea,
}

impl ServeurAutorisation {
    pub(super) fn nouveau(
        config: ConfigServeur,
        issuer: String,
        donnees: &Path,
        psc: &Arc<Psc>,
        horloge: &Horloge,
        alea: &Alea,
    ) -> Result<Self, Erreur> {
        let cle =
            cle::charger(&donnees.join(format!("as-{}-cle.pem", config.royaume)), cle::Algorithme::Rs256)?;
        let document = cle.jwks().to_string();
        let revoques = donnees.join(format!("as-{}-revocations.jsonl", config.royaume));
        Ok(Self {
            royaume: config.royaume.clone(),
            issuer,
            cles: Jwks::parse(document.as_bytes()).expect("our own key set is well formed"),
            cle,
            psc: Arc::clone(psc),
            sessions: Sessions::default(),
            revoques: Revoques::charger(revoques, horloge.maintenant())?,
            horloge: horloge.clone(),
            alea: alea.clone(),
            config,
        })
    }

    pub(super) fn adresse(&self, chemin: &str) -> String {
        format!("{}{chemin}", self.issuer)
    }

    /// A token of ours that is alive, or why it isn't one, in French.
    pub(super) fn lire_acces(&self, jeton: &str) -> Result<Acces, String> {
        let acces: Acces = oidc::jwt::verifier(jeton, &self.cles).map_err(|refus| match annonce(jeton) {
            Some(iss) if iss != self.issuer => {
                format!("Ce jeton dit venir de « {iss} » ; il en faut un de « {} ».", self.issuer)
            }
            _ => format!("Ce jeton n’est pas de nous : {}.", faute(refus)),
        })?;
        let maintenant = self.horloge.maintenant().as_second();
        if acces.iss != self.issuer || acces.typ != "Bearer" {
            return Err("Ce jeton n’est pas un jeton d’accès de ce serveur d’autorisation.".to_owned());
        }
        if acces.exp <= maintenant {
            return Err(format!("Ce jeton a expiré il y a {} s.", maintenant - acces.exp));
        }
        if self.revoques.contient(&acces.jti) || self.revoques.contient(&acces.sid) {
            return Err("Ce jeton a été révoqué.".to_owned());
        }
        Ok(acces)
    }

    /// What a client whose certificate is `certificat` gets for a session.
    fn emettre(
        &self,
        sid: &str,
        sujet: &Sujet,
        certificat: Option<&Lecture>,
        rafraichissement: (String, Timestamp),
        maintenant: Timestamp,
    ) -> Result<ReponseJetons, Refus> {
        let iat = maintenant.as_second();
        let cnf = certificat.map(|certificat| {
            let empreinte = oidc::cnf::empreinte(&certificat.der, self.config.cnf);
            Map::from_iter([(oidc::cnf::MEMBRE.to_owned(), Value::String(empreinte))])
        });
        let mut autres = sujet.noms.clone();
        if let Value::Object(de_keycloak) = json!({
            "realm_access": { "roles": [format!("default-roles-{}", self.royaume)] },
            "resource_access": { "account": { "roles": ["view-profile"] } },
            "allowed-origins": [],
            "email_verified": false,
        }) {
            autres.extend(de_keycloak);
        }
        let acces = Acces {
            exp: iat + i64::from(self.config.durees.acces),
            iat,
            jti: self.alea.uuid(maintenant).to_string(),
            iss: self.issuer.clone(),
            aud: vec!["account".to_owned(), sujet.client_id.clone()],
            sub: sub(&self.issuer, &sujet.national_id),
            typ: "Bearer".to_owned(),
            azp: sujet.client_id.clone(),
            session_state: sid.to_owned(),
            acr: "1".to_owned(),
            scope: sujet.scope.clone(),
            sid: sid.to_owned(),
            national_id: sujet.national_id.clone(),
            preferred_username: sujet.national_id.clone(),
            psc_session_state: sujet.psc_session_state.clone(),
            cnf,
            act: sujet.act.clone(),
            autres,
        };
        let signe = self.cle.signer(&acces).map_err(|erreur| {
            tracing::error!(erreur = &erreur as &dyn std::error::Error, "signature d’un jeton d’API");
            Refus::panne(
                StatusCode::INTERNAL_SERVER_ERROR,
                "signature failed",
                "Le jeton n’a pas pu être signé.",
            )
        })?;
        let (rafraichissement, expire) = rafraichissement;
        let reste = u64::try_from(expire.as_second().saturating_sub(iat)).unwrap_or(0);
        Ok(ReponseJetons {
            access_token: signe.into(),
            token_type: "Bearer".to_owned(),
            expires_in: Some(u64::from(self.config.durees.acces)),
            refresh_token: Some(rafraichissement.into()),
            refresh_expires_in: Some(reste),
            id_token: None,
            session_state: Some(sid.to_owned()),
            scope: Some(sujet.scope.clone()),
            issued_token_type: Some(oidc::echange::TYPE_JETON_ACCES.to_owned()),
            not_before_policy: Some(0),
        })
    }
}

/// The issuer that a token claims, believed for the length of a message.
fn annonce(jeton: &str) -> Option<String> {
    use base64::Engine as _;
    let charge = jeton.split('.').nth(1)?;
    let octets = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(charge).ok()?;
    let iss = serde_json::from_slice::<Value>(&octets).ok()?.get("iss")?.as_str()?.to_owned();
    Some(crate::journal::masque::couper(&iss))
}

fn faute(refus: oidc::Refus) -> &'static str {
    match refus {
        oidc::Refus::Forme => "ce n’est pas un JWT signé, lisible et complet",
        oidc::Refus::CleInconnue => "il est signé par une clé inconnue ici",
        oidc::Refus::Algorithme => "il est signé avec un autre algorithme que celui de la clé",
        _ => "sa signature est fausse",
    }
}

/// A stable identifier of a person in a realm, in the shape of a UUID: nobody reads the national identifier in it.
fn sub(issuer: &str, national_id: &str) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    let empreinte = digest(&SHA256, format!("{issuer}\n{national_id}").as_bytes());
    let mut octets = [0; 16];
    octets.copy_from_slice(&empreinte.as_ref()[..16]);
    uuid::Builder::from_custom_bytes(octets).into_uuid().to_string()
}

/// The certificate of the caller, read.
pub(super) fn certificat(pair: Option<&Pair>) -> Option<Lecture> {
    igc::lire::lire_der(pair?.certificat()?).ok()
}

pub(super) fn routes(serveur: &Arc<ServeurAutorisation>) -> Router {
    Router::new()
        .route(oidc::metadonnees::CHEMIN, get(metadonnees::publier))
        .route(CERTS, get(metadonnees::publier_cles))
        .route(TOKEN, post(donner))
        .route(INTROSPECTION, post(introspection::dire))
        .route(REVOCATION, post(introspection::revoquer))
        .fallback(|note: Note| async move {
            note.refuse(None, "Ce serveur d’autorisation n’a rien à cette adresse.");
            StatusCode::NOT_FOUND
        })
        .with_state(Arc::clone(serveur))
}

/// A form as received, or the refusal of what isn't one.
type Formulaire = Result<Form<Vec<(String, String)>>, axum::extract::rejection::FormRejection>;

fn lire_formulaire(formulaire: Formulaire, note: &Note) -> Result<Parametres, Refus> {
    let Ok(Form(champs)) = formulaire else {
        return Err(Refus::requete(
            "a form is expected",
            "Le corps n’est pas un formulaire (application/x-www-form-urlencoded), ou il est trop long.",
        ));
    };
    note.formulaire(champs.iter().map(|(nom, valeur)| (nom, valeur)));
    Ok(Parametres::nouveaux(champs))
}

/// One parameter of a form, `None` when absent or empty.
fn lire<'c>(corps: &'c Parametres, nom: &'static str) -> Result<Option<&'c str>, Refus> {
    corps.jeton(nom).map_err(|_| {
        Refus::requete("duplicated parameter", format!("Le paramètre « {nom} » est répété ou trop long."))
    })
}

/// The token endpoint.
async fn donner(
    State(serveur): State<Arc<ServeurAutorisation>>,
    note: Note,
    entetes: HeaderMap,
    pair: Option<axum::Extension<Pair>>,
    formulaire: Formulaire,
) -> Response {
    let donner = async {
        let corps = lire_formulaire(formulaire, &note)?;
        let certificat = certificat(pair.as_deref());
        let client = prouver(&serveur.config, &entetes, certificat.as_ref(), &corps, &note)?;
        match lire(&corps, "grant_type")? {
            Some(oidc::echange::GRANT) => serveur.echanger(&client, certificat.as_ref(), &corps, &note).await,
            Some("refresh_token") => serveur.rafraichir(&client, certificat.as_ref(), &corps, &note),
            Some(autre) => Err(Refus::autre(
                "unsupported_grant_type",
                "Unsupported grant_type",
                format!("grant_type « {autre} » : seuls l’échange de jeton et refresh_token sont acceptés."),
            )),
            None => Err(Refus::requete(
                "Missing form parameter: grant_type",
                "Le paramètre « grant_type » manque.",
            )),
        }
    };
    match donner.await {
        Ok(reponse) => sans_cache(Json(reponse).into_response()),
        Err(refus) => refus.repondre(&note),
    }
}

/// The scopes of a token: what is asked if the client may have it all, what it may have if nothing is asked.
fn scopes(config: &ConfigServeur, permis: &[String], demande: Option<&str>) -> Result<String, Refus> {
    let Some(demande) = demande else {
        if config.scope_exige {
            return Err(Refus::autre(
                "invalid_scope",
                "Missing form parameter: scope",
                "Le paramètre « scope » manque, et ce serveur d’autorisation l’exige.",
            ));
        }
        let tous = SCOPES_OPENID.into_iter().chain(permis.iter().map(String::as_str));
        return Ok(tous.collect::<Vec<_>>().join(" "));
    };
    let mut retenus: Vec<&str> = Vec::new();
    for scope in demande.split(' ').filter(|scope| !scope.is_empty()) {
        if !SCOPES_OPENID.contains(&scope) && !permis.iter().any(|autre| autre == scope) {
            let raison = if config.scopes.iter().any(|autre| autre == scope) {
                format!("Le scope « {scope} » n’est pas ouvert à ce client.")
            } else {
                format!("Le scope « {scope} » n’existe pas dans ce royaume.")
            };
            return Err(Refus::autre("invalid_scope", "Invalid scopes", raison));
        }
        if !retenus.contains(&scope) {
            retenus.push(scope);
        }
    }
    Ok(retenus.join(" "))
}
