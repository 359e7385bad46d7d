//! Sends a message with its attachments, once however often the form is sent.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{candidature::Candidature, evenement::Evenement};
use http::StatusCode;
use registre::Message;
use web::{Champs, FormulaireFichiers, Genre};

use super::voir::montrer;
use crate::{
    acces::Ici,
    app::App,
    erreur::Erreur,
    messagerie::TEXTE_MAX,
    pages::pieces,
    session,
    taches::{Avertissement, avertir},
};

/// The event of a message: that it was sent and which files it carries; what it says stays in the conversation.
fn raconter(candidature: &Candidature, message: &Message) -> Evenement {
    let pieces: Vec<String> =
        message.pieces.iter().map(|piece| format!("{} (SHA-256 {})", piece.nom, piece.sha256)).collect();
    let evenement = Evenement::new(candidature.sujet(), "Message envoyé", &message.auteur, message.le);
    if pieces.is_empty() { evenement } else { evenement.difference("pièces jointes", "", pieces.join("\n")) }
}

pub async fn envoyer(
    State(app): State<App>,
    ici: Ici,
    formulaire: FormulaireFichiers,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let retour = format!("/candidatures/{}/messages", candidature.id);
    let lu = pieces::lire(&app, &ici, "pieces", formulaire).await?;
    let texte = lu.saisie.texte("texte").to_owned();
    let envoi = lu.saisie.texte("envoi").to_owned();
    let mut f = Champs::depuis(lu.saisie.clone());
    for faute in &lu.fautes {
        f.refuser("pieces", faute);
    }
    let longueur = texte.chars().count();
    if longueur > TEXTE_MAX {
        f.refuser("texte", format!("Un message compte {TEXTE_MAX} caractères au plus ({longueur} ici)."));
    } else if longueur == 0 && lu.pieces.is_empty() && !f.en_faute() {
        f.refuser("texte", "Écrivez un message ou joignez un fichier.");
    }
    if envoi.is_empty() {
        return Err(Erreur::Demande(
            "Cette page est incomplète : rechargez-la, puis recommencez.".to_owned(),
        ));
    }
    if f.en_faute() {
        return montrer(&app, &ici, StatusCode::UNPROCESSABLE_ENTITY, f, lu.gardes()).await;
    }
    let le = app.maintenant();
    let pieces = lu.fichiers();
    let message = Message { id: app.id(), auteur: ici.acteur(), agence: ici.agence(), le, texte, pieces };
    let mut tx = app.registre.ecrire().await?;
    match tx.save_envoi(&envoi, &message.id.to_string(), le).await {
        Ok(()) => {
            tx.save_message(candidature.id, &message).await?;
            tx.save_evenement(&raconter(candidature, &message)).await?;
            let avertissement = Avertissement::MessageRecu { agence: message.agence };
            avertir(&mut tx, &app, candidature, avertissement).await?;
            tx.commit().await?;
            app.travail.notify_one();
        }
        // The same form, sent twice: the first one counts.
        Err(registre::Erreur::Conflit) => drop(tx),
        Err(erreur) => return Err(erreur.into()),
    }
    lu.oublier(&app, &ici).await?;
    session::aviser(&app, &ici, Genre::Succes, "Le message est envoyé.").await?;
    Ok(Redirect::to(&format!("{retour}#dernier")).into_response())
}
