//! Audits de conformité: the agency's list, one page each for the agency and the holder, and what each does there.
//!
//! Rule: an act is decided on the audit as it stands in its transaction, and saved there with its event, its files and
//! its notice. Before it is notified, an audit does not exist for the holder; its findings are read once communicated.

pub mod avancer;
pub mod constat;
pub mod lister;
pub mod planifier;
pub mod rapport;
pub mod repondre;
pub mod telecharger;
pub mod voir;

use axum::response::{IntoResponse, Redirect, Response};
use domaine::{
    audit::{Audit, EtatAudit, Refus, Suite},
    calendrier::lire_date,
    identifiant::Texte,
};
use http::StatusCode;
use jiff::civil::Date;
use registre::FichierGarde;
use web::{Champs, Genre, Saisie};

use super::pieces::Lu;
use crate::{
    acces::Ici,
    app::App,
    envoi,
    erreur::Erreur,
    session,
    taches::{AvisAudit, avertir_audit},
};

fn url(audit: &Audit) -> String {
    format!("/audits/{}", audit.numero)
}

/// The tone of a state.
pub(in crate::pages) fn genre(etat: &EtatAudit) -> Genre {
    match etat {
        EtatAudit::Planifie => Genre::Neutre,
        EtatAudit::ClosConforme { .. } => Genre::Succes,
        EtatAudit::Ecarts { .. } | EtatAudit::PlanDActions { .. } | EtatAudit::Recontrole { .. } => {
            Genre::Attention
        }
        EtatAudit::SuspensionProposee { .. } | EtatAudit::RetraitPropose { .. } => Genre::Erreur,
        _ => Genre::Info,
    }
}

/// A text of the form, or its fault at its field.
fn texte<const MIN: usize, const MAX: usize>(f: &mut Champs, nom: &str) -> Option<Texte<MIN, MAX>> {
    match f.valeur(nom).parse() {
        Ok(texte) => Some(texte),
        Err(refus) => {
            f.refuser(nom, refus.to_string());
            None
        }
    }
}

/// A date of the form, or its fault at its field.
fn date(f: &mut Champs, nom: &str) -> Option<Date> {
    match lire_date(f.valeur(nom)) {
        Ok(date) => Some(date),
        Err(refus) => {
            f.refuser(nom, refus.to_string());
            None
        }
    }
}

/// An act as somebody sent it.
struct Envoye<'a> {
    app: &'a App,
    ici: &'a Ici,
    /// Name of the form on the page: what it is known by when it is sent twice or shown again.
    cle: &'a str,
    /// Field of its date, to which the refusal of a date is tied; empty when there is none.
    champ: &'a str,
    lu: Lu,
}

impl<'a> Envoye<'a> {
    fn simple(app: &'a App, ici: &'a Ici, champ: &'a str, saisie: Saisie) -> Self {
        Self { app, ici, cle: "", champ, lu: Lu { saisie, ..Lu::default() } }
    }

    /// The form, with the faults of its files already told.
    fn champs(&self, pieces: &str) -> Champs {
        let mut f = Champs::depuis(self.lu.saisie.clone());
        for faute in &self.lu.fautes {
            f.refuser(pieces, faute);
        }
        f
    }

    /// Shows the page again, with what was typed and what was received.
    async fn refuser(&self, audit: &Audit, f: Champs, statut: StatusCode) -> Result<Response, Erreur> {
        let ecrits = if f.erreur("").is_some() { self.ecrits() } else { Vec::new() };
        let refuse = voir::Refuse { cle: self.cle.to_owned(), gardes: self.lu.gardes(), ecrits };
        voir::page(self.app, self.ici, audit, f, refuse, statut).await
    }

    /// What was typed, for a page that may no longer have the form.
    fn ecrits(&self) -> Vec<String> {
        let champs = self.lu.saisie.champs().filter(|(nom, valeur)| !valeur.is_empty() && *nom != "envoi");
        champs.map(|(_, valeur)| valeur.to_owned()).collect()
    }

    async fn en_faute(&self, f: Champs) -> Result<Response, Erreur> {
        self.refuser(&self.ici.audit()?.valeur, f, StatusCode::UNPROCESSABLE_ENTITY).await
    }

    /// Does the act and leads back to the page.
    async fn faire(
        self,
        acte: impl FnOnce(Audit) -> Suite,
        avis: impl FnOnce(&Audit) -> Option<AvisAudit>,
        fait: &str,
    ) -> Result<Response, Erreur> {
        let (app, ici) = (self.app, self.ici);
        let numero = &ici.audit()?.numero;
        let mut tx = app.registre.ecrire().await?;
        let lue = tx.load_audit(numero).await?.ok_or(Erreur::Introuvable)?;
        let retour = url(&lue);
        if !self.cle.is_empty() {
            let jeton = format!("{}:{}", envoi::jeton(app, &self.lu.saisie), self.cle);
            match tx.save_envoi(&jeton, &retour, app.maintenant()).await {
                Ok(()) => {}
                // The same form, sent twice: the first one counts.
                Err(registre::Erreur::Conflit) => return Ok(Redirect::to(&retour).into_response()),
                Err(erreur) => return Err(erreur.into()),
            }
        }
        let (audit, evenement) = match acte(lue.valeur.clone()) {
            Ok(suite) => suite,
            Err(refus) => {
                drop(tx);
                let mut f = Champs::depuis(self.lu.saisie.clone());
                f.refuser(champ_de(&refus, self.champ), refus.to_string());
                return self.refuser(&lue, f, StatusCode::UNPROCESSABLE_ENTITY).await;
            }
        };
        match tx.save_audit(&lue.vers(audit.clone()), &evenement).await {
            Ok(()) => {}
            Err(registre::Erreur::Conflit) => {
                drop(tx);
                let relue =
                    app.registre.lire().await?.load_audit(numero).await?.ok_or(Erreur::Introuvable)?;
                let mut f = Champs::depuis(self.lu.saisie.clone());
                f.refuser("", "L’audit a changé pendant votre envoi\u{a0}: relisez-le, puis recommencez.");
                return self.refuser(&relue, f, StatusCode::CONFLICT).await;
            }
            Err(erreur) => return Err(erreur.into()),
        }
        for (_, fichier) in &self.lu.pieces {
            let garde = FichierGarde {
                sha256: fichier.sha256.clone(),
                taille: fichier.taille.cast_signed(),
                mime: fichier.mime.clone(),
                depose_le: app.maintenant(),
            };
            tx.save_fichier(&garde).await?;
            let objet = format!("audit:{}", audit.id);
            tx.save_usage_fichier(&fichier.sha256, audit.candidature, &objet, fichier.nom.as_ref()).await?;
        }
        if let Some(avis) = avis(&audit) {
            avertir_audit(&mut tx, app, &audit, avis).await?;
        }
        app.conclure(tx).await?;
        self.lu.oublier(app, ici).await?;
        session::aviser(app, ici, Genre::Succes, fait).await?;
        Ok(Redirect::to(&retour).into_response())
    }
}

/// The field that a refusal is about; empty when it is about the act itself, whose form may be gone.
fn champ_de<'a>(refus: &Refus, date: &'a str) -> &'a str {
    match refus {
        Refus::EcheanceManquante => "echeance",
        Refus::DebutPasse => "du",
        Refus::DatesInversees => "au",
        Refus::TropTot { .. } => date,
        _ => "",
    }
}
