//! What can be traced: the agency's five kinds, and ours, which its endpoint never shows.
//!
//! Rule: what a kind must carry is in its variant, so a call without its API, or an API on a kind that forbids it, can't be
//! written. Everything is borrowed from the request: tracing copies a text once, into the segment.

use std::{net::IpAddr, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One fact at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Trace<'a> {
    pub instant: Timestamp,
    /// The LPS; for a failed connection the one that was asked for, even if unknown.
    pub client_id: Option<&'a str>,
    /// National identifier of the professional, as the request gave it.
    pub id_rpps: Option<&'a str>,
    /// Who called; `None` for what the proxy does by itself (renewal, expiry).
    pub origine: Option<Origine>,
    pub fait: Fait<'a>,
}

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub struct Origine {
    pub adresse: IpAddr,
    /// `None` when the address was told by a trusted relay: the caller's port is then unknown.
    pub port: Option<u16>,
}

/// A session, by what identifies it to the agency.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    pub id: &'a str,
    /// Pro Santé Connect's `session_state`.
    pub session_state: &'a str,
    /// Subject of the client certificate used (RFC 4514); `None` for a client with a secret.
    pub dn: Option<&'a str>,
}

/// A call relayed to an API.
#[derive(Clone, Copy, Debug)]
pub struct Appel<'a> {
    api: &'a str,
    methode: &'a str,
    chemin: &'a str,
}

impl<'a> Appel<'a> {
    /// `chemin` is the path sent to the API; a query or a fragment in it is left out, since it may name a patient.
    pub fn nouveau(api: &'a str, methode: &'a str, chemin: &'a str) -> Self {
        let fin = chemin.find(['?', '#']).unwrap_or(chemin.len());
        Self { api, methode, chemin: &chemin[..fin] }
    }

    pub(crate) fn api(&self) -> &'a str {
        self.api
    }

    pub(crate) fn methode(&self) -> &'a str {
        self.methode
    }

    pub(crate) fn chemin(&self) -> &'a str {
        self.chemin
    }
}

/// How a relayed call ended.
#[derive(Clone, Copy, Debug)]
pub struct Issue<'a> {
    /// Status answered to the LPS.
    pub statut: u16,
    pub duree: Duration,
    /// What failed, in a few words of ours; never a text that came with the answer.
    pub cause: Option<&'a str>,
}

#[derive(Clone, Copy, Debug)]
pub enum Fait<'a> {
    ConnectSuccess(Session<'a>),
    ConnectReplay(Session<'a>),
    ConnectFailure,
    /// Traced before the call, so that a call that fails is traced too.
    Send(Session<'a>, Appel<'a>),
    Disconnect(Session<'a>),
    SendResult(Session<'a>, Appel<'a>, Issue<'a>),
    SessionExpired(Session<'a>),
    /// A token was obtained for this API (or for Pro Santé Connect, by the name that the caller gives it).
    TokenObtained(Session<'a>, &'a str),
    TokenRenewed(Session<'a>, &'a str),
    TokenRevoked(Session<'a>, &'a str),
    /// Written by [`crate::Journal::purger`] alone.
    #[doc(hidden)]
    Purge(Purge<'a>),
}

/// What a purge took away, so that the rest of the chain still begins somewhere known.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Purge<'a> {
    pub(crate) avant: Timestamp,
    pub(crate) traces: i64,
    pub(crate) dernier_rang: i64,
    pub(crate) empreinte: &'a str,
    /// The node that purged, when the chain is another's.
    pub(crate) par: Option<&'a str>,
}

/// The kind of a trace, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Genre {
    ConnectSuccess,
    ConnectReplay,
    ConnectFailure,
    Send,
    Disconnect,
    SendResult,
    SessionExpired,
    TokenObtained,
    TokenRenewed,
    TokenRevoked,
    Purge,
}

impl Genre {
    /// As it is written, which is as serde reads it.
    pub(crate) fn nom(self) -> &'static str {
        match self {
            Self::ConnectSuccess => "CONNECT_SUCCESS",
            Self::ConnectReplay => "CONNECT_REPLAY",
            Self::ConnectFailure => "CONNECT_FAILURE",
            Self::Send => "SEND",
            Self::Disconnect => "DISCONNECT",
            Self::SendResult => "SEND_RESULT",
            Self::SessionExpired => "SESSION_EXPIRED",
            Self::TokenObtained => "TOKEN_OBTAINED",
            Self::TokenRenewed => "TOKEN_RENEWED",
            Self::TokenRevoked => "TOKEN_REVOKED",
            Self::Purge => "PURGE",
        }
    }

    /// Whether the agency's model knows it: only these are shown by its endpoint.
    pub fn agence(self) -> bool {
        matches!(
            self,
            Self::ConnectSuccess | Self::ConnectReplay | Self::ConnectFailure | Self::Send | Self::Disconnect
        )
    }
}

impl<'a> Fait<'a> {
    pub(crate) fn genre(&self) -> Genre {
        match self {
            Self::ConnectSuccess(_) => Genre::ConnectSuccess,
            Self::ConnectReplay(_) => Genre::ConnectReplay,
            Self::ConnectFailure => Genre::ConnectFailure,
            Self::Send(..) => Genre::Send,
            Self::Disconnect(_) => Genre::Disconnect,
            Self::SendResult(..) => Genre::SendResult,
            Self::SessionExpired(_) => Genre::SessionExpired,
            Self::TokenObtained(..) => Genre::TokenObtained,
            Self::TokenRenewed(..) => Genre::TokenRenewed,
            Self::TokenRevoked(..) => Genre::TokenRevoked,
            Self::Purge(_) => Genre::Purge,
        }
    }

    pub(crate) fn session(&self) -> Option<&Session<'a>> {
        match self {
            Self::ConnectSuccess(session)
            | Self::ConnectReplay(session)
            | Self::Send(session, _)
            | Self::Disconnect(session)
            | Self::SendResult(session, ..)
            | Self::SessionExpired(session)
            | Self::TokenObtained(session, _)
            | Self::TokenRenewed(session, _)
            | Self::TokenRevoked(session, _) => Some(session),
            Self::ConnectFailure | Self::Purge(_) => None,
        }
    }
}
