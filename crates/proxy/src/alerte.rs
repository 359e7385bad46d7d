//! What an operator must hear about: once when it begins, once when it ends. Always a line of log, and a signed webhook
//! where one is configured.
//!
//! Rule: an alert names what is wrong and where it comes from, never a token, a cookie or a key. Raising one costs the caller
//! a lock that is only taken when something is wrong.

mod envoi;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use service::{Alea, Horloge};
use tokio::sync::mpsc;

use crate::config;
use crate::connect::appel::Panne;
use crate::limite::ParMinute;
use crate::session::Session;

/// An event is told again only after this.
const REPOS: SignedDuration = SignedDuration::from_mins(10);
/// Alerts waiting to be sent; past that the log alone has them.
const FILE: usize = 1_000;
/// Events remembered.
const MEMOIRE: usize = 10_000;

/// What may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sorte {
    CertificatBientotFini,
    CertificatIllisible,
    CookiesForges,
    SollicitationsRepetees,
    SessionDeDeuxAdresses,
    PscIndisponible,
    ApiIndisponible,
    TracesEnPanne,
    DeconnexionImpossible,
    JetonMalLie,
}

/// As it is sent.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Alerte {
    id: String,
    #[serde(rename = "type")]
    sorte: Sorte,
    /// A client, an API, an address: what it is about.
    cible: String,
    message: String,
    /// `false` tells the end of what an earlier alert began.
    active: bool,
    instant: Timestamp,
}

#[derive(Debug)]
pub(crate) struct Alertes {
    pub(crate) regles: config::Alertes,
    horloge: Horloge,
    alea: Alea,
    dites: Mutex<HashMap<(Sorte, String), Timestamp>>,
    cookies: ParMinute,
    personnes: ParMinute,
    psc_en_panne: AtomicBool,
    apis_en_panne: Box<[AtomicBool]>,
    journal_en_panne: AtomicBool,
    file: mpsc::Sender<Alerte>,
    sortie: Mutex<Option<mpsc::Receiver<Alerte>>>,
}

impl Alertes {
    pub(crate) fn nouvelles(regles: config::Alertes, apis: usize, horloge: Horloge, alea: Alea) -> Self {
        let (file, sortie) = mpsc::channel(FILE);
        Self {
            regles,
            horloge,
            alea,
            dites: Mutex::default(),
            cookies: ParMinute::default(),
            personnes: ParMinute::default(),
            psc_en_panne: AtomicBool::new(false),
            apis_en_panne: (0..apis).map(|_| AtomicBool::new(false)).collect(),
            journal_en_panne: AtomicBool::new(false),
            file,
            sortie: Mutex::new(Some(sortie)),
        }
    }

    fn dire(&self, sorte: Sorte, cible: &str, message: String, active: bool) {
        let instant = self.horloge.maintenant();
        tracing::warn!(alerte = ?sorte, cible, active, "{message}");
        let id = self.alea.uuid(instant).to_string();
        let alerte = Alerte { id, sorte, cible: cible.to_owned(), message, active, instant };
        if self.regles.webhook.is_some() && self.file.try_send(alerte).is_err() {
            tracing::error!("trop d’alertes en attente d’envoi : celle-ci n’est que dans le journal");
        }
    }

    /// Tells an event, unless the same was told lately.
    fn evenement(&self, sorte: Sorte, cible: &str, message: impl FnOnce() -> String) {
        let maintenant = self.horloge.maintenant();
        let mut dites = self.dites.lock().unwrap_or_else(PoisonError::into_inner);
        if dites.len() >= MEMOIRE {
            dites.retain(|_, le| maintenant.duration_since(*le) < REPOS);
        }
        let cle = (sorte, cible.to_owned());
        if dites.get(&cle).is_some_and(|le| maintenant.duration_since(*le) < REPOS) || dites.len() >= MEMOIRE
        {
            return;
        }
        dites.insert(cle, maintenant);
        drop(dites);
        self.dire(sorte, cible, message(), true);
    }

    fn basculer(&self, drapeau: &AtomicBool, en_panne: bool, sorte: Sorte, cible: &str, message: &str) {
        // Read first: when all is well, nobody writes on this line.
        if drapeau.load(Ordering::Relaxed) != en_panne && drapeau.swap(en_panne, Ordering::AcqRel) != en_panne
        {
            self.dire(sorte, cible, message.to_owned(), en_panne);
        }
    }

    pub(crate) fn psc(&self, panne: &Panne) {
        if !matches!(panne, Panne::Refus { .. }) {
            let message = format!("Pro Santé Connect ne répond pas comme il faut ({panne})");
            self.basculer(&self.psc_en_panne, true, Sorte::PscIndisponible, "psc", &message);
        }
    }

    pub(crate) fn psc_repond(&self) {
        let message = "Pro Santé Connect répond de nouveau";
        self.basculer(&self.psc_en_panne, false, Sorte::PscIndisponible, "psc", message);
    }

    pub(crate) fn api(&self, rang: usize, id: &str, repond: bool) {
        let Some(drapeau) = self.apis_en_panne.get(rang) else { return };
        let message = if repond { "l’API répond de nouveau" } else { "l’API ne répond plus" };
        self.basculer(drapeau, !repond, Sorte::ApiIndisponible, id, message);
    }

    /// An authorization server that did not give a token.
    pub(crate) fn jeton(&self, api: &str, panne: &Panne) {
        if matches!(panne, Panne::Lien { .. }) {
            self.evenement(Sorte::JetonMalLie, api, || format!("jeton refusé par le proxy ({panne})"));
        }
    }

    pub(crate) fn journal_en_panne(&self, etat: &journal::Etat) {
        let cause =
            etat.panne.as_deref().or(etat.disque.as_deref()).unwrap_or("plus de place pour les traces");
        let message = format!("les traces ne s’écrivent plus : {cause}");
        self.basculer(&self.journal_en_panne, true, Sorte::TracesEnPanne, "journal", &message);
    }

    pub(crate) fn journal_sain(&self) {
        let message = "les traces s’écrivent de nouveau";
        self.basculer(&self.journal_en_panne, false, Sorte::TracesEnPanne, "journal", message);
    }

    /// A cookie or bearer that is nobody's.
    pub(crate) fn cookie_faux(&self, adresse: IpAddr) {
        let max = self.regles.cookies_faux_minute;
        let texte = adresse.to_string();
        if self.cookies.compter(&texte, max, self.horloge.maintenant()) > f64::from(max) {
            let message =
                || format!("plus de {max} sessions inconnues par minute présentées par cette adresse");
            self.evenement(Sorte::CookiesForges, &texte, message);
        }
    }

    /// One more connect for that person.
    pub(crate) fn connexion_demandee(&self, client_id: &str, national_id: &str, maintenant: Timestamp) {
        let max = self.regles.connects_personne_minute;
        if self.personnes.compter(national_id, max, maintenant) > f64::from(max) {
            let message = || {
                format!(
                    "plus de {max} connexions par minute demandées pour cette personne, la dernière par {client_id}"
                )
            };
            self.evenement(Sorte::SollicitationsRepetees, national_id, message);
        }
    }

    /// Each address that shows a session opened elsewhere is told once a session.
    pub(crate) fn adresse(&self, session: &Session, adresse: IpAddr) {
        if session.ailleurs.load(Ordering::Relaxed) || session.adresse == adresse {
            return;
        }
        if !session.ailleurs.swap(true, Ordering::AcqRel) {
            let message = format!(
                "session du client {} ouverte depuis {} et présentée depuis {adresse}",
                session.identite.client_id, session.adresse
            );
            self.dire(Sorte::SessionDeDeuxAdresses, session.empreinte(), message, true);
        }
    }

    pub(crate) fn certificat(&self, client_id: &str, fin: Timestamp) {
        let reste = fin.duration_since(self.horloge.maintenant());
        if reste < SignedDuration::from_hours(24 * i64::from(self.regles.certificat_jours)) {
            let jours = (reste.as_hours() / 24).max(0);
            let message = || format!("le certificat de ce client finit dans {jours} jours ({fin})");
            self.evenement(Sorte::CertificatBientotFini, client_id, message);
        }
    }

    pub(crate) fn certificat_illisible(&self, client_id: &str, cause: &str) {
        self.evenement(Sorte::CertificatIllisible, client_id, || {
            format!("le nouveau certificat n’est pas utilisable, l’ancien reste : {cause}")
        });
    }

    pub(crate) fn deconnexion_impossible(&self, client_id: &str) {
        self.evenement(Sorte::DeconnexionImpossible, client_id, || {
            "une session fermée ici n’a pas pu être fermée chez Pro Santé Connect".to_owned()
        });
    }

    /// What has to be sent; given once, to the task that sends.
    pub(crate) fn sortie(&self) -> Option<mpsc::Receiver<Alerte>> {
        self.sortie.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

pub(crate) use envoi::envoyer;
