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
        Error::InvalidCertificate(defaut) => {
            format!(
                "certificat client refusé : {}",
                certificat(defaut, "client (extendedKeyUsage clientAuth)")
            )
        }
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

/// Why a client of ours refused the certificate of a server, in French; `None` when that isn't what stopped it.
///
/// `erreur` is what a connection or an HTTP client gave: the cause is looked for in all that it wraps.
pub fn serveur_refuse(erreur: &(dyn std::error::Error + 'static)) -> Option<String> {
    causes(erreur).find_map(|tls| match tls {
        Error::InvalidCertificate(defaut) => {
            Some(certificat(defaut, "serveur (extendedKeyUsage serverAuth)"))
        }
        Error::InvalidCertRevocationList(_) => {
            Some("sa liste de révocation n’est pas signée par son autorité".to_owned())
        }
        _ => None,
    })
}

/// Whether a server refused the certificate that a client of ours showed, or that it showed none.
pub fn client_refuse(erreur: &(dyn std::error::Error + 'static)) -> bool {
    causes(erreur).any(|tls| {
        matches!(
            tls,
            Error::AlertReceived(
                AlertDescription::CertificateRequired
                    | AlertDescription::BadCertificate
                    | AlertDescription::UnsupportedCertificate
                    | AlertDescription::CertificateRevoked
                    | AlertDescription::CertificateExpired
                    | AlertDescription::CertificateUnknown
                    | AlertDescription::UnknownCA
                    | AlertDescription::AccessDenied
            )
        )
    })
}

/// The faults of TLS in all that an error wraps.
fn causes<'a>(erreur: &'a (dyn std::error::Error + 'static)) -> impl Iterator<Item = &'a Error> {
    let suivante = |erreur: &&'a (dyn std::error::Error + 'static)| {
        // An io::Error passes over what it wraps when asked for its source.
        match erreur.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(dedans) => Some(dedans as &(dyn std::error::Error + 'static)),
            None => erreur.source(),
        }
    };
    std::iter::successors(Some(erreur), suivante).filter_map(|erreur| erreur.downcast_ref::<Error>())
}

fn certificat(defaut: &CertificateError, usage: &str) -> String {
    let texte = match defaut {
        CertificateError::UnknownIssuer => "il n’est pas émis par une autorité reconnue ici",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "il a expiré",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "il n’est pas encore valable"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "il est au nom d’un autre serveur"
        }
        CertificateError::Revoked => "il est révoqué",
        CertificateError::UnknownRevocationStatus => "aucune liste de révocation ne dit s’il est révoqué",
        CertificateError::ExpiredRevocationList | CertificateError::ExpiredRevocationListContext { .. } => {
            "sa liste de révocation est périmée"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            return format!("il n’est pas fait pour un {usage}");
        }
        CertificateError::BadSignature => "sa signature est fausse",
        CertificateError::BadEncoding => "il est illisible",
        _ => "il ne passe pas la vérification",
    };
    texte.to_owned()
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
