//! PKCS#12 both ways, and files made or read by `openssl`.

use std::process::Command;

use igc::{Algorithme, Erreur, Usage, pkcs12};
use secrecy::{ExposeSecret as _, SecretString};

use super::{autorite, demande, temoin};

#[test]
fn aller_et_retour() {
    let ac = autorite();
    let mdp = SecretString::from("Été 2026");
    for algorithme in [Algorithme::P256, Algorithme::Rsa3072] {
        let cert = ac.emettre(&demande(Usage::Signature, algorithme)).unwrap();
        let chaine = format!("{}{}", cert.cert_pem, ac.cert_pem());
        let fichier = pkcs12::ecrire(&chaine, &cert.cle_pem, &mdp, "signature").unwrap();
        let lue = pkcs12::lire(&fichier, &mdp).unwrap();
        assert_eq!(lue.certs_der, [cert.cert_der.clone(), ac.cert_der().to_vec()]);
        let attendu = format!("{chaine}{}", cert.cle_pem.expose_secret());
        let sans_espace = |texte: &str| texte.split_whitespace().collect::<String>();
        assert_eq!(sans_espace(lue.pem().expose_secret()), sans_espace(&attendu));
        assert!(matches!(pkcs12::lire(&fichier, &SecretString::from("autre")), Err(Erreur::Pkcs12)));
        assert!(matches!(pkcs12::lire(&fichier[..40], &mdp), Err(Erreur::Pkcs12)));
        let autre = ac.emettre(&demande(Usage::Signature, algorithme)).unwrap();
        assert!(matches!(pkcs12::ecrire(&chaine, &autre.cle_pem, &mdp, "x"), Err(Erreur::Cle)));
        assert!(!format!("{lue:?}").contains(&format!("{:?}", lue.cle_pkcs8_der.expose_secret())));
    }
}

#[test]
fn openssl_lit_et_ecrit() {
    if !temoin("openssl") {
        return;
    }
    let ac = autorite();
    let mdp = SecretString::from("secret");
    let dossier = tempfile::tempdir().unwrap();
    let chemin = |nom: &str| dossier.path().join(nom).to_str().unwrap().to_owned();
    let openssl = |arguments: &[&str]| {
        let sortie = Command::new("openssl").args(arguments).output().unwrap();
        assert!(sortie.status.success(), "{arguments:?} : {}", String::from_utf8_lossy(&sortie.stderr));
        String::from_utf8_lossy(&sortie.stdout).into_owned()
    };
    let (f_cert, f_cle, f_ac, f_p12) =
        (chemin("cert.pem"), chemin("cle.pem"), chemin("ac.pem"), chemin("id.p12"));
    std::fs::write(&f_ac, ac.cert_pem()).unwrap();
    for algorithme in [Algorithme::P256, Algorithme::Rsa3072] {
        let cert = ac.emettre(&demande(Usage::Signature, algorithme)).unwrap();
        std::fs::write(&f_cert, &cert.cert_pem).unwrap();
        std::fs::write(&f_cle, cert.cle_pem.expose_secret()).unwrap();
        for ancien in [None, Some("-legacy")] {
            let mut arguments =
                vec!["pkcs12", "-export", "-in", &f_cert, "-inkey", &f_cle, "-certfile", &f_ac];
            arguments.extend(ancien);
            arguments.extend(["-passout", "pass:secret", "-out", &f_p12]);
            openssl(&arguments);
            let lue = pkcs12::lire(&std::fs::read(&f_p12).unwrap(), &mdp).unwrap();
            assert_eq!(lue.certs_der, [cert.cert_der.clone(), ac.cert_der().to_vec()], "{ancien:?}");
        }
        let chaine = format!("{}{}", cert.cert_pem, ac.cert_pem());
        std::fs::write(&f_p12, pkcs12::ecrire(&chaine, &cert.cle_pem, &mdp, "signature").unwrap()).unwrap();
        let texte = openssl(&["pkcs12", "-in", &f_p12, "-passin", "pass:secret", "-nodes"]);
        assert_eq!(texte.matches("BEGIN CERTIFICATE").count(), 2);
        assert!(texte.contains("BEGIN PRIVATE KEY"));
    }
}
