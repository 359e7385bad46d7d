//! What each state of a candidature allows, and the way from the first step to the last.

use domaine::{
    candidature::{Candidature, Etat, Refus, Suite, depot::Depot},
    college::Avis,
    preuve::Appreciation,
    produit::EtatProduit,
    referentiel::{Guichet, Kind, Profil, Referentiel},
};

use crate::appui::{
    AUJOURDHUI, charger, claire, codes, colette, contenu, contexte, creation, creee, decision, depot_complet,
    depot_ouvert, en_college, en_instruction, evenement, formulaire_soumis, habilitee, id, instant, le, ok,
    preuve, produit, referentiel, remplie, session, simon, soumis, tout_conforme, valeurs, victor,
};

const ELP: &[Profil] = &[Profil::ELP];

/// Chapters at every step at once: PMT valid, ODC all conforme, ARC with a refusal, ADR submitted, PAS complete, TI empty.
fn depot_en_cours(referentiel: &Referentiel) -> Candidature {
    let mut dossier = depot_ouvert(referentiel, ELP);
    dossier = crate::appui::chapitre_valide(dossier, referentiel, "PMT");
    dossier = tout_conforme(en_instruction(dossier, referentiel, "ODC"), "ODC");
    dossier = tout_conforme(en_instruction(dossier, referentiel, "ARC"), "ARC");
    let item = premiere(&dossier, "ARC");
    dossier = ok(dossier.juger_preuve(
        "ARC",
        item,
        Appreciation::Incomplete,
        "Il manque un flux.",
        &victor(),
        le(),
    ));
    dossier = soumis(dossier, referentiel, "ADR");
    charger(dossier, referentiel, "PAS")
}

fn premiere(dossier: &Candidature, code: &str) -> domaine::id::Id<domaine::preuve::Preuve> {
    dossier.chapitre(code).expect("a chapter").emplacements[0].preuves[0].id
}

/// One letter for each answer, so that the table below reads as a table.
fn lettre(suite: &Suite) -> char {
    match suite {
        Ok(_) => 'o',
        Err(Refus::Etat(_)) => '.',
        Err(Refus::ChampVerrouille(_)) => 'v',
        Err(Refus::Formulaire(_)) => 'f',
        Err(Refus::AttenteAgence) => 'w',
        Err(Refus::ChapitreInconnu | Refus::EmplacementInconnu) => '?',
        Err(autre) => panic!("{autre:?}"),
    }
}

type Act<'a> = &'a dyn Fn(Candidature) -> Suite;

#[test]
fn chaque_etat_dit_ce_qu_il_permet() {
    let referentiel = referentiel();
    let editeur = contexte(Guichet::Editeur);
    let plein = depot_en_cours(&referentiel);
    let calme = charger(depot_ouvert(&referentiel, ELP), &referentiel, "PAS");
    let etats: [(&str, Candidature); 12] = [
        ("créée", creee(Guichet::Editeur)),
        ("en cours", remplie(ELP)),
        ("soumis", formulaire_soumis(ELP)),
        ("à corriger", a_corriger()),
        ("dépôt", plein),
        ("complet", depot_complet(&referentiel, ELP)),
        ("collège", en_college(&referentiel, ELP)),
        ("habilitée", habilitee(&referentiel, ELP)),
        ("refusée", ok(formulaire_soumis(ELP).declarer_irrecevable("Personne physique.", &victor(), le()))),
        ("abandonnée", ok(formulaire_soumis(ELP).abandonner("Changement de plan.", &claire(), le()))),
        ("endormie créée", ok(creee(Guichet::Editeur).endormir(le()))),
        ("endormie dépôt", ok(calme.endormir(le()))),
    ];
    let favorable = decision(Avis::Favorable, "", colette());
    let item = |dossier: &Candidature, code: &str| {
        dossier
            .chapitre(code)
            .and_then(|chapitre| chapitre.emplacements[0].preuves.first())
            .map_or(id(0), |un| un.id)
    };
    let table: [(&str, &str, Act<'_>); 22] = [
        ("démarrer", "o.........o.", &|c| c.demarrer(&claire(), le())),
        ("saisir le SIRET", "oovovv....ov", &|c| {
            c.saisir(valeurs(&[("siret", "552 100 554 00013")]), &editeur, &claire(), le())
        }),
        ("saisir le contact", "oovvoo....oo", &|c| {
            c.saisir(valeurs(&[("contact_nom", "Autre")]), &editeur, &claire(), le())
        }),
        ("soumettre le formulaire", "fo.o......f.", &|c| c.soumettre_formulaire(&editeur, &claire(), le())),
        ("juger un champ", "..o.........", &|c| c.juger_champ("siret", true, "", &victor(), le())),
        ("renvoyer le formulaire", "..o.........", &|c| {
            let (c, _) = c.juger_champ("siret", false, "Établissement fermé.", &victor(), le())?;
            c.renvoyer_formulaire(&victor(), le())
        }),
        ("valider le formulaire", "..o.........", &|c| {
            c.valider_formulaire(&referentiel, &editeur, &victor(), le())
        }),
        ("déclarer irrecevable", "..o.........", &|c| c.declarer_irrecevable("Motif.", &victor(), le())),
        ("déposer", "....o......o", &|c| {
            let preuve = preuve(9000, Kind::FormulaireTi, contenu(Kind::FormulaireTi));
            let depot = Depot {
                chapitre: "TI",
                attendue: "TI.01.01.01",
                preuve,
                remplace: None,
                aujourdhui: AUJOURDHUI,
            };
            c.deposer(depot, &referentiel, &claire(), le())
        }),
        ("retirer", "....o......o", &|c| {
            let preuve = item(&c, "PAS");
            c.retirer("PAS", "PAS.01.01.01", preuve, &claire(), le())
        }),
        ("soumettre un chapitre", "....o......o", &|c| c.soumettre_chapitre("PAS", &claire(), le())),
        ("prendre un chapitre", "....o.......", &|c| c.prendre_chapitre("ADR", &victor(), le())),
        ("juger une preuve", "....o.......", &|c| {
            let preuve = item(&c, "ODC");
            c.juger_preuve("ODC", preuve, Appreciation::Conforme, "", &victor(), le())
        }),
        ("renvoyer un chapitre", "....o.......", &|c| c.renvoyer_chapitre("ARC", &victor(), le())),
        ("valider un chapitre", "....o.......", &|c| c.valider_chapitre("ODC", &victor(), le())),
        ("rouvrir un chapitre", "....oo......", &|c| {
            c.rouvrir_chapitre("PMT", "Certificat.", &victor(), le())
        }),
        ("inscrire en collège", ".....o......", &|c| c.inscrire_en_college(session(), &simon(), le())),
        ("décider", "......o.....", &|c| c.decider(session(), &favorable, le())),
        ("abandonner", "ooooooo...oo", &|c| c.abandonner("Motif.", &claire(), le())),
        ("abandonner, par l’agence", "ooooooo...oo", &|c| c.abandonner("Motif.", &victor(), le())),
        ("endormir", "oo.ow.......", &|c| c.endormir(le())),
        ("désigner un référent", "ooooooo...oo", &|c| c.affecter(Some(victor()), &victor(), le())),
    ];
    for (acte, attendu, agir) in table {
        let obtenu: String = etats.iter().map(|(_, dossier)| lettre(&agir(dossier.clone()))).collect();
        assert_eq!(obtenu, attendu, "{acte}");
    }
}

fn a_corriger() -> Candidature {
    let soumis = formulaire_soumis(ELP);
    let juge = ok(soumis.juger_champ("siret", false, "Établissement fermé.", &victor(), le()));
    ok(juge.renvoyer_formulaire(&victor(), le()))
}

#[test]
fn un_refus_d_etat_dit_ou_en_est_le_dossier() {
    let refus = habilitee(&referentiel(), ELP).abandonner("Motif.", &claire(), le()).err();
    assert_eq!(refus, Some(Refus::Etat("Habilitée")));
    let texte = refus.map(|refus| refus.to_string());
    assert_eq!(texte.as_deref(), Some("La candidature est « Habilitée » : cet acte n’y est plus possible."));
}

/// The states through which a dossier goes, and since when the agency owes an answer.
#[test]
fn du_premier_pas_a_l_habilitation() {
    for profils in [
        &[Profil::ELU][..],
        &[Profil::ELP],
        &[Profil::ELU, Profil::ELP],
        &[Profil::OpSP],
        &[Profil::OpSU],
        &[Profil::OpSU, Profil::OpSP],
    ] {
        let referentiel = referentiel();
        let guichet = profils[0].guichet();
        let mut dossier = creee(guichet);
        assert_eq!((dossier.etat.cle(), dossier.attente_agence), ("creee", None));
        dossier = ok(dossier.demarrer(&claire(), le()));
        dossier = ok(dossier.saisir(crate::appui::saisie(profils), &contexte(guichet), &claire(), le()));
        assert_eq!((dossier.etat.cle(), dossier.attente_agence), ("formulaire_en_cours", None));
        dossier = ok(dossier.soumettre_formulaire(&contexte(guichet), &claire(), le()));
        assert_eq!((dossier.etat.cle(), dossier.attente_agence), ("formulaire_soumis", Some(le())));
        dossier = ok(dossier.valider_formulaire(&referentiel, &contexte(guichet), &victor(), le()));
        assert_eq!((dossier.etat.cle(), dossier.attente_agence), ("depot_ouvert", None));
        let attendus: Vec<String> =
            referentiel.chapitres_pour(profils).iter().map(|chapitre| chapitre.code.clone()).collect();
        assert_eq!(codes(&dossier), attendus);
        for (rang, code) in attendus.iter().enumerate() {
            assert_eq!(dossier.etat, Etat::DepotOuvert, "{rang} chapters are valid");
            dossier = soumis(dossier, &referentiel, code);
            assert_eq!(dossier.attente_agence, Some(le()), "{code}");
            dossier = tout_conforme(ok(dossier.prendre_chapitre(code, &victor(), le())), code);
            let suite = dossier.valider_chapitre(code, &victor(), instant("2026-12-01T09:00:00Z"));
            let dernier = rang + 1 == attendus.len();
            let complet = suite.as_ref().is_ok_and(|(_, evenement)| !evenement.differences.is_empty());
            assert_eq!(complet, dernier, "the event of {code} tells that the dossier is complete");
            dossier = ok(suite);
        }
        assert_eq!(
            (dossier.etat.cle(), dossier.attente_agence),
            ("depot_complet", Some(instant("2026-12-01T09:00:00Z")))
        );
        dossier = ok(dossier.inscrire_en_college(session(), &simon(), le()));
        dossier = ok(dossier.decider(session(), &decision(Avis::Favorable, "", colette()), le()));
        assert_eq!((dossier.etat, dossier.attente_agence), (Etat::Habilitee { le: le() }, None));
    }
}

#[test]
fn une_candidature_nait_d_un_produit_du_catalogue() {
    let produit = produit();
    let candidature = creee(Guichet::Editeur);
    assert_eq!(candidature.titre, "Proxy Logimed - 2.1 - 3232");
    assert_eq!(candidature.formulaire.valeur("logiciel"), "Proxy Logimed");
    assert_eq!(candidature.formulaire.valeur("nil"), "NIL42");
    assert_eq!(creee(Guichet::Operateur).formulaire.valeur("nil"), "", "only asked of éditeurs");
    for etat in [EtatProduit::Brouillon, EtatProduit::Archive] {
        let mut autre = produit.clone();
        autre.etat = etat;
        let refus = Candidature::creer(creation(&autre, Guichet::Editeur), &claire(), le()).err();
        assert_eq!(refus, Some(Refus::ProduitInactif), "{etat:?}");
    }
}

#[test]
fn une_candidature_en_remplace_une_autre_sans_son_profil() {
    let produit = produit();
    let ancienne = remplie(&[Profil::ELU]);
    let mut creation = creation(&produit, Guichet::Editeur);
    creation.remplace = Some(&ancienne);
    let (nouvelle, _) =
        Candidature::creer(creation.clone(), &claire(), le()).expect("same produit and guichet");
    assert_eq!(nouvelle.remplace, Some(ancienne.nru.clone()));
    assert_eq!(nouvelle.formulaire.valeur("siret"), ancienne.formulaire.valeur("siret"));
    assert_eq!((nouvelle.formulaire.valeur("profils"), nouvelle.formulaire.valeur("cgu")), ("", ""));
    assert_eq!(nouvelle.etat, Etat::Creee);

    creation.guichet = Guichet::Operateur;
    let refus = Candidature::creer(creation.clone(), &claire(), le()).err();
    assert_eq!(refus, Some(Refus::RemplacementImpossible));
    let mut autre = produit.clone();
    autre.id = id(101);
    let creation = domaine::candidature::Creation { produit: &autre, guichet: Guichet::Editeur, ..creation };
    assert_eq!(Candidature::creer(creation, &claire(), le()).err(), Some(Refus::RemplacementImpossible));
}

#[test]
fn un_dossier_endormi_se_reveille_ou_il_en_etait() {
    let referentiel = referentiel();
    let tard = instant("2027-06-01T08:00:00Z");
    let endormi = ok(depot_ouvert(&referentiel, ELP).endormir(le()));
    assert_eq!(endormi.etat.libelle(), "En sommeil");
    let preuve = preuve(1, Kind::FormulaireTi, contenu(Kind::FormulaireTi));
    let depot =
        Depot { chapitre: "TI", attendue: "TI.01.01.01", preuve, remplace: None, aujourdhui: AUJOURDHUI };
    let suite = endormi.clone().deposer(depot, &referentiel, &claire(), tard);
    let dit = evenement(suite.clone());
    assert!(dit.differences.iter().any(|une| une.avant == "En sommeil" && une.apres == "Dépôt des preuves"));
    let reveille = ok(suite);
    assert_eq!((&reveille.etat, reveille.active_le), (&Etat::DepotOuvert, tard));
    assert_eq!(endormi.suivant(&contexte(Guichet::Editeur)), reveille_sans_depot(&referentiel));
}

fn reveille_sans_depot(referentiel: &Referentiel) -> Option<domaine::candidature::manque::Suivant> {
    depot_ouvert(referentiel, ELP).suivant(&contexte(Guichet::Editeur))
}

#[test]
fn un_motif_est_un_texte() {
    for motif in ["", "  ", "\n\t"] {
        assert_eq!(remplie(ELP).abandonner(motif, &claire(), le()).err(), Some(Refus::MotifManquant));
    }
}

#[test]
fn ce_qui_manque_est_dit_a_chaque_etape() {
    let referentiel = referentiel();
    let editeur = contexte(Guichet::Editeur);
    let etape = |dossier: &Candidature| {
        dossier.suivant(&editeur).map(|suivant| (suivant.etape, suivant.a_faire.len()))
    };
    let cas = [
        (creee(Guichet::Editeur), Some(("Soumettre le formulaire administratif", 24))),
        (remplie(ELP), Some(("Soumettre le formulaire administratif", 1))),
        (formulaire_soumis(ELP), Some(("Ouverture du dépôt des preuves", 1))),
        (depot_ouvert(&referentiel, ELP), Some(("Passage en collège", 19))),
        (depot_complet(&referentiel, ELP), Some(("Inscription à une session du collège", 1))),
        (en_college(&referentiel, ELP), Some(("Décision du collège", 1))),
        (habilitee(&referentiel, ELP), None),
    ];
    for (dossier, attendu) in cas {
        assert_eq!(etape(&dossier), attendu, "{}", dossier.etat);
    }
}
