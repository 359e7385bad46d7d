//! The body of a request: cut when its sender falls silent, read to its end when the handler did not.
//!
//! Rule: only the time spent waiting for the sender counts. A handler that writes to a disk or asks an antivirus between
//! two pieces is slow itself; the sender, who can't send more meanwhile, is not to blame.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep};

/// For what nobody reads.
const RESTE_MAX: Duration = Duration::from_mins(10);

/// A received body.
pub(super) struct Corps {
    recu: Body,
    /// Between two pieces, while somebody waits for the next.
    max: Duration,
    minuterie: Option<Pin<Box<Sleep>>>,
    fini: bool,
    vider: bool,
}

impl Corps {
    /// `vider`: what a handler leaves unread is read and thrown away. To close an http/1.1 connection on bytes under way
    /// resets it, and the answer is lost with it (RFC 9112 section 9.6); a stream of h2 reset while its client writes is a failure
    /// to that client, whatever was answered.
    pub(super) fn nouveau(recu: Body, max: Duration, vider: bool) -> Self {
        Self { recu, max, minuterie: None, fini: false, vider }
    }
}

impl HttpBody for Corps {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(morceau) = Pin::new(&mut self.recu).poll_frame(cx) {
            self.minuterie = None;
            self.fini = !matches!(morceau, Some(Ok(_)));
            return Poll::Ready(morceau.map(|lu| lu.map_err(Into::into)));
        }
        let max = self.max;
        let minuterie = self.minuterie.get_or_insert_with(|| Box::pin(tokio::time::sleep(max)));
        if minuterie.deadline() + max / 8 < Instant::now() {
            // So long after, nobody was waiting when the bound passed: the wait begins now.
            minuterie.as_mut().reset(Instant::now() + max);
        }
        ready!(minuterie.as_mut().poll(cx));
        self.fini = true;
        let silence = io::Error::new(io::ErrorKind::TimedOut, "nothing more came of the body");
        Poll::Ready(Some(Err(silence.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.recu.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.recu.size_hint()
    }
}

impl Drop for Corps {
    fn drop(&mut self) {
        if !self.vider || self.fini || self.recu.is_end_stream() {
            return;
        }
        if let Ok(execution) = Handle::try_current() {
            let reste = Self::nouveau(std::mem::take(&mut self.recu), self.max, false);
            execution.spawn(tokio::time::timeout(RESTE_MAX, jeter(reste)));
        }
    }
}

async fn jeter(mut reste: Corps) {
    while let Some(Ok(_)) = std::future::poll_fn(|cx| Pin::new(&mut reste).poll_frame(cx)).await {}
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

    use super::*;

    const MAX: Duration = Duration::from_millis(40);

    struct Pieces(UnboundedReceiver<&'static str>);

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            self.0.poll_recv(cx).map(|piece| piece.map(|texte| Ok(Frame::data(Bytes::from(texte)))))
        }
    }

    fn corps(vider: bool) -> (UnboundedSender<&'static str>, Corps) {
        let (envoi, reception) = unbounded_channel();
        (envoi, Corps::nouveau(Body::new(Pieces(reception)), MAX, vider))
    }

    async fn suivant(corps: &mut Corps) -> Option<Result<Bytes, BoxError>> {
        let lu = poll_fn(|cx| Pin::new(&mut *corps).poll_frame(cx)).await?;
        Some(lu.map(|morceau| morceau.into_data().unwrap()))
    }

    #[tokio::test]
    async fn a_silent_sender_is_cut() {
        let (envoi, mut corps) = corps(false);
        envoi.send("a").unwrap();
        assert_eq!(suivant(&mut corps).await.unwrap().unwrap(), "a");
        assert!(suivant(&mut corps).await.unwrap().is_err());
        drop(envoi);
    }

    #[tokio::test]
    async fn a_slow_handler_is_not_the_senders_silence() {
        let (envoi, mut corps) = corps(false);
        let attend = |corps: &mut Corps| {
            let etat = Pin::new(corps).poll_frame(&mut Context::from_waker(std::task::Waker::noop()));
            etat.is_pending()
        };
        // It looks ahead, finds nothing yet, and is busy for longer than a sender may be silent.
        assert!(attend(&mut corps));
        tokio::time::sleep(MAX * 3).await;
        assert!(attend(&mut corps), "the sender could not know that it was waited for");
        tokio::time::sleep(MAX * 3).await;
        envoi.send("a").unwrap();
        assert_eq!(suivant(&mut corps).await.unwrap().unwrap(), "a");
        drop(envoi);
        assert!(suivant(&mut corps).await.is_none());
    }

    #[tokio::test]
    async fn what_a_handler_leaves_is_read_where_the_connection_needs_it() {
        let (envoi, a_vider) = corps(true);
        envoi.send("a").unwrap();
        drop(a_vider);
        envoi.send("b").unwrap();
        // Let go once the silence is noticed, not before.
        envoi.closed().await;
        let (envoi, a_laisser) = corps(false);
        drop(a_laisser);
        assert!(envoi.send("a").is_err());
    }
}
