//! The days on which preuves stop being good: a test d’intrusion that ages, a certificate that ends (spec guichets §1.10).
//!
//! Rule: a date limit matters until the chapter is submitted, since it is asked on that day; a certificate serves every
//! day, so its end matters as long as the dossier lives, habilitation included.

use domaine::{
    calendrier::{jour, plus_mois},
    candidature::{Candidature, Etat},
    id::Id,
    preuve::{Contenu, Preuve},
    referentiel::{Kind, PreuveAttendue},
};
use jiff::civil::Date;

use crate::{app::App, erreur::Erreur};

/// Largest file that is read as a certificate, in bytes.
const CERTIFICAT_MAX: u64 = 64 << 10;

/// A preuve that stops being good after a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Echeance {
    pub preuve: Id<Preuve>,
    /// Code of its chapter.
    pub chapitre: String,
    /// Identity and title of its slot.
    pub attendue: String,
    pub titre: String,
    /// Last day on which it is good.
    pub fin: Date,
}

/// What stops being good in this dossier, and when.
pub(crate) async fn de(app: &App, candidature: &Candidature) -> Result<Vec<Echeance>, Erreur> {
    let mut echeances = Vec::new();
    if matches!(candidature.etat, Etat::Refusee { .. } | Etat::Abandonnee { .. }) {
        return Ok(echeances);
    }
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    for chapitre in &candidature.chapitres {
        for slot in &chapitre.emplacements {
            let Some(attendue) = referentiel.attendue(&slot.attendue) else { continue };
            for preuve in slot.courantes() {
                let limite = if chapitre.soumis() { None } else { limite(attendue, preuve) };
                let fin = match limite {
                    Some(fin) => Some(fin),
                    None => certificat(app, preuve).await,
                };
                echeances.extend(fin.map(|fin| Echeance {
                    preuve: preuve.id,
                    chapitre: chapitre.code.clone(),
                    attendue: attendue.id.clone(),
                    titre: attendue.titre.clone(),
                    fin,
                }));
            }
        }
    }
    Ok(echeances)
}

/// Last day on which the preuve is recent enough for its slot.
fn limite(attendue: &PreuveAttendue, preuve: &Preuve) -> Option<Date> {
    let depuis = match &preuve.contenu {
        Contenu::TestIntrusion(fiche) => fiche.date_test,
        Contenu::NonApplicable { .. } => return None,
        _ => preuve.date_reelle,
    };
    plus_mois(depuis, attendue.validite_mois?).yesterday().ok()
}

/// Last whole day of a certificate; one that can't be read was told of when it was deposited.
async fn certificat(app: &App, preuve: &Preuve) -> Option<Date> {
    let fichier = preuve.contenu.fichier()?;
    if preuve.kind != Kind::CertificatPem || fichier.taille > CERTIFICAT_MAX {
        return None;
    }
    let octets = app.magasin.lire(&fichier.sha256).await.ok()?;
    let lu = igc::lire::lire(&octets).ok()?;
    Some(jour(lu.fin))
}
