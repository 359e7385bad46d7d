//! Fuzz targets: a damaged cookie or bearer opens no session, and a damaged sealed session is never taken for one.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use bolero::check;
use http::header::{AUTHORIZATION, COOKIE as ENTETE_COOKIE};
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use service::Alea;
use test_support::abime::{Accident, abimer};

use super::recherche::Presente;
use super::sceau::Sceau;
use super::{JetonApi, JetonsPsc, Magasin, Naissance, Session, empreinte, forme, presente};
use crate::config::{Api, DepotSessions};
use crate::connect::echange;
use crate::identite::Identite;

/// Inputs tried in a run of the tests; `cargo bolero test` goes on for as long as one likes.
const ESSAIS: usize = 5_000;
const SECRET: &str = "un-secret-de-jeton-applicatif";

fn session(identite: Arc<Identite>) -> Session {
    let le = Timestamp::UNIX_EPOCH;
    let session = Session::nouvelle(Naissance {
        id: Alea::graine(1).jeton(),
        identite,
        national_id: "899700000001".to_owned(),
        session_state: "7f3c2a10-3c1e-4a5b-8c7d-9e0f1a2b3c4d".to_owned(),
        adresse: [192, 0, 2, 7].into(),
        psc: JetonsPsc {
            acces: "acces".into(),
            obtenu: le,
            expire: le,
            renouvellement: Some("renouvellement".into()),
            renouvellement_expire: Some(le),
            id_token: "id".into(),
            panne: None,
        },
        jeton_applicatif: Some(SECRET.into()),
        nombre_apis: 1,
        le,
    });
    session.apis[0].poser(JetonApi::nouveau(&"api".into(), le, None, None).unwrap());
    session
}

#[tokio::test]
async fn a_damaged_cookie_or_bearer_opens_no_session() {
    let regles = DepotSessions { base: Some("memoire".into()), ..DepotSessions::default() };
    let (magasin, _) = Magasin::ouvrir(&regles, Path::new("."), &Alea::graine(2)).await.unwrap();
    let session = Arc::new(session(Identite::d_essai()));
    magasin.poser(&session);
    // A panic ends the test: nobody looks at what it leaves.
    let magasin = AssertUnwindSafe(magasin);
    let id = session.id();
    let exemples = [
        (ENTETE_COOKIE, format!("autre=1; proxy_session_id={id}; suite=2")),
        (ENTETE_COOKIE, format!("proxy_session_id=; proxy_session_id={id}")),
        (AUTHORIZATION, format!("Bearer ja.{id}.{SECRET}")),
    ];
    // What opens it, and how it must have been written for that.
    let ouvre = |entetes: &HeaderMap| match presente(entetes) {
        Presente::Rien => None,
        Presente::Cookie(id) => magasin.trouver(id).map(|_| format!("proxy_session_id={id}")),
        Presente::Jeton(id, secret) => magasin
            .trouver(id)
            .filter(|session| session.jeton_applicatif_est(secret))
            .map(|_| format!("Bearer ja.{id}.{SECRET}")),
    };
    for (nom, exemple) in &exemples {
        let entetes = HeaderMap::from_iter([(nom.clone(), HeaderValue::try_from(exemple).unwrap())]);
        assert!(ouvre(&entetes).is_some(), "{exemple}");
    }
    check!().with_type::<(u8, Vec<Accident>)>().with_iterations(ESSAIS).for_each(|(lequel, accidents)| {
        let (nom, exemple) = &exemples[usize::from(*lequel) % exemples.len()];
        let Ok(valeur) = HeaderValue::from_bytes(&abimer(exemple.as_bytes(), accidents)) else { return };
        let entetes = HeaderMap::from_iter([(nom.clone(), valeur.clone())]);
        if let Some(ecrit) = ouvre(&entetes) {
            let lu: String = valeur.to_str().unwrap().split_inclusive(' ').collect();
            let sans_blancs = |texte: &str| texte.replace([' ', '\t'], "");
            assert!(sans_blancs(&lu).contains(&sans_blancs(&ecrit)), "{valeur:?}");
        }
    });
}

#[tokio::test]
async fn a_damaged_session_is_not_opened_and_one_that_lies_is_read_or_refused() {
    let regles = "id = \"dmp\"\nurl = \"https://dmp.test\"\njeton_url = \"https://as.test/token\"";
    let regles: Api = service::config::parse(regles, "api.toml").unwrap();
    let apis = [Arc::new(echange::Api::nouvelle(0, regles))];
    let identite = Identite::d_essai();
    let session = session(Arc::clone(&identite));
    let clair = forme::ecrire(&session, &apis).await.unwrap();
    let dossier = tempfile::tempdir().unwrap();
    let sceau = Sceau::lire_ou_creer(&dossier.path().join("cles"), &Alea::graine(3)).unwrap();
    let nom = empreinte(session.id());
    let scelle = sceau.sceller(&nom, &clair).unwrap();
    let (sceau, clair, identite, apis) = (
        AssertUnwindSafe(sceau),
        AssertUnwindSafe(clair),
        AssertUnwindSafe(identite),
        AssertUnwindSafe(apis),
    );
    check!().with_type::<Vec<Accident>>().with_iterations(ESSAIS).for_each(|accidents| {
        let abime = abimer(&scelle, accidents);
        assert_eq!(sceau.desceller(&nom, &abime).is_ok(), abime == scelle);
        // What an older or a newer version would have sealed.
        let Ok(lue) = forme::lire(&abimer(&clair, accidents)) else { return };
        let reprise = lue.session(Arc::clone(&*identite), &*apis, i64::MAX);
        let regles = crate::config::ReglesSession::default();
        if let Ok(trop_tard) = reprise.debut.checked_add(jiff::SignedDuration::from_secs(14_401)) {
            assert!(!reprise.vivante(&regles, trop_tard), "{reprise:?}");
        }
    });
}
