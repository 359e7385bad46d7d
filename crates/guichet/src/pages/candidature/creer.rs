//! Attaches a produit to a démarche: « Ajouter le produit à la démarche ».
//!
//! Rule: a Logiciel Utilisateur files one dossier per proxy (spec guichets R20), so a second open candidature of the
//! same produit is allowed; it is only asked whether it is meant.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{candidature::Candidature, referentiel::Guichet};
use web::{Cadre, Formulaire, Genre};

use crate::{acces::Ici, app::App, avancement, cadre::cadre, envoi, erreur::Erreur, session};

struct Ouverte {
    nru: String,
    url: String,
    etat: &'static str,
    genre: Genre,
}

#[derive(Template)]
#[template(path = "candidature/creer.html")]
struct Page {
    cadre: Cadre,
    titre: String,
    action: String,
    guichet: Guichet,
    envoi: String,
    ouvertes: Vec<Ouverte>,
}

pub async fn creer(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let guichet = Guichet::TOUS
        .into_iter()
        .find(|guichet| guichet.code() == saisie.texte("guichet"))
        .ok_or_else(|| Erreur::Demande("Choisissez la démarche : éditeur ou opérateur.".to_owned()))?;
    let jeton = envoi::jeton(&app, &saisie);
    // Read before the sending is looked up: of two clicks at once the second may meet the candidature that the first has
    // just made, and must then find its sending too.
    let mut tx = app.registre.lire().await?;
    let ouvertes = ouvertes(tx.load_candidatures_produit(ici.produit()?.id).await?, guichet);
    drop(tx);
    if let Some(url) = envoi::deja(&app, &jeton).await? {
        return Ok(Redirect::to(&url).into_response());
    }
    if !saisie.coche("confirme") && !ouvertes.is_empty() {
        return confirmation(&app, &ici, guichet, jeton, ouvertes);
    }
    let url = super::ouvrir(&app, &ici, guichet, None, &jeton).await?;
    session::aviser(
        &app,
        &ici,
        Genre::Succes,
        "Candidature créée : notez son NRU, il vous sera demandé partout.",
    )
    .await?;
    Ok(Redirect::to(&url).into_response())
}

fn ouvertes(candidatures: Vec<Candidature>, guichet: Guichet) -> Vec<Ouverte> {
    candidatures
        .into_iter()
        .filter(|autre| autre.guichet == guichet && !autre.etat.terminee())
        .map(|autre| Ouverte {
            url: avancement::url(&autre),
            nru: autre.nru.to_string(),
            etat: autre.etat.libelle(),
            genre: avancement::genre(&autre.etat),
        })
        .collect()
}

fn confirmation(
    app: &App,
    ici: &Ici,
    guichet: Guichet,
    envoi: String,
    ouvertes: Vec<Ouverte>,
) -> Result<Response, Erreur> {
    let produit = ici.produit()?;
    let demarche = format!("/demarches/{}", guichet.code());
    let fil = [("Parcours", "/parcours"), (guichet.libelle(), demarche.as_str())];
    Ok(web::page(&Page {
        cadre: cadre(app, Some(ici), "Une candidature est déjà en cours", &demarche, &fil),
        titre: produit.titre(),
        action: format!("/produits/{}/candidatures", produit.id),
        guichet,
        envoi,
        ouvertes,
    }))
}
