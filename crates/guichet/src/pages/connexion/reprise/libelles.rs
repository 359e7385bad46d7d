//! What a kept form shows of itself: the labels that its page had, never the names of its fields.
//!
//! Rule: what the page carried without showing it (tokens, versions, the values it was made from) is sent again and not
//! shown.

use domaine::{
    formulaire::champs::{self, Champ},
    preuve::Appreciation,
    referentiel::Guichet,
};

/// Fields that no page shows.
const CACHES: [&str; 17] = [
    "envoi",
    "vu",
    "vue",
    "page",
    "retour",
    "id",
    "objet",
    "acte",
    "garde",
    "remplace",
    "demarche",
    "composant",
    "reprendre",
    "personne",
    "televersement",
    "reste",
    "confirme",
];

/// Beginnings of names that no page shows.
const PREFIXES_CACHES: [&str; 3] = ["origine.", "vu.", "recu."];

/// Labels of the fields outside of the formulaire administratif.
const LIBELLES: [(&str, &str); 57] = [
    ("abandonner", "Abandonner l’ancienne candidature"),
    ("accord", "Accord"),
    ("application", "Nom de l’application"),
    ("auditeur", "Auditeur"),
    ("avis", "Décision"),
    ("certifications", "Certifications"),
    ("chapitres", "Chapitres à rouvrir"),
    ("commentaire", "Commentaire pour l’agence"),
    ("courriel", "Courriel"),
    ("date", "Date"),
    ("date_reelle", "Date réelle"),
    ("date_signature", "Date de signature"),
    ("date_test", "Date du test"),
    ("description", "Description"),
    ("dispositifs", "Dispositifs qui vous intéressent"),
    ("dossier", "Dossiers"),
    ("droit", "Droit"),
    ("editeur", "Éditeur"),
    ("etat", "État"),
    ("forme", "Forme de preuve"),
    ("genre", "Pour"),
    ("guichet", "Guichet"),
    ("integre_a", "Intégré à"),
    ("justification", "Pourquoi cette preuve ne s’applique pas"),
    ("ko_haute", "Points KO de gravité haute"),
    ("ko_moyenne", "Points KO de gravité moyenne"),
    ("lien", "Adresse de la page"),
    ("liens", "Champs et exigences que la réponse éclaire"),
    ("lieu", "Lieu"),
    ("modele", "Motif type"),
    ("motif", "Motif"),
    ("motif_prolonger", "Motif"),
    ("motif_recusation", "Pourquoi vous vous récusez"),
    ("motif_retablir", "Motif"),
    ("motif_retirer", "Motif"),
    ("motif_revoquer", "Motif"),
    ("motif_suspendre", "Motif"),
    ("nature", "Nature"),
    ("nil", "N° d’identification (NIL)"),
    ("nom", "Nom"),
    ("non_applicables", "Points non applicables"),
    ("organisme", "Organisme qualifié PASSI"),
    ("qualification_jusquau", "Qualification valable jusqu’au"),
    ("qualification_passi", "Numéro de la qualification PASSI"),
    ("question", "Question"),
    ("referent", "Référent"),
    ("reponse", "Réponse"),
    ("responsable", "Responsable"),
    ("resultat", "Conclusion de l’auditeur"),
    ("role", "Rôle"),
    ("teleservices", "Téléservices concernés"),
    ("texte", "Texte"),
    ("tiers", "Fait par une autre société"),
    ("titre", "Titre"),
    ("type_application", "Type d’application"),
    ("utile", "Réponse utile"),
    ("version", "Version"),
];

fn champ(cle: &str) -> Option<&'static Champ> {
    Guichet::TOUS.into_iter().find_map(|guichet| champs::trouver(cle, guichet))
}

/// The label of a field and what was answered; `None` for what the page did not show, and for what is empty.
pub(super) fn ligne(nom: &str, valeur: &str) -> Option<(String, String)> {
    if valeur.is_empty()
        || CACHES.contains(&nom)
        || PREFIXES_CACHES.iter().any(|debut| nom.starts_with(debut))
    {
        return None;
    }
    if let Some(champ) = champ(nom) {
        return Some((champ.intitule(), champ.lisible(valeur)));
    }
    if let Some((_, libelle)) = LIBELLES.iter().find(|(connu, _)| *connu == nom) {
        return Some(((*libelle).to_owned(), valeur.to_owned()));
    }
    // The verdicts of a page are many fields of a kind: its name, then what it is about.
    let (debut, suite) = nom.split_once('.').unwrap_or((nom, ""));
    let sur = champ(suite).map_or_else(String::new, |champ| format!(" : {}", champ.intitule()));
    let dit = match valeur {
        "a_corriger" => "À corriger".to_owned(),
        autre => {
            Appreciation::depuis_cle(autre).map_or_else(|| autre.to_owned(), |une| une.libelle().to_owned())
        }
    };
    match debut {
        "avis" | "v" => Some((format!("Verdict{sur}"), dit)),
        "motif" | "m" => Some((format!("Motif{sur}"), valeur.to_owned())),
        "nru" => Some(("NRU de l’habilitation".to_owned(), valeur.to_owned())),
        // Chosen in a list whose words stand elsewhere, or unknown to this version.
        "modele" | "t" => None,
        _ => Some(("Autre réponse".to_owned(), valeur.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_form_shows_labels_and_no_machinery() {
        for (nom, valeur, attendu) in [
            ("siret", "73282932000074", Some(("SIRET", ""))),
            ("origine.siret", "1", None),
            ("page", "jeton", None),
            ("envoi", "jeton", None),
            ("vu.siret", "2026|conforme|", None),
            ("commentaire", "page 2", Some(("Commentaire pour l’agence", "page 2"))),
            ("commentaire", "", None),
            ("avis.siret", "a_corriger", Some(("Verdict : SIRET", "À corriger"))),
            ("v.0190", "non_conforme", Some(("Verdict", "Non conforme"))),
            ("m.0190", "Illisible", Some(("Motif", "Illisible"))),
            ("champ_futur", "x", Some(("Autre réponse", "x"))),
        ] {
            let obtenu = ligne(nom, valeur);
            match (&obtenu, attendu) {
                (None, None) => {}
                (Some((libelle, texte)), Some((debut, dit))) => {
                    assert!(libelle.starts_with(debut) && texte.contains(dit), "{nom}: {obtenu:?}");
                }
                _ => panic!("{nom}: {obtenu:?}"),
            }
        }
    }
}
