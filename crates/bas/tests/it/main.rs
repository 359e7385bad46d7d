//! The realm behind real TLS: a witness client, our own client, a browser, and everything that must be refused.

#[cfg(test)]
mod banc;
mod client;
mod deconnexion;
mod page;
mod refus;
mod temoin;
