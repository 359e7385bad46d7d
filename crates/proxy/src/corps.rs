//! Bodies: what we answer, what goes up to an API, what comes down from it. All stream, none is kept.
//!
//! Rule: a body is pulled by whoever writes it, so a slow reader slows its sender and nothing piles up. Each piece has a
//! bound in time, and the whole one in size where the operator gave one.

use std::cell::Cell;
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::forward::Prise;

/// The body of an answer of our own.
pub(crate) enum Propre {
    Vide,
    Plein(Option<Bytes>),
    /// Made as it is read (traces).
    Flux(UnsyncBoxBody<Bytes, io::Error>),
}

impl Propre {
    pub(crate) fn plein(octets: impl Into<Bytes>) -> Self {
        Self::Plein(Some(octets.into()))
    }
}

impl Body for Propre {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Vide => Poll::Ready(None),
            Self::Plein(octets) => Poll::Ready(octets.take().map(|octets| Ok(Frame::data(octets)))),
            Self::Flux(corps) => Pin::new(corps).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Vide => true,
            Self::Plein(octets) => octets.is_none(),
            Self::Flux(corps) => corps.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Vide => SizeHint::with_exact(0),
            Self::Plein(octets) => SizeHint::with_exact(octets.as_ref().map_or(0, Bytes::len) as u64),
            Self::Flux(corps) => corps.size_hint(),
        }
    }
}

/// The body of any answer: ours, or an API's on its way down.
pub(crate) enum Corps {
    Propre(Propre),
    Descendant(Box<Descendant>),
}

impl Body for Corps {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Propre(corps) => Pin::new(corps).poll_frame(cx),
            Self::Descendant(corps) => Pin::new(corps.as_mut()).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Propre(corps) => corps.is_end_stream(),
            Self::Descendant(corps) => corps.recu.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Propre(corps) => corps.size_hint(),
            Self::Descendant(corps) => corps.recu.size_hint(),
        }
    }
}

/// A bound between two pieces. The timer exists only while something is awaited.
struct Silence {
    max: Duration,
    minuterie: Option<Pin<Box<Sleep>>>,
}

impl Silence {
    fn nouveau(max: Duration) -> Self {
        Self { max, minuterie: None }
    }

    /// `true` once nothing has come for too long.
    fn depasse(&mut self, cx: &mut Context<'_>) -> bool {
        let max = self.max;
        let minuterie =
            self.minuterie.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + max)));
        minuterie.as_mut().poll(cx).is_ready()
    }
}

/// Why a body going up was cut by us: read after the call has failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Coupe {
    #[default]
    Non,
    TropGros,
    TropLent,
    /// The LPS itself broke off.
    Rompu,
}

/// The body of a request on its way to an API.
pub(crate) struct Montant {
    recu: Incoming,
    /// Bytes still allowed.
    reste: u64,
    silence: Silence,
    coupe: Rc<Cell<Coupe>>,
}

impl Montant {
    pub(crate) fn nouveau(recu: Incoming, max: u64, silence: Duration) -> (Self, Rc<Cell<Coupe>>) {
        let coupe = Rc::new(Cell::new(Coupe::Non));
        let reste = if max == 0 { u64::MAX } else { max };
        (Self { recu, reste, silence: Silence::nouveau(silence), coupe: Rc::clone(&coupe) }, coupe)
    }

    fn couper<T>(&self, coupe: Coupe, sorte: io::ErrorKind) -> Poll<Option<Result<T, io::Error>>> {
        self.coupe.set(coupe);
        Poll::Ready(Some(Err(sorte.into())))
    }
}

impl Body for Montant {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Poll::Ready(trame) = Pin::new(&mut self.recu).poll_frame(cx) else {
            if self.silence.depasse(cx) {
                return self.couper(Coupe::TropLent, io::ErrorKind::TimedOut);
            }
            return Poll::Pending;
        };
        self.silence.minuterie = None;
        match trame {
            None => Poll::Ready(None),
            Some(Err(_)) => self.couper(Coupe::Rompu, io::ErrorKind::ConnectionReset),
            Some(Ok(trame)) => {
                let taille = trame.data_ref().map_or(0, Bytes::len) as u64;
                let Some(reste) = self.reste.checked_sub(taille) else {
                    return self.couper(Coupe::TropGros, io::ErrorKind::FileTooLarge);
                };
                self.reste = reste;
                Poll::Ready(Some(Ok(trame)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.recu.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.recu.size_hint()
    }
}

/// The body of an API's answer on its way to an LPS. Holds the connection it comes by, and gives it back at the end; dropped
/// before the end, the connection is closed with it.
pub(crate) struct Descendant {
    recu: Incoming,
    reste: u64,
    silence: Silence,
    prise: Option<Prise>,
}

impl Descendant {
    pub(crate) fn nouveau(recu: Incoming, max: u64, silence: Duration, prise: Prise) -> Self {
        let reste = if max == 0 { u64::MAX } else { max };
        let mut corps = Self { recu, reste, silence: Silence::nouveau(silence), prise: Some(prise) };
        corps.rendre_si_fini();
        corps
    }

    fn rendre_si_fini(&mut self) {
        if self.recu.is_end_stream()
            && let Some(prise) = self.prise.take()
        {
            prise.rendre();
        }
    }
}

impl Body for Descendant {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Poll::Ready(trame) = Pin::new(&mut self.recu).poll_frame(cx) else {
            if self.silence.depasse(cx) {
                self.prise = None;
                return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
            }
            return Poll::Pending;
        };
        self.silence.minuterie = None;
        match trame {
            None => {
                if let Some(prise) = self.prise.take() {
                    prise.rendre();
                }
                Poll::Ready(None)
            }
            Some(Err(erreur)) => {
                self.prise = None;
                Poll::Ready(Some(Err(io::Error::other(erreur))))
            }
            Some(Ok(trame)) => {
                let taille = trame.data_ref().map_or(0, Bytes::len) as u64;
                let Some(reste) = self.reste.checked_sub(taille) else {
                    self.prise = None;
                    return Poll::Ready(Some(Err(io::ErrorKind::FileTooLarge.into())));
                };
                self.reste = reste;
                self.rendre_si_fini();
                Poll::Ready(Some(Ok(trame)))
            }
        }
    }
}
