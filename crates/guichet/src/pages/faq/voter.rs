//! « Cette réponse vous a-t-elle été utile ? »: one vote a person, that they may change.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use web::{Formulaire, Genre};

use crate::{acces::Ici, app::App, erreur::Erreur, faq::index, session};

pub async fn voter(
    State(app): State<App>,
    ici: Ici,
    Path(question): Path<String>,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let id: i64 = question.parse().map_err(|_| Erreur::Introuvable)?;
    let utile = match saisie.texte("utile") {
        "oui" => true,
        "non" => false,
        _ => return Err(Erreur::Demande("Répondez « Oui » ou « Non ».".to_owned())),
    };
    let maintenant = app.maintenant();
    let mut tx = app.registre.ecrire().await?;
    let question = tx.load_question(id).await?.filter(|question| question.etat.visible());
    let question = question.ok_or(Erreur::Introuvable)?;
    tx.voter(id, ici.personne.id, utile, maintenant).await?;
    let votes = tx.load_votes_question(id).await?;
    if let Some((jugee, evenement)) = question.valeur.clone().juger(votes.utile, votes.inutile, maintenant) {
        match tx.save_question(&question.vers(jugee.clone()), &index(&jugee)).await {
            Ok(()) => tx.save_evenement(&evenement).await?,
            // The agency is writing at this very moment: the vote counts, and the next one will judge again.
            Err(registre::Erreur::Conflit) => {}
            Err(erreur) => return Err(erreur.into()),
        }
    }
    tx.commit().await?;
    let texte = if utile {
        "Merci : votre avis est enregistré."
    } else {
        "Merci : votre avis est enregistré. Une réponse qui en reçoit trop de défavorables est relue."
    };
    session::aviser(&app, &ici, Genre::Succes, texte).await?;
    Ok(Redirect::to(&format!("/faq/{id}")).into_response())
}
