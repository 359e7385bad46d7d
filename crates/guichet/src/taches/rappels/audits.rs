//! The due dates of audits: near or past, each is said once.

use domaine::{audit::Partie, calendrier::RAPPELS_AUDIT};
use jiff::Timestamp;
use registre::Tx;

use super::{Du, echeance};
use crate::{
    erreur::Erreur,
    taches::avertissement::{AvisAudit, avertissement_audit},
};

pub(super) async fn rappels(tx: &mut Tx, le: Timestamp) -> Result<Vec<Du>, Erreur> {
    let mut dus = Vec::new();
    for audit in tx.load_audits(true).await? {
        let Some(attente) = audit.attente() else { continue };
        let Some(avant) = attente.avant else { continue };
        let Some((nom, passe)) = echeance(&RAPPELS_AUDIT, avant, le) else { continue };
        let quoi = attente.quoi.to_owned();
        let avis = match attente.de {
            Partie::Titulaire => AvisAudit::AttenduDuTitulaire { quoi, avant, passe },
            Partie::Agence if passe => AvisAudit::AttenduDeLAgence { quoi, avant },
            Partie::Agence => continue,
        };
        dus.push(Du {
            candidature: audit.candidature,
            cle: format!("rappel:{}:{}:{avant}:{nom}", audit.numero, attente.quoi),
            avertissement: avertissement_audit(&audit, avis),
        });
    }
    Ok(dus)
}
