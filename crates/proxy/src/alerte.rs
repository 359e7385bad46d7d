//! What an operator must hear about: once when it begins, once when it ends. Always a line of log, and a signed webhook
//! where one is configured.
//!
//! Rule: an alert names what is wrong and where it comes from, never a token, a cookie or a key. Raising one costs the caller
//! a lock that is only taken when something is wrong.

mod envoi;
mod presence;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use service::{Alea, Horloge};
use tokio::sync::mpsc;

use crate::config;
use crate::connect::appel::Panne;
use crate::forward::Chute;
use crate::limite::ParMinute;
use crate::session::Session;
use presence::Presence;

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
    CertificatServeurRefuse,
    ListeRevocation,
    SessionsInjoignables,
    VolumeInhabituel,
    ServeurAutorisationIndisponible,
    CertificatClientRefuse,
}

impl Sorte {
    /// All of them, in the order of the counters.
    const TOUTES: [Self; 16] = [
        Self::CertificatBientotFini,
        Self::CertificatIllisible,
        Self::CookiesForges,
        Self::SollicitationsRepetees,
        Self::SessionDeDeuxAdresses,
        Self::PscIndisponible,
        Self::ApiIndisponible,
        Self::TracesEnPanne,
        Self::DeconnexionImpossible,
        Self::JetonMalLie,
        Self::CertificatServeurRefuse,
        Self::ListeRevocation,
        Self::SessionsInjoignables,
        Self::VolumeInhabituel,
        Self::ServeurAutorisationIndisponible,
        Self::CertificatClientRefuse,
    ];

    /// An event is told again only after this.
    fn repos(self) -> SignedDuration {
        match self {
            // Seen again at each look, for weeks.
            Self::CertificatBientotFini => SignedDuration::from_hours(24),
            Self::CertificatIllisible | Self::ListeRevocation | Self::CertificatClientRefuse => {
                SignedDuration::from_hours(1)
            }
            _ => SignedDuration::from_mins(10),
        }
    }

    /// Its name, as it is sent.
    fn nom(self) -> String {
        serde_json::to_value(self).ok().and_then(|nom| nom.as_str().map(str::to_owned)).unwrap_or_default()
    }
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

/// How a server stands, as far as calls have shown.
#[derive(Debug, Default)]
struct Cible {
    presence: Presence,
    /// Its certificate is refused.
    refusee: AtomicBool,
}

fn cibles(nombre: usize) -> Box<[Cible]> {
    (0..nombre).map(|_| Cible::default()).collect()
}

#[derive(Debug)]
pub(crate) struct Alertes {
    pub(crate) regles: config::Alertes,
    horloge: Horloge,
    alea: Alea,
    dites: Mutex<HashMap<(Sorte, String), Timestamp>>,
    cookies: ParMinute,
    personnes: ParMinute,
    psc: Cible,
    apis: Box<[Cible]>,
    /// The authorization server of the API of the same rank.
    serveurs: Box<[Cible]>,
    journal_en_panne: AtomicBool,
    depot_en_panne: AtomicBool,
    volume_inhabituel: AtomicBool,
    comptes: [AtomicU64; Sorte::TOUTES.len()],
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
            psc: Cible::default(),
            apis: cibles(apis),
            serveurs: cibles(apis),
            journal_en_panne: AtomicBool::new(false),
            depot_en_panne: AtomicBool::new(false),
            volume_inhabituel: AtomicBool::new(false),
            comptes: Default::default(),
            file,
            sortie: Mutex::new(Some(sortie)),
        }
    }

    fn dire(&self, sorte: Sorte, cible: &str, message: String, active: bool) {
        let instant = self.horloge.maintenant();
        tracing::warn!(alerte = sorte.nom(), cible, active, "{message}");
        if active {
            self.comptes[sorte as usize].fetch_add(1, Ordering::Relaxed);
        }
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
            dites.retain(|(sorte, _), le| maintenant.duration_since(*le) < sorte.repos());
        }
        let cle = (sorte, cible.to_owned());
        if dites.get(&cle).is_some_and(|le| maintenant.duration_since(*le) < sorte.repos())
            || dites.len() >= MEMOIRE
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

    /// How many of each kind were raised.
    pub(crate) fn comptes(&self) -> impl Iterator<Item = (String, u64)> {
        Sorte::TOUTES
            .iter()
            .zip(&self.comptes)
            .map(|(sorte, compte)| (sorte.nom(), compte.load(Ordering::Relaxed)))
    }

    fn certificat_refuse(&self, cible: &Cible, nom: &str, cause: &str) {
        let message = format!("certificat de ce serveur refusé : {cause}");
        self.basculer(&cible.refusee, true, Sorte::CertificatServeurRefuse, nom, &message);
    }

    fn certificat_accepte(&self, cible: &Cible, nom: &str) {
        let message = "le certificat de ce serveur est de nouveau accepté";
        self.basculer(&cible.refusee, false, Sorte::CertificatServeurRefuse, nom, message);
    }

    /// A server refuses the certificate of a client of ours, or its absence.
    fn notre_certificat(&self, client_id: &str, serveur: &str) {
        self.evenement(Sorte::CertificatClientRefuse, client_id, || {
            format!("{serveur} refuse le certificat de ce client, ou son absence")
        });
    }

    fn repond(&self, cible: &Cible, sorte: Sorte, nom: &str, message: &str) {
        self.certificat_accepte(cible, nom);
        if cible.presence.repond() {
            self.dire(sorte, nom, message.to_owned(), false);
        }
    }

    fn se_tait(&self, cible: &Cible, sorte: Sorte, nom: &str, message: impl FnOnce() -> String) {
        if cible.presence.se_tait(self.horloge.maintenant()) {
            self.dire(sorte, nom, message(), true);
        }
    }

    /// What PSC answered to a client, whatever was asked. A refusal is an answer.
    pub(crate) fn psc<T>(&self, client_id: &str, recu: &Result<T, Panne>) {
        let sorte = Sorte::PscIndisponible;
        match recu {
            Ok(_) | Err(Panne::Refus { .. }) => {
                self.repond(&self.psc, sorte, "psc", "Pro Santé Connect répond de nouveau");
            }
            Err(Panne::Certificat { cause, .. }) => self.certificat_refuse(&self.psc, "psc", cause),
            Err(Panne::NotreCertificat { .. }) => self.notre_certificat(client_id, "Pro Santé Connect"),
            Err(panne) => self.se_tait(&self.psc, sorte, "psc", || {
                format!("Pro Santé Connect ne répond pas comme il faut ({panne})")
            }),
        }
    }

    pub(crate) fn api_repond(&self, rang: usize, id: &str) {
        let Some(cible) = self.apis.get(rang) else { return };
        self.repond(cible, Sorte::ApiIndisponible, id, "l’API répond de nouveau");
    }

    /// A call that the API did not answer.
    pub(crate) fn api_se_tait(&self, rang: usize, id: &str, client_id: &str, chute: &Chute) {
        let Some(cible) = self.apis.get(rang) else { return };
        if let Some(cause) = chute.certificat() {
            self.certificat_refuse(cible, id, &cause);
        } else if chute.notre_certificat() {
            self.notre_certificat(client_id, &format!("l’API {id}"));
        } else {
            self.se_tait(cible, Sorte::ApiIndisponible, id, || "l’API ne répond plus".to_owned());
        }
    }

    /// What an authorization server gave to a client.
    pub(crate) fn jeton<T>(&self, rang: usize, api: &str, client_id: &str, donne: &Result<T, Panne>) {
        let Some(cible) = self.serveurs.get(rang) else { return };
        let nom = || format!("serveur d’autorisation de {api}");
        let sorte = Sorte::ServeurAutorisationIndisponible;
        match donne {
            Ok(_) | Err(Panne::Refus { .. }) => {
                if cible.presence.doute() || cible.refusee.load(Ordering::Relaxed) {
                    self.repond(cible, sorte, &nom(), "ce serveur d’autorisation répond de nouveau");
                }
            }
            Err(Panne::Certificat { cause, .. }) => self.certificat_refuse(cible, &nom(), cause),
            Err(Panne::NotreCertificat { .. }) => self.notre_certificat(client_id, &format!("le {}", nom())),
            Err(panne @ Panne::Lien { .. }) => {
                self.evenement(Sorte::JetonMalLie, api, || format!("jeton refusé par le proxy ({panne})"));
            }
            Err(panne) => self.se_tait(cible, sorte, &nom(), || {
                format!("ce serveur d’autorisation ne répond pas comme il faut ({panne})")
            }),
        }
    }

    /// Whether the store of the sessions answers.
    pub(crate) fn depot(&self, repond: bool) {
        let message = if repond {
            "la base des sessions répond de nouveau"
        } else {
            "la base des sessions ne répond plus"
        };
        self.basculer(&self.depot_en_panne, !repond, Sorte::SessionsInjoignables, "sessions", message);
    }

    pub(crate) fn depot_repond(&self) -> bool {
        !self.depot_en_panne.load(Ordering::Relaxed)
    }

    /// The calls of the last minute, when they are judged.
    pub(crate) fn volume(&self, appels: u64, habituel: u64, inhabituel: bool) {
        let message = format!("{appels} appels en une minute, pour {habituel} d’habitude");
        self.basculer(&self.volume_inhabituel, inhabituel, Sorte::VolumeInhabituel, "appels", &message);
    }

    /// A list of revoked certificates that ends soon, or has ended: what depends on it will be refused.
    pub(crate) fn liste(&self, liste: &igc::crl::Liste) {
        let Some(fin) = liste.fin else { return };
        let maintenant = self.horloge.maintenant();
        let reste = fin.duration_since(maintenant);
        let vie = fin.duration_since(liste.debut);
        if reste.is_negative() {
            let message =
                || format!("liste de révocation périmée depuis le {fin} : ces certificats sont refusés");
            self.evenement(Sorte::ListeRevocation, &liste.emetteur, message);
        } else if reste < vie / 4 {
            let message = || format!("cette liste de révocation finit le {fin}, et la suivante n’est pas là");
            self.evenement(Sorte::ListeRevocation, &liste.emetteur, message);
        }
    }

    pub(crate) fn liste_illisible(&self, cible: &str, cause: &str) {
        self.evenement(Sorte::ListeRevocation, cible, || {
            format!("la nouvelle liste de révocation n’est pas utilisable, l’ancienne reste : {cause}")
        });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_names_every_alert() {
        let guide = include_str!("../../../docs/guides/operateur-proxy.md");
        for sorte in Sorte::TOUTES {
            let nom = sorte.nom();
            assert!(!nom.is_empty() && guide.contains(&format!("`{nom}`")), "{sorte:?}");
        }
    }
}
