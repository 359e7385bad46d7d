//! The bond between an access token and a client certificate (`cnf`, RFC 8705 §3.1), in both spellings that the field has.
//!
//! The norm wants base64url of the 32 bytes of the SHA-256. The agency's Keycloak writes standard base64, padded, of the
//! hexadecimal text of that digest. Readers accept both.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

/// Name of the member of `cnf`.
pub const MEMBRE: &str = "x5t#S256";

/// How a digest is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forme {
    #[default]
    Agence,
    Rfc8705,
}

/// The value of `x5t#S256` for a certificate in DER.
pub fn empreinte(certificat_der: &[u8], forme: Forme) -> String {
    let empreinte = digest(&SHA256, certificat_der);
    match forme {
        Forme::Rfc8705 => BASE64_URL_SAFE_NO_PAD.encode(empreinte),
        Forme::Agence => BASE64_STANDARD.encode(hexadecimal(empreinte.as_ref())),
    }
}

/// Whether `valeur` is the digest of that certificate, in either form.
pub fn correspond(valeur: &str, certificat_der: &[u8]) -> bool {
    [Forme::Agence, Forme::Rfc8705]
        .into_iter()
        .any(|forme| empreinte(certificat_der, forme).as_bytes().ct_eq(valeur.as_bytes()).into())
}

/// What an access token says of the certificate it is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lien {
    /// Nothing, or nothing that whoever carries it can read: an opaque token.
    Aucun,
    /// The certificate that was asked about.
    Notre,
    /// Another certificate, or another proof than a certificate (`jkt`).
    Autre,
}

/// Reads the `cnf` of a token without verifying it: its API does that, the bearer only wants to know whether it will serve.
pub fn lien(jeton: &str, certificat_der: Option<&[u8]>) -> Lien {
    #[derive(Deserialize)]
    struct Revendications {
        cnf: Option<Value>,
    }
    let mut parties = jeton.split('.');
    let (Some(_), Some(corps), Some(_), None) =
        (parties.next(), parties.next(), parties.next(), parties.next())
    else {
        return Lien::Aucun;
    };
    let octets = BASE64_URL_SAFE_NO_PAD.decode(corps).unwrap_or_default();
    let Ok(Revendications { cnf: Some(cnf) }) = serde_json::from_slice(&octets) else { return Lien::Aucun };
    let valeur = cnf.get(MEMBRE).and_then(Value::as_str);
    match valeur.zip(certificat_der) {
        Some((valeur, der)) if correspond(valeur, der) => Lien::Notre,
        _ => Lien::Autre,
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    const CHIFFRES: &[u8; 16] = b"0123456789abcdef";
    let chiffre = |valeur: u8| char::from(CHIFFRES[usize::from(valeur & 0x0f)]);
    octets.iter().flat_map(|octet| [chiffre(octet >> 4), chiffre(*octet)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_recognised_and_nothing_else() {
        // SHA-256 of "abc" (FIPS 180-2, appendix B.1).
        let agence = empreinte(b"abc", Forme::Agence);
        let texte = BASE64_STANDARD.decode(&agence).unwrap();
        assert_eq!(texte, b"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let norme = empreinte(b"abc", Forme::Rfc8705);
        assert_eq!(norme, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        for (valeur, bon) in [(&*agence, true), (&*norme, true), ("", false), (&norme[1..], false)] {
            assert_eq!(correspond(valeur, b"abc"), bon, "{valeur}");
        }
        assert!(!correspond(&agence, b"abd"));
    }

    #[test]
    fn a_bearer_reads_what_its_token_is_bound_to() {
        let jeton = |corps: &str| format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(corps));
        let lie = |valeur: &str| jeton(&format!(r#"{{"cnf":{{"x5t#S256":"{valeur}"}}}}"#));
        let agence = lie(&empreinte(b"abc", Forme::Agence));
        let norme = lie(&empreinte(b"abc", Forme::Rfc8705));
        for (texte, der, attendu) in [
            (&*agence, Some(&b"abc"[..]), Lien::Notre),
            (&norme, Some(b"abc"), Lien::Notre),
            (&norme, Some(b"abd"), Lien::Autre),
            (&norme, None, Lien::Autre),
            (&jeton(r#"{"cnf":{"jkt":"x"}}"#), Some(b"abc"), Lien::Autre),
            (&jeton(r#"{"cnf":null}"#), Some(b"abc"), Lien::Aucun),
            (&jeton(r#"{"sub":"8"}"#), Some(b"abc"), Lien::Aucun),
            ("opaque", Some(b"abc"), Lien::Aucun),
            ("a.b.c", Some(b"abc"), Lien::Aucun),
            ("a.b.c.d.e", Some(b"abc"), Lien::Aucun),
        ] {
            assert_eq!(lien(texte, der), attendu, "{texte}");
        }
    }
}
