//! The CMS signature (RFC 5652) with the attributes of CAdES (ETSI EN 319 122-1): content-type, message-digest and
//! signing-certificate-v2, which binds the signer's certificate.

use aws_lc_rs::digest;
use cms::{
    cert::{CertificateChoices, IssuerAndSerialNumber},
    content_info::{CmsVersion, ContentInfo},
    signed_data::{
        CertificateSet, EncapsulatedContentInfo, SignedAttributes, SignedData, SignerIdentifier, SignerInfo,
        SignerInfos,
    },
};
use const_oid::{
    ObjectIdentifier,
    db::{rfc5911, rfc5912},
};
use der::{Any, AnyRef, Decode as _, Encode, Sequence, asn1::OctetString, asn1::SetOfVec};
use spki::AlgorithmIdentifierOwned;
use x509_cert::{Certificate, attr::Attribute, ext::pkix::name::GeneralName, serial_number::SerialNumber};

use super::Signataire;
use crate::Erreur;

/// RFC 5035 section 3.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct SigningCertificateV2 {
    pub(crate) certs: Vec<EssCertIdV2>,
    #[asn1(optional = "true")]
    pub(crate) policies: Option<Any>,
}

/// RFC 5035 section 4; an absent algorithm is SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct EssCertIdV2 {
    #[asn1(optional = "true")]
    pub(crate) hash_algorithm: Option<AlgorithmIdentifierOwned>,
    pub(crate) cert_hash: OctetString,
    #[asn1(optional = "true")]
    pub(crate) issuer_serial: Option<IssuerSerial>,
}

/// RFC 5035 section 5.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct IssuerSerial {
    pub(crate) issuer: Vec<GeneralName>,
    pub(crate) serial_number: SerialNumber,
}

/// Zeros that always remain after the signature. The length of an ECDSA signature varies by some bytes: with a margin, the
/// file has the same form whatever the draw.
const MARGE: usize = 16;

/// Bytes to leave for the signature: what it takes with its chain, and a margin.
pub(super) fn taille_max(signataire: &Signataire) -> Result<usize, Erreur> {
    let modele = vec![0xff; signataire.signature_max()];
    Ok(assembler(signataire, attributs(signataire, &[0; 32])?, &modele)?.len() + MARGE)
}

/// Signs a SHA-256 digest of the document.
pub(super) fn signer(signataire: &Signataire, condensat: &[u8; 32]) -> Result<Vec<u8>, Erreur> {
    let attributs = attributs(signataire, condensat)?;
    // Section 5.4: what is signed is the SET, under its own tag.
    let signature = signataire.signer(&attributs.to_der().map_err(erreur)?)?;
    assembler(signataire, attributs, &signature)
}

fn attributs(signataire: &Signataire, condensat: &[u8; 32]) -> Result<SignedAttributes, Erreur> {
    let empreinte = digest::digest(&digest::SHA256, signataire.certificat());
    let reference = SigningCertificateV2 {
        certs: vec![EssCertIdV2 {
            hash_algorithm: None,
            cert_hash: OctetString::new(empreinte.as_ref()).map_err(erreur)?,
            issuer_serial: None,
        }],
        policies: None,
    };
    let attributs = vec![
        attribut(rfc5911::ID_CONTENT_TYPE, &rfc5911::ID_DATA)?,
        attribut(rfc5911::ID_MESSAGE_DIGEST, &OctetString::new(condensat.as_slice()).map_err(erreur)?)?,
        attribut(rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2, &reference)?,
    ];
    SetOfVec::try_from(attributs).map_err(erreur)
}

fn attribut(oid: ObjectIdentifier, valeur: &impl Encode) -> Result<Attribute, Erreur> {
    let der = valeur.to_der().map_err(erreur)?;
    let values = SetOfVec::try_from(vec![Any::from_der(&der).map_err(erreur)?]).map_err(erreur)?;
    Ok(Attribute { oid, values })
}

fn assembler(
    signataire: &Signataire,
    attributs: SignedAttributes,
    signature: &[u8],
) -> Result<Vec<u8>, Erreur> {
    let chaine = signataire
        .chaine()
        .iter()
        .map(|der| Certificate::from_der(der).map_err(erreur))
        .collect::<Result<Vec<_>, _>>()?;
    let feuille = chaine.first().ok_or(Erreur::Cle)?;
    let sid = IssuerAndSerialNumber {
        issuer: feuille.tbs_certificate.issuer.clone(),
        serial_number: feuille.tbs_certificate.serial_number.clone(),
    };
    let sha256 = AlgorithmIdentifierOwned { oid: rfc5912::ID_SHA_256, parameters: None };
    let algorithme = if signataire.rsa() {
        AlgorithmIdentifierOwned {
            oid: rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
            parameters: Some(Any::from(AnyRef::NULL)),
        }
    } else {
        AlgorithmIdentifierOwned { oid: rfc5912::ECDSA_WITH_SHA_256, parameters: None }
    };
    let info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(sid),
        digest_alg: sha256.clone(),
        signed_attrs: Some(attributs),
        signature_algorithm: algorithme,
        signature: OctetString::new(signature).map_err(erreur)?,
        unsigned_attrs: None,
    };
    // A root says nothing here: whoever verifies must have it from elsewhere (RFC 5652 section 5.1), and nothing in the
    // signature protects its bytes.
    let certificats = chaine
        .into_iter()
        .enumerate()
        .filter(|(rang, un)| *rang == 0 || un.tbs_certificate.issuer != un.tbs_certificate.subject)
        .map(|(_, un)| CertificateChoices::Certificate(un))
        .collect::<Vec<_>>();
    let donnees = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![sha256]).map_err(erreur)?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: rfc5911::ID_DATA, econtent: None },
        certificates: Some(CertificateSet(SetOfVec::try_from(certificats).map_err(erreur)?)),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![info]).map_err(erreur)?),
    };
    let contenu = Any::from_der(&donnees.to_der().map_err(erreur)?).map_err(erreur)?;
    ContentInfo { content_type: rfc5911::ID_SIGNED_DATA, content: contenu }.to_der().map_err(erreur)
}

fn erreur(erreur: der::Error) -> Erreur {
    Erreur::Cms(erreur.to_string())
}
