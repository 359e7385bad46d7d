//! The steps of the agency that need a date, a reason, or nothing at all.

use axum::{extract::State, response::Response};
use domaine::audit::{Audit, EtatAudit, Suite};
use web::{Champs, Formulaire, Saisie};

use super::{Envoye, date, texte};
use crate::{acces::Ici, app::App, erreur::Erreur, taches::AvisAudit};

pub async fn notifier(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let (par, le) = (ici.acteur(), app.maintenant());
    Envoye::simple(&app, &ici, "", saisie)
        .faire(
            |audit| audit.notifier(&par, le),
            |_| Some(AvisAudit::Notifie),
            "L’audit est notifié\u{a0}: le titulaire est prévenu.",
        )
        .await
}

pub async fn commencer(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let (par, le) = (ici.acteur(), app.maintenant());
    Envoye::simple(&app, &ici, "", saisie)
        .faire(
            |audit| audit.commencer(&par, le),
            |_| None,
            "Les contrôles ont commencé\u{a0}: écrivez les constats.",
        )
        .await
}

pub async fn communiquer(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let mut f = Champs::depuis(saisie.clone());
    let envoye = Envoye::simple(&app, &ici, "jusqu_au", saisie);
    let Some(jusqu_au) = date(&mut f, "jusqu_au") else { return envoye.en_faute(f).await };
    let (par, le) = (ici.acteur(), app.maintenant());
    envoye
        .faire(
            |audit| audit.communiquer(jusqu_au, &par, le),
            |_| Some(AvisAudit::Communique { jusqu_au }),
            "Le rapport provisoire est communiqué\u{a0}: le titulaire peut présenter ses observations.",
        )
        .await
}

pub async fn conclure(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let (par, le) = (ici.acteur(), app.maintenant());
    Envoye::simple(&app, &ici, "", saisie)
        .faire(|audit| audit.conclure(&par, le), |audit| Some(conclusion(audit)), "L’audit est conclu.")
        .await
}

pub async fn clore(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let (par, le) = (ici.acteur(), app.maintenant());
    Envoye::simple(&app, &ici, "", saisie)
        .faire(|audit| audit.clore(&par, le), |audit| Some(conclusion(audit)), "L’audit est clos, conforme.")
        .await
}

fn conclusion(audit: &Audit) -> AvisAudit {
    AvisAudit::Conclu { conforme: matches!(audit.etat, EtatAudit::ClosConforme { .. }) }
}

pub async fn demander_plan(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let mut f = Champs::depuis(saisie.clone());
    let envoye = Envoye::simple(&app, &ici, "avant", saisie);
    let Some(avant) = date(&mut f, "avant") else { return envoye.en_faute(f).await };
    let (par, le) = (ici.acteur(), app.maintenant());
    envoye
        .faire(
            |audit| audit.demander_plan(avant, &par, le),
            |_| Some(AvisAudit::PlanDemande { avant }),
            "Le plan d’actions est demandé au titulaire.",
        )
        .await
}

pub async fn recontroler(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let mut f = Champs::depuis(saisie.clone());
    let envoye = Envoye::simple(&app, &ici, "prevu_le", saisie);
    let Some(prevu_le) = date(&mut f, "prevu_le") else { return envoye.en_faute(f).await };
    let (par, le) = (ici.acteur(), app.maintenant());
    envoye
        .faire(
            |audit| audit.recontroler(prevu_le, &par, le),
            |_| Some(AvisAudit::Recontrole { prevu_le }),
            "Le recontrôle est décidé\u{a0}: le titulaire est prévenu.",
        )
        .await
}

pub async fn proposer_suspension(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let (par, le) = (ici.acteur(), app.maintenant());
    let acte = |audit: Audit, motif| audit.proposer_suspension(motif, &par, le);
    let fait = "La suspension est proposée\u{a0}: les administrateurs et le titulaire sont prévenus.";
    proposer(&app, &ici, saisie, "motif_suspension", (acte, AvisAudit::SuspensionProposee, fait)).await
}

pub async fn proposer_retrait(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let (par, le) = (ici.acteur(), app.maintenant());
    let acte = |audit: Audit, motif| audit.proposer_retrait(motif, &par, le);
    let fait = "Le retrait est proposé\u{a0}: le collège et le titulaire sont prévenus.";
    proposer(&app, &ici, saisie, "motif_retrait", (acte, AvisAudit::RetraitPropose, fait)).await
}

async fn proposer(
    app: &App,
    ici: &Ici,
    saisie: Saisie,
    champ: &str,
    (acte, avis, fait): (impl FnOnce(Audit, domaine::audit::Recit) -> Suite, AvisAudit, &str),
) -> Result<Response, Erreur> {
    let mut f = Champs::depuis(saisie.clone());
    let envoye = Envoye::simple(app, ici, "", saisie);
    let Some(motif) = texte(&mut f, champ) else { return envoye.en_faute(f).await };
    envoye.faire(|audit| acte(audit, motif), |_| Some(avis), fait).await
}
