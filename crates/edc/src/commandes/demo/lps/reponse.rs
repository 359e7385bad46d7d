//! An answer of an API, made readable without knowing the API: what it is called, its status, its members as lines or as a
//! table.

use serde_json::Value;
use web::Genre;

/// The last answer, as the page shows it.
#[derive(Clone)]
pub(super) struct Reponse {
    /// What was asked, as a person says it.
    pub(super) quoi: &'static str,
    pub(super) methode: &'static str,
    pub(super) chemin: &'static str,
    pub(super) statut: u16,
    pub(super) contenu: Contenu,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Contenu {
    Vide,
    /// Name and value of each member; what is inside another is named `a.b`.
    Lignes(Vec<(String, String)>),
    Tableau {
        colonnes: Vec<String>,
        lignes: Vec<Vec<String>>,
    },
}

impl Reponse {
    pub(super) fn genre(&self) -> Genre {
        match self.statut {
            200..300 => Genre::Succes,
            400..500 => Genre::Attention,
            _ => Genre::Erreur,
        }
    }
}

impl Contenu {
    pub(super) fn lire(corps: &Value) -> Self {
        if let Value::Array(objets) = corps
            && let Some(Value::Object(premier)) = objets.first()
        {
            let colonnes: Vec<String> = premier.keys().cloned().collect();
            let ligne = |objet: &Value| colonnes.iter().map(|nom| texte(&objet[nom])).collect();
            return Self::Tableau { lignes: objets.iter().map(ligne).collect(), colonnes };
        }
        let mut lignes = Vec::new();
        aplatir("", corps, &mut lignes);
        if lignes.is_empty() { Self::Vide } else { Self::Lignes(lignes) }
    }
}

fn aplatir(nom: &str, valeur: &Value, lignes: &mut Vec<(String, String)>) {
    match valeur {
        Value::Object(membres) => {
            for (membre, valeur) in membres {
                let complet = if nom.is_empty() { membre.clone() } else { format!("{nom}.{membre}") };
                aplatir(&complet, valeur, lignes);
            }
        }
        Value::Null if nom.is_empty() => {}
        valeur => {
            let nom = if nom.is_empty() { "réponse" } else { nom };
            lignes.push((nom.to_owned(), texte(valeur)));
        }
    }
}

/// A text as it is, a list of texts with commas, anything else as JSON.
fn texte(valeur: &Value) -> String {
    match valeur {
        Value::String(texte) => texte.clone(),
        Value::Null => String::new(),
        Value::Array(valeurs) if valeurs.iter().all(|valeur| !valeur.is_object() && !valeur.is_array()) => {
            valeurs.iter().map(texte).collect::<Vec<_>>().join(", ")
        }
        autre => autre.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_are_read_whatever_their_shape() {
        let lignes = |attendues: &[(&str, &str)]| {
            Contenu::Lignes(attendues.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect())
        };
        let cas = [
            (Value::Null, Contenu::Vide),
            (json!({}), Contenu::Vide),
            (json!({"a": "x", "b": 3, "c": null}), lignes(&[("a", "x"), ("b", "3"), ("c", "")])),
            (json!({"a": {"b": {"c": true}}}), lignes(&[("a.b.c", "true")])),
            (json!({"prenoms": ["A", "B"]}), lignes(&[("prenoms", "A, B")])),
            (json!({"fautes": [{"champ": "x"}]}), lignes(&[("fautes", r#"[{"champ":"x"}]"#)])),
            (json!("tel quel"), lignes(&[("réponse", "tel quel")])),
            (
                json!([{"a": 1, "b": ["x", "y"]}, {"b": null, "a": "z", "c": "non montré"}]),
                Contenu::Tableau {
                    colonnes: vec!["a".to_owned(), "b".to_owned()],
                    lignes: vec![
                        vec!["1".to_owned(), "x, y".to_owned()],
                        vec!["z".to_owned(), String::new()],
                    ],
                },
            ),
        ];
        for (corps, attendu) in cas {
            assert_eq!(Contenu::lire(&corps), attendu, "{corps}");
        }
    }
}
