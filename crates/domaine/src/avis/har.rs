//! Which level of authentication a service asks of Pro Santé Connect, from recorded traffic.
//!
//! Rule: each authentication request (OpenID Connect Core §3.1.2.1, CIBA §7.1) carries `acr_values`, and asks for
//! `eidas1`. `eidas2` and `eidas3` are accepted with a remark; any other value, or none, is not.
//!
//! Reads HTTP Archive 1.2 (JSON). Any other text is searched for `acr_values=…` and `"acr_values":"…"`, as an address
//! or a log shows it.

use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::{Avis, Illisible, VerdictAvis, citer, compter, exemples, json, texte};
use crate::referentiel::Controle;

const ACR_VALUES: &str = "acr_values";

/// The advice on the bytes of a HAR file or of a text.
pub fn controler(octets: &[u8]) -> Avis {
    let texte = match texte(octets) {
        Ok(texte) => texte,
        Err(raison) => return Avis::illisible(Controle::AcrValues, raison),
    };
    let ailleurs = || dans_un_texte(texte).map(Demande::Valeur).collect::<Vec<_>>();
    if !texte.trim_start().starts_with('{') {
        return juger(ailleurs());
    }
    match json::<Har>(texte) {
        Ok(har) => juger(har.log.entries.iter().filter_map(Entree::demande).collect()),
        // Another JSON than HAR, a line of a log for instance.
        Err(Illisible::Forme { .. }) if texte.contains(ACR_VALUES) => juger(ailleurs()),
        Err(raison) => Avis::illisible(Controle::AcrValues, raison),
    }
}

/// An authentication request, by what it says of the level.
#[derive(Debug, PartialEq, Eq)]
enum Demande {
    Valeur(String),
    Absente {
        adresse: String,
    },
    /// In a signed request object (RFC 9101), which is not opened here.
    Objet,
}

fn juger(demandes: Vec<Demande>) -> Avis {
    let avis = Avis::conforme(Controle::AcrValues);
    if demandes.is_empty() {
        return avis.avec(VerdictAvis::NonConforme, "Aucune demande d’authentification n’y figure.");
    }
    let total = demandes.len();
    let (mut eleves, mut inconnus, mut absents, mut objets) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for demande in demandes {
        match demande {
            Demande::Valeur(valeur) => match niveau(&valeur) {
                Some(1) => {}
                Some(_) => eleves.push(valeur),
                None => inconnus.push(valeur),
            },
            Demande::Absente { adresse } => absents.push(adresse),
            Demande::Objet => objets += 1,
        }
    }
    let mut avis = avis.avec(
        VerdictAvis::Conforme,
        format!("{}.", compter(total, "demande d’authentification lue", "demandes d’authentification lues")),
    );
    if !inconnus.is_empty() {
        let texte = format!(
            "Le paramètre acr_values a une valeur inattendue : {}.",
            exemples(inconnus.iter().map(String::as_str))
        );
        avis = avis.avec(VerdictAvis::NonConforme, texte);
    }
    if !absents.is_empty() {
        let texte = format!(
            "Le paramètre acr_values manque dans : {}.",
            exemples(absents.iter().map(String::as_str))
        );
        avis = avis.avec(VerdictAvis::NonConforme, texte);
    }
    if objets > 0 {
        let demandes = compter(objets, "demande", "demandes");
        let texte = format!("{demandes} sous la forme d’un objet signé, à ouvrir à la main.");
        avis = avis.avec(VerdictAvis::Indetermine, texte);
    }
    if !eleves.is_empty() {
        let texte = format!(
            "Le paramètre acr_values demande plus que eidas1 : {}.",
            exemples(eleves.iter().map(String::as_str))
        );
        avis = avis.avec(VerdictAvis::Remarque, texte);
    }
    avis
}

/// The highest eIDAS level of a space-separated list; `None` when it is empty or one of its values is no such level.
fn niveau(valeur: &str) -> Option<u8> {
    let niveaux = valeur.split_whitespace().map(|acr| match acr {
        "eidas1" => Some(1),
        "eidas2" => Some(2),
        "eidas3" => Some(3),
        _ => None,
    });
    niveaux.collect::<Option<Vec<u8>>>()?.into_iter().max()
}

/// Every value given to `acr_values` in a text, URL-decoded.
fn dans_un_texte(texte: &str) -> impl Iterator<Item = String> {
    texte.split(ACR_VALUES).skip(1).filter_map(|suite| {
        // An address inside the parameter of another one is encoded once more.
        if let Some(suite) = suite.strip_prefix("%3D").or_else(|| suite.strip_prefix("%3d")) {
            let valeur = suite.split("%26").next().unwrap_or_default();
            return Some(decoder(&decoder(jusqu_au_bout(valeur))));
        }
        if let Some(valeur) = suite.strip_prefix('=') {
            return Some(decoder(jusqu_au_bout(valeur)));
        }
        let guillemets = ['"', '\\'];
        let valeur = suite.trim_start_matches(guillemets).trim_start().strip_prefix(':')?.trim_start();
        Some(valeur.trim_start_matches(guillemets).split(guillemets).next().unwrap_or_default().to_owned())
    })
}

/// Up to what ends a parameter.
fn jusqu_au_bout(suite: &str) -> &str {
    let fin = |c: char| {
        c.is_whitespace() || matches!(c, '&' | '"' | '\'' | '<' | '>' | '#' | ';' | ',' | ')' | '\\')
    };
    suite.split(fin).next().unwrap_or_default()
}

/// From `application/x-www-form-urlencoded`.
fn decoder(valeur: &str) -> String {
    let paire = format!("v={}", valeur.replace('&', "%26"));
    form_urlencoded::parse(paire.as_bytes()).next().map(|(_, valeur)| valeur.into_owned()).unwrap_or_default()
}

// HTTP Archive 1.2: only what can carry a parameter.

#[derive(Deserialize)]
struct Har {
    log: Journal,
}

#[derive(Deserialize)]
struct Journal {
    entries: Vec<Entree>,
}

#[derive(Deserialize)]
struct Entree {
    request: Requete,
}

#[derive(Deserialize)]
struct Requete {
    url: String,
    #[serde(rename = "postData")]
    corps: Option<Corps>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Corps {
    text: String,
    params: Vec<Parametre>,
}

#[derive(Deserialize)]
struct Parametre {
    name: String,
    #[serde(default)]
    value: String,
}

impl Entree {
    /// What this exchange asks for, when it is an authentication request.
    fn demande(&self) -> Option<Demande> {
        let parametres = self.request.parametres();
        let valeur =
            |nom: &str| parametres.iter().find(|(cle, _)| cle == nom).map(|(_, valeur)| valeur.as_str());
        if let Some(acr) = valeur(ACR_VALUES) {
            return Some(Demande::Valeur(acr.to_owned()));
        }
        if valeur("client_id").is_some() && (valeur("request").is_some() || valeur("request_uri").is_some()) {
            return Some(Demande::Objet);
        }
        let authorization = valeur("response_type").is_some() && valeur("client_id").is_some();
        let ciba = valeur("scope").is_some()
            && (valeur("login_hint").is_some() || valeur("binding_message").is_some());
        (authorization || ciba).then(|| {
            let sans_parametres = self.request.url.split(['?', '#']).next().unwrap_or_default();
            Demande::Absente { adresse: citer(sans_parametres) }
        })
    }
}

impl Requete {
    fn parametres(&self) -> Vec<(String, String)> {
        let mut parametres = Vec::new();
        if let Ok(url) = Url::parse(&self.url) {
            parametres.extend(url.query_pairs().into_owned());
        }
        let Some(corps) = &self.corps else { return parametres };
        if corps.params.is_empty() {
            parametres.extend(form_urlencoded::parse(corps.text.as_bytes()).into_owned());
            return parametres;
        }
        // Some recorders keep the values as sent, others decode them.
        parametres
            .extend(corps.params.iter().map(|Parametre { name, value }| (name.clone(), decoder(value))));
        parametres
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn har(requetes: &[serde_json::Value]) -> String {
        let entries: Vec<_> = requetes.iter().map(|request| json!({ "request": request })).collect();
        json!({ "log": { "version": "1.2", "entries": entries } }).to_string()
    }

    fn autorisation(suite: &str) -> serde_json::Value {
        let url = format!("https://auth.exemple.fr/auth?response_type=code&client_id=a&scope=openid{suite}");
        json!({ "method": "GET", "url": url })
    }

    #[test]
    fn the_level_is_read_in_a_har() {
        use VerdictAvis::{Conforme, Indetermine, NonConforme, Remarque};
        let ciba = |corps: &str| json!({ "url": "https://auth.exemple.fr/ext/ciba/auth", "postData": { "text": corps } });
        let params = json!({ "url": "https://auth.exemple.fr/ext/ciba/auth", "postData": { "params": [
            { "name": "scope", "value": "openid" }, { "name": "acr_values", "value": "eidas1" } ] } });
        for (requetes, verdict, texte) in [
            (vec![autorisation("&acr_values=eidas1")], Conforme, "1 demande d’authentification lue"),
            (
                vec![json!({ "url": "https://exemple.fr/" }), autorisation("&acr_values=eidas1")],
                Conforme,
                "1 demande d’authentification lue",
            ),
            (vec![autorisation("&acr_values=eidas2")], Remarque, "eidas2"),
            (vec![autorisation("&acr_values=eidas1+eidas3")], Remarque, "eidas1 eidas3"),
            (vec![autorisation("&acr_values=eidas4")], NonConforme, "eidas4"),
            (vec![autorisation("&acr_values=")], NonConforme, "inattendue"),
            (vec![autorisation("")], NonConforme, "manque dans : https://auth.exemple.fr/auth"),
            (vec![autorisation("&acr_values=eidas1"), autorisation("")], NonConforme, "manque"),
            (vec![autorisation("&request=eyJ")], Indetermine, "objet signé"),
            (
                vec![ciba("scope=openid&login_hint=8997&acr_values=eidas1")],
                Conforme,
                "1 demande d’authentification lue",
            ),
            (vec![ciba("scope=openid&login_hint=8997&binding_message=42")], NonConforme, "manque"),
            (vec![params], Conforme, "1 demande d’authentification lue"),
            (vec![json!({ "url": "https://exemple.fr/" })], NonConforme, "Aucune demande"),
            (vec![], NonConforme, "Aucune demande"),
        ] {
            let avis = controler(har(&requetes).as_bytes());
            assert_eq!(avis.verdict, verdict, "{requetes:?} : {avis:?}");
            assert!(avis.raisons.join(" ").contains(texte), "{avis:?}");
        }
    }

    #[test]
    fn the_level_is_read_in_a_text() {
        use VerdictAvis::{Conforme, NonConforme, Remarque};
        for (texte, verdict) in [
            ("GET /auth?response_type=code&acr_values=eidas1&scope=openid HTTP/1.1", Conforme),
            ("href=\"https://auth.exemple.fr/?acr_values=eidas1\"", Conforme),
            ("acr_values=eidas1%20eidas2", Remarque),
            ("?next=https%3A%2F%2Fa.fr%2F%3Facr_values%3Deidas1%26scope%3Dopenid", Conforme),
            ("?next=https%3A%2F%2Fa.fr%2F%3Facr_values%3Deidas1%2520eidas2", Remarque),
            (r#"{"level":"debug","acr_values": "eidas1"}"#, Conforme),
            (r#"debug {\"acr_values\":\"eidas3\"}"#, Remarque),
            (r#"{"niveau":1}"#, NonConforme),
            ("le paramètre acr_values est eidas1", NonConforme),
            ("acr_values=eidas1\nacr_values=loa2", NonConforme),
            ("une phrase", NonConforme),
            ("", NonConforme),
        ] {
            assert_eq!(controler(texte.as_bytes()).verdict, verdict, "{texte}");
        }
        assert_eq!(controler(b"\xff\xfe").verdict, NonConforme);
        assert_eq!(controler(b"{\"log\":1}").verdict, NonConforme);
    }
}
