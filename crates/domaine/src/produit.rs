//! A produit of the catalogue: what a structure builds or operates (spec guichets §1.1, §2.2).
//!
//! Rule: a produit is written as a brouillon, read over, then validated; from there each change is kept in the history
//! and the name no longer moves once a habilitation carries it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    evenement::{Acteur, Evenement, Sujet},
    id::Id,
    identifiant::{Nil, VersionLogiciel},
    permission::Qualite,
    structure::{Personne, Structure},
};

/// A dispositif in which the industriel says to be interested.
pub const DISPOSITIFS: [(&str, &str); 6] = [
    ("catalogue-mes", "Catalogue de services de Mon espace santé"),
    ("dmn", "Certification de conformité des dispositifs médicaux numériques"),
    ("segur", "Ségur du numérique en santé"),
    ("bouquet", "Référencement au bouquet de services aux professionnels (à venir)"),
    ("teleconsultation", "Certification des systèmes d’information de téléconsultation"),
    ("edc-psc", "Espace de Confiance Pro Santé Connect"),
];

/// The exclusive answer to the question on the dispositifs.
pub const AUCUN_DISPOSITIF: &str = "aucun";

/// What a person writes about a produit; texts as typed, so that a draft may be wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fiche {
    pub nom: String,
    pub version: String,
    pub nil: String,
    pub responsable: Option<Id<Personne>>,
    pub description: String,
    pub certifications: String,
    pub dispositifs: Vec<String>,
}

/// A field and what is wrong with it, as a sentence for the person who filled it in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faute {
    pub champ: String,
    pub message: String,
}

impl Faute {
    pub fn new(champ: &str, message: impl Into<String>) -> Self {
        Self { champ: champ.to_owned(), message: message.into() }
    }
}

impl Fiche {
    /// Every fault of the fiche, field by field; empty when it may be validated.
    pub fn fautes(&self) -> Vec<Faute> {
        let mut fautes = Vec::new();
        // An empty refusal: the field is optional.
        let mut borne = |champ: &str, texte: &str, vide: &str, max: usize| {
            let longueur = texte.chars().count();
            if longueur == 0 && !vide.is_empty() {
                fautes.push(Faute::new(champ, vide));
            } else if longueur > max {
                fautes
                    .push(Faute::new(champ, format!("{max} caractères au plus ; vous en avez {longueur}.")));
            }
        };
        borne("nom", &self.nom, "Donnez le nom du produit.", 120);
        borne("description", &self.description, "Décrivez le produit en quelques phrases.", 2000);
        borne("certifications", &self.certifications, "", 2000);
        if let Err(refus) = self.version.parse::<VersionLogiciel>() {
            fautes.push(Faute::new("version", refus.to_string()));
        }
        if !self.nil.is_empty()
            && let Err(refus) = self.nil.parse::<Nil>()
        {
            fautes.push(Faute::new("nil", refus.to_string()));
        }
        if self.responsable.is_none() {
            fautes.push(Faute::new("responsable", "Choisissez la personne responsable du produit."));
        }
        let aucun = self.dispositifs.iter().any(|code| code == AUCUN_DISPOSITIF);
        if self.dispositifs.is_empty() {
            fautes.push(Faute::new(
                "dispositifs",
                "Cochez au moins un dispositif, ou « Aucun dispositif identifié ».",
            ));
        } else if aucun && self.dispositifs.len() > 1 {
            fautes.push(Faute::new(
                "dispositifs",
                "« Aucun dispositif identifié » ne va avec aucun autre choix.",
            ));
        } else if self
            .dispositifs
            .iter()
            .any(|code| code != AUCUN_DISPOSITIF && !DISPOSITIFS.iter().any(|(connu, _)| connu == code))
        {
            fautes.push(Faute::new("dispositifs", "Ce dispositif n’existe pas."));
        }
        fautes
    }

    fn differences(&self, apres: &Self, mut evenement: Evenement) -> Evenement {
        let champs = [
            ("nom", &self.nom, &apres.nom),
            ("version", &self.version, &apres.version),
            ("NIL", &self.nil, &apres.nil),
            ("description", &self.description, &apres.description),
            ("certifications", &self.certifications, &apres.certifications),
        ];
        for (champ, avant, apres) in champs {
            if avant != apres {
                evenement = evenement.difference(champ, avant, apres);
            }
        }
        if self.dispositifs != apres.dispositifs {
            evenement = evenement.difference(
                "dispositifs",
                libelles(&self.dispositifs),
                libelles(&apres.dispositifs),
            );
        }
        evenement
    }
}

/// The dispositifs as people read them.
fn libelles(codes: &[String]) -> String {
    let libelle = |code: &String| match DISPOSITIFS.iter().find(|(connu, _)| connu == code) {
        Some((_, libelle)) => (*libelle).to_owned(),
        None if code == AUCUN_DISPOSITIF => "aucun".to_owned(),
        None => code.clone(),
    };
    codes.iter().map(libelle).collect::<Vec<_>>().join(", ")
}

/// The right of a collaborator on one produit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Droit {
    Lecture,
    Depot,
    Gestion,
}

impl Droit {
    pub const TOUS: [Self; 3] = [Self::Lecture, Self::Depot, Self::Gestion];

    pub fn cle(self) -> &'static str {
        match self {
            Self::Lecture => "lecture",
            Self::Depot => "depot",
            Self::Gestion => "gestion",
        }
    }

    pub fn libelle(self) -> &'static str {
        match self {
            Self::Lecture => "lecture",
            Self::Depot => "dépôt",
            Self::Gestion => "gestion",
        }
    }

    pub fn depuis_cle(cle: &str) -> Option<Self> {
        Self::TOUS.into_iter().find(|droit| droit.cle() == cle)
    }

    pub fn qualite(self) -> Qualite {
        match self {
            Self::Lecture => Qualite::Lecture,
            Self::Depot => Qualite::Depot,
            Self::Gestion => Qualite::Gestion,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collaborateur {
    pub personne: Id<Personne>,
    pub nom: String,
    pub droit: Droit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EtatProduit {
    Brouillon,
    Actif,
    Archive,
}

impl EtatProduit {
    pub fn libelle(self) -> &'static str {
        match self {
            Self::Brouillon => "Brouillon",
            Self::Actif => "Actif",
            Self::Archive => "Archivé",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Produit {
    pub id: Id<Produit>,
    pub structure: Id<Structure>,
    /// Public number of the produit, given when it is validated.
    pub reference: Option<i64>,
    pub fiche: Fiche,
    pub etat: EtatProduit,
    pub collaborateurs: Vec<Collaborateur>,
    pub cree_le: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refus {
    #[error("La fiche du produit est incomplète ou fautive.")]
    Fiche(Vec<Faute>),
    #[error("Ce produit est déjà validé.")]
    DejaValide,
    #[error("Ce produit n’est pas actif.")]
    PasActif,
    #[error("Le nom ne change plus : une habilitation en vigueur le porte.")]
    NomFige,
    #[error(
        "Ce produit a une candidature ouverte ou une habilitation en vigueur : il ne peut pas être archivé."
    )]
    EnUsage,
    #[error("Cette personne n’est pas membre de la structure.")]
    PasMembre,
}

impl Produit {
    pub fn brouillon(
        id: Id<Self>,
        structure: Id<Structure>,
        fiche: Fiche,
        par: &Acteur,
        le: Timestamp,
    ) -> (Self, Evenement) {
        let produit = Self {
            id,
            structure,
            reference: None,
            fiche,
            etat: EtatProduit::Brouillon,
            collaborateurs: Vec::new(),
            cree_le: le,
        };
        let evenement = Evenement::new(produit.sujet(), "Produit ébauché", par, le);
        (produit, evenement)
    }

    fn sujet(&self) -> Sujet {
        Sujet::new("produit", self.id)
    }

    /// « Nom - version - référence », the title that people know.
    pub fn titre(&self) -> String {
        let titre = format!("{} - {}", self.fiche.nom, self.fiche.version);
        self.reference.map_or_else(|| titre.clone(), |reference| format!("{titre} - {reference}"))
    }

    pub fn droit(&self, personne: Id<Personne>) -> Option<Droit> {
        self.collaborateurs
            .iter()
            .find(|collaborateur| collaborateur.personne == personne)
            .map(|collaborateur| collaborateur.droit)
    }

    pub fn valider(
        mut self,
        reference: i64,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        if self.etat != EtatProduit::Brouillon {
            return Err(Refus::DejaValide);
        }
        let fautes = self.fiche.fautes();
        if !fautes.is_empty() {
            return Err(Refus::Fiche(fautes));
        }
        self.reference = Some(reference);
        self.etat = EtatProduit::Actif;
        let evenement = Evenement::new(self.sujet(), "Produit ajouté au catalogue", par, le)
            .etats(EtatProduit::Brouillon.libelle(), EtatProduit::Actif.libelle());
        Ok((self, evenement))
    }

    /// Rewrites the fiche; a brouillon may stay faulty, an active produit may not.
    pub fn modifier(
        mut self,
        fiche: Fiche,
        nom_fige: bool,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        match self.etat {
            EtatProduit::Archive => return Err(Refus::PasActif),
            EtatProduit::Actif => {
                let fautes = fiche.fautes();
                if !fautes.is_empty() {
                    return Err(Refus::Fiche(fautes));
                }
                if nom_fige && fiche.nom != self.fiche.nom {
                    return Err(Refus::NomFige);
                }
            }
            EtatProduit::Brouillon => {}
        }
        let evenement = self
            .fiche
            .differences(&fiche, Evenement::new(self.sujet(), "Fiche du produit modifiée", par, le));
        self.fiche = fiche;
        Ok((self, evenement))
    }

    pub fn archiver(
        mut self,
        en_usage: bool,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        if self.etat != EtatProduit::Actif {
            return Err(Refus::PasActif);
        }
        if en_usage {
            return Err(Refus::EnUsage);
        }
        self.etat = EtatProduit::Archive;
        let evenement = Evenement::new(self.sujet(), "Produit archivé", par, le)
            .etats(EtatProduit::Actif.libelle(), EtatProduit::Archive.libelle());
        Ok((self, evenement))
    }

    /// Gives, changes or (with `None`) withdraws the right of a member of the structure.
    pub fn donner_droit(
        mut self,
        structure: &Structure,
        personne: Id<Personne>,
        droit: Option<Droit>,
        par: &Acteur,
        le: Timestamp,
    ) -> Result<(Self, Evenement), Refus> {
        let membre = structure.membre(personne).ok_or(Refus::PasMembre)?;
        let avant = self.droit(personne).map_or("aucun", Droit::libelle);
        let evenement = Evenement::new(self.sujet(), format!("Droit de {} modifié", membre.nom), par, le)
            .difference("droit", avant, droit.map_or("aucun", Droit::libelle));
        self.collaborateurs.retain(|collaborateur| collaborateur.personne != personne);
        if let Some(droit) = droit {
            self.collaborateurs.push(Collaborateur { personne, nom: membre.nom.clone(), droit });
        }
        Ok((self, evenement))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn fiche() -> Fiche {
        Fiche {
            nom: "Dossier Web".to_owned(),
            version: "1.0".to_owned(),
            nil: String::new(),
            responsable: Some(Id::new(Uuid::from_u128(1))),
            description: "Un logiciel".to_owned(),
            certifications: String::new(),
            dispositifs: vec!["edc-psc".to_owned()],
        }
    }

    #[test]
    fn chaque_faute_nomme_son_champ() {
        type Change = fn(&mut Fiche);
        let cas: [(&str, Change); 8] = [
            ("nom", |f| f.nom.clear()),
            ("nom", |f| f.nom = "x".repeat(121)),
            ("version", |f| f.version = "-1".to_owned()),
            ("description", |f| f.description.clear()),
            ("responsable", |f| f.responsable = None),
            ("dispositifs", |f| f.dispositifs.clear()),
            ("dispositifs", |f| f.dispositifs.push(AUCUN_DISPOSITIF.to_owned())),
            ("dispositifs", |f| f.dispositifs = vec!["inconnu".to_owned()]),
        ];
        assert!(fiche().fautes().is_empty());
        for (champ, change) in cas {
            let mut fautive = fiche();
            change(&mut fautive);
            let champs: Vec<_> = fautive.fautes().into_iter().map(|faute| faute.champ).collect();
            assert_eq!(champs, [champ]);
        }
    }

    #[test]
    fn le_nom_se_fige_et_l_usage_empeche_l_archivage() {
        let par = Acteur::systeme();
        let le = Timestamp::UNIX_EPOCH;
        let (brouillon, _) =
            Produit::brouillon(Id::new(Uuid::from_u128(2)), Id::new(Uuid::from_u128(3)), fiche(), &par, le);
        let (actif, _) = brouillon.valider(3232, &par, le).expect("complete");
        assert_eq!(actif.titre(), "Dossier Web - 1.0 - 3232");
        let mut autre = fiche();
        autre.version = "1.1".to_owned();
        let (actif, evenement) = actif.modifier(autre.clone(), true, &par, le).expect("version stays free");
        assert_eq!(evenement.differences.len(), 1);
        autre.nom = "Autre".to_owned();
        assert_eq!(actif.clone().modifier(autre, true, &par, le).err(), Some(Refus::NomFige));
        assert_eq!(actif.clone().archiver(true, &par, le).err(), Some(Refus::EnUsage));
        assert!(actif.archiver(false, &par, le).is_ok());
    }
}
