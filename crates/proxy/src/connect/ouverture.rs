//! From somebody that PSC recognised to an open session: the right person, a token for each API, a trace, and only then the
//! session. Both flows end here.

use std::sync::Arc;

use futures::future::join_all;
use http::StatusCode;
use journal::Fait;

use super::appel::Panne;
use super::echange::Api;
use super::psc::{self, Doute, Personne};
use crate::config::Echange;
use crate::etat::Etat;
use crate::identite::{ClientLps, Identite};
use crate::metriques;
use crate::reponse::{self, Metadata, Reponse};
use crate::requete::Origine;
use crate::session::jeton::{self, SansJeton};
use crate::session::{Naissance, Session, depot, durable, revocation};
use crate::trace;

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Echec {
    #[error(transparent)]
    Psc(Panne),
    #[error(transparent)]
    Doute(#[from] Doute),
    #[error("API « {api} » : {panne}")]
    Api { api: String, panne: Panne },
    #[error("journal des traces")]
    Journal(#[from] journal::RefusDeTracer),
    #[error(transparent)]
    Depot(#[from] depot::Erreur),
}

impl From<psc::Echec> for Echec {
    fn from(echec: psc::Echec) -> Self {
        match echec {
            psc::Echec::Panne(panne) => Self::Psc(panne),
            psc::Echec::Doute(doute) => Self::Doute(doute),
        }
    }
}

impl Echec {
    pub(crate) fn statut(&self) -> StatusCode {
        match self {
            Self::Journal(_) | Self::Depot(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Doute(_) => StatusCode::UNAUTHORIZED,
            Self::Psc(panne) | Self::Api { panne, .. } => panne.statut(),
        }
    }

    /// What the LPS hears; what there is to know more is in the log.
    pub(crate) fn repondre(&self, etat: &Etat, metadata: &Metadata) -> Reponse {
        tracing::warn!(client_id = metadata.client_id, echec = %self, "connexion refusée");
        let panne = match self {
            Self::Journal(refus) => return super::sans_trace(etat, refus),
            Self::Depot(panne) => return reponse::sans_depot(panne),
            Self::Doute(_) => {
                let message = "401 - invalid_token : the identity given by PSC is not accepted";
                return reponse::erreur(StatusCode::UNAUTHORIZED, message, metadata);
            }
            Self::Psc(panne) | Self::Api { panne, .. } => panne,
        };
        if let Panne::Refus { refus, .. } = panne {
            return reponse::erreur(StatusCode::UNAUTHORIZED, &refus.message(), metadata);
        }
        let message = "The identity provider is unavailable.";
        let reponse = reponse::indisponible(self.statut(), message, etat.config.session.corps_5xx);
        match panne {
            // As long as the server itself asked for, within reason.
            Panne::Indisponible { attendre: Some(secondes), .. } => {
                reponse::attendre(reponse, (*secondes).min(600))
            }
            _ => reponse,
        }
    }
}

/// Opens the session, or undoes everything. `attendue`: the nationalId that the LPS asked for.
pub(crate) async fn ouvrir(
    etat: &Arc<Etat>,
    client: &ClientLps,
    identite: &Arc<Identite>,
    personne: Personne,
    attendue: Option<&str>,
    origine: Origine,
) -> Result<Arc<Session>, Echec> {
    let juste = attendue.is_none_or(|attendue| attendue == personne.national_id);
    let applicatif = client.regles.jeton_applicatif.then(|| etat.alea.jeton().into());
    let session = Arc::new(Session::nouvelle(Naissance {
        id: etat.nouvel_id(),
        identite: Arc::clone(identite),
        national_id: personne.national_id,
        session_state: personne.session_state,
        adresse: origine.adresse,
        psc: personne.jetons,
        jeton_applicatif: applicatif,
        nombre_apis: etat.apis.len(),
        le: etat.horloge.maintenant(),
    }));
    let resultat =
        if juste { preparer(etat, client, &session).await } else { Err(Doute::AutrePersonne.into()) };
    let resultat = match resultat {
        Ok(()) => inscrire(etat, &session, origine).await,
        echec => echec,
    };
    match resultat {
        Ok(()) => {
            etat.metriques.connexion(metriques::Connexion::Ouverte);
            Ok(session)
        }
        Err(echec) => {
            rendre(etat, &session);
            Err(echec)
        }
    }
}

/// Keeps the session, then traces it: nobody has its identifier before both are done.
async fn inscrire(etat: &Etat, session: &Arc<Session>, origine: Origine) -> Result<(), Echec> {
    durable::ouvrir(etat, session).await?;
    let fait = Fait::ConnectSuccess(etat.noms.session(session));
    let trace = trace::de_session(session, Some(origine), fait, etat.horloge.maintenant());
    if let Err(refus) = etat.journal.tracer(&trace) {
        durable::fermer(etat, session).await;
        return Err(refus.into());
    }
    Ok(())
}

/// A token for each API of this client that wants one at once. All are asked together; one that is needed and fails, fails all.
async fn preparer(etat: &Etat, client: &ClientLps, session: &Session) -> Result<(), Echec> {
    let voulue = |api: &&Arc<Api>| api.regles.echange == Echange::Connexion && client.permet(&api.regles.id);
    let voulues = etat.apis.iter().filter(voulue);
    let demandes = voulues.map(async |api| {
        let obtenu = jeton::echanger(etat, session, api).await;
        match obtenu {
            Ok(jeton) => {
                session.apis[api.rang].poser(jeton);
                Ok(())
            }
            Err(faute) if !api.regles.obligatoire => {
                tracing::warn!(api = %api.regles.id, %faute, "jeton remis au premier appel");
                Ok(())
            }
            Err(SansJeton::Panne(panne)) => Err(Echec::Api { api: api.regles.id.clone(), panne }),
            Err(SansJeton::Depot(panne)) => Err(panne.into()),
            Err(SansJeton::Finie | SansJeton::Epuisee) => Err(Doute::Expire.into()),
        }
    });
    join_all(demandes).await.into_iter().collect()
}

/// Has the tokens of a session that will not be given back, at the authorization servers and at PSC. Whoever connects hears of
/// the failure meanwhile.
pub(crate) fn rendre(etat: &Arc<Etat>, session: &Arc<Session>) {
    session.fermer();
    revocation::revoquer(etat, session);
    let (commun, session) = (Arc::clone(etat), Arc::clone(session));
    etat.arret.suivre(async move {
        let renouvellement = session.psc.lock().await.renouvellement.take();
        if let Some(renouvellement) = renouvellement {
            commun.psc.revoquer(&session.identite, &renouvellement.texte()).await;
        }
    });
}
