//! HTTP out: a `reqwest` client with one timeout, no redirect followed, no proxy taken from the environment.

use std::time::Duration;

use crate::tls::installer_fournisseur;

/// What the constructors give, for those who have no other use for its crate.
pub use reqwest::{Client, RequestBuilder as Requete};

/// The client can't be built.
#[derive(Debug, thiserror::Error)]
pub enum ErreurClient {
    #[error("autorité de certification du client HTTP illisible")]
    Autorite(#[source] reqwest::Error),
    #[error("certificat ou clé du client HTTP illisible")]
    Identite(#[source] reqwest::Error),
    #[error("client HTTP impossible à construire")]
    Construction(#[source] reqwest::Error),
}

/// A client that trusts the authorities of `ca_pem` and no other, or the system's when it is `None`.
///
/// `delai` bounds a whole request, from connection to last byte.
///
/// # Errors
/// [`ErreurClient`] when the authority can't be read.
pub fn client(ca_pem: Option<&str>, delai: Duration) -> Result<reqwest::Client, ErreurClient> {
    base(ca_pem, delai)?.build().map_err(ErreurClient::Construction)
}

/// The same, showing a certificate (mTLS). `identite_pem`: chain, leaf first, and private key, in one text.
///
/// # Errors
/// [`ErreurClient`] when the authority or the identity can't be read.
pub fn client_avec_identite(
    ca_pem: Option<&str>,
    identite_pem: &str,
    delai: Duration,
) -> Result<reqwest::Client, ErreurClient> {
    let identite = reqwest::Identity::from_pem(identite_pem.as_bytes()).map_err(ErreurClient::Identite)?;
    base(ca_pem, delai)?.identity(identite).build().map_err(ErreurClient::Construction)
}

fn base(ca_pem: Option<&str>, delai: Duration) -> Result<reqwest::ClientBuilder, ErreurClient> {
    installer_fournisseur();
    let base = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(delai)
        .connect_timeout(delai)
        .user_agent(concat!("edc/", env!("CARGO_PKG_VERSION")));
    let Some(pem) = ca_pem else { return Ok(base) };
    let autorites = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(ErreurClient::Autorite)?;
    Ok(base.tls_certs_only(autorites))
}
