//! What people do to an audit, from its planning to its conclusion.
//!
//! Rule: a finding changes no more once the report that holds it is written; what follows is said beside it, by a
//! judgement of the auditeur or an action of the holder.

use jiff::{Span, Timestamp, civil::Date};

use super::{
    Action, Audit, CONSTATS_MAX, Constat, EtatAudit, Gravite, Intitule, Jugement, OBSERVATIONS_JOURS,
    Observation, Rapport, Recit, Refus,
};
use crate::{
    calendrier::{date_fr, jour},
    candidature::Candidature,
    evenement::{Acteur, Evenement},
    habilitation::{EtatHabilitation, Habilitation},
    id::Id,
    identifiant::Texte,
    preuve::Fichier,
};

/// What an act gives.
pub type Suite = Result<(Audit, Evenement), Refus>;

/// What is decided when an audit is planned.
pub struct Planification<'a> {
    pub id: Id<Audit>,
    pub sequence: i64,
    pub habilitation: &'a Habilitation,
    /// That of the habilitation.
    pub candidature: &'a Candidature,
    pub perimetre: Recit,
    pub du: Date,
    pub au: Date,
}

/// A text with its files, from either side.
pub struct Reponse {
    pub texte: Recit,
    pub fichiers: Vec<Fichier>,
}

/// A finding as it is written down.
pub struct NouveauConstat {
    pub intitule: Intitule,
    pub gravite: Gravite,
    pub exigence: Texte<0, 200>,
    pub description: Recit,
    pub preuves: Vec<Fichier>,
    pub echeance: Option<Date>,
}

impl Audit {
    /// Plans an audit; its holder learns nothing of it before [`Audit::notifier`].
    pub fn planifier(plan: Planification<'_>, par: &Acteur, le: Timestamp) -> Suite {
        let habilitation = plan.habilitation;
        let vivante =
            matches!(habilitation.etat, EtatHabilitation::Active { .. } | EtatHabilitation::Suspendue { .. });
        if !vivante || habilitation.expiree(le) {
            return Err(Refus::PasHabilite(habilitation.libelle_etat(le)));
        }
        if plan.du < jour(le) {
            return Err(Refus::DebutPasse);
        }
        if plan.au < plan.du {
            return Err(Refus::DatesInversees);
        }
        let contenu = &habilitation.contenu;
        let audit = Self {
            id: plan.id,
            numero: format!("AUD-{}-{:04}", jour(le).year(), plan.sequence),
            habilitation: habilitation.id,
            habilitation_numero: contenu.numero.clone(),
            candidature: habilitation.candidature,
            structure: habilitation.structure,
            produit: habilitation.produit,
            denomination: contenu.denomination.clone(),
            logiciel: format!("{} {}", contenu.logiciel, contenu.version),
            perimetre: plan.perimetre,
            du: plan.du,
            au: plan.au,
            auditeur: par.clone(),
            ecartes: plan.candidature.instructeurs.clone(),
            constats: Vec::new(),
            dernier_rang: 0,
            rapport_provisoire: None,
            observations: Vec::new(),
            rapport_final: None,
            etat: EtatAudit::Planifie,
        };
        audit.exige_neutre(par)?;
        let evenement = Evenement::new(audit.sujet(), "Audit planifié", par, le).interne();
        Ok((audit, evenement))
    }

    /// Changes the scope and the days of an audit whose checks have not begun.
    pub fn replanifier(
        mut self,
        perimetre: Recit,
        (du, au): (Date, Date),
        par: &Acteur,
        le: Timestamp,
    ) -> Suite {
        if !matches!(self.etat, EtatAudit::Planifie | EtatAudit::Notifie { .. }) {
            return Err(self.hors_etat());
        }
        self.exige_neutre(par)?;
        // What has begun late keeps its first day.
        if du < jour(le) && du != self.du {
            return Err(Refus::DebutPasse);
        }
        if au < du {
            return Err(Refus::DatesInversees);
        }
        let periode = |du: Date, au: Date| format!("du {} au {}", date_fr(du), date_fr(au));
        let mut evenement = Evenement::new(self.sujet(), "Audit replanifié", par, le);
        if perimetre != self.perimetre {
            evenement = evenement.difference("périmètre", self.perimetre.as_str(), perimetre.as_str());
        }
        if (du, au) != (self.du, self.au) {
            evenement = evenement.difference("dates", periode(self.du, self.au), periode(du, au));
        }
        if !self.notifie() {
            evenement = evenement.interne();
        }
        (self.perimetre, self.du, self.au) = (perimetre, du, au);
        Ok((self, evenement))
    }

    pub fn notifier(self, par: &Acteur, le: Timestamp) -> Suite {
        if self.etat != EtatAudit::Planifie {
            return Err(self.hors_etat());
        }
        self.exige_neutre(par)?;
        Ok(self.passer("Audit notifié", EtatAudit::Notifie { le }, par, le))
    }

    pub fn commencer(self, par: &Acteur, le: Timestamp) -> Suite {
        if !matches!(self.etat, EtatAudit::Notifie { .. }) {
            return Err(self.hors_etat());
        }
        self.exige_neutre(par)?;
        Ok(self.passer("Contrôles commencés", EtatAudit::EnCours { depuis: le }, par, le))
    }

    /// Writes down a finding. The due date of a remark is left out.
    pub fn constater(mut self, constat: NouveauConstat, par: &Acteur, le: Timestamp) -> Suite {
        self.exige_controles(par)?;
        if self.constats.len() >= CONSTATS_MAX {
            return Err(Refus::TropDeConstats);
        }
        let echeance = match constat.echeance.filter(|_| constat.gravite.ecart()) {
            None if constat.gravite.ecart() => return Err(Refus::EcheanceManquante),
            Some(echeance) => Some(au_plus_tot(echeance, dans(jour(le), 1))?),
            None => None,
        };
        // The event of a finding that was taken back stays: its number does too.
        let rang = self.dernier_rang + 1;
        self.dernier_rang = rang;
        let acte =
            format!("Constat {rang} : {} ({})", constat.intitule, constat.gravite.libelle().to_lowercase());
        let evenement = Evenement::new(self.sujet(), acte, par, le).interne();
        self.constats.push(Constat {
            rang,
            intitule: constat.intitule,
            gravite: constat.gravite,
            exigence: constat.exigence,
            description: constat.description,
            preuves: constat.preuves,
            echeance,
            apres_echange: None,
            au_recontrole: None,
            actions: Vec::new(),
        });
        Ok((self, evenement))
    }

    /// Takes back a finding before it is in a report.
    pub fn retirer_constat(mut self, rang: u32, par: &Acteur, le: Timestamp) -> Suite {
        self.exige_controles(par)?;
        let constat = self.constat(rang).ok_or(Refus::ConstatInconnu)?;
        let acte = format!("Constat {rang} repris : {}", constat.intitule);
        let evenement = Evenement::new(self.sujet(), acte, par, le).interne();
        self.constats.retain(|constat| constat.rang != rang);
        Ok((self, evenement))
    }

    fn exige_controles(&self, par: &Acteur) -> Result<(), Refus> {
        if !matches!(self.etat, EtatAudit::EnCours { .. }) {
            return Err(self.hors_etat());
        }
        self.exige_neutre(par)
    }

    /// Writes the provisional report; it stays inside the agency until [`Audit::communiquer`].
    pub fn rendre_provisoire(mut self, rapport: Reponse, par: &Acteur, le: Timestamp) -> Suite {
        self.exige_controles(par)?;
        self.rapport_provisoire = Some(rapport.signe(par, le));
        let (audit, evenement) =
            self.passer("Rapport provisoire rendu", EtatAudit::RapportProvisoire { le }, par, le);
        Ok((audit, evenement.interne()))
    }

    /// Sends the provisional report to the holder, who answers through that day.
    pub fn communiquer(self, jusqu_au: Date, par: &Acteur, le: Timestamp) -> Suite {
        if !matches!(self.etat, EtatAudit::RapportProvisoire { .. }) {
            return Err(self.hors_etat());
        }
        self.exige_neutre(par)?;
        let jusqu_au = au_plus_tot(jusqu_au, dans(jour(le), OBSERVATIONS_JOURS))?;
        let etat = EtatAudit::Contradictoire { depuis: le, jusqu_au };
        let (audit, evenement) = self.passer("Rapport provisoire communiqué", etat, par, le);
        Ok((audit, evenement.difference("observations jusqu’au", "", date_fr(jusqu_au))))
    }

    /// The holder answers. What comes late counts as long as the final report is not written.
    pub fn observer(mut self, observation: Reponse, par: &Acteur, le: Timestamp) -> Suite {
        if !matches!(self.etat, EtatAudit::Contradictoire { .. }) {
            return Err(self.hors_etat());
        }
        let Reponse { texte, fichiers } = observation;
        self.observations.push(Observation { texte, fichiers, par: par.clone(), le });
        let evenement = Evenement::new(self.sujet(), "Observations présentées", par, le);
        Ok((self, evenement))
    }

    /// Says of a finding whether it stands: after the exchange, or at the recontrôle.
    pub fn juger_constat(
        mut self,
        rang: u32,
        leve: bool,
        motif: Recit,
        par: &Acteur,
        le: Timestamp,
    ) -> Suite {
        self.exige_neutre(par)?;
        let recontrole = match &self.etat {
            EtatAudit::Contradictoire { .. } => {
                self.exige_echange(le)?;
                false
            }
            EtatAudit::Recontrole { .. } => true,
            _ => return Err(self.hors_etat()),
        };
        let constat =
            self.constats.iter_mut().find(|constat| constat.rang == rang).ok_or(Refus::ConstatInconnu)?;
        let jugement = Jugement { leve, motif: motif.clone(), par: par.clone(), le };
        if recontrole {
            if !constat.gravite.ecart() {
                return Err(Refus::Remarque);
            }
            if constat.apres_echange.as_ref().is_some_and(|jugement| jugement.leve) {
                return Err(Refus::ConstatLeve);
            }
            constat.au_recontrole = Some(jugement);
        } else {
            constat.apres_echange = Some(jugement);
        }
        let quoi = if leve { "levé" } else { "maintenu" };
        let acte = format!("Constat {rang} {quoi} : {}", constat.intitule);
        let evenement = Evenement::new(self.sujet(), acte, par, le).motif(motif);
        Ok((self, evenement))
    }

    /// The holder has answered, or let the day go by.
    fn exige_echange(&self, le: Timestamp) -> Result<(), Refus> {
        match &self.etat {
            EtatAudit::Contradictoire { jusqu_au, .. }
                if self.observations.is_empty() && jour(le) <= *jusqu_au =>
            {
                Err(Refus::ObservationsAttendues(*jusqu_au))
            }
            EtatAudit::Contradictoire { .. } => Ok(()),
            _ => Err(self.hors_etat()),
        }
    }

    pub fn rendre_final(mut self, rapport: Reponse, par: &Acteur, le: Timestamp) -> Suite {
        self.exige_echange(le)?;
        self.exige_neutre(par)?;
        self.rapport_final = Some(rapport.signe(par, le));
        Ok(self.passer("Rapport final rendu", EtatAudit::RapportFinal { le }, par, le))
    }

    /// Draws the conclusion that the findings give: conforme, or écarts.
    pub fn conclure(self, par: &Acteur, le: Timestamp) -> Suite {
        if !matches!(self.etat, EtatAudit::RapportFinal { .. }) {
            return Err(self.hors_etat());
        }
        self.exige_neutre(par)?;
        let etat = if self.ouverts().next().is_some() {
            EtatAudit::Ecarts { le }
        } else {
            EtatAudit::ClosConforme { le }
        };
        Ok(self.passer("Audit conclu", etat, par, le))
    }

    /// Asks the holder what is done about each écart, through that day.
    pub fn demander_plan(self, avant: Date, par: &Acteur, le: Timestamp) -> Suite {
        if !matches!(self.etat, EtatAudit::Ecarts { .. }) {
            return Err(self.hors_etat());
        }
        self.exige_neutre(par)?;
        let avant = au_plus_tot(avant, dans(jour(le), 1))?;
        let etat = EtatAudit::PlanDActions { depuis: le, avant };
        let (audit, evenement) = self.passer("Plan d’actions demandé", etat, par, le);
        Ok((audit, evenement.difference("plan attendu le", "", date_fr(avant))))
    }

    /// The holder says what is done about an écart, and when. Said again, it takes the place of what was said before.
    pub fn proposer_action(
        mut self,
        rang: u32,
        reponse: Reponse,
        date: Date,
        par: &Acteur,
        le: Timestamp,
    ) -> Suite {
        if !matches!(self.etat, EtatAudit::PlanDActions { .. }) {
            return Err(self.hors_etat());
        }
        let constat =
            self.constats.iter_mut().find(|constat| constat.rang == rang).ok_or(Refus::ConstatInconnu)?;
        if !constat.gravite.ecart() {
            return Err(Refus::Remarque);
        }
        if constat.leve() {
            return Err(Refus::ConstatLeve);
        }
        let avant = constat.action().map(|action| date_fr(action.date)).unwrap_or_default();
        let Reponse { texte, fichiers: preuves } = reponse;
        constat.actions.push(Action { texte, date, preuves, par: par.clone(), le });
        let evenement =
            Evenement::new(self.sujet(), format!("Action proposée pour le constat {rang}"), par, le)
                .difference("date de l’action", avant, date_fr(date));
        Ok((self, evenement))
    }

    /// Looks again at the écarts: once the plan is complete, or its day has gone by.
    pub fn recontroler(self, prevu_le: Date, par: &Acteur, le: Timestamp) -> Suite {
        let EtatAudit::PlanDActions { avant, .. } = self.etat else { return Err(self.hors_etat()) };
        self.exige_neutre(par)?;
        if !self.plan_complet() && jour(le) <= avant {
            return Err(Refus::PlanAttendu(avant));
        }
        let prevu_le = au_plus_tot(prevu_le, jour(le))?;
        let etat = EtatAudit::Recontrole { depuis: le, prevu_le };
        let (audit, evenement) = self.passer("Recontrôle décidé", etat, par, le);
        Ok((audit, evenement.difference("recontrôle le", "", date_fr(prevu_le))))
    }

    /// Every écart was corrected.
    pub fn clore(self, par: &Acteur, le: Timestamp) -> Suite {
        self.exige_recontrole(par)?;
        if self.ouverts().next().is_some() {
            return Err(Refus::EcartMaintenu);
        }
        Ok(self.passer("Audit clos", EtatAudit::ClosConforme { le }, par, le))
    }

    /// Proposes that the administrateur suspends the habilitation; it stays as it is.
    pub fn proposer_suspension(self, motif: Recit, par: &Acteur, le: Timestamp) -> Suite {
        self.exige_maintenu(par)?;
        let etat = EtatAudit::SuspensionProposee { motif: motif.clone(), le };
        let (audit, evenement) = self.passer("Suspension proposée", etat, par, le);
        Ok((audit, evenement.motif(motif)))
    }

    /// Proposes that the collège withdraws the habilitation; it stays as it is.
    pub fn proposer_retrait(self, motif: Recit, par: &Acteur, le: Timestamp) -> Suite {
        self.exige_maintenu(par)?;
        let etat = EtatAudit::RetraitPropose { motif: motif.clone(), le };
        let (audit, evenement) = self.passer("Retrait proposé", etat, par, le);
        Ok((audit, evenement.motif(motif)))
    }

    fn exige_maintenu(&self, par: &Acteur) -> Result<(), Refus> {
        self.exige_recontrole(par)?;
        if self.ouverts().next().is_none() { Err(Refus::AucunEcart) } else { Ok(()) }
    }

    /// The recontrôle is done: each écart of the plan was judged.
    fn exige_recontrole(&self, par: &Acteur) -> Result<(), Refus> {
        if !matches!(self.etat, EtatAudit::Recontrole { .. }) {
            return Err(self.hors_etat());
        }
        self.exige_neutre(par)?;
        if self.ouverts().any(|constat| constat.au_recontrole.is_none()) {
            return Err(Refus::ConstatsAJuger);
        }
        Ok(())
    }

    fn exige_neutre(&self, par: &Acteur) -> Result<(), Refus> {
        if par.personne.is_some_and(|personne| self.ecartes.contains(&personne)) {
            return Err(Refus::SeparationDesPouvoirs);
        }
        Ok(())
    }

    fn hors_etat(&self) -> Refus {
        Refus::Etat(self.etat.libelle())
    }

    fn passer(mut self, acte: &str, vers: EtatAudit, par: &Acteur, le: Timestamp) -> (Self, Evenement) {
        let evenement =
            Evenement::new(self.sujet(), acte, par, le).etats(self.etat.libelle(), vers.libelle());
        self.etat = vers;
        (self, evenement)
    }
}

impl Reponse {
    fn signe(self, par: &Acteur, le: Timestamp) -> Rapport {
        Rapport { synthese: self.texte, fichiers: self.fichiers, par: par.clone(), le }
    }
}

fn dans(date: Date, jours: i32) -> Date {
    Span::new().try_days(jours).map_or(Date::MAX, |duree| date.saturating_add(duree))
}

fn au_plus_tot(recue: Date, minimum: Date) -> Result<Date, Refus> {
    if recue < minimum { Err(Refus::TropTot { recue, minimum }) } else { Ok(recue) }
}
