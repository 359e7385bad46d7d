//! Which headers pass, both ways.
//!
//! Rule: an API hears what the LPS says of its request, and nothing that the LPS says of itself: identity comes from the
//! token and from the certificate. An LPS hears what the API says of its answer, and nothing that would act on the proxy.

use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

/// RFC 9110 §7.6.1, and what older software adds.
fn de_connexion(nom: &str) -> bool {
    matches!(
        nom,
        "connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "keep-alive"
            | "proxy-connection"
            | "http2-settings"
    )
}

/// What only the proxy may say to an API, or nobody. `Host` and `Authorization` are written over.
fn du_proxy_seul(nom: &str) -> bool {
    matches!(
        nom,
        "proxy-authorization"
            | "cookie"
            | "expect"
            | "forwarded"
            | "max-forwards"
            | "dpop"
            | "client-cert"
            | "client-cert-chain"
            | "api-user"
            | "remote-user"
            | "true-client-ip"
    )
}

/// What an API may not do to the LPS's view of the proxy.
fn de_l_api(nom: &str) -> bool {
    matches!(
        nom,
        "set-cookie"
            | "proxy-authenticate"
            | "alt-svc"
            | "strict-transport-security"
            | "access-control-allow-origin"
            | "access-control-allow-credentials"
            | "set-cookie2"
            | "clear-site-data"
            | "x-edc-origine"
    )
}

/// Beginnings of the headers by which front-ends assert who is calling.
const IDENTITE: [&str; 16] = [
    "x-forwarded-",
    "x-ssl-",
    "x-client-cert",
    "x-client-dn",
    "x-client-verify",
    "x-client-id",
    "x-user",
    "x-remote-user",
    "x-auth-",
    "x-authenticated-",
    "x-real-ip",
    "x-original-",
    "x-rewrite-url",
    "ssl-client",
    "ssl_client",
    "x-edc-",
];

/// Cleans a request on its way up, and puts the API's name and token on it.
pub(super) fn monter(entetes: &mut HeaderMap, hote: &HeaderValue, jeton: HeaderValue) {
    oter(entetes, |nom| du_proxy_seul(nom) || identite(nom));
    entetes.insert(header::HOST, hote.clone());
    entetes.insert(header::AUTHORIZATION, jeton);
}

/// Cleans an answer on its way down.
pub(super) fn descendre(entetes: &mut HeaderMap) {
    oter(entetes, de_l_api);
}

fn identite(nom: &str) -> bool {
    matches!(nom.as_bytes().first(), Some(b'x' | b's')) && IDENTITE.iter().any(|debut| nom.starts_with(debut))
}

/// Takes away what concerns one connection only, with what `Connection` names, and what `aussi` says. One look at the few
/// headers that there are, rather than a search for each of the many that there may not be.
fn oter(entetes: &mut HeaderMap, aussi: impl Fn(&str) -> bool) {
    let a_oter = |nom: &&HeaderName| de_connexion(nom.as_str()) || aussi(nom.as_str());
    let mut otes: Vec<HeaderName> = entetes.keys().filter(a_oter).cloned().collect();
    let valeurs = entetes.get_all(header::CONNECTION).into_iter().filter_map(|valeur| valeur.to_str().ok());
    let nommes = valeurs
        .flat_map(|texte| texte.split(','))
        // What nearly all say, which names nothing more than what goes anyway.
        .filter(|nom| !["keep-alive", "close"].iter().any(|usuel| nom.trim().eq_ignore_ascii_case(usuel)))
        .filter_map(|nom| HeaderName::from_bytes(nom.trim().as_bytes()).ok())
        // Framing is not for the peer to give away: hyper decides it from the body.
        .filter(|nom| *nom != header::CONTENT_LENGTH);
    otes.extend(nommes);
    for nom in otes {
        entetes.remove(nom);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(lignes: &[(&'static str, &'static str)]) -> HeaderMap {
        lignes
            .iter()
            .map(|(nom, valeur)| (HeaderName::from_static(nom), HeaderValue::from_static(valeur)))
            .collect()
    }

    #[test]
    fn only_what_concerns_the_request_goes_up() {
        let passent = [
            ("accept", "application/fhir+json"),
            ("content-type", "application/soap+xml"),
            ("content-length", "12"),
            ("if-none-match", "\"a\""),
            ("range", "bytes=0-1"),
            ("soapaction", "\"x\""),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ("x-request-id", "r"),
            ("x-worksituation", "10C"),
        ];
        let tombent = [
            ("api-user", "autre"),
            ("authorization", "Bearer lps"),
            ("client-cert", "x"),
            ("connection", "close, x-bond"),
            ("cookie", "proxy_session_id=s; a=b"),
            ("dpop", "x"),
            ("expect", "100-continue"),
            ("forwarded", "for=1.2.3.4"),
            ("host", "proxy"),
            ("keep-alive", "timeout=5"),
            ("proxy-authorization", "x"),
            ("remote-user", "autre"),
            ("te", "trailers"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("true-client-ip", "1.2.3.4"),
            ("upgrade", "h2c"),
            ("x-bond", "1"),
            ("x-client-cert", "x"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-host", "evil"),
            ("x-ssl-client-s-dn", "CN=autre"),
            ("x-user", "autre"),
        ];
        let mut entetes = table(&[&passent[..], &tombent[..]].concat());
        monter(&mut entetes, &HeaderValue::from_static("api.test"), HeaderValue::from_static("Bearer api"));
        let mut attendus = table(&passent);
        attendus.insert("host", HeaderValue::from_static("api.test"));
        attendus.insert("authorization", HeaderValue::from_static("Bearer api"));
        assert_eq!(entetes, attendus);
    }

    #[test]
    fn an_answer_can_t_act_on_the_proxy() {
        let passent =
            [("content-type", "text/xml"), ("etag", "\"a\""), ("location", "https://ailleurs.test/")];
        let tombent = [
            ("access-control-allow-origin", "*"),
            ("connection", "x-bond"),
            ("set-cookie", "proxy_session_id=vole"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("x-bond", "1"),
        ];
        let mut entetes = table(&[&passent[..], &tombent[..]].concat());
        descendre(&mut entetes);
        assert_eq!(entetes, table(&passent));
    }
}
