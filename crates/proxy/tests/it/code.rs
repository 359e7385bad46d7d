//! The authorization code flow, in a browser and for a thick client that opens one.

use std::collections::HashMap;

use jiff::SignedDuration;
use proxy::config;
use serde_json::json;
use url::Url;

use crate::banc::{Banc, Lps, MTLS, PAR, PRO, Reponse, SECRET_1, TOKEN};
use crate::hostile::{attendre_le_depart, attendre_le_menage};

const RETOUR: &str = "https://lps.example/fin";
const SANS_CHEMIN: &str = "https://sans-chemin.example";

/// A browser: it keeps cookies and follows nothing by itself.
struct Navigateur {
    lps: Lps,
    cookies: HashMap<String, String>,
}

impl Navigateur {
    fn nouveau(banc: &Banc) -> Self {
        Self { lps: banc.lps(), cookies: HashMap::new() }
    }

    async fn aller(&mut self, chemin: &str) -> Reponse {
        let cookies: Vec<_> = self.cookies.iter().map(|(nom, valeur)| format!("{nom}={valeur}")).collect();
        let requete = self.lps.requete("GET", chemin).header("Cookie", cookies.join("; "));
        let reponse = self.lps.envoyer(requete).await;
        for ligne in reponse.entetes.get_all("set-cookie") {
            let ligne = ligne.to_str().unwrap();
            assert!(ligne.contains("; HttpOnly; Secure; SameSite=Lax"), "{ligne}");
            let (nom, valeur) = ligne.split(';').next().unwrap().split_once('=').unwrap();
            if valeur.is_empty() {
                self.cookies.remove(nom);
            } else {
                self.cookies.insert(nom.to_owned(), valeur.to_owned());
            }
        }
        reponse
    }

    /// Opens the address of a thick client; where the page that names the software and the digits leads.
    async fn confirmer(&mut self, chemin: &str, message: &str) -> String {
        let page = self.aller(chemin).await;
        assert_eq!(page.statut, 200, "{}", page.texte());
        let texte = page.texte();
        assert!(texte.contains(&format!("<strong>{message}</strong>")), "{texte}");
        let (_, lien) = texte.split_once("<a href=\"").unwrap();
        lien.split_once('"').unwrap().0.replace("&amp;", "&")
    }

    /// Begins a sign-in; what PSC is asked.
    async fn commencer(&mut self, chemin: &str) -> HashMap<String, String> {
        let reponse = self.aller(chemin).await;
        assert_eq!(reponse.statut, 302, "{}", reponse.texte());
        let vers = Url::parse(reponse.entete("location").unwrap()).unwrap();
        vers.query_pairs().into_owned().collect()
    }
}

fn retour(banc: &Banc, demande: &HashMap<String, String>, code: &str) -> String {
    let mut url = Url::parse("https://x/connect/callback").unwrap();
    url.query_pairs_mut()
        .append_pair("state", &demande["state"])
        .append_pair("code", code)
        .append_pair("iss", &banc.psc.emetteur());
    url[url::Position::BeforePath..].to_owned()
}

fn depart(client: &str) -> String {
    format!("/connect/authorize?clientId={client}&retour={RETOUR}")
}

#[tokio::test]
async fn un_navigateur_revient_a_son_logiciel_avec_une_session() {
    for client in [SECRET_1, MTLS] {
        let banc = Banc::ouvrir().await;
        let debut = banc.maintenant();
        let mut navigateur = Navigateur::nouveau(&banc);
        let demande = navigateur.commencer(&depart(client)).await;
        let attendus = [
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", "https://localhost/connect/callback"),
            ("scope", "openid scope_all"),
            ("acr_values", "eidas1"),
            ("code_challenge_method", "S256"),
        ];
        for (nom, valeur) in attendus {
            assert_eq!(demande[nom], valeur);
        }
        assert!(demande["state"].len() >= 43 && demande["nonce"].len() >= 43);
        let code = banc.psc.code(client, PRO, &demande["nonce"]);
        let chemin = retour(&banc, &demande, &code);
        let reponse = navigateur.aller(&chemin).await;
        assert_eq!(reponse.statut, 302, "{}", reponse.texte());
        let (vers, etat) = reponse.entete("location").unwrap().split_once("?session_state=").unwrap();
        assert_eq!(vers, RETOUR);
        assert_eq!(reponse.entete("referrer-policy"), Some("no-referrer"));
        let echange = banc.psc.acteur.recus(TOKEN).pop().unwrap();
        let verificateur = echange.champ("code_verifier").unwrap();
        assert!(oidc::pkce::repond(&verificateur, &demande["code_challenge"]));
        assert_eq!(echange.champ("redirect_uri").as_deref(), Some("https://localhost/connect/callback"));

        assert_eq!(navigateur.cookies.len(), 1, "only the session is left: {:?}", navigateur.cookies.keys());
        let mut lps = banc.lps();
        lps.cookie = Some(navigateur.cookies["proxy_session_id"].clone());
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
        assert_eq!(lps.connecter(client, PRO).await.statut, 304, "the same session as any other");
        let traces = banc.traces(debut).await;
        let types: Vec<_> = traces.iter().map(|trace| trace["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["CONNECT_SUCCESS", "SEND", "CONNECT_REPLAY"]);
        assert_eq!(traces[0]["IdRPPS"], PRO);
        assert_eq!(traces[0]["session_state"], etat, "the software was told the state of its session");

        // The code and its state have served: a second time does nothing, and harms nothing.
        let avant = banc.psc.acteur.nombre(TOKEN);
        assert_eq!(navigateur.aller(&chemin).await.statut, 400);
        assert_eq!(banc.psc.acteur.nombre(TOKEN), avant);
        assert_eq!(lps.get("/send/backend-1/rsc").await.statut, 200);
        assert_eq!(lps.deconnecter().await.statut, 200);
    }
}

#[tokio::test]
async fn un_retour_qui_ne_repond_pas_a_cette_demande_est_refuse_sans_rien_demander() {
    let banc = Banc::ouvrir().await;
    let emetteur = banc.psc.emetteur();
    let cas = [
        ("no state", "code=c&iss=I".to_owned()),
        ("altered state", "state=Sx&code=c&iss=I".to_owned()),
        ("foreign issuer", "state=S&code=c&iss=https://autre.example".to_owned()),
        ("no issuer, though announced", "state=S&code=c".to_owned()),
        ("no code", "state=S&iss=I".to_owned()),
        ("refused by the person", "state=S&error=access_denied&iss=I".to_owned()),
        ("an error of PSC", "state=S&error=temporarily_unavailable&iss=I".to_owned()),
    ];
    for (quoi, requete) in cas {
        let mut navigateur = Navigateur::nouveau(&banc);
        let demande = navigateur.commencer(&depart(SECRET_1)).await;
        let requete = requete.replace("state=S", &format!("state={}", demande["state"]));
        let requete = requete.replace("iss=I", &format!("iss={emetteur}"));
        let reponse = navigateur.aller(&format!("/connect/callback?{requete}")).await;
        assert!([400, 401].contains(&reponse.statut), "{quoi}: {}", reponse.statut);
        assert!(reponse.texte().contains("<html lang=\"fr\">"), "{quoi}");
        assert!(!navigateur.cookies.contains_key("proxy_session_id"), "{quoi}");
    }
    assert_eq!(banc.psc.acteur.nombre(TOKEN), 0);

    // Another browser, or the right one too late.
    let mut victime = Navigateur::nouveau(&banc);
    let mut attaquant = Navigateur::nouveau(&banc);
    let demande = attaquant.commencer(&depart(SECRET_1)).await;
    victime.commencer(&depart(SECRET_1)).await;
    let code = banc.psc.code(SECRET_1, PRO, &demande["nonce"]);
    assert_eq!(victime.aller(&retour(&banc, &demande, &code)).await.statut, 400);
    banc.horloge.avancer(SignedDuration::from_mins(11));
    assert_eq!(attaquant.aller(&retour(&banc, &demande, &code)).await.statut, 400);
    assert_eq!(banc.psc.acteur.nombre(TOKEN), 0);
}

#[tokio::test]
async fn un_id_token_d_une_autre_demande_n_ouvre_rien() {
    let banc = Banc::ouvrir().await;
    let debut = banc.maintenant();
    for nonce in ["autre", ""] {
        let mut navigateur = Navigateur::nouveau(&banc);
        let demande = navigateur.commencer(&depart(SECRET_1)).await;
        let code = banc.psc.code(SECRET_1, PRO, nonce);
        let reponse = navigateur.aller(&retour(&banc, &demande, &code)).await;
        assert_eq!(reponse.statut, 401, "{nonce:?}");
        assert!(!navigateur.cookies.contains_key("proxy_session_id"));
    }
    let traces = banc.traces(debut).await;
    assert!(traces.len() == 2 && traces.iter().all(|trace| trace["type"] == "CONNECT_FAILURE"));
}

#[tokio::test]
async fn on_ne_revient_qu_a_une_adresse_enregistree() {
    let banc = Banc::ouvrir().await;
    let mut navigateur = Navigateur::nouveau(&banc);
    for vers in [
        "//evil",
        "https://evil.example/",
        "\\\\evil",
        "https://lps.example/fin/..",
        "https://lps.example/fi",
        "javascript:1",
    ] {
        let chemin = format!("/connect/authorize?clientId={SECRET_1}&retour={vers}");
        assert_eq!(navigateur.aller(&chemin).await.statut, 400, "{vers}");
    }
    assert_eq!(navigateur.aller("/connect/authorize?clientId=inconnu").await.statut, 404);
    assert_eq!(navigateur.aller("/connect/authorize").await.statut, 404);
    // Without an address to go back to, a page says that all is well.
    let demande = navigateur.commencer(&format!("/connect/authorize?clientId={SECRET_1}")).await;
    let code = banc.psc.code(SECRET_1, PRO, &demande["nonce"]);
    let reponse = navigateur.aller(&retour(&banc, &demande, &code)).await;
    assert_eq!((reponse.statut, reponse.entete("location")), (302, Some("/connect/fin")));
    assert!(navigateur.cookies.contains_key("proxy_session_id"));
    let page = navigateur.aller("/connect/fin").await;
    assert!(page.statut == 200 && page.texte().contains("Vous êtes connecté"));
    // What was registered, to the letter: neither more nor less of a slash.
    navigateur.commencer(&format!("/connect/authorize?clientId={SECRET_1}&retour={SANS_CHEMIN}")).await;
    let chemin = format!("/connect/authorize?clientId={SECRET_1}&retour={SANS_CHEMIN}/");
    assert_eq!(navigateur.aller(&chemin).await.statut, 400);
}

#[tokio::test]
async fn deux_onglets_ne_se_croisent_pas() {
    let banc = Banc::ouvrir().await;
    let mut navigateur = Navigateur::nouveau(&banc);
    let demandes =
        [navigateur.commencer(&depart(SECRET_1)).await, navigateur.commencer(&depart(SECRET_1)).await];
    assert_ne!(demandes[0]["state"], demandes[1]["state"]);
    let mut sessions = Vec::new();
    for demande in demandes.iter().rev() {
        let code = banc.psc.code(SECRET_1, PRO, &demande["nonce"]);
        assert_eq!(navigateur.aller(&retour(&banc, demande, &code)).await.statut, 302);
        sessions.push(navigateur.cookies["proxy_session_id"].clone());
    }
    assert_ne!(sessions[0], sessions[1]);
}

#[tokio::test]
async fn un_client_lourd_attend_sa_session_pendant_qu_un_navigateur_connecte() {
    let banc = Banc::regle(|config| config.clients[0].jeton_applicatif = true).await;
    let lourd = banc.lps();
    let ouvrir = async || {
        let requete = lourd.requete("POST", "/connect/attente").json(&json!({"clientId": SECRET_1}));
        lourd.envoyer(requete).await.json()
    };
    let suivre = async |secret: &str| {
        lourd.envoyer(lourd.requete("GET", "/connect/attente").bearer_auth(secret)).await
    };
    let attente = ouvrir().await;
    let secret = attente["attente"].as_str().unwrap();
    let url = Url::parse(attente["url"].as_str().unwrap()).unwrap();
    assert!(!url.as_str().contains(secret), "the browser never sees what the client asks with");
    assert_eq!(suivre(secret).await.statut, 202);
    assert_eq!(suivre("autre").await.statut, 404);

    let mut navigateur = Navigateur::nouveau(&banc);
    let chemin = &url[url::Position::BeforePath..];
    let suite = navigateur.confirmer(chemin, attente["bindingMessage"].as_str().unwrap()).await;
    let demande = navigateur.commencer(&suite).await;
    assert_eq!(navigateur.aller(chemin).await.statut, 404, "the address serves once");
    let code = banc.psc.code(SECRET_1, PRO, &demande["nonce"]);
    let reponse = navigateur.aller(&retour(&banc, &demande, &code)).await;
    assert_eq!((reponse.statut, reponse.entete("location")), (302, Some("/connect/fin")));
    assert!(navigateur.cookies.is_empty(), "the session is for the software, not for the browser");

    let reponse = suivre(secret).await;
    assert_eq!(reponse.statut, 200);
    let jeton = reponse.json()["jeton_applicatif"].as_str().unwrap().to_owned();
    let appel = lourd.requete("GET", "/send/backend-1/rsc").bearer_auth(jeton);
    assert_eq!(lourd.envoyer(appel).await.statut, 200);
    assert_eq!(suivre(secret).await.statut, 404, "given once");

    // A refusal is told too.
    let attente = ouvrir().await;
    let url = Url::parse(attente["url"].as_str().unwrap()).unwrap();
    let chemin = &url[url::Position::BeforePath..];
    let suite = navigateur.confirmer(chemin, attente["bindingMessage"].as_str().unwrap()).await;
    let demande = navigateur.commencer(&suite).await;
    let refus = format!(
        "/connect/callback?state={}&error=access_denied&iss={}",
        demande["state"],
        banc.psc.emetteur()
    );
    assert_eq!(navigateur.aller(&refus).await.statut, 401);
    assert_eq!(suivre(attente["attente"].as_str().unwrap()).await.statut, 401);
    let inconnu = lourd.requete("POST", "/connect/attente").json(&json!({"clientId": "inconnu"}));
    assert_eq!(lourd.envoyer(inconnu).await.statut, 404);
}

#[tokio::test]
async fn un_navigateur_qui_s_en_va_pendant_le_retour_ne_laisse_pas_de_session() {
    let banc = Banc::ouvrir().await;
    let debut = banc.maintenant();
    let mut navigateur = Navigateur::nouveau(&banc);
    let demande = navigateur.commencer(&depart(SECRET_1)).await;
    let chemin = retour(&banc, &demande, &banc.psc.code(SECRET_1, PRO, &demande["nonce"]));
    banc.serveurs[0].retenir().await;
    let attente = tokio::spawn(async move { navigateur.aller(&chemin).await });
    banc.serveurs[0].attendre("/token", 1).await;
    attente.abort();
    let _ = attente.await;
    attendre_le_depart(&banc).await;
    banc.serveurs[0].relacher();
    attendre_le_menage(&banc, debut).await;
}

#[tokio::test]
async fn l_adresse_d_un_client_lourd_envoyee_par_un_autre_ne_connecte_personne_a_son_insu() {
    let banc = Banc::regle(|config| config.clients[0].nom = Some("Agenda <Santé>".to_owned())).await;
    let lps = banc.lps();
    let requete = lps.requete("POST", "/connect/attente").json(&json!({"clientId": SECRET_1}));
    let attente = lps.envoyer(requete).await.json();
    let url = Url::parse(attente["url"].as_str().unwrap()).unwrap();
    let chemin = &url[url::Position::BeforePath..];
    let message = attente["bindingMessage"].as_str().unwrap();
    // The attacker went as far as the link of the page; in another browser it only shows the page again.
    let mut attaquant = Navigateur::nouveau(&banc);
    let suite = attaquant.confirmer(chemin, message).await;
    let mut victime = Navigateur::nouveau(&banc);
    assert_ne!(victime.confirmer(&suite, message).await, suite);
    for forge in [format!("{chemin}&confirme="), format!("{chemin}&confirme=x")] {
        let page = victime.aller(&forge).await;
        assert_eq!(page.statut, 200, "{forge}");
        assert!(page.texte().contains("Agenda &lt;Santé>"), "{}", page.texte());
    }
    // Looking cost the rightful one nothing.
    attaquant.commencer(&suite).await;
}

#[tokio::test]
async fn une_session_que_le_client_lourd_ne_vient_pas_chercher_ne_reste_pas() {
    let banc = Banc::ouvrir().await;
    let lps = banc.lps();
    let requete = lps.requete("POST", "/connect/attente").json(&json!({"clientId": SECRET_1}));
    let attente = lps.envoyer(requete).await.json();
    let url = Url::parse(attente["url"].as_str().unwrap()).unwrap();
    let mut navigateur = Navigateur::nouveau(&banc);
    let message = attente["bindingMessage"].as_str().unwrap();
    let suite = navigateur.confirmer(&url[url::Position::BeforePath..], message).await;
    let demande = navigateur.commencer(&suite).await;
    let code = banc.psc.code(SECRET_1, PRO, &demande["nonce"]);
    assert_eq!(navigateur.aller(&retour(&banc, &demande, &code)).await.statut, 302);
    let sessions = async || {
        let texte = banc.operateur().get("/metrics").await.texte();
        let (_, reste) = texte.split_once("\nedc_proxy_sessions ").unwrap();
        reste.lines().next().unwrap().to_owned()
    };
    assert_eq!(sessions().await, "1");
    banc.horloge.avancer(SignedDuration::from_mins(11));
    banc.poignee.balayer().await;
    assert_eq!(sessions().await, "0");
    let secret = attente["attente"].as_str().unwrap();
    let tard = lps.envoyer(lps.requete("GET", "/connect/attente").bearer_auth(secret)).await;
    assert_eq!(tard.statut, 404);
}

#[tokio::test]
async fn l_echec_d_une_personne_reconnue_porte_son_nom() {
    let banc = Banc::ouvrir().await;
    let debut = banc.maintenant();
    banc.serveurs[0].prochaine_json("/token", 500, json!({}));
    let mut navigateur = Navigateur::nouveau(&banc);
    let demande = navigateur.commencer(&depart(SECRET_1)).await;
    let code = banc.psc.code(SECRET_1, PRO, &demande["nonce"]);
    let reponse = navigateur.aller(&retour(&banc, &demande, &code)).await;
    assert!(reponse.statut >= 500, "{}", reponse.statut);
    assert!(reponse.texte().contains("dont votre logiciel a besoin"), "{}", reponse.texte());
    let traces = banc.traces(debut).await;
    assert_eq!(traces[0]["type"], "CONNECT_FAILURE");
    assert_eq!(traces[0]["IdRPPS"], PRO);
}

#[tokio::test]
async fn une_demande_est_poussee_quand_psc_l_exige_ou_que_l_exploitant_le_veut() {
    let cas = [
        (true, true, config::Par::SiExige, true),
        (true, false, config::Par::SiAnnonce, true),
        (true, false, config::Par::SiExige, false),
        (false, false, config::Par::SiAnnonce, false),
    ];
    for (annonce, exige, par, poussee) in cas {
        for client in [SECRET_1, MTLS] {
            let banc = Banc::regle(move |config| config.psc.par = par).await;
            if annonce {
                let point = format!("{}{PAR}", banc.psc.emetteur());
                banc.psc.metadonnee("pushed_authorization_request_endpoint", json!(point));
            }
            banc.psc.metadonnee("require_pushed_authorization_requests", json!(exige));
            let mut navigateur = Navigateur::nouveau(&banc);
            let demande = navigateur.commencer(&depart(client)).await;
            let recues = banc.psc.acteur.recus(PAR);
            assert_eq!(recues.len(), usize::from(poussee), "{par:?} {exige}");
            let Some(recue) = recues.first() else {
                assert_eq!(demande["response_type"], "code");
                continue;
            };
            let mut noms: Vec<_> = demande.keys().map(String::as_str).collect();
            noms.sort_unstable();
            assert_eq!(noms, ["client_id", "request_uri"], "the browser carries nothing else");
            assert!(demande["request_uri"].starts_with("urn:par:"));
            let champ = |nom: &str| recue.champ(nom).unwrap();
            let attendus = [
                ("client_id", client),
                ("response_type", "code"),
                ("redirect_uri", "https://localhost/connect/callback"),
                ("acr_values", "eidas1"),
                ("code_challenge_method", "S256"),
            ];
            for (nom, valeur) in attendus {
                assert_eq!(champ(nom), valeur, "{client}");
            }
            assert_eq!(recue.champ("client_secret"), None);
            let code = banc.psc.code(client, PRO, &champ("nonce"));
            let demande = HashMap::from([("state".to_owned(), champ("state"))]);
            assert_eq!(navigateur.aller(&retour(&banc, &demande, &code)).await.statut, 302);
        }
    }
    // Wanted and nowhere to push it: nobody leaves.
    let banc = Banc::ouvrir().await;
    banc.psc.metadonnee("require_pushed_authorization_requests", json!(true));
    assert_eq!(Navigateur::nouveau(&banc).aller(&depart(SECRET_1)).await.statut, 503);
}
