//! A session: one professional, on one LPS client, from the connection to the disconnection.
//!
//! Rule: tokens live in here and leave only towards the server they are for. Nothing in this file prints one.

#[cfg(test)]
mod abime;
mod api;
pub(crate) mod depot;
pub(crate) mod durable;
pub(crate) mod entretien;
mod forme;
pub(crate) mod jeton;
mod magasin;
mod multiplication;
mod recherche;
mod repos;
pub(crate) mod revocation;
pub(crate) mod sceau;
pub(crate) mod surveillance;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::config::{DepotSessions, ReglesSession};
use crate::connect::appel::PanneRecente;
use crate::identite::Identite;
use crate::limite::Seau;

pub(crate) use api::{JetonApi, PlaceApi};
pub(crate) use magasin::Magasin;
pub use multiplication::{Multiplication, multiplier};
pub(crate) use recherche::{chercher, cookie as cookie_nomme, presente};
pub(crate) use repos::AuRepos;

/// Name of the cookie, fixed by the agency's contract.
pub(crate) const COOKIE: &str = "proxy_session_id";

/// Letters of a fingerprint: SHA-256 in base64.
const EMPREINTE: usize = 43;

/// PSC's tokens for this session.
pub(crate) struct JetonsPsc {
    pub(crate) acces: AuRepos,
    /// When they were asked for.
    pub(crate) obtenu: Timestamp,
    pub(crate) expire: Timestamp,
    pub(crate) renouvellement: Option<AuRepos>,
    pub(crate) renouvellement_expire: Option<Timestamp>,
    /// For the logout, as `id_token_hint`, and to know the same person again.
    pub(crate) id_token: AuRepos,
    /// How their last renewal failed.
    pub(crate) panne: Option<Box<PanneRecente>>,
}

/// How long before its end PSC's refresh token is renewed, at the earliest, in seconds.
const AVANCE_PSC_S: i64 = 300;
/// Life of PSC's refresh tokens where the answer doesn't say it: the silence that its sessions allow.
const SILENCE_PSC_S: i64 = 1_800;

impl JetonsPsc {
    /// Whether new ones may be asked for.
    pub(crate) fn renouvelables(&self, maintenant: Timestamp) -> bool {
        self.renouvellement.is_some() && self.renouvellement_expire.is_none_or(|expire| expire > maintenant)
    }

    /// The second from which they are renewed if the session is in use.
    fn echeance(&self) -> i64 {
        if self.renouvellement.is_none() {
            return i64::MAX;
        }
        let obtenu = self.obtenu.as_second();
        let fin = self.renouvellement_expire.map_or(obtenu + SILENCE_PSC_S, Timestamp::as_second);
        // Half of what is left, when that is little: near the end of PSC's session each renewal brings less.
        match fin - obtenu {
            vie if vie < 60 => i64::MAX,
            vie => fin - AVANCE_PSC_S.min(vie / 2),
        }
    }
}

/// What a session is made from.
pub(crate) struct Naissance {
    pub(crate) id: String,
    pub(crate) identite: Arc<Identite>,
    pub(crate) national_id: String,
    pub(crate) session_state: String,
    pub(crate) adresse: std::net::IpAddr,
    pub(crate) psc: JetonsPsc,
    pub(crate) jeton_applicatif: Option<SecretString>,
    pub(crate) nombre_apis: usize,
    pub(crate) le: Timestamp,
}

/// A live session. Shared; what changes is inside.
#[expect(clippy::struct_field_names, reason = "session_state is the field’s own word")]
pub(crate) struct Session {
    id: SecretString,
    /// Of `id`, as text.
    empreinte: [u8; EMPREINTE],
    pub(crate) identite: Arc<Identite>,
    pub(crate) national_id: Arc<str>,
    pub(crate) session_state: Arc<str>,
    /// Where it was opened from.
    pub(crate) adresse: std::net::IpAddr,
    pub(crate) debut: Timestamp,
    /// Seconds since 1970 of the last relayed call.
    derniere: AtomicI64,
    /// The same, as it was last kept.
    rangee: AtomicI64,
    fermee: AtomicBool,
    /// The address from which a second place was announced once.
    pub(crate) ailleurs: AtomicBool,
    jeton_applicatif: Option<SecretString>,
    pub(crate) psc: tokio::sync::Mutex<JetonsPsc>,
    /// Of what is in `psc`, for whoever looks at all sessions: microseconds since 1970 of their birth, and the second from
    /// which they should be renewed.
    psc_obtenu: AtomicI64,
    psc_echeance: AtomicI64,
    /// By rank of the API in the configuration.
    pub(crate) apis: Box<[PlaceApi]>,
    pub(crate) seau: Seau,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({}, {})", self.identite.client_id, self.empreinte())
    }
}

/// Reads the files that the store of the sessions needs, when they must be there already; connects to nothing.
pub(crate) fn verifier(regles: &DepotSessions) -> Result<(), crate::Erreur> {
    let partagee = regles.base.as_ref().is_some_and(|base| base.expose_secret().starts_with("redis"));
    if partagee {
        depot::client(regles)?;
    }
    match &regles.cles {
        Some(cles) if partagee || cles.exists() => Ok(sceau::Sceau::lire(cles).map(|_| ())?),
        _ => Ok(()),
    }
}

/// Fingerprint of a session identifier: says which session without being able to use it.
pub(crate) fn empreinte(id: &str) -> String {
    String::from_utf8_lossy(&lettres(id)).into_owned()
}

fn lettres(id: &str) -> [u8; EMPREINTE] {
    let mut lettres = [0; EMPREINTE];
    BASE64_URL_SAFE_NO_PAD
        .encode_slice(digest(&SHA256, id.as_bytes()), &mut lettres)
        .expect("thirty-two bytes make forty-three letters");
    lettres
}

impl Session {
    pub(crate) fn nouvelle(naissance: Naissance) -> Self {
        Self {
            empreinte: lettres(&naissance.id),
            id: naissance.id.into(),
            identite: naissance.identite,
            national_id: naissance.national_id.into(),
            session_state: naissance.session_state.into(),
            adresse: naissance.adresse,
            debut: naissance.le,
            derniere: AtomicI64::new(naissance.le.as_second()),
            rangee: AtomicI64::new(naissance.le.as_second()),
            fermee: AtomicBool::new(false),
            ailleurs: AtomicBool::new(false),
            jeton_applicatif: naissance.jeton_applicatif,
            psc_obtenu: AtomicI64::new(naissance.psc.obtenu.as_microsecond()),
            psc_echeance: AtomicI64::new(naissance.psc.echeance()),
            psc: tokio::sync::Mutex::new(naissance.psc),
            apis: (0..naissance.nombre_apis).map(|_| PlaceApi::default()).collect(),
            seau: Seau::default(),
        }
    }

    /// The value of the cookie.
    pub(crate) fn id(&self) -> &str {
        self.id.expose_secret()
    }

    pub(crate) fn empreinte(&self) -> &str {
        std::str::from_utf8(&self.empreinte).unwrap_or_default()
    }

    /// The bearer that stands for the cookie, `ja.{id}.{secret}`.
    pub(crate) fn jeton_applicatif(&self) -> Option<SecretString> {
        let secret = self.jeton_applicatif.as_ref()?;
        Some(format!("ja.{}.{}", self.id(), secret.expose_secret()).into())
    }

    fn jeton_applicatif_est(&self, secret: &str) -> bool {
        self.jeton_applicatif
            .as_ref()
            .is_some_and(|bon| bon.expose_secret().as_bytes().ct_eq(secret.as_bytes()).into())
    }

    pub(crate) fn toucher(&self, maintenant: Timestamp) {
        let secondes = maintenant.as_second();
        // A store on each call would make the cores fight for the line; once a second is enough.
        if self.derniere.load(Ordering::Relaxed) < secondes {
            self.derniere.store(secondes, Ordering::Relaxed);
        }
    }

    pub(crate) fn derniere(&self) -> i64 {
        self.derniere.load(Ordering::Relaxed)
    }

    /// Learns of a use that was kept elsewhere.
    pub(crate) fn utilisee(&self, derniere: i64) {
        self.derniere.fetch_max(derniere, Ordering::Relaxed);
        self.rangee(derniere);
    }

    /// Notes which use was kept.
    pub(crate) fn rangee(&self, derniere: i64) {
        self.rangee.fetch_max(derniere, Ordering::Relaxed);
    }

    /// Whether the last use is later than the one kept by more than `ecart` seconds.
    pub(crate) fn a_ranger(&self, ecart: i64) -> bool {
        self.derniere() > self.rangee.load(Ordering::Relaxed).saturating_add(ecart)
    }

    /// Notes that PSC's tokens were replaced.
    pub(crate) fn noter_psc(&self, psc: &JetonsPsc) {
        self.psc_obtenu.store(psc.obtenu.as_microsecond(), Ordering::Relaxed);
        self.psc_echeance.store(psc.echeance(), Ordering::Relaxed);
    }

    /// Tells one state of PSC's tokens from the next.
    pub(crate) fn psc_obtenu(&self) -> i64 {
        self.psc_obtenu.load(Ordering::Relaxed)
    }

    /// Whether PSC's refresh token is near its end, in a session that was used since it came.
    pub(crate) fn psc_a_renouveler(&self, maintenant: Timestamp) -> bool {
        self.psc_echeance.load(Ordering::Relaxed) <= maintenant.as_second()
            && self.derniere() > self.psc_obtenu() / 1_000_000
    }

    /// The last instant at which this session may still be used, if nothing more is called.
    pub(crate) fn expire(&self, regles: &ReglesSession) -> Timestamp {
        self.au_plus(regles).min(plus(self.dernier_usage(), regles.inactivite_s))
    }

    fn dernier_usage(&self) -> Timestamp {
        Timestamp::from_second(self.derniere()).unwrap_or(self.debut)
    }

    /// The last instant at which it may be used, whatever is called.
    pub(crate) fn au_plus(&self, regles: &ReglesSession) -> Timestamp {
        plus(self.debut, regles.duree_max_s)
    }

    pub(crate) fn vivante(&self, regles: &ReglesSession, maintenant: Timestamp) -> bool {
        let en_dessous = |depart: Timestamp, max| maintenant.duration_since(depart) <= duree(max);
        !self.fermee.load(Ordering::Acquire)
            && en_dessous(self.debut, regles.duree_max_s)
            && en_dessous(self.dernier_usage(), regles.inactivite_s)
    }

    /// Whether some API may still be called with what it has.
    pub(crate) fn sert_encore(&self, maintenant: Timestamp) -> bool {
        self.apis.iter().any(|place| place.peut_servir(maintenant))
    }

    pub(crate) fn est_fermee(&self) -> bool {
        self.fermee.load(Ordering::Acquire)
    }

    /// Ends it. `true` for the one caller that did.
    pub(crate) fn fermer(&self) -> bool {
        !self.fermee.swap(true, Ordering::AcqRel)
    }
}

fn duree(secondes: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(secondes).unwrap_or(i64::MAX))
}

fn plus(depart: Timestamp, secondes: u64) -> Timestamp {
    depart.saturating_add(duree(secondes)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Resident memory of this process, in bytes.
    fn memoire() -> usize {
        let statut = std::fs::read_to_string("/proc/self/statm").unwrap();
        statut.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    }

    /// A thousand bytes, as PSC's have or so.
    fn jeton() -> String {
        "j".repeat(1_000)
    }

    #[tokio::test]
    async fn a_session_costs_less_than_a_kilobyte_beside_its_tokens() {
        const NOMBRE: usize = 5_000;
        let identite = Identite::d_essai();
        let alea = service::Alea::graine(1);
        let regles = DepotSessions { base: Some("memoire".into()), ..DepotSessions::default() };
        let (magasin, _) = Magasin::ouvrir(&regles, std::path::Path::new("."), &alea).await.unwrap();
        let le = Timestamp::UNIX_EPOCH;
        let avant = memoire();
        for _ in 0..NOMBRE {
            let session = Session::nouvelle(Naissance {
                id: alea.jeton(),
                identite: Arc::clone(&identite),
                national_id: "899700000001".to_owned(),
                session_state: "7f3c2a10-3c1e-4a5b-8c7d-9e0f1a2b3c4d".to_owned(),
                adresse: [192, 0, 2, 7].into(),
                psc: JetonsPsc {
                    acces: jeton().as_str().into(),
                    obtenu: le,
                    expire: le,
                    renouvellement: Some(jeton().as_str().into()),
                    renouvellement_expire: Some(le),
                    id_token: jeton().as_str().into(),
                    panne: None,
                },
                jeton_applicatif: Some(alea.jeton().into()),
                nombre_apis: 2,
                le,
            });
            for place in &session.apis {
                place.poser(JetonApi::nouveau(&jeton().into(), le, Some(jeton().into()), Some(le)).unwrap());
            }
            magasin.poser(&Arc::new(session));
        }
        // Some of it is pages of the process itself, touched for the first time: the figure moves by a few bytes.
        // Three of PSC, and for each of two APIs an access token and a refresh token.
        let jetons = (3 + 2 * 2) * 1_000;
        let reste = ((memoire() - avant) / NOMBRE).saturating_sub(jetons);
        assert_eq!(magasin.nombre(), NOMBRE);
        assert!(reste < 1_024, "{reste} bytes");
    }
}
