//! Rendering: determinism, conformance, pagination, nothing out of the margins.

use std::process::Command;

use document::{Bloc, Erreur, Feuille, PieceJointe, rendre, verification::piece_jointe};

use super::{JSON, dit, feuille, outil, petite};

/// A document that exercises every block over several pages, with what people may type.
fn riche() -> Feuille {
    let long = "https://exemple.fr/".to_owned() + &"tres-long-chemin/".repeat(20);
    let lignes =
        (1..=40).map(|i| vec![format!("E{i}"), format!("Exigence {i} {}", "mot ".repeat(i)), long.clone()]);
    let mut geante = vec!["G".into(), "phrase ".repeat(900), String::new(), "en trop".into()];
    geante.truncate(4);
    feuille(vec![
        Bloc::Intertitre("Sans titre avant".into()),
        Bloc::Titre(
            "Un titre assez long pour tenir sur deux lignes, avec « guillemets » et n°\u{a0}1".into(),
        ),
        Bloc::Paragraphe(format!(
            "**Gras** puis maigre, {long} et\u{202f}: fin. 🐟 \u{202e}inverse\u{202c}\nà la ligne"
        )),
        Bloc::Champs(vec![("Libellé".into(), long.clone()), ("Vide".into(), String::new())]),
        Bloc::Champs(vec![]),
        Bloc::Liste((1..=60).map(|i| format!("entrée {i} {}", "mot ".repeat(i % 30))).collect()),
        Bloc::Tableau {
            entetes: vec!["Réf.".into(), "Texte".into(), "Adresse".into()],
            largeurs: vec![1.0, 3.0, 2.0],
            lignes: lignes.chain([geante, vec![]]).collect(),
        },
        Bloc::Tableau { entetes: vec!["Seul".into(); 2], largeurs: vec![], lignes: vec![] },
        Bloc::Filet,
        Bloc::Espace(f32::NAN),
        Bloc::Espace(1e9),
        Bloc::Qr { contenu: long, legende: "Légende".into() },
    ])
}

#[test]
fn les_memes_octets() {
    assert_eq!(rendre(&riche()).unwrap(), rendre(&riche()).unwrap());
}

#[test]
fn se_dit_pdf_a_et_pdf_ua() {
    let pdf = petite();
    let texte = String::from_utf8_lossy(&pdf);
    for marque in
        ["<pdfaid:part>3<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<", "/Lang(fr)", "/Marked true"]
    {
        assert!(texte.contains(marque), "{marque}");
    }
}

#[test]
fn sans_bloc_ni_texte() {
    let vide = Feuille {
        titre: "T".into(),
        numero: String::new(),
        pied: String::new(),
        pieces_jointes: vec![],
        ..feuille(vec![])
    };
    rendre(&vide).unwrap();
    rendre(&Feuille { auteur: String::new(), ..vide }).unwrap();
}

#[test]
fn refus() {
    let piece = |nom: &str, mime: &str| PieceJointe {
        nom: nom.into(),
        mime: mime.into(),
        description: "d".into(),
        octets: vec![],
    };
    let avec = |pieces| Feuille { pieces_jointes: pieces, ..feuille(vec![]) };
    let cas = [
        ("type invalide", avec(vec![piece("a", "json")])),
        ("nom en double", avec(vec![piece("a", "text/plain"), piece("a", "text/plain")])),
    ];
    for (nom, feuille) in cas {
        assert!(matches!(rendre(&feuille), Err(Erreur::PieceJointe(_))), "{nom}");
    }
    let qr = feuille(vec![Bloc::Qr { contenu: "x".repeat(5000), legende: String::new() }]);
    assert!(matches!(rendre(&qr), Err(Erreur::Qr)));
}

#[test]
fn la_piece_jointe_se_retrouve() {
    let pdf = petite();
    assert_eq!(piece_jointe(&pdf, "habilitation.json").as_deref(), Some(JSON));
    assert_eq!(piece_jointe(&pdf, "autre.json"), None);
    assert_eq!(piece_jointe(&pdf[..pdf.len() / 2], "habilitation.json"), None);
    assert_eq!(piece_jointe(b"", "x"), None);
}

#[test]
fn qpdf_et_poppler_en_conviennent() {
    if !outil("qpdf") || !outil("pdftotext") || !outil("pdfdetach") {
        return;
    }
    let dossier = tempfile::tempdir().unwrap();
    let chemin = dossier.path().join("riche.pdf");
    std::fs::write(&chemin, rendre(&riche()).unwrap()).unwrap();
    let verdict = dit(Command::new("qpdf").arg("--check").arg(&chemin));
    assert!(!verdict.contains("WARNING"), "{verdict}");
    dit(Command::new("pdfdetach")
        .args(["-savefile", "habilitation.json", "-o"])
        .arg(dossier.path().join("j"))
        .arg(&chemin));
    assert_eq!(std::fs::read(dossier.path().join("j")).unwrap(), JSON);

    let boites = dit(Command::new("pdftotext").arg("-bbox").arg(&chemin).arg("-"));
    let mut mots = 0;
    for ligne in boites.lines().filter(|l| l.contains("<word")) {
        let cote = |nom: &str| -> f32 {
            ligne.split(&format!("{nom}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
        };
        mots += 1;
        assert!(cote("xMin") >= 63.0 && cote("xMax") <= 532.5, "{ligne}");
        assert!(cote("yMin") >= 45.0 && cote("yMax") <= 815.0, "{ligne}");
    }
    assert!(mots > 2000, "{mots}");
    let texte = dit(Command::new("pdftotext").arg("-layout").arg(&chemin).arg("-"));
    // Kinds of spaces are the witness's own business.
    let texte = texte.replace(['\u{a0}', '\u{202f}'], " ");
    let pages = texte.matches("Page ").count();
    assert!(pages > 5 && texte.contains(&format!("Page {pages} / {pages}")), "{pages} : {texte}");
    // The header comes back on each page of the table, and every row is there.
    assert!(texte.matches("Adresse").count() > 2);
    assert!((1..=40).all(|i| texte.contains(&format!("Exigence {i} "))));
}
