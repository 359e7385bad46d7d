//! What is right in a field, and how its value reads.
//!
//! Rule: a field is judged on the answers of the whole form and on the day; the refusal is a sentence for the person
//! who filled it in.

use jiff::civil::Date;

use super::{
    Contexte, Formulaire,
    champs::{Champ, Forme, Obligation, Section},
};
use crate::{
    identifiant::{CodePostal, Pays, Texte},
    produit::Faute,
    referentiel::{Guichet, Profil},
};

/// Above the bound of every field, which says its own.
const LIBRE_MAX: usize = 2000;

impl Champ {
    /// The label with its section where the label alone says too little (« Nom » of whom?): for lists and the history.
    pub fn intitule(&self) -> String {
        match self.section {
            Section::Siege | Section::Representant | Section::Contact => {
                format!("{} : {}", self.section.titre(), self.libelle.to_lowercase())
            }
            _ => self.libelle.to_owned(),
        }
    }

    /// A value as people read it.
    pub fn lisible(&self, valeur: &str) -> String {
        match self.forme {
            Forme::Choix(choix) => choix
                .iter()
                .find(|(cle, _)| *cle == valeur)
                .map_or_else(|| valeur.to_owned(), |(_, libelle)| (*libelle).to_owned()),
            Forme::Pays => valeur.parse::<Pays>().map_or_else(|_| valeur.to_owned(), |pays| pays.to_string()),
            Forme::Profils => {
                let libelles = valeur.split(',').map(str::trim).map(|code| {
                    Profil::TOUS
                        .into_iter()
                        .find(|profil| profil.code() == code)
                        .map_or(code, |profil| profil.libelle())
                });
                libelles.collect::<Vec<_>>().join(", ")
            }
            Forme::Date => {
                valeur.parse::<Date>().map_or_else(|_| valeur.to_owned(), crate::calendrier::date_fr)
            }
            Forme::Case if valeur == "oui" => "Oui".to_owned(),
            Forme::Case => "Non".to_owned(),
            Forme::Texte { .. } | Forme::Habilitation(_) => valeur.to_owned(),
        }
    }

    /// A date to come passes, a habilitation ends: time alone makes them wrong.
    pub(super) fn passe_avec_le_temps(&self) -> bool {
        matches!(self.forme, Forme::Date | Forme::Habilitation(_))
    }

    pub fn concerne(&self, guichet: Guichet) -> bool {
        self.guichet.is_none_or(|autre| autre == guichet)
    }

    pub fn visible(&self, formulaire: &Formulaire) -> bool {
        (self.visible)(formulaire)
    }

    pub fn obligatoire(&self, formulaire: &Formulaire) -> bool {
        match self.obligation {
            Obligation::Toujours => true,
            Obligation::Facultatif => false,
            Obligation::Si(condition) => condition(formulaire),
        }
    }

    /// What is wrong with the value of this field, if anything.
    pub fn faute(&self, formulaire: &Formulaire, contexte: &Contexte) -> Option<Faute> {
        if let Forme::Habilitation(profil) = self.forme {
            return self.faute_habilitation(profil, formulaire, contexte);
        }
        let valeur = formulaire.valeur(self.cle);
        if valeur.is_empty() {
            return self.obligatoire(formulaire).then(|| Faute::new(self.cle, self.manque()));
        }
        let resultat = match self.forme {
            Forme::Texte { max } if valeur.chars().count() > max => {
                Err(format!("{max} caractères au plus ; vous en avez {}.", valeur.chars().count()))
            }
            Forme::Choix(choix) if !choix.iter().any(|(cle, _)| *cle == valeur) => {
                Err("Choisissez une valeur de la liste.".to_owned())
            }
            Forme::Profils => profils(valeur, contexte.guichet),
            Forme::Date => date(valeur, contexte.aujourdhui),
            _ => (self.regle)(valeur),
        };
        let resultat = match (self.cle, resultat) {
            // The rule of the code postal needs the country, which stands in another field.
            ("siege_code_postal", Ok(())) => code_postal(valeur, formulaire.valeur("siege_pays")),
            (_, autre) => autre,
        };
        resultat.err().map(|message| Faute::new(self.cle, message))
    }

    fn manque(&self) -> &'static str {
        match self.forme {
            Forme::Case => "Cochez cette case pour continuer.",
            Forme::Choix(_) | Forme::Pays => "Choisissez une valeur.",
            Forme::Profils => "Cochez au moins un profil.",
            _ => "Ce champ est obligatoire.",
        }
    }

    fn faute_habilitation(
        &self,
        profil: Profil,
        formulaire: &Formulaire,
        contexte: &Contexte,
    ) -> Option<Faute> {
        let Some(liee) = formulaire.habilitations.get(self.cle) else {
            return self.obligatoire(formulaire).then(|| {
                Faute::new(
                    self.cle,
                    format!("Donnez le NRU ou le PDF de l’habilitation « {} ».", profil.libelle()),
                )
            });
        };
        let faute = |message: String| Some(Faute::new(self.cle, message));
        if liee.profil != profil {
            return faute(format!(
                "Cette habilitation est celle d’un profil « {} » ; celle d’un « {} » est attendue.",
                liee.profil.libelle(),
                profil.libelle()
            ));
        }
        if let Err(raison) = &liee.en_vigueur {
            return faute(raison.clone());
        }
        if liee.fin < contexte.aujourdhui {
            return faute(format!(
                "Cette habilitation a pris fin le {}.",
                crate::calendrier::date_fr(liee.fin)
            ));
        }
        if porte_sur_le_logiciel(profil, formulaire)
            && !meme_logiciel(&liee.logiciel, formulaire.valeur("logiciel"))
        {
            return faute(format!(
                "Cette habilitation porte sur le logiciel « {} » et votre formulaire sur « {} ».",
                liee.logiciel,
                formulaire.valeur("logiciel")
            ));
        }
        None
    }
}

/// Whether the habilitation of this profile is that of the software of the form: with both profiles the proxy may have
/// another name than the logiciel utilisateur, and a third party's proxy always may.
pub(super) fn porte_sur_le_logiciel(profil: Profil, formulaire: &Formulaire) -> bool {
    match profil {
        Profil::ELU => true,
        Profil::ELP => !formulaire.a_profil(Profil::OpSU),
        Profil::OpSU | Profil::OpSP => false,
    }
}

/// The same denomination, whatever its case and spaces.
pub(super) fn meme_logiciel(un: &str, autre: &str) -> bool {
    let nu = |nom: &str| nom.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    nu(un) == nu(autre)
}

fn profils(valeur: &str, guichet: Guichet) -> Result<(), String> {
    let connus = Profil::du_guichet(guichet);
    if valeur.split(',').all(|coche| connus.iter().any(|profil| profil.code() == coche.trim())) {
        Ok(())
    } else {
        Err("Ce profil n’est pas de ce guichet.".to_owned())
    }
}

fn date(valeur: &str, aujourdhui: Date) -> Result<(), String> {
    let date: Date = valeur.parse().map_err(|_| "Donnez une date, par exemple 2027-03-31.".to_owned())?;
    if date < aujourdhui { Err("Cette date est passée.".to_owned()) } else { Ok(()) }
}

fn code_postal(valeur: &str, pays: &str) -> Result<(), String> {
    match pays.parse::<Pays>() {
        Ok(pays) => CodePostal::lire(valeur, &pays).map(drop).map_err(|refus| refus.to_string()),
        // Without a country the fault stands at the country.
        Err(_) => Ok(()),
    }
}

pub(super) fn lire<T: std::str::FromStr<Err: std::fmt::Display>>(valeur: &str) -> Result<(), String> {
    valeur.parse::<T>().map(drop).map_err(|refus| refus.to_string())
}

pub(super) fn pays(valeur: &str) -> Result<(), String> {
    let pays: Pays = valeur.parse().map_err(|refus: <Pays as std::str::FromStr>::Err| refus.to_string())?;
    if pays.est_ue() {
        Ok(())
    } else {
        Err("Le fournisseur de service est une personne morale immatriculée dans l’Union européenne."
            .to_owned())
    }
}

/// Any text that shows what it says, on one line: it may end up in a signed letter.
pub(super) fn libre(valeur: &str) -> Result<(), String> {
    if valeur.contains(['\n', '\r', '\t']) {
        return Err("Écrivez ce texte sur une seule ligne.".to_owned());
    }
    lire::<Texte<1, LIBRE_MAX>>(valeur)
}
