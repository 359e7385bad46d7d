//! Resumable uploads, spoken as tus 1.0: nothing that was acknowledged is ever lost, whatever is cut.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures::stream;
use reqwest::Method;
use test_support::base;

use crate::{
    appui::{Navigateur, Reponse, Site, dossier},
    preuve::{lire, url},
};

const MO: usize = 1 << 20;

async fn demander(
    qui: &Navigateur<'_>,
    methode: Method,
    chemin: &str,
    entetes: &[(&'static str, String)],
    corps: impl Into<reqwest::Body>,
) -> Reponse {
    let mut requete = qui.requete(methode, chemin).header("tus-resumable", "1.0.0");
    requete = requete.header("x-csrf-token", qui.csrf());
    for (nom, valeur) in entetes {
        requete = requete.header(*nom, valeur);
    }
    qui.envoyer(requete.body(corps)).await
}

pub(crate) async fn creer(qui: &Navigateur<'_>, nom: &str, taille: usize) -> String {
    let metadonnees = format!("filename {}", STANDARD.encode(nom));
    let entetes = [("upload-length", taille.to_string()), ("upload-metadata", metadonnees)];
    let cree = demander(qui, Method::POST, "/televersements", &entetes, "").await;
    assert_eq!(cree.statut, 201, "{}", cree.corps());
    cree.vers().to_owned()
}

pub(crate) async fn envoyer(
    qui: &Navigateur<'_>,
    chemin: &str,
    offset: usize,
    corps: impl Into<reqwest::Body>,
) -> Reponse {
    let entetes = [
        ("upload-offset", offset.to_string()),
        ("content-type", "application/offset+octet-stream".to_owned()),
    ];
    demander(qui, Method::PATCH, chemin, &entetes, corps).await
}

fn offset(reponse: &Reponse) -> usize {
    reponse
        .entetes
        .get("upload-offset")
        .expect("of this test")
        .to_str()
        .expect("of this test")
        .parse()
        .expect("of this test")
}

/// A log of `taille` bytes whose lines all differ.
pub(crate) fn journal(taille: usize) -> Vec<u8> {
    let mut octets: Vec<u8> =
        (0..).flat_map(|rang: u64| format!("{rang} GET /\n").into_bytes()).take(taille - 1).collect();
    octets.push(b'\n');
    octets
}

#[tokio::test]
async fn une_connexion_coupee_garde_ce_qui_est_arrive_et_le_reste_suit() {
    for base in base::bases() {
        let site = Site::ouvrir(base).await;
        let id = dossier::depot_ouvert(&site).await;
        let claire = site.comme("claire.martin").await;
        let octets = journal(11 * MO + 123);
        let chemin = creer(&claire, "traces.log", octets.len()).await;

        // A body that breaks off after 6 MB.
        let debut: Vec<Result<Bytes, std::io::Error>> = octets[..6 * MO]
            .chunks(64 * 1024)
            .map(|morceau| Ok(Bytes::copy_from_slice(morceau)))
            .chain([Err(std::io::Error::other("cut"))])
            .collect();
        let requete = claire
            .requete(Method::PATCH, &chemin)
            .header("tus-resumable", "1.0.0")
            .header("x-csrf-token", claire.csrf())
            .header("upload-offset", "0")
            .header("content-type", "application/offset+octet-stream")
            .body(reqwest::Body::wrap_stream(stream::iter(debut)));
        assert!(requete.send().await.is_err());
        // The server notices in its own time: wait until the offset no longer moves from a whole piece.
        let mut recu = 0;
        for _ in 0..1000 {
            recu = offset(&demander(&claire, Method::HEAD, &chemin, &[], "").await);
            if recu >= 4 * MO {
                break;
            }
            tokio::task::yield_now().await;
        }
        assert!((4 * MO..=6 * MO).contains(&recu), "{recu}");

        // A wrong offset changes nothing; another person sees nothing.
        assert_eq!(envoyer(&claire, &chemin, recu + 1, "x").await.statut, 409);
        let nadia = site.comme("nadia.benali").await;
        assert_eq!(demander(&nadia, Method::HEAD, &chemin, &[], "").await.statut, 404);
        assert_eq!(envoyer(&nadia, &chemin, recu, "x").await.statut, 404);

        // Two senders at once: one goes on, the other is told.
        let recu = offset(&demander(&claire, Method::HEAD, &chemin, &[], "").await);
        let (une, deux) = tokio::join!(
            envoyer(&claire, &chemin, recu, octets[recu..].to_vec()),
            envoyer(&claire, &chemin, recu, octets[recu..].to_vec()),
        );
        let mut statuts = [une.statut, deux.statut];
        statuts.sort_unstable();
        assert_eq!(statuts, [204, 409]);
        let fin = demander(&claire, Method::HEAD, &chemin, &[], "").await;
        assert_eq!((fin.statut, offset(&fin)), (200, octets.len()));
        assert_eq!(envoyer(&claire, &chemin, octets.len(), "de trop").await.statut, 413);

        // The form claims it, and the file is what was sent.
        let televersement = chemin.rsplit('/').next().unwrap();
        let champs = [
            ("envoi", "a"),
            ("forme", "log"),
            ("televersement", televersement),
            ("date_reelle", "2026-11-20"),
            ("version", "2.1"),
        ];
        let depose = claire.post_fichiers(&url(id, "PMT.06.01.01"), &champs, &[]).await;
        assert_eq!(depose.statut, 303, "{}", depose.corps());
        let lue = lire(&site, id).await;
        let preuve = &lue.chapitre("PMT").unwrap().emplacement("PMT.06.01.01").unwrap().preuves[0];
        let sha256 = preuve.contenu.fichier().unwrap().sha256.clone();
        assert_eq!(sha256, hex::encode(digest(&SHA256, &octets)));
        let telecharge = claire.get(&format!("/candidatures/{id}/fichiers/{sha256}")).await;
        assert!(telecharge.octets == octets);
        // Claimed, the upload is gone.
        assert_eq!(demander(&claire, Method::HEAD, &chemin, &[], "").await.statut, 404);
    }
}

#[tokio::test]
async fn le_protocole_refuse_ce_qu_il_ne_comprend_pas() {
    let site = Site::ouvrir(base::sqlite()).await;
    let id = dossier::depot_ouvert(&site).await;
    let claire = site.comme("claire.martin").await;
    let nom = format!("filename {}", STANDARD.encode("a.pdf"));
    for (entetes, statut) in [
        (vec![("upload-metadata", nom.clone())], 400),
        (vec![("upload-length", "-1".to_owned()), ("upload-metadata", nom.clone())], 400),
        (vec![("upload-length", (3_u64 << 30).to_string()), ("upload-metadata", nom.clone())], 413),
        (vec![("upload-length", "10".to_owned())], 400),
        (vec![("upload-length", "10".to_owned()), ("upload-metadata", nom.clone())], 201),
    ] {
        let reponse = demander(&claire, Method::POST, "/televersements", &entetes, "").await;
        assert_eq!(reponse.statut, statut, "{entetes:?}");
    }
    // Another version, another type, no token.
    let chemin = creer(&claire, "a.pdf", 10).await;
    let sans = claire.requete(Method::HEAD, &chemin);
    assert_eq!(claire.envoyer(sans).await.statut, 412);
    let genre = [("upload-offset", "0".to_owned()), ("content-type", "text/plain".to_owned())];
    assert_eq!(demander(&claire, Method::PATCH, &chemin, &genre, "x").await.statut, 415);
    let sans = claire.requete(Method::DELETE, &chemin).header("tus-resumable", "1.0.0");
    assert_eq!(claire.envoyer(sans).await.statut, 403);

    // An unfinished upload is not a preuve; given up, it is gone.
    assert_eq!(offset(&envoyer(&claire, &chemin, 0, "12345").await), 5);
    let televersement = chemin.rsplit('/').next().unwrap();
    let champs = [
        ("envoi", "a"),
        ("forme", "document"),
        ("televersement", televersement),
        ("date_reelle", "2026-11-20"),
        ("version", "2.1"),
    ];
    let refuse = claire.post_fichiers(&url(id, "PMT.01.01.01"), &champs, &[]).await;
    assert_eq!(refuse.statut, 422);
    assert!(refuse.corps().contains("n’est pas terminé"));
    assert_eq!(demander(&claire, Method::DELETE, &chemin, &[], "").await.statut, 204);
    assert_eq!(demander(&claire, Method::HEAD, &chemin, &[], "").await.statut, 404);

    // What nobody claims is forgotten after a week.
    let oublie = creer(&claire, "b.pdf", 10).await;
    envoyer(&claire, &oublie, 0, "12345").await;
    site.horloge.avancer(jiff::SignedDuration::from_hours(8 * 24));
    guichet::depot::menage(&site.app).await.unwrap();
    let mut tx = site.app.registre.lire().await.unwrap();
    assert!(tx.load_televersement(oublie.rsplit('/').next().unwrap()).await.unwrap().is_none());
}
