//! The queue of the agency: the dossiers that have waited longest come first, with the time left to answer (R37).

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use domaine::{
    calendrier::Fin,
    candidature::{Candidature, Etat},
    chapitre::EtatChapitre,
    permission::{Acte, Objet},
    referentiel::Guichet,
};
use jiff::{Span, Timestamp};
use registre::{FiltreCandidatures, ResumeCandidature, Tx};
use serde::Deserialize;
use url::form_urlencoded::Serializer;
use web::{Cadre, Champs, Choix, Genre, Lien, Pagination};

use super::{Attente, choix_referents, load_referents};
use crate::{acces::Ici, app::App, avancement, cadre::cadre, erreur::Erreur};

const PAR_PAGE: u32 = 20;

/// What the address asks for; everything has a meaning when it is empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Demande {
    /// Empty: those that wait for the agency; `retard`; `messages`; `toutes`.
    file: String,
    guichet: String,
    etat: String,
    /// Empty: whoever; `moi`; `personne`.
    referent: String,
    q: String,
    page: String,
}

impl Demande {
    fn filtre(&self, ici: &Ici, retard: Timestamp) -> FiltreCandidatures {
        FiltreCandidatures {
            etat: self.etat.clone(),
            guichet: match self.guichet.as_str() {
                "editeur" => Some(Guichet::Editeur),
                "operateur" => Some(Guichet::Operateur),
                _ => None,
            },
            referent: (self.referent == "moi").then_some(ici.personne.id),
            sans_referent: self.referent == "personne",
            attend_agence: matches!(self.file.as_str(), "" | "retard"),
            attend_depuis: (self.file == "retard").then_some(retard),
            non_lus_de: (self.file == "messages").then_some(ici.personne.id),
            texte: self.q.clone(),
            page: 0,
            par_page: i64::from(PAR_PAGE),
        }
    }

    /// The address of this list, without its page.
    fn url(&self) -> String {
        let mut requete = Serializer::new(String::new());
        for (nom, valeur) in [
            ("file", &self.file),
            ("guichet", &self.guichet),
            ("etat", &self.etat),
            ("referent", &self.referent),
            ("q", &self.q),
        ] {
            if !valeur.is_empty() {
                requete.append_pair(nom, valeur);
            }
        }
        let requete = requete.finish();
        if requete.is_empty() { "/instruction".to_owned() } else { format!("/instruction?{requete}") }
    }

    fn champs(&self) -> Champs {
        Champs::vides()
            .avec("q", &self.q)
            .avec("guichet", &self.guichet)
            .avec("etat", &self.etat)
            .avec("referent", &self.referent)
            .avec("file", &self.file)
    }
}

#[derive(Template)]
#[template(path = "instruction/lister.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    facettes: Vec<Lien>,
    guichets: Vec<Choix>,
    etats: Vec<Choix>,
    referents: Vec<Choix>,
    files: Vec<Choix>,
    lignes: Vec<Ligne>,
    total: i64,
    pagination: Pagination,
    personnes: Vec<Choix>,
    peut_affecter: bool,
    moi: String,
    retour: String,
    filtree: bool,
    delai: i32,
}

struct Ligne {
    id: String,
    nru: String,
    titre: String,
    denomination: String,
    guichet: &'static str,
    etat: &'static str,
    genre: Genre,
    detail: String,
    attente: Option<Attente>,
    referent: String,
    referent_id: String,
    /// What to do next, and where.
    suite: (String, String),
    non_lus: i64,
}

pub async fn lister(
    State(app): State<App>,
    ici: Ici,
    Query(demande): Query<Demande>,
) -> Result<Response, Erreur> {
    let delai = app.config.agence.delai_jours;
    let limite = app.aujourdhui().saturating_sub(Span::new().days(delai));
    let retard = Fin::au_soir_du(limite).instant;
    let mut tx = app.registre.lire().await?;
    let mut filtre = demande.filtre(&ici, retard);
    let page: u32 = demande.page.parse().unwrap_or(1);
    filtre.page = i64::from(page.max(1)) - 1;
    let (resumes, total) = tx.load_candidatures(&filtre).await?;
    let base = demande.url();
    let pagination = Pagination::nouvelle(page, total.unsigned_abs(), PAR_PAGE, &base);
    let mut lignes = Vec::with_capacity(resumes.len());
    for resume in &resumes {
        let non_lus = tx.compter_non_lus(resume.candidature.id, ici.personne.id, true).await?;
        lignes.push(ligne(&app, resume, non_lus));
    }
    let facettes = facettes(&mut tx, &demande, &ici, retard).await?;
    let personnes = choix_referents(&load_referents(&mut tx).await?);
    let cadre = cadre(&app, Some(&ici), "File d’instruction", "/instruction", &[]);
    Ok(web::page(&Page {
        cadre,
        f: demande.champs(),
        facettes,
        guichets: vec![Choix::nouveau("editeur", "Éditeur"), Choix::nouveau("operateur", "Opérateur")],
        etats: etats(),
        referents: vec![Choix::nouveau("moi", "Moi"), Choix::nouveau("personne", "Personne")],
        files: vec![
            Choix::nouveau("retard", "En retard"),
            Choix::nouveau("messages", "Messages non lus"),
            Choix::nouveau("toutes", "Toutes"),
        ],
        lignes,
        total,
        pagination,
        personnes,
        peut_affecter: ici.peut(Objet::Instruction, Acte::Ecrire),
        moi: ici.personne.id.to_string(),
        retour: format!("{base}{}page={page}", if base.contains('?') { '&' } else { '?' }),
        filtree: base != "/instruction",
        delai,
    }))
}

/// The filters of every day, with how many dossiers stand behind each.
async fn facettes(tx: &mut Tx, demande: &Demande, ici: &Ici, retard: Timestamp) -> Result<Vec<Lien>, Erreur> {
    let mut liens = Vec::new();
    for (libelle, file, referent) in [
        ("Attendent l’agence", "", ""),
        ("À moi", "", "moi"),
        ("Sans référent", "", "personne"),
        ("En retard", "retard", ""),
        ("Messages non lus", "messages", ""),
        ("Toutes", "toutes", ""),
    ] {
        let celle = Demande { file: file.to_owned(), referent: referent.to_owned(), ..Demande::default() };
        let compte = FiltreCandidatures { par_page: 0, ..celle.filtre(ici, retard) };
        let (_, total) = tx.load_candidatures(&compte).await?;
        let actif = demande.url() == celle.url();
        let total = u32::try_from(total).unwrap_or(u32::MAX);
        liens.push(Lien::nouveau(libelle, &celle.url()).actif(actif).badge(total));
    }
    Ok(liens)
}

fn etats() -> Vec<Choix> {
    [
        ("creee", "À compléter"),
        ("formulaire_en_cours", "Formulaire en cours"),
        ("formulaire_soumis", "Formulaire soumis"),
        ("formulaire_a_corriger", "Formulaire à corriger"),
        ("depot_ouvert", "Dépôt des preuves"),
        ("depot_complet", "Dépôt complet"),
        ("en_college", "En collège"),
        ("habilitee", "Habilitée"),
        ("refusee", "Refusée"),
        ("abandonnee", "Abandonnée"),
        ("dormante", "En sommeil"),
    ]
    .into_iter()
    .map(|(cle, libelle)| Choix::nouveau(cle, libelle))
    .collect()
}

fn ligne(app: &App, resume: &ResumeCandidature, non_lus: i64) -> Ligne {
    let candidature = &resume.candidature;
    let delai = app.config.agence.delai_jours;
    Ligne {
        id: candidature.id.to_string(),
        nru: candidature.nru.to_string(),
        titre: candidature.titre.clone(),
        denomination: resume.denomination.clone(),
        guichet: candidature.guichet.libelle(),
        etat: candidature.etat.libelle(),
        genre: avancement::genre(&candidature.etat),
        detail: detail(candidature),
        attente: candidature.attente_agence.map(|depuis| Attente::depuis(depuis, app.maintenant(), delai)),
        referent: candidature.referent.as_ref().map_or_else(String::new, |un| un.nom.clone()),
        referent_id: candidature
            .referent
            .as_ref()
            .and_then(|un| un.personne)
            .map_or_else(String::new, |id| id.to_string()),
        suite: suite(candidature),
        non_lus,
    }
}

/// « 1 chapitre soumis, 2 en instruction ».
fn detail(candidature: &Candidature) -> String {
    let compter = |quoi: fn(&EtatChapitre) -> bool| {
        candidature.chapitres.iter().filter(|chapitre| quoi(&chapitre.etat)).count()
    };
    let mut parts = Vec::new();
    for (nombre, un, plusieurs) in [
        (compter(|etat| matches!(etat, EtatChapitre::Soumis { .. })), "soumis", "soumis"),
        (
            compter(|etat| matches!(etat, EtatChapitre::EnInstruction { .. })),
            "en instruction",
            "en instruction",
        ),
        (compter(|etat| matches!(etat, EtatChapitre::ACorriger { .. })), "à corriger", "à corriger"),
        (compter(|etat| matches!(etat, EtatChapitre::Valide { .. })), "validé", "validés"),
    ] {
        if nombre > 0 {
            parts.push(format!("{nombre} {}", if nombre == 1 { un } else { plusieurs }));
        }
    }
    if parts.is_empty() {
        return String::new();
    }
    format!("Chapitres : {}", parts.join(", "))
}

fn suite(candidature: &Candidature) -> (String, String) {
    let base = format!("/candidatures/{}", candidature.id);
    let chapitre = candidature
        .chapitres
        .iter()
        .find(|chapitre| matches!(chapitre.etat, EtatChapitre::Soumis { .. }))
        .or_else(|| {
            candidature
                .chapitres
                .iter()
                .find(|chapitre| matches!(chapitre.etat, EtatChapitre::EnInstruction { .. }))
        });
    match (&candidature.etat, chapitre) {
        (Etat::FormulaireSoumis, _) => {
            ("Instruire le formulaire".to_owned(), format!("{base}/instruction/formulaire"))
        }
        (Etat::DepotOuvert, Some(chapitre)) => (
            format!("Instruire {}", chapitre.code),
            format!("{base}/instruction/chapitres/{}", chapitre.code),
        ),
        (Etat::DepotComplet, _) => ("Inscrire en collège".to_owned(), "/college".to_owned()),
        (Etat::EnCollege { session }, _) => {
            ("Voir la session".to_owned(), format!("/college/{session}?dossier={}", candidature.id))
        }
        _ => ("Ouvrir".to_owned(), base),
    }
}
