//! Sends a message with its attachments, once however often the form is sent.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::{candidature::Candidature, evenement::Evenement, preuve::Fichier};
use http::StatusCode;
use registre::Message;
use web::{Champs, FormulaireFichiers, Genre, Partie, Saisie};

use super::voir::montrer;
use crate::{
    acces::Ici,
    app::App,
    depot::{self, RefusDepot, Source},
    erreur::Erreur,
    messagerie::{PIECE_MAX, PIECES_MAX, TEXTE_MAX},
    session,
    taches::{Avertissement, avertir},
};

/// Largest form, in bytes: ten attachments and the text.
pub const CORPS_MAX: usize = 501 * 1024 * 1024;

/// What may be attached.
const EXTENSIONS: [&str; 18] = [
    "pdf", "docx", "odt", "xlsx", "ods", "csv", "txt", "log", "json", "xml", "har", "png", "jpg", "jpeg",
    "zip", "pem", "crt", "cer",
];

/// What was read of the form.
#[derive(Default)]
struct Lu {
    saisie: Saisie,
    pieces: Vec<(String, Fichier)>,
    fautes: Vec<String>,
    /// Uploads that are whole but not scanned yet: identity, name.
    en_attente: Vec<(String, String)>,
}

impl Lu {
    async fn recevoir(
        &mut self,
        app: &App,
        ici: &Ici,
        source: Source<'_, '_>,
        nom: &str,
    ) -> Result<(), Erreur> {
        match depot::recevoir(app, ici, source, &EXTENSIONS, PIECE_MAX).await {
            Ok(recu) => self.pieces.push((recu.televersement, recu.fichier)),
            Err(RefusDepot::Antivirus { televersement, .. }) => {
                self.fautes.push(format!(
                    "{nom} : l’antivirus ne répond pas. Le fichier est gardé, renvoyez le message dans un instant."
                ));
                self.en_attente.push((televersement, nom.to_owned()));
            }
            Err(refus) => self.fautes.push(format!("{nom} : {}", refus.texte()?)),
        }
        Ok(())
    }
}

async fn lire(app: &App, ici: &Ici, mut formulaire: FormulaireFichiers) -> Result<Lu, Erreur> {
    let mut lu = Lu::default();
    let mut nombre = 0;
    while let Some(partie) = formulaire.suivant().await? {
        match partie {
            Partie::Texte { nom, valeur } if nom == "garde" => {
                nombre += 1;
                if nombre <= PIECES_MAX {
                    lu.recevoir(app, ici, Source::Televersement(&valeur), "Pièce jointe").await?;
                }
            }
            Partie::Texte { nom, valeur } => lu.saisie.ajouter(&nom, &valeur),
            Partie::Fichier { nom, nom_fichier, mut flux } if nom == "pieces" => {
                nombre += 1;
                if nombre <= PIECES_MAX {
                    let source = Source::Flux { flux: &mut flux, nom: &nom_fichier };
                    lu.recevoir(app, ici, source, &nom_fichier).await?;
                }
            }
            Partie::Fichier { .. } => {}
        }
    }
    if nombre > PIECES_MAX {
        lu.fautes.push(format!("Un message porte {PIECES_MAX} pièces jointes au plus ({nombre} ici)."));
    }
    Ok(lu)
}

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
    let Lu { saisie, pieces, fautes, en_attente } = lire(&app, &ici, formulaire).await?;
    let texte = saisie.texte("texte").to_owned();
    let envoi = saisie.texte("envoi").to_owned();
    let mut f = Champs::depuis(saisie);
    for faute in fautes {
        f.refuser("pieces", faute);
    }
    let longueur = texte.chars().count();
    if longueur > TEXTE_MAX {
        f.refuser("texte", format!("Un message compte {TEXTE_MAX} caractères au plus ({longueur} ici)."));
    } else if longueur == 0 && pieces.is_empty() && !f.en_faute() {
        f.refuser("texte", "Écrivez un message ou joignez un fichier.");
    }
    if envoi.is_empty() {
        return Err(Erreur::Demande(
            "Cette page est incomplète : rechargez-la, puis recommencez.".to_owned(),
        ));
    }
    if f.en_faute() {
        let recus = pieces.into_iter().map(|(id, fichier)| (id, fichier.nom.to_string()));
        let gardes = recus.chain(en_attente).collect();
        return montrer(&app, &ici, StatusCode::UNPROCESSABLE_ENTITY, f, gardes).await;
    }
    let le = app.maintenant();
    let (uploads, pieces): (Vec<String>, Vec<Fichier>) = pieces.into_iter().unzip();
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
    for upload in uploads {
        depot::oublier(&app, &ici, &upload).await?;
    }
    session::aviser(&app, &ici, Genre::Succes, "Le message est envoyé.").await?;
    Ok(Redirect::to(&format!("{retour}#dernier")).into_response())
}
