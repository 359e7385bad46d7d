//! The authorization request (OpenID Connect Core §3.1.2.1), read and checked before anything is shown.
//!
//! As long as client and address of return are not proven, a refusal is a page; from then on it goes to the client.

use std::borrow::Cow;

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use jiff::Timestamp;
use web::PageErreur;

use crate::parametres::{Parametres, vers};

/// What differs from one realm to the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Regles {
    /// Name of the provider, as people know it: « d’Industriels Santé Connect ».
    pub(crate) du_fournisseur: &'static str,
    pub(crate) pkce_obligatoire: bool,
}

/// A request that may be answered.
#[derive(Debug)]
pub(crate) struct Demande {
    pub(crate) client_id: String,
    /// As registered, letter for letter.
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    /// PKCE challenge (S256).
    pub(crate) defi: Option<String>,
    pub(crate) scope: String,
    pub(crate) login_hint: Option<String>,
    /// `kc_idp_hint`: the local provider that should authenticate.
    pub(crate) idp: Option<String>,
    /// Name under which it was pushed, when it was; told by whoever looked it up.
    pub(crate) poussee: Option<String>,
    /// `prompt=none`: no page may be shown.
    pub(crate) muette: bool,
    /// `prompt=login` or `select_account`: the page must be shown.
    reconnexion: bool,
    max_age: Option<i64>,
}

/// Why a request is refused.
#[derive(Debug)]
pub(crate) enum Refus {
    /// To the person: sending them on would make us an open redirector.
    Page(Cow<'static, str>),
    /// To the client, as an OAuth error.
    Retour { redirect_uri: String, state: Option<String>, code: &'static str, detail: &'static str },
}

impl Refus {
    /// The answer: a page, or the way back to the client with the error, signed by the name of its `issuer` (RFC 9207).
    pub(crate) fn repondre(self, issuer: &str) -> Response {
        match self {
            Self::Page(texte) => {
                let page = PageErreur::nouvelle(StatusCode::BAD_REQUEST);
                page.titre("Demande de connexion refusée").message(texte).into_response()
            }
            Self::Retour { redirect_uri, state, code, detail } => {
                let parametres = [
                    ("error", Some(code)),
                    ("error_description", Some(detail)),
                    ("state", state.as_deref()),
                    ("iss", Some(issuer)),
                ];
                vers(&redirect_uri, &parametres)
            }
        }
    }
}

impl Demande {
    /// `retours` gives the addresses of return of a client, if it is known.
    pub(crate) fn lire(
        regles: Regles,
        parametres: &Parametres,
        retours: impl Fn(&str) -> Option<Vec<String>>,
    ) -> Result<Self, Refus> {
        let (client_id, redirect_uri) = destinataire(regles, parametres, retours)?;
        let state = parametres.unique("state").ok().flatten().map(str::to_owned);
        let refus = |code, detail| Refus::Retour {
            redirect_uri: redirect_uri.clone(),
            state: state.clone(),
            code,
            detail,
        };
        let invalide = |detail| refus("invalid_request", detail);
        let lire = |nom| parametres.unique(nom).map_err(|_| invalide("parametre repete ou trop long"));

        lire("state")?;
        if lire("request")?.is_some() {
            return Err(refus("request_not_supported", "request n'est pas accepte"));
        }
        if lire("request_uri")?.is_some() {
            return Err(refus("request_uri_not_supported", "request_uri n'est pas accepte"));
        }
        match lire("response_type")? {
            Some("code") => {}
            Some(_) => return Err(refus("unsupported_response_type", "seul response_type=code est accepte")),
            None => return Err(invalide("response_type manque")),
        }
        if !matches!(lire("response_mode")?, None | Some("query")) {
            return Err(invalide("seul response_mode=query est accepte"));
        }
        let scope = lire("scope")?.unwrap_or_default();
        if !scope.split(' ').any(|mot| mot == "openid") {
            return Err(refus("invalid_scope", "scope doit contenir openid"));
        }
        let defi = lire("code_challenge")?;
        let methode = lire("code_challenge_method")?;
        match defi {
            None if regles.pkce_obligatoire => {
                return Err(invalide("code_challenge manque : PKCE est obligatoire"));
            }
            Some(_) if methode != Some(oidc::pkce::METHODE) => {
                return Err(invalide("code_challenge_method doit etre S256"));
            }
            Some(defi) if !oidc::pkce::defi_valide(defi) => {
                return Err(invalide("code_challenge n'est pas une empreinte S256"));
            }
            None | Some(_) => {}
        }
        let max_age = match lire("max_age")?.map(str::parse::<u32>) {
            None => None,
            Some(Ok(secondes)) => Some(i64::from(secondes)),
            Some(Err(_)) => return Err(invalide("max_age n'est pas un nombre de secondes")),
        };
        let prompt: Vec<&str> =
            lire("prompt")?.unwrap_or_default().split(' ').filter(|mot| !mot.is_empty()).collect();
        let muette = prompt.contains(&"none");
        if (muette && prompt.len() > 1)
            || !prompt.iter().all(|mot| matches!(*mot, "none" | "login" | "consent" | "select_account"))
        {
            return Err(invalide("prompt n'est pas accepte"));
        }
        Ok(Self {
            client_id: client_id.to_owned(),
            nonce: lire("nonce")?.map(str::to_owned),
            defi: defi.map(str::to_owned),
            scope: scope.to_owned(),
            login_hint: lire("login_hint")?.map(str::to_owned),
            idp: lire("kc_idp_hint")?.map(str::to_owned),
            poussee: None,
            muette,
            reconnexion: prompt.iter().any(|mot| matches!(*mot, "login" | "select_account")),
            max_age,
            state,
            redirect_uri,
        })
    }

    /// Whether a session answers the request without a page.
    pub(crate) fn suffit(&self, auth_time: Timestamp, maintenant: Timestamp) -> bool {
        let age = maintenant.as_second() - auth_time.as_second();
        !self.reconnexion && self.max_age.is_none_or(|max_age| age <= max_age)
    }
}

/// Client and address of return, or a page.
fn destinataire(
    regles: Regles,
    parametres: &Parametres,
    retours: impl Fn(&str) -> Option<Vec<String>>,
) -> Result<(&str, String), Refus> {
    let lire = |nom| parametres.unique(nom).ok().flatten();
    let page = |texte: &'static str| Refus::Page(texte.into());
    let client_id =
        lire("client_id").ok_or_else(|| page("La demande ne dit pas quel service l’envoie (client_id)."))?;
    let retours = retours(client_id).ok_or_else(|| {
        let fournisseur = regles.du_fournisseur;
        Refus::Page(
            format!("Le service qui envoie la demande n’est pas connu {fournisseur} (client_id).").into(),
        )
    })?;
    let redirect_uri = lire("redirect_uri")
        .ok_or_else(|| page("La demande ne dit pas où revenir après la connexion (redirect_uri)."))?;
    if !retours.iter().any(|connue| connue == redirect_uri) {
        return Err(page(
            "L’adresse de retour n’est pas de celles que le service a déclarées (redirect_uri).",
        ));
    }
    Ok((client_id, redirect_uri.to_owned()))
}
