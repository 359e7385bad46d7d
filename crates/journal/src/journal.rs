//! The journal of one process: opened on a folder, it takes back what an earlier process left, then accepts and reads.
//!
//! Rule: one process a folder, held by a lock that the system releases even after a kill. The journal has a small runtime
//! of its own, so that whatever runtime its callers are on (one a core, for instance), none of them works for the disk.

use std::{
    fs::{File, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use futures::Stream;
use jiff::Timestamp;
use tokio::{
    runtime::{Builder, Runtime},
    sync::{mpsc, oneshot},
};

use crate::{
    base::{Base, Erreur, Resultat},
    config::Config,
    ecrivain::{Ecrivain, RefusDeTracer, Reserve},
    export::Format,
    lecture::{Flux, Intervalle, Lecteur, TraceLue},
    prive,
    purge::Coupe,
    segment::{Fin, Segment},
    trace::Trace,
    verification::Rapport,
    vidange::{self, Etat, Ordre, Vidange, Vue},
};

/// Numbers of segments begin at the opening's number times this: never the same twice, whatever happened before.
const PAR_OUVERTURE: i64 = 1 << 32;
/// Where the database did not say which opening it is, they begin at this and the nanosecond of the opening: after all others.
const SANS_BASE: i64 = 1 << 62;

/// The journal. Cloning is cheap; clones share it.
#[derive(Clone, Debug)]
pub struct Journal(Arc<Interieur>);

#[derive(Debug)]
struct Interieur {
    config: Config,
    reserve: Arc<Reserve>,
    vue: Arc<Vue>,
    lecteur: Lecteur,
    ordres: mpsc::Sender<Ordre>,
    /// For those who have no writer of their own.
    commun: Mutex<Ecrivain>,
    moteur: Option<Runtime>,
}

impl Drop for Interieur {
    fn drop(&mut self) {
        // A runtime can't be waited for from inside another one; what is not moved yet stays in the segments.
        if let Some(moteur) = self.moteur.take() {
            moteur.shutdown_background();
        }
    }
}

impl Journal {
    /// Opens the journal of a folder, which is made if need be, and takes back the traces that a killed process left.
    ///
    /// Where the database is a server that does not answer, the journal opens all the same: traces wait in the segments, as
    /// they do when it stops answering later, and [`Etat::panne`] says so.
    ///
    /// # Errors
    /// When another process is on the folder, when the database refuses, or when the disk does.
    pub async fn ouvrir(config: Config) -> Result<Self, Erreur> {
        config.verifier()?;
        let segments = Segment::dossier(&config.dossier);
        prive::dossier(&segments).map_err(Erreur::fichier(&segments))?;
        let verrou = Arc::new(verrouiller(&config.dossier, &config.noeud)?);
        let moteur = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("journal")
            .enable_all()
            .build()
            .map_err(Erreur::fichier(&config.dossier))?;
        let ouverture = moteur.spawn(preparer(config.clone(), verrou));
        let prepare = match ouverture.await {
            Ok(prepare) => prepare,
            Err(_) => Err(Erreur::Ferme),
        };
        let prepare = match prepare {
            Ok(prepare) => prepare,
            Err(erreur) => {
                moteur.shutdown_background();
                return Err(erreur);
            }
        };
        let (ordres, vidange) = prepare;
        let reserve = Arc::clone(&vidange.reserve);
        let vue = Arc::clone(&vidange.vue);
        let lecteur = Lecteur::nouveau(vidange.base.clone(), moteur.handle().clone());
        moteur.spawn(vidange.vivre());
        let commun = Mutex::new(Ecrivain::nouveau(Arc::clone(&reserve), config.muet));
        let moteur = Some(moteur);
        Ok(Self(Arc::new(Interieur { config, reserve, vue, lecteur, ordres, commun, moteur })))
    }

    /// A writer of one's own: one for each core or thread.
    pub fn ecrivain(&self) -> Ecrivain {
        Ecrivain::nouveau(Arc::clone(&self.0.reserve), self.0.config.muet)
    }

    /// Accepts a trace through the writer that all share; see [`Ecrivain::tracer`].
    pub fn tracer(&self, trace: &Trace<'_>) -> Result<(), RefusDeTracer> {
        // A record is whole or not published, whatever happened to who held the lock.
        self.0.commun.lock().unwrap_or_else(PoisonError::into_inner).tracer(trace)
    }

    /// The traces of an interval by instant, with everything that this process accepted before the call. Another
    /// process that shares the database is seen with the delay of its own `vidange_ms`.
    pub fn lire(&self, intervalle: Intervalle) -> Flux<TraceLue> {
        self.0.lecteur.lire_apres(intervalle, demander(self.0.ordres.clone(), Ordre::Vider))
    }

    /// What the agency's `GET /traces` answers: a JSON array of its five kinds, piece by piece.
    pub fn tableau_agence(
        &self,
        intervalle: Intervalle,
    ) -> impl Stream<Item = Result<Vec<u8>, Erreur>> + Send + use<> {
        let flux = self.lire(intervalle);
        futures::stream::unfold((flux, Etape::Debut), async |(mut flux, mut etape)| {
            if etape == Etape::Fini {
                return None;
            }
            loop {
                let mut morceau = Vec::new();
                match flux.groupe().await {
                    Some(Ok(traces)) => {
                        for trace in traces.iter().filter(|trace| trace.genre.agence()) {
                            morceau.push(if etape == Etape::Debut { b'[' } else { b',' });
                            morceau.extend_from_slice(trace.json.as_bytes());
                            etape = Etape::Suite;
                        }
                        if !morceau.is_empty() {
                            return Some((Ok(morceau), (flux, etape)));
                        }
                    }
                    Some(Err(erreur)) => return Some((Err(erreur), (flux, Etape::Fini))),
                    None => {
                        morceau.extend_from_slice(if etape == Etape::Debut { b"[]" } else { b"]" });
                        return Some((Ok(morceau), (flux, Etape::Fini)));
                    }
                }
            }
        })
    }

    /// Waits until everything accepted so far is in the database, on its disk.
    pub async fn vider(&self) -> Result<(), Erreur> {
        demander(self.0.ordres.clone(), Ordre::Vider).await
    }

    /// Removes what is older than the `conservation_mois` of the configuration, with a trace that says so. How many traces went.
    ///
    /// To be called once a day or so. The chains of other nodes are purged too once those have been silent for a week: whoever is
    /// retired no longer does it.
    pub async fn purger(&self, maintenant: Timestamp) -> Result<u64, Erreur> {
        self.purger_avant(self.0.config.limite(maintenant), maintenant).await
    }

    /// Removes what is older than `avant`; whole lots go, so what is within a minute of it may stay until the next time.
    pub async fn purger_avant(&self, avant: Timestamp, maintenant: Timestamp) -> Result<u64, Erreur> {
        let ordre = |reponse| Ordre::Purger(Coupe { avant, maintenant }, reponse);
        demander(self.0.ordres.clone(), ordre).await
    }

    /// See [`Lecteur::exporter`]; what was accepted and not moved yet is left out unless [`Journal::vider`] came before.
    pub fn exporter(&self, format: Format, intervalle: Intervalle) -> Flux<Vec<u8>> {
        self.0.lecteur.exporter(format, intervalle)
    }

    /// See [`Lecteur::verifier`].
    pub async fn verifier(&self) -> Result<Rapport, Erreur> {
        self.0.lecteur.verifier().await
    }

    /// How the journal is; costs a lock and no reading.
    pub fn etat(&self) -> Etat {
        self.0.vue.etat(&self.0.reserve)
    }

    /// Moves everything into the database and ends. What is accepted meanwhile or later stays in the segments.
    pub async fn fermer(&self) -> Result<(), Erreur> {
        demander(self.0.ordres.clone(), Ordre::Fermer).await
    }
}

/// How far an array is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Etape {
    Debut,
    Suite,
    Fini,
}

async fn demander<T>(
    ordres: mpsc::Sender<Ordre>,
    ordre: impl FnOnce(oneshot::Sender<Resultat<T>>) -> Ordre,
) -> Resultat<T> {
    let (reponse, attente) = oneshot::channel();
    ordres.send(ordre(reponse)).await.map_err(|_| Erreur::Ferme)?;
    attente.await.unwrap_or(Err(Erreur::Ferme))
}

/// Takes the folder, which belongs to one node for ever: what is left in its segments belongs to that chain.
fn verrouiller(dossier: &Path, noeud: &str) -> Resultat<File> {
    let chemin = dossier.join("verrou");
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true).mode(prive::FICHIER);
    let verrou = options.open(&chemin);
    let mut verrou = verrou.map_err(Erreur::fichier(&chemin))?;
    match verrou.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Erreur::Occupe(dossier.to_owned())),
        Err(TryLockError::Error(source)) => return Err(Erreur::Fichier { chemin, source }),
    }
    let mut ecrit = String::new();
    verrou.read_to_string(&mut ecrit).map_err(Erreur::fichier(&chemin))?;
    match ecrit.trim() {
        "" => verrou.write_all(noeud.as_bytes()).map_err(Erreur::fichier(&chemin))?,
        autre if autre == noeud => {}
        autre => {
            return Err(Erreur::Config(format!(
                "{} : ce dossier est celui du nœud « {autre} », pas de « {noeud} »",
                dossier.display()
            )));
        }
    }
    Ok(verrou)
}

/// Takes the chain and puts what an earlier process left into it, if the database is there.
async fn preparer(config: Config, verrou: Arc<File>) -> Resultat<(mpsc::Sender<Ordre>, Vidange)> {
    let base = Base::nommer(&config)?;
    let vue = Arc::new(Vue::default());
    let restes = reprendre(&config.dossier, &vue)?;
    let dernier = restes.iter().map(|segment| segment.numero).max();
    let reserve =
        Reserve::nouvelle(config.dossier.clone(), config.taille_segment, config.segments_max, restes);
    let (envoi, ordres) = mpsc::channel(16);
    let mut vidange = Vidange {
        base,
        noeud: config.noeud.clone(),
        chaine: None,
        reserve: Arc::new(reserve),
        vue,
        ordres,
        periode: config.vidange(),
        tampon: Vec::new(),
        _verrou: verrou,
    };
    let numero = match vidange.vider().await {
        Ok(()) => {
            let rangees = vidange.vue.etat(&vidange.reserve).rangees;
            if rangees > 0 {
                tracing::info!(traces = rangees, "traces d’un arrêt brutal reprises");
            }
            vidange.chaine.as_ref().map_or(0, |tete| tete.ouverture).saturating_mul(PAR_OUVERTURE)
        }
        Err(erreur) if erreur.passagere() => SANS_BASE.saturating_add(nanoseconde(&config.dossier)?),
        Err(erreur) => return Err(erreur),
    };
    // A segment that waits keeps its number, even when two openings without a database fall in one tick of the disk's clock.
    vidange.reserve.numeroter_depuis(dernier.map_or(numero, |dernier| numero.max(dernier.saturating_add(1))));
    Ok((envoi, vidange))
}

/// Now, by the clock of the file system: nanoseconds since 1970.
fn nanoseconde(dossier: &Path) -> Resultat<i64> {
    let chemin = dossier.join("ouverture");
    let ecrite = std::fs::write(&chemin, b"sans base").and_then(|()| std::fs::metadata(&chemin)?.modified());
    let ecrite = ecrite.map_err(Erreur::fichier(&chemin))?;
    let depuis = ecrite.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Ok(i64::try_from(depuis.as_nanos()).unwrap_or(0))
}

/// The segments that an earlier process left, oldest first.
fn reprendre(dossier: &Path, vue: &Vue) -> Resultat<Vec<Arc<Segment>>> {
    let dossier = Segment::dossier(dossier);
    let mut restes = Vec::new();
    for entree in std::fs::read_dir(&dossier).map_err(Erreur::fichier(&dossier))? {
        let chemin = entree.map_err(Erreur::fichier(&dossier))?.path();
        if chemin.extension().is_none_or(|extension| extension != "seg") {
            continue;
        }
        match Segment::rouvrir(chemin.clone()) {
            Ok(Some((segment, fin))) => {
                if fin == Fin::Rompue {
                    vidange::ecarter(&segment, vue);
                }
                restes.push(segment);
            }
            Ok(None) => std::fs::remove_file(&chemin).map_err(Erreur::fichier(&chemin))?,
            // The task of an earlier journal of this very process may be finishing with it.
            Err(erreur) if erreur.kind() == io::ErrorKind::NotFound => {}
            Err(erreur) => return Err(Erreur::Fichier { chemin, source: erreur }),
        }
    }
    restes.sort_by_key(|segment| segment.numero);
    Ok(restes)
}
