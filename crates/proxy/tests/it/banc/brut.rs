//! TLS without HTTP: an LPS that writes bytes as it likes, and an API that behaves badly.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use igc::Autorite;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use service::TlsServeur;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

pub(crate) struct Fil(client::TlsStream<TcpStream>);

pub(crate) async fn connecter(url: &str, autorite: &Autorite, protocole: &[u8]) -> Fil {
    let mut racines = RootCertStore::empty();
    racines.add(autorite.cert_der().to_vec().into()).unwrap();
    let mut config = ClientConfig::builder().with_root_certificates(racines).with_no_client_auth();
    config.alpn_protocols = vec![protocole.to_vec()];
    let port: u16 = url.rsplit(':').next().unwrap().parse().unwrap();
    let flux = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let nom = ServerName::try_from("localhost").unwrap();
    Fil(TlsConnector::from(Arc::new(config)).connect(nom, flux).await.unwrap())
}

impl Fil {
    /// Writes, then reads until the proxy closes; what it said.
    pub(crate) async fn dire(mut self, texte: &str) -> String {
        self.ecrire(texte).await;
        self.lire_tout().await
    }

    pub(crate) async fn ecrire(&mut self, texte: &str) {
        self.ecrire_octets(texte.as_bytes()).await;
    }

    pub(crate) async fn ecrire_octets(&mut self, octets: &[u8]) {
        // The proxy may have answered and closed already.
        let _ = self.0.write_all(octets).await;
        let _ = self.0.flush().await;
    }

    /// Reads on until what was said is `assez`; panics when the proxy closes before.
    pub(crate) async fn lire_jusque(&mut self, dit: &mut Vec<u8>, assez: impl Fn(&[u8]) -> bool) {
        while !assez(dit) {
            assert_ne!(self.0.read_buf(dit).await.unwrap(), 0, "closed: {dit:?}");
        }
    }

    pub(crate) async fn lire_tout(&mut self) -> String {
        String::from_utf8_lossy(&self.lire_octets().await).into_owned()
    }

    pub(crate) async fn lire_octets(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        // An abrupt end is an end.
        let _ = self.0.read_to_end(&mut octets).await;
        octets
    }
}

/// How a bad API behaves once it has read a head.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Conduite {
    /// Closes without a word.
    Raccroche,
    /// Says something that isn't HTTP.
    Delire,
    /// Says nothing, for ever.
    SeTait,
    /// Promises ten bytes, gives three, closes.
    Coupe,
    /// Answers well, then closes a connection that it had let be kept.
    Ferme,
}

/// An API that reads a head, then does what it does.
pub(crate) struct Brute {
    pub(crate) url: String,
    requetes: Arc<AtomicUsize>,
    /// Connections that the proxy has closed too.
    fermees: Arc<AtomicUsize>,
}

impl Brute {
    pub(crate) async fn demarrer(tls: TlsServeur, conduite: Conduite) -> Self {
        let ecoute = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", ecoute.local_addr().unwrap().port());
        let (requetes, fermees) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (compte, closes) = (Arc::clone(&requetes), Arc::clone(&fermees));
        tokio::spawn(async move {
            while let Ok((flux, _)) = ecoute.accept().await {
                let Ok(flux) = TlsAcceptor::from(tls.configuration()).accept(flux).await else { continue };
                let (compte, closes) = (Arc::clone(&compte), Arc::clone(&closes));
                tokio::spawn(async move {
                    se_conduire(flux, conduite, compte).await;
                    closes.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { url, requetes, fermees }
    }

    pub(crate) fn requetes(&self) -> usize {
        self.requetes.load(Ordering::SeqCst)
    }

    /// Waits until so many connections are closed on both sides.
    pub(crate) async fn fermees(&self, nombre: usize) {
        while self.fermees.load(Ordering::SeqCst) < nombre {
            tokio::task::yield_now().await;
        }
    }
}

async fn se_conduire(mut flux: server::TlsStream<TcpStream>, conduite: Conduite, compte: Arc<AtomicUsize>) {
    let mut lu = Vec::new();
    while !lu.windows(4).any(|fenetre| fenetre == b"\r\n\r\n") {
        match flux.read_u8().await {
            Ok(octet) => lu.push(octet),
            Err(_) => return,
        }
    }
    compte.fetch_add(1, Ordering::SeqCst);
    let dit: &[u8] = match conduite {
        Conduite::Raccroche => return,
        Conduite::SeTait => std::future::pending().await,
        Conduite::Delire => b"n'importe quoi\r\n\r\n",
        Conduite::Ferme => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        Conduite::Coupe => b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    };
    let _ = flux.write_all(dit).await;
    let _ = flux.shutdown().await;
    // Until the other side closes too.
    let _ = flux.read_to_end(&mut lu).await;
}
