//! Depositing preuves: what is received, what is refused and in which words, and what is never done twice.

use std::io::{Cursor, Write as _};

use domaine::{
    candidature::Candidature,
    id::Id,
    preuve::{Analyse, Contenu},
};
use guichet::config::Antivirus;
use test_support::{Clamd, base};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::appui::{Site, dossier};

pub(crate) const PDF: &[u8] =
    b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n";

pub(crate) async fn lire(site: &Site, id: Id<Candidature>) -> Candidature {
    let mut tx = site.app.registre.lire().await.expect("of this test");
    tx.load_candidature(id).await.expect("of this test").expect("of this test").valeur
}

pub(crate) fn url(id: Id<Candidature>, attendue: &str) -> String {
    let chapitre = attendue.split('.').next().expect("of this test");
    format!("/candidatures/{id}/chapitres/{chapitre}/preuves/{attendue}")
}

/// The fields of the form beside the file.
const CHAMPS: &[(&str, &str)] =
    &[("date_reelle", "2026-11-20"), ("version", "2.1"), ("commentaire", "page 2")];

fn champs<'a>(plus: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [CHAMPS, plus].concat()
}

/// How many current items a slot has.
async fn nombre(site: &Site, id: Id<Candidature>, attendue: &str) -> usize {
    let candidature = lire(site, id).await;
    let chapitre =
        candidature.chapitre(attendue.split('.').next().expect("of this test")).expect("of this test");
    chapitre.emplacement(attendue).expect("of this test").courantes().count()
}

#[tokio::test]
async fn un_fichier_depose_se_voit_se_telecharge_se_remplace_et_se_retire() {
    for base in base::bases() {
        let site = Site::ouvrir(base).await;
        let id = dossier::depot_ouvert(&site).await;
        let claire = site.comme("claire.martin").await;
        let slot = url(id, "PMT.01.01.01");
        let page = claire.get(&slot).await;
        assert_eq!(page.statut, 200);
        let envoi = page.champ("envoi");
        let fichiers = [("fichier", "reçu.pdf", PDF)];
        let tous = champs(&[("envoi", &envoi), ("forme", "document")]);
        let depose = claire.post_fichiers(&slot, &tous, &fichiers).await;
        assert_eq!(depose.statut, 303, "{}", depose.corps());
        // The same form again, as a double click sends it: nothing more is deposited.
        let encore = claire.post_fichiers(&slot, &tous, &fichiers).await;
        assert_eq!((encore.statut, nombre(&site, id, "PMT.01.01.01").await), (303, 1));

        let lue = lire(&site, id).await;
        let preuve = &lue.chapitre("PMT").unwrap().emplacement("PMT.01.01.01").unwrap().preuves[0];
        let fichier = preuve.contenu.fichier().unwrap();
        assert_eq!((fichier.mime.as_str(), fichier.taille), ("application/pdf", PDF.len() as u64));
        assert_eq!(fichier.analyse, Analyse::NonAnalyse);
        assert_eq!(preuve.commentaire, "page 2");
        let chapitre = claire.get(&format!("/candidatures/{id}/chapitres/PMT")).await.corps();
        for texte in ["reçu.pdf", &fichier.sha256, "non analysé", "20 novembre 2026", "Il manque"] {
            assert!(chapitre.contains(texte), "{texte}");
        }

        let adresse = format!("/candidatures/{id}/fichiers/{}", fichier.sha256);
        let telecharge = claire.get(&adresse).await;
        assert_eq!((telecharge.statut, telecharge.octets.as_slice()), (200, PDF));
        let entete = |nom: &str| telecharge.entetes.get(nom).unwrap().to_str().unwrap().to_owned();
        assert!(
            entete("content-disposition")
                .starts_with("attachment; filename=\"re_u.pdf\"; filename*=UTF-8''re%C3%A7u.pdf")
        );
        assert_eq!(entete("x-content-type-options"), "nosniff");
        let partie =
            claire.envoyer(claire.requete(reqwest::Method::GET, &adresse).header("range", "bytes=1-3")).await;
        assert_eq!((partie.statut, partie.octets.as_slice()), (206, b"PDF".as_slice()));
        let apercu = claire.get(&format!("{adresse}/apercu")).await;
        assert!(
            apercu
                .entetes
                .get("content-security-policy")
                .unwrap()
                .to_str()
                .unwrap()
                .contains("frame-ancestors 'self'")
        );
        // Knowing the SHA-256 gives nothing to somebody of another structure, nor through another dossier.
        assert_eq!(site.comme("nadia.benali").await.get(&adresse).await.statut, 404);
        assert_eq!(claire.get(&adresse.replace(&fichier.sha256, &"0".repeat(64))).await.statut, 404);

        let ancien = preuve.id.to_string();
        let nouveau =
            [("fichier", "capture.png", b"\x89PNG\r\n\x1A\n....\0\0\0\0IEND\xAE\x42\x60\x82".as_slice())];
        let tous = champs(&[("envoi", "remplacement"), ("forme", "capture"), ("remplace", &ancien)]);
        assert_eq!(claire.post_fichiers(&slot, &tous, &nouveau).await.statut, 303);
        let tous = champs(&[("envoi", "encore"), ("forme", "capture"), ("remplace", &ancien)]);
        let refuse = claire.post_fichiers(&slot, &tous, &nouveau).await;
        assert_eq!(refuse.statut, 422);
        assert!(refuse.corps().contains("n’existe pas ou n’est plus en cours"));
        let lue = lire(&site, id).await;
        let emplacement = lue.chapitre("PMT").unwrap().emplacement("PMT.01.01.01").unwrap();
        let courante = emplacement.courantes().next().unwrap();
        assert_eq!((emplacement.preuves.len(), courante.numero_version), (2, 2));
        let retire = claire.post(&format!("{slot}/{}/retirer", courante.id), &[]).await;
        assert_eq!((retire.statut, nombre(&site, id, "PMT.01.01.01").await), (303, 0));
        assert!(claire.get(&slot).await.corps().contains("Versions précédentes (2)"));
    }
}

fn xlsx_bombe() -> Vec<u8> {
    let mut ecriture = ZipWriter::new(Cursor::new(Vec::new()));
    for nom in ["[Content_Types].xml", "xl/workbook.xml"] {
        ecriture.start_file(nom, SimpleFileOptions::default()).expect("of this test");
        ecriture.write_all(&vec![b' '; 40 << 20]).expect("of this test");
    }
    ecriture.finish().expect("of this test").into_inner()
}

#[tokio::test]
async fn chaque_envoi_refuse_dit_pourquoi_et_garde_ce_qui_etait_bon() {
    let site = Site::ouvrir(base::sqlite()).await;
    let id = dossier::depot_ouvert(&site).await;
    let claire = site.comme("claire.martin").await;
    let slot = url(id, "PMT.01.01.01");
    let bombe = xlsx_bombe();
    let cas: &[(&str, &[u8], &str)] = &[
        ("vide.pdf", b"", "vide"),
        ("page.html", b"<html>", "n’est pas acceptée ici"),
        ("dessin.svg", b"<svg/>", "n’est pas acceptée ici"),
        ("page.pdf", b"<html><script>", "une page web"),
        ("coupe.pdf", &PDF[..40], "incomplet"),
        ("sans-extension", PDF, "pas d’extension"),
        ("preuve\u{202e}fdp.exe", PDF, "n’est pas acceptée ici"),
        ("bombe.xlsx", &bombe, "démesurée"),
    ];
    for (nom, octets, attendu) in cas {
        let tous = champs(&[("envoi", "a"), ("forme", "document")]);
        let refuse = claire.post_fichiers(&slot, &tous, &[("fichier", nom, octets)]).await;
        let corps = refuse.corps();
        assert_eq!(refuse.statut, 422, "{nom}");
        assert!(corps.contains(attendu), "{nom}: {corps}");
        assert!(corps.contains("page 2"), "{nom}: what was typed is kept");
    }
    // A path is only a name once received.
    let tous = champs(&[("envoi", "b"), ("forme", "document")]);
    let recu = claire.post_fichiers(&slot, &tous, &[("fichier", "../../etc/rapport.pdf", PDF)]).await;
    assert_eq!(recu.statut, 303);
    let lue = lire(&site, id).await;
    let preuve = &lue.chapitre("PMT").unwrap().emplacement("PMT.01.01.01").unwrap().preuves[0];
    assert_eq!(preuve.contenu.fichier().unwrap().nom.as_str(), "rapport.pdf");

    // A bad date: the file is offered again, and needs not be sent a second time.
    let tous = [("envoi", "c"), ("forme", "document"), ("date_reelle", "2027-01-01"), ("version", "2.1")];
    let refuse = claire.post_fichiers(&slot, &tous, &[("fichier", "suite.pdf", PDF)]).await;
    let corps = refuse.corps();
    assert_eq!(refuse.statut, 422);
    assert!(corps.contains("à venir") && corps.contains("suite.pdf"), "{corps}");
    let garde = refuse.champ("garde");
    assert!(!garde.is_empty());
    let tous = champs(&[("envoi", "c"), ("forme", "document"), ("garde", &garde)]);
    // Somebody else can't claim it.
    let hugo = site.comme("hugo.bernard").await;
    assert_eq!(hugo.post_fichiers(&slot, &tous, &[]).await.statut, 422);
    assert_eq!(claire.post_fichiers(&slot, &tous, &[]).await.statut, 303);
    assert_eq!(nombre(&site, id, "PMT.01.01.01").await, 2);

    // Texts, links, what does not apply, and forged fields.
    let texte = url(id, "PMT.04.01.01");
    let trop = "a".repeat(20_001);
    for (slot, champ, attendu) in [
        (&texte, vec![("forme", "texte"), ("texte", "")], "obligatoire"),
        (&texte, vec![("forme", "texte"), ("texte", trop.as_str())], "trop long"),
        (&texte, vec![("forme", "video")], "Choisissez une forme"),
        (&texte, vec![("forme", "non_applicable"), ("justification", "")], "obligatoire"),
        (&url(id, "PMT.09.01.01"), vec![("forme", "lien"), ("lien", "http://exemple.fr")], "https"),
        (&url(id, "PMT.09.01.01"), vec![("forme", "lien"), ("lien", "javascript:alert(1)")], "https"),
        (&slot, vec![("forme", "document"), ("televersement", "inconnu")], "n’existe plus"),
        (&slot, vec![("forme", "document")], "Choisissez un fichier"),
        (&slot, vec![("forme", "document"), ("garde", "x"), ("remplace", "pas-un-id")], "n’existe plus"),
    ] {
        let mut tous = champs(&[("envoi", "d")]);
        tous.extend(champ);
        let refuse = claire.post_fichiers(slot, &tous, &[]).await;
        assert_eq!(refuse.statut, 422, "{attendu}");
        assert!(refuse.corps().contains(attendu), "{attendu}: {}", refuse.corps());
    }
    for (chemin, attendu) in [
        (url(id, "TI.99.01.01"), 404),
        (url(id, "CGU.01.01.01"), 404),
        (format!("/candidatures/{id}/chapitres/XXX"), 404),
        (format!("/candidatures/{id}/chapitres/PMT"), 200),
    ] {
        assert_eq!(claire.get(&chemin).await.statut, attendu, "{chemin}");
    }
    // Without the token of the session nothing is read.
    let nu = reqwest::multipart::Form::new().text("csrf", "faux").text("forme", "texte");
    let refuse = claire.envoyer(claire.requete(reqwest::Method::POST, &texte).multipart(nu)).await;
    assert_eq!(refuse.statut, 403);
}

#[tokio::test]
async fn l_antivirus_refuse_et_son_silence_ne_perd_rien() {
    const EICAR: &[u8] = br"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
    if let Some(clamd) = test_support::clamd() {
        let site = Site::ouvrir_avec(base::sqlite(), |config| {
            config.antivirus = Some(match clamd {
                Clamd::Unix(socket) => Antivirus::Socket { socket },
                Clamd::Tcp(tcp) => Antivirus::Tcp { tcp },
            });
        })
        .await;
        let id = dossier::depot_ouvert(&site).await;
        let claire = site.comme("claire.martin").await;
        let slot = url(id, "PMT.01.01.01");
        let tous = champs(&[("envoi", "a"), ("forme", "document")]);
        let refuse = claire.post_fichiers(&slot, &tous, &[("fichier", "note.txt", EICAR)]).await;
        assert_eq!(refuse.statut, 422);
        assert!(refuse.corps().to_lowercase().contains("eicar"), "{}", refuse.corps());
        let sain = claire.post_fichiers(&slot, &tous, &[("fichier", "note.txt", b"rien\n")]).await;
        assert_eq!(sain.statut, 303, "{}", sain.corps());
        let lue = lire(&site, id).await;
        let preuve = &lue.chapitre("PMT").unwrap().emplacement("PMT.01.01.01").unwrap().preuves[0];
        assert!(matches!(preuve.contenu.fichier().unwrap().analyse, Analyse::Sain { .. }));
    }

    // Nobody listens there: the file is kept and the form can be sent again.
    let site = Site::ouvrir_avec(base::sqlite(), |config| {
        config.antivirus = Some(Antivirus::Socket { socket: "/nonexistent/clamd.sock".into() });
    })
    .await;
    let id = dossier::depot_ouvert(&site).await;
    let claire = site.comme("claire.martin").await;
    let slot = url(id, "PMT.01.01.01");
    let tous = champs(&[("envoi", "a"), ("forme", "document")]);
    let muet = claire.post_fichiers(&slot, &tous, &[("fichier", "a.pdf", PDF)]).await;
    assert_eq!(muet.statut, 503);
    assert!(muet.corps().contains("L’antivirus ne répond pas"));
    let garde = muet.champ("garde");
    let tous = champs(&[("envoi", "a"), ("forme", "document"), ("garde", &garde)]);
    let encore = claire.post_fichiers(&slot, &tous, &[]).await;
    assert_eq!((encore.statut, encore.champ("garde")), (503, garde));
    assert_eq!(nombre(&site, id, "PMT.01.01.01").await, 0);
}

#[tokio::test]
async fn la_fiche_du_test_d_intrusion_se_verifie_puis_se_depose() {
    let site = Site::ouvrir(base::sqlite()).await;
    let id = dossier::depot_ouvert(&site).await;
    let claire = site.comme("claire.martin").await;
    let page = format!("{}/test-intrusion", url(id, "TI.01.01.01"));
    assert_eq!(claire.get(&page).await.champ("version"), "2.1");
    let fiche = |ko_haute: &'static str, acte: &'static str| {
        vec![
            ("envoi", "fiche"),
            ("acte", acte),
            ("application", "Proxy Logimed"),
            ("version", "2.0"),
            ("description", "Un proxy"),
            ("type_application", "web"),
            ("organisme", "Auditeurs réunis"),
            ("qualification_passi", "PASSI-1"),
            ("qualification_jusquau", "2027-01-01"),
            ("auditeur", "Ada"),
            ("date_test", "2026-10-01"),
            ("date_signature", "2026-10-05"),
            ("ko_haute", ko_haute),
            ("ko_moyenne", "0"),
            ("non_applicables", "0"),
            ("resultat", "peut_etre_referencee"),
        ]
    };
    let refuse = claire.post(&page, &fiche("beaucoup", "deposer")).await;
    assert_eq!(refuse.statut, 422);
    assert!(refuse.corps().contains("nombre entier") && refuse.corps().contains("Auditeurs réunis"));
    let verifie = claire.post(&page, &fiche("1", "verifier")).await;
    assert_eq!((verifie.statut, nombre(&site, id, "TI.01.01.01").await), (200, 0));
    assert!(
        verifie.corps().contains("gravité haute")
            && verifie.corps().contains("n’est pas celle de la candidature")
    );
    for _ in 0..2 {
        assert_eq!(claire.post(&page, &fiche("1", "deposer")).await.statut, 303);
    }
    let lue = lire(&site, id).await;
    let emplacement = lue.chapitre("TI").unwrap().emplacement("TI.01.01.01").unwrap();
    assert_eq!(emplacement.preuves.len(), 1);
    assert!(matches!(emplacement.preuves[0].contenu, Contenu::TestIntrusion(_)));
    assert_eq!(emplacement.preuves[0].avis.len(), 3);
}

#[tokio::test]
async fn un_chapitre_se_soumet_complet_et_une_seule_fois() {
    let site = Site::ouvrir(base::sqlite()).await;
    let id = dossier::depot_ouvert(&site).await;
    let claire = site.comme("claire.martin").await;
    let chapitre = format!("/candidatures/{id}/chapitres/PAS");
    let refuse = claire.post(&format!("{chapitre}/soumettre"), &[]).await;
    assert_eq!(refuse.statut, 422);
    assert!(refuse.corps().contains("PAS.01.01.01"));
    let tous = champs(&[("envoi", "a"), ("forme", "document")]);
    let slot = url(id, "PAS.01.01.01");
    assert_eq!(claire.post_fichiers(&slot, &tous, &[("fichier", "pas.pdf", PDF)]).await.statut, 303);
    let soumettre = format!("{chapitre}/soumettre");
    let (une, deux) = tokio::join!(claire.post(&soumettre, &[]), claire.post(&soumettre, &[]));
    assert!([une.statut, deux.statut].contains(&303));
    assert_eq!(lire(&site, id).await.chapitre("PAS").unwrap().soumissions, 1);
    // What is submitted no longer changes.
    let tous = champs(&[("envoi", "b"), ("forme", "document")]);
    let ferme = claire.post_fichiers(&slot, &tous, &[("fichier", "pas.pdf", PDF)]).await;
    assert_eq!(ferme.statut, 422);
    assert!(ferme.corps().contains("ses preuves ne changent pas"));
    assert_eq!(site.comme("verif.durand").await.get(&chapitre).await.statut, 200);
}
