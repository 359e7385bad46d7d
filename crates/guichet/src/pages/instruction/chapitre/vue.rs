//! What the reviewer's page of a chapter shows, read from the candidature, the référentiel and the notes.
//!
//! Rule: what the industriel is still preparing is not shown: the agency reads what was submitted (R31).

use askama::Template;
use domaine::{
    avis::{Avis, VerdictAvis},
    calendrier::{date_courte, date_heure_fr},
    candidature::{Candidature, Etat},
    chapitre::{Chapitre, Emplacement, EtatChapitre, EtatEmplacement},
    permission::{Acte, Objet},
    preuve::{Appreciation, Contenu, Preuve, Sortie, Verdict},
    referentiel::{Exigence, Nature},
    test_intrusion::Fiche,
};
use jiff::Timestamp;
use registre::{NoteInterne, Tx, Versionne};
use web::{Cadre, Champs, Choix, Genre, Lien};

use super::{
    super::{Attente, NoteVue, choix_referents, genre_appreciation, load_referents, notes_sur},
    detenteur, instructeur, peut_juger, url,
    verdicts::{courantes, empreinte},
};
use crate::{
    acces::Ici, app::App, cadre::cadre, depot::taille_lisible, erreur::Erreur, modeles,
    pages::fichier::apercu::VISIBLES,
};

#[derive(Template)]
#[template(path = "instruction/chapitre.html")]
#[expect(clippy::struct_excessive_bools, reason = "a template asks plain questions")]
pub(crate) struct Page {
    cadre: Cadre,
    f: Champs,
    dossier: String,
    nru: String,
    titre: String,
    url: String,
    id: String,
    etat: &'static str,
    genre: Genre,
    detail: String,
    chapitres: Vec<Lien>,
    exigences: Vec<ExigenceVue>,
    /// What changed since the form was shown.
    conflit: Option<String>,
    /// What was typed and can't be shown in the form any more.
    perdu: Vec<(String, String)>,
    /// Verdicts can be typed.
    jugeable: bool,
    /// Saving takes the chapter over from a colleague.
    reprise: bool,
    /// « Prendre » or « Reprendre », when the person may.
    prise: Option<&'static str>,
    rouvrable: bool,
    chez_industriel: bool,
    peut_noter: bool,
    vu: String,
    vu_prise: String,
    verdicts: Vec<Choix>,
    modeles: Vec<ModeleVue>,
    compte: (usize, usize),
    attente: Option<Attente>,
    referent: String,
    referent_id: String,
    referents: Vec<Choix>,
    notes: Vec<NoteVue>,
    note_dossier: FormulaireNote,
    formulaires_notes: Vec<FormulaireNote>,
    non_lus: i64,
    instructeur: String,
}

pub(crate) struct ModeleVue {
    id: String,
    titre: String,
    texte: String,
}

/// The form of a note: it stands outside of the form of the verdicts, its fields point to it.
#[derive(Clone)]
pub(crate) struct FormulaireNote {
    id: String,
    objet: String,
    retour: String,
    envoi: String,
}

pub(crate) struct ExigenceVue {
    id: String,
    reference: String,
    nature: &'static str,
    criticite: &'static str,
    enonce: String,
    scenarios: Vec<String>,
    emplacements: Vec<EmplacementVue>,
}

pub(crate) struct EmplacementVue {
    attendue: String,
    titre: String,
    etat: &'static str,
    genre: Genre,
    obligatoire: bool,
    profils: String,
    points: Vec<String>,
    items: Vec<ItemVue>,
    anciens: Vec<ItemVue>,
}

pub(crate) struct ItemVue {
    id: String,
    nom_verdict: String,
    nom_motif: String,
    nom_modele: String,
    legende: String,
    kind: &'static str,
    fichier: Option<FichierVue>,
    texte: String,
    lien: String,
    fiche: Vec<(&'static str, String)>,
    non_applicable: String,
    date_reelle: String,
    version: String,
    autre_version: bool,
    commentaire: String,
    depot: String,
    numero: u32,
    sortie: String,
    avis: Vec<AvisVue>,
    autres: Vec<String>,
    verdict: Option<VerdictVue>,
    comparaison: String,
    notes: Vec<NoteVue>,
    note: FormulaireNote,
}

pub(crate) struct FichierVue {
    nom: String,
    url: String,
    apercu: bool,
    detail: String,
    sha256: String,
}

pub(crate) struct AvisVue {
    controle: &'static str,
    genre: Genre,
    verdict: &'static str,
    raisons: Vec<String>,
}

pub(crate) struct VerdictVue {
    genre: Genre,
    libelle: &'static str,
    motif: String,
    par: String,
    le: String,
}

impl From<&Verdict> for VerdictVue {
    fn from(verdict: &Verdict) -> Self {
        Self {
            genre: genre_appreciation(verdict.appreciation),
            libelle: verdict.appreciation.libelle(),
            motif: verdict.motif.clone(),
            par: verdict.par.nom.clone(),
            le: date_heure_fr(verdict.le),
        }
    }
}

impl From<&Avis> for AvisVue {
    fn from(avis: &Avis) -> Self {
        let genre = match avis.verdict {
            VerdictAvis::Conforme => Genre::Succes,
            VerdictAvis::Remarque => Genre::Info,
            VerdictAvis::Indetermine => Genre::Attention,
            VerdictAvis::NonConforme => Genre::Erreur,
        };
        Self {
            controle: avis.controle.libelle(),
            genre,
            verdict: avis.verdict.libelle(),
            raisons: avis.raisons.clone(),
        }
    }
}

/// Whether the item counted at that instant.
fn comptait(preuve: &Preuve, slot: &Emplacement, jusqua: Timestamp) -> bool {
    match &preuve.sortie {
        None => true,
        Some(Sortie::Retiree { le, .. }) => *le > jusqua,
        Some(Sortie::RemplaceePar(nouvelle)) => {
            slot.preuve(*nouvelle).is_some_and(|nouvelle| nouvelle.deposee_le > jusqua)
        }
    }
}

/// The sheet of a test d’intrusion, field by field.
pub(crate) fn lignes_fiche(fiche: &Fiche) -> Vec<(&'static str, String)> {
    vec![
        ("Application", fiche.application.to_string()),
        ("Version testée", fiche.version.to_string()),
        ("Description", fiche.description.to_string()),
        ("Type d’application", fiche.type_application.libelle().to_owned()),
        ("Organisme", fiche.organisme.to_string()),
        ("Qualification PASSI", fiche.qualification_passi.to_string()),
        ("Qualifié jusqu’au", date_courte(fiche.qualification_jusquau)),
        ("Auditeur", fiche.auditeur.to_string()),
        ("Date du test", date_courte(fiche.date_test)),
        ("Date de signature", date_courte(fiche.date_signature)),
        ("KO de gravité haute", fiche.ko_haute.to_string()),
        ("KO de gravité moyenne", fiche.ko_moyenne.to_string()),
        ("Points non applicables", fiche.non_applicables.to_string()),
        ("Conclusion", fiche.resultat.libelle().to_owned()),
    ]
}

/// What every item of the page needs to be shown.
struct Contexte<'a> {
    app: &'a App,
    candidature: &'a Candidature,
    url: String,
    notes: Vec<NoteInterne>,
    jusqua: Timestamp,
}

impl Contexte<'_> {
    fn note(&self, objet: &str, ancre: &str) -> FormulaireNote {
        FormulaireNote {
            id: format!("note-{ancre}"),
            objet: objet.to_owned(),
            retour: format!("{}#{ancre}", self.url),
            envoi: self.app.alea.jeton(),
        }
    }

    async fn item(&self, tx: &mut Tx, slot: &Emplacement, preuve: &Preuve) -> Result<ItemVue, Erreur> {
        let id = preuve.id.to_string();
        let base = format!("/candidatures/{}", self.candidature.id);
        let fichier = preuve.contenu.fichier().map(|fichier| FichierVue {
            nom: fichier.nom.to_string(),
            url: format!("{base}/fichiers/{}", fichier.sha256),
            apercu: VISIBLES.contains(&fichier.mime.as_str()),
            detail: format!("{} · {}", fichier.mime, taille_lisible(fichier.taille)),
            sha256: fichier.sha256.clone(),
        });
        let autres = match preuve.contenu.fichier() {
            Some(fichier) => tx.load_autres_usages(&fichier.sha256, self.candidature.id).await?,
            None => Vec::new(),
        };
        let (mut texte, mut lien, mut fiche, mut non_applicable) =
            (String::new(), String::new(), Vec::new(), String::new());
        match &preuve.contenu {
            Contenu::Fichier(_) => {}
            Contenu::Texte(contenu) => texte.clone_from(contenu),
            Contenu::Lien(contenu) => lien.clone_from(contenu),
            Contenu::TestIntrusion(contenu) => fiche = lignes_fiche(contenu),
            Contenu::NonApplicable { justification } => non_applicable.clone_from(justification),
        }
        let remplacante =
            slot.preuves.iter().any(|autre| autre.sortie == Some(Sortie::RemplaceePar(preuve.id)));
        let version = self.candidature.formulaire.valeur("version");
        let objet = format!("preuve:{id}");
        Ok(ItemVue {
            nom_verdict: format!("v.{id}"),
            nom_motif: format!("m.{id}"),
            nom_modele: format!("t.{id}"),
            legende: format!("Verdict sur {}", slot.attendue),
            kind: preuve.kind.libelle(),
            fichier,
            texte,
            lien,
            fiche,
            non_applicable,
            date_reelle: date_courte(preuve.date_reelle),
            autre_version: !preuve.version_logiciel.is_empty() && preuve.version_logiciel != version,
            version: preuve.version_logiciel.clone(),
            commentaire: preuve.commentaire.clone(),
            depot: format!("{}, par {}", date_heure_fr(preuve.deposee_le), preuve.deposee_par.nom),
            numero: preuve.numero_version,
            sortie: match &preuve.sortie {
                Some(Sortie::Retiree { le, .. }) => format!("Retirée le {}", date_heure_fr(*le)),
                Some(Sortie::RemplaceePar(_)) => "Remplacée".to_owned(),
                None => String::new(),
            },
            avis: preuve.avis.iter().map(AvisVue::from).collect(),
            autres,
            verdict: preuve.verdict.as_ref().map(VerdictVue::from),
            comparaison: if remplacante || matches!(preuve.sortie, Some(Sortie::RemplaceePar(_))) {
                format!("{base}/instruction/versions/{id}")
            } else {
                String::new()
            },
            notes: notes_sur(&self.notes, &objet),
            note: self.note(&objet, &format!("p-{id}")),
            id,
        })
    }

    async fn emplacement(
        &self,
        tx: &mut Tx,
        exigence: &Exigence,
        slot: &Emplacement,
    ) -> Result<EmplacementVue, Erreur> {
        let (mut items, mut anciens) = (Vec::new(), Vec::new());
        for preuve in slot.preuves.iter().filter(|preuve| preuve.deposee_le <= self.jusqua) {
            let vue = self.item(tx, slot, preuve).await?;
            if comptait(preuve, slot, self.jusqua) { items.push(vue) } else { anciens.push(vue) }
        }
        let attendue = exigence.preuves().find(|attendue| attendue.id == slot.attendue);
        let etat = slot.etat();
        let profils: Vec<&str> = slot.profils.iter().map(|profil| profil.code()).collect();
        Ok(EmplacementVue {
            attendue: slot.attendue.clone(),
            titre: attendue.map_or_else(String::new, |attendue| attendue.titre.clone()),
            etat: if items.is_empty() { EtatEmplacement::Absente.libelle() } else { etat.libelle() },
            genre: match etat {
                EtatEmplacement::Absente if slot.obligatoire => Genre::Attention,
                EtatEmplacement::Absente => Genre::Neutre,
                EtatEmplacement::Chargee => Genre::Info,
                EtatEmplacement::Conforme | EtatEmplacement::NonApplicable => Genre::Succes,
                EtatEmplacement::Incomplete => Genre::Attention,
                EtatEmplacement::NonConforme => Genre::Erreur,
            },
            obligatoire: slot.obligatoire,
            profils: profils.join(", "),
            points: attendue.map_or_else(Vec::new, |attendue| attendue.points_de_verification.clone()),
            items,
            anciens,
        })
    }
}

impl Page {
    pub(crate) async fn composer(
        app: &App,
        ici: &Ici,
        tx: &mut Tx,
        candidature: &Versionne<Candidature>,
        code: &str,
        f: Champs,
        conflit: Option<String>,
    ) -> Result<Self, Erreur> {
        let chapitre = candidature.chapitre(code).ok_or(Erreur::Introuvable)?;
        let url = url(candidature, code);
        let lisible = chapitre.lisible_jusqua();
        let contexte = Contexte {
            app,
            candidature,
            url: url.clone(),
            notes: tx.load_notes(candidature.id).await?,
            jusqua: lisible.unwrap_or(Timestamp::MIN),
        };
        let exigences = exigences(&contexte, tx, chapitre).await?;
        let peut_noter = ici.peut(Objet::Instruction, Acte::Ecrire);
        let ouvert = candidature.etat == Etat::DepotOuvert;
        let par = detenteur(chapitre);
        let moi = par.is_some_and(|acteur| acteur.est(ici.personne.id));
        let peut = peut_juger(ici) && ouvert;
        let reprise = peut && conflit.is_some() && par.is_some() && !moi;
        let jugeable = peut && (moi || reprise);
        let prise = match &chapitre.etat {
            EtatChapitre::Soumis { .. } if peut => Some("Prendre en instruction"),
            EtatChapitre::EnInstruction { .. } if peut && !moi && !reprise => Some("Reprendre ce chapitre"),
            _ => None,
        };
        let perdu = if conflit.is_some() && !jugeable { typed(chapitre, &f) } else { Vec::new() };
        let fil = [
            ("Instruction", "/instruction"),
            (candidature.titre.as_str(), &format!("/candidatures/{}", candidature.id)),
        ];
        let titre = format!("{} : {}", chapitre.code, chapitre.titre);
        let referents = if peut_noter { choix_referents(&load_referents(tx).await?) } else { Vec::new() };
        let modeles = modeles::load(tx, modeles::CORRECTION, candidature, &chapitre.titre).await?;
        Ok(Self {
            cadre: cadre(app, Some(ici), &titre, &url, &fil),
            f,
            dossier: candidature.titre.clone(),
            nru: candidature.nru.to_string(),
            titre: chapitre.titre.clone(),
            id: candidature.id.to_string(),
            etat: chapitre.etat.libelle(),
            genre: crate::avancement::genre_chapitre(&chapitre.etat),
            detail: detail(&chapitre.etat),
            chapitres: onglets(candidature, code),
            exigences,
            conflit,
            perdu,
            jugeable,
            reprise,
            prise,
            rouvrable: peut_juger(ici)
                && chapitre.valide()
                && matches!(candidature.etat, Etat::DepotOuvert | Etat::DepotComplet),
            chez_industriel: matches!(
                chapitre.etat,
                EtatChapitre::ACompleter | EtatChapitre::ACorriger { .. }
            ),
            peut_noter,
            vu: empreinte(chapitre),
            vu_prise: instructeur(chapitre),
            verdicts: Appreciation::TOUTES
                .map(|une| Choix::nouveau(une.cle(), une.libelle()).genre(genre_appreciation(une)))
                .to_vec(),
            modeles: modeles
                .into_iter()
                .map(|modele| ModeleVue { id: modele.id, titre: modele.titre, texte: modele.texte })
                .collect(),
            compte: (
                courantes(chapitre).filter(|preuve| preuve.verdict.is_some()).count(),
                courantes(chapitre).count(),
            ),
            attente: candidature
                .attente_agence
                .map(|depuis| Attente::depuis(depuis, app.maintenant(), app.config.agence.delai_jours)),
            referent: candidature.referent.as_ref().map_or_else(String::new, |un| un.nom.clone()),
            referent_id: candidature
                .referent
                .as_ref()
                .and_then(|un| un.personne)
                .map_or_else(String::new, |id| id.to_string()),
            referents,
            notes: notes_sur(&contexte.notes, "dossier"),
            note_dossier: contexte.note("dossier", "notes"),
            non_lus: tx.compter_non_lus(candidature.id, ici.personne.id, true).await?,
            instructeur: par.map_or_else(String::new, |acteur| acteur.nom.clone()),
            formulaires_notes: Vec::new(),
            url,
        }
        .avec_formulaires())
    }

    fn avec_formulaires(mut self) -> Self {
        if self.peut_noter {
            let items = self
                .exigences
                .iter()
                .flat_map(|exigence| &exigence.emplacements)
                .flat_map(|slot| slot.items.iter());
            self.formulaires_notes = items.map(|item| item.note.clone()).collect();
        }
        self
    }
}

async fn exigences(
    contexte: &Contexte<'_>,
    tx: &mut Tx,
    chapitre: &Chapitre,
) -> Result<Vec<ExigenceVue>, Erreur> {
    let referentiel = contexte.app.referentiel_de(&contexte.candidature.referentiel)?;
    let mut vues = Vec::new();
    for exigence in referentiel.exigences_du(&chapitre.code) {
        let mut emplacements = Vec::new();
        for attendue in exigence.preuves() {
            if let Some(slot) = chapitre.emplacement(&attendue.id) {
                emplacements.push(contexte.emplacement(tx, exigence, slot).await?);
            }
        }
        if emplacements.is_empty() {
            continue;
        }
        vues.push(ExigenceVue {
            id: exigence.id.clone(),
            reference: exigence.ref_officielle.clone(),
            nature: exigence.nature.libelle(),
            criticite: if exigence.nature == Nature::Exigence { exigence.criticite.libelle() } else { "" },
            enonce: exigence.enonce.clone(),
            scenarios: exigence.scenarios.iter().map(|scenario| scenario.texte.clone()).collect(),
            emplacements,
        });
    }
    Ok(vues)
}

fn onglets(candidature: &Candidature, code: &str) -> Vec<Lien> {
    candidature
        .chapitres
        .iter()
        .map(|chapitre| {
            let libelle = format!("{} · {}", chapitre.code, chapitre.etat.libelle());
            Lien::nouveau(&libelle, &url(candidature, &chapitre.code)).actif(chapitre.code == code)
        })
        .collect()
}

fn detail(etat: &EtatChapitre) -> String {
    match etat {
        EtatChapitre::ACompleter => "L’industriel prépare ses preuves.".to_owned(),
        EtatChapitre::Soumis { le } => format!("Soumis le {}.", date_heure_fr(*le)),
        EtatChapitre::EnInstruction { par, depuis } => {
            format!("Instruit par {} depuis le {}.", par.nom, date_heure_fr(*depuis))
        }
        EtatChapitre::ACorriger { le, emplacements } => {
            format!("Renvoyé le {} : {}.", date_heure_fr(*le), emplacements.join(", "))
        }
        EtatChapitre::Valide { par, le } => format!("Validé par {} le {}.", par.nom, date_heure_fr(*le)),
    }
}

/// The verdicts and motives that a form held.
fn typed(chapitre: &Chapitre, f: &Champs) -> Vec<(String, String)> {
    let mut saisies = Vec::new();
    for slot in &chapitre.emplacements {
        for preuve in &slot.preuves {
            let appreciation = Appreciation::depuis_cle(f.valeur(&format!("v.{}", preuve.id)));
            let motif = f.valeur(&format!("m.{}", preuve.id));
            if let Some(appreciation) = appreciation {
                let texte = format!("{}. {motif}", appreciation.libelle());
                saisies.push((slot.attendue.clone(), texte));
            }
        }
    }
    saisies
}
