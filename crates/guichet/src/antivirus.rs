//! The antivirus: clamd, to which a file is streamed.
//!
//! Rule: a file is « sain » only when clamd said so of all of it. An antivirus that can't be reached is a fault of ours,
//! to be tried again; a file larger than clamd accepts is shown as not analysed.

use std::{io, time::Duration};

use bytes::Bytes;
use clamav_client::tokio::{Socket, Tcp, TransportProtocol, ping, scan_stream};
use futures::Stream;

use crate::config::Antivirus;

/// For a whole file; 2 GiB take about a minute.
const DELAI: Duration = Duration::from_mins(10);
/// Size of what is sent at once, in bytes.
const MORCEAU: usize = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Constat {
    Sain,
    /// The name of the signature that was recognised.
    Infecte(String),
    /// Larger than clamd accepts (`StreamMaxLength`).
    TropGros,
}

/// Streams a file to clamd.
///
/// # Errors
/// Whatever keeps clamd from answering, silence for ten minutes included.
pub(crate) async fn analyser(
    antivirus: &Antivirus,
    flux: impl Stream<Item = io::Result<Bytes>>,
) -> io::Result<Constat> {
    match antivirus {
        Antivirus::Tcp { tcp } => interroger(|| Tcp { host_address: tcp.as_str() }, flux).await,
        Antivirus::Socket { socket } => interroger(|| Socket { socket_path: socket }, flux).await,
    }
}

async fn interroger<T: TransportProtocol>(
    connexion: impl Fn() -> T,
    flux: impl Stream<Item = io::Result<Bytes>>,
) -> io::Result<Constat> {
    let analyse = scan_stream(flux, connexion(), Some(MORCEAU));
    let reponse = tokio::time::timeout(DELAI, analyse).await.map_err(|_| io::ErrorKind::TimedOut)?;
    match reponse {
        Ok(reponse) => lire(&reponse),
        // clamd hangs up in the middle of what is too long for it; a clamd that died doesn't answer a ping either.
        Err(erreur)
            if matches!(erreur.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) =>
        {
            match tokio::time::timeout(DELAI, ping(connexion())).await {
                Ok(Ok(reponse)) if reponse == clamav_client::PONG => Ok(Constat::TropGros),
                _ => Err(erreur),
            }
        }
        Err(erreur) => Err(erreur),
    }
}

/// `stream: OK`, `stream: <signature> FOUND` or `<reason> ERROR`, ended by a NUL.
fn lire(reponse: &[u8]) -> io::Result<Constat> {
    let texte = String::from_utf8_lossy(reponse);
    let texte = texte.trim_end_matches('\0').trim();
    let dit = texte.strip_prefix("stream:").unwrap_or(texte).trim();
    if dit == "OK" {
        return Ok(Constat::Sain);
    }
    if let Some(signature) = dit.strip_suffix("FOUND") {
        return Ok(Constat::Infecte(signature.trim().to_owned()));
    }
    if dit.contains("size limit exceeded") {
        return Ok(Constat::TropGros);
    }
    Err(io::Error::other(format!("clamd: {dit}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_clamd_is_read_as_it_is() {
        for (reponse, attendu) in [
            (b"stream: OK\0".as_slice(), Constat::Sain),
            (b"stream: Eicar-Test-Signature FOUND\0", Constat::Infecte("Eicar-Test-Signature".to_owned())),
            (b"INSTREAM size limit exceeded. ERROR\0", Constat::TropGros),
        ] {
            assert_eq!(lire(reponse).unwrap(), attendu);
        }
        for reponse in [b"".as_slice(), b"stream: Can't allocate memory ERROR\0", b"stream: NOT OK\0"] {
            assert!(lire(reponse).is_err());
        }
    }
}
