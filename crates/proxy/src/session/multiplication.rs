//! One session made many, for measures: a store with a million real sessions, without a million people who connect.
//!
//! Rule: what is written is what the proxy writes, in its form and under its seal. Copies differ by their identifier alone;
//! each has its own tokens in memory once a proxy has read them.

use jiff::Timestamp;
use serde_json::Value;
use service::Alea;

use super::depot::{self, Depot, Usage};
use super::{Magasin, empreinte};
use crate::Erreur;
use crate::config::Config;

/// Digits by which identifiers begin.
const RANG: usize = 9;
/// Sessions written in one transaction.
const ENSEMBLE: usize = 2_000;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Multiplication {
    /// Identifiers are a rank in nine digits, from zero, then this.
    pub suffixe: String,
    /// Bytes of the tokens of each session.
    pub jetons_octets: usize,
}

/// Writes `nombre` copies of the session that the configured store holds. Nothing else may have it open.
///
/// # Errors
/// When the store isn't a file, holds no session that its key opens, or can't be written.
pub async fn multiplier(config: &Config, nombre: usize, alea: &Alea) -> Result<Multiplication, Erreur> {
    let (magasin, _) = Magasin::ouvrir(&config.depot, &config.traces.journal.dossier, alea).await?;
    let (Depot::Fichier(fichier), Some(sceau)) = (&magasin.depot, &magasin.sceau) else {
        return Err(depot::Erreur::Modele.into());
    };
    let rangees = fichier.apres("").await.map_err(depot::Erreur::from)?;
    let modele = rangees.first().ok_or(depot::Erreur::Modele)?;
    let clair = sceau.desceller(&modele.empreinte, &modele.scelle).map_err(|_| depot::Erreur::Modele)?;
    let mut session: Value = serde_json::from_slice(&clair).map_err(|_| depot::Erreur::Modele)?;
    let suffixe: String = alea.jeton().chars().skip(RANG).collect();
    let id = |rang: usize| format!("{rang:0RANG$}{suffixe}");
    // In the order of the store: its index then grows at one end.
    let mut ordre: Vec<(String, usize)> = (0..nombre).map(|rang| (empreinte(&id(rang)), rang)).collect();
    ordre.sort_unstable();
    for ensemble in ordre.chunks(ENSEMBLE) {
        let mut scellees = Vec::with_capacity(ensemble.len());
        for (empreinte, rang) in ensemble {
            session["id"] = id(*rang).into();
            let scelle = sceau.sceller(empreinte, session.to_string().as_bytes());
            let (empreinte, derniere) = (empreinte.clone(), modele.derniere);
            let usage = Usage { empreinte, derniere, expire: Timestamp::MAX };
            scellees.push((scelle.map_err(|_| depot::Erreur::Scellage)?, usage));
        }
        let ecrites: Vec<_> = scellees.iter().map(|(scelle, usage)| (scelle.as_slice(), usage)).collect();
        fichier.creer_ensemble(&ecrites).await.map_err(depot::Erreur::from)?;
    }
    magasin.depot.fermer().await;
    Ok(Multiplication { suffixe, jetons_octets: jetons(&session) })
}

fn jetons(session: &Value) -> usize {
    let longueur = |valeur: &Value| valeur.as_str().map_or(0, str::len);
    let du_couple = |couple: &Value| longueur(&couple["acces"]) + longueur(&couple["renouvellement"]);
    let apis = session["apis"].as_object().into_iter().flat_map(|apis| apis.values());
    longueur(&session["id_token"]) + du_couple(&session["psc"]) + apis.map(du_couple).sum::<usize>()
}
