//! The journal on disk: a line of JSON each, in two files, the older of which gives way when the newer is full.
//!
//! A line that can't be read (a crash cut it, an older version wrote it otherwise) is passed over.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::Ligne;

/// Of one file, in bytes.
const TAILLE_MAX: u64 = 4 * 1024 * 1024;

pub(super) struct Fichier {
    actuel: PathBuf,
    ancien: PathBuf,
    ouvert: File,
    taille: u64,
    /// A disk that is full is told once, not at each request.
    en_panne: bool,
}

impl Fichier {
    /// Opens, or makes, and reads what is there, oldest first.
    pub(super) fn ouvrir(dossier: &Path) -> io::Result<(Self, Vec<Ligne>)> {
        fs::create_dir_all(dossier)?;
        let (actuel, ancien) = (dossier.join("journal.jsonl"), dossier.join("journal-ancien.jsonl"));
        let mut lignes = lire(&ancien)?;
        lignes.extend(lire(&actuel)?);
        let (ouvert, taille) = en_ajout(&actuel)?;
        Ok((Self { actuel, ancien, ouvert, taille, en_panne: false }, lignes))
    }

    pub(super) fn ajouter(&mut self, ligne: &Ligne) {
        let ecriture = self.ecrire(ligne);
        if let Err(erreur) = &ecriture
            && !self.en_panne
        {
            tracing::warn!(%erreur, chemin = %self.actuel.display(), "journal du bac à sable non enregistré");
        }
        self.en_panne = ecriture.is_err();
    }

    fn ecrire(&mut self, ligne: &Ligne) -> io::Result<()> {
        let mut octets = serde_json::to_vec(ligne)?;
        octets.push(b'\n');
        if self.taille >= TAILLE_MAX {
            fs::rename(&self.actuel, &self.ancien)?;
            (self.ouvert, self.taille) = en_ajout(&self.actuel)?;
        }
        self.ouvert.write_all(&octets)?;
        self.taille = self.taille.saturating_add(octets.len() as u64);
        Ok(())
    }
}

fn en_ajout(chemin: &Path) -> io::Result<(File, u64)> {
    let mut fichier = OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(chemin)?;
    let taille = fichier.metadata()?.len();
    // A crash may have cut the last line: what follows must not be glued to it.
    if taille > 0 && fs::read(chemin)?.last() != Some(&b'\n') {
        fichier.write_all(b"\n")?;
    }
    Ok((fichier, taille))
}

fn lire(chemin: &Path) -> io::Result<Vec<Ligne>> {
    match fs::read(chemin) {
        Ok(octets) => {
            Ok(octets.split(|o| *o == b'\n').filter_map(|ligne| serde_json::from_slice(ligne).ok()).collect())
        }
        Err(erreur) if erreur.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(erreur) => Err(erreur),
    }
}
