//! The session data that the test API signs: the proof that a call really went through the proxy to the API.
//!
//! Rule: the four fields that the proxy sent come back with a signature, and the client is the one of the form. The
//! signature is verified where the key of the test API is, so the best advice here is « à vérifier ».

use serde::Deserialize;

use super::{Avis, Illisible, VerdictAvis, citer, json, texte};
use crate::{identifiant::ClientId, referentiel::Controle};

/// Far above a real answer, a few hundred bytes.
const TAILLE_MAX: usize = 64 << 10;

/// The answer of the test API, before its signature is verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DonneesSession {
    #[serde(rename = "nationalId")]
    pub national_id: String,
    #[serde(rename = "clientID")]
    pub client_id: String,
    pub proxy_session_id: String,
    pub session_state: String,
    pub signature: String,
}

impl DonneesSession {
    /// Reads the JSON of the answer; `None` when it is not such an object.
    pub fn lire(octets: &[u8]) -> Option<Self> {
        lire(octets).ok()
    }
}

fn lire(octets: &[u8]) -> Result<DonneesSession, Illisible> {
    if octets.len() > TAILLE_MAX {
        return Err(Illisible::TropGros);
    }
    json(texte(octets)?)
}

/// The advice on these bytes for that Client ID. Values that identify a person are never repeated.
pub fn controler(octets: &[u8], client_id: &ClientId) -> Avis {
    let donnees = match lire(octets) {
        Ok(donnees) => donnees,
        Err(raison) => return Avis::illisible(Controle::SessionSignee, raison),
    };
    let champs = [
        ("nationalId", &donnees.national_id),
        ("clientID", &donnees.client_id),
        ("proxy_session_id", &donnees.proxy_session_id),
        ("session_state", &donnees.session_state),
        ("signature", &donnees.signature),
    ];
    let manquants: Vec<&str> =
        champs.into_iter().filter(|(_, valeur)| valeur.trim().is_empty()).map(|(nom, _)| nom).collect();
    let mut avis = Avis::conforme(Controle::SessionSignee);
    if !manquants.is_empty() {
        avis = avis.avec(VerdictAvis::NonConforme, format!("Il manque : {}.", manquants.join(", ")));
    }
    if !donnees.client_id.trim().is_empty() && donnees.client_id != client_id.as_str() {
        let recu = citer(&donnees.client_id);
        let texte = format!("Le champ clientID ({recu}) n’est pas le Client ID du formulaire ({client_id}).");
        avis = avis.avec(VerdictAvis::NonConforme, texte);
    }
    if avis.verdict == VerdictAvis::Conforme {
        avis = avis.avec(VerdictAvis::Indetermine, "Les champs concordent ; la signature reste à vérifier.");
    }
    avis
}

#[cfg(test)]
mod tests {
    use super::*;

    const BON: &str = r#"{"nationalId":"899700218896","clientID":"proxy-exemple","proxy_session_id":"7d2f",
        "session_state":"b1c0","signature":"c2lnbmF0dXJl"}"#;

    #[test]
    fn fields_are_present_and_the_client_is_the_one_of_the_form() {
        let sans_signature = BON.replace("c2lnbmF0dXJl", " ");
        let autre = BON.replace("proxy-exemple", "autre");
        let casse = BON.replace("clientID", "clientId");
        for (octets, verdict, texte) in [
            (BON, VerdictAvis::Indetermine, "la signature reste à vérifier"),
            (&sans_signature, VerdictAvis::NonConforme, "Il manque : signature."),
            (&autre, VerdictAvis::NonConforme, "(autre) n’est pas le Client ID"),
            (&casse, VerdictAvis::NonConforme, "Il manque : clientID."),
            (
                "{}",
                VerdictAvis::NonConforme,
                "nationalId, clientID, proxy_session_id, session_state, signature",
            ),
            ("[]", VerdictAvis::NonConforme, "forme attendue"),
            (r#"{"nationalId":1}"#, VerdictAvis::NonConforme, "forme attendue"),
            ("{", VerdictAvis::NonConforme, "ligne 1"),
        ] {
            let avis = controler(octets.as_bytes(), &"proxy-exemple".parse().unwrap());
            assert_eq!(avis.verdict, verdict, "{octets} : {avis:?}");
            assert!(avis.raisons.join(" ").contains(texte), "{avis:?}");
            assert!(!avis.raisons.join(" ").contains("899700218896"));
        }
        assert_eq!(DonneesSession::lire(BON.as_bytes()).unwrap().session_state, "b1c0");
    }
}
