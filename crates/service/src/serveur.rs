//! HTTP in: a listener that serves an axum router over TLS, http/1.1 and h2, and drains when asked to stop.
//!
//! Whoever is slow is cut: each phase of a connection has its own bound, and the number of connections is capped.
//! A fault of one connection is logged and ends there.

mod corps;
pub mod debit;
mod portier;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls_pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{debug, error, warn};

use crate::arret::Arret;
use crate::tls::{self, TlsServeur};
use corps::Corps;
use debit::Debit;

pub use portier::{Accueil, Portier};

/// Connections open at once; further ones wait in the system's queue.
const CONNEXIONS_MAX: u32 = 4096;
/// From accepted to TLS established.
const POIGNEE_MAX: Duration = Duration::from_secs(10);
/// For the whole head of a request, idle time between two requests included (http/1.1).
const ENTETES_MAX: Duration = Duration::from_secs(15);
/// Between two pieces of a request's body, while the handler waits for the next.
const CORPS_MAX: Duration = Duration::from_secs(30);
/// For a peer that doesn't read what we write, or (h2) doesn't even answer a ping.
const SILENCE_MAX: Duration = Duration::from_secs(45);
/// Between two pings of an h2 connection.
const PING: Duration = Duration::from_secs(20);
/// For the requests under way once a stop is asked.
const VIDANGE_MAX: Duration = Duration::from_secs(25);
/// After a failed `accept` (no more file descriptors, usually).
const REPRISE: Duration = Duration::from_millis(200);

/// Who is at the other end. Put in the extensions of every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub adresse: SocketAddr,
    /// The chain that the client showed and that was verified, DER, leaf first; empty when it showed none.
    pub certificats: Arc<[CertificateDer<'static>]>,
}

impl Pair {
    /// The client's own certificate, DER. What it says is for others to read: this crate knows nothing of names.
    pub fn certificat(&self) -> Option<&[u8]> {
        self.certificats.first().map(AsRef::as_ref)
    }
}

/// Told of each TLS handshake that failed: from where, and why in French.
pub type Temoin = Arc<dyn Fn(SocketAddr, &str) + Send + Sync>;

/// A bound listener, not serving yet.
pub struct Serveur {
    ecoute: TcpListener,
    adresse: SocketAddr,
    temoin: Option<Temoin>,
    portier: Option<Portier>,
}

impl fmt::Debug for Serveur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serveur({})", self.adresse)
    }
}

impl Serveur {
    /// Binds; port 0 lets the system choose, see [`Serveur::adresse`].
    ///
    /// # Errors
    /// The system's, when the address is taken or not allowed.
    pub async fn lier(adresse: SocketAddr) -> io::Result<Self> {
        Self::depuis(TcpListener::bind(adresse).await?)
    }

    /// Takes a socket that listens already, so that whoever keeps a copy of it can serve again at the same address:
    /// nobody else gets the port in between, and callers wait instead of being refused.
    ///
    /// # Errors
    /// The system's.
    pub fn sur(ecoute: std::net::TcpListener) -> io::Result<Self> {
        ecoute.set_nonblocking(true)?;
        Self::depuis(TcpListener::from_std(ecoute)?)
    }

    fn depuis(ecoute: TcpListener) -> io::Result<Self> {
        let adresse = ecoute.local_addr()?;
        Ok(Self { ecoute, adresse, temoin: None, portier: None })
    }

    /// Has `temoin` told of each handshake that fails. It runs between two connections: it must be quick.
    #[must_use]
    pub fn avec_temoin(self, temoin: Temoin) -> Self {
        Self { temoin: Some(temoin), ..self }
    }

    /// Has `portier` stand before each handshake.
    #[must_use]
    pub fn avec_portier(self, portier: Portier) -> Self {
        Self { portier: Some(portier), ..self }
    }

    /// The address really bound.
    pub fn adresse(&self) -> SocketAddr {
        self.adresse
    }

    /// Serves until `arret` is asked, then ends once the requests under way are answered or 25 s have passed.
    pub async fn servir(self, routes: Router, tls: TlsServeur, arret: Arret) {
        let routes = routes.layer(CatchPanicLayer::custom(reponse_apres_panique));
        let places = Arc::new(Semaphore::new(CONNEXIONS_MAX as usize));
        loop {
            let entrante = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (place, self.ecoute.accept().await)
            };
            let (place, accepte) = tokio::select! {
                biased;
                () = arret.demande() => break,
                entrante = entrante => entrante,
            };
            let (flux, adresse) = match accepte {
                Ok(accepte) => accepte,
                Err(erreur) => {
                    warn!(%erreur, "connexion non acceptée");
                    tokio::time::sleep(REPRISE).await;
                    continue;
                }
            };
            let (routes, tls, fin) = (routes.clone(), tls.clone(), arret.clone());
            let (temoin, portier) = (self.temoin.clone(), self.portier.clone());
            arret.suivre(async move {
                let _place = place;
                let fin = recevoir(flux, adresse, routes, tls, portier, &fin).await;
                if let Err(erreur) = fin {
                    debug!(%adresse, %erreur, "connexion terminée");
                    if let (Some(temoin), Some(raison)) = (temoin, erreur.poignee()) {
                        temoin(adresse, &raison);
                    }
                }
            });
        }
        drop(self.ecoute);
        let toutes = places.acquire_many(CONNEXIONS_MAX);
        if tokio::time::timeout(VIDANGE_MAX + REPRISE, toutes).await.is_err() {
            warn!(adresse = %self.adresse, "des connexions restaient ouvertes à l’arrêt");
        }
    }
}

/// Why a connection ended early. Ordinary on the open internet: logged at `debug`.
#[derive(Debug, thiserror::Error)]
enum Fin {
    #[error("poignée de main TLS trop lente")]
    Lente,
    #[error("poignée de main TLS : {0}")]
    Poignee(io::Error),
    #[error("HTTP : {0}")]
    Http(Box<dyn std::error::Error + Send + Sync>),
    #[error("requête encore en cours à l’arrêt")]
    Vidange,
}

impl Fin {
    /// Why the handshake failed, when it is what failed.
    fn poignee(&self) -> Option<String> {
        match self {
            Self::Lente => Some(self.to_string()),
            Self::Poignee(erreur) => Some(tls::echec(erreur)),
            Self::Http(_) | Self::Vidange => None,
        }
    }
}

/// Before the handshake: the porter, when there is one.
async fn recevoir(
    flux: TcpStream,
    adresse: SocketAddr,
    routes: Router,
    tls: TlsServeur,
    portier: Option<Portier>,
    arret: &Arret,
) -> Result<(), Fin> {
    let Some(portier) = portier else {
        return connexion(flux, adresse, routes, &tls, std::future::pending(), arret).await;
    };
    let renouvellement = portier.renouvellement();
    let accueil = tokio::select! {
        accueil = portier.accueillir(flux, adresse, tls) => accueil,
        () = arret.demande() => return Ok(()),
    };
    match accueil {
        Accueil::Servir(flux, tls) => connexion(flux, adresse, routes, &tls, renouvellement, arret).await,
        Accueil::Fini => Ok(()),
    }
}

async fn connexion(
    flux: TcpStream,
    adresse: SocketAddr,
    routes: Router,
    tls: &TlsServeur,
    renouvellement: impl Future<Output = ()>,
    arret: &Arret,
) -> Result<(), Fin> {
    flux.set_nodelay(true).map_err(Fin::Poignee)?;
    let poignee = TlsAcceptor::from(tls.configuration()).accept(flux);
    let flux =
        tokio::time::timeout(POIGNEE_MAX, poignee).await.map_err(|_| Fin::Lente)?.map_err(Fin::Poignee)?;
    let (_, etat) = flux.get_ref();
    let h2 = etat.alpn_protocol() == Some(b"h2");
    let certificats =
        etat.peer_certificates().unwrap_or_default().iter().map(|der| der.clone().into_owned()).collect();
    let pair = Pair { adresse, certificats };

    let service = hyper::service::service_fn(move |requete: Request<Incoming>| {
        // Who waits for « 100 Continue » has sent nothing yet: there is nothing to throw away.
        let vider = !requete.headers().contains_key(http::header::EXPECT);
        let mut requete = requete.map(|recu| Body::new(Corps::nouveau(Body::new(recu), CORPS_MAX, vider)));
        requete.extensions_mut().insert(pair.clone());
        routes.clone().oneshot(requete)
    });
    let http = protocole(h2);
    // h1 may be silent while a handler works; h2 answers our pings, so its silence means that nobody is there.
    let flux = Debit::nouveau(flux, h2.then_some(SILENCE_MAX), SILENCE_MAX);
    let mut echange = std::pin::pin!(http.serve_connection_with_upgrades(TokioIo::new(flux), service));
    tokio::select! {
        fin = echange.as_mut() => return fin.map_err(Fin::Http),
        () = arret.demande() => echange.as_mut().graceful_shutdown(),
        () = renouvellement => echange.as_mut().graceful_shutdown(),
    }
    tokio::time::timeout(VIDANGE_MAX, echange).await.map_err(|_| Fin::Vidange)?.map_err(Fin::Http)
}

/// The protocol that ALPN settled. Never guessed from the first bytes: that guess has no timeout.
fn protocole(h2: bool) -> auto::Builder<TokioExecutor> {
    let base = auto::Builder::new(TokioExecutor::new());
    let mut http = if h2 { base.http2_only() } else { base.http1_only() };
    http.http1().timer(TokioTimer::new()).header_read_timeout(ENTETES_MAX);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(32 * 1024)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    http
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is tower-http's")]
fn reponse_apres_panique(cause: Box<dyn std::any::Any + Send>) -> http::Response<Body> {
    let texte = cause.downcast_ref::<String>().map(String::as_str).or(cause.downcast_ref::<&str>().copied());
    error!(cause = texte.unwrap_or("?"), "panique dans le traitement d’une requête");
    (StatusCode::INTERNAL_SERVER_ERROR, "Erreur interne. Réessayez dans un instant.\n").into_response()
}
