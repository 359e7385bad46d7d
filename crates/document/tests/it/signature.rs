//! Signing: what is appended, what witnesses say of it, what is refused.

use std::process::Command;

use document::{Erreur, Mention, Signataire, signer, verification::verifier};
use igc::{Algorithme, pkcs12};
use jiff::ToSpan as _;
use secrecy::SecretString;

use super::{autorite, certificat, dit, le, mention, outil, petite, pyhanko, script, signataire};

#[test]
fn les_temoins_reconnaissent_la_signature() {
    let ac = autorite();
    let dossier = tempfile::tempdir().unwrap();
    let racine = dossier.path().join("racine.pem");
    std::fs::write(&racine, ac.cert_pem()).unwrap();
    let pdf = petite();
    for algorithme in [Algorithme::P256, Algorithme::Rsa3072] {
        let certificat = certificat(&ac, algorithme);
        let signe = signer(&pdf, &signataire(&certificat), &mention()).unwrap();
        assert!(signe.starts_with(&pdf));
        let rapport = verifier(&signe, &[ac.cert_der().to_vec()], le());
        let lue = rapport.reconnue().unwrap();
        assert_eq!(lue.signataire_cn.as_deref(), Some("Guichet d’essai"));
        assert_eq!((lue.le, lue.sous_filtre.as_str()), (Some(le()), "ETSI.CAdES.detached"));
        assert_eq!(lue.certificat_der.as_deref(), Some(certificat.cert_der.as_slice()));

        let chemin = dossier.path().join("signe.pdf");
        std::fs::write(&chemin, &signe).unwrap();
        if outil("qpdf") {
            let verdict = dit(Command::new("qpdf").arg("--check").arg(&chemin));
            assert!(!verdict.contains("WARNING"), "{verdict}");
            let fin = dit(Command::new("qpdf").arg("--show-object=trailer").arg(&chemin));
            assert!(fin.contains("/ID") && fin.contains("/Info") && fin.contains("/Prev"), "{fin}");
        }
        if outil("pdfsig") {
            let verdict = dit(Command::new("pdfsig").arg("-nocert").arg(&chemin));
            for mot in ["Signature is Valid", "Total document signed", "Nov 21 2026", "Guichet d’essai"] {
                assert!(verdict.contains(mot), "{verdict}");
            }
        }
        if pyhanko() {
            let verdict = dit(Command::new("python3")
                .arg(script("verifier.py"))
                .arg(&chemin)
                .arg(&racine)
                .arg("2026-11-22T10:00:00+00:00"));
            assert!(verdict.contains("INTACT:TRUSTED,UNTOUCHED"), "{verdict}");
        }
    }
}

#[test]
fn meme_date_meme_fichier_en_rsa() {
    let ac = autorite();
    let signataire = signataire(&certificat(&ac, Algorithme::Rsa3072));
    let pdf = petite();
    let une = signer(&pdf, &signataire, &mention()).unwrap();
    assert_eq!(une, signer(&pdf, &signataire, &mention()).unwrap());
}

#[test]
fn depuis_un_pkcs12() {
    let ac = autorite();
    let certificat = certificat(&ac, Algorithme::P256);
    let mdp = SecretString::from("secret");
    let chaine = format!("{}{}", certificat.cert_pem, ac.cert_pem());
    let fichier = pkcs12::ecrire(&chaine, &certificat.cle_pem, &mdp, "signature").unwrap();
    let signataire = Signataire::depuis_pkcs12(&fichier, &mdp).unwrap();
    assert_eq!(signataire.chaine().len(), 2);
    let signe = signer(&petite(), &signataire, &mention()).unwrap();
    assert!(verifier(&signe, &[ac.cert_der().to_vec()], le()).reconnue().is_some());
    assert!(matches!(
        Signataire::depuis_pkcs12(&fichier, &SecretString::from("x")),
        Err(Erreur::Identite(_))
    ));
}

#[test]
fn un_signataire_se_partage_entre_fils() {
    fn partageable<T: Send + Sync>() {}
    partageable::<Signataire>();
}

#[test]
fn refus() {
    let ac = autorite();
    let un = certificat(&ac, Algorithme::P256);
    let autre = certificat(&ac, Algorithme::P256);
    assert!(matches!(Signataire::depuis_pem(&un.cert_pem, &autre.cle_pem), Err(Erreur::Cle)));
    assert!(matches!(Signataire::depuis_pem("", &un.cle_pem), Err(Erreur::Identite(_))));

    let signataire = signataire(&un);
    let pdf = petite();
    let signe = signer(&pdf, &signataire, &mention()).unwrap();
    assert!(matches!(signer(&signe, &signataire, &mention()), Err(Erreur::DejaSigne)));
    let trop_tot = Mention { le: le() - 1.hour(), ..mention() };
    assert!(matches!(signer(&pdf, &signataire, &trop_tot), Err(Erreur::Hors)));
    for faux in [&b""[..], b"%PDF-1.7", &pdf[..pdf.len() / 2], b"%PDF-1.7\nstartxref\n0\n%%EOF"] {
        assert!(matches!(signer(faux, &signataire, &mention()), Err(Erreur::Pdf(_))));
    }
    assert!(!format!("{signataire:?}").contains("PRIVATE"));
}
