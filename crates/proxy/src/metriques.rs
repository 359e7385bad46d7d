//! Counters, and their Prometheus text.
//!
//! Rule: counting on the relay's path is one addition on an atomic. Nothing personal is a label.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::etat::Etat;
use crate::veille;

/// Upper bounds of the buckets, in milliseconds.
const BORNES_MS: [u64; 11] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000, 60_000];

/// Calls to one API.
#[derive(Debug, Default)]
struct Appels {
    /// 1xx to 5xx.
    statuts: [AtomicU64; 5],
    durees: [AtomicU64; BORNES_MS.len()],
    nombre: AtomicU64,
    somme_us: AtomicU64,
    /// Answered by the proxy because the API did not.
    chutes: AtomicU64,
}

/// How a connect ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Connexion {
    Ouverte,
    Rejouee,
    Echouee,
    Freinee,
}

#[derive(Debug)]
pub(crate) struct Metriques {
    connexions: [AtomicU64; 4],
    apis: Box<[Appels]>,
    sans_session: AtomicU64,
    sans_trace: AtomicU64,
    pub(crate) flux: AtomicU64,
}

impl Metriques {
    pub(crate) fn nouvelles(apis: usize) -> Self {
        Self {
            connexions: Default::default(),
            apis: (0..apis).map(|_| Appels::default()).collect(),
            sans_session: AtomicU64::new(0),
            sans_trace: AtomicU64::new(0),
            flux: AtomicU64::new(0),
        }
    }

    pub(crate) fn connexion(&self, fin: Connexion) {
        self.connexions[fin as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn sans_session(&self) {
        self.sans_session.fetch_add(1, Relaxed);
    }

    pub(crate) fn sans_trace(&self) {
        self.sans_trace.fetch_add(1, Relaxed);
    }

    /// A relayed call that ended; `chute`: the status is ours.
    pub(crate) fn appel(&self, api: usize, statut: u16, duree: Duration, chute: bool) {
        let Some(appels) = self.apis.get(api) else { return };
        let classe = usize::from(statut / 100).clamp(1, 5) - 1;
        appels.statuts[classe].fetch_add(1, Relaxed);
        let millis = u64::try_from(duree.as_millis()).unwrap_or(u64::MAX);
        if let Some(rang) = BORNES_MS.iter().position(|borne| millis <= *borne) {
            appels.durees[rang].fetch_add(1, Relaxed);
        }
        appels.nombre.fetch_add(1, Relaxed);
        appels.somme_us.fetch_add(u64::try_from(duree.as_micros()).unwrap_or(0), Relaxed);
        if chute {
            appels.chutes.fetch_add(1, Relaxed);
        }
    }

    /// Calls that ended since the start.
    pub(crate) fn appels_en_tout(&self) -> u64 {
        self.apis.iter().map(|appels| appels.nombre.load(Relaxed)).sum()
    }

    /// The exposition text (Prometheus format 0.0.4).
    pub(crate) fn texte(&self, etat: &Etat) -> String {
        let mut t = String::with_capacity(4_096);
        titre(&mut t, "edc_proxy_connexions_total", "counter", "Connexions demandées, par issue.");
        let issues = ["ouverte", "rejouee", "echouee", "freinee"];
        for (issue, compte) in issues.iter().zip(&self.connexions) {
            ligne(&mut t, "edc_proxy_connexions_total", &[("issue", issue)], compte.load(Relaxed));
        }
        let simples = [
            (
                "edc_proxy_sans_session_total",
                "counter",
                "Appels sans session valable.",
                self.sans_session.load(Relaxed),
            ),
            (
                "edc_proxy_sans_trace_total",
                "counter",
                "Appels refusés faute de trace.",
                self.sans_trace.load(Relaxed),
            ),
            (
                "edc_proxy_connexions_tls",
                "gauge",
                "Connexions ouvertes par des logiciels.",
                self.flux.load(Relaxed),
            ),
            (
                "edc_proxy_depot_joignable",
                "gauge",
                "1 si la base des sessions répond.",
                u64::from(etat.alertes.depot_repond()),
            ),
            ("edc_proxy_sessions", "gauge", "Sessions en cours.", etat.magasin.nombre() as u64),
            (
                "edc_proxy_attentes",
                "gauge",
                "Connexions qui attendent leur utilisateur.",
                etat.en_attente() as u64,
            ),
        ];
        for (nom, sorte, aide, valeur) in simples {
            titre(&mut t, nom, sorte, aide);
            ligne(&mut t, nom, &[], valeur);
        }
        titre(&mut t, "edc_proxy_alertes_total", "counter", "Alertes levées, par type.");
        for (sorte, compte) in etat.alertes.comptes() {
            ligne(&mut t, "edc_proxy_alertes_total", &[("type", &sorte)], compte);
        }
        self.appels(&mut t, etat);
        let journal = etat.journal.etat();
        let traces = [
            ("edc_proxy_traces_rangees_total", "counter", "Traces rangées en base.", journal.rangees),
            ("edc_proxy_traces_refusees_total", "counter", "Traces refusées.", journal.refusees),
            (
                "edc_proxy_traces_attente_octets",
                "gauge",
                "Traces acceptées, pas encore en base.",
                journal.en_attente,
            ),
            (
                "edc_proxy_traces_segments_rompus_total",
                "counter",
                "Segments de traces abîmés, mis de côté.",
                journal.rompus,
            ),
            ("edc_proxy_traces_saines", "gauge", "1 si les traces sont écrites.", u64::from(journal.sain())),
        ];
        for (nom, sorte, aide, valeur) in traces {
            titre(&mut t, nom, sorte, aide);
            ligne(&mut t, nom, &[], valeur);
        }
        if let Some(fin) = veille::fin_du_serveur(etat) {
            let (nom, aide) = ("edc_proxy_certificat_serveur_fin_secondes", "Fin du certificat du proxy.");
            titre(&mut t, nom, "gauge", aide);
            ligne(&mut t, nom, &[], u64::try_from(fin.as_second()).unwrap_or(0));
        }
        titre(
            &mut t,
            "edc_proxy_certificat_fin_secondes",
            "gauge",
            "Fin du certificat, en secondes depuis 1970.",
        );
        for client in etat.clients.values() {
            if let Some(certificat) = &client.identite().certificat {
                let fin = u64::try_from(certificat.fin.as_second()).unwrap_or(0);
                let qui = [("client", client.regles.client_id.as_str())];
                ligne(&mut t, "edc_proxy_certificat_fin_secondes", &qui, fin);
            }
        }
        t
    }

    fn appels(&self, t: &mut String, etat: &Etat) {
        let apis = || etat.apis.iter().map(|api| api.regles.id.as_str()).zip(&self.apis);
        titre(t, "edc_proxy_appels_total", "counter", "Appels relayés, par API et classe de statut.");
        for (api, appels) in apis() {
            for (classe, compte) in appels.statuts.iter().enumerate() {
                let classe = format!("{}xx", classe + 1);
                ligne(
                    t,
                    "edc_proxy_appels_total",
                    &[("api", api), ("statut", &classe)],
                    compte.load(Relaxed),
                );
            }
        }
        titre(t, "edc_proxy_chutes_total", "counter", "Appels sans réponse de l’API.");
        for (api, appels) in apis() {
            ligne(t, "edc_proxy_chutes_total", &[("api", api)], appels.chutes.load(Relaxed));
        }
        let nom = "edc_proxy_appel_secondes";
        titre(t, nom, "histogram", "Durée jusqu’à l’en-tête de la réponse.");
        for (api, appels) in apis() {
            let mut cumul = 0;
            for (borne, compte) in BORNES_MS.iter().zip(&appels.durees) {
                cumul += compte.load(Relaxed);
                let borne = millis(*borne);
                ligne(t, "edc_proxy_appel_secondes_bucket", &[("api", api), ("le", &borne)], cumul);
            }
            let nombre = appels.nombre.load(Relaxed);
            ligne(t, "edc_proxy_appel_secondes_bucket", &[("api", api), ("le", "+Inf")], nombre);
            ligne(t, "edc_proxy_appel_secondes_count", &[("api", api)], nombre);
            let somme = millis(appels.somme_us.load(Relaxed) / 1_000);
            let _ = writeln!(t, "edc_proxy_appel_secondes_sum{{api=\"{api}\"}} {somme}");
        }
    }
}

/// Milliseconds as seconds.
fn millis(millis: u64) -> String {
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

fn titre(t: &mut String, nom: &str, sorte: &str, aide: &str) {
    let _ = writeln!(t, "# HELP {nom} {aide}\n# TYPE {nom} {sorte}");
}

fn ligne(t: &mut String, nom: &str, etiquettes: &[(&str, &str)], valeur: u64) {
    t.push_str(nom);
    for (rang, (cle, texte)) in etiquettes.iter().enumerate() {
        // Declared identifiers: only a client_id could hold a quote.
        let texte = texte.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
        let _ = write!(t, "{}{cle}=\"{texte}\"", if rang == 0 { '{' } else { ',' });
    }
    if !etiquettes.is_empty() {
        t.push('}');
    }
    let _ = writeln!(t, " {valeur}");
}
