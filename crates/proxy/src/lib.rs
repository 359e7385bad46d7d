//! The Proxy e-Santé: authenticates professionals at Pro Santé Connect for the software (LPS) that they use, keeps the tokens,
//! relays to the API over mTLS, traces.
//!
//! The way of a call, a file a step: `accept` → `session` → `policy` → `forward` → `trace`. The way of a connection:
//! `connect` (CIBA or code) → `connect/echange` → `session`. The proxy is a pure relay: it knows nothing of what passes.

#[cfg(test)]
mod abime;
mod accept;
mod admin;
mod alerte;
mod confiance;
pub mod config;
mod connect;
mod corps;
mod disconnect;
mod etat;
mod examen;
mod forward;
mod identite;
mod limite;
mod metriques;
mod policy;
mod reponse;
mod requete;
mod routes;
mod session;
mod trace;
mod traces;
mod userinfo;
mod veille;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use service::{Alea, Arret, Horloge, Serveur, TlsServeur};

pub use config::Config;
pub use session::{Multiplication, multiplier};

/// For the operator's requests under way, once all else has ended.
const FIN_ADMIN: Duration = Duration::from_secs(2);

/// Why the proxy can't start.
#[derive(Debug, thiserror::Error)]
pub enum Erreur {
    /// What [`Config::fautes`] says.
    #[error("configuration du proxy :\n{}", .0.join("\n"))]
    Config(Vec<String>),
    #[error("API « {0} » : adresse sans nom d’hôte utilisable")]
    Api(String),
    #[error(transparent)]
    Identite(#[from] identite::Erreur),
    #[error("journal des traces")]
    Journal(#[from] journal::Erreur),
    #[error(transparent)]
    Sceau(#[from] session::sceau::Erreur),
    #[error(transparent)]
    Depot(#[from] session::depot::Erreur),
    #[error("écoute sur {adresse} impossible")]
    Ecoute { adresse: SocketAddr, source: std::io::Error },
}

/// Reads all that a configuration names, without binding or writing anything.
///
/// # Errors
/// What would keep the proxy from starting.
pub fn verifier(config: &Config) -> Result<(), Erreur> {
    etat::lire(config)?;
    session::verifier(&config.depot)
}

/// What an operator asks before a start: each client's credential, and whether PSC answers to it.
pub async fn examiner(config: &Config) -> Vec<(&'static str, Result<String, String>)> {
    examen::examiner(config).await
}

/// The proxy, bound and not serving yet.
pub struct Proxy {
    etat: Arc<etat::Etat>,
    ecoutes: accept::Ecoutes,
    admin: Option<Serveur>,
    tls: TlsServeur,
}

/// A hand on a proxy that serves. Cloning is cheap.
#[derive(Clone)]
pub struct Poignee(Arc<etat::Etat>);

impl Poignee {
    /// Reads the certificates of the server and of the clients and the lists of revoked ones again. Sessions keep the identity
    /// they began with; a file that can't be used is said in an alert and changes nothing.
    pub fn relire_certificats(&self) {
        veille::relire(&self.0);
    }

    /// Asks it to stop: no new connection, the calls under way are answered.
    pub fn arreter(&self) {
        self.0.arret.demander();
    }

    /// Looks at what is watched (certificates, stores, volume) without waiting for the next round.
    pub async fn veiller(&self) {
        veille::ronde(&self.0).await;
    }

    /// Ends the sessions that are too old or silent, or that nobody came to take, and renews the tokens of those that are in
    /// use, without waiting for the next rounds.
    pub async fn balayer(&self) {
        session::surveillance::balayer(&self.0).await;
        session::entretien::entretenir(&self.0, 0, 1).await;
    }
}

impl Proxy {
    /// Opens the journal, reads credentials and binds. Must be called inside the runtime that will do everything but relay.
    ///
    /// # Errors
    /// [`Erreur`], the first thing that makes a start impossible.
    pub async fn ouvrir(
        config: Config,
        tls: TlsServeur,
        horloge: Horloge,
        alea: Alea,
        arret: Arret,
    ) -> Result<Self, Erreur> {
        let coeurs = match config.coeurs {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            coeurs => coeurs,
        };
        let adresse = config.ecoute;
        let ecoutes =
            accept::Ecoutes::lier(adresse, coeurs).map_err(|source| Erreur::Ecoute { adresse, source })?;
        let admin = match &config.admin {
            None => None,
            Some(admin) => {
                let adresse = admin.ecoute;
                let lie = Serveur::lier(adresse).await;
                Some(lie.map_err(|source| Erreur::Ecoute { adresse, source })?)
            }
        };
        let journal = journal::Journal::ouvrir(config.traces.journal.clone()).await?;
        let dossier = config.traces.journal.dossier.clone();
        let (magasin, nouvelles) = session::Magasin::ouvrir(&config.depot, &dossier, &alea).await?;
        let etat = Arc::new(etat::Etat::nouveau(config, &tls, journal, magasin, horloge, alea, arret)?);
        session::durable::reprendre(&etat).await?;
        if let Some(nouvelles) = nouvelles {
            etat.arret.suivre(session::durable::ecouter(Arc::clone(&etat), nouvelles));
        }
        Ok(Self { etat, ecoutes, admin, tls })
    }

    /// The address really bound.
    pub fn adresse(&self) -> SocketAddr {
        self.ecoutes.adresse
    }

    /// The address of the operator's listener, if there is one.
    pub fn adresse_admin(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(Serveur::adresse)
    }

    /// What may still be asked once it serves.
    pub fn poignee(&self) -> Poignee {
        Poignee(Arc::clone(&self.etat))
    }

    /// Serves until a stop is asked, then ends once the calls under way are answered.
    ///
    /// # Errors
    /// When a thread can't be started.
    pub async fn servir(self) -> std::io::Result<()> {
        let etat = self.etat;
        etat.arret.suivre(session::surveillance::veiller(Arc::clone(&etat)));
        etat.arret.suivre(session::entretien::veiller(Arc::clone(&etat)));
        etat.arret.suivre(alerte::envoyer(Arc::clone(&etat)));
        etat.arret.suivre(veille::veiller(Arc::clone(&etat)));
        let fils = self.ecoutes.servir(&etat, &self.tls)?;
        // The operator sees the stop: that listener outlives the others.
        let fin = Arret::new();
        if let Some(admin) = self.admin {
            fin.suivre(admin.servir(admin::routes(Arc::clone(&etat)), self.tls, fin.clone()));
        }
        for fil in fils {
            // An error is a thread that ended without its word: it ended.
            let _ = fil.await;
        }
        session::durable::arreter(&etat).await;
        if let Err(erreur) = etat.journal.fermer().await {
            tracing::error!(%erreur, "fermeture du journal des traces");
        }
        fin.demander();
        fin.termine(FIN_ADMIN).await;
        Ok(())
    }
}
