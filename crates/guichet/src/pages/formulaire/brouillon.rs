//! What a page of the form sent: read, and saved as a draft whatever it is worth.

use std::collections::BTreeMap;

use domaine::{
    candidature::{Candidature, administratif},
    formulaire::{
        champs::{self, Forme},
        rapprochement::Page,
    },
    referentiel::Guichet,
};
use web::Saisie;

use crate::{
    acces::Ici,
    app::{App, Refuse},
    erreur::Erreur,
};

/// Prefix of the hidden fields that hold what the page showed: one for each field that could be filled in.
pub(super) const ORIGINE: &str = "origine.";
/// Hidden field that holds the one-time token of the page.
pub(super) const JETON: &str = "page";

/// The values of the fields that the page offered, by their keys.
pub(super) fn valeurs(saisie: &Saisie, guichet: Guichet) -> BTreeMap<String, String> {
    saisie
        .prefixe(ORIGINE)
        .into_iter()
        .filter_map(|(cle, _)| champs::trouver(cle, guichet))
        .map(|champ| {
            let valeur = match champ.forme {
                Forme::Profils => saisie.tous(champ.cle).join(","),
                Forme::Case if saisie.coche(champ.cle) => "oui".to_owned(),
                Forme::Case => String::new(),
                _ => saisie.texte(champ.cle).to_owned(),
            };
            (champ.cle.to_owned(), valeur)
        })
        .collect()
}

/// The same as the domain takes it, with the page from which it comes.
pub(super) fn lire(saisie: &Saisie, guichet: Guichet) -> administratif::Saisie {
    let montre = saisie.prefixe(ORIGINE).into_iter().map(|(cle, valeur)| (cle.to_owned(), valeur.to_owned()));
    administratif::Saisie {
        valeurs: valeurs(saisie, guichet),
        page: Some(Page { jeton: saisie.texte(JETON).to_owned(), montre: montre.collect() }),
        ..administratif::Saisie::default()
    }
}

/// Saves the draft; a page in which nothing was typed leaves no trace in the history.
pub(super) async fn enregistrer(
    app: &App,
    ici: &Ici,
    saisie: &Saisie,
) -> Result<Result<Candidature, Box<Refuse>>, Erreur> {
    let lue = ici.candidature()?;
    let tape = lire(saisie, lue.guichet);
    if tape.valeurs.is_empty() {
        return Ok(Ok(lue.valeur.clone()));
    }
    let contexte = app.contexte(lue.guichet);
    let (acteur, le) = (ici.acteur(), app.maintenant());
    let acte = |candidature: Candidature| candidature.saisir(tape.clone(), &contexte, &acteur, le);
    if let Ok((meme, evenement)) = acte(lue.valeur.clone())
        && evenement.differences.is_empty()
    {
        return Ok(Ok(meme));
    }
    app.tenter(lue.id, acte).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_fields_that_the_page_offered_are_read() {
        let corps = "page=j&origine.siret=1&siret=+2+&version=9&origine.profils=ELU&profils=ELU&profils=ELP&\
                     origine.cgu=oui&origine.inconnu=1&inconnu=2";
        let lue = lire(&Saisie::lire(corps.as_bytes()), Guichet::Editeur);
        let attendues = [("cgu", ""), ("profils", "ELU,ELP"), ("siret", "2")];
        assert_eq!(
            lue.valeurs,
            attendues.into_iter().map(|(cle, valeur)| (cle.to_owned(), valeur.to_owned())).collect()
        );
        let page = lue.page.expect("a page");
        assert_eq!((page.jeton.as_str(), page.montre["siret"].as_str()), ("j", "1"));
    }
}
