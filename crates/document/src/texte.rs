//! Fonts, measures and line breaking.
//!
//! Lines are ragged right and break at U+0020 only, so that the no-break spaces of French typography hold; a word wider than
//! its column is cut, preferably after a punctuation sign (addresses, identifiers).

use std::sync::OnceLock;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, Face, UnicodeBuffer};

static MAIGRE: &[u8] = include_bytes!("../polices/SourceSans3-Regular.ttf");
static GRAS: &[u8] = include_bytes!("../polices/SourceSans3-SemiBold.ttf");

/// Stands for a character that the typeface lacks.
const INCONNU: char = '□';

/// The two weights of the one typeface.
pub(crate) struct Polices {
    faces: [Face<'static>; 2],
    fontes: [Font; 2],
}

/// A run of text in one weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Morceau {
    pub(crate) texte: String,
    pub(crate) gras: bool,
}

/// A composed line; the last line of a paragraph has no final space, the others do, so that text is extracted with its
/// spaces.
pub(crate) type Ligne = Vec<Morceau>;

type Lettre = (char, bool);

impl Polices {
    /// The typeface of every document, parsed once.
    pub(crate) fn commune() -> &'static Self {
        static COMMUNE: OnceLock<Polices> = OnceLock::new();
        COMMUNE.get_or_init(|| {
            let face = |octets| Face::from_slice(octets, 0).expect("the vendored font is sound");
            let fonte =
                |octets: &'static [u8]| Font::new(octets.into(), 0).expect("the vendored font is sound");
            Self { faces: [face(MAIGRE), face(GRAS)], fontes: [fonte(MAIGRE), fonte(GRAS)] }
        })
    }

    pub(crate) fn fonte(&self, gras: bool) -> Font {
        self.fontes[usize::from(gras)].clone()
    }

    /// Glyphs of a run, in units of the font size.
    pub(crate) fn glyphes(&self, morceau: &Morceau) -> Vec<KrillaGlyph> {
        let face = &self.faces[usize::from(morceau.gras)];
        let mut tampon = UnicodeBuffer::new();
        tampon.push_str(&morceau.texte);
        tampon.guess_segment_properties();
        tampon.set_direction(Direction::LeftToRight);
        let forme = rustybuzz::shape(face, &[], tampon);
        let em = f32::from(u16::try_from(face.units_per_em()).unwrap_or(1000));
        let grappes: Vec<usize> = forme.glyph_infos().iter().map(|i| i.cluster as usize).collect();
        #[expect(clippy::cast_precision_loss, reason = "font units are small")]
        let part = |unites: i32| unites as f32 / em;
        forme
            .glyph_infos()
            .iter()
            .zip(forme.glyph_positions())
            .map(|(info, pos)| {
                let debut = info.cluster as usize;
                let fin = grappes.iter().copied().filter(|g| *g > debut).min().unwrap_or(morceau.texte.len());
                KrillaGlyph::new(
                    GlyphId::new(info.glyph_id),
                    part(pos.x_advance),
                    part(pos.x_offset),
                    part(pos.y_offset),
                    part(pos.y_advance),
                    debut..fin,
                    None,
                )
            })
            .collect()
    }

    /// Width of a run at `corps` points.
    pub(crate) fn largeur(&self, morceau: &Morceau, corps: f32) -> f32 {
        self.glyphes(morceau).iter().map(|g| g.x_advance).sum::<f32>() * corps
    }

    /// Width of a line at `corps` points.
    pub(crate) fn largeur_ligne(&self, ligne: &[Morceau], corps: f32) -> f32 {
        ligne.iter().map(|m| self.largeur(m, corps)).sum()
    }

    /// Breaks `texte` into lines of at most `largeur` points. `gras` is the weight outside `**` runs.
    pub(crate) fn composer(&self, texte: &str, corps: f32, largeur: f32, gras: bool) -> Vec<Ligne> {
        let mut lignes = Vec::new();
        for paragraphe in self.lettres(texte, gras).split(|(c, _)| *c == '\n') {
            self.remplir(paragraphe, corps, largeur, &mut lignes);
        }
        lignes
    }

    /// The letters to set, with their weight: markers read, unknown and dangerous characters replaced or dropped.
    fn lettres(&self, texte: &str, base: bool) -> Vec<Lettre> {
        let mut lettres = Vec::with_capacity(texte.len());
        let mut gras = base;
        for (i, partie) in texte.split("**").enumerate() {
            if i > 0 {
                gras = !gras;
            }
            for c in partie.chars() {
                match c {
                    '\n' => lettres.push(('\n', gras)),
                    '\t' => lettres.push((' ', gras)),
                    // Controls, soft hyphens, joiners, bidirectional overrides: nothing to print, and the last would let a
                    // name display otherwise than it reads.
                    _ if invisible(c) => {}
                    _ if self.faces[usize::from(gras)].glyph_index(c).is_some_and(|g| g.0 != 0) => {
                        lettres.push((c, gras));
                    }
                    _ => lettres.push((INCONNU, gras)),
                }
            }
        }
        coller(&mut lettres);
        lettres
    }

    fn remplir(&self, paragraphe: &[Lettre], corps: f32, largeur: f32, lignes: &mut Vec<Ligne>) {
        let espace = self.largeur(&Morceau { texte: " ".into(), gras: false }, corps);
        let mut ligne: Vec<Lettre> = Vec::new();
        let mut occupe = 0.0;
        let mots = paragraphe.split(|(c, _)| *c == ' ').filter(|mot| !mot.is_empty());
        for mot in mots {
            let mut mot = mot;
            let mut large = self.largeur_lettres(mot, corps);
            if !ligne.is_empty() && occupe + espace + large > largeur {
                ligne.push((' ', ligne.last().is_some_and(|l| l.1)));
                lignes.push(morceaux(&ligne));
                ligne.clear();
                occupe = 0.0;
            }
            while large > largeur {
                let (tete, reste) = mot.split_at(self.coupe(mot, corps, largeur));
                lignes.push(morceaux(tete));
                mot = reste;
                large = self.largeur_lettres(mot, corps);
            }
            if !ligne.is_empty() {
                ligne.push((' ', mot.first().is_some_and(|l| l.1) && ligne.last().is_some_and(|l| l.1)));
                occupe += espace;
            }
            ligne.extend_from_slice(mot);
            occupe += large;
        }
        lignes.push(morceaux(&ligne));
    }

    /// How many letters of an overlong word to leave on this line: at least one.
    fn coupe(&self, mot: &[Lettre], corps: f32, largeur: f32) -> usize {
        let mut occupe = 0.0;
        let mut max = 0;
        for lettre in mot {
            occupe += self.largeur_lettres(std::slice::from_ref(lettre), corps);
            if occupe > largeur {
                break;
            }
            max += 1;
        }
        let max = max.clamp(1, mot.len().saturating_sub(1).max(1));
        let signe =
            |l: &Lettre| matches!(l.0, '/' | '.' | '-' | '_' | '@' | '&' | '?' | '=' | '#' | ':' | ',' | ';');
        match mot[..max].iter().rposition(signe) {
            Some(i) if i + 1 > max / 2 => i + 1,
            _ => max,
        }
    }

    fn largeur_lettres(&self, lettres: &[Lettre], corps: f32) -> f32 {
        self.largeur_ligne(&morceaux(lettres), corps)
    }
}

/// Makes unbreakable the spaces that French puts before its signs and inside its quotation marks: people type plain ones.
fn coller(lettres: &mut [Lettre]) {
    for i in 1..lettres.len().saturating_sub(1) {
        let (avant, apres) = (lettres[i - 1].0, lettres[i + 1].0);
        if lettres[i].0 == ' ' && (avant == '«' || matches!(apres, '»' | ';' | ':' | '!' | '?' | '%' | '€'))
        {
            lettres[i].0 = '\u{a0}';
        }
    }
}

fn morceaux(lettres: &[Lettre]) -> Vec<Morceau> {
    lettres
        .chunk_by(|a, b| a.1 == b.1)
        .map(|suite| Morceau { texte: suite.iter().map(|l| l.0).collect(), gras: suite[0].1 })
        .collect()
}

fn invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lignes(texte: &str, largeur: f32) -> Vec<String> {
        Polices::commune()
            .composer(texte, 10.0, largeur, false)
            .into_iter()
            .map(|l| l.into_iter().map(|m| m.texte).collect())
            .collect()
    }

    #[test]
    fn les_espaces_insecables_tiennent() {
        assert_eq!(
            lignes("Le montant\u{202f}: 10\u{a0}000\u{a0}€", 50.0),
            ["Le ", "montant\u{202f}: ", "10\u{a0}000\u{a0}€"]
        );
    }

    #[test]
    fn les_espaces_ordinaires_se_collent_aux_signes() {
        assert_eq!(lignes("« oui » : 10 % !", 50.0), ["«\u{a0}oui\u{a0}»\u{a0}: ", "10\u{a0}%\u{a0}!"]);
    }

    #[test]
    fn les_mots_trop_longs_sont_coupes() {
        let adresse = "https://exemple.fr/un/chemin/vraiment/tres/long?avec=parametre";
        let coupees = lignes(adresse, 90.0);
        assert!(coupees.len() > 2);
        assert_eq!(coupees.concat(), adresse);
        let police = Polices::commune();
        for ligne in police.composer(adresse, 10.0, 90.0, false) {
            assert!(police.largeur_ligne(&ligne, 10.0) <= 90.5);
        }
        assert_eq!(lignes("abc", 0.1).concat(), "abc");
    }

    #[test]
    fn caracteres_inconnus_et_invisibles() {
        assert_eq!(lignes("a\u{202e}b\u{0}c 🐟 漢 \u{e000}", 500.0), ["abc □ □ □"]);
        assert_eq!(lignes("un\ndeux\n\ntrois", 500.0), ["un", "deux", "", "trois"]);
    }

    #[test]
    fn le_gras_se_marque() {
        let ligne = &Polices::commune().composer("a **b c**, d", 10.0, 500.0, false)[0];
        let gras: Vec<(&str, bool)> = ligne.iter().map(|m| (m.texte.as_str(), m.gras)).collect();
        assert_eq!(gras, [("a ", false), ("b c", true), (", d", false)]);
    }
}
