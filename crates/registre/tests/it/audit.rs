//! Audits: one a number, and the lists by which others find them.

use domaine::{
    audit::{Audit, EtatAudit, Planification},
    candidature::Etat,
    habilitation::{EtatHabilitation, Habilitation},
    referentiel::Profil,
};
use jiff::civil::date;
use registre::{Erreur, Tx, Versionne};

use crate::appui::{candidature, dit, id, le, peupler, proxy, sur_chaque_base};

fn habilitation() -> Habilitation {
    let mut candidature = candidature(200, "KXNFPNCHFV", &proxy(), "Logimed");
    candidature.etat = Etat::Habilitee { le: le() };
    candidature.formulaire.saisie.insert("profils".to_owned(), "ELP".to_owned());
    let jours = (date(2026, 11, 1), date(2026, 11, 20));
    let projet =
        Habilitation::preparer(id(400), 1, Profil::ELP, &candidature, jours, le()).expect("decided").0;
    let etat = EtatHabilitation::Active { signee_le: le(), document: "ab".repeat(32) };
    Habilitation { etat, ..projet }
}

fn planifie(rang: u128, sequence: i64) -> Audit {
    let habilitation = habilitation();
    let plan = Planification {
        id: id(rang),
        sequence,
        habilitation: &habilitation,
        candidature: &candidature(200, "KXNFPNCHFV", &proxy(), "Logimed"),
        perimetre: "Traces".parse().expect("a text"),
        du: date(2026, 12, 1),
        au: date(2026, 12, 2),
    };
    Audit::planifier(plan, &crate::appui::victor(), le()).expect("a living habilitation").0
}

async fn habiliter(tx: &mut Tx) {
    let evenement = dit("candidature", 200, "Habilitation");
    tx.save_habilitation(&Versionne::nouveau(habilitation()), &evenement).await.expect("saved");
}

#[tokio::test]
async fn un_audit_va_et_revient() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        habiliter(&mut tx).await;
        let evenement = dit("audit", 500, "Audit planifié");
        for (rang, sequence) in [(500, 1), (501, 2)] {
            let audit = Versionne::nouveau(planifie(rang, sequence));
            tx.save_audit(&audit, &evenement).await.unwrap();
        }
        let lu = tx.load_audit("AUD-2026-0001").await.unwrap().expect("saved");
        assert_eq!((&lu.valeur, lu.version), (&planifie(500, 1), 1), "{}", base.nom);
        let clos = Audit { etat: EtatAudit::ClosConforme { le: le() }, ..lu.valeur.clone() };
        tx.save_audit(&lu.vers(clos.clone()), &evenement).await.unwrap();
        let perime = tx.save_audit(&lu.vers(clos), &evenement).await;
        assert!(matches!(perime, Err(Erreur::Conflit)), "{}", base.nom);

        let numeros = |liste: Vec<Audit>| liste.into_iter().map(|un| un.numero).collect::<Vec<_>>();
        let (un, deux) = ("AUD-2026-0001", "AUD-2026-0002");
        assert_eq!(numeros(tx.load_audits(false).await.unwrap()), [deux, un], "{}", base.nom);
        assert_eq!(numeros(tx.load_audits(true).await.unwrap()), [deux], "{} : open", base.nom);
        let sur = tx.load_audits_habilitation(id(400)).await.unwrap();
        assert_eq!(numeros(sur), [deux, un], "{}", base.nom);
        assert!(tx.load_audits_habilitation(id(401)).await.unwrap().is_empty(), "{}", base.nom);
        let chez = tx.load_audits_structure(id(50)).await.unwrap();
        assert_eq!(numeros(chez), [deux, un], "{}", base.nom);
        assert!(tx.load_audits_structure(id(51)).await.unwrap().is_empty(), "{}", base.nom);
        assert!(tx.load_audit("AUD-2026-0009").await.unwrap().is_none(), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn un_numero_ne_sert_qu_une_fois() {
    sur_chaque_base(async |base| {
        peupler(&base).await;
        let mut tx = base.ecrire().await;
        habiliter(&mut tx).await;
        let evenement = dit("audit", 500, "Audit planifié");
        tx.save_audit(&Versionne::nouveau(planifie(500, 1)), &evenement).await.unwrap();
        let refus = tx.save_audit(&Versionne::nouveau(planifie(501, 1)), &evenement).await;
        assert!(matches!(refus, Err(Erreur::Conflit)), "{}", base.nom);
    })
    .await;
}
