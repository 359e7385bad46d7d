//! What to show when a draft could not be saved as typed: nothing typed is lost, and what stands instead is said.

use askama::Template;
use axum::response::Response;
use domaine::{
    candidature::{Candidature, Refus},
    formulaire::{champs, rapprochement::Conflit},
};
use http::StatusCode;
use web::{Cadre, Saisie};

use super::{
    brouillon,
    vue::{self, Affichage},
};
use crate::{
    acces::Ici,
    app::{App, Refuse},
    cadre::cadre,
    erreur::Erreur,
};

/// The form can't take what was typed any more (submitted, locked): it is shown to be copied.
#[derive(Template)]
#[template(path = "formulaire/conflit.html")]
struct Verrouille {
    cadre: Cadre,
    url: String,
    raison: String,
    /// Label, typed, stored.
    lignes: Vec<(String, String, String)>,
}

/// The page of a refused draft. With `htmx` the status is 200, or nothing would be shown.
pub(super) async fn page(
    app: &App,
    ici: &Ici,
    refuse: Refuse,
    saisie: Saisie,
    htmx: bool,
) -> Result<Response, Erreur> {
    let Refuse { refus, candidature } = refuse;
    let (statut, erreurs) = match refus {
        Refus::Conflit(conflits) => (StatusCode::CONFLICT, textes(&candidature, &conflits)),
        Refus::Formulaire(fautes) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            fautes.into_iter().map(|faute| (faute.champ, faute.message)).collect(),
        ),
        refus => return Ok(verrouille(app, ici, &candidature, &refus, &saisie)),
    };
    let affichage = Affichage { saisie: Some(saisie), erreurs, htmx };
    let page = vue::page(app, ici, &candidature, affichage).await?;
    Ok(web::page_avec(if htmx { StatusCode::OK } else { statut }, &page))
}

fn textes(candidature: &Candidature, conflits: &[Conflit]) -> Vec<(String, String)> {
    conflits
        .iter()
        .map(|conflit| {
            let champ = champs::trouver(&conflit.cle, candidature.guichet);
            let valeur = champ.map_or_else(String::new, |champ| champ.lisible(&conflit.enregistre));
            let auteur = if conflit.par.is_empty() { "quelqu’un" } else { &conflit.par };
            let quoi = if conflit.enregistre.is_empty() {
                "a vidé ce champ".to_owned()
            } else {
                format!("a enregistré « {valeur} »")
            };
            let texte = format!(
                "Entre-temps, {auteur} {quoi}. Gardez votre saisie ou reprenez cette valeur, puis enregistrez."
            );
            (conflit.cle.clone(), texte)
        })
        .collect()
}

fn verrouille(app: &App, ici: &Ici, candidature: &Candidature, refus: &Refus, saisie: &Saisie) -> Response {
    let url = format!("/candidatures/{}/formulaire", candidature.id);
    let tape = brouillon::valeurs(saisie, candidature.guichet);
    let lignes = tape
        .iter()
        .filter(|(cle, valeur)| candidature.formulaire.valeur(cle) != *valeur)
        .filter_map(|(cle, valeur)| {
            let champ = champs::trouver(cle, candidature.guichet)?;
            let enregistre = champ.lisible(candidature.formulaire.valeur(cle));
            Some((champ.intitule(), champ.lisible(valeur), enregistre))
        })
        .collect();
    let fil = vue::fil(ici, candidature);
    let fil: Vec<(&str, &str)> = fil.iter().map(|(libelle, url)| (libelle.as_str(), url.as_str())).collect();
    let cadre = cadre(app, Some(ici), "Saisie non enregistrée", &url, &fil);
    web::page_avec(StatusCode::CONFLICT, &Verrouille { cadre, url, raison: refus.to_string(), lignes })
}
