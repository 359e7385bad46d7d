//! The one binary: commands, and nothing that a product should know by itself.
//!
//! Rule: a command is a function that gives back what to print or one clear sentence; only this file prints the
//! failure and chooses the exit status (0 done, 1 refused or failed, 2 misused).

mod commandes;
mod sortie;

use std::process::ExitCode;

use commandes::francais::{self, Reponse};

#[global_allocator]
static MEMOIRE: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    service::tls::installer_fournisseur();
    let edc = match francais::lire() {
        Ok(edc) => edc,
        Err(Reponse::Aide(texte)) => {
            sortie::texte(&texte);
            return ExitCode::SUCCESS;
        }
        Err(Reponse::Usage(texte)) => {
            sortie::usage(&texte);
            return ExitCode::from(2);
        }
    };
    match commandes::executer(edc) {
        Ok(code) => code,
        Err(faute) => {
            sortie::erreur(&faute);
            ExitCode::FAILURE
        }
    }
}
