//! The files of a dossier: uploads, downloads, previews.
//!
//! Rule: a file is reached through the candidature that shows it and through nothing else; knowing its SHA-256 is no
//! right. Whoever asks gets it where a page that they may read lists it: the agency has no file of what the industriel
//! is still preparing, nor of a conversation that it does not read.

pub mod apercu;
pub mod telecharger;
pub mod televersement;

use std::fmt::Write as _;

use axum::{body::Body, response::Response};
use domaine::{
    candidature::Candidature,
    permission::{Acte, Objet},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use registre::FichierGarde;

use crate::{acces::Ici, app::App, erreur::Erreur};

/// A file that this candidature shows to this person, and under which name.
pub(crate) async fn chercher(app: &App, ici: &Ici, sha256: &str) -> Result<(FichierGarde, String), Erreur> {
    let candidature = ici.candidature()?;
    let mut tx = app.registre.lire().await?;
    let usages = tx.load_usages_fichier(sha256, candidature.id).await?;
    let montre = |objet: &str| montre(candidature, ici, objet, sha256);
    let (_, nom) = usages.into_iter().find(|(objet, _)| montre(objet)).ok_or(Erreur::Introuvable)?;
    let fichier = tx.load_fichier(sha256).await?.ok_or(Erreur::Introuvable)?;
    Ok((fichier, nom))
}

/// Whether a page that this person may read lists the file for that object; what no page lists is not given.
fn montre(candidature: &Candidature, ici: &Ici, objet: &str, sha256: &str) -> bool {
    match objet.split_once(':') {
        Some(("preuve", id)) => !ici.agence() || preuve_lue(candidature, id),
        Some(("message", _)) => ici.peut(Objet::Messagerie, Acte::Lire),
        None if matches!(objet, "composant" | "habilitation") => {
            !ici.agence() || candidature.formulaire.etat.deja_soumis() && joint(candidature, sha256)
        }
        _ => false,
    }
}

fn preuve_lue(candidature: &Candidature, id: &str) -> bool {
    candidature.chapitres.iter().any(|chapitre| {
        let preuves = chapitre.emplacements.iter().flat_map(|slot| &slot.preuves);
        preuves.filter(|preuve| preuve.id.to_string() == id).any(|preuve| chapitre.lu_par_l_agence(preuve))
    })
}

/// Whether the form, as it stands, has this file.
fn joint(candidature: &Candidature, sha256: &str) -> bool {
    let composants =
        candidature.formulaire.composants.iter().flat_map(|un| [&un.licence, &un.homologation]).flatten();
    let habilitations = candidature.formulaire.habilitations.values().filter_map(|une| une.fichier.as_ref());
    composants.chain(habilitations).any(|fichier| fichier.sha256 == sha256)
}

/// How the browser is to take a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disposition {
    Attachment,
    Inline,
}

/// The answer that carries a file, whole or the part asked for (RFC 9110 §14), streamed from the store.
pub(crate) async fn envoyer(
    app: &App,
    demande: &HeaderMap,
    fichier: &FichierGarde,
    nom: &str,
    disposition: Disposition,
) -> Result<Response, Erreur> {
    let taille = fichier.taille.unsigned_abs();
    let etiquette = format!("\"{}\"", fichier.sha256);
    let reponse = Response::builder()
        .header(header::CONTENT_TYPE, &fichier.mime)
        .header(header::CONTENT_DISPOSITION, entete_nom(disposition, nom))
        .header(header::ETAG, &etiquette)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let vide = |reponse: http::response::Builder| {
        reponse.body(Body::empty()).map_err(|_| Erreur::Interne("a header that can't be written"))
    };
    let connue = demande.get(header::IF_NONE_MATCH).and_then(|valeur| valeur.to_str().ok());
    if connue.is_some_and(|valeur| valeur.contains(&etiquette)) {
        return vide(reponse.status(StatusCode::NOT_MODIFIED));
    }
    // A part of another version would be glued to what the client has: it then gets the whole.
    let meme = demande.get(header::IF_RANGE).is_none_or(|valeur| valeur.as_bytes() == etiquette.as_bytes());
    let intervalle = demande.get(header::RANGE).filter(|_| meme).and_then(|valeur| valeur.to_str().ok());
    let (statut, debut, fin) = match intervalle.map(|texte| lire_intervalle(texte, taille)) {
        None | Some(Intervalle::Ignore) => (StatusCode::OK, 0, taille),
        Some(Intervalle::De(debut, fin)) => (StatusCode::PARTIAL_CONTENT, debut, fin),
        Some(Intervalle::Impossible) => {
            let reponse = reponse.header(header::CONTENT_RANGE, format!("bytes */{taille}"));
            return vide(reponse.status(StatusCode::RANGE_NOT_SATISFIABLE));
        }
    };
    let mut reponse = reponse.status(statut).header(header::CONTENT_LENGTH, fin - debut);
    if statut == StatusCode::PARTIAL_CONTENT {
        reponse = reponse.header(header::CONTENT_RANGE, format!("bytes {debut}-{}/{taille}", fin - 1));
    }
    let flux = app.magasin.flux(&fichier.sha256, debut, fin).await?;
    reponse.body(Body::from_stream(flux)).map_err(|_| Erreur::Interne("a header that can't be written"))
}

#[derive(Debug, PartialEq, Eq)]
enum Intervalle {
    /// From the first byte to the one after the last.
    De(u64, u64),
    Impossible,
    /// Several parts, or another unit: the whole file is a correct answer.
    Ignore,
}

fn lire_intervalle(texte: &str, taille: u64) -> Intervalle {
    let Some((debut, fin)) = texte.strip_prefix("bytes=").and_then(|reste| reste.split_once('-')) else {
        return Intervalle::Ignore;
    };
    let (debut, fin) = match (debut.trim().parse::<u64>(), fin.trim().parse::<u64>()) {
        (Ok(debut), Ok(fin)) if fin < debut => return Intervalle::Ignore,
        (Ok(debut), Ok(fin)) => (debut, fin.saturating_add(1).min(taille)),
        (Ok(debut), Err(_)) if fin.trim().is_empty() => (debut, taille),
        (Err(_), Ok(longueur)) if debut.trim().is_empty() => (taille.saturating_sub(longueur), taille),
        _ => return Intervalle::Ignore,
    };
    if debut >= fin { Intervalle::Impossible } else { Intervalle::De(debut, fin) }
}

/// The name twice: in ASCII for what is old, in UTF-8 for the rest (RFC 6266 §4.3).
fn entete_nom(disposition: Disposition, nom: &str) -> HeaderValue {
    let genre = match disposition {
        Disposition::Attachment => "attachment",
        Disposition::Inline => "inline",
    };
    let simple: String = nom
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' })
        .collect();
    let mut code = String::new();
    for octet in nom.bytes() {
        if octet.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&octet) {
            code.push(char::from(octet));
        } else {
            let _ = write!(code, "%{octet:02X}");
        }
    }
    HeaderValue::try_from(format!("{genre}; filename=\"{simple}\"; filename*=UTF-8''{code}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_or_left_aside() {
        for (texte, attendu) in [
            ("bytes=0-9", Intervalle::De(0, 10)),
            ("bytes=90-", Intervalle::De(90, 100)),
            ("bytes=-10", Intervalle::De(90, 100)),
            ("bytes=-1000", Intervalle::De(0, 100)),
            ("bytes=50-1000", Intervalle::De(50, 100)),
            ("bytes=0-18446744073709551615", Intervalle::De(0, 100)),
            ("bytes=100-", Intervalle::Impossible),
            ("bytes=-0", Intervalle::Impossible),
            ("bytes=9-2", Intervalle::Ignore),
            ("bytes=0-1,5-6", Intervalle::Ignore),
            ("octets=0-1", Intervalle::Ignore),
            ("bytes=-", Intervalle::Ignore),
            ("bytes=a-b", Intervalle::Ignore),
        ] {
            assert_eq!(lire_intervalle(texte, 100), attendu, "{texte}");
        }
    }

    #[test]
    fn a_name_never_escapes_its_header() {
        for (nom, attendu) in [
            ("a.pdf", "attachment; filename=\"a.pdf\"; filename*=UTF-8''a.pdf"),
            ("é \"x\".pdf", "attachment; filename=\"_ _x_.pdf\"; filename*=UTF-8''%C3%A9%20%22x%22.pdf"),
            ("a\r\nX: y.pdf", "attachment; filename=\"a__X: y.pdf\"; filename*=UTF-8''a%0D%0AX%3A%20y.pdf"),
        ] {
            assert_eq!(entete_nom(Disposition::Attachment, nom), attendu);
        }
    }
}
