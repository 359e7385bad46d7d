//! `edc demo --navigateur`: the smallest software of a professional (LPS) that a browser can use. It signs people in and calls
//! the API, all through the proxy.
//!
//! It stands at the host of the proxy, on another port, so that the browser brings it the cookie that the proxy has set: that
//! is how the session of a code flow reaches a web LPS. Rule: from then on it keeps the session at its own side, under a cookie
//! of its own, and the browser sees nothing of it.

mod pages;
mod reponse;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use service::tls::Clients;
use service::{Alea, Arret, Horloge, Identite, TlsServeur};
use url::Url;
use web::Champs;

use super::Maison;
use crate::commandes::{Faute, up};
use crate::sortie;
use reponse::Reponse;

/// Open at once; whoever comes next takes the place of the oldest.
const OUVERTES_MAX: usize = 100;

/// What the pages need.
struct Lps {
    maison: Maison,
    client_id: String,
    proxy: String,
    retour: String,
    debut: Timestamp,
    horloge: Horloge,
    alea: Alea,
    /// By the fingerprint of the browser's token.
    ouvertes: Mutex<HashMap<String, Ouverte>>,
}

/// Somebody connected.
#[derive(Clone)]
struct Ouverte {
    le: Timestamp,
    /// Of the proxy: worth the cookie that it gave.
    session: SecretString,
    session_state: String,
    professionnel: Professionnel,
    /// The form of the search, as last sent.
    recherche: Champs,
    reponse: Option<Reponse>,
}

/// Who the proxy says that it is.
#[derive(Clone)]
struct Professionnel {
    national_id: String,
    nom: String,
    profession: String,
}

pub(super) async fn servir(maison: Maison) -> Result<ExitCode, Faute> {
    let (url, retour) = (maison.texte("/lps/url")?, maison.texte("/lps/retour")?);
    let (certificat, cle) = (maison.texte("/lps/certificat")?, maison.texte("/lps/cle")?);
    let port = Url::parse(&url).ok().and_then(|url| url.port());
    let port = port.ok_or_else(|| Faute::Dite(format!("edc.json : « {url} » n’a pas de port")))?;
    let serveur = up::lier(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)).await?;
    let tls =
        TlsServeur::nouveau(Identite::depuis_fichiers(certificat.as_ref(), cle.as_ref())?, Clients::Aucun)?;
    let arret = Arret::new();
    arret.ecouter_signaux()?;
    let horloge = Horloge::systeme();
    let lps = Arc::new(Lps {
        client_id: maison.texte("/clients/0/client_id")?,
        proxy: maison.texte("/proxy/url")?,
        retour,
        debut: horloge.maintenant(),
        horloge,
        alea: Alea::systeme(),
        ouvertes: Mutex::default(),
        maison,
    });
    sortie::texte(&mode_d_emploi(&lps, &url)?);
    serveur.servir(pages::routes(&lps), tls, arret.clone()).await;
    arret.termine(up::VIDANGE).await;
    Ok(ExitCode::SUCCESS)
}

/// What the terminal says.
fn mode_d_emploi(lps: &Lps, url: &str) -> Result<String, Faute> {
    let mut texte = format!(
        "\nLogiciel de démonstration (« {} »), devant le proxy {} :\n\n  {url}\n\n  \
         1. Ouvrez cette adresse, puis « Se connecter avec Pro Santé Connect ».\n  \
         2. Sur la page de Pro Santé Connect simulé, choisissez l’un de ces professionnels :\n\n",
        lps.client_id, lps.proxy
    );
    for professionnel in lps.maison.professionnels() {
        let Professionnel { national_id, nom, profession } = professionnel;
        let _ = writeln!(texte, "       {national_id:<26} {nom:<28} {profession}");
    }
    let autorite = lps.maison.texte("/ca")?;
    let _ = writeln!(
        texte,
        "\n  3. Cherchez l’identité d’un patient fictif, faites signer la session, lisez les traces, déconnectez-vous.\n\n  \
         Le navigateur ne connaît pas l’autorité de test qui a signé les certificats de la maison. Importez-la une fois\n  \
         pour toutes ({autorite}), ou acceptez l’avertissement\n  \
         pour « localhost », puis pour « wallet.localhost », où Pro Santé Connect simulé a sa page.\n  \
         Ctrl-C pour arrêter."
    );
    Ok(texte)
}

impl Lps {
    /// A panic elsewhere leaves the table whole: each change is one insertion or one removal.
    fn ouvertes(&self) -> MutexGuard<'_, HashMap<String, Ouverte>> {
        self.ouvertes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ouvrir(&self, cle: String, ouverte: Ouverte) {
        let mut ouvertes = self.ouvertes();
        if ouvertes.len() >= OUVERTES_MAX {
            let ancienne = ouvertes.iter().min_by_key(|(_, autre)| autre.le).map(|(cle, _)| cle.clone());
            ancienne.map(|ancienne| ouvertes.remove(&ancienne));
        }
        ouvertes.insert(cle, ouverte);
    }

    /// The address that begins a sign-in: a plain link, which leads to Pro Santé Connect.
    fn connexion(&self) -> Result<Url, url::ParseError> {
        let parametres = [("clientId", &self.client_id), ("retour", &self.retour)];
        Url::parse_with_params(&format!("{}/connect/authorize", self.proxy), parametres)
    }
}

impl Maison {
    /// Those that Pro Santé Connect simulated lets in, as announced.
    fn professionnels(&self) -> Vec<Professionnel> {
        let identites = self.annonce["identites"].as_array().into_iter().flatten();
        let actives = identites.filter(|identite| identite["actif"] == true);
        actives
            .map(|identite| Professionnel {
                national_id: super::lire(identite, "national_id"),
                nom: format!("{} {}", super::lire(identite, "prenom"), super::lire(identite, "nom")),
                profession: super::lire(identite, "profession"),
            })
            .collect()
    }

    /// From what the proxy's `/userinfo` says; the profession in words is the announcement's.
    fn professionnel_decrit(&self, dit: &Value) -> Professionnel {
        let national_id = super::lire(dit, "SubjectNameID");
        let connu = self.professionnels().into_iter().find(|autre| autre.national_id == national_id);
        Professionnel {
            nom: format!("{} {}", super::lire(dit, "given_name"), super::lire(dit, "family_name")),
            profession: connu.map_or_else(String::new, |connu| connu.profession),
            national_id,
        }
    }
}
