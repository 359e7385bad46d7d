//! Withdraws a habilitation for good: an act of the collège, after the contradictory exchange.

use axum::{extract::State, response::Response};
use domaine::habilitation::Habilitation;
use web::Formulaire;

use super::suspendre::Acte;
use crate::{acces::Ici, app::App, erreur::Erreur, taches::Avertissement};

pub async fn retirer(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let motif = saisie.texte("motif_retirer").to_owned();
    let acte = Acte {
        champ: "motif_retirer",
        titulaire: |numero| Avertissement::HabilitationRetiree { numero },
        dependants: |numero| Avertissement::DependanceTouchee { numero, etat: "retirée".to_owned() },
        fait: "L’habilitation est retirée\u{a0}; son titulaire et ceux qui en dépendent sont prévenus.",
    };
    let suite = |une: Habilitation| une.retirer(&motif, &ici.acteur(), app.maintenant());
    acte.faire(&app, &ici, saisie.clone(), suite).await
}
