//! What `edc up` needs on disk: an authority, certificates, a signing key, secrets. Made once, found again after.
//!
//! Rule: keys and secrets are readable by their owner alone (0600, in a folder 0700); a certificate near its end is
//! made anew, the authority and the signing key never are, since documents out there carry their names.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use guichet::config::{Agence, Antivirus, ClientsPsc, Config, Courriel, Oidc, Signature};
use igc::{Algorithme, Autorite, Demande, Usage};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use service::{
    Alea, Horloge, Identite, TlsServeur,
    tls::{Autorites, Clients},
};
use url::Url;

use super::{Faute, Options};

const CLIENT: &str = "guichet-edc";
const CLIENT_AS: &str = "serveurs-autorisation";
/// Only browsers go there, and they resolve every name under `.localhost` to this machine.
const HOTE_PORTAIL: &str = "wallet.localhost";
/// Of all the servers of the house, in the data folder.
pub(super) const CERTIFICAT_TLS: &str = "tls/localhost.pem";
pub(super) const CLE_TLS: &str = "tls/localhost.key";
/// A TLS certificate with less than this to live is made anew.
const RENOUVELER: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Everything that stands ready in the data folder.
pub(super) struct Espace {
    pub dossier: PathBuf,
    /// PEM of the test authority.
    pub autorite: PathBuf,
    /// Without a slash at the end.
    pub url_guichet: String,
    pub emetteur: String,
    /// Issuer of Pro Santé Connect, on the port that asks for a client certificate.
    pub psc: String,
    /// Host of the authorization page of Pro Santé Connect.
    pub portail: String,
    /// Host of the sandbox's pages and of its API of administration.
    pub bas: String,
    pub jeton_bas: SecretString,
    /// Host of the API and of their authorization servers.
    pub apis: String,
    pub clients: Vec<ClientDemo>,
    pub tls: TlsServeur,
    /// The same identity, with client certificates of the test authority taken when shown.
    pub tls_psc: TlsServeur,
    secret_oidc: SecretString,
    /// Of the authorization servers, at Pro Santé Connect.
    secret_as: SecretString,
    mot_de_passe: SecretString,
    port: u16,
    pub url_proxy: String,
    pub port_proxy: u16,
    pub port_admin: u16,
    /// Host of the software of `edc demo --navigateur`, which runs only while somebody asks for it.
    pub url_lps: String,
    /// Opens the traces of the proxy.
    pub jeton_traces: SecretString,
    /// Held as long as the process lives: one `edc up` at a time on a folder.
    _verrou: File,
}

/// A service registered at Pro Santé Connect for the demonstration, with its certificate.
pub(super) struct ClientDemo {
    pub client_id: String,
    pub nom: &'static str,
    pub certificat: PathBuf,
    pub cle: PathBuf,
    pub p12: PathBuf,
    pub mot_de_passe: SecretString,
    pub redirections: Vec<String>,
    /// Where Pro Santé Connect tells the proxy that a session has ended.
    fin_annoncee: String,
}

/// Two, so that one can see that what belongs to one never serves the other.
const CLIENTS_DEMO: [(&str, &str); 2] =
    [("lps-demo", "Logiciel de démonstration"), ("lps-demo-2", "Second logiciel")];
/// Identifier of the structure in the certificates of the demonstration (OU, as in IGC-Santé).
const STRUCTURE_DEMO: &str = "300001204700015";

pub(super) fn preparer(options: &Options, horloge: &Horloge, alea: &Alea) -> Result<Espace, Faute> {
    let dossier = ouvrir_dossier(&options.data)?;
    let verrou = verrouiller(&dossier)?;
    let le = horloge.maintenant();
    let autorite_pem = dossier.join("ac/autorite.pem");
    let autorite = charger_autorite(&autorite_pem, &dossier.join("ac/autorite.key"), le)?;
    let identite = charger_tls(&autorite, &dossier, le)?;
    let tls = TlsServeur::nouveau(identite.clone(), Clients::Aucun)?;
    let tls_psc =
        TlsServeur::nouveau(identite, Clients::Facultatif(Autorites::depuis_pem(autorite.cert_pem())?))?;
    let jeton_bas = charger_secret(&dossier.join("secrets/bas"), alea)?;
    let mot_de_passe_clients = charger_secret(&dossier.join("secrets/clients"), alea)?;
    let clients = CLIENTS_DEMO
        .iter()
        .map(|(client_id, nom)| {
            let client =
                ClientDemo::nouveau(client_id, nom, &dossier, &mot_de_passe_clients, options.port_base);
            client.charger(&autorite, le).map(|()| client)
        })
        .collect::<Result<Vec<_>, Faute>>()?;
    let jeton_traces = charger_secret(&dossier.join("secrets/traces"), alea)?;
    let secret_as = charger_secret(&dossier.join("secrets/as"), alea)?;
    let secret_oidc = charger_secret(&dossier.join("secrets/oidc"), alea)?;
    let mot_de_passe = charger_secret(&dossier.join("secrets/signataire"), alea)?;
    let p12 = dossier.join("signature/signataire.p12");
    if !p12.exists() {
        let certificat = autorite.emettre(&Demande {
            cn: "Signataire de démonstration des guichets".to_owned(),
            ou: Some("Environnement de démonstration".to_owned()),
            organisation: Some("Espace de Confiance".to_owned()),
            noms_dns: Vec::new(),
            adresses_ip: Vec::new(),
            usage: Usage::Signature,
            debut: le,
            fin: plus_jours(le, 9 * 365),
            // RSA: the oldest readers that people check documents with don't all know elliptic curves.
            algorithme: Algorithme::Rsa3072,
        })?;
        let chaine = format!("{}{}", certificat.cert_pem, autorite.cert_pem());
        let octets = igc::pkcs12::ecrire(&chaine, &certificat.cle_pem, &mot_de_passe, "signataire")?;
        ecrire_prive(&p12, &octets)?;
    }
    let port = options.port_base;
    Ok(Espace {
        autorite: autorite_pem,
        url_guichet: format!("https://localhost:{port}"),
        emetteur: format!("https://localhost:{}/realms/industriels", port.saturating_add(1)),
        psc: format!("https://localhost:{}{}", port.saturating_add(2), oidc::psc::ROYAUME),
        portail: format!("https://{HOTE_PORTAIL}:{}", port.saturating_add(1)),
        bas: format!("https://localhost:{}", port.saturating_add(1)),
        jeton_bas,
        apis: format!("https://localhost:{}", port.saturating_add(4)),
        clients,
        tls,
        tls_psc,
        secret_oidc,
        secret_as,
        mot_de_passe,
        port,
        url_proxy: format!("https://localhost:{}", port.saturating_add(3)),
        port_proxy: port.saturating_add(3),
        port_admin: port.saturating_add(5),
        url_lps: format!("https://localhost:{}", port.saturating_add(6)),
        jeton_traces,
        dossier,
        _verrou: verrou,
    })
}

impl Espace {
    /// Where a browser comes back to the software of the demonstration.
    pub(super) fn retour_lps(&self) -> String {
        format!("{}/retour", self.url_lps)
    }

    pub(super) fn bas(&self) -> bas::Config {
        let isc = bas::isc::Config {
            issuer: self.emetteur.clone(),
            clients: vec![bas::isc::ClientIsc {
                client_id: CLIENT.to_owned(),
                secret: self.secret_oidc.clone(),
                redirect_uris: vec![format!("{}/connexion/retour", self.url_guichet)],
                post_logout_redirect_uris: vec![format!("{}/", self.url_guichet)],
            }],
            donnees: self.dossier.join("bas"),
        };
        let psc = bas::psc::Config {
            issuer: self.psc.clone(),
            portail: self.portail.clone(),
            donnees: self.dossier.join("bas"),
            jeton_admin: self.jeton_bas.clone(),
            autorite: Some(self.autorite.clone()),
            reglages: bas::psc::Reglages::default(),
            clients: self
                .clients
                .iter()
                .map(ClientDemo::inscription)
                .chain([self.inscription_as()])
                .collect(),
            emission: Some(bas::psc::Emission {
                certificat: self.autorite.clone(),
                cle: self.dossier.join("ac/autorite.key"),
            }),
            scenarios: None,
        };
        bas::Config { isc, psc, apis: Some(self.apis()) }
    }

    /// The authorization servers ask Pro Santé Connect about tokens; nobody signs in there.
    fn inscription_as(&self) -> bas::psc::Inscription {
        bas::psc::Inscription {
            client_id: CLIENT_AS.to_owned(),
            nom: Some("Serveurs d’autorisation des API".to_owned()),
            secret: Some(self.secret_as.clone()),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            ciba: false,
        }
    }

    fn apis(&self) -> bas::api::Config {
        let introspection = format!("{}/protocol/openid-connect/token/introspect", self.psc);
        let serveur = |royaume: &str, scopes: &[&str]| bas::api::ConfigServeur {
            royaume: royaume.to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            scope_exige: false,
            cnf: oidc::cnf::Forme::Agence,
            durees: bas::api::Durees::default(),
            clients: Vec::new(),
            // Whoever has a certificate of the test authority may try.
            cn_admis: true,
        };
        let api = |id: &str, genre, royaume: &str, scope: Option<&str>| bas::api::ConfigApi {
            id: id.to_owned(),
            genre,
            royaume: royaume.to_owned(),
            scope: scope.map(str::to_owned),
            chemin: None,
            sans_liaison: false,
        };
        bas::api::Config {
            url: self.apis.clone(),
            donnees: self.dossier.join("bas"),
            psc: bas::api::ConfigPsc {
                introspection: Url::parse(&introspection).expect("our own issuer is a URL"),
                client_id: CLIENT_AS.to_owned(),
                secret: Some(self.secret_as.clone()),
                identite: None,
                autorite: Some(self.autorite.clone()),
            },
            serveurs: vec![serveur("signsessiondata", &[]), serveur("essai", &["essai", "insi"])],
            apis: vec![
                api("signsessiondata", bas::api::Genre::Signature, "signsessiondata", None),
                api("essai", bas::api::Genre::Essai, "essai", Some("essai")),
                api("insi", bas::api::Genre::Insi, "essai", Some("insi")),
            ],
        }
    }

    pub(super) fn guichet(&self, options: &Options) -> Config {
        Config {
            url: Url::parse(&self.url_guichet).expect("localhost and a port make a URL"),
            ecoute: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port),
            base: options
                .base
                .clone()
                .unwrap_or_else(|| format!("sqlite:{}", self.dossier.join("guichet.db").display())),
            fichiers: self.dossier.join("fichiers"),
            oidc: Oidc {
                emetteur: self.emetteur.clone(),
                client_id: CLIENT.to_owned(),
                secret: self.secret_oidc.clone(),
                autorite: Some(self.autorite.clone()),
            },
            courriel: Courriel::Dossier {
                chemin: self.dossier.join("courriels"),
                expediteur: "guichets@espace-de-confiance.example".to_owned(),
            },
            antivirus: options.clamd.clone().map(|socket| Antivirus::Socket { socket }),
            signature: Signature::Pkcs12 {
                fichier: self.dossier.join("signature/signataire.p12"),
                mot_de_passe: self.mot_de_passe.clone(),
            },
            autorites_signature: vec![self.autorite.clone()],
            clients_psc: Some(ClientsPsc {
                url: Url::parse(&format!("{}/_bac-a-sable/demandes-client", self.bas))
                    .expect("localhost and a port make a URL"),
                jeton: self.jeton_bas.clone(),
                autorite: Some(self.autorite.clone()),
            }),
            agence: Agence::default(),
            demonstration: true,
            referentiel: None,
        }
    }
}

impl ClientDemo {
    fn nouveau(
        client_id: &str,
        nom: &'static str,
        dossier: &Path,
        mot_de_passe: &SecretString,
        port: u16,
    ) -> Self {
        let fichier = |extension| dossier.join("clients").join(format!("{client_id}.{extension}"));
        Self {
            client_id: client_id.to_owned(),
            nom,
            certificat: fichier("pem"),
            cle: fichier("key"),
            p12: fichier("p12"),
            mot_de_passe: mot_de_passe.clone(),
            redirections: vec![format!("https://localhost:{}/connect/callback", port.saturating_add(3))],
            fin_annoncee: format!("https://localhost:{}/psc/deconnexion", port.saturating_add(3)),
        }
    }

    /// Makes the certificate at the first start, and anew when its end is near.
    fn charger(&self, autorite: &Autorite, le: Timestamp) -> Result<(), Faute> {
        if encore_bon(&self.certificat, le) && self.cle.exists() && self.p12.exists() {
            return Ok(());
        }
        let certificat = autorite.emettre(&Demande {
            cn: self.client_id.clone(),
            ou: Some(STRUCTURE_DEMO.to_owned()),
            organisation: Some("Logimed".to_owned()),
            noms_dns: Vec::new(),
            adresses_ip: Vec::new(),
            usage: Usage::Client,
            debut: le,
            // As IGC-Santé issues them.
            fin: plus_jours(le, 3 * 365),
            algorithme: Algorithme::P256,
        })?;
        let chaine = format!("{}{}", certificat.cert_pem, autorite.cert_pem());
        let p12 = igc::pkcs12::ecrire(&chaine, &certificat.cle_pem, &self.mot_de_passe, &self.client_id)?;
        ecrire_prive(&self.cle, certificat.cle_pem.expose_secret().as_bytes())?;
        ecrire_prive(&self.p12, &p12)?;
        fs::write(&self.certificat, certificat.cert_pem).map_err(Faute::fichier(&self.certificat))
    }

    fn inscription(&self) -> bas::psc::Inscription {
        bas::psc::Inscription {
            client_id: self.client_id.clone(),
            nom: Some(self.nom.to_owned()),
            secret: None,
            redirect_uris: self.redirections.clone(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: Some(self.fin_annoncee.clone()),
            ciba: true,
        }
    }
}

fn ouvrir_dossier(dossier: &Path) -> Result<PathBuf, Faute> {
    let dire = |erreur: std::io::Error| {
        Faute::Dite(format!(
            "le dossier de données {} n’est pas accessible en écriture ({erreur}) : choisissez-en un autre avec --data",
            dossier.display()
        ))
    };
    for sous in ["", "ac", "tls", "secrets", "signature", "fichiers", "courriels", "bas", "clients"] {
        let chemin = dossier.join(sous);
        fs::create_dir_all(&chemin).map_err(dire)?;
    }
    fs::set_permissions(dossier, fs::Permissions::from_mode(0o700)).map_err(dire)?;
    let absolu = fs::canonicalize(dossier).map_err(dire)?;
    let essai = absolu.join(".essai");
    fs::write(&essai, b"").and_then(|()| fs::remove_file(&essai)).map_err(dire)?;
    Ok(absolu)
}

fn verrouiller(dossier: &Path) -> Result<File, Faute> {
    let chemin = dossier.join("verrou");
    let verrou = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&chemin)
        .map_err(Faute::fichier(&chemin))?;
    verrou.try_lock().map_err(|_| {
        Faute::Dite(format!(
            "un autre « edc up » utilise déjà le dossier {} : arrêtez-le, ou choisissez-en un autre avec --data",
            dossier.display()
        ))
    })?;
    Ok(verrou)
}

fn ecrire_prive(chemin: &Path, octets: &[u8]) -> Result<(), Faute> {
    // Written aside and renamed: a crash leaves no half key that the next start would trust.
    let provisoire = chemin.with_extension("tmp");
    let ecrire = || {
        let mut fichier =
            OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&provisoire)?;
        fichier.write_all(octets)?;
        fichier.sync_all()?;
        fs::rename(&provisoire, chemin)
    };
    ecrire().map_err(Faute::fichier(chemin))
}

fn lire(chemin: &Path) -> Result<String, Faute> {
    fs::read_to_string(chemin).map_err(Faute::fichier(chemin))
}

fn charger_secret(chemin: &Path, alea: &Alea) -> Result<SecretString, Faute> {
    if !chemin.exists() {
        ecrire_prive(chemin, alea.jeton().as_bytes())?;
    }
    Ok(lire(chemin)?.trim().to_owned().into())
}

fn charger_autorite(cert: &Path, cle: &Path, le: Timestamp) -> Result<Autorite, Faute> {
    if cert.exists() && cle.exists() {
        return Ok(Autorite::depuis_pem(&lire(cert)?, &lire(cle)?.into())?);
    }
    let autorite = Autorite::nouvelle("Autorité de test de l’Espace de Confiance", le)?;
    ecrire_prive(cle, autorite.cle_pem().expose_secret().as_bytes())?;
    fs::write(cert, autorite.cert_pem()).map_err(Faute::fichier(cert))?;
    Ok(autorite)
}

/// Whether a certificate is there, valid, and far from its end.
fn encore_bon(cert: &Path, le: Timestamp) -> bool {
    let lu = fs::read(cert).ok().and_then(|octets| igc::lire::lire(&octets).ok());
    lu.is_some_and(|lu| lu.valide_le(le) && lu.fin.duration_since(le) > RENOUVELER)
}

fn charger_tls(autorite: &Autorite, dossier: &Path, le: Timestamp) -> Result<Identite, Faute> {
    let (cert, cle) = (dossier.join(CERTIFICAT_TLS), dossier.join(CLE_TLS));
    // A folder of an earlier version has a certificate without the portal's name.
    let nomme = fs::read(&cert)
        .ok()
        .and_then(|octets| igc::lire::lire(&octets).ok())
        .is_some_and(|lu| lu.noms_dns.iter().any(|nom| nom == HOTE_PORTAIL));
    if !nomme || !encore_bon(&cert, le) || !cle.exists() {
        let certificat = autorite.emettre(&Demande {
            cn: "localhost".to_owned(),
            ou: None,
            organisation: Some("Espace de Confiance".to_owned()),
            noms_dns: vec!["localhost".to_owned(), HOTE_PORTAIL.to_owned()],
            adresses_ip: vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
            usage: Usage::Serveur,
            debut: le,
            // Browsers refuse server certificates that live longer than 398 days.
            fin: plus_jours(le, 397),
            algorithme: Algorithme::P256,
        })?;
        ecrire_prive(&cle, certificat.cle_pem.expose_secret().as_bytes())?;
        fs::write(&cert, certificat.cert_pem).map_err(Faute::fichier(&cert))?;
    }
    Ok(Identite::depuis_fichiers(&cert, &cle)?)
}

fn plus_jours(le: Timestamp, jours: i64) -> Timestamp {
    le.saturating_add(SignedDuration::from_hours(24 * jours)).unwrap_or(Timestamp::MAX)
}
