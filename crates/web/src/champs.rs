//! What a form shows again after a refusal: the values typed and the errors, field by field. The macros `champ_*` of
//! `ui.html` take one as `f`.

use crate::{Genre, Saisie};

/// Values and errors of a form.
#[derive(Debug, Clone, Default)]
pub struct Champs {
    valeurs: Saisie,
    erreurs: Vec<(String, String)>,
    intitules: Vec<(String, String)>,
}

impl Champs {
    /// A form not filled yet.
    pub fn vides() -> Self {
        Self::default()
    }

    /// A form as it was sent, to show again.
    pub fn depuis(saisie: Saisie) -> Self {
        Self { valeurs: saisie, ..Self::default() }
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

    /// Forgets the errors and keeps the values: something else was done since.
    pub fn oublier_erreurs(&mut self) {
        self.erreurs.clear();
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

    /// How the summary of errors calls a field, where the text of an error leans on the label above it.
    pub fn nommer(&mut self, nom: &str, intitule: impl Into<String>) {
        self.intitules.push((nom.into(), intitule.into()));
    }

    /// The errors as the summary lists them: field, then « intitulé : texte » for a field that was given a name.
    pub fn resume(&self) -> impl Iterator<Item = (&str, String)> {
        self.erreurs.iter().map(|(nom, texte)| {
            let intitule = self.intitules.iter().find(|(n, _)| n == nom).map(|(_, intitule)| intitule);
            let texte = intitule
                .map_or_else(|| texte.clone(), |intitule| format!("{intitule}\u{a0}: {}", minuscule(texte)));
            (nom.as_str(), texte)
        })
    }

    pub fn en_faute(&self) -> bool {
        !self.erreurs.is_empty()
    }
}

/// With a small first letter, unless it belongs to a word in capitals.
fn minuscule(texte: &str) -> String {
    let mut lettres = texte.chars();
    match (lettres.next(), lettres.clone().next()) {
        (Some(premiere), Some(seconde)) if !seconde.is_uppercase() => {
            premiere.to_lowercase().chain(lettres).collect()
        }
        _ => texte.to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_the_fields_that_have_a_name() {
        let mut f = Champs::vides();
        f.nommer("pays", "Pays");
        for (nom, texte) in
            [("pays", "Choisissez une valeur."), ("siret", "Le SIRET est faux."), ("pays", "URL fausse.")]
        {
            f.refuser(nom, texte);
        }
        let attendu = ["Pays\u{a0}: choisissez une valeur.", "Le SIRET est faux.", "Pays\u{a0}: URL fausse."];
        assert_eq!(f.resume().map(|(_, texte)| texte).collect::<Vec<_>>(), attendu);
    }
}
