//! Background work: asked for once, taken by one worker at a time, never lost with the worker.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use registre::Tache;

use crate::appui::{Base, apres, le, sur_chaque_base};

const BAIL: SignedDuration = SignedDuration::from_secs(60);

async fn demander(base: &Base, id: &str, cle: Option<&str>, a_partir: Timestamp) {
    let mut tx = base.ecrire().await;
    tx.ajouter_tache(id, "courriel", "{\"a\":1}", cle, a_partir).await.expect("the database answers");
    tx.commit().await.expect("the database answers");
}

async fn prendre(base: &Base, quand: Timestamp) -> Option<Tache> {
    let mut tx = base.ecrire().await;
    let tache = tx.prendre_tache(quand, BAIL).await.expect("the database answers");
    tx.commit().await.expect("the database answers");
    tache
}

async fn ids(base: &Base, quand: Timestamp) -> Vec<String> {
    let mut pris = Vec::new();
    while let Some(tache) = prendre(base, quand).await {
        pris.push(tache.id);
    }
    pris
}

#[tokio::test]
async fn une_tache_se_prend_a_son_heure_la_plus_ancienne_d_abord() {
    sur_chaque_base(async |base| {
        for (id, delai) in [("c", 0), ("a", -5), ("b", 0), ("tard", 10)] {
            demander(&base, id, None, apres(delai)).await;
        }
        assert_eq!(ids(&base, le()).await, ["a", "b", "c"], "{}", base.nom);
        assert_eq!(ids(&base, apres(10)).await, ["tard"], "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn une_cle_ne_se_demande_qu_une_fois() {
    sur_chaque_base(async |base| {
        demander(&base, "un", Some("rappel:1"), le()).await;
        demander(&base, "deux", Some("rappel:1"), apres(5)).await;
        demander(&base, "trois", None, le()).await;
        demander(&base, "quatre", None, le()).await;
        assert_eq!(ids(&base, apres(30)).await, ["quatre", "trois", "un"], "{}", base.nom);
        assert_eq!(base.lire().await.date_tache("rappel:1").await.unwrap(), Some(le()), "{}", base.nom);
        assert_eq!(base.lire().await.date_tache("rappel:2").await.unwrap(), None, "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn un_bail_echu_rend_la_tache() {
    sur_chaque_base(async |base| {
        demander(&base, "un", None, le()).await;
        let premiere = prendre(&base, le()).await.unwrap();
        assert_eq!((premiere.tentatives, premiere.genre.as_str()), (1, "courriel"), "{}", base.nom);
        assert_eq!(premiere.charge, "{\"a\":1}", "{}", base.nom);
        assert!(prendre(&base, apres(60)).await.is_none(), "{} : the lease still runs", base.nom);
        let reprise = prendre(&base, apres(61)).await.unwrap();
        assert_eq!((reprise.id.as_str(), reprise.tentatives), ("un", 2), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn une_tache_finie_ne_revient_pas_une_tache_manquee_revient_a_son_heure() {
    sur_chaque_base(async |base| {
        for id in ["finie", "manquee"] {
            demander(&base, id, None, le()).await;
        }
        assert_eq!(ids(&base, le()).await.len(), 2);
        let mut tx = base.ecrire().await;
        tx.terminer_tache("finie", apres(1)).await.unwrap();
        tx.reporter_tache("manquee", "serveur injoignable", apres(30)).await.unwrap();
        assert_eq!(tx.compter_taches_en_echec().await.unwrap(), 1, "{}", base.nom);
        tx.commit().await.unwrap();
        assert_eq!(ids(&base, apres(29)).await, [""; 0], "{}", base.nom);
        assert_eq!(ids(&base, apres(30)).await, ["manquee"], "{}", base.nom);
        let mut tx = base.ecrire().await;
        tx.terminer_tache("manquee", apres(31)).await.unwrap();
        assert_eq!(tx.compter_taches_en_echec().await.unwrap(), 0, "{}", base.nom);
        tx.commit().await.unwrap();
        assert_eq!(ids(&base, apres(3600)).await, [""; 0], "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn la_purge_garde_ce_qui_ne_doit_pas_se_redemander() {
    sur_chaque_base(async |base| {
        let mut tx = base.ecrire().await;
        for (id, genre, cle) in
            [("libre", "pdf", None), ("cle", "pdf", Some("pdf:1")), ("lettre", "courriel", Some("cle:1"))]
        {
            tx.ajouter_tache(id, genre, "{}", cle, le()).await.unwrap();
            tx.terminer_tache(id, apres(1)).await.unwrap();
        }
        tx.ajouter_tache("attend", "pdf", "{}", Some("pdf:2"), le()).await.unwrap();
        tx.purger_taches(apres(2)).await.unwrap();
        let mut restent = Vec::new();
        for cle in ["pdf:1", "cle:1", "pdf:2"] {
            restent.push(tx.date_tache(cle).await.unwrap().is_some());
        }
        assert_eq!(restent, [true, false, true], "{}", base.nom);
        // Asked for again, the one that stays is not done again.
        tx.ajouter_tache("encore", "pdf", "{}", Some("pdf:1"), le()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ids(&base, apres(10)).await, ["attend"], "{}", base.nom);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deux_ouvriers_ne_prennent_jamais_la_meme() {
    sur_chaque_base(async |base| {
        let mut tx = base.ecrire().await;
        for rang in 0..40 {
            tx.ajouter_tache(&format!("t{rang:02}"), "pdf", "{}", None, le()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut ouvriers = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let registre = base.registre.clone();
            ouvriers.spawn(async move {
                let mut prises = Vec::new();
                // An empty hand may only mean that a colleague was faster.
                for _ in 0..20 {
                    let mut tx = registre.ecrire().await.unwrap();
                    prises.extend(tx.prendre_tache(le(), BAIL).await.unwrap().map(|tache| tache.id));
                    tx.commit().await.unwrap();
                }
                prises
            });
        }
        let mut prises: Vec<String> = ouvriers.join_all().await.into_iter().flatten().collect();
        prises.extend(ids(&base, le()).await);
        let distinctes: BTreeSet<&String> = prises.iter().collect();
        assert_eq!((prises.len(), distinctes.len()), (40, 40), "{}", base.nom);
    })
    .await;
}
