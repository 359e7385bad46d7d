//! Lists of revoked certificates (RFC 5280 section 5): read for their dates, and issued by the test authority.
//!
//! Nothing is verified here, neither signature nor dates: who checks a certificate does that.

use jiff::Timestamp;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

use crate::Erreur;

/// A list, and what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Liste {
    pub der: Vec<u8>,
    /// Issuer, in the order of the list, for people.
    pub emetteur: String,
    /// When it was made.
    pub debut: Timestamp,
    /// When the next one is promised; a list without it is for ever.
    pub fin: Option<Timestamp>,
}

/// Reads one list in DER, or all those of a PEM file.
///
/// # Errors
/// [`Erreur::Liste`] when there is none, or one that can't be read.
pub fn lire(octets: &[u8]) -> Result<Vec<Liste>, Erreur> {
    if octets.first() == Some(&0x30) {
        return Ok(vec![lire_der(octets)?]);
    }
    let mut listes = Vec::new();
    for bloc in Pem::iter_from_buffer(octets) {
        let bloc = bloc.map_err(|_| Erreur::Liste)?;
        if matches!(bloc.label.as_str(), "X509 CRL" | "CRL") {
            listes.push(lire_der(&bloc.contents)?);
        }
    }
    if listes.is_empty() { Err(Erreur::Liste) } else { Ok(listes) }
}

fn lire_der(octets: &[u8]) -> Result<Liste, Erreur> {
    let Ok(([], liste)) = CertificateRevocationList::from_der(octets) else { return Err(Erreur::Liste) };
    let instant = |secondes: i64| Timestamp::from_second(secondes).map_err(|_| Erreur::Liste);
    Ok(Liste {
        der: octets.to_vec(),
        emetteur: liste.issuer().to_string(),
        debut: instant(liste.last_update().timestamp())?,
        fin: liste.next_update().map(|fin| instant(fin.timestamp())).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Autorite;

    #[test]
    fn a_list_is_read_as_it_was_issued_and_anything_else_is_refused() {
        let (debut, fin) =
            (Timestamp::from_second(1_700_000_000).unwrap(), Timestamp::from_second(1_700_086_400).unwrap());
        let autorite = Autorite::nouvelle("AC", debut).unwrap();
        let pem = autorite.revoquer(&["0a".to_owned()], debut, fin).unwrap();
        let listes = lire(format!("{pem}{pem}").as_bytes()).unwrap();
        assert_eq!(listes.len(), 2);
        assert_eq!((listes[0].debut, listes[0].fin), (debut, Some(fin)));
        assert!(listes[0].emetteur.contains("CN=AC"), "{}", listes[0].emetteur);
        assert_eq!(lire(&listes[0].der).unwrap(), listes[..1]);
        for autre in
            [&b""[..], b"texte", autorite.cert_pem().as_bytes(), autorite.cert_der(), &listes[0].der[..40]]
        {
            assert!(matches!(lire(autre), Err(Erreur::Liste)));
        }
        assert!(autorite.revoquer(&["zz".to_owned()], debut, fin).is_err());
    }
}
