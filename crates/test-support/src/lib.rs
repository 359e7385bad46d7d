//! What the tests of every crate borrow: fresh databases, a mailbox, an antivirus, and outside witnesses.
//!
//! The rule: a tool that is missing on a developer's machine skips a check with a word on the screen, while under
//! `./test` (`EDC_TEST_EXIGE=1`) it is a failure, so that a green run never hides a check that did not happen.

pub mod abime;
pub mod base;
pub mod coupure;
pub mod outil;
pub mod redis;
pub mod smtp;

pub use outil::{Clamd, clamd, exige};

/// Name of the variable that turns a missing tool into a failure.
pub const EXIGE: &str = "EDC_TEST_EXIGE";

#[expect(
    clippy::disallowed_methods,
    reason = "the servers of a test run are named by ./test in the environment; no product reads this"
)]
fn environnement(nom: &str) -> Option<String> {
    std::env::var(nom).ok().filter(|valeur| !valeur.is_empty())
}

/// Answers `None`, aloud, for a check that can't be made here; panics where every check must be made.
#[expect(clippy::print_stderr, reason = "a skipped check must be seen by whoever runs the test")]
fn absent<T>(quoi: &str) -> Option<T> {
    assert!(
        environnement(EXIGE).as_deref() != Some("1"),
        "{quoi} : absent, alors que {EXIGE}=1 l’exige. Lancer ./test, qui l’installe et le démarre."
    );
    eprintln!("{quoi} : absent, vérification sautée (./test la fait)");
    None
}
