//! Pro Santé Connect as the proxy sees it: discovery, keys, token endpoint, logout.
//!
//! Rule: documents are read once and kept, whoever asks (`garde`). An id_token is believed only after its signature, issuer,
//! audience, dates and level. Tokens that aren't believed are given back.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use oidc::ciba::{Accuse, Demande, Sondage};
use oidc::id_token::{self, Attentes, Revendications};
use oidc::jetons::ReponseJetons;
use oidc::metadonnees::adresse_sure;
use oidc::{Fournisseur, Jwks};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use service::Horloge;
use url::Url;

use super::appel::{self, Panne};
use super::garde::Garde;
use crate::alerte::Alertes;
use crate::config::{self, Par};
use crate::identite::Identite;
use crate::session::JetonsPsc;
use crate::session::jeton::echeance;

pub(crate) struct Psc {
    pub(crate) regles: config::Psc,
    emetteur: String,
    document: Garde<Fournisseur>,
    cles: Garde<Jwks>,
    horloge: Horloge,
    alertes: Arc<Alertes>,
}

/// Why tokens that PSC gave are not believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Doute {
    #[error("PSC n’a pas donné d’id_token")]
    SansIdToken,
    #[error("PSC n’a pas donné de session_state")]
    SansSession,
    #[error("jeton d’un autre type que Bearer")]
    Type,
    #[error(transparent)]
    IdToken(#[from] id_token::Refus),
    #[error("niveau d’authentification « {0} » refusé")]
    Niveau(String),
    #[error("PSC a authentifié une autre personne que celle qui était demandée")]
    AutrePersonne,
    #[error("le jeton de PSC est mort avant d’avoir servi")]
    Expire,
    #[error("l’id_token ne dit pas qui est la personne")]
    SansPersonne,
}

/// Either the way there failed, or what came back isn't believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Echec {
    #[error(transparent)]
    Panne(#[from] Panne),
    #[error(transparent)]
    Doute(#[from] Doute),
}

/// Who PSC says it is.
pub(crate) struct Personne {
    pub(crate) national_id: String,
    pub(crate) session_state: String,
    pub(crate) jetons: JetonsPsc,
}

#[derive(Serialize)]
struct Renouvellement<'a> {
    grant_type: &'static str,
    refresh_token: &'a str,
}

#[derive(Serialize)]
struct Revocation<'a> {
    token: &'a str,
    token_type_hint: &'static str,
}

impl Psc {
    pub(crate) fn nouveau(regles: config::Psc, horloge: Horloge, alertes: Arc<Alertes>) -> Self {
        let decouverte = regles.decouverte.as_str();
        let deduit = decouverte.split_once("/.well-known/").map_or(decouverte, |(avant, _)| avant).to_owned();
        let emetteur = regles.emetteur.clone().unwrap_or(deduit);
        let (document, cles) = (Garde::vide(horloge.clone()), Garde::vide(horloge.clone()));
        Self { regles, emetteur, document, cles, horloge, alertes }
    }

    pub(crate) fn emetteur(&self) -> &str {
        &self.emetteur
    }

    /// The metadata, checked: the issuer that was configured, safe addresses everywhere.
    pub(crate) async fn fournisseur(&self, identite: &Identite) -> Result<Arc<Fournisseur>, Panne> {
        self.document.lire(async { self.noter(identite, self.decouvrir(identite).await) }).await
    }

    /// Has what PSC answered heard by the alerts: each call passes here.
    fn noter<T>(&self, identite: &Identite, recu: Result<T, Panne>) -> Result<T, Panne> {
        self.alertes.psc(&identite.client_id, &recu);
        recu
    }

    async fn decouvrir(&self, identite: &Identite) -> Result<Fournisseur, Panne> {
        const ETAPE: &str = "découverte de PSC";
        let lu: Fournisseur =
            appel::json(&identite.psc, identite.psc.get(self.regles.decouverte.clone()), ETAPE).await?;
        let points = [lu.points(true), lu.points(false)];
        let adresses = points
            .iter()
            .flat_map(|p| {
                [
                    Some(&p.token),
                    p.userinfo.as_ref(),
                    p.revocation.as_ref(),
                    p.backchannel_authentication.as_ref(),
                    p.demande_poussee.as_ref(),
                ]
            })
            .chain([Some(&lu.jwks_uri), Some(&lu.authorization_endpoint), lu.end_session_endpoint.as_ref()]);
        if lu.issuer != self.emetteur || adresses.flatten().any(|url| !adresse_sure(url)) {
            tracing::error!(
                "le document de découverte de PSC annonce un autre émetteur ou une adresse sans TLS"
            );
            return Err(Panne::Illisible { etape: ETAPE });
        }
        Ok(lu)
    }

    async fn cles(&self, identite: &Identite) -> Result<Arc<Jwks>, Panne> {
        let adresse = self.fournisseur(identite).await?.jwks_uri.clone();
        self.cles.lire(async { self.noter(identite, lire_cles(identite, adresse).await) }).await
    }

    /// The keys again, for a token signed by one that isn't among those that are known.
    async fn cles_nouvelles(&self, identite: &Identite) -> Result<Arc<Jwks>, Panne> {
        let adresse = self.fournisseur(identite).await?.jwks_uri.clone();
        self.cles.relire(async { self.noter(identite, lire_cles(identite, adresse).await) }).await
    }

    /// Asks for somebody's authentication on their own device.
    pub(crate) async fn demander(&self, identite: &Identite, demande: &Demande) -> Result<Accuse, Panne> {
        const ETAPE: &str = "demande CIBA";
        let point = self.points(identite).await?.backchannel_authentication;
        let requete = identite.psc.post(point.ok_or(Panne::Illisible { etape: ETAPE })?);
        let recu: Result<Accuse, Panne> = self.noter(
            identite,
            appel::json(&identite.psc, appel::formulaire(requete, identite, demande), ETAPE).await,
        );
        if matches!(recu, Err(Panne::Injoignable { .. })) {
            // It may have moved.
            self.document.perimer();
        }
        recu.and_then(|accuse| {
            let utilisable = !accuse.auth_req_id.expose_secret().is_empty() && accuse.expires_in > 0;
            if utilisable { Ok(accuse) } else { Err(Panne::Illisible { etape: ETAPE }) }
        })
    }

    /// Asks whether they have answered.
    pub(crate) async fn sonder(
        &self,
        identite: &Identite,
        sondage: &Sondage,
    ) -> Result<ReponseJetons, Panne> {
        self.jetons(identite, sondage, "sondage CIBA").await
    }

    pub(crate) async fn echanger_code(
        &self,
        identite: &Identite,
        code: &SecretString,
        redirect_uri: &str,
        verificateur: &SecretString,
    ) -> Result<ReponseJetons, Panne> {
        let champs = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verificateur.expose_secret()),
        ]);
        self.jetons(identite, &champs, "échange du code PSC").await
    }

    pub(crate) async fn renouveler(
        &self,
        identite: &Identite,
        jeton: &SecretString,
    ) -> Result<ReponseJetons, Panne> {
        // Before what comes back can't be judged for want of them: the token shown here may serve only once.
        self.cles(identite).await?;
        let champs = Renouvellement { grant_type: "refresh_token", refresh_token: jeton.expose_secret() };
        self.jetons(identite, &champs, "renouvellement PSC").await
    }

    async fn points(&self, identite: &Identite) -> Result<oidc::metadonnees::Points, Panne> {
        Ok(self.fournisseur(identite).await?.points(identite.certificat.is_some()))
    }

    async fn jetons<T: Serialize>(
        &self,
        identite: &Identite,
        champs: &T,
        etape: &'static str,
    ) -> Result<ReponseJetons, Panne> {
        let requete = identite.psc.post(self.points(identite).await?.token);
        self.noter(
            identite,
            appel::json(&identite.psc, appel::formulaire(requete, identite, champs), etape).await,
        )
    }

    /// Gives back what the token endpoint gave and nobody will use.
    pub(crate) async fn rendre(&self, identite: &Identite, reponse: &ReponseJetons) {
        // Without a refresh token, they die by themselves within two minutes.
        if let Some(renouvellement) = &reponse.refresh_token {
            self.revoquer(identite, renouvellement).await;
        }
    }

    /// Ends the refresh token of tokens that will not be used. Best effort: they die by themselves within half an hour.
    pub(crate) async fn revoquer(&self, identite: &Identite, jeton: &SecretString) {
        let point = self.points(identite).await.ok().and_then(|points| points.revocation);
        let Some(point) = point else { return };
        let champs = Revocation { token: jeton.expose_secret(), token_type_hint: "refresh_token" };
        let requete = appel::formulaire(identite.psc.post(point), identite, &champs);
        if let Err(panne) =
            self.noter(identite, appel::octets(&identite.psc, requete, "révocation PSC").await)
        {
            tracing::warn!(%panne, "un jeton PSC n’a pas été révoqué");
        }
    }

    /// Ends the session at PSC (RP-initiated logout, server to server).
    pub(crate) async fn deconnecter(
        &self,
        identite: &Identite,
        id_token: &SecretString,
    ) -> Result<(), Panne> {
        let Some(point) = self.fournisseur(identite).await?.end_session_endpoint.clone() else {
            return Ok(());
        };
        let champs = [("id_token_hint", id_token.expose_secret())];
        let requete = identite.psc.post(point).form(&champs);
        self.noter(identite, appel::octets(&identite.psc, requete, "déconnexion PSC").await).map(|_| ())
    }

    /// Turns an answer of the token endpoint into somebody, or says why not and gives the tokens back. `depart`: the instant
    /// before the request left.
    pub(crate) async fn reconnaitre(
        &self,
        identite: &Identite,
        reponse: ReponseJetons,
        nonce: Option<&str>,
        depart: Timestamp,
    ) -> Result<Personne, Echec> {
        let (national_id, session_state) = match self.lire_personne(identite, &reponse, nonce).await {
            Ok(lues) => lues,
            Err(echec) => {
                self.rendre(identite, &reponse).await;
                return Err(echec);
            }
        };
        let jetons = JetonsPsc {
            acces: reponse.access_token.expose_secret().into(),
            obtenu: depart,
            expire: echeance(depart, reponse.expires_in.unwrap_or(60)),
            renouvellement: reponse.refresh_token.map(|jeton| jeton.expose_secret().into()),
            renouvellement_expire: reponse.refresh_expires_in.map(|duree| echeance(depart, duree)),
            id_token: reponse.id_token.ok_or(Doute::SansIdToken)?.expose_secret().into(),
            panne: None,
        };
        Ok(Personne { national_id, session_state, jetons })
    }

    /// Who those tokens are for, and the name of their session.
    async fn lire_personne(
        &self,
        identite: &Identite,
        reponse: &ReponseJetons,
        nonce: Option<&str>,
    ) -> Result<(String, String), Echec> {
        if !reponse.porteur() {
            return Err(Doute::Type.into());
        }
        let id_token = reponse.id_token.as_ref().ok_or(Doute::SansIdToken)?;
        let session_state =
            reponse.session_state.clone().filter(|texte| !texte.is_empty()).ok_or(Doute::SansSession)?;
        let lues = self.verifier(identite, id_token, &reponse.access_token, nonce).await?;
        if let Some(acr) = lues.lire::<String>("acr").filter(|acr| !self.regles.acr_acceptes.contains(acr)) {
            return Err(Doute::Niveau(acr.chars().take(40).collect()).into());
        }
        Ok((personne(&lues).ok_or(Doute::SansPersonne)?, session_state))
    }

    /// Judges what a renewal brought: a token of the same kind and, where an id_token comes along, the same person
    /// (OpenID Connect Core §12.2). `ancien`: the id_token that was verified before.
    pub(crate) async fn confirmer(
        &self,
        identite: &Identite,
        reponse: &ReponseJetons,
        ancien: &SecretString,
        national_id: &str,
    ) -> Result<(), Echec> {
        if !reponse.porteur() {
            return Err(Doute::Type.into());
        }
        let Some(id_token) = &reponse.id_token else { return Ok(()) };
        let lues = self.verifier(identite, id_token, &reponse.access_token, None).await?;
        let meme_sujet = id_token::sujet(ancien.expose_secret()).is_none_or(|ancien| ancien == lues.sub);
        if !meme_sujet || personne(&lues).as_deref() != Some(national_id) {
            return Err(Doute::AutrePersonne.into());
        }
        Ok(())
    }

    async fn verifier(
        &self,
        identite: &Identite,
        id_token: &SecretString,
        acces: &SecretString,
        nonce: Option<&str>,
    ) -> Result<Revendications, Echec> {
        let attentes = Attentes {
            issuer: &self.emetteur,
            client_id: &identite.client_id,
            nonce,
            jeton_acces: Some(acces.expose_secret()),
            max_age: None,
            maintenant: self.horloge.maintenant(),
        };
        let jeton = id_token.expose_secret();
        match id_token::verifier(jeton, &*self.cles(identite).await?, &attentes) {
            Err(id_token::Refus::CleInconnue) => {
                let fraiches = self.cles_nouvelles(identite).await?;
                Ok(id_token::verifier(jeton, &fraiches, &attentes).map_err(Doute::from)?)
            }
            autre => Ok(autre.map_err(Doute::from)?),
        }
    }

    /// What PSC says of whoever that access token is for: a JSON object, as it came.
    pub(crate) async fn userinfo(
        &self,
        identite: &Identite,
        acces: &SecretString,
    ) -> Result<serde_json::Map<String, serde_json::Value>, Panne> {
        const ETAPE: &str = "userinfo de PSC";
        let point = self.points(identite).await?.userinfo.ok_or(Panne::Illisible { etape: ETAPE })?;
        let requete = identite.psc.get(point).bearer_auth(acces.expose_secret());
        self.noter(identite, appel::json(&identite.psc, requete, ETAPE).await)
    }

    /// Where a browser is sent to authenticate. The request goes in its address, or before it, from us to PSC (RFC 9126).
    pub(crate) async fn page_connexion(
        &self,
        identite: &Identite,
        parametres: &[(&str, &str)],
    ) -> Result<Url, Panne> {
        const ETAPE: &str = "demande d’autorisation poussée à PSC";
        #[derive(serde::Deserialize)]
        struct Poussee {
            request_uri: String,
        }
        let fournisseur = self.fournisseur(identite).await?;
        let mut url = fournisseur.authorization_endpoint.clone();
        let avec_certificat = identite.certificat.is_some();
        let point = fournisseur.points(avec_certificat).demande_poussee;
        let annonce = self.regles.par == Par::SiAnnonce && point.is_some();
        if !fournisseur.require_pushed_authorization_requests && !annonce {
            url.query_pairs_mut().extend_pairs(parametres);
            return Ok(url);
        }
        let requete = identite.psc.post(point.ok_or(Panne::Illisible { etape: ETAPE })?);
        // With a certificate the form has its `client_id` already.
        let champs: BTreeMap<_, _> =
            parametres.iter().copied().filter(|(nom, _)| !(avec_certificat && *nom == "client_id")).collect();
        let recue = appel::json(&identite.psc, appel::formulaire(requete, identite, &champs), ETAPE).await;
        let poussee: Poussee = self.noter(identite, recue)?;
        let client_id: &str = &identite.client_id;
        url.query_pairs_mut().extend_pairs([("client_id", client_id), ("request_uri", &poussee.request_uri)]);
        Ok(url)
    }

    /// Verifies a back-channel logout token and gives the PSC session that ended.
    pub(crate) async fn jeton_de_deconnexion(
        &self,
        identite: &Identite,
        jeton: &str,
    ) -> Result<oidc::deconnexion::JetonDeconnexion, Panne> {
        const ETAPE: &str = "déconnexion annoncée par PSC";
        let juger = |cles: &Jwks| {
            let maintenant = self.horloge.maintenant();
            oidc::deconnexion::verifier(jeton, cles, &self.emetteur, &identite.client_id, maintenant)
        };
        let mut jugement = juger(&*self.cles(identite).await?);
        if jugement.as_ref().err() == Some(&id_token::Refus::CleInconnue.into()) {
            jugement = juger(&*self.cles_nouvelles(identite).await?);
        }
        jugement.map_err(|refus| {
            tracing::warn!(%refus, "jeton de déconnexion refusé");
            Panne::Illisible { etape: ETAPE }
        })
    }
}

async fn lire_cles(identite: &Identite, adresse: Url) -> Result<Jwks, Panne> {
    const ETAPE: &str = "lecture des clés de PSC";
    let octets = appel::octets(&identite.psc, identite.psc.get(adresse), ETAPE).await?;
    Jwks::parse(&octets).map_err(|_| Panne::Illisible { etape: ETAPE })
}

/// The national identifier that an id_token gives.
fn personne(lues: &Revendications) -> Option<String> {
    let dit = |nom| lues.lire::<String>(nom).filter(|texte| !texte.is_empty());
    dit("SubjectNameID").or_else(|| dit("preferred_username"))
}
