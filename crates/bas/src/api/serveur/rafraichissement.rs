//! Refreshing (RFC 6749 §6): each refresh token serves once. One that comes back is a copy, and ends its session (RFC 9700
//! §4.14): neither the thief nor the owner goes on without a new exchange.

use igc::Lecture;
use jiff::{SignedDuration, Timestamp};
use oidc::jetons::ReponseJetons;

use super::{ServeurAutorisation, lire};
use crate::api::clients::Prouve;
use crate::api::jetons::Inutilisable;
use crate::api::refus::Refus;
use crate::journal::Note;
use crate::parametres::Parametres;

impl ServeurAutorisation {
    pub(super) fn rafraichir(
        &self,
        client: &Prouve,
        certificat: Option<&Lecture>,
        corps: &Parametres,
        note: &Note,
    ) -> Result<ReponseJetons, Refus> {
        let jeton = lire(corps, "refresh_token")?
            .ok_or_else(|| Refus::requete("No refresh token", "Le paramètre « refresh_token » manque."))?;
        let demande = lire(corps, "scope")?;
        let maintenant = self.horloge.maintenant();
        let duree = SignedDuration::from_secs(self.config.durees.rafraichissement.into());
        let expire = maintenant.saturating_add(duree).unwrap_or(Timestamp::MAX);
        // Looked at before the token is spent: a fault in the request must not cost the session.
        if let (Some(demande), Some((_, sujet, _))) = (demande, self.sessions.lire(jeton, maintenant)) {
            let permis: Vec<&str> = sujet.scope.split(' ').collect();
            // Less may be asked for this token, never more (RFC 6749 §6).
            if let Some(trop) = demande.split(' ').find(|scope| !permis.contains(scope)) {
                let raison = format!("Le scope « {trop} » n’est pas de ceux de l’échange.");
                return Err(Refus::autre("invalid_scope", "Invalid scopes", raison));
            }
        }
        let tourne = self.sessions.tourner(jeton, &client.client_id, &self.alea.jeton(), expire, maintenant);
        let mut tourne = tourne.map_err(|cause| {
            if cause == Inutilisable::DejaServi
                && let Some((sid, _)) = jeton.split_once('.')
            {
                self.revoquer_session(sid, maintenant);
            }
            refus(cause)
        })?;
        note.personne(&tourne.sujet.national_id);
        if let Some(demande) = demande {
            demande.clone_into(&mut tourne.sujet.scope);
        }
        let suite = (tourne.jeton, tourne.expire);
        let reponse = self.emettre(&tourne.sid, &tourne.sujet, certificat, suite, maintenant)?;
        note.accepte("Jeton d’API rafraîchi ; l’ancien jeton de rafraîchissement ne sert plus.");
        Ok(reponse)
    }

    /// Ends a session and all its tokens.
    pub(super) fn revoquer_session(&self, sid: &str, maintenant: Timestamp) {
        self.sessions.fermer(sid);
        self.revoques.ajouter(sid, maintenant.as_second().saturating_add(self.config.durees.acces.into()));
    }
}

fn refus(cause: Inutilisable) -> Refus {
    let (detail, raison) = match cause {
        Inutilisable::Inconnu => (
            "Invalid refresh token",
            "Ce jeton de rafraîchissement n’est pas connu : session terminée, ou bac à sable redémarré.",
        ),
        Inutilisable::Expire => ("Token is not active", "Ce jeton de rafraîchissement a expiré."),
        Inutilisable::AutreClient => {
            ("Invalid refresh token", "Ce jeton de rafraîchissement a été donné à un autre client.")
        }
        Inutilisable::DejaServi => (
            "Maximum allowed refresh token reuse exceeded",
            "Ce jeton de rafraîchissement a déjà servi, ou il est contrefait : la session entière est révoquée.",
        ),
    };
    Refus::autre("invalid_grant", detail, raison)
}
