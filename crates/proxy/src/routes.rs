//! The table of URLs: what is relayed on the spot, and what is handed to the control side.
//!
//! Rule: a core only relays. Whatever waits for somebody else than the API (PSC, an authorization server, the disk) runs on the
//! control runtime, so that no connect slows a call.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use jiff::Timestamp;
use journal::{Appel, Fait, Issue};

use crate::accept::Coeur;
use crate::config::EnPanne;
use crate::connect::appel::Panne;
use crate::connect::code;
use crate::corps::{Corps, Propre};
use crate::etat::au_controle;
use crate::forward::{self, Chute, Route, construire, separer};
use crate::policy::{self, Permis};
use crate::reponse::{self, Reponse};
use crate::requete::{self, Origine, Pair, Recue};
use crate::session::jeton::{self, SansJeton};
use crate::session::{JetonApi, Session, chercher, presente, surveillance};
use crate::{connect, disconnect, trace, traces, userinfo};

/// The contract, for tools; a test holds it against the table below.
const OPENAPI: &str = include_str!("openapi.json");

/// Answers one request.
pub(crate) async fn traiter(coeur: Rc<Coeur>, pair: Pair, requete: Request<Incoming>) -> Response<Corps> {
    if let Err(refus) = forme(&coeur, &requete) {
        return refuser_entiere(requete, refus);
    }
    if requete.uri().path().starts_with("/send/") {
        return match admettre(&coeur, &pair, &requete).await {
            Ok(admis) => {
                let relayee = relayer(&coeur, admis, requete).await;
                relayee.unwrap_or_else(|refus| refus.map(Corps::Propre))
            }
            Err(refus) => refuser_entiere(requete, refus),
        };
    }
    // Boxed, like what follows a rare turn further down: hyper moves what a request needs into its place, so that is kept small.
    Box::pin(repondre(&coeur, pair, requete)).await.map(Corps::Propre)
}

/// A refusal that needs nothing of the body.
fn refuser_entiere(requete: Request<Incoming>, refus: Reponse) -> Response<Corps> {
    let (tete, corps) = requete.into_parts();
    requete::laisser_finir(&tete.headers, corps);
    refus.map(Corps::Propre)
}

/// What the proxy answers by itself.
async fn repondre(coeur: &Coeur, pair: Pair, requete: Request<Incoming>) -> Reponse {
    let (tete, corps) = requete.into_parts();
    let (entetes, mut corps) = (tete.headers.clone(), Some(corps));
    let reponse = aiguiller(coeur, pair, Request::from_parts(tete, &mut corps)).await;
    if let Some(reste) = corps {
        requete::laisser_finir(&entetes, reste);
    }
    reponse
}

/// The table. A body that nobody takes stays where it is.
async fn aiguiller(coeur: &Coeur, pair: Pair, requete: Request<&mut Option<Incoming>>) -> Reponse {
    let etat = &coeur.etat;
    let methode = requete.method().clone();
    match requete.uri().path() {
        "/check/alive" => match methode {
            Method::GET | Method::HEAD => reponse::texte(StatusCode::OK, "OK"),
            _ => reponse::methode_refusee("GET"),
        },
        "/openapi.json" => match methode {
            Method::GET | Method::HEAD => {
                let document = bytes::Bytes::from_static(OPENAPI.as_bytes());
                reponse::type_de(
                    reponse::reponse(StatusCode::OK, Propre::plein(document)),
                    "application/json",
                )
            }
            _ => reponse::methode_refusee("GET"),
        },
        "/connect" if methode == Method::POST => au_complet(coeur, pair, requete, connect::connecter).await,
        "/connect/authorize" if methode == Method::GET => {
            au_complet(coeur, pair, requete, |etat, recue, _| code::autoriser(etat, recue)).await
        }
        "/connect/callback" if methode == Method::GET => {
            au_complet(coeur, pair, requete, code::revenir).await
        }
        "/connect/fin" if methode == Method::GET => code::finir(),
        "/connect/attente" if methode == Method::POST => {
            au_complet(coeur, pair, requete, |etat, recue, _| code::attendre(etat, recue)).await
        }
        "/connect/attente" if methode == Method::GET => au_complet(coeur, pair, requete, code::suivre).await,
        "/connect/attente" => reponse::methode_refusee("GET, POST"),
        "/psc/deconnexion" if methode == Method::POST => {
            au_complet(coeur, pair, requete, |etat, recue, _| disconnect::annoncee(etat, recue)).await
        }
        "/disconnect" if methode == Method::DELETE => {
            au_complet(coeur, pair, requete, |etat, recue, _| disconnect::deconnecter(etat, recue)).await
        }
        "/disconnect" => reponse::methode_refusee("DELETE"),
        "/userinfo" if etat.config.psc.userinfo && methode == Method::GET => {
            au_complet(coeur, pair, requete, |etat, recue, _| userinfo::donner(etat, recue)).await
        }
        "/userinfo" if etat.config.psc.userinfo => reponse::methode_refusee("GET"),
        "/traces" if methode == Method::GET => {
            let origine = Origine::de(&pair, requete.headers(), &etat.config.relais_de_confiance);
            let (tete, _) = requete.into_parts();
            traces::lire(etat, &Recue { tete, corps: bytes::Bytes::new(), origine, pair })
        }
        "/connect" | "/psc/deconnexion" => reponse::methode_refusee("POST"),
        "/connect/authorize" | "/connect/callback" | "/connect/fin" | "/traces" => {
            reponse::methode_refusee("GET")
        }
        _ => reponse::refus(StatusCode::NOT_FOUND, "Not found."),
    }
}

/// Shapes that no honest client sends.
fn forme(coeur: &Coeur, requete: &Request<Incoming>) -> Result<(), Reponse> {
    let uri = requete.uri();
    let taille = uri.path().len() + uri.query().map_or(0, str::len);
    if taille > coeur.etat.config.limites.adresse_octets {
        return Err(reponse::refus(StatusCode::URI_TOO_LONG, "Request target too long."));
    }
    // An absolute target is for forward proxies, which this is not. In HTTP/2 every target has its authority.
    if requete.version() < http::Version::HTTP_2 && uri.authority().is_some() {
        return Err(reponse::refus(StatusCode::BAD_REQUEST, "Absolute request target not allowed."));
    }
    Ok(())
}

/// Reads the whole small request here, then has it handled on the control side.
async fn au_complet<F>(
    coeur: &Coeur,
    pair: Pair,
    requete: Request<&mut Option<Incoming>>,
    traitement: impl FnOnce(Arc<crate::etat::Etat>, Recue, tokio_util::sync::CancellationToken) -> F,
) -> Reponse
where
    F: Future<Output = Reponse> + Send + 'static,
{
    let etat = &coeur.etat;
    let origine = Origine::de(&pair, requete.headers(), &etat.config.relais_de_confiance);
    let (tete, corps) = requete.into_parts();
    let corps = match corps.take() {
        Some(corps) => match requete::lire(corps).await {
            Ok(lus) => lus,
            Err(refus) => return refus,
        },
        None => bytes::Bytes::new(),
    };
    let recue = Recue { tete, corps, origine, pair };
    let reponse = au_controle(etat, |raccroche| traitement(Arc::clone(etat), recue, raccroche)).await;
    reponse.unwrap_or_else(|| reponse::refus(StatusCode::INTERNAL_SERVER_ERROR, "Internal error."))
}

/// A call that may leave.
struct Admis {
    permis: Permis,
    cible: PathAndQuery,
    origine: Origine,
    /// When it came.
    le: Timestamp,
}

/// `ANY /send/{api}/{path}`: whether it may leave, and where it goes.
async fn admettre(coeur: &Coeur, pair: &Pair, requete: &Request<Incoming>) -> Result<Admis, Reponse> {
    let etat = &coeur.etat;
    let permises = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    if !permises.contains(requete.method()) {
        return Err(reponse::methode_refusee("GET, HEAD, POST, PUT, PATCH, DELETE"));
    }
    let inconnue = || reponse::refus(StatusCode::NOT_FOUND, "Not found.");
    let (id, suite) = separer(requete.uri().path()).ok_or_else(inconnue)?;
    let route = etat.routes.get(id).ok_or_else(inconnue)?;
    let cible = construire(&route.prefixe, suite, requete.uri())
        .map_err(|refus| reponse::refus(StatusCode::BAD_REQUEST, &refus.to_string()))?;
    let origine = Origine::de(pair, requete.headers(), &etat.config.relais_de_confiance);
    let maintenant = etat.horloge.maintenant();
    let montre = presente(requete.headers());
    let trouvee = chercher(etat, montre, origine.adresse, maintenant)
        .await
        .map_err(|panne| reponse::sans_depot(&panne))?;
    let Some(session) = trouvee else {
        etat.metriques.sans_session();
        return Err(reponse::refus(StatusCode::UNAUTHORIZED, "No session found."));
    };
    etat.alertes.adresse(&session, origine.adresse);
    let client = etat.clients.get(&*session.identite.client_id);
    let debit = etat.config.limites.appels_session_seconde;
    let permis = policy::decide(&session, client, route, &etat.config.session, debit, maintenant);
    let permis = permis.map_err(|refus| match refus {
        policy::Refus::SessionFinie => reponse::refus(StatusCode::UNAUTHORIZED, "No session found."),
        policy::Refus::ApiFermee => {
            reponse::refus(StatusCode::FORBIDDEN, "This API is not open to this software.")
        }
        policy::Refus::TropDAppels => {
            reponse::attendre(reponse::refus(StatusCode::TOO_MANY_REQUESTS, "Too many calls."), 1)
        }
    })?;
    Ok(Admis { permis, cible, origine, le: maintenant })
}

/// A call whose SEND is in the journal: it says how it ended, also when the LPS is gone before.
struct AppelTrace<'a> {
    coeur: &'a Coeur,
    session: &'a Session,
    appel: Appel<'a>,
    rang: usize,
    origine: Origine,
    debut: Instant,
    fini: bool,
}

impl AppelTrace<'_> {
    fn finir(&mut self, statut: StatusCode, cause: Option<&'static str>) {
        self.fini = true;
        let (etat, statut, duree) = (&self.coeur.etat, statut.as_u16(), self.debut.elapsed());
        etat.metriques.appel(self.rang, statut, duree, cause.is_some());
        let issue = Issue { statut, duree, cause };
        let fin = Fait::SendResult(etat.noms.session(self.session), self.appel, issue);
        let maintenant = etat.horloge.maintenant();
        if let Err(refus) = tracer(self.coeur, self.session, self.origine, fin, maintenant) {
            tracing::error!(%refus, "trace de l’issue d’un appel perdue");
        }
    }
}

impl Drop for AppelTrace<'_> {
    fn drop(&mut self) {
        if !self.fini {
            self.finir(StatusCode::REQUEST_TIMEOUT, Some("appel abandonné par le logiciel"));
        }
    }
}

fn tracer(
    coeur: &Coeur,
    session: &Session,
    origine: Origine,
    fait: Fait<'_>,
    maintenant: Timestamp,
) -> Result<(), journal::RefusDeTracer> {
    let trace = trace::de_session(session, Some(origine), fait, maintenant);
    coeur.ecrivain.borrow_mut().tracer(&trace)
}

/// Traces, finds a token, calls, traces how it ended.
async fn relayer(
    coeur: &Rc<Coeur>,
    admis: Admis,
    requete: Request<Incoming>,
) -> Result<Response<Corps>, Reponse> {
    let Admis { permis, cible, origine, le } = admis;
    let etat = &coeur.etat;
    let (session, route) = (Arc::clone(permis.session()), Arc::clone(permis.route()));
    let methode = requete.method().clone();
    let appel = Appel::nouveau(&route.api.regles.id, methode.as_str(), cible.path());
    let debut = Instant::now();
    let (rang, session) = (route.api.rang, &session);
    let depart = Fait::Send(etat.noms.session(session), appel);
    if let Err(refus) = tracer(coeur, session, origine, depart, le) {
        etat.metriques.sans_trace();
        if etat.config.traces.en_panne == EnPanne::Refuser {
            let (tete, corps) = requete.into_parts();
            requete::laisser_finir(&tete.headers, corps);
            return Err(connect::sans_trace(etat, &refus));
        }
        tracing::error!(%refus, api = %route.api.regles.id, "appel relayé sans trace");
    }
    let mut trace = AppelTrace { coeur, session, appel, rang, origine, debut, fini: false };
    let (reponse, cause) = match appeler(coeur, permis, &cible, requete, le).await {
        Ok(reponse) => {
            etat.alertes.api_repond(rang, &route.api.regles.id);
            (Ok(reponse), None)
        }
        Err(Echec::Chute(chute)) => {
            (Err(refuser(coeur, &session.identite.client_id, &route, &chute)), Some(chute.cause()))
        }
        Err(Echec::SansJeton(sans)) => {
            (Err(sans_jeton(coeur, session, &route, sans).await), Some("pas de jeton pour cette API"))
        }
    };
    trace.finir(reponse.as_ref().map_or_else(Response::status, Response::status), cause);
    reponse
}

/// Why a call gave nothing.
enum Echec {
    Chute(Chute),
    SansJeton(SansJeton),
}

async fn appeler(
    coeur: &Rc<Coeur>,
    permis: Permis,
    cible: &PathAndQuery,
    requete: Request<Incoming>,
    le: Timestamp,
) -> Result<Response<Corps>, Echec> {
    let (session, route) = (Arc::clone(permis.session()), Arc::clone(permis.route()));
    let silence = Duration::from_secs(coeur.etat.config.limites.silence_s);
    let place = &session.apis[route.api.rang];
    let jeton = match jeton_pour(coeur, &session, &route, le).await {
        Ok(jeton) => jeton,
        Err(sans) => {
            let (tete, corps) = requete.into_parts();
            requete::laisser_finir(&tete.headers, corps);
            return Err(Echec::SansJeton(sans));
        }
    };
    let issue = forward::forward(&coeur.voies, permis, &jeton, cible, requete, silence).await;
    let issue = issue.map_err(Echec::Chute)?;
    if !issue.jeton_refuse {
        return Ok(issue.reponse);
    }
    place.oublier(&jeton);
    // A write isn't made twice: its refusal goes back, and the next call asks for another token.
    let Some(encore) = issue.encore else { return Ok(issue.reponse) };
    let maintenant = coeur.etat.horloge.maintenant();
    let jeton = jeton_pour(coeur, &session, &route, maintenant).await.map_err(Echec::SansJeton)?;
    let refait = Box::pin(encore.refaire(&coeur.voies, &jeton, cible, silence));
    let issue = refait.await.map_err(Echec::Chute)?;
    if issue.jeton_refuse {
        place.oublier(&jeton);
    }
    Ok(issue.reponse)
}

/// A token that may be sent: the one there is, else one that the control side asks for.
async fn jeton_pour(
    coeur: &Coeur,
    session: &Arc<Session>,
    route: &Arc<Route>,
    maintenant: Timestamp,
) -> Result<Arc<JetonApi>, SansJeton> {
    let etat = &coeur.etat;
    if let Some(jeton) = jeton::courant(etat, session, &route.api, maintenant) {
        return Ok(jeton);
    }
    let (commun, session, api) = (Arc::clone(etat), Arc::clone(session), Arc::clone(&route.api));
    let renouvellement = |_| async move { jeton::renouveler(&commun, &session, &api).await };
    Box::pin(au_controle(etat, renouvellement)).await.unwrap_or(Err(SansJeton::Finie))
}

fn refuser(coeur: &Coeur, client_id: &str, route: &Route, chute: &Chute) -> Reponse {
    let etat = &coeur.etat;
    let id = &route.api.regles.id;
    tracing::info!(api = %id, %chute, "appel sans réponse");
    let statut = chute.statut();
    if statut.is_server_error() {
        // Our own queue says nothing of the API.
        if !matches!(chute, Chute::SansVoie(forward::SansVoie::Sature)) {
            etat.alertes.api_se_tait(route.api.rang, id, client_id, chute);
        }
        let reponse = reponse::indisponible(statut, "The API is unavailable.", etat.config.session.corps_5xx);
        return match chute {
            Chute::SansVoie(forward::SansVoie::Sature) => reponse::attendre(reponse, 1),
            _ => reponse,
        };
    }
    let message = match statut {
        StatusCode::PAYLOAD_TOO_LARGE => "Request body too large.",
        StatusCode::REQUEST_TIMEOUT => "Request body too slow.",
        _ => "Request body could not be read.",
    };
    reponse::refus(statut, message)
}

async fn sans_jeton(coeur: &Coeur, session: &Arc<Session>, route: &Route, sans: SansJeton) -> Reponse {
    let etat = &coeur.etat;
    tracing::warn!(api = %route.api.regles.id, %sans, "pas de jeton pour un appel");
    let panne = match &sans {
        // Its other API still answer: only a new session will have this one.
        SansJeton::Epuisee if session.sert_encore(etat.horloge.maintenant()) => {
            return reponse::refus(StatusCode::UNAUTHORIZED, "Session expired.");
        }
        SansJeton::Finie | SansJeton::Epuisee => {
            let (commun, session) = (Arc::clone(etat), Arc::clone(session));
            au_controle(etat, |_| async move { surveillance::expirer(&commun, &session).await }).await;
            return reponse::refus(StatusCode::UNAUTHORIZED, "Session expired.");
        }
        SansJeton::Depot(panne) => return reponse::sans_depot(panne),
        SansJeton::Panne(panne) => panne,
    };
    if let Panne::Refus { refus, .. } = panne {
        return reponse::refus(StatusCode::UNAUTHORIZED, &refus.message());
    }
    reponse::indisponible(
        panne.statut(),
        "The authorization server is unavailable.",
        etat.config.session.corps_5xx,
    )
}
