//! Damaged input for fuzz targets: a good example, and accidents that a fuzzer chooses.
//!
//! Random bytes rarely get past the first line of a parser. An example that parses, with a few bytes changed, reaches
//! the branches behind it.

use bolero::TypeGenerator;

/// One thing that happens to bytes. Positions are taken modulo the length, so that every value means something.
#[derive(Clone, Debug, TypeGenerator)]
pub enum Accident {
    /// One bit flipped.
    Bit { ou: u16, bit: u8 },
    /// One byte replaced.
    Octet { ou: u16, par: u8 },
    /// Everything from there on is lost.
    Coupure { ou: u16 },
    /// A few bytes lost.
    Perte { ou: u16, combien: u8 },
    /// A few bytes said twice.
    Echo { ou: u16, combien: u8 },
    /// Bytes slipped in.
    Ajout { ou: u16, quoi: Vec<u8> },
}

/// `exemple` after those accidents, in their order.
pub fn abimer(exemple: &[u8], accidents: &[Accident]) -> Vec<u8> {
    let mut octets = exemple.to_vec();
    for accident in accidents {
        let place = |ou: u16| usize::from(ou) % octets.len().max(1);
        let tranche = |ou: u16, combien: u8| {
            let debut = place(ou);
            debut..octets.len().min(debut + usize::from(combien))
        };
        match accident {
            Accident::Bit { ou, bit } => {
                let ou = place(*ou);
                if let Some(octet) = octets.get_mut(ou) {
                    *octet ^= 1 << (bit % 8);
                }
            }
            Accident::Octet { ou, par } => {
                let ou = place(*ou);
                if let Some(octet) = octets.get_mut(ou) {
                    *octet = *par;
                }
            }
            Accident::Coupure { ou } => octets.truncate(place(*ou)),
            Accident::Perte { ou, combien } => {
                let perdus = tranche(*ou, *combien);
                octets.drain(perdus);
            }
            Accident::Echo { ou, combien } => {
                let dits = tranche(*ou, *combien);
                octets.extend_from_within(dits);
            }
            Accident::Ajout { ou, quoi } => {
                let ou = place(*ou).min(octets.len());
                octets.splice(ou..ou, quoi.iter().copied());
            }
        }
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_accident_does_what_it_says() {
        let cas: [(Accident, &[u8]); 6] = [
            (Accident::Bit { ou: 5, bit: 9 }, b"a`cd"),
            (Accident::Octet { ou: 0, par: b'z' }, b"zbcd"),
            (Accident::Coupure { ou: 3 }, b"abc"),
            (Accident::Perte { ou: 1, combien: 200 }, b"a"),
            (Accident::Echo { ou: 2, combien: 1 }, b"abcdc"),
            (Accident::Ajout { ou: 4, quoi: b"--".to_vec() }, b"--abcd"),
        ];
        for (accident, attendu) in &cas {
            assert_eq!(abimer(b"abcd", std::slice::from_ref(accident)), *attendu, "{accident:?}");
        }
        assert_eq!(
            abimer(b"", &[Accident::Bit { ou: 1, bit: 1 }, Accident::Perte { ou: 9, combien: 9 }]),
            b""
        );
    }
}
