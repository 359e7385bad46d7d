//! A realm's signing key, made once and kept: a restart must not make the tokens in circulation worthless.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use oidc::CleSignature;
pub(crate) use oidc::jwt::Algorithme;
use secrecy::{ExposeSecret as _, SecretString};

use crate::Erreur;

/// Reads the key of that file, or makes one (and its folder), readable by its owner only.
pub(crate) fn charger(chemin: &Path, algorithme: Algorithme) -> Result<CleSignature, Erreur> {
    let fichier = |source| Erreur::Fichier { chemin: chemin.to_owned(), source };
    let pem: SecretString = match fs::read_to_string(chemin) {
        Ok(pem) => pem.into(),
        Err(erreur) if erreur.kind() == io::ErrorKind::NotFound => {
            let pem = CleSignature::generer_pem(algorithme)?;
            if let Some(dossier) = chemin.parent() {
                fs::create_dir_all(dossier).map_err(fichier)?;
            }
            let ouvert = OpenOptions::new().write(true).create_new(true).mode(0o600).open(chemin);
            let mut ouvert = ouvert.map_err(fichier)?;
            ouvert
                .write_all(pem.expose_secret().as_bytes())
                .and_then(|()| ouvert.sync_all())
                .map_err(fichier)?;
            pem
        }
        Err(erreur) => return Err(fichier(erreur)),
    };
    Ok(CleSignature::depuis_pem(algorithme, &pem)?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_is_made_once_for_its_owner_only() {
        let dossier = tempfile::tempdir().unwrap();
        let chemin = dossier.path().join("bas/cle.pem");
        let premiere = charger(&chemin, Algorithme::Rs256).unwrap();
        assert_eq!(charger(&chemin, Algorithme::Rs256).unwrap().kid(), premiere.kid());
        let mode = fs::metadata(&chemin).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(&chemin, "abîmée").unwrap();
        assert!(matches!(charger(&chemin, Algorithme::Rs256), Err(Erreur::Cle(_))));
    }
}
