//! From the bytes of a deposited certificate to the facts that the rules judge.

use domaine::{
    avis::{
        Avis, VerdictAvis,
        certificat::{Environnement, Faits},
    },
    identifiant::ClientId,
    referentiel::{Controle, Guichet},
};
use jiff::Timestamp;

/// An éditeur works with the sandbox, an opérateur with production.
pub(super) fn controler(octets: &[u8], client: &ClientId, guichet: Guichet, le: Timestamp) -> Avis {
    let lu = match igc::lire::lire(octets) {
        Ok(lu) => lu,
        Err(erreur) => {
            return Avis::conforme(Controle::CertCn).avec(VerdictAvis::NonConforme, erreur.to_string());
        }
    };
    let environnement = match guichet {
        Guichet::Editeur => Environnement::BacASable,
        Guichet::Operateur => Environnement::Production,
    };
    let faits =
        Faits { cn: lu.cn, debut: lu.debut, fin: lu.fin, client_auth: lu.client_auth, emetteur: lu.emetteur };
    domaine::avis::certificat::controler(&faits, client, environnement, le)
}
