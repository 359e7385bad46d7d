//! The habilitation on which an opérateur relies: from the register, or from its signed PDF.

use domaine::referentiel::Guichet;

use super::{envoyer, lire};
use crate::appui::{Reponse, Site, decision, dossier};

const CLE: &str = "habilitation_elp";

/// A signed habilitation ELP of Logimed, its PDF, and a candidature OpSP of Hexasoins on the same software.
async fn preparer(site: &Site) -> (domaine::habilitation::Habilitation, Vec<u8>, String) {
    let projet = decision::projet(site).await;
    let chemin = format!("/habilitations/{}", projet.numero());
    assert_eq!(site.comme("signataire.faure").await.post(&format!("{chemin}/signer"), &[]).await.statut, 303);
    let pdf = site.comme("claire.martin").await.get(&format!("{chemin}/pdf")).await;
    assert_eq!(pdf.statut, 200);
    let produit = dossier::produit(site, "nadia.benali", "Proxy Logimed").await;
    let id = dossier::candidature(site, "nadia.benali", produit, Guichet::Operateur).await;
    (projet.valeur, pdf.octets, format!("/candidatures/{id}"))
}

async fn lier(site: &Site, base: &str, nru: &str, pdf: &[u8]) -> Reponse {
    let nadia = site.comme("nadia.benali").await;
    let page = nadia.get(&format!("{base}/formulaire")).await;
    let champs = envoyer(&page, &[("profils", "OpSP"), (&format!("nru.{CLE}"), nru)]);
    let champs: Vec<(&str, &str)> =
        champs.iter().map(|(cle, valeur)| (cle.as_str(), valeur.as_str())).collect();
    let nom = format!("pdf.{CLE}");
    let fichiers: &[(&str, &str, &[u8])] = &[(&nom, "habilitation.pdf", pdf)];
    let fichiers = if pdf.is_empty() { &[] } else { fichiers };
    nadia.post_fichiers(&format!("{base}/habilitations/{CLE}"), &champs, fichiers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn par_le_nru_ou_par_le_pdf_mais_en_vigueur() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let (habilitation, pdf, chemin) = preparer(&site).await;
        let id = chemin.rsplit('/').next().expect("an id").parse().expect("an id");
        let nru = habilitation.contenu.nru.to_string();
        let mut altere = pdf.clone();
        let milieu = altere.len() / 2;
        altere[milieu] ^= 1;
        let refus: [(&str, &[u8], &str); 4] = [
            ("", b"", "Donnez le NRU"),
            ("ABC", b"", "NRU"),
            ("KXNFPNCHFV", b"", "ne connaît aucune habilitation"),
            ("", &altere, "habilitation_elp"),
        ];
        for (nru, pdf, attendu) in refus {
            let reponse = lier(&site, &chemin, nru, pdf).await;
            assert_eq!(reponse.statut, 422, "{nru} : {}", reponse.corps());
            assert!(reponse.corps().contains(attendu), "{attendu} : {}", reponse.corps());
            let lue = lire(&site, id).await;
            assert!(lue.formulaire.habilitations.is_empty());
            assert_eq!(lue.formulaire.valeur("profils"), "OpSP", "the draft is saved all the same");
        }
        for (nru, pdf) in [(nru.as_str(), b"".as_slice()), ("", pdf.as_slice())] {
            let reponse = lier(&site, &chemin, nru, pdf).await;
            assert_eq!(reponse.statut, 303, "{}", reponse.corps());
            let liee = lire(&site, id).await.formulaire.habilitations[CLE].clone();
            assert_eq!(liee.numero, habilitation.numero());
            assert_eq!(liee.fichier.is_some(), !pdf.is_empty());
            let nadia = site.comme("nadia.benali").await;
            let retrait = nadia.post(&format!("{chemin}/habilitations/{CLE}/retirer"), &[]).await;
            assert_eq!(retrait.statut, 303, "{}", retrait.corps());
        }
        // Suspended since: neither the register nor the PDF will do.
        let admin = site.comme("admin.chevalier").await;
        let suspendre = format!("/habilitations/{}/suspendre", habilitation.numero());
        assert_eq!(admin.post(&suspendre, &[("motif_suspendre", "Audit en écart")]).await.statut, 303);
        for (nru, pdf) in [(nru.as_str(), b"".as_slice()), ("", pdf.as_slice())] {
            let reponse = lier(&site, &chemin, nru, pdf).await;
            assert_eq!(reponse.statut, 422);
            assert!(reponse.corps().contains("suspendue"), "{}", reponse.corps());
        }
    }
}
