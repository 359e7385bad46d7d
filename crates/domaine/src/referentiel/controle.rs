//! The automatic checks that a slot can ask for.
//!
//! Rule: a check gives an [`crate::avis::Avis`], which advises the vérificateur; it never decides.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An automatic check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Controle {
    Siret,
    Datapass,
    /// CN = Client ID, validity, use and issuer of a certificate.
    CertCn,
    PdfSignature,
    TiAge,
    TiVersion,
    TiSeuils,
    /// Session of the outil de conformité.
    PlatinesSession,
    /// Session data signed by the test API.
    SessionSignee,
    AcrValues,
    HabilitationLiee,
    Sbom,
    UrlCgu,
    /// Type read from the bytes, antivirus, size, hash already seen.
    Fichier,
}

impl Controle {
    pub const TOUS: [Self; 14] = [
        Self::Siret,
        Self::Datapass,
        Self::CertCn,
        Self::PdfSignature,
        Self::TiAge,
        Self::TiVersion,
        Self::TiSeuils,
        Self::PlatinesSession,
        Self::SessionSignee,
        Self::AcrValues,
        Self::HabilitationLiee,
        Self::Sbom,
        Self::UrlCgu,
        Self::Fichier,
    ];

    /// As written in the catalogue.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Siret => "siret",
            Self::Datapass => "datapass",
            Self::CertCn => "cert_cn",
            Self::PdfSignature => "pdf_signature",
            Self::TiAge => "ti_age",
            Self::TiVersion => "ti_version",
            Self::TiSeuils => "ti_seuils",
            Self::PlatinesSession => "platines_session",
            Self::SessionSignee => "session_signee",
            Self::AcrValues => "acr_values",
            Self::HabilitationLiee => "habilitation_liee",
            Self::Sbom => "sbom",
            Self::UrlCgu => "url_cgu",
            Self::Fichier => "fichier",
        }
    }

    pub const fn libelle(self) -> &'static str {
        match self {
            Self::Siret => "SIRET",
            Self::Datapass => "Numéro de demande DataPass",
            Self::CertCn => "Certificat et Client ID",
            Self::PdfSignature => "Signature du PDF",
            Self::TiAge => "Date du test d’intrusion",
            Self::TiVersion => "Version testée",
            Self::TiSeuils => "Résultats du test d’intrusion",
            Self::PlatinesSession => "Session de l’outil de conformité",
            Self::SessionSignee => "Données de session signées",
            Self::AcrValues => "Niveau d’authentification demandé (acr_values)",
            Self::HabilitationLiee => "Habilitation liée",
            Self::Sbom => "Inventaire des composants",
            Self::UrlCgu => "Page des conditions d’utilisation",
            Self::Fichier => "Fichier",
        }
    }
}

impl fmt::Display for Controle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.libelle())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ce contrôle n’existe pas")]
pub struct ControleInconnu;

impl FromStr for Controle {
    type Err = ControleInconnu;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        Self::TOUS.into_iter().find(|controle| controle.code() == texte).ok_or(ControleInconnu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_keeps_its_code() {
        for controle in Controle::TOUS {
            assert_eq!(controle.code().parse(), Ok(controle));
            assert_eq!(serde_json::to_string(&controle).unwrap(), format!("\"{}\"", controle.code()));
        }
    }
}
