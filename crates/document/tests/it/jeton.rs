//! A key in a token: SoftHSM, through the same PKCS#11 interface as a real one.

use std::{path::Path, process::Command};

use document::{ConfigPkcs11, Erreur, Signataire, signer, verification::verifier};
use igc::Algorithme;
use secrecy::{ExposeSecret as _, SecretString};

use super::{autorite, certificat, dit, le, mention, outil, petite};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// The module reads SOFTHSM2_CONF from the environment, that a test can't change safely for its own process: the test runs
/// itself again as a child with the variable set.
#[test]
#[expect(clippy::disallowed_methods, reason = "the child learns through it that it is one")]
fn signature_dans_un_jeton() {
    if !outil("softhsm2-util") || !outil("openssl") {
        return;
    }
    if let Ok(dossier) = std::env::var("EDC_TEST_JETON") {
        signer_dans_le_jeton(Path::new(&dossier));
        return;
    }
    let dossier = tempfile::tempdir().unwrap();
    let conf = dossier.path().join("softhsm2.conf");
    let jetons = dossier.path().join("jetons");
    std::fs::create_dir(&jetons).unwrap();
    std::fs::write(
        &conf,
        format!("directories.tokendir = {}\nobjectstore.backend = file\n", jetons.display()),
    )
    .unwrap();
    dit(Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "jeton::signature_dans_un_jeton", "--nocapture"])
        .env("SOFTHSM2_CONF", &conf)
        .env("EDC_TEST_JETON", dossier.path()));
}

fn signer_dans_le_jeton(dossier: &Path) {
    let ac = autorite();
    dit(Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "essai"])
        .args(["--so-pin", "0000", "--pin", "1234"]));
    let cas = [(Algorithme::P256, "ec", "01"), (Algorithme::Rsa3072, "rsa", "02")];
    for (algorithme, etiquette, id) in cas {
        let certificat = certificat(&ac, algorithme);
        let cle = dossier.join("cle.pem");
        std::fs::write(&cle, certificat.cle_pem.expose_secret()).unwrap();
        dit(Command::new("softhsm2-util")
            .args(["--import", cle.to_str().unwrap(), "--token", "essai"])
            .args(["--label", etiquette, "--id", id, "--pin", "1234"]));
        let config = |jeton: &str, etiquette: &str, code: &str| ConfigPkcs11 {
            module: MODULE.into(),
            jeton: jeton.into(),
            etiquette: etiquette.into(),
            code: SecretString::from(code),
            certificat_pem: certificat.cert_pem.clone(),
        };
        let signataire = Signataire::depuis_pkcs11(config("essai", etiquette, "1234")).unwrap();
        let signe = signer(&petite(), &signataire, &mention()).unwrap();
        assert!(verifier(&signe, &[ac.cert_der().to_vec()], le()).reconnue().is_some(), "{etiquette}");
        assert!(!format!("{signataire:?}").contains("1234"));
        drop(signataire);

        for (jeton, cle, code) in
            [("autre", etiquette, "1234"), ("essai", "absente", "1234"), ("essai", etiquette, "9")]
        {
            let refus = Signataire::depuis_pkcs11(config(jeton, cle, code));
            assert!(matches!(refus, Err(Erreur::Pkcs11(_))), "{jeton} {cle} {code} : {refus:?}");
        }
    }
    let etranger = certificat(&ac, Algorithme::P256);
    let config = ConfigPkcs11 {
        module: MODULE.into(),
        jeton: "essai".into(),
        etiquette: "ec".into(),
        code: SecretString::from("1234"),
        certificat_pem: etranger.cert_pem,
    };
    assert!(matches!(Signataire::depuis_pkcs11(config), Err(Erreur::Cle)));
}
