//! The structure: what Industriels Santé Connect says of it, its people, the invitations that wait.

use askama::Template;
use axum::{extract::State, response::Response};
use domaine::{
    calendrier::{date_fr, jour},
    permission::{Acte, Objet},
    structure::Role,
};
use http::StatusCode;
use web::{Cadre, Champs, Choix};

use crate::{
    acces::Ici,
    app::App,
    cadre::cadre,
    chronologie::{Ligne, lignes},
    erreur::Erreur,
};

struct LigneMembre {
    id: String,
    nom: String,
    courriel: String,
    role: &'static str,
    cle: &'static str,
    depuis: String,
    moi: bool,
    /// Whether this person may change that member's role or withdraw them.
    modifiable: bool,
}

/// Somebody whom the structure withdrew.
struct LigneRetrait {
    id: String,
    nom: String,
    courriel: String,
    par: String,
    le: String,
}

struct LigneInvitation {
    /// Its fingerprint, by which it is cancelled.
    id: String,
    courriel: String,
    role: &'static str,
    par: String,
    expire: String,
    expiree: bool,
}

#[derive(Template)]
#[template(path = "structure/voir.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    denomination: String,
    fiche: Vec<(&'static str, String)>,
    membres: Vec<LigneMembre>,
    invitations: Vec<LigneInvitation>,
    retraits: Vec<LigneRetrait>,
    roles: Vec<Choix>,
    gere: bool,
    histoire: Vec<Ligne>,
}

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    page(&app, &ici, Champs::vides().avec("role", Role::Salarie.cle())).await
}

/// The page, with the form of invitation as it was sent when it was refused.
pub(super) async fn page(app: &App, ici: &Ici, f: Champs) -> Result<Response, Erreur> {
    let mut tx = app.registre.lire().await?;
    let structure = tx.load_structure(ici.structure()?.id).await?.ok_or(Erreur::Introuvable)?;
    let sujet = domaine::evenement::Sujet::new("structure", structure.id);
    let evenements = tx.load_evenements(&sujet, false).await?;
    let gere = ici.peut(Objet::Comptes, Acte::Administrer);
    let mandataire = structure.membre(ici.personne.id).is_some_and(|membre| membre.role == Role::Mandataire);
    let adresse = &structure.adresse;
    let siege = [&adresse.voie, &adresse.complement]
        .into_iter()
        .filter(|ligne| !ligne.is_empty())
        .cloned()
        .chain([format!("{} {}", adresse.code_postal, adresse.commune)])
        .collect::<Vec<_>>()
        .join("\n");
    let statut = if f.en_faute() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let le = app.maintenant();
    let page = Page {
        cadre: cadre(app, Some(ici), "Structure", "/structure", &[]),
        f,
        denomination: structure.denomination.clone(),
        fiche: vec![
            ("SIRET", structure.siret.lisible()),
            ("Forme juridique", structure.forme_juridique.clone()),
            ("Siège social", siege),
        ],
        membres: structure
            .membres
            .iter()
            .map(|membre| LigneMembre {
                id: membre.personne.to_string(),
                nom: membre.nom.clone(),
                courriel: membre.courriel.clone(),
                role: membre.role.libelle(),
                cle: membre.role.cle(),
                depuis: date_fr(jour(membre.depuis)),
                moi: membre.personne == ici.personne.id,
                modifiable: gere && (mandataire || membre.role != Role::Mandataire),
            })
            .collect(),
        invitations: structure
            .invitations
            .iter()
            .map(|invitation| LigneInvitation {
                id: invitation.empreinte.clone(),
                courriel: invitation.courriel.to_string(),
                role: invitation.role.libelle(),
                par: invitation.par.nom.clone(),
                expire: date_fr(jour(invitation.expire)),
                expiree: invitation.expire <= le,
            })
            .collect(),
        retraits: structure
            .retraits
            .iter()
            .map(|retrait| LigneRetrait {
                id: retrait.personne.to_string(),
                nom: retrait.nom.clone(),
                courriel: retrait.courriel.clone(),
                par: retrait.par.nom.clone(),
                le: date_fr(jour(retrait.le)),
            })
            .collect(),
        roles: roles(mandataire),
        gere,
        histoire: lignes(evenements, false),
    };
    Ok(web::page_avec(statut, &page))
}

/// The roles that this person may give.
fn roles(mandataire: bool) -> Vec<Choix> {
    let mut roles = vec![
        Choix::nouveau(Role::Salarie.cle(), "salarié")
            .aide("N’a accès qu’aux produits dont il est collaborateur."),
        Choix::nouveau(Role::Responsable.cle(), "responsable")
            .aide("Accède à tous les produits, gère les comptes par délégation."),
    ];
    if mandataire {
        roles.push(
            Choix::nouveau(Role::Mandataire.cle(), "mandataire")
                .aide("Représente légalement la structure ; seul un mandataire peut donner ce rôle."),
        );
    }
    roles
}
