//! One audit, for the agency and for its holder: where it stands, what it found, and the forms of the acts that this
//! person may do now.

mod vue;

use askama::Template;
use axum::{extract::State, response::Response};
use domaine::{
    audit::{Audit, EtatAudit, Gravite, OBSERVATIONS_JOURS, Partie},
    calendrier::date_fr,
    permission::{Acte, Objet},
};
use http::StatusCode;
use jiff::{Span, civil::Date};
use web::{Cadre, Champs, Choix, Genre};

use self::vue::{ConstatVue, TexteVue};
use super::{genre, url};
use crate::{
    acces::Ici,
    app::App,
    cadre::cadre,
    chronologie::{Ligne, lignes},
    erreur::Erreur,
    pages::habilitation,
};

/// Where the proposal of an audit is decided on.
struct Proposition {
    titre: &'static str,
    motif: String,
    suite: String,
}

/// What is left of a form that was refused.
#[derive(Default)]
pub(super) struct Refuse {
    pub(super) cle: String,
    /// The files that it already brought: identity of the upload, name.
    pub(super) gardes: Vec<(String, String)>,
    /// What was typed, when the act is no longer possible and its form may be gone.
    pub(super) ecrits: Vec<String>,
}

/// What is expected next, and of whom.
struct AttenteVue {
    genre: Genre,
    qui: &'static str,
    texte: String,
}

/// The earliest dates that the forms offer.
struct Dates {
    aujourdhui: String,
    demain: String,
    observations: String,
}

#[derive(Template)]
#[template(path = "audit/voir.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    numero: String,
    url: String,
    sous: String,
    genre: Genre,
    /// Key of the state: each form belongs to one.
    etat: &'static str,
    libelle: &'static str,
    attente: Option<AttenteVue>,
    champs: Vec<(&'static str, String)>,
    habilitation: String,
    communique: bool,
    agence: bool,
    /// May do the acts of the agency.
    mene: bool,
    /// Instructed the dossier, and so takes no part.
    ecarte: bool,
    /// May answer for the holder.
    repond: bool,
    peut_rendre: bool,
    /// The report that may be written now: end of its address, and what the button says.
    rapport: Option<(&'static str, &'static str)>,
    plan_complet: bool,
    peut_recontroler: bool,
    a_juger: bool,
    ecarts: usize,
    constats: Vec<ConstatVue>,
    provisoire: Option<TexteVue>,
    observations: Vec<TexteVue>,
    rapport_final: Option<TexteVue>,
    proposition: Option<Proposition>,
    gravites: Vec<Choix>,
    verdicts: Vec<Choix>,
    dates: Dates,
    envoi: String,
    refuse: Refuse,
    historique: Vec<Ligne>,
}

impl Page {
    /// Whether this form was refused and had already brought files.
    fn gardees(&self, cle: &str) -> bool {
        self.refuse.cle == cle && !self.refuse.gardes.is_empty()
    }
}

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    let audit = ici.audit()?.valeur.clone();
    let mut f = Champs::vides()
        .avec("perimetre", audit.perimetre.as_str())
        .avec("du", audit.du.to_string())
        .avec("au", audit.au.to_string());
    for constat in &audit.constats {
        if let Some(action) = constat.action() {
            f = f
                .avec(&format!("action_{}", constat.rang), action.texte.as_str())
                .avec(&format!("date_{}", constat.rang), action.date.to_string());
        }
    }
    page(&app, &ici, &audit, f, Refuse::default(), StatusCode::OK).await
}

/// The page, with what was typed in one of its forms when an act was refused.
pub(super) async fn page(
    app: &App,
    ici: &Ici,
    audit: &Audit,
    f: Champs,
    refuse: Refuse,
    statut: StatusCode,
) -> Result<Response, Erreur> {
    let (agence, aujourdhui) = (ici.agence(), app.aujourdhui());
    let mut tx = app.registre.lire().await?;
    let evenements = tx.load_evenements(&audit.sujet(), agence).await?;
    let etat_habilitation = tx
        .load_habilitation(&audit.habilitation_numero)
        .await?
        .map_or("", |une| une.libelle_etat(app.maintenant()));
    drop(tx);
    let ecarte = audit.ecartes.contains(&ici.personne.id);
    let ecrit = ici.peut(Objet::Audit, Acte::Ecrire);
    let mene = ecrit && !ecarte;
    let peut_rendre = match &audit.etat {
        EtatAudit::Contradictoire { jusqu_au, .. } => {
            !audit.observations.is_empty() || aujourdhui > *jusqu_au
        }
        _ => false,
    };
    let visible = agence || audit.communique();
    let auteur = |acteur: &domaine::evenement::Acteur| habilitation::auteur(app, ici, acteur);
    let fil: &[(&str, &str)] =
        if agence { &[("Audits", "/audits")] } else { &[("Tableau de bord", "/tableau-de-bord")] };
    let texte = |titre: &str, texte: &domaine::audit::Recit, fichiers: &[_], par: &_, le| {
        TexteVue::nouveau(audit, titre, texte, fichiers, &auteur(par), le)
    };
    let rapport = |titre: &str, rapport: &Option<domaine::audit::Rapport>| {
        rapport
            .as_ref()
            .filter(|_| visible)
            .map(|rapport| texte(titre, &rapport.synthese, &rapport.fichiers, &rapport.par, rapport.le))
    };
    let modele = Page {
        cadre: cadre(app, Some(ici), &audit.numero, &url(audit), fil),
        f,
        url: url(audit),
        sous: format!("{} – {}", audit.denomination, audit.logiciel),
        genre: genre(&audit.etat),
        etat: audit.etat.cle(),
        libelle: audit.etat.libelle(),
        attente: attente(audit, agence, aujourdhui),
        champs: champs(audit, &auteur(&audit.auditeur)),
        habilitation: audit.habilitation_numero.clone(),
        communique: audit.communique(),
        agence,
        mene,
        ecarte: ecrit && ecarte,
        repond: ici.peut(Objet::Audit, Acte::Soumettre),
        peut_rendre,
        rapport: match audit.etat {
            EtatAudit::EnCours { .. } if mene => Some(("rapport-provisoire", "Rendre le rapport provisoire")),
            _ if mene && peut_rendre => Some(("rapport-final", "Rendre le rapport final")),
            _ => None,
        },
        plan_complet: audit.plan_complet(),
        peut_recontroler: match &audit.etat {
            EtatAudit::PlanDActions { avant, .. } => audit.plan_complet() || aujourdhui > *avant,
            _ => false,
        },
        a_juger: audit.ouverts().any(|constat| constat.au_recontrole.is_none()),
        ecarts: audit.ouverts().count(),
        constats: if visible {
            audit.constats.iter().map(|constat| ConstatVue::de(audit, constat, aujourdhui)).collect()
        } else {
            Vec::new()
        },
        provisoire: rapport("Rapport provisoire", &audit.rapport_provisoire),
        observations: audit
            .observations
            .iter()
            .map(|une| texte("Observations du titulaire", &une.texte, &une.fichiers, &une.par, une.le))
            .collect(),
        rapport_final: rapport("Rapport final", &audit.rapport_final),
        proposition: proposition(audit, etat_habilitation),
        gravites: Gravite::TOUTES.iter().map(|une| Choix::nouveau(une.cle(), une.libelle())).collect(),
        verdicts: vec![Choix::nouveau("leve", "Levé"), Choix::nouveau("maintenu", "Maintenu")],
        dates: Dates {
            aujourdhui: aujourdhui.to_string(),
            demain: dans(aujourdhui, 1),
            observations: dans(aujourdhui, OBSERVATIONS_JOURS),
        },
        envoi: app.alea.jeton(),
        refuse,
        historique: lignes(evenements, agence),
        numero: audit.numero.clone(),
    };
    Ok(web::page_avec(statut, &modele))
}

fn dans(date: Date, jours: i32) -> String {
    Span::new().try_days(jours).map_or(date, |duree| date.saturating_add(duree)).to_string()
}

fn attente(audit: &Audit, agence: bool, aujourdhui: Date) -> Option<AttenteVue> {
    let attente = audit.attente()?;
    let qui = match (attente.de, agence) {
        (Partie::Agence, true) => "À faire par l’auditeur",
        (Partie::Agence, false) => "À faire par l’agence",
        (Partie::Titulaire, true) => "Attendu du titulaire",
        (Partie::Titulaire, false) => "À vous",
    };
    // What the agency does inside before it tells the holder anything is no news for him.
    let quoi = match &audit.etat {
        EtatAudit::EnCours { .. } | EtatAudit::RapportProvisoire { .. } if !agence => {
            "Mener les contrôles et écrire le rapport provisoire"
        }
        _ => attente.quoi,
    };
    let avant = attente.avant.filter(|_| agence || attente.de == Partie::Titulaire);
    let (genre, texte) = match avant {
        Some(avant) if attente.en_retard(aujourdhui) => {
            (Genre::Attention, format!("{quoi}. C’était attendu pour le {}.", date_fr(avant)))
        }
        Some(avant) => (Genre::Info, format!("{quoi}, au plus tard le {}.", date_fr(avant))),
        None => (Genre::Info, format!("{quoi}.")),
    };
    Some(AttenteVue { genre, qui, texte })
}

fn champs(audit: &Audit, auditeur: &str) -> Vec<(&'static str, String)> {
    let dates = if audit.du == audit.au {
        format!("le {}", date_fr(audit.du))
    } else {
        format!("du {} au {}", date_fr(audit.du), date_fr(audit.au))
    };
    vec![
        ("Périmètre", audit.perimetre.to_string()),
        ("Contrôles", dates),
        ("Titulaire", audit.denomination.clone()),
        ("Logiciel", audit.logiciel.clone()),
        ("Auditeur", auditeur.to_owned()),
    ]
}

fn proposition(audit: &Audit, etat_habilitation: &str) -> Option<Proposition> {
    let (titre, motif, qui) = match &audit.etat {
        EtatAudit::SuspensionProposee { motif, .. } => {
            ("L’audit propose de suspendre l’habilitation", motif, "Un administrateur de l’agence en décide")
        }
        EtatAudit::RetraitPropose { motif, .. } => {
            ("L’audit propose de retirer l’habilitation", motif, "Le collège en décide")
        }
        _ => return None,
    };
    let etat = etat_habilitation.to_lowercase();
    let suite = format!("{qui}, sur la page de l’habilitation. Elle est aujourd’hui «\u{a0}{etat}\u{a0}».");
    Some(Proposition { titre, motif: motif.to_string(), suite })
}
