//! Objects, read from bytes.

/// Deepest nesting of arrays and dictionaries.
const PROFONDEUR_MAX: usize = 48;

/// Most objects in one indirect object: more would only serve to exhaust memory.
const OBJETS_MAX: usize = 400_000;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Objet {
    Nul,
    Booleen(bool),
    Entier(i64),
    /// Kept as written.
    Reel(Vec<u8>),
    Nom(Vec<u8>),
    /// `debut..fin` are the offsets of the string in the file, delimiters included; `hexa` tells that it is written as
    /// hexadecimal digits and nothing else.
    Chaine {
        octets: Vec<u8>,
        debut: usize,
        fin: usize,
        hexa: bool,
    },
    Tableau(Vec<Objet>),
    Dict(Dict),
    Ref(u32, u16),
}

/// A dictionary that keeps the order and the doubles of what was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Dict(Vec<(Vec<u8>, Objet)>);

impl Dict {
    pub(crate) fn entrees(&self) -> impl Iterator<Item = &(Vec<u8>, Objet)> {
        self.0.iter()
    }

    /// First value of a key.
    pub(crate) fn get(&self, cle: &str) -> Option<&Objet> {
        self.0.iter().find(|(nom, _)| nom == cle.as_bytes()).map(|(_, valeur)| valeur)
    }

    pub(crate) fn compte(&self, cle: &str) -> usize {
        self.0.iter().filter(|(nom, _)| nom == cle.as_bytes()).count()
    }

    /// Replaces every value of a key by one.
    pub(crate) fn set(&mut self, cle: &str, valeur: Objet) {
        self.0.retain(|(nom, _)| nom != cle.as_bytes());
        self.0.push((cle.as_bytes().to_vec(), valeur));
    }
}

impl<const N: usize> From<[(&str, Objet); N]> for Dict {
    fn from(entrees: [(&str, Objet); N]) -> Self {
        Self(entrees.into_iter().map(|(cle, valeur)| (cle.as_bytes().to_vec(), valeur)).collect())
    }
}

impl Objet {
    pub(crate) fn nom(nom: &str) -> Self {
        Self::Nom(nom.as_bytes().to_vec())
    }

    pub(crate) fn dict(&self) -> Option<&Dict> {
        if let Self::Dict(dict) = self { Some(dict) } else { None }
    }

    pub(crate) fn tableau(&self) -> Option<&[Objet]> {
        if let Self::Tableau(objets) = self { Some(objets) } else { None }
    }

    pub(crate) fn entier(&self) -> Option<i64> {
        if let Self::Entier(n) = self { Some(*n) } else { None }
    }

    pub(crate) fn octets(&self) -> Option<&[u8]> {
        match self {
            Self::Chaine { octets, .. } | Self::Nom(octets) => Some(octets),
            _ => None,
        }
    }
}

/// Reads objects one after another. Every method answers `None` at the first thing out of place.
pub(crate) struct Lecteur<'a> {
    octets: &'a [u8],
    pub(crate) pos: usize,
    profondeur: usize,
    reste: usize,
}

fn blanc(octet: u8) -> bool {
    matches!(octet, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn delimiteur(octet: u8) -> bool {
    b"()<>[]{}/%".contains(&octet)
}

impl<'a> Lecteur<'a> {
    pub(crate) fn new(octets: &'a [u8], pos: usize) -> Self {
        Self { octets, pos, profondeur: 0, reste: OBJETS_MAX }
    }

    fn voir(&self) -> Option<u8> {
        self.octets.get(self.pos).copied()
    }

    pub(crate) fn blancs(&mut self) {
        while let Some(octet) = self.voir() {
            if octet == b'%' {
                while self.voir().is_some_and(|o| o != b'\n' && o != b'\r') {
                    self.pos += 1;
                }
            } else if blanc(octet) {
                self.pos += 1;
            } else {
                break;
            }
        }
    }

    /// Passes over `mot` if it comes next, after blanks.
    pub(crate) fn mot(&mut self, mot: &[u8]) -> Option<()> {
        self.blancs();
        if self.octets.get(self.pos..)?.starts_with(mot) {
            self.pos += mot.len();
            Some(())
        } else {
            None
        }
    }

    /// A non-negative integer, after blanks.
    pub(crate) fn nombre(&mut self) -> Option<u64> {
        self.blancs();
        let debut = self.pos;
        while self.voir().is_some_and(|o| o.is_ascii_digit()) {
            self.pos += 1;
        }
        std::str::from_utf8(self.octets.get(debut..self.pos)?).ok()?.parse().ok()
    }

    /// `12 0 obj`: number and generation.
    pub(crate) fn entete_objet(&mut self) -> Option<(u32, u16)> {
        let numero = u32::try_from(self.nombre()?).ok()?;
        let generation = u16::try_from(self.nombre()?).ok()?;
        self.mot(b"obj")?;
        Some((numero, generation))
    }

    /// The next object.
    pub(crate) fn objet(&mut self) -> Option<Objet> {
        self.reste = self.reste.checked_sub(1)?;
        self.blancs();
        match self.voir()? {
            b'/' => self.nom().map(Objet::Nom),
            b'(' => self.litterale(),
            b'<' if self.octets.get(self.pos + 1) == Some(&b'<') => self.imbriquer(Self::dictionnaire),
            b'<' => self.hexadecimale(),
            b'[' => self.imbriquer(Self::liste),
            b'0'..=b'9' | b'+' | b'-' | b'.' => self.numerique(),
            b't' => self.mot(b"true").map(|()| Objet::Booleen(true)),
            b'f' => self.mot(b"false").map(|()| Objet::Booleen(false)),
            b'n' => self.mot(b"null").map(|()| Objet::Nul),
            _ => None,
        }
    }

    fn imbriquer(&mut self, lire: fn(&mut Self) -> Option<Objet>) -> Option<Objet> {
        if self.profondeur >= PROFONDEUR_MAX {
            return None;
        }
        self.profondeur += 1;
        let objet = lire(self);
        self.profondeur -= 1;
        objet
    }

    fn nom(&mut self) -> Option<Vec<u8>> {
        self.pos += 1;
        let mut nom = Vec::new();
        while let Some(octet) = self.voir().filter(|o| !blanc(*o) && !delimiteur(*o)) {
            self.pos += 1;
            if octet == b'#' {
                let chiffres = self.octets.get(self.pos..self.pos + 2)?;
                nom.push(u8::from_str_radix(std::str::from_utf8(chiffres).ok()?, 16).ok()?);
                self.pos += 2;
            } else {
                nom.push(octet);
            }
        }
        Some(nom)
    }

    fn dictionnaire(&mut self) -> Option<Objet> {
        self.pos += 2;
        let mut dict = Dict::default();
        loop {
            self.blancs();
            match self.voir()? {
                b'>' => return self.mot(b">>").map(|()| Objet::Dict(dict)),
                b'/' => {
                    let cle = self.nom()?;
                    dict.0.push((cle, self.objet()?));
                }
                _ => return None,
            }
        }
    }

    fn liste(&mut self) -> Option<Objet> {
        self.pos += 1;
        let mut objets = Vec::new();
        loop {
            self.blancs();
            if self.voir()? == b']' {
                self.pos += 1;
                return Some(Objet::Tableau(objets));
            }
            objets.push(self.objet()?);
        }
    }

    fn hexadecimale(&mut self) -> Option<Objet> {
        let debut = self.pos;
        let longueur = self.octets.get(debut..)?.iter().position(|o| *o == b'>')?;
        let corps = self.octets.get(debut + 1..debut + longueur)?;
        self.pos = debut + longueur + 1;
        let hexa = corps.iter().all(u8::is_ascii_hexdigit);
        let mut chiffres: Vec<u8> = corps.iter().copied().filter(|o| !blanc(*o)).collect();
        if chiffres.len() % 2 == 1 {
            chiffres.push(b'0');
        }
        Some(Objet::Chaine { octets: hex::decode(chiffres).ok()?, debut, fin: self.pos, hexa })
    }

    fn litterale(&mut self) -> Option<Objet> {
        let debut = self.pos;
        self.pos += 1;
        let mut octets = Vec::new();
        let mut ouvertes = 1_usize;
        while ouvertes > 0 {
            let octet = self.voir()?;
            self.pos += 1;
            match octet {
                b'(' => ouvertes += 1,
                b')' => ouvertes -= 1,
                b'\\' => {
                    self.echappement(&mut octets)?;
                    continue;
                }
                _ => {}
            }
            if ouvertes > 0 {
                octets.push(octet);
            }
        }
        Some(Objet::Chaine { octets, debut, fin: self.pos, hexa: false })
    }

    fn echappement(&mut self, octets: &mut Vec<u8>) -> Option<()> {
        let octet = self.voir()?;
        self.pos += 1;
        match octet {
            b'n' => octets.push(b'\n'),
            b'r' => octets.push(b'\r'),
            b't' => octets.push(b'\t'),
            b'b' => octets.push(8),
            b'f' => octets.push(12),
            b'\r' => {
                if self.voir() == Some(b'\n') {
                    self.pos += 1;
                }
            }
            b'\n' => {}
            b'0'..=b'7' => {
                let mut valeur = u32::from(octet - b'0');
                for _ in 0..2 {
                    let Some(chiffre @ b'0'..=b'7') = self.voir() else { break };
                    valeur = valeur * 8 + u32::from(chiffre - b'0');
                    self.pos += 1;
                }
                octets.push(u8::try_from(valeur & 0xff).ok()?);
            }
            autre => octets.push(autre),
        }
        Some(())
    }

    /// A number, or a reference when two integers are followed by `R`.
    fn numerique(&mut self) -> Option<Objet> {
        let debut = self.pos;
        while self.voir().is_some_and(|o| o.is_ascii_digit() || b"+-.".contains(&o)) {
            self.pos += 1;
        }
        let texte = self.octets.get(debut..self.pos)?;
        let Ok(entier) = std::str::from_utf8(texte).ok()?.parse::<i64>() else {
            return Some(Objet::Reel(texte.to_vec()));
        };
        let apres = self.pos;
        if let (Ok(numero), Some(generation)) = (u32::try_from(entier), self.nombre())
            && let Ok(generation) = u16::try_from(generation)
            && self.mot(b"R").is_some()
            && self.voir().is_none_or(|o| blanc(o) || delimiteur(o))
        {
            return Some(Objet::Ref(numero, generation));
        }
        self.pos = apres;
        Some(Objet::Entier(entier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lire(texte: &str) -> Option<Objet> {
        Lecteur::new(texte.as_bytes(), 0).objet()
    }

    #[test]
    fn objets_simples() {
        let chaine = |t: &str, s: &str| matches!(lire(s), Some(Objet::Chaine { octets, .. }) if octets == t.as_bytes());
        assert!(chaine("a(b)c\nd!", r"(a(b)c\nd\041)"));
        assert!(chaine("Aé", "<41 C3A9>"));
        assert_eq!(lire("/A#20B"), Some(Objet::nom("A B")));
        assert_eq!(lire("[1 0 R 2 -3 4.5]").unwrap().tableau().unwrap().len(), 4);
        let dict = lire("<</A 1/B<</C[]>>/A 2 %x\n>>").unwrap();
        assert_eq!(dict.dict().unwrap().compte("A"), 2);
    }

    #[test]
    fn limites() {
        for faux in ["", "(", "<", "<<", "<</A", "[", "[1", "/#zz", "<</A 1", "<zz>", "R", "<<1 2>>"] {
            assert_eq!(lire(faux), None, "{faux}");
        }
        assert_eq!(lire(&"[".repeat(100_000)), None);
        assert_eq!(lire(&"<</A".repeat(100_000)), None);
        assert!(lire("99999999999999999999").is_some());
    }
}
