//! What a handler tells the journal about the request in its hands.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::{Issue, masque};

/// Taken by a handler like any extractor; clones write in the same place. Without a journal around, it goes nowhere.
#[derive(Clone, Debug, Default)]
pub struct Note(Arc<Mutex<Dit>>);

#[derive(Clone, Debug, Default)]
pub(super) struct Dit {
    pub(super) client: Option<String>,
    pub(super) personne: Option<String>,
    pub(super) parametres: Vec<(String, String)>,
    pub(super) decision: Option<Decision>,
    pub(super) tue: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Decision {
    pub(super) issue: Issue,
    pub(super) code: Option<String>,
    pub(super) raison: String,
}

impl Note {
    /// The client, once proven or at least named.
    pub fn client(&self, client_id: &str) {
        self.ouvrir().client = Some(masque::couper(client_id));
    }

    /// The professional for whom it is asked: a national identifier.
    pub fn personne(&self, national_id: &str) {
        self.ouvrir().personne = Some(masque::couper(national_id));
    }

    /// What the form held; secrets are masked here.
    pub fn formulaire<N: AsRef<str>, V: AsRef<str>>(&self, champs: impl IntoIterator<Item = (N, V)>) {
        for (nom, valeur) in champs {
            self.detail(nom.as_ref(), &masque::parametre(nom.as_ref(), valeur.as_ref()));
        }
    }

    /// A fact, shown as it is: never a secret.
    pub fn detail(&self, nom: &str, valeur: &str) {
        let mut dit = self.ouvrir();
        if dit.parametres.len() < masque::PARAMETRES_MAX {
            dit.parametres.push((masque::couper(nom), masque::couper(valeur)));
        }
    }

    /// A scenario that struck: told whatever else is.
    pub(crate) fn scenario(&self, nom: &'static str) {
        self.ouvrir().parametres.push(("scenario".to_owned(), nom.to_owned()));
    }

    /// Nothing to tell: a page that looks whether something is new.
    pub(crate) fn taire(&self) {
        self.ouvrir().tue = true;
    }

    /// What was granted, in a sentence.
    pub fn accepte(&self, raison: impl Into<String>) {
        self.decider(Issue::Accepte, None, raison.into());
    }

    /// What was refused: the code that the answer bears, if it bears one besides its status, and why in a sentence. The last
    /// word said is the one kept.
    pub fn refuse<'c>(&self, code: impl Into<Option<&'c str>>, raison: impl Into<String>) {
        self.decider(Issue::Refuse, code.into(), raison.into());
    }

    /// What broke, on our side or beyond.
    pub fn panne(&self, raison: impl Into<String>) {
        self.decider(Issue::Panne, None, raison.into());
    }

    fn decider(&self, issue: Issue, code: Option<&str>, raison: String) {
        self.ouvrir().decision = Some(Decision { issue, code: code.map(masque::couper), raison });
    }

    pub(super) fn lire(&self) -> Dit {
        self.ouvrir().clone()
    }

    fn ouvrir(&self) -> MutexGuard<'_, Dit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Note {
    type Rejection = Infallible;

    async fn from_request_parts(parties: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parties.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
