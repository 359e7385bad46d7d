//! What every part of the proxy sees: configuration, clients, routes, sessions, journal. Made once, shared by all cores.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use journal::Journal;
use service::{Alea, Arret, Horloge, TlsServeur};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::Erreur;
use crate::alerte::Alertes;
use crate::confiance::{Logiciels, lire_listes};
use crate::config::{Config, IdentifiantTrace, Profil};
use crate::connect::attente::Attentes;
use crate::connect::echange::Api;
use crate::connect::psc::Psc;
use crate::forward::Route;
use crate::identite::{Autorites, ClientLps};
use crate::limite::ParMinute;
use crate::metriques::Metriques;
use crate::session::Magasin;
use crate::trace::Noms;
use crate::veille::Veille;

pub(crate) struct Etat {
    pub(crate) config: Config,
    pub(crate) horloge: Horloge,
    pub(crate) alea: Alea,
    pub(crate) arret: Arret,
    /// What software is shown; read again from its files.
    pub(crate) tls: TlsServeur,
    /// Where everything runs that isn't the relay: no connect can hold a core.
    pub(crate) controle: Handle,
    pub(crate) journal: Journal,
    pub(crate) noms: Noms,
    pub(crate) psc: Psc,
    /// In the order of the configuration.
    pub(crate) apis: Vec<Arc<Api>>,
    pub(crate) routes: HashMap<String, Arc<Route>>,
    pub(crate) clients: HashMap<String, ClientLps>,
    pub(crate) autorites: Autorites,
    /// Lists of revoked certificates of LPS, if there are any.
    pub(crate) logiciels: Option<Logiciels>,
    pub(crate) veille: tokio::sync::Mutex<Veille>,
    pub(crate) magasin: Magasin,
    pub(crate) attentes: Attentes,
    pub(crate) metriques: Metriques,
    pub(crate) alertes: Arc<Alertes>,
    pub(crate) par_client: ParMinute,
    pub(crate) par_personne: ParMinute,
    pub(crate) par_adresse: ParMinute,
    /// Refused connects that were traced, by address.
    pub(crate) refus_traces: ParMinute,
    /// Connects that wait for somebody.
    en_attente: AtomicUsize,
}

/// What a configuration names, read.
pub(crate) struct Lues {
    pub(crate) autorites: Autorites,
    pub(crate) clients: HashMap<String, ClientLps>,
    apis: Vec<Arc<Api>>,
    routes: HashMap<String, Arc<Route>>,
}

pub(crate) fn lire(config: &Config) -> Result<Lues, Erreur> {
    let fautes = config.fautes();
    if !fautes.is_empty() {
        return Err(Erreur::Config(fautes));
    }
    let exiger_nom = config.profil == Profil::Production;
    let autorites = Autorites::lire(config)?;
    lire_listes(&config.crl_clients)?;
    let clients = config.clients.iter().map(|regles| {
        let client = ClientLps::ouvrir(regles.clone(), &autorites, exiger_nom)?;
        Ok((regles.client_id.clone(), client))
    });
    let clients = clients.collect::<Result<_, Erreur>>()?;
    let apis = config.apis.iter().enumerate();
    let apis: Vec<Arc<Api>> =
        apis.map(|(rang, regles)| Arc::new(Api::nouvelle(rang, regles.clone()))).collect();
    let routes = apis.iter().map(|api| {
        let route = Route::vers(Arc::clone(api)).ok_or_else(|| Erreur::Api(api.regles.id.clone()))?;
        Ok((api.regles.id.clone(), Arc::new(route)))
    });
    let routes = routes.collect::<Result<_, Erreur>>()?;
    Ok(Lues { autorites, clients, apis, routes })
}

/// One of the places for connects that wait; free again when dropped.
pub(crate) struct Place(Arc<Etat>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.en_attente.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Etat {
    pub(crate) fn nouveau(
        config: Config,
        tls: &TlsServeur,
        journal: Journal,
        magasin: Magasin,
        horloge: Horloge,
        alea: Alea,
        arret: Arret,
    ) -> Result<Self, Erreur> {
        let Lues { autorites, clients, apis, routes } = lire(&config)?;
        for remarque in config.remarques() {
            tracing::warn!("{remarque}");
        }
        let defaut = match config.profil {
            Profil::Production => IdentifiantTrace::Empreinte,
            Profil::Conformite => IdentifiantTrace::Clair,
        };
        let regles = config.alertes.clone();
        let alertes = Alertes::nouvelles(regles, config.apis.len(), horloge.clone(), alea.clone());
        let alertes = Arc::new(alertes);
        Ok(Self {
            noms: Noms(config.traces.identifiant_session.unwrap_or(defaut)),
            psc: Psc::nouveau(config.psc.clone(), horloge.clone(), Arc::clone(&alertes)),
            alertes,
            metriques: Metriques::nouvelles(config.apis.len()),
            logiciels: Logiciels::poser(&config, tls)?,
            veille: tokio::sync::Mutex::default(),
            magasin,
            attentes: Attentes::default(),
            par_client: ParMinute::default(),
            par_personne: ParMinute::default(),
            par_adresse: ParMinute::default(),
            refus_traces: ParMinute::default(),
            en_attente: AtomicUsize::new(0),
            controle: Handle::current(),
            tls: tls.clone(),
            config,
            horloge,
            alea,
            arret,
            journal,
            apis,
            routes,
            clients,
            autorites,
        })
    }

    /// A place for a connect that will wait, unless there are too many.
    pub(crate) fn place(self: &Arc<Self>) -> Option<Place> {
        let max = self.config.limites.attentes_max;
        let plus = |nombre: usize| (nombre < max).then_some(nombre + 1);
        let pris = self.en_attente.fetch_update(Ordering::AcqRel, Ordering::Acquire, plus);
        pris.is_ok().then(|| Place(Arc::clone(self)))
    }

    pub(crate) fn en_attente(&self) -> usize {
        self.en_attente.load(Ordering::Acquire)
    }

    /// A new session identifier: 256 random bits.
    pub(crate) fn nouvel_id(&self) -> String {
        self.alea.jeton()
    }
}

/// Runs something on the control side; whoever asked may hang up, the task then hears it through the token.
pub(crate) async fn au_controle<F, T>(etat: &Etat, tache: impl FnOnce(CancellationToken) -> F) -> Option<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let raccroche = CancellationToken::new();
    let _garde = raccroche.clone().drop_guard();
    etat.controle.spawn(tache(raccroche)).await.ok()
}
