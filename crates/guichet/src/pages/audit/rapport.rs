//! The two reports of the auditeur.

use axum::{extract::State, response::Response};
use domaine::audit::Reponse;
use web::FormulaireFichiers;

use super::{super::pieces, Envoye, texte};
use crate::{acces::Ici, app::App, erreur::Erreur, taches::AvisAudit};

pub async fn provisoire(
    State(app): State<App>,
    ici: Ici,
    formulaire: FormulaireFichiers,
) -> Result<Response, Erreur> {
    let lu = pieces::lire(&app, &ici, "pieces_rapport", formulaire).await?;
    let envoye = Envoye { app: &app, ici: &ici, cle: "rapport-provisoire", champ: "", lu };
    let mut f = envoye.champs("pieces_rapport");
    let synthese = texte(&mut f, "synthese");
    let (Some(texte), false) = (synthese, f.en_faute()) else { return envoye.en_faute(f).await };
    let rapport = Reponse { texte, fichiers: envoye.lu.fichiers() };
    let (par, le) = (ici.acteur(), app.maintenant());
    let fait = "Le rapport provisoire est rendu. Le titulaire ne le lit qu’une fois communiqué.";
    envoye.faire(|audit| audit.rendre_provisoire(rapport, &par, le), |_| None, fait).await
}

pub async fn final_(
    State(app): State<App>,
    ici: Ici,
    formulaire: FormulaireFichiers,
) -> Result<Response, Erreur> {
    let lu = pieces::lire(&app, &ici, "pieces_rapport", formulaire).await?;
    let envoye = Envoye { app: &app, ici: &ici, cle: "rapport-final", champ: "", lu };
    let mut f = envoye.champs("pieces_rapport");
    let synthese = texte(&mut f, "synthese");
    let (Some(texte), false) = (synthese, f.en_faute()) else { return envoye.en_faute(f).await };
    let rapport = Reponse { texte, fichiers: envoye.lu.fichiers() };
    let (par, le) = (ici.acteur(), app.maintenant());
    let fait = "Le rapport final est rendu\u{a0}: le titulaire est prévenu.";
    envoye.faire(|audit| audit.rendre_final(rapport, &par, le), |_| Some(AvisAudit::RapportFinal), fait).await
}
