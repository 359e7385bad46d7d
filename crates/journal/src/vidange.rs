//! The one task that moves traces from the segments into the database, in groups, and holds the chain while it does.
//!
//! Rule: lots and the place reached in each segment are saved in one transaction, so that killed at any point the next
//! opening neither loses nor repeats a trace. A segment is removed only once everything in it was committed. While the
//! database is out of reach the segments themselves are put on the disk, and wait.

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::MissedTickBehavior,
};

use crate::{
    base::{Base, Erreur, Resultat},
    ecrivain::{RefusDeTracer, Reserve},
    lot::{Lot, Tete},
    purge::Coupe,
    segment::{EN_TETE, Fin, Segment, extraire},
};

/// How much one transaction takes: bounds the memory after a long outage.
const TRANSACTION_OCTETS: usize = 4 << 20;

/// How the journal is, for whoever watches it.
#[derive(Clone, Debug, Default)]
pub struct Etat {
    /// Traces put in the database since the opening, recovered ones included.
    pub rangees: u64,
    /// Traces that were refused since the opening.
    pub refusees: u64,
    /// Bytes accepted that are not in the database yet.
    pub en_attente: u64,
    /// Segments in use or waiting.
    pub segments: usize,
    /// Segments in which something was neither a whole trace nor nothing; each is kept aside as `*.rompu`.
    pub rompus: u64,
    /// Why the database does not take traces, since the last attempt; `None` when it does.
    pub panne: Option<String>,
    /// Why no segment can be made ahead (a full disk).
    pub disque: Option<String>,
    /// Whether another process took the chain of this node: nothing is accepted any more.
    pub evince: bool,
}

impl Etat {
    /// Whether traces are accepted and reach the database.
    pub fn sain(&self) -> bool {
        self.panne.is_none() && self.disque.is_none() && !self.evince
    }
}

/// What is asked of the task.
pub(crate) enum Ordre {
    /// Move all that was accepted so far.
    Vider(oneshot::Sender<Resultat<()>>),
    Purger(Coupe, oneshot::Sender<Resultat<u64>>),
    /// Move everything, then end.
    Fermer(oneshot::Sender<Resultat<()>>),
}

/// What the task lets others see.
#[derive(Debug, Default)]
pub(crate) struct Vue {
    rangees: AtomicU64,
    rompus: AtomicU64,
    positions: Mutex<BTreeMap<i64, usize>>,
    panne: Mutex<Option<String>>,
    disque: Mutex<Option<String>>,
}

fn verrou<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Vue {
    pub(crate) fn etat(&self, reserve: &Reserve) -> Etat {
        let positions = verrou(&self.positions).clone();
        let attente = |segment: &Arc<Segment>| {
            segment.publie().saturating_sub(positions.get(&segment.numero).copied().unwrap_or(EN_TETE))
        };
        Etat {
            rangees: self.rangees.load(Ordering::Relaxed),
            refusees: reserve.refusees.load(Ordering::Relaxed),
            en_attente: reserve.actifs().iter().map(|segment| attente(segment) as u64).sum(),
            segments: reserve.nombre(),
            rompus: self.rompus.load(Ordering::Relaxed),
            panne: verrou(&self.panne).clone(),
            disque: verrou(&self.disque).clone(),
            evince: reserve.evince.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn compter_rompu(&self) {
        self.rompus.fetch_add(1, Ordering::Relaxed);
    }
}

pub(crate) struct Vidange {
    pub(crate) base: Base,
    pub(crate) noeud: String,
    /// The head of the chain, once it was taken.
    pub(crate) chaine: Option<Tete>,
    pub(crate) reserve: Arc<Reserve>,
    pub(crate) vue: Arc<Vue>,
    pub(crate) ordres: mpsc::Receiver<Ordre>,
    pub(crate) periode: Duration,
    /// What segments are read into.
    pub(crate) tampon: Vec<u8>,
    /// Held as long as this task may still write.
    pub(crate) _verrou: Arc<File>,
}

/// What one transaction will save.
struct Prise {
    tete: Tete,
    lots: Vec<Lot>,
    /// Whether the segments hold more.
    reste: bool,
}

impl Vidange {
    pub(crate) async fn vivre(mut self) {
        let mut battement = tokio::time::interval(self.periode);
        battement.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let reserve = Arc::clone(&self.reserve);
            let ordre = tokio::select! {
                ordre = self.ordres.recv() => ordre,
                () = reserve.besoin.notified() => {
                    self.garnir();
                    continue;
                }
                _ = battement.tick() => {
                    self.garnir();
                    // Told in the state and in the log; tried again at the next beat.
                    let _ = self.vider().await;
                    continue;
                }
            };
            // Whoever asked may be gone: an answer that nobody waits for is dropped.
            match ordre {
                Some(Ordre::Vider(reponse)) => drop(reponse.send(self.vider().await)),
                Some(Ordre::Purger(coupe, reponse)) => drop(reponse.send(self.purger(coupe).await)),
                Some(Ordre::Fermer(reponse)) => {
                    let resultat = self.vider().await;
                    self.reserve.vider_libres();
                    self.base.fermer().await;
                    drop(self);
                    drop(reponse.send(resultat));
                    return;
                }
                None => return,
            }
        }
    }

    fn garnir(&self) {
        let disque = match self.reserve.garnir() {
            Ok(()) | Err(RefusDeTracer::Plein { .. } | RefusDeTracer::Evince) => None,
            Err(refus @ RefusDeTracer::Disque(_)) => Some(refus.to_string()),
        };
        let mut vu = verrou(&self.vue.disque);
        if let (None, Some(texte)) = (&*vu, &disque) {
            tracing::error!(cause = texte, "les traces n’ont plus de place sur le disque");
        }
        *vu = disque;
    }

    /// Moves all that was published when it began, and keeps the state up to date.
    pub(crate) async fn vider(&mut self) -> Resultat<()> {
        let resultat = self.vider_tout().await;
        match &resultat {
            Ok(()) => {
                if verrou(&self.vue.panne).take().is_some() {
                    tracing::info!("la base des traces répond de nouveau");
                }
            }
            Err(erreur) => {
                if matches!(erreur, Erreur::Evince) {
                    self.reserve.evince.store(true, Ordering::Relaxed);
                }
                for segment in self.reserve.actifs() {
                    if let Err(erreur) = segment.synchroniser() {
                        tracing::error!(%erreur, "un segment de traces n’est pas mis sur le disque");
                    }
                }
                if verrou(&self.vue.panne).replace(chaine_de_causes(erreur)).is_none() {
                    tracing::error!(cause = chaine_de_causes(erreur), "la base ne prend plus les traces");
                }
            }
        }
        resultat
    }

    async fn vider_tout(&mut self) -> Resultat<()> {
        loop {
            let tete = self.tete().await?;
            let prise = self.prendre(&tete)?;
            if !prise.lots.is_empty() && !self.ranger(&tete, &prise).await? {
                continue;
            }
            self.liberer(&prise.tete);
            if !prise.reste {
                return Ok(());
            }
        }
    }

    /// The head of the chain, which is taken the first time that the database answers.
    async fn tete(&mut self) -> Resultat<Tete> {
        if let Some(tete) = &self.chaine {
            return Ok(tete.clone());
        }
        self.base.migrer().await?;
        let mut tx = self.base.ecrire().await?;
        let tete = tx.prendre_chaine(&self.noeud).await?;
        tx.commit().await?;
        verrou(&self.vue.positions).clone_from(&tete.segments);
        self.chaine = Some(tete.clone());
        Ok(tete)
    }

    /// Reads what the segments hold beyond the places reached.
    fn prendre(&mut self, tete: &Tete) -> Resultat<Prise> {
        let mut prise = Prise { tete: tete.clone(), lots: Vec::new(), reste: false };
        let mut octets_pris = 0;
        let actifs = self.reserve.actifs();
        let connus: HashSet<_> = actifs.iter().map(|segment| segment.numero).collect();
        prise.tete.segments.retain(|numero, _| connus.contains(numero));
        for segment in actifs {
            let depuis = position(tete, &segment);
            let jusque = segment.publie();
            if jusque <= depuis {
                continue;
            }
            if octets_pris > TRANSACTION_OCTETS {
                prise.reste = true;
                break;
            }
            let octets = segment.lire(depuis, jusque, &mut self.tampon);
            let octets = octets.map_err(Erreur::fichier(self.noeud.as_str()))?;
            octets_pris += octets.len();
            let (trouvees, _, fin) = extraire(octets, segment.numero, depuis);
            if fin == Fin::Rompue {
                ecarter(&segment, &self.vue);
            }
            prise.tete.accrocher(&self.noeud, &trouvees, &mut prise.lots);
            prise.tete.segments.insert(segment.numero, jusque);
        }
        Ok(prise)
    }

    /// `false` when the chain turned out to be further than was known: look again at what remains.
    async fn ranger(&mut self, tete: &Tete, prise: &Prise) -> Resultat<bool> {
        let mut tx = self.base.ecrire().await?;
        if !tx.save_tete(&self.noeud, tete, &prise.tete).await? {
            drop(tx);
            // Either a commit went through whose answer was lost, or somebody else writes.
            let vraie = self.base.lire().await?.load_tete(&self.noeud).await?;
            let vraie = vraie.filter(|vraie| vraie.ouverture == tete.ouverture).ok_or(Erreur::Evince)?;
            self.avancer(tete, vraie);
            return Ok(false);
        }
        tx.save_lots(&prise.lots).await?;
        tx.commit().await?;
        self.avancer(tete, prise.tete.clone());
        Ok(true)
    }

    fn avancer(&mut self, de: &Tete, vers: Tete) {
        let rangees = u64::try_from(vers.rang - de.rang).unwrap_or(0);
        self.vue.rangees.fetch_add(rangees, Ordering::Relaxed);
        verrou(&self.vue.positions).clone_from(&vers.segments);
        self.chaine = Some(vers);
    }

    /// Removes the segments of which everything is in the database.
    fn liberer(&self, tete: &Tete) {
        for segment in self.reserve.actifs() {
            // In this order: once closed, nothing is published any more.
            if segment.est_clos()
                && segment.publie() <= position(tete, &segment)
                && let Err(erreur) = self.reserve.liberer(&segment)
            {
                tracing::warn!(%erreur, "un segment de traces vidé n’est pas effacé");
            }
        }
    }

    async fn purger(&mut self, coupe: Coupe) -> Resultat<u64> {
        self.vider().await?;
        let tete = self.tete().await?;
        let mut total = 0;
        if let Some((apres, traces)) = coupe.faire(&self.base, &self.noeud, &tete, None).await? {
            self.avancer(&tete, apres);
            total += traces;
        }
        Ok(total + coupe.faire_aux_muets(&self.base, &self.noeud).await?)
    }
}

/// How far a segment is in the lots.
fn position(tete: &Tete, segment: &Segment) -> usize {
    tete.segments.get(&segment.numero).copied().unwrap_or(EN_TETE)
}

/// Keeps a damaged segment for somebody to look at, and says so.
pub(crate) fn ecarter(segment: &Segment, vue: &Vue) {
    vue.compter_rompu();
    match segment.ecarter() {
        Ok(chemin) => {
            tracing::error!(chemin = %chemin.display(), "segment de traces rompu : les traces entières sont gardées");
        }
        Err(erreur) => tracing::error!(%erreur, "segment de traces rompu, et impossible à mettre de côté"),
    }
}

fn chaine_de_causes(erreur: &dyn std::error::Error) -> String {
    let mut texte = erreur.to_string();
    let mut source = erreur.source();
    while let Some(cause) = source {
        texte.push_str(" : ");
        texte.push_str(&cause.to_string());
        source = cause.source();
    }
    texte
}
