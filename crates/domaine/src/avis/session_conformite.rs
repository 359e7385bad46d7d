//! The report of a session of the outil de conformité.
//!
//! Rule: the session is finished **and** each mandatory test is a success: a session may well be finished with a test
//! that failed. Only a session of type APPROVAL counts fully. Such a report is not signed: it advises, no more.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
};
use serde::{Deserialize, Deserializer};

use super::{Avis, Illisible, VerdictAvis, citer, compter, exemples, json, texte};
use crate::{
    calendrier::{date_fr, jour},
    identifiant::ClientId,
    referentiel::Controle,
};

/// The report, in JSON. Names are those that the tool shows, with the variants seen in its exports.
#[derive(Clone, Debug, Deserialize)]
struct Rapport {
    #[serde(default, alias = "uuidSession", alias = "id")]
    uuid: String,
    #[serde(alias = "sessionStatus")]
    status: String,
    #[serde(default, rename = "type", alias = "sessionType")]
    genre: Option<String>,
    #[serde(default, alias = "dataExecution", alias = "executionDate", rename = "dateExecution")]
    #[serde(deserialize_with = "quand")]
    date: Option<Date>,
    #[serde(default, rename = "clientId", alias = "clientID", alias = "client_id")]
    client_id: Option<String>,
    #[serde(alias = "resultats", alias = "results", alias = "projectResults")]
    tests: Vec<Test>,
}

/// One test of the session.
#[derive(Clone, Debug, Deserialize)]
struct Test {
    #[serde(default, alias = "nom")]
    name: String,
    status: String,
    #[serde(default = "oui", alias = "mandatory")]
    obligatoire: bool,
}

fn oui() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Quand {
    /// Milliseconds since 1970.
    Millisecondes(i64),
    Texte(String),
    Absent(()),
}

/// A date is written as milliseconds, as ISO 8601 or as `25-10-2024 15:19:21`. One that is not understood is absent.
fn quand<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Date>, D::Error> {
    Ok(match Quand::deserialize(d)? {
        Quand::Millisecondes(ms) => Timestamp::from_millisecond(ms).ok().map(jour),
        Quand::Texte(texte) => lire_date(texte.trim()),
        Quand::Absent(()) => None,
    })
}

fn lire_date(texte: &str) -> Option<Date> {
    if let Ok(instant) = texte.parse::<Timestamp>() {
        return Some(jour(instant));
    }
    if let Ok(date) = texte.parse::<DateTime>() {
        return Some(date.date());
    }
    DateTime::strptime("%d-%m-%Y %H:%M:%S", texte).ok().map(DateTime::date)
}

/// The advice on the bytes of a report, deposited at that instant for that Client ID.
pub fn controler(octets: &[u8], client_id: &ClientId, le: Timestamp) -> Avis {
    match lire(octets) {
        Ok(rapport) => juger(&rapport, client_id, le),
        Err(raison) => Avis::illisible(Controle::PlatinesSession, raison),
    }
}

fn lire(octets: &[u8]) -> Result<Rapport, Illisible> {
    json(texte(octets)?)
}

fn juger(rapport: &Rapport, client_id: &ClientId, le: Timestamp) -> Avis {
    let mut avis = Avis::conforme(Controle::PlatinesSession);
    avis = avis.avec(VerdictAvis::Conforme, resume(rapport));
    if rapport.status != "FINISHED" {
        let texte = format!("La session n’est pas terminée (état {}).", citer(&rapport.status));
        avis = avis.avec(VerdictAvis::NonConforme, texte);
    }
    if !rapport.tests.iter().any(|test| test.obligatoire) {
        avis = avis.avec(VerdictAvis::NonConforme, "Le rapport ne contient aucun test obligatoire.");
    }
    let echecs = |obligatoire| {
        let noms = rapport
            .tests
            .iter()
            .filter(move |test| test.obligatoire == obligatoire && test.status != "SUCCESS");
        noms.map(|test| format!("{} ({})", citer(&test.name), citer(&test.status))).collect::<Vec<_>>()
    };
    let obligatoires = echecs(true);
    if !obligatoires.is_empty() {
        let liste = exemples(obligatoires.iter().map(String::as_str));
        avis = avis.avec(VerdictAvis::NonConforme, format!("Tests obligatoires sans succès : {liste}."));
    }
    let facultatifs = echecs(false);
    if !facultatifs.is_empty() {
        let liste = exemples(facultatifs.iter().map(String::as_str));
        avis = avis.avec(VerdictAvis::Remarque, format!("Tests facultatifs sans succès : {liste}."));
    }
    avis = match rapport.genre.as_deref() {
        Some("APPROVAL") => avis,
        Some(autre) => {
            let texte =
                format!("Session de type {} : seul le type APPROVAL compte pleinement.", citer(autre));
            avis.avec(VerdictAvis::Remarque, texte)
        }
        None => avis.avec(VerdictAvis::Remarque, "Le type de la session n’est pas indiqué."),
    };
    avis = match rapport.client_id.as_deref() {
        Some(recu) if recu == client_id.as_str() => avis,
        Some(recu) => {
            let texte =
                format!("Le client ({}) n’est pas le Client ID du formulaire ({client_id}).", citer(recu));
            avis.avec(VerdictAvis::NonConforme, texte)
        }
        None => avis.avec(VerdictAvis::Remarque, "Le Client ID n’est pas indiqué : à comparer à la main."),
    };
    match rapport.date {
        Some(date) if date > jour(le) => avis.avec(
            VerdictAvis::NonConforme,
            format!("La session est datée du {}, dans le futur.", date_fr(date)),
        ),
        Some(_) => avis,
        None => avis.avec(VerdictAvis::Remarque, "La date d’exécution n’est pas indiquée ou pas lisible."),
    }
}

fn resume(rapport: &Rapport) -> String {
    let reussis = rapport.tests.iter().filter(|test| test.status == "SUCCESS").count();
    let reussis = compter(reussis, "test réussi", "tests réussis");
    let date = rapport.date.map(|date| format!(" du {}", date_fr(date))).unwrap_or_default();
    format!("Session {}{date} : {reussis} sur {}.", citer(&rapport.uuid), rapport.tests.len())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rapport() -> Value {
        json!({
            "uuid": "38c38465", "status": "FINISHED", "type": "APPROVAL", "dataExecution": "25-10-2026 15:19:21",
            "timeTaken": 7405, "proprietaire": "Jeanne Martin", "clientId": "proxy-exemple",
            "tests": [
                { "name": "connexion", "status": "SUCCESS", "executionTime": 383, "projectId": 12 },
                { "name": "déconnexion", "status": "SUCCESS", "obligatoire": true },
            ],
        })
    }

    #[test]
    fn finished_is_not_enough() {
        use VerdictAvis::{Conforme, NonConforme, Remarque};
        type Change = fn(&mut Value);
        let cas: [(Change, VerdictAvis, &str); 15] = [
            (|_| {}, Conforme, "Session 38c38465 du 25 octobre 2026 : 2 tests réussis sur 2."),
            (|r| r["tests"][0]["status"] = json!("FAILURE"), NonConforme, "connexion (FAILURE)"),
            (|r| r["tests"][0]["status"] = json!("NONEXECUTE"), NonConforme, "connexion (NONEXECUTE)"),
            (|r| r["status"] = json!("PENDING"), NonConforme, "pas terminée (état PENDING)"),
            (|r| r["tests"] = json!([]), NonConforme, "aucun test obligatoire"),
            (
                |r| r["tests"][1] = json!({ "name": "x", "status": "ERROR", "obligatoire": false }),
                Remarque,
                "facultatifs sans succès : x (ERROR)",
            ),
            (|r| r["type"] = json!("SANDBOX"), Remarque, "type SANDBOX"),
            (|r| r["type"] = Value::Null, Remarque, "n’est pas indiqué"),
            (|r| r["clientId"] = json!("autre"), NonConforme, "(autre)"),
            (|r| r["clientId"] = Value::Null, Remarque, "à comparer"),
            (|r| r["dataExecution"] = json!("25-12-2026 00:00:00"), NonConforme, "dans le futur"),
            (|r| r["dataExecution"] = json!(1_792_934_361_000_i64), Conforme, "2026"),
            (|r| r["dataExecution"] = json!("2026-10-25T15:19:21Z"), Conforme, "25 octobre 2026"),
            (|r| r["dataExecution"] = json!("hier"), Remarque, "pas lisible"),
            (|r| r["status"] = json!(1), NonConforme, "forme attendue"),
        ];
        for (change, verdict, texte) in cas {
            let mut rapport = rapport();
            change(&mut rapport);
            let le = "2026-11-21T12:00:00Z".parse().unwrap();
            let avis = controler(rapport.to_string().as_bytes(), &"proxy-exemple".parse().unwrap(), le);
            assert_eq!(avis.verdict, verdict, "{texte} : {avis:?}");
            assert!(avis.raisons.join(" ").contains(texte), "{texte} : {avis:?}");
        }
    }
}
