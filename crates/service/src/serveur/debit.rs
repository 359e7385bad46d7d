//! A stream that gives up on a silent peer: no byte read, or none taken from what we write, for too long.
//!
//! HTTP libraries bound heads and bodies, not a peer that stops reading its response: the bound stands here, on bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// A wrapped stream. A `None` bound never cuts.
pub struct Debit<S> {
    flux: S,
    lecture: Attente,
    ecriture: Attente,
}

impl<S> Debit<S> {
    pub fn nouveau(flux: S, lecture: Option<Duration>, ecriture: Duration) -> Self {
        Self { flux, lecture: Attente::nouvelle(lecture), ecriture: Attente::nouvelle(Some(ecriture)) }
    }
}

/// Time spent pending in one direction; the timer exists only while something is pending.
struct Attente {
    max: Option<Duration>,
    minuterie: Option<Pin<Box<Sleep>>>,
}

impl Attente {
    fn nouvelle(max: Option<Duration>) -> Self {
        Self { max, minuterie: None }
    }

    /// Passes `etat` on; pending for longer than the bound becomes an error.
    fn mesurer<T>(&mut self, cx: &mut Context<'_>, etat: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if etat.is_ready() {
            self.minuterie = None;
            return etat;
        }
        let Some(max) = self.max else { return Poll::Pending };
        let minuterie =
            self.minuterie.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + max)));
        ready!(minuterie.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Debit<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let etat = Pin::new(&mut self.flux).poll_read(cx, buf);
        self.lecture.mesurer(cx, etat)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Debit<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let etat = Pin::new(&mut self.flux).poll_write(cx, octets);
        self.ecriture.mesurer(cx, etat)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let etat = Pin::new(&mut self.flux).poll_flush(cx);
        self.ecriture.mesurer(cx, etat)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let etat = Pin::new(&mut self.flux).poll_shutdown(cx);
        self.ecriture.mesurer(cx, etat)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        morceaux: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let etat = Pin::new(&mut self.flux).poll_write_vectored(cx, morceaux);
        self.ecriture.mesurer(cx, etat)
    }

    fn is_write_vectored(&self) -> bool {
        self.flux.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const MAX: Duration = Duration::from_millis(30);

    #[tokio::test]
    async fn a_peer_that_stops_reading_is_cut() {
        let (ici, _en_face) = tokio::io::duplex(8);
        let mut flux = Debit::nouveau(ici, None, MAX);
        let fin = flux.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(fin.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_peer_that_says_nothing_is_cut_only_when_silence_is_bounded() {
        let (ici, _en_face) = tokio::io::duplex(8);
        let mut flux = Debit::nouveau(ici, Some(MAX), MAX);
        assert_eq!(flux.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);

        let (ici, mut en_face) = tokio::io::duplex(8);
        let mut flux = Debit::nouveau(ici, None, MAX);
        assert!(tokio::time::timeout(MAX * 3, flux.read_u8()).await.is_err(), "no bound, no cut");
        en_face.write_u8(7).await.unwrap();
        assert_eq!(flux.read_u8().await.unwrap(), 7);
    }
}
