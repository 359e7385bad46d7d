//! The verdicts of a chapter, saved in one go, alone or with what follows from them.
//!
//! Rule: the form carries the fingerprint of what was shown (`vu`). When the chapter is no longer that, nothing is saved.

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{IntoResponse, Redirect, Response};
use domaine::{
    autorisation,
    candidature::{Candidature, Etat, Refus},
    chapitre::{Chapitre, Emplacement, EtatChapitre},
    evenement::{Acteur, Evenement},
    id::Id,
    preuve::{Appreciation, Preuve},
    referentiel::{Guichet, Referentiel},
};
use http::StatusCode;
use jiff::Timestamp;
use registre::{ModeleMessage, Versionne};
use web::{Champs, Genre, Saisie};

use super::{Montre, charger, detenteur, montrer, url};
use crate::{
    acces::Ici,
    app::App,
    erreur::Erreur,
    messagerie, modeles, session,
    taches::{Avertissement, avertir},
};

/// Longest motive, in characters.
pub(crate) const MOTIF_MAX: usize = 2000;

/// What is done once the verdicts are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suite {
    Garder,
    Renvoyer,
    Valider,
}

struct Jugement {
    preuve: Id<Preuve>,
    appreciation: Appreciation,
    motif: String,
}

/// The current items of a chapter, slot after slot.
pub(crate) fn courantes(chapitre: &Chapitre) -> impl Iterator<Item = &Preuve> {
    chapitre.emplacements.iter().flat_map(Emplacement::courantes)
}

/// Fingerprint of what a vérificateur sees: who holds the chapter, its items and their verdicts.
pub(crate) fn empreinte(chapitre: &Chapitre) -> String {
    let verdicts: Vec<_> = courantes(chapitre).map(|preuve| (preuve.id, &preuve.verdict)).collect();
    let vu = serde_json::to_vec(&(&chapitre.etat, verdicts)).unwrap_or_default();
    hex::encode(&digest(&SHA256, &vu).as_ref()[..16])
}

/// The verdicts as they stand, for the form.
pub(crate) fn champs(chapitre: &Chapitre) -> Champs {
    courantes(chapitre).fold(Champs::vides(), |f, preuve| match &preuve.verdict {
        Some(verdict) => f
            .avec(&format!("v.{}", preuve.id), verdict.appreciation.cle())
            .avec(&format!("m.{}", preuve.id), &verdict.motif),
        None => f,
    })
}

/// Reads the verdicts that differ from those written down; what is wrong goes to `f`.
fn lire(chapitre: &Chapitre, saisie: &Saisie, modeles: &[ModeleMessage], f: &mut Champs) -> Vec<Jugement> {
    let mut jugements = Vec::new();
    for preuve in courantes(chapitre) {
        let cle = saisie.texte(&format!("v.{}", preuve.id));
        if cle.is_empty() {
            continue;
        }
        let Some(appreciation) = Appreciation::depuis_cle(cle) else {
            f.refuser(&format!("v.{}", preuve.id), "Choisissez un verdict de la liste.");
            continue;
        };
        let champ = format!("m.{}", preuve.id);
        let mut motif = saisie.texte(&champ);
        if motif.is_empty() && appreciation != Appreciation::Conforme {
            let choisi = saisie.texte(&format!("t.{}", preuve.id));
            motif = modeles.iter().find(|modele| modele.id == choisi).map_or("", |modele| &modele.texte);
        }
        let longueur = motif.chars().count();
        if motif.is_empty() && appreciation != Appreciation::Conforme {
            f.refuser(&champ, "Dites ce qui ne va pas : l’industriel lit ce motif.");
        } else if longueur > MOTIF_MAX {
            f.refuser(&champ, format!("Le motif compte {MOTIF_MAX} caractères au plus ({longueur} ici)."));
        } else if preuve
            .verdict
            .as_ref()
            .is_none_or(|verdict| verdict.appreciation != appreciation || verdict.motif != motif)
        {
            jugements.push(Jugement { preuve: preuve.id, appreciation, motif: motif.to_owned() });
        }
    }
    jugements
}

/// The candidature after all of it, with its events in order.
fn appliquer(
    mut candidature: Candidature,
    code: &str,
    reprendre: bool,
    jugements: &[Jugement],
    suite: Suite,
    par: &Acteur,
    le: Timestamp,
) -> Result<(Candidature, Vec<Evenement>), Refus> {
    let mut evenements = Vec::new();
    let mut faire = |(suivante, evenement)| {
        evenements.push(evenement);
        suivante
    };
    if reprendre {
        candidature = faire(candidature.prendre_chapitre(code, par, le)?);
    }
    for jugement in jugements {
        let Jugement { preuve, appreciation, motif } = jugement;
        candidature = faire(candidature.juger_preuve(code, *preuve, *appreciation, motif, par, le)?);
    }
    candidature = match suite {
        Suite::Garder => candidature,
        Suite::Renvoyer => faire(candidature.renvoyer_chapitre(code, par, le)?),
        Suite::Valider => faire(candidature.valider_chapitre(code, par, le)?),
    };
    Ok((candidature, evenements))
}

pub(crate) async fn traiter(
    app: &App,
    ici: &Ici,
    code: &str,
    saisie: Saisie,
    suite: Suite,
) -> Result<Response, Erreur> {
    let (par, le) = (ici.acteur(), app.maintenant());
    let mut tx = app.registre.ecrire().await?;
    let lue = charger(&mut tx, ici).await?;
    let chapitre = lue.chapitre(code).ok_or(Erreur::Introuvable)?;
    let autre = detenteur(chapitre).is_some_and(|acteur| !acteur.est(ici.personne.id));
    let reprendre = saisie.coche("reprendre");
    if saisie.texte("vu") != empreinte(chapitre) || (autre && !reprendre) {
        drop(tx);
        return depasse(app, ici, &lue, code, saisie).await;
    }
    let modeles = modeles::load(&mut tx, modeles::CORRECTION, &lue, &chapitre.titre).await?;
    let mut f = Champs::depuis(saisie.clone());
    let jugements = lire(chapitre, &saisie, &modeles, &mut f);
    let fait = if f.en_faute() {
        Err(f)
    } else {
        appliquer(lue.valeur.clone(), code, reprendre && autre, &jugements, suite, &par, le).map_err(
            |refus| {
                f.refuser("", refus.to_string());
                f
            },
        )
    };
    let (candidature, mut evenements) = match fait {
        Ok(fait) => fait,
        Err(f) => {
            drop(tx);
            let montre = Montre { statut: Some(StatusCode::UNPROCESSABLE_ENTITY), f, conflit: None };
            return montrer(app, ici, &lue, code, montre).await;
        }
    };
    let retour = Redirect::to(&url(&lue, code));
    let Some(dernier) = evenements.pop() else {
        session::aviser(app, ici, Genre::Info, "Rien n’a changé.").await?;
        return Ok(retour.into_response());
    };
    for evenement in &evenements {
        tx.save_evenement(evenement).await?;
    }
    let prochaine = lue.vers(candidature);
    match tx.save_candidature(&prochaine, &dernier).await {
        Ok(()) => {}
        Err(registre::Erreur::Conflit) => {
            drop(tx);
            return depasse(app, ici, &lue, code, saisie).await;
        }
        Err(erreur) => return Err(erreur.into()),
    }
    let texte = match suite {
        Suite::Garder => "Les verdicts sont enregistrés. L’industriel ne les voit pas encore.".to_owned(),
        Suite::Renvoyer => {
            let texte = demande(app.referentiel_de(&prochaine.referentiel)?, &prochaine, code);
            messagerie::poster(app, &mut tx, &prochaine, &par, texte, le).await?;
            let avertissement = Avertissement::ChapitreACorriger { code: code.to_owned() };
            avertir(&mut tx, app, &prochaine, avertissement).await?;
            "La correction est demandée ; l’industriel en est averti.".to_owned()
        }
        Suite::Valider => {
            avertir(&mut tx, app, &prochaine, Avertissement::ChapitreValide { code: code.to_owned() })
                .await?;
            if prochaine.etat == Etat::DepotComplet {
                avertir(&mut tx, app, &prochaine, Avertissement::DepotComplet).await?;
            }
            // Issues it once, and only for an éditeur whose technical prerequisites are valid.
            crate::autorisations::emettre(&mut tx, app, &prochaine).await?;
            if code == autorisation::CHAPITRE && prochaine.guichet == Guichet::Editeur {
                "Le chapitre est validé ; l’autorisation d’accès aux environnements de test est accordée."
                    .to_owned()
            } else {
                "Le chapitre est validé.".to_owned()
            }
        }
    };
    app.conclure(tx).await?;
    session::aviser(app, ici, Genre::Succes, &texte).await?;
    Ok(retour.into_response())
}

/// Somebody changed the chapter since the form was shown: 409, with what was typed beside what is written down now.
async fn depasse(
    app: &App,
    ici: &Ici,
    lue: &Versionne<Candidature>,
    code: &str,
    saisie: Saisie,
) -> Result<Response, Erreur> {
    let chapitre = lue.chapitre(code).ok_or(Erreur::Introuvable)?;
    let quoi = match &chapitre.etat {
        EtatChapitre::EnInstruction { par, .. } if !par.est(ici.personne.id) => {
            format!("{} instruit maintenant ce chapitre.", par.nom)
        }
        EtatChapitre::EnInstruction { .. } => {
            "Des verdicts ont été enregistrés depuis que vous avez ouvert cette page.".to_owned()
        }
        etat => format!("Ce chapitre est maintenant « {} ».", etat.libelle()),
    };
    let montre =
        Montre { statut: Some(StatusCode::CONFLICT), f: Champs::depuis(saisie), conflit: Some(quoi) };
    montrer(app, ici, lue, code, montre).await
}

/// What the industriel reads in the messagerie when a chapter comes back.
fn demande(referentiel: &Referentiel, candidature: &Candidature, code: &str) -> String {
    let Some(chapitre) = candidature.chapitre(code) else { return String::new() };
    let mut texte = format!("Correction demandée pour le chapitre « {} ».\n", chapitre.titre);
    for slot in &chapitre.emplacements {
        for preuve in slot.courantes() {
            let Some(verdict) = &preuve.verdict else { continue };
            if verdict.appreciation != Appreciation::Conforme {
                let titre = referentiel.attendue(&slot.attendue).map_or("", |attendue| &attendue.titre);
                let appreciation = verdict.appreciation.libelle();
                for morceau in
                    ["\n", &slot.attendue, " ", titre, " (", appreciation, ")\n", &verdict.motif, "\n"]
                {
                    texte.push_str(morceau);
                }
            }
        }
    }
    texte
}
