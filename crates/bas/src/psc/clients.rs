//! The services registered at Pro Santé Connect: how they prove themselves, where people and news may be sent.
//!
//! A secret is kept as its digest. A client without a secret proves itself with a certificate whose CN is its `client_id`.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use service::Pair;
use subtle::ConstantTimeEq as _;
use url::Url;

use super::{Refus, ouvrir};
use crate::parametres::{Parametres, adresse, basic};
use crate::{Erreur, fichier};

const FICHIER: &str = "psc-clients.json";
const CLIENTS_MAX: usize = 2_000;
pub(super) const INVALIDE: &str = "Invalid client or Invalid client credentials";

/// A client to register, as configured or as posted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inscription {
    pub client_id: String,
    /// As people read it when they approve; the `client_id` when absent.
    #[serde(default)]
    pub nom: Option<String>,
    /// Absent: mTLS, with a certificate whose CN is `client_id`.
    #[serde(default)]
    pub secret: Option<SecretString>,
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where to post logout tokens.
    #[serde(default)]
    pub backchannel_logout_uri: Option<String>,
    /// CIBA is opened service by service.
    #[serde(default = "oui")]
    pub ciba: bool,
}

fn oui() -> bool {
    true
}

/// Why a client is not taken.
#[derive(Debug, thiserror::Error)]
pub enum RefusClient {
    #[error(
        "client_id : de 1 à 128 lettres sans accent, chiffres, « - », « _ », « . » ou « : » sont attendus."
    )]
    ClientId,
    #[error("secret : un secret vide ne prouve rien ; retirez-le pour un client à certificat.")]
    Secret,
    #[error("{champ} : l’adresse « {adresse} » n’est pas utilisable (https attendu, sans fragment).")]
    Adresse { champ: &'static str, adresse: String },
    #[error("Aucun client « {0} » n’est inscrit.")]
    Inconnu(String),
    #[error("Le bac à sable garde deux mille clients au plus.")]
    Trop,
    #[error("Le client n’a pas pu être enregistré.")]
    Enregistrement(#[source] std::io::Error),
}

/// A registered client.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ClientPsc {
    pub(crate) client_id: String,
    pub(crate) nom: String,
    /// Base64 of the SHA-256 of the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret_sha256: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) post_logout_redirect_uris: Vec<String>,
    pub(crate) backchannel_logout_uri: Option<Url>,
    pub(crate) ciba: bool,
}

impl ClientPsc {
    pub(crate) fn a_certificat(&self) -> bool {
        self.secret_sha256.is_none()
    }
}

fn empreinte(secret: &SecretString) -> String {
    BASE64_STANDARD.encode(digest(&SHA256, secret.expose_secret().as_bytes()))
}

impl TryFrom<Inscription> for ClientPsc {
    type Error = RefusClient;

    fn try_from(recue: Inscription) -> Result<Self, RefusClient> {
        let permis = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.:".contains(&octet);
        let client_id = recue.client_id;
        if client_id.is_empty() || client_id.len() > 128 || !client_id.bytes().all(permis) {
            return Err(RefusClient::ClientId);
        }
        if recue.secret.as_ref().is_some_and(|secret| secret.expose_secret().is_empty()) {
            return Err(RefusClient::Secret);
        }
        let lire = |champ, texte: &str| {
            adresse(texte).ok_or_else(|| RefusClient::Adresse { champ, adresse: texte.to_owned() })
        };
        for texte in &recue.redirect_uris {
            lire("redirect_uris", texte)?;
        }
        for texte in &recue.post_logout_redirect_uris {
            lire("post_logout_redirect_uris", texte)?;
        }
        let avis =
            recue.backchannel_logout_uri.map(|texte| lire("backchannel_logout_uri", &texte)).transpose()?;
        Ok(Self {
            nom: recue.nom.filter(|nom| !nom.trim().is_empty()).unwrap_or_else(|| client_id.clone()),
            client_id,
            secret_sha256: recue.secret.as_ref().map(empreinte),
            redirect_uris: recue.redirect_uris,
            post_logout_redirect_uris: recue.post_logout_redirect_uris,
            backchannel_logout_uri: avis,
            ciba: recue.ciba,
        })
    }
}

#[derive(Debug)]
pub(crate) struct Clients {
    chemin: PathBuf,
    clients: Mutex<Vec<ClientPsc>>,
}

impl Clients {
    pub(super) fn charger(donnees: &Path) -> Result<Self, Erreur> {
        let chemin = donnees.join(FICHIER);
        let clients = fichier::lire(&chemin)?.unwrap_or_default();
        Ok(Self { chemin, clients: Mutex::new(clients) })
    }

    pub(crate) fn tous(&self) -> Vec<ClientPsc> {
        ouvrir(&self.clients).clone()
    }

    pub(crate) fn trouver(&self, client_id: &str) -> Option<ClientPsc> {
        ouvrir(&self.clients).iter().find(|client| client.client_id == client_id).cloned()
    }

    /// Registers a client, over the one of the same name if there is one.
    pub(crate) fn inscrire(&self, inscription: Inscription) -> Result<(), RefusClient> {
        let client = ClientPsc::try_from(inscription)?;
        self.changer(|clients| {
            match clients.iter_mut().find(|autre| autre.client_id == client.client_id) {
                Some(place) => *place = client,
                None => clients.push(client),
            }
            Ok(())
        })
    }

    pub(crate) fn retirer(&self, client_id: &str) -> Result<(), RefusClient> {
        self.changer(|clients| {
            let avant = clients.len();
            clients.retain(|client| client.client_id != client_id);
            if clients.len() == avant { Err(RefusClient::Inconnu(client_id.to_owned())) } else { Ok(()) }
        })
    }

    fn changer(
        &self,
        changement: impl FnOnce(&mut Vec<ClientPsc>) -> Result<(), RefusClient>,
    ) -> Result<(), RefusClient> {
        let mut clients = ouvrir(&self.clients);
        let mut nouveaux = clients.clone();
        changement(&mut nouveaux)?;
        if nouveaux.len() > CLIENTS_MAX {
            return Err(RefusClient::Trop);
        }
        fichier::ecrire(&self.chemin, &nouveaux).map_err(RefusClient::Enregistrement)?;
        *clients = nouveaux;
        Ok(())
    }

    /// `tls_client_auth`, `client_secret_basic` or `client_secret_post`, whichever the client was registered for.
    pub(super) fn prouver(
        &self,
        entetes: &HeaderMap,
        pair: Option<&Pair>,
        corps: &Parametres,
    ) -> Result<ClientPsc, Refus> {
        let inconnu =
            |raison: String| Refus::nouveau(StatusCode::UNAUTHORIZED, "invalid_client", INVALIDE, raison);
        let lire = |nom| {
            corps.unique(nom).map_err(|_| Refus::requete("duplicated parameter", format!("{nom} répété")))
        };
        let (du_corps, secret_du_corps) = (lire("client_id")?, lire("client_secret")?);
        let (client_id, secret) = if let Some(entete) = entetes.get(header::AUTHORIZATION) {
            let lus = basic(entete.as_bytes());
            let (client_id, secret) =
                lus.ok_or_else(|| inconnu("en-tête Authorization illisible (Basic attendu)".to_owned()))?;
            (client_id, Some(secret))
        } else {
            let client_id = du_corps.ok_or_else(|| inconnu("client_id absent".to_owned()))?;
            (client_id.to_owned(), secret_du_corps.map(|secret| SecretString::from(secret.to_owned())))
        };
        let client =
            self.trouver(&client_id).ok_or_else(|| inconnu(format!("client_id « {client_id} » inconnu")))?;
        match &client.secret_sha256 {
            None => {
                prouver_par_certificat(&client_id, pair).map_err(inconnu)?;
            }
            Some(attendue) => {
                let recue = secret.as_ref().map(empreinte).unwrap_or_default();
                if !bool::from(recue.as_bytes().ct_eq(attendue.as_bytes())) {
                    let raison = if secret.is_some() { "secret faux" } else { "secret absent" };
                    return Err(Refus::nouveau(
                        StatusCode::UNAUTHORIZED,
                        "unauthorized_client",
                        INVALIDE,
                        raison,
                    ));
                }
            }
        }
        Ok(client)
    }
}

/// The CN of the certificate must be the `client_id`; the chain was verified by the listener.
fn prouver_par_certificat(client_id: &str, pair: Option<&Pair>) -> Result<(), String> {
    let der = pair
        .and_then(|pair| pair.certificats.first())
        .ok_or("aucun certificat client présenté (mTLS obligatoire pour ce client)")?;
    let lu = igc::lire::lire_der(der).map_err(|_| "certificat client illisible")?;
    match lu.cn {
        Some(cn) if cn == client_id => Ok(()),
        autre => Err(format!(
            "le CN du certificat (« {} ») n’est pas le client_id (« {client_id} »)",
            autre.unwrap_or_default()
        )),
    }
}
