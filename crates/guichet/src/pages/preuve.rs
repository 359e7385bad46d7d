//! The preuves of a slot, as people see them: what stands in it, what the checks advise, what the agency said.
//!
//! Rule: what the industriel prepares is not shown to the agency before he submits it. A verdict is shown to the
//! industriel once the chapter was sent back or validated, never before, and never
//! with the name of who gave it.

pub mod deposer;
mod formulaire;
pub mod retirer;
pub mod test_intrusion;
pub mod voir;

use domaine::{
    avis::VerdictAvis,
    calendrier::{date_courte, date_fr, date_heure_fr, plus_mois},
    chapitre::{Chapitre, Emplacement, EtatChapitre, EtatEmplacement},
    preuve::{Analyse, Appreciation, Contenu, Preuve, Sortie},
    referentiel::{Exigence, Kind, PreuveAttendue, Referentiel, Scenario},
    test_intrusion::Fiche,
};
use jiff::civil::Date;
use web::Genre;

use crate::{depot::taille_lisible, pages::fichier::apercu::VISIBLES, verifications};

/// An advice, ready to be shown.
pub(crate) struct AvisVu {
    pub(crate) genre: Genre,
    pub(crate) controle: &'static str,
    pub(crate) verdict: &'static str,
    pub(crate) raisons: Vec<String>,
}

/// One item.
pub(crate) struct ElementVu {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) titre: String,
    /// Where the file is downloaded; empty for what is no file.
    pub(crate) url: String,
    /// Where it is shown in a page; empty when it is only downloaded.
    pub(crate) apercu: String,
    /// « 2,1 Mo », empty for what is no file.
    pub(crate) taille: String,
    pub(crate) sha256: String,
    pub(crate) antivirus: Option<(Genre, String)>,
    pub(crate) texte: Option<String>,
    pub(crate) lien: Option<String>,
    /// Lines of the sheet of a test d’intrusion.
    pub(crate) fiche: Vec<(&'static str, String)>,
    pub(crate) date_reelle: String,
    /// Why the item is too old, when it is.
    pub(crate) perimee: Option<String>,
    pub(crate) version_logiciel: String,
    pub(crate) commentaire: String,
    pub(crate) depot: String,
    pub(crate) numero_version: u32,
    pub(crate) avis: Vec<AvisVu>,
    pub(crate) verdict: Option<(Genre, &'static str, String)>,
    /// « Remplacée », « Retirée le… » for what no longer counts.
    pub(crate) sortie: Option<String>,
    /// Page that deposits a newer version in its place; empty when it can't be replaced.
    pub(crate) remplacer: String,
    /// Where its withdrawal is posted; empty when it can't be withdrawn.
    pub(crate) retirer: String,
}

impl ElementVu {
    /// Whether the agency wants something else in its place, and it can be given now.
    pub(crate) fn a_corriger(&self) -> bool {
        let refusee = matches!(self.verdict, Some((Genre::Attention | Genre::Erreur, ..)));
        refusee && !self.remplacer.is_empty()
    }

    /// Whether a check found something to look at.
    pub(crate) fn a_lire(&self) -> bool {
        self.avis.iter().any(|avis| matches!(avis.genre, Genre::Attention | Genre::Erreur))
    }
}

/// A slot with all that stands in it.
pub(crate) struct EmplacementVu {
    pub(crate) id: String,
    pub(crate) titre: String,
    pub(crate) scenario: String,
    pub(crate) kinds: String,
    /// « 1 à 3 éléments ».
    pub(crate) nombre: String,
    pub(crate) obligatoire: bool,
    pub(crate) profils: String,
    pub(crate) modele: String,
    pub(crate) genre: Genre,
    pub(crate) etat: &'static str,
    pub(crate) elements: Vec<ElementVu>,
    /// Replaced and withdrawn items, latest first.
    pub(crate) anciens: Vec<ElementVu>,
    /// Page of the slot.
    pub(crate) url: String,
    /// Whether another item may be deposited now.
    pub(crate) ouvert: bool,
}

/// Who looks, when, and at which address the chapter stands.
pub(crate) struct Regard<'a> {
    pub(crate) candidature: String,
    pub(crate) chapitre: &'a Chapitre,
    pub(crate) referentiel: &'a Referentiel,
    pub(crate) agence: bool,
    /// Whether this person may deposit in this dossier, as it is now.
    pub(crate) depose: bool,
    pub(crate) aujourdhui: Date,
}

/// « Fiche de test d’intrusion, PDF signé ».
pub(crate) fn noms_kinds(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.libelle()).collect::<Vec<_>>().join(", ")
}

/// The exigence, the scénario and the slot of that identifier.
pub(crate) fn trouver<'a>(
    referentiel: &'a Referentiel,
    attendue: &str,
) -> Option<(&'a Exigence, &'a Scenario, &'a PreuveAttendue)> {
    let exigence = referentiel.exigence_de(attendue)?;
    exigence.scenarios.iter().find_map(|scenario| {
        let preuve = scenario.preuves.iter().find(|preuve| preuve.id == attendue)?;
        Some((exigence, scenario, preuve))
    })
}

impl Regard<'_> {
    pub(crate) fn url_chapitre(&self) -> String {
        format!("/candidatures/{}/chapitres/{}", self.candidature, self.chapitre.code)
    }

    /// `None` for a slot that the référentiel no longer knows.
    pub(crate) fn emplacement(&self, slot: &Emplacement) -> Option<EmplacementVu> {
        let (_, scenario, attendue) = trouver(self.referentiel, &slot.attendue)?;
        let (genre, etat) = self.etat(slot);
        let vus = |courante: bool| {
            slot.preuves
                .iter()
                .filter(move |preuve| preuve.courante() == courante)
                .filter(|preuve| !self.agence || self.chapitre.lu_par_l_agence(preuve))
                .map(|preuve| self.element(slot, attendue, preuve))
        };
        let nombre = slot.courantes().count();
        Some(EmplacementVu {
            id: attendue.id.clone(),
            titre: attendue.titre.clone(),
            scenario: scenario.texte.clone(),
            kinds: noms_kinds(&attendue.kinds),
            nombre: nombre_attendu(attendue),
            obligatoire: slot.obligatoire,
            profils: slot.profils.iter().map(|profil| profil.code()).collect::<Vec<_>>().join(", "),
            modele: attendue.modele.clone(),
            genre,
            etat,
            elements: vus(true).collect(),
            anciens: vus(false).rev().collect(),
            url: format!("{}/preuves/{}", self.url_chapitre(), attendue.id),
            ouvert: self.modifiable(slot) && nombre < attendue.max as usize,
        })
    }

    fn modifiable(&self, slot: &Emplacement) -> bool {
        self.depose && self.chapitre.deverrouille(&slot.attendue)
    }

    /// Whether the industriel knows what the agency thinks of the current items.
    fn verdicts_connus(&self) -> bool {
        self.agence
            || matches!(self.chapitre.etat, EtatChapitre::ACorriger { .. } | EtatChapitre::Valide { .. })
    }

    fn etat(&self, slot: &Emplacement) -> (Genre, &'static str) {
        let etat = slot.etat();
        match etat {
            EtatEmplacement::Absente if !slot.obligatoire => (Genre::Neutre, "Facultative"),
            EtatEmplacement::Absente => (Genre::Attention, "À déposer"),
            _ if !self.verdicts_connus() => (Genre::Info, "Déposée"),
            EtatEmplacement::Chargee if !slot.complet() => (Genre::Attention, "À compléter"),
            EtatEmplacement::Chargee => (Genre::Info, "Déposée"),
            EtatEmplacement::Conforme | EtatEmplacement::NonApplicable => (Genre::Succes, etat.libelle()),
            EtatEmplacement::Incomplete => (Genre::Attention, etat.libelle()),
            EtatEmplacement::NonConforme => (Genre::Erreur, etat.libelle()),
        }
    }

    fn element(&self, slot: &Emplacement, attendue: &PreuveAttendue, preuve: &Preuve) -> ElementVu {
        let url_fichier = |fichier: &domaine::preuve::Fichier| {
            format!("/candidatures/{}/fichiers/{}", self.candidature, fichier.sha256)
        };
        let fichier = preuve.contenu.fichier();
        let url = fichier.map(url_fichier).unwrap_or_default();
        let visible = fichier.is_some_and(|fichier| VISIBLES.contains(&fichier.mime.as_str()));
        let modifiable = preuve.courante() && self.modifiable(slot);
        let slot_url = format!("{}/preuves/{}", self.url_chapitre(), slot.attendue);
        let page = if matches!(preuve.contenu, Contenu::TestIntrusion(_)) { "/test-intrusion" } else { "" };
        let verdict = preuve.verdict.as_ref().filter(|_| self.verdicts_connus() || !preuve.courante());
        ElementVu {
            id: preuve.id.to_string(),
            kind: preuve.kind.libelle(),
            titre: titre(preuve),
            apercu: if visible { format!("{url}/apercu") } else { String::new() },
            url,
            taille: fichier.map(|fichier| taille_lisible(fichier.taille)).unwrap_or_default(),
            sha256: fichier.map(|fichier| fichier.sha256.clone()).unwrap_or_default(),
            antivirus: fichier.map(|fichier| antivirus(&fichier.analyse)),
            texte: match &preuve.contenu {
                Contenu::Texte(texte) | Contenu::NonApplicable { justification: texte } => {
                    Some(texte.clone())
                }
                _ => None,
            },
            lien: if let Contenu::Lien(lien) = &preuve.contenu { Some(lien.clone()) } else { None },
            fiche: if let Contenu::TestIntrusion(fiche) = &preuve.contenu {
                lignes(fiche)
            } else {
                Vec::new()
            },
            date_reelle: date_fr(preuve.date_reelle),
            perimee: attendue.validite_mois.and_then(|mois| self.peremption(preuve, mois)),
            version_logiciel: preuve.version_logiciel.clone(),
            commentaire: preuve.commentaire.clone(),
            depot: format!("{} par {}", date_heure_fr(preuve.deposee_le), preuve.deposee_par),
            numero_version: preuve.numero_version,
            avis: verifications::visibles(&preuve.avis, self.agence).map(avis_vu).collect(),
            verdict: verdict.map(|verdict| {
                let genre = match verdict.appreciation {
                    Appreciation::Conforme => Genre::Succes,
                    Appreciation::Incomplete => Genre::Attention,
                    Appreciation::NonConforme => Genre::Erreur,
                };
                (genre, verdict.appreciation.libelle(), verdict.motif.clone())
            }),
            sortie: preuve.sortie.as_ref().map(|sortie| match sortie {
                Sortie::RemplaceePar(_) => "Remplacée par une version plus récente".to_owned(),
                Sortie::Retiree { par, le } => format!("Retirée le {} par {par}", date_heure_fr(*le)),
            }),
            remplacer: if modifiable {
                format!("{slot_url}{page}?remplace={}", preuve.id)
            } else {
                String::new()
            },
            retirer: if modifiable { format!("{slot_url}/{}/retirer", preuve.id) } else { String::new() },
        }
    }

    fn peremption(&self, preuve: &Preuve, mois: u32) -> Option<String> {
        let fin = plus_mois(preuve.date_reelle, mois);
        (self.aujourdhui >= fin).then(|| {
            format!(
                "Ce que montre cette preuve date du {} : il fallait moins de {mois} mois.",
                date_courte(preuve.date_reelle)
            )
        })
    }
}

fn titre(preuve: &Preuve) -> String {
    match &preuve.contenu {
        Contenu::Fichier(fichier) => fichier.nom.to_string(),
        Contenu::Texte(_) => "Texte".to_owned(),
        Contenu::Lien(lien) => lien.clone(),
        Contenu::TestIntrusion(_) => "Fiche du test d’intrusion".to_owned(),
        Contenu::NonApplicable { .. } => "Déclarée non applicable".to_owned(),
    }
}

fn antivirus(analyse: &Analyse) -> (Genre, String) {
    match analyse {
        Analyse::NonAnalyse => (Genre::Neutre, "Antivirus : non analysé".to_owned()),
        Analyse::Sain { le } => (Genre::Succes, format!("Antivirus : rien trouvé le {}", date_heure_fr(*le))),
    }
}

fn avis_vu(avis: &domaine::avis::Avis) -> AvisVu {
    AvisVu {
        genre: match avis.verdict {
            VerdictAvis::Conforme => Genre::Succes,
            VerdictAvis::Remarque => Genre::Info,
            VerdictAvis::Indetermine => Genre::Attention,
            VerdictAvis::NonConforme => Genre::Erreur,
        },
        controle: avis.controle.libelle(),
        verdict: avis.verdict.libelle(),
        raisons: avis.raisons.clone(),
    }
}

/// Advice on something that is not deposited yet.
pub(crate) fn avis_vus(avis: &[domaine::avis::Avis]) -> Vec<AvisVu> {
    avis.iter().map(avis_vu).collect()
}

fn lignes(fiche: &Fiche) -> Vec<(&'static str, String)> {
    vec![
        ("Application", format!("{}, version {}", fiche.application.as_str(), fiche.version)),
        ("Type", fiche.type_application.libelle().to_owned()),
        (
            "Organisme",
            format!(
                "{}, qualification PASSI {} valable jusqu’au {}",
                fiche.organisme.as_str(),
                fiche.qualification_passi.as_str(),
                date_courte(fiche.qualification_jusquau)
            ),
        ),
        ("Auditeur", fiche.auditeur.as_str().to_owned()),
        ("Date du test", date_fr(fiche.date_test)),
        ("Date de signature", date_fr(fiche.date_signature)),
        (
            "Constats",
            format!(
                "{} de gravité haute, {} de gravité moyenne, {} non applicables",
                fiche.ko_haute, fiche.ko_moyenne, fiche.non_applicables
            ),
        ),
        ("Conclusion", fiche.resultat.libelle().to_owned()),
    ]
}

fn nombre_attendu(attendue: &PreuveAttendue) -> String {
    match (attendue.min, attendue.max) {
        (0, 1) => "un élément au plus".to_owned(),
        (0, max) => format!("{max} éléments au plus"),
        (1, 1) => "un élément".to_owned(),
        (min, max) if min == max => format!("{min} éléments"),
        (min, max) => format!("de {min} à {max} éléments"),
    }
}
