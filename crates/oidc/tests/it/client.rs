//! A provider on loopback that answers what each test tells it to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use oidc::jwt::Algorithme;
use oidc::{CleSignature, Client, Demande, Erreur, Refus, Retour};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

const MAINTENANT: i64 = 1_772_352_000;
const SECRET: &str = "s3cret:+ é";

struct Faux {
    metadonnees: Mutex<Value>,
    jwks: Mutex<Value>,
    lectures_cles: AtomicUsize,
    jetons: Mutex<(StatusCode, String)>,
    autorisation: Mutex<String>,
}

struct Banc {
    faux: Arc<Faux>,
    issuer: String,
    client: Client,
}

fn cle() -> CleSignature {
    let pem = CleSignature::generer_pem(Algorithme::Es256).unwrap();
    CleSignature::depuis_pem(Algorithme::Es256, &pem).unwrap()
}

impl Banc {
    async fn ouvrir() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let ecoute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/realms/x", ecoute.local_addr().unwrap());
        let faux = Arc::new(Faux {
            metadonnees: Mutex::new(json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/auth?deja=la"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/certs"),
                "end_session_endpoint": format!("{issuer}/logout"),
                "userinfo_endpoint": format!("{issuer}/userinfo"),
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": true,
            })),
            jwks: Mutex::new(json!({"keys": []})),
            lectures_cles: AtomicUsize::new(0),
            jetons: Mutex::new((StatusCode::OK, String::new())),
            autorisation: Mutex::default(),
        });
        let routes = Router::new()
            .route(
                "/realms/x/.well-known/openid-configuration",
                get(async |State(faux): State<Arc<Faux>>| Json(faux.metadonnees.lock().unwrap().clone())),
            )
            .route(
                "/realms/x/certs",
                get(async |State(faux): State<Arc<Faux>>| {
                    faux.lectures_cles.fetch_add(1, Ordering::SeqCst);
                    Json(faux.jwks.lock().unwrap().clone())
                }),
            )
            .route("/realms/x/userinfo", get(async || Json(json!({"sub": "s", "email": "x@y.test"}))))
            .route(
                "/realms/x/token",
                post(async |State(faux): State<Arc<Faux>>, entetes: axum::http::HeaderMap, corps: String| {
                    let basic =
                        entetes.get("authorization").map(|valeur| valeur.to_str().unwrap().to_owned());
                    *faux.autorisation.lock().unwrap() = format!("{basic:?} {corps}");
                    faux.jetons.lock().unwrap().clone()
                }),
            )
            .with_state(Arc::clone(&faux));
        tokio::spawn(async move { axum::serve(ecoute, routes).await.unwrap() });
        let client = Self::client(&issuer);
        Self { faux, issuer, client }
    }

    fn client(issuer: &str) -> Client {
        Client::decouvrir(
            reqwest::Client::new(),
            issuer,
            "guichet",
            SECRET.into(),
            "https://guichet.test/retour",
        )
        .unwrap()
    }

    fn id_token(&self, cle: &CleSignature) -> String {
        let revendications = json!({
            "iss": self.issuer, "sub": "s", "aud": "guichet", "exp": MAINTENANT + 60, "iat": MAINTENANT, "nonce": "n",
        });
        cle.signer(&revendications).unwrap()
    }

    fn repondre(&self, statut: StatusCode, corps: impl Into<String>) {
        *self.faux.jetons.lock().unwrap() = (statut, corps.into());
    }

    async fn echanger(&self) -> Result<oidc::Jetons, Erreur> {
        self.client.echanger(&"le-code".into(), &"le-verificateur".into()).await
    }
}

fn maintenant() -> Timestamp {
    Timestamp::from_second(MAINTENANT).unwrap()
}

#[tokio::test]
async fn the_request_carries_state_nonce_and_challenge() {
    let banc = Banc::ouvrir().await;
    let mut rang = 0;
    let tirer = || {
        rang += 1;
        format!("{rang}").repeat(43)
    };
    let demande = Demande {
        prompt: Some("login".into()),
        max_age: Some(0),
        login_hint: Some("a b".into()),
        ..Demande::default()
    };
    let autorisation = banc.client.demande(&demande, tirer).await.unwrap();
    let vus: Vec<(String, String)> = autorisation.url.query_pairs().into_owned().collect();
    let attendus = [
        ("deja", "la".to_owned()),
        ("response_type", "code".to_owned()),
        ("client_id", "guichet".to_owned()),
        ("redirect_uri", "https://guichet.test/retour".to_owned()),
        ("scope", "openid profile email".to_owned()),
        ("state", "1".repeat(43)),
        ("nonce", "2".repeat(43)),
        ("code_challenge", oidc::pkce::defi(&"3".repeat(43))),
        ("code_challenge_method", "S256".to_owned()),
        ("prompt", "login".to_owned()),
        ("max_age", "0".to_owned()),
        ("login_hint", "a b".to_owned()),
    ];
    assert_eq!(vus, attendus.map(|(nom, valeur)| (nom.to_owned(), valeur)));
    assert_eq!(autorisation.verificateur.expose_secret(), "3".repeat(43));
}

#[tokio::test]
async fn the_return_must_answer_this_session_and_come_from_this_issuer() {
    let banc = Banc::ouvrir().await;
    let iss = banc.issuer.as_str();
    let autre_session = "le retour ne répond pas à une demande de cette session";
    let autre_emetteur = "le retour vient d’un autre émetteur";
    let sans_code = "le retour ne porte pas de code";
    let refuse = "connexion : le fournisseur d’identité a refusé (access_deniedb)";
    let cas = [
        ("e", Some("e"), Some(iss), Some("c"), None, "code"),
        ("e", Some("f"), Some(iss), Some("c"), None, autre_session),
        ("e", None, Some(iss), Some("c"), None, autre_session),
        ("", Some(""), Some(iss), Some("c"), None, autre_session),
        ("e", Some("e"), None, Some("c"), None, autre_emetteur),
        ("e", Some("e"), Some("https://autre.test"), Some("c"), None, autre_emetteur),
        ("e", Some("e"), Some(iss), None, None, sans_code),
        ("e", Some("e"), Some(iss), Some(""), None, sans_code),
        ("e", Some("e"), Some(iss), Some("c"), Some("access_denied<b>"), refuse),
    ];
    for (attendu_etat, state, iss, code, error, attendu) in cas {
        let texte = |valeur: Option<&str>| valeur.map(str::to_owned);
        let retour = Retour { code: texte(code), state: texte(state), iss: texte(iss), error: texte(error) };
        let vu = match banc.client.lire_retour(&retour, attendu_etat).await {
            Ok(_) => "code".to_owned(),
            Err(erreur) => erreur.to_string(),
        };
        assert_eq!(vu, attendu, "{retour:?}");
    }
}

#[tokio::test]
async fn the_secret_goes_where_the_provider_wants_it() {
    use base64::Engine as _;
    let banc = Banc::ouvrir().await;
    banc.repondre(
        StatusCode::OK,
        json!({"id_token": "i", "access_token": "a", "token_type": "bearer"}).to_string(),
    );
    banc.echanger().await.unwrap();
    let vu = banc.faux.autorisation.lock().unwrap().clone();
    let attendu = base64::prelude::BASE64_STANDARD.encode("guichet:s3cret%3A%2B+%C3%A9");
    assert!(vu.contains(&format!("Basic {attendu}")) && !vu.contains("client_secret"), "{vu}");

    let banc = Banc::ouvrir().await;
    banc.repondre(
        StatusCode::OK,
        json!({"id_token": "i", "access_token": "a", "token_type": "Bearer"}).to_string(),
    );
    banc.faux.metadonnees.lock().unwrap()["token_endpoint_auth_methods_supported"] =
        json!(["client_secret_post"]);
    banc.echanger().await.unwrap();
    let vu = banc.faux.autorisation.lock().unwrap().clone();
    assert!(vu.starts_with("None") && vu.contains("client_secret=s3cret%3A%2B+%C3%A9"), "{vu}");
}

#[tokio::test]
async fn bad_answers_are_named_and_never_quoted() {
    let banc = Banc::ouvrir().await;
    let cas = [
        (
            StatusCode::BAD_REQUEST,
            json!({"error": "invalid_grant", "error_description": "jeton-secret"}).to_string(),
            "échange du code : le fournisseur d’identité a refusé (invalid_grant)",
        ),
        (
            StatusCode::BAD_GATEWAY,
            "jeton-secret".to_owned(),
            "échange du code : le fournisseur d’identité a répondu 502",
        ),
        (StatusCode::FOUND, String::new(), "échange du code : le fournisseur d’identité a répondu 302"),
        (StatusCode::OK, "{\"id_token\": \"jeton-secret\"".to_owned(), "échange du code : réponse illisible"),
        (
            StatusCode::OK,
            json!({"id_token": 3, "access_token": "jeton-secret", "token_type": "Bearer"}).to_string(),
            "échange du code : réponse illisible",
        ),
        (
            StatusCode::OK,
            json!({"id_token": "i", "access_token": "a", "token_type": "mac"}).to_string(),
            "échange du code : réponse illisible",
        ),
        (StatusCode::OK, "x".repeat(300_000), "échange du code : réponse trop longue"),
    ];
    for (statut, corps, attendu) in cas {
        banc.repondre(statut, corps);
        let erreur = banc.echanger().await.unwrap_err();
        assert_eq!(erreur.to_string(), attendu);
        assert!(!format!("{erreur:?}").contains("jeton-secret"));
    }
    assert!(!format!("{:?}", banc.client).contains("s3cret"));
}

#[tokio::test]
async fn keys_are_kept_and_fetched_once_more_for_an_unknown_kid() {
    let banc = Banc::ouvrir().await;
    let (premiere, seconde, etrangere) = (cle(), cle(), cle());
    let verifier = async |cle: &CleSignature| {
        let corps = json!({"id_token": banc.id_token(cle), "access_token": "a", "token_type": "Bearer"});
        banc.repondre(StatusCode::OK, corps.to_string());
        let jetons = banc.echanger().await.unwrap();
        banc.client.verifier_id_token(&jetons, "n", None, maintenant()).await
    };
    *banc.faux.jwks.lock().unwrap() = premiere.jwks();
    for _ in 0..3 {
        assert_eq!(verifier(&premiere).await.unwrap().sub, "s");
    }
    assert_eq!(banc.faux.lectures_cles.load(Ordering::SeqCst), 1);
    *banc.faux.jwks.lock().unwrap() = seconde.jwks();
    assert!(verifier(&seconde).await.is_ok());
    assert_eq!(banc.faux.lectures_cles.load(Ordering::SeqCst), 2);
    assert!(matches!(verifier(&etrangere).await, Err(Erreur::IdToken(Refus::CleInconnue))));
    assert_eq!(banc.faux.lectures_cles.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_failed_discovery_is_tried_again() {
    let banc = Banc::ouvrir().await;
    let bon = banc.faux.metadonnees.lock().unwrap().clone();
    banc.faux.metadonnees.lock().unwrap()["issuer"] = json!("https://autre.test");
    assert!(matches!(banc.client.fournisseur().await, Err(Erreur::Fournisseur(_))));
    *banc.faux.metadonnees.lock().unwrap() = bon;
    assert!(banc.client.fournisseur().await.is_ok());

    let parti = Banc::client("http://127.0.0.1:9/realms/x");
    assert!(matches!(parti.fournisseur().await, Err(Erreur::Injoignable { .. })));
}

#[tokio::test]
async fn the_profile_must_be_of_the_same_person() {
    let banc = Banc::ouvrir().await;
    let acces: SecretString = "a".into();
    assert_eq!(banc.client.userinfo(&acces, "s").await.unwrap()["email"], "x@y.test");
    assert!(matches!(banc.client.userinfo(&acces, "autre").await, Err(Erreur::AutrePersonne)));
}

#[tokio::test]
async fn signing_out_sends_the_hint_and_where_to_come_back() {
    let banc = Banc::ouvrir().await;
    let url = banc
        .client
        .deconnexion_url(Some(&"i".into()), Some("https://guichet.test/"), None)
        .await
        .unwrap()
        .unwrap();
    let attendue =
        "/logout?client_id=guichet&id_token_hint=i&post_logout_redirect_uri=https%3A%2F%2Fguichet.test%2F";
    assert_eq!(url.as_str(), format!("{}{attendue}", banc.issuer));
}

#[test]
fn addresses_in_clear_are_refused() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    for (issuer, retour, bon) in [
        ("https://a.test", "https://b.test/", true),
        ("http://localhost:1", "http://[::1]:1/", true),
        ("http://a.test", "https://b.test/", false),
        ("https://a.test", "http://b.test/", false),
        ("pas une adresse", "https://b.test/", false),
    ] {
        let vu = Client::decouvrir(reqwest::Client::new(), issuer, "c", "s".into(), retour);
        assert_eq!(vu.is_ok(), bon, "{issuer} {retour}");
    }
}
