//! A guichet whose key is in a token (SoftHSM): the real acts, the token that goes and comes back, what a wrong
//! configuration says.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use guichet::{config::Signature, documents::verification};
use igc::{Algorithme, Autorite, Demande, Usage};
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use test_support::exige;

use crate::appui::{Reponse, Site, debut, decision};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// The module reads `SOFTHSM2_CONF` from the environment, which a test can't change for its own process: the test starts
/// [`dans_le_jeton`] as a process of its own.
#[test]
fn le_guichet_signe_avec_un_jeton() {
    if exige("softhsm2-util").is_none() || exige("openssl").is_none() {
        return;
    }
    let dossier = tempfile::tempdir().expect("a folder");
    let jetons = dossier.path().join("jetons");
    std::fs::create_dir(&jetons).expect("made");
    let conf = dossier.path().join("softhsm2.conf");
    let texte = format!("directories.tokendir = {}\nobjectstore.backend = file\n", jetons.display());
    std::fs::write(&conf, texte).expect("written");
    dire(
        Command::new(std::env::current_exe().expect("this program"))
            .args(["--ignored", "--exact", "--nocapture", "habilitation::jeton::dans_le_jeton"])
            .current_dir(dossier.path())
            .env("SOFTHSM2_CONF", &conf),
    );
}

/// Runs a witness that must succeed, and gives what it says.
fn dire(commande: &mut Command) -> String {
    let sortie = commande.output().expect("the program runs");
    let texte =
        String::from_utf8_lossy(&sortie.stdout).into_owned() + &String::from_utf8_lossy(&sortie.stderr);
    assert!(sortie.status.success(), "{commande:?} : {texte}");
    texte
}

/// A token « essai » with the key « cle »; gives the authority and the certificate of the key.
fn preparer(dossier: &Path) -> (Autorite, PathBuf) {
    let autorite = Autorite::nouvelle("AC des jetons", debut()).expect("an authority");
    let certificat = autorite
        .emettre(&Demande {
            cn: "Signataire en jeton".to_owned(),
            ou: None,
            organisation: Some("Essais".to_owned()),
            noms_dns: Vec::new(),
            adresses_ip: Vec::new(),
            usage: Usage::Signature,
            debut: debut().saturating_sub(SignedDuration::from_hours(1)).expect("in range"),
            fin: debut().saturating_add(SignedDuration::from_hours(24 * 3650)).expect("in range"),
            algorithme: Algorithme::P256,
        })
        .expect("a certificate");
    let (chaine, cle) = (dossier.join("chaine.pem"), dossier.join("cle.pem"));
    std::fs::write(&chaine, format!("{}{}", certificat.cert_pem, autorite.cert_pem())).expect("written");
    std::fs::write(&cle, certificat.cle_pem.expose_secret()).expect("written");
    dire(
        Command::new("softhsm2-util")
            .args(["--init-token", "--free", "--label", "essai"])
            .args(["--so-pin", "0000", "--pin", "1234"]),
    );
    dire(
        Command::new("softhsm2-util")
            .arg("--import")
            .arg(&cle)
            .args(["--token", "essai", "--label", "cle", "--id", "01", "--pin", "1234"]),
    );
    (autorite, chaine)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "no test by itself: it needs the environment that the one above gives it"]
async fn dans_le_jeton() {
    let dossier = std::env::current_dir().expect("a folder");
    let (autorite, chaine) = preparer(&dossier);
    let racine = dossier.join("racine.pem");
    std::fs::write(&racine, autorite.cert_pem()).expect("written");
    let reglage = |module: &str, jeton: &str, code: &str| Signature::Pkcs11 {
        module: module.into(),
        jeton: jeton.to_owned(),
        etiquette: "cle".to_owned(),
        code: code.to_owned().into(),
        certificat: chaine.clone(),
    };
    let site = Site::ouvrir_avec(test_support::base::sqlite(), |config| {
        config.signature = reglage(MODULE, "essai", "1234");
        config.autorites_signature.push(racine.clone());
    })
    .await;

    // What the configuration may have wrong is told before anything is served.
    for (reglage, attendu) in [
        (reglage("/usr/lib/absent.so", "essai", "1234"), "absent.so"),
        (reglage(MODULE, "autre", "1234"), "aucun jeton « autre »"),
        (reglage(MODULE, "essai", "9999"), "code"),
    ] {
        let config = guichet::config::Config { signature: reglage, ..site.app.config.clone() };
        let faute = guichet::ouvrir(config, site.horloge.clone(), service::Alea::systeme()).await;
        let faute = faute.err().expect("refused").to_string();
        assert!(faute.contains("signature") && faute.contains(attendu), "{faute}");
        assert!(!faute.contains("9999"), "{faute}");
    }

    let projet = decision::projet(&site).await;
    let chemin = format!("/habilitations/{}", projet.numero());
    let signer = format!("{chemin}/signer");
    let signataire = site.comme("signataire.faure").await;
    let claire = site.comme("claire.martin").await;

    // The token is unplugged: nothing is signed, and the page says so.
    let (jetons, ailleurs) = (dossier.join("jetons"), dossier.join("ailleurs"));
    std::fs::rename(&jetons, &ailleurs).expect("moved");
    let panne = signataire.post(&signer, &[]).await;
    assert_eq!(panne.statut, 503, "{}", panne.corps());
    assert!(panne.corps().contains("clé de signature"), "{}", panne.corps());
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    let lue = tx.load_habilitation(projet.numero()).await.expect("read").expect("there");
    assert_eq!((&lue.etat, lue.version), (&projet.etat, projet.version));
    drop(tx);
    let autorisation = decision::autorisation(&site, projet.candidature).await;
    let adresse = format!("/candidatures/{}/autorisation", projet.candidature);
    assert_eq!(claire.get(&adresse).await.statut, 503, "{}", autorisation.numero);

    // Put back, it signs again without a restart.
    std::fs::rename(&ailleurs, &jetons).expect("moved");
    let signee = signataire.post(&signer, &[]).await;
    assert_eq!(signee.statut, 303, "{}", signee.corps());
    for (nom, pdf) in [
        ("habilitation.pdf", claire.get(&format!("{chemin}/pdf")).await),
        ("autorisation.pdf", claire.get(&adresse).await),
    ] {
        montrer(&dossier.join(nom), &pdf, &autorite, &site);
    }
    assert!(
        site.anonyme().get(&format!("/registre/{}", projet.numero())).await.corps().contains("en vigueur")
    );
}

/// Shows a signed document to ours and to others.
fn montrer(chemin: &Path, pdf: &Reponse, autorite: &Autorite, site: &Site) {
    assert_eq!(pdf.statut, 200, "{}", pdf.corps());
    let racines = igc::lire::certificats_pem(autorite.cert_pem().as_bytes()).expect("a certificate");
    let lecture = verification::verifier(&pdf.octets, &racines, site.app.maintenant());
    assert!(lecture.accepte, "{:?}", lecture.constats);
    std::fs::write(chemin, &pdf.octets).expect("written");
    if exige("pdfsig").is_some() {
        let verdict = dire(Command::new("pdfsig").arg("-nocert").arg(chemin));
        for mot in ["Signature is Valid", "Total document signed", "Signataire en jeton"] {
            assert!(verdict.contains(mot), "{verdict}");
        }
    }
    if exige("pyhanko").is_some() {
        let temoin = concat!(env!("CARGO_MANIFEST_DIR"), "/../document/tests/temoins/verifier.py");
        let verdict = dire(
            Command::new("python3")
                .arg(temoin)
                .arg(chemin)
                .arg(chemin.with_file_name("racine.pem"))
                .arg("2026-11-22T10:00:00+00:00"),
        );
        assert!(verdict.contains("INTACT:TRUSTED,UNTOUCHED"), "{verdict}");
    }
}
