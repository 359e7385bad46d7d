//! Who is signed in at the realm. Written to a file at each change, so that a restart signs nobody out.
//!
//! The file holds the digest of the browser's token, never the token: who reads it can't take a session over.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Personne, personnes};
use crate::Erreur;

/// Life of a session, used or not.
const VIE: SignedDuration = SignedDuration::from_hours(8);
const SESSIONS_MAX: usize = 5_000;
const FICHIER: &str = "isc-sessions.json";

/// A person, signed in.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) personne: &'static Personne,
    /// Identifier told to the clients (`sid`).
    pub(super) sid: String,
    pub(super) auth_time: Timestamp,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Ligne {
    login: String,
    sid: String,
    auth_time: Timestamp,
    fin: Timestamp,
}

#[derive(Debug)]
pub(super) struct Sessions {
    chemin: PathBuf,
    lignes: Mutex<HashMap<String, Ligne>>,
}

impl Sessions {
    /// Reads the sessions of the folder. A file that can't be understood signs everybody out, nothing worse.
    pub(super) fn charger(donnees: &Path) -> Result<Self, Erreur> {
        let chemin = donnees.join(FICHIER);
        let lignes = match fs::read(&chemin) {
            Ok(octets) => serde_json::from_slice(&octets).unwrap_or_else(|erreur| {
                tracing::warn!(%erreur, chemin = %chemin.display(), "sessions illisibles, oubliées");
                HashMap::new()
            }),
            Err(erreur) if erreur.kind() == io::ErrorKind::NotFound => HashMap::new(),
            Err(source) => return Err(Erreur::Fichier { chemin, source }),
        };
        Ok(Self { chemin, lignes: Mutex::new(lignes) })
    }

    /// The session of that browser, if it still runs.
    pub(super) fn lire(&self, empreinte: &str, maintenant: Timestamp) -> Option<Session> {
        let lignes = self.ouvrir();
        let ligne = lignes.get(empreinte).filter(|ligne| ligne.fin > maintenant)?;
        let personne = personnes().iter().find(|personne| personne.login == ligne.login)?;
        Some(Session { personne, sid: ligne.sid.clone(), auth_time: ligne.auth_time })
    }

    /// Opens a session, and ends the one that the same browser had.
    pub(super) fn remplacer(&self, ancienne: &str, empreinte: String, session: &Session) {
        let maintenant = session.auth_time;
        let mut lignes = self.ouvrir();
        lignes.remove(ancienne);
        lignes.retain(|_, ligne| ligne.fin > maintenant);
        if lignes.len() >= SESSIONS_MAX
            && let Some(cle) = lignes.iter().min_by_key(|(_, ligne)| ligne.fin).map(|(cle, _)| cle.clone())
        {
            lignes.remove(&cle);
        }
        let ligne = Ligne {
            login: session.personne.login.to_owned(),
            sid: session.sid.clone(),
            auth_time: session.auth_time,
            fin: maintenant.saturating_add(VIE).unwrap_or(maintenant),
        };
        lignes.insert(empreinte, ligne);
        self.ecrire(&lignes);
    }

    /// Ends the session of that identifier; ending one that is gone is fine.
    pub(super) fn fermer(&self, sid: &str) {
        let mut lignes = self.ouvrir();
        lignes.retain(|_, ligne| ligne.sid != sid);
        self.ecrire(&lignes);
    }

    /// Whether the session of that identifier still runs.
    pub(super) fn vivante(&self, sid: &str, maintenant: Timestamp) -> bool {
        self.ouvrir().values().any(|ligne| ligne.sid == sid && ligne.fin > maintenant)
    }

    fn ouvrir(&self) -> MutexGuard<'_, HashMap<String, Ligne>> {
        self.lignes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A failure is logged, not told to the person: they are signed in all the same, until the next restart.
    fn ecrire(&self, lignes: &HashMap<String, Ligne>) {
        let provisoire = self.chemin.with_extension("json.tmp");
        let ecriture = serde_json::to_vec(lignes)
            .map_err(io::Error::other)
            .and_then(|octets| fs::write(&provisoire, octets))
            .and_then(|()| fs::rename(&provisoire, &self.chemin));
        if let Err(erreur) = ecriture {
            tracing::warn!(%erreur, chemin = %self.chemin.display(), "sessions non enregistrées");
        }
    }
}
