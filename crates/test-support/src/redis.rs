//! A Redis for one test: Debian's `redis-server` on a free loopback port, gone with the value, and with it what it kept.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::exige;

/// A server that runs. It stops when the value is dropped.
pub struct Redis {
    programme: PathBuf,
    adresse: SocketAddr,
    reglages: Vec<String>,
    serveur: Child,
    dossier: TempDir,
}

/// What a Redis behind TLS shows and wants to be shown, all PEM files.
pub struct Tls<'a> {
    /// For `localhost`.
    pub certificat: &'a Path,
    pub cle: &'a Path,
    /// Who must have signed the certificate of a client.
    pub autorite: &'a Path,
}

impl Redis {
    /// Starts one that keeps nothing.
    ///
    /// # Panics
    /// When the program is missing and `EDC_TEST_EXIGE=1`: run `./test`.
    pub fn demarrer() -> Option<Self> {
        Self::regle(&["--appendonly", "no"])
    }

    /// Starts one that has on the disk what it said yes to.
    ///
    /// # Panics
    /// Like [`Redis::demarrer`].
    pub fn durable() -> Option<Self> {
        Self::regle(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// Starts one that speaks TLS alone, and with those who show a certificate.
    ///
    /// # Panics
    /// Like [`Redis::demarrer`].
    pub fn tls(tls: &Tls<'_>) -> Option<Self> {
        let chemin = |chemin: &Path| chemin.display().to_string();
        let (certificat, cle, autorite) = (chemin(tls.certificat), chemin(tls.cle), chemin(tls.autorite));
        Self::regle(&[
            "--tls-cert-file",
            &certificat,
            "--tls-key-file",
            &cle,
            "--tls-ca-cert-file",
            &autorite,
            "--tls-auth-clients",
            "yes",
        ])
    }

    fn regle(reglages: &[&str]) -> Option<Self> {
        let programme = exige("redis-server")?;
        let reglages: Vec<String> = reglages.iter().map(|mot| (*mot).to_owned()).collect();
        let dossier = tempfile::tempdir().expect("a temporary folder");
        // Somebody may take the free port in between: then the server ends, and another port is tried.
        loop {
            let libre = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
            let adresse = libre.local_addr().expect("a bound socket has an address");
            drop(libre);
            if let Some(serveur) = lancer(&programme, adresse, &reglages, &dossier) {
                return Some(Self { programme, adresse, reglages, serveur, dossier });
            }
        }
    }

    pub fn url(&self) -> String {
        if avec_tls(&self.reglages) {
            return format!("rediss://localhost:{}/", self.adresse.port());
        }
        format!("redis://{}/", self.adresse)
    }

    /// Kills it (SIGKILL).
    ///
    /// # Panics
    /// When the system refuses.
    pub fn tuer(&mut self) {
        self.serveur.kill().expect("our own process");
        self.serveur.wait().expect("our own process");
    }

    /// Starts it again where it was, with what it had kept.
    ///
    /// # Panics
    /// When its port was taken meanwhile.
    pub fn relancer(&mut self) {
        let serveur = lancer(&self.programme, self.adresse, &self.reglages, &self.dossier);
        self.serveur = serveur.expect("the same port again");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may be dead already.
        drop(self.serveur.kill());
        drop(self.serveur.wait());
    }
}

fn avec_tls(reglages: &[String]) -> bool {
    reglages.iter().any(|mot| mot == "--tls-cert-file")
}

/// A server that answers; `None` when it ended at once.
fn lancer(programme: &Path, adresse: SocketAddr, reglages: &[String], dossier: &TempDir) -> Option<Child> {
    let port = adresse.port().to_string();
    let ports = if avec_tls(reglages) { ["0", &port] } else { [&port, "0"] };
    let mut serveur = Command::new(programme)
        .args(["--bind", "127.0.0.1", "--port", ports[0], "--tls-port", ports[1], "--save", "", "--dir"])
        .arg(dossier.path())
        .args(reglages)
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server starts");
    while TcpStream::connect(adresse).is_err() {
        if serveur.try_wait().expect("our own process").is_some() {
            return None;
        }
        std::thread::yield_now();
    }
    Some(serveur)
}
