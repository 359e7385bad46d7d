//! A token that waits for its next use, without its base64: a quarter smaller, among a million sessions.
//!
//! Rule: what comes out is what went in, letter for letter; what isn't base64url between dots is kept as it came. Wiped when
//! dropped. For tokens that serve once in a while; the one that each call carries is kept ready (`api`).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// First byte of a token kept as it came, and of one taken apart: each part is then its length in two bytes, and its bytes.
const TEL_QUEL: u8 = 0;
const DEMONTE: u8 = 1;

pub(crate) struct AuRepos(Zeroizing<Box<[u8]>>);

impl From<&str> for AuRepos {
    fn from(jeton: &str) -> Self {
        let octets = demonter(jeton).unwrap_or_else(|| {
            let mut octets = Zeroizing::new(Vec::with_capacity(1 + jeton.len()));
            octets.push(TEL_QUEL);
            octets.extend_from_slice(jeton.as_bytes());
            octets
        });
        // A copy of the very size: giving back the end of a vector could leave a piece of the token behind.
        Self(Zeroizing::new(Box::from(octets.as_slice())))
    }
}

fn demonter(jeton: &str) -> Option<Zeroizing<Vec<u8>>> {
    // Never more than the token and the lengths of its parts: the vector doesn't grow, so nothing is left behind.
    let parties = jeton.split('.').count();
    let mut octets = Zeroizing::new(Vec::with_capacity(1 + parties * 2 + jeton.len()));
    octets.push(DEMONTE);
    for partie in jeton.split('.') {
        let lue = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(partie).ok()?);
        octets.extend_from_slice(&u16::try_from(lue.len()).ok()?.to_be_bytes());
        octets.extend_from_slice(&lue);
    }
    Some(octets)
}

impl AuRepos {
    /// The token, ready to be sent.
    pub(crate) fn texte(&self) -> SecretString {
        let mut jeton = Zeroizing::new(String::with_capacity(self.0.len() * 3 / 2));
        match self.0.split_first() {
            Some((&DEMONTE, mut reste)) => {
                while let Some((longueur, suite)) = reste.split_first_chunk() {
                    let (partie, apres) = suite.split_at(usize::from(u16::from_be_bytes(*longueur)));
                    BASE64_URL_SAFE_NO_PAD.encode_string(partie, &mut jeton);
                    jeton.push('.');
                    reste = apres;
                }
                jeton.pop();
            }
            Some((_, tel_quel)) => jeton.push_str(&String::from_utf8_lossy(tel_quel)),
            None => {}
        }
        jeton.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_token_comes_back_letter_for_letter_and_a_jwt_rests_smaller() {
        let jwt = format!("eyJhbGciOiJSUzI1NiJ9.{}.{}", "YWJj".repeat(200), "_-8A".repeat(80));
        let long = "YWJj".repeat(30_000);
        for (jeton, plus_petit) in [
            (jwt.as_str(), true),
            // One bit too many in the last letter, padding, another alphabet, parts that are empty or far too long.
            ("YWJ", false),
            ("YWJj.YR", false),
            ("YWI=", false),
            ("a+b/c", false),
            ("", false),
            (".", false),
            ("..YWJj", false),
            ("opaque é", false),
            (long.as_str(), false),
        ] {
            let repos = AuRepos::from(jeton);
            assert_eq!(repos.texte().expose_secret(), jeton);
            assert!(!plus_petit || repos.0.len() * 5 < jeton.len() * 4, "{} bytes", repos.0.len());
        }
    }
}
