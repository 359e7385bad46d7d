//! Verifying: every trick is seen, signatures of other tools are read, nothing panics.

use std::{path::Path, process::Command};

use cms::{
    cert::CertificateChoices,
    content_info::ContentInfo,
    signed_data::{CertificateSet, SignedData},
};
use der::{Any, Decode as _, Encode as _, asn1::SetOfVec};
use document::{
    signer,
    verification::{Chaine, Rapport, SignatureLue, verifier},
};
use igc::{Algorithme, Autorite};
use jiff::ToSpan as _;
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::{autorite, certificat, dit, le, mention, outil, petite, pyhanko, script, signataire, signee};

fn trouver(pdf: &[u8], mot: &[u8]) -> usize {
    pdf.windows(mot.len()).rposition(|f| f == mot).unwrap()
}

/// Replaces `avant` by `apres`, of the same length, at its last occurrence.
fn remplacer(pdf: &[u8], avant: &[u8], apres: &[u8]) -> Vec<u8> {
    assert_eq!(avant.len(), apres.len());
    let debut = trouver(pdf, avant);
    let mut pdf = pdf.to_vec();
    pdf[debut..debut + avant.len()].copy_from_slice(apres);
    pdf
}

/// `/ByteRange` as written, with the blanks after it.
fn plage(pdf: &[u8]) -> (usize, String) {
    let debut = trouver(pdf, b"/ByteRange [") + b"/ByteRange [".len();
    (debut, String::from_utf8(pdf[debut..debut + 64].to_vec()).unwrap())
}

fn avec_plage(pdf: &[u8], bornes: [usize; 4], suite: &str) -> Vec<u8> {
    let (debut, _) = plage(pdf);
    let [a, b, c, d] = bornes;
    let texte = format!("{:<64}", format!("{a} {b} {c} {d}]{suite}"));
    let mut pdf = pdf.to_vec();
    pdf[debut..debut + 64].copy_from_slice(texte.as_bytes());
    pdf
}

#[test]
fn falsifications() {
    let (bon, racine) = signee();
    let racines = [racine];
    let lu = verifier(&bon, &racines, le());
    let [zero, avant, reprise, apres] =
        lu.reconnue().unwrap().octets_couverts.map(|n| usize::try_from(n).unwrap());
    assert_eq!(reprise + apres, bon.len());

    let mut ajout = bon.clone();
    ajout.extend_from_slice(b"\n% ajout\n%%EOF\n");
    let mut bourrage = bon.clone();
    bourrage[reprise - 2] = b'1';
    let cas: [(&str, Vec<u8>, &str); 12] = [
        ("un octet changé", remplacer(&bon, b"(Habilitation)", b"(habilitation)"), "modifié depuis"),
        ("octets ajoutés", ajout, "complété après"),
        ("trou élargi", avec_plage(&bon, [zero, avant, reprise + 1, apres - 1], ""), "autre chose"),
        ("trou décalé", avec_plage(&bon, [zero, avant - 1, reprise, apres], ""), "autre chose"),
        (
            "plages qui se chevauchent",
            avec_plage(&bon, [zero, reprise, avant, bon.len() - avant], ""),
            "autre chose",
        ),
        ("début manquant", avec_plage(&bon, [1, avant - 1, reprise, apres], ""), "autre chose"),
        ("fin manquante", avec_plage(&bon, [zero, avant, reprise, apres - 5], ""), "complété après"),
        ("au-delà du fichier", avec_plage(&bon, [zero, avant, reprise, apres + 1], ""), "dépasse la fin"),
        (
            "deux plages",
            avec_plage(&bon, [zero, avant, reprise, apres], "/ByteRange[0 1 2 3]"),
            "plusieurs fois",
        ),
        ("plage illisible", remplacer(&bon, b"/ByteRange [0", b"/ByteRange [-"), "illisible"),
        (
            "sous-filtre inconnu",
            remplacer(&bon, b"/ETSI.CAdES.detached", b"/ETSI.CAdES.detache0"),
            "pas pris en charge",
        ),
        ("bourrage non nul", bourrage, "données étrangères"),
    ];
    for (nom, pdf, raison) in cas {
        let rapport = verifier(&pdf, &racines, le());
        assert!(rapport.reconnue().is_none(), "{nom}");
        let raisons = rapport.signatures.iter().flat_map(|s| &s.raisons).chain(&rapport.anomalies);
        assert!(raisons.clone().any(|r| r.contains(raison)), "{nom} : {:?}", raisons.collect::<Vec<_>>());
    }
}

#[test]
fn fichiers_sans_signature_lisible() {
    let (bon, racine) = signee();
    let racines = [racine];
    let imbrique =
        |ouvrant: &str| format!("%PDF-1.7\n1 0 obj\n{}/ByteRange", ouvrant.repeat(300_000)).into_bytes();
    let cas: [(&str, Vec<u8>, &str); 8] = [
        ("non signé", petite(), "aucune signature"),
        ("vide", vec![], "pas un document PDF"),
        ("rebut", vec![0xff; 5000], "pas un document PDF"),
        ("tronqué", bon[..bon.len() - 100].to_vec(), "ne couvre le document entier"),
        ("tableaux imbriqués", imbrique("["), "hors de toute signature"),
        ("dictionnaires imbriqués", imbrique("<</A"), "hors de toute signature"),
        ("chaîne sans fin", imbrique("("), "hors de toute signature"),
        ("trop de signatures", imbrique("/ByteRange[0 0 0 0]"), "trop de signatures"),
    ];
    for (nom, pdf, anomalie) in cas {
        let rapport = verifier(&pdf, &racines, le());
        assert!(rapport.reconnue().is_none(), "{nom}");
        assert!(rapport.anomalies.iter().any(|a| a.contains(anomalie)), "{nom} : {rapport:?}");
    }
}

#[test]
fn chaines() {
    let (pdf, racine) = signee();
    let autre = autorite().cert_der().to_vec();
    let reconnue = Chaine::Reconnue { racine: "AC DE TEST".into() };
    let cas = [
        ("racine connue", vec![autre.clone(), racine.clone()], le(), reconnue),
        ("racine de même nom, autre clé", vec![autre], le(), Chaine::Inconnue),
        ("aucune racine", vec![], le(), Chaine::Inconnue),
        ("racines illisibles", vec![vec![], vec![0x30, 0x80]], le(), Chaine::Inconnue),
        ("avant", vec![racine.clone()], le() - 1.hour(), Chaine::Expiree),
        ("certificat expiré", vec![racine.clone()], "2030-01-01T00:00:00Z".parse().unwrap(), Chaine::Expiree),
        ("racine expirée", vec![racine], "2040-01-01T00:00:00Z".parse().unwrap(), Chaine::Expiree),
    ];
    for (nom, racines, le, attendue) in cas {
        let rapport = verifier(&pdf, &racines, le);
        let lue = &rapport.signatures[0];
        assert!(lue.integre && lue.couvre_tout, "{nom}");
        assert_eq!(lue.chaine, attendue, "{nom}");
        assert_eq!(rapport.reconnue().is_some(), matches!(attendue, Chaine::Reconnue { .. }), "{nom}");
    }
}

/// Flips a bit of every signed byte in turn, by steps, and of every byte near the signature.
#[test]
fn aucun_octet_ne_change_impunement() {
    let (bon, racine) = signee();
    let racines = [racine];
    let bornes = verifier(&bon, &racines, le()).reconnue().unwrap().octets_couverts;
    let [_, avant, reprise, _] = bornes.map(|n| usize::try_from(n).unwrap());
    let pas = (0..avant - 400).step_by(23).chain(avant - 400..bon.len());
    for i in pas {
        let mut pdf = bon.clone();
        pdf[i] ^= 1;
        let rapport = verifier(&pdf, &racines, le());
        match rapport.reconnue() {
            None => {}
            // A few bytes of the CMS envelope are signed by nobody (its version, its list of digests): harmless, as long
            // as the signer is the same.
            Some(lue) => {
                assert!((avant..reprise).contains(&i), "octet {i}");
                assert_eq!(lue.signataire_cn.as_deref(), Some("Guichet d’essai"));
            }
        }
    }
}

/// A root among the certificates of the signature would be bytes that nobody protects.
#[test]
fn la_racine_ne_voyage_pas() {
    let ac = autorite();
    let certificat = certificat(&ac, Algorithme::P256);
    let chaine = format!("{}{}", certificat.cert_pem, ac.cert_pem());
    let signataire = document::Signataire::depuis_pem(&chaine, &certificat.cle_pem).unwrap();
    let signe = signer(&petite(), &signataire, &mention()).unwrap();
    let debut = trouver(&signe, b"/Contents <") + b"/Contents <".len();
    let fin = debut + signe[debut..].iter().position(|o| *o == b'>').unwrap();
    let enveloppe = ContentInfo::from_der(&sans_bourrage(&signe[debut..fin])).unwrap();
    let donnees: SignedData = enveloppe.content.decode_as().unwrap();
    assert_eq!(donnees.certificates.unwrap().0.len(), 1);
    assert!(verifier(&signe, &[ac.cert_der().to_vec()], le()).reconnue().is_some());
}

/// The certificate of the signature replaced by another, of the same name, number and key.
#[test]
fn certificat_substitue() {
    if !outil("openssl") {
        return;
    }
    let (ac, fausse) = (autorite(), autorite());
    let vrai = certificat(&ac, Algorithme::P256);
    let signe = signer(&petite(), &signataire(&vrai), &mention()).unwrap();
    let dossier = tempfile::tempdir().unwrap();
    let chemin = |nom: &str| dossier.path().join(nom).to_str().unwrap().to_owned();
    std::fs::write(chemin("cle"), vrai.cle_pem.expose_secret()).unwrap();
    std::fs::write(chemin("ac"), fausse.cert_pem()).unwrap();
    std::fs::write(chemin("ac.cle"), fausse.cle_pem().expose_secret()).unwrap();
    let serie = format!("0x{}", igc::lire::lire_der(&vrai.cert_der).unwrap().serie);
    dit(Command::new("openssl").args([
        "req",
        "-new",
        "-key",
        &chemin("cle"),
        "-subj",
        "/CN=X",
        "-out",
        &chemin("csr"),
    ]));
    dit(Command::new("openssl")
        .args(["x509", "-req", "-in", &chemin("csr"), "-CA", &chemin("ac"), "-CAkey", &chemin("ac.cle")])
        .args(["-set_serial", &serie, "-days", "3650", "-outform", "DER", "-out", &chemin("faux")]));
    let faux = std::fs::read(chemin("faux")).unwrap();

    let debut = trouver(&signe, b"/Contents <") + b"/Contents <".len();
    let fin = debut + signe[debut..].iter().position(|o| *o == b'>').unwrap();
    let der = sans_bourrage(&signe[debut..fin]);
    let mut enveloppe = ContentInfo::from_der(&der).unwrap();
    let mut donnees: SignedData = enveloppe.content.decode_as().unwrap();
    let choix = CertificateChoices::from_der(&faux).unwrap();
    donnees.certificates = Some(CertificateSet(SetOfVec::try_from(vec![choix]).unwrap()));
    enveloppe.content = Any::encode_from(&donnees).unwrap();
    let mut texte: String = hex::encode_upper(enveloppe.to_der().unwrap());
    assert!(texte.len() <= fin - debut);
    texte.extend(std::iter::repeat_n('0', fin - debut - texte.len()));
    let mut pdf = signe.clone();
    pdf[debut..fin].copy_from_slice(texte.as_bytes());

    let rapport = verifier(&pdf, &[fausse.cert_der().to_vec()], le() + 48.hours());
    assert!(rapport.reconnue().is_none());
    assert!(
        rapport.signatures[0].raisons.iter().any(|r| r.contains("désigne un autre certificat")),
        "{rapport:?}"
    );
}

/// The DER of a hexadecimal string, without its padding.
fn sans_bourrage(chiffres: &[u8]) -> Vec<u8> {
    let octets = hex::decode(chiffres).unwrap();
    assert_eq!(octets[..2], [0x30, 0x82]);
    octets[..4 + usize::from(u16::from_be_bytes([octets[2], octets[3]]))].to_vec()
}

struct AutreOutil {
    dossier: tempfile::TempDir,
    ac: Autorite,
}

impl AutreOutil {
    fn signer(&self, entree: &Path, cert: &Path, cle: &Path, options: [&str; 4]) -> Vec<u8> {
        let sortie = self.dossier.path().join("sortie.pdf");
        dit(Command::new("python3")
            .arg(script("signer.py"))
            .arg(entree)
            .arg(&sortie)
            .arg(cert)
            .arg(cle)
            .args(options));
        std::fs::read(sortie).unwrap()
    }

    fn verifier(&self, pdf: &[u8]) -> Rapport {
        verifier(pdf, &[self.ac.cert_der().to_vec()], le())
    }
}

#[test]
fn signatures_d_un_autre_outil() {
    if !pyhanko() {
        return;
    }
    let autre = AutreOutil { dossier: tempfile::tempdir().unwrap(), ac: autorite() };
    let chemin = |nom: &str| autre.dossier.path().join(nom);
    std::fs::write(chemin("entree.pdf"), petite()).unwrap();
    let cas = [
        (Algorithme::P256, "adbe.pkcs7.detached", "sha256", "non"),
        (Algorithme::P256, "ETSI.CAdES.detached", "sha512", "non"),
        (Algorithme::Rsa3072, "adbe.pkcs7.detached", "sha384", "non"),
        (Algorithme::Rsa3072, "ETSI.CAdES.detached", "sha256", "pss"),
    ];
    for (algorithme, sous_filtre, condensat, pss) in cas {
        let certificat = certificat(&autre.ac, algorithme);
        std::fs::write(chemin("cert"), &certificat.cert_pem).unwrap();
        std::fs::write(chemin("cle"), certificat.cle_pem.expose_secret()).unwrap();
        let options = [sous_filtre, condensat, "Un", pss];
        let pdf = autre.signer(&chemin("entree.pdf"), &chemin("cert"), &chemin("cle"), options);
        let rapport = autre.verifier(&pdf);
        let lue =
            rapport.reconnue().unwrap_or_else(|| panic!("{sous_filtre} {condensat} {pss} : {rapport:?}"));
        assert!(lue.le.is_some() && lue.sous_filtre == sous_filtre);

        // A second signature over the first: both hold, the second alone covers the file.
        std::fs::write(chemin("une.pdf"), &pdf).unwrap();
        let deux = autre.signer(
            &chemin("une.pdf"),
            &chemin("cert"),
            &chemin("cle"),
            [sous_filtre, condensat, "Deux", pss],
        );
        let rapport = autre.verifier(&deux);
        let resume: Vec<(bool, bool)> =
            rapport.signatures.iter().map(|s| (s.integre, s.couvre_tout)).collect();
        assert_eq!(resume, [(true, false), (true, true)], "{rapport:?}");
        assert!(rapport.reconnue().is_some_and(|s: &SignatureLue| s.couvre_tout));
    }
    // P-384, under a certificate that signs itself.
    if outil("openssl") {
        let (cle, cert) = (chemin("cle"), chemin("cert"));
        dit(Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-384",
                "-nodes",
                "-subj",
                "/CN=Seul",
            ])
            .args(["-addext", "keyUsage=digitalSignature", "-keyout"])
            .arg(&cle)
            .arg("-out")
            .arg(&cert));
        let pdf =
            autre.signer(&chemin("entree.pdf"), &cert, &cle, ["adbe.pkcs7.detached", "sha384", "Un", "non"]);
        let rapport = autre.verifier(&pdf);
        let lue = &rapport.signatures[0];
        assert!(lue.integre && lue.couvre_tout && lue.chaine == Chaine::Inconnue, "{rapport:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn jamais_de_panique(
        octets in proptest::collection::vec(any::<u8>(), 0..300),
        position in any::<prop::sample::Index>(),
        coupe in 0_usize..200,
    ) {
        static SIGNE: std::sync::OnceLock<(Vec<u8>, Vec<u8>)> = std::sync::OnceLock::new();
        let (bon, racine) = SIGNE.get_or_init(signee);
        // Rubbish put in place of a piece of a real file, mostly near its signature.
        let depart = trouver(bon, b"/Subtype /Widget").saturating_sub(600);
        let debut = depart + position.index(bon.len() - depart);
        let mut pdf = bon.clone();
        pdf.splice(debut..(debut + coupe).min(bon.len()), octets);
        let rapport = verifier(&pdf, std::slice::from_ref(racine), le());
        if pdf != *bon {
            prop_assert!(rapport.reconnue().is_none());
        }
        let _ = document::verification::piece_jointe(&pdf, "habilitation.json");
        let _ = signer(&pdf, &signataire(&certificat(&autorite(), Algorithme::P256)), &mention());
    }
}
