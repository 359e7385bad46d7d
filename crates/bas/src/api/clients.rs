//! The clients of an authorization server, and how one proves itself: by its certificate, or by a secret.
//!
//! With a certificate, the `client_id` of the form must be the one that the certificate's name designates: either the DN
//! that the client is registered with, or its CN.

use http::{HeaderMap, header};
use igc::Lecture;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::ConfigServeur;
use super::refus::Refus;
use crate::journal::Note;
use crate::parametres::{Parametres, basic};

/// A registered client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientAs {
    pub client_id: String,
    /// Whole subject of its certificate (RFC 4514); when absent, the CN must be the `client_id`.
    #[serde(default)]
    pub dn: Option<String>,
    /// Proves itself with this instead of a certificate.
    #[serde(default)]
    pub secret: Option<SecretString>,
    /// Business scopes that it may have; all of the realm's when absent.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// Its `client_id` at Pro Santé Connect, where its people's tokens must come from; the same one when absent.
    #[serde(default)]
    pub client_psc: Option<String>,
}

/// A client that proved itself.
#[derive(Debug)]
pub(super) struct Prouve {
    pub(super) client_id: String,
    pub(super) client_psc: String,
    pub(super) scopes: Vec<String>,
}

/// Who is there, or why we don't know.
pub(super) fn prouver(
    config: &ConfigServeur,
    entetes: &HeaderMap,
    certificat: Option<&Lecture>,
    corps: &Parametres,
    note: &Note,
) -> Result<Prouve, Refus> {
    let lire = |nom: &'static str| {
        let raison = || format!("Le paramètre « {nom} » est répété ou trop long.");
        corps.unique(nom).map_err(|_| Refus::requete("duplicated parameter", raison()))
    };
    let (du_corps, identifiant) = (lire("client_secret")?, lire("client_id")?);
    let (client_id, secret) = match (entetes.get(header::AUTHORIZATION), du_corps) {
        (Some(_), Some(_)) => {
            return Err(Refus::requete(
                "only one client authentication method",
                "Deux preuves à la fois : un en-tête Authorization et un client_secret.",
            ));
        }
        (Some(entete), None) => {
            let (client_id, secret) = basic(entete.as_bytes()).ok_or_else(|| {
                Refus::client("L’en-tête Authorization n’est pas un « Basic » lisible ; avec un certificat, il n’en faut pas.")
            })?;
            if identifiant.is_some_and(|autre| autre != client_id) {
                return Err(Refus::client(
                    "Le client_id du formulaire n’est pas celui de l’en-tête Authorization.",
                ));
            }
            (client_id, Some(secret))
        }
        (None, secret) => {
            let client_id = identifiant.ok_or_else(|| {
                Refus::client("Le client_id manque : il accompagne le certificat dans le formulaire.")
            })?;
            (client_id.to_owned(), secret.map(|secret| SecretString::from(secret.to_owned())))
        }
    };
    note.client(&client_id);
    let inscrit = config.clients.iter().find(|client| client.client_id == client_id);
    match (inscrit, secret) {
        (Some(ClientAs { secret: Some(attendu), .. }), Some(secret)) => {
            let juste = attendu.expose_secret().as_bytes().ct_eq(secret.expose_secret().as_bytes());
            if !bool::from(juste) || attendu.expose_secret().is_empty() {
                return Err(Refus::client("Le secret n’est pas celui du client."));
            }
        }
        (Some(ClientAs { secret: Some(_), .. }), None) => {
            return Err(Refus::client("Ce client est inscrit avec un secret, et n’en a pas donné."));
        }
        (_, Some(_)) => {
            return Err(Refus::client(
                "Ce client n’est pas inscrit avec un secret : il se prouve par son certificat.",
            ));
        }
        (inscrit, None) => par_certificat(config, &client_id, inscrit, certificat)?,
    }
    Ok(Prouve {
        client_psc: inscrit.and_then(|client| client.client_psc.clone()).unwrap_or_else(|| client_id.clone()),
        scopes: inscrit.and_then(|client| client.scopes.clone()).unwrap_or_else(|| config.scopes.clone()),
        client_id,
    })
}

fn par_certificat(
    config: &ConfigServeur,
    client_id: &str,
    inscrit: Option<&ClientAs>,
    certificat: Option<&Lecture>,
) -> Result<(), Refus> {
    let Some(certificat) = certificat else {
        return Err(Refus::client("Aucun certificat client n’a été présenté."));
    };
    if inscrit.is_none() && !config.cn_admis {
        return Err(Refus::client(format!(
            "Le client « {client_id} » n’est pas inscrit à ce serveur d’autorisation."
        )));
    }
    match inscrit.and_then(|client| client.dn.as_deref()) {
        Some(dn) if dn == certificat.dn => Ok(()),
        Some(dn) => Err(Refus::client(format!(
            "Le certificat « {} » n’est pas celui du client « {client_id} », inscrit avec « {dn} ».",
            certificat.dn
        ))),
        None if certificat.cn.as_deref() == Some(client_id) => Ok(()),
        None => Err(Refus::client(format!(
            "Le CN du certificat « {} » n’est pas le client_id « {client_id} ».",
            certificat.dn
        ))),
    }
}
