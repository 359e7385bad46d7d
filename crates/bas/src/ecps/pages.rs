//! « e-CPS simulée » and « CPS-Gestion simulée »: what waits for a person's accord, and their answer.
//!
//! Without scripts a link refreshes the page. With them it asks every two seconds what changed, and each change goes to its
//! own place: new requests come after those that are there, so that a code being typed and the focus are never lost, and a
//! screen reader is told politely.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use oidc::ciba::Canal;
use serde::Deserialize;
use web::{Cadre, Formulaire, PageErreur};

use super::{Acte, Approbation, CODE, ESSAIS_MAX, RefusReponse, page};
use crate::identites::{Identite, Moyen};
use crate::navigateur::Navigateur;
use crate::parametres::vers_chemin;
use crate::psc::Psc;

const REPONDRE: &str = "/ecps/repondre";
const MOYEN: &str = "/ecps/moyen";
const VEILLE: &str = "/ecps/veille";

pub(crate) fn routes(psc: &Arc<Psc>) -> Router {
    Router::new()
        .route(page(Canal::Mobile), get(voir_ecps))
        .route(page(Canal::Carte), get(voir_carte))
        .route(REPONDRE, post(repondre))
        .route(MOYEN, post(changer_moyen))
        .route(VEILLE, get(veiller))
        .with_state(Arc::clone(psc))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Demande {
    identite: String,
    canal: String,
    /// Requests that the page shows already, separated by commas, sent by a live refresh.
    vues: String,
    /// State of the means that the page shows.
    moyen: String,
}

/// A request, ready to be shown.
struct Vue {
    a: Approbation,
    /// Hour of Paris at which it ends.
    fin: String,
    /// What is wrong with the code just typed.
    erreur: Option<String>,
}

#[derive(Template)]
#[template(path = "ecps/moyen.html")]
struct PageMoyen {
    cadre: Cadre,
    titre: &'static str,
    carte: bool,
    canal: &'static str,
    identite: Identite,
    moyen: Moyen,
    vues: Vec<Vue>,
    code: &'static str,
    veille: String,
    ici: String,
}

/// What changed on the page of somebody's means.
#[derive(Template)]
#[template(path = "ecps/veille.html")]
struct PageVeille {
    cadre: Cadre,
    carte: bool,
    canal: &'static str,
    identite: Identite,
    code: &'static str,
    veille: String,
    nouvelles: Vec<Vue>,
    /// Requests that the page shows and that wait no more.
    parties: Vec<String>,
    /// Whether nothing waits any more.
    aucune: bool,
}

/// The same on the list.
#[derive(Template)]
#[template(path = "ecps/veille_liste.html")]
struct PageVeilleListe {
    lignes: Vec<Ligne>,
    veille: String,
    attentes: usize,
}

/// Somebody, and how many requests wait for them.
struct Ligne {
    identite: Identite,
    attentes: usize,
    lien: String,
}

#[derive(Template)]
#[template(path = "ecps/liste.html")]
struct PageListe {
    cadre: Cadre,
    titre: &'static str,
    carte: bool,
    lignes: Vec<Ligne>,
    veille: String,
}

async fn voir_ecps(
    State(psc): State<Arc<Psc>>,
    navigateur: Navigateur,
    Query(demande): Query<Demande>,
) -> Response {
    voir(&psc, &navigateur, Canal::Mobile, &demande.identite)
}

async fn voir_carte(
    State(psc): State<Arc<Psc>>,
    navigateur: Navigateur,
    Query(demande): Query<Demande>,
) -> Response {
    voir(&psc, &navigateur, Canal::Carte, &demande.identite)
}

fn voir(psc: &Psc, navigateur: &Navigateur, canal: Canal, national_id: &str) -> Response {
    if national_id.is_empty() {
        return navigateur.marquer(psc.page_liste(navigateur, canal));
    }
    match psc.identites.trouver(national_id) {
        Some(identite) => {
            navigateur.marquer(psc.page_moyen(StatusCode::OK, navigateur, canal, identite, None))
        }
        None => inconnue(),
    }
}

fn inconnue() -> Response {
    let texte = "Cette identité n’existe pas, ou plus, dans le bac à sable.";
    PageErreur::nouvelle(StatusCode::NOT_FOUND).message(texte).into_response()
}

/// 204 as long as the page is up to date.
async fn veiller(
    State(psc): State<Arc<Psc>>,
    navigateur: Navigateur,
    Query(demande): Query<Demande>,
) -> Response {
    let canal = Canal::lire(&demande.canal).unwrap_or_default();
    let ouvertes = psc.ouvertes(canal, &demande.identite);
    let vues: Vec<&str> = demande.vues.split(',').filter(|id| !id.is_empty()).collect();
    let parties: Vec<String> = vues
        .iter()
        .filter(|id| ouvertes.iter().all(|une| une.id != **id))
        .map(|id| (*id).to_owned())
        .collect();
    let aucune = ouvertes.is_empty();
    let veille = psc.veille(canal, &demande.identite, &ouvertes);
    let (attentes, mut nouvelles) = (ouvertes.len(), ouvertes);
    nouvelles.retain(|une| !vues.contains(&une.id.as_str()));
    let identite = psc.identites.trouver(&demande.identite);
    if identite.as_ref().map(|identite| nom_moyen(identite.moyen(canal))).unwrap_or_default() != demande.moyen
    {
        // The card was taken out, or the identity is gone: it is another page.
        let mut reponse = StatusCode::NO_CONTENT.into_response();
        reponse.headers_mut().insert("hx-refresh", HeaderValue::from_static("true"));
        return reponse;
    }
    if nouvelles.is_empty() && parties.is_empty() {
        return StatusCode::NO_CONTENT.into_response();
    }
    match identite {
        Some(identite) if identite.moyen(canal) == Moyen::Actif => web::page(&PageVeille {
            cadre: navigateur.cadre_du_bac(titre(canal), page(canal)),
            carte: canal == Canal::Carte,
            canal: canal.valeur(),
            identite,
            code: CODE,
            veille,
            nouvelles: nouvelles.into_iter().map(|a| Vue { fin: heure(a.fin), erreur: None, a }).collect(),
            parties,
            aucune,
        }),
        // Its page shows no request: none is there to be added or taken away.
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => web::page(&PageVeilleListe { lignes: psc.lignes(canal), veille, attentes }),
    }
}

/// As the live refresh sends it back.
fn nom_moyen(moyen: Moyen) -> &'static str {
    match moyen {
        Moyen::Actif => "actif",
        Moyen::Absent => "absent",
        Moyen::Bloque => "bloque",
    }
}

async fn repondre(
    State(psc): State<Arc<Psc>>,
    navigateur: Navigateur,
    Formulaire(saisie): Formulaire,
) -> Response {
    let canal = Canal::lire(saisie.texte("canal")).unwrap_or_default();
    let id = saisie.texte("id");
    let maintenant = psc.horloge.maintenant();
    let Some(identite) = psc.identites.trouver(saisie.texte("identite")) else { return inconnue() };
    // The request must be this person's: the page of one must not answer for another.
    let la_sienne = psc.approbations.lire(id, maintenant);
    let la_sienne =
        la_sienne.is_some_and(|une| une.national_id == identite.national_id() && une.canal == canal);
    let acte = match saisie.texte("acte") {
        "refuser" => Acte::Refuser,
        "ignorer" => Acte::Ignorer,
        _ if saisie.texte("code") == CODE => Acte::Approuver,
        _ => Acte::CodeFaux,
    };
    let fait = if la_sienne { psc.repondre(id, acte) } else { Err(RefusReponse::Inconnue) };
    let refus = match (fait, acte) {
        (Ok(()), Acte::CodeFaux) => {
            let essais = psc.approbations.lire(id, maintenant).map_or(ESSAIS_MAX, |une| une.essais);
            match ESSAIS_MAX.saturating_sub(essais) {
                0 => return vers_moyen(canal, &identite),
                1 => "Code incorrect. Il reste un essai.".to_owned(),
                reste => format!("Code incorrect. Il reste {reste} essais."),
            }
        }
        (Ok(()), _) => return vers_moyen(canal, &identite),
        (Err(refus), _) => {
            let page = PageErreur::nouvelle(StatusCode::CONFLICT).titre("Réponse non prise en compte");
            return page.message(refus.to_string()).into_response();
        }
    };
    let page = psc.page_moyen(
        StatusCode::UNPROCESSABLE_ENTITY,
        &navigateur,
        canal,
        identite,
        Some(&(id.to_owned(), refus)),
    );
    navigateur.marquer(page)
}

/// Puts the card in or takes it out, installs or removes the e-CPS, unblocks either.
async fn changer_moyen(State(psc): State<Arc<Psc>>, Formulaire(saisie): Formulaire) -> Response {
    let canal = Canal::lire(saisie.texte("canal")).unwrap_or_default();
    let etat = if saisie.texte("etat") == "absent" { Moyen::Absent } else { Moyen::Actif };
    let national_id = saisie.texte("identite");
    match psc.identites.modifier(national_id, |identite| *identite.moyen_mut(canal) = etat) {
        Ok(()) => match psc.identites.trouver(national_id) {
            Some(identite) => vers_moyen(canal, &identite),
            None => inconnue(),
        },
        Err(refus) => PageErreur::nouvelle(StatusCode::CONFLICT).message(refus.to_string()).into_response(),
    }
}

fn lien(canal: Canal, national_id: &str) -> String {
    let identite: String = url::form_urlencoded::byte_serialize(national_id.as_bytes()).collect();
    format!("{}?identite={identite}", page(canal))
}

fn vers_moyen(canal: Canal, identite: &Identite) -> Response {
    vers_chemin(&lien(canal, identite.national_id()))
}

fn titre(canal: Canal) -> &'static str {
    match canal {
        Canal::Mobile => "e-CPS simulée",
        Canal::Carte => "CPS-Gestion simulée",
    }
}

impl Psc {
    /// The requests of one person, or of everybody, on that means.
    fn ouvertes(&self, canal: Canal, national_id: &str) -> Vec<Approbation> {
        let mut toutes = self.approbations.ouvertes(self.horloge.maintenant());
        let pour = |une: &Approbation| national_id.is_empty() || une.national_id == national_id;
        toutes.retain(|une| une.canal == canal && pour(une));
        toutes
    }

    /// Where the page asks what changed since it showed these requests.
    fn veille(&self, canal: Canal, national_id: &str, montrees: &[Approbation]) -> String {
        let vues: Vec<&str> = montrees.iter().map(|une| une.id.as_str()).collect();
        let moyen = self.identites.trouver(national_id).map(|identite| nom_moyen(identite.moyen(canal)));
        let requete = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("identite", national_id)
            .append_pair("canal", canal.valeur())
            .append_pair("moyen", moyen.unwrap_or_default())
            .append_pair("vues", &vues.join(","))
            .finish();
        format!("{VEILLE}?{requete}")
    }

    fn lignes(&self, canal: Canal) -> Vec<Ligne> {
        let ouvertes = self.ouvertes(canal, "");
        let mut lignes: Vec<Ligne> = self
            .identites
            .toutes()
            .into_iter()
            .map(|identite| Ligne {
                attentes: ouvertes.iter().filter(|une| une.national_id == identite.national_id()).count(),
                lien: lien(canal, identite.national_id()),
                identite,
            })
            .collect();
        // Those that somebody waits for come first.
        lignes.sort_by_key(|ligne| std::cmp::Reverse(ligne.attentes));
        lignes
    }

    fn page_liste(&self, navigateur: &Navigateur, canal: Canal) -> Response {
        web::page(&PageListe {
            cadre: navigateur.cadre_du_bac(titre(canal), page(canal)),
            titre: titre(canal),
            carte: canal == Canal::Carte,
            veille: self.veille(canal, "", &self.ouvertes(canal, "")),
            lignes: self.lignes(canal),
        })
    }

    fn page_moyen(
        &self,
        statut: StatusCode,
        navigateur: &Navigateur,
        canal: Canal,
        identite: Identite,
        erreur: Option<&(String, String)>,
    ) -> Response {
        let national_id = identite.national_id().to_owned();
        let vues = self.ouvertes(canal, &national_id);
        let page = PageMoyen {
            cadre: navigateur.cadre_du_bac(titre(canal), page(canal)),
            titre: titre(canal),
            carte: canal == Canal::Carte,
            canal: canal.valeur(),
            moyen: identite.moyen(canal),
            veille: self.veille(canal, &national_id, &vues),
            vues: vues
                .into_iter()
                .map(|a| Vue {
                    fin: heure(a.fin),
                    erreur: erreur.filter(|(id, _)| *id == a.id).map(|(_, texte)| texte.clone()),
                    a,
                })
                .collect(),
            code: CODE,
            ici: lien(canal, &national_id),
            identite,
        };
        web::page_avec(statut, &page)
    }
}

fn heure(instant: Timestamp) -> String {
    let paris = TimeZoneDatabase::bundled().get("Europe/Paris").unwrap_or(TimeZone::UTC);
    instant.to_zoned(paris).strftime("%H:%M:%S").to_string()
}

impl PageMoyen {
    fn titre_absent(&self) -> &'static str {
        if self.carte { "Aucune carte dans le lecteur" } else { "Aucune e-CPS activée" }
    }

    fn titre_bloque(&self) -> &'static str {
        if self.carte { "Carte bloquée" } else { "e-CPS bloquée" }
    }
}
