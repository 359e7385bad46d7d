//! The clients of the realm: who they are, where people may be sent back, how they prove themselves.

use http::{HeaderMap, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use url::Url;

use crate::Erreur;
use crate::parametres::{Parametres, adresse, basic};

/// A client, as configured. Addresses are compared letter for letter.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientIsc {
    pub client_id: String,
    pub secret: SecretString,
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Clients {
    clients: Vec<ClientIsc>,
    adresses: Vec<Url>,
}

/// Why a client could not prove itself; told apart only in the answer's form, never in its text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NonProuve {
    /// Two methods at once, or a header that can't be read: the request itself is wrong.
    Requete,
    /// Unknown client or wrong secret.
    Inconnu,
}

impl Clients {
    pub(super) fn nouveaux(clients: Vec<ClientIsc>) -> Result<Self, Erreur> {
        let mut adresses = Vec::new();
        for (rang, client) in clients.iter().enumerate() {
            if clients.iter().take(rang).any(|autre| autre.client_id == client.client_id) {
                return Err(Erreur::ClientEnDouble(client.client_id.clone()));
            }
            for texte in client.redirect_uris.iter().chain(&client.post_logout_redirect_uris) {
                adresses.push(adresse(texte).ok_or_else(|| Erreur::Adresse(texte.clone()))?);
            }
        }
        Ok(Self { clients, adresses })
    }

    /// Every address where people may be sent.
    pub(crate) fn adresses(&self) -> impl Iterator<Item = &Url> {
        self.adresses.iter()
    }

    pub(super) fn trouver(&self, client_id: &str) -> Option<&ClientIsc> {
        self.clients.iter().find(|client| client.client_id == client_id)
    }

    /// `client_secret_basic` or `client_secret_post` (RFC 6749 §2.3.1), one of them and only one.
    pub(super) fn prouver(&self, entetes: &HeaderMap, corps: &Parametres) -> Result<&ClientIsc, NonProuve> {
        let du_corps = corps.unique("client_secret").map_err(|_| NonProuve::Requete)?;
        let identifiant = corps.unique("client_id").map_err(|_| NonProuve::Requete)?;
        let (client_id, secret) = match (entetes.get(header::AUTHORIZATION), du_corps) {
            (Some(_), Some(_)) => return Err(NonProuve::Requete),
            (Some(entete), None) => {
                let (client_id, secret) = basic(entete.as_bytes()).ok_or(NonProuve::Requete)?;
                if identifiant.is_some_and(|autre| autre != client_id) {
                    return Err(NonProuve::Requete);
                }
                (client_id, secret)
            }
            (None, Some(secret)) => (identifiant.unwrap_or_default().to_owned(), secret.to_owned().into()),
            (None, None) => return Err(NonProuve::Inconnu),
        };
        let client = self.trouver(&client_id).ok_or(NonProuve::Inconnu)?;
        let juste: bool =
            client.secret.expose_secret().as_bytes().ct_eq(secret.expose_secret().as_bytes()).into();
        // An empty secret in the configuration must not open the door to whoever sends none.
        if juste && !secret.expose_secret().is_empty() { Ok(client) } else { Err(NonProuve::Inconnu) }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    fn clients() -> Clients {
        Clients::nouveaux(vec![ClientIsc {
            client_id: "guichet".into(),
            secret: "a:b+ é".into(),
            redirect_uris: vec!["https://guichet.test/retour".into()],
            post_logout_redirect_uris: Vec::new(),
        }])
        .unwrap()
    }

    #[test]
    fn a_client_proves_itself_one_way_only() {
        let basic = |texte: &str| Some(format!("Basic {}", BASE64_STANDARD.encode(texte)));
        let cas = [
            (basic("guichet:a%3Ab%2B+%C3%A9"), vec![], Ok("guichet")),
            (basic("guichet:a%3Ab%2B+%C3%A9"), vec![("client_id", "guichet")], Ok("guichet")),
            (basic("guichet:a%3Ab%2B+%C3%A9"), vec![("client_id", "autre")], Err(NonProuve::Requete)),
            (basic("guichet:faux"), vec![], Err(NonProuve::Inconnu)),
            (basic("guichet:"), vec![], Err(NonProuve::Inconnu)),
            (basic("autre:a%3Ab%2B+%C3%A9"), vec![], Err(NonProuve::Inconnu)),
            (basic("guichet"), vec![], Err(NonProuve::Requete)),
            (Some("Bearer x".into()), vec![], Err(NonProuve::Requete)),
            (Some("Basic ???".into()), vec![], Err(NonProuve::Requete)),
            (None, vec![("client_id", "guichet"), ("client_secret", "a:b+ é")], Ok("guichet")),
            (None, vec![("client_id", "guichet"), ("client_secret", "faux")], Err(NonProuve::Inconnu)),
            (None, vec![("client_id", "guichet")], Err(NonProuve::Inconnu)),
            (None, vec![("client_secret", "a:b+ é")], Err(NonProuve::Inconnu)),
            (None, vec![("client_secret", "x"), ("client_secret", "y")], Err(NonProuve::Requete)),
            (basic("guichet:a%3Ab%2B+%C3%A9"), vec![("client_secret", "a:b+ é")], Err(NonProuve::Requete)),
        ];
        let clients = clients();
        for (entete, corps, attendu) in cas {
            let mut entetes = HeaderMap::new();
            if let Some(entete) = &entete {
                entetes.insert(header::AUTHORIZATION, entete.parse().unwrap());
            }
            let corps = corps.into_iter().map(|(nom, valeur)| (nom.to_owned(), valeur.to_owned())).collect();
            let vu = clients
                .prouver(&entetes, &Parametres::nouveaux(corps))
                .map(|client| client.client_id.as_str());
            assert_eq!(vu, attendu, "{entete:?}");
        }
    }

    #[test]
    fn a_configuration_with_a_bad_address_or_a_double_is_refused() {
        let client = |adresse: &str| ClientIsc {
            client_id: "c".into(),
            secret: "s".into(),
            redirect_uris: vec![adresse.to_owned()],
            post_logout_redirect_uris: Vec::new(),
        };
        for (texte, bon) in [
            ("https://a.test/x", true),
            ("http://localhost:1/x", true),
            ("http://a.test/x", false),
            ("https://a.test/x#y", false),
            ("javascript:alert(1)", false),
            ("/x", false),
        ] {
            assert_eq!(Clients::nouveaux(vec![client(texte)]).is_ok(), bon, "{texte}");
        }
        let double = vec![client("https://a.test/"), client("https://b.test/")];
        assert!(matches!(Clients::nouveaux(double), Err(Erreur::ClientEnDouble(_))));
    }
}
