//! `/journal`: the lines, newest first, filtered by server, client and outcome.
//!
//! It works without scripts; « suivre en direct » adds a refresh by htmx, which is answered 204 when nothing is new, so that
//! the page only moves when there is something to see.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::Deserialize;
use web::{Cadre, Champs, Choix};

use super::{Filtre, Issue, Journal, Ligne};
use crate::cadre::cadre_du_bac;

/// Lines of one page.
const PAR_PAGE: usize = 50;

/// The page, to be dressed like the others of the site.
pub fn routes(journal: &Journal) -> Router {
    Router::new().route("/journal", get(voir)).with_state(journal.clone())
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Demande {
    serveur: String,
    client: String,
    issue: String,
    /// Older than this line.
    avant: Option<String>,
    /// The last line that the page shows, sent by a live refresh.
    vue: Option<String>,
    direct: Option<String>,
}

#[derive(Template)]
#[template(path = "journal.html")]
struct Page {
    cadre: Cadre,
    champs: Champs,
    serveurs: Vec<Choix>,
    issues: Vec<Choix>,
    lignes: Vec<Vue>,
    filtre: bool,
    /// Address of the refresh, when followed live.
    rafraichir: Option<String>,
    suivre: String,
    arreter: String,
    actualiser: String,
    anciennes: Option<String>,
}

/// A line, ready to be shown.
struct Vue {
    heure: String,
    jour: String,
    l: Ligne,
    genre: web::Genre,
}

async fn voir(
    State(journal): State<Journal>,
    entetes: HeaderMap,
    Query(demande): Query<Demande>,
) -> Response {
    let htmx = web::htmx::est_htmx(&entetes);
    let dernier = journal.dernier();
    let vue: Option<u64> = demande.vue.as_deref().and_then(|vue| vue.parse().ok());
    if htmx && vue == Some(dernier) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let issue = Issue::TOUTES.into_iter().find(|issue| issue.code() == demande.issue);
    let filtre = Filtre { serveur: demande.serveur.clone(), client: demande.client.trim().to_owned(), issue };
    let avant = demande.avant.as_deref().and_then(|avant| avant.parse().ok()).unwrap_or(u64::MAX);
    let lignes = journal.avant_numero(avant, &filtre, PAR_PAGE.saturating_add(1));
    let anciennes = (lignes.len() > PAR_PAGE).then(|| lignes.get(PAR_PAGE - 1)).flatten();
    let anciennes = anciennes.map(|ligne| adresse(&demande, &[("avant", &ligne.numero.to_string())]));
    let direct = demande.direct.is_some() && demande.avant.is_none();
    let champs = Champs::vides()
        .avec("serveur", &demande.serveur)
        .avec("client", &demande.client)
        .avec("issue", &demande.issue);
    let mut cadre = cadre_du_bac("Journal", "/journal");
    cadre.htmx = htmx;
    let page = Page {
        cadre,
        champs,
        serveurs: journal.serveurs().iter().map(|nom| Choix::nouveau(nom, nom)).collect(),
        issues: Issue::TOUTES.iter().map(|issue| Choix::nouveau(issue.code(), issue.libelle())).collect(),
        lignes: lignes.into_iter().take(PAR_PAGE).map(Vue::depuis).collect(),
        filtre: !(demande.serveur.is_empty() && demande.client.is_empty() && issue.is_none()),
        rafraichir: direct.then(|| adresse(&demande, &[("direct", "1"), ("vue", &dernier.to_string())])),
        suivre: adresse(&demande, &[("direct", "1")]),
        arreter: adresse(&demande, &[]),
        actualiser: adresse(&demande, if direct { &[("direct", "1")] } else { &[] }),
        anciennes,
    };
    web::page(&page)
}

/// The page with the same filters and something more.
fn adresse(demande: &Demande, plus: &[(&str, &str)]) -> String {
    let mut requete = url::form_urlencoded::Serializer::new(String::new());
    for (nom, valeur) in
        [("serveur", &demande.serveur), ("client", &demande.client), ("issue", &demande.issue)]
    {
        if !valeur.is_empty() {
            requete.append_pair(nom, valeur);
        }
    }
    requete.extend_pairs(plus);
    let requete = requete.finish();
    if requete.is_empty() { "/journal".to_owned() } else { format!("/journal?{requete}") }
}

impl Vue {
    fn depuis(l: Ligne) -> Self {
        let paris = TimeZoneDatabase::bundled().get("Europe/Paris").unwrap_or(TimeZone::UTC);
        let ici = l.le.to_zoned(paris);
        let genre = match l.issue {
            Issue::Accepte => web::Genre::Succes,
            Issue::Refuse => web::Genre::Erreur,
            Issue::Panne => web::Genre::Attention,
            Issue::Abandon => web::Genre::Neutre,
        };
        Self {
            heure: ici.strftime("%H:%M:%S").to_string(),
            jour: ici.strftime("%d/%m/%Y").to_string(),
            genre,
            l,
        }
    }
}
