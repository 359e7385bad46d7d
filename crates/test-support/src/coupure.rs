//! A line to a server that a test cuts and mends: what stands before a database to make it unreachable.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// The line. It begins mended; dropped, it is cut for good.
pub struct Coupure {
    adresse: SocketAddr,
    etat: Arc<Mutex<Etat>>,
}

#[derive(Default)]
struct Etat {
    coupee: bool,
    /// Both ends of what passes now.
    passages: Vec<TcpStream>,
}

impl Coupure {
    /// A line to the server of a URL such as `postgres://edc@127.0.0.1:5432/base`.
    ///
    /// # Panics
    /// When the URL names no host and port, or when the system refuses.
    pub fn vers(url: &str) -> (Self, String) {
        let (debut, reste) = url.split_once("://").expect("a URL");
        let (autorite, chemin) = reste.split_once('/').expect("a path");
        let (avant, cible) = autorite.rsplit_once('@').map_or(("", autorite), |(qui, cible)| (qui, cible));
        let cible = cible.to_owned();
        let ecoute = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
        let adresse = ecoute.local_addr().expect("a bound socket has an address");
        let arobase = if avant.is_empty() { "" } else { "@" };
        let par_ici = format!("{debut}://{avant}{arobase}{adresse}/{chemin}");
        let etat = Arc::new(Mutex::new(Etat::default()));
        let vu = Arc::clone(&etat);
        std::thread::spawn(move || {
            for entrant in ecoute.incoming().map_while(Result::ok) {
                // What is refused here is dropped, so closed: the other end sees a server that goes away at once.
                drop(relier(&vu, entrant, &cible));
            }
        });
        (Self { adresse, etat }, par_ici)
    }

    /// From now on nothing passes, what was passing included.
    pub fn couper(&self) {
        let mut etat = tenir(&self.etat);
        etat.coupee = true;
        for bout in etat.passages.drain(..) {
            // It may be closed already.
            drop(bout.shutdown(Shutdown::Both));
        }
    }

    /// From now on what arrives passes.
    pub fn reparer(&self) {
        tenir(&self.etat).coupee = false;
    }

    /// Where it listens.
    pub fn adresse(&self) -> SocketAddr {
        self.adresse
    }
}

impl Drop for Coupure {
    fn drop(&mut self) {
        self.couper();
    }
}

fn tenir(etat: &Mutex<Etat>) -> std::sync::MutexGuard<'_, Etat> {
    etat.lock().unwrap_or_else(PoisonError::into_inner)
}

fn relier(etat: &Mutex<Etat>, entrant: TcpStream, cible: &str) -> io::Result<()> {
    let mut etat = tenir(etat);
    if etat.coupee {
        return Ok(());
    }
    let sortant = TcpStream::connect(cible)?;
    for (mut de, mut vers) in
        [(entrant.try_clone()?, sortant.try_clone()?), (sortant.try_clone()?, entrant.try_clone()?)]
    {
        std::thread::spawn(move || {
            let mut tampon = [0; 16 * 1024];
            while let Ok(lus @ 1..) = de.read(&mut tampon) {
                if vers.write_all(&tampon[..lus]).is_err() {
                    break;
                }
            }
            // Either end may be closed already.
            drop(vers.shutdown(Shutdown::Both));
        });
    }
    etat.passages.extend([entrant, sortant]);
    Ok(())
}
