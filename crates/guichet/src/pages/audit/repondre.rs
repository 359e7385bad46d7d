//! What the holder answers: observations on the provisional report, then an action for each écart.

use axum::{
    extract::{Path, State},
    response::Response,
};
use domaine::audit::Reponse;
use web::FormulaireFichiers;

use super::{super::pieces, Envoye, constat::lire_rang, date, texte};
use crate::{acces::Ici, app::App, erreur::Erreur, taches::AvisAudit};

pub async fn observer(
    State(app): State<App>,
    ici: Ici,
    formulaire: FormulaireFichiers,
) -> Result<Response, Erreur> {
    let lu = pieces::lire(&app, &ici, "pieces_observation", formulaire).await?;
    let envoye = Envoye { app: &app, ici: &ici, cle: "observation", champ: "", lu };
    let mut f = envoye.champs("pieces_observation");
    let observation = texte(&mut f, "observation");
    let (Some(texte), false) = (observation, f.en_faute()) else { return envoye.en_faute(f).await };
    let observation = Reponse { texte, fichiers: envoye.lu.fichiers() };
    let (par, le) = (ici.acteur(), app.maintenant());
    let fait = "Vos observations sont présentées. L’auditeur en tient compte dans le rapport final.";
    envoye.faire(|audit| audit.observer(observation, &par, le), |_| Some(AvisAudit::Observe), fait).await
}

pub async fn proposer_action(
    State(app): State<App>,
    ici: Ici,
    Path((_, rang)): Path<(String, String)>,
    formulaire: FormulaireFichiers,
) -> Result<Response, Erreur> {
    let rang = lire_rang(&rang)?;
    let (champ, champ_date, champ_pieces) =
        (format!("action_{rang}"), format!("date_{rang}"), format!("pieces_action_{rang}"));
    let lu = pieces::lire(&app, &ici, &champ_pieces, formulaire).await?;
    let envoye = Envoye { app: &app, ici: &ici, cle: &champ, champ: "", lu };
    let mut f = envoye.champs(&champ_pieces);
    let action = texte(&mut f, &champ);
    let jour = date(&mut f, &champ_date);
    let (Some(texte), Some(jour), false) = (action, jour, f.en_faute()) else {
        return envoye.en_faute(f).await;
    };
    let action = Reponse { texte, fichiers: envoye.lu.fichiers() };
    let (par, le) = (ici.acteur(), app.maintenant());
    envoye
        .faire(
            |audit| audit.proposer_action(rang, action, jour, &par, le),
            |audit| audit.plan_complet().then_some(AvisAudit::PlanComplet),
            "L’action est proposée.",
        )
        .await
}
