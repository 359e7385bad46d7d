//! The server and the client, talking real TLS over loopback.

mod serveur;
#[cfg(test)]
mod soutien;
#[cfg(test)]
mod tls;
