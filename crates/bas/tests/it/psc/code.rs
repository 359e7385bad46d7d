//! The authorization code: the page of the portal, the simulated e-CPS and card, the code and what it gives.

use oidc::jetons::ReponseJetons;
use oidc::{Attentes, pkce};
use reqwest::header;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use url::Url;

use super::{AGENT, Banc, Issue, MEDECIN, RETOUR};
use crate::banc::{change, lieu, parametre};

pub(super) const VERIFICATEUR: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A browser that keeps its cookies and follows nothing by itself.
pub(super) struct Navigateur<'a> {
    banc: &'a Banc,
    pub(super) http: reqwest::Client,
}

pub(super) struct Page {
    pub(super) html: String,
    pub(super) csrf: String,
}

impl<'a> Navigateur<'a> {
    pub(super) fn nouveau(banc: &'a Banc) -> Self {
        let autorites = reqwest::Certificate::from_pem_bundle(banc.autorite.cert_pem().as_bytes()).unwrap();
        let http = reqwest::Client::builder()
            .tls_certs_only(autorites)
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { banc, http }
    }

    pub(super) async fn page(&self, url: &str) -> Page {
        let reponse = self.http.get(url).send().await.unwrap();
        assert_eq!(reponse.status(), 200, "{url}");
        let html = reponse.text().await.unwrap();
        let csrf = html
            .split_once("name=\"csrf\" value=\"")
            .map_or("", |(_, reste)| reste.split('"').next().unwrap());
        Page { csrf: csrf.to_owned(), html }
    }

    pub(super) async fn poster(
        &self,
        chemin: &str,
        csrf: &str,
        champs: &[(&str, &str)],
    ) -> reqwest::Response {
        let mut formulaire = vec![("csrf", csrf)];
        formulaire.extend_from_slice(champs);
        self.http.post(format!("{}{chemin}", self.banc.pages)).form(&formulaire).send().await.unwrap()
    }

    /// Chooses on the page of the portal.
    pub(super) async fn choisir(&self, demande: &Url, champs: &[(&str, &str)]) -> reqwest::Response {
        let page = self.page(demande.as_str()).await;
        self.poster(&format!("/auth/connexion?{}", demande.query().unwrap()), &page.csrf, champs).await
    }

    /// Answers on the simulated means of that person; gives the page's status.
    async fn approuver(&self, chemin: &str, national_id: &str, code: &str) -> u16 {
        let url =
            Url::parse_with_params(&format!("{}{chemin}", self.banc.pages), [("identite", national_id)])
                .unwrap();
        let page = self.page(url.as_str()).await;
        let id =
            page.html.split_once("name=\"id\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        let canal = if chemin == "/ecps" { "MOBILE" } else { "CARD" };
        let champs =
            [("identite", national_id), ("canal", canal), ("id", &id), ("code", code), ("acte", "approuver")];
        self.poster("/ecps/repondre", &page.csrf, &champs).await.status().as_u16()
    }
}

/// Where the waiting page is.
fn attente(banc: &Banc, reponse: &reqwest::Response) -> Url {
    assert_eq!(reponse.status(), 303);
    Url::parse(&banc.pages).unwrap().join(reponse.headers()[header::LOCATION].to_str().unwrap()).unwrap()
}

pub(super) fn demande(banc: &Banc) -> Url {
    let parametres = [
        ("response_type", "code"),
        ("client_id", "lps"),
        ("redirect_uri", RETOUR),
        ("scope", oidc::psc::SCOPE),
        ("acr_values", oidc::psc::ACR),
        ("state", "état"),
        ("nonce", "nonce-1"),
        ("code_challenge", &pkce::defi(VERIFICATEUR)),
        ("code_challenge_method", "S256"),
    ];
    Url::parse_with_params(&format!("{}/auth", banc.pages), parametres).unwrap()
}

pub(super) async fn echanger(banc: &Banc, retour: &Url, verificateur: Option<&str>) -> Issue<ReponseJetons> {
    let code = parametre(retour, "code").unwrap();
    let mut champs =
        vec![("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", RETOUR)];
    champs.extend(verificateur.map(|verificateur| ("code_verifier", verificateur)));
    banc.avec_certificat("lps").poster("token", &champs).await
}

/// A browser follows `form-action` through redirects: a proxy at the service's address sends on to a software elsewhere.
#[tokio::test]
async fn the_form_may_end_at_a_software_behind_a_proxy() {
    let banc = Banc::ouvrir();
    let reponse = Navigateur::nouveau(&banc).http.get(demande(&banc)).send().await.unwrap();
    let politique = reponse.headers()["content-security-policy"].to_str().unwrap();
    assert!(politique.contains("form-action 'self' https:;"), "{politique}");
}

#[tokio::test]
async fn a_professional_signs_in_with_the_ecps_or_the_card() {
    let banc = Banc::ouvrir();
    for (canal, chemin, national_id) in [("MOBILE", "/ecps", MEDECIN), ("CARD", "/cps-gestion", AGENT)] {
        let navigateur = Navigateur::nouveau(&banc);
        let choix =
            navigateur.choisir(&demande(&banc), &[("identifiant", national_id), ("moyen", canal)]).await;
        let attente = attente(&banc, &choix);
        let page = navigateur.page(attente.as_str()).await;
        let toutes = banc.administrer(reqwest::Method::GET, "/approbations", None).await;
        assert_eq!((&toutes[0]["flux"], &toutes[0]["canal"]), (&json!("code"), &json!(canal)));
        let nombre = toutes[0]["binding_message"].as_str().unwrap();
        assert!(nombre.len() == 2 && page.html.contains(&format!("<strong class=\"nru\">{nombre}</strong>")));

        let telephone = Navigateur::nouveau(&banc);
        assert_eq!(telephone.approuver(chemin, national_id, "1234").await, 303);
        // Another browser that guessed the address gets nothing of it.
        let voleur = lieu(&Navigateur::nouveau(&banc).http.get(attente.as_str()).send().await.unwrap());
        assert_eq!(parametre(&voleur, "error").as_deref(), Some("access_denied"));

        let retour = lieu(&navigateur.http.get(attente.as_str()).send().await.unwrap());
        assert!(retour.as_str().starts_with(RETOUR));
        assert_eq!(parametre(&retour, "state").as_deref(), Some("état"));
        assert_eq!(parametre(&retour, "iss").as_deref(), Some(banc.issuer.as_str()));
        let jetons = echanger(&banc, &retour, Some(VERIFICATEUR)).await.unwrap();
        assert_eq!(jetons.session_state, parametre(&retour, "session_state"));
        let attentes = Attentes {
            issuer: &banc.issuer,
            client_id: "lps",
            nonce: Some("nonce-1"),
            jeton_acces: Some(jetons.access_token.expose_secret()),
            max_age: Some(0),
            maintenant: banc.horloge.maintenant(),
        };
        let id_token = jetons.id_token.as_ref().unwrap().expose_secret();
        let lu = oidc::id_token::verifier(id_token, &banc.cles().await, &attentes).unwrap();
        assert_eq!(
            (&lu.autres["SubjectNameID"], &lu.autres["authMode"]),
            (&json!(national_id), &json!(canal))
        );
    }
}

#[tokio::test]
async fn a_session_at_the_provider_spares_the_page_until_it_ends() {
    let banc = Banc::ouvrir();
    let navigateur = Navigateur::nouveau(&banc);
    let demande = demande(&banc);
    let muette = change(&demande, "prompt", Some("none"));
    let erreur = lieu(&navigateur.http.get(muette.as_str()).send().await.unwrap());
    assert_eq!(parametre(&erreur, "error").as_deref(), Some("login_required"));
    assert_eq!(parametre(&erreur, "iss").as_deref(), Some(banc.issuer.as_str()));
    let premier = lieu(&navigateur.choisir(&demande, &[("identite", MEDECIN)]).await);
    banc.avancer(60);
    let second = lieu(&navigateur.http.get(muette.as_str()).send().await.unwrap());
    assert_eq!(parametre(&second, "session_state"), parametre(&premier, "session_state"));
    let vieux = change(&muette, "max_age", Some("59"));
    let erreur = lieu(&navigateur.http.get(vieux.as_str()).send().await.unwrap());
    assert_eq!(parametre(&erreur, "error").as_deref(), Some("login_required"));
    navigateur.page(change(&demande, "prompt", Some("login")).as_str()).await;

    // RP-initiated logout, from the browser, ends it for the portal too.
    let jetons = echanger(&banc, &second, Some(VERIFICATEUR)).await.unwrap();
    let indice = [("id_token_hint", jetons.id_token.as_ref().unwrap().expose_secret())];
    navigateur.http.get(banc.point("logout")).query(&indice).send().await.unwrap();
    let erreur = lieu(&navigateur.http.get(muette.as_str()).send().await.unwrap());
    assert_eq!(parametre(&erreur, "error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_code_serves_once_with_its_verifier_and_what_it_gave_is_taken_back_if_it_returns() {
    let banc = Banc::ouvrir();
    let obtenir =
        async || lieu(&Navigateur::nouveau(&banc).choisir(&demande(&banc), &[("identite", MEDECIN)]).await);
    for (verificateur, detail) in [
        (None, "PKCE code verifier not specified"),
        (Some("faux-faux-faux-faux-faux-faux-faux-faux-faux"), "PKCE verification failed: Code mismatch"),
    ] {
        let (statut, code, vu) = echanger(&banc, &obtenir().await, verificateur).await.unwrap_err();
        assert_eq!((statut, code.as_str(), vu.as_str()), (400, "invalid_grant", detail));
    }
    let retour = obtenir().await;
    let autre = change(&retour, "code", Some("inconnu"));
    assert_eq!(echanger(&banc, &autre, Some(VERIFICATEUR)).await.unwrap_err().2, "Code not valid");
    let jetons = echanger(&banc, &retour, Some(VERIFICATEUR)).await.unwrap();
    let lps = banc.avec_certificat("lps");
    assert!(lps.introspecter(&jetons.access_token).await.active);
    assert_eq!(echanger(&banc, &retour, Some(VERIFICATEUR)).await.unwrap_err().2, "Code not valid");
    assert!(!lps.introspecter(&jetons.access_token).await.active);

    let retour = obtenir().await;
    banc.avancer(60);
    assert_eq!(echanger(&banc, &retour, Some(VERIFICATEUR)).await.unwrap_err().2, "Code not valid");

    // A service that sends no challenge is served too: the field allows it.
    let sans = change(&change(&demande(&banc), "code_challenge", None), "code_challenge_method", None);
    let retour = lieu(&Navigateur::nouveau(&banc).choisir(&sans, &[("identite", MEDECIN)]).await);
    echanger(&banc, &retour, None).await.unwrap();
}

#[tokio::test]
async fn requests_are_refused_on_a_page_until_the_address_of_return_is_proven() {
    let banc = Banc::ouvrir();
    let bonne = demande(&banc);
    let http = Navigateur::nouveau(&banc).http;
    for (nom, valeur) in [
        ("client_id", None),
        ("client_id", Some("inconnu")),
        ("redirect_uri", None),
        ("redirect_uri", Some("https://pirate.example/")),
    ] {
        let reponse = http.get(change(&bonne, nom, valeur)).send().await.unwrap();
        assert_eq!(reponse.status(), 400, "{nom} {valeur:?}");
        assert!(reponse.headers().get(header::LOCATION).is_none());
    }
    for (nom, valeur, erreur) in [
        ("response_type", Some("token"), "unsupported_response_type"),
        ("scope", Some("scope_all"), "invalid_scope"),
        ("scope", Some("openid inconnu"), "invalid_scope"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("request_uri", Some("https://x"), "request_uri_not_supported"),
    ] {
        let retour = lieu(&http.get(change(&bonne, nom, valeur)).send().await.unwrap());
        assert!(retour.as_str().starts_with(RETOUR));
        assert_eq!(parametre(&retour, "error").as_deref(), Some(erreur), "{nom} {valeur:?}");
        assert_eq!(parametre(&retour, "iss").as_deref(), Some(banc.issuer.as_str()));
    }
}

#[tokio::test]
async fn a_refusal_or_a_silence_goes_back_to_the_service() {
    let banc = Banc::ouvrir();
    for refuse in [true, false] {
        let navigateur = Navigateur::nouveau(&banc);
        let choix =
            navigateur.choisir(&demande(&banc), &[("identifiant", MEDECIN), ("moyen", "MOBILE")]).await;
        let attente = attente(&banc, &choix);
        let veille = async || {
            let requete = navigateur.http.get(attente.as_str()).header("hx-request", "true");
            requete.send().await.unwrap().headers().contains_key("hx-refresh")
        };
        assert!(!veille().await, "nothing to see yet");
        if refuse {
            banc.repondre("refuser").await;
        } else {
            banc.repondre("ignorer").await;
            assert!(!veille().await, "ignoring is not answering");
            banc.avancer(120);
        }
        assert!(veille().await);
        let retour = lieu(&navigateur.http.get(attente.as_str()).send().await.unwrap());
        assert_eq!(parametre(&retour, "error").as_deref(), Some("access_denied"));
    }
    // Who can't answer is told at once, and nothing that was typed is lost.
    for national_id in ["899700000102", "899700000110", "inconnu"] {
        let navigateur = Navigateur::nouveau(&banc);
        let reponse =
            navigateur.choisir(&demande(&banc), &[("identifiant", national_id), ("moyen", "CARD")]).await;
        assert_eq!(reponse.status(), 422);
        assert!(reponse.text().await.unwrap().contains(&format!("value=\"{national_id}\"")));
    }
}

#[tokio::test]
async fn the_page_of_the_ecps_answers_for_its_owner_only_and_blocks_after_three_wrong_codes() {
    let banc = Banc::ouvrir();
    let lps = banc.avec_certificat("lps");
    let telephone = Navigateur::nouveau(&banc);
    let accuse = lps.demander(MEDECIN, "MOBILE").await.unwrap();
    let url = format!("{}/ecps?identite={MEDECIN}", banc.pages);
    let page = telephone.page(&url).await;
    assert!(page.html.contains("Logiciel lps") && page.html.contains("<strong class=\"nru\">42</strong>"));
    let veille = page
        .html
        .split_once("hx-get=\"")
        .unwrap()
        .1
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    let regarder = async || {
        let reponse = telephone.http.get(format!("{}{veille}", banc.pages)).send().await.unwrap();
        reponse.headers().contains_key("hx-refresh")
    };
    assert!(!regarder().await);

    let id = page.html.split_once("name=\"id\" value=\"").unwrap().1.split('"').next().unwrap();
    let pour = |identite: &'static str, canal: &'static str| {
        [("identite", identite), ("canal", canal), ("id", id), ("code", "1234"), ("acte", "approuver")]
    };
    for (identite, canal) in [("899700000029", "MOBILE"), (MEDECIN, "CARD")] {
        let reponse = telephone.poster("/ecps/repondre", &page.csrf, &pour(identite, canal)).await;
        assert_eq!(reponse.status(), 409, "{identite} {canal}");
    }
    let sans_jeton = telephone.poster("/ecps/repondre", "faux", &pour(MEDECIN, "MOBILE")).await;
    assert_eq!(sans_jeton.status(), 403);

    assert_eq!(telephone.approuver("/ecps", MEDECIN, "0000").await, 422);
    assert_eq!(telephone.approuver("/ecps", MEDECIN, "").await, 422);
    assert_eq!(telephone.approuver("/ecps", MEDECIN, "9999").await, 303);
    assert_eq!(lps.sonder(&accuse).await.unwrap_err().1, "access_denied");
    assert!(regarder().await);
    let page = telephone.page(&url).await;
    assert!(page.html.contains("e-CPS bloquée"));
    let champs = [("identite", MEDECIN), ("canal", "MOBILE"), ("etat", "actif")];
    assert_eq!(telephone.poster("/ecps/moyen", &page.csrf, &champs).await.status(), 303);
    let accuse = lps.demander(MEDECIN, "MOBILE").await.unwrap();
    assert_eq!(telephone.approuver("/ecps", MEDECIN, "1234").await, 303);
    lps.sonder(&accuse).await.unwrap();
    let liste: Value = banc.administrer(reqwest::Method::GET, "/approbations", None).await;
    assert_eq!(liste, json!([]));
}
