//! The token endpoint, and what a token is still worth afterwards.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use oidc::jetons::ReponseJetons;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::{Value, json};

use super::appel::Appel;
use super::clients::{ClientPsc, INVALIDE};
use super::emission::{Emission, Lu, Sorte};
use super::sessions::Session;
use super::{Psc, Refus};
use crate::codes::Echec;
use crate::identites::Identite;
use crate::journal::Note;
use crate::scenarios::Faute;

/// A token that is good, with what it leads to.
#[derive(Debug)]
pub(super) struct Vivant {
    pub(super) lu: Lu,
    pub(super) session: Session,
    pub(super) identite: Identite,
}

pub(super) async fn donner(State(psc): State<Arc<Psc>>, appel: Appel) -> Response {
    match psc.donner(&appel) {
        Ok((client_id, jetons)) => {
            let jetons = psc.deformer(&client_id, &jetons, &appel.note, |faute| match faute {
                Faute::MembreJeton(nom, valeur) => Some((nom, valeur)),
                _ => None,
            });
            sans_cache(Json(jetons).into_response())
        }
        Err(refus) => refus.into_response(),
    }
}

/// What a grant does once the client is proven.
type Octroi = fn(&Psc, &ClientPsc, &Appel, Timestamp) -> Result<ReponseJetons, Refus>;

/// RFC 6749 §5.1.
pub(super) fn sans_cache(mut reponse: Response) -> Response {
    reponse.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reponse.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    reponse
}

impl Psc {
    /// The client behind a call, told to the journal.
    pub(super) fn prouver(&self, appel: &Appel) -> Result<ClientPsc, Refus> {
        let client = self.clients.prouver(&appel.entetes, appel.pair.as_ref(), &appel.corps)?;
        appel.note.client(&client.client_id);
        if self.reglages().strict() && !client.a_certificat() {
            let raison = "le préréglage strict-fapi2 n’accepte que la preuve par certificat";
            return Err(Refus::nouveau(StatusCode::UNAUTHORIZED, "invalid_client", INVALIDE, raison));
        }
        Ok(client)
    }

    /// An answer with a member left out or replaced, when a scenario wants it.
    pub(super) fn deformer<T: Serialize>(
        &self,
        client_id: &str,
        reponse: &T,
        note: &Note,
        membre: impl Fn(Faute) -> Option<(&'static str, Option<&'static str>)>,
    ) -> Value {
        let mut corps = json!(reponse);
        if let Some(tire) = self.scenarios.tirer(Some(client_id), |faute| membre(faute).is_some())
            && let Some((nom, valeur)) = membre(tire.faute)
            && let Some(corps) = corps.as_object_mut()
        {
            note.scenario(tire.nom);
            corps.remove(nom);
            if let Some(valeur) = valeur.and_then(|valeur| serde_json::from_str(valeur).ok()) {
                corps.insert(nom.to_owned(), valeur);
            }
        }
        corps
    }

    /// The error that a scenario puts in place of the answer.
    pub(super) fn refus_voulu(
        &self,
        client_id: &str,
        note: &Note,
        code: impl Fn(Faute) -> Option<&'static str>,
    ) -> Result<(), Refus> {
        let Some(tire) = self.scenarios.tirer(Some(client_id), |faute| code(faute).is_some()) else {
            return Ok(());
        };
        note.scenario(tire.nom);
        let code = code(tire.faute).unwrap_or_default();
        let statut = match code {
            "invalid_client" | "unauthorized_client" => StatusCode::UNAUTHORIZED,
            "server_error" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Err(Refus::nouveau(statut, code, "scenario", format!("scénario « {} »", tire.nom)))
    }

    /// What a scenario does to tokens that were just given.
    fn apres(&self, client_id: &str, jetons: &ReponseJetons, note: &Note, maintenant: Timestamp) {
        let voulue = |faute| matches!(faute, Faute::SessionTuee | Faute::JetonRevoque);
        let Some(tire) = self.scenarios.tirer(Some(client_id), voulue) else { return };
        note.scenario(tire.nom);
        if tire.faute == Faute::SessionTuee {
            self.sessions.fermer(jetons.session_state.as_deref().unwrap_or_default());
        } else if let Some(lu) = self.lire_jeton(jetons.access_token.expose_secret()) {
            self.revoques.ajouter(lu.jti, lu.exp, maintenant);
        }
    }

    fn donner(&self, appel: &Appel) -> Result<(String, ReponseJetons), Refus> {
        let sorte = appel
            .corps
            .unique("grant_type")
            .map_err(|_| Refus::requete("duplicated parameter", "grant_type répété"))?
            .ok_or_else(|| Refus::requete("Missing form parameter: grant_type", "grant_type absent"))?;
        let donner: Octroi = match sorte {
            oidc::ciba::GRANT => Self::sonder,
            "authorization_code" => Self::echanger,
            "refresh_token" => Self::rafraichir,
            autre => {
                let raison = format!("grant_type « {autre} » n’est pas servi");
                let (statut, code) = (StatusCode::BAD_REQUEST, "unsupported_grant_type");
                return Err(Refus::nouveau(statut, code, "Unsupported grant_type", raison));
            }
        };
        let client = self.prouver(appel)?;
        self.refus_voulu(&client.client_id, &appel.note, |faute| match faute {
            Faute::RefusJeton(code) => Some(code),
            _ => None,
        })?;
        let maintenant = self.horloge.maintenant();
        let jetons = donner(self, &client, appel, maintenant)?;
        appel.note.accepte("Jetons donnés.");
        self.apres(&client.client_id, &jetons, &appel.note, maintenant);
        Ok((client.client_id, jetons))
    }

    /// A code and, when the request had a challenge, its verifier (RFC 7636 §4.6).
    fn echanger(
        &self,
        client: &ClientPsc,
        appel: &Appel,
        maintenant: Timestamp,
    ) -> Result<ReponseJetons, Refus> {
        let lire = |nom| {
            appel
                .corps
                .unique(nom)
                .map_err(|_| Refus::requete("duplicated parameter", format!("{nom} répété")))
        };
        let jeton = lire("code")?.ok_or_else(|| Refus::requete("Missing parameter: code", "code absent"))?;
        // What is left to take back if the code comes again: all that the client holds of the session.
        let trace = |code: &super::Code| code.sid.clone();
        let code = self.codes.consommer(jeton, &client.client_id, trace, maintenant).map_err(|echec| {
            if let Echec::Rejoue(sid) = &echec {
                self.sessions.oublier_client(sid, &client.client_id);
            }
            let raison = match echec {
                Echec::Inconnu => "code inconnu, expiré ou d’un autre client",
                Echec::Rejoue(_) => "code déjà utilisé : les jetons qu’il avait donnés sont repris",
            };
            Refus::perime("Code not valid", raison)
        })?;
        if lire("redirect_uri")? != Some(&code.redirect_uri) {
            return Err(Refus::perime(
                "Incorrect redirect_uri",
                "redirect_uri n’est pas celle de la demande",
            ));
        }
        match (&code.defi, lire("code_verifier")?) {
            (None, _) => {}
            (Some(_), None) => {
                return Err(Refus::perime("PKCE code verifier not specified", "code_verifier absent"));
            }
            (Some(defi), Some(verificateur)) if oidc::pkce::repond(verificateur, defi) => {}
            (Some(_), Some(_)) => {
                let detail = "PKCE verification failed: Code mismatch";
                return Err(Refus::perime(detail, "code_verifier ne répond pas au code_challenge"));
            }
        }
        let finie = || Refus::perime("Session not active", "session terminée entre-temps");
        let session = self.sessions.lire(&code.sid, &self.reglages().durees, maintenant).ok_or_else(finie)?;
        let identite = self.identites.trouver(&session.national_id).filter(|identite| identite.actif);
        let identite = identite.ok_or_else(finie)?;
        appel.note.personne(identite.national_id());
        let cnf = self.cnf(appel);
        let emission = Emission {
            client_id: &client.client_id,
            session: &session,
            identite: &identite,
            scope: &code.scope,
            nonce: code.nonce.as_deref(),
            cnf: cnf.as_deref(),
        };
        self.emettre(&emission, &appel.note, maintenant).map_err(|erreur| Refus::interne(&erreur))
    }

    fn rafraichir(
        &self,
        client: &ClientPsc,
        appel: &Appel,
        maintenant: Timestamp,
    ) -> Result<ReponseJetons, Refus> {
        let jeton = appel
            .corps
            .jeton("refresh_token")
            .map_err(|_| Refus::requete("duplicated parameter", "refresh_token répété"))?
            .ok_or_else(|| Refus::requete("No refresh token", "refresh_token absent"))?;
        let Vivant { lu, session, identite } = self.vivant(jeton, Sorte::Refresh, maintenant)?;
        appel.note.personne(&session.national_id);
        if lu.azp != client.client_id {
            return Err(Refus::perime(
                "Invalid refresh token. Token client and authorized client don't match",
                format!("le jeton de rafraîchissement est celui de « {} »", lu.azp),
            ));
        }
        let unique = |faute| faute == Faute::RafraichissementUnique;
        if let Some(tire) = self.scenarios.tirer(Some(&client.client_id), unique) {
            appel.note.scenario(tire.nom);
            self.revoques.ajouter(lu.jti.clone(), lu.exp, maintenant);
        }
        let cnf = self.cnf(appel);
        let emission = Emission {
            client_id: &client.client_id,
            session: &session,
            identite: &identite,
            scope: &lu.scope,
            nonce: lu.nonce.as_deref(),
            cnf: cnf.as_deref(),
        };
        self.emettre(&emission, &appel.note, maintenant).map_err(|erreur| Refus::interne(&erreur))
    }

    /// What an access token is bound to under the strict preset: the certificate of the call.
    pub(super) fn cnf(&self, appel: &Appel) -> Option<String> {
        let der = appel.pair.as_ref()?.certificat()?;
        self.reglages().strict().then(|| oidc::cnf::empreinte(der, oidc::cnf::Forme::Rfc8705))
    }

    /// Reads a token of ours and says whether it is still good. The texts are those of a refresh.
    pub(super) fn vivant(&self, jeton: &str, sorte: Sorte, maintenant: Timestamp) -> Result<Vivant, Refus> {
        let lu = self.lire_jeton(jeton).filter(|lu| lu.typ == sorte);
        let lu = lu.ok_or_else(|| {
            Refus::perime(
                "Invalid refresh token",
                "jeton illisible, d’un autre émetteur ou d’une autre sorte",
            )
        })?;
        if lu.exp <= maintenant.as_second() {
            return Err(Refus::perime("Token is not active", "jeton expiré"));
        }
        if self.revoques.contient(&lu.jti) {
            return Err(Refus::perime("Token is not active", "jeton révoqué"));
        }
        let session = self.sessions.lire(&lu.sid, &self.reglages().durees, maintenant);
        let session =
            session.ok_or_else(|| Refus::perime("Session not active", "session terminée ou inactive"))?;
        let debut = session.clients.get(&lu.azp);
        if debut.is_none_or(|debut| lu.iat < debut.as_second()) {
            return Err(Refus::perime("Session doesn't have required client", "jetons du client révoqués"));
        }
        let identite = self.identites.trouver(&session.national_id).filter(|identite| identite.actif);
        let identite = identite
            .ok_or_else(|| Refus::perime("User disabled", "identité retirée ou rendue inactive depuis"))?;
        Ok(Vivant { lu, session, identite })
    }

    /// Reads a token that we signed, alive or not.
    pub(super) fn lire_jeton(&self, jeton: &str) -> Option<Lu> {
        let lu: Lu = oidc::jwt::verifier(jeton, self.cles().jwks()).ok()?;
        (lu.iss == self.issuer).then_some(lu)
    }

    /// Takes back a token of that client (RFC 7009): an access token alone, or with a refresh token all that the client
    /// holds of the session.
    pub(super) fn revoquer(&self, client: &ClientPsc, jeton: &str, maintenant: Timestamp) {
        let Some(lu) = self.lire_jeton(jeton).filter(|lu| lu.azp == client.client_id) else { return };
        match lu.typ {
            Sorte::Bearer => self.revoques.ajouter(lu.jti, lu.exp, maintenant),
            Sorte::Refresh => self.sessions.oublier_client(&lu.sid, &client.client_id),
            Sorte::Id => {}
        }
    }
}
