//! Suspends a habilitation, or lifts the suspension.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    evenement::Evenement,
    habilitation::{Habilitation, Refus},
};
use http::StatusCode;
use web::{Champs, Formulaire, Genre, Saisie};

use super::voir;
use crate::{acces::Ici, app::App, erreur::Erreur, habilitations, session, taches::Avertissement};

pub async fn suspendre(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let motif = saisie.texte("motif_suspendre").to_owned();
    let acte = Acte {
        champ: "motif_suspendre",
        titulaire: |numero| Avertissement::HabilitationSuspendue { numero },
        dependants: |numero| Avertissement::DependanceTouchee { numero, etat: "suspendue".to_owned() },
        fait: "L’habilitation est suspendue\u{a0}; son titulaire et ceux qui en dépendent sont prévenus.",
    };
    let suite = |une: Habilitation| une.suspendre(&motif, &ici.acteur(), app.maintenant());
    acte.faire(&app, &ici, saisie.clone(), suite).await
}

pub async fn retablir(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let motif = saisie.texte("motif_retablir").to_owned();
    let acte = Acte {
        champ: "motif_retablir",
        titulaire: |numero| Avertissement::HabilitationRetablie { numero },
        dependants: |numero| Avertissement::DependanceRetablie { numero },
        fait: "La suspension est levée\u{a0}; le titulaire et ceux qui en dépendent sont prévenus.",
    };
    let suite = |une: Habilitation| une.retablir(&motif, &ici.acteur(), app.maintenant());
    acte.faire(&app, &ici, saisie.clone(), suite).await
}

/// What the acts on a habilitation in force have in common.
pub(super) struct Acte {
    /// The field of the reason.
    pub champ: &'static str,
    /// What its holder is told.
    pub titulaire: fn(String) -> Avertissement,
    /// What those who rely on it are told.
    pub dependants: fn(String) -> Avertissement,
    /// What the person reads once it is done.
    pub fait: &'static str,
}

impl Acte {
    pub(super) async fn faire(
        &self,
        app: &App,
        ici: &Ici,
        saisie: Saisie,
        suite: impl FnOnce(Habilitation) -> Result<(Habilitation, Evenement), Refus>,
    ) -> Result<Response, Erreur> {
        let lue = ici.habilitation()?;
        let refuser = async |habilitation: &Habilitation, texte: String, statut| {
            let mut f = Champs::depuis(saisie.clone());
            f.refuser(self.champ, texte);
            voir::page(app, ici, habilitation, f, statut).await
        };
        let suite = match suite(lue.valeur.clone()) {
            Ok(suite) => suite,
            Err(refus) => {
                return refuser(&lue.valeur, refus.to_string(), StatusCode::UNPROCESSABLE_ENTITY).await;
            }
        };
        let titulaire = (self.titulaire)(lue.numero().to_owned());
        let dependants = (self.dependants)(lue.numero().to_owned());
        match habilitations::changer(app, lue, suite, titulaire, &dependants).await {
            Ok(()) => {}
            Err(Erreur::Registre(registre::Erreur::Conflit)) => {
                let mut tx = app.registre.lire().await?;
                let relue = tx.load_habilitation(lue.numero()).await?.ok_or(Erreur::Introuvable)?;
                let etat = relue.libelle_etat(app.maintenant());
                let texte = format!(
                    "L’habilitation a changé pendant votre saisie\u{a0}: elle est «\u{a0}{etat}\u{a0}»."
                );
                return refuser(&relue.valeur, texte, StatusCode::CONFLICT).await;
            }
            Err(erreur) => return Err(erreur),
        }
        session::aviser(app, ici, Genre::Succes, self.fait).await?;
        Ok(Redirect::to(&format!("/habilitations/{}", lue.numero())).into_response())
    }
}
