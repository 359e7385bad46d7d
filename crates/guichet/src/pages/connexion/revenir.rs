//! The person comes back from the OpenID provider: checks, the account as the provider describes it, the session.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    evenement::{Evenement, Sujet},
    id::Id,
    identifiant::Pays,
    permission::Qualite,
    structure::{Adresse, Personne, Presentation, Role, Structure},
};
use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};
use oidc::{
    Retour,
    isc::{Profil, RoleAgence, RoleEntreprise},
};
use registre::{Tx, Versionne};
use secrecy::ExposeSecret;

use super::partir::Depart;
use crate::{app::App, erreur::Erreur, session};

/// How long a person may stay at the provider.
const DUREE: SignedDuration = SignedDuration::from_mins(10);

pub async fn revenir(
    State(app): State<App>,
    Query(retour): Query<Retour>,
    entetes: HeaderMap,
) -> Result<Response, Erreur> {
    let etat = retour.state.clone().unwrap_or_default();
    if etat.is_empty() || cookie_etat(&entetes) != Some(etat.as_str()) {
        return Err(Erreur::Demande(
            "Cette connexion n’a pas été commencée dans ce navigateur. Recommencez depuis l’accueil."
                .to_owned(),
        ));
    }
    let maintenant = app.maintenant();
    let depuis = maintenant.saturating_sub(DUREE).unwrap_or(Timestamp::MIN);
    let mut tx = app.registre.ecrire().await?;
    let depart = tx.prendre_connexion(&etat, depuis).await?.ok_or_else(|| {
        Erreur::Demande("Cette connexion a déjà servi ou a expiré. Recommencez depuis l’accueil.".to_owned())
    })?;
    tx.commit().await?;
    let depart: Depart = serde_json::from_str(&depart)?;
    let code = app.oidc.lire_retour(&retour, &etat).await?;
    let jetons = app.oidc.echanger(&code, &depart.verificateur.into()).await?;
    let revendications =
        app.oidc.verifier_id_token(&jetons, &depart.nonce, depart.max_age, maintenant).await?;
    let profil = Profil::depuis(&revendications)?;
    let personne = enregistrer(&app, &revendications.sub, &profil, maintenant).await?;
    let authentifie_le =
        revendications.auth_time.and_then(|le| Timestamp::from_second(le).ok()).unwrap_or(maintenant);
    let cookie = session::ouvrir(&app, personne.id, authentifie_le, jetons.id_token.expose_secret()).await?;
    let destination = if session::COOKIE_SAISIE.lire(&entetes).is_some() {
        "/reprise"
    } else if depart.retour == "/" {
        accueil_de(&personne)
    } else {
        &depart.retour
    };
    let mut reponse = Redirect::to(destination).into_response();
    reponse.headers_mut().append(header::SET_COOKIE, cookie);
    reponse.headers_mut().append(
        header::SET_COOKIE,
        header::HeaderValue::from_static(
            "__Host-guichet_etat=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
        ),
    );
    Ok(reponse)
}

fn cookie_etat(entetes: &HeaderMap) -> Option<&str> {
    entetes
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|valeur| valeur.to_str().ok())
        .flat_map(|valeur| valeur.split(';'))
        .find_map(|paire| paire.trim().strip_prefix("__Host-guichet_etat="))
}

/// Where somebody goes first.
pub(crate) fn accueil_de(personne: &Personne) -> &'static str {
    let roles = &personne.roles_agence;
    if roles.is_empty() {
        "/tableau-de-bord"
    } else if roles.contains(&Qualite::Verificateur) || roles.contains(&Qualite::Administrateur) {
        "/instruction"
    } else if roles.contains(&Qualite::College) {
        "/college"
    } else if roles.contains(&Qualite::Signataire) {
        "/signature"
    } else if roles.contains(&Qualite::Cnda) {
        "/autorisations"
    } else {
        "/habilitations"
    }
}

/// Writes down the person, and the structure with the role in it, as the provider presents them today.
async fn enregistrer(app: &App, sub: &str, profil: &Profil, le: Timestamp) -> Result<Personne, Erreur> {
    let mut tx = app.registre.ecrire().await?;
    let connue = tx.load_personne_par_sub(sub).await?;
    let mut personne = Personne {
        id: connue.as_ref().map_or_else(|| app.id(), |personne| personne.id),
        sub: sub.to_owned(),
        nom: profil.family_name.clone(),
        prenom: profil.given_name.clone(),
        courriel: profil.email.clone(),
        telephone: profil.phone_number.clone().unwrap_or_default(),
        structure: connue.as_ref().and_then(|personne| personne.structure),
        roles_agence: profil.roles_agence.iter().copied().map(qualite).collect(),
        consentement: connue.as_ref().and_then(|personne| personne.consentement),
    };
    if let Some(evenement) = personne.presentee(connue.as_ref(), le) {
        tx.save_evenement(&evenement).await?;
    }
    // The people of the agency share nothing of a company's account.
    if personne.est_agence() && personne.consentement.is_none() {
        personne.consentement = Some(le);
    }
    if let Some(isc) = &profil.structure {
        let structure = rattacher(&mut tx, app.id(), isc, profil.role_entreprise, &personne, le).await?;
        // Withdrawn there, a person may still belong to the structure that invited them since.
        personne.structure = structure.or(personne.structure);
    }
    tx.save_personne(&personne).await?;
    tx.commit().await?;
    Ok(personne)
}

fn qualite(role: RoleAgence) -> Qualite {
    match role {
        RoleAgence::Verificateur => Qualite::Verificateur,
        RoleAgence::College => Qualite::College,
        RoleAgence::Signataire => Qualite::Signataire,
        RoleAgence::Administrateur => Qualite::Administrateur,
        RoleAgence::Auditeur => Qualite::Auditeur,
        RoleAgence::Cnda => Qualite::Cnda,
    }
}

/// The structure to which the person belongs by what the provider says; `None` when that structure withdrew them.
async fn rattacher(
    tx: &mut Tx,
    nouvelle: Id<Structure>,
    isc: &oidc::isc::Structure,
    role: Option<RoleEntreprise>,
    personne: &Personne,
    le: Timestamp,
) -> Result<Option<Id<Structure>>, Erreur> {
    let siret: domaine::identifiant::Siret = isc.siret.parse().map_err(|refus| {
        Erreur::Demande(format!("Le SIRET donné par le fournisseur d’identité est faux : {refus}"))
    })?;
    let role = match role {
        Some(RoleEntreprise::Mandataire) => Role::Mandataire,
        Some(RoleEntreprise::Responsable) => Role::Responsable,
        Some(RoleEntreprise::Salarie) | None => Role::Salarie,
    };
    let structure = if let Some(structure) = tx.load_structure_par_siret(siret.as_ref()).await? {
        structure
    } else {
        let structure = Versionne::nouveau(Structure {
            id: nouvelle,
            siret,
            denomination: isc.denomination.clone(),
            forme_juridique: isc.forme_juridique.clone(),
            adresse: Adresse {
                voie: isc.adresse.voie.clone(),
                complement: String::new(),
                code_postal: isc.adresse.code_postal.clone(),
                commune: isc.adresse.commune.clone(),
                pays: Pays::de_deux_lettres(&isc.adresse.pays)
                    .map_or_else(|| isc.adresse.pays.clone(), |pays| pays.code().to_owned()),
            },
            membres: Vec::new(),
            invitations: Vec::new(),
            retraits: Vec::new(),
        });
        let evenement = Evenement::new(
            Sujet::new("structure", structure.id),
            "Structure connue par Industriels Santé Connect",
            &domaine::evenement::Acteur::systeme(),
            le,
        );
        tx.save_structure(&structure, &evenement).await?;
        Versionne { version: 1, valeur: structure.valeur }
    };
    let (id, version) = (structure.id, structure.version);
    match structure.valeur.presenter(personne, role, le) {
        Presentation::DejaMembre => Ok(Some(id)),
        Presentation::Retiree => Ok(None),
        Presentation::Rejoint(suite) => {
            let (structure, evenement) = *suite;
            tx.save_structure(&Versionne { valeur: structure, version }, &evenement).await?;
            Ok(Some(id))
        }
    }
}
