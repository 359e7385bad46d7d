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
    let Ok(feuille) = EndEntityCert::try_from(&der) else { return Chaine::Illisible };
    let intermediaires: Vec<_> = autres.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let instant = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(le.as_second()).unwrap_or(0)));
    let mut verdict = Chaine::Inconnue;
    for racine in racines {
        let racine_der = CertificateDer::from(racine.as_slice());
        let Ok(ancre) = webpki::anchor_from_trusted_cert(&racine_der) else { continue };
        let ancres = [ancre];
        let chemin = feuille.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &ancres,
            &intermediaires,
            instant,
            ToutUsage,
            None,
            None,
        );
        match chemin {
            // A trust anchor is a key: its own dates are ours to check.
            Ok(_) => match igc::lire::lire_der(racine) {
                Ok(lue) if lue.valide_le(le) => {
                    return Chaine::Reconnue { racine: lue.cn.unwrap_or(lue.sujet) };
                }
                Ok(_) => verdict = Chaine::Expiree,
                Err(_) => {}
            },
            Err(webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. }) => {
                verdict = Chaine::Expiree;
            }
            Err(_) => {}
        }
    }
    verdict
}
