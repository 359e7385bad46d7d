//! Where the traces go and how many may wait; read from the configuration of the product that traces.

use std::{path::PathBuf, time::Duration};

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use secrecy::SecretString;
use serde::Deserialize;

use crate::base::Erreur;

/// Smallest segment: room for any single trace, several times.
const SEGMENT_MIN: usize = 128 * 1024;
const SEGMENT_MAX: usize = 1 << 30;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of the segments, of the lock and, without `base`, of the database `traces.db`. One process at a time.
    pub dossier: PathBuf,
    /// `sqlite:<path>` or `postgres://…`, which may hold a password. Without it, `traces.db` in the folder.
    #[serde(default)]
    pub base: Option<SecretString>,
    /// Name of this process among those that share a database; each has its own chain. 1 to 64 letters, digits, `.`, `_`, `-`.
    #[serde(default = "noeud")]
    pub noeud: String,
    /// Size of a segment in bytes, reserved on the disk when it is made. 128 KiB to 1 GiB.
    #[serde(default = "taille_segment")]
    pub taille_segment: usize,
    /// How many segments may exist at once: with `taille_segment`, what can wait while the database is out of reach.
    #[serde(default = "segments_max")]
    pub segments_max: usize,
    /// Longest time between acceptance and the disk, in milliseconds.
    #[serde(default = "vidange_ms")]
    pub vidange_ms: u64,
    /// How long traces are kept, in calendar months (UTC).
    #[serde(default = "conservation_mois")]
    pub conservation_mois: u32,
    /// Accepts traces and forgets them. No file sets it: only a measure of what tracing costs does.
    #[serde(skip)]
    pub muet: bool,
}

fn noeud() -> String {
    "proxy".to_owned()
}

fn taille_segment() -> usize {
    4 << 20
}

fn segments_max() -> usize {
    64
}

fn vidange_ms() -> u64 {
    100
}

fn conservation_mois() -> u32 {
    6
}

impl Config {
    /// The defaults, in this folder.
    pub fn dans(dossier: impl Into<PathBuf>) -> Self {
        Self {
            dossier: dossier.into(),
            base: None,
            noeud: noeud(),
            taille_segment: taille_segment(),
            segments_max: segments_max(),
            vidange_ms: vidange_ms(),
            conservation_mois: conservation_mois(),
            muet: false,
        }
    }

    /// Says what of it can't be worked with, in a sentence for the operator.
    pub fn verifier(&self) -> Result<(), Erreur> {
        let lettre = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let refus = |texte: &str| Err(Erreur::Config(texte.to_owned()));
        if self.noeud.is_empty() || self.noeud.len() > 64 || !self.noeud.chars().all(lettre) {
            return refus("« noeud » : de 1 à 64 lettres, chiffres, points, tirets ou soulignés");
        }
        if !(SEGMENT_MIN..=SEGMENT_MAX).contains(&self.taille_segment) {
            return refus("« taille_segment » : de 131072 (128 Kio) à 1073741824 (1 Gio)");
        }
        if !(2..=10_000).contains(&self.segments_max) {
            return refus("« segments_max » : de 2 à 10000");
        }
        if !(1..=60_000).contains(&self.vidange_ms) {
            return refus("« vidange_ms » : de 1 à 60000");
        }
        if !(1..=1200).contains(&self.conservation_mois) {
            return refus("« conservation_mois » : de 1 à 1200");
        }
        Ok(())
    }

    /// The instant before which traces are no longer kept.
    pub fn limite(&self, maintenant: Timestamp) -> Timestamp {
        let mois = i64::from(self.conservation_mois);
        maintenant
            .to_zoned(TimeZone::UTC)
            .checked_sub(mois.months())
            .map_or(Timestamp::MIN, |limite| limite.timestamp())
    }

    pub(crate) fn vidange(&self) -> Duration {
        Duration::from_millis(self.vidange_ms)
    }
}
