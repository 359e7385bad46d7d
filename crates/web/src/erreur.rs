//! Error pages. A handler answers a [`PageErreur`] without knowing the frame; [`couche`], at the edge, gives it the
//! frame of the site, logs what must be, and turns bare refusals (unknown path, wrong method, panic) into the same page.
//!
//! Two texts for a failure: `message` for the person, `cause` for the log, joined by the reference that both hold.

use std::any::Any;
use std::error::Error;
use std::fmt::Write;
use std::panic::AssertUnwindSafe;

use askama::Template;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use futures::FutureExt;
use http::{Extensions, HeaderMap, StatusCode, Uri, header};

use crate::Cadre;

/// A refusal or a failure, as a page.
#[derive(Debug, Clone)]
pub struct PageErreur {
    pub statut: StatusCode,
    pub titre: String,
    pub message: String,
    /// Short identifier that the person can quote and the log holds; [`couche`] gives one to each failure of ours.
    pub reference: Option<String>,
    /// Label and address of what the person does next; the home page by default.
    pub suite: Option<(&'static str, &'static str)>,
    /// The frame, when the handler has one; else [`couche`] asks the product for it.
    pub cadre: Option<Box<Cadre>>,
    cause: Option<String>,
}

impl PageErreur {
    /// The page of a status with its usual words (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503).
    pub fn nouvelle(statut: StatusCode) -> Self {
        let (titre, message) = textes(statut);
        Self {
            statut,
            titre: titre.into(),
            message: message.into(),
            reference: None,
            suite: None,
            cadre: None,
            cause: None,
        }
    }

    /// A 500 whose cause, with all its sources, goes to the log only.
    pub fn interne(cause: &dyn Error) -> Self {
        Self::nouvelle(StatusCode::INTERNAL_SERVER_ERROR).cause(cause)
    }

    /// Says what goes to the log, and to the log only: the cause with all its sources.
    #[must_use]
    pub fn cause(mut self, cause: &dyn Error) -> Self {
        let mut texte = cause.to_string();
        let mut source = cause.source();
        while let Some(s) = source {
            let _ = write!(texte, ": {s}");
            source = s.source();
        }
        self.cause = Some(texte);
        self
    }

    #[must_use]
    pub fn titre(mut self, titre: impl Into<String>) -> Self {
        self.titre = titre.into();
        self
    }

    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    #[must_use]
    pub fn suite(mut self, libelle: &'static str, url: &'static str) -> Self {
        self.suite = Some((libelle, url));
        self
    }

    #[must_use]
    pub fn cadre(mut self, cadre: Cadre) -> Self {
        self.cadre = Some(Box::new(cadre));
        self
    }
}

/// Without [`couche`] around it, the answer is plain text.
impl IntoResponse for PageErreur {
    fn into_response(self) -> Response {
        let mut reponse = (self.statut, format!("{}\n{}\n", self.titre, self.message)).into_response();
        reponse.extensions_mut().insert(self);
        reponse
    }
}

#[derive(Template)]
#[template(path = "erreur.html")]
struct Modele<'a> {
    cadre: Cadre,
    code: u16,
    message: &'a str,
    reference: Option<&'a str>,
    suite: Option<(&'static str, &'static str)>,
}

/// Puts the error pages around `routeur`. `cadre` gives the frame from the request's extensions (so layer the session
/// outside of this) and its address; `reference` gives a new short identifier.
///
/// An answer in error that already has a body of its own kind (HTML, JSON…) is left alone, and so is one to a client
/// that doesn't read HTML.
pub fn couche<S>(
    routeur: Router<S>,
    cadre: impl Fn(&Extensions, &Uri) -> Cadre + Clone + Send + Sync + 'static,
    reference: impl Fn() -> String + Clone + Send + Sync + 'static,
) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    routeur.layer(from_fn(move |requete: Request, suite: Next| {
        let (cadre, reference) = (cadre.clone(), reference.clone());
        async move {
            let html = lit_html(requete.headers());
            let methode = requete.method().clone();
            let (uri, extensions) = (requete.uri().clone(), requete.extensions().clone());
            let reponse = match AssertUnwindSafe(suite.run(requete)).catch_unwind().await {
                Ok(reponse) => reponse,
                Err(panique) => PageErreur {
                    cause: Some(format!("panic: {}", texte_de_panique(panique.as_ref()))),
                    ..PageErreur::nouvelle(StatusCode::INTERNAL_SERVER_ERROR)
                }
                .into_response(),
            };
            let Some(mut page) = a_montrer(&reponse) else { return reponse };
            if page.statut.is_server_error() {
                let reference = page.reference.get_or_insert_with(reference);
                let cause = page.cause.as_deref().unwrap_or("none given");
                tracing::error!(%reference, statut = page.statut.as_u16(), %methode, chemin = uri.path(), cause, "request failed");
            }
            if !html {
                return reponse;
            }
            let cadre = page.cadre.take().map_or_else(|| cadre(&extensions, &uri), |cadre| *cadre);
            habiller(reponse, &page, cadre)
        }
    }))
}

/// The page to show for an answer, if it is a bare refusal.
fn a_montrer(reponse: &Response) -> Option<PageErreur> {
    if let Some(page) = reponse.extensions().get::<PageErreur>() {
        return Some(page.clone());
    }
    let statut = reponse.status();
    let nu =
        reponse.headers().get(header::CONTENT_TYPE).is_none_or(|t| t.as_bytes().starts_with(b"text/plain"));
    (nu && (statut.is_client_error() || statut.is_server_error())).then(|| PageErreur::nouvelle(statut))
}

fn habiller(reponse: Response, page: &PageErreur, cadre: Cadre) -> Response {
    let cadre = Cadre { titre: page.titre.clone(), fil: Vec::new(), avis: Vec::new(), htmx: false, ..cadre };
    let modele = Modele {
        cadre,
        code: page.statut.as_u16(),
        message: &page.message,
        reference: page.reference.as_deref(),
        suite: page.suite,
    };
    let Ok(html) = modele.render() else { return reponse };
    // The other headers stay (Allow of a 405, Retry-After, Set-Cookie).
    let (mut parts, _) = reponse.into_parts();
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    let mut habillee = (page.statut, Html(crate::typographie::relier(&html))).into_response();
    for (nom, valeur) in &parts.headers {
        habillee.headers_mut().append(nom, valeur.clone());
    }
    habillee
}

/// A client that says what it reads and names neither HTML nor anything gets plain text (resumable uploads, scripts).
fn lit_html(entetes: &HeaderMap) -> bool {
    let Some(accepte) = entetes.get(header::ACCEPT).and_then(|v| v.to_str().ok()) else { return true };
    accepte.contains("text/html") || accepte.contains("*/*")
}

fn texte_de_panique(panique: &(dyn Any + Send)) -> &str {
    panique
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panique.downcast_ref::<&str>().copied())
        .unwrap_or("without a text")
}

fn textes(statut: StatusCode) -> (&'static str, &'static str) {
    match statut.as_u16() {
        400 => (
            "Demande incomprise",
            "La demande est incomplète ou mal formée. Vérifiez l’adresse ou recommencez.",
        ),
        401 => ("Connexion nécessaire", "Connectez-vous pour voir cette page."),
        403 => ("Accès refusé", "Cette page ou cette action ne vous est pas ouverte."),
        404 => (
            "Page introuvable",
            "Cette page n’existe pas ou ne vous est pas visible. Vérifiez l’adresse, ou repartez de l’accueil.",
        ),
        405 => ("Action impossible ici", "Cette adresse n’accepte pas ce type de demande."),
        409 => (
            "Le dossier a changé entre-temps",
            "Une autre personne l’a modifié pendant que vous y travailliez. Rechargez la page pour voir son état.",
        ),
        413 => ("Envoi trop volumineux", "Le contenu envoyé dépasse la taille permise."),
        415 => ("Format non accepté", "Le contenu envoyé n’est pas d’un format que cette page accepte."),
        422 => ("Action refusée", "L’action demandée n’est pas possible dans l’état actuel du dossier."),
        429 => {
            ("Trop de demandes", "Vous avez fait beaucoup de demandes en peu de temps. Patientez une minute.")
        }
        503 => {
            ("Service momentanément indisponible", "Le service revient dans quelques instants. Réessayez.")
        }
        500..=599 => (
            "Un problème est survenu",
            "La panne vient de notre côté et elle est consignée. Votre travail enregistré n’est pas perdu. Réessayez dans un instant.",
        ),
        _ => ("Demande refusée", "La demande n’a pas pu être traitée."),
    }
}
