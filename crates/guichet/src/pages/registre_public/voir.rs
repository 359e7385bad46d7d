//! One habilitation in the register: where the QR code of the letter leads.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use domaine::{
    calendrier::date_fr,
    habilitation::{EtatHabilitation, Habilitation},
};
use serde::Deserialize;
use web::{Cadre, Genre};

use super::{
    super::habilitation::{cle, genre},
    Entree, json,
};
use crate::{
    acces::PeutEtre,
    app::App,
    cadre::cadre,
    documents::siret,
    erreur::Erreur,
    habilitations::{self, Dependance},
};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Parametres {
    /// `json` for programs.
    format: String,
}

#[derive(Template)]
#[template(path = "registre_public/voir.html")]
struct Page {
    cadre: Cadre,
    numero: String,
    genre: Genre,
    etat: &'static str,
    /// What the state means for whoever relies on the habilitation.
    sens: String,
    remplacee_par: Option<String>,
    champs: Vec<(&'static str, String)>,
    dependances: Vec<Dependance>,
    /// The holder and the agency know more.
    connu: bool,
}

pub async fn voir(
    State(app): State<App>,
    PeutEtre(ici): PeutEtre,
    Path(numero): Path<String>,
    Query(parametres): Query<Parametres>,
) -> Result<Response, Erreur> {
    let le = app.maintenant();
    let mut tx = app.registre.lire().await?;
    let habilitation = tx
        .load_habilitation(&numero)
        .await?
        .filter(|une| une.etat != EtatHabilitation::Projet)
        .ok_or(Erreur::Introuvable)?;
    if parametres.format == "json" {
        return json(&Entree::lire(&app, &mut tx, &habilitation, le).await?);
    }
    let contenu = &habilitation.contenu;
    let connu = ici
        .as_ref()
        .is_some_and(|ici| ici.agence() || ici.personne.structure == Some(habilitation.structure));
    Ok(web::page(&Page {
        cadre: cadre(
            &app,
            ici.as_ref(),
            &numero,
            &format!("/registre/{numero}"),
            &[("Registre des habilitations", "/registre")],
        ),
        genre: genre(&habilitation, le),
        etat: habilitation.libelle_etat(le),
        sens: sens(&habilitation, cle(&habilitation, le)),
        remplacee_par: match &habilitation.etat {
            EtatHabilitation::Remplacee { par, .. } => Some(par.clone()),
            _ => None,
        },
        champs: vec![
            ("Titulaire", contenu.denomination.clone()),
            ("SIRET", siret(&contenu.siret)),
            ("Profil", format!("{} – {}", contenu.profil, contenu.profil.libelle())),
            ("Logiciel", format!("{}, version {}", contenu.logiciel, contenu.version)),
            ("Client ID", contenu.client_id.clone()),
            ("N° de référencement (NRU)", contenu.nru.to_string()),
            ("Référentiel", format!("version {}", contenu.referentiel)),
            ("Décision du collège", date_fr(contenu.decision_le)),
            ("Valable jusqu’au", format!("{} inclus", date_fr(contenu.fin))),
        ],
        dependances: habilitations::dependances(&mut tx, &habilitation, le).await?,
        connu,
        numero,
    }))
}

fn sens(habilitation: &Habilitation, cle: &str) -> String {
    match cle {
        "active" => "Cette habilitation est en vigueur aujourd’hui.".to_owned(),
        "suspendue" => {
            "Cette habilitation est suspendue\u{a0}: on ne peut pas s’en prévaloir tant que la suspension dure."
                .to_owned()
        }
        "expiree" => format!("Cette habilitation a pris fin le {}.", date_fr(habilitation.contenu.fin)),
        "remplacee" => {
            "Une habilitation plus récente vaut pour le même logiciel et le même profil.".to_owned()
        }
        _ => "Cette habilitation a été retirée\u{a0}: on ne peut plus s’en prévaloir.".to_owned(),
    }
}
