//! The Client ID of a produit at Pro Santé Connect: what must be known to ask for one, and what is kept of it (spec guichets R4,
//! R5).
//!
//! Rule: a Client ID of the bac à sable is asked for at any time once the produit is valid; production wants the NRU of a
//! candidature at the guichet Opérateur and the number of its demande DataPass. Of the credential only names and dates are
//! kept: its key and its password are their owner's alone.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    candidature::{Candidature, Etat},
    evenement::{Acteur, Evenement, Sujet},
    id::Id,
    identifiant::{ClientId, Datapass, LienHttps, Nru},
    produit::{EtatProduit, Faute, Produit},
    referentiel::Guichet,
    structure::Structure,
};

/// Addresses of return in one demande.
const RETOURS_MAX: usize = 10;
/// Longest name of a logiciel or of a company in a demande, in characters.
const NOM_MAX: usize = 100;
/// What stands before a SIRET in the identifier of a structure (annuaire santé: 1 FINESS, 2 SIREN, 3 SIRET).
const PREFIXE_SIRET: char = '3';

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Environnement {
    Bas,
    Production,
}

impl Environnement {
    pub const TOUS: [Self; 2] = [Self::Bas, Self::Production];

    pub fn cle(self) -> &'static str {
        match self {
            Self::Bas => "bas",
            Self::Production => "production",
        }
    }

    pub fn libelle(self) -> &'static str {
        match self {
            Self::Bas => "Bac à sable",
            Self::Production => "Production",
        }
    }
}

/// What a person fills in, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saisie {
    /// Key of an [`Environnement`].
    pub environnement: String,
    /// NRU of a candidature; needed for production alone.
    pub nru: String,
    /// Addresses where Pro Santé Connect may send a browser back, one a line.
    pub retours: String,
}

/// What production is asked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dossier {
    pub nru: Nru,
    pub datapass: Datapass,
}

/// A demande that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demande {
    pub environnement: Environnement,
    /// Of the logiciel, as professionals read it when they approve.
    pub nom: String,
    /// O of the certificate.
    pub organisation: String,
    /// OU of the certificate: prefix and SIRET.
    pub structure: String,
    pub retours: Vec<LienHttps>,
    /// For production.
    pub dossier: Option<Dossier>,
}

impl Demande {
    /// `candidatures` are those of the produit.
    ///
    /// # Errors
    /// Every fault, with its field; a fault of the produit itself has none.
    pub fn lire(
        saisie: &Saisie,
        produit: &Produit,
        structure: &Structure,
        candidatures: &[Candidature],
    ) -> Result<Self, Vec<Faute>> {
        if produit.etat != EtatProduit::Actif {
            let message = "Un Client ID se demande pour un produit validé et non archivé.";
            return Err(vec![Faute::new("", message)]);
        }
        let mut fautes = Vec::new();
        let connu = Environnement::TOUS.into_iter().find(|autre| autre.cle() == saisie.environnement);
        let environnement = connu.unwrap_or_else(|| {
            fautes.push(Faute::new("environnement", "Choisissez le bac à sable ou la production."));
            Environnement::Bas
        });
        let dossier = match environnement {
            Environnement::Bas => None,
            Environnement::Production => match dossier(&saisie.nru, candidatures) {
                Ok(dossier) => Some(dossier),
                Err(message) => {
                    fautes.push(Faute::new("nru", message));
                    None
                }
            },
        };
        let retours = match retours(&saisie.retours) {
            Ok(retours) => retours,
            Err(message) => {
                fautes.push(Faute::new("retours", message));
                Vec::new()
            }
        };
        if !fautes.is_empty() {
            return Err(fautes);
        }
        Ok(Self {
            environnement,
            nom: produit.fiche.nom.chars().take(NOM_MAX).collect(),
            organisation: structure.denomination.chars().take(NOM_MAX).collect(),
            structure: format!("{PREFIXE_SIRET}{}", structure.siret),
            retours,
            dossier,
        })
    }
}

/// The candidatures whose NRU may stand in a demande of production.
pub fn recevables(candidatures: &[Candidature]) -> impl Iterator<Item = &Candidature> {
    candidatures.iter().filter(|candidature| {
        candidature.guichet == Guichet::Operateur
            && !matches!(candidature.etat, Etat::Refusee { .. } | Etat::Abandonnee { .. })
    })
}

fn dossier(nru: &str, candidatures: &[Candidature]) -> Result<Dossier, String> {
    if recevables(candidatures).next().is_none() {
        return Err(
            "La production demande le NRU d’une candidature au guichet Opérateur : rattachez d’abord ce \
                    produit à cette démarche."
                .to_owned(),
        );
    }
    let candidature = recevables(candidatures)
        .find(|candidature| candidature.nru.as_str() == nru)
        .ok_or("Choisissez la candidature au guichet Opérateur qui justifie la demande.")?;
    let datapass = candidature.formulaire.valeur("datapass");
    if datapass.is_empty() {
        return Err(format!(
            "Le numéro de demande DataPass manque au formulaire de la candidature {nru} : écrivez-le, puis revenez."
        ));
    }
    let datapass = datapass.parse().map_err(|refus| format!("Candidature {nru}, Datapass : {refus}"))?;
    Ok(Dossier { nru: candidature.nru.clone(), datapass })
}

fn retours(texte: &str) -> Result<Vec<LienHttps>, String> {
    let lignes: BTreeSet<&str> = texte.lines().map(str::trim).filter(|ligne| !ligne.is_empty()).collect();
    if lignes.len() > RETOURS_MAX {
        return Err(format!("Dix adresses de retour au plus ; vous en avez {}.", lignes.len()));
    }
    let lire = |ligne: &str| {
        let lien: LienHttps = ligne.parse().map_err(|refus| format!("« {ligne} » : {refus}"))?;
        if lien.as_str().contains('#') {
            return Err(format!("« {ligne} » : une adresse de retour n’a pas de « # »."));
        }
        Ok(lien)
    };
    lignes.into_iter().map(lire).collect()
}

/// A Client ID that a produit was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientPsc {
    pub id: Id<Self>,
    pub produit: Id<Produit>,
    pub client_id: ClientId,
    pub environnement: Environnement,
    pub dossier: Option<Dossier>,
    /// Of the certificate.
    pub fin: Timestamp,
    pub par: Acteur,
    pub le: Timestamp,
}

impl ClientPsc {
    /// What is kept of what the issuer answered.
    pub fn obtenir(
        id: Id<Self>,
        produit: &Produit,
        demande: Demande,
        (client_id, fin): (ClientId, Timestamp),
        par: &Acteur,
        le: Timestamp,
    ) -> (Self, Evenement) {
        let acte = match demande.environnement {
            Environnement::Bas => format!("Client ID du bac à sable obtenu : {client_id}"),
            Environnement::Production => format!("Client ID de production obtenu : {client_id}"),
        };
        let mut evenement = Evenement::new(Sujet::new("produit", produit.id), acte, par, le);
        if let Some(Dossier { nru, datapass }) = &demande.dossier {
            evenement = evenement.motif(format!("Candidature {nru}, demande DataPass {datapass}"));
        }
        let client = Self {
            id,
            produit: produit.id,
            client_id,
            environnement: demande.environnement,
            dossier: demande.dossier,
            fin,
            par: par.clone(),
            le,
        };
        (client, evenement)
    }
}
