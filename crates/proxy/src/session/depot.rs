//! Where sessions are kept beyond this process: nowhere, in an SQLite file, or in Redis (Valkey) for several nodes.
//!
//! Rule: what is kept is sealed before it comes here, and named by its fingerprint, so the store alone opens nothing. A
//! session that was closed can't come back by a late save: saving changes what exists, only [`Depot::creer`] makes.

mod partage;
mod sqlite;

use jiff::Timestamp;

pub(crate) use partage::{Nouvelle, Partage, Verrou, client};
pub(crate) use sqlite::Fichier;

#[derive(Debug, thiserror::Error)]
pub enum Erreur {
    #[error("base des sessions")]
    Sqlite(#[from] sqlx::Error),
    #[error("Redis des sessions")]
    Redis(#[from] redis::RedisError),
    #[error("dossier de la base des sessions")]
    Dossier(#[source] std::io::Error),
    #[error("Redis des sessions : {} illisible", chemin.display())]
    Fichier { chemin: std::path::PathBuf, source: std::io::Error },
    #[error("la session ne peut pas être scellée")]
    Scellage,
    #[error("la session est occupée par un autre nœud")]
    Occupee,
    #[error("trop de sessions")]
    Pleine,
    #[error("pas de session à multiplier : un fichier qui en garde une est attendu")]
    Modele,
}

/// A session as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rangee {
    pub(crate) empreinte: String,
    pub(crate) scelle: Vec<u8>,
    /// Seconds since 1970 of the last relayed call.
    pub(crate) derniere: i64,
}

/// When a session was last used and until when it lives; kept beside what is sealed, since it changes with each call.
#[derive(Clone, Debug)]
pub(crate) struct Usage {
    pub(crate) empreinte: String,
    pub(crate) derniere: i64,
    pub(crate) expire: Timestamp,
}

/// By what PSC may announce an end, made unreadable: its session, and the person, each on one client.
#[derive(Clone, Debug)]
pub(crate) struct Groupes {
    pub(crate) etat: String,
    /// `None` when the `id_token` doesn't say who it is about.
    pub(crate) sujet: Option<String>,
}

#[derive(Debug)]
pub(crate) enum Depot {
    /// A restart ends every session.
    Memoire,
    Fichier(Fichier),
    Partage(Box<Partage>),
}

impl Depot {
    /// Keeps a new session, which no use can make live beyond `au_plus`.
    pub(crate) async fn creer(
        &self,
        groupes: &Groupes,
        scelle: &[u8],
        usage: &Usage,
        au_plus: Timestamp,
    ) -> Result<(), Erreur> {
        match self {
            Self::Memoire => Ok(()),
            Self::Fichier(fichier) => Ok(fichier.creer(scelle, usage).await?),
            Self::Partage(partage) => Ok(partage.creer(groupes, scelle, usage, au_plus).await?),
        }
    }

    /// Replaces what is sealed; `false` when the session is gone.
    pub(crate) async fn remplacer(&self, empreinte: &str, scelle: &[u8]) -> Result<bool, Erreur> {
        match self {
            Self::Memoire => Ok(true),
            Self::Fichier(fichier) => Ok(fichier.remplacer(empreinte, scelle).await?),
            Self::Partage(partage) => Ok(partage.remplacer(empreinte, scelle).await?),
        }
    }

    /// Takes a session away; `true` for the one, of all nodes, that did.
    pub(crate) async fn oter(&self, empreinte: &str) -> Result<bool, Erreur> {
        match self {
            Self::Memoire => Ok(true),
            Self::Fichier(fichier) => Ok(fichier.oter(empreinte).await?),
            Self::Partage(partage) => Ok(partage.oter(empreinte).await?),
        }
    }

    pub(crate) async fn toucher(&self, usages: &[Usage]) -> Result<(), Erreur> {
        match self {
            Self::Memoire => Ok(()),
            Self::Fichier(fichier) => Ok(fichier.toucher(usages).await?),
            Self::Partage(partage) => Ok(partage.toucher(usages).await?),
        }
    }

    /// Whether it answers.
    pub(crate) async fn sonder(&self) -> Result<(), Erreur> {
        match self {
            Self::Memoire => Ok(()),
            Self::Fichier(fichier) => Ok(fichier.sonder().await?),
            Self::Partage(partage) => partage.nombre().await.map(|_| ()),
        }
    }

    /// Lets go of the file.
    pub(crate) async fn fermer(&self) {
        if let Self::Fichier(fichier) = self {
            fichier.fermer().await;
        }
    }

    /// The store that other nodes share, if there is one: a session that isn't here may be there.
    pub(crate) fn partage(&self) -> Option<&Partage> {
        match self {
            Self::Partage(partage) => Some(partage),
            Self::Memoire | Self::Fichier(_) => None,
        }
    }
}
