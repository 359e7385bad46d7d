//! The live pages: what changes comes piece by piece, so that nothing of what is there is replaced under somebody's hands.

use reqwest::Method;

use super::code::Navigateur;
use super::{Banc, MEDECIN};

/// What the page would ask every two seconds.
fn veille(html: &str) -> String {
    let adresse = html.split_once("id=\"veille\" hx-get=\"").unwrap().1.split('"').next().unwrap();
    adresse.replace("&#38;", "&").replace("&amp;", "&")
}

async fn regarder(banc: &Banc, navigateur: &Navigateur<'_>, adresse: &str) -> (u16, bool, String) {
    let reponse = navigateur.http.get(format!("{}{adresse}", banc.pages)).send().await.unwrap();
    let (statut, entier) = (reponse.status().as_u16(), reponse.headers().contains_key("hx-refresh"));
    (statut, entier, reponse.text().await.unwrap().replace(['\u{a0}', '\u{202f}'], " "))
}

#[tokio::test]
async fn a_second_request_comes_after_the_first_and_leaves_it_alone() {
    let banc = Banc::ouvrir();
    let (lps, autre) = (banc.avec_certificat("lps"), banc.avec_certificat("autre"));
    let telephone = Navigateur::nouveau(&banc);
    let url = format!("{}/ecps?identite={MEDECIN}", banc.pages);
    let page = telephone.page(&url).await.html;
    assert!(page.contains("id=\"aucune\"") && page.contains(">Actualiser</a>"));
    let vide = veille(&page);
    assert_eq!(regarder(&banc, &telephone, &vide).await, (204, false, String::new()));

    lps.demander(MEDECIN, "MOBILE").await.unwrap();
    let (statut, entier, morceaux) = regarder(&banc, &telephone, &vide).await;
    assert_eq!((statut, entier), (200, false));
    for texte in [
        "<div id=\"aucune\" hx-swap-oob=\"delete\">",
        "hx-swap-oob=\"beforeend:#demandes\"",
        "Nouvelle demande de Logiciel lps, nombre affiché 42.",
        "name=\"csrf\"",
    ] {
        assert!(morceaux.contains(texte), "{texte}: {morceaux}");
    }
    let une = veille(&morceaux);
    assert_eq!(regarder(&banc, &telephone, &une).await.0, 204, "the page asks from there on");

    autre.demander(MEDECIN, "MOBILE").await.unwrap();
    let (_, entier, morceaux) = regarder(&banc, &telephone, &une).await;
    assert!(!entier && morceaux.contains("Logiciel autre") && !morceaux.contains("Logiciel lps"));
    assert_eq!(morceaux.matches("<form").count(), 1, "the card in which somebody types is not sent again");
    let deux = veille(&morceaux);
    banc.avancer(120);
    let (_, entier, morceaux) = regarder(&banc, &telephone, &deux).await;
    assert!(!entier);
    assert_eq!(morceaux.matches("hx-swap-oob=\"delete\"").count(), 2);
    assert!(morceaux.contains("2 demandes n’attendent plus") && morceaux.contains("id=\"aucune\""));
}

#[tokio::test]
async fn the_list_says_who_is_waited_for_and_another_means_is_another_page() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    let telephone = Navigateur::nouveau(&banc);
    let liste = veille(&telephone.page(&format!("{}/cps-gestion", banc.pages)).await.html);
    lps.demander(MEDECIN, "MOBILE").await.unwrap();
    assert_eq!(regarder(&banc, &telephone, &liste).await.0, 204, "the other means");
    lps.demander(MEDECIN, "CARD").await.unwrap();
    let (_, entier, morceaux) = regarder(&banc, &telephone, &liste).await;
    assert!(!entier && morceaux.contains("Une demande attend une réponse."));
    assert!(morceaux.contains("1 à traiter") && morceaux.contains(&format!("id=\"pro-{MEDECIN}\"")));

    let url = format!("{}/cps-gestion?identite={MEDECIN}", banc.pages);
    let page = telephone.page(&url).await;
    let champs = [("identite", MEDECIN), ("canal", "CARD"), ("etat", "absent")];
    telephone.poster("/ecps/moyen", &page.csrf, &champs).await;
    assert!(regarder(&banc, &telephone, &veille(&page.html)).await.1, "the card was taken out");
    let sans_carte = veille(&telephone.page(&url).await.html);
    banc.administrer(Method::DELETE, &format!("/identites/{MEDECIN}"), None).await;
    assert!(regarder(&banc, &telephone, &sans_carte).await.1, "nobody is left");
}
