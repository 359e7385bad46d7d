//! The autorisation d’accès: issued once, its document made once whoever asks first, prolonged, revoked, reminded.

use domaine::{candidature::Candidature, id::Id};
use guichet::documents::{Piece, verification};
use jiff::SignedDuration;

use crate::appui::{Site, decision, dossier};

async fn prete(site: &Site) -> Id<Candidature> {
    let id = dossier::depot_ouvert(site).await;
    dossier::soumettre_chapitre(site, id, "PMT").await;
    dossier::valider_chapitre(site, id, "PMT").await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn le_document_est_le_meme_pour_qui_le_demande_avant_et_apres_la_tache() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let id = prete(&site).await;
        let emise = decision::autorisation(&site, id).await;
        assert_eq!(emise.numero, "AUT-2026-00001");
        // Validating the chapter again issues nothing more.
        assert_eq!(decision::autorisation(&site, id).await, emise);
        let chemin = format!("/candidatures/{id}/autorisation");
        let claire = site.comme("claire.martin").await;
        let cnda = site.comme("cnda.simon").await;
        let (avant, meme) = tokio::join!(claire.get(&chemin), cnda.get(&chemin));
        assert_eq!(avant.statut, 200, "{}", avant.corps());
        site.travailler().await;
        let apres = claire.get(&chemin).await;
        assert!(apres.octets == avant.octets || apres.octets == meme.octets);
        let racines = igc::lire::certificats_pem(site.autorite.as_bytes()).expect("a certificate");
        let lue = verification::verifier(&apres.octets, &racines, site.app.maintenant());
        assert!(lue.accepte, "{:?}", lue.constats);
        let Some(Piece::Autorisation(piece)) = lue.piece else { panic!("an autorisation") };
        assert_eq!(
            (piece.fin.to_string().as_str(), piece.client_id.as_str()),
            ("2027-02-21", "logimed-proxy-bas")
        );
        assert!(
            decision::objets(&site).iter().any(|objet| objet.starts_with("Autorisation d’accès accordée"))
        );

        for (login, filtre, present) in [
            ("cnda.simon", "", true),
            ("verif.durand", "?q=proxy", true),
            ("cnda.simon", "?etat=expiree", false),
            ("cnda.simon", "?q=introuvable", false),
        ] {
            let liste = site.comme(login).await.get(&format!("/autorisations{filtre}")).await;
            assert_eq!(liste.corps().contains("AUT-2026-00001"), present, "{login} {filtre}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn elle_se_prolonge_se_revoque_et_se_rappelle() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let id = prete(&site).await;
        decision::autorisation(&site, id).await;
        let racine = format!("/candidatures/{id}/autorisation");
        for (jours, fins) in [(61, 0), (62, 1), (70, 1), (77, 2), (85, 3), (91, 4), (92, 4)] {
            avancer_au(&site, jours);
            guichet::taches::planifier(&site.app).await.expect("planned");
            site.travailler().await;
            let envoyes = compter(&site, "Fin prochaine de l’autorisation");
            assert_eq!(envoyes, fins * 3, "jour {jours}");
        }
        avancer_au(&site, 93);
        guichet::taches::planifier(&site.app).await.expect("planned");
        site.travailler().await;
        assert_eq!(compter(&site, "Autorisation d’accès expirée"), 3);

        let (verif, admin) = (site.comme("verif.lopez").await, site.comme("admin.chevalier").await);
        let sans = verif.post(&format!("{racine}/prolonger"), &[("motif_prolonger", "")]).await;
        assert_eq!(sans.statut, 422, "{}", sans.corps());
        let vue = verif.get(&format!("{racine}/fiche")).await.champ("vue");
        let champs = [("motif_prolonger", "Tests en cours"), ("vue", vue.as_str())];
        let prolongee = verif.post(&format!("{racine}/prolonger"), &champs).await;
        assert_eq!(prolongee.statut, 303, "{}", prolongee.corps());
        // The same page sent twice: the second acts on a period that is no longer the one that was seen.
        let encore = verif.post(&format!("{racine}/prolonger"), &champs).await;
        assert_eq!(encore.statut, 409, "{}", encore.corps());
        assert!(encore.corps().contains("Tests en cours"));
        let fiche = site.comme("claire.martin").await.get(&format!("{racine}/fiche")).await.corps();
        assert!(fiche.contains("AUT-2026-00001-2") && fiche.contains("22 mai 2027"), "{fiche}");

        assert_eq!(verif.post(&format!("{racine}/revoquer"), &[("motif_revoquer", "x")]).await.statut, 403);
        let revoquee = admin.post(&format!("{racine}/revoquer"), &[("motif_revoquer", "Abus")]).await;
        assert_eq!(revoquee.statut, 303, "{}", revoquee.corps());
        site.travailler().await;
        // The three of the structure and the CNDA.
        assert_eq!(compter(&site, "Autorisation d’accès révoquée"), 4);
        let trop_tard = verif.post(&format!("{racine}/prolonger"), &[("motif_prolonger", "x")]).await;
        assert_eq!(trop_tard.statut, 422);
        assert!(trop_tard.corps().contains("révoquée"));
    }
}

fn compter(site: &Site, debut: &str) -> usize {
    decision::objets(site).iter().filter(|objet| objet.starts_with(debut)).count()
}

fn avancer_au(site: &Site, jour: i64) {
    let voulu = crate::appui::debut().as_second() + jour * 86_400;
    site.horloge.avancer(SignedDuration::from_secs(voulu - site.app.maintenant().as_second()));
}
