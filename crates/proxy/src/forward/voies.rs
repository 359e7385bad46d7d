//! Connections towards the API, kept open between calls: a small pool for each core.
//!
//! Rule: the key of a connection is the identity that opened it. A connection made for one client, or with one certificate,
//! is never lent to another. The last one given back is the first one lent, so that a quiet pool shrinks by itself.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1::{self, SendRequest};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::Route;
use crate::corps::Montant;
use crate::identite::Identite;

/// Most that is read ahead of an answer, its head included. hyper's own bound is 400 KiB, which eight downloads pay in memory
/// and nobody feels.
const TAMPON: usize = 128 * 1024;

/// Who opened it, towards which API. `generation` belongs to one identity of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cle {
    generation: u64,
    api: usize,
    /// What was revoked since must not pass by a connection of before.
    epoque: u64,
}

struct Libre {
    envoi: SendRequest<Montant>,
    depuis: Instant,
}

struct Rangee {
    libres: Vec<Libre>,
    places: Arc<Semaphore>,
    garde: Duration,
}

/// The connections of one core.
#[derive(Default)]
pub(crate) struct Voies(RefCell<HashMap<Cle, Rangee>>);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SansVoie {
    #[error("trop d’appels en cours vers cette API")]
    Sature,
    #[error("connexion trop lente")]
    Delai,
    #[error("connexion impossible")]
    Injoignable(#[source] io::Error),
    #[error("TLS refusé")]
    Tls(#[source] io::Error),
    #[error("HTTP impossible")]
    Http(#[source] hyper::Error),
}

/// A connection in use. Dropped, it closes; given back, it serves the same identity again.
pub(crate) struct Prise {
    pub(crate) envoi: SendRequest<Montant>,
    voies: Rc<Voies>,
    cle: Cle,
    _place: OwnedSemaphorePermit,
}

impl Prise {
    /// Gives the connection back once it is ready for another call.
    pub(crate) fn rendre(self) {
        let Self { mut envoi, voies, cle, _place } = self;
        if envoi.is_ready() {
            voies.ranger(cle, envoi);
            return;
        }
        // The end of the request, or of the answer's framing, is still to come.
        tokio::task::spawn_local(async move {
            if envoi.ready().await.is_ok() {
                voies.ranger(cle, envoi);
            }
        });
    }
}

impl Voies {
    /// A connection for this identity and no other: one that is free, else a new one.
    pub(crate) async fn prendre(
        self: &Rc<Self>,
        identite: &Identite,
        route: &Route,
    ) -> Result<Prise, SansVoie> {
        let api = route.api.rang;
        let epoque = identite.apis[api].confiance.epoque();
        let cle = Cle { generation: identite.generation, api, epoque };
        let attente = Duration::from_secs(route.api.regles.delai_connexion_s);
        let (places, place, libre) = {
            let mut toutes = self.0.borrow_mut();
            let rangee = toutes.entry(cle).or_insert_with(|| Rangee::pour(route));
            let place = Arc::clone(&rangee.places).try_acquire_owned().ok();
            let libre = place.as_ref().and_then(|_| rangee.libre());
            (Arc::clone(&rangee.places), place, libre)
        };
        let (place, libre) = if let Some(place) = place {
            (place, libre)
        } else {
            let place = timeout(attente, Box::pin(places.acquire_owned())).await;
            let place = place.ok().and_then(Result::ok).ok_or(SansVoie::Sature)?;
            (place, self.0.borrow_mut().get_mut(&cle).and_then(Rangee::libre))
        };
        let envoi = match libre {
            Some(envoi) => envoi,
            None => {
                timeout(attente, Box::pin(ouvrir(identite, route))).await.map_err(|_| SansVoie::Delai)??
            }
        };
        Ok(Prise { envoi, voies: Rc::clone(self), cle, _place: place })
    }

    /// The same, always a new connection, keeping the place of one that was found dead.
    pub(crate) async fn reprendre(
        self: &Rc<Self>,
        morte: Prise,
        identite: &Identite,
        route: &Route,
    ) -> Result<Prise, SansVoie> {
        let attente = Duration::from_secs(route.api.regles.delai_connexion_s);
        let envoi =
            timeout(attente, Box::pin(ouvrir(identite, route))).await.map_err(|_| SansVoie::Delai)??;
        Ok(Prise { envoi, ..morte })
    }

    fn ranger(&self, cle: Cle, envoi: SendRequest<Montant>) {
        if let Some(rangee) = self.0.borrow_mut().get_mut(&cle) {
            rangee.libres.push(Libre { envoi, depuis: Instant::now() });
        }
    }

    /// Closes what has been idle for too long, and forgets identities that nobody uses any more.
    pub(crate) fn balayer(&self) {
        self.0.borrow_mut().retain(|_, rangee| {
            let garde = rangee.garde;
            rangee.libres.retain(|libre| libre.depuis.elapsed() < garde && libre.envoi.is_ready());
            !rangee.libres.is_empty() || Arc::strong_count(&rangee.places) > 1
        });
    }
}

impl Rangee {
    fn pour(route: &Route) -> Self {
        Self {
            libres: Vec::new(),
            places: Arc::new(Semaphore::new(route.api.regles.connexions_max)),
            garde: Duration::from_secs(route.api.regles.connexion_libre_s),
        }
    }

    /// The last one given back that may still serve.
    fn libre(&mut self) -> Option<SendRequest<Montant>> {
        while let Some(libre) = self.libres.pop() {
            if libre.depuis.elapsed() < self.garde && libre.envoi.is_ready() {
                return Some(libre.envoi);
            }
        }
        None
    }
}

/// Boxed by its callers: most calls find a connection, and would carry the room for a handshake about.
async fn ouvrir(identite: &Identite, route: &Route) -> Result<SendRequest<Montant>, SansVoie> {
    let flux = TcpStream::connect((route.hote.as_str(), route.port)).await.map_err(SansVoie::Injoignable)?;
    flux.set_nodelay(true).map_err(SansVoie::Injoignable)?;
    let Some(nom) = route.nom_tls.clone() else { return parler(TokioIo::new(flux)).await };
    let tls = TlsConnector::from(Arc::clone(&identite.apis[route.api.rang].tls));
    parler(TokioIo::new(tls.connect(nom, flux).await.map_err(SansVoie::Tls)?)).await
}

async fn parler<T: Read + Write + Unpin + 'static>(flux: T) -> Result<SendRequest<Montant>, SansVoie> {
    let (envoi, connexion) = http1::Builder::new()
        .max_headers(200)
        .max_buf_size(TAMPON)
        .handshake(flux)
        .await
        .map_err(SansVoie::Http)?;
    tokio::task::spawn_local(async move {
        if let Err(erreur) = connexion.await {
            tracing::debug!(%erreur, "connexion vers une API terminée");
        }
    });
    Ok(envoi)
}
