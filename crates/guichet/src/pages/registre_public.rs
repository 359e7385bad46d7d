//! The public register of habilitations: what third parties may rely on, for people and for programs.
//!
//! Rule: only public facts: who holds what, for which software, until when. No person, no reason of a suspension.

pub mod lister;
pub mod voir;

use axum::response::{IntoResponse, Response};
use domaine::{
    habilitation::{EtatHabilitation, Habilitation},
    referentiel::Profil,
};
use http::header;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use super::habilitation::cle;
use crate::{app::App, documents, erreur::Erreur, habilitations};

/// One habilitation, as programs read it.
#[derive(Serialize)]
struct Entree {
    numero: String,
    profil: Profil,
    /// `active`, `suspendue`, `expiree`, `remplacee` or `retiree`: only the first may be relied on.
    etat: &'static str,
    titulaire: String,
    siret: String,
    logiciel: String,
    version: String,
    client_id: String,
    nru: String,
    referentiel: String,
    decision_le: Date,
    /// Last day of validity, in Paris.
    fin: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    remplacee_par: Option<String>,
    dependances: Vec<Lien>,
    url: String,
}

/// A habilitation on which another relies.
#[derive(Serialize)]
struct Lien {
    numero: String,
    en_vigueur: bool,
}

impl Entree {
    async fn lire(
        app: &App,
        tx: &mut registre::Tx,
        habilitation: &Habilitation,
        le: Timestamp,
    ) -> Result<Self, Erreur> {
        let contenu = &habilitation.contenu;
        let dependances = habilitations::dependances(tx, habilitation, le)
            .await?
            .into_iter()
            .map(|une| Lien { numero: une.numero, en_vigueur: une.en_vigueur })
            .collect();
        let remplacee_par = match &habilitation.etat {
            EtatHabilitation::Remplacee { par, .. } => Some(par.clone()),
            _ => None,
        };
        Ok(Self {
            numero: contenu.numero.clone(),
            profil: contenu.profil,
            etat: cle(habilitation, le),
            titulaire: contenu.denomination.clone(),
            siret: contenu.siret.clone(),
            logiciel: contenu.logiciel.clone(),
            version: contenu.version.clone(),
            client_id: contenu.client_id.clone(),
            nru: contenu.nru.to_string(),
            referentiel: contenu.referentiel.clone(),
            decision_le: contenu.decision_le,
            fin: contenu.fin,
            remplacee_par,
            dependances,
            url: documents::adresse_registre(app, &contenu.numero),
        })
    }
}

/// A JSON answer that any site may read; whoever relies on it asks again.
fn json(valeur: &impl Serialize) -> Result<Response, Erreur> {
    let entetes = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CACHE_CONTROL, "public, max-age=60"),
    ];
    Ok((entetes, serde_json::to_string_pretty(valeur)?).into_response())
}
