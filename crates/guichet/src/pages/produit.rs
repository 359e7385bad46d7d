//! Pages of `produit`.

pub mod archiver;
pub mod collaborateur;
mod fiche;
pub mod lister;
pub mod modifier;
pub mod nouveau;
pub mod valider;
pub mod voir;

use domaine::{
    evenement::Evenement,
    id::Id,
    permission::Qualite,
    produit::{Produit, Refus},
    structure::Structure,
};
use web::Genre;

use crate::{app::App, erreur::Erreur};

/// How often an act is decided anew when somebody else saved in between.
const ESSAIS: usize = 5;

/// The history of a produit.
fn sujet(produit: &Produit) -> domaine::evenement::Sujet {
    domaine::evenement::Sujet::new("produit", produit.id)
}

/// Whether a produit answers a search of the catalogue: every word, wherever it stands, whatever its accents.
pub(crate) fn cherche(produit: &Produit, recherche: &str) -> bool {
    let fiche = &produit.fiche;
    let texte = plat(&format!("{} {} {}", produit.titre(), fiche.nil, fiche.description));
    plat(recherche).split_whitespace().all(|mot| texte.contains(mot))
}

fn plat(texte: &str) -> String {
    use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
    texte.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// Somebody who can work on a produit, and why.
pub(crate) struct Acces {
    pub(crate) personne: String,
    pub(crate) nom: String,
    pub(crate) droit: String,
    /// Key of the right given on this produit; empty when the role in the structure already gives everything.
    pub(crate) cle: &'static str,
}

/// Everybody who can work on a produit: by their role first, then by a right given.
pub(crate) fn acces(structure: &Structure, produit: &Produit) -> Vec<Acces> {
    let par_role = structure.membres.iter().filter(|membre| membre.role.qualite() != Qualite::Membre);
    let par_role = par_role.map(|membre| Acces {
        personne: membre.personne.to_string(),
        nom: membre.nom.clone(),
        droit: membre.role.libelle().to_owned(),
        cle: "",
    });
    let par_droit = produit.collaborateurs.iter().filter_map(|collaborateur| {
        let membre = structure.membre(collaborateur.personne)?;
        (membre.role.qualite() == Qualite::Membre).then(|| Acces {
            personne: membre.personne.to_string(),
            nom: membre.nom.clone(),
            droit: format!("collaborateur, droit de {}", collaborateur.droit.libelle()),
            cle: collaborateur.droit.cle(),
        })
    });
    par_role.chain(par_droit).collect()
}

fn genre(produit: &Produit) -> Genre {
    use domaine::produit::EtatProduit;
    match produit.etat {
        EtatProduit::Brouillon => Genre::Attention,
        EtatProduit::Actif => Genre::Succes,
        EtatProduit::Archive => Genre::Neutre,
    }
}

/// Does an act on a produit and saves it with its event; decided anew when somebody else saved in between.
async fn agir(
    app: &App,
    id: Id<Produit>,
    acte: impl Fn(Produit) -> Result<(Produit, Evenement), Refus>,
) -> Result<(), Erreur> {
    for essai in 1.. {
        let mut tx = app.registre.ecrire().await?;
        let lu = tx.load_produit(id).await?.ok_or(Erreur::Introuvable)?;
        let (produit, evenement) = acte(lu.valeur.clone())?;
        match tx.save_produit(&lu.vers(produit), &evenement).await {
            Ok(()) => {}
            Err(registre::Erreur::Conflit) if essai < ESSAIS => continue,
            Err(erreur) => return Err(erreur.into()),
        }
        tx.commit().await?;
        return Ok(());
    }
    Err(Erreur::Registre(registre::Erreur::Conflit))
}

/// Whether something still rests on the produit: an open candidature, a habilitation in force.
async fn en_usage(tx: &mut registre::Tx, produit: &Produit) -> Result<bool, Erreur> {
    let candidatures = tx.load_candidatures_produit(produit.id).await?;
    let ouverte = candidatures.iter().any(|candidature| !candidature.etat.terminee());
    Ok(ouverte || tx.produit_habilite(produit.id).await?)
}

#[cfg(test)]
mod tests {
    use domaine::produit::{EtatProduit, Fiche};
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_search_ignores_accents_case_and_order() {
        let produit = Produit {
            id: Id::new(Uuid::from_u128(1)),
            structure: Id::new(Uuid::from_u128(2)),
            reference: Some(12),
            fiche: Fiche {
                nom: "Dossier Médical Web".to_owned(),
                version: "2.1".to_owned(),
                ..Fiche::default()
            },
            etat: EtatProduit::Actif,
            collaborateurs: Vec::new(),
            cree_le: Timestamp::UNIX_EPOCH,
        };
        for (recherche, trouve) in
            [("", true), ("medical", true), ("WEB dossier", true), ("2.1", true), ("mobile", false)]
        {
            assert_eq!(cherche(&produit, recherche), trouve, "{recherche}");
        }
    }
}
