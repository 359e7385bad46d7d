//! Accepting and reading.

use futures::{StreamExt as _, TryStreamExt as _};
use journal::{Appel, Config, Erreur, Fait, Intervalle, Issue, Journal};
use test_support::base::{bases, postgres, sqlite};

use crate::appui::{Banc, SESSION, instant, numeros, ouvrir, seconde, texte, tout, trace, tracer};

#[tokio::test]
async fn what_is_accepted_is_read_at_once_by_instant_between_exclusive_bounds() {
    for base in bases() {
        let banc = Banc::sur(&base);
        let journal = banc.ouvrir().await;
        assert!(tout(&journal).await.is_empty(), "{}", base.nom);
        for n in [3, 1, 2, 0, 4] {
            tracer(&journal, n).unwrap();
        }
        assert_eq!(numeros(&tout(&journal).await), [0, 1, 2, 3, 4], "{}", base.nom);
        let (plus, moins) = ("2026-03-01T10:00:01+02:00", "2026-03-01T08:00:03.000001Z");
        for (debut, fin, attendus) in [
            (seconde(1), seconde(3), vec![2]),
            (seconde(0), seconde(5), vec![1, 2, 3, 4]),
            (instant(plus), instant(moins), vec![2, 3]),
            (
                instant("2026-03-01T08:00:00.999999999Z"),
                instant("2026-03-01T08:00:02.000000001Z"),
                vec![1, 2],
            ),
            (instant("2026-03-01T08:00:02.000000001Z"), seconde(4), vec![2, 3]),
            (instant("2026-03-01T08:00:02.000001Z"), seconde(4), vec![3]),
            (seconde(3), seconde(1), vec![]),
            (instant("2020-01-01T00:00:00Z"), instant("2020-01-02T00:00:00Z"), vec![]),
        ] {
            let lues: Vec<_> = journal.lire(Intervalle { debut, fin }).try_collect().await.unwrap();
            assert_eq!(numeros(&lues), attendus, "{} : {debut} à {fin}", base.nom);
        }
        journal.fermer().await.unwrap();
    }
}

#[tokio::test]
async fn the_agency_sees_its_five_kinds_and_nothing_of_ours() {
    let base = sqlite();
    let banc = Banc::sur(&base);
    let journal = banc.ouvrir().await;
    assert_eq!(texte(journal.tableau_agence(Intervalle::TOUT)).await, "[]");
    let appel = Appel::nouveau("backend-1", "POST", "/carebear1?patient=1");
    let issue = Issue { statut: 200, duree: std::time::Duration::from_millis(5), cause: None };
    let faits = [
        Fait::ConnectSuccess(SESSION),
        Fait::TokenObtained(SESSION, "backend-1"),
        Fait::Send(SESSION, appel),
        Fait::SendResult(SESSION, appel, issue),
        Fait::ConnectReplay(SESSION),
        Fait::TokenRenewed(SESSION, "backend-1"),
        Fait::TokenRevoked(SESSION, "backend-1"),
        Fait::Disconnect(SESSION),
        Fait::SessionExpired(SESSION),
        Fait::ConnectFailure,
    ];
    for (n, fait) in (0..).zip(faits) {
        journal.tracer(&trace("1", seconde(n), fait)).unwrap();
    }
    // On another task: what a server does with it.
    let flux = journal.tableau_agence(Intervalle::TOUT);
    let json = tokio::spawn(texte(flux)).await.unwrap();
    let tableau: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let types: Vec<_> = tableau.iter().map(|trace| trace["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["CONNECT_SUCCESS", "SEND", "CONNECT_REPLAY", "DISCONNECT", "CONNECT_FAILURE"]);
    assert_eq!(tableau[1]["apiRequest"]["path"], "/carebear1");
    for (trace, genre) in tableau.iter().zip(&types) {
        let mut champs = vec![
            "type",
            "clientId",
            "IdRPPS",
            "ipAddress",
            "ports",
            "proxy_id_session",
            "session_state",
            "dn",
            "timestamp",
        ];
        champs.extend((*genre == "SEND").then_some("apiRequest"));
        champs.sort_unstable();
        assert_eq!(trace.as_object().unwrap().keys().collect::<Vec<_>>(), champs, "{genre}");
    }
    assert!(!json.contains("patient"));
    assert_eq!(tout(&journal).await.len(), 10);
}

#[tokio::test]
async fn many_cores_write_at_once_and_each_session_reads_in_order() {
    let base = sqlite();
    let banc = Banc::sur(&base);
    let journal = banc.ouvrir().await;
    // More than a segment each, so that segments change hands while others write.
    let (fils, chacun) = (4, 1500);
    std::thread::scope(|portee| {
        for fil in 0..fils {
            let mut ecrivain = journal.ecrivain();
            portee.spawn(move || {
                for n in 0..chacun {
                    let numero = (fil * chacun + n).to_string();
                    ecrivain.tracer(&trace(&numero, seconde(n), Fait::ConnectReplay(SESSION))).unwrap();
                }
            });
        }
    });
    let traces = tout(&journal).await;
    assert!(traces.is_sorted_by_key(|trace| trace.instant));
    let mut vus = numeros(&traces);
    for fil in 0..fils {
        let siens: Vec<_> = vus.iter().copied().filter(|n| n / chacun == fil).collect();
        assert_eq!(siens, (fil * chacun..(fil + 1) * chacun).collect::<Vec<_>>());
    }
    vus.sort_unstable();
    assert_eq!(vus, (0..fils * chacun).collect::<Vec<_>>());
    let rapport = journal.verifier().await.unwrap();
    assert!(rapport.intact(), "{rapport:?}");
    assert_eq!(rapport.traces(), 6000);
    // Segments that were read are gone, but those that the shared writer and the reserve still hold.
    assert_eq!(journal.etat().en_attente, 0);
    assert!(journal.etat().segments <= 1, "{:?}", journal.etat());
}

#[tokio::test]
async fn two_nodes_share_a_database_each_with_its_own_chain() {
    let Some(base) = postgres() else { return };
    let (mut banc_a, mut banc_b) = (Banc::sur(&base), Banc::sur(&base));
    banc_a.config.noeud = "a".to_owned();
    banc_b.config.noeud = "b".to_owned();
    let (a, b) = tokio::join!(banc_a.ouvrir(), banc_b.ouvrir());
    for n in 0..6 {
        tracer(if n % 2 == 0 { &a } else { &b }, n).unwrap();
    }
    let (vidange_a, vidange_b) = tokio::join!(a.vider(), b.vider());
    vidange_a.and(vidange_b).unwrap();
    for journal in [&a, &b] {
        assert_eq!(numeros(&tout(journal).await), [0, 1, 2, 3, 4, 5]);
        let rapport = journal.verifier().await.unwrap();
        assert!(rapport.intact(), "{rapport:?}");
        let chaines: Vec<_> = rapport.chaines.iter().map(|c| (c.noeud.as_str(), c.traces)).collect();
        assert_eq!(chaines, [("a", 3), ("b", 3)]);
    }
    assert_ne!(
        a.verifier().await.unwrap().chaines[0].empreinte,
        a.verifier().await.unwrap().chaines[1].empreinte
    );
}

#[tokio::test]
async fn a_folder_has_one_process_and_a_chain_one_writer() {
    for base in bases() {
        let banc = Banc::sur(&base);
        let journal = banc.ouvrir().await;
        let second = Journal::ouvrir(banc.config.clone()).await;
        assert!(matches!(second, Err(Erreur::Occupe(_))), "{}", base.nom);
        let mut autre = banc.config.clone();
        autre.noeud = "autre".to_owned();
        tracer(&journal, 1).unwrap();
        journal.vider().await.unwrap();

        // The same name on another machine takes the chain over; the first one stops rather than fork it.
        let ailleurs = Banc::sur(&base);
        let second = ailleurs.ouvrir().await;
        tracer(&second, 2).unwrap();
        second.vider().await.unwrap();
        tracer(&journal, 3).unwrap();
        assert!(matches!(journal.vider().await, Err(Erreur::Evince)), "{}", base.nom);
        assert!(matches!(tracer(&journal, 4), Err(journal::RefusDeTracer::Evince)), "{}", base.nom);
        let etat = journal.etat();
        assert!(etat.evince && !etat.sain() && etat.refusees == 1, "{etat:?}");
        assert_eq!(numeros(&tout(&second).await), [1, 2], "{}", base.nom);
        // A folder keeps its name: what is left in it belongs to that chain.
        journal.fermer().await.unwrap_err();
        let refus = Journal::ouvrir(autre).await.unwrap_err().to_string();
        assert!(refus.contains("« proxy », pas de « autre »"), "{refus}");
        assert!(second.verifier().await.unwrap().intact(), "{}", base.nom);
    }
}

/// Spoils one field.
type Changement = fn(&mut Config);

#[tokio::test]
async fn a_configuration_that_makes_no_sense_is_refused_with_its_field() {
    let dossier = tempfile::tempdir().unwrap();
    let cas: [(&str, Changement); 6] = [
        ("noeud", |config| config.noeud = "a\nb".to_owned()),
        ("noeud", |config| config.noeud.clear()),
        ("taille_segment", |config| config.taille_segment = 1000),
        ("segments_max", |config| config.segments_max = 1),
        ("vidange_ms", |config| config.vidange_ms = 0),
        ("conservation_mois", |config| config.conservation_mois = 0),
    ];
    for (champ, changer) in cas {
        let mut config = Config::dans(dossier.path());
        changer(&mut config);
        let refus = Journal::ouvrir(config).await.unwrap_err().to_string();
        assert!(refus.contains(champ), "{refus}");
    }
}

/// Memory of this process, in bytes: now, or at its highest since the last time somebody asked to forget.
fn memoire(champ: &str) -> u64 {
    let statut = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let ligne = statut.lines().find_map(|ligne| ligne.strip_prefix(champ)).expect("Linux tells it");
    ligne
        .trim_matches([':', ' ', '\t'])
        .trim_end_matches(" kB")
        .trim()
        .parse::<u64>()
        .expect("Linux tells it")
        * 1024
}

#[tokio::test]
async fn a_hundred_thousand_traces_stream_in_little_memory() {
    for base in bases() {
        let mut banc = Banc::sur(&base);
        banc.config.taille_segment = 4 << 20;
        let journal = banc.ouvrir().await;
        let appel = Appel::nouveau("backend-1", "GET", "/une/ressource/assez/longue/pour/un/chemin");
        for n in 0..100_000 {
            journal.tracer(&trace(&n.to_string(), seconde(n / 100), Fait::Send(SESSION, appel))).unwrap();
        }
        journal.vider().await.unwrap();
        // « 5 » makes the kernel forget the highest mark (proc_pid_clear_refs(5)).
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let avant = memoire("VmRSS");
        let (mut nombre, mut octets) = (0, 0);
        let mut flux = std::pin::pin!(journal.tableau_agence(Intervalle::TOUT));
        while let Some(morceau) = flux.next().await {
            let morceau = morceau.unwrap();
            nombre += morceau.windows(13).filter(|fenetre| fenetre == b"\"type\":\"SEND\"").count();
            octets += morceau.len() as u64;
        }
        assert_eq!(nombre, 100_000, "{}", base.nom);
        let prise = memoire("VmHWM").saturating_sub(avant);
        assert!(prise < octets / 2, "{} : {prise} octets pour en lire {octets}", base.nom);
        journal.fermer().await.unwrap();
    }
}

#[tokio::test]
async fn a_second_life_follows_the_first() {
    for base in bases() {
        let banc = Banc::sur(&base);
        for vie in 0..3 {
            let journal = ouvrir(&banc.config).await;
            for n in 0..3 {
                tracer(&journal, vie * 3 + n).unwrap();
            }
            // The last life is left without a word, like the ones that end badly.
            if vie < 2 {
                journal.fermer().await.unwrap();
                assert!(matches!(journal.vider().await, Err(Erreur::Ferme)));
            }
        }
        let journal = ouvrir(&banc.config).await;
        assert_eq!(numeros(&tout(&journal).await), (0..9).collect::<Vec<_>>(), "{}", base.nom);
        assert!(journal.verifier().await.unwrap().intact(), "{}", base.nom);
    }
}
