//! A chapter: submitted whole, instructed by one person, sent back slot by slot.

use domaine::{
    candidature::{Candidature, Etat, Refus, depot::Depot},
    chapitre::{Chapitre, EtatEmplacement},
    evenement::{Acteur, Visibilite},
    id::Id,
    preuve::{Appreciation, Preuve},
    referentiel::{Kind, Nature, Profil, Referentiel},
};

use crate::appui::{
    AUJOURDHUI, chapitre_valide, charger, claire, contenu, deposer, depot_complet, depot_ouvert,
    en_instruction, evenement, id, instant, le, non_applicable, ok, preuve, referentiel, soumis,
    tout_conforme, vera, victor,
};

const ELP: &[Profil] = &[Profil::ELP];

fn chapitre<'a>(dossier: &'a Candidature, code: &str) -> &'a Chapitre {
    dossier.chapitre(code).expect("a chapter of this dossier")
}

fn item(dossier: &Candidature, attendue: &str) -> Id<Preuve> {
    let code = attendue.split('.').next().expect("a chapter");
    chapitre(dossier, code).emplacement(attendue).expect("a slot").courantes().next().expect("an item").id
}

fn juger(dossier: Candidature, attendue: &str, appreciation: Appreciation, par: &Acteur) -> Candidature {
    let code = attendue.split('.').next().expect("a chapter").to_owned();
    let item = item(&dossier, attendue);
    ok(dossier.juger_preuve(&code, item, appreciation, "À revoir.", par, le()))
}

/// ODC, sent back for its first slot.
fn renvoye(referentiel: &Referentiel) -> Candidature {
    let dossier = tout_conforme(en_instruction(depot_ouvert(referentiel, ELP), referentiel, "ODC"), "ODC");
    let dossier = juger(dossier, "ODC.01.01.01", Appreciation::NonConforme, &victor());
    ok(dossier.renvoyer_chapitre("ODC", &victor(), le()))
}

#[test]
fn un_chapitre_se_soumet_entier() {
    let referentiel = referentiel();
    let mut dossier = depot_ouvert(&referentiel, ELP);
    let slots: Vec<String> =
        chapitre(&dossier, "PMT").emplacements.iter().map(|slot| slot.attendue.clone()).collect();
    for (rang, attendue) in (1..).zip(&slots) {
        let refus = dossier.clone().soumettre_chapitre("PMT", &claire(), le()).err();
        let Some(Refus::ChapitreIncomplet(manquent)) = refus else { panic!("{refus:?}") };
        assert_eq!(manquent.split(", ").collect::<Vec<_>>(), slots[slots.len() - (10 - rang as usize)..]);
        dossier = deposer(dossier, &referentiel, ("PMT", attendue), rang, None);
    }
    assert_eq!(chapitre(&dossier, "PMT").chargees(), (9, 9));
    let dossier = ok(dossier.soumettre_chapitre("PMT", &claire(), le()));
    let refus = dossier.clone().soumettre_chapitre("PMT", &claire(), le()).err();
    assert_eq!(refus, Some(Refus::ChapitreVerrouille("Soumis")));
    assert_eq!(dossier.soumettre_chapitre("CGU", &claire(), le()).err(), Some(Refus::ChapitreInconnu));
}

#[test]
fn rien_ne_bouge_apres_la_soumission() {
    let referentiel = referentiel();
    let depot = |attendue| Depot {
        chapitre: "ODC",
        attendue,
        preuve: preuve(900, Kind::RapportConformite, contenu(Kind::RapportConformite)),
        remplace: None,
        aujourdhui: AUJOURDHUI,
    };
    let ouvert = depot_ouvert(&referentiel, ELP);
    let dossiers = [
        ("Soumis", soumis(ouvert.clone(), &referentiel, "ODC")),
        ("En instruction", en_instruction(ouvert.clone(), &referentiel, "ODC")),
        ("Validé", chapitre_valide(ouvert, &referentiel, "ODC")),
    ];
    for (etat, dossier) in dossiers {
        let attendu = Some(Refus::ChapitreVerrouille(etat));
        let item = item(&dossier, "ODC.01.01.01");
        let depose = dossier.clone().deposer(depot("ODC.01.01.01"), &referentiel, &claire(), le());
        assert_eq!(depose.err(), attendu, "deposit");
        let retire = dossier.clone().retirer("ODC", "ODC.01.01.01", item, &claire(), le());
        assert_eq!(retire.err(), attendu, "withdraw");
        assert_eq!(dossier.soumettre_chapitre("ODC", &claire(), le()).err(), attendu, "submit");
    }
}

#[test]
fn l_instruction_est_l_affaire_d_une_personne() {
    let referentiel = referentiel();
    let soumis = soumis(depot_ouvert(&referentiel, ELP), &referentiel, "ODC");
    let premiere = item(&soumis, "ODC.01.01.01");
    let juger = |dossier: Candidature, par: &Acteur| {
        dossier.juger_preuve("ODC", premiere, Appreciation::Conforme, "", par, le())
    };
    assert_eq!(juger(soumis.clone(), &victor()).err(), Some(Refus::PasEnInstruction));
    let prise = soumis.prendre_chapitre("ODC", &victor(), le());
    assert_eq!(evenement(prise.clone()).visibilite, Visibilite::Agence);
    let pris = ok(prise);
    let refus = Some(Refus::AutreInstructeur("Victor Durand".to_owned()));
    assert_eq!(juger(pris.clone(), &vera()).err(), refus);
    assert_eq!(pris.clone().valider_chapitre("ODC", &vera(), le()).err(), refus);
    assert_eq!(pris.clone().renvoyer_chapitre("ODC", &vera(), le()).err(), refus);
    // A colleague may take over; both have instructed from then on.
    let repris = ok(ok(juger(pris, &victor())).prendre_chapitre("ODC", &vera(), le()));
    let tous = ok(juger(repris, &vera()));
    for acteur in [victor(), vera()] {
        assert!(acteur.personne.is_some_and(|personne| tous.instruite_par(personne)), "{acteur}");
    }
}

#[test]
fn un_verdict_dit_pourquoi_et_sur_quoi() {
    let referentiel = referentiel();
    let pris = en_instruction(depot_ouvert(&referentiel, ELP), &referentiel, "ODC");
    let premiere = item(&pris, "ODC.01.01.01");
    for appreciation in [Appreciation::Incomplete, Appreciation::NonConforme] {
        let refus = pris.clone().juger_preuve("ODC", premiere, appreciation, " ", &victor(), le()).err();
        assert_eq!(refus, Some(Refus::MotifManquant));
    }
    let ailleurs = pris.clone().juger_preuve("ODC", id(7), Appreciation::Conforme, "", &victor(), le());
    assert_eq!(ailleurs.err(), Some(Refus::PreuveInconnue));
    let suite = pris.juger_preuve("ODC", premiere, Appreciation::NonConforme, "Échec.", &victor(), le());
    assert_eq!(evenement(suite).visibilite, Visibilite::Agence, "a verdict is internal until it is sent");
}

#[test]
fn on_ne_valide_ni_ne_renvoie_sans_avoir_tout_lu() {
    let referentiel = referentiel();
    let pris = en_instruction(depot_ouvert(&referentiel, ELP), &referentiel, "ODC");
    let manquent = |reste: &str| Some(Refus::VerdictManquant(reste.to_owned()));
    assert_eq!(
        pris.clone().valider_chapitre("ODC", &victor(), le()).err(),
        manquent("ODC.01.01.01, ODC.02.01.01")
    );
    let un = juger(pris, "ODC.01.01.01", Appreciation::NonConforme, &victor());
    assert_eq!(un.clone().renvoyer_chapitre("ODC", &victor(), le()).err(), manquent("ODC.02.01.01"));
    let deux = juger(un, "ODC.02.01.01", Appreciation::Conforme, &victor());
    let refus = deux.clone().valider_chapitre("ODC", &victor(), le()).err();
    assert_eq!(refus, Some(Refus::PasConforme("ODC.01.01.01".to_owned())));
    let corrige = juger(deux, "ODC.01.01.01", Appreciation::Conforme, &victor());
    let refus = corrige.clone().renvoyer_chapitre("ODC", &victor(), le()).err();
    assert_eq!(refus, Some(Refus::ToutConforme));
    assert!(corrige.valider_chapitre("ODC", &victor(), le()).is_ok());
}

#[test]
fn la_correction_ouvre_les_emplacements_signales() {
    let referentiel = referentiel();
    let renvoye = renvoye(&referentiel);
    assert_eq!(renvoye.attente_agence, None);
    let refusee = item(&renvoye, "ODC.01.01.01");
    let bonne = item(&renvoye, "ODC.02.01.01");
    let verrou = renvoye.clone().retirer("ODC", "ODC.02.01.01", bonne, &claire(), le()).err();
    assert_eq!(verrou, Some(Refus::EmplacementVerrouille));
    let incomplet = Some(Refus::ChapitreIncomplet("ODC.01.01.01".to_owned()));
    assert_eq!(renvoye.clone().soumettre_chapitre("ODC", &claire(), le()).err(), incomplet, "as it was");
    let ajoute = deposer(renvoye.clone(), &referentiel, ("ODC", "ODC.01.01.01"), 901, None);
    let refus = ajoute.soumettre_chapitre("ODC", &claire(), le()).err();
    assert_eq!(refus, incomplet, "the refused item still stands");
    let retire = ok(renvoye.clone().retirer("ODC", "ODC.01.01.01", refusee, &claire(), le()));
    assert_eq!(retire.soumettre_chapitre("ODC", &claire(), le()).err(), incomplet, "nothing stands");

    let corrige = deposer(renvoye, &referentiel, ("ODC", "ODC.01.01.01"), 902, Some(refusee));
    let corrige = ok(corrige.soumettre_chapitre("ODC", &claire(), le()));
    assert_eq!(chapitre(&corrige, "ODC").soumissions, 2);
    // The verdict stays on the version on which it was given: the new one has to be read.
    let repris = ok(corrige.prendre_chapitre("ODC", &victor(), le()));
    let refus = repris.clone().valider_chapitre("ODC", &victor(), le()).err();
    assert_eq!(refus, Some(Refus::VerdictManquant("ODC.01.01.01".to_owned())));
    let juge = juger(repris, "ODC.01.01.01", Appreciation::Conforme, &victor());
    assert!(juge.valider_chapitre("ODC", &victor(), le()).is_ok());
}

/// The référentiel with ODC.02 made a préconisation.
fn avec_preconisation() -> Referentiel {
    let mut referentiel = referentiel();
    for exigence in &mut referentiel.exigences {
        if exigence.id == "ODC.02" {
            exigence.nature = Nature::Preconisation;
        }
    }
    referentiel
}

#[test]
fn une_preconisation_ne_bloque_jamais() {
    let referentiel = avec_preconisation();
    let ouvert = depot_ouvert(&referentiel, ELP);
    let seule = deposer(ouvert.clone(), &referentiel, ("ODC", "ODC.01.01.01"), 1, None);
    let vide = ok(seule.soumettre_chapitre("ODC", &claire(), le()));
    let vide = ok(vide.prendre_chapitre("ODC", &victor(), le()));
    let vide = juger(vide, "ODC.01.01.01", Appreciation::Conforme, &victor());
    assert!(vide.valider_chapitre("ODC", &victor(), le()).is_ok(), "nothing was deposited for it");

    let refusee = tout_conforme(en_instruction(ouvert, &referentiel, "ODC"), "ODC");
    let refusee = juger(refusee, "ODC.02.01.01", Appreciation::NonConforme, &victor());
    let renvoi = refusee.clone().renvoyer_chapitre("ODC", &victor(), le()).err();
    assert_eq!(renvoi, Some(Refus::ToutConforme), "it is no reason to send back");
    assert!(refusee.clone().valider_chapitre("ODC", &victor(), le()).is_ok(), "nor to refuse");

    // Sent back for an exigence, it unlocks with it and still asks for nothing.
    let deux = juger(refusee, "ODC.01.01.01", Appreciation::Incomplete, &victor());
    let deux = ok(deux.renvoyer_chapitre("ODC", &victor(), le()));
    assert!(chapitre(&deux, "ODC").deverrouille("ODC.02.01.01"));
    let fautive = item(&deux, "ODC.01.01.01");
    let deux = deposer(deux, &referentiel, ("ODC", "ODC.01.01.01"), 901, Some(fautive));
    assert!(deux.soumettre_chapitre("ODC", &claire(), le()).is_ok());
}

#[test]
fn le_compte_minimal_est_tenu() {
    let mut referentiel = referentiel();
    for exigence in &mut referentiel.exigences {
        for attendue in exigence.scenarios.iter_mut().flat_map(|scenario| &mut scenario.preuves) {
            match attendue.id.as_str() {
                "ODC.01.01.01" => (attendue.min, attendue.max) = (2, 3),
                "ODC.02.01.01" => attendue.min = 0,
                _ => {}
            }
        }
    }
    let dossier = depot_ouvert(&referentiel, ELP);
    let premier = deposer(dossier, &referentiel, ("ODC", "ODC.01.01.01"), 1, None);
    let refus = premier.clone().soumettre_chapitre("ODC", &claire(), le()).err();
    assert_eq!(refus, Some(Refus::ChapitreIncomplet("ODC.01.01.01".to_owned())), "ODC.02 asks for none");
    let second = deposer(premier, &referentiel, ("ODC", "ODC.01.01.01"), 2, None);
    assert!(second.clone().soumettre_chapitre("ODC", &claire(), le()).is_ok());
    let troisieme = deposer(second, &referentiel, ("ODC", "ODC.01.01.01"), 3, None);
    let depot = Depot {
        chapitre: "ODC",
        attendue: "ODC.01.01.01",
        preuve: preuve(4, Kind::RapportConformite, contenu(Kind::RapportConformite)),
        remplace: None,
        aujourdhui: AUJOURDHUI,
    };
    let refus = troisieme.clone().deposer(depot.clone(), &referentiel, &claire(), le()).err();
    assert_eq!(refus, Some(Refus::TropDePreuves(3)));
    let remplacement = Depot { remplace: Some(id(3)), ..depot };
    assert!(troisieme.deposer(remplacement, &referentiel, &claire(), le()).is_ok(), "a version is no more");
}

#[test]
fn ce_qui_ne_s_applique_pas_attend_l_accord_de_l_agence() {
    let referentiel = referentiel();
    let ouvert = depot_ouvert(&referentiel, ELP);
    let depot = Depot {
        chapitre: "PAS",
        attendue: "PAS.01.01.01",
        preuve: non_applicable(1),
        remplace: None,
        aujourdhui: AUJOURDHUI,
    };
    let dossier = ok(ouvert.deposer(depot, &referentiel, &claire(), le()));
    let dossier = ok(dossier.soumettre_chapitre("PAS", &claire(), le()));
    let dossier = ok(dossier.prendre_chapitre("PAS", &victor(), le()));
    let refus = dossier.clone().valider_chapitre("PAS", &victor(), le()).err();
    assert_eq!(refus, Some(Refus::VerdictManquant("PAS.01.01.01".to_owned())));
    let etat = |dossier: &Candidature| chapitre(dossier, "PAS").emplacements[0].etat();
    let refusee = juger(dossier.clone(), "PAS.01.01.01", Appreciation::NonConforme, &victor());
    assert_eq!(etat(&refusee), EtatEmplacement::NonConforme);
    assert!(refusee.valider_chapitre("PAS", &victor(), le()).is_err());
    let agreee = juger(dossier, "PAS.01.01.01", Appreciation::Conforme, &victor());
    assert_eq!(etat(&agreee), EtatEmplacement::NonApplicable);
    assert!(agreee.valider_chapitre("PAS", &victor(), le()).is_ok());
}

#[test]
fn un_chapitre_valide_se_rouvre_avant_la_decision() {
    let referentiel = referentiel();
    let complet = depot_complet(&referentiel, ELP);
    assert_eq!(complet.clone().rouvrir_chapitre("ODC", " ", &vera(), le()).err(), Some(Refus::MotifManquant));
    let refus = complet.clone().rouvrir_chapitre("CGU", "Motif.", &vera(), le()).err();
    assert_eq!(refus, Some(Refus::ChapitreInconnu));
    let rouvert = ok(complet.rouvrir_chapitre("ODC", "Rapport périmé.", &vera(), le()));
    assert_eq!((&rouvert.etat, rouvert.attente_agence), (&Etat::DepotOuvert, None));
    assert!(vera().personne.is_some_and(|personne| rouvert.instruite_par(personne)));
    let refus = rouvert.clone().rouvrir_chapitre("ODC", "Motif.", &vera(), le()).err();
    assert_eq!(refus, Some(Refus::ChapitreVerrouille("À corriger")));
    // Every slot is open, and an empty one keeps the chapter from coming back.
    let ancienne = item(&rouvert, "ODC.02.01.01");
    let vide = ok(rouvert.clone().retirer("ODC", "ODC.02.01.01", ancienne, &claire(), le()));
    let refus = vide.soumettre_chapitre("ODC", &claire(), le()).err();
    assert_eq!(refus, Some(Refus::ChapitreIncomplet("ODC.02.01.01".to_owned())));
    let refait = deposer(rouvert, &referentiel, ("ODC", "ODC.02.01.01"), 901, Some(ancienne));
    let refait = ok(refait.soumettre_chapitre("ODC", &claire(), le()));
    let refait = tout_conforme(ok(refait.prendre_chapitre("ODC", &victor(), le())), "ODC");
    let refait = ok(refait.valider_chapitre("ODC", &victor(), le()));
    assert_eq!(refait.etat, Etat::DepotComplet);
}

/// The delay of the agency runs from the oldest chapter that waits, and stops when none does.
#[test]
fn l_horloge_de_l_agence_suit_ce_qui_attend() {
    let referentiel = referentiel();
    let dossier = charger(depot_ouvert(&referentiel, ELP), &referentiel, "PAS");
    let dossier = charger(dossier, &referentiel, "ODC");
    let [lundi, mardi] = ["2026-11-23T09:00:00Z", "2026-11-24T09:00:00Z"].map(instant);
    let dossier = ok(dossier.soumettre_chapitre("PAS", &claire(), lundi));
    let dossier = ok(dossier.soumettre_chapitre("ODC", &claire(), mardi));
    assert_eq!(dossier.attente_agence, Some(lundi));
    assert_eq!(dossier.clone().endormir(mardi).err(), Some(Refus::AttenteAgence));
    let dossier = tout_conforme(ok(dossier.prendre_chapitre("PAS", &victor(), mardi)), "PAS");
    let dossier = ok(dossier.valider_chapitre("PAS", &victor(), mardi));
    assert_eq!(dossier.attente_agence, Some(lundi), "ODC still waits");
    let dossier = tout_conforme(ok(dossier.prendre_chapitre("ODC", &victor(), mardi)), "ODC");
    let dossier = ok(dossier.valider_chapitre("ODC", &victor(), mardi));
    assert_eq!(dossier.attente_agence, None);
}

/// Two profiles share the chapters that they have in common; each slot names those that ask for it.
#[test]
fn deux_profils_partagent_leurs_chapitres() {
    let dossier = depot_ouvert(&referentiel(), &[Profil::ELU, Profil::ELP]);
    let profils = |attendue: &str| {
        let code = attendue.split('.').next().expect("a chapter");
        chapitre(&dossier, code).emplacement(attendue).expect("a slot").profils.clone()
    };
    assert_eq!(dossier.chapitres.len(), 7);
    assert_eq!(profils("ODC.01.01.01"), [Profil::ELP]);
    assert_eq!(profils("DEV.01.01.01"), [Profil::ELU]);
    assert_eq!(profils("PAS.01.01.01"), [Profil::ELU, Profil::ELP]);
}
