//! A session of the collège: its agenda, and the dossier at hand with the form of its decision.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use domaine::{
    avis::VerdictAvis,
    calendrier::{date_fr, date_heure_fr},
    candidature::{Candidature, Etat},
    chapitre::Emplacement,
    college::{Avis, Inscription, Session},
    id::Id,
    permission::{Acte, Objet},
    structure::Personne,
};
use http::StatusCode;
use registre::{FiltreCandidatures, ModeleMessage, Tx};
use serde::Deserialize;
use web::{Cadre, Champs, Choix, Genre};

use crate::{acces::Ici, app::App, avancement, cadre::cadre, erreur::Erreur};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Demande {
    dossier: String,
}

#[derive(Template)]
#[template(path = "college/voir.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    url: String,
    titre: String,
    lieu: String,
    close: bool,
    dossiers: Vec<LigneVue>,
    detail: Option<Dossier>,
    /// Complete dossiers that may be added.
    prets: Vec<Choix>,
    peut_administrer: bool,
    /// Every dossier has its decision.
    decidee: bool,
    /// Ready-made motives.
    modeles: Vec<ModeleMessage>,
}

struct LigneVue {
    id: String,
    nru: String,
    titre: String,
    denomination: String,
    profils: String,
    genre: Genre,
    etat: String,
    ouvert: bool,
    /// No longer before the collège, and nothing decided: may be taken off the agenda.
    retirable: bool,
}

struct Dossier {
    id: String,
    nru: String,
    titre: String,
    chapitres: Vec<ChapitreVue>,
    arbitrages: Vec<String>,
    /// When its synthesis was frozen, and the SHA-256 of that PDF.
    synthese: Option<(String, String)>,
    decision: Option<DecisionVue>,
    recusations: Vec<(String, String)>,
    /// Why this person can't decide; the form is not shown.
    empechement: Option<String>,
    peut_decider: bool,
    peut_recuser: bool,
    choix: Vec<Choix>,
    rouvrables: Vec<Choix>,
}

struct ChapitreVue {
    titre: String,
    url: String,
    etat: &'static str,
    genre: Genre,
    preuves: usize,
}

struct DecisionVue {
    genre: Genre,
    avis: &'static str,
    motif: String,
    par: String,
    le: String,
}

pub async fn voir(
    State(app): State<App>,
    ici: Ici,
    Path(id): Path<Id<Session>>,
    Query(demande): Query<Demande>,
) -> Result<Response, Erreur> {
    montrer(&app, &ici, id, demande.dossier.parse().ok(), StatusCode::OK, Champs::vides()).await
}

fn titre_avis(avis: &Avis) -> &'static str {
    match avis {
        Avis::Favorable => "Favorable",
        Avis::Complement { .. } => "Complément demandé",
        Avis::Refus => "Refus",
    }
}

fn genre_avis(avis: &Avis) -> Genre {
    match avis {
        Avis::Favorable => Genre::Succes,
        Avis::Complement { .. } => Genre::Attention,
        Avis::Refus => Genre::Erreur,
    }
}

pub(super) async fn montrer(
    app: &App,
    ici: &Ici,
    id: Id<Session>,
    dossier: Option<Id<Candidature>>,
    statut: StatusCode,
    f: Champs,
) -> Result<Response, Erreur> {
    let mut tx = app.registre.lire().await?;
    let session = super::charger(&mut tx, id).await?;
    let mut dossiers = Vec::new();
    let (mut detail, mut ouverte) = (None, None);
    for inscription in &session.dossiers {
        let Some(candidature) = tx.load_candidature(inscription.candidature).await? else { continue };
        let ouvert = dossier == Some(candidature.id);
        if ouvert {
            detail = Some(composer(ici, &session, inscription, &candidature));
        }
        dossiers.push(ligne(&session, inscription, &candidature, ouvert));
        if ouvert {
            ouverte = Some(candidature.valeur);
        }
    }
    let peut_administrer = ici.peut(Objet::College, Acte::Administrer) && !session.close;
    let prets = if peut_administrer { prets(&mut tx).await? } else { Vec::new() };
    let modeles = match &ouverte {
        Some(candidature) => crate::modeles::load(&mut tx, "refus", candidature, "").await?,
        None => Vec::new(),
    };
    let titre = format!("Session du {}", date_fr(session.date));
    let page = Page {
        cadre: cadre(app, Some(ici), &titre, &super::url(id), &[("Collège", "/college")]),
        f,
        url: super::url(id),
        titre,
        lieu: session.lieu.clone(),
        close: session.close,
        decidee: !session.dossiers.is_empty()
            && session.dossiers.iter().all(|inscription| inscription.decision.is_some()),
        dossiers,
        detail,
        prets,
        peut_administrer,
        modeles,
    };
    Ok(web::page_avec(statut, &page))
}

async fn prets(tx: &mut Tx) -> Result<Vec<Choix>, Erreur> {
    let filtre = FiltreCandidatures {
        etat: "depot_complet".to_owned(),
        par_page: 100,
        ..FiltreCandidatures::default()
    };
    let (prets, _) = tx.load_candidatures(&filtre).await?;
    Ok(prets
        .iter()
        .map(|pret| {
            let libelle = format!("{} · {}", pret.candidature.nru, pret.candidature.titre);
            Choix::nouveau(&pret.candidature.id.to_string(), &libelle).aide(&pret.denomination)
        })
        .collect())
}

fn ligne(session: &Session, inscription: &Inscription, candidature: &Candidature, ouvert: bool) -> LigneVue {
    let attend = candidature.etat == Etat::EnCollege { session: session.id };
    let (genre, etat) = match &inscription.decision {
        None if !attend => (Genre::Neutre, candidature.etat.libelle().to_owned()),
        Some(decision) => (genre_avis(&decision.avis), titre_avis(&decision.avis).to_owned()),
        None => (Genre::Info, "À décider".to_owned()),
    };
    let profils: Vec<&str> = candidature.profils().iter().map(|profil| profil.code()).collect();
    LigneVue {
        id: candidature.id.to_string(),
        nru: candidature.nru.to_string(),
        titre: candidature.titre.clone(),
        denomination: candidature.formulaire.valeur("denomination").to_owned(),
        profils: profils.join(", "),
        genre,
        etat,
        ouvert,
        retirable: !attend && inscription.decision.is_none() && !session.close,
    }
}

fn composer(ici: &Ici, session: &Session, inscription: &Inscription, candidature: &Candidature) -> Dossier {
    let base = format!("/candidatures/{}", candidature.id);
    let membre = ici.peut(Objet::College, Acte::Juger);
    let a_decider = inscription.decision.is_none()
        && !session.close
        && matches!(&candidature.etat, Etat::EnCollege { session: la } if *la == session.id);
    let empechement = empechement(session, candidature, &ici.personne);
    Dossier {
        id: candidature.id.to_string(),
        nru: candidature.nru.to_string(),
        titre: candidature.titre.clone(),
        chapitres: candidature
            .chapitres
            .iter()
            .map(|chapitre| ChapitreVue {
                titre: format!("{} · {}", chapitre.code, chapitre.titre),
                url: format!("{base}/instruction/chapitres/{}", chapitre.code),
                etat: chapitre.etat.libelle(),
                genre: avancement::genre_chapitre(&chapitre.etat),
                preuves: chapitre.emplacements.iter().flat_map(Emplacement::courantes).count(),
            })
            .collect(),
        arbitrages: arbitrages(candidature),
        synthese: candidature.synthese_figee().map(|figee| (date_heure_fr(figee.le), figee.sha256.clone())),
        decision: inscription.decision.as_ref().map(|decision| DecisionVue {
            genre: genre_avis(&decision.avis),
            avis: decision.avis.libelle(),
            motif: decision.motif.clone(),
            par: decision.par.nom.clone(),
            le: date_heure_fr(decision.le),
        }),
        recusations: session
            .recusations
            .iter()
            .filter(|recusation| recusation.candidature == candidature.id)
            .map(|recusation| (recusation.par.nom.clone(), recusation.motif.clone()))
            .collect(),
        peut_decider: membre && a_decider && empechement.is_none(),
        peut_recuser: membre && a_decider && !session.recuse(candidature.id, &ici.acteur()),
        empechement: empechement.filter(|_| membre && a_decider),
        choix: vec![
            Choix::nouveau("favorable", "Favorable")
                .genre(Genre::Succes)
                .aide("Une habilitation est préparée pour chaque profil, à la signature."),
            Choix::nouveau("complement", "Complément demandé")
                .genre(Genre::Attention)
                .aide("Les chapitres choisis sont rouverts."),
            Choix::nouveau("refus", "Refus").genre(Genre::Erreur).aide("La candidature est close."),
        ],
        rouvrables: candidature
            .chapitres
            .iter()
            .map(|chapitre| {
                Choix::nouveau(&chapitre.code, &format!("{} · {}", chapitre.code, chapitre.titre))
            })
            .collect(),
    }
}

/// Why this person takes no part in the decision, in words.
fn empechement(session: &Session, candidature: &Candidature, personne: &Personne) -> Option<String> {
    if candidature.instruite_par(personne.id) {
        let codes: Vec<&str> = candidature
            .chapitres
            .iter()
            .filter(|chapitre| {
                chapitre.instructeur.as_ref().is_some_and(|acteur| acteur.est(personne.id))
                    || chapitre
                        .emplacements
                        .iter()
                        .flat_map(|slot| &slot.preuves)
                        .any(|preuve| preuve.verdict.as_ref().is_some_and(|un| un.par.est(personne.id)))
            })
            .map(|chapitre| chapitre.code.as_str())
            .collect();
        let quoi = if codes.is_empty() {
            "le formulaire administratif".to_owned()
        } else {
            format!("le chapitre {}", codes.join(", "))
        };
        return Some(format!(
            "Vous avez instruit {quoi} de ce dossier. Qui instruit ne décide pas : un autre membre du collège prend la décision."
        ));
    }
    session
        .recusations
        .iter()
        .any(|recusation| recusation.candidature == candidature.id && recusation.par.est(personne.id))
        .then(|| "Vous vous êtes récusé sur ce dossier : un autre membre décide.".to_owned())
}

/// What the published rules leave to the agency: the automatic checks that could not tell.
pub(super) fn arbitrages(candidature: &Candidature) -> Vec<String> {
    let mut points = Vec::new();
    for slot in candidature.chapitres.iter().flat_map(|chapitre| &chapitre.emplacements) {
        for avis in slot.courantes().flat_map(|preuve| &preuve.avis) {
            if avis.verdict == VerdictAvis::Indetermine {
                let raisons = avis.raisons.join(" ");
                points.push(format!("{} · {} : {raisons}", slot.attendue, avis.controle.libelle()));
            }
        }
    }
    points
}
