//! The findings: written during the checks, judged after the exchange and at the recontrôle.

use axum::{
    extract::{Path, State},
    response::Response,
};
use domaine::audit::{Gravite, NouveauConstat};
use web::{Champs, Formulaire, FormulaireFichiers};

use super::{super::pieces, Envoye, date, texte};
use crate::{acces::Ici, app::App, erreur::Erreur};

pub async fn constater(
    State(app): State<App>,
    ici: Ici,
    formulaire: FormulaireFichiers,
) -> Result<Response, Erreur> {
    let lu = pieces::lire(&app, &ici, "pieces_constat", formulaire).await?;
    let envoye = Envoye { app: &app, ici: &ici, cle: "constat", champ: "echeance", lu };
    let mut f = envoye.champs("pieces_constat");
    let gravite = Gravite::TOUTES.into_iter().find(|une| une.cle() == f.valeur("gravite"));
    if gravite.is_none() {
        f.refuser("gravite", "Choisissez la gravité du constat.");
    }
    let intitule = texte(&mut f, "intitule");
    let exigence = texte(&mut f, "exigence");
    let description = texte(&mut f, "description");
    let echeance = if f.valeur("echeance").is_empty() { None } else { date(&mut f, "echeance") };
    let (Some(gravite), Some(intitule), Some(exigence), Some(description), false) =
        (gravite, intitule, exigence, description, f.en_faute())
    else {
        return envoye.en_faute(f).await;
    };
    let preuves = envoye.lu.fichiers();
    let constat = NouveauConstat { intitule, gravite, exigence, description, preuves, echeance };
    let (par, le) = (ici.acteur(), app.maintenant());
    envoye.faire(|audit| audit.constater(constat, &par, le), |_| None, "Le constat est écrit.").await
}

pub async fn retirer(
    State(app): State<App>,
    ici: Ici,
    Path((_, rang)): Path<(String, String)>,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let rang = lire_rang(&rang)?;
    let (par, le) = (ici.acteur(), app.maintenant());
    Envoye::simple(&app, &ici, "", saisie)
        .faire(|audit| audit.retirer_constat(rang, &par, le), |_| None, "Le constat est repris.")
        .await
}

pub async fn juger(
    State(app): State<App>,
    ici: Ici,
    Path((_, rang)): Path<(String, String)>,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let rang = lire_rang(&rang)?;
    let (verdict, motif) = (format!("verdict_{rang}"), format!("motif_{rang}"));
    let mut f = Champs::depuis(saisie.clone());
    let envoye = Envoye::simple(&app, &ici, "", saisie);
    let leve = match f.valeur(&verdict) {
        "leve" => Some(true),
        "maintenu" => Some(false),
        _ => {
            f.refuser(&verdict, "Dites si le constat est levé ou maintenu.");
            None
        }
    };
    let motif = texte(&mut f, &motif);
    let (Some(leve), Some(motif)) = (leve, motif) else { return envoye.en_faute(f).await };
    let (par, le) = (ici.acteur(), app.maintenant());
    let fait = if leve { "Le constat est levé." } else { "Le constat est maintenu." };
    envoye.faire(|audit| audit.juger_constat(rang, leve, motif, &par, le), |_| None, fait).await
}

/// The number of a finding, from the address.
pub(super) fn lire_rang(texte: &str) -> Result<u32, Erreur> {
    texte.parse().map_err(|_| Erreur::Introuvable)
}
