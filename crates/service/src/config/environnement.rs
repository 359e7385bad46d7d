//! The layer of environment variables: choosing ours, finding the key that each one names, laying its value over the file's.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Faute;

/// A variable under our prefix.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    /// The whole name, as the person typed it.
    pub(super) nom: String,
    /// What follows the prefix, in lower case.
    reste: String,
    valeur: String,
}

/// Keeps the variables under `PREFIXE_`, sorted by name.
pub(super) fn choisir(prefixe: &str, variables: impl Iterator<Item = (String, String)>) -> Vec<Variable> {
    let prefixe = format!("{prefixe}_");
    let mut choisies: Vec<Variable> = variables
        .filter_map(|(nom, valeur)| {
            let reste = nom.strip_prefix(&prefixe)?.to_lowercase();
            Some(Variable { nom, reste, valeur })
        })
        .collect();
    choisies.sort_by(|a, b| a.nom.cmp(&b.nom));
    choisies
}

/// Lays each variable over the table. Variable `i` gets the place `debut + 1 + i`, past the end of the file's text,
/// so that a fault found later points back at it.
pub(super) fn poser<'a>(racine: &mut DeTable<'a>, variables: &'a [Variable], debut: usize) -> Vec<Faute> {
    let mut fautes = Vec::new();
    for (rang, variable) in variables.iter().enumerate() {
        let place = debut + 1 + rang;
        if poser_une(racine, true, &variable.reste, &variable.valeur, place).is_none() {
            let texte = "ce nom ne désigne aucune clé".to_owned();
            fautes.push(Faute { lieu: format!("variable {}", variable.nom), texte });
        }
    }
    fautes
}

fn poser_une<'a>(
    table: &mut DeTable<'a>,
    racine: bool,
    reste: &'a str,
    valeur: &'a str,
    place: usize,
) -> Option<()> {
    let (tete, suite) = couper(table, racine, reste);
    if tete.is_empty() {
        return None;
    }
    let cle = Spanned::new(place..place + 1, Cow::Borrowed(tete));
    let Some(suite) = suite else {
        table.remove(&cle);
        table.insert(cle, lire(valeur, place));
        return Some(());
    };
    if !table.contains_key(&cle) {
        let vide = Spanned::new(place..place + 1, DeValue::Table(DeTable::new()));
        table.insert(cle.clone(), vide);
    }
    match table.get_mut(&cle)?.get_mut() {
        DeValue::Table(sous_table) => poser_une(sous_table, false, suite, valeur, place),
        _ => None,
    }
}

/// The next key and what is left of the name. Only at the root does a `_` make a section that the file doesn't have:
/// further in, `_` belongs to keys (`mot_de_passe`).
fn couper<'r>(table: &DeTable<'_>, racine: bool, reste: &'r str) -> (&'r str, Option<&'r str>) {
    if let Some((tete, suite)) = reste.split_once("__") {
        return (tete, Some(suite));
    }
    let connue = |cle: &str| {
        table.iter().find(|(autre, _)| autre.get_ref() == cle).map(|(_, valeur)| valeur.get_ref())
    };
    if connue(reste).is_some() {
        return (reste, None);
    }
    let coupes = reste.rmatch_indices('_').map(|(place, _)| place);
    let existante =
        coupes.into_iter().find(|place| matches!(connue(&reste[..*place]), Some(DeValue::Table(_))));
    match existante.or_else(|| reste.find('_').filter(|_| racine)) {
        Some(place) => (&reste[..place], Some(&reste[place + 1..])),
        None => (reste, None),
    }
}

/// A boolean, a number or a list when it reads as one in TOML; a text otherwise.
fn lire(valeur: &str, place: usize) -> Spanned<DeValue<'_>> {
    let lue = match DeValue::parse(valeur).map(Spanned::into_inner) {
        Ok(lue @ (DeValue::Boolean(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Array(_))) => lue,
        _ => DeValue::String(Cow::Borrowed(valeur)),
    };
    Spanned::new(place..place + 1, lue)
}

/// A variable that read as a number or a boolean where a text was wanted (`EDC_SMTP_CODE=0123`) becomes a text.
/// `true` when that changed something, so that the reading is worth another try.
pub(super) fn en_texte<'a>(
    table: &mut DeTable<'a>,
    place: &std::ops::Range<usize>,
    variable: &'a Variable,
) -> bool {
    table.iter_mut().any(|(_, valeur)| {
        let ici = valeur.span() == *place;
        match valeur.get_mut() {
            DeValue::Table(sous_table) => en_texte(sous_table, place, variable),
            DeValue::String(_) => false,
            autre if ici => {
                *autre = DeValue::String(Cow::Borrowed(&variable.valeur));
                true
            }
            _ => false,
        }
    })
}
