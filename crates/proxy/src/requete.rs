//! What a handler knows of a request that is not relayed: its head, its small body, and who sent it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use rustls_pki_types::CertificateDer;
use std::sync::Arc;

use crate::config::Reseau;
use crate::reponse::{Reponse, refus};

/// Largest body of our own endpoints.
const CORPS_MAX: usize = 64 * 1024;
/// For the whole of such a body.
const CORPS_DELAI: Duration = Duration::from_secs(10);

/// The other end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) adresse: SocketAddr,
    /// Verified chain, leaf first; empty when none was shown.
    pub(crate) certificats: Arc<[CertificateDer<'static>]>,
}

/// Where a request comes from, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origine {
    pub(crate) adresse: IpAddr,
    /// Unknown behind a front-end.
    pub(crate) port: Option<u16>,
}

impl Origine {
    /// The peer, or whom a declared front-end speaks for: the first address of the first `X-Forwarded-For`.
    pub(crate) fn de(pair: &Pair, entetes: &HeaderMap, relais: &[Reseau]) -> Self {
        let direct = Self { adresse: pair.adresse.ip().to_canonical(), port: Some(pair.adresse.port()) };
        if !relais.iter().any(|reseau| reseau.contient(direct.adresse)) {
            return direct;
        }
        let annoncee = entetes
            .get("x-forwarded-for")
            .and_then(|valeur| valeur.to_str().ok())
            .and_then(|texte| texte.split(',').next())
            .and_then(|texte| texte.trim().parse::<IpAddr>().ok());
        annoncee.map_or(direct, |adresse| Self { adresse: adresse.to_canonical(), port: None })
    }
}

impl From<Origine> for journal::Origine {
    fn from(origine: Origine) -> Self {
        Self { adresse: origine.adresse, port: origine.port }
    }
}

/// A request read whole.
#[derive(Debug)]
pub(crate) struct Recue {
    pub(crate) tete: Parts,
    pub(crate) corps: Bytes,
    pub(crate) origine: Origine,
    pub(crate) pair: Pair,
}

/// Reads a small body, or says why not.
pub(crate) async fn lire(mut corps: Incoming) -> Result<Bytes, Reponse> {
    let lecture = async {
        let mut octets = BytesMut::new();
        while let Some(trame) = corps.frame().await {
            let Ok(trame) = trame else {
                return Err(refus(StatusCode::BAD_REQUEST, "Request body could not be read."));
            };
            let Some(donnees) = trame.data_ref() else { continue };
            if octets.len() + donnees.len() > CORPS_MAX {
                return Err(refus(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large."));
            }
            octets.extend_from_slice(donnees);
        }
        Ok(octets.freeze())
    };
    tokio::time::timeout(CORPS_DELAI, lecture)
        .await
        .unwrap_or_else(|_| Err(refus(StatusCode::REQUEST_TIMEOUT, "Request body too slow.")))
}

impl Recue {
    /// The values of a query parameter, decoded.
    pub(crate) fn parametre(&self, nom: &str) -> Option<String> {
        let requete = self.tete.uri.query()?;
        let mut paires = url::form_urlencoded::parse(requete.as_bytes());
        paires.find(|(autre, _)| autre == nom).map(|(_, valeur)| valeur.into_owned())
    }
}
