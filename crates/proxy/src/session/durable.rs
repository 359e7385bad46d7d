//! Sessions that outlive this process, and those that another node opened.
//!
//! Rule: a change is in the store before whoever asked hears of it. A session ends once, whoever of the nodes ends it. When
//! a shared store can't be asked, a session is neither believed nor denied: the caller answers that it can't say.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc::UnboundedReceiver;

use super::depot::{Erreur, Groupes, Nouvelle, Partage, Rangee, Usage, Verrou};
use super::{Session, empreinte, forme};
use crate::etat::Etat;

/// Where nodes share the store, a last use is written when it is this much later than the one written before: others believe it.
const USAGE_S: i64 = 30;

/// What PSC calls something of this client's, made unreadable.
fn illisible(client_id: &str, nom: &str) -> String {
    hex::encode(digest(&SHA256, format!("{client_id}\n{nom}").as_bytes()))
}

async fn groupes(session: &Session) -> Groupes {
    let client_id = &session.identite.client_id;
    let sujet = sujet(session).await.map(|sujet| illisible(client_id, &sujet));
    Groupes { etat: illisible(client_id, &session.session_state), sujet }
}

/// Who PSC's `id_token` is about. It was verified when it came.
async fn sujet(session: &Session) -> Option<String> {
    let psc = session.psc.lock().await;
    oidc::id_token::sujet(psc.id_token.texte().expose_secret())
}

fn usage(etat: &Etat, session: &Session) -> Usage {
    Usage {
        empreinte: session.empreinte().to_owned(),
        derniere: session.derniere(),
        expire: session.expire(&etat.config.session),
    }
}

async fn sceller(etat: &Etat, session: &Session) -> Result<Option<Vec<u8>>, Erreur> {
    let Some(sceau) = &etat.magasin.sceau else { return Ok(None) };
    let clair = forme::ecrire(session, &etat.apis).await.map_err(|_| Erreur::Scellage)?;
    sceau.sceller(session.empreinte(), &clair).map(Some).map_err(|_| Erreur::Scellage)
}

/// Opens a session: kept first, then here.
pub(crate) async fn ouvrir(etat: &Etat, session: &Arc<Session>) -> Result<(), Erreur> {
    if etat.magasin.plein() {
        return Err(Erreur::Pleine);
    }
    if let Some(scelle) = sceller(etat, session).await? {
        let (groupes, usage) = (groupes(session).await, usage(etat, session));
        let au_plus = session.au_plus(&etat.config.session);
        etat.magasin.depot.creer(&groupes, &scelle, &usage, au_plus).await?;
    }
    etat.magasin.poser(session);
    Ok(())
}

/// Keeps what changed in a session. One that was closed meanwhile stays closed.
pub(crate) async fn garder(etat: &Etat, session: &Session) {
    let gardee = match sceller(etat, session).await {
        Ok(None) => return,
        Ok(Some(scelle)) => etat.magasin.depot.remplacer(session.empreinte(), &scelle).await,
        Err(erreur) => Err(erreur),
    };
    match gardee {
        Ok(true) => {}
        Ok(false) => {
            etat.magasin.retirer(session);
            session.fermer();
        }
        Err(erreur) => {
            // The session goes on here; another life would find it as it was before.
            tracing::error!(%erreur, session = session.empreinte(), "session changée sans être gardée");
        }
    }
}

/// Ends a session everywhere; `true` for the one caller, of all nodes, that did. What the store doesn't let go of is refused
/// here from now on, and taken away at a later round.
pub(crate) async fn fermer(etat: &Etat, session: &Session) -> bool {
    etat.magasin.retirer(session);
    let ici = session.fermer();
    match etat.magasin.depot.oter(session.empreinte()).await {
        // Without a shared store nobody else can end it.
        Ok(otee) => {
            if etat.magasin.depot.partage().is_some() {
                otee
            } else {
                ici
            }
        }
        Err(erreur) => {
            tracing::error!(%erreur, session = session.empreinte(), "session fermée ici, à ôter de la base");
            etat.magasin.a_oter(session.empreinte());
            ici
        }
    }
}

/// Takes away again what the store kept of sessions that were ended.
async fn oter_encore(etat: &Etat) {
    for empreinte in etat.magasin.restantes() {
        match etat.magasin.depot.oter(&empreinte).await {
            Ok(_) => etat.magasin.otee(&empreinte),
            Err(erreur) => {
                tracing::error!(%erreur, session = %empreinte, "session fermée, toujours dans la base");
                return;
            }
        }
    }
}

/// The session of that identifier, alive or not, from here or from another node.
pub(crate) async fn trouver(etat: &Etat, id: &str) -> Result<Option<Arc<Session>>, Erreur> {
    if let Some(session) = etat.magasin.trouver(id) {
        // A copy knows only of the calls that passed here.
        let douteuse = !session.vivante(&etat.config.session, etat.horloge.maintenant());
        if douteuse && let Some(partage) = etat.magasin.depot.partage() {
            rajeunir(partage, &session).await?;
        }
        return Ok(Some(session));
    }
    match etat.magasin.depot.partage() {
        None => Ok(None),
        Some(partage) => charger(etat, partage, &empreinte(id)).await,
    }
}

/// Reads the last use that other nodes saw.
async fn rajeunir(partage: &Partage, session: &Session) -> Result<(), Erreur> {
    if let Some(rangee) = partage.lire(session.empreinte()).await? {
        session.utilisee(rangee.derniere);
    }
    Ok(())
}

/// Reads a session from the shared store and keeps a copy here.
async fn charger(etat: &Etat, partage: &Partage, empreinte: &str) -> Result<Option<Arc<Session>>, Erreur> {
    if etat.magasin.est_a_oter(empreinte) {
        return Ok(None);
    }
    let vague = etat.magasin.vague();
    let Some(rangee) = partage.lire(empreinte).await? else { return Ok(None) };
    let session = ouvrir_rangee(etat, &rangee);
    if let Some(session) = &session {
        etat.magasin.poser_copie(session, vague);
    }
    Ok(session)
}

/// `None`, said in the log, for one that can't be opened or whose client isn't declared any more.
fn ouvrir_rangee(etat: &Etat, rangee: &Rangee) -> Option<Arc<Session>> {
    let lue = lire_rangee(etat, rangee)?;
    let Some(client) = etat.clients.get(&lue.client_id) else {
        tracing::warn!(client_id = lue.client_id, "session d’un logiciel qui n’est plus déclaré");
        return None;
    };
    Some(Arc::new(lue.session(client.identite(), &etat.apis, rangee.derniere)))
}

fn lire_rangee(etat: &Etat, rangee: &Rangee) -> Option<forme::Lue> {
    let clair = etat.magasin.sceau.as_ref()?.desceller(&rangee.empreinte, &rangee.scelle);
    let lue = clair.ok().and_then(|clair| forme::lire(&clair).ok());
    if lue.is_none() {
        tracing::warn!(session = rangee.empreinte, "session gardée qu’aucune clé n’ouvre");
    }
    lue
}

/// Takes back, at start, the sessions of an earlier life.
pub(crate) async fn reprendre(etat: &Etat) -> Result<(), Erreur> {
    let super::depot::Depot::Fichier(fichier) = &etat.magasin.depot else { return Ok(()) };
    let limite = etat.horloge.maintenant().as_second();
    let duree = i64::try_from(etat.config.session.duree_max_s).unwrap_or(i64::MAX);
    let (mut reprises, mut gardees, mut derniere) = (0_usize, 0_usize, String::new());
    loop {
        let rangees = fichier.apres(&derniere).await?;
        let Some(lue) = rangees.last() else { break };
        derniere.clone_from(&lue.empreinte);
        gardees += rangees.len();
        for rangee in &rangees {
            if let Some(session) = ouvrir_rangee(etat, rangee) {
                etat.magasin.poser(&session);
                reprises += 1;
            } else if rangee.derniere.saturating_add(duree) < limite {
                // Nobody can use it any more, with or without its key.
                etat.magasin.depot.oter(&rangee.empreinte).await?;
            }
        }
    }
    if gardees > 0 {
        tracing::info!(reprises, gardees, "sessions reprises");
    }
    Ok(())
}

/// Hears what other nodes change, until asked to stop.
pub(crate) async fn ecouter(etat: Arc<Etat>, mut nouvelles: UnboundedReceiver<Nouvelle>) {
    loop {
        tokio::select! {
            () = etat.arret.demande() => return,
            nouvelle = nouvelles.recv() => match nouvelle {
                Some(nouvelle) => {
                    if nouvelle == Nouvelle::Coupee {
                        tracing::warn!("Redis des sessions injoignable : sessions à relire");
                        etat.alertes.depot(false);
                    }
                    etat.magasin.apprendre(&nouvelle);
                }
                None => return,
            },
        }
    }
}

/// The right to renew the tokens of a session, with what other nodes renewed already read. `None` without a shared store.
///
/// # Errors
/// When the shared store doesn't answer: renewing then could spend a refresh token that another node needs.
pub(crate) async fn reserver(etat: &Etat, session: &Session) -> Result<Option<Verrou>, Erreur> {
    let Some(partage) = etat.magasin.depot.partage() else { return Ok(None) };
    let verrou = partage.verrouiller(session.empreinte(), etat.alea.jeton()).await?;
    match partage.lire(session.empreinte()).await {
        Ok(Some(rangee)) => {
            if let Some(lue) = lire_rangee(etat, &rangee) {
                lue.absorber(session, &etat.apis).await;
            }
            Ok(Some(verrou))
        }
        Ok(None) => {
            etat.magasin.retirer(session);
            session.fermer();
            Ok(Some(verrou))
        }
        Err(erreur) => {
            verrou.relacher().await;
            Err(erreur)
        }
    }
}

/// The sessions of a client that hang on one PSC session, on all nodes.
pub(crate) async fn par_etat(
    etat: &Etat,
    client_id: &str,
    session_state: &str,
) -> Result<Vec<Arc<Session>>, Erreur> {
    let Some(partage) = etat.magasin.depot.partage() else {
        return Ok(etat.magasin.choisir(|session| {
            *session.identite.client_id == *client_id && *session.session_state == *session_state
        }));
    };
    charger_toutes(etat, partage, partage.par_etat(&illisible(client_id, session_state)).await?).await
}

/// The sessions of one person on a client, on all nodes.
pub(crate) async fn par_sujet(
    etat: &Etat,
    client_id: &str,
    voulu: &str,
) -> Result<Vec<Arc<Session>>, Erreur> {
    if let Some(partage) = etat.magasin.depot.partage() {
        return charger_toutes(etat, partage, partage.par_sujet(&illisible(client_id, voulu)).await?).await;
    }
    let mut sessions = Vec::new();
    for session in etat.magasin.choisir(|session| *session.identite.client_id == *client_id) {
        if sujet(&session).await.as_deref() == Some(voulu) {
            sessions.push(session);
        }
    }
    Ok(sessions)
}

async fn charger_toutes(
    etat: &Etat,
    partage: &Partage,
    empreintes: Vec<String>,
) -> Result<Vec<Arc<Session>>, Erreur> {
    let mut sessions = Vec::new();
    for empreinte in empreintes {
        sessions.extend(charger(etat, partage, &empreinte).await?);
    }
    Ok(sessions)
}

/// Writes the last uses that are later than those written by more than `ecart` seconds.
async fn ranger(etat: &Etat, ecart: i64) -> Result<(), Erreur> {
    let touchees = etat.magasin.choisir(|session| session.a_ranger(ecart));
    // Piece by piece: of a million sessions, all may have served.
    for touchees in touchees.chunks(1_000) {
        let usages: Vec<_> = touchees.iter().map(|session| usage(etat, session)).collect();
        etat.magasin.depot.toucher(&usages).await?;
        for (session, usage) in touchees.iter().zip(&usages) {
            session.rangee(usage.derniere);
        }
    }
    Ok(())
}

/// Writes what remains to be written, at the end of a life.
pub(crate) async fn arreter(etat: &Etat) {
    if let Err(erreur) = ranger(etat, 0).await {
        tracing::error!(%erreur, "derniers usages des sessions non gardés");
    }
    oter_encore(etat).await;
    etat.magasin.depot.fermer().await;
}

/// The sessions that have to end, after a word with the other nodes; and writes the last uses that aren't yet.
pub(crate) async fn finies(etat: &Etat) -> Result<Vec<Arc<Session>>, Erreur> {
    let (magasin, regles) = (&etat.magasin, &etat.config.session);
    let maintenant = etat.horloge.maintenant();
    oter_encore(etat).await;
    // Alone, a tenth of the silence allowed: all that another life could be wrong by.
    let dixieme = i64::try_from(regles.inactivite_s / 10).unwrap_or(i64::MAX);
    let ecart = if magasin.depot.partage().is_some() { dixieme.min(USAGE_S) } else { dixieme };
    if let Err(erreur) = ranger(etat, ecart).await {
        // Another life would think them silent a little earlier: no reason not to end those that must end.
        tracing::error!(%erreur, "derniers usages des sessions non gardés");
    }
    let mut finies = magasin.choisir(|session| !session.vivante(regles, maintenant));
    if let Some(partage) = magasin.depot.partage() {
        magasin.compter(partage.nombre().await?);
        for session in &finies {
            rajeunir(partage, session).await?;
        }
        for empreinte in partage.echues(maintenant.as_second()).await? {
            match charger(etat, partage, &empreinte).await? {
                Some(session) => finies.push(session),
                // Its key has gone, or nobody can open it: nothing to revoke.
                None => partage.oublier(&empreinte).await?,
            }
        }
        finies.retain(|session| !session.vivante(regles, maintenant));
    }
    Ok(finies)
}
