//! What of a dossier is erased, and when.

use domaine::{
    candidature::{Refus, conservation::Effacement},
    referentiel::Profil,
};

use crate::appui::{charger, claire, depot_ouvert, evenement, habilitee, le, ok, referentiel};

#[test]
fn chaque_fin_a_sa_duree() {
    let referentiel = referentiel();
    let ouvert = charger(depot_ouvert(&referentiel, &[Profil::ELP]), &referentiel, "PAS");
    let abandonne = ok(ouvert.clone().abandonner("Arrêté.", &claire(), le()));
    let habilite = habilitee(&referentiel, &[Profil::ELP]);
    let debut = domaine::calendrier::jour(le());
    let fin = domaine::calendrier::plus_mois(debut, 36);
    let cas = [
        (&ouvert, None, 200, None),
        (&abandonne, None, 11, None),
        (&abandonne, None, 12, Some(Effacement::Preuves)),
        (&abandonne, None, 60, Some(Effacement::Dossier)),
        (&habilite, Some(fin), 60, None),
        (&habilite, Some(fin), 95, None),
        (&habilite, Some(fin), 96, Some(Effacement::Dossier)),
    ];
    for (dossier, fin, mois, attendu) in cas {
        let jour = domaine::calendrier::plus_mois(debut, mois);
        assert_eq!(dossier.a_effacer(fin, jour), attendu, "{} {mois}", dossier.etat);
    }

    assert!(matches!(ouvert.effacer(Effacement::Preuves, le()), Err(Refus::Etat(_))));
    let recit = evenement(abandonne.clone().effacer(Effacement::Preuves, le()));
    assert_eq!((recit.differences[0].avant.as_str(), recit.differences[0].apres.as_str()), ("1", "0"));
    let efface = ok(abandonne.effacer(Effacement::Preuves, le()));
    assert_eq!(efface.formulaire.valeur("contact_nom"), "Bernard");
    let un_an = domaine::calendrier::plus_mois(debut, 13);
    assert_eq!(efface.a_effacer(None, un_an), None, "once");
    let cinq_ans = domaine::calendrier::plus_mois(debut, 61);
    assert_eq!(efface.a_effacer(None, cinq_ans), Some(Effacement::Dossier));
    let tout = ok(efface.effacer(Effacement::Dossier, le()));
    assert_eq!((tout.formulaire.valeur("contact_nom"), tout.formulaire.valeur("siret").len()), ("", 17));
    assert_eq!(tout.a_effacer(None, cinq_ans), None);
}
