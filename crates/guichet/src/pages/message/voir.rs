//! The conversation of a candidature; seeing it is having read it.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use domaine::{
    calendrier::date_heure_fr,
    candidature::Candidature,
    permission::{Acte, Objet},
};
use http::StatusCode;
use registre::Message;
use serde::Deserialize;
use web::{Cadre, Champs};

use crate::{
    acces::Ici,
    app::App,
    cadre::{cadre, depart},
    depot::taille_lisible,
    erreur::Erreur,
    messagerie::TEXTE_MAX,
    modeles,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Demande {
    /// Template whose text begins the answer.
    modele: String,
}

#[derive(Template)]
#[template(path = "message/voir.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    dossier: String,
    nru: String,
    url: String,
    messages: Vec<MessageVue>,
    peut_ecrire: bool,
    agence: bool,
    /// Identity, title.
    modeles: Vec<(String, String)>,
    /// Files received with a form that was refused: identity of the upload, name.
    gardes: Vec<(String, String)>,
    envoi: String,
    texte_max: usize,
}

struct MessageVue {
    moi: bool,
    /// Of this person's side.
    notre: bool,
    auteur: String,
    cote: &'static str,
    le: String,
    iso: String,
    texte: String,
    /// Name, address, size.
    pieces: Vec<(String, String, String)>,
    nouveau: bool,
}

pub async fn voir(
    State(app): State<App>,
    ici: Ici,
    Query(demande): Query<Demande>,
) -> Result<Response, Erreur> {
    let mut f = Champs::vides();
    if ici.agence() && !demande.modele.is_empty() {
        let mut tx = app.registre.lire().await?;
        let modeles = modeles::load(&mut tx, "message", ici.candidature()?, "").await?;
        if let Some(modele) = modeles.iter().find(|modele| modele.id == demande.modele) {
            f = f.avec("texte", &modele.texte);
        }
    }
    montrer(&app, &ici, StatusCode::OK, f, Vec::new()).await
}

pub(super) async fn montrer(
    app: &App,
    ici: &Ici,
    statut: StatusCode,
    f: Champs,
    gardes: Vec<(String, String)>,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let agence = ici.agence();
    let mut tx = app.registre.lire().await?;
    let messages = tx.load_messages(candidature.id).await?;
    let non_lus = tx.compter_non_lus(candidature.id, ici.personne.id, agence).await?;
    let modeles = if agence { modeles::load(&mut tx, "message", candidature, "").await? } else { Vec::new() };
    drop(tx);
    if let Some(dernier) = messages.last().filter(|_| non_lus > 0) {
        // Up to what is shown, not up to now: what comes in meanwhile stays unread.
        let mut tx = app.registre.ecrire().await?;
        tx.marquer_lu(candidature.id, ici.personne.id, dernier.le).await?;
        tx.commit().await?;
    }
    let base = format!("/candidatures/{}", candidature.id);
    let url = format!("{base}/messages");
    let fil = [depart(ici), (candidature.titre.as_str(), base.as_str())];
    let page = Page {
        cadre: cadre(app, Some(ici), "Messagerie", &url, &fil),
        f,
        dossier: candidature.titre.clone(),
        nru: candidature.nru.to_string(),
        messages: vues(candidature, &messages, ici, usize::try_from(non_lus).unwrap_or(0)),
        peut_ecrire: ici.peut(Objet::Messagerie, Acte::Ecrire),
        agence,
        modeles: modeles.into_iter().map(|modele| (modele.id, modele.titre)).collect(),
        gardes,
        envoi: app.alea.jeton(),
        texte_max: TEXTE_MAX,
        url,
    };
    Ok(web::page_avec(statut, &page))
}

fn vues(candidature: &Candidature, messages: &[Message], ici: &Ici, non_lus: usize) -> Vec<MessageVue> {
    let agence = ici.agence();
    let mut restent = non_lus;
    let mut vues: Vec<MessageVue> = messages
        .iter()
        .rev()
        .map(|message| {
            let nouveau = message.agence != agence && restent > 0;
            restent -= usize::from(nouveau);
            let base = format!("/candidatures/{}/messages/fichiers", candidature.id);
            MessageVue {
                moi: message.auteur.est(ici.personne.id),
                notre: message.agence == agence,
                auteur: auteur(candidature, message, agence),
                cote: match (message.agence, agence) {
                    (true, true) => "Agence",
                    (true, false) => "",
                    (false, _) => "Industriel",
                },
                le: date_heure_fr(message.le),
                iso: message.le.to_string(),
                texte: message.texte.clone(),
                pieces: message
                    .pieces
                    .iter()
                    .map(|piece| {
                        let url = format!("{base}/{}", piece.sha256);
                        (piece.nom.to_string(), url, taille_lisible(piece.taille))
                    })
                    .collect(),
                nouveau,
            }
        })
        .collect();
    vues.reverse();
    vues
}

/// Who wrote, as this side may know it: names of the agency stay inside, but the référent's.
fn auteur(candidature: &Candidature, message: &Message, agence: bool) -> String {
    if agence || !message.agence {
        return message.auteur.nom.clone();
    }
    let referent = candidature.referent.as_ref().and_then(|acteur| acteur.personne);
    if referent.is_some() && referent == message.auteur.personne {
        format!("{}, référent de votre dossier", message.auteur.nom)
    } else {
        "L’agence".to_owned()
    }
}
