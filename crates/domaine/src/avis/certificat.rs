//! Whether a certificate is the one that Pro Santé Connect expects of this Client ID.
//!
//! Rule: the CN is the Client ID, character for character; the certificate is in force, made for client
//! authentication, and issued by the IGC-Santé of the environment. The chain itself is verified where the roots are.

use jiff::Timestamp;

use super::{Avis, VerdictAvis, citer};
use crate::{
    calendrier::{Fin, date_fr, jour, jours_restants},
    identifiant::ClientId,
    referentiel::Controle,
};

/// From how many days before its end a certificate should be renewed.
const JOURS_AVANT_FIN: i32 = 60;

/// What was read from a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faits {
    /// The CN of the subject, when there is exactly one.
    pub cn: Option<String>,
    pub debut: Timestamp,
    pub fin: Timestamp,
    /// Whether the extended key usage allows client authentication (RFC 5280 §4.2.1.12).
    pub client_auth: bool,
    /// The issuer, as text.
    pub emetteur: String,
}

/// Where the certificate is to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environnement {
    BacASable,
    Production,
}

/// The advice on these facts at that instant.
pub fn controler(faits: &Faits, client_id: &ClientId, environnement: Environnement, le: Timestamp) -> Avis {
    let mut avis = Avis::conforme(Controle::CertCn);
    match faits.cn.as_deref() {
        Some(cn) if cn == client_id.as_str() => {}
        Some(cn) => {
            let texte = format!("Le CN du certificat ({}) n’est pas le Client ID ({client_id}).", citer(cn));
            avis = avis.avec(VerdictAvis::NonConforme, texte);
        }
        None => avis = avis.avec(VerdictAvis::NonConforme, "Le certificat n’a pas un CN unique."),
    }
    let fin = Fin { date: jour(faits.fin), instant: faits.fin };
    if le < faits.debut {
        let texte = format!("Le certificat ne sera valable qu’à partir du {}.", date_fr(jour(faits.debut)));
        avis = avis.avec(VerdictAvis::NonConforme, texte);
    } else if le > faits.fin {
        avis =
            avis.avec(VerdictAvis::NonConforme, format!("Le certificat a expiré le {}.", date_fr(fin.date)));
    } else if jours_restants(le, fin) <= JOURS_AVANT_FIN {
        let texte = format!("Le certificat expire le {}.", date_fr(fin.date));
        avis = avis.avec(VerdictAvis::Remarque, texte);
    }
    if !faits.client_auth {
        let texte = "Le certificat n’est pas prévu pour l’authentification d’un client (clientAuth).";
        avis = avis.avec(VerdictAvis::NonConforme, texte);
    }
    controler_emetteur(avis, &faits.emetteur, environnement)
}

fn controler_emetteur(avis: Avis, emetteur: &str, environnement: Environnement) -> Avis {
    let nom = emetteur.to_uppercase().replace('É', "E");
    if !nom.contains("IGC-SANTE") {
        let texte = format!("L’émetteur ({}) n’est pas l’IGC-Santé.", citer(emetteur));
        return avis.avec(VerdictAvis::NonConforme, texte);
    }
    match (environnement, nom.contains("TEST")) {
        (Environnement::BacASable, true) | (Environnement::Production, false) => avis,
        (Environnement::BacASable, false) => avis
            .avec(VerdictAvis::Remarque, "C’est un certificat de production, employé pour le bac à sable."),
        (Environnement::Production, true) => {
            avis.avec(VerdictAvis::NonConforme, "C’est un certificat de test, qui ne vaut pas en production.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fact_is_checked() {
        use Environnement::{BacASable, Production};
        use VerdictAvis::{Conforme, NonConforme, Remarque};
        type Change = fn(&mut Faits);
        let test = "CN=TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS, O=ASIP-SANTE";
        let cas: [(Change, Environnement, VerdictAvis, &str); 11] = [
            (|_| {}, BacASable, Conforme, ""),
            (|f| f.emetteur = f.emetteur.replace("SANTE", "Santé"), BacASable, Conforme, ""),
            (|_| {}, Production, NonConforme, "certificat de test"),
            (|f| f.emetteur = f.emetteur.replace("TEST ", ""), BacASable, Remarque, "production"),
            (|f| f.emetteur = f.emetteur.replace("TEST ", ""), Production, Conforme, ""),
            (|f| f.emetteur = "CN=Autre".to_owned(), BacASable, NonConforme, "(CN=Autre)"),
            (
                |f| f.cn = Some("Logiciel-exemple".to_owned()),
                BacASable,
                NonConforme,
                "n’est pas le Client ID",
            ),
            (|f| f.cn = None, BacASable, NonConforme, "CN unique"),
            (
                |f| f.fin = "2026-11-20T00:00:00Z".parse().unwrap(),
                BacASable,
                NonConforme,
                "expiré le 20 novembre 2026",
            ),
            (
                |f| f.fin = "2027-01-20T12:00:00Z".parse().unwrap(),
                BacASable,
                Remarque,
                "Le certificat expire le 20 janvier 2027.",
            ),
            (|f| f.client_auth = false, BacASable, NonConforme, "clientAuth"),
        ];
        for (change, environnement, verdict, texte) in cas {
            let mut faits = Faits {
                cn: Some("logiciel-exemple".to_owned()),
                debut: "2026-01-01T00:00:00Z".parse().unwrap(),
                fin: "2028-12-31T00:00:00Z".parse().unwrap(),
                client_auth: true,
                emetteur: test.to_owned(),
            };
            change(&mut faits);
            let le = "2026-11-21T12:00:00Z".parse().unwrap();
            let avis = controler(&faits, &"logiciel-exemple".parse().unwrap(), environnement, le);
            assert_eq!(avis.verdict, verdict, "{texte} : {avis:?}");
            assert!(avis.raisons.join(" ").contains(texte), "{avis:?}");
        }
    }

    #[test]
    fn a_certificate_of_tomorrow_is_not_valid_today() {
        let faits = Faits {
            cn: Some("logiciel-exemple".to_owned()),
            debut: "2026-11-22T00:00:00Z".parse().unwrap(),
            fin: "2028-12-31T00:00:00Z".parse().unwrap(),
            client_auth: true,
            emetteur: "CN=TEST AC IGC-SANTE".to_owned(),
        };
        let le = "2026-11-21T12:00:00Z".parse().unwrap();
        let avis = controler(&faits, &"logiciel-exemple".parse().unwrap(), Environnement::BacASable, le);
        assert_eq!(avis.verdict, VerdictAvis::NonConforme);
    }
}
