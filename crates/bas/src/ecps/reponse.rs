//! Answering a request for approval, from wherever: the page, the API, the portal.

use crate::ecps::{ESSAIS_MAX, Etat, RefusReponse};
use crate::identites::{Identite, Moyen};
use crate::psc::Psc;

/// What a person can do with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acte {
    Approuver,
    Refuser,
    Ignorer,
    /// Types a wrong code; the third blocks the means and refuses.
    CodeFaux,
}

impl Psc {
    pub(crate) fn repondre(&self, id: &str, acte: Acte) -> Result<(), RefusReponse> {
        let maintenant = self.horloge.maintenant();
        let approbation = self.approbations.lire(id, maintenant).ok_or(RefusReponse::Inconnue)?;
        let identite = self.identites.trouver(&approbation.national_id).ok_or(RefusReponse::Inconnue)?;
        if identite.moyen(approbation.canal) != Moyen::Actif && acte != Acte::Ignorer {
            return Err(RefusReponse::Moyen);
        }
        match acte {
            Acte::Approuver => self.approbations.repondre(id, Etat::Approuvee, maintenant),
            Acte::Refuser => self.approbations.repondre(id, Etat::Refusee, maintenant),
            Acte::Ignorer => self.approbations.repondre(id, Etat::Ignoree, maintenant),
            Acte::CodeFaux => {
                if self.approbations.code_faux(id, maintenant)? >= ESSAIS_MAX {
                    let bloquer =
                        |identite: &mut Identite| *identite.moyen_mut(approbation.canal) = Moyen::Bloque;
                    // The request is refused in any case; that the card stays usable is a nuisance, not a fault.
                    if let Err(erreur) = self.identites.modifier(&approbation.national_id, bloquer) {
                        tracing::warn!(%erreur, "moyen d’authentification non bloqué");
                    }
                }
                Ok(())
            }
        }
    }
}
