//! The structured sheet of a test d’intrusion (spec guichets §2.6), with what the rules say of it before it is deposited.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    candidature::{Candidature, depot::Depot},
    chapitre::Emplacement,
    id::Id,
    preuve::{Contenu, Preuve},
    referentiel::Kind,
    test_intrusion::{self, Fiche, Resultat, TypeApplication},
};
use http::StatusCode;
use serde::Deserialize;
use web::{Cadre, Champs, Choix, Formulaire, Genre, Saisie};

use super::{AvisVu, avis_vus, trouver};
use crate::{
    acces::Ici,
    app::App,
    cadre::{cadre, depart},
    erreur::Erreur,
    session, verifications,
};

/// Names of the fields, which are those of [`test_intrusion::Saisie`].
const CHAMPS: [&str; 14] = [
    "application",
    "version",
    "description",
    "type_application",
    "organisme",
    "qualification_passi",
    "qualification_jusquau",
    "auditeur",
    "date_test",
    "date_signature",
    "ko_haute",
    "ko_moyenne",
    "non_applicables",
    "resultat",
];

#[derive(Template)]
#[template(path = "preuve/test_intrusion.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    url: String,
    titre: String,
    url_slot: String,
    /// Where the form to be signed is downloaded; empty when there is none.
    modele: String,
    types: Vec<Choix>,
    resultats: Vec<Choix>,
    /// What the rules say of the sheet as typed.
    avis: Vec<AvisVu>,
    remplace: String,
    envoi: String,
    aujourdhui: String,
}

#[derive(Deserialize)]
pub struct Parametres {
    #[serde(default)]
    remplace: String,
}

type Chemin = Path<(String, String, String)>;

pub async fn voir(
    State(app): State<App>,
    ici: Ici,
    Path((_, code, attendue)): Chemin,
    Query(demande): Query<Parametres>,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let slot = candidature.chapitre(&code).and_then(|chapitre| chapitre.emplacement(&attendue));
    let ancienne = slot.into_iter().flat_map(Emplacement::courantes).find_map(|preuve| {
        let la = preuve.id.to_string() == demande.remplace;
        if let (true, Contenu::TestIntrusion(fiche)) = (la, &preuve.contenu) { Some(fiche) } else { None }
    });
    let f = match ancienne {
        Some(fiche) => remplir(fiche),
        None => Champs::vides()
            .avec("application", candidature.formulaire.valeur("logiciel"))
            .avec("version", candidature.formulaire.valeur("version"))
            .avec("non_applicables", "0"),
    };
    let jeton = app.alea.jeton();
    page(&app, &ici, (&code, &attendue), StatusCode::OK, f, Vec::new(), &demande.remplace, &jeton)
}

fn remplir(fiche: &Fiche) -> Champs {
    [
        ("application", fiche.application.as_str().to_owned()),
        ("version", fiche.version.to_string()),
        ("description", fiche.description.as_str().to_owned()),
        ("type_application", fiche.type_application.code().to_owned()),
        ("organisme", fiche.organisme.as_str().to_owned()),
        ("qualification_passi", fiche.qualification_passi.as_str().to_owned()),
        ("qualification_jusquau", fiche.qualification_jusquau.to_string()),
        ("auditeur", fiche.auditeur.as_str().to_owned()),
        ("date_test", fiche.date_test.to_string()),
        ("date_signature", fiche.date_signature.to_string()),
        ("ko_haute", fiche.ko_haute.to_string()),
        ("ko_moyenne", fiche.ko_moyenne.to_string()),
        ("non_applicables", fiche.non_applicables.to_string()),
        ("resultat", fiche.resultat.code().to_owned()),
    ]
    .into_iter()
    .fold(Champs::vides(), |f, (champ, valeur)| f.avec(champ, valeur))
}

#[expect(clippy::too_many_arguments, reason = "each one is a part of the page that only the handlers know")]
fn page(
    app: &App,
    ici: &Ici,
    (code, attendue): (&str, &str),
    statut: StatusCode,
    f: Champs,
    avis: Vec<AvisVu>,
    remplace: &str,
    envoi: &str,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let chapitre = candidature.chapitre(code).ok_or(Erreur::Introuvable)?;
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let (_, _, attendu) = trouver(referentiel, attendue).ok_or(Erreur::Introuvable)?;
    if chapitre.emplacement(attendue).is_none() || !attendu.kinds.contains(&Kind::FormulaireTi) {
        return Err(Erreur::Introuvable);
    }
    let dossier = format!("/candidatures/{}", candidature.id);
    let url_chapitre = format!("{dossier}/chapitres/{code}");
    let url_slot = format!("{url_chapitre}/preuves/{attendue}");
    let url = format!("{url_slot}/test-intrusion");
    let fil = [
        depart(ici),
        (candidature.titre.as_str(), dossier.as_str()),
        (chapitre.titre.as_str(), url_chapitre.as_str()),
        (attendu.titre.as_str(), url_slot.as_str()),
    ];
    let page = Page {
        cadre: cadre(app, Some(ici), "Fiche du test d’intrusion", &url, &fil),
        f,
        titre: attendu.titre.clone(),
        modele: if attendu.modele.is_empty() {
            String::new()
        } else {
            format!("/referentiel/modeles/{}", attendu.modele)
        },
        types: TypeApplication::TOUS.map(|un| Choix::nouveau(un.code(), un.libelle())).to_vec(),
        resultats: Resultat::TOUS.map(|un| Choix::nouveau(un.code(), un.libelle())).to_vec(),
        avis,
        remplace: remplace.to_owned(),
        envoi: envoi.to_owned(),
        aujourdhui: app.aujourdhui().to_string(),
        url,
        url_slot,
    };
    Ok(web::page_avec(statut, &page))
}

fn lire(saisie: &Saisie) -> test_intrusion::Saisie {
    let texte = |champ| saisie.texte(champ).to_owned();
    test_intrusion::Saisie {
        application: texte("application"),
        version: texte("version"),
        description: texte("description"),
        type_application: texte("type_application"),
        organisme: texte("organisme"),
        qualification_passi: texte("qualification_passi"),
        qualification_jusquau: texte("qualification_jusquau"),
        auditeur: texte("auditeur"),
        date_test: texte("date_test"),
        date_signature: texte("date_signature"),
        ko_haute: texte("ko_haute"),
        ko_moyenne: texte("ko_moyenne"),
        non_applicables: texte("non_applicables"),
        resultat: texte("resultat"),
    }
}

/// « Vérifier » shows what the rules say, « Déposer » deposits.
pub async fn deposer(
    State(app): State<App>,
    ici: Ici,
    Path((_, code, attendue)): Chemin,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let (_, _, attendu) = trouver(referentiel, &attendue).ok_or(Erreur::Introuvable)?;
    let retour = format!("/candidatures/{}/chapitres/{code}#{attendue}", candidature.id);
    let (jeton, remplace) = (saisie.texte("envoi").to_owned(), saisie.texte("remplace").to_owned());
    if !jeton.is_empty() && app.registre.lire().await?.load_envoi(&jeton).await?.is_some() {
        return Ok(Redirect::to(&retour).into_response());
    }
    let mut f = CHAMPS.into_iter().fold(Champs::vides(), |f, champ| f.avec(champ, saisie.texte(champ)));
    let ou = (code.as_str(), attendue.as_str());
    let fiche = match lire(&saisie).valider(app.aujourdhui()) {
        Ok(fiche) => fiche,
        Err(refus) => {
            for un in refus {
                f.refuser(un.champ(), un.to_string());
            }
            let statut = StatusCode::UNPROCESSABLE_ENTITY;
            return page(&app, &ici, ou, statut, f, Vec::new(), &remplace, &jeton);
        }
    };
    let date_reelle = fiche.date_test;
    let version_logiciel = fiche.version.to_string();
    let contenu = Contenu::TestIntrusion(Box::new(fiche));
    let avis = verifications::controler(&app, candidature, attendu, Kind::FormulaireTi, &contenu).await?;
    if saisie.texte("acte") == "verifier" {
        return page(&app, &ici, ou, StatusCode::OK, f, avis_vus(&avis), &remplace, &jeton);
    }
    let preuve = Preuve {
        id: app.id(),
        kind: Kind::FormulaireTi,
        contenu,
        date_reelle,
        version_logiciel,
        commentaire: String::new(),
        deposee_par: ici.acteur(),
        deposee_le: app.maintenant(),
        numero_version: 1,
        sortie: None,
        avis: avis.clone(),
        verdict: None,
    };
    match enregistrer(&app, &ici, ou, &preuve, &remplace, &jeton).await {
        Ok(()) => {
            session::aviser(
                &app,
                &ici,
                Genre::Succes,
                "Fiche déposée. Joignez aussi le formulaire signé en PDF.",
            )
            .await?;
            Ok(Redirect::to(&retour).into_response())
        }
        Err(Erreur::Registre(registre::Erreur::Conflit)) => Ok(Redirect::to(&retour).into_response()),
        Err(Erreur::Refus(refus)) => {
            f.refuser("", refus);
            let statut = StatusCode::UNPROCESSABLE_ENTITY;
            page(&app, &ici, ou, statut, f, avis_vus(&avis), &remplace, &jeton)
        }
        Err(erreur) => Err(erreur),
    }
}

async fn enregistrer(
    app: &App,
    ici: &Ici,
    (code, attendue): (&str, &str),
    preuve: &Preuve,
    remplace: &str,
    jeton: &str,
) -> Result<(), Erreur> {
    let candidature = ici.candidature()?;
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let remplace: Option<Id<Preuve>> = remplace.parse().ok();
    let (par, le, aujourdhui) = (ici.acteur(), app.maintenant(), app.aujourdhui());
    let acte = |lue: Candidature| {
        let depot = Depot { chapitre: code, attendue, preuve: preuve.clone(), remplace, aujourdhui };
        lue.deposer(depot, referentiel, &par, le)
    };
    let (mut tx, _) = app.engager(candidature.id, acte).await?;
    if !jeton.is_empty() {
        tx.save_envoi(jeton, attendue, le).await?;
    }
    app.conclure(tx).await
}
