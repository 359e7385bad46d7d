//! Sessions of the site, sign-ins under way, forms kept for somebody whose session had ended, and forms already played.
//!
//! Rule: no secret is kept in clear; a session or a kept form is found by the SHA-256 of the token in the cookie.

use domaine::{id::Id, structure::Personne};
use jiff::Timestamp;

use crate::base::{Erreur, Resultat, Tx};

#[derive(Clone, Debug)]
pub struct SessionGardee {
    /// SHA-256 of the token, hexadecimal.
    pub empreinte: String,
    pub personne: Id<Personne>,
    pub cree_le: Timestamp,
    pub vue_le: Timestamp,
    /// When the person last proved who they are to the OpenID provider.
    pub authentifie_le: Timestamp,
    /// Needed to end the provider's session too.
    pub id_token: String,
    /// Notice to show once, as JSON; empty when there is none.
    pub avis: String,
}

/// What somebody had typed when their session turned out to have ended.
#[derive(Clone, Debug)]
pub struct SaisieGardee {
    pub personne: Option<Id<Personne>>,
    pub chemin: String,
    /// The body of the form, as `application/x-www-form-urlencoded`.
    pub corps: String,
}

impl Tx {
    pub async fn load_session_web(&mut self, empreinte: &str) -> Resultat<Option<SessionGardee>> {
        self.ligne(
            "SELECT empreinte, personne, cree_le, vue_le, authentifie_le, id_token, avis FROM session_web
             WHERE empreinte = $1",
            vec![empreinte.into()],
        )
        .await?
        .map(|ligne| {
            Ok(SessionGardee {
                empreinte: ligne.texte("empreinte")?,
                personne: ligne
                    .texte("personne")?
                    .parse()
                    .map_err(|cause| Erreur::illisible("session_web", cause))?,
                cree_le: ligne.instant("cree_le")?,
                vue_le: ligne.instant("vue_le")?,
                authentifie_le: ligne.instant("authentifie_le")?,
                id_token: ligne.texte("id_token")?,
                avis: ligne.texte("avis")?,
            })
        })
        .transpose()
    }

    pub async fn save_session_web(&mut self, session: &SessionGardee) -> Resultat<()> {
        self.executer(
            "INSERT INTO session_web (empreinte, personne, cree_le, vue_le, authentifie_le, id_token, avis)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (empreinte) DO UPDATE SET vue_le = excluded.vue_le, avis = excluded.avis",
            vec![
                session.empreinte.as_str().into(),
                session.personne.into(),
                session.cree_le.into(),
                session.vue_le.into(),
                session.authentifie_le.into(),
                session.id_token.as_str().into(),
                session.avis.as_str().into(),
            ],
        )
        .await?;
        Ok(())
    }

    pub async fn poser_avis(&mut self, empreinte: &str, avis: &str) -> Resultat<()> {
        self.executer(
            "UPDATE session_web SET avis = $2 WHERE empreinte = $1",
            vec![empreinte.into(), avis.into()],
        )
        .await?;
        Ok(())
    }

    pub async fn supprimer_session_web(&mut self, empreinte: &str) -> Resultat<()> {
        self.executer("DELETE FROM session_web WHERE empreinte = $1", vec![empreinte.into()]).await?;
        Ok(())
    }

    /// Keeps what a sign-in needs when the person comes back from the provider; `etat` is the `state` parameter.
    pub async fn save_connexion(&mut self, etat: &str, donnees: &str, le: Timestamp) -> Resultat<()> {
        self.executer(
            "INSERT INTO connexion (etat, donnees, cree_le) VALUES ($1, $2, $3)",
            vec![etat.into(), donnees.into(), le.into()],
        )
        .await?;
        Ok(())
    }

    /// Takes the sign-in of this `state` out: it can be used once, and only if it began after `depuis`.
    pub async fn prendre_connexion(&mut self, etat: &str, depuis: Timestamp) -> Resultat<Option<String>> {
        self.ligne(
            "DELETE FROM connexion WHERE etat = $1 AND cree_le >= $2 RETURNING donnees",
            vec![etat.into(), depuis.into()],
        )
        .await?
        .map(|ligne| ligne.texte("donnees"))
        .transpose()
    }

    pub async fn garder_saisie(
        &mut self,
        empreinte: &str,
        saisie: &SaisieGardee,
        le: Timestamp,
    ) -> Resultat<()> {
        self.executer(
            "INSERT INTO saisie_gardee (empreinte, personne, chemin, corps, gardee_le)
             VALUES ($1, $2, $3, $4, $5)",
            vec![
                empreinte.into(),
                saisie.personne.map(|id| id.to_string()).into(),
                saisie.chemin.as_str().into(),
                saisie.corps.as_str().into(),
                le.into(),
            ],
        )
        .await?;
        Ok(())
    }

    pub async fn load_saisie(
        &mut self,
        empreinte: &str,
        depuis: Timestamp,
    ) -> Resultat<Option<SaisieGardee>> {
        self.ligne(
            "SELECT personne, chemin, corps FROM saisie_gardee WHERE empreinte = $1 AND gardee_le >= $2",
            vec![empreinte.into(), depuis.into()],
        )
        .await?
        .map(|ligne| {
            Ok(SaisieGardee {
                personne: ligne
                    .texte_ou_nul("personne")?
                    .map(|id| id.parse())
                    .transpose()
                    .map_err(|cause| Erreur::illisible("saisie_gardee", cause))?,
                chemin: ligne.texte("chemin")?,
                corps: ligne.texte("corps")?,
            })
        })
        .transpose()
    }

    pub async fn supprimer_saisie(&mut self, empreinte: &str) -> Resultat<()> {
        self.executer("DELETE FROM saisie_gardee WHERE empreinte = $1", vec![empreinte.into()]).await?;
        Ok(())
    }

    /// What the form carrying this one-time token did, when it was already played.
    pub async fn load_envoi(&mut self, jeton: &str) -> Resultat<Option<String>> {
        self.ligne("SELECT resultat FROM envoi WHERE jeton = $1", vec![jeton.into()])
            .await?
            .map(|ligne| ligne.texte("resultat"))
            .transpose()
    }

    /// Marks the form as played; a second play in parallel conflicts.
    pub async fn save_envoi(&mut self, jeton: &str, resultat: &str, le: Timestamp) -> Resultat<()> {
        let touchees = self
            .executer(
                "INSERT INTO envoi (jeton, resultat, le) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                vec![jeton.into(), resultat.into(), le.into()],
            )
            .await?;
        crate::base::exige_une(touchees)
    }

    /// Forgets what is too old to be of use: sessions last seen before `sessions`, the rest before `autres`.
    pub async fn purger_sessions(&mut self, sessions: Timestamp, autres: Timestamp) -> Resultat<()> {
        self.executer("DELETE FROM session_web WHERE vue_le < $1", vec![sessions.into()]).await?;
        self.executer("DELETE FROM connexion WHERE cree_le < $1", vec![autres.into()]).await?;
        self.executer("DELETE FROM saisie_gardee WHERE gardee_le < $1", vec![autres.into()]).await?;
        self.executer("DELETE FROM envoi WHERE le < $1", vec![autres.into()]).await?;
        Ok(())
    }
}
