//! A Redis for one test: Debian's `redis-server` on a free loopback port, keeping nothing, gone with the value.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::exige;

/// A server that runs. It stops when the value is dropped.
pub struct Redis {
    programme: PathBuf,
    adresse: SocketAddr,
    serveur: Child,
    dossier: TempDir,
}

impl Redis {
    /// Starts one.
    ///
    /// # Panics
    /// When the program is missing and `EDC_TEST_EXIGE=1`: run `./test`.
    pub fn demarrer() -> Option<Self> {
        let programme = exige("redis-server")?;
        let dossier = tempfile::tempdir().expect("a temporary folder");
        // Somebody may take the free port in between: then the server ends, and another port is tried.
        loop {
            let libre = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
            let adresse = libre.local_addr().expect("a bound socket has an address");
            drop(libre);
            if let Some(serveur) = lancer(&programme, adresse, &dossier) {
                return Some(Self { programme, adresse, serveur, dossier });
            }
        }
    }

    pub fn url(&self) -> String {
        format!("redis://{}/", self.adresse)
    }

    /// Kills it (SIGKILL): everything in it is lost.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn tuer(&mut self) {
        self.serveur.kill().expect("our own process");
        self.serveur.wait().expect("our own process");
    }

    /// Starts it again, empty, where it was.
    ///
    /// # Panics
    /// When its port was taken meanwhile.
    pub fn relancer(&mut self) {
        let serveur = lancer(&self.programme, self.adresse, &self.dossier);
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

/// A server that answers; `None` when it ended at once.
fn lancer(programme: &Path, adresse: SocketAddr, dossier: &TempDir) -> Option<Child> {
    let port = adresse.port().to_string();
    let mut serveur = Command::new(programme)
        .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no", "--dir"])
        .arg(dossier.path())
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
