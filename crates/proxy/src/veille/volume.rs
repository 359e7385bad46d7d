//! How many calls are usual, so that ten times as many are noticed.
//!
//! Rule: the usual is a mean that forgets within an hour or two. A minute that is unusual doesn't count in it, or an attack
//! that lasts would become the usual.

/// Minutes that the mean holds.
const MEMOIRE: u64 = 60;
/// Minutes seen before anything is judged.
const RECUL: u64 = 10;

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Volume {
    minutes: u64,
    /// In thousandths of a call.
    moyenne: u64,
}

/// A minute that can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Jugement {
    pub(crate) habituel: u64,
    pub(crate) inhabituel: bool,
}

impl Volume {
    /// One more minute, with so many calls. `facteur`: times the usual; under `minimum` calls nothing is unusual.
    pub(crate) fn compter(&mut self, appels: u64, facteur: u32, minimum: u32) -> Option<Jugement> {
        let vus = appels.saturating_mul(1_000);
        let juge = facteur > 0 && self.minutes >= RECUL;
        let seuil = self.moyenne.saturating_mul(facteur.into());
        let inhabituel = juge && appels >= u64::from(minimum) && vus > seuil;
        let habituel = self.moyenne / 1_000;
        if !inhabituel {
            // A plain mean to begin with, then one that forgets.
            self.minutes = (self.minutes + 1).min(MEMOIRE);
            self.moyenne = self.moyenne.saturating_mul(self.minutes - 1).saturating_add(vus) / self.minutes;
        }
        juge.then_some(Jugement { habituel, inhabituel })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_times_the_usual_is_unusual_and_does_not_become_usual() {
        let mut volume = Volume::default();
        for _ in 0..10 {
            assert_eq!(volume.compter(100, 10, 600), None, "nothing is known yet");
        }
        for (appels, inhabituel) in
            [(100, false), (999, false), (200, false), (2_000, true), (2_000, true), (100, false)]
        {
            let jugement = volume.compter(appels, 10, 600).unwrap();
            assert_eq!(jugement.inhabituel, inhabituel, "{appels} calls, {} usually", jugement.habituel);
        }
        for _ in 0..1_000 {
            assert!(volume.compter(50_000, 10, 600).unwrap().inhabituel);
        }
    }

    #[test]
    fn a_quiet_proxy_that_wakes_up_is_not_unusual() {
        let mut volume = Volume::default();
        for _ in 0..100 {
            volume.compter(0, 10, 600);
        }
        assert!(!volume.compter(599, 10, 600).unwrap().inhabituel);
        assert!(volume.compter(600, 10, 600).unwrap().inhabituel);
        assert_eq!(volume.compter(600, 0, 600), None, "0 is never");
    }
}
