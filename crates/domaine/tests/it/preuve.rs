//! What may stand in a slot, and what becomes of it: versions and tombstones.

use domaine::{
    candidature::{Candidature, Refus, depot::Depot},
    identifiant::RefusLien,
    preuve::{Appreciation, Contenu, Preuve, Sortie, Verdict},
    referentiel::{Kind, Profil, Referentiel},
};

use crate::appui::{
    AUJOURDHUI, claire, contenu, depot_ouvert, fichier, id, instant, le, ok, preuve, referentiel, vera,
    victor,
};

const ELP: &[Profil] = &[Profil::ELP];

fn deposer(
    dossier: Candidature,
    referentiel: &Referentiel,
    attendue: &str,
    preuve: Preuve,
    remplace: Option<u128>,
) -> Result<Candidature, Refus> {
    let chapitre = attendue.split('.').next().expect("a chapter");
    let depot = Depot { chapitre, attendue, preuve, remplace: remplace.map(id), aujourdhui: AUJOURDHUI };
    dossier.deposer(depot, referentiel, &claire(), le()).map(|(dossier, _)| dossier)
}

#[test]
fn chaque_depot_est_de_la_forme_attendue() {
    let referentiel = referentiel();
    let ouvert = depot_ouvert(&referentiel, ELP);
    let vide = domaine::preuve::Fichier { taille: 0, ..fichier("preuve.pdf") };
    let texte = |texte: &str| Contenu::Texte(texte.to_owned());
    let lien = |lien: &str| Contenu::Lien(lien.to_owned());
    let na = |justification: &str| Contenu::NonApplicable { justification: justification.to_owned() };
    let pdf = || contenu(Kind::Document);
    // PMT.01 takes a capture or a document, PMT.09 also a link, TI.01 the sheet.
    let cas: [(&str, Kind, Contenu, Option<Refus>); 14] = [
        ("PMT.01.01.01", Kind::Capture, pdf(), None),
        ("PMT.01.01.01", Kind::Video, pdf(), Some(Refus::KindRefuse("Vidéo"))),
        ("PMT.01.01.01", Kind::Capture, texte("rien"), Some(Refus::ContenuInattendu("Capture d’écran"))),
        ("PMT.01.01.01", Kind::Capture, Contenu::Fichier(vide), Some(Refus::ContenuVide)),
        ("PMT.01.01.01", Kind::Texte, texte("rien"), Some(Refus::KindRefuse("Texte"))),
        ("PMT.01.01.01", Kind::Texte, na("Sans objet."), None),
        ("PMT.01.01.01", Kind::Texte, na(" \n"), Some(Refus::JustificationManquante)),
        ("PMT.09.01.01", Kind::Lien, lien("https://exemple.fr/cgu"), None),
        ("PMT.09.01.01", Kind::Lien, lien("http://exemple.fr/cgu"), Some(Refus::Lien(RefusLien::Protocole))),
        ("PMT.09.01.01", Kind::Lien, lien("javascript:alert(1)"), Some(Refus::Lien(RefusLien::Protocole))),
        ("PMT.09.01.01", Kind::Lien, pdf(), Some(Refus::ContenuInattendu("Lien"))),
        ("TI.01.01.01", Kind::FormulaireTi, contenu(Kind::FormulaireTi), None),
        (
            "TI.01.01.01",
            Kind::FormulaireTi,
            pdf(),
            Some(Refus::ContenuInattendu("Fiche de test d’intrusion")),
        ),
        ("TI.99.01.01", Kind::FormulaireTi, contenu(Kind::FormulaireTi), Some(Refus::EmplacementInconnu)),
    ];
    for (attendue, kind, contenu, refus) in cas {
        let nom = format!("{attendue} {kind} {contenu:?}");
        let obtenu = deposer(ouvert.clone(), &referentiel, attendue, preuve(1, kind, contenu), None);
        assert_eq!(obtenu.err(), refus, "{nom}");
    }
}

#[test]
fn un_depot_vise_son_chapitre_et_son_jour() {
    let referentiel = referentiel();
    let ouvert = depot_ouvert(&referentiel, ELP);
    let pas = preuve(1, Kind::Document, contenu(Kind::Document));
    let depot = |chapitre, attendue, preuve| Depot {
        chapitre,
        attendue,
        preuve,
        remplace: None,
        aujourdhui: AUJOURDHUI,
    };
    let cas = [
        (depot("ODC", "PAS.01.01.01", pas.clone()), Refus::EmplacementInconnu),
        (depot("CGU", "PAS.01.01.01", pas.clone()), Refus::ChapitreInconnu),
        // ARC.04 is asked of opérateurs only: not a slot of this dossier.
        (
            depot("ARC", "ARC.04.01.01", preuve(1, Kind::Tableau, contenu(Kind::Tableau))),
            Refus::EmplacementInconnu,
        ),
        (
            depot(
                "PAS",
                "PAS.01.01.01",
                Preuve { date_reelle: AUJOURDHUI.tomorrow().expect("a day after"), ..pas.clone() },
            ),
            Refus::DateFuture,
        ),
    ];
    for (depot, refus) in cas {
        let obtenu = ouvert.clone().deposer(depot, &referentiel, &claire(), le());
        assert_eq!(obtenu.err(), Some(refus));
    }
}

/// Nobody deposits in the name of another, at another time, or with a verdict in the pocket.
#[test]
fn un_depot_ne_dit_rien_de_lui_meme() {
    let referentiel = referentiel();
    let verdict =
        Verdict { appreciation: Appreciation::Conforme, motif: String::new(), par: victor(), le: le() };
    let menteuse = Preuve {
        deposee_par: vera(),
        deposee_le: instant("2020-01-01T00:00:00Z"),
        numero_version: 9,
        sortie: Some(Sortie::RemplaceePar(id(8))),
        verdict: Some(verdict),
        ..preuve(1, Kind::Document, contenu(Kind::Document))
    };
    let dossier = deposer(depot_ouvert(&referentiel, ELP), &referentiel, "PAS.01.01.01", menteuse, None)
        .expect("a document");
    let gardee = &dossier.chapitre("PAS").expect("a chapter").emplacements[0].preuves[0];
    assert_eq!(*gardee, preuve(1, Kind::Document, contenu(Kind::Document)));
}

#[test]
fn une_version_remplace_et_un_retrait_laisse_sa_trace() {
    let referentiel = referentiel();
    let document = |rang| preuve(rang, Kind::Document, contenu(Kind::Document));
    let slot = |dossier: &Candidature| dossier.chapitre("PAS").expect("a chapter").emplacements[0].clone();
    let ouvert = depot_ouvert(&referentiel, ELP);
    let un = deposer(ouvert, &referentiel, "PAS.01.01.01", document(1), None).expect("the first");
    let deux = deposer(un, &referentiel, "PAS.01.01.01", document(2), Some(1)).expect("a newer version");
    let numeros: Vec<(u32, bool)> =
        slot(&deux).preuves.iter().map(|preuve| (preuve.numero_version, preuve.courante())).collect();
    assert_eq!(numeros, [(1, false), (2, true)]);
    assert_eq!(slot(&deux).preuves[0].sortie, Some(Sortie::RemplaceePar(id(2))));
    // What was replaced can be neither replaced nor withdrawn again.
    let refus = deposer(deux.clone(), &referentiel, "PAS.01.01.01", document(3), Some(1)).err();
    assert_eq!(refus, Some(Refus::PreuveInconnue));
    let refus = deux.clone().retirer("PAS", "PAS.01.01.01", id(1), &claire(), le()).err();
    assert_eq!(refus, Some(Refus::PreuveInconnue));
    let retire = ok(deux.retirer("PAS", "PAS.01.01.01", id(2), &claire(), le()));
    assert_eq!(slot(&retire).preuves.len(), 2);
    assert_eq!(slot(&retire).preuves[1].sortie, Some(Sortie::Retiree { par: claire(), le: le() }));
    assert!(!slot(&retire).charge());
}
