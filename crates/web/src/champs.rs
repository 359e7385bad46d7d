//! What a form shows again after a refusal: the values typed and the errors, field by field. The macros `champ_*` of
//! `ui.html` take one as `f`.

use crate::{Genre, Saisie};

/// Values and errors of a form.
#[derive(Debug, Clone, Default)]
pub struct Champs {
    valeurs: Saisie,
    erreurs: Vec<(String, String)>,
}

impl Champs {
    /// A form not filled yet.
    pub fn vides() -> Self {
        Self::default()
    }

    /// A form as it was sent, to show again.
    pub fn depuis(saisie: Saisie) -> Self {
        Self { valeurs: saisie, erreurs: Vec::new() }
    }

    /// Adds a value; a name may hold several (checkboxes).
    #[must_use]
    pub fn avec(mut self, nom: &str, valeur: impl AsRef<str>) -> Self {
        self.valeurs.ajouter(nom, valeur.as_ref());
        self
    }

    /// Refuses a field, with the text its reader needs to correct it. An empty name is an error of the whole form.
    pub fn refuser(&mut self, nom: &str, texte: impl Into<String>) {
        self.erreurs.push((nom.into(), texte.into()));
    }

    pub fn valeur(&self, nom: &str) -> &str {
        self.valeurs.texte(nom)
    }

    /// Is this value one of those held under that name?
    pub fn contient(&self, nom: &str, valeur: &str) -> bool {
        self.valeurs.tous(nom).contains(&valeur)
    }

    /// First error of a field.
    pub fn erreur(&self, nom: &str) -> Option<&str> {
        self.erreurs.iter().find(|(n, _)| n == nom).map(|(_, texte)| texte.as_str())
    }

    /// All errors, in the order they were found.
    pub fn erreurs(&self) -> &[(String, String)] {
        &self.erreurs
    }

    pub fn en_faute(&self) -> bool {
        !self.erreurs.is_empty()
    }
}

/// A choice of a list, of radio buttons or of checkboxes.
#[derive(Debug, Clone, Default)]
pub struct Choix {
    pub valeur: String,
    pub libelle: String,
    /// A line under the label.
    pub aide: String,
    /// Tone of the answer in `champ_verdict`.
    pub genre: Genre,
}

impl Choix {
    pub fn nouveau(valeur: &str, libelle: &str) -> Self {
        Self { valeur: valeur.into(), libelle: libelle.into(), ..Self::default() }
    }

    #[must_use]
    pub fn aide(mut self, aide: &str) -> Self {
        self.aide = aide.into();
        self
    }

    #[must_use]
    pub fn genre(mut self, genre: Genre) -> Self {
        self.genre = genre;
        self
    }
}
