//! CIBA in poll mode: the request, which waits for the person, and the polls of the client.
//!
//! Checks come in the order of Keycloak, since a client that breaks two rules at once is told about the first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use oidc::ciba::{Accuse, Canal, message_valide};
use oidc::jetons::ReponseJetons;
use serde::{Deserialize, Serialize};

use super::appel::Appel;
use super::clients::ClientPsc;
use super::emission::Emission;
use super::jetons::sans_cache;
use super::sessions::Session;
use super::{Psc, Refus, ouvrir};
use crate::ecps::{Approbation, Etat, Flux};
use crate::scenarios::Faute;

/// A request is remembered this much longer than its interval after its end, so that `expired_token` can be said.
const MEMOIRE: i64 = 10;
const REQUETES_MAX: usize = 10_000;
const SCOPES: [&str; 12] = [
    "openid",
    "scope_all",
    "scope_1",
    "scope_2",
    "identity",
    "rpps",
    "referentiel",
    "interop",
    "eidas1",
    "acr",
    "profile",
    "basic",
];

/// A request that a client may poll. Its approval has the same identifier.
#[derive(Clone, Debug)]
struct Requete {
    client_id: String,
    scope: String,
    fin: i64,
    intervalle: i64,
    /// Earlier polls are too fast.
    prochain: i64,
}

#[derive(Debug, Default)]
pub(super) struct Requetes(Mutex<HashMap<String, Requete>>);

/// The claims of an `auth_req_id`: signed, so that a forged one and a forgotten one are told apart.
#[derive(Debug, Deserialize, Serialize)]
struct AuthReqId {
    iss: String,
    aud: String,
    jti: String,
    azp: String,
    iat: i64,
    exp: i64,
}

pub(super) async fn demander(State(psc): State<Arc<Psc>>, appel: Appel) -> Response {
    match psc.demander_ciba(&appel) {
        Ok((client_id, accuse)) => {
            let accuse = psc.deformer(&client_id, &accuse, &appel.note, |faute| match faute {
                Faute::MembreCiba(nom, valeur) => Some((nom, valeur)),
                _ => None,
            });
            sans_cache(Json(accuse).into_response())
        }
        Err(refus) => refus.into_response(),
    }
}

impl Psc {
    fn demander_ciba(&self, appel: &Appel) -> Result<(String, Accuse), Refus> {
        let client = self.prouver(appel)?;
        self.refus_voulu(&client.client_id, &appel.note, |faute| match faute {
            Faute::RefusCiba(code) => Some(code),
            _ => None,
        })?;
        let corps = &appel.corps;
        if !client.ciba {
            return Err(sans_ciba(StatusCode::UNAUTHORIZED));
        }
        let lire = |nom| {
            corps.unique(nom).map_err(|_| Refus::requete("duplicated parameter", format!("{nom} répété")))
        };
        let national_id = lire("login_hint")?
            .ok_or_else(|| Refus::requete("missing parameter : login_hint", "login_hint absent"))?;
        appel.note.personne(national_id);
        let identite = self.identites.trouver(national_id).ok_or_else(|| {
            Refus::requete("invalid user", format!("aucune identité « {national_id} » dans le bac à sable"))
        })?;
        if !identite.actif {
            return Err(Refus::requete(
                "invalid user",
                format!("l’identité « {national_id} » n’est plus active"),
            ));
        }
        let scope =
            lire("scope")?.ok_or_else(|| Refus::requete("missing parameter : scope", "scope absent"))?;
        verifier_scope(scope)?;
        let message = lire("binding_message")?;
        if message.is_some_and(|message| !message_valide(message)) {
            return Err(Refus::nouveau(
                StatusCode::BAD_REQUEST,
                "invalid_binding_message",
                "the binding_message value has to be plain text and not exceed 50 characters",
                "binding_message refusé : 1 à 50 lettres, chiffres ou -._+/!?#",
            ));
        }
        if lire("client_notification_token")?.is_some() {
            return Err(Refus::requete(
                "Client Notification token supported only for the ping mode",
                "client_notification_token envoyé : Pro Santé Connect ne connaît que l’interrogation (poll)",
            ));
        }
        if lire("user_code")?.is_some() {
            return Err(Refus::requete("User code not supported", "user_code envoyé"));
        }
        let canal = match lire("channel")? {
            None => Canal::default(),
            Some(valeur) => Canal::lire(valeur).ok_or_else(|| {
                Refus::requete("invalid parameter : channel", format!("channel « {valeur} » inconnu"))
            })?,
        };
        let accuse = self.ouvrir_requete(&client, scope, &identite, message, canal);
        let accuse = accuse?;
        appel.note.accepte(format!("Demande d’approbation ouverte ({canal}) : la personne doit répondre."));
        Ok((client.client_id, accuse))
    }

    fn ouvrir_requete(
        &self,
        client: &ClientPsc,
        scope: &str,
        identite: &crate::identites::Identite,
        message: Option<&str>,
        canal: Canal,
    ) -> Result<Accuse, Refus> {
        let maintenant = self.horloge.maintenant();
        let durees = self.reglages().durees;
        let (iat, vie) = (maintenant.as_second(), durees.vive(durees.ciba));
        let jti = self.alea.uuid(maintenant).to_string();
        let requete = Requete {
            client_id: client.client_id.clone(),
            scope: scope.to_owned(),
            fin: iat + vie,
            intervalle: i64::from(durees.intervalle),
            prochain: iat,
        };
        let auth_req_id = self
            .cles()
            .signer(&AuthReqId {
                iss: self.issuer.clone(),
                aud: self.issuer.clone(),
                jti: jti.clone(),
                azp: client.client_id.clone(),
                iat,
                exp: requete.fin,
            })
            .map_err(|erreur| Refus::interne(&erreur))?;
        let mut requetes = ouvrir(&self.requetes.0);
        requetes.retain(|_, autre| autre.fin + autre.intervalle + MEMOIRE > iat);
        if requetes.len() >= REQUETES_MAX {
            return Err(Refus::complet());
        }
        requetes.insert(jti.clone(), requete);
        drop(requetes);
        let fin = maintenant.saturating_add(SignedDuration::from_secs(vie)).unwrap_or(maintenant);
        let approbation = Approbation {
            id: jti,
            flux: Flux::Ciba,
            national_id: identite.national_id().to_owned(),
            client_id: client.client_id.clone(),
            client_nom: client.nom.clone(),
            canal,
            message: message.map(str::to_owned),
            creee: maintenant,
            fin,
            reponse: identite.reponse.clone(),
            essais: 0,
            etat: Etat::EnAttente,
            navigateur: None,
        };
        if !self.approbations.ajouter(approbation) {
            return Err(Refus::complet());
        }
        Ok(Accuse {
            auth_req_id: auth_req_id.into(),
            expires_in: vie.try_into().unwrap_or_default(),
            interval: Some(durees.intervalle.into()),
        })
    }

    /// A poll: expired, too fast, refused, waiting, in that order; or the tokens, once.
    pub(super) fn sonder(
        &self,
        client: &ClientPsc,
        appel: &Appel,
        maintenant: Timestamp,
    ) -> Result<ReponseJetons, Refus> {
        if !client.ciba {
            return Err(sans_ciba(StatusCode::BAD_REQUEST));
        }
        let jeton = appel
            .corps
            .jeton("auth_req_id")
            .map_err(|_| Refus::requete("duplicated parameter", "auth_req_id répété"))?
            .ok_or_else(|| Refus::requete("Missing parameter: auth_req_id", "auth_req_id absent"))?;
        let lu: AuthReqId = oidc::jwt::verifier(jeton, self.cles().jwks()).map_err(|_| {
            Refus::perime("Invalid Auth Req ID", "auth_req_id mal formé ou d’un autre émetteur")
        })?;
        let inconnu = || Refus::perime("Invalid auth_req_id", "auth_req_id inconnu, oublié ou déjà utilisé");
        let requete = {
            let mut requetes = ouvrir(&self.requetes.0);
            let requete = requetes.get_mut(&lu.jti).ok_or_else(inconnu)?;
            if requete.client_id != client.client_id {
                return Err(Refus::perime("unauthorized client", "auth_req_id d’un autre client"));
            }
            let iat = maintenant.as_second();
            if iat >= requete.fin {
                return Err(attente(
                    "expired_token",
                    "authentication timed out",
                    "personne n’a répondu à temps",
                ));
            }
            if iat < requete.prochain {
                let raison = format!("interrogation trop rapide : une toutes les {} s", requete.intervalle);
                return Err(attente("slow_down", "too early to access", raison));
            }
            requete.prochain = iat + requete.intervalle;
            requete.clone()
        };
        let approbation = self.approbations.lire(&lu.jti, maintenant).ok_or_else(inconnu)?;
        appel.note.personne(&approbation.national_id);
        match approbation.etat {
            Etat::Refusee => Err(attente("access_denied", "not authorized", "la personne a refusé")),
            Etat::EnAttente | Etat::Ignoree => Err(attente(
                "authorization_pending",
                "The authorization request is still pending as the end-user hasn't yet been authenticated.",
                "la personne n’a pas encore répondu",
            )),
            Etat::Approuvee => {
                // Whoever takes the request out gives the tokens; a second poll at the same instant finds nothing.
                ouvrir(&self.requetes.0).remove(&lu.jti).ok_or_else(inconnu)?;
                self.approbations.retirer(&lu.jti);
                let identite = self.identites.trouver(&approbation.national_id).ok_or_else(inconnu)?;
                let session =
                    self.ouvrir_session(&approbation.national_id, approbation.canal, None, maintenant);
                let cnf = self.cnf(appel);
                let emission = Emission {
                    client_id: &client.client_id,
                    session: &session,
                    identite: &identite,
                    scope: &requete.scope,
                    nonce: None,
                    cnf: cnf.as_deref(),
                };
                self.emettre(&emission, &appel.note, maintenant).map_err(|erreur| Refus::interne(&erreur))
            }
        }
    }

    /// Opens a session of that person.
    pub(super) fn ouvrir_session(
        &self,
        national_id: &str,
        canal: Canal,
        idp: Option<String>,
        maintenant: Timestamp,
    ) -> Session {
        let session = Session {
            sid: self.alea.uuid(maintenant).to_string(),
            national_id: national_id.to_owned(),
            canal,
            idp,
            debut: maintenant,
            vue: maintenant,
            clients: HashMap::new(),
        };
        self.sessions.ouvrir(session.clone(), &self.reglages().durees, maintenant);
        session
    }
}

fn sans_ciba(statut: StatusCode) -> Refus {
    Refus::nouveau(
        statut,
        "invalid_grant",
        "Client not allowed OIDC CIBA Grant",
        "CIBA n’est pas ouvert pour ce client",
    )
}

fn attente(
    code: &'static str,
    detail: &'static str,
    raison: impl Into<std::borrow::Cow<'static, str>>,
) -> Refus {
    Refus::nouveau(StatusCode::BAD_REQUEST, code, detail, raison)
}

/// `openid` and words that the realm knows.
pub(super) fn verifier_scope(scope: &str) -> Result<(), Refus> {
    let mots: Vec<&str> = scope.split(' ').filter(|mot| !mot.is_empty()).collect();
    if mots.iter().all(|mot| SCOPES.contains(mot)) && mots.contains(&"openid") {
        return Ok(());
    }
    let raison = "scope : « openid » et des portées connues sont attendus";
    Err(Refus::nouveau(StatusCode::BAD_REQUEST, "invalid_scope", format!("Invalid scopes: {scope}"), raison))
}
