//! A proxy with everything around it: a test authority, fakes on free ports, an LPS.

mod acteur;
mod brut;
mod lps;
mod psc;

use std::path::PathBuf;
use std::time::Duration;

use igc::{Algorithme, Autorite, Certificat, Demande, Usage};
use jiff::{SignedDuration, Timestamp};
use proxy::config::{self, Config, Echange, Profil};
use proxy::{Poignee, Proxy};
use secrecy::ExposeSecret as _;
use service::tls::{Autorites, Clients};
use service::{Alea, Arret, Horloge, Identite, TlsServeur};
use tempfile::TempDir;
use url::Url;

pub(crate) use acteur::{Acteur, reponse_json};
pub(crate) use brut::{Brute, Conduite};
pub(crate) use lps::{Lps, Reponse, corps};
pub(crate) use psc::{CERTS, CIBA, DECOUVERTE, FauxPsc, LOGOUT, PAR, REVOKE, TOKEN, cle};

pub(crate) const SECRET_1: &str = "lps-secret-1";
pub(crate) const SECRET_2: &str = "lps-secret-2";
pub(crate) const MTLS: &str = "lps-mtls";
pub(crate) const MTLS_2: &str = "lps-mtls-2";
/// Who asks in most tests.
pub(crate) const PRO: &str = "899700000001";
/// A second of PSC, in tests.
pub(crate) const SECONDE: Duration = Duration::from_millis(20);

/// What a test changes before it starts.
type Reglage = Box<dyn FnOnce(&mut Config)>;

pub(crate) struct Banc {
    pub(crate) psc: FauxPsc,
    /// One for each authorization server: AS1, AS2, AS3.
    pub(crate) serveurs: [Acteur; 3],
    /// API 1 and 2, then one that wants a client certificate.
    pub(crate) apis: [Acteur; 3],
    pub(crate) url: String,
    pub(crate) admin: String,
    pub(crate) horloge: Horloge,
    pub(crate) poignee: Poignee,
    /// Stops the proxy; the fakes have their own.
    arret: Arret,
    faux: Arret,
    pub(crate) pki: Pki,
    pub(crate) fin: tokio::task::JoinHandle<()>,
    pub(crate) config: Config,
}

/// Another proxy before the same fakes: a second node, or a second life.
pub(crate) struct Voisin {
    pub(crate) url: String,
    pub(crate) admin: String,
    pub(crate) poignee: Poignee,
    pub(crate) arret: Arret,
    pub(crate) fin: tokio::task::JoinHandle<()>,
}

impl Drop for Voisin {
    fn drop(&mut self) {
        self.arret.demander();
    }
}

/// The test authority and what it issued.
pub(crate) struct Pki {
    pub(crate) autorite: Autorite,
    pub(crate) dossier: TempDir,
}

impl Pki {
    pub(crate) fn nouvelle() -> Self {
        service::tls::installer_fournisseur();
        let le = Horloge::systeme().maintenant();
        let autorite = Autorite::nouvelle("AC DE TEST", le - SignedDuration::from_hours(1)).unwrap();
        let dossier = TempDir::new().unwrap();
        std::fs::write(dossier.path().join("ac.pem"), autorite.cert_pem()).unwrap();
        Self { autorite, dossier }
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.dossier.path().join("ac.pem")
    }

    pub(crate) fn emettre(&self, cn: &str, usage: Usage, jours: i64) -> Certificat {
        let le = Horloge::systeme().maintenant();
        let demande = Demande {
            cn: cn.to_owned(),
            ou: Some("318751275100020".to_owned()),
            organisation: Some("CABINET DE TEST".to_owned()),
            noms_dns: if usage == Usage::Serveur { vec![cn.to_owned()] } else { Vec::new() },
            adresses_ip: Vec::new(),
            usage,
            debut: le - SignedDuration::from_hours(1),
            fin: le + SignedDuration::from_hours(24 * jours),
            algorithme: Algorithme::P256,
        };
        self.autorite.emettre(&demande).unwrap()
    }

    /// The list of what the authority revokes, made an hour ago and good for `heures` more, in a file of that name.
    pub(crate) fn lister(&self, nom: &str, revoques: &[&Certificat], heures: i64) -> PathBuf {
        let le = Horloge::systeme().maintenant();
        let serie = |certificat: &&Certificat| igc::lire::lire_der(&certificat.cert_der).unwrap().serie;
        let series: Vec<_> = revoques.iter().map(serie).collect();
        let debut = le - SignedDuration::from_hours(4);
        let liste = self.autorite.revoquer(&series, debut, le + SignedDuration::from_hours(heures)).unwrap();
        let chemin = self.dossier.path().join(nom);
        std::fs::write(&chemin, liste).unwrap();
        chemin
    }

    pub(crate) fn serveur(&self, clients: Clients) -> TlsServeur {
        Self::serveur_sous(&self.emettre("localhost", Usage::Serveur, 90), clients)
    }

    pub(crate) fn serveur_sous(certificat: &Certificat, clients: Clients) -> TlsServeur {
        let identite =
            Identite::depuis_pem(&certificat.cert_pem, certificat.cle_pem.expose_secret()).unwrap();
        TlsServeur::nouveau(identite, clients).unwrap()
    }

    /// The proxy's own, from files that it reads again.
    pub(crate) fn proxy(&self, clients: Clients) -> TlsServeur {
        let (certificat, cle) = self.ecrire_serveur(90);
        TlsServeur::depuis_fichiers(&certificat, &cle, clients).unwrap()
    }

    /// Writes the proxy's certificate and key; the paths.
    pub(crate) fn ecrire_serveur(&self, jours: i64) -> (PathBuf, PathBuf) {
        let certificat = self.emettre("localhost", Usage::Serveur, jours);
        let (cert, cle) = (self.dossier.path().join("proxy.pem"), self.dossier.path().join("proxy.key"));
        std::fs::write(&cert, &certificat.cert_pem).unwrap();
        std::fs::write(&cle, certificat.cle_pem.expose_secret()).unwrap();
        (cert, cle)
    }

    pub(crate) fn autorites(&self) -> Autorites {
        Autorites::depuis_pem(self.autorite.cert_pem()).unwrap()
    }

    /// Writes a client's certificate and key; the paths.
    pub(crate) fn ecrire(&self, cn: &str, jours: i64) -> (PathBuf, PathBuf) {
        let certificat = self.emettre(cn, Usage::Client, jours);
        let (cert, cle) =
            (self.dossier.path().join(format!("{cn}.pem")), self.dossier.path().join(format!("{cn}.key")));
        std::fs::write(&cert, &certificat.cert_pem).unwrap();
        std::fs::write(&cle, certificat.cle_pem.expose_secret()).unwrap();
        (cert, cle)
    }

    /// The same as PKCS#12, under the password `essai`.
    pub(crate) fn pkcs12(&self, cn: &str) -> PathBuf {
        let certificat = self.emettre(cn, Usage::Client, 90);
        let octets =
            igc::pkcs12::ecrire(&certificat.cert_pem, &certificat.cle_pem, &"essai".into(), cn).unwrap();
        let chemin = self.dossier.path().join(format!("{cn}.p12"));
        std::fs::write(&chemin, octets).unwrap();
        chemin
    }
}

impl Drop for Banc {
    fn drop(&mut self) {
        self.arret.demander();
        self.faux.demander();
    }
}

impl Banc {
    pub(crate) async fn ouvrir() -> Self {
        Self::regle(|_| {}).await
    }

    /// With a configuration changed by the test.
    pub(crate) async fn regle(reglage: impl FnOnce(&mut Config) + 'static) -> Self {
        Self::demarrer(Pki::nouvelle(), Box::new(reglage)).await
    }

    /// The same, with an authority that has already issued something.
    pub(crate) async fn avec(pki: Pki, reglage: impl FnOnce(&mut Config) + 'static) -> Self {
        Self::demarrer(pki, Box::new(reglage)).await
    }

    async fn demarrer(pki: Pki, reglage: Reglage) -> Self {
        let (horloge, arret, faux) = (Horloge::systeme(), Arret::new(), Arret::new());
        let facultatif = || pki.serveur(Clients::Facultatif(pki.autorites()));
        let psc = FauxPsc::demarrer(facultatif(), horloge.clone(), &faux).await;
        let serveurs = [
            acteur::serveur_autorisation("as1", facultatif(), &faux).await,
            acteur::serveur_autorisation("as2", facultatif(), &faux).await,
            acteur::serveur_autorisation("as3", facultatif(), &faux).await,
        ];
        let apis = [
            acteur::api("api1", facultatif(), &faux).await,
            acteur::api("api2", facultatif(), &faux).await,
            acteur::api("api3", pki.serveur(Clients::Exige(pki.autorites())), &faux).await,
        ];
        let mut config = configurer(&pki, &psc, &serveurs, &apis);
        reglage(&mut config);
        let tls = pki.proxy(match config.autorites_clients {
            Some(_) => Clients::Facultatif(pki.autorites()),
            None => Clients::Aucun,
        });
        let proxy = Proxy::ouvrir(config.clone(), tls, horloge.clone(), Alea::systeme(), arret.clone())
            .await
            .unwrap();
        let (adresse, admin) = (proxy.adresse(), proxy.adresse_admin().unwrap());
        let poignee = proxy.poignee();
        let fin = tokio::spawn(async move { proxy.servir().await.unwrap() });
        Self {
            url: format!("https://localhost:{}", adresse.port()),
            admin: format!("https://localhost:{}", admin.port()),
            psc,
            serveurs,
            apis,
            horloge,
            poignee,
            arret,
            faux,
            pki,
            fin,
            config,
        }
    }

    /// Stops the proxy as an operator does, and waits until it has ended.
    pub(crate) async fn arreter(&mut self) {
        self.arret.demander();
        (&mut self.fin).await.unwrap();
        assert!(self.arret.termine(Duration::from_mins(1)).await);
    }

    /// Another proxy with the configuration of this one, changed, and an LPS that shows it the cookie of `lps`.
    pub(crate) async fn voisin(&self, reglage: impl FnOnce(&mut Config)) -> Voisin {
        let mut config = self.config.clone();
        reglage(&mut config);
        let tls = self.pki.serveur(Clients::Aucun);
        let arret = Arret::new();
        let ouvert = Proxy::ouvrir(config, tls, self.horloge.clone(), Alea::systeme(), arret.clone()).await;
        let proxy = ouvert.unwrap();
        let url = format!("https://localhost:{}", proxy.adresse().port());
        let admin = format!("https://localhost:{}", proxy.adresse_admin().unwrap().port());
        let poignee = proxy.poignee();
        let fin = tokio::spawn(async move { proxy.servir().await.unwrap() });
        Voisin { url, admin, poignee, arret, fin }
    }

    /// An LPS of that other proxy, with the session of `lps`.
    pub(crate) fn lps_de(&self, voisin: &Voisin, lps: &Lps) -> Lps {
        let mut autre = Lps::nouveau(&voisin.url, self.pki.autorite.cert_pem(), false);
        autre.cookie.clone_from(&lps.cookie);
        autre
    }

    /// An LPS that speaks HTTP/1.1 and sends `X-Forwarded-For: 127.0.0.3`.
    pub(crate) fn lps(&self) -> Lps {
        Lps::nouveau(&self.url, self.pki.autorite.cert_pem(), false)
    }

    pub(crate) fn lps_h2(&self) -> Lps {
        Lps::nouveau(&self.url, self.pki.autorite.cert_pem(), true)
    }

    /// A client of the operator's listener.
    pub(crate) fn operateur(&self) -> Lps {
        Lps::nouveau(&self.admin, self.pki.autorite.cert_pem(), false)
    }

    /// An LPS with a live session.
    pub(crate) async fn connecte(&self, client_id: &str) -> Lps {
        let mut lps = self.lps();
        let reponse = lps.connecter(client_id, PRO).await;
        assert_eq!(reponse.statut, 200, "{}", reponse.texte());
        lps
    }

    /// A bare TLS connection to the proxy, for what no HTTP client would send.
    pub(crate) async fn brut(&self) -> brut::Fil {
        brut::connecter(&self.url, &self.pki.autorite, b"http/1.1").await
    }

    pub(crate) async fn brut_h2(&self) -> brut::Fil {
        brut::connecter(&self.url, &self.pki.autorite, b"h2").await
    }

    /// The traces strictly after an instant, in order.
    pub(crate) async fn traces(&self, depuis: Timestamp) -> Vec<serde_json::Value> {
        let reponse = self.lps().get(&format!("/traces?start={depuis}")).await;
        assert_eq!(reponse.statut, 200, "{}", reponse.texte());
        serde_json::from_str(&reponse.texte()).unwrap()
    }

    pub(crate) fn maintenant(&self) -> Timestamp {
        self.horloge.maintenant()
    }
}

/// The agency's test configuration: two clients with a secret, two with a certificate; four routes, two of which share AS3.
fn configurer(pki: &Pki, psc: &FauxPsc, serveurs: &[Acteur; 3], apis: &[Acteur; 3]) -> Config {
    let client = |client_id: &str| config::Client {
        client_id: client_id.to_owned(),
        pkcs12: None,
        mot_de_passe: None,
        certificat: None,
        cle: None,
        secret: None,
        apis: None,
        nom: None,
        retours: vec!["https://lps.example/fin".to_owned(), "https://sans-chemin.example".to_owned()],
        lps: None,
        jeton_applicatif: false,
    };
    let avec_certificat = |client_id: &str| {
        let (certificat, cle) = pki.ecrire(client_id, 90);
        config::Client { certificat: Some(certificat), cle: Some(cle), ..client(client_id) }
    };
    let clients = vec![
        config::Client { secret: Some("secret un: é&+=%".into()), ..client(SECRET_1) },
        config::Client { secret: Some("secret deux".into()), ..client(SECRET_2) },
        avec_certificat(MTLS),
        avec_certificat(MTLS_2),
    ];
    let api = |id: &str, url: String, serveur: &Acteur| config::Api {
        autorite: Some(pki.ca()),
        ..api_minimale(id, &url, &format!("{}/realms/test/protocol/openid-connect/token", serveur.url))
    };
    // A port that was free a moment ago, and that nobody listens on.
    let ferme = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut config: Config = service::config::parse(MINIMALE, "essai.toml").unwrap();
    config.psc.decouverte = Url::parse(&psc.decouverte()).unwrap();
    config.psc.autorite = Some(pki.ca());
    config.psc.seconde = SECONDE;
    config.traces.journal = journal::Config::dans(pki.dossier.path().join("traces"));
    config.clients = clients;
    config.apis = vec![
        api("backend-1", apis[0].url.clone(), &serveurs[0]),
        api("backend-2", apis[1].url.clone(), &serveurs[1]),
        api("backend-3", apis[2].url.clone(), &serveurs[2]),
        api("backend-4", format!("https://localhost:{ferme}"), &serveurs[2]),
    ];
    assert_eq!(config.profil, Profil::Conformite);
    assert!(config.apis.iter().all(|api| api.echange == Echange::Connexion));
    config
}

const MINIMALE: &str = r#"
    ecoute = "127.0.0.1:0"
    url = "https://localhost"
    profil = "conformite"
    coeurs = 2
    relais_de_confiance = ["127.0.0.1"]
    clients = []
    apis = []
    [psc]
    decouverte = "https://localhost/"
    [limites]
    connects_personne_minute = 60
    [traces.journal]
    dossier = "nulle-part"
    [admin]
    ecoute = "127.0.0.1:0"
"#;

fn api_minimale(id: &str, url: &str, jeton_url: &str) -> config::Api {
    let texte = format!("id = \"{id}\"\nurl = \"{url}\"\njeton_url = \"{jeton_url}\"");
    service::config::parse(&texte, "api.toml").unwrap()
}
