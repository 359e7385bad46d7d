//! The exchange (RFC 8693): a token of Pro Santé Connect against one of the API.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use igc::Lecture;
use jiff::{SignedDuration, Timestamp};
use oidc::echange::{EMETTEUR_PSC, TYPE_JETON_ACCES, TYPE_JWT};
use oidc::jetons::{Introspection, ReponseJetons};
use serde_json::{Map, Value};

use super::{SESSION_MAX, ServeurAutorisation, lire, scopes};
use crate::api::clients::Prouve;
use crate::api::jetons::Sujet;
use crate::api::refus::Refus;
use crate::journal::{Note, masque};
use crate::parametres::Parametres;

/// Claims of an actor token that go on into ours (CI-SIS, business data).
const ACTEUR: [&str; 6] = ["sub", "iss", "lps_nom", "lps_id", "lps_version", "situation_exercice"];

impl ServeurAutorisation {
    pub(super) async fn echanger(
        &self,
        client: &Prouve,
        certificat: Option<&Lecture>,
        corps: &Parametres,
        note: &Note,
    ) -> Result<ReponseJetons, Refus> {
        let jeton = lire(corps, "subject_token")?.ok_or_else(|| {
            Refus::requete("Missing form parameter: subject_token", "Le paramètre « subject_token » manque.")
        })?;
        verifier_types(corps)?;
        let act = acteur(corps)?;
        let scope = scopes(&self.config, &client.scopes, lire(corps, "scope")?)?;
        if let Some(audience) = lire(corps, "audience")?
            && ![self.issuer.as_str(), self.royaume.as_str(), client.client_id.as_str()].contains(&audience)
        {
            let raison =
                format!("audience « {audience} » : ce serveur ne donne de jeton que pour sa propre API.");
            return Err(Refus::autre("invalid_target", "Audience not found", raison));
        }
        let dit = self.psc.introspecter(jeton).await?;
        let maintenant = self.horloge.maintenant();
        let national_id = sujet(&dit, client)?;
        note.personne(&national_id);
        let sujet = Sujet {
            client_id: client.client_id.clone(),
            psc_session_state: dit.texte("session_state").map(str::to_owned),
            scope,
            act,
            noms: noms(&dit),
            national_id,
        };
        let sid = self.alea.uuid(maintenant).to_string();
        let apres = |duree: SignedDuration| maintenant.saturating_add(duree).unwrap_or(Timestamp::MAX);
        let expire = apres(SignedDuration::from_secs(self.config.durees.rafraichissement.into()));
        let fin = apres(SESSION_MAX);
        let secret = self.alea.jeton();
        let rafraichissement = self.sessions.ouvrir(&sid, sujet.clone(), &secret, (expire, fin), maintenant);
        let reponse =
            self.emettre(&sid, &sujet, certificat, (rafraichissement, expire.min(fin)), maintenant)?;
        note.accepte(format!(
            "Jeton d’API donné, {}, scope « {} ».",
            if certificat.is_some() { "lié au certificat" } else { "sans liaison à un certificat" },
            sujet.scope
        ));
        Ok(reponse)
    }
}

fn verifier_types(corps: &Parametres) -> Result<(), Refus> {
    match lire(corps, "subject_token_type")? {
        Some(TYPE_JETON_ACCES | TYPE_JWT) => {}
        Some(autre) => {
            return Err(Refus::requete(
                "Invalid subject_token_type",
                format!(
                    "subject_token_type « {autre} » : « {TYPE_JETON_ACCES} » ou « {TYPE_JWT} » sont attendus."
                ),
            ));
        }
        None => {
            let raison = "Le paramètre « subject_token_type » manque.";
            return Err(Refus::requete("Missing form parameter: subject_token_type", raison));
        }
    }
    if let Some(autre) = lire(corps, "subject_issuer")?.filter(|emetteur| *emetteur != EMETTEUR_PSC) {
        let raison = format!("subject_issuer « {autre} » : seul « {EMETTEUR_PSC} » est connu.");
        return Err(Refus::requete("Invalid subject_issuer parameter", raison));
    }
    if let Some(autre) =
        lire(corps, "requested_token_type")?.filter(|genre| ![TYPE_JETON_ACCES, TYPE_JWT].contains(genre))
    {
        let raison = format!("requested_token_type « {autre} » : seul un jeton d’accès est donné.");
        return Err(Refus::requete("requested_token_type unsupported", raison));
    }
    Ok(())
}

/// The person, once Pro Santé Connect has said that the token is alive and whose it is.
fn sujet(dit: &Introspection, client: &Prouve) -> Result<String, Refus> {
    let refus = |raison: String| Err(Refus::autre("invalid_token", "invalid token", raison));
    if !dit.active {
        return refus("Pro Santé Connect dit ce jeton inactif : expiré, révoqué, ou jamais émis.".to_owned());
    }
    let national_id = dit.texte("SubjectNameID").filter(|texte| !texte.is_empty());
    let Some(national_id) = national_id.filter(|_| matches!(dit.texte("typ"), None | Some("Bearer"))) else {
        return refus("Ce jeton de Pro Santé Connect n’est pas un jeton d’accès.".to_owned());
    };
    let pour = dit.texte("azp").or_else(|| dit.texte("client_id")).unwrap_or_default();
    if pour != client.client_psc {
        return refus(format!(
            "Ce jeton de Pro Santé Connect a été donné à « {} », et non à « {} ».",
            masque::couper(pour),
            client.client_psc
        ));
    }
    Ok(national_id.to_owned())
}

/// Names, when the provider tells them.
fn noms(dit: &Introspection) -> Map<String, Value> {
    let connus = ["name", "given_name", "family_name"].into_iter();
    connus.filter_map(|nom| dit.texte(nom).map(|texte| (nom.to_owned(), texte.into()))).collect()
}

/// What the actor token says. Its signature isn't looked at: mTLS tells who sends it (CI-SIS, business data).
fn acteur(corps: &Parametres) -> Result<Option<Map<String, Value>>, Refus> {
    let (jeton, genre) = (lire(corps, "actor_token")?, lire(corps, "actor_token_type")?);
    let refus = |raison: &str| Err(Refus::requete("invalid actor_token", raison));
    let jeton = match (jeton, genre) {
        (None, None) => return Ok(None),
        (Some(jeton), Some(TYPE_JETON_ACCES | TYPE_JWT)) => jeton,
        (Some(_), None) => return refus("« actor_token » est donné sans « actor_token_type »."),
        (None, Some(_)) => return refus("« actor_token_type » est donné sans « actor_token »."),
        (Some(_), Some(_)) => return refus("« actor_token_type » n’est ni un jeton d’accès ni un JWT."),
    };
    let charge = jeton.split('.').nth(1).unwrap_or_default();
    let octets = BASE64_URL_SAFE_NO_PAD.decode(charge).unwrap_or_default();
    let Ok(Value::Object(dits)) = serde_json::from_slice(&octets) else {
        return refus("« actor_token » n’est pas un JWT lisible.");
    };
    let texte = |nom: &str| dits.get(nom).and_then(Value::as_str).map(|texte| masque::couper(texte).into());
    Ok(Some(ACTEUR.into_iter().filter_map(|nom| texte(nom).map(|valeur| (nom.to_owned(), valeur))).collect()))
}
