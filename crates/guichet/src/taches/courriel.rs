//! Mails: asked for in the transaction of an act, sent afterwards by SMTP or written as `.eml` files in a folder.
//!
//! Rule: a mail says what happened, names the NRU and gives a link; what people wrote stays on the site. Sending twice
//! after a crash gives the same file, or the same Message-ID, so that the second is not a second mail.

use domaine::structure::Invitation;
use jiff::Timestamp;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Body, Mailbox, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use registre::{Tache, Tx};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use web::insecables;

use super::Genre;
use crate::{app::App, config, erreur::Erreur};

/// How long the relay may take for one mail.
const DELAI: std::time::Duration = std::time::Duration::from_secs(20);

/// A mail to one person.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Lettre {
    pub a: String,
    pub objet: String,
    /// Plain text, without greeting nor signature.
    pub corps: String,
    /// Path on this site.
    pub chemin: String,
    pub le: Timestamp,
}

/// Asks for a mail; with a `cle` already known, nothing happens.
pub(super) async fn demander(
    tx: &mut Tx,
    app: &App,
    lettre: &Lettre,
    cle: Option<&str>,
) -> Result<(), Erreur> {
    let id = app.alea.uuid(lettre.le).to_string();
    tx.ajouter_tache(&id, Genre::Courriel.cle(), &serde_json::to_string(lettre)?, cle, lettre.le).await?;
    Ok(())
}

/// Writes to somebody invited to a structure; `jeton` is the secret of which the invitation keeps the fingerprint.
///
/// The task holds the secret until the mail is gone, no longer.
pub async fn inviter(
    tx: &mut Tx,
    app: &App,
    invitation: &Invitation,
    denomination: &str,
    jeton: &str,
) -> Result<(), Erreur> {
    let fin = domaine::calendrier::date_heure_fr(invitation.expire);
    let lettre = Lettre {
        a: invitation.courriel.to_string(),
        objet: format!("Invitation à rejoindre {denomination}"),
        corps: format!(
            "{} vous invite à rejoindre la structure {denomination} en qualité de {}.\n\n\
             L’invitation vaut jusqu’au {fin}. Connectez-vous avec le compte Industriels Santé Connect \
             qui porte cette adresse ; si vous n’attendiez pas cette invitation, ignorez ce message.",
            invitation.par.nom,
            invitation.role.libelle(),
        ),
        chemin: format!("/invitations/{jeton}"),
        le: app.maintenant(),
    };
    demander(tx, app, &lettre, None).await
}

/// Sends the mail of a task.
pub(super) async fn envoyer(app: &App, tache: &Tache) -> Result<(), Erreur> {
    let lettre: Lettre = serde_json::from_str(&tache.charge)?;
    let message = match composer(app, &lettre, &tache.id) {
        Ok(message) => message,
        Err(erreur) => {
            // An address that no relay would take: trying again changes nothing.
            tracing::error!(tache = %tache.id, erreur = &erreur as &dyn std::error::Error, "mail can't be written");
            return Ok(());
        }
    };
    match &app.config.courriel {
        config::Courriel::Dossier { chemin, .. } => {
            let nom = format!("{}-{}.eml", lettre.le.strftime("%Y%m%dT%H%M%SZ"), tache.id);
            ranger(chemin.clone(), nom, message.formatted()).await
        }
        config::Courriel::Smtp { url, .. } => {
            let relais = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
                .map_err(courriel)?
                .timeout(Some(DELAI))
                .build();
            match relais.send(message).await {
                Ok(_) => Ok(()),
                Err(refus) if refus.is_permanent() => {
                    tracing::error!(tache = %tache.id, %refus, "the relay refuses this mail for good");
                    Ok(())
                }
                Err(erreur) => Err(courriel(erreur)),
            }
        }
    }
}

fn courriel(erreur: impl std::error::Error + Send + Sync + 'static) -> Erreur {
    Erreur::Courriel(Box::new(erreur))
}

fn composer(app: &App, lettre: &Lettre, id: &str) -> Result<Message, Erreur> {
    let expediteur: Mailbox = app.config.courriel.expediteur().parse().map_err(courriel)?;
    let destinataire: Mailbox = lettre.a.parse().map_err(courriel)?;
    let hote = app.config.url.host_str().unwrap_or("localhost");
    let corps = Body::new_with_encoding(texte(app, lettre), ContentTransferEncoding::QuotedPrintable)
        .map_err(|_| Erreur::Interne("a mail can't be encoded"))?;
    let automatique = HeaderName::new_from_ascii_str("Auto-Submitted");
    Message::builder()
        .from(expediteur)
        .to(destinataire)
        .subject(&lettre.objet)
        .date(lettre.le.into())
        .message_id(Some(format!("<{id}@{hote}>")))
        .raw_header(HeaderValue::new(automatique, "auto-generated".to_owned()))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(corps))
        .map_err(courriel)
}

fn texte(app: &App, lettre: &Lettre) -> String {
    let lien = app.config.url.join(&lettre.chemin).map_or_else(|_| app.config.url.to_string(), String::from);
    format!(
        "Bonjour,\n\n{}\n\n{lien}\n\n-- \n{}, guichets de l’Espace de Confiance\n\
         Message automatique\u{a0}: pour répondre, passez par la messagerie de votre dossier.\n",
        insecables(&lettre.corps),
        app.config.agence.nom,
    )
}

/// Writes the file whole or not at all.
async fn ranger(dossier: std::path::PathBuf, nom: String, octets: Vec<u8>) -> Result<(), Erreur> {
    tokio::fs::create_dir_all(&dossier).await.map_err(courriel)?;
    let provisoire = dossier.join(format!(".{nom}"));
    tokio::fs::write(&provisoire, octets).await.map_err(courriel)?;
    tokio::fs::rename(&provisoire, dossier.join(nom)).await.map_err(courriel)
}
