//! Sessions in Redis or Valkey: any node serves any session, and hears at once what another node changed.
//!
//! Rule: each act is one script, so no node sees half of it. A node believes its local copies only while it hears the
//! others; when the line is cut it drops them all.
//!
//! Keys: `edc:session:{fingerprint}` is a hash (`s` sealed, `t` last use); `edc:echeances` ranks fingerprints by the second
//! at which they end; `edc:sid:{…}` ranks those of one PSC session by the last second at which they can live, `edc:sub:{…}`
//! those of one person on one client; `edc:verrou:{fingerprint}` is held while a node renews tokens. The channel `edc:change`
//! says `{node}:{fingerprint}`. No command here is younger than Redis 6.2.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::try_join_all;
use jiff::Timestamp;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{
    Client, ClientTlsConfig, IntoConnectionInfo as _, ProtocolVersion, PushKind, RedisResult, Script,
    TlsCertificates, Value,
};
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::{Erreur, Groupes, Rangee, Usage};
use crate::config::DepotSessions;

const CANAL: &str = "edc:change";
/// How long a key outlives its session, so that some node still finds the tokens to revoke.
const SURSIS_S: i64 = 3_600;
/// Life of the lock of a renewal once its holder is silent: what a node that dies costs the others, much less than they wait.
const VERROU: Duration = Duration::from_secs(4);
/// Longest wait for the lock of a renewal.
const ATTENTE: Duration = Duration::from_secs(20);
/// How many times the holder says that it still works, in that life.
const RAPPELS: u32 = 4;
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
    verrou: Duration,
    attente: Duration,
}

impl std::fmt::Debug for Partage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Partage({})", self.noeud)
    }
}

/// How to reach the server that the configuration names, all that it names read. Connects to nothing.
pub(crate) fn client(regles: &DepotSessions) -> Result<Client, Erreur> {
    let url = regles.base.as_ref().map_or("", |base| base.expose_secret());
    let info = url.into_connection_info()?;
    let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let info = info.set_redis_settings(redis);
    let lire = |chemin: &PathBuf| {
        std::fs::read(chemin).map_err(|source| Erreur::Fichier { chemin: chemin.clone(), source })
    };
    let root_cert = regles.autorite.as_ref().map(lire).transpose()?;
    let client_tls = match (&regles.certificat, &regles.certificat_cle) {
        (Some(certificat), Some(cle)) => {
            Some(ClientTlsConfig { client_cert: lire(certificat)?, client_key: lire(cle)? })
        }
        _ => None,
    };
    if root_cert.is_none() && client_tls.is_none() {
        return Ok(Client::open(info)?);
    }
    Ok(Client::build_with_tls(info, TlsCertificates { client_tls, root_cert })?)
}

struct Actes {
    creer: Script,
    remplacer: Script,
    oter: Script,
    toucher: Script,
    prolonger: Script,
    relacher: Script,
}

impl Actes {
    fn nouveaux() -> Self {
        Self {
            // Those whose time is over leave the groups when another comes.
            creer: Script::new(
                "redis.call('HSET', KEYS[1], 's', ARGV[1], 't', ARGV[2])
                 redis.call('EXPIREAT', KEYS[1], ARGV[5])
                 redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4])
                 for rang = 3, #KEYS do
                     redis.call('ZREMRANGEBYSCORE', KEYS[rang], '-inf', '(' .. ARGV[2])
                     redis.call('ZADD', KEYS[rang], ARGV[6], ARGV[4])
                     redis.call('EXPIREAT', KEYS[rang], ARGV[6])
                 end
                 return 1",
            ),
            remplacer: Script::new(
                "if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
                 redis.call('HSET', KEYS[1], 's', ARGV[1])
                 redis.call('PUBLISH', ARGV[2], ARGV[3])
                 return 1",
            ),
            // The session first: what fails after that is swept, a session that stayed would live on.
            oter: Script::new(
                "local otee = redis.call('DEL', KEYS[1])
                 if otee == 1 then redis.call('PUBLISH', ARGV[2], ARGV[3]) end
                 redis.call('ZREM', KEYS[2], ARGV[1])
                 return otee",
            ),
            // A use that isn't later than the one known changes nothing: an end is never brought nearer.
            toucher: Script::new(
                "local t = redis.call('HGET', KEYS[1], 't')
                 if not t or tonumber(t) >= tonumber(ARGV[1]) then return 0 end
                 redis.call('HSET', KEYS[1], 't', ARGV[1])
                 redis.call('ZADD', KEYS[2], 'XX', ARGV[2], ARGV[3])
                 redis.call('EXPIREAT', KEYS[1], ARGV[4])
                 return 1",
            ),
            prolonger: Script::new(
                "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
                 return 0",
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
    format!("edc:sid:{etat}")
}

fn cle_sujet(sujet: &str) -> String {
    format!("edc:sub:{sujet}")
}

const ECHEANCES: &str = "edc:echeances";

impl Partage {
    /// Connects, and listens to the other nodes. `noeud` tells this process from the others; news go to `nouvelles`.
    pub(crate) async fn ouvrir(
        regles: &DepotSessions,
        noeud: String,
        nouvelles: mpsc::UnboundedSender<Nouvelle>,
    ) -> Result<Self, Erreur> {
        let client = client(regles)?;
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
        Ok(Self { lien, noeud, entend, actes: Actes::nouveaux(), verrou: VERROU, attente: ATTENTE })
    }

    /// Whether local copies can be believed.
    pub(crate) fn entend(&self) -> bool {
        self.entend.load(Ordering::Acquire)
    }

    fn annonce(&self, empreinte: &str) -> String {
        format!("{}:{empreinte}", self.noeud)
    }

    pub(super) async fn creer(
        &self,
        groupes: &Groupes,
        scelle: &[u8],
        usage: &Usage,
        au_plus: Timestamp,
    ) -> RedisResult<()> {
        let expire = usage.expire.as_second();
        let mut acte = self.actes.creer.prepare_invoke();
        acte.key(cle(&usage.empreinte)).key(ECHEANCES).key(cle_etat(&groupes.etat));
        if let Some(sujet) = &groupes.sujet {
            acte.key(cle_sujet(sujet));
        }
        acte.arg(scelle)
            .arg(usage.derniere)
            .arg(expire)
            .arg(&usage.empreinte)
            .arg(expire.saturating_add(SURSIS_S))
            .arg(au_plus.as_second().saturating_add(SURSIS_S))
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

    pub(super) async fn oter(&self, empreinte: &str) -> RedisResult<bool> {
        self.actes
            .oter
            .key(cle(empreinte))
            .key(ECHEANCES)
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

    /// Fingerprints of the sessions of one PSC session; some may have ended.
    pub(crate) async fn par_etat(&self, etat: &str) -> Result<Vec<String>, Erreur> {
        self.groupe(cle_etat(etat)).await
    }

    /// The same, of one person on one client.
    pub(crate) async fn par_sujet(&self, sujet: &str) -> Result<Vec<String>, Erreur> {
        self.groupe(cle_sujet(sujet)).await
    }

    async fn groupe(&self, cle: String) -> Result<Vec<String>, Erreur> {
        let mut ordre = redis::cmd("ZRANGE");
        ordre.arg(cle).arg(0).arg(-1);
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
        let duree = u64::try_from(self.verrou.as_millis()).unwrap_or(u64::MAX);
        let attente = tokio::time::timeout(self.attente, async {
            loop {
                let mut ordre = redis::cmd("SET");
                ordre.arg(&cle).arg(&jeton).arg("NX").arg("PX").arg(duree);
                let pris: Option<String> = ordre.query_async(&mut self.lien.clone()).await?;
                if pris.is_some() {
                    return Ok(());
                }
                tokio::time::sleep(ESSAI).await;
            }
        });
        attente.await.unwrap_or(Err(Erreur::Occupee))?;
        let rappels = tokio::spawn(rappeler(
            self.lien.clone(),
            self.actes.prolonger.clone(),
            (cle.clone(), jeton.clone()),
            self.verrou,
        ));
        Ok(Verrou {
            lien: self.lien.clone(),
            relacher: self.actes.relacher.clone(),
            cle,
            jeton,
            rappels: AbortOnDropHandle::new(rappels),
        })
    }
}

/// Says from time to time that the holder of a lock still works: PSC and an authorization server may take longer to answer
/// than a lock may outlive a node that died.
async fn rappeler(
    mut lien: ConnectionManager,
    prolonger: Script,
    (cle, jeton): (String, String),
    duree: Duration,
) {
    let millis = u64::try_from(duree.as_millis()).unwrap_or(u64::MAX);
    loop {
        tokio::time::sleep(duree / RAPPELS).await;
        let tenu: RedisResult<i64> =
            prolonger.key(&cle).arg(&jeton).arg(millis).invoke_async(&mut lien).await;
        match tenu {
            Ok(1) => {}
            Ok(_) => {
                tracing::warn!("verrou d’une session perdu pendant un renouvellement");
                return;
            }
            Err(erreur) => tracing::warn!(%erreur, "verrou d’une session non prolongé"),
        }
    }
}

/// The right to renew the tokens of a session, held for as long as the value lives. Given back by [`Verrou::relacher`], or by
/// time once it is dropped.
pub(crate) struct Verrou {
    lien: ConnectionManager,
    relacher: Script,
    cle: String,
    jeton: String,
    rappels: AbortOnDropHandle<()>,
}

impl Verrou {
    pub(crate) async fn relacher(mut self) {
        self.rappels.abort();
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

#[cfg(test)]
mod tests {
    use test_support::redis::Redis;

    use super::*;

    /// A node of that Redis.
    async fn noeud(redis: &Redis, nom: &str) -> Partage {
        let (nouvelles, _) = mpsc::unbounded_channel();
        let regles = DepotSessions { base: Some(redis.url().into()), ..DepotSessions::default() };
        Partage::ouvrir(&regles, nom.to_owned(), nouvelles).await.unwrap()
    }

    fn usage(empreinte: &str, derniere: i64, expire: i64) -> Usage {
        let expire = Timestamp::from_second(expire).unwrap();
        Usage { empreinte: empreinte.to_owned(), derniere, expire }
    }

    async fn nombre(noeud: &Partage, ordre: &[&str]) -> i64 {
        let mut commande = redis::cmd(ordre[0]);
        commande.arg(&ordre[1..]);
        commande.query_async(&mut noeud.lien.clone()).await.unwrap()
    }

    #[tokio::test]
    async fn a_lock_is_held_for_as_long_as_its_holder_works() {
        let Some(redis) = Redis::demarrer() else { return };
        let (mut a, mut b) = (noeud(&redis, "a").await, noeud(&redis, "b").await);
        (a.verrou, b.verrou, b.attente) =
            (Duration::from_secs(2), Duration::from_secs(2), Duration::from_secs(2));
        let tenu = a.verrouiller("s", "de-a".to_owned()).await.unwrap();
        // Two waits as long as the life of the lock: alone, it would have lapsed in the first.
        for _ in 0..2 {
            let refus = b.verrouiller("s", "de-b".to_owned()).await;
            assert!(matches!(refus, Err(Erreur::Occupee)));
        }
        tenu.relacher().await;
        let perdu = b.verrouiller("s", "de-b".to_owned()).await.unwrap();
        // A holder that dies says nothing more: its lock lapses.
        drop(perdu);
        a.verrouiller("s", "de-a".to_owned()).await.unwrap().relacher().await;
    }

    #[tokio::test]
    async fn a_group_lives_as_long_as_its_sessions_may_and_no_use_brings_an_end_nearer() {
        let Some(redis) = Redis::demarrer() else { return };
        let a = noeud(&redis, "a").await;
        let t = service::Horloge::systeme().maintenant().as_second();
        let groupes = Groupes { etat: "e".to_owned(), sujet: Some("p".to_owned()) };
        let fin = Timestamp::from_second(t + 14_400).unwrap();
        a.creer(&groupes, b"scelle", &usage("s1", t, t + 1_800), fin).await.unwrap();
        for cle in ["edc:sid:e", "edc:sub:p"] {
            assert_eq!(nombre(&a, &["EXPIRETIME", cle]).await, t + 14_400 + SURSIS_S, "{cle}");
        }
        let attendus = [(t + 1_500, t + 3_300, t + 3_300), (t + 900, t + 2_700, t + 3_300)];
        for (derniere, expire, attendu) in attendus {
            a.toucher(&[usage("s1", derniere, expire)]).await.unwrap();
            assert_eq!(nombre(&a, &["EXPIRETIME", "edc:session:s1"]).await, attendu + SURSIS_S);
            assert_eq!(a.echues(attendu - 1).await.unwrap().len(), 0);
            assert_eq!(a.echues(attendu).await.unwrap(), ["s1"]);
        }
        // One whose time was over leaves when another comes; one that was ended is looked for in vain.
        let tard = Timestamp::from_second(t + 30_000 + 14_400).unwrap();
        a.creer(&groupes, b"scelle", &usage("s2", t + 30_000, t + 31_800), tard).await.unwrap();
        assert_eq!(a.par_etat("e").await.unwrap(), ["s2"]);
        assert_eq!(a.par_sujet("p").await.unwrap(), ["s2"]);
        assert!(a.oter("s2").await.unwrap());
        assert!(!a.oter("s2").await.unwrap(), "ended once");
    }
}
