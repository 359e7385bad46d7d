//! The session of a person: opened after the sign-in, found by the fingerprint of its cookie, ended by age or by hand.
//!
//! Rule: what somebody typed in a form is never lost because their session has ended: the form is kept for an hour,
//! and offered again to the same person once they are back.

use std::sync::Arc;

use axum::{
    body::to_bytes,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use domaine::id::Id;
use http::{HeaderValue, Method, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use registre::{SaisieGardee, SessionGardee};
use web::{CookieSession, JetonSession, PageErreur, Saisie, SessionWeb};

use crate::{acces, app::App, erreur::Erreur};

/// Idle time after which a session has ended.
pub const INACTIVITE: SignedDuration = SignedDuration::from_hours(2);
/// Age at which it ends in any case.
pub const AGE: SignedDuration = SignedDuration::from_hours(12);
/// How long a form typed without a session is kept.
pub const GARDE: SignedDuration = SignedDuration::from_hours(1);
/// A session row is written again when it was last seen before this.
const FRAICHEUR: SignedDuration = SignedDuration::from_mins(1);

pub const COOKIE: CookieSession = CookieSession::nouveau("guichet");
/// Finds a form kept for somebody whose session had ended.
pub const COOKIE_SAISIE: CookieSession = CookieSession::nouveau("guichet_saisie");

fn vivante(session: &SessionGardee, maintenant: Timestamp) -> bool {
    maintenant.duration_since(session.vue_le) < INACTIVITE && maintenant.duration_since(session.cree_le) < AGE
}

/// Puts who is there in the extensions of the request: `Arc<Ici>` for the pages, `SessionWeb` for the forms.
pub async fn reconnaitre(State(app): State<App>, mut requete: Request, suite: Next) -> Response {
    if let Some(jeton) = COOKIE.lire(requete.headers()) {
        match charger(&app, &jeton).await {
            Ok(Some(ici)) => {
                requete.extensions_mut().insert(SessionWeb { csrf: jeton.csrf() });
                requete.extensions_mut().insert(Arc::new(ici));
            }
            Ok(None) => {}
            Err(erreur) => return erreur.into_response(),
        }
    }
    suite.run(requete).await
}

async fn charger(app: &App, jeton: &JetonSession) -> Result<Option<acces::Ici>, Erreur> {
    let maintenant = app.maintenant();
    let empreinte = jeton.empreinte();
    let mut tx = app.registre.lire().await?;
    let Some(session) = tx.load_session_web(&empreinte).await? else { return Ok(None) };
    if !vivante(&session, maintenant) {
        return Ok(None);
    }
    let Some(personne) = tx.load_personne(session.personne).await? else { return Ok(None) };
    let structure = match personne.structure {
        Some(id) => tx.load_structure(id).await?,
        None => None,
    };
    drop(tx);
    if maintenant.duration_since(session.vue_le) > FRAICHEUR || !session.avis.is_empty() {
        let mut tx = app.registre.ecrire().await?;
        tx.save_session_web(&SessionGardee { vue_le: maintenant, avis: String::new(), ..session.clone() })
            .await?;
        tx.commit().await?;
    }
    Ok(Some(acces::ici(personne, structure, session, jeton.csrf())))
}

/// Opens a session; gives the cookie to set.
pub async fn ouvrir(
    app: &App,
    personne: Id<domaine::structure::Personne>,
    authentifie_le: Timestamp,
    id_token: &str,
) -> Result<HeaderValue, Erreur> {
    let jeton = JetonSession::nouveau(app.alea.octets());
    let maintenant = app.maintenant();
    let mut tx = app.registre.ecrire().await?;
    tx.save_session_web(&SessionGardee {
        empreinte: jeton.empreinte(),
        personne,
        cree_le: maintenant,
        vue_le: maintenant,
        authentifie_le,
        id_token: id_token.to_owned(),
        avis: String::new(),
    })
    .await?;
    tx.commit().await?;
    Ok(COOKIE.poser(&jeton, None))
}

/// Leaves a notice for the next page that this session shows.
pub async fn aviser(app: &App, ici: &acces::Ici, genre: web::Genre, texte: &str) -> Result<(), Erreur> {
    let avis = serde_json::json!({ "genre": genre.to_string(), "texte": texte }).to_string();
    let mut tx = app.registre.ecrire().await?;
    tx.poser_avis(&ici.session.empreinte, &avis).await?;
    tx.commit().await?;
    Ok(())
}

/// The answer to somebody without a session: a page is asked again after the sign-in, a form is kept first.
pub async fn demander_connexion(app: &App, requete: Request) -> Response {
    if requete.method() == Method::GET || requete.method() == Method::HEAD {
        let retour = requete.uri().path_and_query().map_or("/", |chemin| chemin.as_str()).to_owned();
        let mut url = String::from("/connexion?retour=");
        url.extend(url::form_urlencoded::byte_serialize(retour.as_bytes()));
        return Redirect::to(&url).into_response();
    }
    garder_saisie(app, requete).await.unwrap_or_else(IntoResponse::into_response)
}

async fn garder_saisie(app: &App, requete: Request) -> Result<Response, Erreur> {
    let page = PageErreur::nouvelle(StatusCode::UNAUTHORIZED)
        .titre("Votre session a pris fin")
        .suite("Se reconnecter", "/connexion");
    let urlencode = requete
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|genre| genre.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if !urlencode {
        return Ok(page
            .message("Reconnectez-vous, puis renvoyez votre fichier : un téléversement déjà commencé reprend où il en était.")
            .into_response());
    }
    let personne = match COOKIE.lire(requete.headers()) {
        Some(jeton) => {
            let mut tx = app.registre.lire().await?;
            tx.load_session_web(&jeton.empreinte()).await?.map(|session| session.personne)
        }
        None => None,
    };
    let chemin = requete.uri().path().to_owned();
    let Ok(corps) = to_bytes(requete.into_body(), web::formulaire::LIMITE).await else {
        return Ok(page.message("L’envoi est trop volumineux.").into_response());
    };
    let saisie = Saisie::lire(&corps);
    let champs = saisie.champs().filter(|(nom, _)| *nom != web::formulaire::CHAMP_CSRF);
    let corps: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(champs).finish();
    let jeton = JetonSession::nouveau(app.alea.octets());
    let mut tx = app.registre.ecrire().await?;
    tx.garder_saisie(&jeton.empreinte(), &SaisieGardee { personne, chemin, corps }, app.maintenant()).await?;
    tx.commit().await?;
    let mut reponse = page
        .message("Ce que vous avez saisi est gardé une heure. Reconnectez-vous avec le même compte : il vous sera proposé de l’envoyer.")
        .into_response();
    let duree = std::time::Duration::from_secs(GARDE.as_secs().unsigned_abs());
    reponse.headers_mut().append(header::SET_COOKIE, COOKIE_SAISIE.poser(&jeton, Some(duree)));
    Ok(reponse)
}
