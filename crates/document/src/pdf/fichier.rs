//! A whole file, through its cross-reference tables (sections 7.5.4 to 7.5.6).

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use super::{Dict, Lecteur, Objet};

/// Most sections of the chain of cross-reference tables, that is, incremental updates.
const SECTIONS_MAX: usize = 64;
/// Most entries read from the tables.
const ENTREES_MAX: usize = 1_000_000;
/// Bytes of objects that may be parsed in all: a small file can make us read the same object over and over.
const BUDGET: usize = 64 * 1024 * 1024;
/// Largest stream once inflated, in bytes.
const FLUX_MAX: usize = 32 * 1024 * 1024;

/// Why a file can't be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refus {
    /// No `startxref`, a table out of place, no trailer.
    Abime,
    /// A cross-reference stream, where we only read tables.
    XrefEnFlux,
    /// Encrypted file.
    Chiffre,
}

/// A file opened for reading. Objects are read when asked for.
pub(crate) struct Fichier<'a> {
    octets: &'a [u8],
    positions: BTreeMap<u32, usize>,
    budget: Cell<usize>,
    /// Trailer of the last section.
    pub(crate) trailer: Dict,
    /// Offset of the last cross-reference table.
    pub(crate) debut_xref: usize,
}

impl<'a> Fichier<'a> {
    pub(crate) fn ouvrir(octets: &'a [u8]) -> Result<Self, Refus> {
        let debut_xref = startxref(octets).ok_or(Refus::Abime)?;
        let mut table = Table::default();
        let mut trailer: Option<Dict> = None;
        let mut vues = BTreeSet::new();
        let mut suivante = Some(debut_xref);
        while let Some(section) = suivante {
            if !vues.insert(section) || vues.len() > SECTIONS_MAX {
                return Err(Refus::Abime);
            }
            let dict = lire_section(octets, section, &mut table)?;
            suivante = match dict.get("Prev") {
                Some(prev) => Some(prev.entier().and_then(|n| usize::try_from(n).ok()).ok_or(Refus::Abime)?),
                None => None,
            };
            trailer.get_or_insert(dict);
        }
        let trailer = trailer.ok_or(Refus::Abime)?;
        if trailer.get("Encrypt").is_some() {
            return Err(Refus::Chiffre);
        }
        Ok(Self { octets, positions: table.positions, budget: Cell::new(BUDGET), trailer, debut_xref })
    }

    /// The object `numero`, and the offset just after it.
    fn lire(&self, numero: u32) -> Option<(Objet, usize)> {
        let debut = *self.positions.get(&numero)?;
        let mut lecteur = Lecteur::new(self.octets, debut);
        let (lu, _) = lecteur.entete_objet()?;
        let objet = (lu == numero).then(|| lecteur.objet())?;
        self.budget.set(self.budget.get().checked_sub(lecteur.pos.saturating_sub(debut))?);
        Some((objet?, lecteur.pos))
    }

    /// Follows a reference, once: a reference to a reference is no valid object.
    pub(crate) fn resoudre(&self, objet: &Objet) -> Option<Objet> {
        match objet {
            Objet::Ref(numero, _) => match self.lire(*numero)?.0 {
                Objet::Ref(..) => None,
                lu => Some(lu),
            },
            direct => Some(direct.clone()),
        }
    }

    pub(crate) fn resoudre_dict(&self, objet: &Objet) -> Option<Dict> {
        match self.resoudre(objet)? {
            Objet::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// The content of a stream, inflated: `FlateDecode` alone or no filter.
    pub(crate) fn flux(&self, objet: &Objet) -> Option<Vec<u8>> {
        let Objet::Ref(numero, _) = objet else { return None };
        let (Objet::Dict(dict), fin) = self.lire(*numero)? else { return None };
        let mut lecteur = Lecteur::new(self.octets, fin);
        lecteur.mot(b"stream")?;
        let debut = match self.octets.get(lecteur.pos..)? {
            [b'\r', b'\n', ..] => lecteur.pos + 2,
            [b'\n', ..] => lecteur.pos + 1,
            _ => return None,
        };
        let longueur = usize::try_from(self.resoudre(dict.get("Length")?)?.entier()?).ok()?;
        let brut = self.octets.get(debut..debut.checked_add(longueur)?)?;
        let filtre = match dict.get("Filter") {
            Some(Objet::Tableau(filtres)) if filtres.len() <= 1 => filtres.first().cloned(),
            Some(Objet::Tableau(_)) => return None,
            autre => autre.cloned(),
        };
        match filtre {
            None => Some(brut.to_vec()),
            Some(f) if f == Objet::nom("FlateDecode") && dict.get("DecodeParms").is_none() => {
                miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(brut, FLUX_MAX).ok()
            }
            Some(_) => None,
        }
    }
}

/// Offset written after the last `startxref`, sought in the last two kilobytes.
fn startxref(octets: &[u8]) -> Option<usize> {
    let debut = octets.len().saturating_sub(2048);
    let mot = b"startxref";
    let trouve = octets.get(debut..)?.windows(mot.len()).rposition(|f| f == mot)?;
    let position = Lecteur::new(octets, debut + trouve + mot.len()).nombre()?;
    usize::try_from(position).ok().filter(|p| *p < octets.len())
}

/// What the tables say, the most recent first.
#[derive(Default)]
struct Table {
    positions: BTreeMap<u32, usize>,
    libres: BTreeSet<u32>,
    lues: usize,
}

impl Table {
    /// Takes an entry, unless a later section had one for the same object.
    fn noter(&mut self, numero: u32, position: Option<usize>) -> Result<(), Refus> {
        self.lues += 1;
        if self.lues > ENTREES_MAX {
            return Err(Refus::Abime);
        }
        if !self.libres.contains(&numero) && !self.positions.contains_key(&numero) {
            if let Some(position) = position {
                self.positions.insert(numero, position);
            } else {
                self.libres.insert(numero);
            }
        }
        Ok(())
    }
}

/// Reads one section and its trailer.
fn lire_section(octets: &[u8], debut: usize, table: &mut Table) -> Result<Dict, Refus> {
    let mut lecteur = Lecteur::new(octets, debut);
    if lecteur.mot(b"xref").is_none() {
        return Err(if lecteur.entete_objet().is_some() { Refus::XrefEnFlux } else { Refus::Abime });
    }
    while lecteur.mot(b"trailer").is_none() {
        let premier = lecteur.nombre().ok_or(Refus::Abime)?;
        let combien = lecteur.nombre().ok_or(Refus::Abime)?;
        for numero in premier..premier.saturating_add(combien) {
            let numero = u32::try_from(numero).map_err(|_| Refus::Abime)?;
            let position = lecteur.nombre().and_then(|p| usize::try_from(p).ok()).ok_or(Refus::Abime)?;
            lecteur.nombre().ok_or(Refus::Abime)?;
            if lecteur.mot(b"n").is_some() {
                table.noter(numero, Some(position))?;
            } else {
                lecteur.mot(b"f").ok_or(Refus::Abime)?;
                table.noter(numero, None)?;
            }
        }
    }
    match lecteur.objet() {
        Some(Objet::Dict(dict)) => Ok(dict),
        _ => Err(Refus::Abime),
    }
}
