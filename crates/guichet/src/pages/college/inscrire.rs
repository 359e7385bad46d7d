//! Puts complete dossiers on the agenda of a session.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{candidature::Candidature, college::Session, id::Id};
use web::{Formulaire, Genre};

use super::{charger, url};
use crate::{
    acces::Ici,
    app::App,
    erreur::Erreur,
    session,
    taches::{Avertissement, avertir},
};

pub async fn inscrire(
    State(app): State<App>,
    ici: Ici,
    Path(id): Path<Id<Session>>,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let choisis: Vec<Id<Candidature>> =
        saisie.tous("dossier").into_iter().filter_map(|id| id.parse().ok()).collect();
    let retour = Redirect::to(&url(id));
    if choisis.is_empty() {
        session::aviser(&app, &ici, Genre::Attention, "Cochez au moins un dossier à inscrire.").await?;
        return Ok(retour.into_response());
    }
    let (par, le) = (ici.acteur(), app.maintenant());
    let mut tx = app.registre.ecrire().await?;
    for choisi in &choisis {
        let lue = charger(&mut tx, id).await?;
        let dossier = tx.load_candidature(*choisi).await?.ok_or(Erreur::Introuvable)?;
        let (session, inscription) = lue.valeur.clone().inscrire(&dossier, &par, le)?;
        let (candidature, evenement) = dossier.valeur.clone().inscrire_en_college(id, &par, le)?;
        tx.save_session_college(&lue.vers(session), &inscription).await?;
        let prochaine = dossier.vers(candidature);
        tx.save_candidature(&prochaine, &evenement).await?;
        avertir(&mut tx, &app, &prochaine, Avertissement::InscritAuCollege).await?;
    }
    tx.commit().await?;
    app.travail.notify_one();
    let texte = match choisis.len() {
        1 => "Le dossier est à l’ordre du jour.".to_owned(),
        nombre => format!("{nombre} dossiers sont à l’ordre du jour."),
    };
    session::aviser(&app, &ici, Genre::Succes, &texte).await?;
    Ok(retour.into_response())
}
