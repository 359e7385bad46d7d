//! The realm's signing keys: the newest signs, the ones before stay published so that what they signed can be verified.

use std::fs;
use std::path::{Path, PathBuf};

use oidc::{CleSignature, Jwks};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Erreur, cle};

const PREFIXE: &str = "psc-cle-";
/// Published at once: the one that signs and its two predecessors.
const PUBLIEES: usize = 3;

#[derive(Debug)]
pub(super) struct Cles {
    donnees: PathBuf,
    /// Oldest first; never empty. The number names the file.
    paires: Vec<(u32, CleSignature)>,
    jwks: Jwks,
}

impl Cles {
    /// Reads the keys of the folder, or makes the first.
    pub(super) fn charger(donnees: &Path) -> Result<Self, Erreur> {
        let mut numeros = numeros(donnees)?;
        if numeros.is_empty() {
            numeros.push(1);
        }
        let lire = |numero| Ok((numero, cle::charger(&chemin(donnees, numero), cle::Algorithme::Rs256)?));
        let cles = numeros.into_iter().map(lire).collect::<Result<Vec<_>, Erreur>>()?;
        Ok(Self::publier(donnees.to_owned(), cles))
    }

    fn publier(donnees: PathBuf, paires: Vec<(u32, CleSignature)>) -> Self {
        let jwks =
            Jwks::parse(document(&paires).to_string().as_bytes()).expect("our own key set is well formed");
        Self { donnees, paires, jwks }
    }

    /// From now on another key signs. The oldest key goes once there are too many, and what it signed with it.
    pub(super) fn tourner(&mut self) -> Result<String, Erreur> {
        let numero = self.paires.last().map_or(1, |(numero, _)| numero.saturating_add(1));
        let nouvelle = cle::charger(&chemin(&self.donnees, numero), cle::Algorithme::Rs256)?;
        let kid = nouvelle.kid().to_owned();
        let mut cles = std::mem::take(&mut self.paires);
        cles.push((numero, nouvelle));
        while cles.len() > PUBLIEES {
            let (ancien, _) = cles.remove(0);
            let chemin = chemin(&self.donnees, ancien);
            fs::remove_file(&chemin).map_err(|source| Erreur::Fichier { chemin, source })?;
        }
        *self = Self::publier(std::mem::take(&mut self.donnees), cles);
        Ok(kid)
    }

    pub(super) fn signer<T: Serialize>(&self, revendications: &T) -> Result<String, oidc::jwt::ErreurCle> {
        self.active().signer(revendications)
    }

    /// The key that signs.
    pub(super) fn active(&self) -> &CleSignature {
        let (_, cle) = self.paires.last().expect("there is always a key");
        cle
    }

    /// What our own tokens are verified with.
    pub(super) fn jwks(&self) -> &Jwks {
        &self.jwks
    }

    /// The JWKS document.
    pub(super) fn document(&self) -> Value {
        document(&self.paires)
    }
}

/// Newest first: a client that looks at one key only looks at the right one.
fn document(cles: &[(u32, CleSignature)]) -> Value {
    let publiques = cles.iter().rev().flat_map(|(_, cle)| match cle.jwks()["keys"].take() {
        Value::Array(cles) => cles,
        _ => Vec::new(),
    });
    json!({ "keys": publiques.collect::<Vec<_>>() })
}

fn chemin(donnees: &Path, numero: u32) -> PathBuf {
    donnees.join(format!("{PREFIXE}{numero}.pem"))
}

fn numeros(donnees: &Path) -> Result<Vec<u32>, Erreur> {
    let erreur = |source| Erreur::Fichier { chemin: donnees.to_owned(), source };
    let entrees = match fs::read_dir(donnees) {
        Ok(entrees) => entrees,
        Err(absent) if absent.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(erreur(source)),
    };
    let mut numeros = Vec::new();
    for entree in entrees {
        let nom = entree.map_err(erreur)?.file_name();
        let numero: Option<u32> =
            nom.to_str().and_then(|nom| nom.strip_prefix(PREFIXE)?.strip_suffix(".pem")?.parse().ok());
        numeros.extend(numero);
    }
    numeros.sort_unstable();
    Ok(numeros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_keeps_the_last_keys_published_even_after_a_restart() {
        let dossier = tempfile::tempdir().unwrap();
        let mut cles = Cles::charger(dossier.path()).unwrap();
        let premier = cles.signer(&json!({"n": 1})).unwrap();
        let mut kids = Vec::new();
        for _ in 0..2 {
            kids.push(cles.tourner().unwrap());
        }
        assert_ne!(kids[0], kids[1]);
        let lire = |cles: &Cles, jeton: &str| oidc::jwt::verifier::<Value>(jeton, cles.jwks()).is_ok();
        let mut cles = Cles::charger(dossier.path()).unwrap();
        assert_eq!(cles.document()["keys"].as_array().unwrap().len(), 3);
        assert_eq!(cles.document()["keys"][0]["kid"], kids[1].as_str(), "the one that signs comes first");
        assert!(lire(&cles, &premier));
        cles.tourner().unwrap();
        assert!(!lire(&cles, &premier), "the oldest key is gone");
        assert_eq!(cles.document()["keys"].as_array().unwrap().len(), 3);
    }
}
