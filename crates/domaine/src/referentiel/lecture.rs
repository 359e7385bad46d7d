//! From the TOML file of a référentiel to its types, keeping the line of everything that has an identifier.
//!
//! Rule: no key is ignored. A key that is missing, unknown or of the wrong type is a fault with its line, and reading
//! goes on, so that an engineer corrects the whole file at once. That, and messages in French, is why the tree is
//! walked by hand rather than derived.

use std::{collections::BTreeMap, ops::Range, str::FromStr};

use jiff::{Span, civil::Date};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    ChapitreRef, Criticite, Exigence, Faute, Kind, Nature, PreuveAttendue, Profil, Referentiel, Scenario,
};
use crate::test_intrusion::{Seuil, Seuils};

/// Far above any real catalogue, and small enough to be read at once.
const TAILLE_MAX: usize = 1 << 20;

pub(super) fn lire(toml: &str) -> Result<Referentiel, Vec<Faute>> {
    let faute = |ligne, texte| vec![Faute { ou: "fichier".to_owned(), ligne, texte }];
    if toml.len() > TAILLE_MAX {
        return Err(faute(None, "ce fichier est trop gros pour un référentiel (1 Mio au plus)".to_owned()));
    }
    let racine = DeTable::parse(toml).map_err(|erreur| {
        let ligne = erreur.span().map(|place| Lignes::new(toml).de(&place));
        faute(ligne, format!("le TOML n’est pas lisible ({})", erreur.message()))
    })?;
    let mut lecteur = Lecteur { source: Lignes::new(toml), fautes: Vec::new(), lignes: BTreeMap::new() };
    let referentiel = lecteur.referentiel(racine.get_ref());
    let mut fautes = lecteur.fautes;
    if fautes.is_empty() {
        fautes = referentiel.verifier();
        for faute in &mut fautes {
            faute.ligne = lecteur.lignes.get(&faute.ou).copied();
        }
    }
    fautes.sort_by_key(|faute| faute.ligne);
    if fautes.is_empty() { Ok(referentiel) } else { Err(fautes) }
}

/// Where each line of the file ends.
struct Lignes(Vec<usize>);

impl Lignes {
    fn new(source: &str) -> Self {
        Self(
            source.bytes().enumerate().filter(|(_, octet)| *octet == b'\n').map(|(place, _)| place).collect(),
        )
    }

    /// The line, from 1, on which this place starts.
    fn de(&self, place: &Range<usize>) -> usize {
        1 + self.0.partition_point(|fin| *fin < place.start)
    }
}

struct Lecteur {
    source: Lignes,
    fautes: Vec<Faute>,
    /// Line of each identifier.
    lignes: BTreeMap<String, usize>,
}

/// A table being read: where it is for people, and on which line it starts.
struct Section<'s> {
    /// `None` when it is missing, which is one fault, not one for each of its keys.
    table: Option<&'s DeTable<'s>>,
    ou: String,
    ligne: Option<usize>,
}

impl<'s> Section<'s> {
    fn get(&self, cle: &str) -> Option<&'s Spanned<DeValue<'s>>> {
        self.table?.iter().find(|(connue, _)| connue.get_ref() == cle).map(|(_, valeur)| valeur)
    }
}

impl Lecteur {
    fn referentiel<'s>(&mut self, racine: &'s DeTable<'s>) -> Referentiel {
        let racine = Section { table: Some(racine), ou: "fichier".to_owned(), ligne: None };
        self.cles(&racine, &["referentiel", "chapitre", "exigence", "seuils"]);
        let entete = self.sous_section(
            &racine,
            "referentiel",
            &["id", "version", "titre", "applicable_du", "depot_jusquau"],
        );
        let chapitres = self.tables(&racine, "chapitre", "code", &["code", "titre", "description", "rangs"]);
        let exigences = self.tables(
            &racine,
            "exigence",
            "id",
            &[
                "id",
                "ref_officielle",
                "chapitre",
                "ordre",
                "nature",
                "criticite",
                "profils",
                "enonce",
                "aide",
                "base",
                "scenario",
            ],
        );
        Referentiel {
            id: self.texte(&entete, "id"),
            version: self.texte(&entete, "version"),
            titre: self.texte(&entete, "titre"),
            applicable_du: self.date(&entete, "applicable_du").unwrap_or(Date::MIN),
            depot_jusquau: self.date_facultative(&entete, "depot_jusquau"),
            chapitres: chapitres.iter().map(|section| self.chapitre(section)).collect(),
            exigences: exigences.iter().map(|section| self.exigence(section)).collect(),
            seuils_ti: self.seuils(&racine),
        }
    }

    fn chapitre(&mut self, section: &Section<'_>) -> ChapitreRef {
        let rangs = self.sous_section(section, "rangs", &Profil::TOUS.map(Profil::code));
        ChapitreRef {
            code: self.texte(section, "code"),
            titre: self.texte(section, "titre"),
            description: self.texte(section, "description"),
            rangs: Profil::TOUS
                .into_iter()
                .filter(|profil| rangs.get(profil.code()).is_some())
                .map(|profil| (profil, self.entier(&rangs, profil.code())))
                .collect(),
        }
    }

    fn exigence(&mut self, section: &Section<'_>) -> Exigence {
        let profils = self.liste(section, "profils");
        let scenarios = self.tables(section, "scenario", "id", &["id", "texte", "preuve"]);
        Exigence {
            id: self.texte(section, "id"),
            ref_officielle: self.texte_facultatif(section, "ref_officielle"),
            chapitre: self.texte(section, "chapitre"),
            ordre: self.entier(section, "ordre"),
            nature: self.choix(section, "nature", Nature::TOUTES.map(|nature| (nature.code(), nature))),
            criticite: self.choix(
                section,
                "criticite",
                Criticite::TOUTES.map(|criticite| (criticite.libelle(), criticite)),
            ),
            enonce: self.texte(section, "enonce"),
            aide: self.texte_facultatif(section, "aide"),
            base: self.texte_facultatif(section, "base"),
            scenarios: scenarios.iter().map(|scenario| self.scenario(scenario, &profils)).collect(),
            profils,
        }
    }

    fn scenario(&mut self, section: &Section<'_>, profils: &[Profil]) -> Scenario {
        let preuves = self.tables(
            section,
            "preuve",
            "id",
            &[
                "id",
                "titre",
                "kinds",
                "min",
                "max",
                "duree_validite",
                "modele",
                "controles",
                "profils",
                "points_de_verification",
            ],
        );
        Scenario {
            id: self.texte(section, "id"),
            texte: self.texte(section, "texte"),
            preuves: preuves.iter().map(|preuve| self.preuve(preuve, profils)).collect(),
        }
    }

    fn preuve(&mut self, section: &Section<'_>, profils: &[Profil]) -> PreuveAttendue {
        let points = self.liste(section, "points_de_verification");
        PreuveAttendue {
            id: self.texte(section, "id"),
            titre: self.texte(section, "titre"),
            kinds: self.liste::<Kind>(section, "kinds"),
            min: self.entier(section, "min"),
            max: self.entier(section, "max"),
            validite_mois: self.duree(section, "duree_validite"),
            modele: self.texte_facultatif(section, "modele"),
            controles: self.liste(section, "controles"),
            profils: match section.get("profils") {
                Some(_) => self.liste(section, "profils"),
                None => profils.to_vec(),
            },
            points_de_verification: points,
        }
    }

    fn seuils(&mut self, racine: &Section<'_>) -> Seuils {
        let seuils = self.sous_section(racine, "seuils", &["ti"]);
        let ti = self.sous_section(&seuils, "ti", &Profil::TOUS.map(Profil::code));
        let mut lus = Seuils::default();
        for profil in Profil::TOUS {
            if ti.get(profil.code()).is_none() {
                continue;
            }
            let section =
                self.sous_section(&ti, profil.code(), &["haute_max", "moyenne_max", "moyenne_arbitrage"]);
            lus.fixer(
                profil,
                Seuil {
                    haute_max: self.entier(&section, "haute_max"),
                    moyenne_max: section.get("moyenne_max").map(|_| self.entier(&section, "moyenne_max")),
                    moyenne_arbitrage: section
                        .get("moyenne_arbitrage")
                        .map(|_| self.entier(&section, "moyenne_arbitrage")),
                },
            );
        }
        lus
    }

    // What a TOML tree is made of.

    fn faute(&mut self, section: &Section<'_>, valeur: Option<&Spanned<DeValue<'_>>>, texte: String) {
        let ligne = valeur.map(|valeur| self.source.de(&valeur.span())).or(section.ligne);
        self.fautes.push(Faute { ou: section.ou.clone(), ligne, texte });
    }

    fn cles(&mut self, section: &Section<'_>, connues: &[&str]) {
        for (cle, _) in section.table.into_iter().flatten() {
            if !connues.contains(&cle.get_ref().as_ref()) {
                let ligne = Some(self.source.de(&cle.span()));
                let texte = format!("la clé « {} » n’existe pas ici ({})", cle.get_ref(), connues.join(", "));
                self.fautes.push(Faute { ou: section.ou.clone(), ligne, texte });
            }
        }
    }

    fn obligatoire<'s>(&mut self, section: &Section<'s>, cle: &str) -> Option<&'s Spanned<DeValue<'s>>> {
        let valeur = section.get(cle);
        if valeur.is_none() && section.table.is_some() {
            self.faute(section, None, format!("la clé « {cle} » manque"));
        }
        valeur
    }

    fn mauvais_type(
        &mut self,
        section: &Section<'_>,
        cle: &str,
        valeur: &Spanned<DeValue<'_>>,
        attendu: &str,
    ) {
        self.faute(section, Some(valeur), format!("« {cle} » doit être {attendu}"));
    }

    /// An inner table; one without keys, after the fault, when there is none.
    fn sous_section<'s>(&mut self, section: &Section<'s>, cle: &str, connues: &[&str]) -> Section<'s> {
        let ou = match section.ou.as_str() {
            "fichier" => format!("[{cle}]"),
            ou => format!("{} {cle}", ou.trim_matches(['[', ']'])),
        };
        let valeur = self.obligatoire(section, cle);
        let table = valeur.and_then(|valeur| valeur.get_ref().as_table());
        if let (Some(valeur), None) = (valeur, table) {
            self.mauvais_type(section, cle, valeur, "une table");
        }
        let ligne = valeur.map(|valeur| self.source.de(&valeur.span()));
        if let Some(ligne) = ligne {
            self.lignes.entry(ou.clone()).or_insert(ligne);
        }
        let sous_section = Section { table, ou, ligne };
        self.cles(&sous_section, connues);
        sous_section
    }

    /// The tables of `[[cle]]`, each known by its own identifier; none is a matter for the rules, not for reading.
    fn tables<'s>(
        &mut self,
        section: &Section<'s>,
        cle: &str,
        id: &str,
        connues: &[&str],
    ) -> Vec<Section<'s>> {
        let Some(valeur) = section.get(cle) else { return Vec::new() };
        let Some(tableau) = valeur.get_ref().as_array() else {
            self.mauvais_type(section, cle, valeur, &format!("une suite de [[{cle}]]"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (rang, valeur) in tableau.iter().enumerate() {
            let Some(table) = valeur.get_ref().as_table() else {
                self.mauvais_type(section, cle, valeur, &format!("une suite de [[{cle}]]"));
                continue;
            };
            let ligne = self.source.de(&valeur.span());
            let mut lue = Section { table: Some(table), ou: String::new(), ligne: Some(ligne) };
            lue.ou = match lue.get(id).and_then(|valeur| valeur.get_ref().as_str()) {
                Some(id) => id.to_owned(),
                None => format!("{cle} nº {}", rang + 1),
            };
            // The second of two twins is the one to correct.
            self.lignes.insert(lue.ou.clone(), ligne);
            self.cles(&lue, connues);
            sections.push(lue);
        }
        sections
    }

    fn texte(&mut self, section: &Section<'_>, cle: &str) -> String {
        let Some(valeur) = self.obligatoire(section, cle) else { return String::new() };
        let texte = self.texte_facultatif(section, cle);
        if texte.trim().is_empty() && valeur.get_ref().is_str() {
            self.faute(section, Some(valeur), format!("« {cle} » est vide"));
        }
        texte
    }

    fn texte_facultatif(&mut self, section: &Section<'_>, cle: &str) -> String {
        let Some(valeur) = section.get(cle) else { return String::new() };
        let Some(texte) = valeur.get_ref().as_str() else {
            self.mauvais_type(section, cle, valeur, "un texte entre guillemets");
            return String::new();
        };
        texte.to_owned()
    }

    fn entier(&mut self, section: &Section<'_>, cle: &str) -> u32 {
        let Some(valeur) = self.obligatoire(section, cle) else { return 0 };
        let lu = valeur
            .get_ref()
            .as_integer()
            .and_then(|entier| u32::from_str_radix(entier.as_str(), entier.radix()).ok());
        lu.unwrap_or_else(|| {
            self.mauvais_type(section, cle, valeur, "un nombre entier positif");
            0
        })
    }

    fn date(&mut self, section: &Section<'_>, cle: &str) -> Option<Date> {
        let valeur = self.obligatoire(section, cle)?;
        let date = match valeur.get_ref() {
            DeValue::Datetime(date) if date.time.is_none() => date.to_string().parse().ok(),
            _ => None,
        };
        if date.is_none() {
            self.mauvais_type(section, cle, valeur, "une date, sans guillemets : 2025-05-01");
        }
        date
    }

    /// An end that is not known yet is written `""`.
    fn date_facultative(&mut self, section: &Section<'_>, cle: &str) -> Option<Date> {
        match section.get(cle).map(Spanned::get_ref) {
            None => None,
            Some(DeValue::String(texte)) if texte.is_empty() => None,
            Some(_) => self.date(section, cle),
        }
    }

    fn choix<T: Copy, const N: usize>(
        &mut self,
        section: &Section<'_>,
        cle: &str,
        choix: [(&str, T); N],
    ) -> T {
        let valeur = self.obligatoire(section, cle);
        let texte = valeur.and_then(|valeur| valeur.get_ref().as_str());
        let lu = choix.iter().find(|(code, _)| Some(*code) == texte);
        if let (Some(valeur), None) = (valeur, lu) {
            let codes = choix.map(|(code, _)| code).join(", ");
            self.faute(section, Some(valeur), format!("« {cle} » doit être l’un de : {codes}"));
        }
        lu.unwrap_or(&choix[0]).1
    }

    fn liste<T: FromStr<Err: std::fmt::Display>>(&mut self, section: &Section<'_>, cle: &str) -> Vec<T> {
        let Some(valeur) = self.obligatoire(section, cle) else { return Vec::new() };
        let Some(tableau) = valeur.get_ref().as_array() else {
            self.mauvais_type(section, cle, valeur, "une liste de textes : [\"…\", \"…\"]");
            return Vec::new();
        };
        let mut lus = Vec::new();
        for valeur in tableau {
            match valeur.get_ref().as_str().map(|texte| (texte, texte.parse())) {
                Some((_, Ok(lu))) => lus.push(lu),
                Some((texte, Err(refus))) => {
                    self.faute(section, Some(valeur), format!("« {cle} » contient « {texte} » : {refus}"));
                }
                None => self.mauvais_type(section, cle, valeur, "une liste de textes : [\"…\", \"…\"]"),
            }
        }
        lus
    }

    /// A duration in years and months (ISO 8601), as months; absent or empty when it does not end.
    fn duree(&mut self, section: &Section<'_>, cle: &str) -> Option<u32> {
        let valeur = section.get(cle)?;
        let texte = self.texte_facultatif(section, cle);
        if texte.is_empty() {
            return None;
        }
        let mois = texte.parse::<Span>().ok().and_then(mois);
        if mois.is_none() {
            self.mauvais_type(section, cle, valeur, "une durée en années et en mois : P1Y, P6M, P1Y6M");
        }
        mois
    }
}

fn mois(duree: Span) -> Option<u32> {
    let mois = 12 * i32::from(duree.get_years()) + duree.get_months();
    // Anything else in the duration would be dropped.
    let exact = Span::new().try_years(duree.get_years()).ok()?.try_months(duree.get_months()).ok()?;
    let rien_d_autre = exact.fieldwise() == duree.fieldwise();
    u32::try_from(mois).ok().filter(|mois| rien_d_autre && *mois > 0)
}
