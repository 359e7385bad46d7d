//! The authorization servers and the API on a free port, before a Pro Santé Connect of a few lines that answers what it is told.

mod boucle;
mod echange;
mod essai;
mod garde;
mod rafraichissement;
mod revocation;
mod signature;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::{Form, Json, Router};
use bas::api::{Apis, ClientAs, Config, ConfigApi, ConfigPsc, ConfigServeur, Durees, Genre};
use bas::journal::{Filtre, Journal, Ligne};
use http::StatusCode;
use igc::{Algorithme, Autorite, Certificat, Demande, Usage};
use jiff::Timestamp;
use oidc::cnf::Forme;
use reqwest::Response;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use service::tls::{Autorites, Clients};
use service::{Alea, Arret, Horloge, Identite, Serveur, TlsServeur};
use tempfile::TempDir;

pub(crate) const MEDECIN: &str = "899700000011";
pub(crate) const SECRET: &str = "secret de communauté: é+&=%";
/// What the servers call themselves, wherever they listen.
pub(crate) const NOM: &str = "https://apis.example";
/// Good at Pro Santé Connect, for `lps`.
pub(crate) const JETON_PSC: &str = "psc.lps.bon";
/// The same, for `communaute`.
pub(crate) const JETON_PSC_COMMUNAUTE: &str = "psc.communaute.bon";

type Reponses = Arc<Mutex<HashMap<String, (u16, String)>>>;

pub(crate) struct Banc {
    pub(crate) url: String,
    pub(crate) horloge: Horloge,
    pub(crate) journal: Journal,
    pub(crate) autorite: Autorite,
    pub(crate) certificats: HashMap<&'static str, Certificat>,
    reponses: Reponses,
    donnees: TempDir,
    serveur: Certificat,
    introspection: String,
    arret: Arret,
}

fn emettre(autorite: &Autorite, cn: &str, usage: Usage) -> Certificat {
    let demande = Demande {
        cn: cn.to_owned(),
        ou: Some("300001204700015".to_owned()),
        organisation: Some("Logimed".to_owned()),
        noms_dns: vec!["localhost".to_owned()],
        adresses_ip: Vec::new(),
        usage,
        debut: "2026-01-01T00:00:00Z".parse().unwrap(),
        fin: "2032-01-01T00:00:00Z".parse().unwrap(),
        algorithme: Algorithme::P256,
    };
    autorite.emettre(&demande).unwrap()
}

fn pem(certificat: &Certificat) -> String {
    format!("{}{}", certificat.cert_pem, certificat.cle_pem.expose_secret())
}

async fn servir(routes: Router, certificat: &Certificat, autorite: &Autorite) -> (String, Arret) {
    let serveur = Serveur::lier(([127, 0, 0, 1], 0).into()).await.unwrap();
    let url = format!("https://localhost:{}", serveur.adresse().port());
    let clients = Clients::Facultatif(Autorites::depuis_pem(autorite.cert_pem()).unwrap());
    let identite = Identite::depuis_pem(&certificat.cert_pem, certificat.cle_pem.expose_secret()).unwrap();
    let arret = Arret::new();
    arret.suivre(serveur.servir(routes, TlsServeur::nouveau(identite, clients).unwrap(), arret.clone()));
    (url, arret)
}

/// Knows tokens by heart; a token that it doesn't know is inactive.
fn fausse_psc(reponses: Reponses) -> Router {
    let dire = move |entetes: http::HeaderMap, Form(champs): Form<HashMap<String, String>>| async move {
        // « as-bas » and its secret, form-encoded then joined.
        if entetes
            .get("authorization")
            .is_none_or(|valeur| valeur != "Basic YXMtYmFzOnNlY3JldCtkZStsJTI3QVM=")
        {
            return (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_client"})).to_string());
        }
        let connues = reponses.lock().unwrap();
        let (statut, corps) =
            connues.get(&champs["token"]).cloned().unwrap_or((200, r#"{"active":false}"#.into()));
        (StatusCode::from_u16(statut).unwrap(), corps)
    };
    Router::new().route("/introspect", axum::routing::post(dire))
}

impl Banc {
    /// Its clock stands still.
    ///
    /// Realms: `essai` (agency's cnf, scopes `lire` and `ecrire`), `norme` (RFC 8705's cnf, scope wanted). Clients: `lps`,
    /// `autre` and whoever by its CN; `limite` may only `lire`; `designe` by its whole DN; `communaute` by secret.
    /// API: `essai`, `ecriture` (wants `ecrire`), `libre` (takes unbound tokens), `insi`, `signature`, `ailleurs` (realm `norme`).
    pub(crate) async fn ouvrir() -> Self {
        Self::ouvrir_avec("secret de l'AS").await
    }

    /// With that secret at Pro Santé Connect.
    pub(crate) async fn ouvrir_avec(secret: &str) -> Self {
        service::tls::installer_fournisseur();
        let le: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let autorite = Autorite::nouvelle("Autorité d’essai", le).unwrap();
        let serveur = emettre(&autorite, "localhost", Usage::Serveur);
        let noms = ["lps", "autre", "limite", "designe", "communaute"];
        let certificats = noms.map(|nom| (nom, emettre(&autorite, nom, Usage::Client)));
        let reponses = Reponses::default();
        let (psc, arret) = servir(fausse_psc(Arc::clone(&reponses)), &serveur, &autorite).await;
        let horloge = Horloge::fixe("2026-03-02T12:00:00Z".parse().unwrap());
        let mut banc = Self {
            url: String::new(),
            journal: Journal::memoire(horloge.clone()),
            horloge,
            autorite,
            certificats: HashMap::from(certificats),
            reponses,
            donnees: TempDir::new().unwrap(),
            serveur,
            introspection: format!("{psc}/introspect"),
            arret,
        };
        banc.psc(JETON_PSC, 200, &actif("lps"));
        banc.psc(JETON_PSC_COMMUNAUTE, 200, &actif("communaute"));
        banc.servir(secret).await;
        banc
    }

    /// Tells Pro Santé Connect what to answer about a token.
    pub(crate) fn psc(&self, jeton: &str, statut: u16, corps: &Value) {
        self.psc_brut(jeton, statut, &corps.to_string());
    }

    pub(crate) fn psc_brut(&self, jeton: &str, statut: u16, corps: &str) {
        self.reponses.lock().unwrap().insert(jeton.to_owned(), (statut, corps.to_owned()));
    }

    async fn servir(&mut self, secret: &str) {
        let ca = self.donnees.path().join("ca.pem");
        std::fs::write(&ca, self.autorite.cert_pem()).unwrap();
        let config = config(NOM, &self.introspection, secret, &ca, self.donnees.path());
        let apis = Apis::nouvelles(config, self.journal.clone(), &self.horloge, &Alea::systeme()).unwrap();
        (self.url, self.arret) = servir(apis.routes(), &self.serveur, &self.autorite).await;
    }

    /// Stops and starts again under the same name with the same folder.
    pub(crate) async fn redemarrer(&mut self) {
        self.arret.demander();
        assert!(self.arret.termine(Duration::from_secs(30)).await);
        self.servir("secret de l'AS").await;
    }

    /// With the certificate of that name, or none.
    pub(crate) fn http(&self, nom: &str) -> reqwest::Client {
        let (ca, delai) = (Some(self.autorite.cert_pem()), Duration::from_secs(20));
        match self.certificats.get(nom) {
            Some(certificat) => {
                service::client_http::client_avec_identite(ca, &pem(certificat), delai).unwrap()
            }
            None => service::client_http::client(ca, delai).unwrap(),
        }
    }

    pub(crate) fn realm(&self, royaume: &str, chemin: &str) -> String {
        format!("{}/realms/{royaume}{chemin}", self.url)
    }

    /// Posts a form to an endpoint of the realm `essai`.
    pub(crate) async fn poster(&self, nom: &str, chemin: &str, champs: &[(&str, &str)]) -> Response {
        let url = self.realm("essai", &format!("/protocol/openid-connect/{chemin}"));
        self.http(nom).post(url).form(champs).send().await.unwrap()
    }

    /// The exchange of a good token by `lps`.
    pub(crate) async fn echanger(&self) -> Value {
        let reponse = self.poster("lps", "token", &bon_echange()).await;
        assert_eq!(reponse.status(), StatusCode::OK);
        reponse.json().await.unwrap()
    }

    pub(crate) async fn rafraichir(&self, nom: &str, jeton: &str) -> Response {
        let champs = [("grant_type", "refresh_token"), ("client_id", nom), ("refresh_token", jeton)];
        self.poster(nom, "token", &champs).await
    }

    pub(crate) async fn api(&self, nom: &str, chemin: &str, jeton: Option<&str>) -> Response {
        let appel = self.http(nom).get(format!("{}{chemin}", self.url));
        let appel = if let Some(jeton) = jeton { appel.bearer_auth(jeton) } else { appel };
        appel.send().await.unwrap()
    }

    /// The last line of the journal.
    pub(crate) fn derniere(&self) -> Ligne {
        self.journal.avant_numero(u64::MAX, &Filtre::default(), 1).remove(0)
    }
}

/// What Pro Santé Connect says of an access token given to that client.
pub(crate) fn actif(client: &str) -> Value {
    json!({
        "active": true, "typ": "Bearer", "azp": client, "client_id": client, "SubjectNameID": MEDECIN,
        "preferred_username": MEDECIN, "session_state": "session-psc", "family_name": "DOC",
    })
}

/// The form of a good exchange by `lps`.
pub(crate) fn bon_echange() -> Vec<(&'static str, &'static str)> {
    vec![
        ("grant_type", oidc::echange::GRANT),
        ("client_id", "lps"),
        ("subject_token", JETON_PSC),
        ("subject_token_type", oidc::echange::TYPE_JETON_ACCES),
        ("subject_issuer", "psc"),
    ]
}

/// A form with a parameter changed, or taken out.
pub(crate) fn avec<'f>(
    champs: &[(&'f str, &'f str)],
    nom: &'f str,
    valeur: Option<&'f str>,
) -> Vec<(&'f str, &'f str)> {
    let mut champs: Vec<_> = champs.iter().copied().filter(|(autre, _)| *autre != nom).collect();
    champs.extend(valeur.map(|valeur| (nom, valeur)));
    champs
}

pub(crate) fn acces(reponse: &Value) -> &str {
    reponse["access_token"].as_str().unwrap()
}

pub(crate) fn rafraichissement(reponse: &Value) -> &str {
    reponse["refresh_token"].as_str().unwrap()
}

fn config(url: &str, introspection: &str, secret: &str, ca: &Path, donnees: &Path) -> Config {
    let client = |client_id: &str| ClientAs {
        client_id: client_id.to_owned(),
        dn: None,
        secret: None,
        scopes: None,
        client_psc: None,
    };
    let api = |id: &str, genre, royaume: &str, scope: Option<&str>| ConfigApi {
        id: id.to_owned(),
        genre,
        royaume: royaume.to_owned(),
        scope: scope.map(str::to_owned),
        chemin: None,
        sans_liaison: false,
    };
    let secret_client = SecretString::from(SECRET);
    let clients = vec![
        client("lps"),
        ClientAs { scopes: Some(vec!["lire".to_owned()]), ..client("limite") },
        ClientAs {
            dn: Some("CN=designe,OU=300001204700015,O=Logimed,C=FR".to_owned()),
            client_psc: Some("lps".to_owned()),
            ..client("designe-a-l-as")
        },
        ClientAs { secret: Some(secret_client), ..client("communaute") },
    ];
    let royaume = |royaume: &str| ConfigServeur {
        royaume: royaume.to_owned(),
        scopes: vec!["lire".to_owned(), "ecrire".to_owned()],
        scope_exige: false,
        cnf: Forme::Agence,
        durees: Durees::default(),
        clients: clients.clone(),
        cn_admis: true,
    };
    Config {
        url: url.to_owned(),
        donnees: donnees.to_owned(),
        psc: ConfigPsc {
            introspection: introspection.parse().unwrap(),
            client_id: "as-bas".to_owned(),
            secret: Some(secret.into()),
            identite: None,
            autorite: Some(ca.to_owned()),
        },
        serveurs: vec![
            royaume("essai"),
            ConfigServeur { cnf: Forme::Rfc8705, scope_exige: true, cn_admis: false, ..royaume("norme") },
        ],
        apis: vec![
            api("essai", Genre::Essai, "essai", None),
            api("ecriture", Genre::Essai, "essai", Some("ecrire")),
            ConfigApi { sans_liaison: true, ..api("libre", Genre::Essai, "essai", None) },
            api("insi", Genre::Insi, "essai", Some("lire")),
            api("signature", Genre::Signature, "essai", None),
            api("ailleurs", Genre::Essai, "norme", None),
        ],
    }
}

type Change = fn(&mut Config);

#[test]
fn a_configuration_that_does_not_hold_together_is_refused() {
    let dossier = TempDir::new().unwrap();
    let ca = dossier.path().join("ca.pem");
    let le: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    std::fs::write(&ca, Autorite::nouvelle("Autorité", le).unwrap().cert_pem()).unwrap();
    let cas: [(Change, &str); 9] = [
        (|_| {}, ""),
        (|c| c.url = "https://localhost:1/".into(), "l’adresse"),
        (|c| c.url = "https://localhost:1/x".into(), "l’adresse"),
        (|c| c.url = "http://exemple.fr".into(), "l’adresse"),
        (|c| c.apis[0].royaume = "absent".into(), "n’a pas de serveur d’autorisation"),
        (|c| c.apis[0].id = "ecriture".into(), "sert deux fois"),
        (|c| c.serveurs[0].royaume = "a/b".into(), "n’est pas utilisable"),
        (|c| c.apis[0].chemin = Some("/api/insi".into()), "sert deux fois"),
        (|c| c.apis[0].chemin = Some("sans-barre".into()), "n’est pas utilisable"),
    ];
    for (changer, attendu) in cas {
        let mut config = config("https://localhost:1", "https://localhost:2/i", "s", &ca, dossier.path());
        changer(&mut config);
        let horloge = Horloge::systeme();
        let essai = Apis::nouvelles(config, Journal::memoire(horloge.clone()), &horloge, &Alea::systeme());
        match essai {
            Ok(apis) => assert_eq!((attendu, apis.annonces().len()), ("", 6)),
            Err(erreur) => {
                assert!(!attendu.is_empty() && erreur.to_string().contains(attendu), "{attendu} : {erreur}");
            }
        }
    }
}
