//! A sandbox on a free port, and a browser that keeps cookies and follows nothing by itself.

use std::collections::HashMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use bas::Bac;
use bas::isc::{ClientIsc, Config};
use jiff::Timestamp;
use oidc::{Autorisation, Client, Demande, Jetons, Retour};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::{Response, StatusCode, header};
use service::tls::Clients;
use service::{Alea, Arret, Horloge, Identite, Serveur, TlsServeur};
use tempfile::TempDir;
use url::Url;

pub(crate) const RETOUR: &str = "https://guichet.example/connexion/retour";
pub(crate) const APRES: &str = "https://guichet.example/au-revoir";
pub(crate) const SECRET: &str = "secret du guichet: é+&=%";

pub(crate) struct Banc {
    pub(crate) issuer: String,
    pub(crate) horloge: Horloge,
    pub(crate) alea: Alea,
    ca: String,
    donnees: TempDir,
    arret: Arret,
    identite: (String, String),
    /// Kept over restarts: nobody else gets the port in between.
    ecoute: TcpListener,
}

impl Banc {
    /// Its clock stands still at a fixed instant.
    pub(crate) fn ouvrir() -> Self {
        let midi: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        Self::ouvrir_a(Horloge::fixe(midi))
    }

    pub(crate) fn ouvrir_a(horloge: Horloge) -> Self {
        service::tls::installer_fournisseur();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let autorite = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let cle = KeyPair::generate().unwrap();
        let certificat =
            CertificateParams::new(vec!["localhost".into()]).unwrap().signed_by(&cle, &autorite).unwrap();
        let mut banc = Self {
            issuer: String::new(),
            horloge,
            alea: Alea::graine(1),
            ca: autorite.pem(),
            donnees: TempDir::new().unwrap(),
            arret: Arret::new(),
            identite: (certificat.pem(), cle.serialize_pem()),
            ecoute: TcpListener::bind(("127.0.0.1", 0)).unwrap(),
        };
        banc.servir();
        banc
    }

    fn servir(&mut self) {
        let serveur = Serveur::sur(self.ecoute.try_clone().unwrap()).unwrap();
        self.issuer = format!("https://localhost:{}/realms/industriels", serveur.adresse().port());
        let config = bas::Config { isc: self.config(), psc: self.config_psc(), apis: None };
        let bac = Bac::nouveau(config, self.horloge.clone(), self.alea.clone()).unwrap();
        let identite = Identite::depuis_pem(&self.identite.0, &self.identite.1).unwrap();
        let tls = TlsServeur::nouveau(identite, Clients::Aucun).unwrap();
        self.arret = Arret::new();
        self.arret.suivre(serveur.servir(bac.routes(), tls, self.arret.clone()));
    }

    /// Stops the server and starts another one at the same address with the same folder.
    pub(crate) async fn redemarrer(&mut self) {
        self.arret.demander();
        assert!(self.arret.termine(Duration::from_secs(30)).await);
        self.servir();
    }

    fn config(&self) -> Config {
        let client = |client_id: &str, secret: &str| ClientIsc {
            client_id: client_id.into(),
            secret: secret.into(),
            redirect_uris: vec![RETOUR.into()],
            post_logout_redirect_uris: vec![APRES.into()],
        };
        Config {
            issuer: self.issuer.clone(),
            clients: vec![client("guichet", SECRET), client("autre", "secret d’un autre")],
            donnees: PathBuf::from(self.donnees.path()),
        }
    }

    fn config_psc(&self) -> bas::psc::Config {
        bas::psc::Config {
            issuer: self.issuer.replace("/realms/industriels", oidc::psc::ROYAUME),
            portail: self.issuer.replace("/realms/industriels", ""),
            donnees: PathBuf::from(self.donnees.path()),
            jeton_admin: "jeton".into(),
            autorite: None,
            reglages: bas::psc::Reglages::default(),
            clients: Vec::new(),
            emission: None,
            scenarios: None,
        }
    }

    pub(crate) fn http(&self) -> reqwest::Client {
        service::client_http::client(Some(&self.ca), Duration::from_secs(20)).unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        self.client_avec(SECRET)
    }

    pub(crate) fn client_avec(&self, secret: &str) -> Client {
        Client::decouvrir(self.http(), &self.issuer, "guichet", secret.into(), RETOUR).unwrap()
    }

    pub(crate) async fn demande(&self, demande: Demande) -> Autorisation {
        let alea = self.alea.clone();
        self.client().demande(&demande, || alea.jeton()).await.unwrap()
    }

    pub(crate) fn url(&self, chemin: &str) -> String {
        format!("{}{chemin}", self.issuer)
    }

    pub(crate) fn navigateur(&self) -> Navigateur {
        let autorites = reqwest::Certificate::from_pem_bundle(self.ca.as_bytes()).unwrap();
        let http = reqwest::Client::builder()
            .tls_certs_only(autorites)
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Navigateur { http, issuer: self.issuer.clone() }
    }

    /// Exchanges what a redirect brought back.
    pub(crate) async fn echanger(
        &self,
        lieu: &Url,
        autorisation: &Autorisation,
    ) -> Result<Jetons, oidc::Erreur> {
        let client = self.client();
        let code = client.lire_retour(&retour(lieu), &autorisation.etat).await?;
        client.echanger(&code, &autorisation.verificateur).await
    }
}

pub(crate) fn retour(lieu: &Url) -> Retour {
    let mut parametres: HashMap<String, String> = lieu.query_pairs().into_owned().collect();
    Retour {
        code: parametres.remove("code"),
        state: parametres.remove("state"),
        iss: parametres.remove("iss"),
        error: parametres.remove("error"),
    }
}

#[derive(Clone)]
pub(crate) struct Navigateur {
    pub(crate) http: reqwest::Client,
    issuer: String,
}

/// A sign-in page, read as a browser reads it.
pub(crate) struct Page {
    pub(crate) html: String,
    pub(crate) action: String,
    pub(crate) csrf: String,
}

impl Navigateur {
    pub(crate) async fn ouvrir(&self, url: impl AsRef<str>) -> Response {
        self.http.get(url.as_ref()).send().await.unwrap()
    }

    /// Opens an address that must show a page with a form.
    pub(crate) async fn page(&self, url: impl AsRef<str>) -> Page {
        let reponse = self.ouvrir(url).await;
        assert_eq!(reponse.status(), StatusCode::OK);
        self.lire(reponse).await
    }

    pub(crate) async fn lire(&self, reponse: Response) -> Page {
        let html = reponse.text().await.unwrap();
        let origine = Url::parse(&self.issuer).unwrap().origin().ascii_serialization();
        let action = extraire(&html, "method=\"post\" action=\"").replace("&#38;", "&").replace("&amp;", "&");
        let csrf = extraire(&html, "name=\"csrf\" value=\"");
        Page { html, action: format!("{origine}{action}"), csrf }
    }

    pub(crate) async fn poster(&self, page: &Page, champs: &[(&str, &str)]) -> Response {
        let mut formulaire = vec![("csrf", page.csrf.as_str())];
        formulaire.extend_from_slice(champs);
        self.http.post(&page.action).form(&formulaire).send().await.unwrap()
    }

    /// Signs in with one click and gives where the realm sends back.
    pub(crate) async fn connecter(&self, autorisation: &Autorisation, login: &str) -> Url {
        let page = self.page(autorisation.url.as_str()).await;
        lieu(&self.poster(&page, &[("personne", login)]).await)
    }
}

fn extraire(html: &str, debut: &str) -> String {
    let reste = html.split_once(debut).unwrap_or_else(|| panic!("« {debut} » not in the page")).1;
    reste.split('"').next().unwrap().to_owned()
}

/// Where a redirect leads.
pub(crate) fn lieu(reponse: &Response) -> Url {
    assert_eq!(reponse.status(), StatusCode::SEE_OTHER);
    Url::parse(reponse.headers()[header::LOCATION].to_str().unwrap()).unwrap()
}

/// The value of a parameter of an address.
pub(crate) fn parametre(url: &Url, nom: &str) -> Option<String> {
    url.query_pairs().find(|(autre, _)| autre == nom).map(|(_, valeur)| valeur.into_owned())
}

/// The same address with a parameter changed, or taken out.
pub(crate) fn change(url: &Url, nom: &str, valeur: Option<&str>) -> Url {
    let mut paires: Vec<(String, String)> =
        url.query_pairs().into_owned().filter(|(autre, _)| autre != nom).collect();
    paires.extend(valeur.map(|valeur| (nom.to_owned(), valeur.to_owned())));
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(paires);
    url
}
