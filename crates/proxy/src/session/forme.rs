//! A session as bytes, to be sealed, and back.
//!
//! Rule: what depends on this process is found again, not kept: the credential by the client's name, an API by its name. A
//! token that hangs on a certificate which is no longer this client's is left out, and will be asked for again.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{AuRepos, JetonApi, JetonsPsc, Naissance, Session};
use crate::connect::echange::Api;
use crate::identite::Identite;

/// What is written. Borrowed: no secret is copied but into the bytes, which are wiped.
#[derive(Serialize)]
struct Ecrite<'a> {
    id: &'a str,
    client_id: &'a str,
    certificat: Option<String>,
    national_id: &'a str,
    session_state: &'a str,
    adresse: IpAddr,
    debut: Timestamp,
    applicatif: Option<&'a str>,
    psc: JetonEcrit<'a>,
    psc_obtenu: Timestamp,
    id_token: &'a str,
    apis: BTreeMap<&'a str, JetonEcrit<'a>>,
}

#[derive(Serialize)]
struct JetonEcrit<'a> {
    acces: &'a str,
    expire: Timestamp,
    renouvellement: Option<&'a str>,
    renouvellement_expire: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moitie_s: Option<u32>,
}

/// The same, read.
#[derive(Deserialize)]
pub(crate) struct Lue {
    id: SecretString,
    pub(crate) client_id: String,
    certificat: Option<String>,
    national_id: String,
    session_state: String,
    adresse: IpAddr,
    debut: Timestamp,
    applicatif: Option<SecretString>,
    psc: JetonLu,
    /// Absent from what older versions wrote.
    #[serde(default)]
    psc_obtenu: Timestamp,
    id_token: SecretString,
    apis: BTreeMap<String, JetonLu>,
}

#[derive(Deserialize)]
struct JetonLu {
    acces: SecretString,
    expire: Timestamp,
    renouvellement: Option<SecretString>,
    renouvellement_expire: Option<Timestamp>,
    /// Half of its life in seconds, for one of an API; absent from what older versions wrote.
    #[serde(default)]
    moitie_s: Option<u32>,
}

fn certificat(identite: &Identite) -> Option<String> {
    identite.certificat.as_ref().map(|certificat| hex::encode(digest(&SHA256, &certificat.der)))
}

fn texte(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(SecretString::expose_secret)
}

fn jeton(jeton: &JetonApi) -> JetonEcrit<'_> {
    JetonEcrit {
        acces: jeton.acces(),
        expire: jeton.expire,
        renouvellement: texte(jeton.renouvellement.as_ref()),
        renouvellement_expire: jeton.renouvellement_expire,
        moitie_s: jeton.moitie_s(),
    }
}

/// Everything of a session that another life, or another node, needs.
pub(crate) async fn ecrire(
    session: &Session,
    apis: &[Arc<Api>],
) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let psc = session.psc.lock().await;
    let (acces, id_token) = (psc.acces.texte(), psc.id_token.texte());
    let renouvellement = psc.renouvellement.as_ref().map(AuRepos::texte);
    let jetons: Vec<_> = apis
        .iter()
        .filter_map(|api| Some((api.regles.id.as_str(), session.apis.get(api.rang)?.actuel.load_full()?)))
        .collect();
    let ecrite = Ecrite {
        id: session.id(),
        client_id: &session.identite.client_id,
        certificat: certificat(&session.identite),
        national_id: &session.national_id,
        session_state: &session.session_state,
        adresse: session.adresse,
        debut: session.debut,
        applicatif: texte(session.jeton_applicatif.as_ref()),
        psc: JetonEcrit {
            acces: acces.expose_secret(),
            expire: psc.expire,
            renouvellement: texte(renouvellement.as_ref()),
            renouvellement_expire: psc.renouvellement_expire,
            moitie_s: None,
        },
        psc_obtenu: psc.obtenu,
        id_token: id_token.expose_secret(),
        apis: jetons.iter().map(|(id, lu)| (*id, jeton(lu))).collect(),
    };
    // Written twice, to know the length: a buffer that grew would leave pieces of tokens behind.
    let mut longueur = Longueur(0);
    serde_json::to_writer(&mut longueur, &ecrite)?;
    let mut octets = Zeroizing::new(Vec::with_capacity(longueur.0));
    serde_json::to_writer(&mut *octets, &ecrite)?;
    Ok(octets)
}

struct Longueur(usize);

impl std::io::Write for Longueur {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0 += octets.len();
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(crate) fn lire(octets: &[u8]) -> Result<Lue, serde_json::Error> {
    serde_json::from_slice(octets)
}

impl Lue {
    /// Gives a session the tokens that another node renewed.
    pub(crate) async fn absorber(self, session: &Session, apis: &[Arc<Api>]) {
        let mut psc = session.psc.lock().await;
        *psc = au_repos(self.psc, self.psc_obtenu, &self.id_token);
        session.noter_psc(&psc);
        drop(psc);
        if certificat(&session.identite) == self.certificat {
            poser(session, apis, self.apis);
        }
    }

    /// The session, with the identity that its client has now.
    pub(crate) fn session(self, identite: Arc<Identite>, apis: &[Arc<Api>], derniere: i64) -> Session {
        let meme_certificat = certificat(&identite) == self.certificat;
        let session = Session::nouvelle(Naissance {
            id: self.id.expose_secret().to_owned(),
            identite,
            national_id: self.national_id,
            session_state: self.session_state,
            adresse: self.adresse,
            psc: au_repos(self.psc, self.psc_obtenu, &self.id_token),
            jeton_applicatif: self.applicatif,
            nombre_apis: apis.len(),
            le: self.debut,
        });
        session.utilisee(derniere);
        if meme_certificat {
            poser(&session, apis, self.apis);
        }
        session
    }
}

fn au_repos(psc: JetonLu, obtenu: Timestamp, id_token: &SecretString) -> JetonsPsc {
    JetonsPsc {
        acces: psc.acces.expose_secret().into(),
        obtenu,
        expire: psc.expire,
        renouvellement: psc.renouvellement.map(|jeton| jeton.expose_secret().into()),
        renouvellement_expire: psc.renouvellement_expire,
        id_token: id_token.expose_secret().into(),
        panne: None,
    }
}

fn poser(session: &Session, apis: &[Arc<Api>], mut jetons: BTreeMap<String, JetonLu>) {
    for api in apis {
        let Some((place, lu)) = session.apis.get(api.rang).zip(jetons.remove(&api.regles.id)) else {
            continue;
        };
        if let Ok(jeton) =
            JetonApi::nouveau(&lu.acces, lu.expire, lu.renouvellement, lu.renouvellement_expire)
        {
            place.reposer(jeton.de_moitie(lu.moitie_s));
        }
    }
}
