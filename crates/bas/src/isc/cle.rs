//! The realm's signing key, made once and kept: a restart must not make the tokens in circulation worthless.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use oidc::CleSignature;
use oidc::jwt::Algorithme;
use secrecy::{ExposeSecret as _, SecretString};

use super::Erreur;

const FICHIER: &str = "isc-cle.pem";

/// Reads the key of the folder, or makes one (and the folder), readable by its owner only.
pub(super) fn charger(donnees: &Path) -> Result<CleSignature, Erreur> {
    let chemin = donnees.join(FICHIER);
    let fichier = |source| Erreur::Fichier { chemin: chemin.clone(), source };
    let pem: SecretString = match fs::read_to_string(&chemin) {
        Ok(pem) => pem.into(),
        Err(erreur) if erreur.kind() == io::ErrorKind::NotFound => {
            let pem = CleSignature::generer_pem(Algorithme::Rs256)?;
            fs::create_dir_all(donnees).map_err(fichier)?;
            let ouvert = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&chemin);
            let mut ouvert = ouvert.map_err(fichier)?;
            ouvert
                .write_all(pem.expose_secret().as_bytes())
                .and_then(|()| ouvert.sync_all())
                .map_err(fichier)?;
            pem
        }
        Err(erreur) => return Err(fichier(erreur)),
    };
    Ok(CleSignature::depuis_pem(Algorithme::Rs256, &pem)?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_is_made_once_for_its_owner_only() {
        let dossier = tempfile::tempdir().unwrap();
        let donnees = dossier.path().join("bas");
        let premiere = charger(&donnees).unwrap();
        assert_eq!(charger(&donnees).unwrap().kid(), premiere.kid());
        let mode = fs::metadata(donnees.join(FICHIER)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(donnees.join(FICHIER), "abîmée").unwrap();
        assert!(matches!(charger(&donnees), Err(Erreur::Cle(_))));
    }
}
