//! The CMS signature of a PDF (RFC 5652), read from DER.

use aws_lc_rs::{
    digest,
    signature::{self, RsaPssSaltLength, VerificationAlgorithm},
};
use cms::{
    content_info::{CmsVersion, ContentInfo},
    signed_data::{EncapsulatedContentInfo, SignerIdentifier, SignerInfo},
};
use const_oid::{
    ObjectIdentifier,
    db::{rfc5911, rfc5912, rfc6268},
};
use der::{
    Any, AnyRef, Decode, Encode as _, Header, Reader as _, Sequence, SliceReader, Tag, TagNumber,
    Tagged as _, asn1::OctetString,
};
use jiff::Timestamp;
use spki::AlgorithmIdentifierOwned;
use x509_cert::{Certificate, ext::pkix::SubjectKeyIdentifier, time::Time};

use crate::{
    certificats::{self, ClePublique},
    signature::SigningCertificateV2,
};

/// Most certificates kept from a signature.
const CERTIFICATS_MAX: usize = 64;

const ILLISIBLE: &str = "La signature est illisible.";
const ALGORITHME: &str = "L’algorithme de la signature n’est pas admis.";

/// A signature, read but not verified.
pub(super) struct Signe {
    info: SignerInfo,
    /// The signer's certificate, when it is there.
    pub(super) certificat: Option<Vec<u8>>,
    /// All certificates, the signer's one included.
    pub(super) certificats: Vec<Vec<u8>>,
}

/// RSASSA-PSS-params of RFC 4055 section 3.1; an absent digest is SHA-1, which we don't admit.
#[derive(Sequence)]
struct ParametresPss {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    masque: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    sel: Option<u32>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    fin: Option<u8>,
}

/// Reads `/Contents`: one ContentInfo, then nothing but zeros.
pub(super) fn lire(contenu: &[u8]) -> Result<Signe, &'static str> {
    let mut lecteur = SliceReader::new(contenu).map_err(|_| ILLISIBLE)?;
    let entete = Header::decode(&mut lecteur).map_err(|_| ILLISIBLE)?;
    let longueur = usize::try_from(lecteur.position())
        .ok()
        .zip(usize::try_from(entete.length).ok())
        .and_then(|(debut, corps)| debut.checked_add(corps))
        .ok_or(ILLISIBLE)?;
    let (der, bourrage) = contenu.split_at_checked(longueur).ok_or(ILLISIBLE)?;
    if bourrage.iter().any(|o| *o != 0) {
        return Err("Des données étrangères suivent la signature.");
    }
    donnees_signees(der)
        .map_err(|_| ILLISIBLE)?
        .ok_or("La signature n’a pas un signataire et un seul, ou n’est pas détachée.")
}

/// Reads SignedData field by field, so that the certificates keep their bytes and their doubles.
fn donnees_signees(der: &[u8]) -> der::Result<Option<Signe>> {
    let enveloppe = ContentInfo::from_der(der)?;
    if enveloppe.content_type != rfc5911::ID_SIGNED_DATA {
        return Ok(None);
    }
    let mut lecteur = SliceReader::new(enveloppe.content.value())?;
    CmsVersion::decode(&mut lecteur)?;
    AnyRef::decode(&mut lecteur)?;
    let contenu = EncapsulatedContentInfo::decode(&mut lecteur)?;
    let mut certificats = Vec::new();
    let mut suite = AnyRef::decode(&mut lecteur)?;
    if suite.tag() == (Tag::ContextSpecific { constructed: true, number: TagNumber::N0 }) {
        let mut ensemble = SliceReader::new(suite.value())?;
        while !ensemble.is_finished() && certificats.len() < CERTIFICATS_MAX {
            certificats.push(ensemble.tlv_bytes()?.to_vec());
        }
        suite = AnyRef::decode(&mut lecteur)?;
    }
    if suite.tag() == (Tag::ContextSpecific { constructed: true, number: TagNumber::N1 }) {
        suite = AnyRef::decode(&mut lecteur)?;
    }
    if suite.tag() != Tag::Set {
        return Err(Tag::Set.value_error());
    }
    let mut signataires = SliceReader::new(suite.value())?;
    if signataires.is_finished() {
        return Ok(None);
    }
    let info = SignerInfo::decode(&mut signataires)?;
    if !signataires.is_finished() || contenu.econtent.is_some() {
        return Ok(None);
    }
    let certificat = certificats.iter().find(|der| designe(&info.sid, der)).cloned();
    Ok(Some(Signe { info, certificat, certificats }))
}

fn designe(sid: &SignerIdentifier, der: &[u8]) -> bool {
    let Ok(certificat) = Certificate::from_der(der) else { return false };
    match sid {
        SignerIdentifier::IssuerAndSerialNumber(attendu) => {
            certificat.tbs_certificate.issuer == attendu.issuer
                && certificat.tbs_certificate.serial_number == attendu.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(attendu) => {
            matches!(certificat.tbs_certificate.get::<SubjectKeyIdentifier>(), Ok(Some((_, lu))) if lu == *attendu)
        }
    }
}

impl Signe {
    /// The only value of a signed attribute that appears once.
    fn attribut(&self, oid: ObjectIdentifier) -> Option<&Any> {
        let mut trouves = self.info.signed_attrs.iter().flat_map(|a| a.iter()).filter(|a| a.oid == oid);
        let attribut = trouves.next().filter(|a| a.values.len() == 1)?;
        if trouves.next().is_some() { None } else { attribut.values.get(0) }
    }

    /// The signing-time attribute.
    pub(super) fn date(&self) -> Option<Timestamp> {
        let temps: Time = Time::from_der(&self.attribut(rfc6268::ID_SIGNING_TIME)?.to_der().ok()?).ok()?;
        Timestamp::from_second(i64::try_from(temps.to_unix_duration().as_secs()).ok()?).ok()
    }

    /// Verifies the signature over the concatenation of `parties`. `cades` makes signing-certificate-v2 compulsory.
    pub(super) fn verifier(&self, parties: &[&[u8]], cades: bool) -> Result<(), &'static str> {
        let certificat =
            self.certificat.as_deref().ok_or("Le certificat du signataire est absent de la signature.")?;
        let cle =
            certificats::cle_publique(certificat).ok_or("Le certificat du signataire est illisible.")?;
        let condensat = condenser(&self.info.digest_alg.oid, parties).ok_or(ALGORITHME)?;
        let algorithme = self.algorithme(&cle).ok_or(ALGORITHME)?;
        let modifie = "Le document a été modifié depuis sa signature.";
        let Some(attributs) = &self.info.signed_attrs else {
            if cades {
                return Err(
                    "La signature ne désigne pas le certificat du signataire, comme son format l’exige.",
                );
            }
            let message = parties.concat();
            let juste =
                certificats::verifier(algorithme, &cle.octets, &message, self.info.signature.as_bytes());
            return if juste { Ok(()) } else { Err(modifie) };
        };
        let type_contenu = self.attribut(rfc5911::ID_CONTENT_TYPE).and_then(|v| v.decode_as().ok());
        if type_contenu != Some(rfc5911::ID_DATA) {
            return Err(ILLISIBLE);
        }
        let annonce: OctetString =
            self.attribut(rfc5911::ID_MESSAGE_DIGEST).and_then(|v| v.decode_as().ok()).ok_or(ILLISIBLE)?;
        if annonce.as_bytes() != condensat {
            return Err(modifie);
        }
        self.certificat_designe(certificat, cades)?;
        let message = attributs.to_der().map_err(|_| ILLISIBLE)?;
        if certificats::verifier(algorithme, &cle.octets, &message, self.info.signature.as_bytes()) {
            Ok(())
        } else {
            Err("La signature ne correspond pas au certificat du signataire.")
        }
    }

    /// RFC 5035: the certificate used is the one that was signed for, not another with the same key.
    fn certificat_designe(&self, certificat: &[u8], exige: bool) -> Result<(), &'static str> {
        let present = self
            .info
            .signed_attrs
            .iter()
            .flat_map(|a| a.iter())
            .any(|a| a.oid == rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2);
        if !present {
            return if exige {
                Err("La signature ne désigne pas le certificat du signataire, comme son format l’exige.")
            } else {
                Ok(())
            };
        }
        let autre = "La signature désigne un autre certificat que celui qu’elle contient.";
        let designe: SigningCertificateV2 = self
            .attribut(rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2)
            .and_then(|v| v.decode_as().ok())
            .ok_or(ILLISIBLE)?;
        let premier = designe.certs.first().ok_or(ILLISIBLE)?;
        let oid = premier.hash_algorithm.as_ref().map_or(rfc5912::ID_SHA_256, |a| a.oid);
        let empreinte = condenser(&oid, &[certificat]).ok_or(ALGORITHME)?;
        if premier.cert_hash.as_bytes() == empreinte { Ok(()) } else { Err(autre) }
    }

    fn algorithme(&self, cle: &ClePublique) -> Option<&'static dyn VerificationAlgorithm> {
        let declare = &self.info.signature_algorithm;
        let annonce = self.info.digest_alg.oid;
        if cle.algorithme == rfc5912::ID_EC_PUBLIC_KEY {
            let condense = match declare.oid {
                rfc5912::ECDSA_WITH_SHA_256 => rfc5912::ID_SHA_256,
                rfc5912::ECDSA_WITH_SHA_384 => rfc5912::ID_SHA_384,
                rfc5912::ECDSA_WITH_SHA_512 => rfc5912::ID_SHA_512,
                rfc5912::ID_EC_PUBLIC_KEY => annonce,
                _ => return None,
            };
            return ecdsa(cle.courbe?, condense);
        }
        if cle.algorithme != rfc5912::RSA_ENCRYPTION && cle.algorithme != rfc5912::ID_RSASSA_PSS {
            return None;
        }
        let condense = match declare.oid {
            rfc5912::RSA_ENCRYPTION => annonce,
            rfc5912::SHA_256_WITH_RSA_ENCRYPTION => rfc5912::ID_SHA_256,
            rfc5912::SHA_384_WITH_RSA_ENCRYPTION => rfc5912::ID_SHA_384,
            rfc5912::SHA_512_WITH_RSA_ENCRYPTION => rfc5912::ID_SHA_512,
            rfc5912::ID_RSASSA_PSS => {
                let parametres: ParametresPss = declare.parameters.as_ref()?.decode_as().ok()?;
                return pss(parametres.hash?.oid, parametres.sel.unwrap_or(20));
            }
            _ => return None,
        };
        rsa(condense)
    }
}

fn condenser(oid: &ObjectIdentifier, parties: &[&[u8]]) -> Option<Vec<u8>> {
    let algorithme = match *oid {
        rfc5912::ID_SHA_256 => &digest::SHA256,
        rfc5912::ID_SHA_384 => &digest::SHA384,
        rfc5912::ID_SHA_512 => &digest::SHA512,
        _ => return None,
    };
    let mut contexte = digest::Context::new(algorithme);
    for partie in parties {
        contexte.update(partie);
    }
    Some(contexte.finish().as_ref().to_vec())
}

fn rsa(condense: ObjectIdentifier) -> Option<&'static dyn VerificationAlgorithm> {
    match condense {
        rfc5912::ID_SHA_256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        rfc5912::ID_SHA_384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        rfc5912::ID_SHA_512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        _ => None,
    }
}

/// PSS with a salt as long as the digest, or as long as the key allows: tools use one or the other.
fn pss(condense: ObjectIdentifier, sel: u32) -> Option<&'static dyn VerificationAlgorithm> {
    match (condense, sel) {
        (rfc5912::ID_SHA_256, 32) => Some(&signature::RSA_PSS_2048_8192_SHA256),
        (rfc5912::ID_SHA_384, 48) => Some(&signature::RSA_PSS_2048_8192_SHA384),
        (rfc5912::ID_SHA_512, 64) => Some(&signature::RSA_PSS_2048_8192_SHA512),
        (rfc5912::ID_SHA_256, _) => {
            Some(const { &signature::RSA_PSS_2048_8192_SHA256.with_pss_salt_length(RsaPssSaltLength::Max) })
        }
        (rfc5912::ID_SHA_384, _) => {
            Some(const { &signature::RSA_PSS_2048_8192_SHA384.with_pss_salt_length(RsaPssSaltLength::Max) })
        }
        (rfc5912::ID_SHA_512, _) => {
            Some(const { &signature::RSA_PSS_2048_8192_SHA512.with_pss_salt_length(RsaPssSaltLength::Max) })
        }
        _ => None,
    }
}

fn ecdsa(courbe: ObjectIdentifier, condense: ObjectIdentifier) -> Option<&'static dyn VerificationAlgorithm> {
    match (courbe, condense) {
        (rfc5912::SECP_256_R_1, rfc5912::ID_SHA_256) => Some(&signature::ECDSA_P256_SHA256_ASN1),
        (rfc5912::SECP_256_R_1, rfc5912::ID_SHA_384) => Some(&signature::ECDSA_P256_SHA384_ASN1),
        (rfc5912::SECP_256_R_1, rfc5912::ID_SHA_512) => Some(&signature::ECDSA_P256_SHA512_ASN1),
        (rfc5912::SECP_384_R_1, rfc5912::ID_SHA_256) => Some(&signature::ECDSA_P384_SHA256_ASN1),
        (rfc5912::SECP_384_R_1, rfc5912::ID_SHA_384) => Some(&signature::ECDSA_P384_SHA384_ASN1),
        (rfc5912::SECP_384_R_1, rfc5912::ID_SHA_512) => Some(&signature::ECDSA_P384_SHA512_ASN1),
        _ => None,
    }
}
