//! The brake on guessed passwords: after five wrong ones in a row an account waits, longer each time.
//!
//! Counted by the login as typed, known or not, so that the brake doesn't tell which accounts exist.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

const LIBRES: u32 = 5;
const PREMIERE_ATTENTE: SignedDuration = SignedDuration::from_secs(30);
const ATTENTE_MAX: SignedDuration = SignedDuration::from_mins(15);
/// A quiet account is forgiven after this.
const OUBLI: SignedDuration = SignedDuration::from_hours(1);
const COMPTES_MAX: usize = 10_000;

#[derive(Debug)]
struct Compteur {
    echecs: u32,
    libre_a: Timestamp,
    oubli: Timestamp,
}

#[derive(Debug, Default)]
pub(super) struct Freins(Mutex<HashMap<String, Compteur>>);

impl Freins {
    /// How long this login must still wait, if it must.
    pub(super) fn attente(&self, login: &str, maintenant: Timestamp) -> Option<SignedDuration> {
        let compteurs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let libre_a = compteurs.get(&cle(login))?.libre_a;
        (libre_a > maintenant).then(|| libre_a.duration_since(maintenant))
    }

    /// Counts a wrong password.
    pub(super) fn echec(&self, login: &str, maintenant: Timestamp) {
        let mut compteurs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        compteurs.retain(|_, compteur| compteur.oubli > maintenant);
        let cle = cle(login);
        if compteurs.len() >= COMPTES_MAX && !compteurs.contains_key(&cle) {
            return;
        }
        let apres = |duree| maintenant.saturating_add(duree).unwrap_or(maintenant);
        let neuf = Compteur { echecs: 0, libre_a: maintenant, oubli: maintenant };
        let compteur = compteurs.entry(cle).or_insert(neuf);
        compteur.echecs = compteur.echecs.saturating_add(1);
        compteur.oubli = apres(OUBLI);
        if let Some(rang) = compteur.echecs.checked_sub(LIBRES) {
            let attente = PREMIERE_ATTENTE.checked_mul(1 << rang.min(10)).unwrap_or(ATTENTE_MAX);
            compteur.libre_a = apres(attente.min(ATTENTE_MAX));
        }
    }

    /// Forgets the wrong passwords of a login that gave the right one.
    pub(super) fn succes(&self, login: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&cle(login));
    }
}

fn cle(login: &str) -> String {
    login.chars().take(64).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_begins_at_the_fifth_failure_grows_and_ends() {
        let freins = Freins::default();
        let debut: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        let mut maintenant = debut;
        let attendues = [
            None,
            None,
            None,
            None,
            Some(30),
            Some(60),
            Some(120),
            Some(240),
            Some(480),
            Some(900),
            Some(900),
        ];
        for (rang, attendue) in attendues.into_iter().enumerate() {
            freins.echec("Claire", maintenant);
            let attente = freins.attente("claire", maintenant);
            assert_eq!(attente.map(|duree| duree.as_secs()), attendue, "failure {}", rang + 1);
            maintenant = maintenant.saturating_add(attente.unwrap_or_default()).unwrap();
            assert_eq!(freins.attente("claire", maintenant), None);
        }
        assert_eq!(freins.attente("hugo", debut), None, "another login is free");
        freins.echec("claire", maintenant);
        freins.succes("CLAIRE");
        assert_eq!(freins.attente("claire", maintenant), None);
    }

    #[test]
    fn an_hour_of_quiet_forgives() {
        let freins = Freins::default();
        let debut: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        for _ in 0..5 {
            freins.echec("claire", debut);
        }
        let tard = debut.saturating_add(OUBLI).unwrap();
        freins.echec("claire", tard);
        assert_eq!(freins.attente("claire", tard), None);
    }
}
