//! People, a produit, and dossiers at each step: what the tests of the acts start from.

use std::{collections::BTreeMap, fs, path::Path};

use domaine::{
    candidature::{Candidature, Creation, administratif::Saisie, depot::Depot},
    chapitre::Emplacement,
    college::{Avis, Decision, Session},
    evenement::{Acteur, Evenement},
    formulaire::{Contexte, HabilitationLiee},
    id::Id,
    permission::Qualite,
    preuve::{Analyse, Appreciation, Contenu, Fichier, Preuve},
    produit::{Fiche, Produit},
    referentiel::{Guichet, Kind, Profil, Referentiel},
    test_intrusion,
};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use uuid::Uuid;

pub(crate) const AUJOURDHUI: Date = date(2026, 11, 21);

/// 10 h in Paris on [`AUJOURDHUI`].
pub(crate) fn le() -> Timestamp {
    instant("2026-11-21T09:00:00Z")
}

pub(crate) fn instant(texte: &str) -> Timestamp {
    texte.parse().expect("an instant")
}

pub(crate) fn id<N>(rang: u128) -> Id<N> {
    Id::new(Uuid::from_u128(rang))
}

fn acteur(rang: u128, nom: &str, qualite: Qualite) -> Acteur {
    Acteur { personne: Some(id(rang)), nom: nom.to_owned(), qualite }
}

pub(crate) fn claire() -> Acteur {
    acteur(1, "Claire Martin", Qualite::Mandataire)
}

pub(crate) fn victor() -> Acteur {
    acteur(10, "Victor Durand", Qualite::Verificateur)
}

/// Another vérificateur.
pub(crate) fn vera() -> Acteur {
    acteur(11, "Véra Petit", Qualite::Verificateur)
}

pub(crate) fn colette() -> Acteur {
    acteur(20, "Colette Leroy", Qualite::College)
}

pub(crate) fn simon() -> Acteur {
    acteur(30, "Simon Moreau", Qualite::Signataire)
}

pub(crate) fn referentiel() -> Referentiel {
    let chemin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../referentiel/edc-psc.toml");
    Referentiel::lire(&fs::read_to_string(chemin).expect("the référentiel of the repository"))
        .expect("the référentiel of the repository is sound")
}

/// The real one with each chapter cut to one exigence: short dossiers with the same rules.
pub(crate) fn referentiel_court() -> Referentiel {
    let mut referentiel = referentiel();
    referentiel.exigences.retain(|exigence| exigence.ordre == 1);
    referentiel
}

pub(crate) fn contexte(guichet: Guichet) -> Contexte {
    Contexte { guichet, aujourdhui: AUJOURDHUI }
}

pub(crate) fn produit() -> Produit {
    let fiche = Fiche {
        nom: "Proxy Logimed".to_owned(),
        version: "2.1".to_owned(),
        nil: "NIL42".to_owned(),
        responsable: Some(id(1)),
        description: "Un proxy".to_owned(),
        certifications: String::new(),
        dispositifs: vec!["edc-psc".to_owned()],
    };
    let (brouillon, _) = Produit::brouillon(id(100), id(50), fiche, &claire(), le());
    brouillon.valider(3232, &claire(), le()).expect("a complete fiche").0
}

pub(crate) fn creation(produit: &Produit, guichet: Guichet) -> Creation<'_> {
    Creation {
        id: id(200),
        nru: "KXNFPNCHFV".parse().expect("a NRU"),
        guichet,
        produit,
        referentiel: "2025.1-proposition",
        remplace: None,
    }
}

pub(crate) fn creee(guichet: Guichet) -> Candidature {
    Candidature::creer(creation(&produit(), guichet), &claire(), le()).expect("an active produit").0
}

pub(crate) fn valeurs(champs: &[(&str, &str)]) -> Saisie {
    Saisie {
        valeurs: champs.iter().map(|(cle, valeur)| ((*cle).to_owned(), (*valeur).to_owned())).collect(),
        ..Saisie::default()
    }
}

pub(crate) fn liee(profil: Profil) -> HabilitationLiee {
    HabilitationLiee {
        profil,
        numero: format!("HAB-{}-2026-00007", profil.code()),
        nru: "MZYDQBPUKP".to_owned(),
        logiciel: "Proxy Logimed".to_owned(),
        version: "2.1".to_owned(),
        fin: date(2029, 1, 31),
        en_vigueur: Ok(()),
        fichier: None,
    }
}

/// Everything that these profiles must answer.
pub(crate) fn saisie(profils: &[Profil]) -> Saisie {
    let mut saisie = valeurs(&[
        ("denomination", "Logimed"),
        ("siret", "732 829 320 00074"),
        ("forme_juridique", "SAS"),
        ("siege_voie", "1 rue de la Paix"),
        ("siege_code_postal", "75002"),
        ("siege_commune", "Paris"),
        ("siege_pays", "FRA"),
        ("representant_civilite", "Mme"),
        ("representant_nom", "Martin"),
        ("representant_prenom", "Claire"),
        ("representant_fonction", "Présidente"),
        ("representant_courriel", "claire@exemple.fr"),
        ("representant_telephone", "01 23 45 67 89"),
        ("contact_nom", "Bernard"),
        ("contact_prenom", "Hugo"),
        ("contact_fonction", "Responsable produit"),
        ("contact_courriel", "hugo@exemple.fr"),
        ("contact_telephone", "+33123456789"),
        ("logiciel", "Proxy Logimed"),
        ("version", "2.1"),
        ("datapass", "123456"),
        ("client_id", "logimed-proxy-bas"),
        ("date_depot", "2026-12-31"),
        ("composants", "aucun"),
        ("cgu", "oui"),
    ]);
    let codes: Vec<&str> = profils.iter().map(|profil| profil.code()).collect();
    saisie.valeurs.insert("profils".to_owned(), codes.join(","));
    if profils.contains(&Profil::ELU) {
        for (cle, valeur) in [("nie", "123"), ("nil", "456"), ("proxy", "MZYDQBPUKP")] {
            saisie.valeurs.insert(cle.to_owned(), valeur.to_owned());
        }
    }
    let operateur = |profil| profils.contains(&profil);
    let liees = [
        ("habilitation_elu", Profil::ELU, operateur(Profil::OpSU)),
        ("habilitation_elp", Profil::ELP, operateur(Profil::OpSP)),
        ("habilitation_opsp", Profil::OpSP, operateur(Profil::OpSU) && !operateur(Profil::OpSP)),
    ];
    saisie.habilitations = liees
        .into_iter()
        .filter(|(.., demandee)| *demandee)
        .map(|(cle, profil, _)| (cle.to_owned(), Some(liee(profil))))
        .collect::<BTreeMap<_, _>>();
    saisie
}

pub(crate) fn remplie(profils: &[Profil]) -> Candidature {
    let guichet = profils[0].guichet();
    let candidature = creee(guichet);
    ok(candidature.saisir(saisie(profils), &contexte(guichet), &claire(), le()))
}

pub(crate) fn formulaire_soumis(profils: &[Profil]) -> Candidature {
    ok(remplie(profils).soumettre_formulaire(&contexte(profils[0].guichet()), &claire(), le()))
}

pub(crate) fn depot_ouvert(referentiel: &Referentiel, profils: &[Profil]) -> Candidature {
    let contexte = contexte(profils[0].guichet());
    ok(formulaire_soumis(profils).valider_formulaire(referentiel, &contexte, &victor(), le()))
}

pub(crate) fn fichier(nom: &str) -> Fichier {
    Fichier {
        sha256: "ab".repeat(32),
        taille: 1234,
        nom: nom.parse().expect("a file name"),
        mime: "application/pdf".to_owned(),
        analyse: Analyse::Sain { le: le() },
    }
}

/// What this form of preuve holds.
pub(crate) fn contenu(kind: Kind) -> Contenu {
    match kind {
        Kind::Texte => Contenu::Texte("Nous nous y engageons.".to_owned()),
        Kind::Lien => Contenu::Lien("https://exemple.fr/cgu".to_owned()),
        Kind::FormulaireTi => {
            let saisie = test_intrusion::Saisie {
                application: "Proxy Logimed".to_owned(),
                version: "2.1".to_owned(),
                description: "Un proxy".to_owned(),
                type_application: "web".to_owned(),
                organisme: "Audit SA".to_owned(),
                qualification_passi: "PASSI-12".to_owned(),
                qualification_jusquau: "2027-06-30".to_owned(),
                auditeur: "Alain Roche".to_owned(),
                date_test: "2026-10-01".to_owned(),
                date_signature: "2026-10-15".to_owned(),
                ko_haute: "0".to_owned(),
                ko_moyenne: "2".to_owned(),
                non_applicables: "0".to_owned(),
                resultat: "peut_etre_referencee".to_owned(),
            };
            Contenu::TestIntrusion(Box::new(saisie.valider(AUJOURDHUI).expect("a valid sheet")))
        }
        _ => Contenu::Fichier(fichier("preuve.pdf")),
    }
}

pub(crate) fn preuve(rang: u128, kind: Kind, contenu: Contenu) -> Preuve {
    Preuve {
        id: id(rang),
        kind,
        contenu,
        date_reelle: AUJOURDHUI,
        version_logiciel: "2.1".to_owned(),
        commentaire: String::new(),
        deposee_par: claire(),
        deposee_le: le(),
        numero_version: 1,
        sortie: None,
        avis: Vec::new(),
        verdict: None,
    }
}

pub(crate) fn non_applicable(rang: u128) -> Preuve {
    let justification = "Le logiciel n’a pas d’interface.".to_owned();
    preuve(rang, Kind::Texte, Contenu::NonApplicable { justification })
}

/// Deposits in a slot an item of the first form that it accepts.
pub(crate) fn deposer(
    candidature: Candidature,
    referentiel: &Referentiel,
    (chapitre, attendue): (&str, &str),
    rang: u128,
    remplace: Option<Id<Preuve>>,
) -> Candidature {
    let kind = referentiel.attendue(attendue).expect("a slot of the référentiel").kinds[0];
    let preuve = preuve(rang, kind, contenu(kind));
    let depot = Depot { chapitre, attendue, preuve, remplace, aujourdhui: AUJOURDHUI };
    ok(candidature.deposer(depot, referentiel, &claire(), le()))
}

/// One item in each slot of a chapter.
pub(crate) fn charger(mut candidature: Candidature, referentiel: &Referentiel, code: &str) -> Candidature {
    let chapitre = candidature.chapitre(code).expect("a chapter of this dossier").clone();
    let base = chapitre.code.bytes().fold(0, |somme, octet| somme * 256 + u128::from(octet)) * 1000;
    for (rang, slot) in (base..).zip(&chapitre.emplacements) {
        candidature = deposer(candidature, referentiel, (code, &slot.attendue), rang, None);
    }
    candidature
}

pub(crate) fn soumis(candidature: Candidature, referentiel: &Referentiel, code: &str) -> Candidature {
    ok(charger(candidature, referentiel, code).soumettre_chapitre(code, &claire(), le()))
}

/// Taken by Victor.
pub(crate) fn en_instruction(candidature: Candidature, referentiel: &Referentiel, code: &str) -> Candidature {
    ok(soumis(candidature, referentiel, code).prendre_chapitre(code, &victor(), le()))
}

/// Judges conforme what has no verdict yet in a chapter that Victor holds.
pub(crate) fn tout_conforme(mut candidature: Candidature, code: &str) -> Candidature {
    let chapitre = candidature.chapitre(code).expect("a chapter of this dossier").clone();
    for item in chapitre.emplacements.iter().flat_map(Emplacement::courantes) {
        if item.verdict.is_none() {
            candidature =
                ok(candidature.juger_preuve(code, item.id, Appreciation::Conforme, "", &victor(), le()));
        }
    }
    candidature
}

pub(crate) fn chapitre_valide(
    candidature: Candidature,
    referentiel: &Referentiel,
    code: &str,
) -> Candidature {
    let candidature = tout_conforme(en_instruction(candidature, referentiel, code), code);
    ok(candidature.valider_chapitre(code, &victor(), le()))
}

pub(crate) fn codes(candidature: &Candidature) -> Vec<String> {
    candidature.chapitres.iter().map(|chapitre| chapitre.code.clone()).collect()
}

pub(crate) fn depot_complet(referentiel: &Referentiel, profils: &[Profil]) -> Candidature {
    let candidature = depot_ouvert(referentiel, profils);
    codes(&candidature)
        .iter()
        .fold(candidature, |candidature, code| chapitre_valide(candidature, referentiel, code))
}

pub(crate) fn session() -> Id<Session> {
    id(500)
}

pub(crate) fn en_college(referentiel: &Referentiel, profils: &[Profil]) -> Candidature {
    ok(depot_complet(referentiel, profils).inscrire_en_college(session(), &simon(), le()))
}

pub(crate) fn decision(avis: Avis, motif: &str, par: Acteur) -> Decision {
    Decision { avis, motif: motif.to_owned(), par, le: le() }
}

pub(crate) fn habilitee(referentiel: &Referentiel, profils: &[Profil]) -> Candidature {
    let favorable = decision(Avis::Favorable, "", colette());
    ok(en_college(referentiel, profils).decider(session(), &favorable, le()))
}

/// The state after an act that must be allowed.
#[track_caller]
pub(crate) fn ok<T, R: std::fmt::Debug>(suite: Result<(T, Evenement), R>) -> T {
    suite.expect("an act that is allowed").0
}

/// The event of an act that must be allowed.
#[track_caller]
pub(crate) fn evenement<T, R: std::fmt::Debug>(suite: Result<(T, Evenement), R>) -> Evenement {
    match suite {
        Ok((_, evenement)) => evenement,
        Err(refus) => panic!("refused: {refus:?}"),
    }
}
