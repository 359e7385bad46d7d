//! The clock, as a value that is handed around: the system's, or one that a test holds still.
//!
//! Every clone of a clock shares the same shift, so a test that moves its clock moves the whole server's.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// A clock. Cloning is cheap, clones move together.
#[derive(Clone, Debug)]
pub struct Horloge {
    /// `None` for the system's clock.
    depart: Option<Timestamp>,
    /// Shift in microseconds, set by [`Horloge::avancer`].
    decalage: Arc<AtomicI64>,
}

impl Horloge {
    /// The system's clock (UTC).
    pub fn systeme() -> Self {
        Self { depart: None, decalage: Arc::default() }
    }

    /// A clock that stays at `instant` until somebody moves it.
    pub fn fixe(instant: Timestamp) -> Self {
        Self { depart: Some(instant), decalage: Arc::default() }
    }

    /// What time it is. Saturates at the bounds of [`Timestamp`].
    pub fn maintenant(&self) -> Timestamp {
        let depart = self.depart.unwrap_or_else(systeme);
        match self.decalage.load(Ordering::SeqCst) {
            0 => depart,
            micros => depart.saturating_add(SignedDuration::from_micros(micros)).unwrap_or(depart),
        }
    }

    /// Moves this clock and all its clones; a negative duration moves it back. Resolution: one microsecond.
    pub fn avancer(&self, duree: SignedDuration) {
        let micros = i64::try_from(duree.as_micros()).unwrap_or(i64::MAX);
        self.decalage.fetch_add(micros, Ordering::SeqCst);
    }

    /// Takes back every move: this clock and its clones tell again the time that they began with.
    pub fn remettre(&self) {
        self.decalage.store(0, Ordering::SeqCst);
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
fn systeme() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_with_its_clones_only_when_told() {
        let depart: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        let horloge = Horloge::fixe(depart);
        let clone = horloge.clone();
        assert_eq!(horloge.maintenant(), depart);
        clone.avancer(SignedDuration::from_mins(61));
        assert_eq!(horloge.maintenant().to_string(), "2026-03-01T09:01:00Z");
        horloge.avancer(SignedDuration::from_mins(-1));
        assert_eq!(clone.maintenant().to_string(), "2026-03-01T09:00:00Z");
        clone.remettre();
        assert_eq!(horloge.maintenant(), depart);
    }

    #[test]
    fn a_system_clock_can_be_shifted() {
        let horloge = Horloge::systeme();
        let avant = horloge.maintenant();
        horloge.avancer(SignedDuration::from_hours(1));
        assert!(horloge.maintenant().duration_since(avant) >= SignedDuration::from_hours(1));
    }
}
