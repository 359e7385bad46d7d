//! The sheet of a test d’intrusion: what is typed, and the rules by which it becomes valid.
//!
//! Rule: validity is about the sheet alone (present, readable, not contradictory in time). Whether the test is good
//! enough is judged afterwards, so that a bad result can be deposited and seen.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    calendrier,
    identifiant::{RefusTexte, RefusVersion, Texte, VersionLogiciel},
};

/// Most findings that a sheet can count: far above the points of the form, and small enough to catch a slip.
const CONSTATS_MAX: u32 = 999;

/// What was typed, field by field; the names are those of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Saisie {
    pub application: String,
    pub version: String,
    pub description: String,
    pub type_application: String,
    pub organisme: String,
    pub qualification_passi: String,
    pub qualification_jusquau: String,
    pub auditeur: String,
    pub date_test: String,
    pub date_signature: String,
    pub ko_haute: String,
    pub ko_moyenne: String,
    pub non_applicables: String,
    pub resultat: String,
}

/// A valid sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fiche {
    pub application: Texte<1, 120>,
    /// The version that was tested, shown on the first page of the report.
    pub version: VersionLogiciel,
    pub description: Texte<1, 2000>,
    pub type_application: TypeApplication,
    pub organisme: Texte<1, 255>,
    /// Number of the PASSI qualification of the organisme.
    pub qualification_passi: Texte<1, 60>,
    /// Last day of that qualification.
    pub qualification_jusquau: Date,
    pub auditeur: Texte<1, 120>,
    pub date_test: Date,
    /// The form may be filled in and signed after the test.
    pub date_signature: Date,
    /// Failed points of high severity.
    pub ko_haute: u32,
    /// Failed points of medium severity.
    pub ko_moyenne: u32,
    /// Points that were evaluated but do not count.
    pub non_applicables: u32,
    pub resultat: Resultat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeApplication {
    Web,
    Mobile,
    /// Client lourd with three tiers or more.
    ClientLourd,
    /// Client lourd with fewer than three tiers: some points do not apply to it.
    ClientLourdSimple,
}

impl TypeApplication {
    pub const TOUS: [Self; 4] = [Self::Web, Self::Mobile, Self::ClientLourd, Self::ClientLourdSimple];

    /// As sent by the form.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Mobile => "mobile",
            Self::ClientLourd => "client_lourd",
            Self::ClientLourdSimple => "client_lourd_simple",
        }
    }

    pub const fn libelle(self) -> &'static str {
        match self {
            Self::Web => "application web",
            Self::Mobile => "application mobile",
            Self::ClientLourd => "client lourd à trois tiers ou plus",
            Self::ClientLourdSimple => "client lourd à moins de trois tiers",
        }
    }
}

/// The conclusion of the auditeur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resultat {
    PeutEtreReferencee,
    NePeutPas,
}

impl Resultat {
    pub const TOUS: [Self; 2] = [Self::PeutEtreReferencee, Self::NePeutPas];

    /// As sent by the form.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PeutEtreReferencee => "peut_etre_referencee",
            Self::NePeutPas => "ne_peut_pas",
        }
    }

    pub const fn libelle(self) -> &'static str {
        match self {
            Self::PeutEtreReferencee => "l’application peut être référencée",
            Self::NePeutPas => "l’application ne peut pas être référencée",
        }
    }
}

/// Why a field of the sheet is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusFiche {
    #[error("{refus}")]
    Texte { champ: &'static str, refus: RefusTexte },
    #[error("{0}")]
    Version(RefusVersion),
    #[error("Choisissez une valeur de la liste.")]
    Choix { champ: &'static str },
    #[error("Indiquez une date, par exemple 21/11/2026.")]
    Date { champ: &'static str },
    #[error("Cette date est dans le futur.")]
    Future { champ: &'static str },
    #[error("Le rapport ne peut pas être signé avant le test.")]
    SigneAvantLeTest,
    #[error("Indiquez un nombre entier, de 0 à 999.")]
    Nombre { champ: &'static str },
}

impl RefusFiche {
    /// Name of the field in the form.
    pub const fn champ(&self) -> &'static str {
        match self {
            Self::Texte { champ, .. }
            | Self::Choix { champ }
            | Self::Date { champ }
            | Self::Future { champ }
            | Self::Nombre { champ } => champ,
            Self::Version(_) => "version",
            Self::SigneAvantLeTest => "date_signature",
        }
    }
}

impl Saisie {
    /// The valid sheet, as of the day of its deposit.
    ///
    /// # Errors
    /// All that is wrong, at most one refusal a field, in the order of the form.
    pub fn valider(&self, depot: Date) -> Result<Fiche, Vec<RefusFiche>> {
        let mut refus = Vec::new();
        let fiche = self.lire(depot, &mut refus);
        fiche.filter(|_| refus.is_empty()).ok_or(refus)
    }

    fn lire(&self, depot: Date, refus: &mut Vec<RefusFiche>) -> Option<Fiche> {
        let application = texte("application", &self.application, refus);
        let version = garder(self.version.parse().map_err(RefusFiche::Version), refus);
        let description = texte("description", &self.description, refus);
        let types = TypeApplication::TOUS.map(|choix| (choix.code(), choix));
        let type_application = choix("type_application", &self.type_application, types, refus);
        let organisme = texte("organisme", &self.organisme, refus);
        let qualification_passi = texte("qualification_passi", &self.qualification_passi, refus);
        let qualification_jusquau = date("qualification_jusquau", &self.qualification_jusquau, None, refus);
        let auditeur = texte("auditeur", &self.auditeur, refus);
        let date_test = date("date_test", &self.date_test, Some(depot), refus);
        let date_signature = date("date_signature", &self.date_signature, Some(depot), refus);
        if let (Some(test), Some(signature)) = (date_test, date_signature)
            && signature < test
        {
            refus.push(RefusFiche::SigneAvantLeTest);
        }
        let ko_haute = nombre("ko_haute", &self.ko_haute, refus);
        let ko_moyenne = nombre("ko_moyenne", &self.ko_moyenne, refus);
        let non_applicables = nombre("non_applicables", &self.non_applicables, refus);
        let resultats = Resultat::TOUS.map(|choix| (choix.code(), choix));
        let resultat = choix("resultat", &self.resultat, resultats, refus);
        Some(Fiche {
            application: application?,
            version: version?,
            description: description?,
            type_application: type_application?,
            organisme: organisme?,
            qualification_passi: qualification_passi?,
            qualification_jusquau: qualification_jusquau?,
            auditeur: auditeur?,
            date_test: date_test?,
            date_signature: date_signature?,
            ko_haute: ko_haute?,
            ko_moyenne: ko_moyenne?,
            non_applicables: non_applicables?,
            resultat: resultat?,
        })
    }
}

fn garder<T>(lu: Result<T, RefusFiche>, refus: &mut Vec<RefusFiche>) -> Option<T> {
    lu.map_err(|raison| refus.push(raison)).ok()
}

fn texte<const MIN: usize, const MAX: usize>(
    champ: &'static str,
    valeur: &str,
    refus: &mut Vec<RefusFiche>,
) -> Option<Texte<MIN, MAX>> {
    garder(valeur.parse().map_err(|refus| RefusFiche::Texte { champ, refus }), refus)
}

fn choix<T: Copy, const N: usize>(
    champ: &'static str,
    valeur: &str,
    choix: [(&str, T); N],
    refus: &mut Vec<RefusFiche>,
) -> Option<T> {
    let lu = choix.into_iter().find(|(code, _)| *code == valeur).map(|(_, choix)| choix);
    garder(lu.ok_or(RefusFiche::Choix { champ }), refus)
}

fn date(
    champ: &'static str,
    valeur: &str,
    au_plus: Option<Date>,
    refus: &mut Vec<RefusFiche>,
) -> Option<Date> {
    let lue = calendrier::lire_date(valeur).map_err(|_| RefusFiche::Date { champ }).and_then(|date| {
        if au_plus.is_some_and(|limite| date > limite) { Err(RefusFiche::Future { champ }) } else { Ok(date) }
    });
    garder(lue, refus)
}

fn nombre(champ: &'static str, valeur: &str, refus: &mut Vec<RefusFiche>) -> Option<u32> {
    let lu = valeur.trim().parse().ok().filter(|nombre| *nombre <= CONSTATS_MAX);
    garder(lu.ok_or(RefusFiche::Nombre { champ }), refus)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn saisie() -> Saisie {
        Saisie {
            application: "Logiciel Exemple".to_owned(),
            version: "2.4.1".to_owned(),
            description: "Dossier patient informatisé.".to_owned(),
            type_application: "web".to_owned(),
            organisme: "Audit Exemple".to_owned(),
            qualification_passi: "12345".to_owned(),
            qualification_jusquau: "2027-06-30".to_owned(),
            auditeur: "Jeanne Martin".to_owned(),
            date_test: "2026-09-01".to_owned(),
            date_signature: "15/09/2026".to_owned(),
            ko_haute: "0".to_owned(),
            ko_moyenne: " 3 ".to_owned(),
            non_applicables: "0".to_owned(),
            resultat: "peut_etre_referencee".to_owned(),
        }
    }

    #[test]
    fn a_complete_sheet_is_valid() {
        let fiche = saisie().valider(date(2026, 11, 21)).unwrap();
        assert_eq!((fiche.date_signature, fiche.ko_moyenne), (date(2026, 9, 15), 3));
        let relue: Fiche = serde_json::from_str(&serde_json::to_string(&fiche).unwrap()).unwrap();
        assert_eq!(relue, fiche);
    }

    #[test]
    fn each_refusal_names_its_field() {
        type Change = fn(&mut Saisie);
        let cas: [(Change, RefusFiche); 12] = [
            (|s| s.application.clear(), RefusFiche::Texte { champ: "application", refus: RefusTexte::Vide }),
            (|s| s.version = "?".to_owned(), RefusFiche::Version(RefusVersion)),
            (
                |s| s.description = "x".repeat(2001),
                RefusFiche::Texte {
                    champ: "description",
                    refus: RefusTexte::TropLong { max: 2000, recu: 2001 },
                },
            ),
            (|s| s.type_application = "Web".to_owned(), RefusFiche::Choix { champ: "type_application" }),
            (|s| s.qualification_jusquau.clear(), RefusFiche::Date { champ: "qualification_jusquau" }),
            (|s| s.date_test = "2026-02-30".to_owned(), RefusFiche::Date { champ: "date_test" }),
            (|s| s.date_signature = "2026-11-22".to_owned(), RefusFiche::Future { champ: "date_signature" }),
            (|s| s.date_signature = "2026-08-31".to_owned(), RefusFiche::SigneAvantLeTest),
            (|s| s.ko_haute = "-1".to_owned(), RefusFiche::Nombre { champ: "ko_haute" }),
            (|s| s.ko_moyenne = "1000".to_owned(), RefusFiche::Nombre { champ: "ko_moyenne" }),
            (|s| s.non_applicables.clear(), RefusFiche::Nombre { champ: "non_applicables" }),
            (|s| s.resultat = "oui".to_owned(), RefusFiche::Choix { champ: "resultat" }),
        ];
        for (change, refus) in cas {
            let mut saisie = saisie();
            change(&mut saisie);
            assert_eq!(saisie.valider(date(2026, 11, 21)), Err(vec![refus]), "{refus}");
            assert!(!refus.champ().is_empty());
        }
    }

    #[test]
    fn all_refusals_come_at_once() {
        let refus = Saisie::default().valider(date(2026, 11, 21)).unwrap_err();
        assert_eq!(refus.len(), 14);
    }
}
