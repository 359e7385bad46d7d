//! Logs: one subscriber for the process, on the error output, as text for people or JSON lines for machines.

use serde::Deserialize;
use tracing_subscriber::EnvFilter;

/// How a line of log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Texte,
    /// A JSON object a line.
    Json,
}

/// The filter can't be read.
#[derive(Debug, thiserror::Error)]
#[error("filtre de journal « {filtre} » illisible")]
pub struct FiltreIllisible {
    filtre: String,
    #[source]
    cause: tracing_subscriber::filter::ParseError,
}

/// Installs the process's subscriber; `filtre` reads like `info,guichet=debug`. A second call keeps the first subscriber.
///
/// # Errors
/// [`FiltreIllisible`] when the filter doesn't parse.
pub fn init(format: Format, filtre: &str) -> Result<(), FiltreIllisible> {
    let cause = |cause| FiltreIllisible { filtre: filtre.to_owned(), cause };
    let niveaux = EnvFilter::try_new(filtre).map_err(cause)?;
    let base = tracing_subscriber::fmt().with_env_filter(niveaux).with_writer(std::io::stderr);
    // An error here means that a subscriber is installed already, which is what the caller wants.
    let _ = match format {
        Format::Texte => {
            use tracing_subscriber::util::SubscriberInitExt as _;
            base.finish().try_init()
        }
        Format::Json => {
            use tracing_subscriber::util::SubscriberInitExt as _;
            base.json().finish().try_init()
        }
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_filter_is_named_and_a_second_call_is_harmless() {
        let faute = init(Format::Texte, "info,=====").unwrap_err();
        assert!(faute.to_string().contains("« info,===== »"));
        init(Format::Json, "warn").unwrap();
        init(Format::Texte, "warn,service=debug").unwrap();
    }
}
