//! What is looked at from time to time: certificates and lists on disk and their end, the stores of traces and of sessions,
//! traces past their keeping, how many calls there are.

mod volume;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::config::Profil;
use crate::etat::Etat;
use volume::Volume;

/// Between two looks.
const RONDE: Duration = Duration::from_secs(5);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const JOUR: SignedDuration = SignedDuration::from_hours(24);

/// What alerts call the proxy's own certificate.
const SERVEUR: &str = "serveur";

/// When each thing was last done.
#[derive(Debug, Default)]
pub(crate) struct Veille {
    relus: Option<Timestamp>,
    regardes: Option<Timestamp>,
    purges: Option<Timestamp>,
    /// The instant and the calls of the last count.
    compte: Option<(Timestamp, u64)>,
    volume: Volume,
}

/// Watches until asked to stop.
pub(crate) async fn veiller(etat: Arc<Etat>) {
    loop {
        ronde(&etat).await;
        tokio::select! {
            () = etat.arret.demande() => return,
            () = tokio::time::sleep(RONDE) => {}
        }
    }
}

/// One look.
pub(crate) async fn ronde(etat: &Etat) {
    let mut veille = etat.veille.lock().await;
    let maintenant = etat.horloge.maintenant();
    let journal = etat.journal.etat();
    if journal.sain() {
        etat.alertes.journal_sain();
    } else {
        etat.alertes.journal_en_panne(&journal);
    }
    let depot = etat.magasin.depot.sonder().await;
    if let Err(panne) = &depot {
        tracing::debug!(%panne, "base des sessions");
    }
    etat.alertes.depot(depot.is_ok());
    compter(etat, &mut veille, maintenant);
    let relecture = i64::try_from(etat.config.relecture_certificats_s).unwrap_or(i64::MAX);
    match veille.relus {
        // Read by the start itself.
        None => veille.relus = Some(maintenant),
        Some(le) if relecture > 0 && maintenant.duration_since(le).as_secs() >= relecture => {
            veille.relus = Some(maintenant);
            relire(etat);
        }
        Some(_) => {}
    }
    // Whether files are read again or not, their end comes.
    if veille.regardes.is_none_or(|le| maintenant.duration_since(le) >= JOUR) {
        veille.regardes = Some(maintenant);
        regarder_certificats(etat);
    }
    if journal.sain() && veille.purges.is_none_or(|le| maintenant.duration_since(le) >= JOUR) {
        veille.purges = Some(maintenant);
        match etat.journal.purger(maintenant).await {
            Ok(0) => {}
            Ok(traces) => {
                tracing::info!(traces, "traces arrivées au terme de leur conservation, effacées");
            }
            Err(erreur) => tracing::error!(%erreur, "purge des traces"),
        }
    }
}

/// Once a minute, whether there are unusually many calls.
fn compter(etat: &Etat, veille: &mut Veille, maintenant: Timestamp) {
    let appels = etat.metriques.appels_en_tout();
    let Some((le, avant)) = veille.compte else {
        veille.compte = Some((maintenant, appels));
        return;
    };
    let duree = maintenant.duration_since(le);
    if duree < MINUTE {
        return;
    }
    veille.compte = Some((maintenant, appels));
    // A round may be late: what counts is a minute.
    let minutes = u64::try_from(duree.as_secs() / 60).unwrap_or(1).max(1);
    let regles = &etat.config.alertes;
    let vus = appels.saturating_sub(avant) / minutes;
    if let Some(jugement) = veille.volume.compter(vus, regles.volume_facteur, regles.volume_minimum) {
        etat.alertes.volume(vus, jugement.habituel, jugement.inhabituel);
    }
}

/// Reads every certificate and every list again.
pub(crate) fn relire(etat: &Etat) {
    let exiger_nom = etat.config.profil == Profil::Production;
    match etat.tls.relire() {
        Ok(false) => {}
        Ok(true) => tracing::info!("nouveau certificat du serveur : les prochaines connexions le voient"),
        Err(erreur) => {
            tracing::error!(erreur = &erreur as &dyn std::error::Error, "certificat du serveur illisible");
            etat.alertes.certificat_illisible(SERVEUR, &erreur.to_string());
        }
    }
    for (client_id, client) in &etat.clients {
        match client.relire(&etat.autorites, exiger_nom) {
            Ok(false) => {}
            Ok(true) => {
                tracing::info!(%client_id, "nouveau certificat : les prochaines sessions s’en servent");
            }
            Err(erreur) => {
                tracing::error!(%client_id, %erreur, "certificat illisible");
                etat.alertes.certificat_illisible(client_id, &erreur.to_string());
            }
        }
    }
    for (cible, relues) in etat.autorites.relire(&etat.config) {
        dire_relues(etat, &cible, relues);
    }
    if let Some(logiciels) = &etat.logiciels {
        dire_relues(etat, "logiciels", logiciels.relire());
    }
    regarder_certificats(etat);
}

/// The end of the certificate that software is shown.
pub(crate) fn fin_du_serveur(etat: &Etat) -> Option<Timestamp> {
    igc::lire::lire_der(&etat.tls.feuille()).ok().map(|lu| lu.fin)
}

fn dire_relues(etat: &Etat, cible: &str, relues: Result<bool, crate::identite::Erreur>) {
    match relues {
        Ok(false) => {}
        Ok(true) => tracing::info!(cible, "nouvelles listes de révocation"),
        Err(erreur) => {
            tracing::error!(cible, %erreur, "liste de révocation illisible");
            etat.alertes.liste_illisible(cible, &erreur.to_string());
        }
    }
}

fn regarder_certificats(etat: &Etat) {
    if let Some(fin) = fin_du_serveur(etat) {
        etat.alertes.certificat(SERVEUR, fin);
    }
    for (client_id, client) in &etat.clients {
        if let Some(certificat) = &client.identite().certificat {
            etat.alertes.certificat(client_id, certificat.fin);
        }
    }
    let logiciels = etat.logiciels.iter().map(|logiciels| &logiciels.listes);
    for listes in etat.autorites.listes().chain(logiciels) {
        for liste in listes.lues().iter() {
            etat.alertes.liste(liste);
        }
    }
}
