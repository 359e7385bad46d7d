//! Reading: the traces of an interval in the order of time, as a stream whose memory does not grow with the interval.
//!
//! Rule: lots come ordered by their beginning, each is short in time, so what is read waits only until no later lot can
//! hold anything earlier. Every node that shares the database is read.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::Stream;
use jiff::Timestamp;
use tokio::{runtime::Handle, sync::mpsc};

use crate::{
    base::{Base, Erreur, Resultat},
    config::Config,
    export::{self, Format},
    ligne::EnTete,
    lot::Lot,
    trace::Genre,
    verification::{self, Rapport},
};

/// How many lots are read at once, and how many groups of traces may wait for a slow reader.
const PAGE: i64 = 4;
const ATTENTE: usize = 2;

/// Instants strictly between two bounds, as the agency's endpoint has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intervalle {
    pub debut: Timestamp,
    pub fin: Timestamp,
}

impl Intervalle {
    /// Everything there is.
    pub const TOUT: Self = Self { debut: Timestamp::MIN, fin: Timestamp::MAX };

    fn contient(&self, instant: Timestamp) -> bool {
        self.apres() < instant.as_microsecond() && instant < self.fin
    }

    /// Bounds in microseconds between which a stored instant must be, strictly.
    pub(crate) fn microsecondes(&self) -> (i64, i64) {
        (self.apres(), self.fin.as_microsecond().saturating_add(1))
    }

    /// Traces are cut to the microsecond: one that happened after a bound inside its microsecond must not be left out.
    fn apres(&self) -> i64 {
        self.debut.as_microsecond() - i64::from(self.debut.subsec_nanosecond() % 1_000 != 0)
    }
}

/// A trace as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceLue {
    pub noeud: Arc<str>,
    /// Its place in the chain of its node, from 1.
    pub rang: i64,
    pub instant: Timestamp,
    pub genre: Genre,
    /// The whole trace on one line; for the agency's kinds, exactly the agency's JSON.
    pub json: String,
}

impl Ord for TraceLue {
    fn cmp(&self, autre: &Self) -> Ordering {
        (self.instant, &self.noeud, self.rang).cmp(&(autre.instant, &autre.noeud, autre.rang))
    }
}

impl PartialOrd for TraceLue {
    fn partial_cmp(&self, autre: &Self) -> Option<Ordering> {
        Some(self.cmp(autre))
    }
}

/// Reads a database of traces, also beside the process that writes it.
#[derive(Clone, Debug)]
pub struct Lecteur {
    base: Base,
    moteur: Handle,
}

impl Lecteur {
    pub(crate) fn nouveau(base: Base, moteur: Handle) -> Self {
        Self { base, moteur }
    }

    /// Opens for reading only. What was accepted and is still in the segments of another process is not seen yet.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn ouvrir(config: &Config) -> Result<Self, Erreur> {
        config.verifier()?;
        Ok(Self::nouveau(Base::ouvrir_en_lecture(config).await?, Handle::current()))
    }

    /// The traces of an interval, by instant.
    pub fn lire(&self, intervalle: Intervalle) -> Flux<TraceLue> {
        self.lire_apres(intervalle, async { Ok(()) })
    }

    /// The same once something else has succeeded.
    pub(crate) fn lire_apres(
        &self,
        intervalle: Intervalle,
        prealable: impl Future<Output = Resultat<()>> + Send + 'static,
    ) -> Flux<TraceLue> {
        let base = self.base.clone();
        self.couler(move |envoi| async move {
            prealable.await?;
            lire(&base, intervalle, &envoi).await
        })
    }

    /// The traces of an interval as a file, piece by piece, in the order of each node's chain.
    ///
    /// Whole lots are given, so a few traces on either side of the interval may come along: without them the chain could
    /// not be checked ([`crate::verifier_export`]).
    pub fn exporter(&self, format: Format, intervalle: Intervalle) -> Flux<Vec<u8>> {
        let base = self.base.clone();
        self.couler(move |envoi| async move { export::exporter(&base, format, intervalle, &envoi).await })
    }

    /// Reads every chain again from its beginning. What it can't see is a chain wholly rewritten by somebody who has
    /// the code in hand: for that, compare with a fingerprint noted elsewhere.
    pub async fn verifier(&self) -> Result<Rapport, Erreur> {
        let base = self.base.clone();
        let tache = self.moteur.spawn(async move { verification::verifier(&base).await });
        tache.await.unwrap_or(Err(Erreur::Ferme))
    }

    /// Runs a reading on the runtime that owns the connections; it ends when nobody takes its pieces any more.
    fn couler<T: Send + 'static, F: Future<Output = Resultat<()>> + Send + 'static>(
        &self,
        lecture: impl FnOnce(Envoi<T>) -> F,
    ) -> Flux<T> {
        let (envoi, reception) = mpsc::channel(ATTENTE);
        let lecture = lecture(Envoi(envoi.clone()));
        self.moteur.spawn(async move {
            if let Err(erreur) = lecture.await {
                // Nobody left to tell, when this fails.
                let _ = envoi.send(Err(erreur)).await;
            }
        });
        Flux { reception, groupe: Vec::new().into_iter() }
    }
}

/// What is read, as it is read. After an error there is nothing more.
#[derive(Debug)]
pub struct Flux<T> {
    reception: mpsc::Receiver<Resultat<Vec<T>>>,
    groupe: std::vec::IntoIter<T>,
}

impl<T> Flux<T> {
    /// The next pieces that were read together.
    pub(crate) async fn groupe(&mut self) -> Option<Resultat<Vec<T>>> {
        self.reception.recv().await
    }
}

impl<T: Unpin> Stream for Flux<T> {
    type Item = Result<T, Erreur>;

    fn poll_next(mut self: Pin<&mut Self>, contexte: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(piece) = self.groupe.next() {
                return Poll::Ready(Some(Ok(piece)));
            }
            match ready!(self.reception.poll_recv(contexte)) {
                Some(Ok(groupe)) => self.groupe = groupe.into_iter(),
                Some(Err(erreur)) => return Poll::Ready(Some(Err(erreur))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// Where a reading puts its pieces.
pub(crate) struct Envoi<T>(mpsc::Sender<Resultat<Vec<T>>>);

impl<T> Envoi<T> {
    /// `false` when the reader has gone.
    pub(crate) async fn donner(&self, pieces: Vec<T>) -> bool {
        self.0.send(Ok(pieces)).await.is_ok()
    }
}

async fn lire(base: &Base, intervalle: Intervalle, envoi: &Envoi<TraceLue>) -> Resultat<()> {
    let bornes = intervalle.microsecondes();
    let mut curseur = (i64::MIN, String::new(), 0);
    let mut tas = BinaryHeap::new();
    loop {
        let mut tx = base.lire().await?;
        let lots = tx.lots_entre(bornes, (curseur.0, &curseur.1, curseur.2), PAGE).await?;
        drop(tx);
        let Some(dernier) = lots.last() else { break };
        curseur = (dernier.debut, dernier.noeud.clone(), dernier.rang);
        for lot in lots {
            // No later lot begins before this one.
            let mures = murir(&mut tas, Some(lot.debut));
            if !mures.is_empty() && !envoi.donner(mures).await {
                return Ok(());
            }
            let traces = deplier(&lot)?;
            tas.extend(traces.into_iter().filter(|trace| intervalle.contient(trace.instant)).map(Reverse));
        }
    }
    envoi.donner(murir(&mut tas, None)).await;
    Ok(())
}

/// Takes out, in order, what is earlier than `limite` (microseconds), or all of it.
fn murir(tas: &mut BinaryHeap<Reverse<TraceLue>>, limite: Option<i64>) -> Vec<TraceLue> {
    let mut mures = Vec::new();
    while let Some(Reverse(trace)) = tas.peek() {
        if limite.is_some_and(|limite| trace.instant.as_microsecond() >= limite) {
            break;
        }
        mures.extend(tas.pop().map(|Reverse(trace)| trace));
    }
    mures
}

/// The traces of a lot.
fn deplier(lot: &Lot) -> Resultat<Vec<TraceLue>> {
    let noeud: Arc<str> = lot.noeud.as_str().into();
    lot.lignes()
        .map(|(rang, ligne)| {
            let (genre, instant) = en_tete(&lot.noeud, rang, ligne)?;
            Ok(TraceLue { noeud: Arc::clone(&noeud), rang, instant, genre, json: ligne.to_owned() })
        })
        .collect()
}

/// The kind and instant of a line.
pub(crate) fn en_tete(noeud: &str, rang: i64, ligne: &str) -> Resultat<(Genre, Timestamp)> {
    let illisible = |source| Erreur::Illisible { noeud: noeud.to_owned(), rang, source };
    let lue: EnTete<'_> = serde_json::from_str(ligne).map_err(illisible)?;
    let instant = lue.timestamp.parse().map_err(serde::de::Error::custom).map_err(illisible)?;
    Ok((lue.genre, instant))
}
