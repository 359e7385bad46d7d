//! The authorization servers of the API: exchange, renewal, revocation of API tokens.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use oidc::cnf::{self, Lien};
use oidc::echange::{Demande, TYPE_JWT};
use oidc::jetons::ReponseJetons;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use tokio::sync::Semaphore;
use url::Url;

use super::appel::{self, Liaison, Panne};
use crate::config::{self, CnfDuJeton, Lps};
use crate::identite::Identite;
use crate::session::JetonApi;

/// An API as the connection sees it: its rank in the configuration and its rules.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) rang: usize,
    pub(crate) regles: config::Api,
    revocation: Option<Url>,
    pub(crate) revocations: Revocations,
}

/// The revocations under way at a server, so that one that hangs holds neither the others nor all the memory.
#[derive(Debug)]
pub(crate) struct Revocations {
    /// Asked at once.
    pub(crate) places: Semaphore,
    /// Ended sessions whose token is asked for or waits for its turn.
    pub(crate) attentes: Semaphore,
}

impl Default for Revocations {
    fn default() -> Self {
        Self { places: Semaphore::new(16), attentes: Semaphore::new(10_000) }
    }
}

impl Api {
    pub(crate) fn nouvelle(rang: usize, regles: config::Api) -> Self {
        let revocation = regles.revocation();
        Self { rang, regles, revocation, revocations: Revocations::default() }
    }

    fn serveur<'a>(&self, identite: &'a Identite) -> &'a Liaison {
        &identite.apis[self.rang].serveur_autorisation
    }

    /// Exchanges PSC's access token for one of this API (RFC 8693).
    pub(crate) async fn echanger(
        &self,
        identite: &Identite,
        jeton_psc: &SecretString,
        maintenant: Timestamp,
    ) -> Result<JetonApi, Panne> {
        #[derive(Serialize)]
        struct Avec<'a> {
            #[serde(flatten)]
            demande: &'a Demande,
            #[serde(skip_serializing_if = "Option::is_none")]
            cnf: Option<String>,
        }
        let regles = &self.regles;
        let mut demande = Demande::nouvelle(jeton_psc.clone());
        demande.subject_token_type.clone_from(&regles.subject_token_type);
        demande.subject_issuer = Some(regles.subject_issuer.clone()).filter(|texte| !texte.is_empty());
        demande.scope.clone_from(&regles.scope);
        demande.audience.clone_from(&regles.audience);
        demande.actor_token = self.acteur(identite);
        demande.actor_token_type = demande.actor_token.as_ref().map(|_| TYPE_JWT.to_owned());
        let certificat = identite.certificat.as_ref().filter(|_| regles.cnf);
        let cnf = certificat.map(|certificat| cnf::empreinte(&certificat.der, cnf::Forme::Agence));
        self.obtenir(identite, &Avec { demande: &demande, cnf }, "échange de jeton", maintenant).await
    }

    /// Who speaks for the person: what the operator declared of the proxy and of the software. A JWT without signature, which
    /// says no more than the TLS certificate beside it proves.
    fn acteur(&self, identite: &Identite) -> Option<String> {
        #[derive(Serialize)]
        struct Acteur<'a> {
            #[serde(flatten)]
            declare: &'a BTreeMap<String, String>,
            #[serde(flatten)]
            lps: Option<&'a Lps>,
        }
        let acteur = Acteur { declare: self.regles.acteur.as_ref()?, lps: identite.lps.as_ref() };
        let corps = serde_json::to_vec(&acteur).ok()?;
        let partie = |octets: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(octets);
        Some(format!("{}.{}.", partie(br#"{"alg":"none","typ":"JWT"}"#), partie(&corps)))
    }

    /// Renews with the API's own refresh token.
    pub(crate) async fn renouveler(
        &self,
        identite: &Identite,
        jeton: &SecretString,
        maintenant: Timestamp,
    ) -> Result<JetonApi, Panne> {
        let champs = [("grant_type", "refresh_token"), ("refresh_token", jeton.expose_secret())];
        let champs: BTreeMap<_, _> = champs.into();
        self.obtenir(identite, &champs, "renouvellement du jeton d’API", maintenant).await
    }

    async fn obtenir<T: Serialize>(
        &self,
        identite: &Identite,
        champs: &T,
        etape: &'static str,
        maintenant: Timestamp,
    ) -> Result<JetonApi, Panne> {
        let serveur = self.serveur(identite);
        let requete = serveur.post(self.regles.jeton_url.clone());
        let reponse: ReponseJetons =
            appel::json(serveur, appel::formulaire(requete, identite, champs), etape).await?;
        if !reponse.porteur() {
            return Err(Panne::Illisible { etape });
        }
        let notre = identite.certificat.as_ref().map(|certificat| certificat.der.as_slice());
        let lien = cnf::lien(reponse.access_token.expose_secret(), notre);
        match (self.regles.cnf_du_jeton, lien) {
            (CnfDuJeton::Ignorer, _) | (_, Lien::Notre) | (CnfDuJeton::Verifier, Lien::Aucun) => {}
            (CnfDuJeton::Exiger, Lien::Aucun) | (_, Lien::Autre) => return Err(Panne::Lien { etape }),
        }
        JetonApi::depuis(reponse, maintenant).map_err(|_| Panne::Illisible { etape })
    }

    /// Ends a token at its server; `sorte` is its `token_type_hint`. `false` where the server has no address for that.
    pub(crate) async fn revoquer(
        &self,
        identite: &Identite,
        sorte: &str,
        jeton: &SecretString,
    ) -> Result<bool, Panne> {
        let Some(point) = &self.revocation else { return Ok(false) };
        let champs = BTreeMap::from([("token", jeton.expose_secret()), ("token_type_hint", sorte)]);
        let serveur = self.serveur(identite);
        let requete = serveur.post(point.clone());
        appel::octets(serveur, appel::formulaire(requete, identite, &champs), "révocation")
            .await
            .map(|_| true)
    }
}
