//! A small certificate authority, for the sandbox and the tests.
//!
//! Names have the shape of IGC-Santé (C=FR, O, OU, CN), so that code which reads them meets in tests what it will meet on
//! the field. Keys are drawn by the library's own generator: a certificate can't be reproduced from a seed.

use std::{net::IpAddr, time::Duration};

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    RsaKeySize, SanType, SerialNumber,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{Erreur, lire};

/// Years for which a test authority is valid.
const ANNEES: i64 = 10;

/// An authority able to issue certificates.
pub struct Autorite {
    cert_pem: String,
    cert_der: Vec<u8>,
    cle_pem: SecretString,
    emetteur: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Autorite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Autorite").field("cert_pem", &self.cert_pem).finish_non_exhaustive()
    }
}

/// What a certificate will be used for: decides its key usages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// TLS server.
    Serveur,
    /// TLS client (mTLS towards Pro Santé Connect or between services).
    Client,
    /// Signature of documents: digitalSignature and nonRepudiation, no extended usage.
    Signature,
}

/// Kind of key drawn for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithme {
    /// ECDSA on P-256.
    P256,
    /// RSA of 3072 bits (takes a few tenths of a second to draw).
    Rsa3072,
}

/// A certificate to issue.
#[derive(Debug, Clone)]
pub struct Demande {
    /// Common name.
    pub cn: String,
    /// Organisational unit; in IGC-Santé, the identifier of the structure (FINESS, SIREN…).
    pub ou: Option<String>,
    /// Organisation.
    pub organisation: Option<String>,
    /// DNS names of the subjectAltName extension.
    pub noms_dns: Vec<String>,
    /// IP addresses of the subjectAltName extension.
    pub adresses_ip: Vec<IpAddr>,
    /// Decides the key usages.
    pub usage: Usage,
    /// First instant of validity, rounded down to a second.
    pub debut: Timestamp,
    /// Last instant of validity, rounded down to a second.
    pub fin: Timestamp,
    /// Kind of key to draw.
    pub algorithme: Algorithme,
}

/// An issued certificate with its key.
#[derive(Debug, Clone)]
pub struct Certificat {
    /// The certificate alone, PEM.
    pub cert_pem: String,
    /// Its private key, PKCS#8 PEM.
    pub cle_pem: SecretString,
    /// The certificate alone, DER.
    pub cert_der: Vec<u8>,
}

impl Autorite {
    /// Draws a P-256 key and signs a root named `nom`, valid for ten years from `le`.
    pub fn nouvelle(nom: &str, le: Timestamp) -> Result<Self, Erreur> {
        let fin =
            le.to_zoned(TimeZone::UTC).checked_add(ANNEES.years()).map_err(|_| Erreur::Validite)?.timestamp();
        let cle = KeyPair::generate().map_err(emission)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = nom_distingue(nom, Some("EDC BAC A SABLE"), None)?;
        dater(&mut params, le, fin)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let cert = params.self_signed(&cle).map_err(emission)?;
        Self::depuis_pem(&cert.pem(), &SecretString::from(cle.serialize_pem()))
    }

    /// Takes up an authority that was kept: the first certificate of `cert_pem`, and its key in PKCS#8 PEM.
    ///
    /// # Errors
    /// [`Erreur::Cle`] when the key is unreadable or isn't the certificate's.
    pub fn depuis_pem(cert_pem: &str, cle_pem: &SecretString) -> Result<Self, Erreur> {
        let cert_der =
            lire::certificats_pem(cert_pem.as_bytes())?.into_iter().next().ok_or(Erreur::Illisible)?;
        let cle = KeyPair::from_pem(cle_pem.expose_secret()).map_err(|_| Erreur::Cle)?;
        if lire::cle_publique(&cert_der)? != cle.public_key_raw() {
            return Err(Erreur::Cle);
        }
        let emetteur =
            Issuer::from_ca_cert_der(&cert_der.as_slice().into(), cle).map_err(|_| Erreur::Illisible)?;
        Ok(Self { cert_pem: cert_pem.to_owned(), cert_der, cle_pem: cle_pem.clone(), emetteur })
    }

    /// The root certificate, PEM.
    pub fn cert_pem(&self) -> &str {
        &self.cert_pem
    }

    /// The root certificate, DER: what verifiers take as a trusted root.
    pub fn cert_der(&self) -> &[u8] {
        &self.cert_der
    }

    /// The root's private key, PKCS#8 PEM.
    pub fn cle_pem(&self) -> &SecretString {
        &self.cle_pem
    }

    /// Draws a key and signs a certificate for it.
    pub fn emettre(&self, demande: &Demande) -> Result<Certificat, Erreur> {
        let cle = match demande.algorithme {
            Algorithme::P256 => KeyPair::generate(),
            Algorithme::Rsa3072 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_3072),
        }
        .map_err(emission)?;
        let mut params = CertificateParams::default();
        params.distinguished_name =
            nom_distingue(&demande.cn, demande.organisation.as_deref(), demande.ou.as_deref())?;
        dater(&mut params, demande.debut, demande.fin)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        for nom in &demande.noms_dns {
            let nom_ia5 = nom.as_str().try_into().map_err(|_| Erreur::Nom(nom.clone()))?;
            params.subject_alt_names.push(SanType::DnsName(nom_ia5));
        }
        params.subject_alt_names.extend(demande.adresses_ip.iter().copied().map(SanType::IpAddress));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        match demande.usage {
            Usage::Serveur => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
                if demande.algorithme == Algorithme::Rsa3072 {
                    params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
                }
            }
            Usage::Client => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
            Usage::Signature => params.key_usages.push(KeyUsagePurpose::ContentCommitment),
        }
        let cert = params.signed_by(&cle, &self.emetteur).map_err(emission)?;
        Ok(Certificat {
            cert_pem: cert.pem(),
            cle_pem: SecretString::from(cle.serialize_pem()),
            cert_der: cert.der().to_vec(),
        })
    }

    /// Signs the list (PEM) of what it revokes: serial numbers in hexadecimal, as [`crate::Lecture::serie`] has them. `debut` is
    /// its date and that of the revocations, `fin` that of the next list.
    ///
    /// # Errors
    /// [`Erreur::Emission`] when a serial number isn't hexadecimal.
    pub fn revoquer(&self, series: &[String], debut: Timestamp, fin: Timestamp) -> Result<String, Erreur> {
        let epoque = rcgen::date_time_ymd(1970, 1, 1);
        let (this_update, next_update) = (epoque + depuis_1970(debut)?, epoque + depuis_1970(fin)?);
        let revoque = |serie: &String| {
            let serie = hex::decode(serie).map_err(|faute| Erreur::Emission(faute.to_string()))?;
            Ok(RevokedCertParams {
                serial_number: SerialNumber::from(serie),
                revocation_time: this_update,
                reason_code: None,
                invalidity_date: None,
            })
        };
        let params = CertificateRevocationListParams {
            this_update,
            next_update,
            crl_number: SerialNumber::from(debut.as_second().unsigned_abs()),
            issuing_distribution_point: None,
            revoked_certs: series.iter().map(revoque).collect::<Result<_, Erreur>>()?,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.emetteur).and_then(|liste| liste.pem()).map_err(emission)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn emission(erreur: rcgen::Error) -> Erreur {
    Erreur::Emission(erreur.to_string())
}

fn nom_distingue(
    cn: &str,
    organisation: Option<&str>,
    ou: Option<&str>,
) -> Result<DistinguishedName, Erreur> {
    let mut nom = DistinguishedName::new();
    // RFC 5280 appendix A: countryName is a PrintableString, whatever the encoding of the rest.
    let pays = "FR".try_into().map_err(emission)?;
    nom.push(DnType::CountryName, DnValue::PrintableString(pays));
    let parties = [
        (DnType::OrganizationName, organisation),
        (DnType::OrganizationalUnitName, ou),
        (DnType::CommonName, Some(cn)),
    ];
    for (sorte, valeur) in parties {
        let Some(valeur) = valeur else { continue };
        if valeur.trim().is_empty() || valeur.chars().any(char::is_control) {
            return Err(Erreur::Nom(valeur.to_owned()));
        }
        nom.push(sorte, valeur);
    }
    Ok(nom)
}

fn dater(params: &mut CertificateParams, debut: Timestamp, fin: Timestamp) -> Result<(), Erreur> {
    if debut >= fin {
        return Err(Erreur::Validite);
    }
    // Through rcgen's epoch, which spares a dependency on the `time` crate for its type alone.
    let epoque = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoque + depuis_1970(debut)?;
    params.not_after = epoque + depuis_1970(fin)?;
    Ok(())
}

fn depuis_1970(le: Timestamp) -> Result<Duration, Erreur> {
    u64::try_from(le.as_second()).map(Duration::from_secs).map_err(|_| Erreur::Validite)
}
