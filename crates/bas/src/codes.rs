//! Authorization codes: one use, sixty seconds. A code that comes back tells what it gave the first time, to be taken back.
//!
//! Kept in memory: a restart costs a person one more click.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Life of a code (RFC 6749 §4.1.2 allows ten minutes at most).
const VIE: SignedDuration = SignedDuration::from_secs(60);
/// How long a used code is remembered: longer than any access token of the sandbox lives.
const MEMOIRE: SignedDuration = SignedDuration::from_mins(10);
/// More codes than this at once is not a sign-in, it is a flood: the oldest go.
const CODES_MAX: usize = 10_000;

#[derive(Debug)]
struct Entree<C> {
    client_id: String,
    /// What the code stands for; once used, what the exchange left to be taken back.
    etat: Result<C, String>,
    /// Until when the entry means anything.
    fin: Timestamp,
}

/// Why a code gives nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Echec {
    Inconnu,
    /// Used already: `trace` of the first exchange.
    Rejoue(String),
}

#[derive(Debug)]
pub(crate) struct Codes<C>(Mutex<HashMap<String, Entree<C>>>);

impl<C> Default for Codes<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C> Codes<C> {
    pub(crate) fn emettre(&self, jeton: &str, client_id: &str, code: C, maintenant: Timestamp) {
        let mut entrees = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entrees.retain(|_, entree| entree.fin > maintenant);
        if entrees.len() >= CODES_MAX
            && let Some(ancien) =
                entrees.iter().min_by_key(|(_, entree)| entree.fin).map(|(cle, _)| cle.clone())
        {
            entrees.remove(&ancien);
        }
        let fin = maintenant.saturating_add(VIE).unwrap_or(maintenant);
        entrees.insert(jeton.to_owned(), Entree { client_id: client_id.to_owned(), etat: Ok(code), fin });
    }

    /// Uses the code of that client. Used is used, whatever the caller finds wrong next; `trace` names what this exchange
    /// will give, to be taken back if the code returns. Another client's code is left alone.
    pub(crate) fn consommer(
        &self,
        jeton: &str,
        client_id: &str,
        trace: impl FnOnce(&C) -> String,
        maintenant: Timestamp,
    ) -> Result<C, Echec> {
        let mut entrees = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entree = entrees.get_mut(jeton).filter(|entree| entree.fin > maintenant).ok_or(Echec::Inconnu)?;
        if entree.client_id != client_id {
            return Err(Echec::Inconnu);
        }
        let laisse = match &entree.etat {
            Ok(code) => trace(code),
            Err(premiere) => return Err(Echec::Rejoue(premiere.clone())),
        };
        entree.fin = maintenant.saturating_add(MEMOIRE).unwrap_or(maintenant);
        std::mem::replace(&mut entree.etat, Err(laisse)).map_err(Echec::Rejoue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_serves_its_client_once_within_a_minute() {
        let debut: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let apres = |secondes| Timestamp::from_second(debut.as_second() + secondes).unwrap();
        let codes = Codes::default();
        codes.emettre("a", "lps", 1, debut);
        assert_eq!(codes.consommer("a", "autre", |_| "x".to_owned(), apres(1)), Err(Echec::Inconnu));
        assert_eq!(codes.consommer("a", "lps", |_| "premier".to_owned(), apres(59)), Ok(1));
        assert_eq!(
            codes.consommer("a", "lps", |_| "second".to_owned(), apres(100)),
            Err(Echec::Rejoue("premier".into()))
        );
        assert_eq!(
            codes.consommer("a", "lps", |_| "troisième".to_owned(), apres(600)),
            Err(Echec::Rejoue("premier".into()))
        );
        codes.emettre("b", "lps", 2, debut);
        assert_eq!(codes.consommer("b", "lps", |_| "x".to_owned(), apres(60)), Err(Echec::Inconnu));
        assert_eq!(codes.consommer("c", "lps", |_| "x".to_owned(), debut), Err(Echec::Inconnu));
    }
}
