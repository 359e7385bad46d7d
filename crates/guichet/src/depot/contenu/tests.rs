//! What is accepted and what is refused, byte for byte.

use std::io::{Cursor, Write as _};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::*;

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n";
const PNG: &[u8] =
    b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0....\0\0\0\0IEND\xAE\x42\x60\x82";
const JPG: &[u8] = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01....\xFF\xD9";

fn zip(entrees: &[(&str, &[u8])]) -> Vec<u8> {
    let mut ecriture = ZipWriter::new(Cursor::new(Vec::new()));
    for (nom, octets) in entrees {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        ecriture.start_file(*nom, options).unwrap();
        ecriture.write_all(octets).unwrap();
    }
    ecriture.finish().unwrap().into_inner()
}

fn docx(plus: &[(&str, &[u8])]) -> Vec<u8> {
    let base: [(&str, &[u8]); 2] = [("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")];
    zip(&[&base, plus].concat())
}

fn xlsx(plus: &[(&str, &[u8])]) -> Vec<u8> {
    let base: [(&str, &[u8]); 2] = [("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<w/>")];
    zip(&[&base, plus].concat())
}

fn odt() -> Vec<u8> {
    zip(&[("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<o/>")])
}

fn boite(nom: [u8; 4], corps: &[u8]) -> Vec<u8> {
    let longueur = u32::try_from(corps.len() + 8).unwrap();
    [&longueur.to_be_bytes(), nom.as_slice(), corps].concat()
}

fn mp4() -> Vec<u8> {
    [boite(*b"ftyp", b"isom\0\0\0\0"), boite(*b"moov", b"...."), boite(*b"mdat", b"....")].concat()
}

fn pem(nature: &str) -> Vec<u8> {
    format!("-----BEGIN {nature}-----\nMIIB\n-----END {nature}-----\n").into_bytes()
}

fn certificat() -> Vec<u8> {
    let debut: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let autorite = igc::Autorite::nouvelle("AC d’essai", debut).unwrap();
    autorite.cert_pem().as_bytes().to_vec()
}

fn examen(extension: &str, octets: &[u8]) -> Result<Examen, RefusContenu> {
    examiner(Cursor::new(octets), extension)
}

#[test]
fn what_a_file_claims_to_be_and_is_is_accepted() {
    let cas: Vec<(&str, Vec<u8>, &str)> = vec![
        ("pdf", PDF.to_vec(), "application/pdf"),
        ("png", PNG.to_vec(), "image/png"),
        ("jpg", JPG.to_vec(), "image/jpeg"),
        ("jpeg", JPG.to_vec(), "image/jpeg"),
        ("mp4", mp4(), "video/mp4"),
        ("webm", b"\x1A\x45\xDF\xA3....\x42\x82\x84webm....".to_vec(), "video/webm"),
        ("mkv", b"\x1A\x45\xDF\xA3....\x42\x82\x88matroska....".to_vec(), "video/x-matroska"),
        ("zip", zip(&[("a/rapport.txt", b"oui"), ("b.docx", &docx(&[]))]), "application/zip"),
        ("docx", docx(&[]), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("xlsx", xlsx(&[]), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("odt", odt(), "application/vnd.oasis.opendocument.text"),
        ("json", b"\xEF\xBB\xBF{\"a\":[1,2]}\n".to_vec(), "application/json"),
        ("har", b"{\"log\":{\"content\":\"<html>\"}}".to_vec(), "application/json"),
        ("xml", b"<?xml version=\"1.0\"?><bom/>".to_vec(), "application/xml"),
        ("txt", "déjà vu\n".as_bytes().to_vec(), "text/plain; charset=utf-8"),
        ("log", b"GET / 200\n".to_vec(), "text/plain; charset=utf-8"),
        ("csv", b"a;b\n1;2\n".to_vec(), "text/csv; charset=utf-8"),
        ("pem", certificat(), "application/x-pem-file"),
        ("crt", certificat(), "application/x-pem-file"),
    ];
    for (extension, octets, mime) in cas {
        let lu = examen(extension, &octets).unwrap_or_else(|refus| panic!("{extension}: {refus}"));
        assert_eq!(lu.mime, mime, "{extension}");
        let attendu = hex::encode(digest::digest(&digest::SHA256, &octets));
        assert_eq!(lu.sha256, attendu, "{extension}");
    }
}

#[test]
fn each_trap_is_named() {
    let zip_simple = zip(&[("a.txt", b"a")]);
    let avec = |parties: &[&[u8]]| parties.concat();
    let page = b"<html><script>alert(1)</script></html>".as_slice();
    let longue = avec(&[b"a".repeat(70_000).as_slice(), b"\n-----BEGIN RSA PRIVATE KEY-----\n"]);
    let cas: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("a page as pdf", "pdf", page.to_vec(), "une page web"),
        ("a png as pdf", "pdf", PNG.to_vec(), "image/png"),
        ("text as pdf", "pdf", b"bonjour".to_vec(), "n’est pas celui d’un fichier .pdf"),
        ("a pdf cut", "pdf", PDF[..PDF.len() - 8].to_vec(), "incomplet"),
        ("a pdf whose update was cut", "pdf", avec(&[PDF, b"2 0 obj<<>>endobj\n"]), "incomplet"),
        ("bytes before a pdf", "pdf", avec(&[b"x\n", PDF]), "avant l’en-tête PDF"),
        ("bytes after a pdf", "pdf", avec(&[PDF, b"\x01\x02\x03"]), "suivent la fin"),
        ("a zip after a pdf", "pdf", avec(&[PDF, &zip_simple]), "une archive zip"),
        ("a zip that ends like a pdf", "pdf", avec(&[PDF, &zip_simple, b"%%EOF"]), "une archive zip"),
        ("a zip before a pdf", "zip", avec(&[PDF, &zip_simple]), "application/pdf"),
        (
            "a page in the head of a pdf",
            "pdf",
            avec(&[b"%PDF-1.7\n%<script>x</script>\n", PDF]),
            "une page web",
        ),
        ("a page in a png", "png", avec(&[&PNG[..20], page, &PNG[20..]]), "une page web"),
        ("a zip after a png", "png", avec(&[PNG, &zip_simple]), "une archive zip"),
        ("a png cut", "png", PNG[..30].to_vec(), "incomplet"),
        ("a jpg cut", "jpg", JPG[..10].to_vec(), "incomplet"),
        ("a video cut", "mp4", mp4()[..mp4().len() - 2].to_vec(), "incomplet"),
        ("a video without index", "mp4", boite(*b"ftyp", b"isom\0\0\0\0"), "incomplet"),
        ("a program as video", "mp4", b"MZ\x90\0\x03\0\0\0".to_vec(), "n’est pas celui"),
        ("matroska as webm", "webm", b"\x1A\x45\xDF\xA3matroska".to_vec(), "n’est pas celui"),
        ("svg as xml", "xml", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(), "SVG"),
        ("svg under a prefix", "xml", b"<s:g xmlns:s='http://www.w3.org/2000/svg'/>".to_vec(), "SVG"),
        ("xhtml as xml", "xml", b"<a xmlns='http://www.w3.org/1999/xhtml'/>".to_vec(), "pages web"),
        ("a DTD", "xml", b"<!DOCTYPE a [<!ENTITY b \"c\">]><a/>".to_vec(), "DTD"),
        ("a stylesheet", "xml", b"<?xml-stylesheet href='a.xsl'?><a/>".to_vec(), "DTD"),
        ("text as xml", "xml", b"bonjour".to_vec(), "pas du XML"),
        ("a page as text", "txt", page.to_vec(), "pages web"),
        ("a script as text", "log", b"#!/bin/sh\nrm -rf /\n".to_vec(), "scripts"),
        ("a NUL in a text", "txt", b"a\0b".to_vec(), "UTF-8"),
        ("latin-1", "csv", b"d\xE9j\xE0".to_vec(), "UTF-8"),
        ("UTF-8 cut", "txt", b"d\xC3".to_vec(), "UTF-8"),
        ("broken json", "json", b"{\"a\":}".to_vec(), "ligne 1"),
        ("two json values", "json", b"{}{}".to_vec(), "JSON"),
        ("a private key", "pem", pem("PRIVATE KEY"), "N’envoyez jamais une clé privée"),
        ("an encrypted private key", "crt", pem("ENCRYPTED PRIVATE KEY"), "clé privée"),
        ("a private key deep in a log", "log", longue, "clé privée"),
        ("no certificate", "pem", pem("CERTIFICATE"), "certificat"),
        ("a program in a zip", "zip", zip(&[("a/outil.EXE", b"x")]), "outil.EXE"),
        ("a program under another name", "zip", zip(&[("a.txt", b"MZ\x90\0")]), "programme"),
        ("an ELF in a docx", "docx", docx(&[("word/media/i.png", b"\x7fELF\x02")]), "programme"),
        ("a script in a zip", "zip", zip(&[("a.ps1", b"x")]), "a.ps1"),
        ("a program two zips deep", "zip", zip(&[("b.zip", &zip(&[("c.bat", b"x")]))]), "c.bat"),
        (
            "zips without end",
            "zip",
            zip(&[("1.zip", &zip(&[("2.zip", &zip(&[("3.zip", &zip_simple)]))]))]),
            "dans l’archive",
        ),
        ("another archive in a zip", "zip", zip(&[("a.bin", b"7z\xBC\xAF\x27\x1C...")]), "dans l’archive"),
        ("a way out of the folder", "zip", zip(&[("../../etc/cron.d/a", b"x")]), "sort du dossier"),
        ("an absolute name", "zip", zip(&[("/etc/passwd", b"x")]), "sort du dossier"),
        ("a Windows path", "zip", zip(&[("..\\a.txt", b"x")]), "sort du dossier"),
        ("a macro", "docx", docx(&[("word/vbaProject.bin", b"x")]), "macro"),
        ("a zip as docx", "docx", zip_simple.clone(), "document de ce type"),
        ("a docx as xlsx", "xlsx", docx(&[]), "document de ce type"),
        ("a bomb in an xlsx", "xlsx", xlsx(&[("xl/s.xml", &vec![b' '; 64 << 20])]), "démesurée"),
        ("a zip cut", "zip", zip_simple[..zip_simple.len() - 10].to_vec(), "illisible"),
        ("empty zip", "zip", zip(&[]), "n’est pas celui"),
    ];
    for (quoi, extension, octets, attendu) in cas {
        let refus = examen(extension, &octets).expect_err(quoi).to_string();
        assert!(refus.contains(attendu), "{quoi}: {refus}");
    }
}

#[test]
fn an_archive_of_too_many_files_is_refused_before_it_is_read() {
    let noms: Vec<String> = (0..=archive::ENTREES_MAX).map(|rang| rang.to_string()).collect();
    let entrees: Vec<(&str, &[u8])> = noms.iter().map(|nom| (nom.as_str(), b"".as_slice())).collect();
    let refus = examen("zip", &zip(&entrees)).unwrap_err().to_string();
    assert!(refus.contains("plus de 5000"), "{refus}");
}

#[test]
fn what_is_cut_between_two_pieces_is_still_seen() {
    for decalage in MORCEAU - 40..=MORCEAU {
        let mut octets = vec![b'a'; decalage];
        octets.extend_from_slice("é".repeat(30).as_bytes());
        octets.extend_from_slice(b"-----BEGIN PRIVATE KEY-----");
        assert!(matches!(examen("log", &octets), Err(RefusContenu::ClePrivee)), "{decalage}");
        octets.truncate(decalage + 60);
        assert!(examen("log", &octets).is_ok(), "{decalage}");
    }
}
