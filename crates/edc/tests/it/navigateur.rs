//! Somebody at the site of a running `edc up`, without JavaScript: follows redirects, keeps cookies, fills in forms.

use std::path::Path;

use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};

pub(crate) struct Navigateur {
    http: Client,
    url: String,
    csrf: String,
}

/// The value of the first field of this name.
pub(crate) fn champ(page: &str, nom: &str) -> String {
    let reste = page.split_once(&format!("name=\"{nom}\" value=\"")).map_or("", |(_, reste)| reste);
    reste.split('"').next().unwrap_or_default().to_owned()
}

impl Navigateur {
    /// Signs in through the sandbox, as the person of demonstration of this login.
    pub(crate) async fn connecter(dossier: &Path, annonce: &serde_json::Value, login: &str) -> Self {
        service::tls::installer_fournisseur();
        let autorite = std::fs::read(dossier.join("ac/autorite.pem")).expect("made by edc up");
        let http = Client::builder()
            .tls_certs_only(reqwest::Certificate::from_pem_bundle(&autorite).expect("an authority"))
            .cookie_store(true)
            .redirect(Policy::limited(10))
            .build()
            .expect("a client");
        let url = annonce["guichet"]["url"].as_str().expect("announced").to_owned();
        let mut moi = Self { http, url, csrf: String::new() };
        let reponse = moi.http.get(format!("{}/connexion", moi.url)).send().await.expect("an answer");
        let adresse = reponse.url().clone();
        let page = reponse.text().await.expect("a page");
        let action = page.split_once("method=\"post\" action=\"").expect("a form").1;
        let action = action.split('"').next().unwrap_or_default().replace("&#38;", "&").replace("&amp;", "&");
        let champs = [("csrf", champ(&page, "csrf")), ("personne", login.to_owned())];
        let reponse = moi.http.post(adresse.join(&action).expect("a URL")).form(&champs).send().await;
        let reponse = reponse.expect("an answer");
        let accord = reponse.url().path() == "/consentement";
        moi.csrf = champ(&reponse.text().await.expect("a page"), "csrf");
        assert!(!moi.csrf.is_empty(), "signed in");
        if accord {
            let page = moi.poster("/consentement", &[("accord", "oui")]).await;
            assert!(page.status().is_success(), "{}", page.status());
        }
        moi
    }

    /// With the CSRF token in the header.
    pub(crate) fn requete(&self, methode: Method, chemin: &str) -> RequestBuilder {
        let url =
            if chemin.starts_with("https:") { chemin.to_owned() } else { format!("{}{chemin}", self.url) };
        self.http.request(methode, url).header("x-csrf-token", &self.csrf)
    }

    pub(crate) async fn page(&self, chemin: &str) -> String {
        let reponse = self.requete(Method::GET, chemin).send().await.expect("an answer");
        assert!(reponse.status().is_success(), "{chemin} : {}", reponse.status());
        reponse.text().await.expect("a page")
    }

    /// Sends a form and follows where it leads.
    pub(crate) async fn poster(&self, chemin: &str, champs: &[(&str, &str)]) -> Response {
        self.requete(Method::POST, chemin).form(champs).send().await.expect("an answer")
    }
}
