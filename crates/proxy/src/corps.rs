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
            Self::Descendant(corps) => corps.recu.flux.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Propre(corps) => corps.size_hint(),
            Self::Descendant(corps) => corps.recu.flux.size_hint(),
        }
    }
}

/// A bound between two pieces. The timer exists only while something is awaited.
struct Silence {
    max: Duration,
    minuterie: Option<Pin<Box<Sleep>>>,
}

impl Silence {
    /// `true` once nothing has come for too long.
    fn depasse(&mut self, cx: &mut Context<'_>) -> bool {
        let max = self.max;
        let minuterie =
            self.minuterie.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + max)));
        minuterie.as_mut().poll(cx).is_ready()
    }
}

/// A body as it arrives, within its bounds.
struct Recu {
    flux: Incoming,
    /// Bytes still allowed.
    reste: u64,
    silence: Silence,
}

/// Why a body stops before its end.
enum Faute {
    TropGros,
    TropLent,
    Rompu(hyper::Error),
}

impl Recu {
    /// `max`: 0 for no bound.
    fn nouveau(flux: Incoming, max: u64, silence: Duration) -> Self {
        let reste = if max == 0 { u64::MAX } else { max };
        Self { flux, reste, silence: Silence { max: silence, minuterie: None } }
    }

    fn tirer(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Faute>>> {
        let Poll::Ready(trame) = Pin::new(&mut self.flux).poll_frame(cx) else {
            return if self.silence.depasse(cx) {
                Poll::Ready(Some(Err(Faute::TropLent)))
            } else {
                Poll::Pending
            };
        };
        self.silence.minuterie = None;
        Poll::Ready(trame.map(|trame| {
            let trame = trame.map_err(Faute::Rompu)?;
            let taille = trame.data_ref().map_or(0, Bytes::len) as u64;
            self.reste = self.reste.checked_sub(taille).ok_or(Faute::TropGros)?;
            Ok(trame)
        }))
    }
}

/// What became of a body going up: read after the call has failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Montee {
    /// The API has what there was to send, or doesn't take it.
    #[default]
    Suit,
    /// The LPS owes the rest.
    Attend,
    TropGros,
    TropLent,
    /// The LPS itself broke off.
    Rompue,
}

/// A body going up, seen from beside.
pub(crate) struct Avancee {
    montee: Cell<Montee>,
    /// When a piece last left.
    mouvement: Cell<Instant>,
}

impl Avancee {
    fn nouveau() -> Rc<Self> {
        Rc::new(Self { montee: Cell::default(), mouvement: Cell::new(Instant::now()) })
    }

    pub(crate) fn montee(&self) -> Montee {
        self.montee.get()
    }

    /// How long no piece has gone up.
    pub(crate) fn immobile(&self) -> Duration {
        self.mouvement.get().elapsed()
    }
}

/// The body of a request on its way to an API.
pub(crate) struct Montant {
    /// `None` for a call that is made again, which has no body.
    recu: Option<Recu>,
    avancee: Rc<Avancee>,
}

impl Montant {
    pub(crate) fn nouveau(flux: Incoming, max: u64, silence: Duration) -> (Self, Rc<Avancee>) {
        Self::avancee(Some(Recu::nouveau(flux, max, silence)))
    }

    pub(crate) fn vide() -> (Self, Rc<Avancee>) {
        Self::avancee(None)
    }

    fn avancee(recu: Option<Recu>) -> (Self, Rc<Avancee>) {
        let avancee = Avancee::nouveau();
        (Self { recu, avancee: Rc::clone(&avancee) }, avancee)
    }
}

impl Body for Montant {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Self { recu, avancee } = self.get_mut();
        let Some(recu) = recu else { return Poll::Ready(None) };
        let Poll::Ready(trame) = recu.tirer(cx) else {
            avancee.montee.set(Montee::Attend);
            return Poll::Pending;
        };
        avancee.montee.set(Montee::Suit);
        avancee.mouvement.set(Instant::now());
        Poll::Ready(trame.map(|trame| {
            trame.map_err(|faute| {
                let (fin, sorte) = match faute {
                    Faute::TropGros => (Montee::TropGros, io::ErrorKind::FileTooLarge),
                    Faute::TropLent => (Montee::TropLent, io::ErrorKind::TimedOut),
                    Faute::Rompu(_) => (Montee::Rompue, io::ErrorKind::ConnectionReset),
                };
                avancee.montee.set(fin);
                sorte.into()
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.recu.as_ref().is_none_or(|recu| recu.flux.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.recu.as_ref().map_or_else(|| SizeHint::with_exact(0), |recu| recu.flux.size_hint())
    }
}

/// The body of an API's answer on its way to an LPS. Holds the connection it comes by, and gives it back at the end; dropped
/// before the end, the connection is closed with it.
pub(crate) struct Descendant {
    recu: Recu,
    prise: Option<Prise>,
}

impl Descendant {
    pub(crate) fn nouveau(flux: Incoming, max: u64, silence: Duration, prise: Prise) -> Self {
        let mut corps = Self { recu: Recu::nouveau(flux, max, silence), prise: Some(prise) };
        corps.rendre_si_fini();
        corps
    }

    fn rendre_si_fini(&mut self) {
        if self.recu.flux.is_end_stream() {
            self.rendre();
        }
    }

    fn rendre(&mut self) {
        if let Some(prise) = self.prise.take() {
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
        let Poll::Ready(trame) = self.recu.tirer(cx) else { return Poll::Pending };
        match &trame {
            None => self.rendre(),
            Some(Ok(_)) => self.rendre_si_fini(),
            Some(Err(_)) => self.prise = None,
        }
        let dire = |faute| match faute {
            Faute::TropGros => io::ErrorKind::FileTooLarge.into(),
            Faute::TropLent => io::ErrorKind::TimedOut.into(),
            Faute::Rompu(erreur) => io::Error::other(erreur),
        };
        Poll::Ready(trame.map(|trame| trame.map_err(dire)))
    }
}
