//! Whatever order the acts come in, and whoever does them, no habilitation comes out that was not earned.

use std::collections::BTreeMap;

use domaine::{
    candidature::{Candidature, Etat, Suite, administratif::Saisie, depot::Depot},
    chapitre::{Chapitre, Emplacement, EtatChapitre},
    college::Avis,
    evenement::Acteur,
    preuve::{Appreciation, Contenu, Preuve, Verdict},
    referentiel::{Guichet, Kind, Nature, Profil, Referentiel},
};
use proptest::prelude::*;

use crate::appui::{
    AUJOURDHUI, claire, colette, contenu, contexte, creee, decision, id, le, liee, preuve, referentiel_court,
    saisie, session, simon, vera, victor,
};

/// One draw: which act, and what each act reads as it pleases.
type Tirage = (u8, u8, u8, u8, u8);

fn referentiel() -> Referentiel {
    let mut referentiel = referentiel_court();
    for exigence in &mut referentiel.exigences {
        match exigence.id.as_str() {
            "ADR.01" => exigence.nature = Nature::Preconisation,
            "PAS.01" => exigence.scenarios[0].preuves[0].min = 2,
            _ => {}
        }
        for attendue in exigence.scenarios.iter_mut().flat_map(|scenario| &mut scenario.preuves) {
            attendue.max = attendue.max.max(attendue.min);
        }
    }
    referentiel
}

fn personne(choix: u8) -> Acteur {
    [claire(), victor(), vera(), colette(), simon(), Acteur::systeme()][usize::from(choix % 6)].clone()
}

fn un<T>(choses: &[T], choix: u8) -> Option<&T> {
    choses.get(usize::from(choix).checked_rem(choses.len())?)
}

fn chapitre(dossier: &Candidature, choix: u8) -> (String, String) {
    let Some(chapitre) = un(&dossier.chapitres, choix) else {
        return ("PMT".to_owned(), "PMT.01.01.01".to_owned());
    };
    (chapitre.code.clone(), chapitre.emplacements[0].attendue.clone())
}

/// What may be deposited, honest or not: empty, of another form, not applicable, or with a verdict of its own.
fn depot(kind: Kind, rang: u128, choix: u8) -> Preuve {
    let mut preuve = preuve(rang, kind, contenu(kind));
    match choix % 8 {
        0 => preuve.contenu = Contenu::NonApplicable { justification: String::new() },
        1 => preuve.contenu = Contenu::NonApplicable { justification: "Sans objet.".to_owned() },
        2 => preuve.contenu = Contenu::Texte(" ".to_owned()),
        3 => {
            preuve.verdict = Some(Verdict {
                appreciation: Appreciation::Conforme,
                motif: String::new(),
                par: claire(),
                le: le(),
            });
        }
        _ => {}
    }
    preuve
}

/// Any act, by anybody, on anything.
fn agir(dossier: Candidature, referentiel: &Referentiel, rang: u128, tirage: Tirage) -> Suite {
    let (acte, qui, lieu, chose, comment) = tirage;
    let par = personne(qui);
    let editeur = contexte(Guichet::Editeur);
    let (code, attendue) = chapitre(&dossier, lieu);
    let items: Vec<_> = dossier
        .chapitres
        .iter()
        .flat_map(|chapitre| &chapitre.emplacements)
        .flat_map(|slot| &slot.preuves)
        .map(|preuve| preuve.id)
        .collect();
    let item = un(&items, chose).copied().unwrap_or_else(|| id(1));
    let motif = if comment.is_multiple_of(3) { "" } else { "Motif." };
    match acte % 24 {
        0 => dossier.demarrer(&par, le()),
        1 => dossier.saisir(saisie(&[Profil::ELP]), &editeur, &par, le()),
        2 => {
            let profils = [&[Profil::ELU][..], &[Profil::ELP], &[Profil::ELU, Profil::ELP]];
            dossier.saisir(saisie(profils[usize::from(chose % 3)]), &editeur, &par, le())
        }
        3 => {
            let habilitations = BTreeMap::from([("habilitation_elp".to_owned(), Some(liee(Profil::ELP)))]);
            dossier.saisir(Saisie { habilitations, ..Saisie::default() }, &editeur, &par, le())
        }
        4 => dossier.soumettre_formulaire(&editeur, &par, le()),
        5 => dossier.juger_champ("siret", comment.is_multiple_of(2), motif, &par, le()),
        6 => dossier.renvoyer_formulaire(&par, le()),
        7 => dossier.valider_formulaire(referentiel, &editeur, &par, le()),
        8..=10 => {
            let kind = referentiel.attendue(&attendue).map_or(Kind::Texte, |attendue| attendue.kinds[0]);
            let remplace = comment.is_multiple_of(4).then_some(item);
            let preuve = depot(kind, rang, chose);
            let depot =
                Depot { chapitre: &code, attendue: &attendue, preuve, remplace, aujourdhui: AUJOURDHUI };
            dossier.deposer(depot, referentiel, &par, le())
        }
        11 => dossier.retirer(&code, &attendue, item, &par, le()),
        12 | 13 => dossier.soumettre_chapitre(&code, &par, le()),
        14 => dossier.prendre_chapitre(&code, &par, le()),
        15 | 16 => {
            let appreciation = Appreciation::TOUTES[usize::from(comment % 3)];
            dossier.juger_preuve(&code, item, appreciation, "Motif.", &par, le())
        }
        17 => dossier.renvoyer_chapitre(&code, &par, le()),
        18 => dossier.valider_chapitre(&code, &par, le()),
        19 => dossier.rouvrir_chapitre(&code, motif, &par, le()),
        20 => dossier.inscrire_en_college(session(), &par, le()),
        21 => {
            let avis = match comment % 4 {
                0 => Avis::Refus,
                1 => Avis::Complement { chapitres: vec![code] },
                _ => Avis::Favorable,
            };
            dossier.decider(session(), &decision(avis, motif, par), le())
        }
        22 if comment == 0 => dossier.abandonner("Motif.", &par, le()),
        22 => dossier.affecter(Some(par.clone()), &par, le()),
        _ => dossier.endormir(le()),
    }
}

/// The next right step, as honest people would take it.
fn avancer(dossier: Candidature, referentiel: &Referentiel, rang: u128) -> Option<Suite> {
    let editeur = contexte(Guichet::Editeur);
    Some(match &dossier.etat {
        Etat::Creee | Etat::Dormante { .. } if dossier.chapitres.is_empty() => {
            dossier.saisir(saisie(&[Profil::ELP]), &editeur, &claire(), le())
        }
        Etat::FormulaireEnCours if !dossier.formulaire.fautes(&editeur).is_empty() => {
            dossier.saisir(saisie(&[Profil::ELP]), &editeur, &claire(), le())
        }
        Etat::FormulaireEnCours | Etat::FormulaireACorriger => {
            dossier.soumettre_formulaire(&editeur, &claire(), le())
        }
        Etat::FormulaireSoumis if dossier.formulaire.verdicts.values().any(|verdict| !verdict.conforme) => {
            dossier.juger_champ("siret", true, "", &victor(), le())
        }
        Etat::FormulaireSoumis => dossier.valider_formulaire(referentiel, &editeur, &victor(), le()),
        Etat::DepotComplet => dossier.inscrire_en_college(session(), &simon(), le()),
        Etat::EnCollege { .. } => {
            let neutre = [colette(), simon(), vera(), claire()]
                .into_iter()
                .find(|acteur| acteur.personne.is_some_and(|un| !dossier.instruite_par(un)))?;
            dossier.decider(session(), &decision(Avis::Favorable, "", neutre), le())
        }
        Etat::DepotOuvert | Etat::Dormante { .. } => {
            let chapitre = dossier.chapitres.iter().find(|chapitre| !chapitre.valide())?.clone();
            avancer_chapitre(dossier, &chapitre, referentiel, rang)
        }
        Etat::Creee | Etat::Habilitee { .. } | Etat::Refusee { .. } | Etat::Abandonnee { .. } => return None,
    })
}

fn avancer_chapitre(
    dossier: Candidature,
    chapitre: &Chapitre,
    referentiel: &Referentiel,
    rang: u128,
) -> Suite {
    let code = &chapitre.code;
    match &chapitre.etat {
        EtatChapitre::ACompleter | EtatChapitre::ACorriger { .. } => {
            let Some(slot) = chapitre.a_faire().first().copied() else {
                return dossier.soumettre_chapitre(code, &claire(), le());
            };
            let refusee = slot.courantes().find(|preuve| {
                preuve.verdict.as_ref().is_some_and(|verdict| verdict.appreciation != Appreciation::Conforme)
            });
            let kind = referentiel.attendue(&slot.attendue).expect("a slot").kinds[0];
            let depot = Depot {
                chapitre: code,
                attendue: &slot.attendue,
                preuve: preuve(rang, kind, contenu(kind)),
                remplace: refusee.map(|preuve| preuve.id),
                aujourdhui: AUJOURDHUI,
            };
            dossier.deposer(depot, referentiel, &claire(), le())
        }
        EtatChapitre::Soumis { .. } => dossier.prendre_chapitre(code, &victor(), le()),
        EtatChapitre::EnInstruction { par, .. } => {
            let par = par.clone();
            let mut courantes = chapitre.emplacements.iter().flat_map(Emplacement::courantes);
            let a_juger = courantes.find(|preuve| !conforme(preuve));
            match a_juger {
                Some(item) => dossier.juger_preuve(code, item.id, Appreciation::Conforme, "", &par, le()),
                None => dossier.valider_chapitre(code, &par, le()),
            }
        }
        EtatChapitre::Valide { .. } => dossier.endormir(le()),
    }
}

fn conforme(preuve: &Preuve) -> bool {
    preuve.verdict.as_ref().is_some_and(|verdict| verdict.appreciation == Appreciation::Conforme)
}

/// What must hold in every state.
fn verifier(dossier: &Candidature) -> Result<(), TestCaseError> {
    if matches!(dossier.etat, Etat::DepotComplet | Etat::EnCollege { .. } | Etat::Habilitee { .. }) {
        prop_assert!(!dossier.chapitres.is_empty());
        prop_assert!(dossier.chapitres.iter().all(Chapitre::valide));
    }
    for chapitre in dossier.chapitres.iter().filter(|chapitre| chapitre.valide()) {
        for slot in chapitre.emplacements.iter().filter(|slot| slot.obligatoire) {
            prop_assert!(slot.charge(), "{} is short", slot.attendue);
            prop_assert!(slot.courantes().all(conforme), "{} is not conforme", slot.attendue);
        }
    }
    for slot in dossier.chapitres.iter().flat_map(|chapitre| &chapitre.emplacements) {
        prop_assert!(slot.courantes().count() <= slot.max as usize, "{} holds too many", slot.attendue);
        for preuve in &slot.preuves {
            let Some(verdict) = &preuve.verdict else { continue };
            if let Some(personne) = verdict.par.personne {
                prop_assert!(dossier.instruite_par(personne));
            }
        }
    }
    let attend = dossier.chapitres.iter().any(|chapitre| {
        matches!(chapitre.etat, EtatChapitre::Soumis { .. } | EtatChapitre::EnInstruction { .. })
    });
    if dossier.etat == Etat::DepotOuvert {
        prop_assert_eq!(dossier.attente_agence.is_some(), attend);
    }
    Ok(())
}

/// What an act may never undo.
fn comparer(avant: &Candidature, apres: &Candidature) -> Result<(), TestCaseError> {
    prop_assert!(!avant.etat.terminee(), "an act after the end");
    if !avant.chapitres.is_empty() {
        prop_assert_eq!(avant.profils(), apres.profils());
        prop_assert_eq!(avant.chapitres.len(), apres.chapitres.len());
    }
    prop_assert!(avant.instructeurs.is_subset(&apres.instructeurs));
    let items = |dossier: &Candidature| -> Vec<Preuve> {
        let slots = dossier.chapitres.iter().flat_map(|chapitre| &chapitre.emplacements);
        slots.flat_map(|slot| slot.preuves.clone()).collect()
    };
    let restent = items(apres);
    for ancienne in items(avant) {
        let gardee = restent.iter().find(|preuve| preuve.id == ancienne.id);
        prop_assert_eq!(gardee.map(|preuve| &preuve.contenu), Some(&ancienne.contenu));
        prop_assert!(gardee.is_some_and(|preuve| ancienne.courante() || preuve.sortie == ancienne.sortie));
    }
    Ok(())
}

/// A draw, or (one time in two) the next right step.
fn tirages() -> impl Strategy<Value = Vec<Option<Tirage>>> {
    let tirage = (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>());
    proptest::collection::vec(prop_oneof![tirage.prop_map(Some), Just(None)], 0..140)
}

proptest! {
    #[test]
    fn aucun_ordre_ne_donne_une_habilitation_immeritee(tirages in tirages()) {
        let referentiel = referentiel();
        let mut dossier = creee(Guichet::Editeur);
        for (rang, tirage) in (1000u128..).zip(tirages) {
            let suite = match tirage {
                Some(tirage) => agir(dossier.clone(), &referentiel, rang, tirage),
                None => match avancer(dossier.clone(), &referentiel, rang) {
                    Some(suite) => suite,
                    None => continue,
                },
            };
            let Ok((apres, evenement)) = suite else { continue };
            prop_assert_eq!(&evenement.sujet, &dossier.sujet());
            comparer(&dossier, &apres)?;
            verifier(&apres)?;
            dossier = apres;
        }
        let json = serde_json::to_string(&dossier).expect("a dossier is kept as JSON");
        prop_assert_eq!(serde_json::from_str::<Candidature>(&json).expect("and comes back"), dossier);
    }
}

#[test]
fn le_bon_chemin_mene_a_l_habilitation() {
    let referentiel = referentiel();
    let mut dossier = creee(Guichet::Editeur);
    for rang in 1000..1100 {
        let Some(suite) = avancer(dossier.clone(), &referentiel, rang) else { break };
        dossier = suite.unwrap_or_else(|refus| panic!("{} : {refus:?}", dossier.etat)).0;
        verifier(&dossier).expect("the invariants");
    }
    assert_eq!(dossier.etat, Etat::Habilitee { le: le() });
    let preconisation = dossier.chapitre("ADR").expect("a chapter of ELP");
    assert!(preconisation.emplacements.iter().all(|slot| slot.preuves.is_empty()));
}
