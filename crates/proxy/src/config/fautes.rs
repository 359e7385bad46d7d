//! What is wrong in a configuration, all of it at once.

use std::collections::HashSet;

use secrecy::ExposeSecret as _;
use url::{Host, Url};

use super::{Api, Client, Config, DepotSessions};

impl Config {
    /// One French sentence for each fault; empty when there is none. Opens nothing.
    pub fn fautes(&self) -> Vec<String> {
        let mut fautes = Vec::new();
        for (cle, url) in [("url", Some(&self.url)), ("psc.decouverte", Some(&self.psc.decouverte))] {
            adresse(&mut fautes, cle, url);
        }
        adresse(&mut fautes, "alertes.webhook", self.alertes.webhook.as_ref());
        if self.url.path() != "/" || self.url.query().is_some() {
            fautes.push("url : donnez l’adresse publique sans chemin".to_owned());
        }
        if self.alertes.webhook.is_some() && self.alertes.secret.is_none() {
            fautes.push("alertes : un webhook demande un « secret », qui signe ce qui est envoyé".to_owned());
        }
        if !self.crl_clients.is_empty() && self.autorites_clients.is_none() {
            fautes
                .push("crl_clients : sans « autorites_clients », aucun certificat n’est demandé".to_owned());
        }
        if self.traces.jeton.as_ref().is_some_and(|jeton| jeton.expose_secret().len() < 20) {
            fautes.push("traces.jeton : vingt caractères au moins".to_owned());
        }
        if self.session.duree_max_s == 0 || self.session.inactivite_s == 0 {
            fautes
                .push("session : « duree_max_s » et « inactivite_s » sont des durées non nulles".to_owned());
        }
        if let Err(faute) = self.traces.journal.verifier() {
            fautes.push(format!("traces.journal : {faute}"));
        }
        if !self.traces.lecteurs.is_empty() && self.autorites_clients.is_none() {
            fautes.push(
                "traces.lecteurs : demande « autorites_clients », qui vérifie leurs certificats".to_owned(),
            );
        }
        let durees = [
            ("psc.delai_s", self.psc.delai_s),
            ("limites.entetes_s", self.limites.entetes_s),
            ("limites.silence_s", self.limites.silence_s),
        ];
        let nuls = [
            ("limites.connexions_max", self.limites.connexions_max),
            ("limites.attentes_max", self.limites.attentes_max),
            ("depot.sessions_max", self.depot.sessions_max),
        ];
        for (cle, _) in durees.iter().filter(|(_, duree)| *duree == 0) {
            fautes.push(format!("{cle} : une seconde au moins"));
        }
        for (cle, _) in nuls.iter().filter(|(_, nombre)| *nombre == 0) {
            fautes.push(format!("{cle} : un au moins"));
        }
        self.depot.fautes(&mut fautes);
        if self.clients.is_empty() {
            fautes.push("clients : déclarez au moins un logiciel ([[proxy.clients]])".to_owned());
        }
        let mut vus = HashSet::new();
        for api in &self.apis {
            if !vus.insert(api.id.as_str()) {
                fautes.push(format!("apis : « {} » est déclarée deux fois", api.id));
            }
            api.fautes(&mut fautes);
        }
        let mut clients = HashSet::new();
        for client in &self.clients {
            if !clients.insert(client.client_id.as_str()) {
                fautes.push(format!("clients : « {} » est déclaré deux fois", client.client_id));
            }
            client.fautes(&mut fautes, &vus);
        }
        fautes
    }
}

impl Config {
    /// One French sentence for each thing that works and that an operator may not have meant.
    pub fn remarques(&self) -> Vec<String> {
        let sans = self.apis.iter().filter(|api| api.revocation().is_none());
        sans.map(|api| {
            format!(
                "apis.{} : pas de « revocation_url », et « jeton_url » ne finit pas par « /token » ; ses jetons ne seront pas révoqués",
                api.id
            )
        })
        .collect()
    }
}

impl DepotSessions {
    fn fautes(&self, fautes: &mut Vec<String>) {
        let base = self.base.as_ref().map_or("", |base| base.expose_secret());
        let redis = ["redis://", "rediss://"].iter().any(|debut| base.starts_with(debut));
        let connue = self.base.is_none() || base == "memoire" || base.starts_with("sqlite:");
        if !connue && !redis {
            fautes.push(
                "depot.base : « memoire », « sqlite:CHEMIN », « redis://… » ou « rediss://… »".to_owned(),
            );
        }
        // « # » turns the verification of a Redis's certificate off.
        if redis
            && (base.contains('#') || redis::parse_redis_url(base).is_none_or(|url| url.host().is_none()))
        {
            fautes
                .push("depot.base : adresse de Redis illisible (rediss://compte:mot@hote:port/)".to_owned());
        }
        if redis && self.cles.is_none() {
            fautes.push("depot.cles : donnez le fichier de clés que tous les nœuds partagent".to_owned());
        }
        if self.certificat.is_some() != self.certificat_cle.is_some() {
            fautes.push("depot : « certificat » et « certificat_cle » vont ensemble".to_owned());
        }
        if (self.autorite.is_some() || self.certificat.is_some()) && !base.starts_with("rediss://") {
            fautes.push(
                "depot : « autorite » et « certificat » sont pour un Redis en « rediss://… »".to_owned(),
            );
        }
    }
}

impl Api {
    /// Where its tokens are revoked: as it is written, else beside the token endpoint where that one is named as usual.
    pub(crate) fn revocation(&self) -> Option<Url> {
        let deduite = || {
            let mut url = self.jeton_url.clone();
            let avant = url.path().strip_suffix("/token")?.to_owned();
            url.set_path(&format!("{avant}/revoke"));
            Some(url)
        };
        self.revocation_url.clone().or_else(deduite)
    }

    fn fautes(&self, fautes: &mut Vec<String>) {
        let permis = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet);
        if self.id.is_empty() || !self.id.bytes().all(permis) || self.id.starts_with('.') {
            fautes.push(format!(
                "apis : « {} » ne peut pas être un identifiant (lettres, chiffres, « - », « _ », « . »)",
                self.id
            ));
        }
        adresse(fautes, &format!("apis.{}.url", self.id), Some(&self.url));
        adresse(fautes, &format!("apis.{}.jeton_url", self.id), Some(&self.jeton_url));
        adresse(fautes, &format!("apis.{}.revocation_url", self.id), self.revocation_url.as_ref());
        if self.url.query().is_some() {
            fautes.push(format!("apis.{}.url : sans « ? »", self.id));
        }
        if self.connexions_max == 0 {
            fautes.push(format!("apis.{}.connexions_max : une au moins", self.id));
        }
        for (cle, duree) in
            [("delai_connexion_s", self.delai_connexion_s), ("delai_reponse_s", self.delai_reponse_s)]
        {
            if duree == 0 {
                fautes.push(format!("apis.{}.{cle} : une seconde au moins", self.id));
            }
        }
    }
}

impl Client {
    fn fautes(&self, fautes: &mut Vec<String>, apis: &HashSet<&str>) {
        let id = &self.client_id;
        if id.is_empty() {
            fautes.push("clients : un « client_id » est vide".to_owned());
        }
        let moyens = [self.pkcs12.is_some(), self.certificat.is_some(), self.secret.is_some()];
        if moyens.iter().filter(|moyen| **moyen).count() != 1 {
            fautes.push(format!(
                "clients.{id} : un seul moyen d’authentification, « pkcs12 », « certificat » et « cle », ou « secret »"
            ));
        }
        if self.certificat.is_some() != self.cle.is_some() {
            fautes.push(format!("clients.{id} : « certificat » et « cle » vont ensemble"));
        }
        if self.pkcs12.is_some() && self.mot_de_passe.is_none() {
            fautes.push(format!("clients.{id} : « pkcs12 » demande « mot_de_passe »"));
        }
        for api in self.apis.iter().flatten().filter(|api| !apis.contains(api.as_str())) {
            fautes.push(format!("clients.{id}.apis : « {api} » n’est pas déclarée"));
        }
        for retour in &self.retours {
            let cle = format!("clients.{id}.retours");
            match Url::parse(retour) {
                Ok(url) => adresse(fautes, &cle, Some(&url)),
                Err(faute) => fautes.push(format!("{cle} : « {retour} » n’est pas une adresse ({faute})")),
            }
        }
    }
}

/// https, or http towards this very machine.
fn adresse(fautes: &mut Vec<String>, cle: &str, url: Option<&Url>) {
    let Some(url) = url else { return };
    let local = match url.host() {
        Some(Host::Domain(nom)) => nom == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let sure = url.scheme() == "https" || (url.scheme() == "http" && local);
    if !sure || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        fautes.push(format!("{cle} : adresse en https attendue, sans identifiants ni « # »"));
    }
}

#[cfg(test)]
mod tests;
