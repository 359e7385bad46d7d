//! The forms of a date in a PDF: for its fields, and in words for people.

use jiff::{Timestamp, Zoned, tz::TimeZone};
use krilla::metadata::DateTime;

/// Paris time by its rule since 1996, written out so that a machine without a time zone database says the same day.
const PARIS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

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

fn paris(le: Timestamp) -> Zoned {
    le.to_zoned(TimeZone::posix(PARIS).unwrap_or(TimeZone::UTC))
}

/// `Le 1er janvier 2027`, day of Paris.
pub(crate) fn jour(le: Timestamp) -> String {
    let z = paris(le);
    let mois = usize::try_from(z.month() - 1).ok().and_then(|m| MOIS.get(m)).unwrap_or(&"");
    let jour = if z.day() == 1 { "1er".to_owned() } else { z.day().to_string() };
    format!("Le {jour}\u{a0}{mois}\u{a0}{}", z.year())
}

/// The date as the rendering library wants it, in UTC.
pub(crate) fn pdf(le: Timestamp) -> DateTime {
    let z = le.to_zoned(TimeZone::UTC);
    let petit = |v: i8| u8::try_from(v).unwrap_or(0);
    DateTime::new(u16::try_from(z.year()).unwrap_or(0))
        .month(petit(z.month()))
        .day(petit(z.day()))
        .hour(petit(z.hour()))
        .minute(petit(z.minute()))
        .second(petit(z.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn le_jour_est_celui_de_paris() {
        let cas = [
            ("2026-12-31T22:59:59Z", "Le 31\u{a0}décembre\u{a0}2026"),
            ("2026-12-31T23:00:00Z", "Le 1er\u{a0}janvier\u{a0}2027"),
            ("2026-07-14T22:30:00Z", "Le 15\u{a0}juillet\u{a0}2026"),
        ];
        for (le, attendu) in cas {
            assert_eq!(jour(le.parse().unwrap()), attendu);
        }
    }
}
