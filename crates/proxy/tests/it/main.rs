//! The proxy against fakes that do what they are told: PSC, authorization servers, API, LPS, all over real TLS.

#![expect(
    clippy::unwrap_used,
    reason = "the bench is test code, outside of the test functions that the lint knows"
)]
#![expect(dead_code, reason = "the bench holds what the tests of the relay will use")]

mod banc;
mod contrat_send;
mod contrat_session;
mod contrat_traces;
mod defauts;
