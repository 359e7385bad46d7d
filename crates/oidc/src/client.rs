//! The relying party: sends a person to the provider, exchanges the code, verifies the id_token, signs out.
//!
//! Metadata and keys are fetched when first needed and kept; a failure is never kept, so the next person tries again
//! and a client may start before its provider. An unknown `kid` fetches the keys once more.

mod reseau;

use std::fmt;
use std::sync::{Arc, RwLock};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use crate::id_token::{self, Attentes, Refus, Revendications, egaux};
use crate::jwks::Jwks;
use crate::metadonnees::{self, Faute, Fournisseur};
use crate::pkce;

/// What failed, with no secret and no token in it.
#[derive(Debug, thiserror::Error)]
pub enum Erreur {
    #[error("adresse du fournisseur ou de retour refusée : « {0} »")]
    Adresse(String),
    #[error("{etape} : le fournisseur d’identité ne répond pas")]
    Injoignable { etape: &'static str, source: reqwest::Error },
    #[error("{etape} : le fournisseur d’identité a répondu {statut}")]
    Statut { etape: &'static str, statut: u16 },
    #[error("{etape} : réponse trop longue")]
    TropLong { etape: &'static str },
    #[error("{etape} : réponse illisible")]
    Illisible { etape: &'static str },
    #[error("{etape} : le fournisseur d’identité a refusé ({code})")]
    Refuse { etape: &'static str, code: String },
    #[error("fournisseur d’identité inutilisable")]
    Fournisseur(#[from] Faute),
    #[error("le retour ne répond pas à une demande de cette session")]
    Etat,
    #[error("le retour vient d’un autre émetteur")]
    EmetteurDuRetour,
    #[error("le retour ne porte pas de code")]
    SansCode,
    #[error("le fournisseur n’a pas de point « userinfo »")]
    SansUserinfo,
    #[error("« userinfo » décrit une autre personne que l’id_token")]
    AutrePersonne,
    #[error("identité refusée")]
    IdToken(#[from] Refus),
}

/// What to ask for.
#[derive(Clone, Debug)]
pub struct Demande {
    /// Space-separated; must hold `openid`.
    pub scope: String,
    /// `login` asks for a new sign-in, `none` forbids any page.
    pub prompt: Option<String>,
    /// Oldest sign-in accepted, in seconds; give the same to [`Client::verifier_id_token`].
    pub max_age: Option<u32>,
    pub login_hint: Option<String>,
}

impl Default for Demande {
    fn default() -> Self {
        Self { scope: "openid profile email".to_owned(), prompt: None, max_age: None, login_hint: None }
    }
}

/// Where to send the person, and what to keep in their session until they come back.
#[derive(Clone, Debug)]
pub struct Autorisation {
    pub url: Url,
    /// `state`: must come back unchanged.
    pub etat: String,
    pub nonce: String,
    /// The PKCE verifier, for [`Client::echanger`].
    pub verificateur: SecretString,
}

/// The query of the redirect back to us.
#[derive(Clone, Default, Deserialize)]
pub struct Retour {
    pub code: Option<String>,
    pub state: Option<String>,
    pub iss: Option<String>,
    pub error: Option<String>,
}

impl fmt::Debug for Retour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Retour {{ code: {}, error: {:?} }}", self.code.is_some(), self.error)
    }
}

/// What the code was exchanged for.
#[derive(Debug, Deserialize)]
pub struct Jetons {
    pub id_token: SecretString,
    pub access_token: SecretString,
    pub token_type: String,
    /// Life of the access token, in seconds.
    pub expires_in: Option<u64>,
    pub refresh_token: Option<SecretString>,
}

/// A client of one provider. Cloning is cheap; clones share what was fetched.
#[derive(Clone, Debug)]
pub struct Client(Arc<Interieur>);

#[derive(Debug)]
struct Interieur {
    http: reqwest::Client,
    issuer: String,
    client_id: String,
    secret: SecretString,
    redirect_uri: Url,
    fournisseur: RwLock<Option<Arc<Fournisseur>>>,
    cles: RwLock<Option<Arc<Jwks>>>,
}

impl Client {
    /// Describes the client; nothing is fetched yet. `issuer` exactly as the provider writes it.
    ///
    /// # Errors
    /// [`Erreur::Adresse`] when an address is neither https nor on this machine.
    pub fn decouvrir(
        http: reqwest::Client,
        issuer: &str,
        client_id: &str,
        secret: SecretString,
        redirect_uri: &str,
    ) -> Result<Self, Erreur> {
        let sure = |adresse: &str| {
            let url = Url::parse(adresse).ok().filter(metadonnees::adresse_sure);
            url.ok_or_else(|| Erreur::Adresse(adresse.to_owned()))
        };
        sure(issuer)?;
        Ok(Self(Arc::new(Interieur {
            redirect_uri: sure(redirect_uri)?,
            http,
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            secret,
            fournisseur: RwLock::default(),
            cles: RwLock::default(),
        })))
    }

    /// The provider's metadata, fetched and checked on first use.
    ///
    /// # Errors
    /// [`Erreur`]; the next call tries again.
    pub async fn fournisseur(&self) -> Result<Arc<Fournisseur>, Erreur> {
        if let Some(connu) = lire(&self.0.fournisseur) {
            return Ok(connu);
        }
        let adresse = format!("{}{}", self.0.issuer.trim_end_matches('/'), metadonnees::CHEMIN);
        let lu: Fournisseur = reseau::json(self.0.http.get(adresse), "découverte").await?;
        lu.verifier(&self.0.issuer)?;
        Ok(garder(&self.0.fournisseur, lu))
    }

    /// Prepares a sign-in. `tirer` gives a fresh random each time, 43 to 128 characters of base64url (`|| alea.jeton()`).
    ///
    /// # Errors
    /// [`Erreur`] when the provider can't be discovered.
    pub async fn demande(
        &self,
        demande: &Demande,
        mut tirer: impl FnMut() -> String,
    ) -> Result<Autorisation, Erreur> {
        let fournisseur = self.fournisseur().await?;
        let (etat, nonce, verificateur) = (tirer(), tirer(), tirer());
        let mut url = fournisseur.authorization_endpoint.clone();
        let mut requete = url.query_pairs_mut();
        requete
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.0.client_id)
            .append_pair("redirect_uri", self.0.redirect_uri.as_str())
            .append_pair("scope", &demande.scope)
            .append_pair("state", &etat)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &pkce::defi(&verificateur))
            .append_pair("code_challenge_method", pkce::METHODE);
        if let Some(prompt) = &demande.prompt {
            requete.append_pair("prompt", prompt);
        }
        if let Some(max_age) = demande.max_age {
            requete.append_pair("max_age", &max_age.to_string());
        }
        if let Some(login_hint) = &demande.login_hint {
            requete.append_pair("login_hint", login_hint);
        }
        drop(requete);
        Ok(Autorisation { url, etat, nonce, verificateur: verificateur.into() })
    }

    /// Reads the redirect back: the state of this session, the right issuer (RFC 9207), no error. Gives the code.
    ///
    /// # Errors
    /// [`Erreur::Etat`], [`Erreur::EmetteurDuRetour`], [`Erreur::Refuse`] or [`Erreur::SansCode`].
    pub async fn lire_retour(&self, retour: &Retour, etat: &str) -> Result<SecretString, Erreur> {
        let recu = retour.state.as_deref().unwrap_or_default();
        if etat.is_empty() || !egaux(recu, etat) {
            return Err(Erreur::Etat);
        }
        let fournisseur = self.fournisseur().await?;
        let bon_emetteur = match &retour.iss {
            Some(iss) => *iss == fournisseur.issuer,
            None => !fournisseur.authorization_response_iss_parameter_supported,
        };
        if !bon_emetteur {
            return Err(Erreur::EmetteurDuRetour);
        }
        if let Some(code) = &retour.error {
            return Err(Erreur::Refuse { etape: "connexion", code: reseau::code_propre(code) });
        }
        let code = retour.code.as_deref().filter(|code| !code.is_empty());
        Ok(code.ok_or(Erreur::SansCode)?.into())
    }

    /// Exchanges the code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5).
    ///
    /// # Errors
    /// [`Erreur`]; [`Erreur::Refuse`] with `invalid_grant` for a code that was used or is too old.
    pub async fn echanger(&self, code: &SecretString, verificateur: &SecretString) -> Result<Jetons, Erreur> {
        const ETAPE: &str = "échange du code";
        let fournisseur = self.fournisseur().await?;
        let mut formulaire = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", self.0.redirect_uri.as_str()),
            ("code_verifier", verificateur.expose_secret()),
        ];
        let mut requete = self.0.http.post(fournisseur.token_endpoint.clone());
        let secret = self.0.secret.expose_secret();
        if fournisseur.accepte_basic() {
            // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
            let (identifiant, secret) = (reseau::encoder(&self.0.client_id), reseau::encoder(secret));
            requete = requete.basic_auth(identifiant, Some(secret));
        } else {
            formulaire.extend([("client_id", self.0.client_id.as_str()), ("client_secret", secret)]);
        }
        let jetons: Jetons = reseau::json(requete.form(&formulaire), ETAPE).await?;
        if !jetons.token_type.eq_ignore_ascii_case("Bearer") {
            return Err(Erreur::Illisible { etape: ETAPE });
        }
        Ok(jetons)
    }

    /// Verifies the id_token of an exchange. `nonce` and `max_age` are those of the request.
    ///
    /// # Errors
    /// [`Erreur::IdToken`] says which check failed; others when the keys can't be fetched.
    pub async fn verifier_id_token(
        &self,
        jetons: &Jetons,
        nonce: &str,
        max_age: Option<u32>,
        maintenant: Timestamp,
    ) -> Result<Revendications, Erreur> {
        let attentes = Attentes {
            issuer: &self.0.issuer,
            client_id: &self.0.client_id,
            nonce: Some(nonce),
            jeton_acces: Some(jetons.access_token.expose_secret()),
            max_age,
            maintenant,
        };
        let id_token = jetons.id_token.expose_secret();
        let connues = match lire(&self.0.cles) {
            Some(connues) => connues,
            None => self.charger_cles().await?,
        };
        match id_token::verifier(id_token, &connues, &attentes) {
            Err(Refus::CleInconnue) => {
                let fraiches = self.charger_cles().await?;
                Ok(id_token::verifier(id_token, &fraiches, &attentes)?)
            }
            autre => Ok(autre?),
        }
    }

    async fn charger_cles(&self) -> Result<Arc<Jwks>, Erreur> {
        const ETAPE: &str = "lecture des clés";
        let fournisseur = self.fournisseur().await?;
        let octets = reseau::octets(self.0.http.get(fournisseur.jwks_uri.clone()), ETAPE).await?;
        let lues = Jwks::parse(&octets).map_err(|_| Erreur::Illisible { etape: ETAPE })?;
        Ok(garder(&self.0.cles, lues))
    }

    /// Asks the provider about the person of that access token, who must be `sub` (OpenID Connect Core §5.3.2).
    ///
    /// # Errors
    /// [`Erreur::SansUserinfo`], [`Erreur::AutrePersonne`], or what failed on the way.
    pub async fn userinfo(
        &self,
        access_token: &SecretString,
        sub: &str,
    ) -> Result<serde_json::Map<String, serde_json::Value>, Erreur> {
        let fournisseur = self.fournisseur().await?;
        let adresse = fournisseur.userinfo_endpoint.clone().ok_or(Erreur::SansUserinfo)?;
        let requete = self.0.http.get(adresse).bearer_auth(access_token.expose_secret());
        let lues: serde_json::Map<_, serde_json::Value> = reseau::json(requete, "lecture du profil").await?;
        let meme = lues.get("sub").and_then(|valeur| valeur.as_str()) == Some(sub);
        if meme { Ok(lues) } else { Err(Erreur::AutrePersonne) }
    }

    /// Where to send the person to sign out at the provider too (OpenID Connect RP-Initiated Logout 1.0 §2).
    /// `None` when the provider offers no such page.
    ///
    /// # Errors
    /// [`Erreur`] when the provider can't be discovered.
    pub async fn deconnexion_url(
        &self,
        id_token_hint: Option<&SecretString>,
        post_logout_redirect_uri: Option<&str>,
        etat: Option<&str>,
    ) -> Result<Option<Url>, Erreur> {
        let Some(mut url) = self.fournisseur().await?.end_session_endpoint.clone() else { return Ok(None) };
        let parametres = [
            ("client_id", Some(self.0.client_id.as_str())),
            ("id_token_hint", id_token_hint.map(SecretString::expose_secret)),
            ("post_logout_redirect_uri", post_logout_redirect_uri),
            ("state", etat),
        ];
        let donnes = parametres.iter().filter_map(|(nom, valeur)| valeur.map(|valeur| (nom, valeur)));
        url.query_pairs_mut().extend_pairs(donnes);
        Ok(Some(url))
    }
}

fn lire<T>(place: &RwLock<Option<Arc<T>>>) -> Option<Arc<T>> {
    place.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
}

fn garder<T>(place: &RwLock<Option<Arc<T>>>, valeur: T) -> Arc<T> {
    let valeur = Arc::new(valeur);
    *place.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Arc::clone(&valeur));
    valeur
}
