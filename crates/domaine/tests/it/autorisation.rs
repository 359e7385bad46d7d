//! The autorisation d’accès: given once PMT is valid, three months by the calendar of Paris, prolonged or revoked.

use domaine::{
    autorisation::{Autorisation, EtatAutorisation, Refus},
    candidature::Candidature,
    college::Avis,
    referentiel::Profil,
};
use jiff::civil::{Date, date};

use crate::appui::{
    chapitre_valide, claire, colette, decision, depot_complet, depot_ouvert, en_college, en_instruction,
    habilitee, id, instant, le, ok, referentiel_court, session, simon, victor,
};

const ELP: &[Profil] = &[Profil::ELP];

fn pmt_valide() -> Candidature {
    let referentiel = referentiel_court();
    chapitre_valide(depot_ouvert(&referentiel, ELP), &referentiel, "PMT")
}

fn emettre(dossier: &Candidature, le: &str) -> Result<Autorisation, Refus> {
    Autorisation::emettre(id(300), 2026, 42, dossier, instant(le)).map(|(autorisation, _)| autorisation)
}

#[test]
fn elle_demande_les_prerequis_et_un_dossier_vivant() {
    let referentiel = referentiel_court();
    let prerequis = Some(Refus::PrerequisNonValides);
    let refuse = ok(en_college(&referentiel, ELP).decider(
        session(),
        &decision(Avis::Refus, "Risque non traité.", colette()),
        le(),
    ));
    let cas = [
        ("opened", depot_ouvert(&referentiel, ELP), prerequis.clone()),
        (
            "instructed",
            en_instruction(depot_ouvert(&referentiel, ELP), &referentiel, "PMT"),
            prerequis.clone(),
        ),
        ("valid", pmt_valide(), None),
        (
            "reopened",
            ok(pmt_valide().rouvrir_chapitre("PMT", "Certificat.", &victor(), le())),
            prerequis.clone(),
        ),
        ("opérateur", depot_complet(&referentiel, &[Profil::OpSP]), prerequis),
        ("habilitée", habilitee(&referentiel, ELP), None),
        ("refused", refuse, Some(Refus::CandidatureClose)),
        ("given up", ok(pmt_valide().abandonner("Motif.", &claire(), le())), Some(Refus::CandidatureClose)),
    ];
    for (nom, dossier, refus) in cas {
        assert_eq!(emettre(&dossier, "2026-11-21T09:00:00Z").err(), refus, "{nom}");
    }
}

#[test]
fn elle_dure_trois_mois_de_calendrier() {
    let dossier = pmt_valide();
    let cas: [(&str, Date); 6] = [
        ("2026-11-21T09:00:00Z", date(2027, 2, 21)),
        // 23:30 UTC is already the 22nd in Paris.
        ("2026-11-21T23:30:00Z", date(2027, 2, 22)),
        ("2026-11-30T09:00:00Z", date(2027, 2, 28)),
        ("2027-11-30T09:00:00Z", date(2028, 2, 29)),
        ("2026-12-31T12:00:00Z", date(2027, 3, 31)),
        ("2026-08-31T12:00:00Z", date(2026, 11, 30)),
    ];
    for (debut, fin) in cas {
        let autorisation = emettre(&dossier, debut).expect("PMT is valid");
        assert_eq!(autorisation.fin, fin, "{debut}");
        assert_eq!((autorisation.numero.as_str(), autorisation.periode), ("AUT-2026-00042", 1));
        let jours = |jour| autorisation.etat(jour);
        assert_eq!(jours(fin), EtatAutorisation::Active { jours: 0 }, "its last day counts");
        assert_eq!(jours(fin.yesterday().expect("a day before")), EtatAutorisation::Active { jours: 1 });
        assert_eq!(jours(fin.tomorrow().expect("a day after")), EtatAutorisation::Expiree);
    }
    let etat = emettre(&dossier, "2026-11-21T09:00:00Z").expect("PMT is valid").etat(date(2026, 11, 21));
    assert_eq!(etat, EtatAutorisation::Active { jours: 92 });
}

#[test]
fn elle_se_prolonge_tant_que_les_prerequis_tiennent() {
    let dossier = pmt_valide();
    let mut autorisation = emettre(&dossier, "2026-11-21T09:00:00Z").expect("PMT is valid");
    autorisation.document = Some("ab".repeat(32));
    let prolonger = |autorisation: &Autorisation, dossier: &Candidature, motif: &str, le: &str| {
        autorisation.clone().prolonger(dossier, motif, &victor(), instant(le))
    };
    // Before its end, then after: the new period starts on the day of the act.
    let deux = ok(prolonger(&autorisation, &dossier, "Essais en cours.", "2027-02-10T09:00:00Z"));
    assert_eq!((deux.numero.as_str(), deux.periode, deux.fin), ("AUT-2026-00042-2", 2, date(2027, 5, 10)));
    assert_eq!(deux.document, None, "the PDF of the first period says another end");
    let trois = ok(prolonger(&deux, &dossier, "Essais en cours.", "2027-06-01T09:00:00Z"));
    assert_eq!((trois.numero.as_str(), trois.fin), ("AUT-2026-00042-3", date(2027, 9, 1)));

    let rouvert = ok(dossier.clone().rouvrir_chapitre("PMT", "Certificat.", &victor(), le()));
    let abandonne = ok(dossier.clone().abandonner("Motif.", &claire(), le()));
    let revoquee = ok(autorisation.clone().revoquer("Incident.", &simon(), le()));
    let cas = [
        (&autorisation, &dossier, " ", Refus::MotifManquant),
        (&autorisation, &rouvert, "Motif.", Refus::PrerequisNonValides),
        (&autorisation, &abandonne, "Motif.", Refus::CandidatureClose),
        (&revoquee, &dossier, "Motif.", Refus::Revoquee),
    ];
    for (autorisation, dossier, motif, refus) in cas {
        let obtenu = prolonger(autorisation, dossier, motif, "2027-02-10T09:00:00Z").err();
        assert_eq!(obtenu, Some(refus));
    }
}

#[test]
fn une_revocation_est_motivee_et_definitive() {
    let autorisation = emettre(&pmt_valide(), "2026-11-21T09:00:00Z").expect("PMT is valid");
    let refus = autorisation.clone().revoquer("", &simon(), le()).err();
    assert_eq!(refus, Some(Refus::MotifManquant));
    let revoquee = ok(autorisation.revoquer("Incident.", &simon(), le()));
    assert_eq!(revoquee.etat(date(2026, 11, 22)), EtatAutorisation::Revoquee);
    assert_eq!(revoquee.etat(date(2030, 1, 1)), EtatAutorisation::Revoquee);
    assert_eq!(revoquee.revoquer("Encore.", &simon(), le()).err(), Some(Refus::Revoquee));
}
