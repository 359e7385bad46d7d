//! Verifying offline a document that the agency signed: the function behind `edc verifier`.
//!
//! Rule: each thing looked at is told, whether it holds or not, and the document is accepted when none fails. What no
//! file can prove, that the habilitation was suspended or withdrawn since, is always said.

use document::verification::{Chaine, Rapport, SignatureLue};
use domaine::calendrier::{date_fr, jour};
use jiff::{Timestamp, civil::Date};

use super::{Piece, RENDU};

/// What the file alone can't tell.
pub const RESERVE: &str = "Une suspension ou un retrait ne se lit pas dans le fichier : seul le registre public dit \
    l’état du jour.";

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constat {
    pub tenu: bool,
    /// A sentence for people.
    pub texte: String,
}

/// What a file is worth.
#[derive(Clone, Debug)]
pub struct Verification {
    pub accepte: bool,
    /// What the document says, once its signature holds; nothing is shown of a file that anybody could have made.
    pub piece: Option<Piece>,
    pub constats: Vec<Constat>,
}

impl Verification {
    /// Why the document is refused; empty when it is accepted.
    pub fn raisons(&self) -> Vec<String> {
        self.constats.iter().filter(|un| !un.tenu).map(|un| un.texte.clone()).collect()
    }

    fn constater(&mut self, tenu: bool, texte: impl Into<String>) -> bool {
        self.constats.push(Constat { tenu, texte: texte.into() });
        tenu
    }
}

/// Verifies an habilitation or an autorisation at the moment `le`; `racines_der` are the authorities of the agency.
pub fn verifier(pdf: &[u8], racines_der: &[Vec<u8>], le: Timestamp) -> Verification {
    let mut lue = Verification { accepte: false, piece: None, constats: Vec::new() };
    let Some(signature) = signature(&mut lue, pdf, racines_der, le) else { return lue };
    let Some((piece, json)) = piece(pdf) else {
        lue.constater(
            false,
            "Le fichier ne contient pas les données d’une habilitation ou d’une autorisation.",
        );
        return lue;
    };
    meme_document(&mut lue, pdf, &piece, json);
    en_cours(&mut lue, &piece, &signature, le);
    lue.accepte = lue.constats.iter().all(|un| un.tenu);
    lue.piece = Some(piece);
    lue
}

/// The signature of the agency over the whole file, if there is one.
fn signature(
    lue: &mut Verification,
    pdf: &[u8],
    racines_der: &[Vec<u8>],
    le: Timestamp,
) -> Option<SignatureLue> {
    let rapport = document::verification::verifier(pdf, racines_der, le);
    let (rapport, expire) = a_sa_date(rapport, pdf, racines_der, le);
    let Some(signature) = rapport.reconnue().cloned() else {
        for texte in rapport.anomalies.iter().chain(rapport.signatures.iter().flat_map(|un| &un.raisons)) {
            lue.constater(false, texte);
        }
        if lue.constats.is_empty() {
            lue.constater(false, "La signature du document n’a pas pu être vérifiée.");
        }
        return None;
    };
    let nom = signature.signataire_cn.clone().unwrap_or_default();
    lue.constater(
        true,
        format!("La signature de «\u{a0}{nom}\u{a0}» est intègre et couvre le fichier entier."),
    );
    if let Chaine::Reconnue { racine } = &signature.chaine {
        let quand = if expire {
            "était, à la date de la signature, délivré par une autorité reconnue (il a expiré depuis)"
        } else {
            "est délivré par une autorité reconnue"
        };
        lue.constater(true, format!("Le certificat {quand}\u{a0}: {racine}."));
    }
    let usage = signature
        .certificat_der
        .as_deref()
        .and_then(|der| igc::lire::lire_der(der).ok())
        .is_some_and(|un| un.non_repudiation && !un.client_auth && !un.server_auth && !un.autorite);
    if !usage {
        lue.constater(false, "Ce certificat n’est pas fait pour signer des documents.");
        return None;
    }
    Some(signature)
}

/// A certificate lasts less long than what it signed: once it has expired, the path is judged on the day of signature.
fn a_sa_date(rapport: Rapport, pdf: &[u8], racines_der: &[Vec<u8>], le: Timestamp) -> (Rapport, bool) {
    let signee_le = match rapport.signatures.as_slice() {
        [seule] if seule.chaine == Chaine::Expiree => seule.le.filter(|signee_le| *signee_le < le),
        _ => None,
    };
    match signee_le {
        Some(signee_le) => (document::verification::verifier(pdf, racines_der, signee_le), true),
        None => (rapport, false),
    }
}

fn piece(pdf: &[u8]) -> Option<(Piece, Vec<u8>)> {
    ["habilitation.json", "autorisation.json"].into_iter().find_map(|nom| {
        let json = document::verification::piece_jointe(pdf, nom)?;
        let piece: Piece = serde_json::from_slice(&json).ok()?;
        (piece.fichier() == nom).then_some((piece, json))
    })
}

/// The page that people read is the one that the embedded data give.
fn meme_document(lue: &mut Verification, pdf: &[u8], piece: &Piece, json: Vec<u8>) {
    if piece.rendu() != RENDU {
        lue.constater(
            true,
            "Les données jointes sont signées avec le texte visible ; ce programme, d’une autre version que celui \
             qui a fait le document, ne peut pas les comparer mot à mot.",
        );
        return;
    }
    let identique = document::rendre(&piece.feuille(json)).is_ok_and(|attendu| pdf.starts_with(&attendu));
    lue.constater(
        identique,
        if identique {
            "Le texte visible dit exactement ce que disent les données jointes."
        } else {
            "Le texte visible n’est pas celui que donnent les données jointes."
        },
    );
}

fn en_cours(lue: &mut Verification, piece: &Piece, signature: &SignatureLue, le: Timestamp) {
    let (debut, fin): (Date, Date) = match piece {
        Piece::Habilitation(piece) => (piece.contenu.decision_le, piece.contenu.fin),
        Piece::Autorisation(piece) => (piece.debut, piece.fin),
    };
    let aujourdhui = jour(le);
    if aujourdhui < debut {
        lue.constater(false, format!("Le document ne vaut qu’à partir du {}.", date_fr(debut)));
    } else if aujourdhui > fin {
        lue.constater(false, format!("Le document a pris fin le {}.", date_fr(fin)));
    } else {
        lue.constater(
            true,
            format!("Le document est dans sa période de validité, jusqu’au {}.", date_fr(fin)),
        );
    }
    if let Some(signee_le) = signature.le
        && jour(signee_le) < debut
    {
        lue.constater(false, "La signature est antérieure à la décision.");
    }
}
