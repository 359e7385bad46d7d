//! Gives an autorisation a new period of three months.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    autorisation::{Autorisation, Refus},
    evenement::Evenement,
};
use http::StatusCode;
use registre::Versionne;
use web::{Champs, Formulaire, Genre, Saisie};

use super::fiche;
use crate::{
    acces::Ici,
    app::App,
    autorisations,
    erreur::Erreur,
    session,
    taches::{Avertissement, avertir},
};

pub async fn prolonger(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let candidature = &ici.candidature()?.valeur;
    let acte = Acte {
        champ: "motif_prolonger",
        avertissement: Avertissement::AutorisationProlongee,
        fait: "L’autorisation est prolongée de trois mois\u{a0}; les collaborateurs sont prévenus.",
        nouveau_document: true,
    };
    let motif = saisie.texte(acte.champ).to_owned();
    let suite = |une: Autorisation| une.prolonger(candidature, &motif, &ici.acteur(), app.maintenant());
    acte.faire(&app, &ici, saisie.clone(), suite).await
}

/// What the acts on an autorisation have in common.
pub(super) struct Acte {
    /// The field of the reason.
    pub champ: &'static str,
    pub avertissement: Avertissement,
    /// What the person reads once it is done.
    pub fait: &'static str,
    /// Whether the document must be made again.
    pub nouveau_document: bool,
}

impl Acte {
    pub(super) async fn faire(
        self,
        app: &App,
        ici: &Ici,
        saisie: Saisie,
        suite: impl FnOnce(Autorisation) -> Result<(Autorisation, Evenement), Refus>,
    ) -> Result<Response, Erreur> {
        let candidature = ici.candidature()?;
        let mut tx = app.registre.ecrire().await?;
        let lue = tx.load_autorisation(candidature.id).await?.ok_or(Erreur::Introuvable)?;
        // Two persons at once: the second acts on what they saw, or not at all.
        let vue = saisie.texte("vue");
        if !vue.is_empty() && vue != lue.numero {
            let texte = format!(
                "L’autorisation a changé pendant votre saisie\u{a0}: elle est devenue {}.",
                lue.numero
            );
            drop(tx);
            return self.refuser(app, ici, &lue, saisie, texte, StatusCode::CONFLICT).await;
        }
        let (changee, evenement) = match suite(lue.valeur.clone()) {
            Ok(suite) => suite,
            Err(refus) => {
                drop(tx);
                let statut = StatusCode::UNPROCESSABLE_ENTITY;
                return self.refuser(app, ici, &lue, saisie, refus.to_string(), statut).await;
            }
        };
        tx.save_autorisation(&lue.vers(changee), Some(&evenement)).await?;
        if self.nouveau_document {
            autorisations::demander_document(&mut tx, app, candidature.id).await?;
        }
        avertir(&mut tx, app, candidature, self.avertissement).await?;
        tx.commit().await?;
        app.travail.notify_one();
        session::aviser(app, ici, Genre::Succes, self.fait).await?;
        Ok(Redirect::to(&format!("/candidatures/{}/autorisation/fiche", candidature.id)).into_response())
    }

    async fn refuser(
        &self,
        app: &App,
        ici: &Ici,
        lue: &Versionne<Autorisation>,
        saisie: Saisie,
        texte: String,
        statut: StatusCode,
    ) -> Result<Response, Erreur> {
        let mut f = Champs::depuis(saisie);
        f.refuser(self.champ, texte);
        fiche::page(app, ici, lue, f, statut).await
    }
}
