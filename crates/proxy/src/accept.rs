//! The relay's threads: each has its listener on the same port, its runtime, its connections towards the API, its trace writer.
//!
//! Rule: a core shares nothing that it must lock to relay. Whoever is slow is cut, and one connection's fault ends there.

mod tranche;

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use journal::Ecrivain;
use service::TlsServeur;
use service::serveur::debit::Debit;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::LocalOptions;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::etat::Etat;
use crate::forward::Voies;
use crate::requete::Pair;
use crate::routes;

/// From accepted to TLS established.
const POIGNEE_MAX: Duration = Duration::from_secs(10);
/// For the calls under way once a stop is asked.
const VIDANGE_MAX: Duration = Duration::from_secs(25);
/// After a failed `accept` (no more file descriptors, usually).
const REPRISE: Duration = Duration::from_millis(200);
/// Between two sweeps of idle connections towards the API.
const BALAYAGE: Duration = Duration::from_secs(5);
/// Headers of one request.
const ENTETES_NOMBRE: usize = 100;
/// Bytes of one head.
const ENTETES_OCTETS: usize = 32 * 1024;
const PING: Duration = Duration::from_secs(20);
const FLUX_H2: u32 = 128;
/// Streams of one HTTP/2 connection that may be reset before they are looked at, and those that we had to reset: past that the
/// connection is closed (CVE-2023-44487).
const ABANDONS_H2: usize = 20;
const FAUTES_H2: usize = 256;
/// What an HTTP/2 client may send ahead of our reading, for each stream.
const FENETRE_H2: u32 = 256 * 1024;

/// What a core has for itself.
pub(crate) struct Coeur {
    pub(crate) etat: Arc<Etat>,
    pub(crate) voies: Rc<Voies>,
    pub(crate) ecrivain: RefCell<Ecrivain>,
    /// Told once a stop is asked. A connection looks at it each time that it wakes, so it is this core's own.
    fin: CancellationToken,
}

impl Coeur {
    fn nouveau(etat: Arc<Etat>) -> Rc<Self> {
        let ecrivain = RefCell::new(etat.journal.ecrivain());
        Rc::new(Self { ecrivain, voies: Rc::default(), fin: CancellationToken::new(), etat })
    }
}

/// Bound listeners, one for each core, on one address.
#[derive(Debug)]
pub(crate) struct Ecoutes {
    listes: Vec<std::net::TcpListener>,
    pub(crate) adresse: SocketAddr,
}

impl Ecoutes {
    /// Binds `coeurs` times with `SO_REUSEPORT`: the system shares out new connections.
    pub(crate) fn lier(adresse: SocketAddr, coeurs: usize) -> io::Result<Self> {
        if adresse.port() != 0 {
            // Without SO_REUSEPORT, so that another process on this port is an error and not a silent sharing.
            std::net::TcpListener::bind(adresse)?;
        }
        let premiere = lier(adresse)?;
        let adresse = premiere.local_addr()?;
        let mut listes = vec![premiere];
        for _ in 1..coeurs.max(1) {
            listes.push(lier(adresse)?);
        }
        Ok(Self { listes, adresse })
    }

    /// Starts a thread for each. They end some time after a stop is asked; each has its word for it.
    pub(crate) fn servir(self, etat: &Arc<Etat>, tls: &TlsServeur) -> io::Result<Vec<oneshot::Receiver<()>>> {
        let places = (etat.config.limites.connexions_max / self.listes.len()).max(1);
        let demarrer = |(rang, ecoute): (usize, std::net::TcpListener)| {
            let (etat, tls) = (Arc::clone(etat), tls.clone());
            let (fini, fin) = oneshot::channel();
            let (parti, depart) = std::sync::mpsc::sync_channel(1);
            std::thread::Builder::new().name(format!("relais-{rang}")).spawn(move || {
                // Made here, since it never leaves its thread. Nobody listens when the process ends without waiting.
                let options = LocalOptions::default();
                match tokio::runtime::Builder::new_current_thread().enable_all().build_local(options) {
                    Ok(moteur) => {
                        let _ = parti.send(Ok(()));
                        moteur.block_on(accepter(Coeur::nouveau(etat), ecoute, tls, places));
                    }
                    Err(erreur) => drop(parti.send(Err(erreur))),
                }
                let _ = fini.send(());
            })?;
            depart.recv().map_err(io::Error::other)??;
            Ok(fin)
        };
        self.listes.into_iter().enumerate().map(demarrer).collect()
    }
}

fn lier(adresse: SocketAddr) -> io::Result<std::net::TcpListener> {
    let prise = if adresse.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    prise.set_reuseaddr(true)?;
    prise.set_reuseport(true)?;
    prise.bind(adresse)?;
    prise.listen(1_024)?.into_std()
}

async fn accepter(coeur: Rc<Coeur>, ecoute: std::net::TcpListener, tls: TlsServeur, places: usize) {
    let ecoute = match TcpListener::from_std(ecoute) {
        Ok(ecoute) => ecoute,
        Err(erreur) => {
            tracing::error!(%erreur, "écoute impossible");
            return;
        }
    };
    let libres = Arc::new(Semaphore::new(places));
    let arret = coeur.etat.arret.clone();
    let fin = coeur.fin.clone();
    let voies = Rc::clone(&coeur.voies);
    tokio::task::spawn_local(async move {
        loop {
            tokio::time::sleep(BALAYAGE).await;
            voies.balayer();
        }
    });
    loop {
        let entrante = async {
            let place = Arc::clone(&libres).acquire_owned().await;
            (place, ecoute.accept().await)
        };
        let (place, accepte) = tokio::select! {
            biased;
            () = arret.demande() => break,
            entrante = entrante => entrante,
        };
        match (place, accepte) {
            (Ok(place), Ok((flux, adresse))) => {
                let (coeur, tls) = (Rc::clone(&coeur), tls.clone());
                tokio::task::spawn_local(connexion(coeur, flux, adresse, tls, place));
            }
            (_, Err(erreur)) => {
                tracing::warn!(%erreur, "connexion non acceptée");
                tokio::time::sleep(REPRISE).await;
            }
            (Err(_), _) => break,
        }
    }
    drop(ecoute);
    fin.cancel();
    let toutes = libres.acquire_many(u32::try_from(places).unwrap_or(u32::MAX));
    if tokio::time::timeout(VIDANGE_MAX, toutes).await.is_err() {
        tracing::warn!("des appels restaient en cours à l’arrêt");
    }
}

async fn connexion(
    coeur: Rc<Coeur>,
    flux: TcpStream,
    adresse: SocketAddr,
    tls: TlsServeur,
    _place: OwnedSemaphorePermit,
) {
    let ouvertes = Arc::clone(&coeur.etat);
    ouvertes.metriques.flux.fetch_add(1, Ordering::Relaxed);
    let fin = async {
        flux.set_nodelay(true)?;
        let poignee = TlsAcceptor::from(tls.configuration()).accept(flux);
        let flux = tokio::time::timeout(POIGNEE_MAX, poignee).await??;
        servir(coeur, adresse, flux).await
    };
    if let Err(erreur) = fin.await {
        tracing::debug!(%adresse, %erreur, "connexion terminée");
    }
    ouvertes.metriques.flux.fetch_sub(1, Ordering::Relaxed);
}

async fn servir(
    coeur: Rc<Coeur>,
    adresse: SocketAddr,
    flux: TlsStream<TcpStream>,
) -> Result<(), Box<dyn std::error::Error>> {
    let (_, etat) = flux.get_ref();
    let h2 = etat.alpn_protocol() == Some(b"h2");
    let certificats = etat.peer_certificates().unwrap_or_default();
    let pair =
        Pair { adresse, certificats: certificats.iter().map(|der| der.clone().into_owned()).collect() };
    let arret = coeur.fin.clone();
    let limites = &coeur.etat.config.limites;
    let silence = Duration::from_secs(limites.silence_s);
    let entetes = Duration::from_secs(limites.entetes_s);
    let service = service_fn(move |requete| {
        let (coeur, pair) = (Rc::clone(&coeur), pair.clone());
        async move { Ok::<_, Infallible>(routes::traiter(coeur, pair, requete).await) }
    });
    if h2 {
        // h2 answers our pings, so its silence means that nobody is there.
        let flux = Debit::nouveau(flux, Some(silence), silence);
        let echange = http2::Builder::new(SurPlace)
            .timer(TokioTimer::new())
            .max_concurrent_streams(FLUX_H2)
            .max_header_list_size(u32::try_from(ENTETES_OCTETS)?)
            .initial_stream_window_size(FENETRE_H2)
            .initial_connection_window_size(FENETRE_H2 * 4)
            .max_pending_accept_reset_streams(ABANDONS_H2)
            .max_local_error_reset_streams(FAUTES_H2)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .serve_connection(TokioIo::new(flux), service);
        let mut echange = std::pin::pin!(echange);
        tokio::select! {
            fin = echange.as_mut() => return Ok(fin?),
            () = arret.cancelled() => echange.as_mut().graceful_shutdown(),
        }
        Ok(tokio::time::timeout(VIDANGE_MAX, echange).await??)
    } else {
        let flux = tranche::Tranche::nouvelle(Debit::nouveau(flux, None, silence));
        let mut echange = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(entetes)
            .max_headers(ENTETES_NOMBRE)
            .max_buf_size(ENTETES_OCTETS * 2)
            .serve_connection(TokioIo::new(flux), service);
        let fin = tokio::select! {
            fin = &mut echange => fin,
            () = arret.cancelled() => {
                std::pin::Pin::new(&mut echange).graceful_shutdown();
                tokio::time::timeout(VIDANGE_MAX, &mut echange).await?
            }
        };
        if fin.as_ref().is_err_and(hyper::Error::is_timeout) {
            let parts = echange.into_parts();
            // A quiet connection is closed without a word; one that has begun a head is told what was expected of it.
            if !parts.read_buf.is_empty() {
                return Ok(tete_trop_lente(parts.io.into_inner()).await?);
            }
        }
        Ok(fin?)
    }
}

/// hyper closes on a head that doesn't come; the answer is ours.
async fn tete_trop_lente<S: AsyncWrite + Unpin>(mut flux: S) -> io::Result<()> {
    let corps = r#"{"code":"408","message":"Request head too slow.","metadata":{}}"#;
    let tete = format!(
        "HTTP/1.1 408 Request Timeout\r\nX-Edc-Origine: proxy\r\nCache-Control: no-store\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{corps}",
        corps.len()
    );
    flux.write_all(tete.as_bytes()).await?;
    flux.shutdown().await
}

/// Runs the streams of an HTTP/2 connection on its own core.
#[derive(Clone, Copy, Debug)]
struct SurPlace;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for SurPlace {
    fn execute(&self, tache: F) {
        tokio::task::spawn_local(tache);
    }
}
