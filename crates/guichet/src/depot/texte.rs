//! Texts of every sort, looked at piece by piece: UTF-8, without pages, scripts or private keys in them.
//!
//! Rule: what is kept between two pieces is a few bytes, so that a log of 200 MB costs no memory.

use thiserror::Error;

use super::contenu::contient;

/// Longest thing that is looked for, in bytes.
const CHEVAUCHEMENT: usize = 48;
/// Where a page is recognised by a browser that guesses.
const DEBUT: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RefusTexte {
    #[error("Ce fichier n’est pas du texte en UTF-8. Enregistrez-le en UTF-8, puis déposez-le de nouveau.")]
    Utf8,
    #[error("Les pages web, les images SVG et les scripts ne sont pas acceptés.")]
    Page,
    #[error("Le fichier XML contient une DTD ou une feuille de style : retirez-la.")]
    Dtd,
    #[error("Le contenu n’est pas du XML.")]
    PasXml,
    #[error("Le fichier contient une clé privée.")]
    ClePrivee,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Langue {
    Xml,
    Json,
    Autre,
}

pub(super) struct ExamenTexte {
    langue: Langue,
    /// The last bytes of the piece before: an unfinished character, or the beginning of what is looked for.
    reste: Vec<u8>,
    /// How many of them already count as valid UTF-8.
    valides: usize,
    vus: usize,
}

impl ExamenTexte {
    /// `None` when a file of this extension is no text.
    pub(super) fn pour(extension: &str, tete: &[u8]) -> Option<Self> {
        let langue = match extension {
            "xml" => Langue::Xml,
            "json" | "har" => Langue::Json,
            "txt" | "log" | "csv" | "spdx" | "pem" => Langue::Autre,
            // A certificate comes as text or as DER.
            "crt" | "cer" if tete.first() != Some(&0x30) => Langue::Autre,
            _ => return None,
        };
        Some(Self { langue, reste: Vec::new(), valides: 0, vus: 0 })
    }

    pub(super) fn morceau(&mut self, morceau: &[u8]) -> Result<(), RefusTexte> {
        let premier = self.vus == 0;
        self.vus += morceau.len();
        let mut octets = std::mem::take(&mut self.reste);
        octets.extend_from_slice(morceau);
        if octets.contains(&0) {
            return Err(RefusTexte::Utf8);
        }
        let fin = match std::str::from_utf8(&octets[self.valides..]) {
            Ok(_) => octets.len(),
            Err(faute) if faute.error_len().is_none() => self.valides + faute.valid_up_to(),
            Err(_) => return Err(RefusTexte::Utf8),
        };
        self.chercher(&octets, premier)?;
        let garde = octets.len().saturating_sub(CHEVAUCHEMENT).min(fin);
        self.valides = fin - garde;
        self.reste = octets.split_off(garde);
        Ok(())
    }

    pub(super) fn finir(&self) -> Result<(), RefusTexte> {
        if self.valides == self.reste.len() { Ok(()) } else { Err(RefusTexte::Utf8) }
    }

    fn chercher(&self, octets: &[u8], premier: bool) -> Result<(), RefusTexte> {
        if contient(octets, b"PRIVATE KEY-----") {
            return Err(RefusTexte::ClePrivee);
        }
        if premier {
            self.chercher_debut(octets)?;
        }
        if self.langue == Langue::Xml {
            let octets = octets.to_ascii_lowercase();
            let pages: [&[u8]; 5] =
                [b"<html", b"<script", b"<svg", b"www.w3.org/1999/xhtml", b"www.w3.org/2000/svg"];
            if pages.iter().any(|motif| contient(&octets, motif)) {
                return Err(RefusTexte::Page);
            }
            let dtd: [&[u8]; 3] = [b"<!doctype", b"<!entity", b"<?xml-stylesheet"];
            if dtd.iter().any(|motif| contient(&octets, motif)) {
                return Err(RefusTexte::Dtd);
            }
        }
        Ok(())
    }

    fn chercher_debut(&self, octets: &[u8]) -> Result<(), RefusTexte> {
        let octets = octets.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(octets).trim_ascii_start();
        let debut = octets[..octets.len().min(DEBUT)].to_ascii_lowercase();
        let pages: [&[u8]; 5] = [b"<html", b"<script", b"<!doctype html", b"<svg", b"<?php"];
        match self.langue {
            Langue::Autre if debut.starts_with(b"#!") => Err(RefusTexte::Page),
            Langue::Autre | Langue::Xml if pages.iter().any(|motif| contient(&debut, motif)) => {
                Err(RefusTexte::Page)
            }
            Langue::Xml if !debut.starts_with(b"<") => Err(RefusTexte::PasXml),
            _ => Ok(()),
        }
    }
}
