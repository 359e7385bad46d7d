//! A server that notes all it hears and says what it was told to say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use service::{Arret, Pair, Serveur, TlsServeur};

/// A request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Recu {
    pub(crate) methode: String,
    pub(crate) chemin: String,
    pub(crate) requete: Option<String>,
    pub(crate) entetes: HeaderMap,
    pub(crate) corps: Vec<u8>,
    /// Leaf of the client's chain, DER.
    pub(crate) certificat: Option<Vec<u8>>,
    /// How many certificates the client showed.
    pub(crate) chaine: usize,
    pub(crate) port: u16,
    pub(crate) le: Instant,
}

impl Recu {
    pub(crate) fn entete(&self, nom: &str) -> Option<&str> {
        self.entetes.get(nom).and_then(|valeur| valeur.to_str().ok())
    }

    /// A field of a form; panics when it is given twice.
    pub(crate) fn champ(&self, nom: &str) -> Option<String> {
        let champs: Vec<_> =
            url::form_urlencoded::parse(&self.corps).filter(|(autre, _)| autre == nom).collect();
        assert!(champs.len() < 2, "{nom} twice");
        champs.into_iter().next().map(|(_, valeur)| valeur.into_owned())
    }

    pub(crate) fn cn(&self) -> Option<String> {
        igc::lire::lire_der(self.certificat.as_ref()?).unwrap().cn
    }
}

type Metier = Box<dyn Fn(&Recu) -> Response + Send + Sync>;
type Consigne = Box<dyn FnOnce(&Recu) -> Response + Send>;
type Pause = Arc<tokio::sync::Semaphore>;

struct Interieur {
    recus: Mutex<Vec<Recu>>,
    consignes: Mutex<VecDeque<(String, Consigne)>>,
    metier: Metier,
    /// A closed gate makes every request wait.
    porte: Pause,
}

#[derive(Clone)]
pub(crate) struct Acteur {
    pub(crate) url: String,
    interieur: Arc<Interieur>,
}

impl Acteur {
    pub(crate) async fn demarrer(tls: TlsServeur, arret: &Arret, metier: Metier) -> Self {
        let serveur = Serveur::lier(([127, 0, 0, 1], 0).into()).await.unwrap();
        let url = format!("https://localhost:{}", serveur.adresse().port());
        let interieur = Arc::new(Interieur {
            recus: Mutex::default(),
            consignes: Mutex::default(),
            metier,
            porte: Arc::new(tokio::sync::Semaphore::new(1_000)),
        });
        let routes = Router::new().fallback(entendre).with_state(Arc::clone(&interieur));
        arret.suivre(serveur.servir(routes, tls, arret.clone()));
        Self { url, interieur }
    }

    /// What arrived at a path (all paths when empty).
    pub(crate) fn recus(&self, fin: &str) -> Vec<Recu> {
        self.interieur
            .recus
            .lock()
            .unwrap()
            .iter()
            .filter(|recu| recu.chemin.ends_with(fin))
            .cloned()
            .collect()
    }

    pub(crate) fn nombre(&self, fin: &str) -> usize {
        self.recus(fin).len()
    }

    /// The next request whose path ends so gets this answer; given twice, the next two.
    pub(crate) fn prochaine(&self, fin: &str, reponse: impl FnOnce(&Recu) -> Response + Send + 'static) {
        self.interieur.consignes.lock().unwrap().push_back((fin.to_owned(), Box::new(reponse)));
    }

    /// The same, with a status and a JSON body.
    pub(crate) fn prochaine_json(&self, fin: &str, statut: u16, corps: Value) {
        self.prochaine(fin, move |_| reponse_json(statut, &corps));
    }

    /// Holds every further answer until [`Acteur::relacher`].
    pub(crate) async fn retenir(&self) {
        self.interieur.porte.acquire_many(1_000).await.unwrap().forget();
    }

    pub(crate) fn relacher(&self) {
        self.interieur.porte.add_permits(1_000);
    }

    /// Waits until so many requests have arrived at a path.
    pub(crate) async fn attendre(&self, fin: &str, nombre: usize) {
        while self.nombre(fin) < nombre {
            tokio::task::yield_now().await;
        }
    }
}

pub(crate) fn reponse_json(statut: u16, corps: &Value) -> Response {
    let statut = StatusCode::from_u16(statut).unwrap();
    if corps.is_null() { statut.into_response() } else { (statut, axum::Json(corps.clone())).into_response() }
}

async fn entendre(State(interieur): State<Arc<Interieur>>, requete: Request) -> Response {
    let (tete, corps) = requete.into_parts();
    if tete.uri.path().ends_with("/flux") {
        // Given back as it comes, without waiting for its end.
        return Response::new(corps);
    }
    let pair = tete.extensions.get::<Pair>().unwrap().clone();
    let corps = to_bytes(corps, usize::MAX).await.unwrap_or_default().to_vec();
    let recu = Recu {
        methode: tete.method.to_string(),
        chemin: tete.uri.path().to_owned(),
        requete: tete.uri.query().map(str::to_owned),
        entetes: tete.headers,
        corps,
        certificat: pair.certificat().map(<[u8]>::to_vec),
        chaine: pair.certificats.len(),
        port: pair.adresse.port(),
        le: Instant::now(),
    };
    interieur.recus.lock().unwrap().push(recu.clone());
    let _passage = interieur.porte.acquire().await.unwrap();
    let consigne = {
        let mut consignes = interieur.consignes.lock().unwrap();
        let rang = consignes.iter().position(|(fin, _)| recu.chemin.ends_with(fin));
        rang.and_then(|rang| consignes.remove(rang))
    };
    match consigne {
        Some((_, reponse)) => reponse(&recu),
        None => (interieur.metier)(&recu),
    }
}

/// An authorization server: every exchange and renewal gives a new token `<nom>-<n>`.
pub(crate) async fn serveur_autorisation(nom: &'static str, tls: TlsServeur, arret: &Arret) -> Acteur {
    let alea = service::Alea::systeme();
    let metier = move |recu: &Recu| {
        if recu.chemin.ends_with("/revoke") {
            return StatusCode::OK.into_response();
        }
        let jeton = || secrecy::SecretString::from(format!("{nom}-{}", alea.jeton()));
        let corps = json!({
            "access_token": jeton().expose_secret(), "expires_in": 14_400, "refresh_token": jeton().expose_secret(),
            "refresh_expires_in": 1_800, "token_type": "Bearer", "not-before-policy": 0, "scope": "openid email profile",
        });
        reponse_json(200, &corps)
    };
    Acteur::demarrer(tls, arret, Box::new(metier)).await
}

/// An API: `/echo` gives the body back, anything else says who answers and what was asked.
pub(crate) async fn api(nom: &'static str, tls: TlsServeur, arret: &Arret) -> Acteur {
    let metier = move |recu: &Recu| {
        if recu.chemin.ends_with("/echo") {
            let sorte = recu.entetes.get("content-type").cloned();
            let mut reponse = Response::new(Body::from(recu.corps.clone()));
            if let Some(sorte) = sorte {
                reponse.headers_mut().insert("content-type", sorte);
            }
            return reponse;
        }
        reponse_json(200, &json!({ "api": nom, "methode": recu.methode, "chemin": recu.chemin }))
    };
    Acteur::demarrer(tls, arret, Box::new(metier)).await
}
