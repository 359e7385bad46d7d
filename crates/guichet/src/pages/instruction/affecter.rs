//! Names the person of the agency in charge of a dossier; taking it over from somebody is never silent.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{candidature::Candidature, permission::Qualite};
use web::{Formulaire, Genre};

use super::{load_referents, retour};
use crate::{acces::Ici, app::App, erreur::Erreur, session};

fn referent(candidature: &Candidature) -> String {
    candidature
        .referent
        .as_ref()
        .and_then(|acteur| acteur.personne)
        .map_or_else(String::new, |id| id.to_string())
}

pub async fn affecter(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let id = ici.candidature()?.id;
    let defaut = format!("/candidatures/{id}");
    let destination = Redirect::to(retour(&saisie, &defaut));
    let choisi = saisie.texte("referent");
    let mut tx = app.registre.lire().await?;
    let personnes = load_referents(&mut tx).await?;
    drop(tx);
    let referent_choisi = match personnes.iter().find(|personne| personne.id.to_string() == choisi) {
        Some(personne) => {
            let qualite = personne.roles_agence.first().copied().unwrap_or(Qualite::Verificateur);
            Some(personne.acteur(qualite))
        }
        None if choisi.is_empty() => None,
        None => return Err(Erreur::Refus("Cette personne ne peut pas suivre de dossier.".to_owned())),
    };
    let mut tx = app.registre.ecrire().await?;
    let lue = tx.load_candidature(id).await?.ok_or(Erreur::Introuvable)?;
    // A colleague took it since the page was shown: nothing changes before this person has seen it.
    if referent(&lue) != saisie.texte("vu") {
        let nom = lue.referent.as_ref().map_or("plus personne", |acteur| acteur.nom.as_str());
        let texte =
            format!("Le référent a changé entre-temps : c’est maintenant {nom}. Rien n’a été modifié.");
        drop(tx);
        session::aviser(&app, &ici, Genre::Attention, &texte).await?;
        return Ok(destination.into_response());
    }
    let (candidature, evenement) =
        lue.valeur.clone().affecter(referent_choisi.clone(), &ici.acteur(), app.maintenant())?;
    tx.save_candidature(&lue.vers(candidature), &evenement).await?;
    tx.commit().await?;
    let texte = match &referent_choisi {
        Some(acteur) if acteur.est(ici.personne.id) => "Vous êtes le référent de ce dossier.".to_owned(),
        Some(acteur) => format!("{} est le référent de ce dossier.", acteur.nom),
        None => "Ce dossier n’a plus de référent.".to_owned(),
    };
    session::aviser(&app, &ici, Genre::Succes, &texte).await?;
    Ok(destination.into_response())
}
