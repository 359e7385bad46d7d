//! « Fautes et réglages »: set, seen, taken off, and the way back; what is typed wrong is told at its field.

use reqwest::Method;
use serde_json::json;

use super::code::Navigateur;
use super::{Banc, MEDECIN};

/// With the spaces that a keyboard has.
fn plat(html: &str) -> String {
    html.replace(['\u{a0}', '\u{202f}'], " ")
}

#[tokio::test]
async fn faults_are_set_and_taken_off_from_the_page() {
    let banc = Banc::ouvrir();
    let navigateur = Navigateur::nouveau(&banc);
    let url = format!("{}/scenarios", banc.pages);
    let page = navigateur.page(&url).await;
    assert!(plat(&page.html).contains("Aucun : le bac à sable répond juste"));
    let poster = async |chemin: &str, champs: &[(&str, &str)]| {
        let reponse = navigateur.poster(chemin, &page.csrf, champs).await;
        (reponse.status().as_u16(), reponse.text().await.unwrap())
    };
    let bons = [("nom", "http-503"), ("cible", "as"), ("point", "jeton"), ("client", " lps "), ("fois", "2")];
    assert_eq!(poster("/scenarios/ajouter", &bons).await.0, 303);
    assert_eq!(poster("/scenarios/ajouter", &[("nom", "tls-muet"), ("cible", "psc")]).await.0, 303);
    let actifs = banc.administrer(Method::GET, "/scenarios", None).await;
    let premier = json!({"nom": "http-503", "cible": "as", "client": "lps", "point": "jeton", "fois": 2});
    assert_eq!(actifs, json!([premier, {"nom": "tls-muet"}]));
    let html = navigateur.page(&url).await.html;
    for texte in ["Serveurs d’autorisation, jeton", "Encore 2 fois", "Jusqu’à nouvel ordre"] {
        assert!(plat(&html).contains(texte), "{texte}");
    }
    let accueil = plat(&navigateur.page(&banc.pages).await.html);
    assert!(accueil.contains("2 scénarios de faute actifs (http-503, tls-muet)"));

    for (champs, texte) in [
        (&[("nom", ""), ("cible", "psc")][..], "catalogue"),
        (&[("nom", "tls-muet"), ("client", "lps")], "Un scénario « tls-… » frappe avant"),
        (&[("nom", "http-500"), ("fois", "souvent")], "Un nombre entier de fois est attendu."),
        (&[("nom", "http-lent"), ("secondes", "601")], "600 au plus."),
    ] {
        let (statut, html) = poster("/scenarios/ajouter", champs).await;
        let html = plat(&html);
        assert_eq!((statut, html.contains(texte)), (422, true), "{texte}");
        assert!(html.contains(&format!("value=\"{}\"", champs[1].1)), "nothing typed is lost");
    }
    assert_eq!(navigateur.poster("/scenarios/retirer", "faux", &[]).await.status().as_u16(), 403);
    assert_eq!(poster("/scenarios/retirer", &[("rang", "1"), ("nom", "tls-muet")]).await.0, 303);
    assert_eq!(banc.administrer(Method::GET, "/scenarios", None).await, json!([premier]));
    assert_eq!(poster("/scenarios/retirer", &[]).await.0, 303);
    assert_eq!(banc.administrer(Method::GET, "/scenarios", None).await, json!([]));
}

#[tokio::test]
async fn settings_are_changed_and_everything_is_put_back_from_the_page() {
    let banc = Banc::ouvrir();
    let quirk = json!({"acr_carte": "eidas3"});
    banc.administrer(Method::PUT, "/reglages", Some(quirk)).await;
    let navigateur = Navigateur::nouveau(&banc);
    let page = navigateur.page(&format!("{}/scenarios", banc.pages)).await;
    assert!(page.html.contains("value=\"14400\""));
    let durees = |acces: &'static str| {
        let mut champs = vec![("prereglage", "strict-fapi2"), ("acces", acces)];
        champs.extend(
            ["rafraichissement", "session", "inactivite", "ciba", "intervalle", "acceleration"]
                .map(|nom| (nom, "60")),
        );
        champs
    };
    let refus = navigateur.poster("/scenarios/reglages", &page.csrf, &durees("0")).await;
    assert_eq!(refus.status().as_u16(), 422);
    assert!(refus.text().await.unwrap().contains("id=\"c-acces-erreur\""));
    let pris = navigateur.poster("/scenarios/reglages", &page.csrf, &durees("90")).await;
    assert_eq!(pris.status().as_u16(), 303);
    let reglages = banc.administrer(Method::GET, "/reglages", None).await;
    assert_eq!(
        (&reglages["prereglage"], &reglages["durees"]["acces"], &reglages["acr_carte"]),
        (&json!("strict-fapi2"), &json!(90), &json!("eidas3")),
        "what the form doesn't show stays"
    );
    banc.fixer(json!([{"nom": "http-500", "client": "personne"}])).await;
    banc.reponse_de(MEDECIN, json!({"mode": "jamais"})).await;
    let fait = navigateur.poster("/scenarios/reinitialiser", &page.csrf, &[]).await;
    assert_eq!(fait.status().as_u16(), 303);
    assert_eq!(banc.administrer(Method::GET, "/scenarios", None).await, json!([]));
    assert_eq!(banc.administrer(Method::GET, "/reglages", None).await["prereglage"], "psc-bas");
    let identite = banc.administrer(Method::GET, &format!("/identites/{MEDECIN}"), None).await;
    assert_eq!(identite["reponse"]["mode"], "manuelle");
}
