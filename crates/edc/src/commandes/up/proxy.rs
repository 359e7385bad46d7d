//! The proxy of `edc up`: in front of the sandbox, for the clients of the demonstration.
//!
//! Profile `conformite`: the outil de conformité reads `/traces` bare, and everything here is fictitious. The token that guards
//! traces elsewhere is made all the same, so that a script written against it works in both.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::super::Faute;
use super::preparer::Espace;

impl Espace {
    pub(super) fn proxy(&self, apis: &[bas::api::Annonce]) -> Result<proxy::Config, Faute> {
        let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let clients: Vec<_> = self
            .clients
            .iter()
            .enumerate()
            .map(|(rang, client)| {
                // The software of `edc demo` has one Client ID: the other can't send a browser to it.
                let retours = if rang == 0 { vec![self.retour_lps()] } else { Vec::new() };
                json!({
                    "client_id": client.client_id,
                    "certificat": client.certificat,
                    "cle": client.cle,
                    "retours": retours,
                    "jeton_applicatif": true,
                })
            })
            .collect();
        let apis: Vec<_> = apis
            .iter()
            .map(|api| {
                json!({
                    "id": api.id,
                    "url": api.url,
                    "jeton_url": api.token_endpoint,
                    "scope": api.scope,
                    "autorite": self.autorite,
                })
            })
            .collect();
        let config = json!({
            "ecoute": local(self.port_proxy),
            "url": self.url_proxy,
            "profil": "conformite",
            "relais_de_confiance": ["127.0.0.1"],
            "psc": {
                "decouverte": format!("{}{}", self.psc, oidc::psc::CHEMIN_METADONNEES),
                "autorite": self.autorite,
                "userinfo": true,
            },
            "traces": {
                "journal": { "dossier": self.dossier.join("traces") },
                "jeton": self.jeton_traces.expose_secret(),
            },
            "admin": { "ecoute": local(self.port_admin) },
            "clients": clients,
            "apis": apis,
        });
        // The shapes are ours on both sides; a mistake here is caught by the first test that starts.
        serde_json::from_value(config)
            .map_err(|erreur| Faute::Dite(format!("configuration du proxy : {erreur}")))
    }
}
