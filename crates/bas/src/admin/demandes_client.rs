//! « Demander un Client ID »: a service gets its identifier and a certificate whose CN is that identifier, as PKCS#12.
//!
//! For production what the agency would have checked is asked for: the request on DataPass and the NRU. Everything stays
//! in the sandbox: a production client is one by name only.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::StatusCode;
use igc::{Algorithme, Demande as DemandeCertificat, Usage};
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use super::Faute;
use super::corps::Corps;
use crate::psc::{Inscription, Psc};

/// Letters without the ones that are read as another.
const LETTRES: &[u8] = b"bcdfghjkmnprstvwxz";
/// As IGC-Santé issues them.
const VALIDITE: SignedDuration = SignedDuration::from_hours(24 * 365 * 3);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Environnement {
    #[default]
    Bas,
    Production,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Demande {
    /// Name of the software, as people read it when they approve.
    nom: String,
    /// Name of the company (O of the certificate).
    organisation: String,
    /// Identifier of the structure (OU of the certificate): prefix and SIRET or FINESS.
    structure: String,
    #[serde(default)]
    environnement: Environnement,
    #[serde(default)]
    redirect_uris: Vec<String>,
    /// Production only: `D` and 1 to 9 digits.
    #[serde(default)]
    datapass: Option<String>,
    /// Production only: ten capitals.
    #[serde(default)]
    nru: Option<String>,
}

pub(super) async fn traiter(
    State(psc): State<Arc<Psc>>,
    Corps(demande): Corps<Demande>,
) -> Result<(StatusCode, Json<Value>), Faute> {
    verifier(&demande)?;
    let autorite = psc.emission.as_ref().ok_or_else(|| {
        let texte = "Ce bac à sable n’a pas d’autorité pour émettre des certificats ([psc.emission]).";
        Faute(StatusCode::SERVICE_UNAVAILABLE, texte.to_owned())
    })?;
    let client_id = nommer(&psc, &demande);
    let maintenant = psc.horloge.maintenant();
    let impossible = |erreur: igc::Erreur| Faute(StatusCode::UNPROCESSABLE_ENTITY, erreur.to_string());
    let fin = maintenant.saturating_add(VALIDITE).unwrap_or(maintenant);
    let certificat = autorite
        .emettre(&DemandeCertificat {
            cn: client_id.clone(),
            ou: Some(demande.structure),
            organisation: Some(demande.organisation),
            noms_dns: Vec::new(),
            adresses_ip: Vec::new(),
            usage: Usage::Client,
            debut: maintenant,
            fin,
            algorithme: Algorithme::P256,
        })
        .map_err(impossible)?;
    let mot_de_passe = SecretString::from(psc.alea.jeton());
    let chaine = format!("{}{}", certificat.cert_pem, autorite.cert_pem());
    let p12 =
        igc::pkcs12::ecrire(&chaine, &certificat.cle_pem, &mot_de_passe, &client_id).map_err(impossible)?;
    // Registered last: a client that nobody has a certificate for would be of no use.
    psc.clients.inscrire(Inscription {
        client_id: client_id.clone(),
        nom: Some(demande.nom),
        secret: None,
        redirect_uris: demande.redirect_uris,
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        ciba: true,
    })?;
    let reponse = json!({
        "client_id": client_id,
        "p12": BASE64_STANDARD.encode(p12),
        "mot_de_passe": mot_de_passe.expose_secret(),
        "fin": fin,
    });
    Ok((StatusCode::CREATED, Json(reponse)))
}

fn verifier(demande: &Demande) -> Result<(), Faute> {
    let refus = |texte: &str| Err(Faute(StatusCode::UNPROCESSABLE_ENTITY, texte.to_owned()));
    let borne = |texte: &str| !texte.trim().is_empty() && texte.chars().count() <= 100;
    if !borne(&demande.nom) {
        return refus("nom : le nom du logiciel est obligatoire, cent caractères au plus.");
    }
    if !borne(&demande.organisation) {
        return refus("organisation : le nom de la structure est obligatoire, cent caractères au plus.");
    }
    let chiffres = |texte: &str| texte.bytes().all(|octet| octet.is_ascii_digit());
    if !chiffres(&demande.structure) || !(9..=20).contains(&demande.structure.len()) {
        return refus(
            "structure : l’identifiant de la structure s’écrit en chiffres (préfixe puis SIRET ou FINESS).",
        );
    }
    if demande.environnement == Environnement::Bas {
        return Ok(());
    }
    let datapass = demande.datapass.as_deref().and_then(|numero| numero.strip_prefix('D'));
    if !datapass.is_some_and(|numero| (1..=9).contains(&numero.len()) && chiffres(numero)) {
        return refus(
            "datapass : la production demande le numéro de la demande DataPass, D suivi de 1 à 9 chiffres.",
        );
    }
    let nru = demande.nru.as_deref().unwrap_or_default();
    if nru.len() != 10 || !nru.bytes().all(|octet| octet.is_ascii_uppercase()) {
        return refus(
            "nru : la production demande le numéro de référencement unique, dix lettres majuscules.",
        );
    }
    Ok(())
}

/// `bas-logiciel-de-demo-xkzpdw`: readable, and new.
fn nommer(psc: &Psc, demande: &Demande) -> String {
    let environnement = match demande.environnement {
        Environnement::Bas => "bas",
        Environnement::Production => "prod",
    };
    format!("{environnement}-{}-{}", mots(&demande.nom), psc.alea.lettres(LETTRES, 6))
}

/// The words of a name in plain letters, joined by hyphens.
fn mots(nom: &str) -> String {
    let lettres = nom.nfd().filter(|lettre| !is_combining_mark(*lettre)).flat_map(char::to_lowercase);
    let plat: String = lettres.take(40).collect();
    let mots = plat.split(|lettre: char| !lettre.is_ascii_alphanumeric()).filter(|mot| !mot.is_empty());
    mots.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::mots;

    #[test]
    fn a_name_keeps_its_letters_and_loses_its_accents() {
        for (nom, attendu) in [
            ("Proxy Santé Lien", "proxy-sante-lien"),
            ("  L’Œil — n° 2 ! ", "l-il-n-2"),
            ("ÉLÈVE_1", "eleve-1"),
            ("日本", ""),
        ] {
            assert_eq!(mots(nom), attendu, "{nom}");
        }
    }
}
