//! The journal: what it tells, what it never shows, who may read it, what is left of it after a restart.

use std::time::Duration;

use axum::routing::{get, post};
use axum::{Form, Router};
use bas::journal::{self, Filtre, Issue, Journal, Ligne, Note};
use http::StatusCode;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::Value;
use service::tls::{Autorites, Clients};
use service::{Arret, Horloge, Identite, Serveur, TlsServeur};

const JETON: &str = "jeton-d-administration";
const SECRET: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";

struct Essai {
    journal: Journal,
    url: String,
    ca: String,
    client_pem: String,
    etranger_pem: String,
}

fn autorite() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let cle = KeyPair::generate().unwrap();
    params.distinguished_name.push(DnType::CommonName, format!("{:?}", &cle.public_key_raw()[1..9]));
    CertifiedIssuer::self_signed(params, cle).unwrap()
}

fn emettre(autorite: &CertifiedIssuer<'static, KeyPair>, cn: &str) -> (String, String) {
    let cle = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, cn);
    (params.signed_by(&cle, autorite).unwrap().pem(), cle.serialize_pem())
}

fn routes() -> Router {
    let jeton = |note: Note, Form(champs): Form<Vec<(String, String)>>| async move {
        note.formulaire(champs.iter().map(|(nom, valeur)| (nom, valeur)));
        note.client("proxy-essai");
        note.refuse("invalid_grant", "Le jeton est mort.");
        StatusCode::BAD_REQUEST
    };
    Router::new()
        .fallback(|| async { StatusCode::NOT_FOUND })
        .route("/jeton", post(jeton))
        .route("/muet", get(|| async { "ok" }))
        .route("/panne", get(|| async { StatusCode::BAD_GATEWAY }))
        .route(
            "/jamais",
            get(|note: Note| async move {
                note.client("parti");
                std::future::pending::<()>().await;
            }),
        )
}

impl Essai {
    async fn demarrer(journal: Journal) -> Self {
        service::tls::installer_fournisseur();
        let (ac, etrangere) = (autorite(), autorite());
        let (certificat, cle) = emettre(&ac, "localhost");
        let clients = Clients::Facultatif(Autorites::depuis_pem(&ac.pem()).unwrap());
        let tls = TlsServeur::nouveau(Identite::depuis_pem(&certificat, &cle).unwrap(), clients).unwrap();
        let serveur = Serveur::lier(([127, 0, 0, 1], 0).into()).await.unwrap();
        let serveur = serveur.avec_temoin(journal.temoin("essai"));
        let url = format!("https://localhost:{}", serveur.adresse().port());
        let routes = journal
            .couche("essai", routes())
            .merge(journal::routes_api(&journal, JETON.into()))
            .merge(journal::routes_page(&journal));
        let arret = Arret::new();
        arret.suivre(serveur.servir(routes, tls, arret.clone()));
        let (certificat, cle) = emettre(&ac, "proxy, d’essai");
        let (faux, fausse_cle) = emettre(&etrangere, "pirate");
        Self { journal, url, ca: ac.pem(), client_pem: certificat + &cle, etranger_pem: faux + &fausse_cle }
    }

    fn http(&self) -> reqwest::Client {
        service::client_http::client(Some(&self.ca), Duration::from_secs(20)).unwrap()
    }

    fn http_avec(&self, identite: &str) -> reqwest::Client {
        service::client_http::client_avec_identite(Some(&self.ca), identite, Duration::from_secs(20)).unwrap()
    }

    fn lignes(&self) -> Vec<Ligne> {
        self.journal.depuis_numero(0, &Filtre::default(), 1_000).0
    }

    /// Waits until the journal has `nombre` lines.
    async fn attendre(&self, nombre: usize) -> Vec<Ligne> {
        loop {
            let lignes = self.lignes();
            if lignes.len() >= nombre {
                return lignes;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn json(&self, requete: &str, jeton: Option<&str>) -> (StatusCode, Value) {
        let appel = self.http().get(format!("{}/_bac-a-sable/journal{requete}", self.url));
        let appel = if let Some(jeton) = jeton { appel.bearer_auth(jeton) } else { appel };
        let reponse = appel.send().await.unwrap();
        (reponse.status(), reponse.json().await.unwrap())
    }
}

fn horloge() -> Horloge {
    Horloge::fixe("2026-03-02T12:00:00Z".parse().unwrap())
}

#[tokio::test]
async fn a_line_says_who_what_and_why_and_no_secret() {
    let essai = Essai::demarrer(Journal::memoire(horloge())).await;
    let client = essai.http_avec(&essai.client_pem);
    let champs = [("grant_type", "refresh_token"), ("refresh_token", SECRET), ("client_secret", "hunter2")];
    client.post(format!("{}/jeton?token={SECRET}", essai.url)).form(&champs).send().await.unwrap();
    essai.http().get(format!("{}/muet", essai.url)).send().await.unwrap();
    essai.http().get(format!("{}/panne", essai.url)).send().await.unwrap();
    essai.http().get(format!("{}/nulle-part", essai.url)).send().await.unwrap();
    let lignes = essai.attendre(4).await;
    let vues: Vec<_> = lignes.iter().map(|l| (l.numero, l.chemin.as_str(), l.statut, l.issue)).collect();
    assert_eq!(
        vues,
        [
            (1, "/jeton", Some(400), Issue::Refuse),
            (2, "/muet", Some(200), Issue::Accepte),
            (3, "/panne", Some(502), Issue::Panne),
            (4, "/nulle-part", Some(404), Issue::Refuse),
        ]
    );
    let premiere = &lignes[0];
    assert_eq!(premiere.certificat.as_ref().unwrap().dn, r"CN=proxy\, d’essai");
    assert_eq!(
        (premiere.client.as_deref(), premiere.code.as_deref()),
        (Some("proxy-essai"), Some("invalid_grant"))
    );
    assert_eq!((premiere.raison.as_str(), premiere.adresse.as_str()), ("Le jeton est mort.", "127.0.0.1"));
    assert_eq!(lignes[1].certificat, None);
    let texte = serde_json::to_string(&lignes).unwrap();
    assert!(!texte.contains("eyJ") && !texte.contains("hunter2"), "{texte}");
    let empreintes: Vec<_> =
        premiere.parametres.iter().filter(|(_, valeur)| valeur.starts_with("jeton ")).collect();
    assert!(empreintes.len() == 2 && empreintes[0].1 == empreintes[1].1, "the same token is recognised");
}

#[tokio::test]
async fn a_refused_certificate_and_a_caller_who_hangs_up_have_their_line() {
    let essai = Essai::demarrer(Journal::memoire(horloge())).await;
    assert!(essai.http_avec(&essai.etranger_pem).get(format!("{}/muet", essai.url)).send().await.is_err());
    let lignes = essai.attendre(1).await;
    assert_eq!((lignes[0].issue, lignes[0].statut, lignes[0].methode.as_str()), (Issue::Refuse, None, ""));
    assert!(lignes[0].raison.contains("certificat client refusé"), "{}", lignes[0].raison);

    let pressee = service::client_http::client(Some(&essai.ca), Duration::from_millis(300)).unwrap();
    assert!(pressee.get(format!("{}/jamais", essai.url)).send().await.is_err());
    let lignes = essai.attendre(2).await;
    assert_eq!((lignes[1].issue, lignes[1].statut), (Issue::Abandon, None));
    assert_eq!(lignes[1].client.as_deref(), Some("parti"));
}

#[tokio::test]
async fn programs_read_it_with_the_token_only_and_from_where_they_stopped() {
    let essai = Essai::demarrer(Journal::memoire(horloge())).await;
    for jeton in [None, Some("autre"), Some(""), Some("jeton-d-administratioN")] {
        assert_eq!(essai.json("", jeton).await.0, StatusCode::UNAUTHORIZED, "{jeton:?}");
    }
    for chemin in ["/muet", "/panne", "/muet"] {
        essai.http().get(format!("{}{chemin}", essai.url)).send().await.unwrap();
    }
    essai.attendre(3).await;
    for (requete, attendues, dernier) in [
        ("", vec![1, 2, 3], 3),
        ("?since=1", vec![2, 3], 3),
        ("?since=3", vec![], 3),
        ("?since=99", vec![], 99),
        ("?max=2", vec![1, 2], 2),
        ("?issue=panne", vec![2], 3),
        ("?serveur=essai&since=2", vec![3], 3),
        ("?serveur=autre", vec![], 3),
        ("?client=personne", vec![], 3),
    ] {
        let (statut, corps) = essai.json(requete, Some(JETON)).await;
        assert_eq!(statut, StatusCode::OK, "{requete}");
        let numeros: Vec<u64> =
            corps["lignes"].as_array().unwrap().iter().map(|l| l["numero"].as_u64().unwrap()).collect();
        assert_eq!((numeros, corps["dernier"].as_u64()), (attendues, Some(dernier)), "{requete}");
    }
    for requete in ["?since=x", "?since=-1", "?issue=bof", "?max=beaucoup"] {
        assert_eq!(essai.json(requete, Some(JETON)).await.0, StatusCode::BAD_REQUEST, "{requete}");
    }
}

#[tokio::test]
async fn the_page_filters_follows_and_never_lets_markup_through() {
    let essai = Essai::demarrer(Journal::memoire(horloge())).await;
    let page = async |requete: &str, htmx: bool| {
        let appel = essai.http().get(format!("{}/journal{requete}", essai.url));
        let appel = if htmx { appel.header("hx-request", "true") } else { appel };
        let reponse = appel.send().await.unwrap();
        (reponse.status(), reponse.text().await.unwrap())
    };
    assert!(page("", false).await.1.contains("Aucune requête"));
    essai.http().get(format!("{}/%3Cscript%3E?scope=<b>gras</b>", essai.url)).send().await.unwrap();
    essai.http().get(format!("{}/muet", essai.url)).send().await.unwrap();
    essai.attendre(2).await;
    let (_, html) = page("", false).await;
    assert!(html.contains("/muet") && html.contains("Rien ne répond") && html.contains("13:00:00"));
    assert!(!html.contains("<b>gras") && !html.contains("hx-trigger"));
    let (_, html) = page("?issue=accepte", false).await;
    assert!(html.contains("/muet") && !html.contains("Rien ne répond"));
    assert!(page("?client=absent", false).await.1.contains("Rien ne correspond"));
    assert!(page("?avant=x&issue=y&vue=z", false).await.1.contains("/muet"), "rubbish is passed over");
    let (_, html) = page("?direct=1&serveur=essai", false).await;
    assert!(html.contains("hx-trigger=\"every 2s\"") && html.contains("vue=2"));
    assert_eq!(page("?direct=1&vue=2", true).await.0, StatusCode::NO_CONTENT);
    assert!(page("?direct=1&vue=1", true).await.1.contains("/muet"));
}

#[tokio::test]
async fn a_restart_takes_it_up_where_it_ended() {
    let dossier = tempfile::tempdir().unwrap();
    let essai = Essai::demarrer(Journal::ouvrir(dossier.path(), horloge()).unwrap()).await;
    essai.http().get(format!("{}/muet", essai.url)).send().await.unwrap();
    let avant = essai.attendre(1).await;
    // A crash in the middle of a line.
    let fichier = dossier.path().join("journal.jsonl");
    let mut octets = std::fs::read(&fichier).unwrap();
    octets.extend_from_slice(br#"{"numero":2,"le":"20"#);
    std::fs::write(&fichier, octets).unwrap();

    let repris = Essai::demarrer(Journal::ouvrir(dossier.path(), horloge()).unwrap()).await;
    assert_eq!(repris.lignes(), avant);
    repris.http().get(format!("{}/panne", repris.url)).send().await.unwrap();
    repris.attendre(2).await;
    let (lignes, dernier) =
        Journal::ouvrir(dossier.path(), horloge()).unwrap().depuis_numero(0, &Filtre::default(), 10);
    assert_eq!((lignes.iter().map(|l| l.numero).collect::<Vec<_>>(), dernier), (vec![1, 2], 2));
}
