//! Authorization codes: one use, sixty seconds. A code that comes back takes with it the access token that it gave.
//!
//! Kept in memory: a restart costs a person one more click.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::Personne;

/// Life of a code (RFC 6749 §4.1.2 allows ten minutes at most).
const VIE: SignedDuration = SignedDuration::from_secs(60);
/// How long a used code is remembered: as long as its access token lives.
const MEMOIRE: SignedDuration = SignedDuration::from_secs(super::echange::VIE_ACCES);
/// More codes than this at once is not a sign-in, it is a flood: the oldest go.
const CODES_MAX: usize = 10_000;

/// What a code stands for.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) defi: String,
    pub(super) nonce: Option<String>,
    pub(super) scope: String,
    pub(super) personne: &'static Personne,
    pub(super) sid: String,
    pub(super) auth_time: Timestamp,
}

#[derive(Debug)]
enum Etat {
    Emis(Box<Code>),
    /// Identifier of the access token that the code gave.
    Utilise(String),
}

#[derive(Debug)]
struct Entree {
    etat: Etat,
    /// Until when the entry means anything.
    fin: Timestamp,
}

#[derive(Debug, Default)]
pub(super) struct Codes {
    entrees: Mutex<HashMap<String, Entree>>,
    /// Access tokens taken back, and when they would have ended.
    repris: Mutex<HashMap<String, Timestamp>>,
}

impl Codes {
    pub(super) fn emettre(&self, jeton: &str, code: Code, maintenant: Timestamp) {
        let mut entrees = ouvrir(&self.entrees);
        entrees.retain(|_, entree| entree.fin > maintenant);
        if entrees.len() >= CODES_MAX
            && let Some(ancien) =
                entrees.iter().min_by_key(|(_, entree)| entree.fin).map(|(cle, _)| cle.clone())
        {
            entrees.remove(&ancien);
        }
        let fin = maintenant.saturating_add(VIE).unwrap_or(maintenant);
        entrees.insert(jeton.to_owned(), Entree { etat: Etat::Emis(Box::new(code)), fin });
    }

    /// Uses the code of that client, for an access token that will be called `jti`. Used is used, whatever the caller
    /// finds wrong next. Another client's code is left alone.
    pub(super) fn consommer(
        &self,
        jeton: &str,
        client_id: &str,
        jti: &str,
        maintenant: Timestamp,
    ) -> Option<Code> {
        let mut entrees = ouvrir(&self.entrees);
        let entree = entrees.get_mut(jeton).filter(|entree| entree.fin > maintenant)?;
        match &entree.etat {
            Etat::Emis(code) if code.client_id == client_id => {
                let code = (**code).clone();
                let fin = maintenant.saturating_add(MEMOIRE).unwrap_or(maintenant);
                *entree = Entree { etat: Etat::Utilise(jti.to_owned()), fin };
                Some(code)
            }
            Etat::Emis(_) => None,
            Etat::Utilise(donne) => {
                ouvrir(&self.repris).insert(donne.clone(), entree.fin);
                None
            }
        }
    }

    /// Whether that access token was taken back (RFC 6749 §4.1.2: a code used twice).
    pub(super) fn repris(&self, jti: &str, maintenant: Timestamp) -> bool {
        let mut repris = ouvrir(&self.repris);
        repris.retain(|_, fin| *fin > maintenant);
        repris.contains_key(jti)
    }
}

fn ouvrir<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
