//! What the tests stand on: a site that serves, people who are signed in, dossiers brought to a given point.
//!
//! People are those of [`PERSONNES`]; a session is opened directly (the sign-in itself is tested with the sandbox).

pub(crate) mod decision;
pub(crate) mod dossier;

use std::{collections::BTreeMap, net::SocketAddr, sync::Mutex, time::Duration};

use domaine::{
    evenement::{Acteur, Evenement, Sujet},
    id::Id,
    permission::Qualite,
    structure::{Adresse, Personne, Role, Structure},
};
use guichet::{
    App,
    config::{Agence, Config, Courriel, Oidc, Signature},
};
use igc::{Algorithme, Autorite, Demande, Usage};
use jiff::{SignedDuration, Timestamp};
use registre::Versionne;
use service::{Alea, Arret, Horloge, Identite, Serveur, TlsServeur, tls::Clients};
use test_support::base::BaseEssai;

/// Login, name, structure (0 Logimed, 1 Hexasoins) and role there, or roles at the agency.
type Ligne = (&'static str, &'static str, Option<(usize, Role)>, &'static [Qualite]);
const PERSONNES: &[Ligne] = &[
    ("claire.martin", "Martin", Some((0, Role::Mandataire)), &[]),
    ("hugo.bernard", "Bernard", Some((0, Role::Responsable)), &[]),
    ("lea.petit", "Petit", Some((0, Role::Salarie)), &[]),
    ("tom.leroy", "Leroy", Some((0, Role::Salarie)), &[]),
    ("nadia.benali", "Benali", Some((1, Role::Mandataire)), &[]),
    ("paul.girard", "Girard", Some((1, Role::Salarie)), &[]),
    ("verif.durand", "Durand", None, &[Qualite::Verificateur]),
    ("verif.lopez", "Lopez", None, &[Qualite::Verificateur]),
    ("college.roux", "Roux", None, &[Qualite::College]),
    ("signataire.faure", "Faure", None, &[Qualite::Signataire]),
    ("admin.chevalier", "Chevalier", None, &[Qualite::Administrateur]),
    ("auditeur.meyer", "Meyer", None, &[Qualite::Auditeur]),
    ("cnda.simon", "Simon", None, &[Qualite::Cnda]),
];

/// When every test begins.
pub(crate) fn debut() -> Timestamp {
    "2026-11-21T09:00:00Z".parse().expect("an instant")
}

/// A guichet that serves.
pub(crate) struct Site {
    pub app: App,
    pub horloge: Horloge,
    /// PEM of the authority of its TLS certificate and of its signing key.
    pub autorite: String,
    pub url: String,
    pub dossier: tempfile::TempDir,
    http: reqwest::Client,
    arret: Arret,
    jetons: Mutex<BTreeMap<String, String>>,
    base: Option<BaseEssai>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.arret.demander();
    }
}

impl Site {
    pub(crate) async fn ouvrir(base: BaseEssai) -> Self {
        Self::ouvrir_avec(base, |_| ()).await
    }

    /// Opens a site whose configuration was changed first.
    pub(crate) async fn ouvrir_avec(base: BaseEssai, regler: impl FnOnce(&mut Config)) -> Self {
        let mut site = Self::demarrer(&base.url, regler).await;
        peupler(&site.app).await;
        site.base = Some(base);
        site
    }

    /// Another process of the same site: the same database and the same files, a server of its own.
    pub(crate) async fn jumeau(&self, base: &str) -> Self {
        Self::seul(base, &self.app.config.fichiers).await
    }

    /// A process of a site whose database and files are already there.
    pub(crate) async fn seul(base: &str, fichiers: &std::path::Path) -> Self {
        Self::demarrer(base, |config| fichiers.clone_into(&mut config.fichiers)).await
    }

    async fn demarrer(base: &str, regler: impl FnOnce(&mut Config)) -> Self {
        service::tls::installer_fournisseur();
        let dossier = tempfile::tempdir().expect("a folder");
        let autorite = Autorite::nouvelle("AC d’essai", debut()).expect("an authority");
        let emettre = |cn: &str, usage, noms: Vec<String>| {
            autorite
                .emettre(&Demande {
                    cn: cn.to_owned(),
                    ou: None,
                    organisation: Some("Essais".to_owned()),
                    noms_dns: noms,
                    adresses_ip: Vec::new(),
                    usage,
                    debut: debut().saturating_sub(SignedDuration::from_hours(1)).expect("in range"),
                    fin: debut().saturating_add(SignedDuration::from_hours(24 * 3650)).expect("in range"),
                    algorithme: Algorithme::P256,
                })
                .expect("a certificate")
        };
        let tls = emettre("localhost", Usage::Serveur, vec!["localhost".to_owned()]);
        let cle = emettre("Signataire d’essai", Usage::Signature, Vec::new());
        let chaine = format!("{}{}", cle.cert_pem, autorite.cert_pem());
        let signataire = document::Signataire::depuis_pem(&chaine, &cle.cle_pem).expect("a signing key");
        let racine = dossier.path().join("autorite.pem");
        std::fs::write(&racine, autorite.cert_pem()).expect("written");

        let serveur = Serveur::lier(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port of our own");
        let url = format!("https://localhost:{}", serveur.adresse().port());
        let mut config = Config {
            url: url.parse().expect("a URL"),
            ecoute: serveur.adresse(),
            base: base.to_owned(),
            fichiers: dossier.path().join("fichiers"),
            oidc: Oidc {
                emetteur: "https://localhost:1/realms/absent".to_owned(),
                client_id: "guichet".to_owned(),
                secret: "secret".to_owned().into(),
                autorite: Some(racine.clone()),
            },
            courriel: Courriel::Dossier {
                chemin: dossier.path().join("courriels"),
                expediteur: "guichets@exemple.fr".to_owned(),
            },
            antivirus: None,
            signature: Signature::Pkcs12 {
                fichier: dossier.path().join("absent.p12"),
                mot_de_passe: String::new().into(),
            },
            autorites_signature: vec![racine],
            clients_psc: None,
            agence: Agence::default(),
            demonstration: true,
            referentiel: None,
        };
        regler(&mut config);
        let horloge = Horloge::fixe(debut());
        let app = if matches!(config.signature, Signature::Pkcs11 { .. }) {
            guichet::ouvrir(config, horloge.clone(), Alea::systeme()).await
        } else {
            guichet::ouverture::ouvrir_avec(config, signataire, horloge.clone(), Alea::systeme()).await
        };
        let app = app.expect("the guichet opens");
        let identite =
            Identite::depuis_pem(&tls.cert_pem, secrecy::ExposeSecret::expose_secret(&tls.cle_pem))
                .expect("an identity");
        let tls = TlsServeur::nouveau(identite, Clients::Aucun).expect("TLS");
        let arret = Arret::new();
        let (routes, fin) = (guichet::routes::routes(&app), arret.clone());
        tokio::spawn(async move { serveur.servir(routes, tls, fin).await });
        let http = service::client_http::client(Some(autorite.cert_pem()), Duration::from_secs(30))
            .expect("a client");
        Self {
            app,
            horloge,
            autorite: autorite.cert_pem().to_owned(),
            url,
            dossier,
            http,
            arret,
            jetons: Mutex::new(BTreeMap::new()),
            base: None,
        }
    }

    /// Somebody signed in, in their own browser.
    pub(crate) async fn comme(&self, login: &str) -> Navigateur<'_> {
        let connu = self.jetons.lock().expect("not poisoned").get(login).cloned();
        if let Some(cookie) = connu {
            return Navigateur { site: self, cookie };
        }
        let pose = guichet::session::ouvrir(&self.app, id_personne(login), self.app.maintenant(), "jeton")
            .await
            .expect("a session");
        let cookie = pose.to_str().expect("ASCII").split(';').next().unwrap_or_default().to_owned();
        self.jetons.lock().expect("not poisoned").insert(login.to_owned(), cookie.clone());
        Navigateur { site: self, cookie }
    }

    /// Sessions end while a test leaps ahead: everybody signs in again.
    pub(crate) fn oublier_sessions(&self) {
        self.jetons.lock().expect("not poisoned").clear();
    }

    /// The same browser, led to this process.
    pub(crate) fn avec_cookie_de(&self, autre: &Navigateur<'_>) -> Navigateur<'_> {
        Navigateur { site: self, cookie: autre.cookie.clone() }
    }

    /// Somebody who is not signed in.
    pub(crate) fn anonyme(&self) -> Navigateur<'_> {
        Navigateur { site: self, cookie: String::new() }
    }

    pub(crate) async fn personne(&self, login: &str) -> Personne {
        let mut tx = self.app.registre.lire().await.expect("a transaction");
        tx.load_personne(id_personne(login)).await.expect("read").expect("a known person")
    }

    pub(crate) async fn acteur(&self, login: &str) -> Acteur {
        let personne = self.personne(login).await;
        let qualite = personne.roles_agence.first().copied().unwrap_or(Qualite::Mandataire);
        personne.acteur(qualite)
    }

    /// Does every background task that is due.
    pub(crate) async fn travailler(&self) {
        guichet::taches::vider(&self.app).await.expect("the tasks are done");
    }
}

/// A browser with the cookie of one person; it follows no redirect.
pub(crate) struct Navigateur<'a> {
    site: &'a Site,
    cookie: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reponse {
    pub statut: u16,
    pub entetes: reqwest::header::HeaderMap,
    pub octets: Vec<u8>,
}

impl Reponse {
    /// The text, with plain spaces: where the page ties words together is proved once, in `web`.
    pub(crate) fn corps(&self) -> String {
        String::from_utf8_lossy(&self.octets).replace('\u{a0}', " ")
    }

    /// Where a redirect leads.
    pub(crate) fn vers(&self) -> &str {
        self.entetes.get("location").and_then(|valeur| valeur.to_str().ok()).unwrap_or_default()
    }

    /// The value of the hidden or text field of this name.
    pub(crate) fn champ(&self, nom: &str) -> String {
        let corps = self.corps();
        let Some(debut) = corps.find(&format!("name=\"{nom}\"")) else { return String::new() };
        let reste = &corps[debut..];
        let fin = reste.find('>').unwrap_or(reste.len());
        let Some(valeur) = reste[..fin].find("value=\"") else { return String::new() };
        reste[valeur + 7..].split('"').next().unwrap_or_default().to_owned()
    }
}

impl Navigateur<'_> {
    pub(crate) fn requete(&self, methode: reqwest::Method, chemin: &str) -> reqwest::RequestBuilder {
        let requete = self.site.http.request(methode, format!("{}{chemin}", self.site.url));
        if self.cookie.is_empty() { requete } else { requete.header("cookie", &self.cookie) }
    }

    /// The CSRF token of this browser's session.
    pub(crate) fn csrf(&self) -> String {
        let mut entetes = http::HeaderMap::new();
        if let Ok(valeur) = self.cookie.parse() {
            entetes.insert("cookie", valeur);
        }
        guichet::session::COOKIE.lire(&entetes).map_or_else(String::new, |jeton| jeton.csrf())
    }

    pub(crate) async fn envoyer(&self, requete: reqwest::RequestBuilder) -> Reponse {
        let reponse = requete.send().await.expect("an answer");
        Reponse {
            statut: reponse.status().as_u16(),
            entetes: reponse.headers().clone(),
            octets: reponse.bytes().await.expect("a whole answer").to_vec(),
        }
    }

    pub(crate) async fn get(&self, chemin: &str) -> Reponse {
        self.envoyer(self.requete(reqwest::Method::GET, chemin)).await
    }

    /// Sends a plain form with its CSRF token.
    pub(crate) async fn post(&self, chemin: &str, champs: &[(&str, &str)]) -> Reponse {
        let csrf = self.csrf();
        let mut tous = vec![("csrf", csrf.as_str())];
        tous.extend_from_slice(champs);
        self.envoyer(self.requete(reqwest::Method::POST, chemin).form(&tous)).await
    }

    /// Sends a form with files; the CSRF token is its first part.
    pub(crate) async fn post_fichiers(
        &self,
        chemin: &str,
        champs: &[(&str, &str)],
        fichiers: &[(&str, &str, &[u8])],
    ) -> Reponse {
        let mut corps = reqwest::multipart::Form::new().text("csrf", self.csrf());
        for (nom, valeur) in champs {
            corps = corps.text((*nom).to_owned(), (*valeur).to_owned());
        }
        for (nom, nom_fichier, octets) in fichiers {
            let partie =
                reqwest::multipart::Part::bytes(octets.to_vec()).file_name((*nom_fichier).to_owned());
            corps = corps.part((*nom).to_owned(), partie);
        }
        self.envoyer(self.requete(reqwest::Method::POST, chemin).multipart(corps)).await
    }
}

pub(crate) fn id_personne(login: &str) -> Id<Personne> {
    let rang = PERSONNES.iter().position(|(autre, ..)| *autre == login).expect("a person of the table");
    Id::new(uuid::Uuid::from_u128(1000 + rang as u128))
}

pub(crate) fn id_structure(rang: usize) -> Id<Structure> {
    Id::new(uuid::Uuid::from_u128(2000 + rang as u128))
}

async fn peupler(app: &App) {
    let mut tx = app.registre.ecrire().await.expect("a transaction");
    let mut structures: Vec<Structure> = [("73282932000074", "Logimed"), ("55208131766522", "Hexasoins")]
        .into_iter()
        .enumerate()
        .map(|(rang, (siret, denomination))| Structure {
            id: id_structure(rang),
            siret: siret.parse().expect("a SIRET"),
            denomination: denomination.to_owned(),
            forme_juridique: "SAS".to_owned(),
            adresse: Adresse {
                voie: "1 rue de l’Essai".to_owned(),
                complement: String::new(),
                code_postal: "69003".to_owned(),
                commune: "Lyon".to_owned(),
                pays: "FRA".to_owned(),
            },
            membres: Vec::new(),
            invitations: Vec::new(),
            retraits: Vec::new(),
        })
        .collect();
    for (login, nom, place, roles) in PERSONNES {
        let personne = Personne {
            id: id_personne(login),
            sub: (*login).to_owned(),
            nom: (*nom).to_owned(),
            prenom: login.split('.').next().unwrap_or_default().to_owned(),
            courriel: format!("{login}@exemple.fr"),
            telephone: "+33123456789".to_owned(),
            structure: place.map(|(rang, _)| id_structure(rang)),
            roles_agence: roles.to_vec(),
            consentement: Some(debut()),
        };
        tx.save_personne(&personne).await.expect("saved");
        if let Some((rang, role)) = place {
            structures[*rang] = structures[*rang].clone().rattacher(&personne, *role, debut()).0;
        }
    }
    for structure in structures {
        let evenement = Evenement::new(
            Sujet::new("structure", structure.id),
            "Structure d’essai",
            &Acteur::systeme(),
            debut(),
        );
        tx.save_structure(&Versionne::nouveau(structure), &evenement).await.expect("saved");
    }
    tx.commit().await.expect("committed");
}
