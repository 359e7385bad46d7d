//! Which certificates are believed: authorities, and the lists of what they have revoked (CRL).
//!
//! Rule: with a list, every authority of a chain needs one that is still good, or the certificate is refused. What a list
//! says today holds for every connection opened from then on: with lists no TLS session is resumed and no kept connection
//! is lent again, since neither would look at them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use igc::crl::Liste;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use service::TlsServeur;
use service::tls::{Autorites, Clients};

use crate::config::Config;
use crate::identite::Erreur;

/// The authorities of a Debian system, used where no `autorite` is given.
const AUTORITES_SYSTEME: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What makes a server believed, for one target.
pub(crate) struct Confiance {
    pub(crate) racines: Arc<RootCertStore>,
    /// `None` where no list is configured.
    pub(crate) revocation: Option<Arc<Revocation>>,
}

impl Confiance {
    pub(crate) fn lire(autorite: Option<&Path>, listes: &[PathBuf]) -> Result<Self, Erreur> {
        let racines = racines(autorite)?;
        let revocation = match listes {
            [] => None,
            chemins => Some(Arc::new(Revocation::lire(Arc::clone(&racines), chemins)?)),
        };
        Ok(Self { racines, revocation })
    }

    /// Grows each time that the lists change: a connection of before must not serve after.
    pub(crate) fn epoque(&self) -> u64 {
        self.revocation.as_ref().map_or(0, |revocation| revocation.epoque.load(Ordering::Acquire))
    }
}

/// Lists on disk, as they were last read.
pub(crate) struct Listes {
    chemins: Vec<PathBuf>,
    lues: ArcSwap<Vec<Liste>>,
}

impl Listes {
    fn lire(chemins: &[PathBuf]) -> Result<Self, Erreur> {
        Ok(Self { lues: ArcSwap::from_pointee(lire_listes(chemins)?), chemins: chemins.to_vec() })
    }

    /// The lists, when they aren't those that were read last.
    fn nouvelles(&self) -> Result<Option<Vec<Liste>>, Erreur> {
        let lues = lire_listes(&self.chemins)?;
        Ok((lues != **self.lues.load()).then_some(lues))
    }

    /// What each says of itself.
    pub(crate) fn lues(&self) -> Arc<Vec<Liste>> {
        self.lues.load_full()
    }
}

pub(crate) fn lire_listes(chemins: &[PathBuf]) -> Result<Vec<Liste>, Erreur> {
    let mut listes = Vec::new();
    for chemin in chemins {
        let dit =
            |faute: igc::Erreur| Erreur::Certificat { chemin: chemin.clone(), texte: faute.to_string() };
        listes.extend(igc::crl::lire(&octets(chemin)?).map_err(dit)?);
    }
    Ok(listes)
}

/// Verifies servers against the lists of the moment.
pub(crate) struct Revocation {
    racines: Arc<RootCertStore>,
    pub(crate) listes: Listes,
    verifieur: ArcSwap<WebPkiServerVerifier>,
    epoque: AtomicU64,
}

impl std::fmt::Debug for Revocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Revocation({:?})", self.listes.chemins)
    }
}

impl Revocation {
    fn lire(racines: Arc<RootCertStore>, chemins: &[PathBuf]) -> Result<Self, Erreur> {
        let listes = Listes::lire(chemins)?;
        let verifieur = verifieur(&racines, &listes.lues(), chemins)?;
        Ok(Self { verifieur: ArcSwap::new(verifieur), racines, listes, epoque: AtomicU64::new(1) })
    }

    /// Reads the lists again; `false` when they are the same. On error those of before stay.
    pub(crate) fn relire(&self) -> Result<bool, Erreur> {
        let Some(nouvelles) = self.listes.nouvelles()? else { return Ok(false) };
        self.verifieur.store(verifieur(&self.racines, &nouvelles, &self.listes.chemins)?);
        self.listes.lues.store(Arc::new(nouvelles));
        self.epoque.fetch_add(1, Ordering::AcqRel);
        Ok(true)
    }
}

fn verifieur(
    racines: &Arc<RootCertStore>,
    listes: &[Liste],
    chemins: &[PathBuf],
) -> Result<Arc<WebPkiServerVerifier>, Erreur> {
    let fournisseur = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    WebPkiServerVerifier::builder_with_provider(Arc::clone(racines), fournisseur)
        .with_crls(listes.iter().map(|liste| liste.der.clone().into()))
        .enforce_revocation_expiration()
        .build()
        .map_err(|faute| Erreur::Certificat {
            chemin: chemins.first().cloned().unwrap_or_default(),
            texte: format!("liste de révocation inutilisable ({faute})"),
        })
}

impl ServerCertVerifier for Revocation {
    fn verify_server_cert(
        &self,
        feuille: &CertificateDer<'_>,
        intermediaires: &[CertificateDer<'_>],
        nom: &ServerName<'_>,
        ocsp: &[u8],
        le: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verifieur.load().verify_server_cert(feuille, intermediaires, nom, ocsp, le)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificat: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifieur.load().verify_tls12_signature(message, certificat, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificat: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifieur.load().verify_tls13_signature(message, certificat, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifieur.load().supported_verify_schemes()
    }
}

/// What the proxy's own listeners believe of the certificates that LPS show, where lists are configured for them.
pub(crate) struct Logiciels {
    tls: TlsServeur,
    autorites: Autorites,
    pub(crate) listes: Listes,
}

impl Logiciels {
    /// Reads the lists and has new connections checked against them.
    pub(crate) fn poser(config: &Config, tls: &TlsServeur) -> Result<Option<Self>, Erreur> {
        let Some(chemin) = config.autorites_clients.as_ref().filter(|_| !config.crl_clients.is_empty())
        else {
            return Ok(None);
        };
        let texte = std::fs::read_to_string(chemin)
            .map_err(|source| Erreur::Fichier { chemin: chemin.clone(), source })?;
        let dit = |faute: service::tls::ErreurTls| Erreur::Certificat {
            chemin: chemin.clone(),
            texte: faute.to_string(),
        };
        let logiciels = Self {
            tls: tls.clone(),
            autorites: Autorites::depuis_pem(&texte).map_err(dit)?,
            listes: Listes::lire(&config.crl_clients)?,
        };
        logiciels.appliquer(&logiciels.listes.lues())?;
        Ok(Some(logiciels))
    }

    fn appliquer(&self, listes: &[Liste]) -> Result<(), Erreur> {
        let listes = listes.iter().map(|liste| liste.der.clone());
        let clients = Clients::Facultatif(self.autorites.clone().avec_listes(listes));
        self.tls.reload_clients(clients).map_err(|faute| Erreur::Certificat {
            chemin: self.listes.chemins.first().cloned().unwrap_or_default(),
            texte: format!("liste de révocation inutilisable ({faute})"),
        })
    }

    /// Reads the lists again; `false` when they are the same. On error those of before stay.
    pub(crate) fn relire(&self) -> Result<bool, Erreur> {
        let Some(nouvelles) = self.listes.nouvelles()? else { return Ok(false) };
        self.appliquer(&nouvelles)?;
        self.listes.lues.store(Arc::new(nouvelles));
        Ok(true)
    }
}

pub(crate) fn octets(chemin: &Path) -> Result<Vec<u8>, Erreur> {
    std::fs::read(chemin).map_err(|source| Erreur::Fichier { chemin: chemin.to_owned(), source })
}

pub(crate) fn certificats(chemin: &Path) -> Result<Vec<CertificateDer<'static>>, Erreur> {
    let dit = |texte: &str| Erreur::Certificat { chemin: chemin.to_owned(), texte: texte.to_owned() };
    let lus: Vec<_> = CertificateDer::pem_slice_iter(&octets(chemin)?)
        .collect::<Result<_, _>>()
        .map_err(|_| dit("certificat PEM illisible"))?;
    if lus.is_empty() { Err(dit("aucun certificat dans ce fichier")) } else { Ok(lus) }
}

fn racines(chemin: Option<&Path>) -> Result<Arc<RootCertStore>, Erreur> {
    let chemin = chemin.unwrap_or(Path::new(AUTORITES_SYSTEME));
    let mut racines = RootCertStore::empty();
    let (lues, _) = racines.add_parsable_certificates(certificats(chemin)?);
    if lues == 0 {
        return Err(Erreur::Certificat {
            chemin: chemin.to_owned(),
            texte: "aucune autorité utilisable dans ce fichier".to_owned(),
        });
    }
    Ok(Arc::new(racines))
}
