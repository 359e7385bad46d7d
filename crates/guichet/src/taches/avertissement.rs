//! Notices: what happened to a candidature, who is told, and in which words (spec guichets §1.10).
//!
//! Rule: an act asks for its notice in its own transaction with [`avertir`]; the worker looks up the recipients later
//! and asks for one mail each. No text that somebody wrote ever goes into a notice.

mod audit;
mod texte;

pub(super) use audit::avertissement_audit;
pub use audit::{AvisAudit, avertir_audit};

use std::collections::BTreeSet;

use domaine::{
    candidature::Candidature,
    id::Id,
    permission::Qualite,
    produit::Droit,
    structure::{Personne, Structure},
};
use jiff::{Timestamp, civil::Date};
use registre::{Tache, Tx};
use serde::{Deserialize, Serialize};

use super::{
    Genre,
    courriel::{self, Lettre},
};
use crate::{app::App, erreur::Erreur};

/// What people are told of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Avertissement {
    /// To the agency, with a receipt to the industriel.
    FormulaireSoumis,
    FormulaireACorriger,
    FormulaireValide,
    FormulaireIrrecevable,
    /// To the agency, with a receipt to the industriel.
    ChapitreSoumis {
        code: String,
    },
    ChapitreACorriger {
        code: String,
    },
    ChapitreValide {
        code: String,
    },
    ChapitreRouvert {
        code: String,
    },
    /// Every obligatory chapter is valid: to both sides.
    DepotComplet,
    InscritAuCollege,
    /// The collège has decided, whatever it decided.
    DecisionDuCollege,
    CandidatureAbandonnee,
    /// Written by the agency (true) or by the industriel: the other side is told.
    MessageRecu {
        agence: bool,
    },
    AutorisationAccordee,
    AutorisationProlongee,
    AutorisationRevoquee,
    /// The autorisation ends on that day, or has ended.
    AutorisationFin {
        fin: Date,
        passee: bool,
    },
    HabilitationSignee {
        numero: String,
    },
    HabilitationSuspendue {
        numero: String,
    },
    HabilitationRetablie {
        numero: String,
    },
    HabilitationRetiree {
        numero: String,
    },
    HabilitationRemplacee {
        numero: String,
        par: String,
    },
    HabilitationFin {
        numero: String,
        fin: Date,
        passee: bool,
    },
    /// A habilitation on which this candidature relies is no longer in force; `etat` as « suspendue ».
    DependanceTouchee {
        numero: String,
        etat: String,
    },
    /// A habilitation on which this candidature relies ends on that day.
    DependanceFin {
        numero: String,
        fin: Date,
    },
    /// The suspension of that habilitation was lifted.
    DependanceRetablie {
        numero: String,
    },
    /// A preuve of this slot is good until that day, or no longer.
    PreuveFin {
        chapitre: String,
        attendue: String,
        titre: String,
        fin: Date,
        passee: bool,
    },
    /// The agency has waited for a correction that long.
    CorrectionAttendue {
        jours: i32,
    },
    /// To the agency: that share of its own delay is used up; from 100 also to the administrateurs.
    DelaiAgence {
        pourcent: i32,
    },
    /// Nothing has happened for that long.
    Inactivite {
        mois: i32,
    },
    MiseEnSommeil,
    /// Something happened in an audit, or is late there.
    Audit {
        numero: String,
        habilitation: String,
        avis: AvisAudit,
    },
}

/// A notice as the worker finds it.
#[derive(Deserialize, Serialize)]
struct Charge {
    candidature: Id<Candidature>,
    avertissement: Avertissement,
    le: Timestamp,
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cercle {
    /// Those who can deposit, those who answer for the structure, and the administrative contact.
    Deposants,
    /// Those who answer for the structure, and the administrative contact.
    Responsables,
    /// The référent, or all vérificateurs as long as there is none.
    Instruction,
    Administrateurs,
    /// Those who rely on the autorisation for their tests.
    Cnda,
    Auditeurs,
    College,
}

/// Asks for a notice in the transaction of the act that it tells.
pub async fn avertir(
    tx: &mut Tx,
    app: &App,
    candidature: &Candidature,
    avertissement: Avertissement,
) -> Result<(), Erreur> {
    demander(tx, app, candidature.id, avertissement, None).await
}

/// The same; with a `cle` already known, nothing happens.
pub(super) async fn demander(
    tx: &mut Tx,
    app: &App,
    candidature: Id<Candidature>,
    avertissement: Avertissement,
    cle: Option<&str>,
) -> Result<(), Erreur> {
    let le = app.maintenant();
    let charge = serde_json::to_string(&Charge { candidature, avertissement, le })?;
    let id = app.alea.uuid(le).to_string();
    tx.ajouter_tache(&id, Genre::Avertissement.cle(), &charge, cle, le).await?;
    Ok(())
}

/// Turns a notice into one mail a person. Done again after a crash, it asks for the same mails under the same keys.
pub(super) async fn developper(app: &App, tache: &Tache) -> Result<(), Erreur> {
    let Charge { candidature, avertissement, le } = serde_json::from_str(&tache.charge)?;
    let mut tx = app.registre.ecrire().await?;
    let Some(candidature) = tx.load_candidature(candidature).await? else { return Ok(()) };
    for (rang, courrier) in texte::courriers(&avertissement, &candidature).into_iter().enumerate() {
        for adresse in destinataires(&mut tx, &candidature, courrier.a).await? {
            let cle = format!("courriel:{}:{rang}:{adresse}", tache.id);
            let lettre = Lettre {
                a: adresse,
                objet: format!("{} – {}", courrier.objet, candidature.nru),
                corps: courrier.corps.clone(),
                chemin: courrier.chemin.clone(),
                le,
            };
            courriel::demander(&mut tx, app, &lettre, Some(&cle)).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

async fn destinataires(
    tx: &mut Tx,
    candidature: &Candidature,
    cercle: Cercle,
) -> Result<BTreeSet<String>, Erreur> {
    match cercle {
        Cercle::Deposants | Cercle::Responsables => industriels(tx, candidature, cercle).await,
        Cercle::Instruction => instruction(tx, candidature).await,
        Cercle::Administrateurs => agence(tx, Qualite::Administrateur).await,
        Cercle::Cnda => agence(tx, Qualite::Cnda).await,
        Cercle::Auditeurs => agence(tx, Qualite::Auditeur).await,
        Cercle::College => agence(tx, Qualite::College).await,
    }
}

async fn industriels(
    tx: &mut Tx,
    candidature: &Candidature,
    cercle: Cercle,
) -> Result<BTreeSet<String>, Erreur> {
    let Some(structure) = tx.load_structure(candidature.structure).await? else {
        return Ok(BTreeSet::new());
    };
    let mut adresses: BTreeSet<String> = structure
        .membres
        .iter()
        .filter(|membre| membre.role.gere_les_comptes())
        .map(|membre| membre.courriel.to_lowercase())
        .collect();
    adresses.insert(candidature.formulaire.valeur("contact_courriel").to_lowercase());
    if cercle == Cercle::Deposants
        && let Some(produit) = tx.load_produit(candidature.produit).await?
    {
        let deposants = produit.collaborateurs.iter().filter(|un| un.droit >= Droit::Depot);
        adresses.extend(deposants.filter_map(|un| adresse_de(&structure, un.personne)));
    }
    adresses.remove("");
    Ok(adresses)
}

fn adresse_de(structure: &Structure, personne: Id<Personne>) -> Option<String> {
    structure.membre(personne).map(|membre| membre.courriel.to_lowercase())
}

async fn instruction(tx: &mut Tx, candidature: &Candidature) -> Result<BTreeSet<String>, Erreur> {
    if let Some(referent) = candidature.referent.as_ref().and_then(|acteur| acteur.personne)
        && let Some(personne) = tx.load_personne(referent).await?
    {
        return Ok(BTreeSet::from([personne.courriel.to_lowercase()]));
    }
    agence(tx, Qualite::Verificateur).await
}

async fn agence(tx: &mut Tx, role: Qualite) -> Result<BTreeSet<String>, Erreur> {
    let personnes = tx.load_personnes_agence().await?;
    let du_role = personnes.iter().filter(|personne| personne.roles_agence.contains(&role));
    Ok(du_role.map(|personne| personne.courriel.to_lowercase()).filter(|un| !un.is_empty()).collect())
}
