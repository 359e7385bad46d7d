//! The search of the FAQ: words, five facets, ten questions a page, each readable in place.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use domaine::calendrier::date_fr;
use http::HeaderMap;
use web::{Cadre, Pagination};

use super::recherche::{FacetteVue, Recherche, Retrait};
use crate::{acces::PeutEtre, app::App, cadre::cadre, erreur::Erreur};

const PAR_PAGE: u32 = 10;

#[derive(Template)]
#[template(path = "faq/lister.html")]
struct Page {
    cadre: Cadre,
    recherche: Recherche,
    compte: String,
    retraits: Vec<Retrait>,
    facettes: Vec<FacetteVue>,
    trouvees: Vec<Trouvee>,
    pagination: Pagination,
    connecte: bool,
}

struct Trouvee {
    id: i64,
    question: String,
    reponse: String,
    mise_a_jour: String,
}

pub async fn lister(
    State(app): State<App>,
    PeutEtre(ici): PeutEtre,
    entetes: HeaderMap,
    RawQuery(requete): RawQuery,
) -> Result<Response, Erreur> {
    let recherche = Recherche::lire(requete.as_deref().unwrap_or_default());
    let mut tx = app.registre.lire().await?;
    let trouvaille = tx.chercher_questions(&recherche.filtre()).await?;
    let total = trouvaille.ids.len();
    let pagination = Pagination::nouvelle(recherche.page, total as u64, PAR_PAGE, &recherche.url());
    let debut = (pagination.page - 1).saturating_mul(PAR_PAGE) as usize;
    let mut trouvees = Vec::new();
    for id in trouvaille.ids.iter().skip(debut).take(PAR_PAGE as usize) {
        let question = tx.load_question(*id).await?.ok_or(Erreur::Introuvable)?.valeur;
        trouvees.push(Trouvee {
            id: question.id,
            reponse: web::markdown::html(&question.redaction.reponse),
            question: question.redaction.question,
            mise_a_jour: date_fr(question.mise_a_jour),
        });
    }
    drop(tx);
    let mut cadre = cadre(&app, ici.as_ref(), "Foire aux questions", "/faq", &[]);
    cadre.htmx = web::htmx::est_htmx(&entetes);
    Ok(web::page(&Page {
        cadre,
        compte: compte(total),
        retraits: recherche.retraits(),
        facettes: recherche.facettes(&trouvaille),
        recherche,
        trouvees,
        pagination,
        connecte: ici.is_some(),
    }))
}

fn compte(total: usize) -> String {
    match total {
        0 => "Aucune question / réponse".to_owned(),
        1 => "1 question / réponse".to_owned(),
        total => format!("{total} questions / réponses"),
    }
}
