//! What each of our servers needs and none of them owns: clock, randomness, configuration, logs, TLS, HTTP in and out, shutdown.
//!
//! Rule: this crate knows nothing of the field. The process clock, the process randomness and the process
//! environment are read here and nowhere else, so that a test decides all three.

pub mod alea;
pub mod arret;
pub mod client_http;
pub mod config;
pub mod horloge;
pub mod logs;
pub mod serveur;
pub mod tls;

pub use alea::Alea;
pub use arret::Arret;
pub use horloge::Horloge;
pub use serveur::{Pair, Serveur};
pub use tls::{Identite, TlsServeur};
