//! Whether a call may leave: the one place that says yes.
//!
//! Rule: `forward` wants a [`Permis`], and only [`decide`] makes one. Its fields are private and it is consumed by the call:
//! there is no other way out.

use std::sync::Arc;

use jiff::Timestamp;

use crate::config::ReglesSession;
use crate::forward::Route;
use crate::identite::ClientLps;
use crate::session::Session;

/// The right to make one call, for one session, towards one API.
#[derive(Debug)]
pub(crate) struct Permis {
    session: Arc<Session>,
    route: Arc<Route>,
}

/// Why a call may not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refus {
    /// Ended, or too old.
    SessionFinie,
    /// This client is not declared for this API.
    ApiFermee,
    TropDAppels,
}

pub(crate) fn decide(
    session: &Arc<Session>,
    client: Option<&ClientLps>,
    route: &Arc<Route>,
    regles: &ReglesSession,
    appels_par_seconde: u32,
    maintenant: Timestamp,
) -> Result<Permis, Refus> {
    if !session.vivante(regles, maintenant) {
        return Err(Refus::SessionFinie);
    }
    if !client.ok_or(Refus::ApiFermee)?.permet(&route.api.regles.id) {
        return Err(Refus::ApiFermee);
    }
    if appels_par_seconde > 0 && !session.seau.prendre(appels_par_seconde, maintenant) {
        return Err(Refus::TropDAppels);
    }
    session.toucher(maintenant);
    Ok(Permis { session: Arc::clone(session), route: Arc::clone(route) })
}

impl Permis {
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    pub(crate) fn route(&self) -> &Arc<Route> {
        &self.route
    }
}
