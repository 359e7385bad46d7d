//! Sessions in Redis or Valkey: any node serves any session, and hears at once what another node changed.
//!
//! Rule: each act is one script, so no node sees half of it. A node believes its local copies only while it hears the
//! others; when the line is cut it drops them all.
//!
//! Keys: `edc:session:{fingerprint}` is a hash (`s` sealed, `t` last use); `edc:echeances` ranks fingerprints by the second
//! at which they end; `edc:etat:{…}` is the set of fingerprints of one PSC session; `edc:verrou:{fingerprint}` is held while a
//! node renews tokens. The channel `edc:change` says `{node}:{fingerprint}`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::try_join_all;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, IntoConnectionInfo as _, ProtocolVersion, PushKind, RedisResult, Script, Value};
use tokio::sync::mpsc;

use super::{Erreur, Rangee, Usage};

const CANAL: &str = "edc:change";
/// How long a key outlives its session, so that some node still finds the tokens to revoke.
const SURSIS_S: i64 = 3_600;
/// Longest life of the lock of a renewal, and longest wait for it.
const VERROU_MS: u64 = 20_000;
/// How many uses are written at once.
const ENSEMBLE: usize = 64;
const ESSAI: Duration = Duration::from_millis(40);

/// What the other nodes let know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Nouvelle {
    /// This session was changed or closed.
    Changee(String),
    /// Anything may have changed: the line was cut.
    Coupee,
}

pub(crate) struct Partage {
    lien: ConnectionManager,
    noeud: String,
    entend: Arc<AtomicBool>,
    actes: Actes,
}

impl std::fmt::Debug for Partage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Partage({})", self.noeud)
    }
}

struct Actes {
    creer: Script,
    remplacer: Script,
    oter: Script,
    toucher: Script,
    relacher: Script,
}

impl Actes {
    fn nouveaux() -> Self {
        Self {
            creer: Script::new(
                "redis.call('HSET', KEYS[1], 's', ARGV[1], 't', ARGV[2])
                 redis.call('EXPIREAT', KEYS[1], ARGV[5])
                 redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4])
                 redis.call('SADD', KEYS[3], ARGV[4])
                 redis.call('EXPIREAT', KEYS[3], ARGV[5])
                 return 1",
            ),
            remplacer: Script::new(
                "if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
                 redis.call('HSET', KEYS[1], 's', ARGV[1])
                 redis.call('PUBLISH', ARGV[2], ARGV[3])
                 return 1",
            ),
            oter: Script::new(
                "redis.call('ZREM', KEYS[2], ARGV[1])
                 redis.call('SREM', KEYS[3], ARGV[1])
                 local otee = redis.call('DEL', KEYS[1])
                 if otee == 1 then redis.call('PUBLISH', ARGV[2], ARGV[3]) end
                 return otee",
            ),
            toucher: Script::new(
                "local t = redis.call('HGET', KEYS[1], 't')
                 if not t then return 0 end
                 if tonumber(t) < tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 't', ARGV[1]) end
                 redis.call('ZADD', KEYS[2], 'XX', 'GT', ARGV[2], ARGV[3])
                 redis.call('EXPIREAT', KEYS[1], ARGV[4], 'GT')
                 return 1",
            ),
            relacher: Script::new(
                "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
                 return 0",
            ),
        }
    }
}

fn cle(empreinte: &str) -> String {
    format!("edc:session:{empreinte}")
}

fn cle_etat(etat: &str) -> String {
    format!("edc:etat:{etat}")
}

const ECHEANCES: &str = "edc:echeances";

impl Partage {
    /// Connects, and listens to the other nodes. `noeud` tells this process from the others; news go to `nouvelles`.
    pub(crate) async fn ouvrir(
        url: &str,
        noeud: String,
        nouvelles: mpsc::UnboundedSender<Nouvelle>,
    ) -> RedisResult<Self> {
        let info = url.into_connection_info()?;
        let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(redis))?;
        let entend = Arc::new(AtomicBool::new(false));
        let (pousse, mut poussees) = mpsc::unbounded_channel();
        let config = ConnectionManagerConfig::new()
            .set_push_sender(pousse)
            .set_automatic_resubscription()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_response_timeout(Some(Duration::from_secs(2)));
        let mut lien = ConnectionManager::new_with_config(client, config).await?;
        let (ecoute, soi) = (Arc::clone(&entend), format!("{noeud}:"));
        tokio::spawn(async move {
            while let Some(poussee) = poussees.recv().await {
                let poussee: redis::PushInfo = poussee;
                let nouvelle = match poussee.kind {
                    PushKind::Message => annonce(&poussee.data, &soi),
                    PushKind::Subscribe => {
                        ecoute.store(true, Ordering::Release);
                        None
                    }
                    PushKind::Disconnection => {
                        ecoute.store(false, Ordering::Release);
                        Some(Nouvelle::Coupee)
                    }
                    _ => None,
                };
                if nouvelle.is_some_and(|nouvelle| nouvelles.send(nouvelle).is_err()) {
                    return;
                }
            }
        });
        lien.subscribe(CANAL).await?;
        Ok(Self { lien, noeud, entend, actes: Actes::nouveaux() })
    }

    /// Whether local copies can be believed.
    pub(crate) fn entend(&self) -> bool {
        self.entend.load(Ordering::Acquire)
    }

    fn annonce(&self, empreinte: &str) -> String {
        format!("{}:{empreinte}", self.noeud)
    }

    pub(super) async fn creer(&self, etat: &str, scelle: &[u8], usage: &Usage) -> RedisResult<()> {
        let expire = usage.expire.as_second();
        self.actes
            .creer
            .key(cle(&usage.empreinte))
            .key(ECHEANCES)
            .key(cle_etat(etat))
            .arg(scelle)
            .arg(usage.derniere)
            .arg(expire)
            .arg(&usage.empreinte)
            .arg(expire.saturating_add(SURSIS_S))
            .invoke_async(&mut self.lien.clone())
            .await
    }

    pub(super) async fn remplacer(&self, empreinte: &str, scelle: &[u8]) -> RedisResult<bool> {
        self.actes
            .remplacer
            .key(cle(empreinte))
            .arg(scelle)
            .arg(CANAL)
            .arg(self.annonce(empreinte))
            .invoke_async(&mut self.lien.clone())
            .await
    }

    pub(super) async fn oter(&self, empreinte: &str, etat: &str) -> RedisResult<bool> {
        self.actes
            .oter
            .key(cle(empreinte))
            .key(ECHEANCES)
            .key(cle_etat(etat))
            .arg(empreinte)
            .arg(CANAL)
            .arg(self.annonce(empreinte))
            .invoke_async(&mut self.lien.clone())
            .await
    }

    pub(super) async fn toucher(&self, usages: &[Usage]) -> RedisResult<()> {
        // Many at once on the one connection: alone, each would wait for the way there and back.
        for groupe in usages.chunks(ENSEMBLE) {
            let actes: Vec<_> = groupe.iter().map(|usage| self.toucher_une(usage)).collect();
            try_join_all(actes).await?;
        }
        Ok(())
    }

    async fn toucher_une(&self, usage: &Usage) -> RedisResult<()> {
        let expire = usage.expire.as_second();
        let acte = &self.actes.toucher;
        acte.key(cle(&usage.empreinte))
            .key(ECHEANCES)
            .arg(usage.derniere)
            .arg(expire)
            .arg(&usage.empreinte)
            .arg(expire.saturating_add(SURSIS_S))
            .invoke_async(&mut self.lien.clone())
            .await
    }

    /// One session, if it is there.
    pub(crate) async fn lire(&self, empreinte: &str) -> Result<Option<Rangee>, Erreur> {
        let mut ordre = redis::cmd("HMGET");
        ordre.arg(cle(empreinte)).arg("s").arg("t");
        let (scelle, derniere): (Option<Vec<u8>>, Option<i64>) =
            ordre.query_async(&mut self.lien.clone()).await?;
        Ok(scelle.zip(derniere).map(|(scelle, derniere)| Rangee {
            empreinte: empreinte.to_owned(),
            scelle,
            derniere,
        }))
    }

    /// Fingerprints of sessions whose time is over, a hundred at most.
    pub(crate) async fn echues(&self, maintenant: i64) -> Result<Vec<String>, Erreur> {
        let mut ordre = redis::cmd("ZRANGE");
        ordre.arg(ECHEANCES).arg("-inf").arg(maintenant).arg("BYSCORE").arg("LIMIT").arg(0).arg(100);
        Ok(ordre.query_async(&mut self.lien.clone()).await?)
    }

    /// Forgets the deadline of a session that is no more.
    pub(crate) async fn oublier(&self, empreinte: &str) -> Result<(), Erreur> {
        let mut ordre = redis::cmd("ZREM");
        ordre.arg(ECHEANCES).arg(empreinte);
        Ok(ordre.query_async(&mut self.lien.clone()).await?)
    }

    /// Fingerprints of the sessions of one PSC session.
    pub(crate) async fn par_etat(&self, etat: &str) -> Result<Vec<String>, Erreur> {
        let mut ordre = redis::cmd("SMEMBERS");
        ordre.arg(cle_etat(etat));
        Ok(ordre.query_async(&mut self.lien.clone()).await?)
    }

    /// How many sessions there are, all nodes together. Also what brings a cut line back.
    pub(crate) async fn nombre(&self) -> Result<usize, Erreur> {
        let mut ordre = redis::cmd("ZCARD");
        ordre.arg(ECHEANCES);
        Ok(ordre.query_async(&mut self.lien.clone()).await?)
    }

    /// Waits to be the one node that renews the tokens of a session.
    ///
    /// # Errors
    /// [`Erreur::Occupee`] after twenty seconds.
    pub(crate) async fn verrouiller(&self, empreinte: &str, jeton: String) -> Result<Verrou, Erreur> {
        let cle = format!("edc:verrou:{empreinte}");
        let attente = tokio::time::timeout(Duration::from_millis(VERROU_MS), async {
            loop {
                let mut ordre = redis::cmd("SET");
                ordre.arg(&cle).arg(&jeton).arg("NX").arg("PX").arg(VERROU_MS);
                let pris: Option<String> = ordre.query_async(&mut self.lien.clone()).await?;
                if pris.is_some() {
                    return Ok(());
                }
                tokio::time::sleep(ESSAI).await;
            }
        });
        attente.await.unwrap_or(Err(Erreur::Occupee))?;
        Ok(Verrou { lien: self.lien.clone(), relacher: self.actes.relacher.clone(), cle, jeton })
    }
}

/// The right to renew the tokens of a session. Given back by [`Verrou::relacher`], or by time.
pub(crate) struct Verrou {
    lien: ConnectionManager,
    relacher: Script,
    cle: String,
    jeton: String,
}

impl Verrou {
    pub(crate) async fn relacher(mut self) {
        let rendu: RedisResult<i64> =
            self.relacher.key(self.cle).arg(self.jeton).invoke_async(&mut self.lien).await;
        if let Err(erreur) = rendu {
            tracing::warn!(%erreur, "verrou d’une session rendu par le temps");
        }
    }
}

/// The session that a message names, unless this node said it.
fn annonce(data: &[Value], soi: &str) -> Option<Nouvelle> {
    let texte: String = redis::from_redis_value(data.get(1)?.clone()).ok()?;
    if texte.starts_with(soi) {
        return None;
    }
    let (_, empreinte) = texte.split_once(':')?;
    Some(Nouvelle::Changee(empreinte.to_owned()))
}
