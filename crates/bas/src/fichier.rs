//! A JSON file that is replaced whole: whoever reads it, even after a kill, finds a state that was once true.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Erreur;

/// Reads the file; `None` when it isn't there yet.
pub(crate) fn lire<T: DeserializeOwned>(chemin: &Path) -> Result<Option<T>, Erreur> {
    match fs::read(chemin) {
        Ok(octets) => serde_json::from_slice(&octets)
            .map(Some)
            .map_err(|source| Erreur::Contenu { chemin: chemin.to_owned(), source }),
        Err(erreur) if erreur.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Erreur::Fichier { chemin: chemin.to_owned(), source }),
    }
}

/// Writes aside, syncs, renames, syncs the folder. Readable by its owner only.
pub(crate) fn ecrire<T: Serialize>(chemin: &Path, valeur: &T) -> io::Result<()> {
    let octets = serde_json::to_vec_pretty(valeur).map_err(io::Error::other)?;
    let provisoire = chemin.with_extension("json.tmp");
    let dossier = chemin.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dossier)?;
    let mut fichier =
        OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&provisoire)?;
    fichier.write_all(&octets)?;
    fichier.sync_all()?;
    fs::rename(&provisoire, chemin)?;
    File::open(dossier)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_damaged_is_said() {
        let dossier = tempfile::tempdir().unwrap();
        let chemin = dossier.path().join("bas/liste.json");
        assert_eq!(lire::<Vec<u8>>(&chemin).unwrap(), None);
        ecrire(&chemin, &vec![1, 2]).unwrap();
        ecrire(&chemin, &vec![3]).unwrap();
        assert_eq!(lire::<Vec<u8>>(&chemin).unwrap(), Some(vec![3]));
        fs::write(&chemin, "{").unwrap();
        assert!(matches!(lire::<Vec<u8>>(&chemin), Err(Erreur::Contenu { .. })));
    }
}
