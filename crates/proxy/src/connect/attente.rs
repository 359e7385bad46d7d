//! Sign-ins that began in a browser and aren't over. Each serves once, for ten minutes, and there is a bound to their number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use crate::session::Session;

/// Life of a sign-in, in seconds.
pub(crate) const DUREE_S: u64 = 600;
const MAX: usize = 10_000;

/// What a browser is doing at PSC.
pub(crate) struct EnCours {
    pub(crate) client_id: String,
    pub(crate) nonce: String,
    pub(crate) verificateur: SecretString,
    /// What the cookie of that browser must hold.
    pub(crate) liaison: String,
    pub(crate) retour: Option<String>,
    /// The thick client that waits for it, by the fingerprint of its secret.
    pub(crate) lourd: Option<String>,
    pub(crate) le: Timestamp,
}

/// What the browser of a thick client is opened with, and what it shows there.
#[derive(Clone)]
pub(crate) struct Annonce {
    pub(crate) client_id: String,
    /// In the address.
    pub(crate) public: String,
    /// Two digits that the software shows too: whoever was sent the address by somebody else sees them nowhere.
    pub(crate) message: String,
}

/// A thick client that opened a browser and waits.
pub(crate) enum Lourd {
    Attend {
        annonce: Annonce,
        /// Its browser has gone to PSC: the address serves no more.
        ouverte: bool,
        le: Timestamp,
    },
    Pret {
        session: Arc<Session>,
        le: Timestamp,
    },
    Echoue {
        le: Timestamp,
    },
}

impl Lourd {
    fn le(&self) -> Timestamp {
        match self {
            Self::Attend { le, .. } | Self::Pret { le, .. } | Self::Echoue { le } => *le,
        }
    }

    /// What it announced, when it waits for a browser with this public word.
    fn attendu_par(&self, public: &str, maintenant: Timestamp) -> Option<&Annonce> {
        match self {
            Self::Attend { annonce, ouverte: false, le }
                if annonce.public == public && vivant(*le, maintenant) =>
            {
                Some(annonce)
            }
            _ => None,
        }
    }
}

/// What a thick client that asks is told.
pub(crate) enum Suite {
    Attend,
    Pret(Arc<Session>),
    Echoue,
}

#[derive(Default)]
pub(crate) struct Attentes {
    navigateurs: Mutex<HashMap<String, EnCours>>,
    lourds: Mutex<HashMap<String, Lourd>>,
}

fn vivant(le: Timestamp, maintenant: Timestamp) -> bool {
    let duree = SignedDuration::from_secs(i64::try_from(DUREE_S).unwrap_or(i64::MAX));
    maintenant.duration_since(le) <= duree
}

fn tenir<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Attentes {
    /// Keeps a sign-in under its `state`; `false` when too many are under way.
    pub(crate) fn commencer(&self, etat: String, en_cours: EnCours) -> bool {
        let mut navigateurs = tenir(&self.navigateurs);
        let maintenant = en_cours.le;
        navigateurs.retain(|_, autre| vivant(autre.le, maintenant));
        let place = navigateurs.len() < MAX;
        if place {
            navigateurs.insert(etat, en_cours);
        }
        place
    }

    /// Takes a sign-in out, if `liaison` is that of the browser that began it. A wrong browser doesn't spoil it.
    pub(crate) fn reprendre(&self, etat: &str, liaison: &str, maintenant: Timestamp) -> Option<EnCours> {
        use subtle::ConstantTimeEq as _;
        let mut navigateurs = tenir(&self.navigateurs);
        let connu = navigateurs.get(etat)?;
        if !bool::from(connu.liaison.as_bytes().ct_eq(liaison.as_bytes())) {
            return None;
        }
        navigateurs.remove(etat).filter(|en_cours| vivant(en_cours.le, maintenant))
    }

    /// Keeps a thick client under the fingerprint of its secret; `false` when too many wait.
    pub(crate) fn attendre(&self, secret: String, annonce: Annonce, le: Timestamp) -> bool {
        let mut lourds = tenir(&self.lourds);
        let place = lourds.len() < MAX;
        if place {
            lourds.insert(secret, Lourd::Attend { annonce, ouverte: false, le });
        }
        place
    }

    /// What a browser that shows this public word was opened for.
    pub(crate) fn annonce(&self, public: &str, maintenant: Timestamp) -> Option<Annonce> {
        tenir(&self.lourds).values().find_map(|lourd| lourd.attendu_par(public, maintenant).cloned())
    }

    /// The client that waits for the browser with that public word, which then serves no more.
    pub(crate) fn ouvrir(&self, public: &str, maintenant: Timestamp) -> Option<String> {
        let mut lourds = tenir(&self.lourds);
        let (secret, lourd) =
            lourds.iter_mut().find(|(_, lourd)| lourd.attendu_par(public, maintenant).is_some())?;
        if let Lourd::Attend { ouverte, .. } = lourd {
            *ouverte = true;
        }
        Some(secret.clone())
    }

    /// Forgets the thick clients whose time is over; the sessions that they never came to take.
    pub(crate) fn oublier(&self, maintenant: Timestamp) -> Vec<Arc<Session>> {
        let mut oubliees = Vec::new();
        tenir(&self.lourds).retain(|_, lourd| {
            let garde = vivant(lourd.le(), maintenant);
            if let (false, Lourd::Pret { session, .. }) = (garde, lourd) {
                oubliees.push(Arc::clone(session));
            }
            garde
        });
        oubliees
    }

    /// Tells the thick client how it ended. `false` when it no longer waits.
    pub(crate) fn conclure(&self, secret: &str, session: Option<Arc<Session>>, le: Timestamp) -> bool {
        let mut lourds = tenir(&self.lourds);
        let Some(place @ Lourd::Attend { .. }) = lourds.get_mut(secret) else { return false };
        *place = session.map_or(Lourd::Echoue { le }, |session| Lourd::Pret { session, le });
        true
    }

    /// How it stands, `None` when nobody of that name waits. An end is given once.
    pub(crate) fn lire(&self, secret: &str, maintenant: Timestamp) -> Option<Suite> {
        let mut lourds = tenir(&self.lourds);
        let lourd = lourds.get(secret).filter(|lourd| vivant(lourd.le(), maintenant))?;
        match lourd {
            Lourd::Attend { .. } => Some(Suite::Attend),
            Lourd::Pret { .. } | Lourd::Echoue { .. } => match lourds.remove(secret)? {
                Lourd::Pret { session, .. } => Some(Suite::Pret(session)),
                Lourd::Attend { .. } | Lourd::Echoue { .. } => Some(Suite::Echoue),
            },
        }
    }
}
