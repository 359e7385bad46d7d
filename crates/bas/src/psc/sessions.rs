//! Sessions of people at Pro Santé Connect: four hours, or thirty minutes without use, whichever comes first.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::Timestamp;
use oidc::ciba::Canal;

use super::{Durees, ouvrir};

const SESSIONS_MAX: usize = 20_000;

/// A person, authenticated.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Told to clients as `sid` and `session_state`.
    pub(crate) sid: String,
    pub(crate) national_id: String,
    pub(crate) canal: Canal,
    /// The local provider that authenticated the person in the place of Pro Santé Connect.
    pub(crate) idp: Option<String>,
    pub(crate) debut: Timestamp,
    /// Last use: a token given or a sign-in without a page.
    pub(crate) vue: Timestamp,
    /// Clients that hold tokens of the session, and since when.
    pub(crate) clients: HashMap<String, Timestamp>,
}

impl Session {
    /// Seconds that the session has still to live if nobody uses it.
    pub(super) fn reste(&self, durees: &Durees, maintenant: Timestamp) -> i64 {
        let age = |depuis: Timestamp| maintenant.as_second() - depuis.as_second();
        let (vie, inactivite) = (durees.vive(durees.session), durees.vive(durees.inactivite));
        (vie - age(self.debut)).min(inactivite - age(self.vue))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Session>>);

impl Sessions {
    pub(super) fn ouvrir(&self, session: Session, durees: &Durees, maintenant: Timestamp) {
        let mut sessions = ouvrir(&self.0);
        sessions.retain(|_, autre| autre.reste(durees, maintenant) > 0);
        if sessions.len() >= SESSIONS_MAX
            && let Some(sid) = sessions.values().min_by_key(|autre| autre.vue).map(|autre| autre.sid.clone())
        {
            sessions.remove(&sid);
        }
        sessions.insert(session.sid.clone(), session);
    }

    /// The session, if it still runs.
    pub(crate) fn lire(&self, sid: &str, durees: &Durees, maintenant: Timestamp) -> Option<Session> {
        ouvrir(&self.0).get(sid).filter(|session| session.reste(durees, maintenant) > 0).cloned()
    }

    /// Notes that a client gets tokens of the session: that is a use.
    pub(super) fn servir(&self, sid: &str, client_id: &str, maintenant: Timestamp) {
        if let Some(session) = ouvrir(&self.0).get_mut(sid) {
            session.vue = maintenant;
            session.clients.entry(client_id.to_owned()).or_insert(maintenant);
        }
    }

    /// Takes back what a client holds of the session.
    pub(super) fn oublier_client(&self, sid: &str, client_id: &str) {
        if let Some(session) = ouvrir(&self.0).get_mut(sid) {
            session.clients.remove(client_id);
        }
    }

    /// Ends the session; gives what it was, if it was there.
    pub(super) fn fermer(&self, sid: &str) -> Option<Session> {
        ouvrir(&self.0).remove(sid)
    }

    /// Those that run, the latest first.
    pub(crate) fn toutes(&self, durees: &Durees, maintenant: Timestamp) -> Vec<Session> {
        let mut toutes: Vec<Session> = ouvrir(&self.0)
            .values()
            .filter(|session| session.reste(durees, maintenant) > 0)
            .cloned()
            .collect();
        toutes.sort_by_key(|session| std::cmp::Reverse(session.debut));
        toutes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_after_thirty_idle_minutes_or_four_hours() {
        let debut: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        let apres = |minutes: i64| Timestamp::from_second(debut.as_second() + 60 * minutes).unwrap();
        let durees = Durees::default();
        // Minutes at which it is used, minute at which it is looked at, alive?
        let cas: [(&[i64], i64, bool); 6] = [
            (&[], 29, true),
            (&[], 30, false),
            (&[29], 58, true),
            (&[29], 59, false),
            (&[29, 58, 87, 116, 145, 174, 203, 232], 239, true),
            (&[29, 58, 87, 116, 145, 174, 203, 232], 240, false),
        ];
        for (usages, minute, vivante) in cas {
            let sessions = Sessions::default();
            let session = Session {
                sid: "s".into(),
                national_id: "8".into(),
                canal: Canal::Mobile,
                idp: None,
                debut,
                vue: debut,
                clients: HashMap::new(),
            };
            sessions.ouvrir(session, &durees, debut);
            for usage in usages {
                sessions.servir("s", "lps", apres(*usage));
            }
            assert_eq!(sessions.lire("s", &durees, apres(minute)).is_some(), vivante, "{usages:?} {minute}");
        }
    }
}
