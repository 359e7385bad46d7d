//! Opening the guichet: from its configuration to an [`App`] that can serve.
//!
//! Rule: everything that can be wrong is found here, before the first request, and each fault names its key.

use std::{collections::BTreeMap, path::Path, time::Duration};

use domaine::referentiel::{Faute, Referentiel};
use registre::Registre;
use service::{alea::Alea, client_http, horloge::Horloge};
use thiserror::Error;
use tokio::sync::Notify;

use crate::{
    app::{App, Interieur},
    clients_psc::Emetteur,
    config::{Config, Signature},
    faq,
    fichiers::Magasin,
};

/// The référentiel that ships with the program.
pub const REFERENTIEL: &str = include_str!("../../../referentiel/edc-psc.toml");

#[derive(Debug, Error)]
pub enum ErreurOuverture {
    #[error("{cle} : le fichier {chemin} n’a pas pu être lu ({source})")]
    Fichier { cle: &'static str, chemin: String, source: std::io::Error },
    #[error("base : la base de données ne s’ouvre pas")]
    Base(#[source] registre::Erreur),
    #[error("fichiers : le dossier {0} ne peut pas être créé ou n’est pas accessible en écriture")]
    Magasin(String),
    #[error("oidc : {0}")]
    Oidc(#[from] oidc::Erreur),
    #[error("oidc.autorite : {0}")]
    Http(#[from] service::client_http::ErreurClient),
    #[error("signature : la clé ne s’ouvre pas ({0})")]
    Signature(#[from] document::Erreur),
    #[error("autorites_signature : {0} ne contient pas de certificat lisible")]
    Autorite(String),
    #[error("referentiel : {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ; "))]
    Referentiel(Vec<Faute>),
}

fn lire(cle: &'static str, chemin: &Path) -> Result<Vec<u8>, ErreurOuverture> {
    std::fs::read(chemin).map_err(|source| ErreurOuverture::Fichier {
        cle,
        chemin: chemin.display().to_string(),
        source,
    })
}

/// Opens the stores, publishes the référentiel if it is new, loads the key.
pub async fn ouvrir(config: Config, horloge: Horloge, alea: Alea) -> Result<App, ErreurOuverture> {
    let signataire = signataire(&config.signature)?;
    ouvrir_avec(config, signataire, horloge, alea).await
}

/// The same with a signing key already at hand, whatever `config.signature` says.
pub async fn ouvrir_avec(
    config: Config,
    signataire: document::Signataire,
    horloge: Horloge,
    alea: Alea,
) -> Result<App, ErreurOuverture> {
    let texte = match &config.referentiel {
        None => REFERENTIEL.to_owned(),
        Some(dossier) => {
            String::from_utf8_lossy(&lire("referentiel", &dossier.join("edc-psc.toml"))?).into_owned()
        }
    };
    let courant = Referentiel::lire(&texte).map_err(ErreurOuverture::Referentiel)?;
    let registre = Registre::ouvrir(&config.base).await.map_err(ErreurOuverture::Base)?;
    let referentiels = publier(&registre, &courant, &texte, &horloge).await.map_err(ErreurOuverture::Base)?;
    faq::livrees::semer(&registre, horloge.maintenant()).await.map_err(ErreurOuverture::Base)?;
    let magasin = Magasin::local(&config.fichiers)
        .map_err(|_| ErreurOuverture::Magasin(config.fichiers.display().to_string()))?;
    let autorite = match &config.oidc.autorite {
        None => None,
        Some(chemin) => Some(String::from_utf8_lossy(&lire("oidc.autorite", chemin)?).into_owned()),
    };
    let http = client_http::client(autorite.as_deref(), Duration::from_secs(10))?;
    let retour = config.url.join("/connexion/retour").map_or_else(|_| String::new(), String::from);
    let oidc = oidc::Client::decouvrir(
        http.clone(),
        &config.oidc.emetteur,
        &config.oidc.client_id,
        config.oidc.secret.clone(),
        &retour,
    )?;
    let emetteur_clients = match &config.clients_psc {
        None => None,
        Some(reglage) => {
            let autorite = reglage.autorite.as_ref();
            let autorite = autorite.map(|chemin| lire("clients_psc.autorite", chemin)).transpose()?;
            let autorite = autorite.map(|octets| String::from_utf8_lossy(&octets).into_owned());
            Some(Emetteur::nouveau(reglage, autorite.as_deref())?)
        }
    };
    let mut autorites_signature = Vec::new();
    for chemin in &config.autorites_signature {
        let certificats = igc::lire::certificats_pem(&lire("autorites_signature", chemin)?)
            .map_err(|_| ErreurOuverture::Autorite(chemin.display().to_string()))?;
        autorites_signature.extend(certificats);
    }
    let app = App::new(Interieur {
        config,
        registre,
        magasin,
        horloge,
        alea,
        oidc,
        signataire,
        autorites_signature,
        referentiel: courant.version.clone(),
        referentiels,
        http,
        emetteur_clients,
        travail: Notify::new(),
    });
    Ok(app)
}

async fn publier(
    registre: &Registre,
    courant: &Referentiel,
    texte: &str,
    horloge: &Horloge,
) -> registre::Resultat<BTreeMap<String, Referentiel>> {
    let mut tx = registre.ecrire().await?;
    tx.publier_referentiel(&courant.version, texte, horloge.maintenant()).await?;
    let publies = tx.load_referentiels().await?;
    tx.commit().await?;
    let mut lus = BTreeMap::new();
    for (version, texte) in publies {
        match Referentiel::lire(&texte) {
            Ok(referentiel) => {
                lus.insert(version, referentiel);
            }
            Err(fautes) => {
                tracing::error!(version, ?fautes, "a published référentiel can\'t be read any more");
            }
        }
    }
    Ok(lus)
}

fn signataire(signature: &Signature) -> Result<document::Signataire, ErreurOuverture> {
    Ok(match signature {
        Signature::Pkcs12 { fichier, mot_de_passe } => {
            document::Signataire::depuis_pkcs12(&lire("signature.fichier", fichier)?, mot_de_passe)?
        }
        Signature::Pkcs11 { module, jeton, etiquette, code, certificat } => {
            let chaine = lire("signature.certificat", certificat)?;
            document::Signataire::depuis_pkcs11(document::ConfigPkcs11 {
                module: module.clone(),
                jeton: jeton.clone(),
                etiquette: etiquette.clone(),
                code: code.clone(),
                certificat_pem: String::from_utf8_lossy(&chaine).into_owned(),
            })?
        }
    })
}
