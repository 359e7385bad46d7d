//! The letter of habilitation (spec guichets §2.8).

use document::{Bloc, Feuille};
use domaine::{calendrier::jour, habilitation::Contenu, referentiel::Guichet};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use web::insecables;

use super::{Emetteur, RENDU, date, siret};
use crate::app::App;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PieceHabilitation {
    pub rendu: u32,
    pub emetteur: Emetteur,
    /// Address of this habilitation in the public register.
    pub registre: String,
    /// Name of the person who signs for the agency.
    pub signataire: String,
    pub signee_le: Timestamp,
    pub contenu: Contenu,
}

impl PieceHabilitation {
    pub fn nouvelle(app: &App, contenu: Contenu, signataire: &str, signee_le: Timestamp) -> Self {
        Self {
            rendu: RENDU,
            emetteur: Emetteur::de(app),
            registre: adresse_registre(app, &contenu.numero),
            signataire: signataire.to_owned(),
            signee_le,
            contenu,
        }
    }

    pub(super) fn feuille(&self) -> Feuille {
        let contenu = &self.contenu;
        let titre = "Habilitation à l’Espace de Confiance";
        Feuille {
            titre: titre.to_owned(),
            sujet: format!("Habilitation {} de {} {}", contenu.profil, contenu.logiciel, contenu.version),
            auteur: self.emetteur.nom.clone(),
            le: self.signee_le,
            numero: contenu.numero.clone(),
            blocs: self.blocs(titre),
            pieces_jointes: Vec::new(),
            pied: insecables(&format!(
                "Habilitation {} – registre public : {}",
                contenu.numero, self.registre
            )),
        }
    }

    fn blocs(&self, titre: &str) -> Vec<Bloc> {
        let contenu = &self.contenu;
        let emetteur = &self.emetteur;
        vec![
            Bloc::ADroite(format!(
                "**{}**\nÀ l’attention de {}\nSIRET {}",
                contenu.denomination,
                contenu.contact,
                siret(&contenu.siret)
            )),
            Bloc::Espace(10.0),
            Bloc::ADroite(format!("{}, le {}", emetteur.lieu, date(jour(self.signee_le)))),
            Bloc::Titre(insecables(&format!("Objet : {titre}"))),
            Bloc::Paragraphe("Madame, Monsieur,".to_owned()),
            Bloc::Paragraphe(format!(
                "Au vu des preuves de conformité que vous avez déposées et de l’avis favorable rendu par le \
                 collège le {}, j’ai le plaisir de vous délivrer l’habilitation **{}**, au titre du profil \
                 **{}** ({}), pour le logiciel désigné ci-dessous.",
                date(contenu.decision_le),
                contenu.numero,
                contenu.profil.libelle(),
                contenu.profil,
            )),
            Bloc::Champs(self.champs()),
            Bloc::Paragraphe(self.portee()),
            Bloc::Paragraphe(insecables(
                "Elle vaut pour la version indiquée et dans le respect des conditions générales \
                 d’utilisation que vous avez acceptées. Elle peut être suspendue ou retirée : seul le \
                 registre public fait foi de son état au jour où l’on s’en prévaut.",
            )),
            Bloc::Paragraphe(
                "Je vous prie d’agréer, Madame, Monsieur, l’expression de ma considération distinguée."
                    .to_owned(),
            ),
            Bloc::Espace(6.0),
            Bloc::ADroite(format!(
                "{}\n**{}**\nSigné électroniquement le {}",
                emetteur.nom,
                self.signataire,
                date(jour(self.signee_le))
            )),
            Bloc::Filet,
            Bloc::Qr {
                contenu: self.registre.clone(),
                legende: insecables(&format!(
                    "**Vérifier cette habilitation**\nSon état du jour se lit au registre public :\n{}\n\
                     La signature électronique et les données jointes à ce fichier se vérifient aussi \
                     hors ligne. Une copie imprimée ne vaut que confrontée au registre.",
                    self.registre
                )),
            },
        ]
    }

    fn champs(&self) -> Vec<(String, String)> {
        let contenu = &self.contenu;
        let tests = if contenu.conformite_du == contenu.conformite_au {
            format!("le {}", date(contenu.conformite_du))
        } else {
            format!("du {} au {}", date(contenu.conformite_du), date(contenu.conformite_au))
        };
        let mut champs = vec![
            ("Dénomination", contenu.denomination.clone()),
            ("Logiciel", format!("**{}**, version **{}**", contenu.logiciel, contenu.version)),
            ("Profil", format!("{} ({})", contenu.profil.libelle(), contenu.profil)),
            ("Client ID", contenu.client_id.clone()),
            ("N° de référencement (NRU)", contenu.nru.to_string()),
            ("Tests de conformité", tests),
            ("Référentiel", format!("version {}", contenu.referentiel)),
        ];
        if !contenu.dependances.is_empty() {
            champs.push(("S’appuie sur", contenu.dependances.join(", ")));
        }
        champs.push((
            "Validité",
            format!("du {} au **{}** inclus", date(contenu.decision_le), date(contenu.fin)),
        ));
        champs.into_iter().map(|(libelle, valeur)| (libelle.to_owned(), valeur)).collect()
    }

    /// What the profile gives right to (R56, R57).
    fn portee(&self) -> String {
        match self.contenu.profil.guichet() {
            Guichet::Editeur => {
                "Cette habilitation atteste la conformité du logiciel dans l’environnement bac à sable de Pro \
                 Santé Connect. Sa mise en service relève d’une candidature au Guichet Opérateur."
            }
            Guichet::Operateur => {
                "Cette habilitation atteste la conformité du service en production avec Pro Santé Connect."
            }
        }
        .to_owned()
    }
}

/// Where the public register shows a habilitation.
pub(crate) fn adresse_registre(app: &App, numero: &str) -> String {
    let chemin = format!("/registre/{numero}");
    app.config.url.join(&chemin).map_or(chemin, String::from)
}
