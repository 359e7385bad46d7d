//! Making tokens: what an access token, a refresh token and an id_token of the realm say.

use jiff::Timestamp;
use oidc::jetons::ReponseJetons;
use oidc::jwt::ErreurCle;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Psc;
use super::sessions::Session;
use crate::identites::Identite;
use crate::journal::Note;
use crate::scenarios::{self, Faute};

/// The federated users of the realm have this in front of their national identifier.
const PREFIXE_SUB: &str = "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:";

/// `sub` of a person.
pub(super) fn sub(national_id: &str) -> String {
    format!("{PREFIXE_SUB}{national_id}")
}

/// What kind of token it is (`typ` in the claims, as Keycloak writes it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Sorte {
    Bearer,
    Refresh,
    #[serde(rename = "ID")]
    Id,
}

/// What is read again in a token of ours.
#[derive(Debug, Deserialize)]
pub(super) struct Lu {
    pub(super) iss: String,
    pub(super) typ: Sorte,
    pub(super) azp: String,
    pub(super) sid: String,
    pub(super) jti: String,
    #[serde(default)]
    pub(super) scope: String,
    #[serde(default)]
    pub(super) nonce: Option<String>,
    pub(super) iat: i64,
    pub(super) exp: i64,
    #[serde(flatten)]
    pub(super) autres: Map<String, Value>,
}

impl Lu {
    /// Thumbprint of the certificate that the token is bound to.
    pub(super) fn cnf(&self) -> Option<&str> {
        self.autres.get("cnf")?.get(oidc::cnf::MEMBRE)?.as_str()
    }
}

/// For whom tokens are made.
#[derive(Debug)]
pub(super) struct Emission<'a> {
    pub(super) client_id: &'a str,
    pub(super) session: &'a Session,
    pub(super) identite: &'a Identite,
    pub(super) scope: &'a str,
    pub(super) nonce: Option<&'a str>,
    /// Thumbprint of the certificate that the access token is bound to.
    pub(super) cnf: Option<&'a str>,
}

impl Psc {
    /// Makes the three tokens and notes that the client holds them.
    pub(super) fn emettre(
        &self,
        emission: &Emission<'_>,
        note: &Note,
        maintenant: Timestamp,
    ) -> Result<ReponseJetons, ErreurCle> {
        let Emission { client_id, session, identite, scope, nonce, cnf } = emission;
        self.sessions.servir(&session.sid, client_id, maintenant);
        let reglages = self.reglages();
        let durees = &reglages.durees;
        let iat = maintenant.as_second();
        // The use that these tokens are makes the session young again, up to its absolute end.
        let session_vue = Session { vue: maintenant, ..(*session).clone() };
        let vie_acces = durees.vive(durees.acces);
        let vie_rafraichissement =
            durees.vive(durees.rafraichissement).min(session_vue.reste(durees, maintenant));
        let national_id = identite.national_id();
        let jti = || self.alea.uuid(maintenant).to_string();
        let commun = json!({
            "iat": iat,
            "auth_time": session.debut.as_second(),
            "iss": self.issuer,
            "sub": sub(national_id),
            "azp": client_id,
            "nonce": nonce,
            "session_state": session.sid,
            "sid": session.sid,
        });
        let personne = json!({
            "acr": reglages.acr(session.canal),
            "preferred_username": national_id,
            "SubjectNameID": national_id,
        });
        let acces = json!({
            "typ": Sorte::Bearer, "jti": jti(), "exp": iat + vie_acces, "scope": scope,
            "otherIds": identite.profil.autres_ids,
        });
        let rafraichissement = json!({
            "typ": Sorte::Refresh, "jti": jti(), "exp": iat + vie_rafraichissement, "scope": scope,
            "aud": self.issuer,
        });
        if let Some(tire) = self.scenarios.tirer(Some(client_id), |faute| faute == Faute::CleTournee) {
            note.scenario(tire.nom);
            if let Err(erreur) = self.tourner_cles() {
                tracing::error!(erreur = &erreur as &dyn std::error::Error, "rotation des clés");
            }
        }
        let marques = reglages.marques(session.canal, session.idp.as_deref());
        let cles = self.cles();
        let mut acces = unir([&commun, &personne, &acces]);
        acces.extend(marques.clone());
        if let Some(empreinte) = cnf {
            acces.insert("cnf".to_owned(), json!({ (oidc::cnf::MEMBRE): empreinte }));
        }
        let access_token = cles.signer(&acces)?;
        let refresh_token = cles.signer(&unir([&commun, &rafraichissement]))?;
        let id = json!({
            "typ": Sorte::Id, "jti": jti(), "exp": iat + vie_acces, "aud": client_id,
            "at_hash": oidc::id_token::at_hash(&access_token),
            "family_name": identite.profil.family_name, "given_name": identite.profil.given_name,
        });
        let mut id = unir([&commun, &personne, &id]);
        id.extend(marques);
        let faute = self.scenarios.tirer(Some(client_id), |faute| matches!(faute, Faute::Id(_)));
        let id_token = if let Some(tire) = &faute
            && let Faute::Id(faute) = tire.faute
        {
            note.scenario(tire.nom);
            scenarios::deformer_id(faute, id, cles.active(), client_id)?
        } else {
            cles.signer(&id)?
        };
        Ok(ReponseJetons {
            access_token: access_token.into(),
            token_type: "Bearer".to_owned(),
            expires_in: vie_acces.try_into().ok(),
            refresh_token: Some(refresh_token.into()),
            refresh_expires_in: vie_rafraichissement.try_into().ok(),
            id_token: Some(id_token.into()),
            session_state: Some(session.sid.clone()),
            scope: Some((*scope).to_owned()),
            issued_token_type: None,
            not_before_policy: Some(0),
        })
    }
}

/// Several objects as one; what is null is left out.
fn unir<const N: usize>(parties: [&Value; N]) -> Map<String, Value> {
    let membres = parties.into_iter().filter_map(Value::as_object).flatten();
    membres.filter(|(_, v)| !v.is_null()).map(|(n, v)| (n.clone(), v.clone())).collect()
}
