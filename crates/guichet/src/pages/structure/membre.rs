//! Changes the role of a member, or withdraws one.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    evenement::Acteur,
    id::Id,
    structure::{Personne, Refus, Role, Structure},
};
use jiff::Timestamp;
use registre::Tx;
use web::{Formulaire, Genre};

use crate::{acces::Ici, app::App, erreur::Erreur, session};

pub async fn changer_role(
    State(app): State<App>,
    ici: Ici,
    Path(personne): Path<String>,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let structure = ici.structure()?;
    let (id, nom) = membre(structure, &personne)?;
    let role = Role::depuis_cle(saisie.texte("role"))
        .ok_or_else(|| Erreur::Demande("Ce rôle n’existe pas.".to_owned()))?;
    let (par, le) = (ici.acteur(), app.maintenant());
    let inchange = structure.membre(id).is_some_and(|membre| membre.role == role);
    let mut fait = Ok(());
    if !inchange {
        match super::engager(&app, structure.id, |structure| structure.changer_role(id, role, &par, le))
            .await?
        {
            Ok((tx, _)) => app.conclure(tx).await?,
            Err(refus) => fait = Err(refus),
        }
    }
    repondre(&app, &ici, fait, &format!("{nom} est maintenant {}.", role.libelle())).await
}

pub async fn retirer(
    State(app): State<App>,
    ici: Ici,
    Path(personne): Path<String>,
    _: Formulaire,
) -> Result<Response, Erreur> {
    let structure = ici.structure()?;
    let (id, nom) = membre(structure, &personne)?;
    let (par, le) = (ici.acteur(), app.maintenant());
    let fait = match super::engager(&app, structure.id, |structure| structure.retirer(id, &par, le)).await? {
        Ok((mut tx, _)) => {
            if let Some(mut personne) = tx.load_personne(id).await? {
                personne.structure = None;
                tx.save_personne(&personne).await?;
            }
            retirer_droits(&mut tx, structure, id, &par, le).await?;
            app.conclure(tx).await?;
            if id == ici.personne.id {
                return Ok(Redirect::to("/tableau-de-bord").into_response());
            }
            Ok(())
        }
        Err(refus) => Err(refus),
    };
    repondre(&app, &ici, fait, &format!("{nom} ne fait plus partie de la structure.")).await
}

/// Takes back somebody whom the structure had withdrawn.
pub async fn readmettre(
    State(app): State<App>,
    ici: Ici,
    Path(personne): Path<Id<Personne>>,
    _: Formulaire,
) -> Result<Response, Erreur> {
    let (par, le) = (ici.acteur(), app.maintenant());
    let id = ici.structure()?.id;
    let mut tx = app.registre.ecrire().await?;
    let lue = tx.load_structure(id).await?.ok_or(Erreur::Introuvable)?;
    let mut personne = tx.load_personne(personne).await?.ok_or(Erreur::Introuvable)?;
    let fait = match lue.valeur.clone().readmettre(&personne, &par, le) {
        Ok((structure, evenement)) => {
            personne.structure = Some(id);
            tx.save_structure(&lue.vers(structure), &evenement).await?;
            tx.save_personne(&personne).await?;
            tx.commit().await?;
            Ok(())
        }
        Err(refus) => {
            drop(tx);
            Err(refus)
        }
    };
    let texte = format!("{} est de nouveau membre de la structure, comme salarié.", personne.nom_complet());
    repondre(&app, &ici, fait, &texte).await
}

/// The rights on the produits end with the membership: whoever comes back starts anew.
async fn retirer_droits(
    tx: &mut Tx,
    structure: &Structure,
    personne: Id<Personne>,
    par: &Acteur,
    le: Timestamp,
) -> Result<(), Erreur> {
    for produit in tx.load_produits(structure.id).await? {
        if produit.droit(personne).is_none() {
            continue;
        }
        let lu = tx.load_produit(produit.id).await?.ok_or(Erreur::Introuvable)?;
        let (sans_droit, evenement) = lu.valeur.clone().donner_droit(structure, personne, None, par, le)?;
        tx.save_produit(&lu.vers(sans_droit), &evenement).await?;
    }
    Ok(())
}

fn membre(structure: &Structure, personne: &str) -> Result<(Id<Personne>, String), Erreur> {
    structure
        .membres
        .iter()
        .find(|membre| membre.personne.to_string() == personne)
        .map(|membre| (membre.personne, membre.nom.clone()))
        .ok_or(Erreur::Introuvable)
}

async fn repondre(app: &App, ici: &Ici, fait: Result<(), Refus>, texte: &str) -> Result<Response, Erreur> {
    match fait {
        Ok(()) => session::aviser(app, ici, Genre::Succes, texte).await?,
        Err(refus) => session::aviser(app, ici, Genre::Erreur, &refus.to_string()).await?,
    }
    Ok(Redirect::to("/structure#membres").into_response())
}
