//! Sends the person to the OpenID provider.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::{app::App, erreur::Erreur};

#[derive(Deserialize)]
pub struct Parametres {
    #[serde(default)]
    retour: String,
    /// Asks the provider for a fresh proof of who is there, before a signature.
    #[serde(default)]
    preuve: bool,
}

/// What is kept while the person is away at the provider; the `state` finds it again.
#[derive(Deserialize, Serialize)]
pub(super) struct Depart {
    pub nonce: String,
    pub verificateur: String,
    pub retour: String,
    pub max_age: Option<u32>,
}

/// A path of this site and nothing else: no way to send people elsewhere.
pub(super) fn chemin_sur(retour: &str) -> &str {
    let local = retour.starts_with('/')
        && !retour.starts_with("//")
        && !retour.contains(['\\', '\r', '\n'])
        && !retour.starts_with("/connexion");
    if local { retour } else { "/" }
}

pub async fn partir(State(app): State<App>, Query(p): Query<Parametres>) -> Result<Response, Erreur> {
    let max_age = p.preuve.then_some(0);
    let demande =
        oidc::Demande { prompt: p.preuve.then(|| "login".to_owned()), max_age, ..oidc::Demande::default() };
    let autorisation = app.oidc.demande(&demande, || app.alea.jeton()).await?;
    let depart = Depart {
        nonce: autorisation.nonce,
        verificateur: autorisation.verificateur.expose_secret().to_owned(),
        retour: chemin_sur(&p.retour).to_owned(),
        max_age,
    };
    let mut tx = app.registre.ecrire().await?;
    tx.save_connexion(&autorisation.etat, &serde_json::to_string(&depart)?, app.maintenant()).await?;
    tx.commit().await?;
    let mut reponse = Redirect::to(autorisation.url.as_str()).into_response();
    let cookie = format!(
        "__Host-guichet_etat={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600",
        autorisation.etat
    );
    if let Ok(valeur) = cookie.parse() {
        reponse.headers_mut().append(http::header::SET_COOKIE, valeur);
    }
    Ok(reponse)
}

#[cfg(test)]
mod tests {
    use super::chemin_sur;

    #[test]
    fn le_retour_reste_sur_le_site() {
        for (retour, attendu) in [
            ("/tableau-de-bord", "/tableau-de-bord"),
            ("/faq?page=2", "/faq?page=2"),
            ("//exemple.fr", "/"),
            ("https://exemple.fr", "/"),
            ("/\\exemple.fr", "/"),
            ("/connexion/retour", "/"),
            ("", "/"),
        ] {
            assert_eq!(chemin_sur(retour), attendu, "{retour}");
        }
    }
}
