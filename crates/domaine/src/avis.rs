//! Automatic checks of what was deposited, on bytes and facts already read.
//!
//! Rule: a check advises, with its reasons; the vérificateur decides. It is a pure function: no network, no clock, no
//! signature (those are verified where the keys are). Whatever the bytes, it answers and never panics: beyond
//! [`TAILLE_MAX`] or on rubbish it says that it cannot tell.

pub mod certificat;
pub mod donnees_session;
pub mod har;
pub mod sbom;
pub mod session_conformite;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{identifiant::Datapass, referentiel::Controle};

/// Largest content that is parsed, in bytes: 32 Mio.
pub const TAILLE_MAX: usize = 32 << 20;

/// How many examples a reason names before it only counts.
const EXEMPLES: usize = 5;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avis {
    pub controle: Controle,
    pub verdict: VerdictAvis,
    /// Sentences for the vérificateur, in French.
    pub raisons: Vec<String>,
}

/// From the lightest to the heaviest: the heaviest of several makes the verdict of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictAvis {
    Conforme,
    /// Conforme, with something to look at.
    Remarque,
    /// The check cannot tell.
    Indetermine,
    NonConforme,
}

impl VerdictAvis {
    pub const fn libelle(self) -> &'static str {
        match self {
            Self::Conforme => "Conforme",
            Self::Remarque => "Conforme, avec remarque",
            Self::Indetermine => "À vérifier",
            Self::NonConforme => "Non conforme",
        }
    }
}

impl Avis {
    /// An advice in favour, until a heavier reason is added.
    pub const fn conforme(controle: Controle) -> Self {
        Self { controle, verdict: VerdictAvis::Conforme, raisons: Vec::new() }
    }

    /// The same advice with one more reason; the verdict becomes the heavier of both.
    #[must_use]
    pub fn avec(mut self, verdict: VerdictAvis, raison: impl Into<String>) -> Self {
        self.verdict = self.verdict.max(verdict);
        self.raisons.push(raison.into());
        self
    }
}

/// Whether a Datapass number is that of a demande.
pub fn datapass(numero: &str) -> Avis {
    let avis = Avis::conforme(Controle::Datapass);
    match numero.parse::<Datapass>() {
        Ok(_) => avis,
        Err(refus) => avis.avec(VerdictAvis::NonConforme, refus.to_string()),
    }
}

/// Why a content could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Illisible {
    #[error("Ce fichier est trop gros pour être contrôlé automatiquement (32 Mio au plus).")]
    TropGros,
    #[error("Ce fichier n’est pas du texte en UTF-8.")]
    Encodage,
    #[error("Le JSON n’est pas lisible (ligne {ligne}, colonne {colonne}).")]
    Json { ligne: usize, colonne: usize },
    #[error("Ce JSON n’a pas la forme attendue (ligne {ligne}, colonne {colonne}).")]
    Forme { ligne: usize, colonne: usize },
}

impl Illisible {
    /// A content too big may well be good; one that is not readable is not what was asked.
    const fn verdict(self) -> VerdictAvis {
        match self {
            Self::TropGros => VerdictAvis::Indetermine,
            Self::Encodage | Self::Json { .. } | Self::Forme { .. } => VerdictAvis::NonConforme,
        }
    }
}

impl Avis {
    fn illisible(controle: Controle, raison: Illisible) -> Self {
        Self::conforme(controle).avec(raison.verdict(), raison.to_string())
    }
}

fn texte(octets: &[u8]) -> Result<&str, Illisible> {
    if octets.len() > TAILLE_MAX {
        return Err(Illisible::TropGros);
    }
    let octets = octets.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(octets);
    std::str::from_utf8(octets).map_err(|_| Illisible::Encodage)
}

/// Reads a JSON object; serde_json bounds the depth at 128.
fn json<T: DeserializeOwned>(texte: &str) -> Result<T, Illisible> {
    // serde would also take an array for the fields of a structure in their order.
    if !texte.trim_start().starts_with('{') {
        return Err(Illisible::Forme { ligne: 1, colonne: 1 });
    }
    serde_json::from_str(texte).map_err(|erreur| {
        let (ligne, colonne) = (erreur.line(), erreur.column());
        if erreur.is_data() {
            Illisible::Forme { ligne, colonne }
        } else {
            Illisible::Json { ligne, colonne }
        }
    })
}

/// « a, b, c et 12 autres », each cut to a readable length.
fn exemples<'a>(noms: impl IntoIterator<Item = &'a str>) -> String {
    let mut noms = noms.into_iter();
    let premiers: Vec<String> = noms.by_ref().take(EXEMPLES).map(citer).collect();
    match noms.count() {
        0 => premiers.join(", "),
        1 => format!("{} et un autre", premiers.join(", ")),
        autres => format!("{} et {autres} autres", premiers.join(", ")),
    }
}

/// « 1 composant », « 3 composants ».
pub(crate) fn compter(nombre: usize, singulier: &str, pluriel: &str) -> String {
    format!("{nombre} {}", if nombre < 2 { singulier } else { pluriel })
}

/// A value from a file, made safe to show: one line of at most 80 characters.
fn citer(valeur: &str) -> String {
    let mut cite: String = valeur.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if valeur.chars().nth(80).is_some() {
        cite.push('…');
    }
    cite
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_reason_makes_the_verdict() {
        let avis = Avis::conforme(Controle::Sbom)
            .avec(VerdictAvis::NonConforme, "a")
            .avec(VerdictAvis::Remarque, "b")
            .avec(VerdictAvis::Conforme, "c");
        assert_eq!((avis.verdict, avis.raisons.len()), (VerdictAvis::NonConforme, 3));
        let relu: Avis = serde_json::from_str(&serde_json::to_string(&avis).unwrap()).unwrap();
        assert_eq!(relu, avis);
    }

    #[test]
    fn the_datapass_of_the_habilitation_is_told_apart() {
        assert_eq!(datapass("D123").verdict, VerdictAvis::Conforme);
        let avis = datapass("H123");
        assert_eq!(avis.verdict, VerdictAvis::NonConforme);
        assert!(avis.raisons[0].contains("numéro de la demande"), "{avis:?}");
    }

    #[test]
    fn examples_are_few_and_short() {
        assert_eq!(exemples(["a", "b"]), "a, b");
        assert_eq!(exemples(["a", "b", "c", "d", "e", "f"]), "a, b, c, d, e et un autre");
        assert_eq!(exemples(["a", "b", "c", "d", "e", "f", "g"]), "a, b, c, d, e et 2 autres");
        assert_eq!(citer(&format!("{}\nx", "é".repeat(79))), format!("{} …", "é".repeat(79)));
    }

    #[test]
    fn what_is_too_big_is_not_refused() {
        let gros = vec![b' '; TAILLE_MAX + 1];
        assert_eq!(sbom::controler(&gros).verdict, VerdictAvis::Indetermine);
        assert_eq!(har::controler(&gros).verdict, VerdictAvis::Indetermine);
    }
}
