//! The composants additionnels: described one by one, with their licence and their attestation of the CNDA.
//!
//! Rule: they change until the first preuve is deposited (R22). What is incomplete is kept and said, and keeps the form
//! from being submitted.

use askama::Template;
use aws_lc_rs::digest;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    candidature::{Refus, administratif},
    formulaire::composant::{Composant, INTEGRATIONS, NATURES, TELESERVICES},
};
use http::StatusCode;
use web::{Cadre, Champs, Choix, Formulaire, FormulaireFichiers, Genre, Saisie};

use super::{
    brouillon, conflit,
    pieces::{self, Envoi},
    vue,
};
use crate::{
    acces::Ici,
    app::{App, Refuse},
    cadre::cadre,
    erreur::Erreur,
    session,
};

/// Hidden field with the fingerprint of the composant that the page showed.
const VU: &str = "composant";
/// Hidden one-time field: a form sent twice adds one composant.
const ENVOI: &str = "envoi";
const LICENCE: &str = "licence";
const HOMOLOGATION: &str = "homologation";

#[derive(Template)]
#[template(path = "formulaire/composant.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    url: String,
    retour: String,
    titre: String,
    natures: Vec<Choix>,
    integrations: Vec<Choix>,
    teleservices: Vec<Choix>,
    vu: String,
    envoi: String,
    licence: String,
    homologation: String,
}

/// Short fingerprint of what a composant holds.
pub(super) fn empreinte(composant: &Composant) -> String {
    let json = serde_json::to_vec(composant).unwrap_or_default();
    hex::encode(&digest::digest(&digest::SHA256, &json).as_ref()[..12])
}

pub async fn nouveau(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    ouverts(&ici)?;
    let f = Champs::vides();
    Ok(web::page(&page(&app, &ici, None, f)?))
}

pub async fn voir(
    State(app): State<App>,
    ici: Ici,
    Path((_, rang)): Path<(String, usize)>,
) -> Result<Response, Erreur> {
    ouverts(&ici)?;
    let composant = ici.candidature()?.formulaire.composants.get(rang).ok_or(Erreur::Introuvable)?.clone();
    let f = champs(&composant);
    Ok(web::page(&page(&app, &ici, Some((rang, &composant)), f)?))
}

pub async fn ajouter(
    State(app): State<App>,
    ici: Ici,
    formulaire: FormulaireFichiers,
) -> Result<Response, Erreur> {
    let (envoi, composant) = lire(&app, &ici, formulaire, Composant::default()).await?;
    if let Some(reponse) = refuser_faux(&app, &ici, None, &composant, &envoi)? {
        return Ok(reponse);
    }
    let jeton = envoi.saisie.texte(ENVOI).to_owned();
    let retour = retour(&ici)?;
    if !jeton.is_empty() && app.registre.lire().await?.load_envoi(&jeton).await?.is_some() {
        return Ok(Redirect::to(&retour).into_response());
    }
    let contexte = app.contexte(ici.candidature()?.guichet);
    let (acteur, le) = (ici.acteur(), app.maintenant());
    let resultat = app
        .essayer(ici.candidature()?.id, |candidature| {
            let mut composants = candidature.formulaire.composants.clone();
            composants.push(composant.clone());
            candidature.saisir(avec(composants), &contexte, &acteur, le)
        })
        .await?;
    let (mut tx, _) = match resultat {
        Ok(engage) => engage,
        Err(refuse) => return refuser(&app, &ici, *refuse, None, &composant, envoi.saisie),
    };
    if !jeton.is_empty() {
        match tx.save_envoi(&jeton, "composant", le).await {
            // The same form was played in parallel.
            Err(registre::Erreur::Conflit) => return Ok(Redirect::to(&retour).into_response()),
            autre => autre?,
        }
    }
    conclure(&app, &ici, tx, &composant, &envoi).await
}

pub async fn modifier(
    State(app): State<App>,
    ici: Ici,
    Path((_, rang)): Path<(String, usize)>,
    formulaire: FormulaireFichiers,
) -> Result<Response, Erreur> {
    let ancien = ici.candidature()?.formulaire.composants.get(rang).cloned();
    let ancien = ancien.ok_or(Erreur::Introuvable)?;
    let (envoi, composant) = lire(&app, &ici, formulaire, ancien).await?;
    if let Some(reponse) = refuser_faux(&app, &ici, Some(rang), &composant, &envoi)? {
        return Ok(reponse);
    }
    let vu = envoi.saisie.texte(VU).to_owned();
    let contexte = app.contexte(ici.candidature()?.guichet);
    let (acteur, le) = (ici.acteur(), app.maintenant());
    let resultat = app
        .essayer(ici.candidature()?.id, |candidature| {
            let mut composants = candidature.formulaire.composants.clone();
            let place = composants.get_mut(rang).filter(|place| empreinte(place) == vu);
            *place.ok_or_else(|| Refus::Conflit(Vec::new()))? = composant.clone();
            candidature.saisir(avec(composants), &contexte, &acteur, le)
        })
        .await?;
    match resultat {
        Ok((tx, _)) => conclure(&app, &ici, tx, &composant, &envoi).await,
        Err(refuse) => refuser(&app, &ici, *refuse, Some(rang), &composant, envoi.saisie),
    }
}

pub async fn retirer(
    State(app): State<App>,
    ici: Ici,
    Path((_, rang)): Path<(String, usize)>,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    if let Err(refuse) = brouillon::enregistrer(&app, &ici, &saisie).await? {
        return conflit::page(&app, &ici, *refuse, saisie, false).await;
    }
    let vu = saisie.texte(VU).to_owned();
    let contexte = app.contexte(ici.candidature()?.guichet);
    let (acteur, le) = (ici.acteur(), app.maintenant());
    let resultat = app
        .tenter(ici.candidature()?.id, |candidature| {
            let mut composants = candidature.formulaire.composants.clone();
            if composants.get(rang).is_none_or(|place| empreinte(place) != vu) {
                return Err(Refus::Conflit(Vec::new()));
            }
            composants.remove(rang);
            candidature.saisir(avec(composants), &contexte, &acteur, le)
        })
        .await?;
    match resultat {
        Ok(_) => session::aviser(&app, &ici, Genre::Succes, "Composant retiré.").await?,
        Err(refuse) if matches!(refuse.refus, Refus::Conflit(_)) => {
            let texte = "Ce composant a changé ou a déjà été retiré : rien n’a été fait. Relisez la liste.";
            session::aviser(&app, &ici, Genre::Attention, texte).await?;
        }
        Err(refuse) => return Err(refuse.refus.into()),
    }
    Ok(Redirect::to(&retour(&ici)?).into_response())
}

fn retour(ici: &Ici) -> Result<String, Erreur> {
    Ok(format!("/candidatures/{}/formulaire#composants", ici.candidature()?.id))
}

fn ouverts(ici: &Ici) -> Result<(), Erreur> {
    let candidature = ici.candidature()?;
    if !candidature.saisie_ouverte() {
        return Err(Refus::Etat(candidature.etat.libelle()).into());
    }
    Ok(candidature.composants_ouverts()?)
}

/// The list, with the answer that goes with it.
fn avec(composants: Vec<Composant>) -> administratif::Saisie {
    administratif::Saisie { composants: Some(composants), ..administratif::Saisie::default() }
}

async fn lire(
    app: &App,
    ici: &Ici,
    formulaire: FormulaireFichiers,
    mut composant: Composant,
) -> Result<(Envoi, Composant), Erreur> {
    ouverts(ici)?;
    let envoi = pieces::lire(app, ici, formulaire, &[LICENCE, HOMOLOGATION]).await?;
    let saisie = &envoi.saisie;
    for (cle, place) in [
        ("nom", &mut composant.nom),
        ("version", &mut composant.version),
        ("editeur", &mut composant.editeur),
        ("nature", &mut composant.nature),
        ("integre_a", &mut composant.integre_a),
    ] {
        saisie.texte(cle).clone_into(place);
    }
    composant.tiers = saisie.coche("tiers");
    composant.teleservices = saisie.tous("teleservices").into_iter().map(str::to_owned).collect();
    for (cle, place) in [(LICENCE, &mut composant.licence), (HOMOLOGATION, &mut composant.homologation)] {
        if let Some(fichier) = envoi.fichier(cle) {
            *place = Some(fichier.clone());
        } else if saisie.coche(&format!("sans_{cle}")) {
            *place = None;
        }
    }
    Ok((envoi, composant))
}

/// A draft may be incomplete, but a composant without a name could not be told from another, and a refused file must
/// be known at once.
fn refuser_faux(
    app: &App,
    ici: &Ici,
    rang: Option<usize>,
    composant: &Composant,
    envoi: &Envoi,
) -> Result<Option<Response>, Erreur> {
    let mut f = Champs::depuis(envoi.saisie.clone());
    for faute in composant.fautes().into_iter().filter(|faute| faute.champ == "nom") {
        f.refuser(&faute.champ, majuscule(&faute.message));
    }
    for (cle, texte) in &envoi.erreurs {
        f.refuser(cle, texte);
    }
    if !f.en_faute() {
        return Ok(None);
    }
    let page = page(app, ici, rang.map(|rang| (rang, composant)), f)?;
    Ok(Some(web::page_avec(StatusCode::UNPROCESSABLE_ENTITY, &page)))
}

async fn conclure(
    app: &App,
    ici: &Ici,
    mut tx: registre::Tx,
    composant: &Composant,
    envoi: &Envoi,
) -> Result<Response, Erreur> {
    for fichier in [&composant.licence, &composant.homologation].into_iter().flatten() {
        let (sha256, nom) = (&fichier.sha256, fichier.nom.as_str());
        tx.save_usage_fichier(sha256, ici.candidature()?.id, "composant", nom).await?;
    }
    app.conclure(tx).await?;
    envoi.oublier(app, ici).await?;
    let (genre, texte) = match composant.fautes().as_slice() {
        [] => (Genre::Succes, "Composant enregistré.".to_owned()),
        fautes => {
            let manques: Vec<&str> = fautes.iter().map(|faute| faute.message.as_str()).collect();
            (Genre::Attention, format!("Composant enregistré ; à compléter : {}", manques.join(" ")))
        }
    };
    session::aviser(app, ici, genre, &texte).await?;
    Ok(Redirect::to(&retour(ici)?).into_response())
}

/// The form again, with what was typed and why it was refused.
fn refuser(
    app: &App,
    ici: &Ici,
    refuse: Refuse,
    rang: Option<usize>,
    composant: &Composant,
    saisie: Saisie,
) -> Result<Response, Erreur> {
    let Refuse { refus, candidature } = refuse;
    let mut f = Champs::depuis(saisie);
    let statut = match &refus {
        Refus::Conflit(_) => {
            let texte = match rang.and_then(|rang| candidature.formulaire.composants.get(rang)) {
                Some(autre) => format!(
                    "Ce composant a changé entre-temps : il est maintenant « {} », version « {} ». Enregistrez de nouveau pour le remplacer par votre saisie.",
                    autre.nom, autre.version
                ),
                None => "Ce composant a été retiré entre-temps : ajoutez-en un nouveau si besoin.".to_owned(),
            };
            f.refuser("", texte);
            StatusCode::CONFLICT
        }
        Refus::Formulaire(_) => {
            for faute in composant.fautes() {
                f.refuser(&faute.champ, majuscule(&faute.message));
            }
            StatusCode::UNPROCESSABLE_ENTITY
        }
        autre => {
            f.refuser("", autre.to_string());
            StatusCode::CONFLICT
        }
    };
    let actuel = rang.and_then(|rang| candidature.formulaire.composants.get(rang).map(|un| (rang, un)));
    let mut page = page(app, ici, rang.map(|rang| (rang, composant)), f)?;
    page.vu = actuel.map_or_else(String::new, |(_, un)| empreinte(un));
    Ok(web::page_avec(statut, &page))
}

fn champs(composant: &Composant) -> Champs {
    let mut f = Champs::vides()
        .avec("nom", &composant.nom)
        .avec("version", &composant.version)
        .avec("editeur", &composant.editeur)
        .avec("nature", &composant.nature)
        .avec("integre_a", &composant.integre_a);
    if composant.tiers {
        f = f.avec("tiers", "oui");
    }
    for teleservice in &composant.teleservices {
        f = f.avec("teleservices", teleservice);
    }
    f
}

fn page(app: &App, ici: &Ici, place: Option<(usize, &Composant)>, f: Champs) -> Result<Page, Erreur> {
    let candidature = ici.candidature()?;
    let base = format!("/candidatures/{}", candidature.id);
    let url = match place {
        Some((rang, _)) => format!("{base}/composants/{rang}"),
        None => format!("{base}/composants/nouveau"),
    };
    let titre = match place {
        Some((_, composant)) => format!("Composant « {} »", composant.nom),
        None => "Nouveau composant additionnel".to_owned(),
    };
    let mut fil = vue::fil(ici, candidature);
    fil.push(("Formulaire administratif".to_owned(), format!("{base}/formulaire")));
    let fil: Vec<(&str, &str)> = fil.iter().map(|(libelle, url)| (libelle.as_str(), url.as_str())).collect();
    let choix = |liste: &[(&str, &str)]| {
        liste.iter().map(|(valeur, libelle)| Choix::nouveau(valeur, libelle)).collect::<Vec<_>>()
    };
    let nom = |fichier: Option<&domaine::preuve::Fichier>| {
        fichier.map_or_else(String::new, |fichier| fichier.nom.to_string())
    };
    Ok(Page {
        cadre: cadre(app, Some(ici), &titre, &url, &fil),
        f,
        retour: format!("{base}/formulaire#composants"),
        url,
        titre,
        natures: choix(NATURES),
        integrations: choix(INTEGRATIONS),
        teleservices: choix(TELESERVICES),
        vu: place.map_or_else(String::new, |(_, composant)| empreinte(composant)),
        envoi: app.alea.jeton(),
        licence: nom(place.and_then(|(_, composant)| composant.licence.as_ref())),
        homologation: nom(place.and_then(|(_, composant)| composant.homologation.as_ref())),
    })
}

/// The rules give the end of a sentence; alone beside its field it begins one.
fn majuscule(texte: &str) -> String {
    let mut lettres = texte.chars();
    lettres.next().map_or_else(String::new, |premiere| premiere.to_uppercase().chain(lettres).collect())
}
