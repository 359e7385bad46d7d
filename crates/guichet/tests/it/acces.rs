//! Who may pass, driven for real: each route as each role, on an object of their own structure and on a foreign one.
//!
//! The expected answer is read from the matrix of `domaine::permission`, so a route whose guard is forgotten or wrong
//! shows up here whatever its handler does; and a route can't exist without its row.

use std::collections::BTreeSet;

use domaine::{
    permission::{Acte, Objet, Qualite, permis},
    produit::Droit,
    referentiel::Guichet,
};
use guichet::{
    acces::{Acces, Cible},
    routes::{Route, table},
};

use crate::{
    appui::{Site, dossier},
    audit::voie,
};

/// Login, and the quality in which the person stands before the objects of Logimed.
const ROLES: &[(&str, Option<Qualite>)] = &[
    ("claire.martin", Some(Qualite::Mandataire)),
    ("hugo.bernard", Some(Qualite::Responsable)),
    ("lea.petit", Some(Qualite::Depot)),
    ("tom.leroy", None),
    ("nadia.benali", None),
    ("verif.durand", Some(Qualite::Verificateur)),
    ("college.roux", Some(Qualite::College)),
    ("signataire.faure", Some(Qualite::Signataire)),
    ("admin.chevalier", Some(Qualite::Administrateur)),
    ("auditeur.meyer", Some(Qualite::Auditeur)),
    ("cnda.simon", Some(Qualite::Cnda)),
];

/// What the guard must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attendu {
    Passe,
    Interdit,
    Introuvable,
    /// Sent to the sign-in, or told that the session has ended.
    Connexion,
}

fn decision(qualites: &[Qualite], objet: Objet, acte: Acte) -> Attendu {
    if qualites.is_empty() {
        Attendu::Introuvable
    } else if permis(qualites, objet, acte) {
        Attendu::Passe
    } else {
        Attendu::Interdit
    }
}

fn attendu(route: &Route, login: &str, qualite: Option<Qualite>) -> Attendu {
    let agence: Vec<Qualite> = qualite.filter(|une| Qualite::AGENCE.contains(une)).into_iter().collect();
    match route.acces {
        Acces::Public | Acces::Connecte | Acces::Membre => Attendu::Passe,
        Acces::Agence(objet, acte) => decision(&agence, objet, acte),
        Acces::Structure(objet, acte) => {
            let membre = match login {
                "claire.martin" | "nadia.benali" => vec![Qualite::Mandataire],
                "hugo.bernard" => vec![Qualite::Responsable],
                "lea.petit" | "tom.leroy" => vec![Qualite::Membre],
                _ => Vec::new(),
            };
            decision(&membre, objet, acte)
        }
        Acces::Sur(_, objet, acte) => {
            let qualites: Vec<Qualite> = qualite.into_iter().collect();
            decision(&qualites, objet, acte)
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chaque_route_pour_chaque_role() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let produit = dossier::produit(&site, "claire.martin", "Proxy").await;
        dossier::droit(&site, produit, "lea.petit", Droit::Depot).await;
        let candidature = dossier::candidature(&site, "claire.martin", produit, Guichet::Editeur).await;
        for route in table() {
            if !matches!(route.acces, Acces::Sur(Cible::Habilitation | Cible::Audit, ..)) {
                conduire(&site, &route, &chemin(&route, &produit.to_string(), &candidature.to_string()))
                    .await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chaque_route_d_une_habilitation_et_d_un_audit_pour_chaque_role() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let habilitation = voie::signee(&site).await;
        dossier::droit(&site, habilitation.produit, "lea.petit", Droit::Depot).await;
        let audit = voie::planifie(&site, habilitation.numero()).await;
        voie::avancer(&site, &audit, "notifie").await;
        let numero = audit.rsplit('/').next().expect("a number");
        for route in table() {
            if matches!(route.acces, Acces::Sur(Cible::Habilitation | Cible::Audit, ..)) {
                let modele = route.chemin.replace("{audit}", numero).replace("{rang}", "1");
                conduire(&site, &route, &modele.replace("{numero}", habilitation.numero())).await;
            }
        }
    }
}

/// Sends the request as each role, and holds the answer against the matrix.
async fn conduire(site: &Site, route: &Route, chemin: &str) {
    for (login, qualite) in ROLES {
        let attendu = attendu(route, login, *qualite);
        // A mutation that may pass would change the objects under the next rows: the guard alone is of interest.
        if attendu == Attendu::Passe && route.methode != http::Method::GET {
            continue;
        }
        let chemin = complet(chemin);
        let navigateur = site.comme(login).await;
        let reponse = if route.methode == http::Method::POST {
            navigateur.post(&chemin, &[]).await
        } else {
            navigateur.envoyer(navigateur.requete(route.methode.clone(), &chemin)).await
        };
        let obtenu = match reponse.statut {
            403 => Attendu::Interdit,
            404 if attendu != Attendu::Passe => Attendu::Introuvable,
            _ => Attendu::Passe,
        };
        assert_eq!(obtenu, attendu, "{} {chemin} comme {login} : {}", route.methode, reponse.statut);
        // 502: the sign-in of these tests has no provider behind it.
        let panne = reponse.statut == 500 || reponse.statut == 503;
        assert!(!panne, "{} {chemin} comme {login} : {}", route.methode, reponse.corps());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sans_session_rien_ne_passe() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let inconnu = uuid::Uuid::from_u128(7).to_string();
    for route in table() {
        let chemin = chemin(&route, &inconnu, &inconnu);
        let navigateur = site.anonyme();
        let reponse = navigateur.envoyer(navigateur.requete(route.methode.clone(), &chemin)).await;
        let obtenu = match reponse.statut {
            303 if reponse.vers().starts_with("/connexion") => Attendu::Connexion,
            401 => Attendu::Connexion,
            _ => Attendu::Passe,
        };
        let attendu = if route.acces == Acces::Public { Attendu::Passe } else { Attendu::Connexion };
        assert_eq!(obtenu, attendu, "{} {chemin} : {}", route.methode, reponse.statut);
    }
}

#[test]
fn une_seule_ligne_par_route() {
    let mut vues = BTreeSet::new();
    for route in table() {
        assert!(vues.insert((route.methode.to_string(), route.chemin)), "{} en double", route.chemin);
        // A route that changes something never goes without a session.
        if route.methode != http::Method::GET {
            assert_ne!(route.acces, Acces::Public, "{} {}", route.methode, route.chemin);
        }
    }
}

fn chemin(route: &Route, produit: &str, candidature: &str) -> String {
    let id = if route.chemin.starts_with("/produits") { produit } else { candidature };
    let valeurs = [
        ("{id}", id),
        ("{guichet}", "editeur"),
        ("{code}", "PMT"),
        ("{attendue}", "PMT.01.01.01"),
        ("{question}", "101"),
        ("{rang}", "0"),
        ("{cle}", "habilitation_elp"),
        ("{nom}", "pas-la"),
        ("{numero}", "HAB-ELP-2026-00001"),
    ];
    let mut chemin = route.chemin.to_owned();
    for (nom, valeur) in valeurs {
        chemin = chemin.replace(nom, valeur);
    }
    complet(&chemin)
}

/// Whatever is left names something that is not there.
fn complet(chemin: &str) -> String {
    let mut chemin = chemin.to_owned();
    while let (Some(debut), Some(fin)) = (chemin.find('{'), chemin.find('}')) {
        chemin.replace_range(debut..=fin, "00000000-0000-0000-0000-000000000007");
    }
    chemin
}
