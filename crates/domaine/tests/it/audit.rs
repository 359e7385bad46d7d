//! The audit: what each state allows, what must have come before each conclusion, and random orders of acts.

use std::sync::LazyLock;

use domaine::{
    audit::{
        Audit, EtatAudit, Gravite, NouveauConstat, OBSERVATIONS_JOURS, Partie, Planification, Recit, Refus,
        Reponse, Suite,
    },
    calendrier::jour,
    candidature::Candidature,
    evenement::{Acteur, Visibilite},
    habilitation::Habilitation,
    permission::Qualite,
    referentiel::Profil,
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use proptest::prelude::*;

use crate::appui::{
    AUJOURDHUI, claire, colette, fichier, habilitee, id, le, ok, referentiel_court, simon, vera, victor,
};

fn ines() -> Acteur {
    Acteur { personne: Some(id(40)), nom: "Inès Meyer".to_owned(), qualite: Qualite::Auditeur }
}

fn apres(jours: i64) -> Timestamp {
    le() + SignedDuration::from_hours(24 * jours)
}

fn date(jours: i64) -> Date {
    jour(apres(jours))
}

fn recit(texte: &str) -> Recit {
    texte.parse().expect("a text")
}

fn reponse(nom: &str) -> Reponse {
    Reponse { texte: recit("Voici."), fichiers: vec![fichier(nom)] }
}

fn constat(gravite: Gravite, echeance: Option<Date>) -> NouveauConstat {
    NouveauConstat {
        intitule: "Jetons écrits dans les journaux".parse().expect("a title"),
        gravite,
        exigence: "SC.PSC.12".parse().expect("a text"),
        description: recit("Le journal montre le jeton."),
        preuves: vec![fichier("journal.log")],
        echeance,
    }
}

/// Made once: the way to a habilitation is long.
static DOSSIER: LazyLock<Candidature> = LazyLock::new(|| habilitee(&referentiel_court(), &[Profil::ELP]));

fn projet() -> Habilitation {
    ok(Habilitation::preparer(id(400), 7, Profil::ELP, &DOSSIER, (AUJOURDHUI, AUJOURDHUI), le()))
}

fn active() -> Habilitation {
    ok(projet().activer(&DOSSIER, "cd".repeat(32), &simon(), le()))
}

fn planifier(habilitation: &Habilitation, (du, au): (Date, Date), par: &Acteur, quand: Timestamp) -> Suite {
    let perimetre = recit("Authentification et traces.");
    let plan =
        Planification { id: id(500), sequence: 7, habilitation, candidature: &DOSSIER, perimetre, du, au };
    Audit::planifier(plan, par, quand)
}

fn planifie() -> Audit {
    ok(planifier(&active(), (date(10), date(12)), &ines(), le()))
}

fn notifie() -> Audit {
    ok(planifie().notifier(&ines(), le()))
}

fn en_cours() -> Audit {
    ok(notifie().commencer(&ines(), apres(10)))
}

/// With a critical écart (1) and a remark (2).
fn constate() -> Audit {
    let audit = ok(en_cours().constater(constat(Gravite::Critique, Some(date(60))), &ines(), apres(10)));
    ok(audit.constater(constat(Gravite::Remarque, Some(date(60))), &ines(), apres(11)))
}

fn provisoire() -> Audit {
    ok(constate().rendre_provisoire(reponse("provisoire.pdf"), &ines(), apres(12)))
}

fn contradictoire() -> Audit {
    ok(provisoire().communiquer(date(30), &ines(), apres(12)))
}

fn observe() -> Audit {
    ok(contradictoire().observer(reponse("observations.pdf"), &claire(), apres(20)))
}

fn rapport_final() -> Audit {
    ok(observe().rendre_final(reponse("final.pdf"), &ines(), apres(21)))
}

fn ecarts() -> Audit {
    ok(rapport_final().conclure(&ines(), apres(21)))
}

fn plan() -> Audit {
    ok(ecarts().demander_plan(date(40), &ines(), apres(22)))
}

fn plan_complet() -> Audit {
    ok(plan().proposer_action(1, reponse("correctif.pdf"), date(50), &claire(), apres(25)))
}

fn recontrole() -> Audit {
    ok(plan_complet().recontroler(date(55), &ines(), apres(51)))
}

fn juge(leve: bool) -> Audit {
    ok(recontrole().juger_constat(1, leve, recit("Revu."), &ines(), apres(55)))
}

fn clos() -> Audit {
    ok(juge(true).clore(&ines(), apres(56)))
}

fn suspension() -> Audit {
    ok(juge(false).proposer_suspension(recit("Rien n’est corrigé."), &ines(), apres(56)))
}

fn retrait() -> Audit {
    ok(juge(false).proposer_retrait(recit("Rien n’est corrigé."), &ines(), apres(56)))
}

type Faire = fn() -> Audit;
type Acte = fn(Audit) -> Suite;

#[test]
fn chaque_etat_dit_ce_qui_s_y_fait() {
    let actes: [(&str, Acte); 16] = [
        ("replanifier", |a| a.replanifier(recit("Autre."), (date(70), date(71)), &ines(), apres(60))),
        ("notifier", |a| a.notifier(&ines(), apres(60))),
        ("commencer", |a| a.commencer(&ines(), apres(60))),
        ("constater", |a| a.constater(constat(Gravite::Mineure, Some(date(90))), &ines(), apres(60))),
        ("retirer", |a| a.retirer_constat(1, &ines(), apres(60))),
        ("provisoire", |a| a.rendre_provisoire(reponse("p.pdf"), &ines(), apres(60))),
        ("communiquer", |a| a.communiquer(date(90), &ines(), apres(60))),
        ("observer", |a| a.observer(reponse("o.pdf"), &claire(), apres(60))),
        ("juger", |a| a.juger_constat(1, true, recit("Vu."), &ines(), apres(60))),
        ("final", |a| a.rendre_final(reponse("f.pdf"), &ines(), apres(60))),
        ("conclure", |a| a.conclure(&ines(), apres(60))),
        ("plan", |a| a.demander_plan(date(90), &ines(), apres(60))),
        ("action", |a| a.proposer_action(1, reponse("a.pdf"), date(80), &claire(), apres(60))),
        ("recontrole", |a| a.recontroler(date(61), &ines(), apres(60))),
        ("clore", |a| a.clore(&ines(), apres(60))),
        ("sanction", |a| a.proposer_suspension(recit("Motif."), &ines(), apres(60))),
    ];
    let etats: [(&str, Faire, &[&str]); 12] = [
        ("Planifié", planifie, &["replanifier", "notifier"]),
        ("Notifié", notifie, &["replanifier", "commencer"]),
        ("En cours", constate, &["constater", "retirer", "provisoire"]),
        ("Rapport provisoire", provisoire, &["communiquer"]),
        ("Échange contradictoire", observe, &["observer", "juger", "final"]),
        ("Rapport final", rapport_final, &["conclure"]),
        ("Écarts constatés", ecarts, &["plan"]),
        ("Plan d’actions", plan_complet, &["action", "recontrole"]),
        ("Recontrôle", || juge(false), &["juger", "sanction"]),
        ("Clos, conforme", clos, &[]),
        ("Suspension proposée", suspension, &[]),
        ("Retrait proposé", retrait, &[]),
    ];
    for (etat, faire, permis) in etats {
        assert_eq!(faire().etat.libelle(), etat);
        for (acte, agir) in actes {
            match agir(faire()) {
                Ok((_, evenement)) => {
                    assert!(permis.contains(&acte), "{acte} when {etat}");
                    assert_eq!(evenement.sujet, faire().sujet(), "{acte}");
                }
                // Reached by the right way, but not with this écart.
                Err(Refus::EcartMaintenu) => assert_eq!((acte, etat), ("clore", "Recontrôle")),
                Err(refus) => {
                    assert_eq!(refus, Refus::Etat(etat), "{acte} when {etat}");
                    assert!(!permis.contains(&acte), "{acte} when {etat}");
                }
            }
        }
        let json = serde_json::to_string(&faire()).expect("kept as JSON");
        assert_eq!(serde_json::from_str::<Audit>(&json).expect("and comes back"), faire());
    }
}

#[test]
fn on_n_audite_que_ce_qui_est_habilite_et_sans_l_avoir_instruit() {
    let suspendue = ok(active().suspendre("Incident.", &vera(), le()));
    let retiree = ok(active().retirer("Manquement.", &colette(), le()));
    let remplacee = ok(active().remplacer("HAB-ELP-2028-00001", le()));
    let tard = apres(4 * 366);
    let demain = (date(1), date(2));
    let cas = [
        (active(), demain, ines(), le(), None),
        (suspendue, demain, ines(), le(), None),
        (active(), (date(0), date(0)), ines(), le(), None),
        (projet(), demain, ines(), le(), Some(Refus::PasHabilite("À signer"))),
        (retiree, demain, ines(), le(), Some(Refus::PasHabilite("Retirée"))),
        (remplacee, demain, ines(), le(), Some(Refus::PasHabilite("Remplacée"))),
        (active(), (jour(tard), jour(tard)), ines(), tard, Some(Refus::PasHabilite("Expirée"))),
        (active(), (date(-1), date(2)), ines(), le(), Some(Refus::DebutPasse)),
        (active(), (date(2), date(1)), ines(), le(), Some(Refus::DatesInversees)),
        (active(), demain, victor(), le(), Some(Refus::SeparationDesPouvoirs)),
    ];
    for (rang, (habilitation, dates, par, quand, attendu)) in cas.into_iter().enumerate() {
        let suite = planifier(&habilitation, dates, &par, quand);
        assert_eq!(suite.err(), attendu, "case {rang}");
    }
    let audit = planifie();
    assert_eq!(audit.numero, "AUD-2026-0007");
    assert_eq!(audit.habilitation_numero, active().numero());
}

#[test]
fn le_titulaire_ne_lit_que_ce_qui_lui_est_communique() {
    let planification = planifier(&active(), (date(1), date(2)), &ines(), le());
    assert_eq!(planification.map(|(_, evenement)| evenement.visibilite), Ok(Visibilite::Agence));
    let etats: [(Faire, bool, usize, usize); 7] = [
        (planifie, false, 0, 0),
        (notifie, true, 0, 0),
        (constate, true, 0, 2),
        (provisoire, true, 0, 3),
        (contradictoire, true, 3, 3),
        (observe, true, 4, 4),
        (plan_complet, true, 6, 6),
    ];
    for (faire, notifie, titulaire, agence) in etats {
        let audit = faire();
        let etat = audit.etat.libelle();
        assert_eq!(audit.notifie(), notifie, "{etat}");
        assert_eq!(audit.fichiers(false).len(), titulaire, "{etat}");
        assert_eq!(audit.fichiers(true).len(), agence, "{etat}");
    }
}

#[test]
fn chacun_sait_ce_qui_est_attendu_et_jusqu_a_quand() {
    type Attendu = Option<(Partie, Option<Date>)>;
    let etats: [(Faire, Attendu); 14] = [
        (planifie, Some((Partie::Agence, Some(date(10))))),
        (notifie, Some((Partie::Agence, Some(date(10))))),
        (en_cours, Some((Partie::Agence, Some(date(12))))),
        (provisoire, Some((Partie::Agence, None))),
        (contradictoire, Some((Partie::Titulaire, Some(date(30))))),
        (observe, Some((Partie::Agence, None))),
        (rapport_final, Some((Partie::Agence, None))),
        (ecarts, Some((Partie::Agence, None))),
        (plan, Some((Partie::Titulaire, Some(date(40))))),
        (plan_complet, Some((Partie::Titulaire, Some(date(50))))),
        (recontrole, Some((Partie::Agence, Some(date(55))))),
        (clos, None),
        (suspension, None),
        (retrait, None),
    ];
    for (faire, attendu) in etats {
        let audit = faire();
        let attente = audit.attente();
        assert_eq!(attente.map(|un| (un.de, un.avant)), attendu, "{}", audit.etat.libelle());
        assert_eq!(audit.etat.termine(), attendu.is_none());
        if let Some((attente, avant)) = attente.zip(attendu.and_then(|(_, avant)| avant)) {
            assert!(!attente.en_retard(avant) && attente.en_retard(avant.tomorrow().expect("a day")));
        }
    }
}

#[test]
fn rien_ne_se_conclut_avant_que_le_titulaire_ait_pu_repondre() {
    let final_ = |audit: Audit, jours| audit.rendre_final(reponse("f.pdf"), &ines(), apres(jours)).err();
    let lever = |audit: Audit, jours| audit.juger_constat(1, true, recit("Vu."), &ines(), apres(jours)).err();
    let attendues = Some(Refus::ObservationsAttendues(date(30)));
    for (faire, jours, attendu) in [
        (contradictoire as Faire, 13, attendues.clone()),
        (contradictoire, 30, attendues),
        (contradictoire, 31, None),
        (observe, 20, None),
    ] {
        assert_eq!(final_(faire(), jours), attendu, "day {jours}");
        assert_eq!(lever(faire(), jours), attendu, "day {jours}");
    }
    let trop_court = provisoire().communiquer(date(12 + 14), &ines(), apres(12)).err();
    assert_eq!(trop_court, Some(Refus::TropTot { recue: date(26), minimum: date(27) }));
    assert_eq!(OBSERVATIONS_JOURS, 15);

    let recontroler = |audit: Audit, jours| audit.recontroler(date(90), &ines(), apres(jours)).err();
    let attendu = Some(Refus::PlanAttendu(date(40)));
    for (faire, jours, attendu) in [
        (plan as Faire, 23, attendu.clone()),
        (plan, 40, attendu),
        (plan, 41, None),
        (plan_complet, 26, None),
    ] {
        assert_eq!(recontroler(faire(), jours), attendu, "day {jours}");
    }
}

#[test]
fn la_conclusion_suit_les_constats() {
    // A remark alone is no écart.
    let remarque = ok(en_cours().constater(constat(Gravite::Remarque, None), &ines(), apres(10)));
    let remarque = ok(remarque.rendre_provisoire(reponse("p.pdf"), &ines(), apres(12)));
    let remarque = ok(remarque.communiquer(date(30), &ines(), apres(12)));
    let remarque = ok(remarque.rendre_final(reponse("f.pdf"), &ines(), apres(31)));
    let leve = ok(observe().juger_constat(1, true, recit("C’était un essai."), &ines(), apres(21)));
    let leve = ok(leve.rendre_final(reponse("f.pdf"), &ines(), apres(21)));
    for (audit, attendu) in
        [(remarque, "clos_conforme"), (leve, "clos_conforme"), (rapport_final(), "ecarts")]
    {
        assert_eq!(ok(audit.conclure(&ines(), apres(32))).etat.cle(), attendu);
    }
    let cas: [(&str, Audit, Acte, Option<Refus>); 7] = [
        ("not judged", recontrole(), |a| a.clore(&ines(), apres(56)), Some(Refus::ConstatsAJuger)),
        (
            "not judged",
            recontrole(),
            |a| a.proposer_retrait(recit("M."), &ines(), apres(56)),
            Some(Refus::ConstatsAJuger),
        ),
        ("kept", juge(false), |a| a.clore(&ines(), apres(56)), Some(Refus::EcartMaintenu)),
        ("lifted", juge(true), |a| a.clore(&ines(), apres(56)), None),
        (
            "lifted",
            juge(true),
            |a| a.proposer_suspension(recit("M."), &ines(), apres(56)),
            Some(Refus::AucunEcart),
        ),
        (
            "a remark",
            recontrole(),
            |a| a.juger_constat(2, true, recit("M."), &ines(), apres(56)),
            Some(Refus::Remarque),
        ),
        (
            "unknown",
            recontrole(),
            |a| a.juger_constat(3, true, recit("M."), &ines(), apres(56)),
            Some(Refus::ConstatInconnu),
        ),
    ];
    for (nom, audit, acte, attendu) in cas {
        assert_eq!(acte(audit).err(), attendu, "{nom}");
    }
}

#[test]
fn un_constat_porte_sa_gravite_et_son_echeance() {
    let cas = [
        (Gravite::Critique, Some(date(11)), Ok(Some(date(11)))),
        (Gravite::Mineure, None, Err(Refus::EcheanceManquante)),
        (Gravite::Majeure, Some(date(10)), Err(Refus::TropTot { recue: date(10), minimum: date(11) })),
        (Gravite::Remarque, None, Ok(None)),
        (Gravite::Remarque, Some(date(11)), Ok(None)),
    ];
    for (gravite, echeance, attendu) in cas {
        let suite = en_cours().constater(constat(gravite, echeance), &ines(), apres(10));
        let obtenu = suite.map(|(audit, _)| audit.constats[0].echeance);
        assert_eq!(obtenu, attendu, "{gravite:?}");
    }
    // A number serves once, even when its finding was taken back.
    let audit = ok(constate().retirer_constat(2, &ines(), apres(11)));
    let audit = ok(audit.constater(constat(Gravite::Mineure, Some(date(60))), &ines(), apres(11)));
    assert_eq!(audit.constats.iter().map(|constat| constat.rang).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(audit.retirer_constat(2, &ines(), apres(11)).err(), Some(Refus::ConstatInconnu));
}

#[test]
fn une_action_en_remplace_une_autre_sans_l_effacer() {
    let audit = ok(plan_complet().proposer_action(1, reponse("b.pdf"), date(45), &claire(), apres(26)));
    let constat = audit.constat(1).expect("the écart");
    assert_eq!(constat.actions.iter().map(|action| action.date).collect::<Vec<_>>(), [date(50), date(45)]);
    assert_eq!(constat.action().map(|action| action.date), Some(date(45)));
    let remarque = audit.proposer_action(2, reponse("c.pdf"), date(45), &claire(), apres(26));
    assert_eq!(remarque.err(), Some(Refus::Remarque));
}

/// One draw: which act, by whom, on which finding, and how.
type Tirage = (u8, u8, u8, u8);

fn agir(audit: Audit, (acte, qui, lequel, comment): Tirage, quand: Timestamp) -> Suite {
    let par = [ines(), victor(), claire(), Acteur::systeme()][usize::from(qui % 4)].clone();
    let rang = u32::from(lequel % 4);
    let dans = |jours: i64| jour(quand + SignedDuration::from_hours(24 * jours));
    let ecart = i64::from(comment % 40) - 4;
    let leve = comment.is_multiple_of(2);
    match acte % 18 {
        0 => audit.replanifier(recit("Autre."), (dans(ecart), dans(ecart + 2)), &par, quand),
        1 => audit.notifier(&par, quand),
        2 => audit.commencer(&par, quand),
        3 | 4 => {
            let gravite = Gravite::TOUTES[usize::from(lequel % 4)];
            audit.constater(constat(gravite, Some(dans(ecart))), &par, quand)
        }
        5 => audit.retirer_constat(rang, &par, quand),
        6 => audit.rendre_provisoire(reponse("p.pdf"), &par, quand),
        7 => audit.communiquer(dans(ecart), &par, quand),
        8 => audit.observer(reponse("o.pdf"), &par, quand),
        9 | 10 => audit.juger_constat(rang, leve, recit("Vu."), &par, quand),
        11 => audit.rendre_final(reponse("f.pdf"), &par, quand),
        12 => audit.conclure(&par, quand),
        13 => audit.demander_plan(dans(ecart), &par, quand),
        14 => audit.proposer_action(rang, reponse("a.pdf"), dans(ecart), &par, quand),
        15 => audit.recontroler(dans(ecart), &par, quand),
        16 if leve => audit.proposer_suspension(recit("M."), &par, quand),
        16 => audit.proposer_retrait(recit("M."), &par, quand),
        _ => audit.clore(&par, quand),
    }
}

/// The next right step.
fn avancer(audit: Audit, quand: Timestamp) -> Suite {
    let par = ines();
    let dans = |jours: i64| jour(quand + SignedDuration::from_hours(24 * jours));
    let a_juger = audit.ouverts().find(|constat| constat.au_recontrole.is_none()).map(|constat| constat.rang);
    let sans_action = audit.ouverts().find(|constat| constat.action().is_none()).map(|constat| constat.rang);
    match &audit.etat {
        EtatAudit::Planifie => audit.notifier(&par, quand),
        EtatAudit::Notifie { .. } => audit.commencer(&par, quand),
        EtatAudit::EnCours { .. } if audit.constats.is_empty() => {
            audit.constater(constat(Gravite::Majeure, Some(dans(30))), &par, quand)
        }
        EtatAudit::EnCours { .. } => audit.rendre_provisoire(reponse("p.pdf"), &par, quand),
        EtatAudit::RapportProvisoire { .. } => audit.communiquer(dans(15), &par, quand),
        EtatAudit::Contradictoire { .. } if audit.observations.is_empty() => {
            audit.observer(reponse("o.pdf"), &claire(), quand)
        }
        EtatAudit::Contradictoire { .. } => audit.rendre_final(reponse("f.pdf"), &par, quand),
        EtatAudit::RapportFinal { .. } => audit.conclure(&par, quand),
        EtatAudit::Ecarts { .. } => audit.demander_plan(dans(20), &par, quand),
        EtatAudit::PlanDActions { .. } => match sans_action {
            Some(rang) => audit.proposer_action(rang, reponse("a.pdf"), dans(10), &claire(), quand),
            None => audit.recontroler(dans(1), &par, quand),
        },
        EtatAudit::Recontrole { .. } => match a_juger {
            Some(rang) => audit.juger_constat(rang, true, recit("Vu."), &par, quand),
            None => audit.clore(&par, quand),
        },
        EtatAudit::ClosConforme { .. }
        | EtatAudit::SuspensionProposee { .. }
        | EtatAudit::RetraitPropose { .. } => audit.clore(&par, quand),
    }
}

/// What an act may never do.
fn comparer(avant: &Audit, apres: &Audit, par: &Acteur, quand: Timestamp) -> Result<(), TestCaseError> {
    prop_assert!(!avant.etat.termine(), "an act after the end");
    if let (EtatAudit::Contradictoire { jusqu_au, .. }, EtatAudit::RapportFinal { .. }) =
        (&avant.etat, &apres.etat)
    {
        prop_assert!(!avant.observations.is_empty() || jour(quand) > *jusqu_au, "without an answer");
    }
    prop_assert!(apres.observations.starts_with(&avant.observations));
    for rapport in [&avant.rapport_provisoire, &avant.rapport_final].into_iter().flatten() {
        prop_assert!(
            [&apres.rapport_provisoire, &apres.rapport_final].into_iter().flatten().any(|un| un == rapport)
        );
    }
    if avant.rapport_provisoire.is_some() {
        prop_assert_eq!(avant.constats.len(), apres.constats.len());
        for (ancien, nouveau) in avant.constats.iter().zip(&apres.constats) {
            prop_assert_eq!((ancien.gravite, &ancien.description), (nouveau.gravite, &nouveau.description));
            prop_assert_eq!((&ancien.preuves, ancien.echeance), (&nouveau.preuves, nouveau.echeance));
            prop_assert!(nouveau.actions.starts_with(&ancien.actions));
        }
    }
    let juge = par.personne.is_some_and(|personne| avant.ecartes.contains(&personne));
    prop_assert!(!juge || avant.etat == apres.etat, "somebody who instructed the dossier");
    Ok(())
}

/// What must hold in every state.
fn verifier(audit: &Audit) -> Result<(), TestCaseError> {
    match &audit.etat {
        EtatAudit::ClosConforme { .. } => prop_assert!(audit.ouverts().next().is_none()),
        EtatAudit::Ecarts { .. } => prop_assert!(audit.ouverts().next().is_some()),
        EtatAudit::SuspensionProposee { .. } | EtatAudit::RetraitPropose { .. } => {
            prop_assert!(audit.ouverts().next().is_some());
            prop_assert!(audit.ouverts().all(|constat| constat.au_recontrole.is_some()));
        }
        _ => {}
    }
    prop_assert_eq!(
        audit.rapport_final.is_some(),
        audit.communique() && !matches!(audit.etat, EtatAudit::Contradictoire { .. })
    );
    prop_assert_eq!(audit.attente().is_none(), audit.etat.termine());
    Ok(())
}

proptest! {
    #[test]
    fn aucun_ordre_ne_conclut_sans_entendre(
        tirages in proptest::collection::vec(
            (prop_oneof![any::<Tirage>().prop_map(Some), Just(None)], 0u8..12), 0..80
        )
    ) {
        let mut audit = planifie();
        let mut quand = le();
        for (tirage, jours) in tirages {
            quand += SignedDuration::from_hours(24 * i64::from(jours));
            let suite = match tirage {
                Some(tirage) => agir(audit.clone(), tirage, quand),
                None => avancer(audit.clone(), quand),
            };
            let Ok((apres, evenement)) = suite else { continue };
            prop_assert_eq!(&evenement.sujet, &audit.sujet());
            comparer(&audit, &apres, &evenement.acteur, quand)?;
            verifier(&apres)?;
            audit = apres;
        }
        let json = serde_json::to_string(&audit).expect("an audit is kept as JSON");
        prop_assert_eq!(serde_json::from_str::<Audit>(&json).expect("and comes back"), audit);
    }
}

#[test]
fn le_bon_chemin_mene_a_la_cloture() {
    let mut audit = planifie();
    let mut etats = vec![audit.etat.cle()];
    for jours in 0..40 {
        if audit.etat.termine() {
            break;
        }
        audit = ok(avancer(audit, apres(jours)));
        if etats.last() != Some(&audit.etat.cle()) {
            etats.push(audit.etat.cle());
        }
    }
    assert_eq!(
        etats[..6],
        ["planifie", "notifie", "en_cours", "rapport_provisoire", "contradictoire", "rapport_final"]
    );
    assert_eq!(etats[6..], ["ecarts", "plan_d_actions", "recontrole", "clos_conforme"]);
}
