//! Finds the signature dictionaries of a file by its bytes.
//!
//! Their `/Contents` has to stand at a known offset, so they can't hide in a compressed object stream: looking for
//! `/ByteRange` in the text finds them all, damaged file or not.

use crate::pdf::{Dict, Lecteur, Objet};

/// Most occurrences looked at: no honest document is signed that often.
const OCCURRENCES_MAX: usize = 32;
/// How far before and after an occurrence its object may begin and end, in bytes.
const FENETRE: usize = 16 * 1024 * 1024;
/// How many openings of object before an occurrence are tried.
const ESSAIS_MAX: usize = 4;
/// Bytes that may be parsed in all: bounds the time that a file made on purpose can cost.
const BUDGET: usize = 256 * 1024 * 1024;

const MARQUE: &[u8] = b"/ByteRange";

/// The signature dictionaries in the order of the file, and what was found amiss in looking for them.
pub(super) fn signatures(pdf: &[u8]) -> (Vec<Dict>, Vec<String>) {
    let mut anomalies = Vec::new();
    let mut trouvees: Vec<(usize, Dict)> = Vec::new();
    let mut budget = BUDGET;
    let mut positions: Vec<usize> = Vec::new();
    let mut depart = 0;
    while let Some(suivante) = cherche(pdf, depart) {
        positions.push(suivante);
        depart = suivante + MARQUE.len();
        if positions.len() > OCCURRENCES_MAX {
            anomalies.push("Le document déclare trop de signatures pour être examiné.".to_owned());
            return (Vec::new(), anomalies);
        }
    }
    for position in positions {
        match autour(pdf, position, &mut budget) {
            Some((debut, dict)) if trouvees.iter().all(|(vu, _)| *vu != debut) => {
                trouvees.push((debut, dict));
            }
            Some(_) => {}
            None => anomalies
                .push("Une plage d’octets signée est déclarée hors de toute signature lisible.".to_owned()),
        }
    }
    (trouvees.into_iter().map(|(_, dict)| dict).collect(), anomalies)
}

fn cherche(pdf: &[u8], depart: usize) -> Option<usize> {
    pdf.get(depart..)?.windows(MARQUE.len()).position(|f| f == MARQUE).map(|p| depart + p)
}

/// The signature dictionary that holds the occurrence at `position`, with the offset of its object.
fn autour(pdf: &[u8], position: usize, budget: &mut usize) -> Option<(usize, Dict)> {
    let plancher = position.saturating_sub(FENETRE);
    let plafond = pdf.len().min(position.saturating_add(FENETRE));
    let mut haut = position;
    for _ in 0..ESSAIS_MAX {
        let mot = plancher + pdf.get(plancher..haut)?.windows(3).rposition(|f| f == b"obj")?;
        haut = mot;
        let Some(debut) = debut_objet(pdf, mot) else { continue };
        let mut lecteur = Lecteur::new(&pdf[..plafond], debut);
        if lecteur.entete_objet().is_none() {
            continue;
        }
        let objet = lecteur.objet();
        *budget = budget.checked_sub(lecteur.pos.saturating_sub(debut))?;
        if lecteur.pos <= position {
            continue;
        }
        if let Some(dict) = objet.as_ref().and_then(signature) {
            return Some((debut, dict.clone()));
        }
    }
    None
}

/// Walks back from `obj` over its generation and number.
fn debut_objet(pdf: &[u8], mot: usize) -> Option<usize> {
    let tete = pdf.get(mot.saturating_sub(32)..mot)?;
    let avant = sans_nombre(sans_nombre(tete)?)?;
    Some(mot - (tete.len() - avant.len()))
}

/// What comes before the number that ends `octets`, blanks aside.
fn sans_nombre(octets: &[u8]) -> Option<&[u8]> {
    let octets = octets.trim_ascii_end();
    let chiffres = octets.iter().rev().take_while(|o| o.is_ascii_digit()).count();
    if chiffres == 0 { None } else { octets.get(..octets.len() - chiffres) }
}

/// The first dictionary that has a `/ByteRange`, at whatever depth: a field may hold its signature directly.
fn signature(objet: &Objet) -> Option<&Dict> {
    match objet {
        Objet::Dict(dict) if dict.get("ByteRange").is_some() => Some(dict),
        Objet::Dict(dict) => dict.entrees().find_map(|(_, valeur)| signature(valeur)),
        Objet::Tableau(objets) => objets.iter().find_map(signature),
        _ => None,
    }
}
