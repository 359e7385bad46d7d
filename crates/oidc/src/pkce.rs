//! PKCE with S256 (RFC 7636), the only method here: `plain` protects nothing.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

/// The name of the method in requests and metadata.
pub const METHODE: &str = "S256";

/// The challenge of a verifier: base64url of its SHA-256 (RFC 7636 §4.2).
pub fn defi(verificateur: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verificateur.as_bytes()))
}

/// Whether a text may be a verifier: 43 to 128 unreserved characters (RFC 7636 §4.1).
pub fn verificateur_valide(verificateur: &str) -> bool {
    let permis = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
    (43..=128).contains(&verificateur.len()) && verificateur.bytes().all(permis)
}

/// Whether a text may be an S256 challenge: 32 bytes in base64url without padding.
pub fn defi_valide(defi: &str) -> bool {
    BASE64_URL_SAFE_NO_PAD.decode(defi).is_ok_and(|octets| octets.len() == 32)
}

/// Whether the verifier answers the challenge.
pub fn repond(verificateur: &str, defi_recu: &str) -> bool {
    verificateur_valide(verificateur) && defi(verificateur).as_bytes().ct_eq(defi_recu.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    const VERIFICATEUR: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const DEFI: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_holds() {
        assert_eq!(defi(VERIFICATEUR), DEFI);
        assert!(defi_valide(DEFI));
    }

    #[test]
    fn only_the_right_verifier_answers() {
        let cas = [
            (VERIFICATEUR.to_owned(), DEFI, true),
            (VERIFICATEUR.replace('d', "e"), DEFI, false),
            (String::new(), DEFI, false),
            ("a".repeat(42), &defi(&"a".repeat(42)), false),
            ("a".repeat(43), &defi(&"a".repeat(43)), true),
            ("a".repeat(128), &defi(&"a".repeat(128)), true),
            ("a".repeat(129), &defi(&"a".repeat(129)), false),
            (format!("{}é", "a".repeat(43)), &defi(&format!("{}é", "a".repeat(43))), false),
            (VERIFICATEUR.to_owned(), VERIFICATEUR, false),
        ];
        for (verificateur, defi, attendu) in cas {
            assert_eq!(repond(&verificateur, defi), attendu, "{verificateur}");
        }
        for faux in
            ["", "abc", VERIFICATEUR.trim_end_matches('k'), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"]
        {
            assert!(!defi_valide(faux), "{faux}");
        }
    }
}
