//! The proxy against fakes that do what they are told: PSC, authorization servers, API, LPS, all over real TLS.

#![expect(
    clippy::unwrap_used,
    reason = "the bench is test code, outside of the test functions that the lint knows"
)]

mod alertes;
mod banc;
mod certificats;
mod code;
mod contrat_send;
mod contrat_session;
mod contrat_traces;
mod defauts;
mod depart;
mod durable;
mod entretien;
mod exploitation;
mod hostile;
mod jetons;
mod pannes;
mod relais;
mod revocation;
mod surveillance;
