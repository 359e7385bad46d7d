//! Accepting traces: each core has its [`Ecrivain`], which owns a segment; the [`Reserve`] hands out the next one.
//!
//! Rule: accepting never waits for a disk, a database or another core. What can't be kept is refused on the spot, by a
//! value that the caller must look at; nothing is dropped in silence.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use thiserror::Error;
use tokio::sync::Notify;

use crate::{
    ligne,
    segment::{Page, Segment},
    trace::Trace,
};

/// Why a trace was not accepted: whoever asked must not answer as if it had been.
#[derive(Debug, Error)]
pub enum RefusDeTracer {
    /// `segments_max` segments wait for a database that does not take them.
    #[error("le journal des traces est plein : {segments} segments attendent la base")]
    Plein { segments: usize },
    /// No segment can be made: most often, the disk is full.
    #[error("le disque ne donne plus de place aux traces")]
    Disque(#[source] io::Error),
    /// Another process opened the chain of this node: one of the two has the wrong `noeud`.
    #[error("un autre processus écrit la chaîne de ce nœud")]
    Evince,
}

/// Writes traces; one for each core or thread.
#[derive(Debug)]
pub struct Ecrivain {
    reserve: Arc<Reserve>,
    page: Option<Page>,
    tampon: Vec<u8>,
    muet: bool,
}

impl Ecrivain {
    pub(crate) fn nouveau(reserve: Arc<Reserve>, muet: bool) -> Self {
        Self { reserve, page: None, tampon: Vec::with_capacity(1024), muet }
    }

    /// Accepts a trace: once this has returned `Ok`, a killed process does not lose it.
    ///
    /// Costs about a microsecond; about once in ten thousand times a segment is full and the next one is taken.
    pub fn tracer(&mut self, trace: &Trace<'_>) -> Result<(), RefusDeTracer> {
        if self.muet {
            return Ok(());
        }
        self.tampon.clear();
        ligne::ecrire(trace, &mut self.tampon);
        loop {
            if self.reserve.evince.load(Ordering::Relaxed) {
                return Err(self.refuser(RefusDeTracer::Evince));
            }
            if let Some(page) = &mut self.page
                && page.ajouter(trace.instant, &self.tampon)
            {
                return Ok(());
            }
            if let Some(pleine) = self.page.take() {
                pleine.clore();
            }
            match self.reserve.prendre() {
                Ok(page) => self.page = Some(page),
                Err(refus) => return Err(self.refuser(refus)),
            }
        }
    }

    fn refuser(&self, refus: RefusDeTracer) -> RefusDeTracer {
        self.reserve.refusees.fetch_add(1, Ordering::Relaxed);
        refus
    }
}

impl Drop for Ecrivain {
    fn drop(&mut self) {
        if let Some(page) = self.page.take() {
            page.clore();
        }
    }
}

/// The segments of a journal: those in use or still to be read, and a few made ahead.
#[derive(Debug)]
pub(crate) struct Reserve {
    racine: PathBuf,
    taille: usize,
    max: usize,
    interieur: Mutex<Interieur>,
    /// A segment was taken: time to read, and to make another.
    pub(crate) besoin: Notify,
    pub(crate) evince: AtomicBool,
    pub(crate) refusees: AtomicU64,
}

#[derive(Debug)]
struct Interieur {
    libres: Vec<Page>,
    actifs: Vec<Arc<Segment>>,
    /// Number of the next segment.
    numero: i64,
}

/// How many segments wait ready, so that taking one costs no file.
const D_AVANCE: usize = 2;

impl Reserve {
    /// `actifs` are the segments that an earlier process left.
    pub(crate) fn nouvelle(racine: PathBuf, taille: usize, max: usize, actifs: Vec<Arc<Segment>>) -> Self {
        Self {
            racine,
            taille,
            max,
            interieur: Mutex::new(Interieur { libres: Vec::new(), actifs, numero: 0 }),
            besoin: Notify::new(),
            evince: AtomicBool::new(false),
            refusees: AtomicU64::new(0),
        }
    }

    /// Says the first number never used, before any segment is made.
    pub(crate) fn numeroter_depuis(&self, numero: i64) {
        self.interieur().numero = numero;
    }

    fn interieur(&self) -> MutexGuard<'_, Interieur> {
        // Nothing is left half done under this lock, so a panic elsewhere spoils nothing.
        self.interieur.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prendre(&self) -> Result<Page, RefusDeTracer> {
        let mut interieur = self.interieur();
        let page = if let Some(page) = interieur.libres.pop() {
            page
        } else {
            // Taken faster than made ahead: a millisecond under the lock, rather than a refusal while there is room.
            let numero = self.numeroter(&mut interieur)?;
            self.creer(numero)?
        };
        interieur.actifs.push(Arc::clone(page.segment()));
        drop(interieur);
        self.besoin.notify_one();
        Ok(page)
    }

    fn numeroter(&self, interieur: &mut Interieur) -> Result<i64, RefusDeTracer> {
        let segments = interieur.actifs.len() + interieur.libres.len();
        if segments >= self.max {
            return Err(RefusDeTracer::Plein { segments });
        }
        interieur.numero += 1;
        Ok(interieur.numero - 1)
    }

    fn creer(&self, numero: i64) -> Result<Page, RefusDeTracer> {
        Segment::creer(&self.racine, numero, self.taille).map_err(RefusDeTracer::Disque)
    }

    /// Makes segments ahead, outside the lock that writers take.
    pub(crate) fn garnir(&self) -> Result<(), RefusDeTracer> {
        for _ in 0..D_AVANCE {
            let numero = {
                let mut interieur = self.interieur();
                if interieur.libres.len() >= D_AVANCE {
                    break;
                }
                self.numeroter(&mut interieur)?
            };
            let page = self.creer(numero)?;
            self.interieur().libres.push(page);
        }
        Ok(())
    }

    pub(crate) fn actifs(&self) -> Vec<Arc<Segment>> {
        self.interieur().actifs.clone()
    }

    /// Forgets and removes a segment whose records are all in the database.
    pub(crate) fn liberer(&self, segment: &Segment) -> io::Result<()> {
        self.interieur().actifs.retain(|actif| actif.numero != segment.numero);
        segment.supprimer()
    }

    /// Removes the segments made ahead, at the end of a life.
    pub(crate) fn vider_libres(&self) {
        for page in std::mem::take(&mut self.interieur().libres) {
            // Best effort: an empty segment that stays is removed by the next opening.
            let _ = page.segment().supprimer();
        }
    }

    pub(crate) fn nombre(&self) -> usize {
        self.interieur().actifs.len()
    }
}
