//! Deposits what the form of a slot carries: files, a text, a link, or the reason why it does not apply.
//!
//! Rule: all or nothing. A refused field keeps what was typed and the files that arrived; a form played twice deposits
//! once.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domaine::{
    calendrier::lire_date,
    candidature::{Candidature, Refus, depot::Depot},
    evenement::Evenement,
    id::Id,
    identifiant::{LienHttps, Texte, VersionLogiciel},
    preuve::{Contenu, Preuve},
    referentiel::{Kind, PreuveAttendue},
};
use http::StatusCode;
use jiff::civil::Date;
use web::{Champs, Choix, FormulaireFichiers, Genre, Partie, RefusFormulaire, Saisie, formulaire};

use super::{
    formulaire::{Etat, Forme, garde, page},
    trouver,
};
use crate::{
    acces::Ici,
    app::App,
    depot::{self, Recu, RefusDepot, Source},
    erreur::Erreur,
    session, verifications,
};

/// Longest text deposited as a preuve, and longest comment or justification, in characters.
const TEXTE_MAX: usize = 20_000;
const COMMENTAIRE_MAX: usize = 4000;
/// Most files in one form.
const FICHIERS_MAX: usize = 20;
/// What is shown again after a refusal.
const CHAMPS: [&str; 6] = ["date_reelle", "version", "commentaire", "texte", "lien", "justification"];

/// What was received of a form, and what is wrong with it.
#[derive(Default)]
struct Envoi {
    saisie: Saisie,
    erreurs: Vec<(&'static str, String)>,
    recus: Vec<Recu>,
    /// Files that wait for the antivirus, to be offered again.
    en_attente: Vec<Choix>,
}

impl Envoi {
    fn refuser(&mut self, champ: &'static str, texte: impl Into<String>) {
        self.erreurs.push((champ, texte.into()));
    }

    /// Keeps a file, or says why not.
    fn ranger(&mut self, nom: &str, recu: Result<Recu, RefusDepot>) -> Result<(), Erreur> {
        match recu {
            Ok(recu) => self.recus.push(recu),
            Err(refus @ RefusDepot::Antivirus { .. }) => {
                let texte = refus.to_string();
                if let RefusDepot::Antivirus { televersement, .. } = refus {
                    self.en_attente.push(garde(&televersement, nom));
                }
                self.refuser("fichier", texte);
            }
            Err(refus) => {
                let texte = refus.texte()?;
                let texte = if nom.is_empty() { texte } else { format!("« {nom} » : {texte}") };
                self.refuser("fichier", texte);
            }
        }
        Ok(())
    }

    /// What the page shows again.
    fn champs(&self, gardes: &[Choix]) -> Champs {
        let mut f =
            CHAMPS.into_iter().fold(Champs::vides(), |f, champ| f.avec(champ, self.saisie.texte(champ)));
        f = gardes.iter().fold(f, |f, choix| f.avec("garde", &choix.valeur));
        for (champ, texte) in &self.erreurs {
            f.refuser(champ, texte);
        }
        f
    }
}

pub async fn deposer(
    State(app): State<App>,
    ici: Ici,
    Path((_, code, attendue)): Path<(String, String, String)>,
    formulaire: FormulaireFichiers,
) -> Result<Response, Erreur> {
    let candidature = ici.candidature()?;
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let (_, _, attendu) = trouver(referentiel, &attendue).ok_or(Erreur::Introuvable)?;
    let mut envoi = lire(&app, &ici, attendu, formulaire).await?;
    let retour = format!("/candidatures/{}/chapitres/{code}#{attendue}", candidature.id);
    let jeton = envoi.saisie.texte("envoi").to_owned();
    if rejoue(&app, &jeton).await? {
        return Ok(Redirect::to(&retour).into_response());
    }
    let forme = Forme::lire(envoi.saisie.texte("forme"), attendu);
    reprendre(&app, &ici, forme, &mut envoi).await?;
    let preuves = preparer(&app, &ici, attendu, forme, &mut envoi).await?;
    if envoi.erreurs.is_empty() {
        match enregistrer(&app, &ici, &code, &attendue, &envoi.saisie, &preuves).await {
            Ok(()) => {
                for recu in &envoi.recus {
                    depot::oublier(&app, &ici, &recu.televersement).await?;
                }
                let texte = if preuves.len() > 1 { "Preuves déposées." } else { "Preuve déposée." };
                session::aviser(&app, &ici, Genre::Succes, texte).await?;
                return Ok(Redirect::to(&retour).into_response());
            }
            // The same form, played at the same moment: its first play has deposited.
            Err(Erreur::Registre(registre::Erreur::Conflit)) if rejoue(&app, &jeton).await? => {
                return Ok(Redirect::to(&retour).into_response());
            }
            Err(Erreur::Refus(refus)) => envoi.refuser("", refus),
            Err(erreur) => return Err(erreur),
        }
    }
    let statut = if envoi.en_attente.is_empty() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let recus = envoi.recus.iter().map(|recu| garde(&recu.televersement, recu.fichier.nom.as_str()));
    let gardes: Vec<Choix> = recus.chain(envoi.en_attente.iter().cloned()).collect();
    let f = envoi.champs(&gardes);
    let remplace = envoi.saisie.texte("remplace").to_owned();
    let etat = Etat { statut, f, forme, remplace, gardes, envoi: jeton };
    page(&app, &ici, candidature, &code, &attendue, etat)
}

/// Whether this form was played before.
async fn rejoue(app: &App, jeton: &str) -> Result<bool, Erreur> {
    Ok(!jeton.is_empty() && app.registre.lire().await?.load_envoi(jeton).await?.is_some())
}

/// Reads the form; its files go to the store as they come.
async fn lire(
    app: &App,
    ici: &Ici,
    attendue: &PreuveAttendue,
    mut formulaire: FormulaireFichiers,
) -> Result<Envoi, Erreur> {
    let mut envoi = Envoi::default();
    let mut texte = 0;
    let mut fichiers = 0;
    while let Some(partie) = formulaire.suivant().await? {
        match partie {
            Partie::Texte { nom, valeur } => {
                texte += nom.len() + valeur.len();
                if texte > formulaire::LIMITE {
                    return Err(RefusFormulaire::TropGros.into());
                }
                envoi.saisie.ajouter(&nom, &valeur);
            }
            Partie::Fichier { nom_fichier, mut flux, .. } => {
                fichiers += 1;
                if rejoue(app, envoi.saisie.texte("envoi")).await? {
                    continue;
                }
                let Some(Forme::Fichier(kind)) = Forme::lire(envoi.saisie.texte("forme"), attendue) else {
                    envoi.refuser("fichier", "Cette forme de preuve ne reçoit pas de fichier.");
                    continue;
                };
                if fichiers > FICHIERS_MAX {
                    envoi.refuser("fichier", format!("Au plus {FICHIERS_MAX} fichiers à la fois."));
                    continue;
                }
                let source = Source::Flux { flux: &mut flux, nom: &nom_fichier };
                let recu = depot::recevoir(app, ici, source, kind.extensions(), kind.taille_max()).await;
                envoi.ranger(&nom_fichier, recu)?;
            }
        }
    }
    Ok(envoi)
}

/// Takes the uploads that the form names: a resumable one, and those kept from a refused form.
async fn reprendre(app: &App, ici: &Ici, forme: Option<Forme>, envoi: &mut Envoi) -> Result<(), Erreur> {
    let Some(Forme::Fichier(kind)) = forme else { return Ok(()) };
    let mut ids: Vec<String> = envoi
        .saisie
        .tous("televersement")
        .into_iter()
        .chain(envoi.saisie.tous("garde"))
        .map(str::to_owned)
        .collect();
    ids.retain(|id| !id.is_empty());
    ids.dedup();
    if ids.len() > FICHIERS_MAX {
        envoi.refuser("fichier", format!("Au plus {FICHIERS_MAX} fichiers à la fois."));
        return Ok(());
    }
    for id in ids {
        let source = Source::Televersement(&id);
        let recu = depot::recevoir(app, ici, source, kind.extensions(), kind.taille_max()).await;
        envoi.ranger("", recu)?;
    }
    Ok(())
}

/// The items to deposit; what is wrong goes to the fields.
async fn preparer(
    app: &App,
    ici: &Ici,
    attendue: &PreuveAttendue,
    forme: Option<Forme>,
    envoi: &mut Envoi,
) -> Result<Vec<Preuve>, Erreur> {
    let contenus = contenus(forme, envoi);
    let date = lire_date_reelle(app, envoi);
    let version = envoi.saisie.texte("version").parse::<VersionLogiciel>();
    if let Err(refus) = &version {
        envoi.refuser("version", refus.to_string());
    }
    let commentaire = envoi.saisie.texte("commentaire").parse::<Texte<0, COMMENTAIRE_MAX>>();
    if let Err(refus) = &commentaire {
        envoi.refuser("commentaire", refus.to_string());
    }
    if envoi.saisie.texte("remplace").is_empty() {
        // The rule counts item by item; several at once must fit together before any is deposited.
        if contenus.len() > attendue.max as usize {
            envoi.refuser("fichier", format!("Cet emplacement admet {} éléments au plus.", attendue.max));
        }
    } else if contenus.len() > 1 {
        envoi.refuser("fichier", "Un seul fichier en remplace un autre.");
    }
    let (Some(date_reelle), Ok(version), Ok(commentaire)) = (date, version, commentaire) else {
        return Ok(Vec::new());
    };
    if !envoi.erreurs.is_empty() {
        return Ok(Vec::new());
    }
    let mut preuves = Vec::new();
    for (kind, contenu) in contenus {
        let avis = verifications::controler(app, ici.candidature()?, attendue, kind, &contenu).await?;
        preuves.push(Preuve {
            id: app.id(),
            kind,
            contenu,
            date_reelle,
            version_logiciel: version.to_string(),
            commentaire: commentaire.as_str().to_owned(),
            deposee_par: ici.acteur(),
            deposee_le: app.maintenant(),
            numero_version: 1,
            sortie: None,
            avis,
            verdict: None,
        });
    }
    Ok(preuves)
}

fn lire_date_reelle(app: &App, envoi: &mut Envoi) -> Option<Date> {
    match lire_date(envoi.saisie.texte("date_reelle")) {
        Err(_) => envoi.refuser("date_reelle", "Indiquez une date, par exemple 21/11/2026."),
        Ok(date) if date > app.aujourdhui() => {
            envoi.refuser("date_reelle", Refus::DateFuture.to_string());
        }
        Ok(date) => return Some(date),
    }
    None
}

/// What the form carries, by its form of preuve.
fn contenus(forme: Option<Forme>, envoi: &mut Envoi) -> Vec<(Kind, Contenu)> {
    match forme {
        None | Some(Forme::TestIntrusion) => {
            envoi.refuser("", "Choisissez une forme de preuve.");
            Vec::new()
        }
        Some(Forme::Fichier(kind)) => {
            if envoi.recus.is_empty() && envoi.erreurs.is_empty() {
                envoi.refuser("fichier", "Choisissez un fichier.");
            }
            envoi.recus.iter().map(|recu| (kind, Contenu::Fichier(recu.fichier.clone()))).collect()
        }
        Some(Forme::Texte) => {
            let lu = envoi.saisie.texte("texte").parse::<Texte<1, TEXTE_MAX>>();
            let lu = lu.map(|texte| Contenu::Texte(texte.as_str().to_owned()));
            un_seul(Kind::Texte, "texte", lu.map_err(|refus| refus.to_string()), envoi)
        }
        Some(Forme::Lien) => {
            let lu = envoi.saisie.texte("lien").parse::<LienHttps>();
            let lu = lu.map(|lien| Contenu::Lien(lien.to_string()));
            un_seul(Kind::Lien, "lien", lu.map_err(|refus| refus.to_string()), envoi)
        }
        Some(Forme::NonApplicable) => {
            let lu = envoi.saisie.texte("justification").parse::<Texte<1, COMMENTAIRE_MAX>>();
            let lu = lu.map(|texte| Contenu::NonApplicable { justification: texte.as_str().to_owned() });
            un_seul(Kind::Texte, "justification", lu.map_err(|refus| refus.to_string()), envoi)
        }
    }
}

fn un_seul(
    kind: Kind,
    champ: &'static str,
    lu: Result<Contenu, String>,
    envoi: &mut Envoi,
) -> Vec<(Kind, Contenu)> {
    match lu {
        Ok(contenu) => vec![(kind, contenu)],
        Err(refus) => {
            envoi.refuser(champ, refus);
            Vec::new()
        }
    }
}

/// Deposits every item in one act.
async fn enregistrer(
    app: &App,
    ici: &Ici,
    code: &str,
    attendue: &str,
    saisie: &Saisie,
    preuves: &[Preuve],
) -> Result<(), Erreur> {
    let candidature = ici.candidature()?;
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let remplace = match saisie.texte("remplace") {
        "" => None,
        id => Some(id.parse::<Id<Preuve>>().map_err(|_| Erreur::Refus(Refus::PreuveInconnue.to_string()))?),
    };
    let (par, le, aujourdhui) = (ici.acteur(), app.maintenant(), app.aujourdhui());
    let acte = |mut suivante: Candidature| -> Result<(Candidature, Evenement), Refus> {
        let mut recit: Option<Evenement> = None;
        for preuve in preuves {
            let depot = Depot { chapitre: code, attendue, preuve: preuve.clone(), remplace, aujourdhui };
            let (apres, evenement) = suivante.deposer(depot, referentiel, &par, le)?;
            suivante = apres;
            match &mut recit {
                None => recit = Some(evenement),
                Some(recit) => recit.differences.extend(evenement.differences),
            }
        }
        Ok((suivante, recit.ok_or(Refus::ContenuVide)?))
    };
    let jeton = saisie.texte("envoi");
    let (mut tx, _) = app.engager(candidature.id, acte).await?;
    for preuve in preuves {
        if let Some(fichier) = preuve.contenu.fichier() {
            let objet = format!("preuve:{}", preuve.id);
            tx.save_usage_fichier(&fichier.sha256, candidature.id, &objet, fichier.nom.as_str()).await?;
        }
    }
    if !jeton.is_empty() {
        tx.save_envoi(jeton, attendue, le).await?;
    }
    app.conclure(tx).await
}
