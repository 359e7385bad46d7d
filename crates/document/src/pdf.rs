//! The little of PDF syntax (ISO 32000-1 section 7) that signing and verifying need: objects, cross-reference tables, streams.
//!
//! Files come from anybody. Depth, counts and sizes are bounded, every offset is checked, and what isn't understood is
//! refused rather than guessed: cross-reference streams are, since no document of ours has one.

mod analyse;
mod fichier;

pub(crate) use analyse::{Dict, Lecteur, Objet};
pub(crate) use fichier::{Fichier, Refus};

/// Writes an object in its textual form.
pub(crate) fn ecrire(objet: &Objet, sortie: &mut Vec<u8>) {
    match objet {
        Objet::Nul => sortie.extend_from_slice(b"null"),
        Objet::Booleen(vrai) => sortie.extend_from_slice(if *vrai { b"true" } else { b"false" }),
        Objet::Entier(n) => sortie.extend_from_slice(n.to_string().as_bytes()),
        Objet::Reel(texte) => sortie.extend_from_slice(texte),
        Objet::Nom(nom) => ecrire_nom(nom, sortie),
        Objet::Chaine { octets, .. }
            if octets.iter().all(|o| matches!(o, b' '..=b'~') && !b"()\\".contains(o)) =>
        {
            sortie.push(b'(');
            sortie.extend_from_slice(octets);
            sortie.push(b')');
        }
        Objet::Chaine { octets, .. } => {
            sortie.push(b'<');
            sortie.extend_from_slice(hex::encode_upper(octets).as_bytes());
            sortie.push(b'>');
        }
        Objet::Tableau(objets) => {
            sortie.push(b'[');
            for (i, objet) in objets.iter().enumerate() {
                if i > 0 {
                    sortie.push(b' ');
                }
                ecrire(objet, sortie);
            }
            sortie.push(b']');
        }
        Objet::Dict(dict) => {
            sortie.extend_from_slice(b"<<");
            for (cle, valeur) in dict.entrees() {
                ecrire_nom(cle, sortie);
                sortie.push(b' ');
                ecrire(valeur, sortie);
            }
            sortie.extend_from_slice(b">>");
        }
        Objet::Ref(numero, generation) => {
            sortie.extend_from_slice(format!("{numero} {generation} R").as_bytes());
        }
    }
}

fn ecrire_nom(nom: &[u8], sortie: &mut Vec<u8>) {
    sortie.push(b'/');
    for octet in nom {
        if octet.is_ascii_graphic() && !b"#()<>[]{}/%".contains(octet) {
            sortie.push(*octet);
        } else {
            sortie.extend_from_slice(format!("#{octet:02X}").as_bytes());
        }
    }
}

/// A text string (section 7.9.2.2): ASCII as such, anything else in UTF-16BE with its mark.
pub(crate) fn texte(texte: &str) -> Objet {
    let octets = if texte.is_ascii() {
        texte.as_bytes().to_vec()
    } else {
        [0xfe, 0xff].into_iter().chain(texte.encode_utf16().flat_map(u16::to_be_bytes)).collect()
    };
    Objet::Chaine { octets, debut: 0, fin: 0, hexa: false }
}

/// Reads a text string; PDFDocEncoding is taken for Latin-1, from which it differs by a few signs.
pub(crate) fn lire_texte(octets: &[u8]) -> String {
    match octets {
        [0xfe, 0xff, reste @ ..] => {
            let unites: Vec<u16> = reste.chunks_exact(2).map(|p| u16::from_be_bytes([p[0], p[1]])).collect();
            String::from_utf16_lossy(&unites)
        }
        [0xef, 0xbb, 0xbf, reste @ ..] => String::from_utf8_lossy(reste).into_owned(),
        _ => octets.iter().map(|o| char::from(*o)).collect(),
    }
}
