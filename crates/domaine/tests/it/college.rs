//! The collège: its agenda, who takes no part, and what its decisions do to a dossier.

use domaine::{
    candidature::{self, Candidature, Etat},
    college::{Avis, Refus, Session},
    evenement::Acteur,
    referentiel::Profil,
};
use jiff::civil::date;

use crate::appui::{
    AUJOURDHUI, claire, colette, decision, depot_complet, en_college, id, le, ok, referentiel_court, session,
    simon, tout_conforme, vera, victor,
};

const ELP: &[Profil] = &[Profil::ELP];

fn ouverte() -> Session {
    let paris = "Paris".to_owned();
    ok(Session::ouvrir(session(), date(2026, 12, 10), paris, AUJOURDHUI, &simon(), le()))
}

fn avec(dossier: &Candidature) -> Session {
    ok(ouverte().inscrire(dossier, &simon(), le()))
}

#[test]
fn une_session_ne_s_ouvre_pas_dans_le_passe() {
    let ouvrir =
        |jour| Session::ouvrir(session(), jour, String::new(), AUJOURDHUI, &simon(), le()).map(|_| ()).err();
    assert_eq!(ouvrir(AUJOURDHUI), None);
    assert_eq!(ouvrir(date(2026, 11, 20)), Some(Refus::DatePassee));
}

#[test]
fn l_ordre_du_jour_se_tient_jusqu_a_la_cloture() {
    let dossier = depot_complet(&referentiel_court(), ELP);
    let favorable = || decision(Avis::Favorable, "", colette());
    let vide = ouverte();
    assert_eq!(vide.clone().decider(dossier.id, favorable()).err(), Some(Refus::PasInscrit));
    let motif = || "Ancien employeur.".to_owned();
    assert_eq!(vide.clone().recuser(dossier.id, motif(), &colette(), le()).err(), Some(Refus::PasInscrit));
    assert_eq!(vide.retirer(&dossier, &simon(), le()).err(), Some(Refus::PasInscrit));

    let inscrit = avec(&dossier);
    assert_eq!(inscrit.clone().inscrire(&dossier, &simon(), le()).err(), Some(Refus::DejaInscrit));
    assert_eq!(inscrit.clone().clore(&simon(), le()).err(), Some(Refus::DecisionsManquantes));

    let decide = ok(inscrit.decider(dossier.id, favorable()));
    assert_eq!(decide.clone().decider(dossier.id, favorable()).err(), Some(Refus::DejaDecide));
    assert_eq!(decide.clone().retirer(&dossier, &simon(), le()).err(), Some(Refus::DejaDecide));

    let close = ok(decide.clore(&simon(), le()));
    assert_eq!(close.clone().inscrire(&dossier, &simon(), le()).err(), Some(Refus::Close));
    assert_eq!(close.clone().decider(dossier.id, favorable()).err(), Some(Refus::Close));
    assert_eq!(close.clone().recuser(dossier.id, motif(), &colette(), le()).err(), Some(Refus::Close));
    assert_eq!(close.clone().retirer(&dossier, &simon(), le()).err(), Some(Refus::Close));
    assert_eq!(close.clore(&simon(), le()).err(), Some(Refus::Close));
}

#[test]
fn qui_se_recuse_ne_decide_pas_de_ce_dossier() {
    let dossier = depot_complet(&referentiel_court(), ELP);
    let mut autre = dossier.clone();
    autre.id = id(201);
    let session = ok(avec(&dossier).inscrire(&autre, &simon(), le()));
    let recuse = ok(session.recuser(dossier.id, "Ancien employeur.".to_owned(), &colette(), le()));
    let decider = |dossier: &Candidature, par: Acteur| {
        recuse.clone().decider(dossier.id, decision(Avis::Favorable, "", par)).err()
    };
    assert_eq!(decider(&dossier, colette()), Some(Refus::Recuse));
    assert_eq!(decider(&dossier, vera()), None, "another member");
    assert_eq!(decider(&autre, colette()), None, "another dossier");
}

/// Otherwise a dossier that its candidate gave up would keep the session open for ever.
#[test]
fn un_dossier_abandonne_quitte_l_ordre_du_jour() {
    let dossier = en_college(&referentiel_court(), ELP);
    let session = avec(&dossier);
    let abandonne = ok(dossier.abandonner("Changement de plan.", &claire(), le()));
    assert_eq!(session.clone().clore(&simon(), le()).err(), Some(Refus::DecisionsManquantes));
    let session = ok(session.retirer(&abandonne, &simon(), le()));
    assert!(session.clore(&simon(), le()).is_ok());
}

#[test]
fn chaque_decision_mene_a_son_etat() {
    use candidature::Refus as R;
    let complement = |codes: &[&str]| Avis::Complement {
        chapitres: codes.iter().map(|code| (*code).to_owned()).collect(),
    };
    let cas: [(Avis, &str, Acteur, Result<&str, R>); 9] = [
        (Avis::Favorable, "", colette(), Ok("habilitee")),
        (Avis::Favorable, "", simon(), Ok("habilitee")),
        (Avis::Favorable, "", victor(), Err(R::SeparationDesPouvoirs)),
        (Avis::Refus, "Risque non traité.", colette(), Ok("refusee")),
        (Avis::Refus, " ", colette(), Err(R::MotifManquant)),
        (complement(&["ADR", "TI"]), "Préciser.", colette(), Ok("depot_ouvert")),
        (complement(&["ADR"]), "", colette(), Err(R::MotifManquant)),
        (complement(&[]), "Préciser.", colette(), Err(R::AucunChapitre)),
        (complement(&["ADR", "CGU"]), "Préciser.", colette(), Err(R::ChapitreInconnu)),
    ];
    let inscrit = en_college(&referentiel_court(), ELP);
    for (avis, motif, par, attendu) in cas {
        let obtenu = inscrit.clone().decider(session(), &decision(avis.clone(), motif, par), le());
        let obtenu = obtenu.as_ref().map(|(dossier, _)| dossier.etat.cle());
        assert_eq!(obtenu, attendu.as_ref().copied(), "{avis:?}");
    }
    let ailleurs = inscrit.decider(id(501), &decision(Avis::Favorable, "", colette()), le());
    assert_eq!(ailleurs.err(), Some(R::AutreSession));
}

#[test]
fn un_complement_rouvre_les_chapitres_nommes_puis_revient() {
    let dossier = en_college(&referentiel_court(), ELP);
    let avis = Avis::Complement { chapitres: vec!["ADR".to_owned()] };
    let dossier = ok(dossier.decider(session(), &decision(avis, "Préciser.", colette()), le()));
    assert_eq!(dossier.attente_agence, None);
    let ouverts: Vec<&str> = dossier
        .chapitres
        .iter()
        .filter(|chapitre| !chapitre.valide())
        .map(|chapitre| chapitre.code.as_str())
        .collect();
    assert_eq!(ouverts, ["ADR"]);
    let dossier = ok(dossier.soumettre_chapitre("ADR", &claire(), le()));
    let dossier = tout_conforme(ok(dossier.prendre_chapitre("ADR", &victor(), le())), "ADR");
    let dossier = ok(dossier.valider_chapitre("ADR", &victor(), le()));
    assert_eq!(dossier.etat, Etat::DepotComplet);
    let dossier = ok(dossier.inscrire_en_college(id(501), &simon(), le()));
    let decide = dossier.decider(id(501), &decision(Avis::Favorable, "", colette()), le());
    assert_eq!(ok(decide).etat.cle(), "habilitee");
}

/// Whoever handed a chapter over to a colleague has instructed all the same.
#[test]
fn passer_la_main_ne_rend_pas_neutre() {
    let dossier = depot_complet(&referentiel_court(), ELP);
    let dossier = ok(dossier.rouvrir_chapitre("ADR", "Méthode.", &victor(), le()));
    let dossier = ok(dossier.soumettre_chapitre("ADR", &claire(), le()));
    let dossier = ok(dossier.prendre_chapitre("ADR", &simon(), le()));
    let dossier = tout_conforme(ok(dossier.prendre_chapitre("ADR", &victor(), le())), "ADR");
    let dossier = ok(dossier.valider_chapitre("ADR", &victor(), le()));
    let dossier = ok(dossier.inscrire_en_college(session(), &colette(), le()));
    let refus = dossier.decider(session(), &decision(Avis::Favorable, "", simon()), le()).err();
    assert_eq!(refus, Some(candidature::Refus::SeparationDesPouvoirs));
}
