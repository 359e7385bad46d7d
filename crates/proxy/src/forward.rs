//! The relay: one call, from a permit to an answer that streams.
//!
//! Rule: nothing here reads a body. A call that may have been written is never sent again, but for a read whose token the API
//! refused, once; one that was surely not written (the kept connection was dead) goes on a fresh one. Redirects are the LPS's
//! business.

mod chemin;
mod entetes;
mod voies;

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use hyper::body::{Body as _, Incoming};
use rustls_pki_types::ServerName;

pub(crate) use chemin::{construire, separer};
pub(crate) use voies::{Prise, SansVoie, Voies};

use crate::connect::echange::Api;
use crate::corps::{Avancee, Corps, Descendant, Montant, Montee};
use crate::policy::Permis;
use crate::requete::laisser_finir;
use crate::session::JetonApi;

/// Where calls to one API go.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) api: Arc<Api>,
    pub(crate) hote: String,
    pub(crate) port: u16,
    /// `None` for http, which is allowed towards this machine only.
    pub(crate) nom_tls: Option<ServerName<'static>>,
    /// Value of `Host`.
    pub(crate) autorite: HeaderValue,
    /// Path of the API's address, without a slash at the end.
    pub(crate) prefixe: String,
}

impl Route {
    /// `None` when the address has no host that TLS could name.
    pub(crate) fn vers(api: Arc<Api>) -> Option<Self> {
        let url = &api.regles.url;
        let hote = url.host_str()?.trim_matches(['[', ']']).to_owned();
        let port = url.port_or_known_default()?;
        let autorite = url.port().map_or(url.host_str()?.to_owned(), |port| {
            format!("{}:{port}", url.host_str().unwrap_or_default())
        });
        let nom = ServerName::try_from(hote.clone()).ok()?;
        Some(Self {
            nom_tls: (url.scheme() == "https").then_some(nom),
            autorite: HeaderValue::try_from(autorite).ok()?,
            prefixe: url.path().trim_end_matches('/').to_owned(),
            hote,
            port,
            api,
        })
    }
}

/// Why a call has no answer from its API.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Chute {
    #[error("pas de connexion")]
    SansVoie(#[from] SansVoie),
    #[error("l’API n’a pas répondu à temps")]
    Delai,
    #[error("l’API a rompu l’échange")]
    Rompue(#[source] hyper::Error),
    #[error("corps de requête trop gros")]
    TropGros,
    #[error("corps de requête trop lent")]
    TropLent,
    #[error("l’appelant a rompu l’échange")]
    Abandon,
}

impl Chute {
    /// The status told to the LPS.
    pub(crate) fn statut(&self) -> StatusCode {
        match self {
            Self::SansVoie(SansVoie::Sature | SansVoie::Injoignable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::SansVoie(SansVoie::Delai) | Self::Delai => StatusCode::GATEWAY_TIMEOUT,
            Self::SansVoie(SansVoie::Tls(_) | SansVoie::Http(_)) | Self::Rompue(_) => StatusCode::BAD_GATEWAY,
            Self::TropGros => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TropLent => StatusCode::REQUEST_TIMEOUT,
            Self::Abandon => StatusCode::BAD_REQUEST,
        }
    }

    /// Why the certificate of the API is refused, when that is what is wrong.
    pub(crate) fn certificat(&self) -> Option<String> {
        match self {
            Self::SansVoie(SansVoie::Tls(erreur)) => service::tls::serveur_refuse(erreur),
            _ => None,
        }
    }

    /// Whether the API refused the certificate of the client, or its absence.
    pub(crate) fn notre_certificat(&self) -> bool {
        service::tls::client_refuse(self)
    }

    /// In a few words, for the trace.
    pub(crate) fn cause(&self) -> &'static str {
        match self {
            Self::SansVoie(SansVoie::Sature) => "trop d’appels en cours",
            Self::SansVoie(SansVoie::Delai) => "connexion trop lente",
            Self::SansVoie(SansVoie::Injoignable(_)) => "API injoignable",
            Self::SansVoie(SansVoie::Tls(_)) => "TLS refusé",
            Self::SansVoie(SansVoie::Http(_)) | Self::Rompue(_) => "échange rompu par l’API",
            Self::Delai => "réponse trop lente",
            Self::TropGros => "requête trop grosse",
            Self::TropLent => "requête trop lente",
            Self::Abandon => "appel abandonné",
        }
    }
}

/// A call that was made.
pub(crate) struct Issue {
    pub(crate) reponse: Response<Corps>,
    /// The API says that the token is no good.
    pub(crate) jeton_refuse: bool,
    /// The same call, where making it twice changes nothing and its token was refused.
    pub(crate) encore: Option<Encore>,
}

/// A read without a body, that may be made again with another token.
pub(crate) struct Encore {
    permis: Permis,
    methode: Method,
    entetes: HeaderMap,
}

impl Encore {
    /// Makes the call again. What comes back is the answer, whatever it says of that token.
    pub(crate) async fn refaire(
        mut self,
        voies: &Rc<Voies>,
        jeton: &JetonApi,
        cible: &PathAndQuery,
        silence: Duration,
    ) -> Result<Issue, Chute> {
        self.entetes.insert(AUTHORIZATION, jeton.entete());
        let (montant, avancee) = Montant::vide();
        let sortante = sortante(self.methode, cible, self.entetes, montant);
        let (reponse, jeton_refuse) = echanger(voies, &self.permis, sortante, &avancee, silence).await?;
        Ok(Issue { reponse, jeton_refuse, encore: None })
    }
}

/// Makes the call. `jeton` is the session's token for this route; `cible` was built by [`construire`].
pub(crate) async fn forward(
    voies: &Rc<Voies>,
    permis: Permis,
    jeton: &JetonApi,
    cible: &PathAndQuery,
    requete: Request<Incoming>,
    silence: Duration,
) -> Result<Issue, Chute> {
    let route = permis.route();
    let max = route.api.regles.corps_max_octets;
    let (mut tete, corps) = requete.into_parts();
    if max > 0 && corps.size_hint().lower() > max {
        laisser_finir(&tete.headers, corps);
        return Err(Chute::TropGros);
    }
    entetes::monter(&mut tete.headers, &route.autorite, jeton.entete());
    let relisible = matches!(tete.method, Method::GET | Method::HEAD) && corps.is_end_stream();
    let copie = relisible.then(|| (tete.method.clone(), tete.headers.clone()));
    let (montant, avancee) = Montant::nouveau(corps, max, silence);
    let sortante = sortante(tete.method, cible, tete.headers, montant);
    let (reponse, jeton_refuse) = echanger(voies, &permis, sortante, &avancee, silence).await?;
    let encore = copie.filter(|_| jeton_refuse);
    let encore = encore.map(|(methode, entetes)| Encore { permis, methode, entetes });
    Ok(Issue { reponse, jeton_refuse, encore })
}

/// Built anew: the extensions of the server's side must not travel.
fn sortante(methode: Method, cible: &PathAndQuery, entetes: HeaderMap, montant: Montant) -> Request<Montant> {
    let mut sortante = Request::new(montant);
    *sortante.method_mut() = methode;
    *sortante.uri_mut() = Uri::from(cible.clone());
    *sortante.headers_mut() = entetes;
    sortante
}

/// One request, one answer, and whether the API refused the token.
async fn echanger(
    voies: &Rc<Voies>,
    permis: &Permis,
    sortante: Request<Montant>,
    avancee: &Avancee,
    silence: Duration,
) -> Result<(Response<Corps>, bool), Chute> {
    let (identite, route) = (&permis.session().identite, permis.route());
    let regles = &route.api.regles;
    let echange = async {
        let mut prise = voies.prendre(identite, route).await?;
        match prise.envoi.try_send_request(sortante).await {
            Ok(reponse) => Ok((reponse, prise)),
            Err(mut echec) => match echec.take_message() {
                // Given back whole: not a byte of it was written.
                Some(intacte) => {
                    let mut prise = voies.reprendre(prise, identite, route).await?;
                    let reponse = prise.envoi.try_send_request(intacte).await;
                    reponse.map(|reponse| (reponse, prise)).map_err(|echec| Chute::Rompue(echec.into_error()))
                }
                None => Err(Chute::Rompue(echec.into_error())),
            },
        }
    };
    let delai = Duration::from_secs(regles.delai_reponse_s);
    let mut echange = pin!(echange);
    let mut reste = delai;
    let recue = loop {
        if let Ok(recue) = tokio::time::timeout(reste, echange.as_mut()).await {
            break recue;
        }
        // From the last piece that went up: an answer isn't late while its request is still on its way.
        reste = delai.saturating_sub(avancee.immobile());
        if reste.is_zero() {
            break Err(Chute::Delai);
        }
    };
    let (reponse, prise) = recue.map_err(|chute| match (avancee.montee(), chute) {
        (Montee::TropGros, _) => Chute::TropGros,
        // In time for the bound between two pieces, too late for the whole.
        (Montee::TropLent, _) | (Montee::Attend, Chute::Delai) => Chute::TropLent,
        (Montee::Rompue, _) => Chute::Abandon,
        (Montee::Suit | Montee::Attend, chute) => chute,
    })?;

    let (mut tete, corps) = reponse.into_parts();
    let jeton_refuse = tete.status == StatusCode::UNAUTHORIZED && dit_jeton_refuse(&tete.headers);
    entetes::descendre(&mut tete.headers);
    tete.version = http::Version::HTTP_11;
    tete.extensions = http::Extensions::default();
    let corps = Descendant::nouveau(corps, regles.reponse_max_octets, silence, prise);
    Ok((Response::from_parts(tete, Corps::Descendant(Box::new(corps))), jeton_refuse))
}

/// RFC 6750 §3.1: the API says that the token has died.
fn dit_jeton_refuse(entetes: &HeaderMap) -> bool {
    let mut defis = entetes.get_all(WWW_AUTHENTICATE).into_iter().filter_map(|valeur| valeur.to_str().ok());
    defis.any(|defi| defi.contains("invalid_token"))
}
