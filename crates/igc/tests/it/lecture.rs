//! The reader takes what people send: chains, keys by mistake, rubbish.

use igc::{Algorithme, Erreur, Usage, lire};
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::{autorite, demande};

#[test]
fn premier_certificat_de_la_chaine() {
    let ac = autorite();
    let cert = ac.emettre(&demande(Usage::Client, Algorithme::P256)).unwrap();
    let texte = format!("Sac : client\r\n{}{}", cert.cert_pem, ac.cert_pem());
    let lu = lire::lire(texte.as_bytes()).unwrap();
    assert_eq!(lu.der, cert.cert_der);
    assert_eq!(lire::certificats_pem(texte.as_bytes()).unwrap().len(), 2);
    assert_eq!(lire::lire(&cert.cert_der).unwrap(), lu);
    assert_eq!(lu.empreinte_sha256.len(), 64);
}

#[test]
fn le_sujet_se_lit_dans_les_deux_ordres() {
    let ac = autorite();
    let mut voulu = demande(Usage::Client, Algorithme::P256);
    voulu.cn = "Proxy, d’essai".to_owned();
    voulu.organisation = Some("Éditeur".to_owned());
    voulu.ou = Some("318000000000000".to_owned());
    let lu = lire::lire(&ac.emettre(&voulu).unwrap().cert_der).unwrap();
    assert_eq!(lu.dn, r"CN=Proxy\, d’essai,OU=318000000000000,O=Éditeur,C=FR");
    assert!(lu.sujet.starts_with("C=FR"));
}

#[test]
fn une_cle_privee_est_refusee() {
    let ac = autorite();
    for algorithme in [Algorithme::P256, Algorithme::Rsa3072] {
        let cert = ac.emettre(&demande(Usage::Client, algorithme)).unwrap();
        let cle = cert.cle_pem.expose_secret();
        let corps: String = cle.lines().filter(|l| !l.starts_with('-')).collect();
        let bloc = format!("-----BEGIN CERTIFICATE-----\n{corps}\n-----END CERTIFICATE-----\n");
        let cas = [
            ("clé seule", cle.to_owned()),
            ("clé après le certificat", format!("{}{cle}", cert.cert_pem)),
            ("clé chiffrée", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n".to_owned()),
            ("clé étiquetée certificat", bloc),
        ];
        for (nom, texte) in cas {
            let erreur = lire::lire(texte.as_bytes()).unwrap_err();
            assert!(matches!(erreur, Erreur::ClePrivee), "{nom} : {erreur}");
            assert!(erreur.to_string().contains("clé privée"));
        }
    }
}

#[test]
fn les_fichiers_etranges_sont_refuses() {
    let cert = autorite().emettre(&demande(Usage::Client, Algorithme::P256)).unwrap();
    let mut suivi = cert.cert_der.clone();
    suivi.push(0);
    let cas: [(&str, &[u8]); 6] = [
        ("vide", b""),
        ("texte", b"bonjour"),
        ("zeros", &[0; 64]),
        ("tronque", &cert.cert_der[..cert.cert_der.len() / 2]),
        ("suivi d'un octet", &suivi),
        ("longueur folle", &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x02]),
    ];
    for (nom, octets) in cas {
        assert!(matches!(lire::lire(octets), Err(Erreur::Illisible)), "{nom}");
    }
    assert!(matches!(lire::lire(&vec![b'-'; lire::TAILLE_MAX + 1]), Err(Erreur::TropGros)));
}

#[test]
fn un_octet_change_ne_panique_jamais() {
    let cert = autorite().emettre(&demande(Usage::Client, Algorithme::P256)).unwrap();
    for i in 0..cert.cert_der.len() {
        for masque in [0x01, 0x80, 0xff] {
            let mut octets = cert.cert_der.clone();
            octets[i] ^= masque;
            let _ = lire::lire(&octets);
        }
    }
}

proptest! {
    #[test]
    fn jamais_de_panique(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = lire::lire(&octets);
        let _ = lire::lire_der(&octets);
        let _ = lire::lire_pem(&octets);
    }
}
