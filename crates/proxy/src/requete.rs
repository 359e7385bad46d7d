//! What a handler knows of a request that is not relayed: its head, its small body, and who sent it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::EXPECT;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use rustls_pki_types::CertificateDer;
use std::sync::Arc;

use crate::config::Reseau;
use crate::reponse::{Reponse, refus};

/// Largest body of our own endpoints.
const CORPS_MAX: usize = 64 * 1024;
/// For the whole of such a body.
const CORPS_DELAI: Duration = Duration::from_secs(10);

/// What is taken in of the body of a refused request, and for how long.
const RESTE_MAX: usize = 1024 * 1024;
const RESTE_DELAI: Duration = Duration::from_secs(2);

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
    /// The peer, or whom declared front-ends speak for: read from the nearest one on, the first address of `X-Forwarded-For`
    /// that is none of theirs. What a caller wrote there itself stands further, and is never reached.
    pub(crate) fn de(pair: &Pair, entetes: &HeaderMap, relais: &[Reseau]) -> Self {
        let declare = |adresse: IpAddr| relais.iter().any(|reseau| reseau.contient(adresse));
        let mut origine = Self { adresse: pair.adresse.ip().to_canonical(), port: Some(pair.adresse.port()) };
        // The usual case, without a look at the headers.
        if relais.is_empty() {
            return origine;
        }
        let lignes = entetes.get_all("x-forwarded-for").into_iter().rev();
        let annoncees = lignes.flat_map(|ligne| ligne.to_str().unwrap_or_default().rsplit(','));
        for annoncee in annoncees {
            if !declare(origine.adresse) {
                break;
            }
            let Some(adresse) = adresse(annoncee.trim()) else { break };
            origine = Self { adresse: adresse.to_canonical(), port: None };
        }
        origine
    }
}

/// Some front-ends write the port too.
fn adresse(texte: &str) -> Option<IpAddr> {
    texte.parse().ok().or_else(|| texte.parse().ok().map(|avec_port: SocketAddr| avec_port.ip()))
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
                laisser_finir(&HeaderMap::new(), corps);
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

/// Takes in, beside the answer, what a refused request has still to send: cut while it writes, a client may never read why
/// (RFC 9112 §9.6), and HTTP/2 clients say that the stream failed. Some bytes and some time only. Who waits for
/// « 100 Continue » has nothing to finish.
pub(crate) fn laisser_finir(entetes: &HeaderMap, mut corps: Incoming) {
    if corps.is_end_stream() || entetes.contains_key(EXPECT) {
        return;
    }
    tokio::task::spawn_local(async move {
        let lecture = async {
            let mut reste = RESTE_MAX;
            while let Some(Ok(trame)) = corps.frame().await {
                let taille = trame.data_ref().map_or(0, Bytes::len);
                let Some(encore) = reste.checked_sub(taille) else { break };
                reste = encore;
            }
        };
        // Too slow to be waited for: cut.
        let _ = tokio::time::timeout(RESTE_DELAI, lecture).await;
    });
}

impl Recue {
    /// The values of a query parameter, decoded.
    pub(crate) fn parametre(&self, nom: &str) -> Option<String> {
        let requete = self.tete.uri.query()?;
        let mut paires = url::form_urlencoded::parse(requete.as_bytes());
        paires.find(|(autre, _)| autre == nom).map(|(_, valeur)| valeur.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_doesn_t_choose_its_address() {
        let relais: Vec<Reseau> = ["10.0.0.0/8", "::1"].iter().map(|texte| texte.parse().unwrap()).collect();
        let cas: &[(&str, &[&str], &str)] = &[
            ("192.0.2.1:5", &["203.0.113.9"], "192.0.2.1"),
            ("10.0.0.1:5", &[], "10.0.0.1"),
            ("10.0.0.1:5", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1:5", &["198.51.100.7, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1:5", &["198.51.100.7", "203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1:5", &["198.51.100.7, 203.0.113.9, 10.1.1.1"], "203.0.113.9"),
            ("10.0.0.1:5", &["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
            ("10.0.0.1:5", &["203.0.113.9, inconnu"], "10.0.0.1"),
            ("10.0.0.1:5", &["203.0.113.9:4711"], "203.0.113.9"),
            ("[::1]:5", &["[2001:db8::1]:80"], "2001:db8::1"),
            ("[::ffff:10.0.0.1]:5", &["2001:db8::1"], "2001:db8::1"),
            ("10.0.0.1:5", &["203.0.113.9,"], "10.0.0.1"),
        ];
        for (pair, lignes, attendue) in cas {
            let pair = Pair { adresse: pair.parse().unwrap(), certificats: Arc::new([]) };
            let mut entetes = HeaderMap::new();
            for ligne in *lignes {
                entetes.append("x-forwarded-for", ligne.parse().unwrap());
            }
            let origine = Origine::de(&pair, &entetes, &relais);
            assert_eq!(origine.adresse.to_string(), *attendue, "{} {lignes:?}", pair.adresse);
            assert_eq!(origine.port.is_some(), origine.adresse == pair.adresse.ip().to_canonical());
        }
    }
}
