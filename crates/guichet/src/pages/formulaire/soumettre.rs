//! Submits the form to the agency: what is before the person's eyes, whole and right.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::candidature::{Candidature, Refus};
use web::{Formulaire, Genre};

use super::{brouillon, conflit, habilitation};
use crate::{
    acces::Ici,
    app::App,
    erreur::Erreur,
    session,
    taches::{Avertissement, avertir},
};

pub async fn soumettre(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let brouillon = brouillon::enregistrer(&app, &ici, &saisie).await?;
    let candidature = match brouillon {
        Ok(candidature) => candidature,
        Err(refuse) => return conflit::page(&app, &ici, *refuse, saisie, false).await,
    };
    let vues = brouillon::valeurs(&saisie, candidature.guichet);
    let mut tx = app.registre.lire().await?;
    let etats = habilitation::etats(&mut tx, &candidature, app.maintenant()).await?;
    drop(tx);
    let contexte = app.contexte(candidature.guichet);
    let (acteur, le) = (ici.acteur(), app.maintenant());
    let resultat = app
        .essayer(candidature.id, |mut candidature: Candidature| {
            let ecarts = candidature.formulaire.ecarts(&vues);
            if !ecarts.is_empty() {
                return Err(Refus::Conflit(ecarts));
            }
            candidature.formulaire.actualiser_habilitations(&etats);
            candidature.soumettre_formulaire(&contexte, &acteur, le)
        })
        .await?;
    match resultat {
        Ok((mut tx, candidature)) => {
            avertir(&mut tx, &app, &candidature, Avertissement::FormulaireSoumis).await?;
            app.conclure(tx).await?;
            session::aviser(
                &app,
                &ici,
                Genre::Succes,
                "Formulaire soumis. L’agence le vérifie et vous écrit ; vous n’avez rien à faire d’ici là.",
            )
            .await?;
            Ok(Redirect::to(&format!("/candidatures/{}", candidature.id)).into_response())
        }
        Err(refuse) => conflit::page(&app, &ici, *refuse, saisie, false).await,
    }
}
