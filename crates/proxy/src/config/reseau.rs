//! A network, `192.0.2.0/24` or one address: who is believed when it says for whom it speaks.

use std::net::IpAddr;
use std::str::FromStr;

use serde::Deserialize;

/// An address and how many of its first bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Reseau {
    adresse: IpAddr,
    bits: u8,
}

/// Not a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » n’est ni une adresse IP ni un réseau (par exemple 10.0.0.0/8)")]
pub struct Illisible(String);

impl Reseau {
    /// An IPv4 address written as IPv6 (`::ffff:…`) counts as the IPv4 one.
    pub fn contient(&self, adresse: IpAddr) -> bool {
        match (self.adresse.to_canonical(), adresse.to_canonical()) {
            (IpAddr::V4(reseau), IpAddr::V4(autre)) => {
                memes_bits(reseau.to_bits().into(), autre.to_bits().into(), 32, self.bits)
            }
            (IpAddr::V6(reseau), IpAddr::V6(autre)) => {
                memes_bits(reseau.to_bits(), autre.to_bits(), 128, self.bits)
            }
            _ => false,
        }
    }
}

fn memes_bits(a: u128, b: u128, longueur: u32, bits: u8) -> bool {
    let ignores = longueur.saturating_sub(bits.into());
    bits == 0 || (a ^ b).checked_shr(ignores).unwrap_or(0) == 0
}

impl FromStr for Reseau {
    type Err = Illisible;

    fn from_str(texte: &str) -> Result<Self, Illisible> {
        let illisible = || Illisible(texte.to_owned());
        let (adresse, bits) = texte.split_once('/').map_or((texte, None), |(a, b)| (a, Some(b)));
        let adresse: IpAddr = adresse.parse().map_err(|_| illisible())?;
        let max = if adresse.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(max), |b| b.parse().map_err(|_| illisible()))?;
        if bits > max { Err(illisible()) } else { Ok(Self { adresse, bits }) }
    }
}

impl TryFrom<String> for Reseau {
    type Error = Illisible;

    fn try_from(texte: String) -> Result<Self, Illisible> {
        texte.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_only() {
        let cas = [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("127.0.0.0/8", "127.255.0.1", true),
            ("10.1.0.0/16", "10.2.0.1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("127.0.0.0/8", "::ffff:127.0.0.1", true),
            ("127.0.0.0/8", "::1", false),
            ("2001:db8::/32", "2001:db8:1::5", true),
            ("2001:db8::/32", "2001:db9::5", false),
            ("::/0", "2001:db9::5", true),
        ];
        for (reseau, adresse, attendu) in cas {
            let lu: Reseau = reseau.parse().unwrap();
            assert_eq!(lu.contient(adresse.parse().unwrap()), attendu, "{reseau} {adresse}");
        }
        for faux in ["", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129"] {
            assert!(faux.parse::<Reseau>().is_err(), "{faux}");
        }
    }
}
