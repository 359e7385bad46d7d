//! What is looked at from time to time: certificates on disk and their end, the trace store, traces past their keeping.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::config::Profil;
use crate::etat::Etat;

/// Between two looks at the trace store.
const RONDE: Duration = Duration::from_secs(5);
const JOUR: SignedDuration = SignedDuration::from_hours(24);

/// Watches until asked to stop.
pub(crate) async fn veiller(etat: Arc<Etat>) {
    let relecture = i64::try_from(etat.config.relecture_certificats_s).unwrap_or(i64::MAX);
    let mut relus = etat.horloge.maintenant();
    let mut purges: Option<Timestamp> = None;
    regarder_certificats(&etat);
    loop {
        let maintenant = etat.horloge.maintenant();
        let journal = etat.journal.etat();
        if journal.sain() {
            etat.alertes.journal_sain();
        } else {
            etat.alertes.journal_en_panne(&journal);
        }
        if relecture > 0 && maintenant.duration_since(relus).as_secs() >= relecture {
            relus = maintenant;
            relire(&etat);
        }
        if purges.is_none_or(|le| maintenant.duration_since(le) >= JOUR) {
            purges = Some(maintenant);
            match etat.journal.purger(maintenant).await {
                Ok(0) => {}
                Ok(traces) => {
                    tracing::info!(traces, "traces arrivées au terme de leur conservation, effacées");
                }
                Err(erreur) => tracing::error!(%erreur, "purge des traces"),
            }
        }
        tokio::select! {
            () = etat.arret.demande() => return,
            () = tokio::time::sleep(RONDE) => {}
        }
    }
}

/// Reads every certificate again.
pub(crate) fn relire(etat: &Etat) {
    let exiger_nom = etat.config.profil == Profil::Production;
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
    regarder_certificats(etat);
}

fn regarder_certificats(etat: &Etat) {
    for (client_id, client) in &etat.clients {
        if let Some(certificat) = &client.identite().certificat {
            etat.alertes.certificat(client_id, certificat.fin);
        }
    }
}
