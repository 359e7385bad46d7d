//! Background work: the worker that takes tasks from the registry, and the clockwork that plants them.
//!
//! Rule: a task is asked for in the transaction of its act and is done at least once; doing it twice changes nothing.
//! A task that fails comes back later, ever more slowly, and never stops the others.

mod avertissement;
pub(crate) mod courriel;
mod menage;
mod rappels;

pub use avertissement::{Avertissement, AvisAudit, avertir, avertir_audit};
pub use courriel::inviter;

use jiff::SignedDuration;
use registre::Tache;
use service::arret::Arret;

use crate::{app::App, autorisations, erreur::Erreur};

/// How long a worker may keep a task before another takes it up.
const BAIL: SignedDuration = SignedDuration::from_mins(5);
/// How long the worker sleeps when nobody wakes it.
const VEILLE: std::time::Duration = std::time::Duration::from_secs(20);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Genre {
    /// Works out who is to be told of something, and asks for a mail to each.
    Avertissement,
    /// Sends a mail; the charge is a `courriel::Lettre`.
    Courriel,
    /// Makes and signs the PDF of an autorisation; the charge is the identity of its candidature.
    DocumentAutorisation,
    /// Looks at every deadline and sends the reminders that are due; once a day.
    Rappels,
    /// Forgets what is too old.
    Menage,
}

impl Genre {
    const TOUS: [Self; 5] =
        [Self::Avertissement, Self::Courriel, Self::DocumentAutorisation, Self::Rappels, Self::Menage];

    pub fn cle(self) -> &'static str {
        match self {
            Self::Avertissement => "avertissement",
            Self::Courriel => "courriel",
            Self::DocumentAutorisation => "document_autorisation",
            Self::Rappels => "rappels",
            Self::Menage => "menage",
        }
    }
}

/// Works until a stop is asked.
pub async fn travailler(app: App, arret: Arret) {
    while !arret.est_demande() {
        let reveil = app.travail.notified();
        match planifier(&app).await {
            Ok(()) => {}
            Err(erreur) => tracing::warn!(erreur = &erreur as &dyn std::error::Error, "planning failed"),
        }
        match vider(&app).await {
            Ok(()) => {}
            Err(erreur) => tracing::warn!(erreur = &erreur as &dyn std::error::Error, "worker failed"),
        }
        tokio::select! {
            () = reveil => {}
            () = tokio::time::sleep(VEILLE) => {}
            () = arret.demande() => {}
        }
    }
}

/// Does every task that is due now.
pub async fn vider(app: &App) -> Result<(), Erreur> {
    loop {
        let mut tx = app.registre.ecrire().await?;
        let Some(tache) = tx.prendre_tache(app.maintenant(), BAIL).await? else { return Ok(()) };
        tx.commit().await?;
        let resultat = faire(app, &tache).await;
        let mut tx = app.registre.ecrire().await?;
        match resultat {
            Ok(()) => tx.terminer_tache(&tache.id, app.maintenant()).await?,
            Err(erreur) => {
                tracing::error!(
                    tache = %tache.id,
                    genre = %tache.genre,
                    tentatives = tache.tentatives,
                    erreur = &erreur as &dyn std::error::Error,
                    "task failed"
                );
                let attente = SignedDuration::from_secs(15 * (1 << tache.tentatives.clamp(1, 10)));
                let reprise = app.maintenant().saturating_add(attente).unwrap_or(jiff::Timestamp::MAX);
                tx.reporter_tache(&tache.id, &erreur.to_string(), reprise).await?;
            }
        }
        tx.commit().await?;
    }
}

async fn faire(app: &App, tache: &Tache) -> Result<(), Erreur> {
    match Genre::TOUS.into_iter().find(|genre| genre.cle() == tache.genre) {
        Some(Genre::Avertissement) => avertissement::developper(app, tache).await,
        Some(Genre::Courriel) => courriel::envoyer(app, tache).await,
        Some(Genre::DocumentAutorisation) => {
            let candidature =
                tache.charge.parse().map_err(|_| Erreur::Interne("a task without its candidature"))?;
            autorisations::document(app, candidature).await.map(drop)
        }
        Some(Genre::Rappels) => rappels::envoyer(app).await,
        Some(Genre::Menage) => menage::faire(app).await,
        None => Err(Erreur::Interne("unknown kind of task")),
    }
}

/// Plants the tasks of the day, once each whoever asks.
pub async fn planifier(app: &App) -> Result<(), Erreur> {
    let jour = app.aujourdhui();
    let mut tx = app.registre.ecrire().await?;
    for genre in [Genre::Rappels, Genre::Menage] {
        let cle = format!("{}:{jour}", genre.cle());
        let id = app.alea.uuid(app.maintenant()).to_string();
        tx.ajouter_tache(&id, genre.cle(), "{}", Some(&cle), app.maintenant()).await?;
    }
    tx.commit().await?;
    Ok(())
}
