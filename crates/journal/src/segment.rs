//! A segment: a file of fixed size, mapped into memory, to which one writer adds records and from which one reader takes them.
//!
//! Rule: a record counts once `publie` has passed it, and is believed once its checksum agrees. The writer touches memory
//! only; the pages belong to the system's cache, which outlives the process. The reader never looks at the mapping, it
//! reads the file, so no memory is ever shared between two Rust references. The file is filled with zeros when it is
//! made: a full disk is known then, and not later as a SIGBUS.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering, compiler_fence},
    },
};

use jiff::Timestamp;
use memmap2::MmapMut;

use crate::prive;

/// Eight bytes that name the format, then the segment's number.
const MAGIE: &[u8; 8] = b"EDCTRAC1";
pub(crate) const EN_TETE: usize = 16;
/// Length (4), checksum (4) and instant in microseconds (8), little-endian, before each line. A length of 0 ends the segment.
const EN_TETE_TRACE: usize = 16;
const ALIGNEMENT: usize = 8;

/// What writer and reader know of a segment.
#[derive(Debug)]
pub(crate) struct Segment {
    /// Never used twice by a node.
    pub(crate) numero: i64,
    chemin: PathBuf,
    fichier: File,
    /// How far whole records go.
    publie: AtomicUsize,
    /// Whether nothing will be added.
    clos: AtomicBool,
}

/// The writer's side.
#[derive(Debug)]
pub(crate) struct Page {
    segment: Arc<Segment>,
    carte: MmapMut,
    position: usize,
}

/// A record as it was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trouvee<'a> {
    pub(crate) instant: i64,
    pub(crate) ligne: &'a str,
}

/// How a stretch of records ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fin {
    /// At a record that was never begun, or with the file.
    Nette,
    /// At something that is neither a whole record nor nothing.
    Rompue,
}

fn somme(numero: i64, position: usize, instant: i64, ligne: &[u8]) -> u32 {
    // The place is part of it: a record copied elsewhere, or left from another file, is not one.
    let mut place = [0; 24];
    place[..8].copy_from_slice(&numero.to_le_bytes());
    place[8..16].copy_from_slice(&u64::try_from(position).unwrap_or(u64::MAX).to_le_bytes());
    place[16..].copy_from_slice(&instant.to_le_bytes());
    let mut somme = crc32fast::Hasher::new();
    somme.update(&place);
    somme.update(ligne);
    somme.finalize()
}

impl Segment {
    /// Where records are kept until they are in the database.
    pub(crate) fn dossier(racine: &Path) -> PathBuf {
        racine.join("segments")
    }

    /// Makes a segment of `taille` bytes, all of them on the disk's account already.
    ///
    /// # Errors
    /// The system's own, and in particular [`io::ErrorKind::StorageFull`]; no file is left then.
    pub(crate) fn creer(racine: &Path, numero: i64, taille: usize) -> io::Result<Page> {
        let chemin = Self::dossier(racine).join(format!("{numero:016x}.seg"));
        let mut fichier =
            OpenOptions::new().read(true).write(true).create_new(true).mode(prive::FICHIER).open(&chemin)?;
        let page = remplir(&mut fichier, numero, taille).and_then(|()| projeter(&fichier, taille));
        match page {
            Ok(carte) => {
                let segment = Arc::new(Self {
                    numero,
                    chemin,
                    fichier,
                    publie: AtomicUsize::new(EN_TETE),
                    clos: AtomicBool::new(false),
                });
                Ok(Page { segment, carte, position: EN_TETE })
            }
            Err(erreur) => {
                // Best effort: a segment without records is emptied and removed by the next opening anyway.
                let _ = std::fs::remove_file(&chemin);
                Err(erreur)
            }
        }
    }

    /// Opens a segment that an earlier process left. `None` when the file never got its header: it never held a record.
    pub(crate) fn rouvrir(chemin: PathBuf) -> io::Result<Option<(Arc<Self>, Fin)>> {
        let fichier = OpenOptions::new().read(true).write(true).open(&chemin)?;
        let octets = std::fs::read(&chemin)?;
        let Some(numero) = octets
            .strip_prefix(MAGIE)
            .and_then(|reste| reste.first_chunk())
            .map(|numero| i64::from_le_bytes(*numero))
        else {
            return Ok(None);
        };
        let (_, fin_des_traces, fin) = extraire(&octets[EN_TETE..], numero, EN_TETE);
        let publie = AtomicUsize::new(fin_des_traces);
        Ok(Some((Arc::new(Self { numero, chemin, fichier, publie, clos: AtomicBool::new(true) }), fin)))
    }

    pub(crate) fn publie(&self) -> usize {
        self.publie.load(Ordering::Acquire)
    }

    pub(crate) fn est_clos(&self) -> bool {
        self.clos.load(Ordering::Acquire)
    }

    /// The bytes from `depuis` to `jusque`, both places that were published; `tampon` lends its memory.
    pub(crate) fn lire<'a>(
        &self,
        depuis: usize,
        jusque: usize,
        tampon: &'a mut Vec<u8>,
    ) -> io::Result<&'a [u8]> {
        let taille = jusque.saturating_sub(depuis);
        if tampon.len() < taille {
            tampon.resize(taille, 0);
        }
        self.fichier.read_exact_at(&mut tampon[..taille], u64::try_from(depuis).unwrap_or(u64::MAX))?;
        Ok(&tampon[..taille])
    }

    /// Puts on the disk what was published; for when the database can't take it.
    pub(crate) fn synchroniser(&self) -> io::Result<()> {
        self.fichier.sync_data()
    }

    /// Removes the file, its records being in the database.
    pub(crate) fn supprimer(&self) -> io::Result<()> {
        std::fs::remove_file(&self.chemin)
    }

    /// Keeps the file aside under another name, for somebody to look at.
    pub(crate) fn ecarter(&self) -> io::Result<PathBuf> {
        let ecarte = self.chemin.with_extension("rompu");
        std::fs::copy(&self.chemin, &ecarte)?;
        Ok(ecarte)
    }
}

fn remplir(fichier: &mut File, numero: i64, taille: usize) -> io::Result<()> {
    // The header comes last: a file that has it has all of its zeros.
    let zeros = vec![0; 64 * 1024];
    let mut reste = taille;
    while reste > 0 {
        let morceau = reste.min(zeros.len());
        fichier.write_all(&zeros[..morceau])?;
        reste -= morceau;
    }
    fichier.write_all_at(MAGIE, 0)?;
    fichier.write_all_at(&numero.to_le_bytes(), 8)
}

#[expect(
    unsafe_code,
    reason = "a shared mapping is the one way to outlive a kill without a system call a trace"
)]
fn projeter(fichier: &File, taille: usize) -> io::Result<MmapMut> {
    // SAFETY: a mapping is sound as long as nobody else changes or shortens the file under it. The file was made by this
    // process under a name that did not exist, in a folder that the lock of `Journal` keeps to one process; it is never
    // truncated, this is its only mapping, and nothing else writes to it.
    unsafe { memmap2::MmapOptions::new().len(taille).map_mut(fichier) }
}

impl Page {
    pub(crate) fn segment(&self) -> &Arc<Segment> {
        &self.segment
    }

    /// Adds a record; `false` when there is no room left for it. No system call, no lock, no allocation.
    pub(crate) fn ajouter(&mut self, instant: Timestamp, ligne: &[u8]) -> bool {
        let Some(place) = self.carte.get_mut(self.position..).and_then(|reste| {
            let besoin = EN_TETE_TRACE + ligne.len().next_multiple_of(ALIGNEMENT);
            reste.get_mut(..besoin)
        }) else {
            return false;
        };
        let Ok(longueur) = u32::try_from(ligne.len()) else { return false };
        let instant = instant.as_microsecond();
        let somme = somme(self.segment.numero, self.position, instant, ligne);
        place[EN_TETE_TRACE..EN_TETE_TRACE + ligne.len()].copy_from_slice(ligne);
        place[8..16].copy_from_slice(&instant.to_le_bytes());
        place[4..8].copy_from_slice(&somme.to_le_bytes());
        // The length comes last: killed before it, the segment ends here as if nothing had been begun.
        compiler_fence(Ordering::Release);
        place[..4].copy_from_slice(&longueur.to_le_bytes());
        self.position += place.len();
        self.segment.publie.store(self.position, Ordering::Release);
        true
    }

    /// Nothing more will be added: the reader may remove the segment once it has taken everything.
    pub(crate) fn clore(self) {
        self.segment.clos.store(true, Ordering::Release);
    }
}

/// The whole records in `octets`, which begin at place `base` of the segment; the place where they end, and how.
pub(crate) fn extraire(octets: &[u8], numero: i64, base: usize) -> (Vec<Trouvee<'_>>, usize, Fin) {
    let mut trouvees = Vec::new();
    let mut ici = base;
    while let Some(reste) = octets.get(ici - base..).filter(|reste| reste.len() >= EN_TETE_TRACE) {
        let (en_tete, suite) = reste.split_at(EN_TETE_TRACE);
        let longueur = u32::from_le_bytes([en_tete[0], en_tete[1], en_tete[2], en_tete[3]]) as usize;
        if longueur == 0 {
            return (trouvees, ici, Fin::Nette);
        }
        let attendue = u32::from_le_bytes([en_tete[4], en_tete[5], en_tete[6], en_tete[7]]);
        let instant = en_tete[8..16].first_chunk().map_or(0, |octets| i64::from_le_bytes(*octets));
        let Some(ligne) = suite
            .get(..longueur)
            .filter(|ligne| somme(numero, ici, instant, ligne) == attendue)
            .and_then(|ligne| std::str::from_utf8(ligne).ok())
        else {
            return (trouvees, ici, Fin::Rompue);
        };
        trouvees.push(Trouvee { instant, ligne });
        ici += EN_TETE_TRACE + longueur.next_multiple_of(ALIGNEMENT);
    }
    (trouvees, ici, Fin::Nette)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TAILLE: usize = 128 * 1024;

    fn atelier() -> tempfile::TempDir {
        let atelier = tempfile::tempdir().unwrap();
        std::fs::create_dir(Segment::dossier(atelier.path())).unwrap();
        atelier
    }

    fn fichier(atelier: &tempfile::TempDir) -> PathBuf {
        std::fs::read_dir(Segment::dossier(atelier.path())).unwrap().next().unwrap().unwrap().path()
    }

    fn lignes(segment: &Segment) -> Vec<String> {
        let mut tampon = Vec::new();
        let octets = segment.lire(EN_TETE, segment.publie(), &mut tampon).unwrap();
        let (trouvees, fin, comment) = extraire(octets, segment.numero, EN_TETE);
        assert_eq!((fin, comment), (segment.publie(), Fin::Nette));
        trouvees.iter().map(|trouvee| trouvee.ligne.to_owned()).collect()
    }

    #[test]
    fn a_full_segment_refuses_and_keeps_what_it_has() {
        let atelier = atelier();
        let mut page = Segment::creer(atelier.path(), 1, TAILLE).unwrap();
        let mut nombre = 0_usize;
        while page.ajouter(Timestamp::UNIX_EPOCH, format!("trace {nombre:06}").as_bytes()) {
            nombre += 1;
        }
        assert_eq!(nombre, (TAILLE - EN_TETE) / 32, "32 bytes a record");
        let segment = Arc::clone(page.segment());
        page.clore();
        assert!(segment.est_clos());
        assert_eq!(lignes(&segment).len(), nombre);
        assert_eq!(std::fs::metadata(fichier(&atelier)).unwrap().len(), TAILLE as u64);
    }

    #[test]
    fn what_is_damaged_is_seen_and_nothing_is_invented() {
        let textes = ["un", "deux", "trois"];
        // Place of the second record: header, then one of 16 + 8 bytes.
        let second = EN_TETE + 24;
        for (abime, octet, survivants) in [
            ("length", second, 1),
            ("checksum", second + 4, 1),
            ("instant", second + 8, 1),
            ("text", second + 16, 1),
            ("third length", second + 24, 2),
        ] {
            let atelier = atelier();
            let mut page = Segment::creer(atelier.path(), 7, TAILLE).unwrap();
            assert!(textes.iter().all(|texte| page.ajouter(Timestamp::UNIX_EPOCH, texte.as_bytes())));
            drop(page);
            let chemin = fichier(&atelier);
            let mut octets = std::fs::read(&chemin).unwrap();
            octets[octet] ^= 0x41;
            std::fs::write(&chemin, octets).unwrap();
            let (segment, fin) = Segment::rouvrir(chemin).unwrap().unwrap();
            assert_eq!(fin, Fin::Rompue, "{abime}");
            assert_eq!(lignes(&segment), textes[..survivants], "{abime}");
        }
    }

    #[test]
    fn a_record_does_not_count_in_another_segment() {
        let atelier = atelier();
        let mut page = Segment::creer(atelier.path(), 7, TAILLE).unwrap();
        assert!(page.ajouter(Timestamp::UNIX_EPOCH, b"un"));
        let mut tampon = Vec::new();
        let octets = page.segment().lire(EN_TETE, page.segment().publie(), &mut tampon).unwrap();
        assert_eq!(extraire(octets, 7, EN_TETE).0.len(), 1);
        assert_eq!(extraire(octets, 8, EN_TETE), (vec![], EN_TETE, Fin::Rompue));
    }

    #[test]
    fn a_file_without_its_header_never_held_a_record() {
        let atelier = atelier();
        for (nom, octets) in [("vide", &b""[..]), ("zeros", &[0; 4096]), ("court", b"EDCTRAC1")] {
            let chemin = atelier.path().join(nom);
            std::fs::write(&chemin, octets).unwrap();
            assert!(Segment::rouvrir(chemin).unwrap().is_none(), "{nom}");
        }
    }

    proptest! {
        #[test]
        fn what_was_added_is_what_is_found_again_even_cut_anywhere(
            textes in prop::collection::vec("[a-zé]{1,40}", 1..40), coupe in 0.0_f64..1.0,
        ) {
            let atelier = atelier();
            let mut page = Segment::creer(atelier.path(), 3, TAILLE).unwrap();
            let mut fins = vec![EN_TETE];
            for texte in &textes {
                prop_assert!(page.ajouter(Timestamp::UNIX_EPOCH, texte.as_bytes()));
                fins.push(page.segment().publie());
            }
            prop_assert_eq!(&lignes(page.segment()), &textes);
            // A disk that lost everything past some byte: a whole prefix remains, and never a piece.
            let chemin = fichier(&atelier);
            let mut octets = std::fs::read(&chemin).unwrap();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a small file")]
            let garde = (EN_TETE as f64 + coupe * (page.segment().publie() - EN_TETE) as f64) as usize;
            octets[garde..].fill(0);
            std::fs::write(&chemin, octets).unwrap();
            let entieres = fins.iter().filter(|fin| **fin <= garde).count() - 1;
            let (segment, _) = Segment::rouvrir(chemin).unwrap().unwrap();
            let relues = lignes(&segment);
            prop_assert!(relues.len() >= entieres && relues.len() <= entieres + 1, "padding may be lost alone");
            prop_assert_eq!(&relues[..], &textes[..relues.len()]);
        }
    }
}
