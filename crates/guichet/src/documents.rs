//! The documents that the agency signs: what they say, as data embedded in them and as the page that people read.
//!
//! Rule: the page is a pure function of the data (`Piece::feuille`), so that whoever holds the file can draw the page
//! again from the embedded data and find the very bytes that were signed: see [`verification`].

mod autorisation;
mod habilitation;
pub mod verification;

pub use autorisation::PieceAutorisation;
pub use habilitation::PieceHabilitation;
pub(crate) use habilitation::adresse_registre;

use document::{Feuille, Mention, PieceJointe};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{app::App, erreur::Erreur};

/// Counts the ways in which these documents were ever drawn: a document says by which it was, and only a program of the
/// same rank can draw it again byte for byte. The test `le_rendu_est_fige` fails when it must be raised.
pub const RENDU: u32 = 1;

/// Who issues a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emetteur {
    pub nom: String,
    pub lieu: String,
}

impl Emetteur {
    fn de(app: &App) -> Self {
        Self { nom: app.config.agence.nom.clone(), lieu: app.config.agence.lieu.clone() }
    }
}

/// A day in words, kept on one line.
fn date(jour: Date) -> String {
    domaine::calendrier::date_fr(jour).replace(' ', "\u{a0}")
}

/// A SIRET in groups, as people read it, kept on one line.
pub(crate) fn siret(siret: &str) -> String {
    match (siret.get(..3), siret.get(3..6), siret.get(6..9), siret.get(9..)) {
        (Some(a), Some(b), Some(c), Some(d)) => format!("{a}\u{a0}{b}\u{a0}{c}\u{a0}{d}"),
        _ => siret.to_owned(),
    }
}

/// What a document says, as the JSON embedded in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "document", rename_all = "snake_case")]
pub enum Piece {
    Habilitation(PieceHabilitation),
    Autorisation(PieceAutorisation),
}

impl Piece {
    /// Name of the embedded file.
    pub fn fichier(&self) -> &'static str {
        match self {
            Self::Habilitation(_) => "habilitation.json",
            Self::Autorisation(_) => "autorisation.json",
        }
    }

    pub fn numero(&self) -> &str {
        match self {
            Self::Habilitation(piece) => &piece.contenu.numero,
            Self::Autorisation(piece) => &piece.numero,
        }
    }

    fn rendu(&self) -> u32 {
        match self {
            Self::Habilitation(piece) => piece.rendu,
            Self::Autorisation(piece) => piece.rendu,
        }
    }

    /// The page, with `json` embedded as it stands.
    fn feuille(&self, json: Vec<u8>) -> Feuille {
        let jointe = PieceJointe {
            nom: self.fichier().to_owned(),
            mime: "application/json".to_owned(),
            description: "Les mentions de ce document, pour les programmes".to_owned(),
            octets: json,
        };
        let mut feuille = match self {
            Self::Habilitation(piece) => piece.feuille(),
            Self::Autorisation(piece) => piece.feuille(),
        };
        feuille.pieces_jointes = vec![jointe];
        feuille
    }

    /// The PDF before its signature.
    pub fn rendre(&self) -> Result<Vec<u8>, Erreur> {
        let json = serde_json::to_vec_pretty(self)?;
        Ok(document::rendre(&self.feuille(json))?)
    }
}

/// Draws and signs a document with the key of the agency.
///
/// Drawing takes the processor and a token may wait for its card: both are done away from the server's threads.
pub async fn signer(app: &App, piece: Piece, raison: &str, le: Timestamp) -> Result<Vec<u8>, Erreur> {
    let mention = Mention {
        nom: app.config.agence.nom.clone(),
        raison: format!("{raison} {}", piece.numero()),
        lieu: app.config.agence.lieu.clone(),
        le,
    };
    let app = app.clone();
    let travail = move || Ok(document::signer(&piece.rendre()?, &app.signataire, &mention)?);
    tokio::task::spawn_blocking(travail)
        .await
        .map_err(|_| Erreur::Interne("the signature was interrupted"))?
}

/// The letter that waits for its signature, marked as such, for those who are to read it first.
pub async fn projet(
    app: &App,
    habilitation: &domaine::habilitation::Habilitation,
) -> Result<Vec<u8>, Erreur> {
    let piece =
        PieceHabilitation::nouvelle(app, habilitation.contenu.clone(), "[signataire]", app.maintenant());
    let mut feuille = piece.feuille();
    feuille.blocs.insert(
        0,
        document::Bloc::Paragraphe("**PROJET SOUMIS À SIGNATURE – DOCUMENT SANS VALEUR**".to_owned()),
    );
    let travail = move || Ok(document::rendre(&feuille)?);
    tokio::task::spawn_blocking(travail).await.map_err(|_| Erreur::Interne("the drawing was interrupted"))?
}
