//! The no-break spaces of French, put where a text leaves the program: in a document, in a mail.

/// Ties `:`, `;`, `?`, `!`, `%` and guillemets to the word that they go with.
pub(crate) fn insecables(texte: &str) -> String {
    [(" :", "\u{a0}:"), (" ;", "\u{a0};"), (" ?", "\u{a0}?"), (" !", "\u{a0}!"), (" %", "\u{a0}%")]
        .iter()
        .chain(&[(" »", "\u{a0}»"), ("« ", "«\u{a0}")])
        .fold(texte.to_owned(), |texte, (de, vers)| texte.replace(de, vers))
}
