//! The authorization page of the portal: a person says who they are and by which means, approves there, comes back here.
//!
//! The request travels in the address of every form and is read again each time. What waits on the server is the request
//! for approval, bound to the browser that opened it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use oidc::ciba::Canal;
use web::{Cadre, Champs, Choix, Formulaire};

use super::sessions::Session;
use super::{AUTORISATION, Code, Psc, par};
use crate::demande::{Demande, Refus, Regles};
use crate::ecps::{Approbation, Etat, Flux};
use crate::identites::{Identite, Moyen};
use crate::journal::Note;
use crate::navigateur::Navigateur;
use crate::parametres::{Parametres, vers, vers_chemin};
use crate::scenarios::{Faute, Retour};

const CONNEXION: &str = "/auth/connexion";
const ATTENTE: &str = "/auth/attente";
/// Name of the request for approval in the address of the waiting page; no parameter of OpenID has it.
const APPROBATION: &str = "approbation";

pub(crate) fn routes(psc: &Arc<Psc>) -> Router {
    Router::new()
        .route(AUTORISATION, get(demander).post(demander_par_formulaire))
        .route(CONNEXION, post(choisir))
        .route(ATTENTE, get(attendre))
        .with_state(Arc::clone(psc))
}

#[derive(Template)]
#[template(path = "psc/connexion.html")]
struct PageConnexion {
    cadre: Cadre,
    champs: Champs,
    action: String,
    service: String,
    /// The local provider that the service asks for.
    idp: Option<String>,
    moyens: Vec<Choix>,
    identites: Vec<Identite>,
}

#[derive(Template)]
#[template(path = "psc/attente.html")]
struct PageAttente {
    cadre: Cadre,
    service: String,
    approbation: Approbation,
    /// This very page; it leads on once the person has answered.
    suite: String,
    /// Where the person answers, in the sandbox.
    moyen: String,
}

async fn demander(
    State(psc): State<Arc<Psc>>,
    navigateur: Navigateur,
    note: Note,
    Query(parametres): Query<Vec<(String, String)>>,
) -> Response {
    psc.repondre_autorisation(&navigateur, &Parametres::nouveaux(parametres), &note)
}

/// The same by POST (OpenID Connect Core §3.1.2.1). From another site the browser sends no cookie: the page is shown.
async fn demander_par_formulaire(
    State(psc): State<Arc<Psc>>,
    navigateur: Navigateur,
    note: Note,
    Form(parametres): Form<Vec<(String, String)>>,
) -> Response {
    note.formulaire(parametres.iter().map(|(nom, valeur)| (nom, valeur)));
    psc.repondre_autorisation(&navigateur, &Parametres::nouveaux(parametres), &note)
}

async fn choisir(
    State(psc): State<Arc<Psc>>,
    navigateur: Navigateur,
    note: Note,
    Query(parametres): Query<Vec<(String, String)>>,
    Formulaire(saisie): Formulaire,
) -> Response {
    let parametres = Parametres::nouveaux(parametres);
    let demande = match psc.lire_demande(&parametres, &note) {
        Ok(demande) => demande,
        Err(refus) => return psc.refuser_autorisation(refus, &note),
    };
    let immediat = saisie.texte("identite");
    let national_id = if immediat.is_empty() { saisie.texte("identifiant") } else { immediat };
    let canal = Canal::lire(saisie.texte("moyen")).unwrap_or_default();
    note.personne(national_id);
    let refuser = |texte: &str| {
        note.refuse(None, texte);
        let mut champs = Champs::vides().avec("identifiant", national_id).avec("moyen", canal.valeur());
        champs.refuser("identifiant", texte);
        psc.montrer_connexion(StatusCode::UNPROCESSABLE_ENTITY, &navigateur, champs, &demande, &parametres)
    };
    let Some(identite) = psc.identites.trouver(national_id).filter(|identite| identite.actif) else {
        return refuser("Identifiant national inconnu du bac à sable, ou personne qui n’est plus active.");
    };
    if identite.moyen(canal) != Moyen::Actif {
        return refuser("Cette personne n’a pas ce moyen d’authentification, ou il est bloqué.");
    }
    let maintenant = psc.horloge.maintenant();
    if !immediat.is_empty() {
        return psc.connecter(&demande, national_id, canal, maintenant, &note);
    }
    let Some(id) = psc.ouvrir_approbation(&navigateur, &demande, &identite, canal, maintenant) else {
        return refuser("Trop de demandes d’approbation attendent déjà : réessayez dans deux minutes.");
    };
    note.accepte("Demande d’approbation ouverte : la personne doit répondre.");
    vers_chemin(&format!("{ATTENTE}?{}&{APPROBATION}={id}", parametres.encoder()))
}

async fn attendre(
    State(psc): State<Arc<Psc>>,
    navigateur: Navigateur,
    entetes: HeaderMap,
    note: Note,
    Query(parametres): Query<Vec<(String, String)>>,
) -> Response {
    let parametres = Parametres::nouveaux(parametres);
    let demande = match psc.lire_demande(&parametres, &note) {
        Ok(demande) => demande,
        Err(refus) => return psc.refuser_autorisation(refus, &note),
    };
    let maintenant = psc.horloge.maintenant();
    let id = parametres.unique(APPROBATION).ok().flatten().unwrap_or_default();
    let approbation = psc.approbations.lire(id, maintenant);
    let approbation =
        approbation.filter(|une| une.navigateur.as_deref() == Some(&*navigateur.jeton.empreinte()));
    let refuser = |detail| {
        let Demande { redirect_uri, state, .. } = &demande;
        let (redirect_uri, state) = (redirect_uri.clone(), state.clone());
        let refus = Refus::Retour { redirect_uri, state, code: "access_denied", detail };
        psc.refuser_autorisation(refus, &note)
    };
    let attend = approbation
        .as_ref()
        .is_some_and(|une| matches!(une.etat, Etat::EnAttente | Etat::Ignoree) && une.fin > maintenant);
    if web::htmx::est_htmx(&entetes) {
        note.taire();
        let mut reponse = StatusCode::NO_CONTENT.into_response();
        if !attend {
            reponse.headers_mut().insert("hx-refresh", HeaderValue::from_static("true"));
        }
        return reponse;
    }
    match approbation {
        Some(une) if attend => {
            note.personne(&une.national_id);
            note.accepte("Page d’attente montrée : la personne n’a pas encore répondu.");
            montrer_attente(&navigateur, &parametres, une)
        }
        Some(une) if une.etat == Etat::Approuvee && une.fin > maintenant => {
            psc.approbations.retirer(id);
            note.personne(&une.national_id);
            psc.connecter(&demande, &une.national_id, une.canal, maintenant, &note)
        }
        Some(une) if une.etat == Etat::Refusee => refuser("la personne a refuse"),
        Some(_) | None => refuser("personne n'a repondu a temps"),
    }
}

impl Psc {
    /// The request of an address: as it stands there, or the pushed one that its `request_uri` names.
    fn lire_demande(&self, parametres: &Parametres, note: &Note) -> Result<Demande, Refus> {
        let lire = |nom| parametres.unique(nom).ok().flatten();
        let demande = match lire("request_uri").filter(|uri| uri.starts_with(par::PREFIXE)) {
            Some(uri) => {
                let client_id = lire("client_id").unwrap_or_default();
                let deposee = self.pousses.lire(uri, client_id, self.horloge.maintenant());
                let deposee = deposee.ok_or_else(|| {
                    Refus::Page(
                        "La demande déposée (request_uri) est inconnue, a déjà servi ou a expiré.".into(),
                    )
                })?;
                let mut demande = self.lire_parametres(&deposee)?;
                demande.poussee = Some(uri.to_owned());
                demande
            }
            None => self.lire_parametres(parametres)?,
        };
        note.client(&demande.client_id);
        if demande.poussee.is_none() && self.reglages().strict() {
            let Demande { redirect_uri, state, .. } = demande;
            let (code, detail) = ("invalid_request", "Pushed Authorization Request is only allowed.");
            return Err(Refus::Retour { redirect_uri, state, code, detail });
        }
        Ok(demande)
    }

    pub(super) fn lire_parametres(&self, parametres: &Parametres) -> Result<Demande, Refus> {
        let pkce_obligatoire = self.reglages().strict();
        let regles = Regles { du_fournisseur: "de Pro Santé Connect", pkce_obligatoire };
        let demande = Demande::lire(regles, parametres, |client_id| {
            self.clients.trouver(client_id).map(|client| client.redirect_uris)
        })?;
        if let Err(refus) = super::ciba::verifier_scope(&demande.scope) {
            let Demande { redirect_uri, state, .. } = demande;
            let detail = "scope : openid et des portees connues sont attendus";
            return Err(Refus::Retour { redirect_uri, state, code: refus.code, detail });
        }
        Ok(demande)
    }

    fn repondre_autorisation(
        &self,
        navigateur: &Navigateur,
        parametres: &Parametres,
        note: &Note,
    ) -> Response {
        let demande = match self.lire_demande(parametres, note) {
            Ok(demande) => demande,
            Err(refus) => return self.refuser_autorisation(refus, note),
        };
        let maintenant = self.horloge.maintenant();
        if let Some(session) = self.session_du(navigateur, maintenant)
            && demande.suffit(session.debut, maintenant)
        {
            note.personne(&session.national_id);
            return self.renvoyer(&demande, &session, maintenant, note);
        }
        if demande.muette {
            let (code, detail) = ("login_required", "une page de connexion serait necessaire");
            let Demande { redirect_uri, state, .. } = demande;
            return self.refuser_autorisation(Refus::Retour { redirect_uri, state, code, detail }, note);
        }
        note.accepte("Page de connexion montrée.");
        let champs = Champs::vides()
            .avec("identifiant", demande.login_hint.as_deref().unwrap_or_default())
            .avec("moyen", Canal::default().valeur());
        self.montrer_connexion(StatusCode::OK, navigateur, champs, &demande, parametres)
    }

    /// The session at Pro Santé Connect that this browser opened, if it still runs.
    fn session_du(&self, navigateur: &Navigateur, maintenant: Timestamp) -> Option<Session> {
        let sid = super::ouvrir(&self.navigateurs).get(&navigateur.jeton.empreinte()).cloned()?;
        self.sessions.lire(&sid, &self.reglages().durees, maintenant)
    }

    fn montrer_connexion(
        &self,
        statut: StatusCode,
        navigateur: &Navigateur,
        champs: Champs,
        demande: &Demande,
        parametres: &Parametres,
    ) -> Response {
        let page = PageConnexion {
            cadre: navigateur.cadre("Se connecter", AUTORISATION),
            champs,
            action: format!("{CONNEXION}?{}", parametres.encoder()),
            service: self.nom_du_service(&demande.client_id),
            idp: demande.idp.clone(),
            moyens: vec![
                Choix::nouveau(Canal::Mobile.valeur(), "e-CPS, sur le téléphone"),
                Choix::nouveau(Canal::Carte.valeur(), "Carte CPS, dans le lecteur"),
            ],
            identites: self.identites.toutes().into_iter().filter(|identite| identite.actif).collect(),
        };
        let mut reponse = navigateur.marquer(web::page_avec(statut, &page));
        // Signing in ends in a redirect to the service, and a proxy sends the browser on to its software: the browser must let
        // the form go as far as that.
        reponse.headers_mut().insert(header::CONTENT_SECURITY_POLICY, web::entetes::politique_de_passage());
        reponse
    }

    fn nom_du_service(&self, client_id: &str) -> String {
        self.clients.trouver(client_id).map_or_else(|| client_id.to_owned(), |client| client.nom)
    }

    fn ouvrir_approbation(
        &self,
        navigateur: &Navigateur,
        demande: &Demande,
        identite: &Identite,
        canal: Canal,
        maintenant: Timestamp,
    ) -> Option<String> {
        let durees = self.reglages().durees;
        let vie = SignedDuration::from_secs(durees.vive(durees.ciba));
        let id = self.alea.jeton();
        let approbation = Approbation {
            id: id.clone(),
            flux: Flux::Code,
            national_id: identite.national_id().to_owned(),
            client_id: demande.client_id.clone(),
            client_nom: self.nom_du_service(&demande.client_id),
            canal,
            message: Some(self.alea.lettres(b"0123456789", 2)),
            creee: maintenant,
            fin: maintenant.saturating_add(vie).unwrap_or(maintenant),
            reponse: identite.reponse.clone(),
            essais: 0,
            etat: Etat::EnAttente,
            navigateur: Some(navigateur.jeton.empreinte()),
        };
        self.approbations.ajouter(approbation).then_some(id)
    }

    /// Opens a session under a new browser token and goes back to the service.
    fn connecter(
        &self,
        demande: &Demande,
        national_id: &str,
        canal: Canal,
        maintenant: Timestamp,
        note: &Note,
    ) -> Response {
        let navigateur = Navigateur::neuf(self);
        let session = self.ouvrir_session(national_id, canal, demande.idp.clone(), maintenant);
        let durees = self.reglages().durees;
        let mut navigateurs = super::ouvrir(&self.navigateurs);
        navigateurs.retain(|_, sid| self.sessions.lire(sid, &durees, maintenant).is_some());
        navigateurs.insert(navigateur.jeton.empreinte(), session.sid.clone());
        drop(navigateurs);
        navigateur.marquer(self.renvoyer(demande, &session, maintenant, note))
    }

    /// Back to the service with a code (and our name, RFC 9207).
    fn renvoyer(&self, demande: &Demande, session: &Session, maintenant: Timestamp, note: &Note) -> Response {
        let faute = self.scenarios.tirer(Some(&demande.client_id), |faute| matches!(faute, Faute::Retour(_)));
        if let Some(tire) = faute {
            note.scenario(tire.nom);
        }
        let retour = faute.map(|tire| tire.faute);
        if let Some(Faute::Retour(Retour::Erreur(code))) = retour {
            let (redirect_uri, state) = (demande.redirect_uri.clone(), demande.state.clone());
            let refus = Refus::Retour { redirect_uri, state, code, detail: "scenario" };
            return self.refuser_autorisation(refus, note);
        }
        if let Some(uri) = &demande.poussee {
            self.pousses.retirer(uri);
        }
        note.accepte("Retour au service avec un code.");
        let jeton = self.alea.jeton();
        let code = Code {
            redirect_uri: demande.redirect_uri.clone(),
            defi: demande.defi.clone(),
            nonce: demande.nonce.clone(),
            scope: demande.scope.clone(),
            sid: session.sid.clone(),
        };
        self.codes.emettre(&jeton, &demande.client_id, code, maintenant);
        let (mut state, mut iss) = (demande.state.as_deref(), Some(self.issuer.as_str()));
        if let Some(Faute::Retour(retour)) = retour {
            match retour {
                Retour::IssFaux => iss = Some("https://pirate.example/realms/esante-wallet"),
                Retour::SansIss => iss = None,
                Retour::StateFaux => state = Some("un-autre-state"),
                Retour::SansState => state = None,
                Retour::Erreur(_) => {}
            }
        }
        let parametres = [
            ("code", Some(jeton.as_str())),
            ("state", state),
            ("session_state", Some(session.sid.as_str())),
            ("iss", iss),
        ];
        vers(&demande.redirect_uri, &parametres)
    }

    /// The refusal, with its reason in the journal.
    fn refuser_autorisation(&self, refus: Refus, note: &Note) -> Response {
        match &refus {
            Refus::Page(texte) => note.refuse(None, texte.clone()),
            Refus::Retour { code, detail, .. } => {
                note.refuse(*code, format!("Erreur renvoyée au service : {detail}."));
            }
        }
        refus.repondre(&self.issuer)
    }
}

fn montrer_attente(navigateur: &Navigateur, parametres: &Parametres, approbation: Approbation) -> Response {
    let chemin = crate::ecps::page(approbation.canal);
    let identite: String = url::form_urlencoded::byte_serialize(approbation.national_id.as_bytes()).collect();
    let page = PageAttente {
        cadre: navigateur.cadre("En attente de votre accord", ATTENTE),
        service: approbation.client_nom.clone(),
        suite: format!("{ATTENTE}?{}", parametres.encoder()),
        moyen: format!("{chemin}?identite={identite}"),
        approbation,
    };
    navigateur.marquer(web::page(&page))
}
