//! What every handler can reach: the registry, the files, the clock, the provider, the référentiels.
//!
//! Rule: one concrete struct, made once at start; nothing in it changes afterwards but what its parts keep.

use std::{collections::BTreeMap, sync::Arc};

use domaine::{
    candidature::{Candidature, Refus},
    evenement::Evenement,
    formulaire::Contexte,
    id::Id,
    referentiel::{Guichet, Referentiel},
};
use jiff::{Timestamp, civil::Date};
use registre::{Registre, Tx, Versionne};
use service::{alea::Alea, horloge::Horloge};
use tokio::sync::Notify;

use crate::{clients_psc::Emetteur, config::Config, erreur::Erreur, fichiers::Magasin};

/// How often an act is tried again when somebody else saved in between.
const ESSAIS: usize = 5;

#[derive(Clone)]
pub struct App(Arc<Interieur>);

pub struct Interieur {
    pub config: Config,
    pub registre: Registre,
    pub magasin: Magasin,
    pub horloge: Horloge,
    pub alea: Alea,
    pub oidc: oidc::Client,
    pub signataire: document::Signataire,
    /// DER of the authorities whose PDF signatures are recognised.
    pub autorites_signature: Vec<Vec<u8>>,
    /// Every published version of the référentiel.
    pub referentiels: BTreeMap<String, Referentiel>,
    /// The version that new candidatures follow.
    pub referentiel: String,
    pub http: reqwest::Client,
    /// Delivers Client IDs, when the configuration names who does.
    pub emetteur_clients: Option<Emetteur>,
    /// Wakes the worker when a task was written.
    pub travail: Notify,
}

/// A refusal, with the candidature on which it was decided.
#[derive(Debug)]
pub struct Refuse {
    pub refus: Refus,
    pub candidature: Candidature,
}

impl std::ops::Deref for App {
    type Target = Interieur;

    fn deref(&self) -> &Interieur {
        &self.0
    }
}

impl App {
    pub fn new(interieur: Interieur) -> Self {
        Self(Arc::new(interieur))
    }

    pub fn maintenant(&self) -> Timestamp {
        self.horloge.maintenant()
    }

    /// The civil day in Europe/Paris.
    pub fn aujourdhui(&self) -> Date {
        domaine::calendrier::jour(self.maintenant())
    }

    pub fn id<N>(&self) -> Id<N> {
        Id::new(self.alea.uuid(self.maintenant()))
    }

    pub fn contexte(&self, guichet: Guichet) -> Contexte {
        Contexte { guichet, aujourdhui: self.aujourdhui() }
    }

    /// The foreign origins to which a form may end in a redirect: the provider's, for sign-out and signature.
    pub fn origines_formulaires(&self) -> Vec<url::Url> {
        url::Url::parse(&self.config.oidc.emetteur).into_iter().collect()
    }

    /// The référentiel that a candidature follows.
    pub fn referentiel_de(&self, version: &str) -> Result<&Referentiel, Erreur> {
        self.referentiels.get(version).ok_or_else(|| Erreur::ReferentielAbsent(version.to_owned()))
    }

    /// Does an act on a candidature and saves it with its event; somebody else's save in between is read again and the
    /// act decided anew, so that a rule is never applied to a state that is no longer there.
    pub async fn agir(
        &self,
        id: Id<Candidature>,
        acte: impl Fn(Candidature) -> Result<(Candidature, Evenement), Refus>,
    ) -> Result<Versionne<Candidature>, Erreur> {
        let (tx, candidature) = self.engager(id, acte).await?;
        self.conclure(tx).await?;
        Ok(candidature)
    }

    /// The same, with the transaction still open: for whoever has more to write in it (a task, a document, a use of a
    /// file), and then to [`App::conclure`]. Dropped, nothing of it happened.
    pub async fn engager(
        &self,
        id: Id<Candidature>,
        acte: impl Fn(Candidature) -> Result<(Candidature, Evenement), Refus>,
    ) -> Result<(Tx, Versionne<Candidature>), Erreur> {
        Ok(self.essayer(id, acte).await?.map_err(|refuse| refuse.refus)?)
    }

    /// Does an act and saves it; a refusal comes back with the candidature that refused, for the page that shows again
    /// what the person had typed.
    pub async fn tenter(
        &self,
        id: Id<Candidature>,
        acte: impl Fn(Candidature) -> Result<(Candidature, Evenement), Refus>,
    ) -> Result<Result<Candidature, Box<Refuse>>, Erreur> {
        match self.essayer(id, acte).await? {
            Ok((tx, candidature)) => {
                self.conclure(tx).await?;
                Ok(Ok(candidature.valeur))
            }
            Err(refuse) => Ok(Err(refuse)),
        }
    }

    /// The same, with the transaction still open, as [`App::engager`].
    pub async fn essayer(
        &self,
        id: Id<Candidature>,
        acte: impl Fn(Candidature) -> Result<(Candidature, Evenement), Refus>,
    ) -> Result<Result<(Tx, Versionne<Candidature>), Box<Refuse>>, Erreur> {
        for essai in 1.. {
            let mut tx = self.registre.ecrire().await?;
            let lue = tx.load_candidature(id).await?.ok_or(Erreur::Introuvable)?;
            let (candidature, evenement) = match acte(lue.valeur.clone()) {
                Ok(suite) => suite,
                Err(refus) => return Ok(Err(Box::new(Refuse { refus, candidature: lue.valeur }))),
            };
            let prochaine = lue.vers(candidature);
            match tx.save_candidature(&prochaine, &evenement).await {
                Ok(()) => {}
                Err(registre::Erreur::Conflit) if essai < ESSAIS => continue,
                Err(erreur) => return Err(erreur.into()),
            }
            let suivante = Versionne { version: prochaine.version + 1, valeur: prochaine.valeur };
            return Ok(Ok((tx, suivante)));
        }
        Err(Erreur::Registre(registre::Erreur::Conflit))
    }

    /// Commits, and wakes the worker for the tasks that were written.
    pub async fn conclure(&self, tx: Tx) -> Result<(), Erreur> {
        tx.commit().await?;
        self.travail.notify_one();
        Ok(())
    }
}
