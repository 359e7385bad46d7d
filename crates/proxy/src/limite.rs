//! How often: buckets that fill with time. One for each key asked about, forgotten once full again.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// A bucket for one session, without a lock: the instant (µs) at which it will be full again.
///
/// The generic cell rate algorithm: each call pushes that instant away by one interval, and may not push it past a second.
#[derive(Debug, Default)]
pub(crate) struct Seau(AtomicI64);

impl Seau {
    /// Whether one more passes, at `par_seconde` (not zero), with a burst of a second's worth.
    pub(crate) fn prendre(&self, par_seconde: u32, maintenant: Timestamp) -> bool {
        let maintenant = maintenant.as_microsecond();
        let pas = 1_000_000 / i64::from(par_seconde.max(1));
        let prochain = |plein: i64| {
            let plein = plein.max(maintenant) + pas;
            (plein - maintenant <= 1_000_000.max(pas)).then_some(plein)
        };
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, prochain).is_ok()
    }
}

const TRANCHES: usize = 16;
/// Keys kept in a shard before the full ones are swept.
const BALAYER: usize = 4_096;

/// Counts by key over a sliding minute.
#[derive(Debug)]
pub(crate) struct ParMinute {
    tranches: [Mutex<HashMap<u64, (i64, f64)>>; TRANCHES],
    hasard: RandomState,
}

impl Default for ParMinute {
    fn default() -> Self {
        Self { tranches: Default::default(), hasard: RandomState::new() }
    }
}

impl ParMinute {
    /// Counts one for this key and says how many that makes lately: what a minute drains away at a steady pace of `max`.
    pub(crate) fn compter(&self, cle: &str, max: u32, maintenant: Timestamp) -> f64 {
        let empreinte = self.hasard.hash_one(cle);
        let rang = usize::try_from(empreinte % TRANCHES as u64).unwrap_or(0);
        let mut tranche = self.tranches[rang].lock().unwrap_or_else(PoisonError::into_inner);
        let seconde = maintenant.as_second();
        let reste = |(le, compte): (i64, f64)| {
            // Seconds between two calls of one minute or so: exact in a double.
            #[expect(clippy::cast_precision_loss, reason = "a small number of seconds")]
            let ecoulees = (seconde - le).clamp(0, 3_600) as f64;
            (compte - ecoulees * f64::from(max) / 60.0).max(0.0)
        };
        if tranche.len() > BALAYER {
            tranche.retain(|_, etat| reste(*etat) > 0.0);
        }
        let etat = tranche.entry(empreinte).or_insert((seconde, 0.0));
        let compte = reste(*etat) + 1.0;
        // A refused call fills the bucket no further: who waits is served again.
        *etat = (seconde, if compte > f64::from(max) { compte - 1.0 } else { compte });
        compte
    }

    /// Whether one more passes. `max`: 0 for no bound.
    pub(crate) fn passe(&self, cle: &str, max: u32, maintenant: Timestamp) -> bool {
        max == 0 || self.compter(cle, max, maintenant) <= f64::from(max)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_bucket_lets_a_burst_pass_then_its_pace() {
        let t: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        let seau = Seau::default();
        let passes = (0..10).filter(|_| seau.prendre(5, t)).count();
        assert_eq!(passes, 5);
        assert!(seau.prendre(5, t + SignedDuration::from_millis(200)));
        assert!(!seau.prendre(5, t + SignedDuration::from_millis(200)));
        assert!(seau.prendre(5, t + SignedDuration::from_secs(10)));
    }

    #[test]
    fn keys_are_counted_apart_over_a_minute() {
        let t: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        let compte = ParMinute::default();
        let passes = (0..10).filter(|_| compte.passe("a", 6, t)).count();
        assert_eq!(passes, 6);
        assert!(compte.passe("b", 6, t));
        assert!(!compte.passe("a", 6, t + SignedDuration::from_secs(5)));
        assert!(compte.passe("a", 6, t + SignedDuration::from_secs(21)));
        assert_eq!((0..10).filter(|_| compte.passe("a", 6, t + SignedDuration::from_mins(5))).count(), 6);
        assert_eq!((0..10).filter(|_| compte.passe("a", 0, t)).count(), 10);
    }
}
