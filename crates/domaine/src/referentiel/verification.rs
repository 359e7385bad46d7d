//! The rules that a référentiel must follow, whatever it asks.
//!
//! Rule: each fault names the identifier to correct. An identifier extends that of what holds it (`TI` → `TI.01` →
//! `TI.01.01` → `TI.01.01.01`), so that anybody knows where a slot belongs from its number alone.

use std::collections::BTreeSet;

use super::{ChapitreRef, Controle, Exigence, Faute, PreuveAttendue, Profil, Referentiel};

pub(super) fn verifier(referentiel: &Referentiel) -> Vec<Faute> {
    let mut fautes = Fautes(Vec::new());
    if referentiel.depot_jusquau.is_some_and(|fin| fin < referentiel.applicable_du) {
        fautes.ajouter("[referentiel]", "« depot_jusquau » précède « applicable_du »");
    }
    identifiants_uniques(referentiel, &mut fautes);
    for chapitre in &referentiel.chapitres {
        verifier_chapitre(referentiel, chapitre, &mut fautes);
    }
    rangs_denses(referentiel, &mut fautes);
    for exigence in &referentiel.exigences {
        verifier_exigence(referentiel, exigence, &mut fautes);
    }
    seuils_presents(referentiel, &mut fautes);
    fautes.0
}

struct Fautes(Vec<Faute>);

impl Fautes {
    fn ajouter(&mut self, ou: &str, texte: impl Into<String>) {
        self.0.push(Faute { ou: ou.to_owned(), ligne: None, texte: texte.into() });
    }
}

fn identifiants_uniques(referentiel: &Referentiel, fautes: &mut Fautes) {
    let chapitres = referentiel.chapitres.iter().map(|chapitre| &chapitre.code);
    let exigences = referentiel.exigences.iter().flat_map(|exigence| {
        let scenarios = exigence.scenarios.iter().map(|scenario| &scenario.id);
        std::iter::once(&exigence.id).chain(scenarios).chain(exigence.preuves().map(|preuve| &preuve.id))
    });
    let mut vus = BTreeSet::new();
    for id in chapitres.chain(exigences) {
        if !vus.insert(id) {
            fautes.ajouter(id, "cet identifiant sert deux fois");
        }
    }
}

fn verifier_chapitre(referentiel: &Referentiel, chapitre: &ChapitreRef, fautes: &mut Fautes) {
    let code = &chapitre.code;
    if !(2..=3).contains(&code.len()) || !code.bytes().all(|octet| octet.is_ascii_uppercase()) {
        fautes.ajouter(code, "le code d’un chapitre compte 2 ou 3 capitales");
    }
    if chapitre.rangs.is_empty() {
        fautes.ajouter(code, "ce chapitre ne s’applique à aucun profil : donnez au moins un rang");
    }
    for profil in chapitre.profils() {
        if referentiel.attendues(code, &[profil]).is_empty() {
            fautes.ajouter(
                code,
                format!("ce chapitre s’applique à {profil} mais ne lui demande aucune preuve"),
            );
        }
    }
    let mut ordres = BTreeSet::new();
    for exigence in referentiel.exigences.iter().filter(|exigence| exigence.chapitre == *code) {
        if !ordres.insert(exigence.ordre) {
            let texte = format!("l’ordre {} sert deux fois dans le chapitre {code}", exigence.ordre);
            fautes.ajouter(&exigence.id, texte);
        }
    }
}

/// The ranks of a profile number its chapters: 1, 2, 3… without gap or twin.
fn rangs_denses(referentiel: &Referentiel, fautes: &mut Fautes) {
    for profil in Profil::TOUS {
        let mut rangs: Vec<(u32, &str)> = referentiel
            .chapitres
            .iter()
            .flat_map(|chapitre| {
                chapitre.rangs.iter().map(|(profil, rang)| (profil, *rang, chapitre.code.as_str()))
            })
            .filter(|(le_sien, ..)| **le_sien == profil)
            .map(|(_, rang, code)| (rang, code))
            .collect();
        rangs.sort_unstable();
        let mut precedent = 0;
        for (rang, code) in rangs {
            if rang == 0 {
                fautes.ajouter(code, format!("le rang pour {profil} commence à 1"));
            } else if rang == precedent {
                fautes.ajouter(code, format!("le rang {rang} pour {profil} sert deux fois"));
            } else if rang != precedent + 1 {
                fautes.ajouter(
                    code,
                    format!("le rang {rang} pour {profil} laisse vide le rang {}", precedent + 1),
                );
            }
            precedent = rang;
        }
    }
}

fn verifier_exigence(referentiel: &Referentiel, exigence: &Exigence, fautes: &mut Fautes) {
    let id = &exigence.id;
    match referentiel.chapitre(&exigence.chapitre) {
        None => fautes.ajouter(id, format!("le chapitre « {} » n’existe pas", exigence.chapitre)),
        Some(chapitre) => {
            let permis: Vec<Profil> = chapitre.profils().collect();
            profils_inclus(id, &exigence.profils, &permis, &format!("le chapitre {}", chapitre.code), fautes);
        }
    }
    prolonge(id, &exigence.chapitre, fautes);
    if exigence.ordre == 0 {
        fautes.ajouter(id, "l’ordre commence à 1");
    }
    if exigence.scenarios.is_empty() {
        fautes.ajouter(id, "aucun [[exigence.scenario]] ne dit comment montrer cette exigence");
    }
    for scenario in &exigence.scenarios {
        prolonge(&scenario.id, id, fautes);
        if scenario.preuves.is_empty() {
            fautes.ajouter(&scenario.id, "ce scénario n’attend aucune preuve");
        }
        for preuve in &scenario.preuves {
            prolonge(&preuve.id, &scenario.id, fautes);
            verifier_preuve(exigence, preuve, fautes);
        }
    }
}

fn verifier_preuve(exigence: &Exigence, preuve: &PreuveAttendue, fautes: &mut Fautes) {
    let id = &preuve.id;
    if preuve.kinds.is_empty() {
        fautes.ajouter(id, "« kinds » est vide : aucune forme de preuve n’est acceptée");
    }
    if preuve.max == 0 || preuve.min > preuve.max {
        fautes.ajouter(id, format!("min ({}) et max ({}) se contredisent", preuve.min, preuve.max));
    }
    if sans_double(&preuve.kinds).len() < preuve.kinds.len() {
        fautes.ajouter(id, "« kinds » répète une valeur");
    }
    if sans_double(&preuve.controles).len() < preuve.controles.len() {
        fautes.ajouter(id, "« controles » répète une valeur");
    }
    profils_inclus(id, &preuve.profils, &exigence.profils, &format!("l’exigence {}", exigence.id), fautes);
}

fn sans_double<T: Ord + Copy>(valeurs: &[T]) -> BTreeSet<T> {
    valeurs.iter().copied().collect()
}

fn profils_inclus(id: &str, profils: &[Profil], permis: &[Profil], contenant: &str, fautes: &mut Fautes) {
    if profils.is_empty() {
        fautes.ajouter(id, "« profils » est vide");
    }
    if sans_double(profils).len() < profils.len() {
        fautes.ajouter(id, "« profils » répète une valeur");
    }
    for profil in profils.iter().filter(|profil| !permis.contains(profil)) {
        fautes.ajouter(id, format!("{contenant} ne s’applique pas au profil {profil}"));
    }
}

/// `TI.01` extends `TI`: a dot and two digits more.
fn prolonge(id: &str, contenant: &str, fautes: &mut Fautes) {
    let suite = id.strip_prefix(contenant).and_then(|suite| suite.strip_prefix('.'));
    if !suite.is_some_and(|suite| suite.len() == 2 && suite.bytes().all(|octet| octet.is_ascii_digit())) {
        fautes.ajouter(id, format!("cet identifiant doit être de la forme {contenant}.01"));
    }
}

fn seuils_presents(referentiel: &Referentiel, fautes: &mut Fautes) {
    let juges: BTreeSet<Profil> = referentiel
        .exigences
        .iter()
        .flat_map(Exigence::preuves)
        .filter(|preuve| preuve.controles.contains(&Controle::TiSeuils))
        .flat_map(|preuve| preuve.profils.iter().copied())
        .collect();
    for profil in juges {
        let Some(seuil) = referentiel.seuils_ti.pour(profil) else {
            fautes.ajouter("seuils ti", format!("les seuils du profil {profil} manquent"));
            continue;
        };
        if let Some(arbitrage) = seuil.moyenne_arbitrage
            && seuil.moyenne_max.is_none_or(|max| arbitrage <= max)
        {
            fautes.ajouter(
                "seuils ti",
                format!("« moyenne_arbitrage » de {profil} doit dépasser « moyenne_max »"),
            );
        }
    }
}
