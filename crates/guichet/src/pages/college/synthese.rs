//! The synthesis of a dossier as a PDF, for the members of the collège.
//!
//! Rule: it says what is in the dossier on the day it is made, and which files (by SHA-256) each verdict was given on. It is
//! made when the dossier is put on an agenda, and that one is kept: what the collège has read can be shown later.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use document::{Bloc, Feuille};
use domaine::{
    calendrier::{date_courte, date_heure_fr},
    candidature::{Candidature, Etat},
    chapitre::Chapitre,
    preuve::{Contenu, Preuve},
    referentiel::Referentiel,
};
use http::{HeaderValue, header};

use super::voir::arbitrages;
use crate::{acces::Ici, app::App, erreur::Erreur};

pub async fn telecharger(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let octets = match candidature.synthese_figee() {
        Some(figee) => app.magasin.lire(&figee.sha256).await?,
        None => composer(&app, candidature).await?.into(),
    };
    let nom = format!("inline; filename=\"synthese-{}.pdf\"", candidature.nru);
    let nom = HeaderValue::try_from(nom).map_err(|_| Erreur::Interne("a NRU that is not ASCII"))?;
    let entetes = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CONTENT_DISPOSITION, nom),
    ];
    Ok((entetes, octets).into_response())
}

/// Draws the synthesis of the dossier as it is given here.
pub(super) async fn composer(app: &App, candidature: &Candidature) -> Result<Vec<u8>, Erreur> {
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let mut tx = app.registre.lire().await?;
    let messages = tx.load_messages(candidature.id).await?;
    let echanges = (
        messages.iter().filter(|message| message.agence).count(),
        messages.iter().filter(|message| !message.agence).count(),
    );
    let structure = tx.load_structure(candidature.structure).await?.ok_or(Erreur::Introuvable)?;
    let session = match &candidature.etat {
        Etat::EnCollege { session } => tx.load_session_college(*session).await?,
        _ => None,
    };
    drop(tx);
    let mut blocs = identite(candidature, &structure.denomination, echanges);
    if let Some(session) = session {
        blocs.push(Bloc::Paragraphe(format!(
            "Session du collège : **{}**, {}.",
            date_courte(session.date),
            session.lieu
        )));
    }
    blocs.push(Bloc::Intertitre("Points laissés à l’arbitrage".to_owned()));
    let points = arbitrages(candidature);
    blocs.push(if points.is_empty() {
        Bloc::Paragraphe("Aucun contrôle automatique n’a laissé de point à arbitrer.".to_owned())
    } else {
        Bloc::Liste(points)
    });
    for chapitre in &candidature.chapitres {
        decrire(chapitre, referentiel, &mut blocs);
    }
    let feuille = Feuille {
        titre: format!("Synthèse du dossier {}", candidature.nru),
        sujet: candidature.titre.clone(),
        auteur: app.config.agence.nom.clone(),
        le: app.maintenant(),
        numero: format!("SYN-{}", candidature.nru),
        blocs,
        pieces_jointes: Vec::new(),
        pied: format!(
            "Document de travail du collège, interne à l’agence. Référentiel {}.",
            candidature.referentiel
        ),
    };
    let octets = tokio::task::spawn_blocking(move || document::rendre(&feuille))
        .await
        .map_err(|_| Erreur::Interne("the synthesis could not be made"))??;
    Ok(octets)
}

fn identite(candidature: &Candidature, denomination: &str, echanges: (usize, usize)) -> Vec<Bloc> {
    let valeur = |cle: &str| candidature.formulaire.valeur(cle).to_owned();
    let profils: Vec<&str> = candidature.profils().iter().map(|profil| profil.libelle()).collect();
    let mut champs = vec![
        ("NRU".to_owned(), format!("**{}**", candidature.nru)),
        ("Guichet".to_owned(), candidature.guichet.libelle().to_owned()),
        ("Produit".to_owned(), candidature.titre.clone()),
        ("Version candidate".to_owned(), valeur("version")),
        ("Société".to_owned(), denomination.to_owned()),
        ("SIRET".to_owned(), valeur("siret")),
        ("Profils".to_owned(), profils.join(", ")),
        ("Client ID".to_owned(), valeur("client_id")),
        ("État".to_owned(), candidature.etat.libelle().to_owned()),
        ("Créée le".to_owned(), date_heure_fr(candidature.creee_le)),
        (
            "Référent".to_owned(),
            candidature.referent.as_ref().map_or("Personne".to_owned(), |un| un.nom.clone()),
        ),
        (
            "Échanges".to_owned(),
            format!("{} messages de l’agence, {} de l’industriel", echanges.0, echanges.1),
        ),
    ];
    champs.retain(|(_, valeur)| !valeur.is_empty());
    vec![Bloc::Titre(format!("Synthèse du dossier {}", candidature.nru)), Bloc::Champs(champs)]
}

fn decrire(chapitre: &Chapitre, referentiel: &Referentiel, blocs: &mut Vec<Bloc>) {
    blocs.push(Bloc::Intertitre(format!("{} · {}", chapitre.code, chapitre.titre)));
    let instructeur = chapitre.instructeur.as_ref().map_or("personne", |acteur| acteur.nom.as_str());
    blocs.push(Bloc::Paragraphe(format!(
        "**{}**. Soumis {} fois, instruit par {instructeur}.",
        chapitre.etat.libelle(),
        chapitre.soumissions
    )));
    let mut lignes = Vec::new();
    for slot in &chapitre.emplacements {
        let titre = referentiel.attendue(&slot.attendue).map_or("", |attendue| &attendue.titre);
        let mut vide = true;
        for preuve in slot.courantes().filter(|preuve| chapitre.lu_par_l_agence(preuve)) {
            vide = false;
            lignes.push(vec![format!("{}\n{titre}", slot.attendue), contenu(preuve), verdict(preuve)]);
        }
        if vide {
            let quoi = if slot.obligatoire { "Absente" } else { "Absente (facultative)" };
            lignes.push(vec![format!("{}\n{titre}", slot.attendue), quoi.to_owned(), String::new()]);
        }
    }
    blocs.push(Bloc::Tableau {
        entetes: ["Preuve attendue", "Ce qui a été déposé", "Verdict"].map(str::to_owned).to_vec(),
        largeurs: vec![3.0, 5.0, 3.0],
        lignes,
    });
}

fn contenu(preuve: &Preuve) -> String {
    let quoi = match &preuve.contenu {
        Contenu::Fichier(fichier) => format!("{}\nSHA-256 {}", fichier.nom, fichier.sha256),
        Contenu::Texte(texte) => {
            let debut: String = texte.chars().take(300).collect();
            let suite = if texte.chars().nth(300).is_some() { "…" } else { "" };
            format!("Texte : {debut}{suite}")
        }
        Contenu::Lien(lien) => lien.clone(),
        Contenu::TestIntrusion(fiche) => format!(
            "Test d’intrusion du {} par {}, version {} : {} KO de gravité haute, {} de gravité moyenne, {}",
            date_courte(fiche.date_test),
            fiche.organisme,
            fiche.version,
            fiche.ko_haute,
            fiche.ko_moyenne,
            fiche.resultat.libelle()
        ),
        Contenu::NonApplicable { justification } => format!("Déclarée non applicable : {justification}"),
    };
    format!("{quoi}\nVersion {} du {}", preuve.numero_version, date_courte(preuve.date_reelle))
}

fn verdict(preuve: &Preuve) -> String {
    preuve.verdict.as_ref().map_or("Sans verdict".to_owned(), |verdict| {
        let motif = if verdict.motif.is_empty() { String::new() } else { format!("\n{}", verdict.motif) };
        format!(
            "{}{motif}\n{}, le {}",
            verdict.appreciation.libelle(),
            verdict.par.nom,
            date_heure_fr(verdict.le)
        )
    })
}
