//! « Fautes et réglages »: what the sandbox does wrongly or otherwise than at the first start, and the way back.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::StatusCode;
use web::{Cadre, Champs, Choix, Formulaire, PageErreur, Saisie};

use super::{Actif, Cible, Point, RefusScenario, catalogue};
use crate::navigateur::Navigateur;
use crate::parametres::vers_chemin;
use crate::psc::{Durees, Prereglage, Psc, Reglages};

const PAGE: &str = "/scenarios";

pub(crate) fn routes(psc: &Arc<Psc>) -> Router {
    Router::new()
        .route(PAGE, get(voir))
        .route("/scenarios/ajouter", post(ajouter))
        .route("/scenarios/retirer", post(retirer))
        .route("/scenarios/reglages", post(regler))
        .route("/scenarios/reinitialiser", post(reinitialiser))
        .with_state(Arc::clone(psc))
}

/// A scenario that is on, as a line.
struct Ligne {
    rang: usize,
    nom: String,
    effet: &'static str,
    ou: String,
    client: String,
    fois: String,
}

#[derive(Template)]
#[template(path = "scenarios.html")]
struct Page {
    cadre: Cadre,
    lignes: Vec<Ligne>,
    deregle: bool,
    champs: Champs,
    noms: Vec<Choix>,
    cibles: Vec<Choix>,
    points: Vec<Choix>,
    reglages: Champs,
    prereglages: Vec<Choix>,
    durees: [Duree; 7],
}

/// A field of the settings.
struct Duree {
    nom: &'static str,
    libelle: &'static str,
    aide: &'static str,
}

const DUREES: [Duree; 7] = [
    Duree { nom: "acces", libelle: "Jeton d’accès, en secondes", aide: "" },
    Duree { nom: "rafraichissement", libelle: "Jeton de rafraîchissement, en secondes", aide: "" },
    Duree { nom: "session", libelle: "Session, en secondes", aide: "" },
    Duree { nom: "inactivite", libelle: "Session que personne n’utilise, en secondes", aide: "" },
    Duree { nom: "ciba", libelle: "Demande CIBA, en secondes", aide: "" },
    Duree { nom: "intervalle", libelle: "Entre deux interrogations CIBA, en secondes", aide: "" },
    Duree {
        nom: "acceleration",
        libelle: "Accélération",
        aide: "Divise toutes les durées, sauf l’intervalle ; 1 est le temps réel",
    },
];

async fn voir(State(psc): State<Arc<Psc>>, navigateur: Navigateur) -> Response {
    let (champs, reglages) = (vides(), champs_des_reglages(&psc.reglages()));
    psc.page_scenarios(StatusCode::OK, &navigateur, champs, reglages)
}

async fn ajouter(
    State(psc): State<Arc<Psc>>,
    navigateur: Navigateur,
    Formulaire(saisie): Formulaire,
) -> Response {
    let fait = lire(&saisie)
        .and_then(|actif| psc.scenarios.ajouter(actif).map_err(|refus| (refus.champ(), phrase(&refus))));
    match fait {
        Ok(()) => vers_chemin(PAGE),
        Err((champ, texte)) => {
            let mut champs = Champs::depuis(saisie);
            champs.refuser(champ, texte);
            let reglages = champs_des_reglages(&psc.reglages());
            psc.page_scenarios(StatusCode::UNPROCESSABLE_ENTITY, &navigateur, champs, reglages)
        }
    }
}

async fn retirer(State(psc): State<Arc<Psc>>, Formulaire(saisie): Formulaire) -> Response {
    let fait = match saisie.texte("rang").parse() {
        Ok(rang) => psc.scenarios.retirer(rang, saisie.texte("nom")),
        Err(_) => psc.scenarios.fixer(Vec::new()),
    };
    revenir(fait.map_err(|refus| refus.to_string()))
}

async fn regler(
    State(psc): State<Arc<Psc>>,
    navigateur: Navigateur,
    Formulaire(saisie): Formulaire,
) -> Response {
    match lire_reglages(&psc.reglages(), &saisie) {
        Ok(reglages) => {
            let impossible = |_| "Les réglages n’ont pas pu être enregistrés.".to_owned();
            revenir(psc.regler(reglages).map_err(impossible))
        }
        Err(nom) => {
            let mut reglages = Champs::depuis(saisie);
            reglages.refuser(nom, "Un nombre entier d’au moins 1 est attendu.");
            psc.page_scenarios(StatusCode::UNPROCESSABLE_ENTITY, &navigateur, vides(), reglages)
        }
    }
}

async fn reinitialiser(State(psc): State<Arc<Psc>>, Formulaire(_): Formulaire) -> Response {
    revenir(psc.reinitialiser().map_err(|refus| refus.to_string()))
}

fn revenir(fait: Result<(), String>) -> Response {
    match fait {
        Ok(()) => vers_chemin(PAGE),
        Err(texte) => PageErreur::nouvelle(StatusCode::INTERNAL_SERVER_ERROR).message(texte).into_response(),
    }
}

/// The refusal without the name of its field, which the page shows beside it.
fn phrase(refus: &RefusScenario) -> String {
    let texte = refus.to_string();
    let seule = texte.split_once(" : ").filter(|(debut, _)| *debut == refus.champ()).map(|(_, fin)| fin);
    let seule = seule.unwrap_or(&texte);
    let mut lettres = seule.chars();
    lettres.next().map_or_else(String::new, |une| une.to_uppercase().chain(lettres).collect())
}

fn vides() -> Champs {
    Champs::vides().avec("cible", Cible::Psc.code())
}

fn lire(saisie: &Saisie) -> Result<Actif, (&'static str, String)> {
    let nombre = |nom: &'static str, quoi: &str| match saisie.texte(nom).trim() {
        "" => Ok(None),
        texte => texte.parse().map(Some).map_err(|_| (nom, format!("Un nombre entier {quoi} est attendu."))),
    };
    let point = saisie.texte("point");
    Ok(Actif {
        nom: saisie.texte("nom").to_owned(),
        cible: Cible::TOUTES.into_iter().find(|une| une.code() == saisie.texte("cible")).unwrap_or_default(),
        client: Some(saisie.texte("client").trim().to_owned()).filter(|client| !client.is_empty()),
        point: Point::TOUS.into_iter().map(|(un, ..)| un).find(|un| un.code() == point),
        secondes: nombre("secondes", "de secondes")?,
        fois: nombre("fois", "de fois")?,
    })
}

fn champs_des_reglages(reglages: &Reglages) -> Champs {
    let Durees { acces, rafraichissement, session, inactivite, ciba, intervalle, acceleration } =
        reglages.durees;
    let valeurs = [acces, rafraichissement, session, inactivite, ciba, intervalle, acceleration];
    let champs = Champs::vides().avec("prereglage", reglages.prereglage.code());
    DUREES
        .iter()
        .zip(valeurs)
        .fold(champs, |champs, (duree, valeur)| champs.avec(duree.nom, valeur.to_string()))
}

/// The settings of the form over those that it doesn't show, or the field at fault.
fn lire_reglages(actuels: &Reglages, saisie: &Saisie) -> Result<Reglages, &'static str> {
    let lire = |nom: &'static str| {
        saisie.texte(nom).trim().parse().ok().filter(|valeur: &u32| *valeur > 0).ok_or(nom)
    };
    let choisi = Prereglage::TOUS.into_iter().find(|un| un.code() == saisie.texte("prereglage"));
    Ok(Reglages {
        prereglage: choisi.unwrap_or(actuels.prereglage),
        durees: Durees {
            acces: lire("acces")?,
            rafraichissement: lire("rafraichissement")?,
            session: lire("session")?,
            inactivite: lire("inactivite")?,
            ciba: lire("ciba")?,
            intervalle: lire("intervalle")?,
            acceleration: lire("acceleration")?,
        },
        ..actuels.clone()
    })
}

impl Psc {
    fn page_scenarios(
        &self,
        statut: StatusCode,
        navigateur: &Navigateur,
        champs: Champs,
        reglages: Champs,
    ) -> Response {
        let page = Page {
            cadre: navigateur.cadre_du_bac("Fautes et réglages", PAGE),
            lignes: self.scenarios.actifs().into_iter().enumerate().map(Ligne::depuis).collect(),
            deregle: self.deregle(),
            champs,
            noms: catalogue::FICHES
                .iter()
                .map(|fiche| Choix::nouveau(fiche.nom, &format!("{} – {}", fiche.nom, fiche.effet)))
                .collect(),
            cibles: Cible::TOUTES.map(|cible| Choix::nouveau(cible.code(), cible.libelle())).to_vec(),
            points: Point::TOUS.map(|(point, ..)| Choix::nouveau(point.code(), point.libelle())).to_vec(),
            reglages,
            prereglages: Prereglage::TOUS.map(|un| Choix::nouveau(un.code(), un.libelle())).to_vec(),
            durees: DUREES,
        };
        navigateur.marquer(web::page_avec(statut, &page))
    }
}

impl Ligne {
    fn depuis((rang, actif): (usize, Actif)) -> Self {
        let fiche = catalogue::trouver(&actif.nom);
        let ou = match (fiche.is_some_and(|fiche| fiche.faute.a_une_cible()), actif.point) {
            (false, _) => "Là où elle a un sens".to_owned(),
            (true, None) => actif.cible.libelle().to_owned(),
            (true, Some(point)) => format!("{}, {}", actif.cible.libelle(), point.libelle().to_lowercase()),
        };
        Self {
            rang,
            effet: fiche.map_or("", |fiche| fiche.effet),
            ou,
            client: actif.client.unwrap_or_else(|| "Tous".to_owned()),
            fois: match actif.fois {
                None => "Jusqu’à nouvel ordre".to_owned(),
                Some(1) => "Encore une fois".to_owned(),
                Some(fois) => format!("Encore {fois} fois"),
            },
            nom: actif.nom,
        }
    }
}
