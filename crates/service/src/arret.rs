//! Stopping: one request to stop that everybody sees, and a bounded wait for the work under way.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The life of the process. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Arret {
    demande: CancellationToken,
    taches: TaskTracker,
}

impl Arret {
    /// A life that nobody has asked to end.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks everything to stop. Asking twice changes nothing.
    pub fn demander(&self) {
        self.demande.cancel();
    }

    /// Ends when somebody asks to stop; at once if somebody already did.
    pub fn demande(&self) -> impl Future<Output = ()> + Send + 'static {
        self.demande.clone().cancelled_owned()
    }

    /// Whether somebody asked to stop.
    pub fn est_demande(&self) -> bool {
        self.demande.is_cancelled()
    }

    /// Starts a task that [`Arret::termine`] waits for. The task itself watches [`Arret::demande`].
    pub fn suivre<F>(&self, tache: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.taches.spawn(tache);
    }

    /// Waits for the tracked tasks, `max` at most. `false` when some were still running.
    pub async fn termine(&self, max: Duration) -> bool {
        self.taches.close();
        tokio::time::timeout(max, self.taches.wait()).await.is_ok()
    }

    /// Turns Ctrl-C and SIGTERM into a request to stop.
    ///
    /// # Errors
    /// When the system refuses to install the handlers.
    pub fn ecouter_signaux(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terme = signal(SignalKind::terminate())?;
        let mut interruption = signal(SignalKind::interrupt())?;
        let arret = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terme.recv() => {}
                _ = interruption.recv() => {}
                () = arret.demande() => {}
            }
            arret.demander();
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_wait_covers_tracked_tasks_and_is_bounded() {
        let arret = Arret::new();
        let demande = arret.demande();
        arret.suivre(demande);
        assert!(!arret.termine(Duration::from_millis(10)).await, "nobody asked: the task is still there");
        assert!(!arret.est_demande());
        arret.clone().demander();
        arret.demande().await;
        assert!(arret.termine(Duration::from_secs(10)).await);
    }
}
