//! Where live sessions are kept: in process, in shards, so that two cores seldom meet, and beyond it in a [`Depot`].
//!
//! Rule: this is the only type that knows where a session is. Reading is on the relay's path and takes one shard's read
//! lock. With a store that nodes share, what is here are copies, dropped as soon as another node changes the session;
//! `durable` goes and looks for those that aren't here.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use secrecy::ExposeSecret as _;
use service::Alea;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::Session;
use super::depot::{Depot, Fichier, Nouvelle, Partage};
use super::sceau::Sceau;
use crate::Erreur;
use crate::config::DepotSessions;

const TRANCHES: usize = 64;

type Tranche = RwLock<HashSet<ParId>>;

/// A session, found by its identifier without a second copy of it.
#[derive(Debug)]
struct ParId(Arc<Session>);

impl Borrow<str> for ParId {
    fn borrow(&self) -> &str {
        self.0.id()
    }
}

impl Hash for ParId {
    fn hash<H: Hasher>(&self, etat: &mut H) {
        self.0.id().hash(etat);
    }
}

impl PartialEq for ParId {
    fn eq(&self, autre: &Self) -> bool {
        self.0.id() == autre.0.id()
    }
}

impl Eq for ParId {}

/// Fingerprint → identifier.
type Copies = HashMap<Box<str>, Box<str>>;

/// The live sessions.
#[derive(Debug)]
pub(crate) struct Magasin {
    tranches: Box<[Tranche]>,
    pub(crate) depot: Depot,
    /// `None` when nothing leaves this process.
    pub(super) sceau: Option<Sceau>,
    max: usize,
    /// Of what is here, when the store is shared.
    copies: Mutex<Copies>,
    /// Grows with each piece of news: what was being read meanwhile may be old.
    vague: AtomicU64,
    /// Sessions of all nodes, when the store is shared, as last counted.
    ensemble: AtomicUsize,
    /// Fingerprints of sessions that were ended and that the store did not let go of.
    restantes: Mutex<BTreeSet<String>>,
}

impl Magasin {
    /// Opens the store that the configuration names; news of other nodes come out of the receiver, if there may be any.
    ///
    /// `dossier` is where what has no place of its own is put.
    pub(crate) async fn ouvrir(
        regles: &DepotSessions,
        dossier: &Path,
        alea: &Alea,
    ) -> Result<(Self, Option<UnboundedReceiver<Nouvelle>>), Erreur> {
        let base = regles.base.as_ref().map(|base| base.expose_secret().to_owned());
        let cles = regles.cles.clone().unwrap_or_else(|| dossier.join("sessions.cles"));
        let (depot, sceau, nouvelles) = match base.as_deref() {
            Some("memoire") => (Depot::Memoire, None, None),
            Some(url) if url.starts_with("redis") => {
                let sceau = Sceau::lire(&cles)?;
                let (envoi, nouvelles) = mpsc::unbounded_channel();
                let partage = Partage::ouvrir(regles, alea.jeton(), envoi).await?;
                (Depot::Partage(Box::new(partage)), Some(sceau), Some(nouvelles))
            }
            autre => {
                let defaut = dossier.join("sessions.db");
                let chemin =
                    autre.map_or(defaut.as_path(), |url| Path::new(url.trim_start_matches("sqlite:")));
                if let Some(parent) = chemin.parent() {
                    journal::prive::dossier(parent).map_err(super::depot::Erreur::Dossier)?;
                }
                journal::prive::base_sqlite(chemin).map_err(super::depot::Erreur::Dossier)?;
                let sceau = Sceau::lire_ou_creer(&cles, alea)?;
                let fichier = Fichier::ouvrir(chemin).await.map_err(super::depot::Erreur::from)?;
                (Depot::Fichier(fichier), Some(sceau), None)
            }
        };
        let magasin = Self {
            tranches: (0..TRANCHES).map(|_| Tranche::default()).collect(),
            depot,
            sceau,
            max: regles.sessions_max,
            copies: Mutex::default(),
            vague: AtomicU64::new(0),
            ensemble: AtomicUsize::new(0),
            restantes: Mutex::default(),
        };
        Ok((magasin, nouvelles))
    }

    fn tranche(&self, id: &str) -> &Tranche {
        // Identifiers are random, and a stranger's is only looked up: nothing to spread, nothing to guard.
        let somme = id.bytes().fold(0_usize, |somme, octet| somme.wrapping_mul(31) ^ usize::from(octet));
        &self.tranches[somme % TRANCHES]
    }

    pub(super) fn poser(&self, session: &Arc<Session>) {
        if self.depot.partage().is_some() {
            verrou(&self.copies).insert(session.empreinte().into(), session.id().into());
        }
        ecrire(self.tranche(session.id())).replace(ParId(Arc::clone(session)));
    }

    /// Puts a copy here unless news came since `vague`: it may be of the past.
    pub(super) fn poser_copie(&self, session: &Arc<Session>, vague: u64) {
        self.poser(session);
        if self.vague() != vague {
            self.retirer(session);
        }
    }

    pub(super) fn vague(&self) -> u64 {
        self.vague.load(Ordering::Acquire)
    }

    /// The session of that identifier, alive or not, if it is here and can be believed.
    pub(super) fn trouver(&self, id: &str) -> Option<Arc<Session>> {
        if self.depot.partage().is_some_and(|partage| !partage.entend()) {
            return None;
        }
        lire(self.tranche(id)).get(id).map(|trouvee| Arc::clone(&trouvee.0))
    }

    pub(super) fn retirer(&self, session: &Session) {
        if self.depot.partage().is_some() {
            verrou(&self.copies).remove(session.empreinte());
        }
        ecrire(self.tranche(session.id())).remove(session.id());
    }

    /// Drops the copies that another node's news make old.
    pub(super) fn apprendre(&self, nouvelle: &Nouvelle) {
        self.vague.fetch_add(1, Ordering::AcqRel);
        match nouvelle {
            Nouvelle::Changee(empreinte) => {
                let id = verrou(&self.copies).remove(&**empreinte);
                if let Some(id) = id {
                    ecrire(self.tranche(&id)).remove(&*id);
                }
            }
            Nouvelle::Coupee => {
                verrou(&self.copies).clear();
                for tranche in &self.tranches {
                    ecrire(tranche).clear();
                }
            }
        }
    }

    /// Every session here that `choix` picks. Holds one shard at a time.
    pub(crate) fn choisir(&self, choix: impl Fn(&Session) -> bool) -> Vec<Arc<Session>> {
        self.choisir_part(0, 1, choix)
    }

    /// The same in one of `parts` shares, so that a look at all sessions can be spread over time.
    pub(super) fn choisir_part(
        &self,
        part: usize,
        parts: usize,
        choix: impl Fn(&Session) -> bool,
    ) -> Vec<Arc<Session>> {
        let mut choisies = Vec::new();
        for tranche in self.tranches.iter().skip(part).step_by(parts) {
            let tranche = lire(tranche);
            choisies
                .extend(tranche.iter().map(|trouvee| &trouvee.0).filter(|session| choix(session)).cloned());
        }
        choisies
    }

    /// How many sessions there are, on all nodes.
    pub(crate) fn nombre(&self) -> usize {
        if self.depot.partage().is_some() {
            return self.ensemble.load(Ordering::Relaxed);
        }
        self.tranches.iter().map(|tranche| lire(tranche).len()).sum()
    }

    pub(super) fn compter(&self, ensemble: usize) {
        self.ensemble.store(ensemble, Ordering::Relaxed);
    }

    pub(super) fn a_oter(&self, empreinte: &str) {
        verrou(&self.restantes).insert(empreinte.to_owned());
    }

    pub(super) fn otee(&self, empreinte: &str) {
        verrou(&self.restantes).remove(empreinte);
    }

    pub(super) fn est_a_oter(&self, empreinte: &str) -> bool {
        verrou(&self.restantes).contains(empreinte)
    }

    pub(super) fn restantes(&self) -> Vec<String> {
        verrou(&self.restantes).iter().cloned().collect()
    }

    pub(crate) fn plein(&self) -> bool {
        self.nombre() >= self.max
    }
}

fn verrou<T>(garde: &Mutex<T>) -> MutexGuard<'_, T> {
    garde.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lire(tranche: &Tranche) -> RwLockReadGuard<'_, HashSet<ParId>> {
    tranche.read().unwrap_or_else(PoisonError::into_inner)
}

fn ecrire(tranche: &Tranche) -> RwLockWriteGuard<'_, HashSet<ParId>> {
    tranche.write().unwrap_or_else(PoisonError::into_inner)
}
