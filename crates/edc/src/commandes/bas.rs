//! `edc bas`: the sandbox alone, and what one does to a running one: answer requests, exchange identities, set a fault.
//!
//! The acts talk to the API of administration that `DIR/edc.json` announces, so they work beside `edc up`.

use std::{fmt::Write as _, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};
use service::{Alea, Arret, Horloge};

use super::{Faute, config, up::lier};
use crate::sortie;

#[derive(Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    /// Fichier de configuration (TOML).
    #[arg(long = "config", short = 'c', value_name = "FICHIER", required = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    acte: Option<Acte>,
}

#[derive(Subcommand)]
enum Acte {
    /// Liste les demandes d’approbation qui attendent.
    EnAttente(Ou),
    /// Approuve une demande, comme le ferait le professionnel.
    Approuver(Choix),
    /// Refuse une demande.
    Refuser(Choix),
    /// Écrit toutes les identités de test en JSON.
    Exporter(Ou),
    /// Ajoute ou remplace des identités de test, d’après un fichier JSON.
    Importer(Import),
    /// Active des scénarios de faute, à la place de ceux qui l’étaient ; sans nom, les retire tous.
    Scenarios(Scenarios),
    /// Revient au premier démarrage : scénarios, réglages, identités et heure ; les clients restent.
    Reinitialiser(Ou),
}

/// Where the sandbox runs.
#[derive(Args)]
struct Ou {
    /// Dossier de données de « edc up ».
    #[arg(long, value_name = "DIR", default_value = ".edc")]
    data: PathBuf,
}

#[derive(Args)]
struct Choix {
    /// Numéro de la demande ; inutile quand une seule attend.
    demande: Option<String>,
    /// Seulement les demandes de ce professionnel (identifiant national).
    #[arg(long, value_name = "ID")]
    identite: Option<String>,
    #[command(flatten)]
    ou: Ou,
}

#[derive(Args)]
struct Import {
    /// Liste JSON, comme l’écrit « edc bas exporter ».
    fichier: PathBuf,
    #[command(flatten)]
    ou: Ou,
}

#[derive(Args)]
struct Scenarios {
    /// Noms du catalogue : http-503, jeton-slow-down, id-iss-faux…
    noms: Vec<String>,
    /// Seulement pour ce client.
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
    /// Serveur visé par les scénarios « tls-… » et « http-… ».
    #[arg(long, value_name = "SERVEUR", value_parser = ["psc", "as", "api"])]
    cible: Option<String>,
    /// Point d’accès visé par les scénarios « http-… » : jeton, ciba, cles, introspection, userinfo…
    #[arg(long, value_name = "POINT")]
    point: Option<String>,
    /// Délai des scénarios « http-lent » et « http-goutte ».
    #[arg(long, value_name = "S")]
    secondes: Option<u32>,
    /// Nombre de fois, après quoi tout redevient juste.
    #[arg(long, value_name = "N")]
    fois: Option<u32>,
    /// Montre le catalogue et ne change rien.
    #[arg(long)]
    catalogue: bool,
    /// Montre les scénarios actifs et ne change rien.
    #[arg(long, conflicts_with = "catalogue")]
    actifs: bool,
    #[command(flatten)]
    ou: Ou,
}

pub(crate) async fn executer(options: &Options) -> Result<ExitCode, Faute> {
    match (&options.acte, &options.config) {
        (Some(acte), _) => agir(acte).await,
        (None, Some(config)) => servir(config).await,
        (None, None) => Err(Faute::Dite("--config FICHIER, ou un acte, est attendu".to_owned())),
    }
}

async fn servir(fichier: &std::path::Path) -> Result<ExitCode, Faute> {
    let config: config::ConfigBas = service::config::load(fichier, config::PREFIXE)?;
    config.journal.ouvrir()?;
    let (tls, tls_psc) = (config.tls.serveur()?, config.tls_psc()?);
    let serveur = lier(config.ecoute).await?;
    let serveur_psc = lier(config.ecoute_psc).await?;
    let serveur_apis = match config.ecoute_apis()? {
        Some(adresse) => Some(lier(adresse).await?),
        None => None,
    };
    let portail = config.psc.portail.clone();
    let config = bas::Config { isc: config.isc, psc: config.psc, apis: config.apis };
    let bac = bas::Bac::nouveau(config, Horloge::systeme(), Alea::systeme())?;
    let arret = Arret::new();
    arret.ecouter_signaux()?;
    if let Some(serveur) = serveur_apis {
        let serveur = serveur.avec_temoin(bac.journal().temoin("apis")).avec_portier(bac.portier_apis());
        arret.suivre(serveur.servir(bac.routes_apis(), tls_psc.clone(), arret.clone()));
    }
    if let Some(ecarts) = bac.ecarts() {
        sortie::texte(&format!(
            "Attention, le bac à sable s’écarte du juste : {ecarts}. Pour y revenir : {portail}/scenarios\n"
        ));
    }
    let serveur_psc = serveur_psc.avec_temoin(bac.journal().temoin("psc")).avec_portier(bac.portier_psc());
    arret.suivre(serveur_psc.servir(bac.routes_psc(), tls_psc, arret.clone()));
    serveur.servir(bac.routes(), tls, arret.clone()).await;
    arret.termine(super::up::VIDANGE).await;
    Ok(ExitCode::SUCCESS)
}

async fn agir(acte: &Acte) -> Result<ExitCode, Faute> {
    match acte {
        Acte::EnAttente(ou) => {
            let attentes = Bac::ouvrir(ou)?.approbations(None).await?;
            if attentes.is_empty() {
                sortie::texte("Aucune demande n’attend.\n");
            }
            sortie::texte(&attentes.iter().map(Attente::ligne).collect::<String>());
        }
        Acte::Approuver(choix) => repondre(choix, "approuver").await?,
        Acte::Refuser(choix) => repondre(choix, "refuser").await?,
        Acte::Exporter(ou) => {
            let identites = Bac::ouvrir(ou)?.lire("/identites").await?;
            sortie::texte(&format!("{identites:#}\n"));
        }
        Acte::Importer(import) => {
            let texte = std::fs::read_to_string(&import.fichier).map_err(Faute::fichier(&import.fichier))?;
            let identites: Value = serde_json::from_str(&texte)
                .map_err(|faute| Faute::Dite(format!("{} : {faute}", import.fichier.display())))?;
            let fait = Bac::ouvrir(&import.ou)?.poster("/identites/import", &identites).await?;
            sortie::texte(&format!("{} identités importées.\n", fait["importees"]));
        }
        Acte::Scenarios(choix) => scenarios(choix).await?,
        Acte::Reinitialiser(ou) => {
            Bac::ouvrir(ou)?.poster("/reinitialiser", &Value::Null).await?;
            sortie::texte("Le bac à sable est comme au premier démarrage ; les clients sont restés.\n");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn scenarios(choix: &Scenarios) -> Result<(), Faute> {
    let bac = Bac::ouvrir(&choix.ou)?;
    if choix.catalogue {
        let catalogue = bac.lire("/scenarios/catalogue").await?;
        let mut texte = String::new();
        for fiche in catalogue.as_array().into_iter().flatten() {
            let lire = |nom: &str| fiche[nom].as_str().unwrap_or_default();
            let _ = writeln!(texte, "{:<30} {}", lire("nom"), lire("effet"));
        }
        sortie::texte(&texte);
        return Ok(());
    }
    if choix.actifs {
        let actifs = bac.lire("/scenarios").await?;
        let mut lignes = String::new();
        for actif in actifs.as_array().into_iter().flatten() {
            let _ = writeln!(lignes, "{actif}");
        }
        sortie::texte(if lignes.is_empty() { "Aucun scénario n’est actif.\n" } else { &lignes });
        return Ok(());
    }
    let actifs: Vec<Value> = choix
        .noms
        .iter()
        .map(|nom| {
            let mut actif = json!({ "nom": nom });
            for (membre, valeur) in [
                ("client", json!(choix.client)),
                ("cible", json!(choix.cible)),
                ("point", json!(choix.point)),
                ("secondes", json!(choix.secondes)),
                ("fois", json!(choix.fois)),
            ] {
                if !valeur.is_null() {
                    actif[membre] = valeur;
                }
            }
            actif
        })
        .collect();
    bac.fixer("/scenarios", &json!(actifs)).await?;
    sortie::texte(&match actifs.len() {
        0 => "Plus aucun scénario n’est actif.\n".to_owned(),
        1 => "Un scénario est actif.\n".to_owned(),
        nombre => format!("{nombre} scénarios sont actifs.\n"),
    });
    Ok(())
}

async fn repondre(choix: &Choix, acte: &str) -> Result<(), Faute> {
    let bac = Bac::ouvrir(&choix.ou)?;
    let mut attentes = bac.approbations(choix.identite.as_deref()).await?;
    attentes.retain(|attente| choix.demande.as_ref().is_none_or(|id| attente.id == *id));
    match attentes.as_slice() {
        [une] => {
            bac.poster(&format!("/approbations/{}/{acte}", une.id), &Value::Null).await?;
            let fait = if acte == "approuver" { "Approuvée" } else { "Refusée" };
            sortie::texte(&format!("{fait} : {}", une.ligne()));
            Ok(())
        }
        [] => Err(Faute::Dite("aucune demande de ce genre n’attend".to_owned())),
        plusieurs => {
            let lignes: String = plusieurs.iter().map(Attente::ligne).collect();
            Err(Faute::Dite(format!("plusieurs demandes attendent, donnez le numéro de l’une :\n{lignes}")))
        }
    }
}

#[derive(Deserialize)]
struct Attente {
    id: String,
    national_id: String,
    client_nom: String,
    canal: String,
    binding_message: Option<String>,
}

impl Attente {
    fn ligne(&self) -> String {
        let nombre = self.binding_message.as_deref().unwrap_or("–");
        format!("{}  {}  {}  {}  {nombre}\n", self.id, self.national_id, self.canal, self.client_nom)
    }
}

/// A running sandbox, through its API.
struct Bac {
    http: Http,
    url: String,
    jeton: String,
}

type Http = service::client_http::Client;

impl Bac {
    /// Reads where it runs in `DIR/edc.json`.
    fn ouvrir(ou: &Ou) -> Result<Self, Faute> {
        #[derive(Deserialize)]
        struct Annonce {
            ca: PathBuf,
            bas_admin: Admin,
        }
        #[derive(Deserialize)]
        struct Admin {
            url: String,
            jeton: String,
        }
        let chemin = ou.data.join("edc.json");
        let texte = std::fs::read_to_string(&chemin).map_err(|_| {
            let dossier = ou.data.display();
            Faute::Dite(format!(
                "rien ne tourne sur {dossier} : lancez « edc up », ou désignez son dossier avec --data"
            ))
        })?;
        let annonce: Annonce = serde_json::from_str(&texte)
            .map_err(|faute| Faute::Dite(format!("{} : {faute}", chemin.display())))?;
        let ca = std::fs::read_to_string(&annonce.ca).map_err(Faute::fichier(&annonce.ca))?;
        let http = service::client_http::client(Some(&ca), Duration::from_secs(20))
            .map_err(|faute| Faute::Dite(faute.to_string()))?;
        Ok(Self { http, url: annonce.bas_admin.url, jeton: annonce.bas_admin.jeton })
    }

    async fn approbations(&self, identite: Option<&str>) -> Result<Vec<Attente>, Faute> {
        let lues = self.lire("/approbations").await?;
        let mut attentes: Vec<Attente> = serde_json::from_value(lues)
            .map_err(|faute| Faute::Dite(format!("réponse du bac à sable : {faute}")))?;
        attentes.retain(|attente| identite.is_none_or(|identite| attente.national_id == identite));
        Ok(attentes)
    }

    async fn lire(&self, chemin: &str) -> Result<Value, Faute> {
        self.envoyer(self.http.get(format!("{}{chemin}", self.url))).await
    }

    async fn poster(&self, chemin: &str, corps: &Value) -> Result<Value, Faute> {
        self.envoyer(self.http.post(format!("{}{chemin}", self.url)).json(corps)).await
    }

    async fn fixer(&self, chemin: &str, corps: &Value) -> Result<Value, Faute> {
        self.envoyer(self.http.put(format!("{}{chemin}", self.url)).json(corps)).await
    }

    /// The answer, or what the sandbox says of its refusal.
    async fn envoyer(&self, requete: service::client_http::Requete) -> Result<Value, Faute> {
        let muet = |_| Faute::Dite("le bac à sable ne répond pas".to_owned());
        let reponse = requete.bearer_auth(&self.jeton).send().await.map_err(muet)?;
        let statut = reponse.status();
        let corps: Value = serde_json::from_slice(&reponse.bytes().await.map_err(muet)?).unwrap_or_default();
        if statut.is_success() {
            return Ok(corps);
        }
        let texte = corps["message"].as_str().map_or_else(|| statut.to_string(), str::to_owned);
        Err(Faute::Dite(texte))
    }
}
