//! The calendar of the trust space: how long things last, when somebody is reminded, and how dates are written.
//!
//! Rule: a delay counts in civil months of Paris, whatever the hour of the act. What starts on the 31st ends on the
//! last day of a shorter month, and is valid through 23:59:59 Europe/Paris of its last day.

use std::{fmt, str::FromStr, sync::LazyLock};

use jiff::{
    Span, Timestamp,
    civil::Date,
    tz::{TimeZone, TimeZoneDatabase},
};
use serde::{Deserialize, Serialize};

/// Months of an autorisation d’accès aux environnements de test.
pub const MOIS_AUTORISATION: u32 = 3;
/// Months of a habilitation.
pub const MOIS_HABILITATION: u32 = 36;
/// Months during which a test d’intrusion may be deposited.
pub const MOIS_TEST_INTRUSION: u32 = 12;

/// Reminders before the end of an autorisation d’accès, in the order in which they fall due.
pub const RAPPELS_AUTORISATION: [Rappel; 4] =
    [Rappel::Jours(30), Rappel::Jours(15), Rappel::Jours(7), Rappel::Jours(1)];
/// Reminders before the end of a habilitation, in the order in which they fall due.
pub const RAPPELS_HABILITATION: [Rappel; 6] = [
    Rappel::Mois(12),
    Rappel::Mois(6),
    Rappel::Mois(3),
    Rappel::Jours(60),
    Rappel::Jours(30),
    Rappel::Jours(7),
];
/// Reminders before the end of a preuve (certificate, test d’intrusion), in the order in which they fall due.
pub const RAPPELS_PREUVE: [Rappel; 3] = [Rappel::Jours(60), Rappel::Jours(30), Rappel::Jours(7)];
/// Reminders before what an audit expects of the holder, in the order in which they fall due.
pub const RAPPELS_AUDIT: [Rappel; 2] = [Rappel::Jours(7), Rappel::Jours(1)];

const MOIS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

// The bundled database, not the machine's: the end of a habilitation must not depend on where the portal runs.
static PARIS: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZoneDatabase::bundled().get("Europe/Paris").expect("the time zone database is compiled in")
});

/// The date in Paris at this instant.
pub fn jour(le: Timestamp) -> Date {
    le.to_zoned(PARIS.clone()).date()
}

/// The same day number `mois` months later, or the last day of that month when it is shorter.
///
/// Saturates at the last date that can be represented (year 9999).
pub fn plus_mois(date: Date, mois: u32) -> Date {
    Span::new().try_months(mois).map_or(Date::MAX, |duree| date.saturating_add(duree))
}

/// When something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fin {
    /// The last day of validity, in Paris.
    pub date: Date,
    /// 23:59:59 Europe/Paris on that day.
    pub instant: Timestamp,
}

impl Fin {
    /// The end of that day in Paris.
    pub fn au_soir_du(date: Date) -> Self {
        let instant =
            date.at(23, 59, 59, 0).to_zoned(PARIS.clone()).map_or(Timestamp::MAX, |soir| soir.timestamp());
        Self { date, instant }
    }

    pub fn est_passee(self, le: Timestamp) -> bool {
        jour(le) > self.date
    }
}

/// The end of what starts at `debut` and lasts `mois` months.
pub fn fin_de_validite(debut: Timestamp, mois: u32) -> Fin {
    Fin::au_soir_du(plus_mois(jour(debut), mois))
}

/// Days from `le` to the last day, both in Paris: 0 on the last day itself, negative once it is past.
pub fn jours_restants(le: Timestamp, fin: Fin) -> i32 {
    jour(le).until(fin.date).map_or(0, |ecart| ecart.get_days())
}

/// How long before an end somebody is reminded of it. Written « M-12 » or « J-30 ».
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Rappel {
    Mois(u16),
    Jours(u16),
}

impl Rappel {
    /// The day from which this reminder is due.
    pub fn echeance(self, fin: Fin) -> Date {
        let avance = match self {
            Self::Mois(mois) => Span::new().try_months(mois),
            Self::Jours(jours) => Span::new().try_days(jours),
        };
        avance.map_or(Date::MIN, |avance| fin.date.saturating_sub(avance))
    }
}

impl fmt::Display for Rappel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mois(mois) => write!(f, "M-{mois}"),
            Self::Jours(jours) => write!(f, "J-{jours}"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("un rappel s’écrit « M-12 » (mois) ou « J-30 » (jours)")]
pub struct RappelIllisible;

impl FromStr for Rappel {
    type Err = RappelIllisible;

    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        let (unite, nombre) = texte.split_once('-').ok_or(RappelIllisible)?;
        let nombre = nombre.parse().map_err(|_| RappelIllisible)?;
        match unite {
            "M" => Ok(Self::Mois(nombre)),
            "J" => Ok(Self::Jours(nombre)),
            _ => Err(RappelIllisible),
        }
    }
}

impl TryFrom<String> for Rappel {
    type Error = RappelIllisible;

    fn try_from(texte: String) -> Result<Self, Self::Error> {
        texte.parse()
    }
}

impl From<Rappel> for String {
    fn from(rappel: Rappel) -> Self {
        rappel.to_string()
    }
}

/// The reminder to send now, if any: the latest of `rappels` whose day has come, unless it or a later one was already
/// sent. Reminders that were missed are not sent afterwards in a burst; nothing is due once the end is past.
///
/// `rappels` is in the order in which they fall due; `dernier` is the last one sent.
pub fn rappel_du(rappels: &[Rappel], fin: Fin, dernier: Option<Rappel>, le: Timestamp) -> Option<Rappel> {
    if fin.est_passee(le) {
        return None;
    }
    let aujourdhui = jour(le);
    let atteint = rappels.iter().rposition(|rappel| rappel.echeance(fin) <= aujourdhui)?;
    let envoye = dernier.and_then(|dernier| rappels.iter().position(|rappel| *rappel == dernier));
    (envoye < Some(atteint)).then(|| rappels[atteint])
}

/// « 21 novembre 2026 », « 1er mai 2025 ».
pub fn date_fr(date: Date) -> String {
    let mois = MOIS[usize::from(date.month().unsigned_abs()) - 1];
    match date.day() {
        1 => format!("1er {mois} {}", date.year()),
        jour => format!("{jour} {mois} {}", date.year()),
    }
}

/// « 21/11/2026 ».
pub fn date_courte(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year())
}

/// « 21/11/2026 à 14 h 32 », in Paris.
pub fn date_heure_fr(le: Timestamp) -> String {
    let paris = le.to_zoned(PARIS.clone());
    format!("{} à {} h {:02}", date_courte(paris.date()), paris.hour(), paris.minute())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("La date s’écrit 21/11/2026 ou 2026-11-21, et doit exister dans le calendrier.")]
pub struct DateIllisible;

/// Reads a date as a form sends it (2026-11-21) or as people write it (21/11/2026).
pub fn lire_date(texte: &str) -> Result<Date, DateIllisible> {
    let texte = texte.trim();
    let (separateur, ordre) = if texte.contains('/') { ('/', [2, 1, 0]) } else { ('-', [0, 1, 2]) };
    let morceaux: Vec<&str> = texte.split(separateur).collect();
    let &[_, _, _] = morceaux.as_slice() else { return Err(DateIllisible) };
    let [annee, mois, jour] = ordre.map(|rang| morceaux[rang]);
    let chiffres = |morceau: &str| morceau.bytes().all(|octet| octet.is_ascii_digit());
    if annee.len() != 4 || ![annee, mois, jour].into_iter().all(chiffres) {
        return Err(DateIllisible);
    }
    let annee = annee.parse().map_err(|_| DateIllisible)?;
    let mois = mois.parse().map_err(|_| DateIllisible)?;
    let jour = jour.parse().map_err(|_| DateIllisible)?;
    Date::new(annee, mois, jour).map_err(|_| DateIllisible)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn instant(texte: &str) -> Timestamp {
        texte.parse().unwrap()
    }

    #[test]
    fn months_are_added_by_calendar_and_clamped_to_the_month() {
        for (depart, mois, arrivee) in [
            (date(2026, 11, 21), 3, date(2027, 2, 21)),
            (date(2026, 11, 30), 3, date(2027, 2, 28)),
            (date(2027, 11, 30), 3, date(2028, 2, 29)),
            (date(2026, 1, 31), 1, date(2026, 2, 28)),
            (date(2024, 2, 29), 12, date(2025, 2, 28)),
            (date(2026, 11, 21), 36, date(2029, 11, 21)),
            (date(2026, 12, 31), 0, date(2026, 12, 31)),
            (date(2026, 12, 31), u32::MAX, Date::MAX),
        ] {
            assert_eq!(plus_mois(depart, mois), arrivee, "{depart} + {mois} mois");
        }
    }

    #[test]
    fn validity_ends_in_the_evening_in_paris() {
        for (debut, mois, dernier_jour, dernier_instant) in [
            // winter time, UTC+1
            ("2026-11-21T09:00:00Z", 3, date(2027, 2, 21), "2027-02-21T22:59:59Z"),
            // summer time, UTC+2
            ("2026-03-15T09:00:00Z", 3, date(2026, 6, 15), "2026-06-15T21:59:59Z"),
            // 23:30 UTC is already the next day in Paris
            ("2026-11-29T23:30:00Z", 3, date(2027, 2, 28), "2027-02-28T22:59:59Z"),
            ("2024-02-29T12:00:00Z", 36, date(2027, 2, 28), "2027-02-28T22:59:59Z"),
        ] {
            let fin = fin_de_validite(instant(debut), mois);
            assert_eq!(fin, Fin { date: dernier_jour, instant: instant(dernier_instant) }, "{debut}");
            assert!(!fin.est_passee(fin.instant));
            assert!(!fin.est_passee(fin.instant + jiff::SignedDuration::from_millis(999)));
            assert!(fin.est_passee(fin.instant + jiff::SignedDuration::from_secs(1)));
        }
        let lointaine = fin_de_validite(instant("2026-11-21T09:00:00Z"), u32::MAX);
        assert_eq!(lointaine.instant, Timestamp::MAX);
    }

    #[test]
    fn days_left_are_counted_between_days_of_paris() {
        let fin = Fin::au_soir_du(date(2027, 2, 21));
        for (le, jours) in [
            ("2026-11-21T09:00:00Z", 92),
            ("2027-02-20T22:59:59Z", 1),
            ("2027-02-20T23:00:00Z", 0),
            ("2027-02-21T22:59:59Z", 0),
            ("2027-02-21T23:00:00Z", -1),
        ] {
            assert_eq!(jours_restants(instant(le), fin), jours, "{le}");
        }
    }

    #[test]
    fn one_reminder_is_due_and_never_twice() {
        let fin = Fin::au_soir_du(date(2029, 11, 21));
        for (le, dernier, attendu) in [
            ("2028-11-20T12:00:00Z", None, None),
            ("2028-11-21T12:00:00Z", None, Some("M-12")),
            ("2028-11-22T12:00:00Z", Some("M-12"), None),
            ("2029-05-21T12:00:00Z", Some("M-12"), Some("M-6")),
            ("2029-08-21T12:00:00Z", Some("M-6"), Some("M-3")),
            ("2029-09-22T12:00:00Z", Some("M-3"), Some("J-60")),
            // the portal slept for months: one reminder, the latest
            ("2029-10-25T12:00:00Z", Some("M-12"), Some("J-30")),
            ("2029-11-21T12:00:00Z", Some("J-30"), Some("J-7")),
            ("2029-11-21T22:59:59Z", Some("J-7"), None),
            ("2029-11-22T12:00:00Z", Some("J-30"), None),
        ] {
            let dernier = dernier.map(|texte: &str| texte.parse().unwrap());
            let du = rappel_du(&RAPPELS_HABILITATION, fin, dernier, instant(le));
            assert_eq!(du.map(|rappel| rappel.to_string()).as_deref(), attendu, "{le}");
        }
        let fin = Fin::au_soir_du(date(2027, 2, 21));
        let veille =
            rappel_du(&RAPPELS_AUTORISATION, fin, Some(Rappel::Jours(7)), instant("2027-02-20T08:00:00Z"));
        assert_eq!(veille, Some(Rappel::Jours(1)));
    }

    #[test]
    fn reminders_are_kept_as_text() {
        assert_eq!(serde_json::to_string(&Rappel::Mois(12)).unwrap(), "\"M-12\"");
        assert_eq!(serde_json::from_str::<Rappel>("\"J-7\"").unwrap(), Rappel::Jours(7));
        for illisible in ["", "J", "J-", "X-3", "J--3", "M-99999"] {
            assert_eq!(illisible.parse::<Rappel>(), Err(RappelIllisible), "{illisible}");
        }
    }

    #[test]
    fn dates_are_written_in_french() {
        assert_eq!(date_fr(date(2026, 11, 21)), "21 novembre 2026");
        assert_eq!(date_fr(date(2026, 5, 1)), "1er mai 2026");
        assert_eq!(date_courte(date(2026, 5, 1)), "01/05/2026");
        assert_eq!(date_heure_fr(instant("2026-11-21T13:32:59Z")), "21/11/2026 à 14 h 32");
        assert_eq!(date_heure_fr(instant("2026-07-14T22:05:00Z")), "15/07/2026 à 0 h 05");
    }

    #[test]
    fn dates_are_read_from_forms_and_people() {
        for texte in ["2026-11-21", "21/11/2026", " 21/11/2026 "] {
            assert_eq!(lire_date(texte), Ok(date(2026, 11, 21)), "{texte}");
        }
        assert_eq!(lire_date("1/5/2026"), Ok(date(2026, 5, 1)));
        for texte in
            ["", "2026", "2026-02-30", "31/04/2026", "21/11/26", "2026-11-21T00:00", "-026-11-21", "a/b/2026"]
        {
            assert_eq!(lire_date(texte), Err(DateIllisible), "{texte}");
        }
    }
}
