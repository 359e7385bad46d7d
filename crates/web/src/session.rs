//! The session cookie and its CSRF token.
//!
//! The browser holds a random token, the store only its SHA-256: who reads the store can't take a session over. The
//! CSRF token is derived from the session's, so it needs no storage and is never valid for another session.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header};
use zeroize::Zeroizing;

/// The secret of a session: 32 random bytes.
#[derive(Clone)]
pub struct JetonSession(Zeroizing<[u8; 32]>);

impl fmt::Debug for JetonSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JetonSession(…)")
    }
}

impl JetonSession {
    /// From random bytes: `JetonSession::nouveau(alea.octets())`.
    pub fn nouveau(octets: [u8; 32]) -> Self {
        Self(Zeroizing::new(octets))
    }

    fn lire(texte: &str) -> Option<Self> {
        let octets = Zeroizing::new(URL_SAFE_NO_PAD.decode(texte).ok()?);
        Some(Self(Zeroizing::new(<[u8; 32]>::try_from(octets.as_slice()).ok()?)))
    }

    /// SHA-256 of the token, 64 hexadecimal digits: the only form that is stored.
    pub fn empreinte(&self) -> String {
        hex::encode(digest::digest(&digest::SHA256, self.0.as_slice()))
    }

    /// CSRF token of this session (HMAC-SHA-256 of a constant under the session's token).
    pub fn csrf(&self) -> String {
        let cle = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_slice());
        URL_SAFE_NO_PAD.encode(hmac::sign(&cle, b"edc csrf 1"))
    }
}

/// The cookie that carries a [`JetonSession`]: `__Host-<nom>; Path=/; Secure; HttpOnly; SameSite=Lax`. Lax, not Strict:
/// the return from the identity provider is a top-level navigation that must carry it.
#[derive(Debug, Clone, Copy)]
pub struct CookieSession {
    nom: &'static str,
}

impl CookieSession {
    /// `nom` is made of letters, digits and `_`: it goes into the header as it is.
    pub const fn nouveau(nom: &'static str) -> Self {
        Self { nom }
    }

    /// The token that the browser sent, if there is a well-formed one.
    pub fn lire(&self, entetes: &HeaderMap) -> Option<JetonSession> {
        entetes
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(';'))
            .filter_map(|paire| paire.trim().split_once('='))
            .filter(|(nom, _)| nom.strip_prefix("__Host-") == Some(self.nom))
            .find_map(|(_, valeur)| JetonSession::lire(valeur))
    }

    /// `Set-Cookie` that opens the session; without `duree` it ends with the browser.
    pub fn poser(&self, jeton: &JetonSession, duree: Option<Duration>) -> HeaderValue {
        let valeur = Zeroizing::new(URL_SAFE_NO_PAD.encode(jeton.0.as_slice()));
        let age = duree.map(|d| format!("; Max-Age={}", d.as_secs())).unwrap_or_default();
        let mut entete = self.entete(&valeur, &age);
        entete.set_sensitive(true);
        entete
    }

    /// `Set-Cookie` that ends it.
    pub fn effacer(&self) -> HeaderValue {
        self.entete("", "; Max-Age=0")
    }

    fn entete(&self, valeur: &str, age: &str) -> HeaderValue {
        HeaderValue::try_from(format!(
            "__Host-{}={valeur}; Path=/; Secure; HttpOnly; SameSite=Lax{age}",
            self.nom
        ))
        .expect("the name is a literal and the value is base64url")
    }
}

/// What forms need of the session, put in the request's extensions by the product's middleware (for a visitor who is
/// not signed in too: the sign-in form needs it).
#[derive(Clone)]
pub struct SessionWeb {
    /// [`JetonSession::csrf`] of the session.
    pub csrf: String,
}

impl fmt::Debug for SessionWeb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionWeb(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: CookieSession = CookieSession::nouveau("guichet");

    #[test]
    fn cookie_round_trip() {
        let jeton = JetonSession::nouveau([7; 32]);
        let pose = COOKIE.poser(&jeton, Some(Duration::from_hours(1)));
        let pose = pose.to_str().unwrap();
        assert!(pose.starts_with("__Host-guichet="));
        assert!(pose.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600"), "{pose}");
        let valeur = pose.split(';').next().unwrap();
        let mut entetes = HeaderMap::new();
        entetes.insert(header::COOKIE, format!("autre=1; {valeur}; x=y").parse().unwrap());
        assert_eq!(COOKIE.lire(&entetes).unwrap().empreinte(), jeton.empreinte());
        assert_eq!(jeton.empreinte().len(), 64);
    }

    #[test]
    fn malformed_cookies_are_no_session() {
        for texte in
            ["", "guichet=abc", "__Host-guichet=", "__Host-guichet=abc", "__Host-autre=x", "__Host-guichet"]
        {
            let mut entetes = HeaderMap::new();
            entetes.insert(header::COOKIE, texte.parse().unwrap());
            assert!(COOKIE.lire(&entetes).is_none(), "{texte}");
        }
    }

    #[test]
    fn csrf_belongs_to_its_session_and_nothing_prints_a_secret() {
        let (a, b) = (JetonSession::nouveau([1; 32]), JetonSession::nouveau([2; 32]));
        assert_ne!(a.csrf(), b.csrf());
        assert_ne!(a.csrf(), a.empreinte());
        assert_eq!(format!("{a:?}"), "JetonSession(…)");
        assert!(!format!("{:?}", SessionWeb { csrf: a.csrf() }).contains(&a.csrf()));
    }
}
