//! Fills the empty fields with what the guichet already knows of the structure, of its mandataire and of the person.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    candidature::{Candidature, administratif},
    formulaire::champs::{self, Forme},
    identifiant::Pays,
    structure::{Personne, Role, Structure},
};
use web::{Formulaire, Genre};

use super::{brouillon, conflit};
use crate::{acces::Ici, app::App, erreur::Erreur, session};

pub async fn preremplir(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let candidature = match brouillon::enregistrer(&app, &ici, &saisie).await? {
        Ok(candidature) => candidature,
        Err(refuse) => return conflit::page(&app, &ici, *refuse, saisie, false).await,
    };
    let structure = ici.structure()?;
    let mandataire = match structure.membres.iter().find(|membre| membre.role == Role::Mandataire) {
        Some(membre) => app.registre.lire().await?.load_personne(membre.personne).await?,
        None => None,
    };
    let contact = structure.membre(ici.personne.id).map(|_| &ici.personne);
    let connues = connues(structure, mandataire.as_ref(), contact);
    let contexte = app.contexte(candidature.guichet);
    let (acteur, le) = (ici.acteur(), app.maintenant());
    let manquantes = a_remplir(&candidature, &connues);
    if manquantes.is_empty() {
        let texte = "Rien à compléter : ces champs sont déjà remplis.";
        session::aviser(&app, &ici, Genre::Info, texte).await?;
    } else {
        let resultat = app
            .tenter(candidature.id, |candidature| {
                let valeurs = a_remplir(&candidature, &connues);
                let saisie = administratif::Saisie { valeurs, ..administratif::Saisie::default() };
                candidature.saisir(saisie, &contexte, &acteur, le)
            })
            .await?;
        if let Err(refuse) = resultat {
            return conflit::page(&app, &ici, *refuse, saisie, false).await;
        }
        let texte = match manquantes.len() {
            1 => "Un champ a été complété ; relisez-le.".to_owned(),
            n => {
                format!("{n} champs ont été complétés ; relisez-les. Ce que vous aviez saisi n’a pas changé.")
            }
        };
        session::aviser(&app, &ici, Genre::Succes, &texte).await?;
    }
    Ok(Redirect::to(&format!("/candidatures/{}/formulaire", candidature.id)).into_response())
}

/// Only what is empty and open: what somebody typed is never replaced.
fn a_remplir(candidature: &Candidature, connues: &[(&str, String)]) -> BTreeMap<String, String> {
    connues
        .iter()
        .filter(|(cle, valeur)| {
            !valeur.is_empty()
                && candidature.formulaire.valeur(cle).is_empty()
                && champs::trouver(cle, candidature.guichet)
                    .is_some_and(|champ| candidature.formulaire.modifiable(champ))
        })
        .map(|(cle, valeur)| ((*cle).to_owned(), valeur.clone()))
        .collect()
}

fn connues(
    structure: &Structure,
    mandataire: Option<&Personne>,
    contact: Option<&Personne>,
) -> Vec<(&'static str, String)> {
    let adresse = &structure.adresse;
    let mut connues = vec![
        ("denomination", structure.denomination.clone()),
        ("siret", structure.siret.lisible()),
        ("forme_juridique", forme_juridique(&structure.forme_juridique)),
        ("siege_voie", adresse.voie.clone()),
        ("siege_complement", adresse.complement.clone()),
        ("siege_code_postal", adresse.code_postal.clone()),
        ("siege_commune", adresse.commune.clone()),
        ("siege_pays", pays(&adresse.pays)),
    ];
    if let Some(personne) = mandataire {
        connues.extend([
            ("representant_nom", personne.nom.clone()),
            ("representant_prenom", personne.prenom.clone()),
            ("representant_courriel", personne.courriel.clone()),
            ("representant_telephone", personne.telephone.clone()),
        ]);
    }
    if let Some(personne) = contact {
        connues.extend([
            ("contact_nom", personne.nom.clone()),
            ("contact_prenom", personne.prenom.clone()),
            ("contact_courriel", personne.courriel.clone()),
            ("contact_telephone", personne.telephone.clone()),
        ]);
    }
    connues
}

/// The country, whether its directory writes it with two letters or three.
fn pays(texte: &str) -> String {
    let pays = Pays::de_deux_lettres(texte).or_else(|| texte.parse().ok());
    pays.map_or_else(String::new, |pays| pays.code().to_owned())
}

/// The choice that the company's own wording names; empty when none does.
fn forme_juridique(texte: &str) -> String {
    let Some(Forme::Choix(choix)) =
        champs::CHAMPS.iter().find(|champ| champ.cle == "forme_juridique").map(|champ| champ.forme)
    else {
        return String::new();
    };
    let texte = texte.trim().to_lowercase();
    choix
        .iter()
        .find(|(cle, libelle)| {
            let libelle = libelle.to_lowercase();
            let nom = libelle.split(" (").next().unwrap_or_default();
            texte == cle.to_lowercase() || texte == libelle || texte == nom
        })
        .map_or_else(String::new, |(cle, _)| (*cle).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legal_form_is_recognised_by_its_name_or_its_letters() {
        for (texte, attendu) in [
            ("SAS", "SAS"),
            (" sas ", "SAS"),
            ("Société par actions simplifiée", "SAS"),
            ("Société anonyme (SA)", "SA"),
            ("Entreprise individuelle", ""),
            ("", ""),
        ] {
            assert_eq!(forme_juridique(texte), attendu, "{texte}");
        }
    }
}
