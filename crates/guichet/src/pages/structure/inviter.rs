//! Invites somebody into the structure.
//!
//! Rule: the secret of the invitation travels in the mail alone; the registry keeps its fingerprint.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    identifiant::Courriel,
    structure::{Invitation, Refus, Role},
};
use jiff::{SignedDuration, Timestamp};
use web::{Champs, Formulaire, Genre};

use super::voir;
use crate::{acces::Ici, app::App, erreur::Erreur, session, taches};

/// How long an invitation may be accepted.
const DUREE: SignedDuration = SignedDuration::from_hours(7 * 24);

pub async fn inviter(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let courriel = saisie.texte("courriel").parse::<Courriel>();
    let role = Role::depuis_cle(saisie.texte("role"));
    let mut f = Champs::depuis(saisie);
    if let Err(refus) = &courriel {
        f.refuser("courriel", refus.to_string());
    }
    if role.is_none() {
        f.refuser("role", "Choisissez un rôle.");
    }
    let (Ok(courriel), Some(role)) = (courriel, role) else { return voir::page(&app, &ici, f).await };
    let secret = app.alea.jeton();
    let le = app.maintenant();
    let invitation = Invitation {
        empreinte: super::empreinte(&secret),
        courriel: courriel.clone(),
        role,
        par: ici.acteur(),
        expire: le.saturating_add(DUREE).unwrap_or(Timestamp::MAX),
    };
    let structure = ici.structure()?.id;
    match super::engager(&app, structure, |structure| structure.inviter(invitation.clone(), le)).await? {
        Ok((mut tx, structure)) => {
            taches::inviter(&mut tx, &app, &invitation, &structure.denomination, &secret).await?;
            app.conclure(tx).await?;
        }
        Err(refus) => {
            let champ = if refus == Refus::MandataireSeul { "role" } else { "courriel" };
            f.refuser(champ, refus.to_string());
            return voir::page(&app, &ici, f).await;
        }
    }
    let texte = format!("Invitation envoyée à {courriel}.");
    session::aviser(&app, &ici, Genre::Succes, &texte).await?;
    Ok(Redirect::to("/structure#invitations").into_response())
}

/// Cancels an invitation that nobody has accepted; `invitation` is its fingerprint, which gives no right by itself.
pub async fn annuler(
    State(app): State<App>,
    ici: Ici,
    Path(invitation): Path<String>,
    _: Formulaire,
) -> Result<Response, Erreur> {
    let structure = ici.structure()?;
    let (par, le) = (ici.acteur(), app.maintenant());
    let fait =
        super::engager(&app, structure.id, |structure| structure.annuler_invitation(&invitation, &par, le))
            .await?;
    let (genre, texte) = match fait {
        Ok((tx, _)) => {
            app.conclure(tx).await?;
            (Genre::Succes, "L’invitation est annulée : son lien ne mène plus nulle part.".to_owned())
        }
        Err(refus) => (Genre::Erreur, refus.to_string()),
    };
    session::aviser(&app, &ici, genre, &texte).await?;
    Ok(Redirect::to("/structure#invitations").into_response())
}
