//! Pages of `candidature`.
//!
//! Rule: a candidature is made with its NRU and the token of its form in one transaction, so that neither a number
//! already drawn nor a form sent twice can make two of them.

pub mod abandonner;
pub mod creer;
pub mod demarrer;
pub mod historique;
pub mod remplacer;
pub mod renouveler;
pub mod reprendre;
pub mod voir;

use domaine::{
    candidature::{Candidature, Creation},
    identifiant::Nru,
    referentiel::Guichet,
};
use registre::Versionne;

use crate::{
    acces::Ici,
    app::App,
    avancement,
    cadre::depart,
    envoi,
    erreur::Erreur,
    taches::{Avertissement, avertir},
};

/// How many NRU are drawn before giving up: they are so many that even a second draw is a surprise.
const TIRAGES: usize = 5;

/// What a new candidature takes over from another one.
struct Reprise<'a> {
    ancienne: &'a Candidature,
    /// Motive for which the old one is abandoned with the same act; `None` keeps it open.
    abandon: Option<&'a str>,
    /// Number of the habilitation to renew.
    renouvelle: Option<&'a str>,
}

/// The links that lead back from a page of a candidature.
fn fil<'a>(ici: &Ici, titre: &'a str, url: &'a str) -> [(&'a str, &'a str); 2] {
    [depart(ici), (titre, url)]
}

/// Makes a candidature for the produit of this request; gives the address of its page, or of the one that the same
/// form made before.
async fn ouvrir(
    app: &App,
    ici: &Ici,
    guichet: Guichet,
    reprise: Option<Reprise<'_>>,
    jeton: &str,
) -> Result<String, Erreur> {
    let (par, le) = (ici.acteur(), app.maintenant());
    for _ in 0..TIRAGES {
        let mut tx = app.registre.ecrire().await?;
        let produit = tx.load_produit(ici.produit()?.id).await?.ok_or(Erreur::Introuvable)?;
        let creation = Creation {
            id: app.id(),
            nru: Nru::tirer(u64::from_be_bytes(app.alea.octets())),
            guichet,
            produit: &produit,
            referentiel: &app.referentiel,
            remplace: reprise.as_ref().map(|reprise| reprise.ancienne),
        };
        let (candidature, evenement) = match reprise.as_ref().and_then(|reprise| reprise.renouvelle) {
            Some(numero) => Candidature::renouveler(creation, numero, &par, le)?,
            None => Candidature::creer(creation, &par, le)?,
        };
        let url = avancement::url(&candidature);
        match tx.save_envoi(jeton, &url, le).await {
            Ok(()) => {}
            Err(registre::Erreur::Conflit) => {
                drop(tx);
                let premiere = envoi::deja(app, jeton).await?;
                return premiere.ok_or(Erreur::Registre(registre::Erreur::Conflit));
            }
            Err(erreur) => return Err(erreur.into()),
        }
        let nouvelle = Versionne::nouveau(candidature);
        match tx.save_candidature(&nouvelle, &evenement).await {
            Ok(()) => {}
            Err(registre::Erreur::Conflit) => continue,
            Err(erreur) => return Err(erreur.into()),
        }
        if reprise.is_some() {
            save_pieces(&mut tx, &nouvelle).await?;
        }
        if let Some(Reprise { ancienne, abandon: Some(motif), .. }) = &reprise {
            let lue = tx.load_candidature(ancienne.id).await?.ok_or(Erreur::Introuvable)?;
            if !lue.etat.terminee() {
                let (abandonnee, evenement) = lue.valeur.clone().abandonner(motif, &par, le)?;
                tx.save_candidature(&lue.vers(abandonnee), &evenement).await?;
                avertir(&mut tx, app, ancienne, Avertissement::CandidatureAbandonnee).await?;
            }
        }
        tx.commit().await?;
        app.travail.notify_one();
        return Ok(url);
    }
    Err(Erreur::Interne("no free NRU was drawn"))
}

/// The files that the form took over from another candidature are files of this one too.
async fn save_pieces(tx: &mut registre::Tx, candidature: &Candidature) -> Result<(), Erreur> {
    let formulaire = &candidature.formulaire;
    for composant in &formulaire.composants {
        for fichier in [&composant.licence, &composant.homologation].into_iter().flatten() {
            let nom = fichier.nom.as_str();
            tx.save_usage_fichier(&fichier.sha256, candidature.id, "composant", nom).await?;
        }
    }
    for liee in formulaire.habilitations.values() {
        if let Some(fichier) = &liee.fichier {
            let nom = fichier.nom.as_str();
            tx.save_usage_fichier(&fichier.sha256, candidature.id, "habilitation", nom).await?;
        }
    }
    Ok(())
}
