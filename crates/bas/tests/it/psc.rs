//! Pro Santé Connect on two free ports: pages on one, the realm with optional client certificates on the other.

mod administration;
mod apis;
mod ciba;
mod code;
mod demandes_client;
mod jetons;
mod nommes;
mod page_scenarios;
mod pousse;
mod scenarios;
mod temoin;
mod tls;
mod veille;

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use bas::psc::{Config, Emission, Inscription, Reglages};
use bas::{Bac, api, isc};
use igc::{Algorithme, Autorite, Certificat, Demande, Usage};
use jiff::{SignedDuration, Timestamp};
use oidc::ciba::Accuse;
use oidc::jetons::{ErreurOauth, Introspection, ReponseJetons};
use oidc::{Attentes, Jwks, Revendications};
use reqwest::{Method, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use service::tls::{Autorites, Clients};
use service::{Alea, Arret, Horloge, Identite, Serveur, TlsServeur};
use tempfile::TempDir;

pub(crate) const MEDECIN: &str = "899700000011";
pub(crate) const AGENT: &str = "500000009900015/CPAT00001";
const JETON: &str = "jeton-d-administration";
pub(crate) const RETOUR: &str = "https://lps.example/retour";
pub(crate) const APRES: &str = "https://lps.example/au-revoir";
pub(crate) const SECRET: &str = "secret de communauté: é+&=%";

pub(crate) struct Banc {
    pub(crate) issuer: String,
    /// Host of the pages and of the administration.
    pub(crate) pages: String,
    /// Origin of the API and of their authorization server, realm `essai`.
    pub(crate) apis: String,
    pub(crate) horloge: Horloge,
    pub(crate) autorite: Autorite,
    pub(crate) donnees: TempDir,
    arret: Arret,
    serveur: Certificat,
    clients: Vec<Inscription>,
    administrateur: OnceLock<reqwest::Client>,
    /// Kept over restarts: nobody else gets the ports in between. Pages, then the realm, then the API.
    ecoutes: [TcpListener; 3],
}

pub(crate) fn inscription(client_id: &str) -> Inscription {
    Inscription {
        client_id: client_id.into(),
        nom: Some(format!("Logiciel {client_id}")),
        secret: None,
        redirect_uris: vec![RETOUR.into()],
        post_logout_redirect_uris: vec![APRES.into()],
        backchannel_logout_uri: None,
        ciba: true,
    }
}

impl Banc {
    /// Its clock stands still. Clients: `lps` and `autre` by certificate, `communaute` by secret, `sans-ciba`.
    pub(crate) fn ouvrir() -> Self {
        Self::ouvrir_a(Horloge::fixe("2026-03-02T12:00:00Z".parse().unwrap()))
    }

    pub(crate) fn ouvrir_a(horloge: Horloge) -> Self {
        service::tls::installer_fournisseur();
        let le: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let autorite = Autorite::nouvelle("Autorité d’essai", le).unwrap();
        let serveur = emettre(&autorite, "localhost", Usage::Serveur);
        let secret = SecretString::from(SECRET);
        let clients = vec![
            inscription("lps"),
            inscription("autre"),
            Inscription { secret: Some(secret), ..inscription("communaute") },
            Inscription { ciba: false, ..inscription("sans-ciba") },
        ];
        let mut banc = Self {
            issuer: String::new(),
            pages: String::new(),
            apis: String::new(),
            horloge,
            autorite,
            donnees: TempDir::new().unwrap(),
            arret: Arret::new(),
            serveur,
            clients,
            administrateur: OnceLock::new(),
            ecoutes: [(); 3].map(|()| TcpListener::bind(("127.0.0.1", 0)).unwrap()),
        };
        banc.servir();
        banc
    }

    fn servir(&mut self) {
        let [pages, psc, apis] =
            self.ecoutes.each_ref().map(|ecoute| Serveur::sur(ecoute.try_clone().unwrap()).unwrap());
        self.pages = format!("https://localhost:{}", pages.adresse().port());
        self.issuer = format!("https://localhost:{}{}", psc.adresse().port(), oidc::psc::ROYAUME);
        let ca = self.donnees.path().join("ca.pem");
        std::fs::write(&ca, self.autorite.cert_pem()).unwrap();
        let cle_ca = self.donnees.path().join("ca.key");
        std::fs::write(&cle_ca, self.autorite.cle_pem().expose_secret()).unwrap();
        let config = Config {
            issuer: self.issuer.clone(),
            portail: self.pages.clone(),
            donnees: PathBuf::from(self.donnees.path()),
            jeton_admin: JETON.into(),
            autorite: Some(ca),
            reglages: Reglages::default(),
            clients: self.clients.clone(),
            emission: Some(Emission { certificat: self.donnees.path().join("ca.pem"), cle: cle_ca }),
            scenarios: None,
        };
        self.apis = format!("https://localhost:{}", apis.adresse().port());
        let isc = isc::Config {
            issuer: format!("{}/realms/industriels", self.pages),
            clients: Vec::new(),
            donnees: PathBuf::from(self.donnees.path()),
        };
        let config = bas::Config { isc, psc: config, apis: Some(self.config_apis()) };
        let bac = Bac::nouveau(config, self.horloge.clone(), Alea::graine(1)).unwrap();
        let identite =
            || Identite::depuis_pem(&self.serveur.cert_pem, self.serveur.cle_pem.expose_secret()).unwrap();
        let confiance = Clients::Facultatif(Autorites::depuis_pem(self.autorite.cert_pem()).unwrap());
        self.arret = Arret::new();
        let (tls, tls_psc) = (
            TlsServeur::nouveau(identite(), Clients::Aucun).unwrap(),
            TlsServeur::nouveau(identite(), confiance).unwrap(),
        );
        self.arret.suivre(pages.servir(bac.routes(), tls, self.arret.clone()));
        let psc = psc.avec_temoin(bac.journal().temoin("psc")).avec_portier(bac.portier_psc());
        self.arret.suivre(psc.servir(bac.routes_psc(), tls_psc.clone(), self.arret.clone()));
        let apis = apis.avec_temoin(bac.journal().temoin("apis")).avec_portier(bac.portier_apis());
        self.arret.suivre(apis.servir(bac.routes_apis(), tls_psc, self.arret.clone()));
    }

    fn config_apis(&self) -> api::Config {
        api::Config {
            url: self.apis.clone(),
            donnees: PathBuf::from(self.donnees.path()),
            psc: api::ConfigPsc {
                introspection: self.point("token/introspect").parse().unwrap(),
                client_id: "communaute".into(),
                secret: Some(SECRET.into()),
                identite: None,
                autorite: Some(self.donnees.path().join("ca.pem")),
            },
            serveurs: vec![api::ConfigServeur {
                royaume: "essai".into(),
                scopes: vec!["essai".into()],
                scope_exige: false,
                cnf: oidc::cnf::Forme::Agence,
                durees: api::Durees::default(),
                clients: Vec::new(),
                cn_admis: true,
            }],
            apis: vec![api::ConfigApi {
                id: "essai".into(),
                genre: api::Genre::Essai,
                royaume: "essai".into(),
                scope: Some("essai".into()),
                chemin: None,
                sans_liaison: false,
            }],
        }
    }

    /// Stops and starts again at the same addresses, with the same folder.
    pub(crate) async fn redemarrer(&mut self) {
        self.arret.demander();
        assert!(self.arret.termine(Duration::from_secs(30)).await);
        self.servir();
    }

    /// Serves something else under the same authority until the test ends; gives its origin.
    pub(crate) async fn ecouter(&self, routes: axum::Router) -> String {
        let ecoute = Serveur::lier(([127, 0, 0, 1], 0).into()).await.unwrap();
        let origine = format!("https://localhost:{}", ecoute.adresse().port());
        let identite =
            Identite::depuis_pem(&self.serveur.cert_pem, self.serveur.cle_pem.expose_secret()).unwrap();
        let tls = TlsServeur::nouveau(identite, Clients::Aucun).unwrap();
        let arret = Arret::new();
        tokio::spawn(ecoute.servir(routes, tls, arret));
        origine
    }

    pub(crate) fn avancer(&self, secondes: i64) {
        self.horloge.avancer(SignedDuration::from_secs(secondes));
    }

    /// A client that shows a certificate of that CN.
    pub(crate) fn avec_certificat(&self, cn: &str) -> Lps<'_> {
        let certificat = emettre(&self.autorite, cn, Usage::Client);
        let pem = format!("{}{}", certificat.cert_pem, certificat.cle_pem.expose_secret());
        let http = service::client_http::client_avec_identite(
            Some(self.autorite.cert_pem()),
            &pem,
            Duration::from_secs(20),
        );
        Lps { banc: self, http: http.unwrap(), client_id: cn.to_owned() }
    }

    pub(crate) fn http(&self) -> reqwest::Client {
        service::client_http::client(Some(self.autorite.cert_pem()), Duration::from_secs(20)).unwrap()
    }

    pub(crate) fn point(&self, fin: &str) -> String {
        format!("{}/protocol/openid-connect/{fin}", self.issuer)
    }

    pub(crate) async fn admin(&self, methode: Method, chemin: &str, corps: Option<Value>) -> Response {
        let http = self.administrateur.get_or_init(|| self.http());
        let requete = http.request(methode, format!("{}/_bac-a-sable{chemin}", self.pages));
        let requete = match corps {
            Some(corps) => requete.json(&corps),
            None => requete,
        };
        requete.header("authorization", format!("Bearer {JETON}")).send().await.unwrap()
    }

    /// The same, which must succeed.
    pub(crate) async fn administrer(&self, methode: Method, chemin: &str, corps: Option<Value>) -> Value {
        let reponse = self.admin(methode, chemin, corps).await;
        let (statut, texte) = (reponse.status(), reponse.text().await.unwrap());
        assert!(statut.is_success(), "{chemin}: {statut} {texte}");
        if texte.is_empty() { Value::Null } else { serde_json::from_str(&texte).unwrap() }
    }

    pub(crate) async fn reponse_de(&self, national_id: &str, reponse: Value) {
        let chemin = format!("/identites/{}/reponse", national_id.replace('/', "%2F"));
        self.administrer(Method::PUT, &chemin, Some(reponse)).await;
    }

    /// Answers the one request that waits.
    pub(crate) async fn repondre(&self, acte: &str) {
        let toutes = self.administrer(Method::GET, "/approbations", None).await;
        let [une] = toutes.as_array().unwrap().as_slice() else { panic!("one request: {toutes}") };
        let id = une["id"].as_str().unwrap();
        self.administrer(Method::POST, &format!("/approbations/{id}/{acte}"), None).await;
    }

    pub(crate) async fn cles(&self) -> Jwks {
        let octets = self.http().get(self.point("certs")).send().await.unwrap().bytes().await.unwrap();
        Jwks::parse(&octets).unwrap()
    }

    pub(crate) async fn verifier(&self, client_id: &str, jetons: &ReponseJetons) -> Revendications {
        let attentes = Attentes {
            issuer: &self.issuer,
            client_id,
            nonce: None,
            jeton_acces: Some(jetons.access_token.expose_secret()),
            max_age: None,
            maintenant: self.horloge.maintenant(),
        };
        let id_token = jetons.id_token.as_ref().unwrap().expose_secret();
        oidc::id_token::verifier(id_token, &self.cles().await, &attentes).unwrap()
    }
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
        fin: "2035-01-01T00:00:00Z".parse().unwrap(),
        algorithme: Algorithme::P256,
    };
    autorite.emettre(&demande).unwrap()
}

/// A service with a certificate.
pub(crate) struct Lps<'a> {
    pub(crate) banc: &'a Banc,
    pub(crate) http: reqwest::Client,
    pub(crate) client_id: String,
}

/// What the endpoint answered: the answer, or the OAuth error with its status.
pub(crate) type Issue<T> = Result<T, (u16, String, String)>;

pub(crate) async fn issue<T: serde::de::DeserializeOwned>(reponse: Response) -> Issue<T> {
    let statut = reponse.status();
    let texte = reponse.text().await.unwrap();
    if statut == StatusCode::OK {
        return Ok(serde_json::from_str(&texte).unwrap_or_else(|e| panic!("{e}: {texte}")));
    }
    let erreur: ErreurOauth =
        serde_json::from_str(&texte).unwrap_or_else(|e| panic!("{statut} {e}: {texte}"));
    Err((statut.as_u16(), erreur.error, erreur.error_description.unwrap_or_default()))
}

impl Lps<'_> {
    pub(crate) async fn poster<T: serde::de::DeserializeOwned>(
        &self,
        point: &str,
        champs: &[(&str, &str)],
    ) -> Issue<T> {
        let mut formulaire = vec![("client_id", self.client_id.as_str())];
        formulaire.extend_from_slice(champs);
        issue(self.http.post(self.banc.point(point)).form(&formulaire).send().await.unwrap()).await
    }

    pub(crate) async fn demander(&self, national_id: &str, canal: &str) -> Issue<Accuse> {
        let champs = [
            ("scope", oidc::psc::SCOPE),
            ("acr_values", oidc::psc::ACR),
            ("login_hint", national_id),
            ("binding_message", "42"),
            ("channel", canal),
        ];
        self.poster("ext/ciba/auth", &champs).await
    }

    pub(crate) async fn sonder(&self, accuse: &Accuse) -> Issue<ReponseJetons> {
        let champs = [("grant_type", oidc::ciba::GRANT), ("auth_req_id", accuse.auth_req_id.expose_secret())];
        self.poster("token", &champs).await
    }

    /// The whole of CIBA, approved.
    pub(crate) async fn connecter(&self, national_id: &str) -> ReponseJetons {
        let accuse = self.demander(national_id, "MOBILE").await.unwrap();
        self.banc.repondre("approuver").await;
        self.sonder(&accuse).await.unwrap()
    }

    pub(crate) async fn rafraichir(&self, jetons: &ReponseJetons) -> Issue<ReponseJetons> {
        let jeton = jetons.refresh_token.as_ref().unwrap().expose_secret();
        self.poster("token", &[("grant_type", "refresh_token"), ("refresh_token", jeton)]).await
    }

    pub(crate) async fn introspecter(&self, jeton: &SecretString) -> Introspection {
        self.poster("token/introspect", &[("token", jeton.expose_secret())]).await.unwrap()
    }

    pub(crate) async fn userinfo(&self, jetons: &ReponseJetons) -> Issue<Value> {
        let requete =
            self.http.get(self.banc.point("userinfo")).bearer_auth(jetons.access_token.expose_secret());
        issue(requete.send().await.unwrap()).await
    }
}
