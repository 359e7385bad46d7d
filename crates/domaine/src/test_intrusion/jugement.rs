//! What a sheet of test d’intrusion is worth for a candidature.
//!
//! Rule: every reason is kept, the heaviest one makes the verdict. It advises the vérificateur, who decides.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Fiche, Resultat, Seuils, TypeApplication};
use crate::{
    avis::{Avis, VerdictAvis},
    calendrier::{MOIS_TEST_INTRUSION, date_fr, plus_mois},
    identifiant::VersionLogiciel,
    referentiel::{Controle, Profil},
};

/// From the lightest to the heaviest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    Conforme,
    /// The published rules do not settle it: the agency does.
    Arbitrage,
    NonConforme,
}

impl Verdict {
    pub const fn libelle(self) -> &'static str {
        match self {
            Self::Conforme => "Conforme",
            Self::Arbitrage => "À arbitrer par l’agence",
            Self::NonConforme => "Non conforme",
        }
    }
}

/// The verdict and all that was noticed on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jugement {
    pub verdict: Verdict,
    pub raisons: Vec<Raison>,
}

/// What a reason does to the verdict, from the lightest to the heaviest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effet {
    Information,
    Remarque,
    Arbitrage,
    Blocage,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raison {
    /// One year old or more at the deposit; `un_an` is the day on which it became so.
    TropAncien {
        test: Date,
        un_an: Date,
        depot: Date,
    },
    ApresLeDepot {
        test: Date,
        depot: Date,
    },
    OrganismeNonQualifie {
        test: Date,
        jusquau: Date,
    },
    VersionDifferente {
        testee: VersionLogiciel,
        candidature: VersionLogiciel,
    },
    GraviteHaute {
        profil: Profil,
        constats: u32,
        max: u32,
    },
    GraviteMoyenne {
        profil: Profil,
        constats: u32,
        max: u32,
    },
    GraviteMoyenneAArbitrer {
        profil: Profil,
        constats: u32,
        max: u32,
    },
    GraviteMoyenneSansSeuil {
        profil: Profil,
        constats: u32,
    },
    /// None of the profiles has thresholds in the référentiel.
    SansSeuil,
    ResultatDefavorable,
    /// The conclusion says one thing, the counters another.
    ResultatContredit {
        resultat: Resultat,
    },
    NonApplicables {
        points: u32,
    },
    NonApplicablesInattendus {
        points: u32,
        type_application: TypeApplication,
    },
}

impl Raison {
    pub const fn effet(&self) -> Effet {
        match self {
            Self::TropAncien { .. }
            | Self::ApresLeDepot { .. }
            | Self::OrganismeNonQualifie { .. }
            | Self::VersionDifferente { .. }
            | Self::GraviteHaute { .. }
            | Self::GraviteMoyenne { .. }
            | Self::ResultatDefavorable
            | Self::ResultatContredit { .. } => Effet::Blocage,
            Self::GraviteMoyenneAArbitrer { .. } | Self::SansSeuil => Effet::Arbitrage,
            Self::GraviteMoyenneSansSeuil { .. } | Self::NonApplicablesInattendus { .. } => Effet::Remarque,
            Self::NonApplicables { .. } => Effet::Information,
        }
    }

    /// The automatic check to which the reason belongs.
    pub const fn controle(&self) -> Controle {
        match self {
            Self::TropAncien { .. } | Self::ApresLeDepot { .. } | Self::OrganismeNonQualifie { .. } => {
                Controle::TiAge
            }
            Self::VersionDifferente { .. } => Controle::TiVersion,
            _ => Controle::TiSeuils,
        }
    }
}

impl fmt::Display for Raison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TropAncien { test, un_an, depot } if un_an == depot => write!(
                f,
                "Le test du {} a exactement un an au jour du dépôt : il faut moins d’un an, la veille était le dernier \
                 jour.",
                date_fr(*test)
            ),
            Self::TropAncien { test, un_an, depot } => write!(
                f,
                "Le test du {} a plus d’un an au dépôt du {} : il fallait déposer avant le {}.",
                date_fr(*test),
                date_fr(*depot),
                date_fr(*un_an)
            ),
            Self::ApresLeDepot { test, depot } => {
                write!(f, "Le test du {} est postérieur au dépôt du {}.", date_fr(*test), date_fr(*depot))
            }
            Self::OrganismeNonQualifie { test, jusquau } => write!(
                f,
                "La qualification PASSI de l’organisme, valable jusqu’au {}, était échue au jour du test, le {}.",
                date_fr(*jusquau),
                date_fr(*test)
            ),
            Self::VersionDifferente { testee, candidature } => {
                write!(f, "La version testée ({testee}) n’est pas celle de la candidature ({candidature}).")
            }
            Self::GraviteHaute { profil, constats, max } => {
                write!(f, "{} de gravité haute, {max} au plus pour {profil}.", points_ko(*constats))
            }
            Self::GraviteMoyenne { profil, constats, max } => {
                write!(f, "{} de gravité moyenne, {max} au plus pour {profil}.", points_ko(*constats))
            }
            Self::GraviteMoyenneAArbitrer { profil, constats, max } => write!(
                f,
                "{} de gravité moyenne pour {profil} : {max} sont admis, et à ce nombre les textes publiés divergent ; \
                 l’agence arbitre.",
                points_ko(*constats)
            ),
            Self::GraviteMoyenneSansSeuil { profil, constats } => write!(
                f,
                "{} de gravité moyenne ; aucun seuil n’est fixé pour {profil}, à apprécier.",
                points_ko(*constats)
            ),
            Self::SansSeuil => f.write_str("Le référentiel ne fixe aucun seuil pour ces profils."),
            Self::ResultatDefavorable => {
                write!(f, "L’auditeur conclut que {}.", Resultat::NePeutPas.libelle())
            }
            Self::ResultatContredit { resultat } => {
                write!(f, "L’auditeur conclut que {}, ce que les compteurs contredisent.", resultat.libelle())
            }
            Self::NonApplicables { points } => {
                let compte =
                    if *points < 2 { "évalué mais non compté" } else { "évalués mais non comptés" };
                write!(f, "{}, {compte}.", points_na(*points))
            }
            Self::NonApplicablesInattendus { points, type_application } => write!(
                f,
                "{} : il n’en est attendu que pour un {}, et non pour ce type ({}).",
                points_na(*points),
                TypeApplication::ClientLourdSimple.libelle(),
                type_application.libelle()
            ),
        }
    }
}

fn points_ko(nombre: u32) -> String {
    format!("{nombre} {} KO", if nombre < 2 { "point" } else { "points" })
}

fn points_na(nombre: u32) -> String {
    format!("{nombre} {}", if nombre < 2 { "point non applicable" } else { "points non applicables" })
}

/// Judges a sheet deposited on the day `depot` for a candidature on `version` with these profiles.
///
/// Only the profiles that have thresholds count; the verdict is that of the most severe.
pub fn juger(
    fiche: &Fiche,
    profils: &[Profil],
    seuils: &Seuils,
    version: &VersionLogiciel,
    depot: Date,
) -> Jugement {
    let mut raisons = Vec::new();
    juger_dates(fiche, depot, &mut raisons);
    if fiche.version != *version {
        raisons
            .push(Raison::VersionDifferente { testee: fiche.version.clone(), candidature: version.clone() });
    }
    let compteurs = juger_compteurs(fiche, profils, seuils);
    let pire = compteurs.iter().map(Raison::effet).max();
    raisons.extend(compteurs);
    let refuse_par_les_compteurs = pire == Some(Effet::Blocage);
    match fiche.resultat {
        Resultat::PeutEtreReferencee if refuse_par_les_compteurs => {
            raisons.push(Raison::ResultatContredit { resultat: fiche.resultat });
        }
        Resultat::PeutEtreReferencee => {}
        Resultat::NePeutPas => {
            raisons.push(Raison::ResultatDefavorable);
            // Where the thresholds leave room, an unfavourable conclusion is as consistent as a favourable one.
            if pire.is_none() {
                raisons.push(Raison::ResultatContredit { resultat: fiche.resultat });
            }
        }
    }
    if fiche.non_applicables > 0 {
        let points = fiche.non_applicables;
        raisons.push(match fiche.type_application {
            TypeApplication::ClientLourdSimple => Raison::NonApplicables { points },
            type_application => Raison::NonApplicablesInattendus { points, type_application },
        });
    }
    let verdict = match raisons.iter().map(Raison::effet).max() {
        Some(Effet::Blocage) => Verdict::NonConforme,
        Some(Effet::Arbitrage) => Verdict::Arbitrage,
        Some(Effet::Remarque | Effet::Information) | None => Verdict::Conforme,
    };
    Jugement { verdict, raisons }
}

fn juger_dates(fiche: &Fiche, depot: Date, raisons: &mut Vec<Raison>) {
    let test = fiche.date_test;
    let un_an = plus_mois(test, MOIS_TEST_INTRUSION);
    if test > depot {
        raisons.push(Raison::ApresLeDepot { test, depot });
    } else if depot >= un_an {
        raisons.push(Raison::TropAncien { test, un_an, depot });
    }
    if fiche.qualification_jusquau < test {
        raisons.push(Raison::OrganismeNonQualifie { test, jusquau: fiche.qualification_jusquau });
    }
}

fn juger_compteurs(fiche: &Fiche, profils: &[Profil], seuils: &Seuils) -> Vec<Raison> {
    let mut raisons = Vec::new();
    let mut sans_seuil = true;
    for &profil in profils {
        let Some(seuil) = seuils.pour(profil) else { continue };
        sans_seuil = false;
        if fiche.ko_haute > seuil.haute_max {
            raisons.push(Raison::GraviteHaute { profil, constats: fiche.ko_haute, max: seuil.haute_max });
        }
        let constats = fiche.ko_moyenne;
        match seuil.moyenne_max {
            None if constats > 0 => raisons.push(Raison::GraviteMoyenneSansSeuil { profil, constats }),
            Some(max) if constats > max => {
                let arbitrage = seuil.moyenne_arbitrage.is_some_and(|limite| constats <= limite);
                raisons.push(if arbitrage {
                    Raison::GraviteMoyenneAArbitrer { profil, constats, max }
                } else {
                    Raison::GraviteMoyenne { profil, constats, max }
                });
            }
            None | Some(_) => {}
        }
    }
    if sans_seuil {
        raisons.push(Raison::SansSeuil);
    }
    raisons
}

impl Jugement {
    /// The advice of the three checks of a test d’intrusion: its age, its version, its results.
    pub fn avis(&self) -> [Avis; 3] {
        [Controle::TiAge, Controle::TiVersion, Controle::TiSeuils].map(|controle| {
            let raisons = self.raisons.iter().filter(|raison| raison.controle() == controle);
            raisons.fold(Avis::conforme(controle), |avis, raison| {
                let verdict = match raison.effet() {
                    Effet::Information => VerdictAvis::Conforme,
                    Effet::Remarque => VerdictAvis::Remarque,
                    Effet::Arbitrage => VerdictAvis::Indetermine,
                    Effet::Blocage => VerdictAvis::NonConforme,
                };
                avis.avec(verdict, raison.to_string())
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::test_intrusion::Seuil;

    fn fiche(haute: u32, moyenne: u32, resultat: Resultat) -> Fiche {
        Fiche {
            application: "Logiciel Exemple".parse().unwrap(),
            version: "2.4.1".parse().unwrap(),
            description: "Dossier patient.".parse().unwrap(),
            type_application: TypeApplication::Web,
            organisme: "Audit Exemple".parse().unwrap(),
            qualification_passi: "12345".parse().unwrap(),
            qualification_jusquau: date(2027, 6, 30),
            auditeur: "Jeanne Martin".parse().unwrap(),
            date_test: date(2026, 9, 1),
            date_signature: date(2026, 9, 15),
            ko_haute: haute,
            ko_moyenne: moyenne,
            non_applicables: 0,
            resultat,
        }
    }

    fn seuils() -> Seuils {
        let mut seuils = Seuils::default();
        seuils.fixer(Profil::ELU, Seuil { haute_max: 0, moyenne_max: Some(9), moyenne_arbitrage: Some(10) });
        seuils.fixer(Profil::ELP, Seuil { haute_max: 0, moyenne_max: None, moyenne_arbitrage: None });
        seuils
    }

    fn jugement(fiche: &Fiche, profils: &[Profil]) -> Jugement {
        juger(fiche, profils, &seuils(), &"2.4.1".parse().unwrap(), date(2026, 11, 21))
    }

    #[test]
    fn findings_are_weighed_against_the_thresholds() {
        use Profil::{ELP, ELU, OpSU};
        use Resultat::{NePeutPas, PeutEtreReferencee as Peut};
        use Verdict::{Arbitrage, Conforme, NonConforme};
        type Cas = (u32, u32, Resultat, &'static [Profil], Verdict, usize);
        let cas: [Cas; 17] = [
            (0, 0, Peut, &[ELU], Conforme, 0),
            (0, 9, Peut, &[ELU], Conforme, 0),
            (0, 10, Peut, &[ELU], Arbitrage, 1),
            (0, 11, NePeutPas, &[ELU], NonConforme, 2),
            (0, 11, Peut, &[ELU], NonConforme, 2),
            (1, 0, NePeutPas, &[ELU], NonConforme, 2),
            (1, 0, Peut, &[ELP], NonConforme, 2),
            (0, 0, Peut, &[ELP], Conforme, 0),
            (0, 50, Peut, &[ELP], Conforme, 1),
            (0, 9, Peut, &[ELU, ELP], Conforme, 1),
            (0, 10, Peut, &[ELP, ELU], Arbitrage, 2),
            (1, 11, Peut, &[ELU, ELP], NonConforme, 5),
            // an unfavourable conclusion never passes, even when nothing explains it
            (0, 0, NePeutPas, &[ELU], NonConforme, 2),
            (0, 10, NePeutPas, &[ELU], NonConforme, 2),
            (0, 3, NePeutPas, &[ELP], NonConforme, 2),
            (0, 0, Peut, &[OpSU], Arbitrage, 1),
            (0, 0, Peut, &[], Arbitrage, 1),
        ];
        for (haute, moyenne, resultat, profils, verdict, raisons) in cas {
            let jugement = jugement(&fiche(haute, moyenne, resultat), profils);
            assert_eq!(
                (jugement.verdict, jugement.raisons.len()),
                (verdict, raisons),
                "{haute} {moyenne} {resultat:?} {profils:?} : {:?}",
                jugement.raisons
            );
        }
    }

    #[test]
    fn the_test_is_less_than_one_year_old_by_calendar() {
        for (test, depot, accepte) in [
            (date(2026, 9, 1), date(2026, 9, 1), true),
            (date(2025, 11, 22), date(2026, 11, 21), true),
            (date(2025, 11, 21), date(2026, 11, 21), false),
            (date(2025, 11, 20), date(2026, 11, 21), false),
            (date(2024, 2, 29), date(2025, 2, 27), true),
            (date(2024, 2, 29), date(2025, 2, 28), false),
            (date(2026, 11, 22), date(2026, 11, 21), false),
        ] {
            let fiche = Fiche { date_test: test, ..fiche(0, 0, Resultat::PeutEtreReferencee) };
            let jugement = juger(&fiche, &[Profil::ELU], &seuils(), &fiche.version, depot);
            assert_eq!(jugement.verdict == Verdict::Conforme, accepte, "{test} déposé le {depot}");
        }
    }

    #[test]
    fn exactly_one_year_old_is_said_so() {
        let fiche = Fiche { date_test: date(2025, 11, 21), ..fiche(0, 0, Resultat::PeutEtreReferencee) };
        let jugement = juger(&fiche, &[Profil::ELU], &seuils(), &fiche.version, date(2026, 11, 21));
        assert!(jugement.raisons[0].to_string().contains("exactement un an"), "{:?}", jugement.raisons);
        let plus_tard = juger(&fiche, &[Profil::ELU], &seuils(), &fiche.version, date(2026, 11, 22));
        assert!(
            plus_tard.raisons[0].to_string().contains("avant le 21 novembre 2026"),
            "{:?}",
            plus_tard.raisons
        );
    }

    #[test]
    fn version_organisme_and_points_not_applicable_are_told() {
        let bonne = fiche(0, 0, Resultat::PeutEtreReferencee);
        let autre_version = Fiche { version: "2.4".parse().unwrap(), ..bonne.clone() };
        let echue = Fiche { qualification_jusquau: date(2026, 8, 31), ..bonne.clone() };
        let na = Fiche { non_applicables: 4, ..bonne.clone() };
        let na_client_lourd = Fiche { type_application: TypeApplication::ClientLourdSimple, ..na.clone() };
        for (fiche, verdict, effet, texte) in [
            (
                autre_version,
                Verdict::NonConforme,
                Effet::Blocage,
                "(2.4) n’est pas celle de la candidature (2.4.1)",
            ),
            (echue, Verdict::NonConforme, Effet::Blocage, "échue au jour du test"),
            (na, Verdict::Conforme, Effet::Remarque, "application web"),
            (na_client_lourd, Verdict::Conforme, Effet::Information, "non compté"),
        ] {
            let jugement = jugement(&fiche, &[Profil::ELU]);
            let [raison] = jugement.raisons.as_slice() else { panic!("{:?}", jugement.raisons) };
            assert_eq!((jugement.verdict, raison.effet()), (verdict, effet), "{raison}");
            assert!(raison.to_string().contains(texte), "{raison}");
        }
    }

    #[test]
    fn the_three_checks_share_the_reasons() {
        let fiche = Fiche { version: "3".parse().unwrap(), ..fiche(0, 10, Resultat::PeutEtreReferencee) };
        let avis = jugement(&fiche, &[Profil::ELU]).avis();
        let verdicts = avis.each_ref().map(|avis| (avis.controle, avis.verdict, avis.raisons.len()));
        assert_eq!(
            verdicts,
            [
                (Controle::TiAge, VerdictAvis::Conforme, 0),
                (Controle::TiVersion, VerdictAvis::NonConforme, 1),
                (Controle::TiSeuils, VerdictAvis::Indetermine, 1),
            ]
        );
    }
}
