//! The habilitation: prepared by a favourable decision, in force once signed, and what may happen to it afterwards.

use domaine::{
    evenement::{Acteur, Evenement},
    habilitation::{Habilitation, Refus},
    referentiel::Profil,
};
use jiff::{Timestamp, civil::date};

use crate::appui::{
    AUJOURDHUI, colette, depot_ouvert, en_college, habilitee, id, instant, le, liee, ok, referentiel_court,
    simon, vera, victor,
};

const ELP: &[Profil] = &[Profil::ELP];
const FIN: &str = "2029-11-21T22:59:59Z";

fn projet(profil: Profil, profils: &[Profil]) -> Habilitation {
    let dossier = habilitee(&referentiel_court(), profils);
    ok(Habilitation::preparer(id(400), 7, profil, &dossier, (AUJOURDHUI, AUJOURDHUI), le()))
}

fn active() -> Habilitation {
    let dossier = habilitee(&referentiel_court(), ELP);
    ok(projet(Profil::ELP, ELP).activer(&dossier, "cd".repeat(32), &simon(), le()))
}

fn suspendue() -> Habilitation {
    ok(active().suspendre("Incident.", &vera(), le()))
}

fn retiree() -> Habilitation {
    ok(active().retirer("Manquement.", &colette(), le()))
}

fn remplacee() -> Habilitation {
    ok(active().remplacer("HAB-ELP-2028-00001", le()))
}

#[test]
fn elle_se_prepare_pour_les_profils_du_dossier_decide() {
    let referentiel = referentiel_court();
    let elp = habilitee(&referentiel, ELP);
    let deux = habilitee(&referentiel, &[Profil::ELU, Profil::ELP]);
    let cas = [
        (&elp, Profil::ELP, None),
        (&elp, Profil::ELU, Some(Refus::AutreProfil(Profil::ELU))),
        (&elp, Profil::OpSP, Some(Refus::AutreProfil(Profil::OpSP))),
        (&deux, Profil::ELU, None),
        (&deux, Profil::ELP, None),
        (&depot_ouvert(&referentiel, ELP), Profil::ELP, Some(Refus::PasDeDecision)),
        (&en_college(&referentiel, ELP), Profil::ELP, Some(Refus::PasDeDecision)),
    ];
    for (dossier, profil, refus) in cas {
        let suite = Habilitation::preparer(id(400), 7, profil, dossier, (AUJOURDHUI, AUJOURDHUI), le());
        assert_eq!(suite.err(), refus, "{} {profil}", dossier.etat);
    }
}

#[test]
fn elle_dit_ce_qui_a_ete_decide() {
    let contenu = projet(Profil::ELP, ELP).contenu;
    assert_eq!(contenu.numero, "HAB-ELP-2026-00007");
    assert_eq!((contenu.decision_le, contenu.fin), (AUJOURDHUI, date(2029, 11, 21)));
    assert_eq!(contenu.contact, "Hugo Bernard");
    assert_eq!(contenu.siret, "73282932000074");
    assert_eq!(contenu.client_id, "logimed-proxy-bas");
    assert_eq!(contenu.dependances, [""; 0]);
}

#[test]
fn elle_depend_des_habilitations_de_son_profil() {
    let cas: [(&[Profil], Profil, &[&str]); 4] = [
        (&[Profil::OpSP], Profil::OpSP, &["HAB-ELP-2026-00007"]),
        (&[Profil::OpSU], Profil::OpSU, &["HAB-ELU-2026-00007", "HAB-OpSP-2026-00007"]),
        (&[Profil::OpSU, Profil::OpSP], Profil::OpSU, &["HAB-ELU-2026-00007"]),
        (&[Profil::OpSU, Profil::OpSP], Profil::OpSP, &["HAB-ELP-2026-00007"]),
    ];
    for (profils, profil, attendues) in cas {
        assert_eq!(projet(profil, profils).contenu.dependances, attendues, "{profils:?} {profil}");
    }
    // Given for a profile that was given up since: the form no longer shows it.
    let mut dossier = habilitee(&referentiel_court(), &[Profil::OpSP]);
    dossier.formulaire.habilitations.insert("habilitation_elu".to_owned(), liee(Profil::ELU));
    let suite = Habilitation::preparer(id(400), 7, Profil::OpSP, &dossier, (AUJOURDHUI, AUJOURDHUI), le());
    assert_eq!(ok(suite).contenu.dependances, ["HAB-ELP-2026-00007"]);
}

#[test]
fn qui_a_instruit_ne_signe_pas() {
    let dossier = habilitee(&referentiel_court(), ELP);
    let signer = |par: &Acteur| {
        projet(Profil::ELP, ELP).activer(&dossier, "cd".repeat(32), par, le()).map(|_| ()).err()
    };
    assert_eq!(signer(&victor()), Some(Refus::SeparationDesPouvoirs));
    assert_eq!(signer(&simon()), None);
    assert_eq!(signer(&colette()), None, "who decided may sign");
}

type Faire = fn() -> Habilitation;
type Act = fn(Habilitation) -> Result<(Habilitation, Evenement), Refus>;

#[test]
fn chaque_etat_dit_ce_qu_il_permet() {
    let tard = || instant("2029-12-01T00:00:00Z");
    let actes: [(&str, Act); 5] = [
        ("activer", |h| {
            let dossier = habilitee(&referentiel_court(), ELP);
            h.activer(&dossier, "cd".repeat(32), &simon(), le())
        }),
        ("suspendre", |h| h.suspendre("Incident.", &vera(), le())),
        ("rétablir", |h| h.retablir("Corrigé.", &vera(), le())),
        ("retirer", |h| h.retirer("Manquement.", &colette(), le())),
        ("remplacer", |h| h.remplacer("HAB-ELP-2028-00001", le())),
    ];
    let etats: [(&str, Faire, [bool; 5]); 5] = [
        ("À signer", || projet(Profil::ELP, ELP), [true, false, false, false, false]),
        ("Active", active, [false, true, false, true, true]),
        ("Suspendue", suspendue, [false, false, true, true, true]),
        ("Retirée", retiree, [false; 5]),
        ("Remplacée", remplacee, [false; 5]),
    ];
    for (etat, faire, permis) in etats {
        assert_eq!(faire().libelle_etat(le()), etat);
        for ((acte, agir), permis) in actes.iter().zip(permis) {
            let refus = agir(faire()).map(|_| ()).err();
            assert_eq!(refus, (!permis).then_some(Refus::Etat(etat)), "{acte} when {etat}");
        }
    }
    // What has ended is not suspended; a newer one still takes its place.
    assert_eq!(active().suspendre("Incident.", &vera(), tard()).err(), Some(Refus::Etat("Expirée")));
    assert!(active().remplacer("HAB-ELP-2029-00001", tard()).is_ok());
}

#[test]
fn chaque_sanction_est_motivee() {
    for motif in ["", " "] {
        let refus = [
            active().suspendre(motif, &vera(), le()).err(),
            suspendue().retablir(motif, &vera(), le()).err(),
            active().retirer(motif, &colette(), le()).err(),
            suspendue().retirer(motif, &colette(), le()).err(),
        ];
        assert!(refus.into_iter().all(|refus| refus == Some(Refus::MotifManquant)));
    }
}

#[test]
fn on_peut_s_y_fier_entre_la_signature_et_le_dernier_soir() {
    let fin = instant(FIN);
    let cas: [(Faire, Timestamp, &str, Result<(), &str>); 9] = [
        (|| projet(Profil::ELP, ELP), le(), "À signer", Err("Cette habilitation n’est pas encore signée.")),
        (active, le(), "Active", Ok(())),
        (active, fin, "Active", Ok(())),
        (active, fin + jiff::SignedDuration::from_millis(999), "Active", Ok(())),
        (
            active,
            fin + jiff::SignedDuration::from_secs(1),
            "Expirée",
            Err("Cette habilitation a pris fin le 21 novembre 2029."),
        ),
        (suspendue, le(), "Suspendue", Err("Cette habilitation est suspendue : Incident.")),
        (retiree, le(), "Retirée", Err("Cette habilitation a été retirée.")),
        (remplacee, le(), "Remplacée", Err("Cette habilitation est remplacée par HAB-ELP-2028-00001.")),
        (|| ok(suspendue().retablir("Corrigé.", &vera(), le())), le(), "Active", Ok(())),
    ];
    for (faire, quand, etat, attendu) in cas {
        let habilitation = faire();
        assert_eq!(habilitation.en_vigueur(quand), attendu.map_err(str::to_owned), "{etat} {quand}");
        assert_eq!(habilitation.libelle_etat(quand), etat, "{quand}");
    }
    assert_eq!(active().expire, fin);
}

/// Whatever becomes of it, the signed PDF stays the one that was signed.
#[test]
fn le_document_signe_reste() {
    let retablie = ok(suspendue().retablir("Corrigé.", &vera(), le()));
    let document = "cd".repeat(32);
    for habilitation in [active(), suspendue(), retablie, retiree(), remplacee()] {
        assert_eq!(habilitation.document(), Some(document.as_str()));
    }
    assert_eq!(projet(Profil::ELP, ELP).document(), None);
}
