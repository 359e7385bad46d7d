//! The one printer of the program: the standard output for results, the error output for faults.

use std::{
    error::Error,
    io::{self, Write},
};

/// Prints text as it is. A closed pipe (`edc … | head`) is no fault.
pub(crate) fn texte(texte: &str) {
    let _ = io::stdout().lock().write_all(texte.as_bytes());
}

/// Prints bytes as they are.
pub(crate) fn octets(octets: &[u8]) {
    let _ = io::stdout().lock().write_all(octets);
}

/// Prints how a command is written, for whoever misused it.
pub(crate) fn usage(texte: &str) {
    let _ = io::stderr().lock().write_all(texte.as_bytes());
}

/// Prints a fault with its causes on one line, each cause once.
pub(crate) fn erreur(faute: &dyn Error) {
    let mut ligne = faute.to_string();
    let mut source = faute.source();
    while let Some(cause) = source {
        let cause_dite = cause.to_string();
        if !ligne.contains(&cause_dite) {
            ligne.push_str(" : ");
            ligne.push_str(&cause_dite);
        }
        source = cause.source();
    }
    let _ = writeln!(io::stderr().lock(), "edc : {ligne}");
}
