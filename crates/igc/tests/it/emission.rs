//! Issued certificates say what was asked, and chain up to their authority.

use std::process::Command;

use igc::{Algorithme, Autorite, Demande, Erreur, Usage, lire};
use jiff::ToSpan as _;
use secrecy::SecretString;

use super::{autorite, demande, le, temoin};

#[test]
fn usages_et_algorithmes() {
    let ac = autorite();
    // usage, algorithm, client_auth, server_auth, non_repudiation, key
    let cas = [
        (Usage::Serveur, Algorithme::P256, false, true, false, "EC P-256"),
        (Usage::Client, Algorithme::P256, true, false, false, "EC P-256"),
        (Usage::Signature, Algorithme::P256, false, false, true, "EC P-256"),
        (Usage::Signature, Algorithme::Rsa3072, false, false, true, "RSA 3072 bits"),
    ];
    for (usage, algorithme, client, serveur, engagement, cle) in cas {
        let cert = ac.emettre(&demande(usage, algorithme)).unwrap();
        let lu = lire::lire_pem(cert.cert_pem.as_bytes()).unwrap();
        assert_eq!(lu, lire::lire_der(&cert.cert_der).unwrap());
        assert_eq!(
            (lu.client_auth, lu.server_auth, lu.non_repudiation),
            (client, serveur, engagement),
            "{usage:?}"
        );
        assert!(lu.signature_numerique && !lu.autorite);
        assert_eq!(lu.algorithme_cle, cle);
        assert_eq!(lu.sujet, "C=FR, O=CLINIQUE DU PARC, OU=318751275100020, CN=Éditeur d’essai");
        assert_eq!(lu.cn.as_deref(), Some("Éditeur d’essai"));
        assert_eq!(lu.ou.as_deref(), Some("318751275100020"));
        assert_eq!(lu.emetteur_cn.as_deref(), Some("AC DE TEST"));
        assert_eq!(lu.noms_dns, ["service.exemple.fr"]);
        assert_eq!(lu.debut, le());
        assert!(
            lu.valide_le(lu.fin)
                && !lu.valide_le(lu.fin + 1.second())
                && !lu.valide_le(lu.debut - 1.second())
        );
    }
}

#[test]
fn autorite_reprise() {
    let ac = autorite();
    let reprise = Autorite::depuis_pem(ac.cert_pem(), ac.cle_pem()).unwrap();
    let racine = lire::lire_der(reprise.cert_der()).unwrap();
    assert!(racine.autorite);
    assert_eq!(racine.fin.to_string(), "2036-11-21T10:00:00Z");
    reprise.emettre(&demande(Usage::Client, Algorithme::P256)).unwrap();

    let autre = autorite();
    assert!(matches!(Autorite::depuis_pem(ac.cert_pem(), autre.cle_pem()), Err(Erreur::Cle)));
    assert!(matches!(Autorite::depuis_pem("n’importe quoi", ac.cle_pem()), Err(Erreur::Illisible)));
    assert!(matches!(Autorite::depuis_pem(ac.cert_pem(), &SecretString::from("x")), Err(Erreur::Cle)));
    assert!(!format!("{ac:?}").contains("PRIVATE"));
}

#[test]
fn demandes_refusees() {
    let ac = autorite();
    let base = demande(Usage::Serveur, Algorithme::P256);
    let cas: [(&str, Demande); 4] = [
        ("fin avant début", Demande { fin: base.debut, ..base.clone() }),
        ("cn vide", Demande { cn: " ".into(), ..base.clone() }),
        ("retour à la ligne", Demande { ou: Some("a\nb".into()), ..base.clone() }),
        ("dns accentué", Demande { noms_dns: vec!["é.fr".into()], ..base.clone() }),
    ];
    for (nom, demande) in cas {
        assert!(matches!(ac.emettre(&demande), Err(Erreur::Validite | Erreur::Nom(_))), "{nom}");
    }
}

#[test]
fn openssl_reconnait_la_chaine() {
    if !temoin("openssl") {
        return;
    }
    let ac = autorite();
    let dossier = tempfile::tempdir().unwrap();
    let racine = dossier.path().join("ac.pem");
    std::fs::write(&racine, ac.cert_pem()).unwrap();
    for algorithme in [Algorithme::P256, Algorithme::Rsa3072] {
        let cert = ac.emettre(&demande(Usage::Serveur, algorithme)).unwrap();
        let feuille = dossier.path().join("cert.pem");
        std::fs::write(&feuille, &cert.cert_pem).unwrap();
        let sortie = Command::new("openssl")
            .args([
                "verify",
                "-x509_strict",
                "-purpose",
                "sslserver",
                "-attime",
                &le().as_second().to_string(),
            ])
            .arg("-CAfile")
            .arg(&racine)
            .arg(&feuille)
            .output()
            .unwrap();
        assert!(sortie.status.success(), "{}", String::from_utf8_lossy(&sortie.stderr));
    }
}
