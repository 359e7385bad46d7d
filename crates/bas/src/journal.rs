//! The journal of the sandbox: each request that its servers received, from whom, and why it was granted or refused.
//!
//! The rule: no secret is in it, so that it can be shown on a page and pasted into a message. A value is shown when the
//! name of its parameter is on a list of harmless ones; a token is told by its length and a fingerprint, by which its way
//! can be followed from one server to the next (see [`masque`]).
//!
//! A server is journaled by [`Journal::couche`]; its handlers take a [`Note`] to say who asked and what was decided.

mod api;
mod couche;
mod fichier;
pub mod masque;
mod note;
mod page;

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::Horloge;
use service::serveur::Temoin;

pub use api::routes as routes_api;
pub use note::Note;
pub use page::routes as routes_page;

/// Lines kept in memory; older ones are forgotten.
pub const LIGNES_MAX: usize = 5_000;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Issue {
    Accepte,
    Refuse,
    /// The server itself failed, or could not reach what it needs.
    Panne,
    /// The caller hung up before the answer.
    Abandon,
}

impl Issue {
    pub const TOUTES: [Self; 4] = [Self::Accepte, Self::Refuse, Self::Panne, Self::Abandon];

    /// As in JSON and in addresses.
    pub fn code(self) -> &'static str {
        match self {
            Self::Accepte => "accepte",
            Self::Refuse => "refuse",
            Self::Panne => "panne",
            Self::Abandon => "abandon",
        }
    }

    pub fn libelle(self) -> &'static str {
        match self {
            Self::Accepte => "Accepté",
            Self::Refuse => "Refusé",
            Self::Panne => "Panne",
            Self::Abandon => "Abandonné",
        }
    }
}

/// The client certificate that was shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Presente {
    pub cn: Option<String>,
    /// RFC 4514.
    pub dn: String,
    /// SHA-256 of the DER, lowercase hexadecimal.
    pub empreinte: String,
}

/// A line: one request, or one connection that failed before any request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Ligne {
    /// Grows by one from line to line, over restarts too.
    pub numero: u64,
    /// When the request arrived.
    pub le: Timestamp,
    /// Which server: `psc`, `as-signsessiondata`, `api-essai`…
    pub serveur: String,
    /// Address of the caller, without its port.
    pub adresse: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificat: Option<Presente>,
    /// The `client_id`, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// National identifier of the professional, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personne: Option<String>,
    /// Empty for a connection that failed.
    pub methode: String,
    pub chemin: String,
    /// Query, form and whatever else the handler chose to tell; secrets masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parametres: Vec<(String, String)>,
    /// HTTP status of the answer, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statut: Option<u16>,
    pub issue: Issue,
    /// Error code of the protocol (`invalid_grant`…).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why, in French.
    pub raison: String,
    /// From the request's head to the answer's, in milliseconds.
    pub duree_ms: u64,
}

/// Which lines are wanted; an empty text wants all.
#[derive(Clone, Debug, Default)]
pub struct Filtre {
    pub serveur: String,
    /// Looked for in the client_id and in the name of the certificate.
    pub client: String,
    pub issue: Option<Issue>,
}

impl Filtre {
    fn garde(&self, ligne: &Ligne) -> bool {
        let contient = |texte: Option<&str>| texte.is_some_and(|texte| texte.contains(&self.client));
        (self.serveur.is_empty() || ligne.serveur == self.serveur)
            && self.issue.is_none_or(|issue| ligne.issue == issue)
            && (self.client.is_empty()
                || contient(ligne.client.as_deref())
                || contient(ligne.certificat.as_ref().map(|certificat| certificat.dn.as_str())))
    }
}

/// The journal. Clones share it.
#[derive(Clone)]
pub struct Journal(Arc<Interieur>);

struct Interieur {
    horloge: Horloge,
    etat: Mutex<Etat>,
}

struct Etat {
    lignes: VecDeque<Ligne>,
    prochain: u64,
    fichier: Option<fichier::Fichier>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Journal({} lignes)", self.ouvrir_etat().lignes.len())
    }
}

impl Journal {
    /// A journal that forgets everything when the process ends.
    pub fn memoire(horloge: Horloge) -> Self {
        Self::depuis(horloge, Vec::new(), None)
    }

    /// A journal kept in `dossier`, taken up where it ended. The files are bounded (8 MiB in two pieces).
    ///
    /// # Errors
    /// The system's, when the folder can't be read or written.
    pub fn ouvrir(dossier: &Path, horloge: Horloge) -> std::io::Result<Self> {
        let (fichier, lignes) = fichier::Fichier::ouvrir(dossier)?;
        Ok(Self::depuis(horloge, lignes, Some(fichier)))
    }

    fn depuis(horloge: Horloge, lignes: Vec<Ligne>, fichier: Option<fichier::Fichier>) -> Self {
        let prochain = lignes.last().map_or(1, |ligne| ligne.numero.saturating_add(1));
        let surplus = lignes.len().saturating_sub(LIGNES_MAX);
        let lignes = lignes.into_iter().skip(surplus).collect();
        Self(Arc::new(Interieur { horloge, etat: Mutex::new(Etat { lignes, prochain, fichier }) }))
    }

    /// The lines after `numero`, oldest first, at most `max`; and the number of the last line looked at, for the next call.
    pub fn depuis_numero(&self, numero: u64, filtre: &Filtre, max: usize) -> (Vec<Ligne>, u64) {
        let etat = self.ouvrir_etat();
        let mut vues = Vec::new();
        let mut dernier = numero;
        for ligne in etat.lignes.iter().filter(|ligne| ligne.numero > numero) {
            if vues.len() >= max {
                break;
            }
            dernier = ligne.numero;
            if filtre.garde(ligne) {
                vues.push(ligne.clone());
            }
        }
        (vues, dernier)
    }

    /// The lines before `numero`, newest first, at most `max`.
    pub fn avant_numero(&self, numero: u64, filtre: &Filtre, max: usize) -> Vec<Ligne> {
        let etat = self.ouvrir_etat();
        let voulues = etat.lignes.iter().rev().filter(|ligne| ligne.numero < numero && filtre.garde(ligne));
        voulues.take(max).cloned().collect()
    }

    /// The number of the last line, 0 when there is none.
    pub fn dernier(&self) -> u64 {
        self.ouvrir_etat().prochain.saturating_sub(1)
    }

    /// The servers that have a line, sorted.
    pub fn serveurs(&self) -> Vec<String> {
        let etat = self.ouvrir_etat();
        let mut noms: Vec<String> = etat.lignes.iter().map(|ligne| ligne.serveur.clone()).collect();
        noms.sort_unstable();
        noms.dedup();
        noms
    }

    /// What [`service::Serveur::avec_temoin`] takes, so that a refused certificate has its line too.
    pub fn temoin(&self, serveur: &str) -> Temoin {
        let (journal, serveur) = (self.clone(), serveur.to_owned());
        Arc::new(move |adresse: SocketAddr, raison: &str| {
            journal.ajouter(Ligne {
                serveur: serveur.clone(),
                adresse: adresse.ip().to_string(),
                issue: Issue::Refuse,
                raison: format!("Connexion TLS : {raison}."),
                ..journal.vierge()
            });
        })
    }

    /// A scenario that struck a connection before any request.
    pub(crate) fn frapper(&self, serveur: &str, adresse: SocketAddr, scenario: &str, raison: &str) {
        self.ajouter(Ligne {
            serveur: serveur.to_owned(),
            adresse: adresse.ip().to_string(),
            parametres: vec![("scenario".to_owned(), scenario.to_owned())],
            issue: Issue::Panne,
            raison: raison.to_owned(),
            ..self.vierge()
        });
    }

    /// A line of this instant that says nothing yet. Its number is given when it is added.
    pub(crate) fn vierge(&self) -> Ligne {
        Ligne {
            numero: 0,
            le: self.0.horloge.maintenant(),
            serveur: String::new(),
            adresse: String::new(),
            certificat: None,
            client: None,
            personne: None,
            methode: String::new(),
            chemin: String::new(),
            parametres: Vec::new(),
            statut: None,
            issue: Issue::Abandon,
            code: None,
            raison: String::new(),
            duree_ms: 0,
        }
    }

    /// Adds a line under the next number.
    pub(crate) fn ajouter(&self, mut ligne: Ligne) {
        let mut etat = self.ouvrir_etat();
        ligne.numero = etat.prochain;
        etat.prochain = etat.prochain.saturating_add(1);
        if let Some(fichier) = &mut etat.fichier {
            fichier.ajouter(&ligne);
        }
        if etat.lignes.len() >= LIGNES_MAX {
            etat.lignes.pop_front();
        }
        etat.lignes.push_back(ligne);
    }

    fn ouvrir_etat(&self) -> MutexGuard<'_, Etat> {
        self.0.etat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
