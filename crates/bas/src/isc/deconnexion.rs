//! Signing out, asked by a client (OpenID Connect RP-Initiated Logout 1.0) or by the person.
//!
//! With an id_token of ours the session that it names ends at once; without one the person is asked, because anybody
//! can put a link to this page anywhere. People are sent on only to an address that the client registered.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use oidc::Revendications;
use web::session::JetonSession;
use web::{Cadre, Formulaire, PageErreur};

use super::{DECONNEXION, Isc};
use crate::cadre::{COOKIE, cadre};
use crate::parametres::{Parametres, vers};

#[derive(Template)]
#[template(path = "isc/deconnexion.html")]
struct PageDeconnexion {
    cadre: Cadre,
    /// Where the confirmation posts; `None` once it is done.
    action: Option<String>,
}

pub(super) async fn demander(
    State(isc): State<Arc<Isc>>,
    jeton: Option<Extension<JetonSession>>,
    Query(parametres): Query<Vec<(String, String)>>,
) -> Response {
    isc.deconnecter(jeton.map(|Extension(jeton)| jeton), &Parametres::nouveaux(parametres))
}

pub(super) async fn demander_par_formulaire(
    State(isc): State<Arc<Isc>>,
    jeton: Option<Extension<JetonSession>>,
    Form(parametres): Form<Vec<(String, String)>>,
) -> Response {
    isc.deconnecter(jeton.map(|Extension(jeton)| jeton), &Parametres::nouveaux(parametres))
}

pub(super) async fn confirmer(
    State(isc): State<Arc<Isc>>,
    Extension(jeton): Extension<JetonSession>,
    Query(parametres): Query<Vec<(String, String)>>,
    Formulaire(_): Formulaire,
) -> Response {
    let parametres = Parametres::nouveaux(parametres);
    let suite = match isc.suite(&parametres, None) {
        Ok(suite) => suite,
        Err(texte) => return refuser(texte),
    };
    if let Some(session) = isc.sessions.lire(&jeton.empreinte(), isc.horloge.maintenant()) {
        isc.sessions.fermer(&session.sid);
    }
    isc.partir(suite, true)
}

/// Where to go after: an address of the client and its `state`.
type Suite = Option<(String, Option<String>)>;

impl Isc {
    fn deconnecter(&self, jeton: Option<JetonSession>, parametres: &Parametres) -> Response {
        let indice = match parametres.unique("id_token_hint") {
            Ok(indice) => indice.map(|indice| self.lire_indice(indice)),
            Err(_) => Some(None),
        };
        let indice = match indice {
            Some(None) => {
                return refuser("Le jeton présenté (id_token_hint) n’est pas de ce fournisseur d’identité.");
            }
            Some(Some(indice)) => Some(indice),
            None => None,
        };
        let suite = match self.suite(parametres, indice.as_ref()) {
            Ok(suite) => suite,
            Err(texte) => return refuser(texte),
        };
        let maintenant = self.horloge.maintenant();
        let session = jeton.as_ref().and_then(|jeton| self.sessions.lire(&jeton.empreinte(), maintenant));
        match (indice, session, jeton) {
            (Some(indice), session, _) => {
                let sid = indice.sid.unwrap_or_default();
                self.sessions.fermer(&sid);
                // Another person may have signed in with this browser since: their session is theirs to end.
                let la_meme = session.is_none_or(|session| session.sid == sid);
                self.partir(suite, la_meme)
            }
            (None, Some(_), Some(jeton)) => {
                let mut cadre = cadre("Se déconnecter", &self.base);
                cadre.csrf = jeton.csrf();
                let action = format!("{}{DECONNEXION}?{}", self.base, parametres.encoder());
                web::page(&PageDeconnexion { cadre, action: Some(action) })
            }
            (None, _, _) => self.partir(suite, true),
        }
    }

    /// An id_token that we signed for one of our clients; its age doesn't matter here (RP-Initiated Logout §2).
    fn lire_indice(&self, jeton: &str) -> Option<Revendications> {
        let lues: Revendications = oidc::jwt::verifier(jeton, &self.cles).ok()?;
        let [client_id] = lues.aud.as_slice() else { return None };
        (lues.iss == self.issuer && self.clients.trouver(client_id).is_some()).then_some(lues)
    }

    /// Where the request may send the person, or why not.
    fn suite(&self, parametres: &Parametres, indice: Option<&Revendications>) -> Result<Suite, &'static str> {
        let lire = |nom| parametres.unique(nom).map_err(|_| "Un paramètre est répété ou trop long.");
        let (client_id, adresse, state) =
            (lire("client_id")?, lire("post_logout_redirect_uri")?, lire("state")?);
        let du_jeton = indice.and_then(|indice| indice.aud.first()).map(String::as_str);
        if let (Some(client_id), Some(du_jeton)) = (client_id, du_jeton)
            && client_id != du_jeton
        {
            return Err("Le jeton présenté (id_token_hint) est celui d’un autre service (client_id).");
        }
        let Some(adresse) = adresse else { return Ok(None) };
        let client = client_id.or(du_jeton).and_then(|client_id| self.clients.trouver(client_id));
        let connue = client
            .is_some_and(|client| client.post_logout_redirect_uris.iter().any(|connue| connue == adresse));
        if connue {
            Ok(Some((adresse.to_owned(), state.map(str::to_owned))))
        } else {
            Err(
                "L’adresse de retour n’est pas de celles que le service a déclarées (post_logout_redirect_uri).",
            )
        }
    }

    fn partir(&self, suite: Suite, effacer: bool) -> Response {
        let page = || {
            web::page(&PageDeconnexion { cadre: cadre("Vous êtes déconnecté", &self.base), action: None })
        };
        let mut reponse =
            suite.map_or_else(page, |(adresse, state)| vers(&adresse, &[("state", state.as_deref())]));
        if effacer {
            reponse.headers_mut().insert(header::SET_COOKIE, COOKIE.effacer());
        }
        reponse
    }
}

fn refuser(texte: &'static str) -> Response {
    let page = PageErreur::nouvelle(StatusCode::BAD_REQUEST);
    page.titre("Demande de déconnexion refusée").message(texte).into_response()
}
