//! What the crate promises, with `openssl` as a witness for PKCS#12 and certificates.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests: a failure here is the message")]

mod abime;
mod emission;
mod lecture;
mod pkcs12;

use std::net::{IpAddr, Ipv4Addr};

use igc::{Algorithme, Autorite, Demande, Usage};
use jiff::Timestamp;

fn le() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn autorite() -> Autorite {
    Autorite::nouvelle("AC DE TEST", le()).unwrap()
}

fn demande(usage: Usage, algorithme: Algorithme) -> Demande {
    Demande {
        cn: "Éditeur d’essai".into(),
        ou: Some("318751275100020".into()),
        organisation: Some("CLINIQUE DU PARC".into()),
        noms_dns: vec!["service.exemple.fr".into()],
        adresses_ip: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
        usage,
        debut: le(),
        fin: "2029-11-21T10:00:00Z".parse().unwrap(),
        algorithme,
    }
}

/// Whether a missing witness fails the tests (continuous integration) or is only reported (a developer's machine).
#[expect(clippy::disallowed_methods, reason = "a switch of the test run, not configuration of the program")]
fn temoin(outil: &str) -> bool {
    if std::process::Command::new(outil).arg("version").output().is_ok() {
        return true;
    }
    assert!(std::env::var("EDC_TEST_EXIGE").as_deref() != Ok("1"), "{outil} manque");
    println!("{outil} manque : essai passé");
    false
}
