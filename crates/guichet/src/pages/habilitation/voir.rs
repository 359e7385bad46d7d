//! One habilitation, for its holder and for the agency: its document, its links, its history, and the acts on it.

use askama::Template;
use axum::{extract::State, response::Response};
use domaine::{
    calendrier::{date_fr, date_heure_fr},
    evenement::Sujet,
    habilitation::{EtatHabilitation, Habilitation},
    permission::{Acte, Objet},
};
use http::StatusCode;
use web::{Cadre, Champs, Genre};

use crate::{
    acces::Ici,
    app::App,
    cadre::cadre,
    documents,
    erreur::Erreur,
    habilitations::{self, Dependance},
};

struct Fait {
    le: String,
    acte: String,
    acteur: String,
    motif: Option<String>,
}

struct Dependante {
    nru: String,
    titre: String,
    etat: &'static str,
    url: String,
}

#[derive(Template)]
#[template(path = "habilitation/voir.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    numero: String,
    sous: String,
    genre: Genre,
    etat: &'static str,
    pourquoi: String,
    champs: Vec<(&'static str, String)>,
    document: Option<String>,
    registre: Option<String>,
    candidature: String,
    dependances: Vec<Dependance>,
    dependantes: Vec<Dependante>,
    agence: bool,
    peut_signer: bool,
    peut_suspendre: bool,
    peut_retablir: bool,
    peut_retirer: bool,
    historique: Vec<Fait>,
}

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    let habilitation = ici.habilitation()?.valeur.clone();
    page(&app, &ici, &habilitation, Champs::vides(), StatusCode::OK).await
}

/// The page, with what was typed in one of its forms when an act was refused.
pub(super) async fn page(
    app: &App,
    ici: &Ici,
    habilitation: &Habilitation,
    f: Champs,
    statut: StatusCode,
) -> Result<Response, Erreur> {
    let le = app.maintenant();
    let numero = habilitation.numero().to_owned();
    let mut tx = app.registre.lire().await?;
    let dependances = habilitations::dependances(&mut tx, habilitation, le).await?;
    let dependantes = if ici.agence() {
        tx.load_candidatures_dependantes(&numero)
            .await?
            .into_iter()
            .map(|une| Dependante {
                nru: une.nru.to_string(),
                titre: une.titre,
                etat: une.etat.libelle(),
                url: format!("/candidatures/{}", une.id),
            })
            .collect()
    } else {
        Vec::new()
    };
    let evenements =
        tx.load_evenements(&Sujet::new("candidature", habilitation.candidature), ici.agence()).await?;
    let historique = evenements
        .into_iter()
        .rev()
        .map(|lu| lu.evenement)
        .filter(|evenement| evenement.acte.ends_with(&format!("({numero})")))
        .map(|evenement| Fait {
            le: date_heure_fr(evenement.le),
            acteur: evenement.acteur.to_string(),
            acte: evenement.acte,
            motif: evenement.motif.filter(|motif| !motif.is_empty()),
        })
        .collect();
    let active = matches!(habilitation.etat, EtatHabilitation::Active { .. });
    let suspendue = matches!(habilitation.etat, EtatHabilitation::Suspendue { .. });
    let projet = habilitation.etat == EtatHabilitation::Projet;
    let fil: &[(&str, &str)] = if ici.agence() {
        &[("Habilitations", "/habilitations")]
    } else {
        &[("Tableau de bord", "/tableau-de-bord")]
    };
    let modele = Page {
        cadre: cadre(app, Some(ici), &numero, &format!("/habilitations/{numero}"), fil),
        f,
        sous: format!(
            "{} – {} {}",
            habilitation.contenu.denomination, habilitation.contenu.logiciel, habilitation.contenu.version
        ),
        genre: super::genre(habilitation, le),
        etat: habilitation.libelle_etat(le),
        pourquoi: pourquoi(habilitation),
        champs: champs(habilitation),
        document: habilitation.document().map(str::to_owned),
        registre: (!projet).then(|| documents::adresse_registre(app, &numero)),
        candidature: habilitation.candidature.to_string(),
        dependances,
        dependantes,
        agence: ici.agence(),
        peut_signer: projet && ici.peut(Objet::Habilitation, Acte::Signer),
        peut_suspendre: active && ici.peut(Objet::Habilitation, Acte::Administrer),
        peut_retablir: suspendue && ici.peut(Objet::Habilitation, Acte::Administrer),
        peut_retirer: (active || suspendue) && ici.peut(Objet::Habilitation, Acte::Juger),
        historique,
        numero,
    };
    Ok(web::page_avec(statut, &modele))
}

/// The reason of the state, for those who may know it.
fn pourquoi(habilitation: &Habilitation) -> String {
    match &habilitation.etat {
        EtatHabilitation::Suspendue { motif, le, .. } => {
            format!("Depuis le {} : {motif}", date_heure_fr(*le))
        }
        EtatHabilitation::Retiree { motif, le, .. } => format!("Le {} : {motif}", date_heure_fr(*le)),
        EtatHabilitation::Remplacee { par, le, .. } => {
            format!("Le {}, par {par}", date_heure_fr(*le))
        }
        EtatHabilitation::Projet | EtatHabilitation::Active { .. } => String::new(),
    }
}

fn champs(habilitation: &Habilitation) -> Vec<(&'static str, String)> {
    let contenu = &habilitation.contenu;
    let mut champs = vec![
        ("Profil", format!("{} – {}", contenu.profil, contenu.profil.libelle())),
        ("Titulaire", format!("{}, SIRET {}", contenu.denomination, contenu.siret)),
        ("Logiciel", format!("{}, version {}", contenu.logiciel, contenu.version)),
        ("Client ID", contenu.client_id.clone()),
        ("NRU", contenu.nru.to_string()),
        ("Référentiel", contenu.referentiel.clone()),
        (
            "Tests de conformité",
            format!("du {} au {}", date_fr(contenu.conformite_du), date_fr(contenu.conformite_au)),
        ),
        ("Décision du collège", date_fr(contenu.decision_le)),
    ];
    if let EtatHabilitation::Active { signee_le, .. } | EtatHabilitation::Suspendue { signee_le, .. } =
        &habilitation.etat
    {
        champs.push(("Signée le", date_heure_fr(*signee_le)));
    }
    champs.push(("Valable jusqu’au", format!("{} inclus", date_fr(contenu.fin))));
    champs
}
