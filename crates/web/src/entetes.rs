//! Security headers of every answer. A handler that sets one of them itself is left alone: only what is absent is put.

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use url::Url;

const FIXES: [(HeaderName, &str); 7] = [
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// Policy of a file shown inside one of our pages: it runs nothing, asks for nothing, and only we may frame it.
const APERCU: &str = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; object-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Put in the extensions of an answer that is a file previewed in a frame of our own page.
#[derive(Debug, Clone, Copy)]
pub struct Apercu;

/// Puts the headers on every answer of `routeur`. `form_action`: the foreign origins to which a POST may end in a
/// redirect (the identity provider's), because `form-action` follows redirects.
pub fn couche<S: Clone + Send + Sync + 'static>(routeur: Router<S>, form_action: &[Url]) -> Router<S> {
    let politique = politique(form_action);
    routeur.layer(map_response(move |reponse: Response| {
        let politique = politique.clone();
        async move { poser(reponse, politique) }
    }))
}

/// The content security policy that lets forms end at these origins too, for a page that must say so itself.
pub fn politique(form_action: &[Url]) -> HeaderValue {
    let mut origines = String::new();
    for url in form_action {
        origines.push(' ');
        origines.push_str(&url.origin().ascii_serialization());
    }
    politique_vers(&origines)
}

/// The same for a page whose form leads to somebody else's site, which may send the browser on to another that we don't know:
/// any address in https.
pub fn politique_de_passage() -> HeaderValue {
    politique_vers(" https:")
}

fn politique_vers(origines: &str) -> HeaderValue {
    HeaderValue::try_from(format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         font-src 'self'; frame-src 'self'; form-action 'self'{origines}; base-uri 'none'; frame-ancestors 'none'"
    ))
    .expect("an origin is serialised in ASCII")
}

fn poser(mut reponse: Response, politique: HeaderValue) -> Response {
    let apercu = reponse.extensions().get::<Apercu>().is_some();
    let entetes = reponse.headers_mut();
    for (nom, valeur) in FIXES {
        entetes.entry(nom).or_insert(HeaderValue::from_static(valeur));
    }
    entetes.entry(header::CONTENT_SECURITY_POLICY).or_insert(if apercu {
        HeaderValue::from_static(APERCU)
    } else {
        politique
    });
    reponse
}
