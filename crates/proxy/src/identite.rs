//! The credential of each LPS client, and the TLS that goes with it.
//!
//! Rule: one client, one set of TLS configurations. Tickets and connections hang on a configuration, so those of a client
//! can't serve another. A session keeps the identity it began with: its API tokens are bound to that certificate, and a
//! certificate replaced on disk is for the sessions to come.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::confiance::{Confiance, Listes, certificats, octets};
use crate::config::{Client, Config, Lps};
use crate::connect::appel::Liaison;

/// Why a credential can't be used. Never shows key material.
#[derive(Debug, thiserror::Error)]
pub enum Erreur {
    #[error("{} illisible", chemin.display())]
    Fichier { chemin: PathBuf, source: std::io::Error },
    #[error("{} : {texte}", chemin.display())]
    Certificat { chemin: PathBuf, texte: String },
    #[error("client « {client_id} » : la clé ne va pas avec le certificat, ou n’est pas utilisable en TLS")]
    Cle { client_id: String, source: rustls::Error },
    #[error(
        "client « {client_id} » : le certificat est au nom de « {cn} » ; Pro Santé Connect exige le client_id"
    )]
    Nom { client_id: String, cn: String },
    #[error("client HTTP impossible à construire")]
    Http(#[source] reqwest::Error),
}

/// How a client proves who it is, at one moment.
pub(crate) struct Identite {
    pub(crate) client_id: Arc<str>,
    /// Part of the key of every outgoing connection; grows with each reload.
    pub(crate) generation: u64,
    pub(crate) certificat: Option<Certificat>,
    pub(crate) secret: Option<SecretString>,
    /// How an `actor_token` names the software.
    pub(crate) lps: Option<Lps>,
    /// Towards PSC.
    pub(crate) psc: Liaison,
    /// Towards the API of the same rank, and its authorization server.
    pub(crate) apis: Box<[VersApi]>,
}

pub(crate) struct VersApi {
    pub(crate) serveur_autorisation: Liaison,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) confiance: Arc<Confiance>,
}

/// What traces and alerts say of a certificate.
pub(crate) struct Certificat {
    pub(crate) dn: Arc<str>,
    pub(crate) cn: String,
    pub(crate) fin: Timestamp,
    pub(crate) der: Vec<u8>,
}

/// A declared client, whose identity can be replaced while it serves.
pub(crate) struct ClientLps {
    pub(crate) regles: Client,
    actuelle: ArcSwap<Identite>,
    /// Digest of the files that it was made from.
    lus: Mutex<Vec<u8>>,
}

impl ClientLps {
    /// Whether it may call that API.
    pub(crate) fn permet(&self, api: &str) -> bool {
        self.regles.apis.as_ref().is_none_or(|permises| permises.iter().any(|permise| permise == api))
    }

    pub(crate) fn identite(&self) -> Arc<Identite> {
        self.actuelle.load_full()
    }
}

static GENERATION: AtomicU64 = AtomicU64::new(1);

/// What makes the servers of each target believed.
pub(crate) struct Autorites {
    pub(crate) psc: Arc<Confiance>,
    /// By rank of the API: for itself and for its authorization server.
    pub(crate) apis: Vec<Arc<Confiance>>,
    delai_psc: Duration,
    delais: Vec<Duration>,
}

impl Autorites {
    pub(crate) fn lire(config: &Config) -> Result<Self, Erreur> {
        let apis = config.apis.iter();
        let apis = apis.map(|api| Confiance::lire(api.autorite.as_deref(), &api.crl).map(Arc::new));
        Ok(Self {
            psc: Arc::new(Confiance::lire(config.psc.autorite.as_deref(), &config.psc.crl)?),
            apis: apis.collect::<Result<_, _>>()?,
            delai_psc: Duration::from_secs(config.psc.delai_s),
            delais: config.apis.iter().map(|api| Duration::from_secs(api.delai_reponse_s.min(30))).collect(),
        })
    }
}

impl Autorites {
    /// Reads the lists of revoked certificates again; for each target that has some, whether they changed.
    pub(crate) fn relire(&self, config: &Config) -> Vec<(String, Result<bool, Erreur>)> {
        let noms = config.apis.iter().map(|api| api.id.clone());
        let cibles = [("psc".to_owned(), &self.psc)].into_iter().chain(noms.zip(&self.apis));
        let listes =
            cibles.filter_map(|(nom, confiance)| Some((nom, confiance.revocation.as_ref()?.relire())));
        listes.collect()
    }

    pub(crate) fn listes(&self) -> impl Iterator<Item = &Listes> {
        let cibles = [&self.psc].into_iter().chain(&self.apis);
        cibles.filter_map(|confiance| Some(&confiance.revocation.as_ref()?.listes))
    }
}

impl ClientLps {
    pub(crate) fn ouvrir(regles: Client, autorites: &Autorites, exiger_nom: bool) -> Result<Self, Erreur> {
        // Before the identity: files that change in between are read again.
        let lus = Mutex::new(lus(&regles)?);
        let identite = Identite::lire(&regles, autorites, exiger_nom)?;
        Ok(Self { regles, actuelle: ArcSwap::from_pointee(identite), lus })
    }

    /// Reads the files again; `false`, and nothing is made, when they are the same. On error the former identity stays.
    pub(crate) fn relire(&self, autorites: &Autorites, exiger_nom: bool) -> Result<bool, Erreur> {
        let mut connus = self.lus.lock().unwrap_or_else(PoisonError::into_inner);
        let lus = lus(&self.regles)?;
        if lus == *connus {
            return Ok(false);
        }
        self.actuelle.store(Arc::new(Identite::lire(&self.regles, autorites, exiger_nom)?));
        *connus = lus;
        Ok(true)
    }
}

/// Digest of a credential's files, whatever they hold.
fn lus(regles: &Client) -> Result<Vec<u8>, Erreur> {
    let mut empreinte = Context::new(&SHA256);
    for chemin in [&regles.pkcs12, &regles.certificat, &regles.cle].into_iter().flatten() {
        let octets = Zeroizing::new(octets(chemin)?);
        empreinte.update(&octets.len().to_le_bytes());
        empreinte.update(&octets);
    }
    Ok(empreinte.finish().as_ref().to_vec())
}

type Materiel = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Identite {
    fn lire(regles: &Client, autorites: &Autorites, exiger_nom: bool) -> Result<Self, Erreur> {
        let materiel = materiel(regles)?;
        let certificat = materiel.as_ref().map(|(chaine, _)| decrire(regles, chaine)).transpose()?;
        if let Some(certificat) = &certificat
            && certificat.cn != regles.client_id
        {
            let client_id = regles.client_id.clone();
            let faute = Erreur::Nom { client_id, cn: certificat.cn.clone() };
            if exiger_nom {
                return Err(faute);
            }
            tracing::warn!(client_id = %regles.client_id, "{faute}");
        }
        let tls = |confiance: &Confiance| configuration(regles, confiance, materiel.as_ref());
        let apis = autorites.apis.iter().zip(&autorites.delais).map(|(confiance, delai)| {
            let tls = tls(confiance)?;
            Ok(VersApi {
                serveur_autorisation: http(&tls, confiance, *delai)?,
                tls: Arc::new(tls),
                confiance: Arc::clone(confiance),
            })
        });
        Ok(Self {
            client_id: regles.client_id.as_str().into(),
            generation: GENERATION.fetch_add(1, Ordering::Relaxed),
            certificat,
            secret: regles.secret.clone(),
            lps: regles.lps.clone(),
            psc: http(&tls(&autorites.psc)?, &autorites.psc, autorites.delai_psc)?,
            apis: apis.collect::<Result<_, Erreur>>()?,
        })
    }

    /// One that reaches nobody.
    #[cfg(test)]
    pub(crate) fn d_essai() -> Arc<Self> {
        service::tls::installer_fournisseur();
        Arc::new(Self {
            client_id: "lps".into(),
            generation: 0,
            certificat: None,
            secret: None,
            lps: None,
            psc: Liaison::nouvelle(reqwest::Client::new(), Duration::ZERO),
            apis: Box::default(),
        })
    }
}

fn materiel(regles: &Client) -> Result<Option<Materiel>, Erreur> {
    if let (Some(chemin), Some(mot_de_passe)) = (&regles.pkcs12, &regles.mot_de_passe) {
        let dit =
            |erreur: igc::Erreur| Erreur::Certificat { chemin: chemin.clone(), texte: erreur.to_string() };
        let lue = igc::pkcs12::lire(&octets(chemin)?, mot_de_passe).map_err(dit)?;
        let cle = PrivatePkcs8KeyDer::from(lue.cle_pkcs8_der.expose_secret().clone());
        return Ok(Some((lue.certs_der.into_iter().map(Into::into).collect(), cle.into())));
    }
    let (Some(certificat), Some(cle)) = (&regles.certificat, &regles.cle) else { return Ok(None) };
    let chaine = certificats(certificat)?;
    let cle = PrivateKeyDer::from_pem_slice(&octets(cle)?).map_err(|_| Erreur::Certificat {
        chemin: cle.clone(),
        texte: "clé privée PEM illisible (PKCS#8, SEC1 ou PKCS#1, sans mot de passe)".to_owned(),
    })?;
    Ok(Some((chaine, cle)))
}

fn decrire(regles: &Client, chaine: &[CertificateDer<'static>]) -> Result<Certificat, Erreur> {
    let chemin = || regles.pkcs12.clone().or(regles.certificat.clone()).unwrap_or_default();
    let dit = |erreur: igc::Erreur| Erreur::Certificat { chemin: chemin(), texte: erreur.to_string() };
    let der = chaine.first().map(AsRef::as_ref).unwrap_or_default();
    let lu = igc::lire::lire_der(der).map_err(dit)?;
    Ok(Certificat { dn: lu.dn.as_str().into(), cn: lu.cn.unwrap_or_default(), fin: lu.fin, der: lu.der })
}

/// HTTP/1.1 only (the CI-SIS asks for no other), TLS 1.2 and 1.3, this identity or none.
fn configuration(
    regles: &Client,
    confiance: &Confiance,
    materiel: Option<&Materiel>,
) -> Result<ClientConfig, Erreur> {
    let cle = |source| Erreur::Cle { client_id: regles.client_id.clone(), source };
    let fournisseur = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let base = ClientConfig::builder_with_provider(fournisseur)
        .with_safe_default_protocol_versions()
        .map_err(cle)?;
    let base = match &confiance.revocation {
        None => base.with_root_certificates(Arc::clone(&confiance.racines)),
        // The same verification as above, with the lists of the moment.
        Some(revocation) => {
            base.dangerous().with_custom_certificate_verifier(Arc::clone(revocation) as Arc<_>)
        }
    };
    let mut tls = match materiel {
        Some((chaine, privee)) => {
            base.with_client_auth_cert(chaine.clone(), privee.clone_key()).map_err(cle)?
        }
        None => base.with_no_client_auth(),
    };
    if confiance.revocation.is_some() {
        tls.resumption = Resumption::disabled();
    }
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tls)
}

fn http(tls: &ClientConfig, confiance: &Confiance, delai: Duration) -> Result<Liaison, Erreur> {
    let gardees = if confiance.revocation.is_some() { 0 } else { usize::MAX };
    let http = reqwest::Client::builder()
        .pool_max_idle_per_host(gardees)
        .tls_backend_preconfigured(tls.clone())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(delai)
        .connect_timeout(delai)
        .pool_idle_timeout(Duration::from_secs(20))
        .user_agent(concat!("edc-proxy/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(Erreur::Http)?;
    Ok(Liaison::nouvelle(http, delai))
}
