//! Makes a template, or changes the one that the form names.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use registre::ModeleMessage;
use web::{Champs, Formulaire, Genre};

use super::{GENRES, TEXTE_MAX, TITRE_MAX, lister::montrer, raconter};
use crate::{acces::Ici, app::App, erreur::Erreur, modeles, session};

pub async fn enregistrer(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let mut f = Champs::depuis(saisie.clone());
    let (genre, titre, texte) = (saisie.texte("genre"), saisie.texte("titre"), saisie.texte("texte"));
    if !GENRES.iter().any(|(cle, _)| *cle == genre) {
        f.refuser("genre", "Choisissez à quoi sert ce modèle.");
    }
    match titre.chars().count() {
        0 => f.refuser("titre", "Donnez un titre."),
        n if n > TITRE_MAX => f.refuser("titre", format!("Le titre compte {TITRE_MAX} caractères au plus.")),
        _ => {}
    }
    match texte.chars().count() {
        0 => f.refuser("texte", "Écrivez le texte du modèle."),
        n if n > TEXTE_MAX => {
            f.refuser("texte", format!("Le texte compte {TEXTE_MAX} caractères au plus ({n} ici)."));
        }
        _ => {}
    }
    if let Err(refus) = modeles::verifier(texte, genre) {
        f.refuser("texte", refus);
    }
    if saisie.texte("acte") == "apercu" {
        let statut = if f.en_faute() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        return montrer(&app, &ici, statut, f).await;
    }
    let mut tx = app.registre.ecrire().await?;
    let modeles = tx.load_modeles().await?;
    let id = saisie.texte("id");
    let existant = modeles.iter().find(|modele| modele.id == id);
    let doublon = |modele: &&ModeleMessage| modele.genre == genre && modele.titre == titre && modele.id != id;
    if modeles.iter().any(|modele| doublon(&modele)) {
        f.refuser("titre", "Un modèle de ce genre porte déjà ce titre.");
    }
    if f.en_faute() {
        drop(tx);
        return montrer(&app, &ici, StatusCode::UNPROCESSABLE_ENTITY, f).await;
    }
    let modele = ModeleMessage {
        id: existant.map_or_else(|| app.alea.uuid(app.maintenant()).to_string(), |modele| modele.id.clone()),
        genre: genre.to_owned(),
        titre: titre.to_owned(),
        texte: texte.to_owned(),
    };
    let acte = if existant.is_some() { "Modèle modifié" } else { "Modèle créé" };
    let evenement = raconter(acte, existant, Some(&modele), &ici.acteur(), app.maintenant());
    tx.save_modele(&modele, &evenement).await?;
    tx.commit().await?;
    session::aviser(&app, &ici, Genre::Succes, "Le modèle est enregistré.").await?;
    Ok(Redirect::to("/agence/modeles").into_response())
}
