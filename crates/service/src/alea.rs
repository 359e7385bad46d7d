//! Randomness, as a value that is handed around: the system's, or a seeded one that a test can foretell.
//!
//! All secrets (tokens, nonces, session identifiers) and all identities (UUID v7) come from here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use uuid::Uuid;

/// A source of random bytes. Cloning is cheap; clones of a seeded source share its position.
#[derive(Clone, Debug)]
pub struct Alea(Source);

#[derive(Clone, Debug)]
enum Source {
    Systeme,
    Graine { graine: u64, position: Arc<AtomicU64> },
}

impl Alea {
    /// The system's generator, for everything but tests.
    pub fn systeme() -> Self {
        Self(Source::Systeme)
    }

    /// The same sequence for the same seed. For tests only: anybody can foretell it.
    pub fn graine(graine: u64) -> Self {
        Self(Source::Graine { graine, position: Arc::default() })
    }

    /// `N` random bytes.
    pub fn octets<const N: usize>(&self) -> [u8; N] {
        let mut octets = [0; N];
        self.remplir(&mut octets);
        octets
    }

    /// 32 random bytes in base64url without padding: 43 characters, safe in a URL, a header and a cookie.
    pub fn jeton(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.octets::<32>())
    }

    /// A UUID v7 (RFC 9562 §5.7) of this instant: sorts by time. An instant before 1970 counts as 1970.
    pub fn uuid(&self, maintenant: Timestamp) -> Uuid {
        let millis = u64::try_from(maintenant.as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.octets::<10>()).into_uuid()
    }

    /// `n` letters drawn uniformly from `alphabet` (ASCII, at most 256 letters). An empty alphabet gives an empty text.
    pub fn lettres(&self, alphabet: &[u8], n: usize) -> String {
        let taille = alphabet.len().min(256);
        if taille == 0 {
            return String::new();
        }
        // Bytes past the last whole multiple are thrown away: a plain modulo would favour the first letters.
        let plafond = 256 - 256 % taille;
        let mut texte = String::with_capacity(n);
        while texte.len() < n {
            let reste = n - texte.len();
            let tirage = self.octets::<32>();
            let lettres = tirage.iter().map(|octet| usize::from(*octet)).filter(|octet| *octet < plafond);
            texte.extend(lettres.take(reste).map(|octet| char::from(alphabet[octet % taille] & 0x7f)));
        }
        texte
    }

    fn remplir(&self, octets: &mut [u8]) {
        match &self.0 {
            Source::Systeme => {
                rand::fill(octets).expect("the system's random generator never fails once started");
            }
            Source::Graine { graine, position } => {
                for bloc in octets.chunks_mut(digest::SHA256_OUTPUT_LEN) {
                    let rang = position.fetch_add(1, Ordering::SeqCst);
                    let entree = [graine.to_be_bytes(), rang.to_be_bytes()].concat();
                    let empreinte = digest::digest(&digest::SHA256, &entree);
                    bloc.copy_from_slice(&empreinte.as_ref()[..bloc.len()]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_sequence_and_never_the_same_value_twice() {
        let (a, b) = (Alea::graine(7), Alea::graine(7));
        let suite: Vec<_> = (0..4).map(|_| a.jeton()).collect();
        assert_eq!(suite, (0..4).map(|_| b.jeton()).collect::<Vec<_>>());
        assert_ne!(suite[0], suite[1]);
        assert_ne!(Alea::graine(8).jeton(), suite[0]);
        assert_ne!(Alea::systeme().jeton(), Alea::systeme().jeton());
        assert_eq!(suite[0].len(), 43);
        let long = Alea::graine(7).octets::<100>();
        assert_ne!(long[..32], long[32..64]);
    }

    #[test]
    fn letters_stay_in_the_alphabet() {
        for (alphabet, n) in [(&b"abc"[..], 0), (b"abc", 1), (b"0123456789", 200), (b"x", 3)] {
            let texte = Alea::graine(1).lettres(alphabet, n);
            assert_eq!(texte.len(), n);
            assert!(texte.bytes().all(|lettre| alphabet.contains(&lettre)));
        }
        assert_eq!(Alea::systeme().lettres(b"", 5), "");
        let tirage = Alea::graine(3).lettres(b"abc", 3000);
        for lettre in ['a', 'b', 'c'] {
            let nombre = tirage.chars().filter(|autre| *autre == lettre).count();
            assert!((900..1100).contains(&nombre), "{lettre}: {nombre}");
        }
    }

    #[test]
    fn uuids_are_v7_and_sort_by_time() {
        let alea = Alea::graine(1);
        let tot = alea.uuid("2026-03-01T08:00:00Z".parse().unwrap());
        let tard = alea.uuid("2026-03-01T08:00:00.001Z".parse().unwrap());
        assert_eq!(tot.get_version_num(), 7);
        assert!(tot < tard);
        assert_eq!(alea.uuid("1901-01-01T00:00:00Z".parse().unwrap()).get_version_num(), 7);
    }
}
