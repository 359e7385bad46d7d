//! A document of PSC that is read once and kept for whoever asks: its metadata, its keys.
//!
//! Rule: one caller reads it, the others never read in turn. Without any document they wait for that one and share what
//! comes of it, a failure too, for some seconds. One that is past its time serves while it is read again, and for an hour
//! if that fails: PSC being silent for a while doesn't end what goes well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;
use jiff::{SignedDuration, Timestamp};
use service::Horloge;
use tokio::sync::Mutex;

use super::appel::{Panne, PanneRecente};

/// How long a document is taken as it is.
const GARDE: SignedDuration = SignedDuration::from_mins(10);
/// How long it serves when it can't be read again. A key that PSC withdrew is believed no longer than that.
const SECOURS: SignedDuration = SignedDuration::from_hours(1);
/// Between two readings that somebody asked for because the document lacked something.
const RELECTURE: SignedDuration = SignedDuration::from_secs(5);

struct Connu<T> {
    lu: Timestamp,
    valeur: Arc<T>,
}

pub(super) struct Garde<T> {
    horloge: Horloge,
    connu: ArcSwapOption<Connu<T>>,
    /// Something in it was found wrong: to be read again, whatever its age.
    perime: AtomicBool,
    /// Held by whoever reads; how the last reading failed.
    lecture: Mutex<Option<PanneRecente>>,
}

impl<T> Garde<T> {
    pub(super) fn vide(horloge: Horloge) -> Self {
        Self {
            horloge,
            connu: ArcSwapOption::empty(),
            perime: AtomicBool::new(false),
            lecture: Mutex::default(),
        }
    }

    /// The document, read by `lecture` when it isn't there or past its time.
    pub(super) async fn lire(
        &self,
        lecture: impl Future<Output = Result<T, Panne>>,
    ) -> Result<Arc<T>, Panne> {
        if let Some(frais) = self.frais(GARDE) {
            return Ok(frais);
        }
        match (self.lecture.try_lock(), self.jeune(SECOURS)) {
            (Ok(place), _) => self.obtenir(place, GARDE, lecture).await,
            (Err(_), Some(ancien)) => Ok(ancien),
            (Err(_), None) => self.obtenir(self.lecture.lock().await, GARDE, lecture).await,
        }
    }

    /// The same for whoever didn't find in it what there must be: read again, unless it was some seconds ago.
    pub(super) async fn relire(
        &self,
        lecture: impl Future<Output = Result<T, Panne>>,
    ) -> Result<Arc<T>, Panne> {
        self.obtenir(self.lecture.lock().await, RELECTURE, lecture).await
    }

    /// Has it read again at the next call.
    pub(super) fn perimer(&self) {
        self.perime.store(true, Ordering::Release);
    }

    async fn obtenir(
        &self,
        mut derniere: tokio::sync::MutexGuard<'_, Option<PanneRecente>>,
        au_plus: SignedDuration,
        lecture: impl Future<Output = Result<T, Panne>>,
    ) -> Result<Arc<T>, Panne> {
        // Read, or found unreadable, while this caller waited.
        if let Some(frais) = self.frais(au_plus) {
            return Ok(frais);
        }
        let connue = derniere.as_ref().and_then(|derniere| derniere.encore(self.horloge.maintenant()));
        let panne = match connue {
            Some(panne) => panne,
            None => match lecture.await {
                Ok(valeur) => {
                    let valeur = Arc::new(valeur);
                    let connu = Connu { lu: self.horloge.maintenant(), valeur: Arc::clone(&valeur) };
                    self.perime.store(false, Ordering::Release);
                    self.connu.store(Some(Arc::new(connu)));
                    *derniere = None;
                    return Ok(valeur);
                }
                Err(panne) => {
                    *derniere = Some(PanneRecente::nouvelle(&panne, self.horloge.maintenant()));
                    panne
                }
            },
        };
        let ancien = self.jeune(SECOURS).ok_or_else(|| panne.clone())?;
        tracing::warn!(%panne, "document de PSC non relu, l’ancien sert encore");
        Ok(ancien)
    }

    fn frais(&self, au_plus: SignedDuration) -> Option<Arc<T>> {
        self.jeune(au_plus).filter(|_| !self.perime.load(Ordering::Acquire))
    }

    fn jeune(&self, au_plus: SignedDuration) -> Option<Arc<T>> {
        let connu = self.connu.load();
        let connu = connu.as_ref()?;
        let age = self.horloge.maintenant().duration_since(connu.lu).abs();
        (age < au_plus).then(|| Arc::clone(&connu.valeur))
    }
}
