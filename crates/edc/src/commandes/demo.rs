//! `edc demo`: one journey through the running house, told step by step: somebody connects, approves on a telephone, calls an
//! API, comes back, reads the traces, leaves.
//!
//! It does what an LPS does, over HTTP, with what `DIR/edc.json` says; the approval is given through the sandbox's API of
//! administration, where a person would touch a telephone. With `--navigateur` a browser does the rest, in front of [`lps`].

mod lps;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use service::{Alea, Horloge};

use super::Faute;
use crate::sortie;

#[derive(Args)]
pub(crate) struct Options {
    /// Dossier des données d’un « edc up » en cours.
    #[arg(long, value_name = "DIR", default_value = ".edc")]
    pub data: PathBuf,
    /// Sert à la place un petit logiciel web, à essayer dans un navigateur, jusqu’à Ctrl-C.
    #[arg(long)]
    pub navigateur: bool,
}

/// For the whole of one call; a connection waits for its approval.
const DELAI: Duration = Duration::from_mins(3);
/// Between two looks at the simulated telephone.
const REGARD: Duration = Duration::from_millis(300);

/// What `edc up` announces.
struct Maison {
    http: reqwest::Client,
    annonce: Value,
}

pub(crate) async fn jouer(options: &Options) -> Result<ExitCode, Faute> {
    let maison = Maison::trouver(options)?;
    if options.navigateur {
        return lps::servir(maison).await;
    }
    let debut = Horloge::systeme().maintenant();
    let client = maison.texte("/clients/0/client_id")?;
    let pro = maison.professionnel()?;
    let proxy = maison.texte("/proxy/url")?;
    let binding = Alea::systeme().lettres(b"0123456789", 2);

    titre("1. Un logiciel demande une session pour son utilisateur");
    dire(&format!(
        "Le logiciel « {client} » appelle POST {proxy}/connect avec l’identifiant national {pro}\n   \
         et le code {binding}, qu’il affiche à l’écran. Le proxy, et lui seul, parle à Pro Santé Connect :\n   \
         il présente le certificat du logiciel et attend la réponse de la personne (flux CIBA)."
    ));
    let ouverte = maison.connecter(&client, &pro, &binding).await?;
    let (id, etat) = (lire(&ouverte, "proxy_session_id"), lire(&ouverte, "session_state"));
    dire(&format!(
        "Le proxy a vérifié l’identité, échangé le jeton contre un jeton par API, et ouvert la session.\n   \
         Le logiciel n’a reçu qu’un cookie : proxy_session_id={}… (aucun jeton ne sort du proxy).",
        debut_de(&id)
    ));
    let cookie = format!("proxy_session_id={id}");

    titre("2. Le logiciel appelle une API Pro Santé Connectée");
    dire(&format!(
        "POST {proxy}/send/signsessiondata/signsessiondata, avec les quatre données de la session."
    ));
    let donnees =
        json!({"nationalId": pro, "clientID": client, "proxy_session_id": id, "session_state": etat});
    let (statut, signee) = maison
        .appeler("POST", "/send/signsessiondata/signsessiondata", Some(&cookie), Some(&donnees))
        .await?;
    exiger(statut, 200, &signee)?;
    dire(&format!(
        "L’API a vu le certificat du logiciel, le jeton qui lui est lié, et rien de la session. Elle répond {statut}\n   \
         et signe ce qu’elle a reçu : {}…",
        debut_de(&lire(&signee, "signature"))
    ));

    titre("3. Le logiciel redemande une session qu’il a déjà");
    let demande = corps_connect(&client, &pro, &binding);
    let (statut, _) = maison.appeler("POST", "/connect", Some(&cookie), Some(&demande)).await?;
    exiger(statut, 304, &Value::Null)?;
    dire(
        "Le proxy répond 304 sans corps : la session vit encore, ni Pro Santé Connect ni personne n’est sollicité.",
    );

    titre("4. L’exploitant lit les traces");
    let (statut, traces) = maison.appeler("GET", &format!("/traces?start={debut}"), None, None).await?;
    exiger(statut, 200, &traces)?;
    for trace in traces.as_array().into_iter().flatten() {
        dire(&raconter(trace));
    }

    titre("5. L’utilisateur part");
    let (statut, corps) = maison.appeler("DELETE", "/disconnect", Some(&cookie), None).await?;
    exiger(statut, 200, &corps)?;
    dire("La session est finie, le cookie effacé, Pro Santé Connect prévenu et les jetons d’API révoqués.");

    titre("6. Un appel de trop");
    let (statut, refus) = maison.appeler("GET", "/send/essai/entetes", Some(&cookie), None).await?;
    exiger(statut, 401, &refus)?;
    dire(&format!("Le même cookie ne vaut plus rien : {statut} « {} ».", lire(&refus, "message")));
    sortie::texte("\nTout s’est passé comme prévu.\n");
    Ok(ExitCode::SUCCESS)
}

impl Maison {
    fn trouver(options: &Options) -> Result<Self, Faute> {
        let chemin = options.data.join("edc.json");
        let texte = std::fs::read_to_string(&chemin).map_err(|_| {
            Faute::Dite(format!(
                "{} est absent : démarrez d’abord la maison avec « edc up --data {} », dans un autre terminal",
                chemin.display(),
                options.data.display()
            ))
        })?;
        let annonce: Value = serde_json::from_str(&texte)
            .map_err(|erreur| Faute::Dite(format!("{} illisible ({erreur})", chemin.display())))?;
        let ca = annonce["ca"].as_str().unwrap_or_default();
        let pem = std::fs::read_to_string(ca).map_err(Faute::fichier(ca))?;
        let http = service::client_http::client(Some(&pem), DELAI)
            .map_err(|erreur| Faute::Dite(erreur.to_string()))?;
        Ok(Self { http, annonce })
    }

    fn texte(&self, chemin: &str) -> Result<String, Faute> {
        let lu = self.annonce.pointer(chemin).and_then(Value::as_str);
        lu.map(str::to_owned).ok_or_else(|| {
            Faute::Dite(format!("edc.json ne dit pas « {chemin} » : vient-il de la même version d’edc ?"))
        })
    }

    /// The first identity that may connect.
    fn professionnel(&self) -> Result<String, Faute> {
        let identites = self.annonce["identites"].as_array().into_iter().flatten();
        let mut actives = identites.filter(|identite| identite["actif"] == true);
        let choisie = actives.find_map(|identite| identite["national_id"].as_str());
        choisie
            .map(str::to_owned)
            .ok_or_else(|| Faute::Dite("le bac à sable n’a aucune identité active".to_owned()))
    }

    /// One call to the proxy.
    async fn appeler(
        &self,
        methode: &str,
        chemin: &str,
        cookie: Option<&str>,
        corps: Option<&Value>,
    ) -> Result<(u16, Value), Faute> {
        let url = format!("{}{chemin}", self.texte("/proxy/url")?);
        let requete = match methode {
            "POST" => self.http.post(url),
            "DELETE" => self.http.delete(url),
            _ => self.http.get(url),
        };
        let requete = match corps {
            Some(corps) => requete.json(corps),
            None => requete,
        };
        let requete = match cookie {
            Some(cookie) => requete.header("cookie", cookie),
            None => requete,
        };
        let reponse = requete.send().await.map_err(|erreur| injoignable("proxy", erreur))?;
        let statut = reponse.status().as_u16();
        let octets = reponse.bytes().await.map_err(|erreur| injoignable("proxy", erreur))?;
        Ok((statut, serde_json::from_slice(&octets).unwrap_or(Value::Null)))
    }

    /// Connects, while somebody approves on the simulated telephone.
    async fn connecter(&self, client: &str, pro: &str, binding: &str) -> Result<Value, Faute> {
        let demande = corps_connect(client, pro, binding);
        let mut connexion = std::pin::pin!(self.appeler("POST", "/connect", None, Some(&demande)));
        loop {
            tokio::select! {
                fin = connexion.as_mut() => {
                    let (statut, corps) = fin?;
                    exiger(statut, 200, &corps)?;
                    return Ok(corps);
                }
                () = tokio::time::sleep(REGARD) => self.approuver(pro, binding).await?,
            }
        }
    }

    async fn approuver(&self, pro: &str, binding: &str) -> Result<(), Faute> {
        let (admin, jeton) = (self.texte("/bas_admin/url")?, self.texte("/bas_admin/jeton")?);
        let lecture = self.http.get(format!("{admin}/approbations")).bearer_auth(&jeton).send();
        let octets = match lecture.await {
            Ok(reponse) => reponse.bytes().await.unwrap_or_default(),
            Err(erreur) => return Err(injoignable("bac à sable", erreur)),
        };
        let attendues: Vec<Value> = serde_json::from_slice(&octets).unwrap_or_default();
        let la_sienne = attendues.iter().find(|attendue| {
            attendue["national_id"] == pro
                && attendue["binding_message"] == binding
                && attendue["etat"] != "close"
        });
        let Some(id) = la_sienne.and_then(|attendue| attendue["id"].as_str()) else { return Ok(()) };
        dire(&format!(
            "Sur le téléphone simulé ({}), la personne lit le nom du logiciel et le code {binding} : elle approuve.",
            self.texte("/ecps/url")?
        ));
        let envoi = self.http.post(format!("{admin}/approbations/{id}/approuver")).bearer_auth(&jeton).send();
        envoi.await.map_err(|erreur| injoignable("bac à sable", erreur))?;
        Ok(())
    }
}

fn corps_connect(client: &str, pro: &str, binding: &str) -> Value {
    json!({"nationalId": pro, "bindingMessage": binding, "clientId": client, "channel": "MOBILE"})
}

fn injoignable(qui: &str, erreur: reqwest::Error) -> Faute {
    Faute::Dite(format!("le {qui} ne répond pas ({})", erreur.without_url()))
}

fn exiger(statut: u16, attendu: u16, corps: &Value) -> Result<(), Faute> {
    if statut == attendu {
        return Ok(());
    }
    Err(Faute::Dite(format!("le proxy a répondu {statut} au lieu de {attendu} : {corps}")))
}

fn lire(objet: &Value, champ: &str) -> String {
    objet[champ].as_str().unwrap_or_default().to_owned()
}

fn debut_de(texte: &str) -> String {
    texte.chars().take(12).collect()
}

/// A trace in one line.
fn raconter(trace: &Value) -> String {
    let heure = lire(trace, "timestamp")
        .parse::<Timestamp>()
        .map_or_else(|_| String::new(), |instant| instant.strftime("%H:%M:%S%.3f").to_string());
    let appel = match &trace["apiRequest"] {
        Value::Null => String::new(),
        appel => format!(" {} {} {}", lire(appel, "methode"), lire(appel, "nomApiPsc"), lire(appel, "path")),
    };
    let (quoi, qui) = (lire(trace, "type"), lire(trace, "IdRPPS"));
    format!("{heure} {quoi:<16} {qui} depuis {}{appel}", lire(trace, "ipAddress"))
}

fn titre(texte: &str) {
    sortie::texte(&format!("\n{texte}\n"));
}

fn dire(texte: &str) {
    sortie::texte(&format!("   {texte}\n"));
}
