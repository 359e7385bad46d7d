//! Renders and signs a sample letter, to look at it, with its root certificate beside it: `cargo run -p document --example lettre -- lettre.pdf`.

use document::{Bloc, Feuille, Mention, PieceJointe, Signataire};
use igc::{Algorithme, Autorite, Demande, Usage};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let chemin = std::env::args().nth(1).unwrap_or_else(|| "lettre.pdf".into());
    let feuille = lettre()?;
    let autorite = Autorite::nouvelle("AC d’essai", feuille.le)?;
    let certificat = autorite.emettre(&Demande {
        cn: "Guichet d’essai".into(),
        ou: None,
        organisation: Some("Espace de Confiance".into()),
        noms_dns: vec![],
        adresses_ip: vec![],
        usage: Usage::Signature,
        debut: feuille.le,
        fin: "2029-11-21T10:00:00Z".parse()?,
        algorithme: Algorithme::P256,
    })?;
    let signataire = Signataire::depuis_pem(&certificat.cert_pem, &certificat.cle_pem)?;
    let mention = Mention {
        nom: "Guichet d’essai".into(),
        raison: "Attestation d’habilitation".into(),
        lieu: "Paris".into(),
        le: feuille.le,
    };
    let pdf = document::rendre(&feuille)?;
    std::fs::write(&chemin, document::signer(&pdf, &signataire, &mention)?)?;
    std::fs::write(format!("{chemin}.racine.pem"), autorite.cert_pem())?;
    Ok(())
}

fn lettre() -> Result<Feuille, Box<dyn std::error::Error>> {
    let ligne = |i: usize| {
        let etat = if i.is_multiple_of(3) { "Non applicable" } else { "Conforme" };
        vec![
            format!("EXI-{i:02}"),
            format!(
                "L’application n’enregistre aucun identifiant de connexion\u{202f}; exigence n°\u{a0}{i} du référentiel, relue \
                 à l’occasion de la mise à jour."
            ),
            etat.to_owned(),
        ]
    };
    Ok(Feuille {
        titre: "Attestation d’habilitation — Exemple Santé".into(),
        sujet: "Habilitation du produit Exemple Santé".into(),
        auteur: "Espace de Confiance — guichet d’essai".into(),
        le: "2026-11-21T10:00:00Z".parse()?,
        numero: "Décision n°\u{a0}2026-000123".into(),
        blocs: vec![
            Bloc::Titre("Attestation d’habilitation".into()),
            Bloc::Paragraphe(
                "Vu la demande déposée le **3\u{a0}novembre\u{a0}2026** par la société **Éditions Médicales du Parc**, et après \
                 instruction des pièces jointes au dossier, le produit désigné ci-dessous est habilité à utiliser le service \
                 dans les conditions que fixe le référentiel en vigueur\u{202f}; l’habilitation vaut pour trois ans."
                    .into(),
            ),
            Bloc::Champs(vec![
                ("Produit".into(), "**Exemple Santé**, version 4.2".into()),
                ("Éditeur".into(), "Éditions Médicales du Parc, 12 rue de l’Œuvre, 75013 Paris".into()),
                ("Identifiant".into(), "urn:exemple:produit:0190c8f2-7b5e-7cc3-98d4-2f1b6a7c9e10:production:authentification:ciba".into()),
                ("Valable".into(), "du 21\u{a0}novembre\u{a0}2026 au 20\u{a0}novembre\u{a0}2029".into()),
            ]),
            Bloc::Intertitre("Conditions".into()),
            Bloc::Liste(vec![
                "Signaler tout incident de sécurité **sous 24\u{a0}heures**\u{202f};".into(),
                "tenir à jour les coordonnées du responsable et du contact technique, et les faire connaître au guichet avant tout changement\u{202f};".into(),
                "cesser l’usage du service à la fin de l’habilitation.".into(),
            ]),
            Bloc::Intertitre("Exigences instruites".into()),
            Bloc::Tableau {
                entetes: vec!["Référence".into(), "Exigence".into(), "Constat".into()],
                largeurs: vec![0.17, 0.61, 0.22],
                lignes: (1..=24).map(ligne).collect(),
            },
            Bloc::Filet,
            Bloc::Qr {
                contenu: "https://confiance.exemple.fr/verifier/2026-000123".into(),
                legende: "**Vérifier ce document**\nPhotographiez ce code ou ouvrez https://confiance.exemple.fr/verifier/2026-000123 \
                          pour comparer ce que vous lisez au registre."
                    .into(),
            },
        ],
        pieces_jointes: vec![PieceJointe {
            nom: "habilitation.json".into(),
            mime: "application/json".into(),
            description: "Contenu de l’attestation, lisible par une machine".into(),
            octets: br#"{"numero":"2026-000123"}"#.to_vec(),
        }],
        pied: "Espace de Confiance — document signé électroniquement\u{202f}; seule la version numérique fait foi.".into(),
    })
}
