//! What a file is, read from its bytes: it must be what its extension says, whole, and nothing else besides.
//!
//! Rule: a file that two programs would read as two different things is refused, and so is whatever a browser would run.
//! One pass takes the SHA-256 and looks at texts; the head, the tail and the inside of archives are looked at apart.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use aws_lc_rs::digest;
use serde::de::IgnoredAny;
use thiserror::Error;

use super::{
    archive::{self, RefusArchive},
    texte::{ExamenTexte, RefusTexte},
};

/// How much of the head tells what a file is.
const TETE: usize = 4096;
/// Where a hidden page would be recognised by a browser that guesses.
const DEBUT: usize = 1024;
/// The end of a zip stands in its last 22 bytes plus a comment of at most 65 535.
const QUEUE: u64 = 22 + 65_535;
const MORCEAU: usize = 64 * 1024;

#[derive(Debug, Error)]
pub enum RefusContenu {
    #[error("Le contenu n’est pas celui d’un fichier .{extension}{}.", reconnu(*.reel))]
    AutreType { extension: String, reel: Option<&'static str> },
    #[error("Le fichier est incomplet : sa fin manque. Exportez-le ou téléversez-le de nouveau.")]
    Tronque,
    #[error(
        "Des données suivent la fin du document : il n’est pas accepté tel quel. Exportez-le de nouveau."
    )]
    ApresLaFin,
    #[error("Le fichier cache {0} : il peut être lu de deux façons et n’est pas accepté.")]
    Polyglotte(&'static str),
    #[error("Le JSON n’est pas lisible (ligne {ligne}, colonne {colonne}).")]
    Json { ligne: usize, colonne: usize },
    #[error("Le certificat n’est pas lisible.")]
    Certificat,
    #[error(
        "Le fichier contient une clé privée. N’envoyez jamais une clé privée, à personne : déposez le seul certificat, et remplacez cette clé si elle a déjà été transmise."
    )]
    ClePrivee,
    #[error(transparent)]
    Texte(RefusTexte),
    #[error(transparent)]
    Archive(RefusArchive),
    #[error("lecture du fichier")]
    Io(#[source] io::Error),
}

fn reconnu(reel: Option<&'static str>) -> String {
    reel.map_or_else(String::new, |reel| format!(" (il ressemble à « {reel} »)"))
}

impl From<io::Error> for RefusContenu {
    fn from(erreur: io::Error) -> Self {
        Self::Io(erreur)
    }
}

impl From<RefusTexte> for RefusContenu {
    fn from(refus: RefusTexte) -> Self {
        if refus == RefusTexte::ClePrivee { Self::ClePrivee } else { Self::Texte(refus) }
    }
}

impl From<RefusArchive> for RefusContenu {
    fn from(refus: RefusArchive) -> Self {
        match refus {
            RefusArchive::Io(erreur) => Self::Io(erreur),
            refus => Self::Archive(refus),
        }
    }
}

/// What is known of an accepted content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Examen {
    /// Lower-case hexadecimal.
    pub(super) sha256: String,
    pub(super) mime: &'static str,
}

/// Reads the whole file. `extension` is in lower case and one of those that some kind of preuve accepts.
pub(super) fn examiner<L: Read + Seek>(mut lecteur: L, extension: &str) -> Result<Examen, RefusContenu> {
    let taille = lecteur.seek(SeekFrom::End(0))?;
    let tete = extrait(&mut lecteur, 0, TETE as u64)?;
    let queue = extrait(&mut lecteur, taille.saturating_sub(QUEUE), QUEUE)?;
    let mut analyse = ExamenTexte::pour(extension, &tete);
    let sha256 = parcourir(&mut lecteur, analyse.as_mut())?;
    let mime = type_mime(extension, analyse.is_some());
    if analyse.is_none() {
        verifier_debut(&tete)?;
        verifier_magie(extension, &tete)?;
        if !archive_attendue(extension) {
            verifier_sans_archive(&mut lecteur, taille, &queue)?;
        }
    }
    match extension {
        "pdf" => verifier_pdf(&queue)?,
        "png" if !contient(fin(&queue, 1024), b"IEND\xAE\x42\x60\x82") => return Err(RefusContenu::Tronque),
        "jpg" | "jpeg" if !contient(&queue, b"\xFF\xD9") => return Err(RefusContenu::Tronque),
        "mp4" => verifier_mp4(&mut lecteur, taille)?,
        "json" | "har" => verifier_json(&mut lecteur)?,
        "pem" | "crt" | "cer" => verifier_certificat(&mut lecteur, taille)?,
        _ if archive_attendue(extension) => {
            verifier_entrees(&queue)?;
            lecteur.seek(SeekFrom::Start(0))?;
            archive::inspecter(lecteur, taille, extension)?;
        }
        _ => {}
    }
    Ok(Examen { sha256, mime })
}

fn parcourir<L: Read + Seek>(
    lecteur: &mut L,
    mut texte: Option<&mut ExamenTexte>,
) -> Result<String, RefusContenu> {
    lecteur.seek(SeekFrom::Start(0))?;
    let mut empreinte = digest::Context::new(&digest::SHA256);
    let mut tampon = vec![0; MORCEAU];
    loop {
        let lus = lecteur.read(&mut tampon)?;
        if lus == 0 {
            break;
        }
        empreinte.update(&tampon[..lus]);
        if let Some(texte) = &mut texte {
            texte.morceau(&tampon[..lus])?;
        }
    }
    if let Some(texte) = texte {
        texte.finir()?;
    }
    Ok(hex::encode(empreinte.finish()))
}

fn extrait<L: Read + Seek>(lecteur: &mut L, debut: u64, longueur: u64) -> io::Result<Vec<u8>> {
    lecteur.seek(SeekFrom::Start(debut))?;
    let mut octets = Vec::new();
    lecteur.by_ref().take(longueur).read_to_end(&mut octets)?;
    Ok(octets)
}

fn fin(octets: &[u8], longueur: usize) -> &[u8] {
    &octets[octets.len().saturating_sub(longueur)..]
}

pub(super) fn contient(octets: &[u8], motif: &[u8]) -> bool {
    octets.windows(motif.len()).any(|fenetre| fenetre == motif)
}

fn archive_attendue(extension: &str) -> bool {
    matches!(extension, "zip" | "docx" | "xlsx" | "odt" | "ods")
}

fn type_mime(extension: &str, texte: bool) -> &'static str {
    match extension {
        "pdf" => "application/pdf",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "odt" => "application/vnd.oasis.opendocument.text",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mkv" => "video/x-matroska",
        "zip" => "application/zip",
        "json" | "har" => "application/json",
        "xml" => "application/xml",
        "csv" => "text/csv; charset=utf-8",
        "pem" | "crt" | "cer" if texte => "application/x-pem-file",
        "pem" | "crt" | "cer" => "application/pkix-cert",
        _ if texte => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// A page or a script at the head of something that is no text.
fn verifier_debut(tete: &[u8]) -> Result<(), RefusContenu> {
    let debut = tete[..tete.len().min(DEBUT)].to_ascii_lowercase();
    let motifs: [&[u8]; 5] = [b"<html", b"<script", b"<!doctype html", b"<svg", b"<?php"];
    if motifs.iter().any(|motif| contient(&debut, motif)) {
        return Err(RefusContenu::Polyglotte("une page web ou un script"));
    }
    Ok(())
}

fn verifier_magie(extension: &str, tete: &[u8]) -> Result<(), RefusContenu> {
    let juste = match extension {
        "pdf" => tete.starts_with(b"%PDF-"),
        "png" => tete.starts_with(b"\x89PNG\r\n\x1A\n"),
        "jpg" | "jpeg" => tete.starts_with(b"\xFF\xD8\xFF"),
        "mp4" => tete.get(4..8) == Some(b"ftyp"),
        "webm" => tete.starts_with(b"\x1A\x45\xDF\xA3") && contient(&tete[..tete.len().min(64)], b"webm"),
        "mkv" => {
            let debut = &tete[..tete.len().min(64)];
            debut.starts_with(b"\x1A\x45\xDF\xA3")
                && (contient(debut, b"matroska") || contient(debut, b"webm"))
        }
        // A DER certificate; its reading comes after.
        "crt" | "cer" => tete.first() == Some(&0x30),
        _ if archive_attendue(extension) => tete.starts_with(b"PK\x03\x04"),
        _ => false,
    };
    if juste {
        return Ok(());
    }
    if extension == "pdf" && contient(&tete[..tete.len().min(DEBUT)], b"%PDF-") {
        return Err(RefusContenu::Polyglotte("des données avant l’en-tête PDF"));
    }
    let reel = infer::get(tete).map(|nature| nature.mime_type());
    Err(RefusContenu::AutreType { extension: extension.to_owned(), reel })
}

fn verifier_pdf(queue: &[u8]) -> Result<(), RefusContenu> {
    const FIN: &[u8] = b"%%EOF";
    let fin = queue.windows(FIN.len()).rposition(|fenetre| fenetre == FIN).ok_or(RefusContenu::Tronque)?;
    let suite = &queue[fin + FIN.len()..];
    if suite.iter().all(|octet| octet.is_ascii_whitespace() || *octet == 0) {
        return Ok(());
    }
    // A file cut in the middle of a later revision has an old end and no new one; something else was glued behind.
    if contient(suite, b" obj") || contient(suite, b"endobj") {
        return Err(RefusContenu::Tronque);
    }
    Err(RefusContenu::ApresLaFin)
}

fn u16_le(octets: &[u8], ou: usize) -> u64 {
    octets.get(ou..ou + 2).map_or(0, |deux| u64::from(u16::from_le_bytes([deux[0], deux[1]])))
}

fn u32_le(octets: &[u8], ou: usize) -> u64 {
    octets
        .get(ou..ou + 4)
        .map_or(0, |quatre| u64::from(u32::from_le_bytes([quatre[0], quatre[1], quatre[2], quatre[3]])))
}

/// Where the directory of a zip could end, in the tail of a file.
fn fins_d_archive(queue: &[u8]) -> impl Iterator<Item = usize> {
    queue.windows(4).enumerate().filter(|(_, quatre)| *quatre == b"PK\x05\x06").map(|(ou, _)| ou)
}

/// A zip glued behind (or into the end of) a file of another type: any unzipper would open it.
fn verifier_sans_archive<L: Read + Seek>(
    lecteur: &mut L,
    taille: u64,
    queue: &[u8],
) -> Result<(), RefusContenu> {
    let debut_queue = taille - queue.len() as u64;
    for ou in fins_d_archive(queue) {
        let repertoire = u32_le(queue, ou + 12);
        let Some(debut) = (debut_queue + ou as u64).checked_sub(repertoire) else { continue };
        if extrait(lecteur, debut, 4)? == b"PK\x01\x02" {
            return Err(RefusContenu::Polyglotte("une archive zip"));
        }
    }
    Ok(())
}

/// The directory says how many entries it holds: told before it is read into memory.
fn verifier_entrees(queue: &[u8]) -> Result<(), RefusContenu> {
    if fins_d_archive(queue).any(|ou| u16_le(queue, ou + 10) > archive::ENTREES_MAX as u64) {
        return Err(RefusContenu::Archive(RefusArchive::TropDEntrees));
    }
    Ok(())
}

/// The boxes of an MP4 (ISO/IEC 14496-12 §4.2) follow each other up to the last byte, with the index among them.
fn verifier_mp4<L: Read + Seek>(lecteur: &mut L, taille: u64) -> Result<(), RefusContenu> {
    const BOITES_MAX: usize = 100_000;
    let (mut ou, mut index) = (0, false);
    for _ in 0..BOITES_MAX {
        if ou == taille {
            return if index { Ok(()) } else { Err(RefusContenu::Tronque) };
        }
        let tete = extrait(lecteur, ou, 16)?;
        if tete.len() < 8 {
            return Err(RefusContenu::Tronque);
        }
        let nom = &tete[4..8];
        index |= nom == b"moov" || nom == b"moof";
        let longueur = match u32::from_be_bytes([tete[0], tete[1], tete[2], tete[3]]) {
            0 => taille - ou,
            1 if tete.len() == 16 => tete[8..].iter().fold(0, |total, octet| total << 8 | u64::from(*octet)),
            petite => u64::from(petite),
        };
        match ou.checked_add(longueur) {
            Some(suivante) if longueur >= 8 && suivante <= taille => ou = suivante,
            _ => return Err(RefusContenu::Tronque),
        }
    }
    Err(RefusContenu::Tronque)
}

fn verifier_json<L: Read + Seek>(lecteur: &mut L) -> Result<(), RefusContenu> {
    let marque = extrait(lecteur, 0, 3)? == b"\xEF\xBB\xBF";
    lecteur.seek(SeekFrom::Start(if marque { 3 } else { 0 }))?;
    let lu: Result<IgnoredAny, _> = serde_json::from_reader(BufReader::with_capacity(MORCEAU, lecteur));
    lu.map(|_| ()).map_err(|erreur| {
        if erreur.is_io() {
            RefusContenu::Io(erreur.into())
        } else {
            RefusContenu::Json { ligne: erreur.line(), colonne: erreur.column() }
        }
    })
}

fn verifier_certificat<L: Read + Seek>(lecteur: &mut L, taille: u64) -> Result<(), RefusContenu> {
    if taille > igc::lire::TAILLE_MAX as u64 {
        return Err(RefusContenu::Certificat);
    }
    let octets = extrait(lecteur, 0, taille)?;
    match igc::lire::lire(&octets) {
        Ok(_) => Ok(()),
        Err(igc::Erreur::ClePrivee) => Err(RefusContenu::ClePrivee),
        Err(_) => Err(RefusContenu::Certificat),
    }
}

#[cfg(test)]
mod tests;
