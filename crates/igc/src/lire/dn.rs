//! A distinguished name as text, the way of RFC 4514: last part first, short names for the nine attributes that have one.
//!
//! What has no short name, or isn't text, is written as its OID and its encoding in hexadecimal (RFC 4514 section 2.4).

use std::fmt::Write as _;

use x509_parser::asn1_rs::ToDer as _;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

pub(super) fn rfc4514(nom: &X509Name<'_>) -> String {
    let mut parties: Vec<String> =
        nom.iter_rdn().map(|rdn| rdn.iter().map(attribut).collect::<Vec<_>>().join("+")).collect();
    parties.reverse();
    parties.join(",")
}

fn attribut(attribut: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribut.attr_type().to_id_string();
    match (court(&oid), attribut.as_str()) {
        (Some(court), Ok(texte)) => format!("{court}={}", echapper(texte)),
        (court, _) => {
            let der = attribut.attr_value().to_der_vec().unwrap_or_default();
            format!("{}=#{}", court.unwrap_or(&oid), hex::encode(der))
        }
    }
}

/// The table of RFC 4514 section 3.
fn court(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        _ => return None,
    })
}

fn echapper(texte: &str) -> String {
    let dernier = texte.chars().count().saturating_sub(1);
    let mut echappe = String::with_capacity(texte.len());
    for (rang, lettre) in texte.chars().enumerate() {
        match lettre {
            // Beyond what the RFC asks, so that a name stays on one line wherever it is written.
            c if c.is_control() => {
                let mut octets = [0; 4];
                for octet in c.encode_utf8(&mut octets).bytes() {
                    let _ = write!(echappe, "\\{octet:02x}");
                }
                continue;
            }
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => echappe.push('\\'),
            ' ' if rang == 0 || rang == dernier => echappe.push('\\'),
            '#' if rang == 0 => echappe.push('\\'),
            _ => {}
        }
        echappe.push(lettre);
    }
    echappe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_read_as_syntax_is_escaped() {
        for (texte, attendu) in [
            ("Proxy de démonstration", "Proxy de démonstration"),
            ("Labo, Dupont + fils", r"Labo\, Dupont \+ fils"),
            (" # ", r"\ #\ "),
            ("#1", r"\#1"),
            (r#"a"b;c<d>e\f"#, r#"a\"b\;c\<d\>e\\f"#),
            (" ", r"\ "),
            ("", ""),
            ("a\nb", r"a\0ab"),
        ] {
            assert_eq!(echapper(texte), attendu, "{texte:?}");
        }
    }
}
