//! The pages of the software of demonstration: one before the connection, one after.
//!
//! Rule: an act ends in a redirect to the page, which shows the last answer, so that loading it again does nothing twice.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, extract::DefaultBodyLimit};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};
use web::session::JetonSession;
use web::{Avis, Cadre, Champs, Choix, CookieSession, Formulaire, Genre, PageErreur, SessionWeb};

use super::reponse::{Contenu, Reponse};
use super::{Lps, Ouverte, Professionnel};
use crate::commandes::Faute;
use crate::commandes::demo::lire;

const COOKIE: CookieSession = CookieSession::nouveau("lps");
/// Of the proxy. It reaches this page because both are at the same host.
const COOKIE_PROXY: &str = "proxy_session_id";
const COOKIE_PROXY_EFFACE: &str = "proxy_session_id=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0";
const SITE: &str = "Logiciel de démonstration";
/// No form of these pages is longer, in bytes.
const CORPS_MAX: usize = 16 * 1024;
const REFERENCE: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
/// Fields of the search, under the names that the API gives them, with a fictitious patient to begin with.
const TRAITS: [(&str, &str); 5] = [
    ("nomNaissance", "ESSAI-LUNE"),
    ("prenom", "Ambre"),
    ("sexe", "F"),
    ("dateNaissance", "1975-07-12"),
    ("lieuNaissance", ""),
];

pub(super) fn routes(lps: &Arc<Lps>) -> Router {
    let alea = lps.alea.clone();
    let routes = Router::new()
        .route("/", get(accueillir))
        .route("/retour", get(revenir))
        .route("/patients", post(lister_patients))
        .route("/recherche", post(rechercher))
        .route("/signature", post(signer))
        .route("/deconnexion", post(deconnecter))
        .with_state(Arc::clone(lps))
        .merge(web::assets::routes());
    let routes =
        web::erreur::couche(routes, |_, uri| cadre("", uri.path()), move || alea.lettres(REFERENCE, 8));
    let routes = routes.layer(from_fn(lire_session)).layer(DefaultBodyLimit::max(CORPS_MAX));
    web::entetes::couche(routes, &[])
}

fn cadre(titre: &str, chemin: &str) -> Cadre {
    let mut cadre = Cadre::nouveau(SITE, titre, chemin);
    cadre.demo = Some("Démonstration : professionnels et patients sont fictifs.".to_owned());
    cadre
}

async fn lire_session(mut requete: Request, suite: Next) -> Response {
    if let Some(jeton) = COOKIE.lire(requete.headers()) {
        requete.extensions_mut().insert(SessionWeb { csrf: jeton.csrf() });
        requete.extensions_mut().insert(jeton);
    }
    suite.run(requete).await
}

#[derive(Template)]
#[template(path = "lps/accueil.html")]
struct Accueil {
    cadre: Cadre,
    proxy: String,
    connexion: String,
    professionnels: Vec<Professionnel>,
}

#[derive(Template)]
#[template(path = "lps/connecte.html")]
struct Connecte {
    cadre: Cadre,
    ouverte: Ouverte,
    /// The first characters of the session.
    session: String,
    sexes: [Choix; 2],
    traces: Result<Vec<Trace>, String>,
    adresse_traces: String,
    journal: String,
}

/// A line of the proxy's journal.
struct Trace {
    heure: String,
    genre: String,
    appel: String,
    adresse: String,
}

#[derive(Deserialize)]
struct Demande {
    #[serde(default)]
    avis: String,
}

async fn accueillir(
    State(lps): State<Arc<Lps>>,
    jeton: Option<Extension<JetonSession>>,
    Query(demande): Query<Demande>,
) -> Result<Response, PageErreur> {
    let connue = jeton.as_ref().and_then(|jeton| lps.ouvertes().get(&jeton.empreinte()).cloned());
    if let (Some(Extension(jeton)), Some(ouverte)) = (jeton, connue) {
        let mut cadre = cadre("Vous êtes connecté", "/");
        cadre.csrf = jeton.csrf();
        return montrer(&lps, cadre, ouverte).await;
    }
    let mut cadre = cadre("Se connecter", "/");
    cadre.avis = match demande.avis.as_str() {
        "parti" => vec![Avis::nouveau(Genre::Succes, "Vous êtes déconnecté, ici et à Pro Santé Connect.")],
        "finie" => {
            vec![Avis::nouveau(Genre::Attention, "Votre session a pris fin au proxy. Reconnectez-vous.")]
        }
        _ => Vec::new(),
    };
    let connexion = lps.connexion().map_err(|erreur| PageErreur::interne(&erreur))?.into();
    let professionnels = lps.maison.professionnels();
    Ok(web::page(&Accueil { cadre, proxy: lps.proxy.clone(), connexion, professionnels }))
}

async fn montrer(lps: &Lps, cadre: Cadre, ouverte: Ouverte) -> Result<Response, PageErreur> {
    let id = ouverte.session.expose_secret();
    let chemin = format!("/traces?start={}", lps.debut);
    let traces = match lps.maison.appeler("GET", &chemin, None, None).await {
        Ok((200, lues)) => {
            let siennes = lues.as_array().into_iter().flatten();
            Ok(siennes.filter(|trace| trace["proxy_id_session"] == id).map(Trace::lire).collect())
        }
        Ok((statut, _)) => Err(format!("Le proxy a répondu {statut}.")),
        Err(faute) => Err(faute.to_string()),
    };
    let journal = lps.maison.texte("/journal/url").map_err(|faute| indisponible(&faute))?;
    Ok(web::page(&Connecte {
        cadre,
        session: id.chars().take(12).collect(),
        ouverte,
        sexes: [Choix::nouveau("F", "Féminin"), Choix::nouveau("M", "Masculin")],
        traces,
        adresse_traces: format!("{}{chemin}", lps.proxy),
        journal,
    }))
}

#[derive(Deserialize)]
struct Retour {
    #[serde(default)]
    session_state: String,
}

/// The browser comes back from the proxy: with its cookie, the session is ours to use.
async fn revenir(
    State(lps): State<Arc<Lps>>,
    entetes: HeaderMap,
    Query(retour): Query<Retour>,
) -> Result<Response, PageErreur> {
    let refus = |message: &str| PageErreur::nouvelle(StatusCode::BAD_REQUEST).message(message);
    let Some(session) = cookie_du_proxy(&entetes) else {
        return Err(refus("Le proxy n’a donné aucune session à ce navigateur. Recommencez la connexion."));
    };
    if retour.session_state.is_empty() || retour.session_state.len() > 256 {
        return Err(refus(
            "Le proxy n’a pas dit l’état de la session (session_state). Recommencez la connexion.",
        ));
    }
    let (statut, dit) = appeler(&lps, session, "GET", "/userinfo", None).await?;
    if statut != 200 {
        let message =
            format!("Le proxy ne reconnaît pas cette session ({statut}). Recommencez la connexion.");
        return Err(PageErreur::nouvelle(StatusCode::BAD_GATEWAY).message(message));
    }
    // A token that nobody knew before: what was there before a sign-in must not be worth a session after it.
    let jeton = JetonSession::nouveau(lps.alea.octets());
    let recherche = TRAITS.iter().fold(Champs::vides(), |champs, (nom, valeur)| champs.avec(nom, valeur));
    let ouverte = Ouverte {
        le: lps.horloge.maintenant(),
        session: session.to_owned().into(),
        session_state: retour.session_state,
        professionnel: lps.maison.professionnel_decrit(&dit),
        recherche,
        reponse: None,
    };
    lps.ouvrir(jeton.empreinte(), ouverte);
    Ok(([(header::SET_COOKIE, COOKIE.poser(&jeton, None))], Redirect::to("/")).into_response())
}

async fn lister_patients(
    state: State<Arc<Lps>>,
    jeton: Extension<JetonSession>,
    _: Formulaire,
) -> Result<Redirect, PageErreur> {
    envoyer(&state, &jeton, ("Patients fictifs", "GET", "/send/insi/patients"), None, None).await
}

async fn rechercher(
    state: State<Arc<Lps>>,
    jeton: Extension<JetonSession>,
    Formulaire(saisie): Formulaire,
) -> Result<Redirect, PageErreur> {
    let remplis =
        TRAITS.iter().map(|(nom, _)| (*nom, saisie.texte(nom))).filter(|(_, texte)| !texte.is_empty());
    let traits: Value = remplis.map(|(nom, texte)| (nom.to_owned(), json!(texte))).collect();
    let quoi = ("Recherche d’une identité (INSi)", "POST", "/send/insi/recherche");
    envoyer(&state, &jeton, quoi, Some(traits), Some(Champs::depuis(saisie))).await
}

async fn signer(
    state: State<Arc<Lps>>,
    jeton: Extension<JetonSession>,
    _: Formulaire,
) -> Result<Redirect, PageErreur> {
    let donnees = state.ouvertes().get(&jeton.empreinte()).map(|ouverte| {
        json!({
            "nationalId": ouverte.professionnel.national_id,
            "clientID": state.client_id,
            "proxy_session_id": ouverte.session.expose_secret(),
            "session_state": ouverte.session_state,
        })
    });
    let quoi = ("Signature des données de session", "POST", "/send/signsessiondata/signsessiondata");
    envoyer(&state, &jeton, quoi, donnees, None).await
}

/// Calls an API through the proxy and keeps the answer for the page.
async fn envoyer(
    lps: &Lps,
    jeton: &JetonSession,
    (quoi, methode, chemin): (&'static str, &'static str, &'static str),
    corps: Option<Value>,
    recherche: Option<Champs>,
) -> Result<Redirect, PageErreur> {
    let cle = jeton.empreinte();
    let Some(session) = lps.ouvertes().get(&cle).map(|ouverte| ouverte.session.clone()) else {
        return Ok(Redirect::to("/?avis=finie"));
    };
    let session = session.expose_secret();
    let (statut, corps) = appeler(lps, session, methode, chemin, corps.as_ref()).await?;
    // 401 is the API's or the proxy's own: only the proxy knows whether the session still lives.
    if statut == 401 && appeler(lps, session, "GET", "/userinfo", None).await?.0 == 401 {
        lps.ouvertes().remove(&cle);
        return Ok(Redirect::to("/?avis=finie"));
    }
    if let Some(ouverte) = lps.ouvertes().get_mut(&cle) {
        ouverte.recherche.oublier_erreurs();
        if let Some(mut recherche) = recherche {
            for faute in corps["fautes"].as_array().into_iter().flatten() {
                recherche.refuser(&lire(faute, "champ"), lire(faute, "message"));
            }
            ouverte.recherche = recherche;
        }
        ouverte.reponse = Some(Reponse { quoi, methode, chemin, statut, contenu: Contenu::lire(&corps) });
    }
    Ok(Redirect::to("/#reponse"))
}

async fn deconnecter(
    State(lps): State<Arc<Lps>>,
    Extension(jeton): Extension<JetonSession>,
    _: Formulaire,
) -> Result<Response, PageErreur> {
    let ouverte = lps.ouvertes().remove(&jeton.empreinte());
    if let Some(ouverte) = ouverte {
        appeler(&lps, ouverte.session.expose_secret(), "DELETE", "/disconnect", None).await?;
    }
    let mut reponse = Redirect::to("/?avis=parti").into_response();
    let entetes = reponse.headers_mut();
    entetes.append(header::SET_COOKIE, COOKIE.effacer());
    // The proxy clears its cookie in its answer to us: the browser must hear it too.
    entetes.append(header::SET_COOKIE, HeaderValue::from_static(COOKIE_PROXY_EFFACE));
    Ok(reponse)
}

async fn appeler(
    lps: &Lps,
    session: &str,
    methode: &str,
    chemin: &str,
    corps: Option<&Value>,
) -> Result<(u16, Value), PageErreur> {
    let cookie = format!("{COOKIE_PROXY}={session}");
    let appel = lps.maison.appeler(methode, chemin, Some(&cookie), corps).await;
    appel.map_err(|faute| indisponible(&faute))
}

fn indisponible(faute: &Faute) -> PageErreur {
    let message = format!("{faute} : « edc up » tourne-t-il toujours ?");
    PageErreur::nouvelle(StatusCode::SERVICE_UNAVAILABLE).message(message)
}

fn cookie_du_proxy(entetes: &HeaderMap) -> Option<&str> {
    let lignes = entetes.get_all(header::COOKIE).iter().filter_map(|ligne| ligne.to_str().ok());
    let mut paires =
        lignes.flat_map(|ligne| ligne.split(';')).filter_map(|paire| paire.trim().split_once('='));
    paires.find(|(nom, valeur)| *nom == COOKIE_PROXY && !valeur.is_empty()).map(|(_, valeur)| valeur)
}

impl Trace {
    fn lire(trace: &Value) -> Self {
        let instant = lire(trace, "timestamp").parse::<jiff::Timestamp>().ok();
        let paris = TimeZoneDatabase::bundled().get("Europe/Paris").unwrap_or(TimeZone::UTC);
        let heure = instant.map(|instant| instant.to_zoned(paris).strftime("%H:%M:%S").to_string());
        let appel = &trace["apiRequest"];
        let mots = ["methode", "nomApiPsc", "path"].map(|nom| lire(appel, nom));
        Self {
            heure: heure.unwrap_or_default(),
            genre: lire(trace, "type"),
            appel: mots.join(" ").trim().to_owned(),
            adresse: lire(trace, "ipAddress"),
        }
    }
}
