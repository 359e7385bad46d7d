//! What stands in a zip, and in the office documents that are zips: nothing that runs, nothing that can't be looked at,
//! nothing that swells beyond reason.
//!
//! Rule: what an archive declares is only a first filter; every entry is really inflated, counted against bounds shared
//! with the archives inside it, and thrown away.

use std::io::{self, Cursor, Read, Seek};

use thiserror::Error;
use zip::{ZipArchive, result::ZipError};

/// Most entries, those of the archives inside included.
pub(super) const ENTREES_MAX: usize = 5000;
/// Most bytes once inflated: 1 GiB.
const GONFLE_MAX: u64 = 1 << 30;
/// Inflated to compressed; looked at once more than [`RATIO_DES`] bytes came out.
const RATIO_MAX: u64 = 200;
const RATIO_DES: u64 = 32 << 20;
/// Largest archive inside another, in bytes: it is held in memory.
const INTERNE_MAX: usize = 32 << 20;
/// How deep archives may be nested: a document with its own attachments, in an archive.
const PROFONDEUR_MAX: usize = 3;
/// How much of an entry tells what it is.
const TETE: usize = 512;

const EXECUTABLES: [&str; 37] = [
    "apk", "app", "bash", "bat", "cmd", "com", "cpl", "deb", "dll", "dmg", "dylib", "exe", "hta", "img",
    "iso", "jar", "js", "jse", "lnk", "mjs", "msi", "msp", "php", "pif", "pkg", "ps1", "psm1", "reg", "rpm",
    "scr", "sh", "so", "vbe", "vbs", "wasm", "wsf", "wsh",
];

#[derive(Debug, Error)]
pub enum RefusArchive {
    #[error("L’archive est illisible ou incomplète.")]
    Illisible,
    #[error("L’archive contient plus de {ENTREES_MAX} fichiers.")]
    TropDEntrees,
    #[error(
        "L’archive devient démesurée une fois décompressée (plus de 1 Gio, ou plus de 200 fois sa taille)."
    )]
    Bombe,
    #[error(
        "L’archive contient des fichiers protégés par un mot de passe, qui ne peuvent pas être contrôlés."
    )]
    Chiffree,
    #[error("« {0} » : un programme ou un script ne peut pas être déposé, même dans une archive.")]
    Executable(String),
    #[error("« {0} » : une macro ne peut pas être déposée. Enregistrez le document sans macros.")]
    Macro(String),
    #[error("« {0} » : le nom de ce fichier sort du dossier de l’archive.")]
    Chemin(String),
    #[error(
        "« {0} » : cette archive dans l’archive ne peut pas être contrôlée. Déposez son contenu dans un seul .zip."
    )]
    Imbriquee(String),
    #[error(
        "« {0} » : cette méthode de compression ne peut pas être contrôlée. Refaites l’archive en .zip ordinaire."
    )]
    Methode(String),
    #[error("Le fichier a l’extension .{extension} sans être un document de ce type.")]
    Document { extension: String },
    #[error("lecture du fichier")]
    Io(#[source] io::Error),
}

/// What is left to spend on one deposited file.
struct Reste {
    entrees: usize,
    octets: u64,
}

/// Looks at everything in the archive; `taille` is its size in bytes, `extension` that of the deposited file.
pub(super) fn inspecter<L: Read + Seek>(
    lecteur: L,
    taille: u64,
    extension: &str,
) -> Result<(), RefusArchive> {
    let mut reste = Reste { entrees: ENTREES_MAX, octets: GONFLE_MAX };
    let noms = parcourir(lecteur, taille, PROFONDEUR_MAX, &mut reste)?;
    let a = |nom: &str| noms.iter().any(|(autre, _)| autre == nom);
    let odf = |suffixe: &str| {
        noms.iter().any(|(nom, tete)| {
            nom == "mimetype" && *tete == format!("application/vnd.oasis.opendocument.{suffixe}").into_bytes()
        })
    };
    let juste = match extension {
        "docx" => a("[Content_Types].xml") && a("word/document.xml"),
        "xlsx" => a("[Content_Types].xml") && a("xl/workbook.xml"),
        "odt" => odf("text") && a("content.xml"),
        "ods" => odf("spreadsheet") && a("content.xml"),
        _ => true,
    };
    if juste { Ok(()) } else { Err(RefusArchive::Document { extension: extension.to_owned() }) }
}

/// Names of the entries with their first bytes.
type Noms = Vec<(String, Vec<u8>)>;

fn parcourir<L: Read + Seek>(
    lecteur: L,
    taille: u64,
    profondeur: usize,
    reste: &mut Reste,
) -> Result<Noms, RefusArchive> {
    let mut archive = ZipArchive::new(lecteur).map_err(|erreur| refus(erreur, ""))?;
    if archive.len() > reste.entrees {
        return Err(RefusArchive::TropDEntrees);
    }
    reste.entrees -= archive.len();
    if archive.decompressed_size().is_some_and(|declare| declare > u128::from(reste.octets)) {
        return Err(RefusArchive::Bombe);
    }
    let mut noms = Noms::new();
    let mut sorti = 0;
    for rang in 0..archive.len() {
        let nom = verifier_entree(&mut archive, rang)?;
        let mut entree = archive.by_index(rang).map_err(|erreur| refus(erreur, &nom))?;
        if entree.is_dir() {
            continue;
        }
        let mut compteur = Compteur { sorti: &mut sorti, entre: taille, reste };
        let mut tete = Vec::new();
        compteur.lire(&mut entree, TETE, &mut tete)?;
        if executable(&tete) {
            return Err(RefusArchive::Executable(nom));
        }
        if autre_archive(&tete) {
            return Err(RefusArchive::Imbriquee(nom));
        }
        if tete.starts_with(b"PK\x03\x04") {
            let mut contenu = std::mem::take(&mut tete);
            compteur.lire(&mut entree, INTERNE_MAX + 1 - contenu.len(), &mut contenu)?;
            drop(entree);
            if contenu.len() > INTERNE_MAX || profondeur <= 1 {
                return Err(RefusArchive::Imbriquee(nom));
            }
            let interne = contenu.len() as u64;
            parcourir(Cursor::new(contenu), interne, profondeur - 1, reste)?;
        } else {
            compteur.vider(&mut entree)?;
        }
        noms.push((nom, tete));
    }
    Ok(noms)
}

/// What can be told of an entry before it is inflated; gives its name.
fn verifier_entree<L: Read + Seek>(archive: &mut ZipArchive<L>, rang: usize) -> Result<String, RefusArchive> {
    let entree = archive.by_index_raw(rang).map_err(|erreur| refus(erreur, ""))?;
    let nom: String = entree.name().chars().filter(|c| !c.is_control()).take(180).collect();
    if entree.encrypted() {
        return Err(RefusArchive::Chiffree);
    }
    let brut = entree.name();
    let sort = brut.starts_with('/') || brut.as_bytes().get(1) == Some(&b':') || brut.contains('\\');
    if sort || nom.len() != brut.len() || entree.enclosed_name().is_none() || entree.is_symlink() {
        return Err(RefusArchive::Chemin(nom));
    }
    let minuscules = nom.to_lowercase();
    if minuscules.ends_with("vbaproject.bin") || minuscules.starts_with("basic/") {
        return Err(RefusArchive::Macro(nom));
    }
    // « preuve.exe. » and « preuve.exe » are the same file for some systems.
    let extension = minuscules.trim_end_matches(['.', ' ']).rsplit_once('.').map_or("", |(_, fin)| fin);
    if EXECUTABLES.contains(&extension) {
        return Err(RefusArchive::Executable(nom));
    }
    Ok(nom)
}

/// Counts what comes out of an archive of `entre` bytes.
struct Compteur<'a> {
    sorti: &'a mut u64,
    entre: u64,
    reste: &'a mut Reste,
}

impl Compteur<'_> {
    fn compter(&mut self, octets: usize) -> Result<(), RefusArchive> {
        let octets = octets as u64;
        *self.sorti += octets;
        self.reste.octets = self.reste.octets.checked_sub(octets).ok_or(RefusArchive::Bombe)?;
        if *self.sorti > RATIO_DES && *self.sorti / self.entre.max(1) > RATIO_MAX {
            return Err(RefusArchive::Bombe);
        }
        Ok(())
    }

    /// Appends up to `max` bytes.
    fn lire(&mut self, entree: &mut impl Read, max: usize, vers: &mut Vec<u8>) -> Result<(), RefusArchive> {
        let mut tampon = [0; 16 * 1024];
        let mut restant = max;
        while restant > 0 {
            let place = restant.min(tampon.len());
            let lus = entree.read(&mut tampon[..place]).map_err(panne)?;
            if lus == 0 {
                break;
            }
            self.compter(lus)?;
            vers.extend_from_slice(&tampon[..lus]);
            restant -= lus;
        }
        Ok(())
    }

    fn vider(&mut self, entree: &mut impl Read) -> Result<(), RefusArchive> {
        let mut tampon = vec![0; 64 * 1024];
        loop {
            match entree.read(&mut tampon).map_err(panne)? {
                0 => return Ok(()),
                lus => self.compter(lus)?,
            }
        }
    }
}

/// A fault of the archive is told by its kind; any other comes from the store.
fn panne(erreur: io::Error) -> RefusArchive {
    match erreur.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            RefusArchive::Illisible
        }
        // The zip reader says « Invalid checksum » with this kind; a store that fails carries its own error.
        io::ErrorKind::Other
            if erreur.get_ref().is_none_or(|cause| !cause.is::<super::lecteur::PanneMagasin>()) =>
        {
            RefusArchive::Illisible
        }
        _ => RefusArchive::Io(erreur),
    }
}

fn refus(erreur: ZipError, nom: &str) -> RefusArchive {
    match erreur {
        ZipError::Io(erreur) => panne(erreur),
        ZipError::UnsupportedArchive(raison) if raison == ZipError::PASSWORD_REQUIRED => {
            RefusArchive::Chiffree
        }
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            RefusArchive::Methode(nom.to_owned())
        }
        _ => RefusArchive::Illisible,
    }
}

/// Programs of the usual systems, and texts that name their interpreter.
fn executable(tete: &[u8]) -> bool {
    const MAGIES: [&[u8]; 9] = [
        b"MZ",
        b"\x7fELF",
        b"\xCA\xFE\xBA\xBE",
        b"\xFE\xED\xFA\xCE",
        b"\xFE\xED\xFA\xCF",
        b"\xCE\xFA\xED\xFE",
        b"\xCF\xFA\xED\xFE",
        b"dex\n",
        b"#!",
    ];
    MAGIES.iter().any(|magie| tete.starts_with(magie))
}

fn autre_archive(tete: &[u8]) -> bool {
    const MAGIES: [&[u8]; 7] = [
        b"7z\xBC\xAF\x27\x1C",
        b"Rar!\x1A\x07",
        b"\x1F\x8B\x08",
        b"BZh",
        b"\xFD7zXZ\x00",
        b"\x28\xB5\x2F\xFD",
        b"MSCF\x00",
    ];
    MAGIES.iter().any(|magie| tete.starts_with(magie)) || tete.get(257..262) == Some(b"ustar")
}
