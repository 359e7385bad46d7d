//! The few pages that a browser may end on: plain, in French, with nothing to run.

use http::StatusCode;

use crate::reponse::{self, Reponse};

pub(super) const PERIMEE: &str = "Cette demande de connexion n’existe pas, a déjà servi ou a plus de dix minutes. Recommencez depuis votre logiciel.";
pub(super) const LOGICIEL_INCONNU: &str = "Ce logiciel n’est pas connu de ce proxy. Prévenez son éditeur.";
pub(super) const RETOUR_INCONNU: &str =
    "L’adresse de retour n’est pas enregistrée pour ce logiciel. Prévenez son éditeur.";
pub(super) const TROP: &str = "Trop de connexions sont demandées en ce moment. Réessayez dans un instant.";
pub(super) const PSC_ABSENT: &str =
    "Pro Santé Connect ne répond pas pour le moment. Réessayez dans quelques minutes.";
pub(super) const REFUSEE: &str = "Vous avez refusé la connexion. Vous pouvez fermer cette page.";
pub(super) const ECHOUEE: &str = "La connexion n’a pas abouti. Recommencez depuis votre logiciel.";

/// `texte` is one of ours: nothing that came from outside is shown.
pub(super) fn erreur(statut: StatusCode, texte: &'static str) -> Reponse {
    reponse::page(statut, page("Connexion impossible", texte))
}

pub(super) fn connecte() -> Reponse {
    let texte = "Vous êtes connecté avec Pro Santé Connect. Revenez à votre logiciel ; vous pouvez fermer cette page.";
    reponse::page(StatusCode::OK, page("Connexion réussie", texte))
}

fn page(titre: &str, texte: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"fr\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{titre}</title></head>\
         <body><main><h1>{titre}</h1><p>{texte}</p></main></body></html>\n"
    )
}
