//! What a document holds, before any question of page: a list of blocks, as one would dictate a letter.

use jiff::Timestamp;

/// A document to render on A4 sheets.
///
/// Texts keep their French typography (no-break spaces, `’`, accents). A `\n` forces a new line. Characters that the
/// typeface lacks become `□`, and those that could reverse the reading order are dropped.
#[derive(Debug, Clone)]
pub struct Feuille {
    /// Title in the metadata, the window of readers and the running header from the second page on.
    pub titre: String,
    /// Subject in the metadata.
    pub sujet: String,
    /// Who issues the document: metadata, and head of the first page.
    pub auteur: String,
    /// Instant of issue: the only date of the file. Written on the first page as a day of Paris.
    pub le: Timestamp,
    /// Number of the document: head of the first page, and identifier in the metadata.
    pub numero: String,
    /// The content, from top to bottom.
    pub blocs: Vec<Bloc>,
    /// Files embedded in the PDF, under distinct names.
    pub pieces_jointes: Vec<PieceJointe>,
    /// Foot of every page, beside the page number; kept on two lines at most.
    pub pied: String,
}

/// One block of a [`Feuille`].
#[derive(Debug, Clone)]
pub enum Bloc {
    /// Title of the document (heading of level 1).
    Titre(String),
    /// Section heading (level 2).
    Intertitre(String),
    /// Text, with `**bold**` runs.
    Paragraphe(String),
    /// Text in the right half of the page, with `**bold**` runs: addressee, place and date, signature of a letter.
    ADroite(String),
    /// Pairs of a label and a value, with `**bold**` runs in the values.
    Champs(Vec<(String, String)>),
    /// A table, whose header is repeated on each page.
    Tableau {
        /// One header for each column.
        entetes: Vec<String>,
        /// Share of the width for each column, in any unit; equal shares when it doesn't match `entetes`.
        largeurs: Vec<f32>,
        /// Rows; missing cells are left empty, cells too many are dropped.
        lignes: Vec<Vec<String>>,
    },
    /// Bulleted list, with `**bold**` runs.
    Liste(Vec<String>),
    /// A horizontal rule.
    Filet,
    /// Vertical space, in points.
    Espace(f32),
    /// A QR code, with its legend on the right.
    Qr {
        /// What the code says, usually a URL.
        contenu: String,
        /// Text beside it, with `**bold**` runs.
        legende: String,
    },
}

/// A file embedded in the PDF, as an associated file (PDF/A-3).
#[derive(Debug, Clone)]
pub struct PieceJointe {
    /// File name, unique in the document.
    pub nom: String,
    /// Media type, `application/json`.
    pub mime: String,
    /// What the file is, for people.
    pub description: String,
    /// The file itself.
    pub octets: Vec<u8>,
}
