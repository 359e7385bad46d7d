//! The authorization endpoint and the sign-in page that it may show.
//!
//! The request travels in the address of the page's form and is read again when the form comes: nothing waits on the
//! server, so a page left open outlives a restart.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Extension, Query, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq as _;
use web::session::JetonSession;
use web::{Cadre, Champs, Formulaire};

use super::sessions::Session;
use super::{CONNEXION, Code, Groupe, Isc, MOT_DE_PASSE, Personne, groupes, personnes};
use crate::cadre::{COOKIE, cadre};
use crate::demande::{Demande, Refus, Regles};
use crate::parametres::{Parametres, vers};

#[derive(Template)]
#[template(path = "isc/connexion.html")]
struct PageConnexion {
    cadre: Cadre,
    champs: Champs,
    /// Where the forms post, the request in the query.
    action: String,
    groupes: Vec<Groupe>,
}

pub(super) async fn demander(
    State(isc): State<Arc<Isc>>,
    jeton: Option<Extension<JetonSession>>,
    Query(parametres): Query<Vec<(String, String)>>,
) -> Response {
    isc.repondre(jeton.map(|Extension(jeton)| jeton), &Parametres::nouveaux(parametres))
}

/// The same by POST (OpenID Connect Core §3.1.2.1). From another site the browser sends no cookie: the page is shown.
pub(super) async fn demander_par_formulaire(
    State(isc): State<Arc<Isc>>,
    jeton: Option<Extension<JetonSession>>,
    Form(parametres): Form<Vec<(String, String)>>,
) -> Response {
    isc.repondre(jeton.map(|Extension(jeton)| jeton), &Parametres::nouveaux(parametres))
}

pub(super) async fn connecter(
    State(isc): State<Arc<Isc>>,
    Extension(jeton): Extension<JetonSession>,
    Query(parametres): Query<Vec<(String, String)>>,
    Formulaire(saisie): Formulaire,
) -> Response {
    let parametres = Parametres::nouveaux(parametres);
    let demande = match isc.lire_demande(&parametres) {
        Ok(demande) => demande,
        Err(refus) => return refus.repondre(&isc.issuer),
    };
    let maintenant = isc.horloge.maintenant();
    let choisie = saisie.texte("personne");
    let identifiant = saisie.texte("identifiant");
    let personne = if choisie.is_empty() {
        isc.reconnaitre(identifiant, saisie.texte("mot_de_passe"), maintenant)
    } else {
        trouver(choisie).ok_or(Echec::Inconnu)
    };
    match personne {
        Ok(personne) => isc.ouvrir(&jeton, personne, &demande, maintenant),
        Err(echec) => isc.remontrer(&jeton, identifiant, &echec, &parametres),
    }
}

/// Why a sign-in failed.
enum Echec {
    Inconnu,
    Attendre(SignedDuration),
}

fn trouver(login: &str) -> Option<&'static Personne> {
    personnes().iter().find(|personne| personne.login == login)
}

impl Isc {
    fn lire_demande(&self, parametres: &Parametres) -> Result<Demande, Refus> {
        let regles = Regles { du_fournisseur: "d’Industriels Santé Connect", pkce_obligatoire: true };
        Demande::lire(regles, parametres, |client_id| {
            self.clients.trouver(client_id).map(|client| client.redirect_uris.clone())
        })
    }

    fn repondre(&self, jeton: Option<JetonSession>, parametres: &Parametres) -> Response {
        let demande = match self.lire_demande(parametres) {
            Ok(demande) => demande,
            Err(refus) => return refus.repondre(&self.issuer),
        };
        let maintenant = self.horloge.maintenant();
        let session = jeton.as_ref().and_then(|jeton| self.sessions.lire(&jeton.empreinte(), maintenant));
        if let Some(session) = session.filter(|session| demande.suffit(session.auth_time, maintenant)) {
            return self.renvoyer(&demande, &session, maintenant);
        }
        if demande.muette {
            let (code, detail) = ("login_required", "une page de connexion serait necessaire");
            let Demande { redirect_uri, state, .. } = demande;
            return Refus::Retour { redirect_uri, state, code, detail }.repondre(&self.issuer);
        }
        let champs = Champs::vides().avec("identifiant", demande.login_hint.as_deref().unwrap_or_default());
        if let Some(jeton) = jeton {
            return self.montrer(StatusCode::OK, &jeton, champs, parametres);
        }
        let jeton = JetonSession::nouveau(self.alea.octets());
        let mut page = self.montrer(StatusCode::OK, &jeton, champs, parametres);
        page.headers_mut().insert(header::SET_COOKIE, COOKIE.poser(&jeton, None));
        page
    }

    fn montrer(
        &self,
        statut: StatusCode,
        jeton: &JetonSession,
        champs: Champs,
        parametres: &Parametres,
    ) -> Response {
        let chemin = format!("{}{CONNEXION}", self.base);
        let mut cadre = cadre("Se connecter", &chemin);
        cadre.csrf = jeton.csrf();
        let action = format!("{chemin}?{}", parametres.encoder());
        web::page_avec(statut, &PageConnexion { cadre, champs, action, groupes: groupes() })
    }

    /// Shows the page again; the password is not shown again.
    fn remontrer(
        &self,
        jeton: &JetonSession,
        identifiant: &str,
        echec: &Echec,
        parametres: &Parametres,
    ) -> Response {
        let mut champs = Champs::vides().avec("identifiant", identifiant);
        match echec {
            Echec::Inconnu => {
                champs.refuser("identifiant", "Identifiant ou mot de passe incorrect.");
                self.montrer(StatusCode::UNPROCESSABLE_ENTITY, jeton, champs, parametres)
            }
            Echec::Attendre(duree) => {
                let secondes = duree.as_secs().max(1);
                let attente = if secondes < 60 {
                    format!("{secondes} s")
                } else {
                    format!("{} min", secondes.div_euclid(60) + 1)
                };
                let texte = format!("Trop d’essais pour cet identifiant. Réessayez dans {attente}.");
                champs.refuser("identifiant", texte);
                let mut page = self.montrer(StatusCode::TOO_MANY_REQUESTS, jeton, champs, parametres);
                page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secondes));
                page
            }
        }
    }

    fn reconnaitre(
        &self,
        identifiant: &str,
        mot_de_passe: &str,
        maintenant: Timestamp,
    ) -> Result<&'static Personne, Echec> {
        if let Some(duree) = self.freins.attente(identifiant, maintenant) {
            return Err(Echec::Attendre(duree));
        }
        let juste: bool = mot_de_passe.as_bytes().ct_eq(MOT_DE_PASSE.as_bytes()).into();
        match trouver(identifiant) {
            Some(personne) if juste => {
                self.freins.succes(identifiant);
                Ok(personne)
            }
            _ => {
                self.freins.echec(identifiant, maintenant);
                tracing::info!("connexion refusée : identifiant ou mot de passe incorrect");
                Err(Echec::Inconnu)
            }
        }
    }

    /// Signs in under a new token: one that was there before the sign-in must not be worth a session after it.
    fn ouvrir(
        &self,
        ancien: &JetonSession,
        personne: &'static Personne,
        demande: &Demande,
        maintenant: Timestamp,
    ) -> Response {
        let jeton = JetonSession::nouveau(self.alea.octets());
        let session =
            Session { personne, sid: self.alea.uuid(maintenant).to_string(), auth_time: maintenant };
        self.sessions.remplacer(&ancien.empreinte(), jeton.empreinte(), &session);
        tracing::info!(login = personne.login, client = demande.client_id, "connexion");
        let mut reponse = self.renvoyer(demande, &session, maintenant);
        reponse.headers_mut().insert(header::SET_COOKIE, COOKIE.poser(&jeton, None));
        reponse
    }

    /// Back to the client with a code (and our name, RFC 9207).
    fn renvoyer(&self, demande: &Demande, session: &Session, maintenant: Timestamp) -> Response {
        let jeton = self.alea.jeton();
        let code = Code {
            redirect_uri: demande.redirect_uri.clone(),
            defi: demande.defi.clone(),
            nonce: demande.nonce.clone(),
            scope: demande.scope.clone(),
            personne: session.personne,
            sid: session.sid.clone(),
            auth_time: session.auth_time,
        };
        self.codes.emettre(&jeton, &demande.client_id, code, maintenant);
        let parametres = [
            ("code", Some(jeton.as_str())),
            ("state", demande.state.as_deref()),
            ("session_state", Some(session.sid.as_str())),
            ("iss", Some(self.issuer.as_str())),
        ];
        vers(&demande.redirect_uri, &parametres)
    }
}
