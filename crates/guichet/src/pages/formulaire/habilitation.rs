//! The habilitation on which an opérateur relies: found in the register by its NRU, or read from its signed PDF.
//!
//! Rule: what the register says counts more than what a PDF says; a habilitation that the register does not know is
//! taken from its PDF when a recognised authority signed it.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    candidature::{Candidature, administratif},
    formulaire::{
        HabilitationLiee,
        champs::{self, Forme},
    },
    habilitation::{Contenu, EtatHabilitation, Habilitation},
    id::Id,
    identifiant::Nru,
    preuve::Fichier,
    referentiel::Profil,
};
use jiff::Timestamp;
use registre::Tx;
use web::{Formulaire, FormulaireFichiers, Genre, Saisie};

use super::{
    brouillon, conflit, pieces,
    vue::{self, Affichage},
};
use crate::{
    acces::Ici,
    app::App,
    documents::{Piece, verification::verifier},
    erreur::Erreur,
    session,
};

/// What the register says today of the linked habilitations that it knows, by their numbers.
pub(crate) async fn etats(
    tx: &mut Tx,
    candidature: &Candidature,
    le: Timestamp,
) -> Result<BTreeMap<String, Result<(), String>>, Erreur> {
    let mut etats = BTreeMap::new();
    for liee in candidature.formulaire.habilitations.values() {
        if let Some(connue) = tx.load_habilitation(&liee.numero).await? {
            etats.insert(liee.numero.clone(), connue.en_vigueur(le));
        }
    }
    Ok(etats)
}

pub async fn lier(
    State(app): State<App>,
    ici: Ici,
    Path((_, cle)): Path<(String, String)>,
    formulaire: FormulaireFichiers,
) -> Result<Response, Erreur> {
    let profil = profil_du_champ(ici.candidature()?, &cle)?;
    let pdf = format!("pdf.{cle}");
    let mut envoi = pieces::lire(&app, &ici, formulaire, &[&pdf]).await?;
    let candidature = match brouillon::enregistrer(&app, &ici, &envoi.saisie).await? {
        Ok(candidature) => candidature,
        Err(refuse) => return conflit::page(&app, &ici, *refuse, envoi.saisie, false).await,
    };
    let trouvee = match (envoi.erreurs.pop(), envoi.fichier(&pdf)) {
        (Some((_, refus)), _) => Err(refus),
        (None, Some(fichier)) => par_pdf(&app, fichier, profil).await?,
        (None, None) => par_nru(&app, envoi.saisie.texte(&format!("nru.{cle}")), profil).await?,
    };
    let liee = match trouvee {
        Ok(liee) => liee,
        Err(raison) => {
            let affichage =
                Affichage { saisie: Some(envoi.saisie), erreurs: vec![(cle, raison)], htmx: false };
            let page = vue::page(&app, &ici, &candidature, affichage).await?;
            return Ok(web::page_avec(http::StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    let reponse = poser(&app, &ici, candidature.id, &cle, Some(liee), envoi.saisie.clone()).await?;
    if reponse.status().is_redirection() {
        envoi.oublier(&app, &ici).await?;
    }
    Ok(reponse)
}

pub async fn retirer(
    State(app): State<App>,
    ici: Ici,
    Path((_, cle)): Path<(String, String)>,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    profil_du_champ(ici.candidature()?, &cle)?;
    match brouillon::enregistrer(&app, &ici, &saisie).await? {
        Ok(candidature) => poser(&app, &ici, candidature.id, &cle, None, saisie).await,
        Err(refuse) => conflit::page(&app, &ici, *refuse, saisie, false).await,
    }
}

fn profil_du_champ(candidature: &Candidature, cle: &str) -> Result<Profil, Erreur> {
    match champs::trouver(cle, candidature.guichet).map(|champ| champ.forme) {
        Some(Forme::Habilitation(profil)) => Ok(profil),
        _ => Err(Erreur::Introuvable),
    }
}

async fn poser(
    app: &App,
    ici: &Ici,
    id: Id<Candidature>,
    cle: &str,
    liee: Option<HabilitationLiee>,
    saisie: Saisie,
) -> Result<Response, Erreur> {
    let contexte = app.contexte(ici.candidature()?.guichet);
    let (acteur, le) = (ici.acteur(), app.maintenant());
    let resultat = app
        .essayer(id, |candidature| {
            let habilitations = BTreeMap::from([(cle.to_owned(), liee.clone())]);
            let saisie = administratif::Saisie { habilitations, ..administratif::Saisie::default() };
            candidature.saisir(saisie, &contexte, &acteur, le)
        })
        .await?;
    let (mut tx, _) = match resultat {
        Ok(suite) => suite,
        Err(refuse) => return conflit::page(app, ici, *refuse, saisie, false).await,
    };
    if let Some(fichier) = liee.as_ref().and_then(|liee| liee.fichier.as_ref()) {
        tx.save_usage_fichier(&fichier.sha256, id, "habilitation", fichier.nom.as_str()).await?;
    }
    app.conclure(tx).await?;
    let texte = match &liee {
        Some(liee) => format!("Habilitation {} liée au formulaire.", liee.numero),
        None => "Habilitation retirée du formulaire.".to_owned(),
    };
    session::aviser(app, ici, Genre::Succes, &texte).await?;
    Ok(Redirect::to(&format!("/candidatures/{id}/formulaire#c-{cle}")).into_response())
}

/// The habilitation that this PDF is, or why it can't be relied on.
async fn par_pdf(
    app: &App,
    fichier: &Fichier,
    profil: Profil,
) -> Result<Result<HabilitationLiee, String>, Erreur> {
    let octets = app.magasin.lire(&fichier.sha256).await?;
    let (le, ici) = (app.maintenant(), app.clone());
    let lue = tokio::task::spawn_blocking(move || verifier(&octets, &ici.autorites_signature, le))
        .await
        .map_err(|_| Erreur::Interne("the verification of a document was interrupted"))?;
    let contenu = match lue.piece {
        Some(Piece::Habilitation(piece)) if lue.accepte => piece.contenu,
        Some(Piece::Autorisation(_)) => {
            let texte = "Ce document est une autorisation d’accès aux environnements de test ; l’habilitation signée est attendue.";
            return Ok(Err(texte.to_owned()));
        }
        _ => return Ok(Err(lue.raisons().join(" "))),
    };
    if contenu.profil != profil {
        return Ok(Err(format!(
            "Ce document est une habilitation « {} » ; celle d’un « {} » est attendue ici.",
            contenu.profil.libelle(),
            profil.libelle()
        )));
    }
    let connue = app.registre.lire().await?.load_habilitation(&contenu.numero).await?;
    let en_vigueur = connue.map_or(Ok(()), |connue| connue.en_vigueur(le));
    Ok(match en_vigueur {
        Err(raison) => Err(format!("{} : {raison}", contenu.numero)),
        Ok(()) => Ok(liee(&contenu, Some(fichier.clone()))),
    })
}

/// The habilitation of this profile under this NRU, or why there is none to rely on.
async fn par_nru(app: &App, texte: &str, profil: Profil) -> Result<Result<HabilitationLiee, String>, Erreur> {
    if texte.is_empty() {
        return Ok(Err("Donnez le NRU de l’habilitation, ou joignez son PDF signé.".to_owned()));
    }
    let nru: Nru = match texte.parse() {
        Ok(nru) => nru,
        Err(refus) => return Ok(Err(format!("{refus}"))),
    };
    let mut tx = app.registre.lire().await?;
    let mut connues = Vec::new();
    for autre in Profil::TOUS {
        let lues = tx.load_habilitations_nru(nru.as_str(), autre).await?;
        connues.extend(lues.into_iter().map(|lue| lue.valeur));
    }
    Ok(choisir(&connues, &nru, profil, app.maintenant()))
}

/// Among the habilitations of a NRU: the one in force for this profile, else why none will do. What is not signed yet
/// is nobody else's business: it counts as unknown.
fn choisir(
    connues: &[Habilitation],
    nru: &Nru,
    profil: Profil,
    le: Timestamp,
) -> Result<HabilitationLiee, String> {
    let signees: Vec<&Habilitation> =
        connues.iter().filter(|une| une.etat != EtatHabilitation::Projet).collect();
    let du_profil: Vec<&&Habilitation> = signees.iter().filter(|une| une.contenu.profil == profil).collect();
    if let Some(bonne) = du_profil.iter().find(|une| une.en_vigueur(le).is_ok()) {
        return Ok(liee(&bonne.contenu, None));
    }
    if let Some(derniere) = du_profil.first() {
        let raison = derniere.en_vigueur(le).err().unwrap_or_default();
        return Err(format!("{} : {raison}", derniere.numero()));
    }
    if let Some(autre) = signees.first() {
        return Err(format!(
            "Le NRU {nru} est celui d’une habilitation « {} » ; celle d’un « {} » est attendue ici.",
            autre.contenu.profil.libelle(),
            profil.libelle()
        ));
    }
    Err(format!("Le registre ne connaît aucune habilitation sous le NRU {nru}. Vérifiez les lettres."))
}

/// As the form keeps it, once it was found to be in force.
fn liee(contenu: &Contenu, fichier: Option<Fichier>) -> HabilitationLiee {
    HabilitationLiee {
        profil: contenu.profil,
        numero: contenu.numero.clone(),
        nru: contenu.nru.to_string(),
        logiciel: contenu.logiciel.clone(),
        version: contenu.version.clone(),
        fin: contenu.fin,
        en_vigueur: Ok(()),
        fichier,
    }
}
