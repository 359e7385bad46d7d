//! Everything that can end a request before its page: the one place that knows status codes.
//!
//! Rule: two texts, one for the person (French, what to do next), one for the log (cause chain, once, at the edge).
//! A refusal of a rule is an answer (422), not a fault.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use thiserror::Error;
use web::{PageErreur, RefusFormulaire};

#[derive(Debug, Error)]
pub enum Erreur {
    #[error("introuvable")]
    Introuvable,
    #[error("interdit")]
    Interdit,
    /// The rule, as a sentence for the person.
    #[error("{0}")]
    Refus(String),
    #[error("demande mal formée : {0}")]
    Demande(String),
    #[error("le dossier a changé entre-temps : {0}")]
    Depasse(String),
    #[error(transparent)]
    Formulaire(#[from] RefusFormulaire),
    #[error(transparent)]
    Registre(#[from] registre::Erreur),
    #[error("magasin de fichiers")]
    Magasin(#[from] object_store::Error),
    #[error("fournisseur d’identité")]
    Identite(#[from] oidc::Erreur),
    #[error("document")]
    Document(#[from] document::Erreur),
    #[error("courriel")]
    Courriel(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("antivirus")]
    Antivirus(#[source] std::io::Error),
    #[error("lecture d’un fichier reçu")]
    Lecture(#[source] std::io::Error),
    #[error("référentiel {0} absent")]
    ReferentielAbsent(String),
    #[error("donnée illisible")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Interne(&'static str),
}

impl From<domaine::candidature::Refus> for Erreur {
    fn from(refus: domaine::candidature::Refus) -> Self {
        Self::Refus(refus.to_string())
    }
}

impl From<domaine::produit::Refus> for Erreur {
    fn from(refus: domaine::produit::Refus) -> Self {
        Self::Refus(refus.to_string())
    }
}

impl From<domaine::structure::Refus> for Erreur {
    fn from(refus: domaine::structure::Refus) -> Self {
        Self::Refus(refus.to_string())
    }
}

impl From<domaine::autorisation::Refus> for Erreur {
    fn from(refus: domaine::autorisation::Refus) -> Self {
        Self::Refus(refus.to_string())
    }
}

impl From<domaine::habilitation::Refus> for Erreur {
    fn from(refus: domaine::habilitation::Refus) -> Self {
        Self::Refus(refus.to_string())
    }
}

impl From<domaine::audit::Refus> for Erreur {
    fn from(refus: domaine::audit::Refus) -> Self {
        Self::Refus(refus.to_string())
    }
}

impl From<domaine::college::Refus> for Erreur {
    fn from(refus: domaine::college::Refus) -> Self {
        Self::Refus(refus.to_string())
    }
}

impl IntoResponse for Erreur {
    fn into_response(self) -> Response {
        let page = match &self {
            Self::Introuvable => PageErreur::nouvelle(StatusCode::NOT_FOUND),
            Self::Interdit => PageErreur::nouvelle(StatusCode::FORBIDDEN),
            Self::Refus(regle) => PageErreur::nouvelle(StatusCode::UNPROCESSABLE_ENTITY).message(regle),
            Self::Demande(pourquoi) => PageErreur::nouvelle(StatusCode::BAD_REQUEST).message(pourquoi),
            Self::Depasse(pourquoi) => PageErreur::nouvelle(StatusCode::CONFLICT).message(pourquoi),
            Self::Formulaire(refus) => return refus.into_response(),
            Self::Registre(registre::Erreur::Conflit) => PageErreur::nouvelle(StatusCode::CONFLICT),
            Self::Registre(erreur) if erreur.passagere() => {
                tracing::error!(?erreur, "the database is out of reach");
                PageErreur::nouvelle(StatusCode::SERVICE_UNAVAILABLE).cause(&self)
                    .titre("Service momentanément indisponible")
                    .message("La base de données ne répond pas. Rien de ce qui était enregistré n’est perdu ; réessayez dans un instant.")
            }
            Self::Antivirus(_) => PageErreur::nouvelle(StatusCode::SERVICE_UNAVAILABLE).cause(&self)
            .titre("Analyse antivirus indisponible")
            .message("Votre fichier est reçu mais n’a pas pu être analysé. Renvoyez le formulaire dans un instant : le téléversement n’est pas à refaire."),
            Self::Document(document::Erreur::Pkcs11(_)) => PageErreur::nouvelle(StatusCode::SERVICE_UNAVAILABLE).cause(&self)
            .titre("Signature momentanément impossible")
            .message("La clé de signature de l’agence ne répond pas. Rien n’a été signé et rien n’est perdu ; réessayez dans un instant."),
            Self::Identite(oidc::Erreur::Refuse { .. }) => {
                PageErreur::nouvelle(StatusCode::FORBIDDEN).cause(&self)
                    .titre("Connexion non aboutie")
                    .message("Le fournisseur d’identité n’a pas confirmé la connexion. Recommencez depuis l’accueil.")
            }
            Self::Identite(_) => PageErreur::nouvelle(StatusCode::BAD_GATEWAY).cause(&self)
                .titre("Connexion impossible")
                .message("Le fournisseur d’identité ne répond pas comme attendu. Réessayez dans un instant."),
            _ => PageErreur::interne(&self),
        };
        page.into_response()
    }
}
