//! What the proxy writes in the journal, and how `/traces` reads it.
//!
//! Rule: a trace is accepted before the answer leaves, and the trace of a call before the call. Whoever can't trace must look
//! at the refusal.

use jiff::Timestamp;
use journal::{Fait, Trace};

use crate::config::IdentifiantTrace;
use crate::requete::Origine;
use crate::session::Session;

/// How sessions are named in traces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noms(pub(crate) IdentifiantTrace);

impl Noms {
    pub(crate) fn id(self, session: &Session) -> &str {
        match self.0 {
            IdentifiantTrace::Clair => session.id(),
            IdentifiantTrace::Empreinte => session.empreinte(),
        }
    }

    pub(crate) fn session(self, session: &Session) -> journal::Session<'_> {
        journal::Session {
            id: self.id(session),
            session_state: &session.session_state,
            dn: session.identite.certificat.as_ref().map(|certificat| &*certificat.dn),
        }
    }
}

/// The trace of something that a session did, or that was done to it.
pub(crate) fn de_session<'a>(
    session: &'a Session,
    origine: Option<Origine>,
    fait: Fait<'a>,
    instant: Timestamp,
) -> Trace<'a> {
    Trace {
        instant,
        client_id: Some(&session.identite.client_id),
        id_rpps: Some(&session.national_id),
        origine: origine.map(Into::into),
        fait,
    }
}
