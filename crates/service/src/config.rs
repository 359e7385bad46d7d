//! Configuration: a TOML file, a thin layer of environment variables over it, and every fault told in French with its line.
//!
//! Rule: the type is the documentation. Structs carry `#[serde(deny_unknown_fields)]`, so a key that isn't in the type is a fault.
//! Faults never echo a value: a configuration holds secrets.

mod environnement;
mod message;

use std::fmt;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use environnement::Variable;

/// One thing to correct, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faute {
    /// `edc.toml, ligne 12`, `edc.toml` or `variable EDC_BAS_PORT`.
    pub lieu: String,
    /// What is wrong, in French.
    pub texte: String,
}

impl fmt::Display for Faute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} : {}", self.lieu, self.texte)
    }
}

/// All the faults that could be known at once, a line each. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fautes(pub Vec<Faute>);

impl fmt::Display for Fautes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (rang, faute) in self.0.iter().enumerate() {
            if rang > 0 {
                writeln!(f)?;
            }
            write!(f, "{faute}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fautes {}

/// Reads a file, then lays the variables named `PREFIXE_SECTION_CLE` over it.
///
/// `EDC_BAS_PORT=8444` sets `port` of `[bas]`. A name is read against the tables that the file has; failing that its first word is the section.
/// `__` separates levels without doubt (`EDC_GUICHET__URL_PUBLIQUE`). A variable under the prefix that fits no key is a fault.
///
/// # Errors
/// [`Fautes`], in French, each with its file and line or the name of its variable.
pub fn load<T: DeserializeOwned>(chemin: &Path, prefixe_env: &str) -> Result<T, Fautes> {
    let origine = chemin.display().to_string();
    let texte = std::fs::read_to_string(chemin).map_err(|erreur| {
        let texte = match erreur.kind() {
            std::io::ErrorKind::NotFound => "fichier introuvable".to_owned(),
            std::io::ErrorKind::PermissionDenied => "lecture refusée par le système".to_owned(),
            std::io::ErrorKind::InvalidData => "ce n’est pas un texte UTF-8".to_owned(),
            autre => format!("lecture impossible ({autre})"),
        };
        Fautes(vec![Faute { lieu: origine.clone(), texte }])
    })?;
    // `vars_os`: a variable that isn't UTF-8 is none of ours and must not stop the process.
    let variables = std::env::vars_os()
        .filter_map(|(nom, valeur)| Some((nom.into_string().ok()?, valeur.into_string().ok()?)));
    assembler(&texte, &origine, &environnement::choisir(prefixe_env, variables))
}

/// Reads a text alone; `origine` names it in the faults.
///
/// # Errors
/// [`Fautes`], as [`load`].
pub fn parse<T: DeserializeOwned>(texte: &str, origine: &str) -> Result<T, Fautes> {
    assembler(texte, origine, &[])
}

fn assembler<T: DeserializeOwned>(texte: &str, origine: &str, variables: &[Variable]) -> Result<T, Fautes> {
    let source = Source { texte, origine, variables };
    let (mut racine, illisibles) = DeTable::parse_recoverable(texte);
    if !illisibles.is_empty() {
        let faute = |erreur: &toml::de::Error| source.faute(erreur, message::syntaxe(erreur.message()));
        return Err(Fautes(illisibles.iter().map(faute).collect()));
    }
    let mut fautes = environnement::poser(racine.get_mut(), variables, texte.len());

    // Serde stops at the first fault. Each one is noted, what bears it taken out, and the reading tried again.
    let mut retires: Vec<String> = Vec::new();
    loop {
        match T::deserialize(toml::Deserializer::from(racine.clone())) {
            Ok(config) if fautes.is_empty() => return Ok(config),
            Ok(_) => break,
            Err(erreur) => {
                if let (Some(variable), Some(place)) = (source.variable(&erreur), erreur.span())
                    && environnement::en_texte(racine.get_mut(), &place, variable)
                {
                    continue;
                }
                let consequence = message::cle_manquante(erreur.message())
                    .is_some_and(|cle| retires.iter().any(|r| r == cle));
                if !consequence {
                    fautes.push(source.faute(&erreur, message::francais(erreur.message())));
                }
                let Some(retire) = erreur.span().and_then(|span| retirer(racine.get_mut(), &span)) else {
                    break;
                };
                retires.push(retire);
            }
        }
    }
    Err(Fautes(fautes))
}

/// Takes out the entry that the fault points at; says its key. `None` when it points at no entry (the root).
fn retirer(table: &mut DeTable<'_>, span: &std::ops::Range<usize>) -> Option<String> {
    let touche = |cle: &Spanned<_>, valeur: &Spanned<DeValue<'_>>| {
        cle.span() == *span
            || valeur.span() == *span
            || matches!(valeur.get_ref(), DeValue::Array(liste) if liste.iter().any(|element| element.span() == *span))
    };
    let cle = table.iter().find(|(cle, valeur)| touche(cle, valeur)).map(|(cle, _)| cle.clone());
    if let Some(cle) = cle {
        table.remove(&cle);
        return Some(cle.into_inner().into_owned());
    }
    table.iter_mut().find_map(|(_, valeur)| match valeur.get_mut() {
        DeValue::Table(sous_table) => retirer(sous_table, span),
        DeValue::Array(liste) => liste.iter_mut().find_map(|element| match element.get_mut() {
            DeValue::Table(sous_table) => retirer(sous_table, span),
            _ => None,
        }),
        _ => None,
    })
}

/// Where the values come from, to turn a place in the text into words.
struct Source<'a> {
    texte: &'a str,
    origine: &'a str,
    variables: &'a [Variable],
}

impl<'a> Source<'a> {
    fn variable(&self, erreur: &toml::de::Error) -> Option<&'a Variable> {
        let rang = erreur.span()?.start.checked_sub(self.texte.len() + 1)?;
        self.variables.get(rang)
    }

    fn faute(&self, erreur: &toml::de::Error, texte: String) -> Faute {
        let lieu = match (self.variable(erreur), erreur.span()) {
            (Some(variable), _) => format!("variable {}", variable.nom),
            (None, Some(span)) => {
                let avant = self.texte.get(..span.start).unwrap_or_default();
                format!("{}, ligne {}", self.origine, avant.matches('\n').count() + 1)
            }
            (None, None) => self.origine.to_owned(),
        };
        Faute { lieu, texte }
    }
}

#[cfg(test)]
mod tests;
