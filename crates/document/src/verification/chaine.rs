//! Certification paths (RFC 5280 section 6), by rustls-webpki.

use std::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use super::Chaine;

/// Signature certificates carry all sorts of extended usages, or none: the authority is what we trust.
struct ToutUsage;

impl ExtendedKeyUsageValidator for ToutUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// Seeks a path from `certificat` to one of `racines`, through the certificates that came with the signature.
pub(super) fn remonter(certificat: &[u8], autres: &[Vec<u8>], racines: &[Vec<u8>], le: Timestamp) -> Chaine {
    let der = CertificateDer::from(certificat);
    let (Ok(feuille), Ok(lue)) = (EndEntityCert::try_from(&der), igc::lire::lire_der(certificat)) else {
        return Chaine::Illisible;
    };
    let intermediaires: Vec<_> = autres.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let mut verdict = Chaine::Inconnue;
    for racine in racines {
        let Ok(ancre) = igc::lire::lire_der(racine) else { continue };
        let chemin = |instant| mene(&feuille, &intermediaires, racine, instant);
        // A trust anchor is a key to webpki: the dates of the root are ours to check.
        if ancre.valide_le(le) && chemin(le) {
            return Chaine::Reconnue { racine: ancre.cn.unwrap_or(ancre.sujet) };
        }
        // Was there a path at another time? The dates come first among webpki's refusals, so its error doesn't tell.
        if [le, lue.debut, lue.fin].into_iter().any(chemin) {
            verdict = Chaine::Expiree;
        }
    }
    verdict
}

/// Whether a path leads from `feuille` to `racine` at `instant`.
fn mene(
    feuille: &EndEntityCert<'_>,
    intermediaires: &[CertificateDer<'_>],
    racine: &[u8],
    instant: Timestamp,
) -> bool {
    let racine = CertificateDer::from(racine);
    let Ok(ancre) = webpki::anchor_from_trusted_cert(&racine) else { return false };
    let secondes = u64::try_from(instant.as_second()).unwrap_or(0);
    feuille
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &[ancre],
            intermediaires,
            UnixTime::since_unix_epoch(Duration::from_secs(secondes)),
            ToutUsage,
            None,
            None,
        )
        .is_ok()
}
