//! What clap says by itself, in French: headings, default values, and why a command line was not understood.

use std::{error::Error as _, num::ParseIntError};

use clap::{
    Command, CommandFactory as _, FromArgMatches as _,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::Edc;

/// The commands with their help in French.
pub(crate) fn commandes() -> Command {
    franciser(Edc::command())
}

fn franciser(commande: Command) -> Command {
    let commande = commande.mut_args(|argument| {
        let titre = if argument.is_positional() { "Arguments\u{a0}" } else { "Options\u{a0}" };
        let defauts: Vec<_> =
            argument.get_default_values().iter().map(|defaut| defaut.to_string_lossy()).collect();
        let aide = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let aide = if defauts.is_empty() {
            aide
        } else {
            format!("{aide} (par défaut\u{a0}: {})", defauts.join(", "))
        };
        let argument = argument.help(aide).help_heading(titre);
        if argument.get_action().takes_values() {
            argument.hide_default_value(true).hide_possible_values(true)
        } else {
            argument
        }
    });
    commande
        .help_template(super::MODELE)
        .subcommand_help_heading("Commandes\u{a0}")
        .mut_subcommands(franciser)
}

/// Reads the command line.
///
/// # Errors
/// The help or the version that was asked for, or a sentence that says what was not understood.
pub(crate) fn lire() -> Result<Edc, Reponse> {
    let lue = commandes().try_get_matches().and_then(|lue| Edc::from_arg_matches(&lue));
    lue.map_err(|faute| match faute.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Reponse::Aide(faute.to_string()),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Reponse::Usage(faute.to_string()),
        _ => Reponse::Usage(format!("edc : {}. Voir « edc --help ».\n", phrase(&faute))),
    })
}

/// What to print instead of doing anything.
pub(crate) enum Reponse {
    Aide(String),
    Usage(String),
}

fn phrase(faute: &clap::Error) -> String {
    let texte = |genre: ContextKind| match faute.get(genre) {
        Some(ContextValue::String(texte)) => texte.clone(),
        Some(ContextValue::Strings(textes)) => textes.join(", "),
        _ => String::new(),
    };
    let argument = texte(ContextKind::InvalidArg);
    match faute.kind() {
        ErrorKind::UnknownArgument => {
            let propose = texte(ContextKind::SuggestedArg);
            let suite =
                if propose.is_empty() { String::new() } else { format!(" ; vouliez-vous dire {propose} ?") };
            format!("l’argument « {argument} » n’existe pas{suite}")
        }
        ErrorKind::InvalidSubcommand => {
            let propose = texte(ContextKind::SuggestedSubcommand);
            let suite =
                if propose.is_empty() { String::new() } else { format!(" ; vouliez-vous dire {propose} ?") };
            format!("la commande « {} » n’existe pas{suite}", texte(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => format!("il manque {argument}"),
        ErrorKind::MissingSubcommand => "il manque une commande".to_owned(),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let valeur = texte(ContextKind::InvalidValue);
            if valeur.is_empty() {
                format!("il manque une valeur à {argument}")
            } else {
                // Our own readers say why in French; the standard library's speak English.
                let cause = faute.source().filter(|cause| !cause.is::<ParseIntError>());
                let cause = cause.map_or_else(String::new, |cause| format!(" ({cause})"));
                format!("la valeur « {valeur} » ne convient pas à {argument}{cause}")
            }
        }
        ErrorKind::TooManyValues | ErrorKind::ArgumentConflict => {
            format!("{argument} est donné plusieurs fois")
        }
        _ => format!("la ligne de commande n’est pas comprise ({argument})"),
    }
}
