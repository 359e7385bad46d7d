//! What the tests share: a journal in a fresh folder, and traces told apart by a number.

use std::net::IpAddr;

use futures::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};
use journal::{Config, Erreur, Fait, Intervalle, Journal, Origine, RefusDeTracer, Session, Trace, TraceLue};
use tempfile::TempDir;
use test_support::base::BaseEssai;

/// A journal whose own clock never moves anything: tests ask for it.
pub(crate) struct Banc {
    pub(crate) dossier: TempDir,
    pub(crate) config: Config,
}

impl Banc {
    pub(crate) fn sur(base: &BaseEssai) -> Self {
        let dossier = tempfile::tempdir().expect("a folder");
        let mut config = Config::dans(dossier.path());
        config.base = Some(base.url.clone().into());
        config.taille_segment = 128 * 1024;
        config.vidange_ms = 60_000;
        Self { dossier, config }
    }

    pub(crate) async fn ouvrir(&self) -> Journal {
        ouvrir(&self.config).await
    }
}

/// Opens, waiting for a journal of this process that is ending to let go of the folder.
pub(crate) async fn ouvrir(config: &Config) -> Journal {
    loop {
        match Journal::ouvrir(config.clone()).await {
            Err(Erreur::Occupe(_)) => tokio::task::yield_now().await,
            journal => return journal.expect("the journal opens"),
        }
    }
}

pub(crate) fn instant(texte: &str) -> Timestamp {
    texte.parse().expect("an instant")
}

/// The `n`th second of a day.
pub(crate) fn seconde(n: i64) -> Timestamp {
    instant("2026-03-01T08:00:00Z") + SignedDuration::from_secs(n)
}

pub(crate) const SESSION: Session<'static> =
    Session { id: "s-1", session_state: "etat", dn: Some("CN=lps-1,O=Test,C=FR") };

pub(crate) fn trace<'a>(rpps: &'a str, instant: Timestamp, fait: Fait<'a>) -> Trace<'a> {
    Trace {
        instant,
        client_id: Some("lps-1"),
        id_rpps: Some(rpps),
        origine: Some(Origine { adresse: IpAddr::from([192, 0, 2, 7]), port: Some(40_000) }),
        fait,
    }
}

pub(crate) fn tracer(journal: &Journal, n: i64) -> Result<(), RefusDeTracer> {
    journal.tracer(&trace(&n.to_string(), seconde(n), Fait::ConnectReplay(SESSION)))
}

/// The numbers of the traces, as given to [`trace`].
pub(crate) fn numeros(traces: &[TraceLue]) -> Vec<i64> {
    traces
        .iter()
        .filter_map(|trace| {
            let json: serde_json::Value = serde_json::from_str(&trace.json).expect("JSON");
            json["IdRPPS"].as_str().map(|numero| numero.parse().expect("a number"))
        })
        .collect()
}

pub(crate) async fn tout(journal: &Journal) -> Vec<TraceLue> {
    journal.lire(Intervalle::TOUT).try_collect().await.expect("the traces are read")
}

pub(crate) async fn texte(flux: impl futures::Stream<Item = Result<Vec<u8>, Erreur>>) -> String {
    let morceaux: Vec<Vec<u8>> = flux.try_collect().await.expect("the pieces are read");
    String::from_utf8(morceaux.concat()).expect("UTF-8")
}
