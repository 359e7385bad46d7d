//! Approval: what a person does on the e-CPS or with the card in CPS-Gestion, simulated.
//!
//! A request for approval waits here whatever flow opened it. It is answered on a page, by the API, or by itself when the
//! identity says so; the automatic answer is worked out when somebody looks, so nothing runs in the background.

mod pages;
mod reponse;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use oidc::ciba::Canal;
use serde::Serialize;

use crate::identites::Reponse;

pub(crate) use pages::routes;
pub(crate) use reponse::Acte;

/// The code of every simulated e-CPS and card.
pub const CODE: &str = "1234";
/// Wrong codes in a row after which a means is blocked.
pub(crate) const ESSAIS_MAX: u8 = 3;
const APPROBATIONS_MAX: usize = 10_000;
/// An answer is remembered this long after the end of the request, in seconds.
const MEMOIRE: i64 = 60;

/// Where a request for approval comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Flux {
    Ciba,
    Code,
}

/// The page of a means of authentication.
pub(crate) fn page(canal: Canal) -> &'static str {
    match canal {
        Canal::Mobile => "/ecps",
        Canal::Carte => "/cps-gestion",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Etat {
    EnAttente,
    /// Put aside by the person: the client goes on waiting until the end.
    Ignoree,
    Approuvee,
    Refusee,
}

/// A request for approval.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Approbation {
    pub(crate) id: String,
    pub(crate) flux: Flux,
    pub(crate) national_id: String,
    pub(crate) client_id: String,
    pub(crate) client_nom: String,
    pub(crate) canal: Canal,
    /// The two digits that the person compares with those on their screen.
    #[serde(rename = "binding_message")]
    pub(crate) message: Option<String>,
    pub(crate) creee: Timestamp,
    pub(crate) fin: Timestamp,
    /// As the identity had it when the request came.
    #[serde(skip)]
    pub(crate) reponse: Reponse,
    /// Wrong codes so far.
    #[serde(skip)]
    pub(crate) essais: u8,
    pub(crate) etat: Etat,
    /// Digest of the session of the browser that waits for the answer, in the code flow.
    #[serde(skip)]
    pub(crate) navigateur: Option<String>,
}

impl Approbation {
    /// What the automatic answer makes of it at that instant.
    fn appliquer(&mut self, maintenant: Timestamp) {
        if self.etat != Etat::EnAttente {
            return;
        }
        self.etat = match &self.reponse {
            Reponse::Manuelle | Reponse::Jamais => Etat::EnAttente,
            Reponse::Approuver => Etat::Approuvee,
            Reponse::ApprouverApres { secondes } => {
                let age = maintenant.as_second() - self.creee.as_second();
                if age >= i64::from(*secondes) { Etat::Approuvee } else { Etat::EnAttente }
            }
            Reponse::SiMessage { message } if Some(message) == self.message.as_ref() => Etat::Approuvee,
            Reponse::Refuser | Reponse::SiMessage { .. } => Etat::Refusee,
        };
    }

    /// Whether the person can still answer.
    pub(crate) fn ouverte(&self, maintenant: Timestamp) -> bool {
        self.etat == Etat::EnAttente && self.fin > maintenant
    }
}

/// Why an answer is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RefusReponse {
    #[error("Cette demande n’existe pas ou plus.")]
    Inconnue,
    #[error("Cette demande a déjà reçu une réponse ou a expiré.")]
    Close,
    #[error("Cette personne n’a pas ce moyen d’authentification, ou il est bloqué.")]
    Moyen,
}

#[derive(Debug, Default)]
pub(crate) struct Approbations(Mutex<HashMap<String, Approbation>>);

impl Approbations {
    /// `false`, and nothing is kept, when too many wait.
    #[must_use]
    pub(crate) fn ajouter(&self, approbation: Approbation) -> bool {
        let maintenant = approbation.creee.as_second();
        let mut toutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        toutes.retain(|_, autre| autre.fin.as_second() + MEMOIRE > maintenant);
        let place = toutes.len() < APPROBATIONS_MAX;
        if place {
            toutes.insert(approbation.id.clone(), approbation);
        }
        place
    }

    /// The request as it stands at that instant.
    pub(crate) fn lire(&self, id: &str, maintenant: Timestamp) -> Option<Approbation> {
        let mut toutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let approbation = toutes.get_mut(id)?;
        approbation.appliquer(maintenant);
        Some(approbation.clone())
    }

    /// Those that a person can answer, the oldest first.
    pub(crate) fn ouvertes(&self, maintenant: Timestamp) -> Vec<Approbation> {
        let mut toutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ouvertes: Vec<Approbation> = Vec::new();
        for approbation in toutes.values_mut() {
            approbation.appliquer(maintenant);
            if approbation.ouverte(maintenant) {
                ouvertes.push(approbation.clone());
            }
        }
        ouvertes.sort_by(|a, b| (a.creee, &a.id).cmp(&(b.creee, &b.id)));
        ouvertes
    }

    /// Answers a request that waits.
    pub(crate) fn repondre(&self, id: &str, etat: Etat, maintenant: Timestamp) -> Result<(), RefusReponse> {
        self.changer(id, maintenant, |approbation| approbation.etat = etat)
    }

    /// Counts a wrong code and gives how many there are; the last one allowed refuses the request.
    pub(crate) fn code_faux(&self, id: &str, maintenant: Timestamp) -> Result<u8, RefusReponse> {
        self.changer(id, maintenant, |approbation| {
            approbation.essais = approbation.essais.saturating_add(1);
            if approbation.essais >= ESSAIS_MAX {
                approbation.etat = Etat::Refusee;
            }
            approbation.essais
        })
    }

    pub(crate) fn retirer(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    fn changer<T>(
        &self,
        id: &str,
        maintenant: Timestamp,
        changement: impl FnOnce(&mut Approbation) -> T,
    ) -> Result<T, RefusReponse> {
        let mut toutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let approbation = toutes.get_mut(id).ok_or(RefusReponse::Inconnue)?;
        approbation.appliquer(maintenant);
        if !approbation.ouverte(maintenant) {
            return Err(RefusReponse::Close);
        }
        Ok(changement(approbation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a(secondes: i64) -> Timestamp {
        Timestamp::from_second(1_772_452_800 + secondes).unwrap()
    }

    fn approbation(reponse: Reponse) -> Approbation {
        Approbation {
            id: "x".into(),
            flux: Flux::Ciba,
            national_id: "8".into(),
            client_id: "lps".into(),
            client_nom: "LPS".into(),
            canal: Canal::Mobile,
            message: Some("42".into()),
            creee: a(0),
            fin: a(120),
            reponse,
            essais: 0,
            etat: Etat::EnAttente,
            navigateur: None,
        }
    }

    #[test]
    fn automatic_answers() {
        let si = |message: &str| Reponse::SiMessage { message: message.to_owned() };
        for (reponse, instant, attendu) in [
            (Reponse::Manuelle, 100, Etat::EnAttente),
            (Reponse::Jamais, 100, Etat::EnAttente),
            (Reponse::Approuver, 0, Etat::Approuvee),
            (Reponse::Refuser, 0, Etat::Refusee),
            (Reponse::ApprouverApres { secondes: 5 }, 4, Etat::EnAttente),
            (Reponse::ApprouverApres { secondes: 5 }, 5, Etat::Approuvee),
            (si("42"), 0, Etat::Approuvee),
            (si("43"), 0, Etat::Refusee),
        ] {
            let approbations = Approbations::default();
            assert!(approbations.ajouter(approbation(reponse.clone())));
            assert_eq!(approbations.lire("x", a(instant)).unwrap().etat, attendu, "{reponse:?} {instant}");
        }
    }

    #[test]
    fn an_answer_is_given_once_and_in_time() {
        let approbations = Approbations::default();
        assert!(approbations.ajouter(approbation(Reponse::Manuelle)));
        assert_eq!(approbations.ouvertes(a(119)).len(), 1);
        assert_eq!(approbations.ouvertes(a(120)).len(), 0);
        assert_eq!(approbations.repondre("y", Etat::Approuvee, a(1)), Err(RefusReponse::Inconnue));
        assert_eq!(approbations.repondre("x", Etat::Approuvee, a(120)), Err(RefusReponse::Close));
        assert_eq!(approbations.repondre("x", Etat::Approuvee, a(1)), Ok(()));
        assert_eq!(approbations.repondre("x", Etat::Refusee, a(2)), Err(RefusReponse::Close));
        assert_eq!(approbations.lire("x", a(2)).unwrap().etat, Etat::Approuvee);
    }

    #[test]
    fn one_too_many_is_refused_and_not_lost_in_silence() {
        let approbations = Approbations::default();
        let une = |rang: usize| Approbation { id: rang.to_string(), ..approbation(Reponse::Manuelle) };
        assert!((0..APPROBATIONS_MAX).all(|rang| approbations.ajouter(une(rang))));
        assert!(!approbations.ajouter(une(APPROBATIONS_MAX)));
        let apres = Approbation { creee: a(120 + MEMOIRE), ..une(APPROBATIONS_MAX) };
        assert!(approbations.ajouter(apres), "those of before are over");
    }

    #[test]
    fn three_wrong_codes_refuse() {
        let approbations = Approbations::default();
        assert!(approbations.ajouter(approbation(Reponse::Manuelle)));
        assert_eq!(approbations.code_faux("x", a(1)), Ok(1));
        assert_eq!(approbations.code_faux("x", a(1)), Ok(2));
        assert_eq!(approbations.lire("x", a(1)).unwrap().etat, Etat::EnAttente);
        assert_eq!(approbations.code_faux("x", a(1)), Ok(3));
        assert_eq!(approbations.lire("x", a(1)).unwrap().etat, Etat::Refusee);
        assert_eq!(approbations.code_faux("x", a(1)), Err(RefusReponse::Close));
    }
}
