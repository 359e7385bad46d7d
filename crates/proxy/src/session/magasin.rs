//! Where live sessions are kept: in process, in shards, so that two cores seldom meet.
//!
//! Rule: this is the only type that knows where a session is. Reading is on the relay's path and takes one shard's read lock.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::Session;

const TRANCHES: usize = 64;

type Tranche = RwLock<HashMap<Box<str>, Arc<Session>>>;

/// The live sessions.
#[derive(Debug)]
pub(crate) struct Magasin {
    tranches: Box<[Tranche]>,
    hasard: RandomState,
}

impl Default for Magasin {
    fn default() -> Self {
        Self { tranches: (0..TRANCHES).map(|_| Tranche::default()).collect(), hasard: RandomState::new() }
    }
}

impl Magasin {
    fn tranche(&self, id: &str) -> &Tranche {
        // The remainder is under TRANCHES, so the conversion holds and the index exists.
        let rang = usize::try_from(self.hasard.hash_one(id) % TRANCHES as u64).unwrap_or(0);
        &self.tranches[rang]
    }

    pub(crate) fn ouvrir(&self, session: Session) -> Arc<Session> {
        let session = Arc::new(session);
        ecrire(self.tranche(session.id())).insert(session.id().into(), Arc::clone(&session));
        session
    }

    /// The session of that identifier, alive or not: the caller asks [`Session::vivante`].
    pub(crate) fn trouver(&self, id: &str) -> Option<Arc<Session>> {
        lire(self.tranche(id)).get(id).cloned()
    }

    /// Takes a session out and ends it; `true` for the one caller that did.
    pub(crate) fn fermer(&self, session: &Session) -> bool {
        ecrire(self.tranche(session.id())).remove(session.id());
        session.fermer()
    }

    /// Every session that `choix` picks. Holds one shard at a time.
    pub(crate) fn choisir(&self, choix: impl Fn(&Session) -> bool) -> Vec<Arc<Session>> {
        let mut choisies = Vec::new();
        for tranche in &self.tranches {
            choisies.extend(lire(tranche).values().filter(|session| choix(session)).cloned());
        }
        choisies
    }

    pub(crate) fn nombre(&self) -> usize {
        self.tranches.iter().map(|tranche| lire(tranche).len()).sum()
    }
}

fn lire(tranche: &Tranche) -> RwLockReadGuard<'_, HashMap<Box<str>, Arc<Session>>> {
    tranche.read().unwrap_or_else(PoisonError::into_inner)
}

fn ecrire(tranche: &Tranche) -> RwLockWriteGuard<'_, HashMap<Box<str>, Arc<Session>>> {
    tranche.write().unwrap_or_else(PoisonError::into_inner)
}
