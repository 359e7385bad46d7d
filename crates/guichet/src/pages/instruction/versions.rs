//! Two versions of a preuve side by side, with what changed between them.

mod lignes;

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use domaine::{
    calendrier::{date_courte, date_heure_fr},
    candidature::Candidature,
    chapitre::{Chapitre, Emplacement},
    id::Id,
    preuve::{Contenu, Preuve, Sortie},
};
use jiff::Timestamp;
use serde::Deserialize;
use web::{Cadre, Genre, Lien};

use super::{chapitre::vue::lignes_fiche, genre_appreciation};
use crate::{
    acces::Ici, app::App, cadre::cadre, depot::taille_lisible, erreur::Erreur,
    pages::fichier::apercu::VISIBLES,
};
use lignes::Cote;

/// Largest text file that is compared line by line, in bytes.
const TEXTE_MAX: u64 = 256 * 1024;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Demande {
    /// The other version; the one before when it is not given.
    avec: String,
}

#[derive(Template)]
#[template(path = "instruction/versions.html")]
struct Page {
    cadre: Cadre,
    attendue: String,
    titre: String,
    retour: String,
    versions: Vec<Lien>,
    volets: Vec<Volet>,
    /// Fields of the two sheets of a test d’intrusion: name, before, after, changed.
    champs: Vec<(&'static str, String, String, bool)>,
    identiques: bool,
}

struct Volet {
    titre: String,
    depot: String,
    sortie: &'static str,
    /// On the side after: what it has that the other lacks was added.
    recente: bool,
    metadonnees: Vec<(&'static str, String)>,
    fichier: Option<(String, String, bool)>,
    sha256: String,
    lien: String,
    lignes: Vec<lignes::Ligne>,
    verdict: Option<(Genre, &'static str, String)>,
}

/// The versions of the line to which a preuve belongs, oldest first.
fn lignee(slot: &Emplacement, preuve: Id<Preuve>, jusqua: Timestamp) -> Vec<&Preuve> {
    let mut premiere = preuve;
    while let Some(avant) =
        slot.preuves.iter().find(|autre| autre.sortie == Some(Sortie::RemplaceePar(premiere)))
    {
        premiere = avant.id;
    }
    let mut versions = Vec::new();
    let mut suivante = Some(premiere);
    while let Some(version) = suivante.and_then(|id| slot.preuve(id)).filter(|un| un.deposee_le <= jusqua) {
        suivante = match &version.sortie {
            Some(Sortie::RemplaceePar(apres)) => Some(*apres),
            _ => None,
        };
        versions.push(version);
    }
    versions
}

fn trouver<'a>(
    candidature: &'a Candidature,
    id: &str,
) -> Option<(&'a Chapitre, &'a Emplacement, Id<Preuve>)> {
    candidature.chapitres.iter().find_map(|chapitre| {
        chapitre.emplacements.iter().find_map(|slot| {
            let preuve = slot.preuves.iter().find(|preuve| preuve.id.to_string() == id)?;
            Some((chapitre, slot, preuve.id))
        })
    })
}

pub async fn voir(
    State(app): State<App>,
    ici: Ici,
    Path((_, preuve)): Path<(Id<Candidature>, String)>,
    Query(demande): Query<Demande>,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let (chapitre, slot, preuve) = trouver(candidature, &preuve).ok_or(Erreur::Introuvable)?;
    // What the industriel has not submitted again yet stays his own.
    let jusqua = chapitre.lisible_jusqua().ok_or(Erreur::Introuvable)?;
    let versions = lignee(slot, preuve, jusqua);
    let rang = versions.iter().position(|version| version.id == preuve).ok_or(Erreur::Introuvable)?;
    let autre = versions.iter().position(|version| version.id.to_string() == demande.avec);
    let autre = autre.unwrap_or(if rang > 0 { rang - 1 } else { 1.min(versions.len() - 1) });
    let (avant, apres) = (versions[rang.min(autre)], versions[rang.max(autre)]);
    let base = format!("/candidatures/{}", candidature.id);
    let (gauche, droite) = comparer(&app, avant, apres).await?;
    let champs = match (&avant.contenu, &apres.contenu) {
        (Contenu::TestIntrusion(avant), Contenu::TestIntrusion(apres)) => lignes_fiche(avant)
            .into_iter()
            .zip(lignes_fiche(apres))
            .map(|((nom, avant), (_, apres))| {
                let change = avant != apres;
                (nom, avant, apres, change)
            })
            .collect(),
        _ => Vec::new(),
    };
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let retour = format!("{base}/instruction/chapitres/{}", chapitre.code);
    let fil = [
        ("Instruction", "/instruction"),
        (candidature.titre.as_str(), base.as_str()),
        (chapitre.code.as_str(), retour.as_str()),
    ];
    let liens = versions
        .iter()
        .filter(|version| version.id != apres.id)
        .map(|version| {
            let url = format!("{base}/instruction/versions/{}?avec={}", apres.id, version.id);
            let libelle = format!("Version {} et version {}", version.numero_version, apres.numero_version);
            Lien::nouveau(&libelle, &url).actif(version.id == avant.id)
        })
        .collect();
    Ok(web::page(&Page {
        cadre: cadre(&app, Some(&ici), &format!("Versions de {}", slot.attendue), &retour, &fil),
        attendue: slot.attendue.clone(),
        titre: referentiel.attendue(&slot.attendue).map_or_else(String::new, |une| une.titre.clone()),
        retour: format!("{retour}#p-{}", versions.last().map_or(preuve, |derniere| derniere.id)),
        versions: liens,
        identiques: avant.id != apres.id && avant.contenu == apres.contenu,
        volets: if avant.id == apres.id {
            vec![volet(&base, apres, droite, true)]
        } else {
            vec![volet(&base, avant, gauche, false), volet(&base, apres, droite, true)]
        },
        champs,
    }))
}

/// The lines of both sides, when both are texts that can be compared.
async fn comparer(
    app: &App,
    avant: &Preuve,
    apres: &Preuve,
) -> Result<(Vec<lignes::Ligne>, Vec<lignes::Ligne>), Erreur> {
    let (Some(avant), Some(apres)) = (texte(app, avant).await?, texte(app, apres).await?) else {
        return Ok((Vec::new(), Vec::new()));
    };
    Ok((lignes::cote(&avant, &apres, Cote::Avant), lignes::cote(&avant, &apres, Cote::Apres)))
}

async fn texte(app: &App, preuve: &Preuve) -> Result<Option<String>, Erreur> {
    Ok(match &preuve.contenu {
        Contenu::Texte(texte) => Some(texte.clone()),
        Contenu::NonApplicable { justification } => Some(justification.clone()),
        Contenu::Fichier(fichier) if fichier.taille <= TEXTE_MAX && fichier.mime.starts_with("text/") => {
            String::from_utf8(app.magasin.lire(&fichier.sha256).await?.into()).ok()
        }
        Contenu::Fichier(_) | Contenu::Lien(_) | Contenu::TestIntrusion(_) => None,
    })
}

fn volet(base: &str, preuve: &Preuve, lignes: Vec<lignes::Ligne>, recente: bool) -> Volet {
    let mut metadonnees = vec![
        ("Forme", preuve.kind.libelle().to_owned()),
        ("Date réelle", date_courte(preuve.date_reelle)),
        ("Version du logiciel", preuve.version_logiciel.clone()),
        ("Commentaire", preuve.commentaire.clone()),
    ];
    let fichier = preuve.contenu.fichier();
    if let Some(fichier) = fichier {
        metadonnees.push(("Type", fichier.mime.clone()));
        metadonnees.push(("Taille", taille_lisible(fichier.taille)));
    }
    metadonnees.retain(|(_, valeur)| !valeur.is_empty());
    Volet {
        titre: format!("Version {}", preuve.numero_version),
        depot: format!("{}, par {}", date_heure_fr(preuve.deposee_le), preuve.deposee_par.nom),
        sortie: match &preuve.sortie {
            None => "En cours",
            Some(Sortie::RemplaceePar(_)) => "Remplacée",
            Some(Sortie::Retiree { .. }) => "Retirée",
        },
        recente,
        metadonnees,
        fichier: fichier.map(|fichier| {
            let url = format!("{base}/fichiers/{}", fichier.sha256);
            (fichier.nom.to_string(), url, VISIBLES.contains(&fichier.mime.as_str()))
        }),
        sha256: fichier.map_or_else(String::new, |fichier| fichier.sha256.clone()),
        lien: if let Contenu::Lien(lien) = &preuve.contenu { lien.clone() } else { String::new() },
        lignes,
        verdict: preuve.verdict.as_ref().map(|verdict| {
            (genre_appreciation(verdict.appreciation), verdict.appreciation.libelle(), verdict.motif.clone())
        }),
    }
}
