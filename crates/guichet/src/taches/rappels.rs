//! The reminders of the day (spec guichets §1.10): ends that come near, corrections and answers that are late, dossiers
//! that sleep.
//!
//! Rule: each reminder has a key and is asked for once, however often the day's task runs; one that was missed is not
//! sent afterwards in a burst, the latest that is due stands for those before it.

mod audits;

use domaine::{
    calendrier::{self, Fin, Rappel, jour, plus_mois, rappel_du},
    candidature::{Candidature, Etat, Refus},
    chapitre::EtatChapitre,
    formulaire::EtatFormulaire,
    habilitation::EtatHabilitation,
    id::Id,
};
use jiff::{SignedDuration, Timestamp, Unit, civil::Date};
use registre::{FiltreCandidatures, Tx};

use super::avertissement::{Avertissement, avertir, demander};
use crate::{
    app::App,
    echeances::{self, Echeance},
    erreur::Erreur,
};

/// Days after which a correction that was asked for is asked for again.
const CORRECTION: [i32; 3] = [7, 21, 45];
/// Shares of the agency's delay, in percent, at which it is reminded.
const DELAI: [i32; 3] = [50, 80, 100];
/// Months without activity after which each of the three reminders is sent.
const INACTIVITE: [u32; 3] = [3, 4, 5];
/// Months without activity after which a dossier sleeps.
const SOMMEIL: u32 = 6;
/// Time left between two reminders of inactivity, and between the last and the sleep.
const REPIT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Days during which an end that is past is still news.
const RECENT: i32 = 7;

/// A reminder that is due, with the key under which it is sent once.
struct Du {
    candidature: Id<Candidature>,
    avertissement: Avertissement,
    cle: String,
}

pub(super) async fn envoyer(app: &App) -> Result<(), Erreur> {
    let le = app.maintenant();
    let mut tx = app.registre.lire().await?;
    let mut dus = autorisations(&mut tx, le).await?;
    dus.extend(habilitations(&mut tx, le).await?);
    dus.extend(corrections(&mut tx, le).await?);
    dus.extend(delais(&mut tx, app.config.agence.delai_jours, le).await?);
    dus.extend(audits::rappels(&mut tx, le).await?);
    let (inactifs, a_endormir) = inactivite(&mut tx, le).await?;
    dus.extend(inactifs);
    drop(tx);
    dus.extend(preuves(app, le).await?);
    let mut tx = app.registre.ecrire().await?;
    for du in dus {
        demander(&mut tx, app, du.candidature, du.avertissement, Some(&du.cle)).await?;
    }
    tx.commit().await?;
    for (id, active_le) in a_endormir {
        endormir(app, id, active_le).await?;
    }
    Ok(())
}

/// What is to be said of an end today: the name of the reminder, and whether the end is past.
fn echeance(rappels: &[Rappel], fin: Date, le: Timestamp) -> Option<(String, bool)> {
    let limite = Fin::au_soir_du(fin);
    if limite.est_passee(le) {
        return (calendrier::jours_restants(le, limite) >= -RECENT).then(|| ("fin".to_owned(), true));
    }
    rappel_du(rappels, limite, None, le).map(|rappel| (rappel.to_string(), false))
}

async fn autorisations(tx: &mut Tx, le: Timestamp) -> Result<Vec<Du>, Erreur> {
    let mut dus = Vec::new();
    for une in tx.load_autorisations().await? {
        let autorisation = une.autorisation;
        let Some((nom, passee)) = echeance(&calendrier::RAPPELS_AUTORISATION, autorisation.fin, le) else {
            continue;
        };
        let candidature = tx.load_candidature(autorisation.candidature).await?;
        let close = candidature
            .is_none_or(|dossier| matches!(dossier.etat, Etat::Refusee { .. } | Etat::Abandonnee { .. }));
        if autorisation.revocation.is_some() || close {
            continue;
        }
        dus.push(Du {
            candidature: autorisation.candidature,
            avertissement: Avertissement::AutorisationFin { fin: autorisation.fin, passee },
            cle: format!("rappel:{}:{nom}", autorisation.numero),
        });
    }
    Ok(dus)
}

async fn habilitations(tx: &mut Tx, le: Timestamp) -> Result<Vec<Du>, Erreur> {
    let mut dus = Vec::new();
    for une in tx.load_habilitations(false).await? {
        let vivante =
            matches!(une.etat, EtatHabilitation::Active { .. } | EtatHabilitation::Suspendue { .. });
        let fin = une.contenu.fin;
        let Some((nom, passee)) = echeance(&calendrier::RAPPELS_HABILITATION, fin, le).filter(|_| vivante)
        else {
            continue;
        };
        let numero = une.numero().to_owned();
        for dependante in tx.load_candidatures_dependantes(&numero).await? {
            let avertissement = if passee {
                Avertissement::DependanceTouchee { numero: numero.clone(), etat: "expirée".to_owned() }
            } else {
                Avertissement::DependanceFin { numero: numero.clone(), fin }
            };
            let cle = format!("rappel:{numero}:{nom}:{}", dependante.id);
            dus.push(Du { candidature: dependante.id, avertissement, cle });
        }
        dus.push(Du {
            candidature: une.candidature,
            cle: format!("rappel:{numero}:{nom}"),
            avertissement: Avertissement::HabilitationFin { numero, fin, passee },
        });
    }
    Ok(dus)
}

/// The states in which a preuve that ends is still worth a word.
const VIVANTES: [&str; 4] = ["depot_ouvert", "depot_complet", "en_college", "habilitee"];

async fn preuves(app: &App, le: Timestamp) -> Result<Vec<Du>, Erreur> {
    let mut dossiers = Vec::new();
    let mut tx = app.registre.lire().await?;
    for etat in VIVANTES {
        dossiers.extend(toutes(&mut tx, etat, false).await?);
    }
    drop(tx);
    let mut dus = Vec::new();
    for dossier in dossiers {
        for Echeance { preuve, chapitre, attendue, titre, fin } in echeances::de(app, &dossier).await? {
            let Some((nom, passee)) = echeance(&calendrier::RAPPELS_PREUVE, fin, le) else { continue };
            dus.push(Du {
                candidature: dossier.id,
                cle: format!("rappel:preuve:{preuve}:{nom}"),
                avertissement: Avertissement::PreuveFin { chapitre, attendue, titre, fin, passee },
            });
        }
    }
    Ok(dus)
}

/// Every candidature in this state, or every one that waits for the agency.
async fn toutes(tx: &mut Tx, etat: &str, attend_agence: bool) -> Result<Vec<Candidature>, Erreur> {
    let filtre = FiltreCandidatures {
        etat: etat.to_owned(),
        attend_agence,
        par_page: i64::from(i32::MAX),
        ..FiltreCandidatures::default()
    };
    let (lignes, _) = tx.load_candidatures(&filtre).await?;
    Ok(lignes.into_iter().map(|ligne| ligne.candidature).collect())
}

/// The last of the steps that was reached, if any.
fn palier(atteint: i32, paliers: &[i32]) -> Option<i32> {
    paliers.iter().copied().filter(|un| *un <= atteint).max()
}

fn jours_depuis(depuis: Timestamp, le: Timestamp) -> i32 {
    (jour(le) - jour(depuis)).get_days()
}

async fn corrections(tx: &mut Tx, le: Timestamp) -> Result<Vec<Du>, Erreur> {
    let mut dus = Vec::new();
    for etat in ["formulaire_a_corriger", "depot_ouvert"] {
        for dossier in toutes(tx, etat, false).await? {
            // One reminder for a dossier, counted from the oldest correction.
            let Some(depuis) = a_corriger_depuis(&dossier) else { continue };
            let Some(jours) = palier(jours_depuis(depuis, le), &CORRECTION) else { continue };
            dus.push(Du {
                candidature: dossier.id,
                avertissement: Avertissement::CorrectionAttendue { jours: jours_depuis(depuis, le) },
                cle: format!("rappel:correction:{}:{}:{jours}", dossier.id, depuis.as_second()),
            });
        }
    }
    Ok(dus)
}

fn a_corriger_depuis(dossier: &Candidature) -> Option<Timestamp> {
    let formulaire = match &dossier.formulaire.etat {
        EtatFormulaire::ACorriger { le, .. } => Some(*le),
        _ => None,
    };
    let chapitres = dossier.chapitres.iter().filter_map(|chapitre| match &chapitre.etat {
        EtatChapitre::ACorriger { le, .. } => Some(*le),
        _ => None,
    });
    formulaire.into_iter().chain(chapitres).min()
}

async fn delais(tx: &mut Tx, delai_jours: i32, le: Timestamp) -> Result<Vec<Du>, Erreur> {
    let mut dus = Vec::new();
    for dossier in toutes(tx, "", true).await? {
        let Some(depuis) = dossier.attente_agence else { continue };
        let ecoule = jours_depuis(depuis, le).saturating_mul(100) / delai_jours.max(1);
        let Some(pourcent) = palier(ecoule, &DELAI) else { continue };
        dus.push(Du {
            candidature: dossier.id,
            avertissement: Avertissement::DelaiAgence { pourcent },
            cle: format!("rappel:delai:{}:{}:{pourcent}", dossier.id, depuis.as_second()),
        });
    }
    Ok(dus)
}

type AEndormir = Vec<(Id<Candidature>, Timestamp)>;

/// The reminders of inactivity, one after the other, then the dossiers whose three reminders changed nothing.
async fn inactivite(tx: &mut Tx, le: Timestamp) -> Result<(Vec<Du>, AEndormir), Erreur> {
    let (mut dus, mut a_endormir) = (Vec::new(), Vec::new());
    let aujourdhui = jour(le);
    for dossier in tx.load_candidatures_inactives(le).await? {
        let active_le = dossier.active_le;
        let depuis = jour(active_le);
        if dossier.attente_agence.is_some() || aujourdhui < plus_mois(depuis, INACTIVITE[0]) {
            continue;
        }
        let mut dernier: Option<Timestamp> = None;
        let mut reste = false;
        for (rang, mois) in INACTIVITE.into_iter().enumerate() {
            let cle = format!("rappel:inactivite:{}:{}:{}", dossier.id, active_le.as_second(), rang + 1);
            if let Some(envoye) = tx.date_tache(&cle).await? {
                dernier = Some(envoye);
                continue;
            }
            reste = true;
            if aujourdhui >= plus_mois(depuis, mois) && assez_attendu(dernier, le) {
                let mois = mois_entre(depuis, aujourdhui);
                let avertissement = Avertissement::Inactivite { mois };
                dus.push(Du { candidature: dossier.id, avertissement, cle });
            }
            break;
        }
        if !reste && aujourdhui >= plus_mois(depuis, SOMMEIL) && assez_attendu(dernier, le) {
            a_endormir.push((dossier.id, active_le));
        }
    }
    Ok((dus, a_endormir))
}

fn assez_attendu(dernier: Option<Timestamp>, le: Timestamp) -> bool {
    dernier.is_none_or(|dernier| le.duration_since(dernier) >= REPIT)
}

fn mois_entre(depuis: Date, aujourdhui: Date) -> i32 {
    depuis.until((Unit::Month, aujourdhui)).map_or(0, |ecart| ecart.get_months())
}

async fn endormir(app: &App, id: Id<Candidature>, active_le: Timestamp) -> Result<(), Erreur> {
    let le = app.maintenant();
    let acte = |candidature: Candidature| {
        // Somebody acted since the list was read.
        if candidature.active_le != active_le {
            return Err(Refus::Etat(candidature.etat.libelle()));
        }
        candidature.endormir(le)
    };
    let (mut tx, candidature) = match app.engager(id, acte).await {
        Ok(endormie) => endormie,
        Err(Erreur::Refus(_)) => return Ok(()),
        Err(erreur) => return Err(erreur),
    };
    avertir(&mut tx, app, &candidature, Avertissement::MiseEnSommeil).await?;
    app.conclure(tx).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn le_dernier_palier_atteint_vaut_pour_les_autres() {
        for (atteint, attendu) in
            [(6, None), (7, Some(7)), (20, Some(7)), (21, Some(21)), (45, Some(45)), (400, Some(45))]
        {
            assert_eq!(palier(atteint, &CORRECTION), attendu, "{atteint}");
        }
    }

    #[test]
    fn une_fin_se_rappelle_puis_se_dit_une_semaine() {
        let fin: Date = "2027-02-21".parse().expect("a date");
        for (le, attendu) in [
            ("2027-01-21T10:00:00Z", None),
            ("2027-01-22T10:00:00Z", Some(("J-30", false))),
            ("2027-02-10T10:00:00Z", Some(("J-15", false))),
            ("2027-02-20T10:00:00Z", Some(("J-1", false))),
            ("2027-02-21T22:30:00Z", Some(("J-1", false))),
            ("2027-02-21T23:30:00Z", Some(("fin", true))),
            ("2027-02-28T10:00:00Z", Some(("fin", true))),
            ("2027-03-01T10:00:00Z", None),
        ] {
            let obtenu = echeance(&calendrier::RAPPELS_AUTORISATION, fin, le.parse().expect("an instant"));
            let obtenu = obtenu.as_ref().map(|(nom, passee)| (nom.as_str(), *passee));
            assert_eq!(obtenu, attendu, "{le}");
        }
    }
}
