//! `edc up` killed with SIGKILL in the middle of an upload, and started again on the same folder.

use std::{path::Path, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::stream;
use reqwest::{Method, StatusCode};

use crate::{
    commandes::edc,
    navigateur::{Navigateur, champ},
    up::{annonce, demarrer, port},
};

const MO: usize = 1 << 20;

/// A PDF of 13 MB whose every line is different.
fn pdf() -> Vec<u8> {
    let mut octets = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n".to_vec();
    let mut rang = 0;
    while octets.len() < 13 * MO {
        octets.extend_from_slice(format!("% {rang}\n").as_bytes());
        rang += 1;
    }
    octets.extend_from_slice(b"trailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n");
    octets
}

/// A candidature of a new produit; gives its path.
async fn candidature(claire: &Navigateur) -> String {
    let page = claire.page("/produits/nouveau").await;
    let responsable = page.split_once("name=\"responsable\"").expect("a list").1;
    let responsable = responsable.split_once("selected").map_or("", |(avant, _)| avant);
    let responsable = responsable.rsplit_once("value=\"").map_or("", |(_, apres)| apres);
    let responsable = responsable.split('"').next().unwrap_or_default().to_owned();
    let champs = [
        ("envoi", champ(&page, "envoi")),
        ("nom", "Proxy".to_owned()),
        ("version", "2.1".to_owned()),
        ("responsable", responsable),
        ("description", "Un proxy".to_owned()),
        ("dispositifs", "edc-psc".to_owned()),
    ];
    let champs: Vec<(&str, &str)> = champs.iter().map(|(nom, valeur)| (*nom, valeur.as_str())).collect();
    let reponse = claire.poster("/produits/nouveau", &champs).await;
    let produit = reponse.url().path().trim_end_matches("/recapitulatif").to_owned();
    assert!(produit.starts_with("/produits/"), "{produit} : {}", reponse.text().await.expect("a page"));
    assert!(claire.poster(&format!("{produit}/valider"), &[]).await.status().is_success());
    let creee = claire.poster(&format!("{produit}/candidatures"), &[("guichet", "editeur")]).await;
    let chemin = creee.url().path().to_owned();
    let fin = chemin.trim_start_matches("/candidatures/").find('/').map(|fin| fin + "/candidatures/".len());
    chemin[..fin.unwrap_or(chemin.len())].to_owned()
}

/// Bytes that the server says are safe.
async fn offset(qui: &Navigateur, chemin: &str) -> usize {
    let requete = qui.requete(Method::HEAD, chemin).header("tus-resumable", "1.0.0");
    let reponse = requete.send().await.expect("an answer");
    assert_eq!(reponse.status(), StatusCode::OK);
    reponse.headers()["upload-offset"].to_str().expect("ASCII").parse().expect("a number")
}

fn envoi(
    qui: &Navigateur,
    chemin: &str,
    offset: usize,
    corps: impl Into<reqwest::Body>,
) -> reqwest::RequestBuilder {
    qui.requete(Method::PATCH, chemin)
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", offset)
        .header("content-type", "application/offset+octet-stream")
        .body(corps)
}

/// Files that a dossier may show.
fn montres(dossier: &Path) -> usize {
    std::fs::read_dir(dossier.join("fichiers/fichiers")).map_or(0, Iterator::count)
}

#[tokio::test(flavor = "multi_thread")]
async fn un_kill_pendant_un_televersement_ne_perd_rien_de_ce_qui_etait_recu() {
    let dossier = tempfile::tempdir().expect("a folder");
    let port = port();
    let mut processus = demarrer(dossier.path(), port);
    let claire = Navigateur::connecter(dossier.path(), &annonce(dossier.path()), "claire.martin").await;
    let candidature = candidature(&claire).await;
    let octets = pdf();
    let nom = format!("filename {}", STANDARD.encode("licence.pdf"));
    let cree = claire
        .requete(Method::POST, "/televersements")
        .header("tus-resumable", "1.0.0")
        .header("upload-length", octets.len())
        .header("upload-metadata", nom)
        .send()
        .await
        .expect("an answer");
    assert_eq!(cree.status(), StatusCode::CREATED);
    let chemin = cree.headers()["location"].to_str().expect("ASCII").to_owned();

    // Each time, more is sent than will be acknowledged, the sending stays open, and the process dies in the middle.
    let mut recu = 0;
    for vise in [4 * MO, 8 * MO] {
        let debut = octets[recu..(vise + 2 * MO)].to_vec();
        let morceaux: Vec<_> = debut.chunks(100_000).map(|un| Ok::<_, std::io::Error>(un.to_vec())).collect();
        let sans_fin = futures::StreamExt::chain(stream::iter(morceaux), stream::pending());
        let corps = reqwest::Body::wrap_stream(sans_fin);
        let en_cours = tokio::spawn(envoi(&claire, &chemin, recu, corps).send());
        let mut acquitte = recu;
        while acquitte < vise {
            assert!(!en_cours.is_finished(), "{:?}", en_cours.await);
            acquitte = offset(&claire, &chemin).await;
        }
        processus.tuer();
        assert!(en_cours.await.expect("no panic").is_err());
        assert_eq!(montres(dossier.path()), 0, "nothing half-done has a name");

        processus = demarrer(dossier.path(), port);
        recu = offset(&claire, &chemin).await;
        assert!((acquitte..=vise + 2 * MO).contains(&recu), "{acquitte} acknowledged, {recu} kept");
    }
    let fin = envoi(&claire, &chemin, recu, octets[recu..].to_vec()).send().await.expect("an answer");
    assert_eq!(fin.status(), StatusCode::NO_CONTENT);
    assert_eq!(montres(dossier.path()), 0, "whole, but nobody claimed it");

    let televersement = chemin.rsplit('/').next().unwrap_or_default().to_owned();
    let formulaire =
        reqwest::multipart::Form::new().text("nom", "Lecteur").text("recu.licence", televersement);
    let ajoute = claire.requete(Method::POST, &format!("{candidature}/composants/nouveau"));
    let ajoute = ajoute.multipart(formulaire).send().await.expect("an answer");
    let statut = ajoute.status();
    let page = ajoute.text().await.expect("a page");
    assert!(statut.is_success() && page.contains("Composant enregistré"), "{statut} {page}");
    let sha256 = hex::encode(digest(&SHA256, &octets));
    let telecharge = claire.requete(Method::GET, &format!("{candidature}/fichiers/{sha256}"));
    let telecharge = telecharge.timeout(Duration::from_mins(1)).send().await.expect("an answer");
    assert_eq!(telecharge.status(), StatusCode::OK);
    assert!(telecharge.bytes().await.expect("whole") == octets);

    processus.tuer();
    let verdict = edc(&["evenements", "verifier", "--data", &dossier.path().display().to_string()]);
    assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stdout));
}
