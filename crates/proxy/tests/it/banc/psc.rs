//! Pro Santé Connect as the agency's mocks have it: an acknowledgement, one « pending », then tokens for whoever was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use oidc::CleSignature;
use oidc::jwt::Algorithme;
use serde_json::{Value, json};
use service::{Alea, Arret, Horloge, TlsServeur};

use super::acteur::{Acteur, Recu, reponse_json};

pub(crate) const CIBA: &str = "/ext/ciba/auth";
pub(crate) const TOKEN: &str = "/protocol/openid-connect/token";
pub(crate) const LOGOUT: &str = "/protocol/openid-connect/logout";
pub(crate) const REVOKE: &str = "/protocol/openid-connect/revoke";
pub(crate) const CERTS: &str = "/protocol/openid-connect/certs";
pub(crate) const PAR: &str = "/protocol/openid-connect/ext/par/request";
const USERINFO: &str = "/protocol/openid-connect/userinfo";
pub(crate) const DECOUVERTE: &str = "/.well-known/wallet-openid-configuration";
const ROYAUME: &str = "/auth/realms/esante-wallet";

/// One CIBA request or one code.
#[derive(Clone)]
struct Demande {
    national_id: String,
    client_id: String,
    nonce: Option<String>,
    sondages: usize,
    session_state: String,
}

struct Memoire {
    demandes: HashMap<String, Demande>,
    /// What a test changes in the next tokens.
    id_token: Vec<(String, Value)>,
    reponse: Vec<(String, Value)>,
    interval: Value,
    expires_in: Value,
    /// How many polls answer « pending » before tokens.
    attentes: usize,
    cle: Arc<CleSignature>,
    metadonnees: Vec<(String, Value)>,
    /// Access tokens, and whose they are.
    acces: HashMap<String, String>,
    profil: Vec<(String, Value)>,
    /// Where somebody must approve: who did.
    approuves: Option<Vec<String>>,
}

#[derive(Clone)]
pub(crate) struct FauxPsc {
    pub(crate) acteur: Acteur,
    memoire: Arc<Mutex<Memoire>>,
    alea: Alea,
}

pub(crate) fn cle() -> CleSignature {
    let pem = CleSignature::generer_pem(Algorithme::Es256).unwrap();
    CleSignature::depuis_pem(Algorithme::Es256, &pem).unwrap()
}

impl FauxPsc {
    pub(crate) async fn demarrer(tls: TlsServeur, horloge: Horloge, arret: &Arret) -> Self {
        let memoire = Arc::new(Mutex::new(Memoire {
            demandes: HashMap::new(),
            id_token: Vec::new(),
            reponse: Vec::new(),
            interval: json!(1),
            expires_in: json!(120),
            attentes: 1,
            cle: Arc::new(cle()),
            metadonnees: Vec::new(),
            acces: HashMap::new(),
            profil: Vec::new(),
            approuves: None,
        }));
        let alea = Alea::systeme();
        let (m, a) = (Arc::clone(&memoire), alea.clone());
        let acteur =
            Acteur::demarrer(tls, arret, Box::new(move |recu| repondre(&m, &horloge, &a, recu))).await;
        Self { acteur, memoire, alea }
    }

    pub(crate) fn decouverte(&self) -> String {
        format!("{}{DECOUVERTE}", self.emetteur())
    }

    pub(crate) fn emetteur(&self) -> String {
        format!("{}{ROYAUME}", self.acteur.url)
    }

    /// A claim of the id_tokens to come; null takes it away.
    pub(crate) fn revendication(&self, nom: &str, valeur: Value) {
        self.memoire.lock().unwrap().id_token.push((nom.to_owned(), valeur));
    }

    /// A member of userinfo.
    pub(crate) fn profil(&self, nom: &str, valeur: Value) {
        self.memoire.lock().unwrap().profil.push((nom.to_owned(), valeur));
    }

    /// A member of the token answers to come; null takes it away.
    pub(crate) fn membre(&self, nom: &str, valeur: Value) {
        self.memoire.lock().unwrap().reponse.push((nom.to_owned(), valeur));
    }

    pub(crate) fn metadonnee(&self, nom: &str, valeur: Value) {
        self.memoire.lock().unwrap().metadonnees.push((nom.to_owned(), valeur));
    }

    /// From now on a request waits until its person approved: these ones have.
    pub(crate) fn approuver(&self, national_ids: &[&str]) {
        let approuves = national_ids.iter().map(|id| (*id).to_owned());
        self.memoire.lock().unwrap().approuves.get_or_insert_default().extend(approuves);
    }

    pub(crate) fn rythme(&self, interval: Value, expires_in: Value, attentes: usize) {
        let mut memoire = self.memoire.lock().unwrap();
        (memoire.interval, memoire.expires_in, memoire.attentes) = (interval, expires_in, attentes);
    }

    /// Signs from now on with another key; the published set follows only if asked.
    pub(crate) fn changer_de_cle(&self) {
        self.memoire.lock().unwrap().cle = Arc::new(cle());
    }

    /// The key that signs now.
    pub(crate) fn cle(&self) -> Arc<CleSignature> {
        Arc::clone(&self.memoire.lock().unwrap().cle)
    }

    /// As if somebody had authenticated after a redirect: a code for the token endpoint.
    pub(crate) fn code(&self, client_id: &str, national_id: &str, nonce: &str) -> String {
        let code = self.alea.jeton();
        let demande = Demande {
            national_id: national_id.to_owned(),
            client_id: client_id.to_owned(),
            nonce: Some(nonce.to_owned()),
            sondages: usize::MAX / 2,
            session_state: self.alea.jeton(),
        };
        self.memoire.lock().unwrap().demandes.insert(code.clone(), demande);
        code
    }
}

/// Who calls: by certificate or by Basic.
pub(crate) fn client(recu: &Recu) -> Option<String> {
    use base64::Engine as _;
    if let Some(basic) = recu.entete("authorization").and_then(|valeur| valeur.strip_prefix("Basic ")) {
        let texte = String::from_utf8(base64::prelude::BASE64_STANDARD.decode(basic).unwrap()).unwrap();
        return texte.split_once(':').map(|(client_id, _)| client_id.to_owned());
    }
    let (annonce, prouve) = (recu.champ("client_id")?, recu.cn()?);
    (annonce == prouve).then_some(annonce)
}

fn repondre(memoire: &Mutex<Memoire>, horloge: &Horloge, alea: &Alea, recu: &Recu) -> Response {
    let hote = recu.entete("host").unwrap_or_default().to_owned();
    let base = format!("https://{hote}{ROYAUME}");
    let mut m = memoire.lock().unwrap();
    let chemin = recu.chemin.strip_prefix(ROYAUME).unwrap_or_default();
    match chemin {
        DECOUVERTE => {
            let point = |fin: &str| format!("{base}/protocol/openid-connect{fin}");
            let mut document = json!({
                "issuer": base,
                "authorization_endpoint": format!("https://{hote}/auth"),
                "token_endpoint": point("/token"),
                "jwks_uri": point("/certs"),
                "end_session_endpoint": point("/logout"),
                "userinfo_endpoint": point("/userinfo"),
                "revocation_endpoint": point("/revoke"),
                "backchannel_authentication_endpoint": point("/ext/ciba/auth"),
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256", "ES256"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": true,
            });
            poser(&mut document, &m.metadonnees);
            reponse_json(200, &document)
        }
        CERTS => reponse_json(200, &m.cle.jwks()),
        USERINFO => {
            let porteur = recu.entete("authorization").and_then(|valeur| valeur.strip_prefix("Bearer "));
            match porteur.and_then(|jeton| m.acces.get(jeton)) {
                Some(national_id) => {
                    let mut profil = json!({"sub": format!("f:550dc1c8:{national_id}"), "SubjectNameID": national_id, "family_name": "DOC"});
                    poser(&mut profil, &m.profil);
                    reponse_json(200, &profil)
                }
                None => StatusCode::UNAUTHORIZED.into_response(),
            }
        }
        LOGOUT | REVOKE => StatusCode::OK.into_response(),
        PAR => match client(recu) {
            Some(_) => reponse_json(
                201,
                &json!({"request_uri": format!("urn:par:{}", alea.jeton()), "expires_in": 60}),
            ),
            None => reponse_json(401, &json!({"error": "invalid_client"})),
        },
        _ if chemin.ends_with(CIBA) => {
            let Some(client_id) = client(recu) else {
                return reponse_json(401, &json!({"error": "invalid_client"}));
            };
            let id = alea.jeton();
            let demande = Demande {
                national_id: recu.champ("login_hint").unwrap(),
                client_id,
                nonce: None,
                sondages: 0,
                session_state: format!(
                    "session-state-{}-{}",
                    recu.champ("login_hint").unwrap(),
                    alea.jeton()
                ),
            };
            m.demandes.insert(id.clone(), demande);
            let mut accuse = json!({"auth_req_id": id, "expires_in": m.expires_in, "interval": m.interval});
            accuse.as_object_mut().unwrap().retain(|_, valeur| !valeur.is_null());
            reponse_json(200, &accuse)
        }
        TOKEN => jetons(&mut m, horloge, alea, recu, &base),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn jetons(m: &mut Memoire, horloge: &Horloge, alea: &Alea, recu: &Recu, base: &str) -> Response {
    if client(recu).is_none() {
        return reponse_json(401, &json!({"error": "invalid_client"}));
    }
    let cle = ["auth_req_id", "code", "refresh_token"].iter().find_map(|nom| recu.champ(nom)).unwrap();
    let (attentes, approuves) = (m.attentes, m.approuves.clone());
    let Some(demande) = m.demandes.get_mut(&cle) else {
        return reponse_json(
            400,
            &json!({"error": "invalid_grant", "error_description": "Invalid Auth Req ID"}),
        );
    };
    demande.sondages += 1;
    let attend = approuves.is_some_and(|approuves| !approuves.contains(&demande.national_id));
    if attend || demande.sondages <= attentes {
        return reponse_json(400, &json!({"error": "authorization_pending"}));
    }
    let demande = demande.clone();
    let (acces, renouvellement) = (alea.jeton(), alea.jeton());
    m.demandes.remove(&cle);
    m.acces.insert(acces.clone(), demande.national_id.clone());
    m.demandes.insert(renouvellement.clone(), Demande { sondages: usize::MAX / 2, ..demande.clone() });
    let maintenant = horloge.maintenant().as_second();
    let mut id_token = json!({
        "iss": base, "sub": format!("f:550dc1c8:{}", demande.national_id), "aud": demande.client_id,
        "exp": maintenant + 120, "iat": maintenant, "auth_time": maintenant, "acr": "eidas1", "authMode": "MOBILE",
        "SubjectNameID": demande.national_id, "preferred_username": demande.national_id, "nonce": demande.nonce,
        "at_hash": oidc::id_token::at_hash(&acces),
    });
    poser(&mut id_token, &m.id_token);
    let mut reponse = json!({
        "access_token": acces, "expires_in": 120, "refresh_token": renouvellement, "refresh_expires_in": 1_800,
        "token_type": "Bearer", "scope": "openid scope_all", "session_state": demande.session_state,
        "id_token": m.cle.signer(&id_token).unwrap(),
    });
    poser(&mut reponse, &m.reponse);
    reponse_json(200, &reponse)
}

/// Lays changes over an object; null takes away, and so do members that are null to begin with.
fn poser(objet: &mut Value, changements: &[(String, Value)]) {
    for (nom, valeur) in changements {
        objet[nom] = valeur.clone();
    }
    objet.as_object_mut().unwrap().retain(|_, valeur| !valeur.is_null());
}
