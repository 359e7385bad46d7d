//! Findings, reports and answers as the page shows them.

use domaine::{
    audit::{Audit, Constat, EtatAudit, Gravite, Recit},
    calendrier::{date_fr, date_heure_fr},
    preuve::Fichier,
};
use jiff::{Timestamp, civil::Date};
use web::Genre;

use super::super::url;
use crate::depot::taille_lisible;

/// Name, address, size.
type FichierVue = (String, String, String);

fn fichiers(audit: &Audit, liste: &[Fichier]) -> Vec<FichierVue> {
    liste
        .iter()
        .map(|fichier| {
            let adresse = format!("{}/fichiers/{}", url(audit), fichier.sha256);
            (fichier.nom.to_string(), adresse, taille_lisible(fichier.taille))
        })
        .collect()
}

/// A text that somebody signed, with its files.
pub(super) struct TexteVue {
    pub(super) titre: String,
    pub(super) texte: String,
    pub(super) signature: String,
    pub(super) fichiers: Vec<FichierVue>,
}

impl TexteVue {
    pub(super) fn nouveau(
        audit: &Audit,
        titre: &str,
        texte: &Recit,
        liste: &[Fichier],
        par: &str,
        le: Timestamp,
    ) -> Self {
        Self {
            titre: titre.to_owned(),
            texte: texte.to_string(),
            signature: format!("{par}, {}", date_heure_fr(le)),
            fichiers: fichiers(audit, liste),
        }
    }
}

pub(super) struct ActionVue {
    /// « Action », or « Action remplacée » for one that counts no more.
    pub(super) titre: &'static str,
    pub(super) texte: String,
    pub(super) date: String,
    /// Planned after the due date of the finding.
    pub(super) tardive: bool,
    pub(super) fichiers: Vec<FichierVue>,
}

pub(super) struct ConstatVue {
    pub(super) rang: u32,
    pub(super) intitule: String,
    pub(super) genre: Genre,
    pub(super) gravite: &'static str,
    pub(super) exigence: String,
    pub(super) description: String,
    pub(super) preuves: Vec<FichierVue>,
    pub(super) echeance: String,
    /// Its due date has passed and it still stands.
    pub(super) retard: bool,
    pub(super) leve: bool,
    /// What the auditeur said of it: title, reason.
    pub(super) jugements: Vec<(String, String)>,
    /// The newest first.
    pub(super) actions: Vec<ActionVue>,
    /// An écart that still stands.
    pub(super) ouvert: bool,
    /// An écart that the recontrôle looks at.
    pub(super) a_recontroler: bool,
    /// Above its verdict.
    pub(super) legende: String,
    /// Under the date of its action.
    pub(super) aide_date: String,
    pub(super) bouton_action: String,
    /// Names of the fields of its action.
    pub(super) champ_action: String,
    pub(super) champ_pieces: String,
    pub(super) libelle_pieces: String,
}

impl ConstatVue {
    pub(super) fn de(audit: &Audit, constat: &Constat, aujourdhui: Date) -> Self {
        let jugements =
            [("après l’échange", &constat.apres_echange), ("au recontrôle", &constat.au_recontrole)]
                .into_iter()
                .filter_map(|(quand, jugement)| jugement.as_ref().map(|jugement| (quand, jugement)))
                .map(|(quand, jugement)| {
                    let mot = if jugement.leve { "Levé" } else { "Maintenu" };
                    (format!("{mot} {quand}"), jugement.motif.to_string())
                })
                .collect();
        let derniere = constat.actions.len().saturating_sub(1);
        let actions = constat
            .actions
            .iter()
            .enumerate()
            .rev()
            .map(|(rang, action)| ActionVue {
                titre: if rang == derniere { "Action proposée" } else { "Action remplacée" },
                texte: action.texte.to_string(),
                date: date_fr(action.date),
                tardive: constat.echeance.is_some_and(|echeance| action.date > echeance),
                fichiers: fichiers(audit, &action.preuves),
            })
            .collect();
        let quand = if matches!(audit.etat, EtatAudit::Recontrole { .. }) {
            "au recontrôle"
        } else {
            "après l’échange"
        };
        let verbe = if constat.actions.is_empty() { "Proposer" } else { "Remplacer" };
        let leve_avant = constat.apres_echange.as_ref().is_some_and(|jugement| jugement.leve);
        Self {
            rang: constat.rang,
            intitule: constat.intitule.to_string(),
            genre: genre(constat.gravite),
            gravite: constat.gravite.libelle(),
            exigence: constat.exigence.to_string(),
            description: constat.description.to_string(),
            preuves: fichiers(audit, &constat.preuves),
            echeance: constat.echeance.map(date_fr).unwrap_or_default(),
            retard: constat.ouvert()
                && !audit.etat.termine()
                && constat.echeance.is_some_and(|echeance| echeance < aujourdhui),
            leve: constat.leve(),
            jugements,
            actions,
            ouvert: constat.ouvert(),
            legende: format!("Constat {}, {quand}", constat.rang),
            aide_date: constat
                .echeance
                .map_or_else(String::new, |jour| format!("À corriger au plus tard le {}.", date_fr(jour))),
            champ_action: format!("action_{}", constat.rang),
            champ_pieces: format!("pieces_action_{}", constat.rang),
            libelle_pieces: format!("Preuves de l’action {}", constat.rang),
            bouton_action: format!("{verbe} l’action {}", constat.rang),
            a_recontroler: constat.gravite.ecart() && !leve_avant,
        }
    }
}

fn genre(gravite: Gravite) -> Genre {
    match gravite {
        Gravite::Remarque => Genre::Info,
        Gravite::Mineure | Gravite::Majeure => Genre::Attention,
        Gravite::Critique => Genre::Erreur,
    }
}
