//! What needs the person first, the gravest on top.

use domaine::{
    audit::Audit,
    calendrier::{Fin, date_fr, jour, jours_restants},
    candidature::Etat,
    chapitre::EtatChapitre,
    produit::EtatProduit,
};
use jiff::Timestamp;
use web::Genre;

use super::dossier::{Document, Dossier, Espace};

/// Days before the end of an autorisation from which it is worth a line.
const PREAVIS_AUTORISATION: i32 = 30;
/// The same for a habilitation, whose renewal takes a whole dossier.
const PREAVIS_HABILITATION: i32 = 180;

/// The same for a preuve: the first of its reminders.
const PREAVIS_PREUVE: i32 = 60;

/// A line of « À faire en premier ».
pub(super) struct Urgence {
    pub(super) genre: Genre,
    /// The tone in a word.
    pub(super) mot: &'static str,
    pub(super) texte: String,
    pub(super) detail: String,
    pub(super) url: String,
    pub(super) geste: &'static str,
}

pub(super) fn urgences(espace: &Espace, le: Timestamp) -> Vec<Urgence> {
    let mut urgences: Vec<Urgence> =
        espace.documents.iter().filter_map(|document| echeance(document, le)).collect();
    urgences.extend(espace.dossiers.iter().flat_map(|dossier| preuves(dossier, le)));
    urgences.extend(espace.dossiers.iter().flat_map(du_dossier));
    urgences.extend(espace.audits.iter().filter_map(|audit| de_l_audit(audit, le)));
    for produit in &espace.produits {
        if produit.etat == EtatProduit::Brouillon {
            urgences.push(Urgence {
                genre: Genre::Neutre,
                mot: mot(Genre::Neutre),
                texte: "Terminer la fiche d’un produit".to_owned(),
                detail: produit.titre(),
                url: format!("/produits/{}/modifier", produit.id),
                geste: "Reprendre",
            });
        }
    }
    urgences.sort_by_key(|urgence| match urgence.genre {
        Genre::Erreur => 0,
        Genre::Attention => 1,
        Genre::Info => 2,
        Genre::Succes | Genre::Neutre => 3,
    });
    urgences
}

fn mot(genre: Genre) -> &'static str {
    match genre {
        Genre::Erreur => "Urgent",
        Genre::Attention => "Important",
        Genre::Info => "À faire",
        Genre::Succes | Genre::Neutre => "Brouillon",
    }
}

fn echeance(document: &Document, le: Timestamp) -> Option<Urgence> {
    if !document.compte {
        return None;
    }
    let jours = jours_restants(le, Fin::au_soir_du(document.dernier_jour));
    let preavis = if document.autorisation { PREAVIS_AUTORISATION } else { PREAVIS_HABILITATION };
    if jours > preavis {
        return None;
    }
    let (genre, texte) = match jours {
        ..0 => (Genre::Erreur, format!("{} expirée", document.nature)),
        0 => (Genre::Erreur, format!("{} : dernier jour de validité", document.nature)),
        1 => (Genre::Attention, format!("{} : plus qu’un jour", document.nature)),
        jours => (Genre::Attention, format!("{} : plus que {jours} jours", document.nature)),
    };
    Some(Urgence {
        genre,
        mot: mot(genre),
        texte,
        detail: format!("{}, valable jusqu’au {}", document.titre, document.fin),
        url: document.candidature.clone(),
        geste: "Voir",
    })
}

/// The preuves of a dossier that soon are, or already are, no longer good.
fn preuves(dossier: &Dossier, le: Timestamp) -> impl Iterator<Item = Urgence> {
    dossier.echeances.iter().filter_map(move |une| {
        let jours = jours_restants(le, Fin::au_soir_du(une.fin));
        let (genre, texte) = match jours {
            ..0 => (Genre::Erreur, format!("Preuve {} périmée", une.attendue)),
            0..=PREAVIS_PREUVE => (Genre::Attention, format!("Preuve {} bientôt périmée", une.attendue)),
            _ => return None,
        };
        Some(Urgence {
            genre,
            mot: mot(genre),
            texte,
            detail: format!("{}, valable jusqu’au {}", une.titre, date_fr(une.fin)),
            url: format!("{}/chapitres/{}", dossier.url, une.chapitre),
            geste: "Voir",
        })
    })
}

fn de_l_audit(audit: &Audit, le: Timestamp) -> Option<Urgence> {
    let attente = audit.attente()?;
    let (genre, quand) = match attente.avant {
        Some(avant) if attente.en_retard(jour(le)) => {
            (Genre::Erreur, format!(", attendu pour le {}", date_fr(avant)))
        }
        Some(avant) => (Genre::Attention, format!(", au plus tard le {}", date_fr(avant))),
        None => (Genre::Attention, String::new()),
    };
    Some(Urgence {
        genre,
        mot: mot(genre),
        texte: attente.quoi.to_owned(),
        detail: format!("Audit {} de {}{quand}", audit.numero, audit.logiciel),
        url: format!("/audits/{}", audit.numero),
        geste: "Voir",
    })
}

fn du_dossier(dossier: &Dossier) -> Vec<Urgence> {
    let mut urgences = Vec::new();
    let mut ajouter = |genre, texte: String, url: String, geste| {
        urgences.push(Urgence { genre, mot: mot(genre), texte, detail: dossier.titre.clone(), url, geste });
    };
    match &dossier.candidature.etat {
        Etat::FormulaireACorriger => ajouter(
            Genre::Attention,
            "Corriger le formulaire administratif".to_owned(),
            format!("{}/formulaire", dossier.url),
            "Corriger",
        ),
        Etat::FormulaireEnCours if dossier.pourcentage == Some(100) => ajouter(
            Genre::Info,
            "Soumettre le formulaire administratif, il est complet".to_owned(),
            format!("{}/formulaire", dossier.url),
            "Soumettre",
        ),
        Etat::Dormante { .. } => ajouter(
            Genre::Attention,
            "Reprendre une candidature en sommeil".to_owned(),
            dossier.url.clone(),
            "Reprendre",
        ),
        Etat::DepotOuvert => {
            for chapitre in &dossier.candidature.chapitres {
                let url = format!("{}/chapitres/{}", dossier.url, chapitre.code);
                match &chapitre.etat {
                    EtatChapitre::ACorriger { .. } => ajouter(
                        Genre::Attention,
                        format!("Corriger le chapitre « {} »", chapitre.titre),
                        url,
                        "Corriger",
                    ),
                    EtatChapitre::ACompleter if chapitre.complet() => ajouter(
                        Genre::Info,
                        format!("Soumettre le chapitre « {} », il est complet", chapitre.titre),
                        url,
                        "Soumettre",
                    ),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    if dossier.non_lus > 0 {
        ajouter(
            Genre::Info,
            format!("Lire {}", dossier.texte_non_lus),
            format!("{}/messages", dossier.url),
            "Lire",
        );
    }
    urgences
}
