//! `GET /traces?start=…[&end=…]`: the agency's endpoint, streamed from the journal.
//!
//! Open to all in the profile `conformite` alone, since the agency's tool reads it bare. Else a token or a client
//! certificate that the operator named.

use std::io;
use std::sync::Arc;

use futures::StreamExt as _;
use http::StatusCode;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use jiff::Timestamp;
use journal::Intervalle;
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use crate::config::Profil;
use crate::corps::Propre;
use crate::etat::Etat;
use crate::reponse::{self, Reponse};
use crate::requete::Recue;

pub(crate) fn lire(etat: &Arc<Etat>, recue: &Recue) -> Reponse {
    if !permis(etat, recue) {
        return reponse::refus(StatusCode::UNAUTHORIZED, "Traces are protected.");
    }
    let instant = |nom: &str| recue.parametre(nom).map(|texte| lire_instant(&texte));
    let debut = match instant("start") {
        Some(Some(debut)) => debut,
        Some(None) => return reponse::refus(StatusCode::BAD_REQUEST, "[start value is invalid]"),
        None => return reponse::refus(StatusCode::BAD_REQUEST, "[start is missing]"),
    };
    let fin = match instant("end") {
        Some(Some(fin)) => fin,
        Some(None) => return reponse::refus(StatusCode::BAD_REQUEST, "[end value is invalid]"),
        None => etat.horloge.maintenant(),
    };
    let morceaux = etat.journal.tableau_agence(Intervalle { debut, fin }).map(|morceau| {
        morceau.map(|octets| Frame::data(octets.into())).map_err(|erreur| {
            tracing::error!(%erreur, "lecture des traces interrompue");
            io::Error::other("lecture interrompue")
        })
    });
    let corps = Propre::Flux(StreamBody::new(morceaux).boxed_unsync());
    reponse::type_de(reponse::reponse(StatusCode::OK, corps), "application/json")
}

/// An instant with its offset or `Z`. A `+` that was not encoded arrives as a space: it is read as the `+` that was meant.
fn lire_instant(texte: &str) -> Option<Timestamp> {
    texte.parse().or_else(|_| texte.replace(' ', "+").parse()).ok()
}

fn permis(etat: &Etat, recue: &Recue) -> bool {
    let regles = &etat.config.traces;
    if etat.config.profil == Profil::Conformite {
        return true;
    }
    let porteur = recue.tete.headers.get(http::header::AUTHORIZATION);
    let porteur =
        porteur.and_then(|valeur| valeur.to_str().ok()).and_then(|texte| texte.strip_prefix("Bearer "));
    let jeton = regles.jeton.as_ref().is_some_and(|jeton| {
        porteur.is_some_and(|porteur| jeton.expose_secret().as_bytes().ct_eq(porteur.as_bytes()).into())
    });
    let nom = || {
        let feuille = recue.pair.certificats.first()?;
        igc::lire::lire_der(feuille).ok()?.cn
    };
    jeton || (!regles.lecteurs.is_empty() && nom().is_some_and(|cn| regles.lecteurs.contains(&cn)))
}
