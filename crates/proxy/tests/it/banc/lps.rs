//! An LPS: it knows its cookie, and nothing else.

use std::time::Duration;

use http::HeaderMap;
use serde_json::{Value, json};

/// An answer, read whole.
#[derive(Clone, Debug)]
pub(crate) struct Reponse {
    pub(crate) statut: u16,
    pub(crate) entetes: HeaderMap,
    pub(crate) corps: Vec<u8>,
}

impl Reponse {
    pub(crate) fn texte(&self) -> String {
        String::from_utf8_lossy(&self.corps).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.corps).unwrap_or_else(|_| panic!("{} : {}", self.statut, self.texte()))
    }

    pub(crate) fn entete(&self, nom: &str) -> Option<&str> {
        self.entetes.get(nom).and_then(|valeur| valeur.to_str().ok())
    }

    /// The session cookie that this answer sets, with its attributes.
    pub(crate) fn cookie(&self) -> Option<String> {
        let mut lignes = self.entetes.get_all("set-cookie").iter().filter_map(|valeur| valeur.to_str().ok());
        lignes.find_map(|ligne| ligne.strip_prefix("proxy_session_id=")).map(str::to_owned)
    }
}

#[derive(Clone)]
pub(crate) struct Lps {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    /// `proxy_session_id=…`.
    pub(crate) cookie: Option<String>,
    pub(crate) depuis: Option<&'static str>,
}

/// The four fields of a good connect.
pub(crate) fn corps(client_id: &str, national_id: &str) -> Value {
    json!({"nationalId": national_id, "bindingMessage": "00", "clientId": client_id, "channel": "MOBILE"})
}

impl Lps {
    pub(crate) fn nouveau(url: &str, ca: &str, h2: bool) -> Self {
        service::tls::installer_fournisseur();
        let autorites = reqwest::Certificate::from_pem_bundle(ca.as_bytes()).unwrap();
        let base = reqwest::Client::builder()
            .tls_certs_only(autorites)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_mins(1));
        let http = if h2 { base.http2_prior_knowledge() } else { base.http1_only() };
        Self { http: http.build().unwrap(), url: url.to_owned(), cookie: None, depuis: Some("127.0.0.3") }
    }

    pub(crate) fn requete(&self, methode: &str, chemin: &str) -> reqwest::RequestBuilder {
        let methode = reqwest::Method::from_bytes(methode.as_bytes()).unwrap();
        let mut requete = self.http.request(methode, format!("{}{chemin}", self.url));
        if let Some(depuis) = self.depuis {
            requete = requete.header("X-Forwarded-For", depuis);
        }
        match &self.cookie {
            Some(cookie) => requete.header("Cookie", format!("proxy_session_id={cookie}")),
            None => requete,
        }
    }

    pub(crate) async fn envoyer(&self, requete: reqwest::RequestBuilder) -> Reponse {
        let reponse = requete.send().await.unwrap();
        let (statut, entetes) = (reponse.status().as_u16(), reponse.headers().clone());
        Reponse { statut, entetes, corps: reponse.bytes().await.unwrap().to_vec() }
    }

    pub(crate) async fn demander(&self, methode: &str, chemin: &str) -> Reponse {
        self.envoyer(self.requete(methode, chemin)).await
    }

    pub(crate) async fn get(&self, chemin: &str) -> Reponse {
        self.demander("GET", chemin).await
    }

    /// Posts a body as it is; keeps the cookie when one comes.
    pub(crate) async fn connecter_avec(&mut self, corps: &Value) -> Reponse {
        let reponse = self.envoyer(self.requete("POST", "/connect").json(corps)).await;
        if let Some(cookie) = reponse.cookie() {
            self.cookie = Some(cookie.split(';').next().unwrap_or_default().to_owned());
        }
        reponse
    }

    pub(crate) async fn connecter(&mut self, client_id: &str, national_id: &str) -> Reponse {
        self.connecter_avec(&corps(client_id, national_id)).await
    }

    pub(crate) async fn deconnecter(&self) -> Reponse {
        self.demander("DELETE", "/disconnect").await
    }
}
