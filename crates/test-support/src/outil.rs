//! Outside witnesses: programs and servers that we did not write and that agree, or not, with what we produce.

use std::path::{Path, PathBuf};

use crate::{absent, environnement};

/// Where a clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clamd {
    /// Path of its Unix socket.
    Unix(PathBuf),
    /// `host:port`.
    Tcp(String),
}

impl Clamd {
    /// Reads `/run/clamd.sock`, `unix:/run/clamd.sock`, `127.0.0.1:3310` or `tcp://127.0.0.1:3310`.
    pub fn lire(adresse: &str) -> Self {
        let sans = adresse.strip_prefix("unix:").unwrap_or(adresse);
        if sans.starts_with('/') {
            return Self::Unix(PathBuf::from(sans));
        }
        Self::Tcp(
            sans.strip_prefix("tcp://").or_else(|| sans.strip_prefix("tcp:")).unwrap_or(sans).to_owned(),
        )
    }
}

/// The clamd named by `EDC_TEST_CLAMD`. The one that `./test` starts knows a single signature, EICAR's.
///
/// # Panics
/// When `EDC_TEST_EXIGE=1` and none is named: run `./test`.
pub fn clamd() -> Option<Clamd> {
    match environnement("EDC_TEST_CLAMD") {
        Some(adresse) => Some(Clamd::lire(&adresse)),
        None => absent("clamd (EDC_TEST_CLAMD)"),
    }
}

/// The full path of a program (`pdfsig`, `qpdf`, `pyhanko`, `softhsm2-util`…), looked for in `PATH`.
///
/// # Panics
/// When `EDC_TEST_EXIGE=1` and the program is missing: run `./test`.
pub fn exige(nom: &str) -> Option<PathBuf> {
    let trouve = environnement("PATH")
        .and_then(|chemins| std::env::split_paths(&chemins).map(|d| d.join(nom)).find(|p| executable(p)));
    trouve.or_else(|| absent(nom))
}

fn executable(chemin: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    chemin.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::{Clamd, exige};

    #[test]
    fn une_adresse_de_clamd_se_lit_sous_ses_quatre_formes() {
        for (texte, attendu) in [
            ("/run/clamd.sock", Clamd::Unix("/run/clamd.sock".into())),
            ("unix:/run/clamd.sock", Clamd::Unix("/run/clamd.sock".into())),
            ("127.0.0.1:3310", Clamd::Tcp("127.0.0.1:3310".into())),
            ("tcp://127.0.0.1:3310", Clamd::Tcp("127.0.0.1:3310".into())),
        ] {
            assert_eq!(Clamd::lire(texte), attendu, "{texte}");
        }
    }

    #[test]
    fn un_outil_present_est_donne_avec_son_chemin() {
        assert!(exige("sh").expect("every Unix has sh").is_absolute());
    }
}
