//! Why a TLS handshake failed, in the words of whoever has to mend it. It names the rule, never a byte of what was sent.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

/// The cause of a failed handshake, in French, for a journal.
pub fn echec(erreur: &io::Error) -> String {
    let Some(cause) = erreur.get_ref().and_then(|cause| cause.downcast_ref::<Error>()) else {
        return match erreur.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                "la connexion a été coupée pendant la poignée de main TLS".to_owned()
            }
            genre => format!("la poignée de main TLS a échoué ({genre})"),
        };
    };
    match cause {
        Error::NoCertificatesPresented => {
            "le serveur exige un certificat client et aucun n’a été présenté".to_owned()
        }
        Error::InvalidCertificate(defaut) => format!("certificat client refusé : {}", certificat(defaut)),
        Error::AlertReceived(alerte) => format!("l’appelant a rompu : {}", annonce(*alerte)),
        Error::PeerIncompatible(_) => {
            "aucune version ni aucun chiffrement TLS en commun (TLS 1.2 au moins)".to_owned()
        }
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => {
            "ce qui est arrivé n’est pas du TLS (http en clair sur un port https, souvent)".to_owned()
        }
        _ => "la poignée de main TLS a échoué".to_owned(),
    }
}

fn certificat(defaut: &CertificateError) -> &'static str {
    match defaut {
        CertificateError::UnknownIssuer => "il n’est pas émis par une autorité reconnue ici",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "il a expiré",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "il n’est pas encore valable"
        }
        CertificateError::Revoked => "il est révoqué",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "il n’est pas fait pour un client (extendedKeyUsage clientAuth)"
        }
        CertificateError::BadSignature => "sa signature est fausse",
        CertificateError::BadEncoding => "il est illisible",
        _ => "il ne passe pas la vérification",
    }
}

fn annonce(alerte: AlertDescription) -> &'static str {
    match alerte {
        AlertDescription::UnknownCA => "il ne connaît pas l’autorité de notre certificat",
        AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate => "il refuse notre certificat",
        AlertDescription::CertificateExpired => "il dit que notre certificat a expiré",
        AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure => {
            "aucune version ni aucun chiffrement TLS en commun"
        }
        _ => "il a envoyé une alerte TLS",
    }
}
