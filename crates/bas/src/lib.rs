//! The sandbox ("bac à sable"): what surrounds the products in the field, simulated well enough to develop against.
//!
//! Everything here is fictitious and says so on every page. It speaks to the products over HTTP and OpenID only.
//! So far it holds the realm "Industriels Santé Connect": see [`isc`].

mod accueil;
mod cadre;
pub mod isc;
pub mod journal;

use std::sync::Arc;

use axum::Router;
use service::{Alea, Horloge};

pub use isc::{Config, Erreur};

/// The sandbox, ready to serve.
#[derive(Debug)]
pub struct Bac {
    isc: Arc<isc::Isc>,
}

impl Bac {
    /// Reads or makes what lives in `config.donnees` (signing key, sessions).
    ///
    /// # Errors
    /// [`Erreur`] when the configuration can't be used or the folder can't be read and written.
    pub fn nouveau(config: Config, horloge: Horloge, alea: Alea) -> Result<Self, Erreur> {
        Ok(Self { isc: Arc::new(isc::Isc::nouveau(config, horloge, alea)?) })
    }

    /// All pages and endpoints, static files included.
    pub fn routes(&self) -> Router {
        let routes = isc::routes(&self.isc).merge(accueil::routes(&self.isc)).merge(web::assets::routes());
        cadre::habiller(routes, &self.isc)
    }
}
