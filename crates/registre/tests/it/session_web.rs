//! Sessions of the site, sign-ins under way, kept forms, and forms already played.

use registre::{Erreur, SaisieGardee, SessionGardee};

use crate::appui::{apres, id, le, sur_chaque_base};

fn session(empreinte: &str) -> SessionGardee {
    SessionGardee {
        empreinte: empreinte.to_owned(),
        personne: id(1),
        cree_le: le(),
        vue_le: le(),
        authentifie_le: apres(-10),
        id_token: "e30.e30.".to_owned(),
        avis: String::new(),
    }
}

#[tokio::test]
async fn une_session_se_suit_jusqu_a_sa_fin() {
    sur_chaque_base(async |base| {
        let mut tx = base.ecrire().await;
        tx.save_session_web(&session("aa")).await.unwrap();
        tx.poser_avis("aa", "{\"texte\":\"Enregistré\"}").await.unwrap();
        let lue = tx.load_session_web("aa").await.unwrap().expect("saved");
        assert_eq!(
            (lue.personne, lue.cree_le, lue.authentifie_le),
            (id(1), le(), apres(-10)),
            "{}",
            base.nom
        );
        assert_eq!(lue.avis, "{\"texte\":\"Enregistré\"}", "{}", base.nom);
        // Seen again: only what moves is written, never whose session it is.
        let vue = SessionGardee { personne: id(2), vue_le: apres(60), avis: String::new(), ..lue };
        tx.save_session_web(&vue).await.unwrap();
        let lue = tx.load_session_web("aa").await.unwrap().expect("saved");
        assert_eq!((lue.personne, lue.vue_le, lue.avis.as_str()), (id(1), apres(60), ""), "{}", base.nom);
        tx.supprimer_session_web("aa").await.unwrap();
        assert!(tx.load_session_web("aa").await.unwrap().is_none(), "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn une_connexion_ne_sert_qu_une_fois_et_a_temps() {
    sur_chaque_base(async |base| {
        let mut tx = base.ecrire().await;
        tx.save_connexion("etat", "{}", le()).await.unwrap();
        assert_eq!(tx.prendre_connexion("etat", apres(1)).await.unwrap(), None, "{} : too old", base.nom);
        assert_eq!(tx.prendre_connexion("etat", le()).await.unwrap().as_deref(), Some("{}"), "{}", base.nom);
        assert_eq!(tx.prendre_connexion("etat", le()).await.unwrap(), None, "{} : once", base.nom);
    })
    .await;
}

#[tokio::test]
async fn une_saisie_gardee_attend_son_auteur() {
    sur_chaque_base(async |base| {
        let mut tx = base.ecrire().await;
        for (empreinte, personne) in [("aa", Some(id(1))), ("bb", None)] {
            let saisie =
                SaisieGardee { personne, chemin: "/produits".to_owned(), corps: "nom=%C3%A9".to_owned() };
            tx.garder_saisie(empreinte, &saisie, le()).await.unwrap();
            let lue = tx.load_saisie(empreinte, le()).await.unwrap().expect("kept");
            assert_eq!((lue.personne, lue.chemin.as_str()), (personne, "/produits"), "{}", base.nom);
            assert_eq!(lue.corps, "nom=%C3%A9", "{}", base.nom);
        }
        assert!(tx.load_saisie("aa", apres(1)).await.unwrap().is_none(), "{} : too old", base.nom);
        tx.supprimer_saisie("aa").await.unwrap();
        assert!(tx.load_saisie("aa", le()).await.unwrap().is_none(), "{}", base.nom);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn un_envoi_ne_se_joue_qu_une_fois() {
    sur_chaque_base(async |base| {
        let mut envois = tokio::task::JoinSet::new();
        for rang in 0..8 {
            let registre = base.registre.clone();
            envois.spawn(async move {
                let mut tx = registre.ecrire().await.unwrap();
                match tx.save_envoi("jeton", &format!("/produits/{rang}"), le()).await {
                    Ok(()) => {
                        tx.commit().await.unwrap();
                        Some(format!("/produits/{rang}"))
                    }
                    Err(Erreur::Conflit) => None,
                    Err(autre) => panic!("{autre}"),
                }
            });
        }
        let joues: Vec<String> = envois.join_all().await.into_iter().flatten().collect();
        let [joue] = joues.as_slice() else { panic!("{} : {joues:?}", base.nom) };
        let garde = base.lire().await.load_envoi("jeton").await.unwrap();
        assert_eq!(garde.as_ref(), Some(joue), "{}", base.nom);
        assert_eq!(base.lire().await.load_envoi("autre").await.unwrap(), None, "{}", base.nom);
    })
    .await;
}

#[tokio::test]
async fn la_purge_oublie_ce_qui_est_vieux() {
    sur_chaque_base(async |base| {
        let mut tx = base.ecrire().await;
        for (nom, age) in [("vieux", -100), ("neuf", 0)] {
            let quand = apres(age);
            tx.save_session_web(&SessionGardee { vue_le: quand, ..session(nom) }).await.unwrap();
            tx.save_connexion(nom, "{}", quand).await.unwrap();
            let saisie = SaisieGardee { personne: None, chemin: "/".to_owned(), corps: String::new() };
            tx.garder_saisie(nom, &saisie, quand).await.unwrap();
            tx.save_envoi(nom, "/", quand).await.unwrap();
        }
        tx.purger_sessions(apres(-50), apres(-50)).await.unwrap();
        for (nom, reste) in [("vieux", false), ("neuf", true)] {
            let traces = [
                tx.load_session_web(nom).await.unwrap().is_some(),
                tx.load_saisie(nom, apres(-1000)).await.unwrap().is_some(),
                tx.load_envoi(nom).await.unwrap().is_some(),
                tx.prendre_connexion(nom, apres(-1000)).await.unwrap().is_some(),
            ];
            assert_eq!(traces, [reste; 4], "{} : {nom}", base.nom);
        }
    })
    .await;
}
