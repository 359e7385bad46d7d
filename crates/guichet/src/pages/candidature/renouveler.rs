//! To renew a habilitation that comes to its end: a new candidature, prefilled from the former (spec guichets §1.7).

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    calendrier::{jour, plus_mois},
    candidature::Candidature,
    habilitation::{EtatHabilitation, Habilitation},
};
use jiff::Timestamp;
use web::{Formulaire, Genre};

use super::Reprise;
use crate::{acces::Ici, app::App, envoi, erreur::Erreur, session};

/// Months before its end from which a habilitation can be renewed: the first reminder is sent then.
const AVANT: u32 = 12;

/// Whether it is time to renew: in force, or ended without anything in its place, and near its end.
pub(crate) fn renouvelable(habilitation: &Habilitation, le: Timestamp) -> bool {
    matches!(habilitation.etat, EtatHabilitation::Active { .. })
        && plus_mois(jour(le), AVANT) >= habilitation.contenu.fin
}

/// The candidature under way that renews this habilitation, among those of its produit.
pub(crate) fn en_cours<'a>(candidatures: &'a [Candidature], numero: &str) -> Option<&'a Candidature> {
    candidatures.iter().find(|une| une.renouvelle.as_deref() == Some(numero) && !une.etat.terminee())
}

pub async fn renouveler(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let jeton = envoi::jeton(&app, &saisie);
    if let Some(url) = envoi::deja(&app, &jeton).await? {
        return Ok(Redirect::to(&url).into_response());
    }
    let habilitation = ici.habilitation()?;
    if !renouvelable(habilitation, app.maintenant()) {
        return Err(Erreur::Refus(format!(
            "L’habilitation {} ne se renouvelle qu’en vigueur, dans les {AVANT} mois qui précèdent sa fin.",
            habilitation.numero()
        )));
    }
    let mut tx = app.registre.lire().await?;
    let candidatures = tx.load_candidatures_produit(habilitation.produit).await?;
    drop(tx);
    if let Some(ouverte) = en_cours(&candidatures, habilitation.numero()) {
        return Ok(Redirect::to(&crate::avancement::url(ouverte)).into_response());
    }
    let ancienne = ici.candidature()?;
    let reprise = Reprise { ancienne, abandon: None, renouvelle: Some(habilitation.numero()) };
    let url = super::ouvrir(&app, &ici, ancienne.guichet, Some(reprise), &jeton).await?;
    let texte = "Candidature de renouvellement créée avec les données de la précédente : vérifiez chaque champ, la version surtout. Une fois le formulaire validé, vous pourrez reprendre les preuves encore valables.";
    session::aviser(&app, &ici, Genre::Succes, texte).await?;
    Ok(Redirect::to(&url).into_response())
}
