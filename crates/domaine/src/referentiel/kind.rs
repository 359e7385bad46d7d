//! The forms that a preuve can take, and the files that each accepts.
//!
//! Rule: the extension is only a first filter, told before the upload; what the file is is read from its bytes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

const MEGA: u64 = 1 << 20;

/// The form of a preuve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Attestation,
    Document,
    PdfSigne,
    /// The structured sheet of a test d’intrusion, see [`crate::test_intrusion`].
    FormulaireTi,
    CertificatPem,
    Capture,
    Video,
    Tableau,
    Sbom,
    Har,
    Log,
    Lien,
    Texte,
    /// The report of a session of the outil de conformité.
    RapportConformite,
    /// JSON signed by the test API.
    JsonSigne,
    Archive,
}

impl Kind {
    pub const TOUS: [Self; 16] = [
        Self::Attestation,
        Self::Document,
        Self::PdfSigne,
        Self::FormulaireTi,
        Self::CertificatPem,
        Self::Capture,
        Self::Video,
        Self::Tableau,
        Self::Sbom,
        Self::Har,
        Self::Log,
        Self::Lien,
        Self::Texte,
        Self::RapportConformite,
        Self::JsonSigne,
        Self::Archive,
    ];

    /// As written in the catalogue.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Attestation => "attestation",
            Self::Document => "document",
            Self::PdfSigne => "pdf_signe",
            Self::FormulaireTi => "formulaire_ti",
            Self::CertificatPem => "certificat_pem",
            Self::Capture => "capture",
            Self::Video => "video",
            Self::Tableau => "tableau",
            Self::Sbom => "sbom",
            Self::Har => "har",
            Self::Log => "log",
            Self::Lien => "lien",
            Self::Texte => "texte",
            Self::RapportConformite => "rapport_conformite",
            Self::JsonSigne => "json_signe",
            Self::Archive => "archive",
        }
    }

    pub const fn libelle(self) -> &'static str {
        match self {
            Self::Attestation => "Attestation",
            Self::Document => "Document",
            Self::PdfSigne => "PDF signé",
            Self::FormulaireTi => "Fiche de test d’intrusion",
            Self::CertificatPem => "Certificat",
            Self::Capture => "Capture d’écran",
            Self::Video => "Vidéo",
            Self::Tableau => "Tableau",
            Self::Sbom => "Inventaire des composants (SBOM)",
            Self::Har => "Capture de trafic (HAR)",
            Self::Log => "Extrait de journal",
            Self::Lien => "Lien",
            Self::Texte => "Texte",
            Self::RapportConformite => "Rapport de l’outil de conformité",
            Self::JsonSigne => "Données signées (JSON)",
            Self::Archive => "Archive",
        }
    }

    /// The file extensions that are accepted, in lower case; empty when the preuve is not a file.
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Attestation => &["pdf", "docx", "odt", "png", "jpg", "jpeg"],
            Self::Document => &["pdf", "docx", "odt", "xlsx", "ods", "png", "jpg", "jpeg", "txt"],
            Self::PdfSigne => &["pdf"],
            Self::FormulaireTi | Self::Lien | Self::Texte => &[],
            Self::CertificatPem => &["pem", "crt", "cer"],
            Self::Capture => &["png", "jpg", "jpeg", "pdf"],
            Self::Video => &["mp4", "webm", "mkv"],
            Self::Tableau => &["xlsx", "ods", "csv", "pdf"],
            Self::Sbom => &["json", "xml", "spdx", "txt"],
            Self::Har => &["har", "json", "txt", "log"],
            Self::Log => &["log", "txt", "json", "xml", "csv"],
            Self::RapportConformite => &["json", "pdf", "zip"],
            Self::JsonSigne => &["json", "txt"],
            Self::Archive => &["zip"],
        }
    }

    /// Whether the preuve is a file: the others are typed in.
    pub const fn est_fichier(self) -> bool {
        !self.extensions().is_empty()
    }

    /// Largest file, in bytes: 2 Gio for a video, 200 Mio for anything else; 0 when the preuve is not a file.
    pub const fn taille_max(self) -> u64 {
        match self {
            Self::Video => 2048 * MEGA,
            Self::FormulaireTi | Self::Lien | Self::Texte => 0,
            _ => 200 * MEGA,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.libelle())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cette forme de preuve n’existe pas")]
pub struct KindInconnu;

impl FromStr for Kind {
    type Err = KindInconnu;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        Self::TOUS.into_iter().find(|kind| kind.code() == texte).ok_or(KindInconnu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_keeps_its_code_and_tells_its_limits() {
        for kind in Kind::TOUS {
            assert_eq!(kind.code().parse(), Ok(kind));
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.code()));
            assert_eq!(kind.est_fichier(), kind.taille_max() > 0, "{kind}");
            assert!(kind.extensions().iter().all(|extension| *extension == extension.to_lowercase()));
        }
        assert_eq!(Kind::Video.taille_max(), 2_147_483_648);
        assert_eq!(Kind::PdfSigne.taille_max(), 209_715_200);
    }
}
