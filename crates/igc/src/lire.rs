//! Reading a certificate that anybody may have sent: what it holds, or a refusal in French.
//!
//! Nothing is verified here (neither signature nor dates): a reading is what the file says of itself.

mod dn;

use aws_lc_rs::digest;
use jiff::Timestamp;
use x509_parser::{
    certificate::X509Certificate,
    extensions::GeneralName,
    pem::Pem,
    prelude::FromDer as _,
    public_key::PublicKey,
    x509::{SubjectPublicKeyInfo, X509Name},
};

use crate::Erreur;

/// Largest file read, in bytes. A chain of four RSA certificates weighs 8 KB.
pub const TAILLE_MAX: usize = 256 * 1024;

/// Most certificates taken from one PEM file.
const BLOCS_MAX: usize = 32;

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each one is an independent bit of the certificate")]
pub struct Lecture {
    /// Subject, `C=FR, O=…, OU=…, CN=…`: the order of the certificate, for people.
    pub sujet: String,
    /// Subject as RFC 4514 writes it, `CN=…,OU=…,O=…,C=FR`: what programs and traces compare.
    pub dn: String,
    /// First common name of the subject.
    pub cn: Option<String>,
    /// First organisational unit of the subject.
    pub ou: Option<String>,
    /// First organisation of the subject.
    pub organisation: Option<String>,
    /// Issuer, in the form of the subject.
    pub emetteur: String,
    /// First common name of the issuer.
    pub emetteur_cn: Option<String>,
    /// Serial number, lowercase hexadecimal without separator nor leading zero byte.
    pub serie: String,
    /// First second of validity.
    pub debut: Timestamp,
    /// Last second of validity.
    pub fin: Timestamp,
    /// DNS names of the subjectAltName extension.
    pub noms_dns: Vec<String>,
    /// The certificate belongs to an authority (basicConstraints).
    pub autorite: bool,
    /// keyUsage holds digitalSignature.
    pub signature_numerique: bool,
    /// keyUsage holds nonRepudiation.
    pub non_repudiation: bool,
    /// extendedKeyUsage holds clientAuth.
    pub client_auth: bool,
    /// extendedKeyUsage holds serverAuth.
    pub server_auth: bool,
    /// Kind and size of the key, for people: `EC P-256`, `RSA 3072 bits`.
    pub algorithme_cle: String,
    /// SHA-256 of the DER, lowercase hexadecimal.
    pub empreinte_sha256: String,
    /// The certificate itself, DER.
    pub der: Vec<u8>,
}

impl Lecture {
    /// Whether `le` lies within the validity, both ends included (RFC 5280 section 4.1.2.5).
    pub fn valide_le(&self, le: Timestamp) -> bool {
        (self.debut.as_second()..=self.fin.as_second()).contains(&le.as_second())
    }
}

/// Reads a deposited file, PEM or DER.
pub fn lire(octets: &[u8]) -> Result<Lecture, Erreur> {
    // A DER certificate is a SEQUENCE; a PEM file is text, and none begins with '0' followed by a long-form length.
    if octets.first() == Some(&0x30) && octets.get(1).is_some_and(|o| *o >= 0x80) {
        lire_der(octets)
    } else {
        lire_pem(octets)
    }
}

/// Reads the first certificate of a PEM file.
///
/// # Errors
/// [`Erreur::ClePrivee`] when any block of the file is a private key: whoever deposits it must learn that.
pub fn lire_pem(octets: &[u8]) -> Result<Lecture, Erreur> {
    let premier = certificats_pem(octets)?.into_iter().next().ok_or(Erreur::Illisible)?;
    lire_der(&premier)
}

/// Reads one DER certificate, with nothing after it.
///
/// # Errors
/// [`Erreur::ClePrivee`] when it is a private key (PKCS#8, PKCS#1 or SEC1).
pub fn lire_der(octets: &[u8]) -> Result<Lecture, Erreur> {
    let cert = analyser(octets)?;
    let usage = cert.key_usage().ok().flatten();
    let etendu = cert.extended_key_usage().ok().flatten();
    let alternatifs = cert.subject_alternative_name().ok().flatten();
    let noms_dns = alternatifs
        .iter()
        .flat_map(|noms| &noms.value.general_names)
        .filter_map(|nom| if let GeneralName::DNSName(dns) = nom { Some((*dns).to_owned()) } else { None })
        .collect();
    let instant = |secondes: i64| Timestamp::from_second(secondes).map_err(|_| Erreur::Illisible);
    Ok(Lecture {
        sujet: cert.subject().to_string(),
        dn: dn::rfc4514(cert.subject()),
        cn: cn(cert.subject()),
        ou: premier(cert.subject().iter_organizational_unit()),
        organisation: premier(cert.subject().iter_organization()),
        emetteur: cert.issuer().to_string(),
        emetteur_cn: cn(cert.issuer()),
        serie: serie(cert.raw_serial()),
        debut: instant(cert.validity().not_before.timestamp())?,
        fin: instant(cert.validity().not_after.timestamp())?,
        noms_dns,
        autorite: cert.is_ca(),
        signature_numerique: usage.as_ref().is_some_and(|u| u.value.digital_signature()),
        non_repudiation: usage.as_ref().is_some_and(|u| u.value.non_repudiation()),
        client_auth: etendu.as_ref().is_some_and(|e| e.value.client_auth),
        server_auth: etendu.as_ref().is_some_and(|e| e.value.server_auth),
        algorithme_cle: algorithme(cert.public_key()),
        empreinte_sha256: hex::encode(digest::digest(&digest::SHA256, octets)),
        der: octets.to_vec(),
    })
}

/// The certificates of a PEM file in DER, in the order of the file; other blocks (parameters, requests) are passed over.
///
/// # Errors
/// [`Erreur::ClePrivee`] when a block is a private key, [`Erreur::Illisible`] when there is no certificate.
pub fn certificats_pem(octets: &[u8]) -> Result<Vec<Vec<u8>>, Erreur> {
    if octets.len() > TAILLE_MAX {
        return Err(Erreur::TropGros);
    }
    // Sought in the text, so that a damaged or encrypted key block is seen as well.
    if octets.windows(16).any(|f| f == b"PRIVATE KEY-----") {
        return Err(Erreur::ClePrivee);
    }
    let ders: Vec<Vec<u8>> = Pem::iter_from_buffer(octets)
        .map_while(Result::ok)
        .filter(|bloc| {
            matches!(bloc.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
        })
        .map(|bloc| bloc.contents)
        .take(BLOCS_MAX)
        .collect();
    if ders.is_empty() { Err(Erreur::Illisible) } else { Ok(ders) }
}

/// The raw public key of a certificate: EC point, or PKCS#1 `RSAPublicKey`.
pub(crate) fn cle_publique(der: &[u8]) -> Result<Vec<u8>, Erreur> {
    Ok(analyser(der)?.public_key().subject_public_key.data.to_vec())
}

fn analyser(octets: &[u8]) -> Result<X509Certificate<'_>, Erreur> {
    if octets.len() > TAILLE_MAX {
        return Err(Erreur::TropGros);
    }
    match X509Certificate::from_der(octets) {
        Ok(([], cert)) => Ok(cert),
        Err(_) if ressemble_a_une_cle(octets) => Err(Erreur::ClePrivee),
        Ok(_) | Err(_) => Err(Erreur::Illisible),
    }
}

/// PKCS#8, PKCS#1 and SEC1 keys are a SEQUENCE that opens with a small INTEGER version, which no certificate does.
fn ressemble_a_une_cle(octets: &[u8]) -> bool {
    let entete = match octets {
        [0x30, longueur, ..] if *longueur < 0x80 => 2,
        [0x30, longueur, ..] => 2 + usize::from(longueur & 0x7f),
        _ => return false,
    };
    matches!(octets.get(entete..entete.saturating_add(3)), Some([0x02, 0x01, 0 | 1]))
}

fn cn(nom: &X509Name<'_>) -> Option<String> {
    premier(nom.iter_common_name())
}

fn premier<'a>(
    mut attributs: impl Iterator<Item = &'a x509_parser::x509::AttributeTypeAndValue<'a>>,
) -> Option<String> {
    attributs.next().and_then(|a| a.as_str().ok()).map(str::to_owned)
}

fn serie(octets: &[u8]) -> String {
    let debut = octets.iter().position(|o| *o != 0).unwrap_or(octets.len().saturating_sub(1));
    hex::encode(octets.get(debut..).unwrap_or_default())
}

fn algorithme(cle: &SubjectPublicKeyInfo<'_>) -> String {
    match cle.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("RSA {} bits", rsa.key_size()),
        Ok(PublicKey::EC(_)) => {
            let courbe = cle.algorithm.parameters.as_ref().and_then(|p| p.as_oid().ok());
            match courbe.map(|oid| oid.to_id_string()).as_deref() {
                Some("1.2.840.10045.3.1.7") => "EC P-256".to_owned(),
                Some("1.3.132.0.34") => "EC P-384".to_owned(),
                Some("1.3.132.0.35") => "EC P-521".to_owned(),
                Some(autre) => format!("EC {autre}"),
                None => "EC".to_owned(),
            }
        }
        _ => cle.algorithm.algorithm.to_id_string(),
    }
}
