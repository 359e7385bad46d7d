//! The document of an autorisation d’accès, to be given to the CNDA (spec guichets §1.6, §2.8).

use document::{Bloc, Feuille};
use domaine::{autorisation::Autorisation, calendrier::jour, candidature::Candidature};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use web::insecables;

use super::{Emetteur, RENDU, date, siret};
use crate::app::App;

/// Where the autorisation gives access.
const ENVIRONNEMENTS: [&str; 3] = [
    "Pro Santé Connect, environnement bac à sable (BAS)",
    "API Pro Santé Connectées, environnement de test",
    "Environnements d’homologation du CNDA",
];

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PieceAutorisation {
    pub rendu: u32,
    pub emetteur: Emetteur,
    pub emise_le: Timestamp,
    pub numero: String,
    pub nru: String,
    pub denomination: String,
    pub siret: String,
    pub logiciel: String,
    pub version: String,
    pub profils: Vec<String>,
    /// Empty when the profile asks for none.
    pub nie: String,
    pub nil: String,
    pub client_id: String,
    pub debut: Date,
    /// Last day of validity.
    pub fin: Date,
    pub environnements: Vec<String>,
}

impl PieceAutorisation {
    pub fn nouvelle(app: &App, autorisation: &Autorisation, candidature: &Candidature) -> Self {
        let valeur = |cle: &str| candidature.formulaire.valeur(cle).to_owned();
        let siret = valeur("siret");
        Self {
            rendu: RENDU,
            emetteur: Emetteur::de(app),
            emise_le: autorisation.debut,
            numero: autorisation.numero.clone(),
            nru: autorisation.nru.to_string(),
            denomination: valeur("denomination"),
            siret: siret.parse::<domaine::identifiant::Siret>().map_or(siret, |lu| lu.to_string()),
            logiciel: valeur("logiciel"),
            version: valeur("version"),
            profils: candidature.profils().into_iter().map(|un| un.libelle().to_owned()).collect(),
            nie: valeur("nie"),
            nil: valeur("nil"),
            client_id: valeur("client_id"),
            debut: jour(autorisation.debut),
            fin: autorisation.fin,
            environnements: ENVIRONNEMENTS.map(str::to_owned).to_vec(),
        }
    }

    pub(super) fn feuille(&self) -> Feuille {
        let titre = "Autorisation d’accès aux environnements de test";
        Feuille {
            titre: titre.to_owned(),
            sujet: format!("Autorisation d’accès de {} {}", self.logiciel, self.version),
            auteur: self.emetteur.nom.clone(),
            le: self.emise_le,
            numero: self.numero.clone(),
            blocs: vec![
                Bloc::Titre(titre.to_owned()),
                Bloc::Paragraphe(insecables(&format!(
                    "Le chapitre « Prérequis Maturité Technique » de la candidature **{}** est validé. La \
                     présente autorisation ouvre à **{}** l’accès aux environnements de test de l’Espace de \
                     Confiance, pour le logiciel désigné ci-dessous, du {} au **{}** inclus.",
                    self.nru,
                    self.denomination,
                    date(self.debut),
                    date(self.fin),
                ))),
                Bloc::Champs(self.champs()),
                Bloc::Intertitre("Environnements ouverts".to_owned()),
                Bloc::Liste(self.environnements.clone()),
                Bloc::Intertitre("Usage de ce document".to_owned()),
                Bloc::Paragraphe(
                    "Déposez ce fichier sur le portail du CNDA à l’appui de votre demande de tests. \
                     L’autorisation ne vaut ni homologation ni habilitation ; elle peut être prolongée ou \
                     révoquée par l’agence."
                        .to_owned(),
                ),
                Bloc::Espace(8.0),
                Bloc::ADroite(format!(
                    "{}, le {}\n**{}**\nDocument signé électroniquement",
                    self.emetteur.lieu,
                    date(jour(self.emise_le)),
                    self.emetteur.nom
                )),
            ],
            pieces_jointes: Vec::new(),
            pied: format!("Autorisation d’accès {} – candidature {}", self.numero, self.nru),
        }
    }

    fn champs(&self) -> Vec<(String, String)> {
        let tous = [
            ("Numéro", &self.numero),
            ("N° de référencement (NRU)", &self.nru),
            ("Dénomination", &self.denomination),
            ("SIRET", &siret(&self.siret)),
            ("Logiciel", &self.logiciel),
            ("Version", &self.version),
            ("Profil", &self.profils.join(", ")),
            ("NIE", &self.nie),
            ("NIL", &self.nil),
            ("Client ID BAS", &self.client_id),
        ];
        tous.into_iter()
            .filter(|(_, valeur)| !valeur.is_empty())
            .map(|(libelle, valeur)| (libelle.to_owned(), valeur.clone()))
            .collect()
    }
}
