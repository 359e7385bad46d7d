//! Asking Pro Santé Connect what a token is worth, over HTTP, as any service would.

use std::time::Duration;

use http::StatusCode;
use oidc::jetons::Introspection;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::Erreur;
use crate::api::ConfigPsc;
use crate::api::refus::Refus;

const DELAI: Duration = Duration::from_secs(10);
/// An introspection answer is a few kilobytes.
const REPONSE_MAX: usize = 256 * 1024;

#[derive(Debug)]
pub(in crate::api) struct Psc {
    introspection: Url,
    client_id: String,
    secret: Option<SecretString>,
    http: reqwest::Client,
}

impl Psc {
    pub(in crate::api) fn nouveau(config: &ConfigPsc) -> Result<Self, Erreur> {
        let lire = |chemin: &std::path::PathBuf| {
            std::fs::read_to_string(chemin)
                .map_err(|source| Erreur::Fichier { chemin: chemin.clone(), source })
        };
        let autorite = config.autorite.as_ref().map(lire).transpose()?;
        let identite: Option<SecretString> = config.identite.as_ref().map(lire).transpose()?.map(Into::into);
        let http = match &identite {
            Some(pem) => {
                service::client_http::client_avec_identite(autorite.as_deref(), pem.expose_secret(), DELAI)?
            }
            None => service::client_http::client(autorite.as_deref(), DELAI)?,
        };
        Ok(Self {
            introspection: config.introspection.clone(),
            client_id: config.client_id.clone(),
            secret: config.secret.clone(),
            http,
        })
    }

    pub(super) async fn introspecter(&self, jeton: &str) -> Result<Introspection, Refus> {
        let mut formulaire = vec![("token", jeton), ("token_type_hint", "access_token")];
        let mut requete = self.http.post(self.introspection.clone());
        match &self.secret {
            // The header wants both halves form-encoded (RFC 6749 §2.3.1).
            Some(secret) => {
                requete = requete.basic_auth(encoder(&self.client_id), Some(encoder(secret.expose_secret())));
            }
            None => formulaire.push(("client_id", self.client_id.as_str())),
        }
        let mut reponse = requete.form(&formulaire).send().await.map_err(|erreur| injoignable(&erreur))?;
        let statut = reponse.status();
        let mut corps = Vec::new();
        while let Some(morceau) = reponse.chunk().await.map_err(|erreur| injoignable(&erreur))? {
            if corps.len() + morceau.len() > REPONSE_MAX {
                return Err(inattendu("elle est trop longue"));
            }
            corps.extend_from_slice(&morceau);
        }
        match statut {
            StatusCode::OK => serde_json::from_slice(&corps).map_err(|_| inattendu("elle est illisible")),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST => Err(Refus::panne(
                StatusCode::INTERNAL_SERVER_ERROR,
                "introspection refused",
                format!(
                    "Pro Santé Connect ne reconnaît pas le serveur d’autorisation ({statut}) : son client « {} » y \
                     est-il inscrit ?",
                    self.client_id
                ),
            )),
            _ => Err(inattendu(&format!("elle porte le statut {}", statut.as_u16()))),
        }
    }
}

fn inattendu(comment: &str) -> Refus {
    Refus::panne(
        StatusCode::BAD_GATEWAY,
        "unexpected answer of the identity provider",
        format!("Réponse inattendue de Pro Santé Connect à l’introspection : {comment}."),
    )
}

fn injoignable(erreur: &reqwest::Error) -> Refus {
    let (statut, quoi) = if erreur.is_timeout() {
        (StatusCode::GATEWAY_TIMEOUT, "n’a pas répondu en dix secondes")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "est injoignable")
    };
    Refus::panne(
        statut,
        "identity provider unreachable",
        format!("Pro Santé Connect {quoi} : introspection impossible."),
    )
}

fn encoder(texte: &str) -> String {
    url::form_urlencoded::byte_serialize(texte.as_bytes()).collect()
}
