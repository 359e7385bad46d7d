//! The identities on pages: list, make, change, remove, import, export.
//!
//! The fields that one changes every day have a field of their own; the whole record, as `userinfo` gives it, is edited as
//! JSON beside them, so that nothing of it is out of reach.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderValue, StatusCode, header};
use oidc::psc::Profil;
use serde::Deserialize;
use web::{Cadre, Champs, Choix, Formulaire, PageErreur, Saisie};

use super::{Identite, Moyen, RefusIdentite, Reponse};
use crate::navigateur::Navigateur;
use crate::parametres::vers_chemin;
use crate::psc::Psc;

const LISTE: &str = "/identites";
const FICHE: &str = "/identites/fiche";
const IMPORT: &str = "/identites/import";

pub(crate) fn routes(psc: &Arc<Psc>) -> Router {
    Router::new()
        .route(LISTE, get(lister))
        .route(FICHE, get(voir).post(enregistrer))
        .route("/identites/supprimer", post(supprimer))
        .route("/identites/export.json", get(exporter))
        .route(IMPORT, get(voir_import).post(importer))
        .with_state(Arc::clone(psc))
}

#[derive(Template)]
#[template(path = "identites/liste.html")]
struct PageListe {
    cadre: Cadre,
    lignes: Vec<Ligne>,
}

struct Ligne {
    identite: Identite,
    lien: String,
    reponse: &'static str,
}

#[derive(Template)]
#[template(path = "identites/fiche.html")]
struct PageFiche {
    cadre: Cadre,
    champs: Champs,
    /// Empty for a new identity.
    ancien: String,
    moyens: Vec<Choix>,
    reponses: Vec<Choix>,
}

#[derive(Template)]
#[template(path = "identites/import.html")]
struct PageImport {
    cadre: Cadre,
    champs: Champs,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Demande {
    /// National identifier; empty asks for a new identity.
    id: String,
}

async fn lister(State(psc): State<Arc<Psc>>, navigateur: Navigateur) -> Response {
    let lignes = psc.identites.toutes().into_iter().map(|identite| Ligne {
        lien: lien(identite.national_id()),
        reponse: libelle(&identite.reponse),
        identite,
    });
    let page =
        PageListe { cadre: navigateur.cadre_du_bac("Identités de test", LISTE), lignes: lignes.collect() };
    navigateur.marquer(web::page(&page))
}

async fn exporter(State(psc): State<Arc<Psc>>) -> Response {
    let mut reponse = Json(psc.identites.toutes()).into_response();
    let nom = HeaderValue::from_static("attachment; filename=\"identites.json\"");
    reponse.headers_mut().insert(header::CONTENT_DISPOSITION, nom);
    reponse
}

async fn voir(
    State(psc): State<Arc<Psc>>,
    navigateur: Navigateur,
    Query(demande): Query<Demande>,
) -> Response {
    let identite = if demande.id.is_empty() {
        modele(&psc)
    } else if let Some(identite) = psc.identites.trouver(&demande.id) {
        identite
    } else {
        let texte = "Cette identité n’existe pas, ou plus, dans le bac à sable.";
        return PageErreur::nouvelle(StatusCode::NOT_FOUND).message(texte).into_response();
    };
    montrer(StatusCode::OK, &navigateur, champs(&identite), demande.id)
}

/// What a new identity starts from: the first of the demonstration, under a number of its own.
fn modele(psc: &Psc) -> Identite {
    let mut modele = super::demonstration::identites().swap_remove(0);
    let numero = psc.horloge.maintenant().strftime("ANS%Y%m%d%H%M%S").to_string();
    for autre in &mut modele.profil.autres_ids {
        autre.identifiant.clone_from(&numero);
        "EDIT".clone_into(&mut autre.origine);
    }
    modele.profil.national_id = numero;
    modele
}

async fn enregistrer(
    State(psc): State<Arc<Psc>>,
    navigateur: Navigateur,
    Formulaire(saisie): Formulaire,
) -> Response {
    let ancien = saisie.texte("ancien").to_owned();
    let fait = lire(&saisie).and_then(|identite| {
        let fait = if ancien.is_empty() {
            psc.identites.creer(identite)
        } else {
            psc.identites.modifier(&ancien, |place| *place = identite)
        };
        fait.map_err(|refus| (champ_de(&refus), refus.to_string()))
    });
    match fait {
        Ok(()) => vers_chemin(LISTE),
        Err((champ, texte)) => {
            let mut champs = Champs::depuis(saisie);
            champs.refuser(champ, texte);
            montrer(StatusCode::UNPROCESSABLE_ENTITY, &navigateur, champs, ancien)
        }
    }
}

async fn supprimer(State(psc): State<Arc<Psc>>, Formulaire(saisie): Formulaire) -> Response {
    match psc.identites.supprimer(saisie.texte("id")) {
        Ok(()) | Err(RefusIdentite::Inconnue(_)) => vers_chemin(LISTE),
        Err(refus) => {
            PageErreur::nouvelle(StatusCode::INTERNAL_SERVER_ERROR).message(refus.to_string()).into_response()
        }
    }
}

async fn voir_import(navigateur: Navigateur) -> Response {
    montrer_import(StatusCode::OK, &navigateur, Champs::vides())
}

async fn importer(
    State(psc): State<Arc<Psc>>,
    navigateur: Navigateur,
    Formulaire(saisie): Formulaire,
) -> Response {
    let lues = serde_json::from_str::<Vec<Identite>>(saisie.texte("json"));
    let fait = lues
        .map_err(|erreur| {
            format!("Une liste JSON d’identités est attendue, comme l’export en donne : {erreur}.")
        })
        .and_then(|lues| psc.identites.importer(lues).map_err(|refus| refus.to_string()));
    match fait {
        Ok(_) => vers_chemin(LISTE),
        Err(texte) => {
            let mut champs = Champs::depuis(saisie);
            champs.refuser("json", texte);
            montrer_import(StatusCode::UNPROCESSABLE_ENTITY, &navigateur, champs)
        }
    }
}

fn montrer_import(statut: StatusCode, navigateur: &Navigateur, champs: Champs) -> Response {
    let cadre = navigateur.cadre_du_bac("Importer des identités", IMPORT);
    navigateur.marquer(web::page_avec(statut, &PageImport { cadre, champs }))
}

fn montrer(statut: StatusCode, navigateur: &Navigateur, champs: Champs, ancien: String) -> Response {
    let titre = if ancien.is_empty() { "Nouvelle identité" } else { "Identité de test" };
    let page = PageFiche {
        cadre: navigateur.cadre_du_bac(titre, FICHE),
        champs,
        ancien,
        moyens: [Moyen::Actif, Moyen::Absent, Moyen::Bloque].map(|moyen| choix(code_moyen(moyen))).to_vec(),
        reponses: REPONSES.map(choix).to_vec(),
    };
    navigateur.marquer(web::page_avec(statut, &page))
}

type Libelle = (&'static str, &'static str);

fn choix((valeur, libelle): Libelle) -> Choix {
    Choix::nouveau(valeur, libelle)
}

fn code_moyen(moyen: Moyen) -> Libelle {
    match moyen {
        Moyen::Actif => ("actif", "Prêt à servir"),
        Moyen::Absent => ("absent", "Absent"),
        Moyen::Bloque => ("bloque", "Bloqué"),
    }
}

const REPONSES: [Libelle; 6] = [
    ("manuelle", "À la main : page, commande ou API"),
    ("approuver", "Approuve aussitôt"),
    ("refuser", "Refuse aussitôt"),
    ("approuver-apres", "Approuve après un délai"),
    ("si-message", "Approuve si le nombre affiché est celui attendu"),
    ("jamais", "Ne répond jamais"),
];

fn code_reponse(reponse: &Reponse) -> &'static str {
    match reponse {
        Reponse::Manuelle => "manuelle",
        Reponse::Approuver => "approuver",
        Reponse::Refuser => "refuser",
        Reponse::ApprouverApres { .. } => "approuver-apres",
        Reponse::SiMessage { .. } => "si-message",
        Reponse::Jamais => "jamais",
    }
}

fn libelle(reponse: &Reponse) -> &'static str {
    let code = code_reponse(reponse);
    REPONSES.into_iter().find(|(autre, _)| *autre == code).map_or("", |(_, libelle)| libelle)
}

fn champs(identite: &Identite) -> Champs {
    let profil = serde_json::to_string_pretty(&identite.profil).unwrap_or_default();
    let mut champs = Champs::vides()
        .avec("national_id", identite.national_id())
        .avec("nom", &identite.profil.family_name)
        .avec("prenom", &identite.profil.given_name)
        .avec("ecps", code_moyen(identite.ecps).0)
        .avec("carte", code_moyen(identite.carte).0)
        .avec("reponse", code_reponse(&identite.reponse))
        .avec("profil", profil);
    if identite.actif {
        champs = champs.avec("actif", "oui");
    }
    match &identite.reponse {
        Reponse::ApprouverApres { secondes } => champs.avec("secondes", secondes.to_string()),
        Reponse::SiMessage { message } => champs.avec("message", message),
        _ => champs,
    }
}

/// The identity that the form says, or the field at fault and why.
fn lire(saisie: &Saisie) -> Result<Identite, (&'static str, String)> {
    let mut profil: Profil = serde_json::from_str(saisie.texte("profil"))
        .map_err(|erreur| ("profil", format!("La fiche n’est pas un objet JSON utilisable : {erreur}.")))?;
    saisie.texte("national_id").clone_into(&mut profil.national_id);
    saisie.texte("nom").clone_into(&mut profil.family_name);
    saisie.texte("prenom").clone_into(&mut profil.given_name);
    let moyen = |nom| match saisie.texte(nom) {
        "absent" => Moyen::Absent,
        "bloque" => Moyen::Bloque,
        _ => Moyen::Actif,
    };
    let reponse = match saisie.texte("reponse") {
        "approuver" => Reponse::Approuver,
        "refuser" => Reponse::Refuser,
        "jamais" => Reponse::Jamais,
        "approuver-apres" => {
            let secondes = saisie.texte("secondes").parse().ok().filter(|secondes| *secondes <= 3600);
            let texte =
                || ("secondes", "Le délai est un nombre entier de secondes, 3600 au plus.".to_owned());
            Reponse::ApprouverApres { secondes: secondes.ok_or_else(texte)? }
        }
        "si-message" => {
            let message = saisie.texte("message").to_owned();
            if !oidc::ciba::message_valide(&message) {
                return Err(("message", "Le nombre attendu est obligatoire, par exemple 42.".to_owned()));
            }
            Reponse::SiMessage { message }
        }
        _ => Reponse::Manuelle,
    };
    Ok(Identite { profil, actif: saisie.coche("actif"), ecps: moyen("ecps"), carte: moyen("carte"), reponse })
}

fn champ_de(refus: &RefusIdentite) -> &'static str {
    match refus {
        RefusIdentite::NationalId | RefusIdentite::EnDouble(_) => "national_id",
        RefusIdentite::Nom("given_name") => "prenom",
        RefusIdentite::Nom(_) => "nom",
        RefusIdentite::Inconnue(_) | RefusIdentite::Trop | RefusIdentite::Enregistrement(_) => "",
    }
}

fn lien(national_id: &str) -> String {
    let id: String = url::form_urlencoded::byte_serialize(national_id.as_bytes()).collect();
    format!("{FICHE}?id={id}")
}
