//! Whatever is sent, a rule answers: it never panics, and what it accepts it accepts again.

use std::{fmt::Display, str::FromStr};

use domaine::{
    avis::{self, VerdictAvis},
    calendrier,
    identifiant::{
        ClientId, CodePostal, Courriel, Datapass, LienHttps, Nie, Nil, NomFichier, Nru, Pays, Siren, Siret,
        Telephone, Texte, UNION_EUROPEENNE, VersionLogiciel,
    },
    referentiel::Referentiel,
    test_intrusion::Saisie,
};
use jiff::{Timestamp, civil::date};
use proptest::prelude::*;

/// What was accepted, written in its canonical form, is accepted and unchanged.
fn stable<T: FromStr + Display + PartialEq>(texte: &str) {
    if let Ok(valeur) = texte.parse::<T>() {
        let relue = valeur.to_string().parse::<T>();
        assert!(relue.is_ok_and(|relue| relue == valeur), "{texte:?} → {valeur}");
    }
}

fn controler(octets: &[u8]) {
    let client_id: ClientId = "client-exemple".parse().expect("a Client ID");
    let le: Timestamp = "2026-11-21T12:00:00Z".parse().expect("an instant");
    for avis in [
        avis::sbom::controler(octets),
        avis::har::controler(octets),
        avis::session_conformite::controler(octets, &client_id, le),
        avis::donnees_session::controler(octets, &client_id),
    ] {
        assert!(avis.verdict == VerdictAvis::Conforme || !avis.raisons.is_empty(), "{avis:?}");
        assert!(avis.raisons.iter().all(|raison| raison.len() < 4096), "{avis:?}");
    }
}

/// Rubbish that looks like what is expected: numbers, addresses, names, spaces of all kinds.
fn presque() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9 \u{a0}]{0,20}",
        "[+0-9 .()-]{0,20}",
        "[DdHh]?[0-9]{0,12}",
        "[A-Za-z0-9 .@_-]{0,80}",
        "[a-z]{1,3}@[a-z.-]{0,12}",
        "https://[a-z.:@/?#%é-]{0,30}",
        "[a-zé./\\\\ :\u{202e}]{0,30}",
    ]
}

proptest! {
    #[test]
    fn identifiers_are_stable(texte in presque()) {
        stable::<Siret>(&texte);
        stable::<Siren>(&texte);
        stable::<Nru>(&texte);
        stable::<Datapass>(&texte);
        stable::<ClientId>(&texte);
        stable::<VersionLogiciel>(&texte);
        stable::<Nie>(&texte);
        stable::<Nil>(&texte);
        stable::<Courriel>(&texte);
        stable::<Telephone>(&texte);
        stable::<CodePostal>(&texte);
        stable::<LienHttps>(&texte);
        stable::<NomFichier>(&texte);
        stable::<Texte<1, 40>>(&texte);
        let _ = texte.parse::<Pays>();
        let _ = calendrier::lire_date(&texte);
        for pays in UNION_EUROPEENNE {
            if let Ok(code) = CodePostal::lire(&texte, &pays) {
                prop_assert_eq!(CodePostal::lire(code.as_str(), &pays), Ok(code));
            }
        }
    }

    #[test]
    fn a_repaired_file_name_is_a_good_one(texte in presque()) {
        if let Ok(nom) = NomFichier::assainir(&texte) {
            prop_assert_eq!(nom.as_str().parse(), Ok(nom.clone()));
        }
        if let Ok(nom) = texte.parse::<NomFichier>() {
            prop_assert_eq!(NomFichier::assainir(&texte), Ok(nom));
        }
    }

    #[test]
    fn telephones_are_shown_without_panic(texte in "(\\+33|0|\\+)[0-9]{6,15}") {
        if let Ok(telephone) = texte.parse::<Telephone>() {
            prop_assert!(!telephone.lisible().is_empty());
        }
    }

    #[test]
    fn checks_answer_on_any_bytes(octets in proptest::collection::vec(any::<u8>(), 0..512)) {
        controler(&octets);
    }

    #[test]
    fn checks_answer_on_damaged_files(coupe in 0usize..400, place in 0usize..400, octet in any::<u8>()) {
        for exemple in [
            r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"a","version":"1","licenses":[{}]}]}"#,
            "SPDXVersion: SPDX-2.2\nPackageName: a\nPackageVersion: 1\nPackageLicenseConcluded: MIT\n",
            r#"{"log":{"entries":[{"request":{"url":"https://a.fr/?response_type=code&client_id=a&acr_values=eidas1",
                "postData":{"text":"a=b","params":[{"name":"a","value":"%zz"}]}}}]}}"#,
            r#"{"uuid":"a","status":"FINISHED","type":"APPROVAL","dataExecution":"25-10-2026 15:19:21",
                "clientId":"client-exemple","tests":[{"name":"a","status":"SUCCESS"}]}"#,
            r#"{"nationalId":"8","clientID":"client-exemple","proxy_session_id":"a","session_state":"b","signature":"c"}"#,
        ] {
            let mut octets = exemple.as_bytes().to_vec();
            let place = place % octets.len();
            octets[place] = octet;
            controler(&octets);
            octets.truncate(coupe);
            controler(&octets);
        }
    }

    #[test]
    fn the_catalogue_and_the_sheet_answer_on_any_text(texte in any::<String>(), champ in presque()) {
        let _ = Referentiel::lire(&texte);
        let saisie = Saisie { version: champ.clone(), date_test: champ.clone(), ko_haute: champ, ..Saisie::default() };
        prop_assert!(saisie.valider(date(2026, 11, 21)).is_err());
    }

    #[test]
    fn months_never_go_back(jours in 0i32..20_000, mois in 0u32..600) {
        let depart = date(2000, 1, 1).saturating_add(jiff::Span::new().days(jours));
        let arrivee = calendrier::plus_mois(depart, mois);
        prop_assert!(arrivee >= depart);
        prop_assert!(arrivee.day() == depart.day() || arrivee == arrivee.last_of_month());
    }
}
