//! Files that only this account reads: traces name people, and sessions are kept beside them.
//!
//! Rule: what we make is closed from the start, never opened and then closed. A folder that was there already belongs to
//! whoever made it: it is left as it is, since what is in it is closed by itself.

use std::{
    ffi::OsString,
    fs::{DirBuilder, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// Mode of the files that we make.
pub(crate) const FICHIER: u32 = 0o600;
const DOSSIER: u32 = 0o700;

/// Makes a folder, and those above it, when they are missing.
pub fn dossier(chemin: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DOSSIER).create(chemin)
}

/// Makes the file of an SQLite database when it is missing, else closes it to others, with what SQLite put beside it.
pub fn base_sqlite(chemin: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(FICHIER).open(chemin)?;
    for suffixe in ["", "-wal", "-shm"] {
        let mut nom = OsString::from(chemin);
        nom.push(suffixe);
        fermer(Path::new(&nom))?;
    }
    Ok(())
}

fn fermer(chemin: &Path) -> io::Result<()> {
    match std::fs::metadata(chemin) {
        Ok(etat) if etat.permissions().mode() & 0o077 != 0 => {
            std::fs::set_permissions(chemin, Permissions::from_mode(FICHIER))
        }
        Ok(_) => Ok(()),
        Err(erreur) if erreur.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(erreur) => Err(erreur),
    }
}
