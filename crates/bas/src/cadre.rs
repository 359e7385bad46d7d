//! What every page of the sandbox has around it: the frame, the error pages, the session's CSRF token, the security headers.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn};
use url::Url;
use web::{Cadre, CookieSession, SessionWeb};

use crate::isc::Isc;
use crate::psc::Psc;

/// The cookie of a browser, signed in or not.
pub(crate) const COOKIE: CookieSession = CookieSession::nouveau("bas");
/// No request of the realm is longer.
const CORPS_MAX: usize = 64 * 1024;
const REFERENCE: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// A frame with the banner that says what this is.
pub(crate) fn cadre(titre: &str, chemin: &str) -> Cadre {
    let mut cadre = Cadre::nouveau("Bac à sable", titre, chemin);
    cadre.demo = Some("Bac à sable : personnes, structures et comptes sont fictifs.".to_owned());
    cadre
}

/// The same with the navigation of the sandbox; the pages of the simulated providers have none.
pub(crate) fn cadre_du_bac(titre: &str, chemin: &str) -> Cadre {
    let mut cadre = cadre(titre, chemin);
    let nav = [
        ("Accueil", "/"),
        ("e-CPS simulée", "/ecps"),
        ("CPS-Gestion simulée", "/cps-gestion"),
        ("Identités", "/identites"),
        ("Fautes et réglages", "/scenarios"),
        ("Journal", "/journal"),
    ];
    cadre.nav = nav.map(|(libelle, url)| web::Lien::nouveau(libelle, url).actif(url == chemin)).to_vec();
    cadre
}

/// Puts everything around the pages. A sign-in ends in a redirect to the client, so its origin must be a form's target too.
pub(crate) fn habiller(routes: Router, isc: &Arc<Isc>) -> Router {
    let alea = isc.alea.clone();
    let reference = move || alea.lettres(REFERENCE, 8);
    let routes = web::erreur::couche(routes, |_, uri| cadre("", uri.path()), reference);
    let routes = routes.layer(from_fn(lire_session)).layer(DefaultBodyLimit::max(CORPS_MAX));
    let origines: Vec<Url> = isc.clients.adresses().cloned().collect();
    web::entetes::couche(routes, &origines)
}

/// The same for the realm of Pro Santé Connect, which has no form and no session of its own on that host.
pub(crate) fn habiller_psc(routes: Router, psc: &Arc<Psc>) -> Router {
    let alea = psc.alea.clone();
    let reference = move || alea.lettres(REFERENCE, 8);
    let routes = web::erreur::couche(routes, |_, uri| cadre("", uri.path()), reference);
    web::entetes::couche(routes.layer(DefaultBodyLimit::max(CORPS_MAX)), &[])
}

async fn lire_session(mut requete: Request, suite: Next) -> axum::response::Response {
    if let Some(jeton) = COOKIE.lire(requete.headers()) {
        requete.extensions_mut().insert(SessionWeb { csrf: jeton.csrf() });
        requete.extensions_mut().insert(jeton);
    }
    suite.run(requete).await
}
