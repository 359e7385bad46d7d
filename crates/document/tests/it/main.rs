//! What the crate promises, with qpdf, poppler and pyHanko as witnesses.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests: a failure here is the message")]

mod jeton;
mod rendu;
mod signature;
mod verification;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use document::{Bloc, Feuille, Mention, PieceJointe, Signataire};
use igc::{Algorithme, Autorite, Certificat, Demande, Usage};
use jiff::Timestamp;

const JSON: &[u8] = br#"{"numero":"2026-000123","produit":"Exemple Sant\u00e9"}"#;

fn le() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn autorite() -> Autorite {
    Autorite::nouvelle("AC DE TEST", le()).unwrap()
}

fn certificat(autorite: &Autorite, algorithme: Algorithme) -> Certificat {
    autorite
        .emettre(&Demande {
            cn: "Guichet d’essai".into(),
            ou: None,
            organisation: Some("Espace de Confiance".into()),
            noms_dns: vec![],
            adresses_ip: vec![],
            usage: Usage::Signature,
            debut: le(),
            fin: "2029-11-21T10:00:00Z".parse().unwrap(),
            algorithme,
        })
        .unwrap()
}

fn signataire(certificat: &Certificat) -> Signataire {
    Signataire::depuis_pem(&certificat.cert_pem, &certificat.cle_pem).unwrap()
}

fn mention() -> Mention {
    Mention {
        nom: "Guichet d’essai".into(),
        raison: "Habilitation".into(),
        lieu: "Paris (13e)".into(),
        le: le(),
    }
}

fn feuille(blocs: Vec<Bloc>) -> Feuille {
    Feuille {
        titre: "Attestation d’habilitation".into(),
        sujet: "Habilitation d’Exemple Santé".into(),
        auteur: "Guichet d’essai".into(),
        le: le(),
        numero: "N°\u{a0}2026-000123".into(),
        blocs,
        pieces_jointes: vec![PieceJointe {
            nom: "habilitation.json".into(),
            mime: "application/json".into(),
            description: "Contenu de l’attestation".into(),
            octets: JSON.to_vec(),
        }],
        pied: "Espace de Confiance".into(),
    }
}

fn petite() -> Vec<u8> {
    document::rendre(&feuille(vec![Bloc::Titre("Essai".into()), Bloc::Paragraphe("Bonjour.".into())]))
        .unwrap()
}

/// A signed file with the root that it goes up to.
fn signee() -> (Vec<u8>, Vec<u8>) {
    let ac = autorite();
    let signataire = signataire(&certificat(&ac, Algorithme::P256));
    (document::signer(&petite(), &signataire, &mention()).unwrap(), ac.cert_der().to_vec())
}

/// Whether a witness is there. Where EDC_TEST_EXIGE=1 (continuous integration), a missing one fails the test.
#[expect(clippy::disallowed_methods, reason = "a switch of the test run, not configuration of the program")]
fn temoin(presence: &mut Command) -> bool {
    if presence.output().is_ok_and(|sortie| sortie.status.success()) {
        return true;
    }
    assert!(std::env::var("EDC_TEST_EXIGE").as_deref() != Ok("1"), "{presence:?} manque");
    println!("{presence:?} manque : essai passé");
    false
}

fn outil(nom: &str) -> bool {
    temoin(Command::new("sh").args(["-c", &format!("command -v {nom}")]))
}

fn pyhanko() -> bool {
    temoin(Command::new("python3").args(["-c", "import pyhanko"]))
}

fn script(nom: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/temoins").join(nom)
}

/// Runs a witness that must succeed, and gives what it says.
fn dit(commande: &mut Command) -> String {
    let sortie = commande.output().unwrap();
    let texte =
        String::from_utf8_lossy(&sortie.stdout).into_owned() + &String::from_utf8_lossy(&sortie.stderr);
    assert!(sortie.status.success(), "{commande:?} : {texte}");
    texte
}
