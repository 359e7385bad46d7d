//! Taking over from another candidature: which preuves, once, whole, unjudged and with their own dates.

use domaine::{
    candidature::{Candidature, Creation, Etat, Refus},
    college::Avis,
    referentiel::{Guichet, Profil, Referentiel},
};

use crate::appui::{
    AUJOURDHUI, chapitre_valide, charger, claire, codes, colette, creation, decision, deposer, depot_complet,
    depot_ouvert, evenement, habilitee, id, le, liee, ok, produit, referentiel, session, simon,
};

/// A candidature ELU whose chapters are open, in place of an ELP one.
fn remplacante(referentiel: &Referentiel, ancienne: &Candidature) -> Candidature {
    let mut nouvelle = depot_ouvert(referentiel, &[Profil::ELU]);
    nouvelle.remplace = Some(ancienne.nru.clone());
    nouvelle
}

#[test]
fn les_preuves_communes_se_reprennent_en_un_acte() {
    let referentiel = referentiel();
    let mut ancienne = chapitre_valide(depot_ouvert(&referentiel, &[Profil::ELP]), &referentiel, "PMT");
    // What only a proxy shows, and what both show.
    for code in ["ODC", "PAS"] {
        ancienne = charger(ancienne, &referentiel, code);
    }
    let nouvelle = remplacante(&referentiel, &ancienne);
    let mut reprises = nouvelle.preuves_a_reprendre(&ancienne, &referentiel, AUJOURDHUI);
    let mut chapitres: Vec<&str> = reprises.iter().map(|une| une.chapitre.as_str()).collect();
    chapitres.dedup();
    assert_eq!(chapitres, ["PMT", "PAS"]);
    let communs = |code: &str| {
        let slots = &nouvelle.chapitre(code).unwrap().emplacements;
        let la = ancienne.chapitre(code).unwrap();
        slots.iter().filter(|slot| la.emplacement(&slot.attendue).is_some()).count()
    };
    assert_eq!(reprises.len(), communs("PMT") + communs("PAS"));

    for (rang, reprise) in (9000..).zip(&mut reprises) {
        reprise.preuve.id = id(rang);
    }
    let reprendre = |dossier: Candidature| {
        dossier.reprendre(&ancienne.nru, &reprises, &referentiel, AUJOURDHUI, &claire(), le())
    };
    let recit = evenement(reprendre(nouvelle.clone()));
    assert_eq!(recit.acte, format!("Preuves reprises de la candidature {}", ancienne.nru));
    assert_eq!(recit.differences.len(), reprises.len());
    let suite = ok(reprendre(nouvelle.clone()));
    let slot = suite.chapitre("PMT").unwrap().emplacement("PMT.01.01.01").unwrap();
    let avant = ancienne.chapitre("PMT").unwrap().emplacement("PMT.01.01.01").unwrap();
    let (copie, source) = (&slot.preuves[0], &avant.preuves[0]);
    assert_eq!((copie.date_reelle, &copie.contenu), (source.date_reelle, &source.contenu));
    assert!(
        source.verdict.is_some() && copie.verdict.is_none(),
        "a verdict is of the dossier on which it was given"
    );
    assert!(suite.preuves_a_reprendre(&ancienne, &referentiel, AUJOURDHUI).is_empty(), "once");

    // Somebody deposits in between: nothing of it is done.
    let occupee = deposer(nouvelle.clone(), &referentiel, ("PAS", "PAS.01.01.01"), 8000, None);
    assert_eq!(reprendre(occupee).err(), Some(Refus::EmplacementOccupe("PAS.01.01.01".to_owned())));
    // Another dossier has nothing to do with it.
    let mut etrangere = nouvelle;
    etrangere.remplace = None;
    assert!(etrangere.preuves_a_reprendre(&ancienne, &referentiel, AUJOURDHUI).is_empty());
}

#[test]
fn ce_qui_n_est_plus_en_date_ne_se_reprend_pas() {
    let referentiel = referentiel();
    let ancienne = charger(depot_ouvert(&referentiel, &[Profil::ELP]), &referentiel, "TI");
    let nouvelle = remplacante(&referentiel, &ancienne);
    let reprises = |jour| nouvelle.preuves_a_reprendre(&ancienne, &referentiel, jour);
    assert!(reprises(AUJOURDHUI).iter().any(|une| une.attendue == "TI.01.01.01"));
    let plus_tard = domaine::calendrier::plus_mois(AUJOURDHUI, 12);
    assert!(reprises(plus_tard).iter().all(|une| une.attendue != "TI.01.01.01"));
}

#[test]
fn un_renouvellement_reprend_le_formulaire_mais_pas_ce_qui_est_a_redire() {
    let referentiel = referentiel();
    let ancienne = habilitee(&referentiel, &[Profil::ELP]);
    let produit = produit();
    let creation =
        Creation { remplace: Some(&ancienne), id: id(201), ..creation(&produit, Guichet::Editeur) };
    let nouvelle = ok(Candidature::renouveler(creation, "HAB-ELP-2026-00001", &claire(), le()));
    assert_eq!(nouvelle.etat, Etat::Creee);
    assert_eq!(nouvelle.renouvelle.as_deref(), Some("HAB-ELP-2026-00001"));
    for (cle, attendu) in
        [("siret", ancienne.formulaire.valeur("siret")), ("profils", "ELP"), ("date_depot", ""), ("cgu", "")]
    {
        assert_eq!(nouvelle.formulaire.valeur(cle), attendu, "{cle}");
    }
}

type Change<'a> = &'a dyn Fn(Candidature) -> Candidature;

/// An opérateur of a proxy before the collège, who relies on a habilitation ELP.
fn operateur(referentiel: &Referentiel) -> Candidature {
    let complet = depot_complet(referentiel, &[Profil::OpSP]);
    assert!(!codes(&complet).is_empty());
    ok(complet.inscrire_en_college(session(), &simon(), le()))
}

#[test]
fn une_decision_favorable_demande_des_prerequis_en_vigueur() {
    let referentiel = referentiel();
    let dossier = operateur(&referentiel);
    let favorable = decision(Avis::Favorable, "", colette());
    assert!(dossier.clone().decider(session(), &favorable, le()).is_ok());
    let numero = liee(Profil::ELP).numero;
    let suspendue = |mut dossier: Candidature| {
        let etats = [(numero.clone(), Err("Cette habilitation est suspendue : incident".to_owned()))];
        dossier.formulaire.actualiser_habilitations(&etats.into());
        dossier
    };
    let expiree = |mut dossier: Candidature| {
        for une in dossier.formulaire.habilitations.values_mut() {
            une.fin = AUJOURDHUI.yesterday().unwrap();
        }
        dossier
    };
    let cas: [(Change<'_>, &str); 2] = [(&suspendue, "suspendue"), (&expiree, "pris fin")];
    for (change, mot) in cas {
        let refus = change(dossier.clone()).decider(session(), &favorable, le()).unwrap_err();
        assert!(
            matches!(&refus, Refus::Prerequis(texte) if texte.contains(mot) && texte.contains(&numero)),
            "{refus}"
        );
        // A refusal or a complement needs no prerequisite.
        let refuse = decision(Avis::Refus, "Prérequis tombé.", colette());
        assert!(change(dossier.clone()).decider(session(), &refuse, le()).is_ok());
    }
    let habilitee = ok(dossier.decider(session(), &favorable, le()));
    assert!(suspendue(habilitee.clone()).exige_prerequis(le()).is_err(), "nor is it signed");
}
