//! The formulaire of a dossier: what unlocks, what freezes, and what the agency's answer does to it.

use domaine::{
    candidature::{Candidature, Etat, Refus, administratif::Saisie},
    formulaire::{EtatFormulaire, HabilitationLiee, composant::Composant},
    referentiel::{Guichet, Profil},
};

use crate::appui::{
    AUJOURDHUI, charger, claire, contexte, depot_ouvert, evenement, fichier, formulaire_soumis, instant, le,
    liee, ok, referentiel, remplie, saisie, valeurs, vera, victor,
};

const ELP: &[Profil] = &[Profil::ELP];

fn renvoye(profils: &[Profil], champs: &[&str]) -> Candidature {
    let juge = champs.iter().fold(formulaire_soumis(profils), |dossier, cle| {
        ok(dossier.juger_champ(cle, false, "À revoir.", &victor(), le()))
    });
    ok(juge.renvoyer_formulaire(&victor(), le()))
}

fn ecrire(dossier: Candidature, champs: &[(&str, &str)]) -> Result<Candidature, Refus> {
    let contexte = contexte(dossier.guichet);
    dossier.saisir(valeurs(champs), &contexte, &claire(), le()).map(|(dossier, _)| dossier)
}

#[test]
fn un_brouillon_garde_ce_qui_est_faux() {
    let dossier = ecrire(remplie(ELP), &[("siret", "12"), ("datapass", "H12")]).expect("a draft");
    assert_eq!(dossier.formulaire.valeur("siret"), "12");
    let refus = dossier.soumettre_formulaire(&contexte(Guichet::Editeur), &claire(), le()).err();
    let Some(Refus::Formulaire(fautes)) = refus else { panic!("{refus:?}") };
    let champs: Vec<&str> = fautes.iter().map(|faute| faute.champ.as_str()).collect();
    assert_eq!(champs, ["siret", "datapass"]);
}

#[test]
fn un_texte_libre_montre_ce_qu_il_dit() {
    for texte in [" ", "Logi\u{202e}med", "Logi\nmed", "Logi\u{0}med", "Logi\tmed"] {
        let dossier = ecrire(remplie(ELP), &[("denomination", texte)]).expect("a draft");
        let fautes = dossier.formulaire.fautes(&contexte(Guichet::Editeur));
        let champs: Vec<&str> = fautes.iter().map(|faute| faute.champ.as_str()).collect();
        assert_eq!(champs, ["denomination"], "{texte:?}");
    }
}

#[test]
fn la_correction_ouvre_ce_qui_est_signale_et_ce_qui_en_depend() {
    // What is flagged, what is written, whether it is open.
    let cas: [(&[&str], &str, bool); 14] = [
        (&["siret"], "siret", true),
        (&["siret"], "denomination", false),
        (&["siret"], "contact_nom", false),
        (&["siret"], "profils", false),
        (&["siret"], "composants", false),
        (&["siret", "denomination"], "denomination", true),
        // What time alone makes wrong.
        (&["siret"], "date_depot", true),
        // What only the new answer asks, or decides on.
        (&["profils"], "nie", true),
        (&["profils"], "nil", true),
        (&["profils"], "proxy", true),
        (&["profils"], "siret", false),
        (&["siege_pays"], "siege_code_postal", true),
        (&["siege_code_postal"], "siege_pays", false),
        (&["dispositif_segur"], "nru_segur", true),
    ];
    for (signales, champ, ouvert) in cas {
        let obtenu = ecrire(renvoye(ELP, signales), &[(champ, "autre")]);
        assert_eq!(obtenu.is_ok(), ouvert, "{signales:?} : {champ}");
        if !ouvert {
            assert!(matches!(obtenu, Err(Refus::ChampVerrouille(_))), "{champ}");
        }
    }
}

/// Without what depends on a flagged field, this dossier could be neither written nor submitted.
#[test]
fn un_profil_corrige_peut_etre_soumis() {
    let editeur = contexte(Guichet::Editeur);
    let dossier = renvoye(ELP, &["profils"]);
    let dossier = ecrire(dossier, &[("profils", "ELU")]).expect("flagged");
    let refus = dossier.clone().soumettre_formulaire(&editeur, &claire(), le()).err();
    assert!(
        matches!(refus, Some(Refus::Formulaire(fautes)) if fautes.len() == 2),
        "the produit gave its NIL"
    );
    let dossier = ecrire(dossier, &[("nie", "123"), ("nil", "456"), ("proxy", "Autre")]).expect("now asked");
    let dossier = ok(dossier.soumettre_formulaire(&editeur, &claire(), le()));
    assert_eq!((&dossier.etat, dossier.profils()), (&Etat::FormulaireSoumis, vec![Profil::ELU]));
}

#[test]
fn la_date_et_l_habilitation_passees_pendant_la_correction_se_corrigent() {
    let mut contexte = contexte(Guichet::Operateur);
    let dossier = renvoye(&[Profil::OpSP], &["siret"]);
    contexte.aujourdhui = jiff::civil::date(2029, 6, 1);
    let refus = dossier.clone().soumettre_formulaire(&contexte, &claire(), le()).err();
    let Some(Refus::Formulaire(fautes)) = refus else { panic!("{refus:?}") };
    let champs: Vec<&str> = fautes.iter().map(|faute| faute.champ.as_str()).collect();
    assert_eq!(champs, ["date_depot", "habilitation_elp"]);
    let mut nouvelle = liee(Profil::ELP);
    nouvelle.fin = jiff::civil::date(2031, 1, 1);
    let mut saisie = valeurs(&[("date_depot", "2029-09-01")]);
    saisie.habilitations.insert("habilitation_elp".to_owned(), Some(nouvelle));
    let dossier = ok(dossier.saisir(saisie, &contexte, &claire(), le()));
    assert!(dossier.soumettre_formulaire(&contexte, &claire(), le()).is_ok());
}

#[test]
fn chaque_refus_de_l_agence_porte_son_motif() {
    let soumis = formulaire_soumis(ELP);
    for motif in ["", " "] {
        let refus = soumis.clone().juger_champ("siret", false, motif, &victor(), le()).err();
        assert_eq!(refus, Some(Refus::MotifManquant));
        let refus = soumis.clone().declarer_irrecevable(motif, &victor(), le()).err();
        assert_eq!(refus, Some(Refus::MotifManquant));
    }
    let refus = soumis.clone().juger_champ("couleur", true, "", &victor(), le()).err();
    assert_eq!(refus, Some(Refus::ChampInconnu));
    let refus = soumis.clone().renvoyer_formulaire(&victor(), le()).err();
    assert_eq!(refus, Some(Refus::RienACorriger));
    let juge = ok(soumis.juger_champ("siret", false, "Établissement fermé.", &victor(), le()));
    let renvoi = juge.renvoyer_formulaire(&victor(), le());
    assert_eq!(evenement(renvoi.clone()).motif.as_deref(), Some("SIRET : Établissement fermé."));
    let dossier = ok(renvoi);
    assert_eq!(dossier.attente_agence, None);
    assert!(matches!(dossier.formulaire.etat, EtatFormulaire::ACorriger { .. }));
}

#[test]
fn un_champ_refuse_empeche_la_validation_jusqu_a_un_nouveau_verdict() {
    let referentiel = referentiel();
    let editeur = contexte(Guichet::Editeur);
    let dossier = ecrire(renvoye(ELP, &["siret"]), &[("siret", "552 100 554 00013")]).expect("flagged");
    let dossier = ok(dossier.soumettre_formulaire(&editeur, &claire(), le()));
    let refus = dossier.clone().valider_formulaire(&referentiel, &editeur, &victor(), le()).err();
    assert_eq!(refus, Some(Refus::PasConforme("SIRET".to_owned())));
    let dossier = ok(dossier.juger_champ("siret", true, "", &victor(), le()));
    assert!(dossier.valider_formulaire(&referentiel, &editeur, &victor(), le()).is_ok());
}

#[test]
fn la_validation_fige_les_profils_et_laisse_ouvert_ce_qui_vit() {
    let ouvert = depot_ouvert(&referentiel(), ELP);
    let cas = [
        ("profils", "ELU,ELP", Some("Profil(s) du candidat")),
        ("siret", "552 100 554 00013", Some("SIRET")),
        ("client_id", "autre-client", Some("Client ID du bac à sable (EDC BAS)")),
        ("logiciel", "Autre", Some("Dénomination du logiciel")),
        ("datapass", "7", Some("Numéro de demande Datapass")),
        ("version", "2.2", None),
        ("contact_courriel", "autre@exemple.fr", None),
        ("representant_nom", "Durand", None),
        ("date_depot", "2027-01-15", None),
        // The same value again is no change.
        ("profils", "ELP", None),
    ];
    for (cle, valeur, verrou) in cas {
        let refus = ecrire(ouvert.clone(), &[(cle, valeur)]).err();
        assert_eq!(refus, verrou.map(|libelle| Refus::ChampVerrouille(libelle.to_owned())), "{cle}");
    }
    for (cle, valeur) in [("version", "-"), ("contact_courriel", "autre"), ("date_depot", "2026-11-20")] {
        let refus = ecrire(ouvert.clone(), &[(cle, valeur)]).err();
        assert!(matches!(refus, Some(Refus::Formulaire(fautes)) if fautes.len() == 1), "{cle} = {valeur}");
    }
}

#[test]
fn une_date_passee_depuis_n_empeche_pas_de_changer_le_reste() {
    let mut contexte = contexte(Guichet::Editeur);
    contexte.aujourdhui = jiff::civil::date(2027, 6, 1);
    let ouvert = depot_ouvert(&referentiel(), ELP);
    assert!(ouvert.saisir(valeurs(&[("version", "2.2")]), &contexte, &claire(), le()).is_ok());
}

fn composant() -> Composant {
    Composant {
        nom: "Module".to_owned(),
        version: "1".to_owned(),
        editeur: "Autre SARL".to_owned(),
        tiers: true,
        nature: "bibliotheque".to_owned(),
        integre_a: "proxy".to_owned(),
        teleservices: vec!["dmp".to_owned()],
        licence: Some(fichier("licence.pdf")),
        homologation: None,
    }
}

fn avec(composant: Composant) -> Saisie {
    Saisie { composants: Some(vec![composant]), ..valeurs(&[("composants", "oui")]) }
}

#[test]
fn les_composants_se_figent_a_la_premiere_preuve() {
    let referentiel = referentiel();
    let editeur = contexte(Guichet::Editeur);
    let saisir = |dossier: Candidature, saisie| dossier.saisir(saisie, &editeur, &claire(), le());
    let soumis = formulaire_soumis(ELP);
    assert!(matches!(saisir(soumis, avec(composant())), Err(Refus::ChampVerrouille(_))));

    let ouvert = depot_ouvert(&referentiel, ELP);
    let declare = ok(saisir(ouvert.clone(), avec(composant())));
    assert_eq!(declare.formulaire.composants, [composant()]);
    // The rules of a composant hold after the validation too.
    let sans_licence = Composant { licence: None, ..composant() };
    let refus = saisir(ouvert.clone(), avec(sans_licence)).err();
    assert!(matches!(refus, Some(Refus::Formulaire(_))), "{refus:?}");
    let refus = saisir(ouvert.clone(), valeurs(&[("composants", "oui")])).err();
    assert!(matches!(refus, Some(Refus::Formulaire(_))), "a yes without a composant: {refus:?}");

    let commence = charger(ouvert, &referentiel, "PAS");
    let item = commence.chapitre("PAS").expect("a chapter").emplacements[0].preuves[0].id;
    // The first deposit counts, even withdrawn (R22).
    let retire = ok(commence.clone().retirer("PAS", "PAS.01.01.01", item, &claire(), le()));
    for dossier in [commence, retire] {
        assert_eq!(saisir(dossier, avec(composant())).err(), Some(Refus::ComposantsFiges));
    }
}

#[test]
fn une_habilitation_ne_se_range_que_dans_son_champ() {
    let dossier = remplie(&[Profil::OpSP]);
    for cle in ["siret", "habilitation_inconnue"] {
        let mut saisie = Saisie::default();
        saisie.habilitations.insert(cle.to_owned(), Some(liee(Profil::ELP)));
        let refus = dossier.clone().saisir(saisie, &contexte(Guichet::Operateur), &claire(), le()).err();
        assert_eq!(refus, Some(Refus::ChampInconnu), "{cle}");
    }
}

type Change = fn(&mut HabilitationLiee);

/// R18: on the day of the validation, not on that of the submission.
#[test]
fn les_habilitations_valent_au_jour_de_la_validation() {
    let referentiel = referentiel();
    let cas: [(&str, Change, bool); 4] = [
        ("in force", |_| {}, true),
        ("ended", |liee| liee.fin = AUJOURDHUI.yesterday().expect("a day before"), false),
        ("suspended", |liee| liee.en_vigueur = Err("Cette habilitation est suspendue.".to_owned()), false),
        ("of another profile", |liee| liee.profil = Profil::ELU, false),
    ];
    for (nom, changer, admise) in cas {
        let mut soumis = formulaire_soumis(&[Profil::OpSP]);
        soumis.formulaire.habilitations.values_mut().for_each(changer);
        let suite = soumis.valider_formulaire(&referentiel, &contexte(Guichet::Operateur), &victor(), le());
        assert_eq!(suite.is_ok(), admise, "{nom}");
        assert!(admise || matches!(suite, Err(Refus::Formulaire(_))), "{nom}");
    }
}

#[test]
fn un_dossier_abandonne_ne_s_instruit_plus() {
    let referentiel = referentiel();
    let editeur = contexte(Guichet::Editeur);
    let abandonne = ok(formulaire_soumis(ELP).abandonner("Changement de plan.", &claire(), le()));
    assert!(abandonne.formulaire.soumis(), "the form stays as it was");
    let suite = abandonne.valider_formulaire(&referentiel, &editeur, &victor(), le());
    assert_eq!(suite.err(), Some(Refus::Etat("Abandonnée")));
}

#[test]
fn qui_a_valide_le_formulaire_a_instruit() {
    let dossier = depot_ouvert(&referentiel(), ELP);
    let instruit =
        |acteur: domaine::evenement::Acteur| acteur.personne.is_some_and(|un| dossier.instruite_par(un));
    assert!(instruit(victor()));
    assert!(!instruit(vera()));
    assert!(!instruit(claire()), "the industriel does not instruct");
}

#[test]
fn l_historique_dit_ce_qui_a_change() {
    let suite = remplie(ELP).saisir(
        valeurs(&[("version", "3.0"), ("siret", "732 829 320 00074")]),
        &contexte(Guichet::Editeur),
        &claire(),
        instant("2026-11-22T09:00:00Z"),
    );
    let evenement = evenement(suite);
    assert_eq!(evenement.acte, "Formulaire modifié");
    let dites: Vec<(&str, &str)> =
        evenement.differences.iter().map(|une| (une.avant.as_str(), une.apres.as_str())).collect();
    assert_eq!(dites, [("2.1", "3.0")]);
}

#[test]
fn une_saisie_complete_de_chaque_profil_se_soumet() {
    for profils in [
        &[Profil::ELU][..],
        &[Profil::ELP],
        &[Profil::ELU, Profil::ELP],
        &[Profil::OpSU],
        &[Profil::OpSP],
        &[Profil::OpSU, Profil::OpSP],
    ] {
        let contexte = contexte(profils[0].guichet());
        assert_eq!(remplie(profils).formulaire.fautes(&contexte), [], "{profils:?}");
        for cle in saisie(profils).habilitations.keys() {
            let mut saisie = Saisie::default();
            saisie.habilitations.insert(cle.clone(), None);
            let sans = ok(remplie(profils).saisir(saisie, &contexte, &claire(), le()));
            let refus = sans.soumettre_formulaire(&contexte, &claire(), le()).err();
            assert!(matches!(refus, Some(Refus::Formulaire(fautes)) if fautes[0].champ == *cle), "{cle}");
        }
    }
}
