//! The signature: who, with what proof, once; and what is worth the file that comes out of it.

use domaine::{habilitation::EtatHabilitation, identifiant::Nru};
use guichet::documents::{Piece, verification};
use jiff::SignedDuration;

use crate::appui::{Site, decision};

#[tokio::test(flavor = "multi_thread")]
async fn une_habilitation_se_signe_une_fois_et_se_verifie_hors_ligne() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let projet = decision::projet(&site).await;
        let numero = projet.numero().to_owned();
        assert_eq!(numero, "HAB-ELP-2026-00001");
        let signataire = site.comme("signataire.faure").await;
        let page = signataire.get("/signature").await;
        assert!(page.corps().contains(&numero), "{}", page.corps());
        assert_eq!(site.anonyme().get(&format!("/registre/{numero}")).await.statut, 404);

        let reponse = signataire.post(&format!("/habilitations/{numero}/signer"), &[]).await;
        assert_eq!((reponse.statut, reponse.vers()), (303, "/signature"), "{}", reponse.corps());
        let encore = signataire.post(&format!("/habilitations/{numero}/signer"), &[]).await;
        assert_eq!(encore.statut, 422);

        let pdf = site.comme("claire.martin").await.get(&format!("/habilitations/{numero}/pdf")).await;
        assert_eq!(pdf.statut, 200);
        let racines = igc::lire::certificats_pem(site.autorite.as_bytes()).expect("a certificate");
        let lue = verification::verifier(&pdf.octets, &racines, site.app.maintenant());
        assert!(lue.accepte, "{:?}", lue.constats);
        let Some(Piece::Habilitation(piece)) = &lue.piece else { panic!("{:?}", lue.piece) };
        assert_eq!(piece.contenu, projet.contenu);
        assert_eq!(piece.registre, format!("{}/registre/{numero}", site.url));

        let public = site.anonyme().get(&format!("/registre/{numero}")).await.corps();
        assert!(public.contains("en vigueur aujourd’hui"), "{public}");
        assert!(!public.contains("Bernard"), "the register names no person");
        site.travailler().await;
        let objets: Vec<String> = decision::courriels(&site);
        assert!(objets.iter().any(|courriel| courriel.contains(projet.contenu.nru.as_str())), "{objets:?}");
        assert!(projet.contenu.nru.as_str().parse::<Nru>().is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signer_demande_une_preuve_recente_et_un_autre_que_l_instructeur() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let projet = decision::projet(&site).await;
    let chemin = format!("/habilitations/{}/signer", projet.numero());
    let signataire = site.comme("signataire.faure").await;
    site.horloge.avancer(SignedDuration::from_mins(6));
    let reponse = signataire.post(&chemin, &[]).await;
    assert_eq!(reponse.statut, 303);
    assert!(reponse.vers().starts_with("/connexion?preuve=true&retour=%2Fsignature"), "{}", reponse.vers());
    assert_eq!(site.comme("verif.durand").await.post(&chemin, &[]).await.statut, 403);
    // An instructor who is also a signatory.
    let mut double = site.personne("verif.durand").await;
    double.roles_agence.push(domaine::permission::Qualite::Signataire);
    let mut tx = site.app.registre.ecrire().await.expect("a transaction");
    tx.save_personne(&double).await.expect("saved");
    tx.commit().await.expect("committed");
    let verif = site.comme("verif.durand").await;
    let refus = verif.post(&chemin, &[]).await;
    assert_eq!(refus.statut, 422);
    assert!(refus.corps().contains("ne le signe pas"), "{}", refus.corps());
    assert!(verif.get("/signature").await.corps().contains("Un autre signataire doit le faire"));
}

/// A crash between the letter and the transaction leaves a project, which is signed as if nothing had happened; a
/// second signature that began from the same project is refused.
#[tokio::test(flavor = "multi_thread")]
async fn jamais_a_moitie() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let projet = decision::projet(&site).await;
        let par = site.acteur("signataire.faure").await;
        let candidature = {
            let mut tx = site.app.registre.lire().await.expect("a transaction");
            tx.load_candidature(projet.candidature).await.expect("read").expect("there")
        };
        site.app.magasin.garder(b"a letter that no habilitation names".to_vec()).await.expect("kept");
        let (une, autre) = tokio::join!(
            guichet::habilitations::signer(&site.app, &projet, &candidature, &par),
            guichet::habilitations::signer(&site.app, &projet, &candidature, &par),
        );
        assert_eq!(usize::from(une.is_ok()) + usize::from(autre.is_ok()), 1, "{une:?} {autre:?}");
        let mut tx = site.app.registre.lire().await.expect("a transaction");
        let active = tx.load_habilitation(projet.numero()).await.expect("read").expect("there");
        let EtatHabilitation::Active { document, .. } = &active.etat else { panic!("{:?}", active.etat) };
        assert!(site.app.magasin.existe(document).await.expect("looked up"));
    }
}
