//! Who may pass: each route of [`crate::routes`] names what it needs, and this guard checks it before the handler runs.
//!
//! Rule: the matrix is that of [`domaine::permission`]; here is only how a request finds the qualities in which the
//! person stands before the object of the URL. Without any quality the object does not exist for them (404); with some
//! that don't allow the act, it is refused (403).

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, RawPathParams, Request, State},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    audit::Audit,
    candidature::Candidature,
    evenement::Acteur,
    habilitation::Habilitation,
    permission::{Acte, Objet, Qualite, permis},
    produit::Produit,
    structure::{Personne, Structure},
};
use http::{Method, request::Parts};
use registre::{SessionGardee, Tx, Versionne};

use crate::{app::App, erreur::Erreur, pages::connexion::revenir::accueil_de, session};

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acces {
    /// Anybody, signed in or not.
    Public,
    /// Anybody signed in, consent given or not (sign-out, consent itself).
    Connecte,
    /// Anybody signed in who has given consent.
    Membre,
    /// An act on an object that belongs to no structure: only roles of the agency count.
    Agence(Objet, Acte),
    /// An act on the person's own structure.
    Structure(Objet, Acte),
    /// An act on the object that the URL names.
    Sur(Cible, Objet, Acte),
}

/// Which object the path parameter names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cible {
    /// `{id}` is a produit.
    Produit,
    /// `{id}` is a candidature.
    Candidature,
    /// `{numero}` is a habilitation.
    Habilitation,
    /// `{audit}` is the number of an audit; before it is notified, only the agency knows of it.
    Audit,
}

/// The person of this request and what the guard loaded for the handler.
#[derive(Clone, Debug)]
pub struct Ici {
    pub personne: Personne,
    pub structure: Option<Versionne<Structure>>,
    /// In what qualities the person stands before the object of the route.
    pub qualites: Vec<Qualite>,
    pub session: SessionGardee,
    pub csrf: String,
    produit: Option<Versionne<Produit>>,
    candidature: Option<Versionne<Candidature>>,
    habilitation: Option<Versionne<Habilitation>>,
    audit: Option<Versionne<Audit>>,
    /// The quality that allowed the act of the route.
    qualite: Qualite,
}

impl Ici {
    pub fn acteur(&self) -> Acteur {
        self.personne.acteur(self.qualite)
    }

    pub fn peut(&self, objet: Objet, acte: Acte) -> bool {
        permis(&self.qualites, objet, acte)
    }

    pub fn agence(&self) -> bool {
        self.personne.est_agence()
    }

    pub fn produit(&self) -> Result<&Versionne<Produit>, Erreur> {
        self.produit.as_ref().ok_or(Erreur::Introuvable)
    }

    pub fn candidature(&self) -> Result<&Versionne<Candidature>, Erreur> {
        self.candidature.as_ref().ok_or(Erreur::Introuvable)
    }

    pub fn habilitation(&self) -> Result<&Versionne<Habilitation>, Erreur> {
        self.habilitation.as_ref().ok_or(Erreur::Introuvable)
    }

    pub fn audit(&self) -> Result<&Versionne<Audit>, Erreur> {
        self.audit.as_ref().ok_or(Erreur::Introuvable)
    }

    pub fn structure(&self) -> Result<&Versionne<Structure>, Erreur> {
        self.structure.as_ref().ok_or(Erreur::Introuvable)
    }
}

impl<S: Sync> FromRequestParts<S> for Ici {
    type Rejection = Erreur;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Erreur> {
        parts.extensions.get::<Arc<Ici>>().map(|ici| Ici::clone(ici)).ok_or(Erreur::Interdit)
    }
}

/// The person if there is one: for public pages.
#[derive(Clone, Debug)]
pub struct PeutEtre(pub Option<Ici>);

impl<S: Sync> FromRequestParts<S> for PeutEtre {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<Arc<Ici>>().map(|ici| Ici::clone(ici))))
    }
}

/// In what qualities a person stands before a produit (or what hangs on it) of a structure.
pub fn qualites_sur(personne: &Personne, structure: &Structure, produit: &Produit) -> Vec<Qualite> {
    if personne.est_agence() {
        return personne.roles_agence.clone();
    }
    let Some(membre) = structure.membre(personne.id) else { return Vec::new() };
    let role = membre.role.qualite();
    match (role, produit.droit(personne.id)) {
        (Qualite::Membre, None) => Vec::new(),
        (Qualite::Membre, Some(droit)) => vec![droit.qualite()],
        (role, _) => vec![role],
    }
}

/// The guard of a route.
pub async fn garder(
    State((app, acces)): State<(App, Acces)>,
    params: RawPathParams,
    requete: Request,
    suite: Next,
) -> Response {
    let (mut parts, corps) = requete.into_parts();
    let Some(mut ici) = parts.extensions.get::<Arc<Ici>>().map(|ici| Ici::clone(ici)) else {
        if acces == Acces::Public {
            return suite.run(Request::from_parts(parts, corps)).await;
        }
        return session::demander_connexion(&app, Request::from_parts(parts, corps)).await;
    };
    let sans_consentement = ici.personne.consentement.is_none();
    if sans_consentement && !matches!(acces, Acces::Public | Acces::Connecte) {
        if parts.method == Method::GET {
            let voulu = parts.uri.path_and_query().map_or("/", |chemin| chemin.as_str());
            // Their own first page is where the consent leads anyway.
            if voulu == accueil_de(&ici.personne) {
                return Redirect::to("/consentement").into_response();
            }
            let voulu: String = url::form_urlencoded::byte_serialize(voulu.as_bytes()).collect();
            return Redirect::to(&format!("/consentement?retour={voulu}")).into_response();
        }
        return session::demander_connexion(&app, Request::from_parts(parts, corps)).await;
    }
    match autoriser(&app, acces, &params, &mut ici).await {
        Ok(()) => {
            parts.extensions.insert(Arc::new(ici));
            suite.run(Request::from_parts(parts, corps)).await
        }
        Err(erreur) => {
            if matches!(erreur, Erreur::Interdit | Erreur::Introuvable) {
                tracing::info!(personne = %ici.personne.id, chemin = parts.uri.path(), ?acces, "access denied");
            }
            erreur.into_response()
        }
    }
}

async fn autoriser(app: &App, acces: Acces, params: &RawPathParams, ici: &mut Ici) -> Result<(), Erreur> {
    let (objet, acte) = match acces {
        Acces::Public | Acces::Connecte | Acces::Membre => return Ok(()),
        Acces::Agence(objet, acte) => {
            ici.qualites.clone_from(&ici.personne.roles_agence);
            if ici.qualites.is_empty() {
                return Err(Erreur::Introuvable);
            }
            (objet, acte)
        }
        Acces::Structure(objet, acte) => {
            let structure = ici.structure()?;
            let membre = structure.membre(ici.personne.id).ok_or(Erreur::Introuvable)?;
            ici.qualites = vec![membre.role.qualite()];
            (objet, acte)
        }
        Acces::Sur(cible, objet, acte) => {
            let mut tx = app.registre.lire().await?;
            charger(&mut tx, cible, params, ici).await?;
            (objet, acte)
        }
    };
    if ici.qualites.is_empty() {
        return Err(Erreur::Introuvable);
    }
    ici.qualite = ici
        .qualites
        .iter()
        .copied()
        .find(|qualite| permis(&[*qualite], objet, acte))
        .ok_or(Erreur::Interdit)?;
    Ok(())
}

async fn charger(tx: &mut Tx, cible: Cible, params: &RawPathParams, ici: &mut Ici) -> Result<(), Erreur> {
    let parametre = |nom: &str| {
        params.iter().find(|(autre, _)| *autre == nom).map(|(_, valeur)| valeur).ok_or(Erreur::Introuvable)
    };
    let produit = match cible {
        Cible::Produit => parametre("id")?.parse().map_err(|_| Erreur::Introuvable)?,
        Cible::Candidature => {
            let id = parametre("id")?.parse().map_err(|_| Erreur::Introuvable)?;
            let candidature = tx.load_candidature(id).await?.ok_or(Erreur::Introuvable)?;
            let produit = candidature.produit;
            ici.candidature = Some(candidature);
            produit
        }
        Cible::Habilitation => {
            let habilitation =
                tx.load_habilitation(parametre("numero")?).await?.ok_or(Erreur::Introuvable)?;
            ici.candidature = tx.load_candidature(habilitation.candidature).await?;
            let produit = habilitation.produit;
            ici.habilitation = Some(habilitation);
            produit
        }
        // Its candidature is left out: what is noted there while files come in would tell of the audit.
        Cible::Audit => {
            let audit = tx.load_audit(parametre("audit")?).await?.ok_or(Erreur::Introuvable)?;
            if !audit.notifie() && !ici.agence() {
                return Err(Erreur::Introuvable);
            }
            let produit = audit.produit;
            ici.audit = Some(audit);
            produit
        }
    };
    let produit = tx.load_produit(produit).await?.ok_or(Erreur::Introuvable)?;
    let structure = tx.load_structure(produit.structure).await?.ok_or(Erreur::Introuvable)?;
    ici.qualites = qualites_sur(&ici.personne, &structure, &produit);
    ici.structure = Some(structure);
    ici.produit = Some(produit);
    Ok(())
}

/// What the session middleware knows before any route is looked at.
pub fn ici(
    personne: Personne,
    structure: Option<Versionne<Structure>>,
    session: SessionGardee,
    csrf: String,
) -> Ici {
    let qualite = personne.roles_agence.first().copied().unwrap_or(Qualite::Membre);
    Ici {
        personne,
        structure,
        qualites: Vec::new(),
        session,
        csrf,
        produit: None,
        candidature: None,
        habilitation: None,
        audit: None,
        qualite,
    }
}
