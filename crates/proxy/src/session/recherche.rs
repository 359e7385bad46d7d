//! Which session a request shows: by its cookie, or by a « jeton applicatif » for software that can't do cookies.
//!
//! The identifier counts nowhere else: not in the address, not in another header, not in a body.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE as ENTETE_COOKIE};
use jiff::Timestamp;

use super::{COOKIE, Session, depot, durable};
use crate::etat::Etat;

/// What a request shows of itself.
#[derive(Clone, Copy)]
pub(crate) enum Presente<'a> {
    Rien,
    Cookie(&'a str),
    /// Identifier and secret of a `ja.{id}.{secret}`.
    Jeton(&'a str, &'a str),
}

/// Longest identifier looked up.
const LONGUEUR_MAX: usize = 128;

/// A bearer first: software that sends one means it, while a cookie may be left from another day.
pub(crate) fn presente(entetes: &HeaderMap) -> Presente<'_> {
    let porteur = entetes
        .get(AUTHORIZATION)
        .and_then(|valeur| valeur.to_str().ok())
        .and_then(|valeur| valeur.split_once(' '))
        // The name of a scheme has no case (RFC 9110 §11.1).
        .filter(|(schema, _)| schema.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, jeton)| jeton.trim_start().strip_prefix("ja."))
        .and_then(|reste| reste.rsplit_once('.'));
    match porteur {
        Some((id, secret)) => Presente::Jeton(id, secret),
        None => cookie(entetes, COOKIE).map_or(Presente::Rien, Presente::Cookie),
    }
}

/// The first cookie of that name that isn't empty.
pub(crate) fn cookie<'a>(entetes: &'a HeaderMap, voulu: &str) -> Option<&'a str> {
    let lignes = entetes.get_all(ENTETE_COOKIE).into_iter().filter_map(|ligne| ligne.to_str().ok());
    let mut paires = lignes.flat_map(|ligne| ligne.split(';')).filter_map(|paire| paire.split_once('='));
    paires
        .find(|(nom, valeur)| nom.trim() == voulu && !valeur.trim().is_empty())
        .map(|(_, valeur)| valeur.trim())
}

/// The live session that a request from `adresse` shows. One that is nobody's is counted.
///
/// # Errors
/// When the session may be in a shared store that doesn't answer.
pub(crate) async fn chercher(
    etat: &Etat,
    presente: Presente<'_>,
    adresse: IpAddr,
    maintenant: Timestamp,
) -> Result<Option<Arc<Session>>, depot::Erreur> {
    let (id, secret) = match presente {
        Presente::Rien => return Ok(None),
        Presente::Cookie(id) => (id, None),
        Presente::Jeton(id, secret) => (id, Some(secret)),
    };
    let session = if id.len() > LONGUEUR_MAX { None } else { durable::trouver(etat, id).await? };
    let vivante = session.filter(|session| {
        let prouvee = secret.is_none_or(|secret| session.jeton_applicatif_est(secret));
        prouvee && session.vivante(&etat.config.session, maintenant)
    });
    if vivante.is_none() {
        etat.alertes.cookie_faux(adresse);
    }
    Ok(vivante)
}
