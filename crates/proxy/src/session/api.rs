//! The place of one API's token in a session.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use oidc::jetons::ReponseJetons;
use secrecy::{ExposeSecret as _, SecretString};

use crate::connect::appel::{Panne, PanneRecente};

const PORTEUR: &str = "Bearer ";

/// A token of one API, ready to be sent.
pub(crate) struct JetonApi {
    /// `Bearer …`, marked sensitive: the one place where the token is, since a session may have many and there may be many
    /// sessions.
    entete: HeaderValue,
    pub(crate) expire: Timestamp,
    /// Half of its life in seconds, where it is known: the most that is kept as a margin, or a short token would never be fresh.
    moitie_s: u32,
    pub(crate) renouvellement: Option<SecretString>,
    pub(crate) renouvellement_expire: Option<Timestamp>,
}

impl fmt::Debug for JetonApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JetonApi(jusqu’à {})", self.expire)
    }
}

/// A token that can't be put in a header.
#[derive(Debug, thiserror::Error)]
#[error("le jeton reçu n’est pas utilisable dans un en-tête")]
pub(crate) struct Inutilisable;

impl JetonApi {
    /// `depart`: the instant before the request left, so that the life isn't counted too long.
    pub(crate) fn depuis(reponse: ReponseJetons, depart: Timestamp) -> Result<Self, Inutilisable> {
        let vie = reponse.expires_in.unwrap_or(300);
        let expire = echeance(depart, vie);
        let renouvellement_expire = reponse.refresh_expires_in.map(|duree| echeance(depart, duree));
        let jeton =
            Self::nouveau(&reponse.access_token, expire, reponse.refresh_token, renouvellement_expire)?;
        Ok(jeton.de_moitie(Some(u32::try_from(vie / 2).unwrap_or(u32::MAX))))
    }

    /// The same, where half of its life is known.
    pub(crate) fn de_moitie(self, moitie_s: Option<u32>) -> Self {
        Self { moitie_s: moitie_s.unwrap_or(u32::MAX), ..self }
    }

    pub(crate) fn moitie_s(&self) -> Option<u32> {
        Some(self.moitie_s).filter(|moitie| *moitie < u32::MAX)
    }

    pub(crate) fn nouveau(
        acces: &SecretString,
        expire: Timestamp,
        renouvellement: Option<SecretString>,
        renouvellement_expire: Option<Timestamp>,
    ) -> Result<Self, Inutilisable> {
        let texte = format!("{PORTEUR}{}", acces.expose_secret());
        if !texte.is_ascii() {
            return Err(Inutilisable);
        }
        let mut entete = HeaderValue::try_from(texte).map_err(|_| Inutilisable)?;
        entete.set_sensitive(true);
        Ok(Self { entete, expire, moitie_s: u32::MAX, renouvellement, renouvellement_expire })
    }

    /// The token itself.
    pub(crate) fn acces(&self) -> &str {
        let texte = self.entete.to_str().unwrap_or_default();
        texte.strip_prefix(PORTEUR).unwrap_or_default()
    }

    /// Whether it is the same token, wherever it was read.
    pub(crate) fn est(&self, autre: &Self) -> bool {
        self.entete == autre.entete
    }

    pub(crate) fn entete(&self) -> HeaderValue {
        self.entete.clone()
    }

    /// Whether it may still be sent, with `marge` to spare.
    pub(crate) fn frais(&self, maintenant: Timestamp, marge: SignedDuration) -> bool {
        let marge = marge.min(SignedDuration::from_secs(self.moitie_s.into()));
        self.expire.duration_since(maintenant) > marge
    }
}

/// `duree` seconds after `depart`.
pub(crate) fn echeance(depart: Timestamp, duree: u64) -> Timestamp {
    let duree = SignedDuration::from_secs(i64::try_from(duree).unwrap_or(i64::MAX));
    depart.saturating_add(duree).unwrap_or(Timestamp::MAX)
}

/// The current token, and the lock that lets one caller renew it while others wait.
#[derive(Debug, Default)]
pub(crate) struct PlaceApi {
    pub(crate) actuel: ArcSwapOption<JetonApi>,
    /// The last one that its API refused: a store may still have it.
    refuse: ArcSwapOption<JetonApi>,
    /// How the last renewal failed.
    panne: ArcSwapOption<PanneRecente>,
    pub(crate) renouveler: tokio::sync::Mutex<()>,
}

impl PlaceApi {
    /// Throws away a token that its API refused, unless it was replaced meanwhile.
    pub(crate) fn oublier(&self, jeton: &Arc<JetonApi>) {
        self.refuse.store(Some(Arc::clone(jeton)));
        self.actuel.compare_and_swap(jeton, None);
    }

    /// Puts a token that was read from a store, unless it is the one that is there, or one that its API refused.
    pub(crate) fn reposer(&self, jeton: JetonApi) {
        let connu =
            |place: &ArcSwapOption<JetonApi>| place.load().as_ref().is_some_and(|autre| autre.est(&jeton));
        if !connu(&self.actuel) && !connu(&self.refuse) {
            self.poser(jeton);
        }
    }

    /// The last token that there was, refused or not: its refresh token may still serve.
    pub(crate) fn dernier(&self) -> Option<Arc<JetonApi>> {
        self.actuel.load_full().or_else(|| self.refuse.load_full())
    }

    /// The current token if it lives, were it near its end.
    pub(crate) fn vivant(&self, maintenant: Timestamp) -> Option<Arc<JetonApi>> {
        self.actuel.load_full().filter(|jeton| jeton.expire > maintenant)
    }

    pub(crate) fn noter(&self, panne: &Panne, le: Timestamp) {
        self.panne.store(Some(Arc::new(PanneRecente::nouvelle(panne, le))));
    }

    /// How a renewal failed a moment ago.
    pub(crate) fn panne(&self, maintenant: Timestamp) -> Option<Panne> {
        self.panne.load().as_ref().and_then(|panne| panne.encore(maintenant))
    }

    /// Whether there is nothing to give back, and nobody who may bring something.
    pub(crate) fn est_vide(&self) -> bool {
        self.dernier().is_none() && self.renouveler.try_lock().is_ok()
    }

    /// Whether a call may still be made: with the token that is there, or with what its refresh token gives.
    pub(crate) fn peut_servir(&self, maintenant: Timestamp) -> bool {
        self.dernier().is_some_and(|jeton| {
            let renouvelable = jeton.renouvellement.is_some()
                && jeton.renouvellement_expire.is_none_or(|expire| expire > maintenant);
            jeton.expire > maintenant || renouvelable
        })
    }

    /// The last token that there was, taken away for good.
    pub(crate) fn retirer(&self) -> Option<Arc<JetonApi>> {
        let refuse = self.refuse.swap(None);
        self.actuel.swap(None).or(refuse)
    }

    pub(crate) fn poser(&self, jeton: JetonApi) -> Arc<JetonApi> {
        let jeton = Arc::new(jeton);
        self.panne.store(None);
        self.actuel.store(Some(Arc::clone(&jeton)));
        jeton
    }
}
