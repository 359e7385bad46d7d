//! Requests as they come: parameters read once and only once, client credentials in a header, addresses of return.

use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, StatusCode, header};
use secrecy::SecretString;
use url::Url;
use web::PageErreur;

/// Longer values are refused: they come back in a header.
const VALEUR_MAX: usize = 2048;
const JETON_MAX: usize = 16 * 1024;

/// Parameters as received. One that comes twice is a fault (RFC 6749 §3.1).
#[derive(Clone, Debug)]
pub(crate) struct Parametres(Vec<(String, String)>);

/// A parameter came twice, or is too long.
#[derive(Debug)]
pub(crate) struct Inutilisable;

impl Parametres {
    pub(crate) fn nouveaux(parametres: Vec<(String, String)>) -> Self {
        Self(parametres)
    }

    /// The value of a parameter; an empty one counts as absent (RFC 6749 §3.1).
    pub(crate) fn unique(&self, nom: &str) -> Result<Option<&str>, Inutilisable> {
        self.borne(nom, VALEUR_MAX)
    }

    /// The same for a token, which is longer and goes into no header.
    pub(crate) fn jeton(&self, nom: &str) -> Result<Option<&str>, Inutilisable> {
        self.borne(nom, JETON_MAX)
    }

    fn borne(&self, nom: &str, max: usize) -> Result<Option<&str>, Inutilisable> {
        let mut valeurs = self.0.iter().filter(|(autre, _)| autre == nom).map(|(_, valeur)| valeur.as_str());
        match (valeurs.next(), valeurs.next()) {
            (Some(valeur), None) if valeur.len() <= max => {
                Ok(Some(valeur).filter(|valeur| !valeur.is_empty()))
            }
            (None, _) => Ok(None),
            (Some(_), _) => Err(Inutilisable),
        }
    }

    /// The same without these.
    pub(crate) fn sauf(&self, noms: &[&str]) -> Self {
        Self(self.0.iter().filter(|(nom, _)| !noms.contains(&nom.as_str())).cloned().collect())
    }

    /// The same with that value, the only one under that name.
    pub(crate) fn avec(&self, nom: &str, valeur: &str) -> Self {
        let mut autres = self.sauf(&[nom]);
        autres.0.push((nom.to_owned(), valeur.to_owned()));
        autres
    }

    /// As a query string, to be carried by our own page.
    pub(crate) fn encoder(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

/// An address of return with parameters added to those it has.
pub(crate) fn avec_parametres(adresse: &str, parametres: &[(&str, Option<&str>)]) -> Option<Url> {
    let mut url = Url::parse(adresse).ok()?;
    let donnes = parametres.iter().filter_map(|(nom, valeur)| valeur.map(|valeur| (nom, valeur)));
    if parametres.iter().any(|(_, valeur)| valeur.is_some()) {
        url.query_pairs_mut().extend_pairs(donnes);
    }
    Some(url)
}

/// A redirect that is a GET whatever came (RFC 9700 §4.12: 303, so that a password is never posted on).
pub(crate) fn vers(adresse: &str, parametres: &[(&str, Option<&str>)]) -> Response {
    let lieu = avec_parametres(adresse, parametres).and_then(|url| HeaderValue::try_from(url.as_str()).ok());
    match lieu {
        Some(lieu) => (StatusCode::SEE_OTHER, [(header::LOCATION, lieu)]).into_response(),
        None => PageErreur::nouvelle(StatusCode::BAD_REQUEST).into_response(),
    }
}

/// The same towards a path of the very host that was asked: the sandbox answers under several names.
pub(crate) fn vers_chemin(chemin: &str) -> Response {
    match HeaderValue::try_from(chemin) {
        Ok(lieu) => (StatusCode::SEE_OTHER, [(header::LOCATION, lieu)]).into_response(),
        Err(_) => PageErreur::nouvelle(StatusCode::BAD_REQUEST).into_response(),
    }
}

/// Both halves of the header are form-encoded before they are joined.
pub(crate) fn basic(entete: &[u8]) -> Option<(String, SecretString)> {
    let entete = std::str::from_utf8(entete).ok()?;
    let (methode, valeur) = entete.split_once(' ')?;
    if !methode.eq_ignore_ascii_case("basic") {
        return None;
    }
    let texte = String::from_utf8(BASE64_STANDARD.decode(valeur.trim()).ok()?).ok()?;
    let (client_id, secret) = texte.split_once(':')?;
    Some((decoder(client_id), decoder(secret).into()))
}

fn decoder(texte: &str) -> String {
    let seul = texte.replace('&', "%26").replace('=', "%3D");
    let (decode, _) = url::form_urlencoded::parse(seul.as_bytes()).next().unwrap_or_default();
    decode.into_owned()
}

/// An address that people or clients may be sent to.
pub(crate) fn adresse(texte: &str) -> Option<Url> {
    let url = Url::parse(texte).ok()?;
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let sure = url.scheme() == "https" || (url.scheme() == "http" && local);
    (sure && url.fragment().is_none()).then_some(url)
}
