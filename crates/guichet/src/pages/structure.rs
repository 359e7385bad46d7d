//! Pages of `structure`.

pub mod invitation;
pub mod inviter;
pub mod membre;
pub mod voir;

use aws_lc_rs::digest::{SHA256, digest};
use domaine::{
    evenement::Evenement,
    id::Id,
    structure::{Refus, Structure},
};
use registre::Tx;

use crate::{app::App, erreur::Erreur};

/// How often an act is decided anew when somebody else saved in between.
const ESSAIS: usize = 5;

/// The fingerprint under which the secret of an invitation is kept.
fn empreinte(secret: &str) -> String {
    hex::encode(digest(&SHA256, secret.as_bytes()))
}

/// Does an act on a structure and saves it with its event; decided anew when somebody else saved in between. Gives the
/// structure with its transaction still open, or the refusal, which is an answer for the page.
async fn engager(
    app: &App,
    id: Id<Structure>,
    acte: impl Fn(Structure) -> Result<(Structure, Evenement), Refus>,
) -> Result<Result<(Tx, Structure), Refus>, Erreur> {
    for essai in 1.. {
        let mut tx = app.registre.ecrire().await?;
        let lue = tx.load_structure(id).await?.ok_or(Erreur::Introuvable)?;
        let (structure, evenement) = match acte(lue.valeur.clone()) {
            Ok(suite) => suite,
            Err(refus) => return Ok(Err(refus)),
        };
        let prochaine = lue.vers(structure);
        match tx.save_structure(&prochaine, &evenement).await {
            Ok(()) => return Ok(Ok((tx, prochaine.valeur))),
            Err(registre::Erreur::Conflit) if essai < ESSAIS => {}
            Err(erreur) => return Err(erreur.into()),
        }
    }
    Err(Erreur::Registre(registre::Erreur::Conflit))
}
