//! What may happen to a connection before its handshake, for a server that must fail on demand.
//!
//! A listener has none unless it is given one: nothing here is on the way of a server that only serves.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use crate::tls::TlsServeur;

/// What becomes of a connection.
#[derive(Debug)]
pub enum Accueil {
    /// It is served, under that configuration.
    Servir(TcpStream, TlsServeur),
    /// It was dealt with: nothing is left to serve.
    Fini,
}

type Decision = Pin<Box<dyn Future<Output = Accueil> + Send>>;

/// Stands before the handshake. Clones are the same one.
#[derive(Clone)]
pub struct Portier {
    accueillir: Arc<dyn Fn(TcpStream, SocketAddr, TlsServeur) -> Decision + Send + Sync>,
    renouveler: Arc<Notify>,
}

impl Portier {
    /// `accueillir` gets each connection with the configuration of the listener. It may keep it as long as it wants: a
    /// stop of the server drops it. Waiters of `renouveler` being notified, connections that are open end as soon as
    /// what they are doing is done, so that the next request makes a new one.
    pub fn nouveau<F, D>(renouveler: Arc<Notify>, accueillir: F) -> Self
    where
        F: Fn(TcpStream, SocketAddr, TlsServeur) -> D + Send + Sync + 'static,
        D: Future<Output = Accueil> + Send + 'static,
    {
        let accueillir = move |flux, adresse, tls| Box::pin(accueillir(flux, adresse, tls)) as Decision;
        Self { accueillir: Arc::new(accueillir), renouveler }
    }

    pub(super) fn accueillir(&self, flux: TcpStream, adresse: SocketAddr, tls: TlsServeur) -> Decision {
        (self.accueillir)(flux, adresse, tls)
    }

    /// Ready at the next notification. Taken before the connection is looked at, it misses none.
    pub(super) fn renouvellement(&self) -> OwnedNotified {
        Arc::clone(&self.renouveler).notified_owned()
    }
}
