//! The authorization code flow: a browser goes to PSC and comes back with a code that only we can use.
//!
//! Two kinds of software come this way. A web LPS sends its user's browser to `/connect/authorize` and gets it back at an
//! address that was registered. A thick client opens a wait, opens a browser on the address it was given, and asks until the
//! session is there. Rule: what began in a browser ends in the same one; a code, a state, a wait serve once.

mod lourd;
mod pages;

use std::sync::Arc;

use http::StatusCode;
use oidc::pkce;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use url::Url;

pub(crate) use lourd::{attendre, suivre};

use super::attente::{Annonce, DUREE_S, EnCours};
use super::ouverture::{Echec, ouvrir};
use crate::etat::Etat;
use crate::reponse::{self, Reponse};
use crate::requete::{Origine, Recue};
use crate::session::{Session, cookie_nomme, empreinte};

/// Beginning of the name of the cookie that ties a sign-in to its browser; one for each, so that two tabs don't meet.
const COOKIE: &str = "proxy_connexion_";

/// Where a browser ends that has nowhere to go back to.
const FIN: &str = "/connect/fin";

fn cookie_de(etat: &str) -> String {
    // Letters and digits of a fingerprint: a name that a cookie may have.
    let lettres = empreinte(etat);
    let lettres: String = lettres.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    format!("{COOKIE}{lettres}")
}

fn adresse_de_retour(etat: &Etat) -> String {
    format!("{}connect/callback", etat.config.url)
}

/// `GET /connect/authorize?clientId=…[&retour=…]` or `?attente=…`: sends the browser to PSC.
pub(crate) async fn autoriser(etat: Arc<Etat>, recue: Recue) -> Reponse {
    let maintenant = etat.horloge.maintenant();
    let attente = recue.parametre("attente");
    let client_id = match &attente {
        None => recue.parametre("clientId").unwrap_or_default(),
        Some(mot) => {
            let Some(annonce) = etat.attentes.annonce(mot, maintenant) else {
                return pages::erreur(StatusCode::NOT_FOUND, pages::PERIMEE);
            };
            if !confirmee(&recue, mot) {
                return demander_confirmation(&etat, &annonce);
            }
            annonce.client_id
        }
    };
    let Some(client) = etat.clients.get(&client_id) else {
        return pages::erreur(StatusCode::NOT_FOUND, pages::LOGICIEL_INCONNU);
    };
    let retour = recue.parametre("retour");
    // Compared as text with what was registered: no prefix, no pattern.
    if retour.as_ref().is_some_and(|voulu| !client.regles.retours.contains(voulu)) {
        return pages::erreur(StatusCode::BAD_REQUEST, pages::RETOUR_INCONNU);
    }
    if !super::traces_possibles(&etat) {
        return reponse::attendre(pages::erreur(StatusCode::SERVICE_UNAVAILABLE, pages::PROXY_EN_PANNE), 30);
    }
    let (limites, adresse) = (&etat.config.limites, recue.origine.adresse.to_string());
    if !etat.par_adresse.passe(&adresse, limites.connects_adresse_minute, maintenant)
        || !etat.par_client.passe(&client_id, limites.connects_client_minute, maintenant)
    {
        let page = pages::erreur(StatusCode::TOO_MANY_REQUESTS, pages::TROP);
        return reponse::attendre(page, 10);
    }
    let (state, nonce, verificateur, liaison) =
        (etat.alea.jeton(), etat.alea.jeton(), etat.alea.jeton(), etat.alea.jeton());
    let (defi, redirect_uri) = (pkce::defi(&verificateur), adresse_de_retour(&etat));
    let parametres = [
        ("response_type", "code"),
        ("client_id", &*client_id),
        ("redirect_uri", &*redirect_uri),
        ("scope", &*etat.config.psc.scope),
        ("acr_values", &*etat.config.psc.acr),
        ("state", &*state),
        ("nonce", &*nonce),
        ("code_challenge", &*defi),
        ("code_challenge_method", pkce::METHODE),
    ];
    let url = match etat.psc.page_connexion(&client.identite(), &parametres).await {
        Ok(url) => url,
        Err(panne) => {
            tracing::warn!(%panne, "connexion par navigateur impossible");
            return pages::erreur(StatusCode::SERVICE_UNAVAILABLE, pages::PSC_ABSENT);
        }
    };
    let lourd = match &attente {
        None => None,
        Some(mot) => match etat.attentes.ouvrir(mot, maintenant) {
            Some(secret) => Some(secret),
            None => return pages::erreur(StatusCode::NOT_FOUND, pages::PERIMEE),
        },
    };
    let nom = cookie_de(&state);
    let en_cours = EnCours {
        client_id,
        nonce,
        verificateur: verificateur.into(),
        liaison: liaison.clone(),
        retour,
        lourd,
        le: maintenant,
    };
    if !etat.attentes.commencer(state, en_cours) {
        return reponse::attendre(pages::erreur(StatusCode::SERVICE_UNAVAILABLE, pages::TROP), 30);
    }
    let depart = reponse::cookie(reponse::redirection(url.as_str()), &nom, &liaison, Some(DUREE_S));
    match attente {
        Some(mot) => reponse::cookie(depart, &cookie_de(&mot), "", Some(0)),
        None => depart,
    }
}

/// The address of a thick client may come from anybody: whoever opens it sees first for which software, and the two digits
/// that this software must show. The answer counts only from the browser that was asked.
fn demander_confirmation(etat: &Etat, annonce: &Annonce) -> Reponse {
    let liaison = etat.alea.jeton();
    let suite = format!("/connect/authorize?attente={}&confirme={liaison}", annonce.public);
    let logiciel = etat.clients.get(&annonce.client_id).and_then(|client| client.regles.nom.as_deref());
    let page = pages::confirmer(logiciel.unwrap_or(&annonce.client_id), &annonce.message, &suite);
    reponse::cookie(page, &cookie_de(&annonce.public), &liaison, Some(DUREE_S))
}

fn confirmee(recue: &Recue, mot: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    let demandee = cookie_nomme(&recue.tete.headers, &cookie_de(mot)).unwrap_or_default();
    let rendue = recue.parametre("confirme").unwrap_or_default();
    !demandee.is_empty() && bool::from(demandee.as_bytes().ct_eq(rendue.as_bytes()))
}

/// The software learns its `session_state` as an OpenID answer tells it (OpenID Connect Session Management 1.0 §2). It is no
/// secret: it opens nothing without the cookie.
fn avec_etat(retour: &str, session_state: &str) -> String {
    match Url::parse(retour) {
        Ok(mut url) => {
            url.query_pairs_mut().append_pair("session_state", session_state);
            url.into()
        }
        Err(_) => retour.to_owned(),
    }
}

/// `GET /connect/callback`: the browser comes back. `raccroche` says that it has gone.
pub(crate) async fn revenir(etat: Arc<Etat>, recue: Recue, raccroche: CancellationToken) -> Reponse {
    let maintenant = etat.horloge.maintenant();
    let state = recue.parametre("state").unwrap_or_default();
    let nom = cookie_de(&state);
    let liaison = cookie_nomme(&recue.tete.headers, &nom).unwrap_or_default().to_owned();
    let Some(en_cours) = etat.attentes.reprendre(&state, &liaison, maintenant) else {
        return pages::erreur(StatusCode::BAD_REQUEST, pages::PERIMEE);
    };
    let mut qui = None;
    let session = match conclure(&etat, &recue, &en_cours, &mut qui).await {
        Ok(session) => session,
        Err(echec) => {
            tracing::warn!(client_id = %en_cours.client_id, %echec, "connexion par navigateur refusée");
            echouer(&etat, &en_cours.client_id, qui.as_deref(), recue.origine);
            if let Some(lourd) = &en_cours.lourd {
                etat.attentes.conclure(lourd, None, maintenant);
            }
            let page = pages::erreur(echec.statut(), echec.texte());
            return reponse::cookie(page, &nom, "", Some(0));
        }
    };
    let reponse = match (&en_cours.lourd, &en_cours.retour) {
        (Some(lourd), _) => {
            if !etat.attentes.conclure(lourd, Some(Arc::clone(&session)), maintenant) {
                super::abandonner(&etat, &session).await;
                return pages::erreur(StatusCode::BAD_REQUEST, pages::PERIMEE);
            }
            // The session is for the software, not for this browser: no cookie.
            reponse::redirection(FIN)
        }
        (None, _) if raccroche.is_cancelled() => {
            super::abandonner(&etat, &session).await;
            echouer(&etat, &en_cours.client_id, qui.as_deref(), recue.origine);
            return reponse::vide(StatusCode::REQUEST_TIMEOUT);
        }
        (None, retour) => {
            let retour = retour.as_deref().map(|retour| avec_etat(retour, &session.session_state));
            let vers = retour.as_deref().unwrap_or(FIN);
            reponse::cookie_session(reponse::redirection(vers), session.id())
        }
    };
    reponse::cookie(reponse, &nom, "", Some(0))
}

/// `GET /connect/fin`: a page to close, at an address that holds nothing.
pub(crate) fn finir() -> Reponse {
    pages::connecte()
}

/// Ends the sessions that a thick client never came to take.
pub(crate) async fn ramasser(etat: &Arc<Etat>) {
    for session in etat.attentes.oublier(etat.horloge.maintenant()) {
        super::abandonner(etat, &session).await;
    }
}

/// Why a sign-in by browser did not end well.
#[derive(Debug, thiserror::Error)]
enum Refus {
    #[error("le retour vient d’un autre émetteur")]
    Emetteur,
    #[error("PSC a répondu « {0} »")]
    Psc(String),
    #[error("le retour ne porte pas de code")]
    SansCode,
    #[error(transparent)]
    Ouverture(#[from] Echec),
}

impl Refus {
    fn statut(&self) -> StatusCode {
        match self {
            Self::Emetteur | Self::SansCode => StatusCode::BAD_REQUEST,
            Self::Psc(_) => StatusCode::UNAUTHORIZED,
            Self::Ouverture(echec) => echec.statut(),
        }
    }

    fn texte(&self) -> &'static str {
        match self {
            Self::Psc(code) if code == "access_denied" => pages::REFUSEE,
            Self::Ouverture(Echec::Journal(_) | Echec::Depot(_)) => pages::PROXY_EN_PANNE,
            Self::Ouverture(Echec::Api { .. }) => pages::SERVICE_ABSENT,
            Self::Ouverture(echec) if echec.statut().is_server_error() => pages::PSC_ABSENT,
            _ => pages::ECHOUEE,
        }
    }
}

/// `qui` becomes the nationalId as soon as it is known.
async fn conclure(
    etat: &Arc<Etat>,
    recue: &Recue,
    en_cours: &EnCours,
    qui: &mut Option<String>,
) -> Result<Arc<Session>, Refus> {
    let client = etat.clients.get(&en_cours.client_id).ok_or(Refus::SansCode)?;
    let identite = client.identite();
    let fournisseur = etat.psc.fournisseur(&identite).await.map_err(Echec::Psc)?;
    // RFC 9207: before anything else, the answer must come from the provider that was asked.
    let bon = match recue.parametre("iss") {
        Some(iss) => iss == etat.psc.emetteur(),
        None => !fournisseur.authorization_response_iss_parameter_supported,
    };
    if !bon {
        return Err(Refus::Emetteur);
    }
    if let Some(code) = recue.parametre("error") {
        let propre =
            code.chars().filter(|lettre| lettre.is_ascii_lowercase() || *lettre == '_').take(40).collect();
        return Err(Refus::Psc(propre));
    }
    let code = recue.parametre("code").filter(|code| !code.is_empty()).ok_or(Refus::SansCode)?;
    let code = SecretString::from(code);
    let retour = adresse_de_retour(etat);
    let jetons = etat.psc.echanger_code(&identite, &code, &retour, &en_cours.verificateur).await;
    let jetons = jetons.map_err(Echec::Psc)?;
    let maintenant = etat.horloge.maintenant();
    let personne = etat.psc.reconnaitre(&identite, jetons, Some(&en_cours.nonce), maintenant).await;
    let personne = personne.map_err(Echec::from)?;
    *qui = Some(personne.national_id.clone());
    Ok(ouvrir(etat, client, &identite, personne, None, recue.origine).await?)
}

fn echouer(etat: &Etat, client_id: &str, qui: Option<&str>, origine: Origine) {
    etat.metriques.connexion(crate::metriques::Connexion::Echouee);
    super::tracer_echec(etat, client_id, qui, origine);
}
