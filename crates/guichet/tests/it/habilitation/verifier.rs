//! What `edc verifier` accepts, and each way in which a file is refused.

use std::collections::BTreeSet;

use document::{Bloc, Feuille, Mention, PieceJointe, Signataire};
use domaine::habilitation::Contenu;
use guichet::documents::{Emetteur, Piece, PieceAutorisation, PieceHabilitation, RENDU, verification};
use igc::{Algorithme, Autorite, Demande, Usage};
use jiff::{SignedDuration, Timestamp};

use crate::appui::debut;

fn autorite() -> Autorite {
    Autorite::nouvelle("AC d’essai", debut()).expect("an authority")
}

fn signataire(autorite: &Autorite, usage: Usage, fin: &str) -> Signataire {
    let certificat = autorite
        .emettre(&Demande {
            cn: "Signataire d’essai".to_owned(),
            ou: None,
            organisation: Some("Essais".to_owned()),
            noms_dns: Vec::new(),
            adresses_ip: Vec::new(),
            usage,
            debut: debut(),
            fin: fin.parse().expect("an instant"),
            algorithme: Algorithme::P256,
        })
        .expect("a certificate");
    Signataire::depuis_pem(&certificat.cert_pem, &certificat.cle_pem).expect("a key")
}

fn emetteur() -> Emetteur {
    Emetteur { nom: "Agence d’essai".to_owned(), lieu: "Paris".to_owned() }
}

fn habilitation() -> Piece {
    let jour = |texte: &str| texte.parse().expect("a date");
    Piece::Habilitation(PieceHabilitation {
        rendu: RENDU,
        emetteur: emetteur(),
        registre: "https://guichets.exemple.fr/registre/HAB-OpSU-2026-00001".to_owned(),
        signataire: "Jeanne Faure".to_owned(),
        signee_le: debut(),
        contenu: Contenu {
            numero: "HAB-OpSU-2026-00001".to_owned(),
            profil: domaine::referentiel::Profil::OpSU,
            nru: "KXNFPNCHFV".parse().expect("an NRU"),
            denomination: "Logimed".to_owned(),
            siret: "73282932000074".to_owned(),
            contact: "Hugo Bernard".to_owned(),
            logiciel: "Dossier Web".to_owned(),
            version: "2.1".to_owned(),
            client_id: "logimed-dossier".to_owned(),
            referentiel: "2025.1".to_owned(),
            conformite_du: jour("2026-10-02"),
            conformite_au: jour("2026-11-12"),
            decision_le: jour("2026-11-21"),
            fin: jour("2029-11-21"),
            dependances: vec!["HAB-ELU-2026-00003".to_owned(), "HAB-OpSP-2026-00001".to_owned()],
        },
    })
}

fn autorisation() -> Piece {
    Piece::Autorisation(PieceAutorisation {
        rendu: RENDU,
        emetteur: emetteur(),
        emise_le: debut(),
        numero: "AUT-2026-00001".to_owned(),
        nru: "KXNFPNCHFV".to_owned(),
        denomination: "Logimed".to_owned(),
        siret: "73282932000074".to_owned(),
        logiciel: "Dossier Web".to_owned(),
        version: "2.1".to_owned(),
        profils: vec!["Éditeur de Logiciel Utilisateur".to_owned()],
        nie: "1234".to_owned(),
        nil: "D123456".to_owned(),
        client_id: "logimed-bas".to_owned(),
        debut: "2026-11-21".parse().expect("a date"),
        fin: "2027-02-21".parse().expect("a date"),
        environnements: vec!["Bac à sable".to_owned()],
    })
}

fn signer(pdf: &[u8], signataire: &Signataire) -> Vec<u8> {
    let mention = Mention {
        nom: "Agence d’essai".to_owned(),
        raison: "Essai".to_owned(),
        lieu: "Paris".to_owned(),
        le: debut(),
    };
    document::signer(pdf, signataire, &mention).expect("signed")
}

/// A letter whose visible text is not what its data say.
fn discordante() -> Vec<u8> {
    let feuille = Feuille {
        titre: "Habilitation".to_owned(),
        sujet: "Habilitation".to_owned(),
        auteur: "Agence d’essai".to_owned(),
        le: debut(),
        numero: "HAB-OpSU-2026-00001".to_owned(),
        blocs: vec![Bloc::Titre("Habilitation".to_owned()), Bloc::Paragraphe("Un autre logiciel".to_owned())],
        pieces_jointes: vec![PieceJointe {
            nom: "habilitation.json".to_owned(),
            mime: "application/json".to_owned(),
            description: "Données".to_owned(),
            octets: serde_json::to_vec(&habilitation()).expect("JSON"),
        }],
        pied: String::new(),
    };
    document::rendre(&feuille).expect("drawn")
}

#[test]
fn chaque_defaut_se_dit() {
    let autorite = autorite();
    let cle = signataire(&autorite, Usage::Signature, "2036-01-01T00:00:00Z");
    let courte = signataire(&autorite, Usage::Signature, "2027-01-01T00:00:00Z");
    let tls = signataire(&autorite, Usage::Client, "2036-01-01T00:00:00Z");
    let etrangere = signataire(
        &Autorite::nouvelle("Autre AC", debut()).expect("an authority"),
        Usage::Signature,
        "2036-01-01T00:00:00Z",
    );
    let page = habilitation().rendre().expect("drawn");
    let bonne = signer(&page, &cle);
    let falsifiee = {
        let mut octets = bonne.clone();
        let rang = octets.windows(9).position(|un| un == b"endstream").expect("a stream") - 20;
        octets[rang] ^= 1;
        octets
    };
    let completee = [bonne.as_slice(), b"\n% ajout\n"].concat();
    let maintenant = debut();
    let dans =
        |jours: i64| maintenant.saturating_add(SignedDuration::from_hours(24 * jours)).expect("in range");
    let hier = maintenant.saturating_sub(SignedDuration::from_hours(24)).expect("in range");
    let cas: [(&str, Vec<u8>, Timestamp, Option<&str>); 13] = [
        ("bonne", bonne.clone(), maintenant, None),
        ("dernier jour", bonne.clone(), dans(1096), None),
        ("lendemain de la fin", bonne.clone(), dans(1097), Some("a pris fin le 21 novembre 2029")),
        ("veille", bonne.clone(), hier, Some("")),
        ("falsifiée", falsifiee, maintenant, Some("")),
        ("complétée", completee, maintenant, Some("")),
        ("coupée", bonne[..bonne.len() - 40].to_vec(), maintenant, Some("")),
        ("sans signature", page.clone(), maintenant, Some("aucune signature")),
        ("pas un PDF", b"bonjour".to_vec(), maintenant, Some("n’est pas un document PDF")),
        ("autre autorité", signer(&page, &etrangere), maintenant, Some("aucune autorité reconnue")),
        ("certificat TLS", signer(&page, &tls), maintenant, Some("pas fait pour signer")),
        ("texte discordant", signer(&discordante(), &cle), maintenant, Some("n’est pas celui que donnent")),
        ("certificat expiré depuis", signer(&page, &courte), dans(200), None),
    ];
    let racines = [autorite.cert_der().to_vec()];
    for (nom, octets, le, attendu) in cas {
        let lue = verification::verifier(&octets, &racines, le);
        let raisons = lue.raisons().join(" ");
        match attendu {
            None => assert!(lue.accepte && raisons.is_empty() && lue.piece.is_some(), "{nom} : {raisons}"),
            Some(raison) => {
                assert!(!lue.accepte && !raisons.is_empty(), "{nom} : acceptée");
                assert!(raisons.contains(raison), "{nom} : {raisons}");
            }
        }
    }
    let lue =
        verification::verifier(&signer(&autorisation().rendre().expect("drawn"), &cle), &racines, maintenant);
    assert!(lue.accepte && lue.piece == Some(autorisation()), "{:?}", lue.constats);
}

/// Who changes how a document is drawn must raise [`RENDU`]: a verifier draws the documents of its own rank again.
#[test]
fn le_rendu_est_fige() {
    let empreintes: BTreeSet<String> = [habilitation(), autorisation()]
        .iter()
        .map(|piece| {
            let pdf = piece.rendre().expect("drawn");
            hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &pdf))
        })
        .collect();
    let attendues = [
        "59fcb3030cefb7f4ca64a9886df46eabc3e8d8c2fa897f58259d93c95847ff79",
        "7f352550d08965f57516f6c3741bab29547fd7b7c4025681942e9db758b2ea32",
    ];
    assert_eq!(
        empreintes,
        attendues.map(str::to_owned).into(),
        "RENDU vaut {RENDU} : à augmenter avec ces empreintes"
    );
}
