//! TLS, the server's side: an identity (chain and key), who must show a certificate, and a configuration that can be replaced live.
//!
//! The one crypto provider of the process is aws-lc-rs. Connections under way keep the identity that they began with.

mod echec;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{Context, SHA256};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use zeroize::Zeroizing;

pub use echec::{client_refuse, echec, serveur_refuse};

/// What is wrong with a certificate, a key or a set of roots. Never shows key material.
#[derive(Debug, thiserror::Error)]
pub enum ErreurTls {
    #[error("lecture de {} impossible", chemin.display())]
    Fichier { chemin: PathBuf, source: std::io::Error },
    #[error("certificat PEM illisible")]
    Certificat(#[source] rustls_pki_types::pem::Error),
    #[error("aucun certificat dans le PEM")]
    SansCertificat,
    #[error("clé privée PEM illisible")]
    Cle(#[source] rustls_pki_types::pem::Error),
    #[error("la clé privée ne va pas avec le certificat")]
    Depareille(#[source] rustls::Error),
    #[error("autorité de certification refusée")]
    Autorite(#[source] rustls::Error),
    #[error("vérification des certificats clients impossible")]
    Verification(#[source] rustls::server::VerifierBuilderError),
    #[error("configuration TLS impossible")]
    Configuration(#[source] rustls::Error),
}

/// Makes aws-lc-rs the provider of the whole process; a second call changes nothing.
pub fn installer_fournisseur() {
    // The error only says that a provider is installed already.
    let _ = default_provider().install_default();
}

fn fournisseur() -> Arc<CryptoProvider> {
    Arc::new(default_provider())
}

/// A certificate chain, leaf first, and its private key, checked to belong together.
#[derive(Clone, Debug)]
pub struct Identite(Arc<CertifiedKey>);

impl Identite {
    /// Reads a PEM chain (leaf first) and a PEM key (PKCS#8, SEC1 or PKCS#1).
    ///
    /// # Errors
    /// [`ErreurTls`] when one can't be read or when they don't match.
    pub fn depuis_pem(certificats: &str, cle: &str) -> Result<Self, ErreurTls> {
        let chaine = certificats_pem(certificats)?;
        let cle = PrivateKeyDer::from_pem_slice(cle.as_bytes()).map_err(ErreurTls::Cle)?;
        let paire = CertifiedKey::from_der(chaine, cle, &fournisseur()).map_err(ErreurTls::Depareille)?;
        Ok(Self(Arc::new(paire)))
    }

    /// The same, from two files.
    ///
    /// # Errors
    /// [`ErreurTls`], with the path when a file can't be read.
    pub fn depuis_fichiers(certificats: &Path, cle: &Path) -> Result<Self, ErreurTls> {
        Self::depuis_pem(&texte(certificats)?, &texte(cle)?)
    }

    /// The chain in DER, leaf first.
    pub fn chaine_der(&self) -> impl Iterator<Item = &[u8]> {
        self.0.cert.iter().map(AsRef::as_ref)
    }
}

fn texte(chemin: &Path) -> Result<String, ErreurTls> {
    let source = |source| ErreurTls::Fichier { chemin: chemin.to_owned(), source };
    std::fs::read_to_string(chemin).map_err(source)
}

fn certificats_pem(pem: &str) -> Result<Vec<CertificateDer<'static>>, ErreurTls> {
    let chaine = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(ErreurTls::Certificat)?;
    if chaine.is_empty() { Err(ErreurTls::SansCertificat) } else { Ok(chaine) }
}

/// Authorities that are trusted to sign the certificates of clients, and what they revoked.
#[derive(Clone, Debug)]
pub struct Autorites {
    racines: Arc<RootCertStore>,
    listes: Vec<CertificateRevocationListDer<'static>>,
}

impl Autorites {
    /// Reads one or more authorities in PEM.
    ///
    /// # Errors
    /// [`ErreurTls`] when one can't be read or none is there.
    pub fn depuis_pem(pem: &str) -> Result<Self, ErreurTls> {
        let mut racines = RootCertStore::empty();
        for autorite in certificats_pem(pem)? {
            racines.add(autorite).map_err(ErreurTls::Autorite)?;
        }
        Ok(Self { racines: Arc::new(racines), listes: Vec::new() })
    }

    /// With their lists of revoked certificates, in DER. From the first one on, each authority of a chain needs one that
    /// is still good: a certificate of which no list speaks is refused.
    #[must_use]
    pub fn avec_listes(self, listes: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self { listes: listes.into_iter().map(Into::into).collect(), ..self }
    }
}

/// Whether a client must show a certificate. One that is shown is always verified.
#[derive(Clone, Debug, Default)]
pub enum Clients {
    #[default]
    Aucun,
    Facultatif(Autorites),
    Exige(Autorites),
}

/// In what a configuration differs from the one that it is made of, for a server that must fail on demand.
#[derive(Clone, Debug, Default)]
pub struct Variante {
    /// Shown instead.
    pub identite: Option<Identite>,
    /// Asks for no client certificate, whatever the listener does.
    pub sans_clients: bool,
    /// Speaks TLS 1.2 only.
    pub tls12: bool,
}

/// A server's TLS configuration, replaceable while connections run. Clones share it.
#[derive(Clone, Debug)]
pub struct TlsServeur {
    actuelle: Arc<ArcSwap<ServerConfig>>,
    parts: Arc<Mutex<(Identite, Clients)>>,
    /// Where the identity is read from, when it is.
    source: Option<Arc<Source>>,
}

/// The files of an identity, as they were last read.
#[derive(Debug)]
struct Source {
    certificats: PathBuf,
    cle: PathBuf,
    lue: Mutex<Option<Vec<u8>>>,
}

impl Source {
    /// The identity in the files and the digest of both, unless that is `connue`.
    fn lire(&self, connue: Option<&[u8]>) -> Result<Option<(Identite, Vec<u8>)>, ErreurTls> {
        let (certificats, cle) = (texte(&self.certificats)?, Zeroizing::new(texte(&self.cle)?));
        let mut empreinte = Context::new(&SHA256);
        for partie in [certificats.as_bytes(), b"\0", cle.as_bytes()] {
            empreinte.update(partie);
        }
        let empreinte = empreinte.finish().as_ref().to_vec();
        if connue == Some(&*empreinte) {
            return Ok(None);
        }
        Ok(Some((Identite::depuis_pem(&certificats, &cle)?, empreinte)))
    }
}

impl TlsServeur {
    /// TLS 1.2 and 1.3, ALPN `h2` then `http/1.1`.
    ///
    /// # Errors
    /// [`ErreurTls`] when the roots for client certificates are unusable.
    pub fn nouveau(identite: Identite, clients: Clients) -> Result<Self, ErreurTls> {
        let config = configuration(&identite, &clients, rustls::DEFAULT_VERSIONS)?;
        Ok(Self {
            actuelle: Arc::new(ArcSwap::from_pointee(config)),
            parts: Arc::new(Mutex::new((identite, clients))),
            source: None,
        })
    }

    /// The same, with an identity that [`TlsServeur::relire`] reads again: a PEM chain (leaf first) and a PEM key.
    ///
    /// # Errors
    /// [`ErreurTls`], with the path when a file can't be read.
    pub fn depuis_fichiers(certificats: &Path, cle: &Path, clients: Clients) -> Result<Self, ErreurTls> {
        let source =
            Source { certificats: certificats.to_owned(), cle: cle.to_owned(), lue: Mutex::default() };
        let (identite, empreinte) = source.lire(None)?.ok_or(ErreurTls::SansCertificat)?;
        *source.lue.lock().unwrap_or_else(PoisonError::into_inner) = Some(empreinte);
        Ok(Self { source: Some(Arc::new(source)), ..Self::nouveau(identite, clients)? })
    }

    /// Reads its files again, if it came from some: `true` when they changed, and new connections get what they hold now.
    ///
    /// # Errors
    /// [`ErreurTls`]; the former identity then stays.
    pub fn relire(&self) -> Result<bool, ErreurTls> {
        let Some(source) = &self.source else { return Ok(false) };
        let mut lue = source.lue.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((identite, empreinte)) = source.lire(lue.as_deref())? else { return Ok(false) };
        self.reload(identite)?;
        *lue = Some(empreinte);
        Ok(true)
    }

    /// The server's own certificate, as new connections are shown it, DER.
    pub fn feuille(&self) -> Vec<u8> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.0.chaine_der().next().unwrap_or_default().to_vec()
    }

    /// From now on new connections get this identity; those under way keep theirs.
    ///
    /// # Errors
    /// [`ErreurTls`]; the former identity then stays.
    pub fn reload(&self, identite: Identite) -> Result<(), ErreurTls> {
        self.replace(|parts| parts.0 = identite)
    }

    /// From now on new connections are asked for a certificate in this way. No session of before is resumed: what was true of
    /// a certificate then may be so no more.
    ///
    /// # Errors
    /// [`ErreurTls`]; the former way then stays.
    pub fn reload_clients(&self, clients: Clients) -> Result<(), ErreurTls> {
        self.replace(|parts| parts.1 = clients)
    }

    fn replace(&self, changer: impl FnOnce(&mut (Identite, Clients))) -> Result<(), ErreurTls> {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut nouvelles = parts.clone();
        changer(&mut nouvelles);
        self.actuelle.store(Arc::new(configuration(&nouvelles.0, &nouvelles.1, rustls::DEFAULT_VERSIONS)?));
        *parts = nouvelles;
        Ok(())
    }

    /// A configuration of its own that differs as said. Sessions of the one can't be resumed under the other.
    ///
    /// # Errors
    /// [`ErreurTls`] when the roots for client certificates are unusable.
    pub fn variante(&self, variante: Variante) -> Result<Self, ErreurTls> {
        let (identite, clients) = self.parts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let identite = variante.identite.unwrap_or(identite);
        let clients = if variante.sans_clients { Clients::Aucun } else { clients };
        let tls12: &[_] = &[&rustls::version::TLS12];
        let versions = if variante.tls12 { tls12 } else { rustls::DEFAULT_VERSIONS };
        let config = configuration(&identite, &clients, versions)?;
        Ok(Self {
            actuelle: Arc::new(ArcSwap::from_pointee(config)),
            parts: Arc::new(Mutex::new((identite, clients))),
            source: None,
        })
    }

    /// The configuration for the next connection.
    pub fn configuration(&self) -> Arc<ServerConfig> {
        self.actuelle.load_full()
    }
}

type Versions<'v> = &'v [&'static rustls::SupportedProtocolVersion];

fn configuration(
    identite: &Identite,
    clients: &Clients,
    versions: Versions,
) -> Result<ServerConfig, ErreurTls> {
    let base = ServerConfig::builder_with_provider(fournisseur())
        .with_protocol_versions(versions)
        .map_err(ErreurTls::Configuration)?;
    let verifieur = |autorites: &Autorites| {
        let racines = Arc::clone(&autorites.racines);
        WebPkiClientVerifier::builder_with_provider(racines, fournisseur())
            .with_crls(autorites.listes.clone())
            .enforce_revocation_expiration()
    };
    let base = match clients {
        Clients::Aucun => base.with_no_client_auth(),
        Clients::Facultatif(autorites) => base.with_client_cert_verifier(
            verifieur(autorites).allow_unauthenticated().build().map_err(ErreurTls::Verification)?,
        ),
        Clients::Exige(autorites) => {
            base.with_client_cert_verifier(verifieur(autorites).build().map_err(ErreurTls::Verification)?)
        }
    };
    let mut config = base.with_cert_resolver(Arc::new(Toujours(Arc::clone(&identite.0))));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// One identity, whatever name the client asks for.
#[derive(Debug)]
struct Toujours(Arc<CertifiedKey>);

impl ResolvesServerCert for Toujours {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
