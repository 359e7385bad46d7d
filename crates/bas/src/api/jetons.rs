//! The tokens that an authorization server gave: what is in one, which sessions may still be refreshed, what was revoked.
//!
//! An access token carries its own proof and outlives a restart; so do revocations, in a file. Refresh tokens are random
//! and kept as digests in memory: after a restart the client comes back with a new exchange, as after any expiry.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Erreur;

/// Sessions kept at once; the oldest gives way.
const SESSIONS_MAX: usize = 50_000;

/// The claims of an access token of an API, in the shape of the agency's Keycloak.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Acces {
    pub(crate) exp: i64,
    pub(crate) iat: i64,
    pub(crate) jti: String,
    pub(crate) iss: String,
    pub(crate) aud: Vec<String>,
    pub(crate) sub: String,
    /// Always `Bearer`.
    pub(crate) typ: String,
    /// The client.
    pub(crate) azp: String,
    /// Of the session at the authorization server; the same as `sid`.
    pub(crate) session_state: String,
    pub(crate) acr: String,
    pub(crate) scope: String,
    pub(crate) sid: String,
    #[serde(rename = "SubjectNameID")]
    pub(crate) national_id: String,
    pub(crate) preferred_username: String,
    /// `session_state` of the session at Pro Santé Connect: ours, so that an API may compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) psc_session_state: Option<String>,
    /// `{"x5t#S256": …}` when the client showed a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cnf: Option<Map<String, Value>>,
    /// What the actor token said of proxy, LPS and situation of practice (RFC 8693 §4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) act: Option<Map<String, Value>>,
    /// `realm_access`, `resource_access`, `name`…: there for whoever reads Keycloak's tokens.
    #[serde(flatten)]
    pub(crate) autres: Map<String, Value>,
}

impl Acces {
    /// The thumbprint that the token is bound to.
    pub(crate) fn empreinte(&self) -> Option<&str> {
        self.cnf.as_ref()?.get(oidc::cnf::MEMBRE)?.as_str()
    }

    pub(crate) fn a_le_scope(&self, voulu: &str) -> bool {
        self.scope.split(' ').any(|scope| scope == voulu)
    }
}

/// What a session remembers from the exchange, for the tokens to come.
#[derive(Clone, Debug)]
pub(super) struct Sujet {
    pub(super) client_id: String,
    pub(super) national_id: String,
    pub(super) psc_session_state: Option<String>,
    pub(super) scope: String,
    pub(super) act: Option<Map<String, Value>>,
    pub(super) noms: Map<String, Value>,
}

/// A session that may be refreshed.
#[derive(Debug)]
struct Session {
    sujet: Sujet,
    /// Digest of the one refresh token that is good.
    courant: Vec<u8>,
    expire: Timestamp,
    /// However often it is refreshed.
    fin: Timestamp,
}

/// Why a refresh token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inutilisable {
    Inconnu,
    Expire,
    AutreClient,
    /// It has served already: somebody has a copy. The whole session ended with this.
    DejaServi,
}

/// A session whose refresh token has just served, and the one that comes after.
pub(super) struct Tournee {
    pub(super) sid: String,
    pub(super) sujet: Sujet,
    pub(super) jeton: String,
    pub(super) expire: Timestamp,
}

#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Session>>);

impl Sessions {
    /// Opens a session; gives its first refresh token, good until `expire`. No refresh makes the session outlive `fin`.
    pub(super) fn ouvrir(
        &self,
        sid: &str,
        sujet: Sujet,
        secret: &str,
        (expire, fin): (Timestamp, Timestamp),
        maintenant: Timestamp,
    ) -> String {
        let mut sessions = self.prendre();
        if sessions.len() >= SESSIONS_MAX {
            sessions.retain(|_, session| session.expire > maintenant);
        }
        if sessions.len() >= SESSIONS_MAX
            && let Some(sid) =
                sessions.iter().min_by_key(|(_, session)| session.expire).map(|(sid, _)| sid.clone())
        {
            sessions.remove(&sid);
        }
        sessions.insert(
            sid.to_owned(),
            Session { sujet, courant: empreinte(secret), expire: expire.min(fin), fin },
        );
        format!("{sid}.{secret}")
    }

    /// Takes a refresh token: gives its session and sets the next one in its place.
    pub(super) fn tourner(
        &self,
        jeton: &str,
        client_id: &str,
        suivant: &str,
        expire: Timestamp,
        maintenant: Timestamp,
    ) -> Result<Tournee, Inutilisable> {
        let (sid, secret) = jeton.split_once('.').ok_or(Inutilisable::Inconnu)?;
        let mut sessions = self.prendre();
        let session = sessions.get_mut(sid).ok_or(Inutilisable::Inconnu)?;
        if session.sujet.client_id != client_id {
            return Err(Inutilisable::AutreClient);
        }
        if session.expire <= maintenant {
            sessions.remove(sid);
            return Err(Inutilisable::Expire);
        }
        if session.courant != empreinte(secret) {
            sessions.remove(sid);
            return Err(Inutilisable::DejaServi);
        }
        session.courant = empreinte(suivant);
        session.expire = expire.min(session.fin);
        Ok(Tournee {
            sid: sid.to_owned(),
            sujet: session.sujet.clone(),
            jeton: format!("{sid}.{suivant}"),
            expire: session.expire,
        })
    }

    /// The session of a refresh token, if it is the good one and lives.
    pub(super) fn lire(&self, jeton: &str, maintenant: Timestamp) -> Option<(String, Sujet, Timestamp)> {
        let (sid, secret) = jeton.split_once('.')?;
        let sessions = self.prendre();
        let session = sessions.get(sid)?;
        let bonne = session.courant == empreinte(secret) && session.expire > maintenant;
        bonne.then(|| (sid.to_owned(), session.sujet.clone(), session.expire))
    }

    pub(super) fn fermer(&self, sid: &str) {
        self.prendre().remove(sid);
    }

    fn prendre(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn empreinte(secret: &str) -> Vec<u8> {
    digest(&SHA256, secret.as_bytes()).as_ref().to_vec()
}

/// Tokens (`jti`) and sessions (`sid`) whose tokens are dead before their time.
#[derive(Debug)]
pub(super) struct Revoques {
    etat: Mutex<(HashMap<String, i64>, File)>,
    chemin: PathBuf,
}

#[derive(Deserialize, Serialize)]
struct Revocation {
    id: String,
    /// When the token would have died by itself, in seconds since 1970: nothing need be remembered after.
    fin: i64,
}

impl Revoques {
    /// Reads the file, keeps what still matters, writes that back.
    pub(super) fn charger(chemin: PathBuf, maintenant: Timestamp) -> Result<Self, Erreur> {
        let faute = |source| Erreur::Fichier { chemin: chemin.clone(), source };
        let octets = match fs::read(&chemin) {
            Ok(octets) => octets,
            Err(erreur) if erreur.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(faute(source)),
        };
        let lignes = octets.split(|o| *o == b'\n').filter_map(|ligne| serde_json::from_slice(ligne).ok());
        let vives: HashMap<String, i64> = lignes
            .map(|Revocation { id, fin }| (id, fin))
            .filter(|(_, fin)| *fin > maintenant.as_second())
            .collect();
        let fichier = reecrire(&chemin, &vives).map_err(faute)?;
        Ok(Self { etat: Mutex::new((vives, fichier)), chemin })
    }

    pub(super) fn ajouter(&self, id: &str, fin: i64) {
        let mut etat = self.prendre();
        let (vives, fichier) = &mut *etat;
        if vives.insert(id.to_owned(), fin).is_none()
            && let Err(erreur) = ecrire(fichier, id, fin)
        {
            tracing::warn!(%erreur, chemin = %self.chemin.display(), "révocation non enregistrée");
        }
    }

    pub(super) fn contient(&self, id: &str) -> bool {
        self.prendre().0.contains_key(id)
    }

    fn prendre(&self) -> MutexGuard<'_, (HashMap<String, i64>, File)> {
        self.etat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reecrire(chemin: &Path, vives: &HashMap<String, i64>) -> io::Result<File> {
    if let Some(dossier) = chemin.parent() {
        fs::create_dir_all(dossier)?;
    }
    let provisoire = chemin.with_extension("tmp");
    let mut fichier =
        OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&provisoire)?;
    for (id, fin) in vives {
        ecrire(&mut fichier, id, *fin)?;
    }
    fichier.sync_all()?;
    fs::rename(&provisoire, chemin)?;
    Ok(fichier)
}

fn ecrire(fichier: &mut File, id: &str, fin: i64) -> io::Result<()> {
    let mut ligne = serde_json::to_vec(&Revocation { id: id.to_owned(), fin })?;
    ligne.push(b'\n');
    fichier.write_all(&ligne)
}
