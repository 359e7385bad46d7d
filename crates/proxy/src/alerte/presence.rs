//! Whether somebody answers, as those who ask find out.
//!
//! Rule: one failure says nothing. It is an outage once failures span some seconds with nothing good between them, and it ends
//! with the first answer: what comes and goes call by call raises no alert.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use jiff::Timestamp;

/// Microseconds from the first failure to one that makes an outage of them.
const PATIENCE: i64 = 5_000_000;

#[derive(Debug, Default)]
pub(crate) struct Presence {
    /// The first failure since the last answer, in microseconds since 1970; 0 for none.
    depuis: AtomicI64,
    dite: AtomicBool,
}

impl Presence {
    /// Whether something failed since the last answer.
    pub(crate) fn doute(&self) -> bool {
        self.depuis.load(Ordering::Relaxed) != 0
    }

    /// Notes an answer; `true` when it ends an outage that was told.
    pub(crate) fn repond(&self) -> bool {
        // Read first: when all is well, nobody writes on this line.
        if !self.doute() {
            return false;
        }
        self.depuis.store(0, Ordering::Release);
        self.dite.swap(false, Ordering::AcqRel)
    }

    /// Notes a failure; `true` when it makes an outage, which is to be told.
    pub(crate) fn se_tait(&self, maintenant: Timestamp) -> bool {
        let ici = maintenant.as_microsecond();
        match self.depuis.compare_exchange(0, ici, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => false,
            Err(depuis) => ici - depuis >= PATIENCE && !self.dite.swap(true, Ordering::AcqRel),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn an_outage_is_failures_that_last_and_it_is_told_once() {
        let debut: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        let presence = Presence::default();
        for (rang, (seconde, repond, dit)) in [
            (0, true, false),
            (0, false, false),
            (4, false, false),
            (4, true, false),
            (5, false, false),
            (9, false, false),
            (10, false, true),
            (11, false, false),
            (400, false, false),
            (401, true, true),
            (402, true, false),
            (403, false, false),
        ]
        .into_iter()
        .enumerate()
        {
            let ici = debut + SignedDuration::from_secs(seconde);
            let vu = if repond { presence.repond() } else { presence.se_tait(ici) };
            assert_eq!(vu, dit, "step {rang}");
        }
    }
}
