//! The OpenID and OAuth words that a provider and a client share: metadata, keys, signed tokens, PKCE, CIBA,
//! token exchange, and the client itself.
//!
//! Rule: nothing here listens, reads a clock or draws a random number; the caller gives the instant and the randoms.
//! What a token says about itself is never believed: the key decides the algorithm, the caller decides the issuer.

pub mod ciba;
pub mod client;
pub mod cnf;
pub mod deconnexion;
pub mod echange;
pub mod id_token;
pub mod isc;
pub mod jetons;
pub mod jwks;
pub mod jwt;
pub mod metadonnees;
pub mod pkce;
pub mod psc;

pub use client::{Autorisation, Client, Demande, Erreur, Jetons, Retour};
pub use id_token::{Attentes, Refus, Revendications};
pub use jwks::Jwks;
pub use jwt::CleSignature;
pub use metadonnees::Fournisseur;
