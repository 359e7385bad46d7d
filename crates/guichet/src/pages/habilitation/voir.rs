//! One habilitation, for its holder and for the agency: its document, its links, its history, and the acts on it.

use askama::Template;
use axum::{extract::State, response::Response};
use domaine::{
    audit::{Audit, EtatAudit},
    calendrier::{date_fr, date_heure_fr},
    evenement::Sujet,
    habilitation::{EtatHabilitation, Habilitation},
    permission::{Acte, Objet},
};
use http::StatusCode;
use jiff::civil::Date;
use web::{Cadre, Champs, Genre};

use super::auteur;
use crate::{
    acces::Ici,
    app::App,
    cadre::cadre,
    documents::{self, siret},
    erreur::Erreur,
    habilitations::{self, Dependance},
    pages::candidature::renouveler,
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

struct AuditVu {
    numero: String,
    genre: Genre,
    etat: &'static str,
    dates: String,
    /// « suspendre » or « retirer », when it proposes so and nothing was decided.
    propose: &'static str,
}

/// The form of an act that this person may do now.
struct FormulaireActe {
    /// Last segment of its address, and end of the name of its field.
    cle: &'static str,
    titre: &'static str,
    explication: &'static str,
    aide: &'static str,
    bouton: &'static str,
    genre: &'static str,
    confirmer: &'static str,
}

const SUSPENDRE: FormulaireActe = FormulaireActe {
    cle: "suspendre",
    titre: "Suspendre",
    explication: "La suspension paraît au registre dès maintenant. Le titulaire et ceux qui dépendent de l’habilitation sont prévenus\u{a0}; le motif n’est montré qu’au titulaire.",
    aide: "Constat d’audit, incident, manquement aux conditions d’utilisation…",
    bouton: "Suspendre l’habilitation",
    genre: "danger",
    confirmer: "",
};
const RETABLIR: FormulaireActe = FormulaireActe {
    cle: "retablir",
    titre: "Lever la suspension",
    explication: "L’habilitation est de nouveau en vigueur dès maintenant, et le registre le dit.",
    aide: "Ce qui a été corrigé ou constaté.",
    bouton: "Lever la suspension",
    genre: "premier",
    confirmer: "",
};
const RETIRER: FormulaireActe = FormulaireActe {
    cle: "retirer",
    titre: "Retirer",
    explication: "Le retrait est définitif. Il suppose que le titulaire a pu présenter ses observations.",
    aide: "Montré au titulaire.",
    bouton: "Retirer définitivement",
    genre: "danger",
    confirmer: "Retirer définitivement cette habilitation\u{a0}?",
};

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
    candidature: Option<String>,
    dependances: Vec<Dependance>,
    dependantes: Vec<Dependante>,
    audits: Vec<AuditVu>,
    peut_auditer: bool,
    agence: bool,
    peut_signer: bool,
    /// The one-time token of « Renouveler »; empty when it is not offered.
    renouveler: String,
    /// Address of the candidature under way that renews it.
    renouvellement: String,
    actes: Vec<FormulaireActe>,
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
    let candidatures = if ici.agence() && ici.peut(Objet::Formulaire, Acte::Lire) {
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
    let audits = if ici.peut(Objet::Audit, Acte::Lire) {
        tx.load_audits_habilitation(habilitation.id).await?
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
            acteur: auteur(app, ici, &evenement.acteur),
            acte: evenement.acte,
            motif: evenement.motif.filter(|motif| !motif.is_empty()),
        })
        .collect();
    let candidatures_du_produit = tx.load_candidatures_produit(habilitation.produit).await?;
    let en_cours = if ici.peut(Objet::Formulaire, Acte::Lire) {
        renouveler::en_cours(&candidatures_du_produit, &numero)
    } else {
        None
    };
    let offerte = ici.peut(Objet::Formulaire, Acte::Soumettre)
        && en_cours.is_none()
        && renouveler::renouvelable(habilitation, le);
    let vivante = !habilitation.expiree(le)
        && matches!(habilitation.etat, EtatHabilitation::Active { .. } | EtatHabilitation::Suspendue { .. });
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
        candidature: ici.peut(Objet::Formulaire, Acte::Lire).then(|| habilitation.candidature.to_string()),
        dependances,
        dependantes: candidatures,
        audits: audits
            .iter()
            .filter(|audit| ici.agence() || audit.notifie())
            .map(|audit| audit_vu(audit, habilitation))
            .collect(),
        peut_auditer: vivante && ici.peut(Objet::Audit, Acte::Ecrire),
        agence: ici.agence(),
        peut_signer: projet && ici.peut(Objet::Habilitation, Acte::Signer),
        renouveler: if offerte { app.alea.jeton() } else { String::new() },
        renouvellement: en_cours.map_or_else(String::new, crate::avancement::url),
        actes: actes(habilitation, ici),
        historique,
        numero,
    };
    Ok(web::page_avec(statut, &modele))
}

fn audit_vu(audit: &Audit, habilitation: &Habilitation) -> AuditVu {
    let propose = match (&audit.etat, &habilitation.etat) {
        (EtatAudit::SuspensionProposee { .. }, EtatHabilitation::Active { .. }) => "suspendre",
        (
            EtatAudit::RetraitPropose { .. },
            EtatHabilitation::Active { .. } | EtatHabilitation::Suspendue { .. },
        ) => "retirer",
        _ => "",
    };
    AuditVu {
        numero: audit.numero.clone(),
        genre: crate::pages::audit::genre(&audit.etat),
        etat: audit.etat.libelle(),
        dates: periode(audit.du, audit.au),
        propose,
    }
}

fn actes(habilitation: &Habilitation, ici: &Ici) -> Vec<FormulaireActe> {
    let etat_actes = match &habilitation.etat {
        EtatHabilitation::Active { .. } => vec![(SUSPENDRE, Acte::Administrer), (RETIRER, Acte::Juger)],
        EtatHabilitation::Suspendue { .. } => vec![(RETABLIR, Acte::Administrer), (RETIRER, Acte::Juger)],
        _ => Vec::new(),
    };
    etat_actes
        .into_iter()
        .filter(|(_, acte)| ici.peut(Objet::Habilitation, *acte))
        .map(|(formulaire, _)| formulaire)
        .collect()
}

/// The reason of the state, for those who may know it.
fn pourquoi(habilitation: &Habilitation) -> String {
    match &habilitation.etat {
        EtatHabilitation::Suspendue { motif, le, .. } => {
            format!("Depuis le {}\u{a0}: {motif}", date_heure_fr(*le))
        }
        EtatHabilitation::Retiree { motif, le, .. } => format!("Le {}\u{a0}: {motif}", date_heure_fr(*le)),
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
        ("Titulaire", format!("{}, SIRET {}", contenu.denomination, siret(&contenu.siret))),
        ("Logiciel", format!("{}, version {}", contenu.logiciel, contenu.version)),
        ("Client ID", contenu.client_id.clone()),
        ("NRU", contenu.nru.to_string()),
        ("Référentiel", contenu.referentiel.clone()),
        ("Tests de conformité", periode(contenu.conformite_du, contenu.conformite_au)),
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

fn periode(du: Date, au: Date) -> String {
    if du == au { format!("le {}", date_fr(du)) } else { format!("du {} au {}", date_fr(du), date_fr(au)) }
}
