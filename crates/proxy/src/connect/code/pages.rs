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
pub(super) const PROXY_EN_PANNE: &str =
    "Le proxy ne peut pas ouvrir de session pour le moment. Réessayez dans quelques minutes.";
pub(super) const SERVICE_ABSENT: &str =
    "Un service dont votre logiciel a besoin ne répond pas pour le moment. Réessayez dans quelques minutes.";
pub(super) const REFUSEE: &str = "Vous avez refusé la connexion. Vous pouvez fermer cette page.";
pub(super) const ECHOUEE: &str = "La connexion n’a pas abouti. Recommencez depuis votre logiciel.";

/// `texte` is one of ours: nothing that came from outside is shown.
pub(super) fn erreur(statut: StatusCode, texte: &'static str) -> Reponse {
    reponse::page(statut, page("Connexion impossible", &format!("<p>{texte}</p>")))
}

pub(super) fn connecte() -> Reponse {
    let texte = "<p>Vous êtes connecté avec Pro Santé Connect. Revenez à votre logiciel ; vous pouvez fermer cette page.</p>";
    reponse::page(StatusCode::OK, page("Connexion réussie", texte))
}

/// Asks whoever opened the address of a thick client whether it is theirs. `suite` is one of our own addresses.
pub(super) fn confirmer(logiciel: &str, message: &str, suite: &str) -> Reponse {
    let logiciel = logiciel.replace('&', "&amp;").replace('<', "&lt;");
    let suite = suite.replace('&', "&amp;");
    let corps = format!(
        "<p>Le logiciel « {logiciel} » demande à vous connecter avec Pro Santé Connect.</p>\
         <p>Il doit afficher ces deux chiffres : <strong>{message}</strong></p>\
         <p><a href=\"{suite}\">Les chiffres sont les mêmes, continuer</a></p>\
         <p>S’ils diffèrent, ou si vous n’avez rien demandé, fermez cette page : quelqu’un essaie peut-être de se \
         connecter à votre place.</p>"
    );
    reponse::page(StatusCode::OK, page("Est-ce bien votre logiciel ?", &corps))
}

fn page(titre: &str, corps: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"fr\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{titre}</title></head>\
         <body><main><h1>{titre}</h1>{corps}</main></body></html>\n"
    )
}
