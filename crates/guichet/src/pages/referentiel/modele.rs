//! The templates that the preuves attendues name, to be downloaded and filled in.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::header;

use crate::erreur::Erreur;

/// Name in the référentiel, text in Markdown.
const MODELES: [(&str, &str); 8] = [
    ("conformite-tracabilite", include_str!("../../../../../referentiel/modeles/conformite-tracabilite.md")),
    ("declaration-flux", include_str!("../../../../../referentiel/modeles/declaration-flux.md")),
    ("dossier-architecture", include_str!("../../../../../referentiel/modeles/dossier-architecture.md")),
    ("fiche-incident", include_str!("../../../../../referentiel/modeles/fiche-incident.md")),
    ("formulaire-ti", include_str!("../../../../../referentiel/modeles/formulaire-ti.md")),
    ("matrice-flux", include_str!("../../../../../referentiel/modeles/matrice-flux.md")),
    (
        "plan-assurance-securite",
        include_str!("../../../../../referentiel/modeles/plan-assurance-securite.md"),
    ),
    ("tableau-hds", include_str!("../../../../../referentiel/modeles/tableau-hds.md")),
];

pub async fn telecharger(Path(nom): Path<String>) -> Result<Response, Erreur> {
    let nom = nom.strip_suffix(".md").unwrap_or(&nom);
    let (nom, texte) = MODELES.iter().find(|(autre, _)| *autre == nom).ok_or(Erreur::Introuvable)?;
    let entetes = [
        (header::CONTENT_TYPE, "text/markdown; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{nom}.md\"")),
    ];
    Ok((entetes, *texte).into_response())
}

#[cfg(test)]
mod tests {
    use super::MODELES;

    #[test]
    fn every_template_of_the_referentiel_can_be_downloaded() {
        let referentiel = domaine::referentiel::Referentiel::lire(crate::ouverture::REFERENTIEL)
            .expect("the embedded référentiel is sound");
        for preuve in referentiel.exigences.iter().flat_map(domaine::referentiel::Exigence::preuves) {
            assert!(
                preuve.modele.is_empty() || MODELES.iter().any(|(nom, _)| *nom == preuve.modele),
                "{} names {}",
                preuve.id,
                preuve.modele
            );
        }
    }
}
