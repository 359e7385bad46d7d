//! One mail, as text.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use web::Cadre;

use super::{
    dossier,
    lecture::{self, Courriel},
    nom_sur,
};
use crate::{acces::PeutEtre, app::App, cadre::cadre, erreur::Erreur};

#[derive(Template)]
#[template(path = "courriels/voir.html")]
struct Page {
    cadre: Cadre,
    courriel: Courriel,
    /// The lines before, the link to this site, the lines after.
    avant: String,
    lien: Option<String>,
    apres: String,
}

pub async fn voir(
    State(app): State<App>,
    PeutEtre(ici): PeutEtre,
    Path(nom): Path<String>,
) -> Result<Response, Erreur> {
    let dossier = dossier(&app)?;
    if !nom_sur(&nom) {
        return Err(Erreur::Introuvable);
    }
    let octets = tokio::fs::read(dossier.join(&nom)).await.map_err(|_| Erreur::Introuvable)?;
    let courriel = lecture::lire(&octets);
    let (avant, lien, apres) = couper(&courriel.corps, app.config.url.as_str());
    let fil = [("Courriels envoyés", "/dev/courriels")];
    let cadre = cadre(&app, ici.as_ref(), &courriel.objet, &format!("/dev/courriels/{nom}"), &fil);
    Ok(web::page(&Page { cadre, courriel, avant, lien, apres }))
}

/// Cuts the text at the line that is a link to this site: no other link is ever made clickable.
fn couper(corps: &str, site: &str) -> (String, Option<String>, String) {
    let lignes: Vec<&str> = corps.lines().collect();
    let Some(rang) = lignes.iter().position(|ligne| ligne.starts_with(site)) else {
        return (corps.to_owned(), None, String::new());
    };
    (lignes[..rang].join("\n"), Some(lignes[rang].to_owned()), lignes[rang + 1..].join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seul_un_lien_du_site_se_clique() {
        let site = "https://localhost:1/";
        assert_eq!(
            couper("a\nhttps://localhost:1/x\nb", site),
            ("a".to_owned(), Some("https://localhost:1/x".to_owned()), "b".to_owned())
        );
        assert_eq!(couper("https://ailleurs/x", site).1, None);
    }
}
