//! The message templates as they serve: with their variables, which are filled in for the candidature at hand.
//!
//! Rule: every variable has a value whatever the state of the dossier, and one that is not of the list is refused when
//! the template is saved: nobody must find it out in a text that was sent.

use domaine::{candidature::Candidature, evenement::Sujet};
use registre::{ModeleMessage, Tx};

use crate::erreur::Erreur;

/// The kind of templates that serve when something is sent back.
pub(crate) const CORRECTION: &str = "correction";

/// The one variable that only a correction has.
const CHAPITRE: &str = "chapitre";

/// Name, meaning, example.
pub(crate) const VARIABLES: [(&str, &str, &str); 7] = [
    ("nru", "NRU de la candidature", "BCDFGHJKLM"),
    ("structure", "dénomination de la structure", "Logimed"),
    ("produit", "produit, avec sa version et sa référence", "Proxy Logimed - 2.1 - 12"),
    ("version", "version du logiciel qui candidate", "2.1"),
    ("profils", "profils demandés", "Éditeur de logiciel Proxy e-Santé"),
    ("referent", "référent du dossier, ou « l’agence » tant qu’il n’y en a pas", "Inès Durand"),
    (CHAPITRE, "chapitre ou formulaire à corriger (demandes de correction seulement)", "Test d’intrusion"),
];

/// The templates have one history.
pub(crate) fn sujet() -> Sujet {
    Sujet::new("modeles", "agence")
}

/// A piece of a template.
#[derive(Debug, PartialEq, Eq)]
enum Morceau<'a> {
    Texte(&'a str),
    /// What stands between braces.
    Variable(&'a str),
}

/// A variable stands between braces on one line; a brace alone is itself.
fn morceaux(texte: &str) -> Vec<Morceau<'_>> {
    let mut morceaux = Vec::new();
    let mut reste = texte;
    while let Some(debut) = reste.find('{') {
        let apres = &reste[debut + 1..];
        match apres.find(['{', '}', '\n']) {
            Some(fin) if apres[fin..].starts_with('}') => {
                morceaux.push(Morceau::Texte(&reste[..debut]));
                morceaux.push(Morceau::Variable(apres[..fin].trim()));
                reste = &apres[fin + 1..];
            }
            _ => {
                morceaux.push(Morceau::Texte(&reste[..=debut]));
                reste = apres;
            }
        }
    }
    morceaux.push(Morceau::Texte(reste));
    morceaux
}

fn rendre<'a>(texte: &'a str, valeur: impl Fn(&str) -> Option<String>) -> String {
    let rendu = |morceau: Morceau<'a>| match morceau {
        Morceau::Texte(texte) => texte.to_owned(),
        Morceau::Variable(nom) => valeur(nom).unwrap_or_else(|| format!("{{{nom}}}")),
    };
    morceaux(texte).into_iter().map(rendu).collect()
}

/// Why a text can't be a template of this kind, in a sentence for whoever writes it.
pub(crate) fn verifier(texte: &str, genre: &str) -> Result<(), String> {
    for morceau in morceaux(texte) {
        let Morceau::Variable(nom) = morceau else { continue };
        if !VARIABLES.iter().any(|(connue, ..)| *connue == nom) {
            let connues: Vec<String> = VARIABLES.iter().map(|(nom, ..)| format!("{{{nom}}}")).collect();
            return Err(format!(
                "La variable {{{nom}}} n’existe pas. Variables connues : {}.",
                connues.join(", ")
            ));
        }
        if nom == CHAPITRE && genre != CORRECTION {
            return Err(format!(
                "La variable {{{CHAPITRE}}} ne sert que dans une demande de correction : ailleurs, aucun chapitre n’est en cause."
            ));
        }
    }
    Ok(())
}

/// The template with the examples in the place of its variables.
pub(crate) fn apercu(texte: &str) -> String {
    rendre(texte, |nom| {
        VARIABLES.iter().find(|(connue, ..)| *connue == nom).map(|(.., exemple)| (*exemple).to_owned())
    })
}

/// What a variable says of this candidature.
fn valeur(candidature: &Candidature, chapitre: &str, nom: &str) -> Option<String> {
    let formulaire = &candidature.formulaire;
    let ou = |valeur: &str, defaut: &str| if valeur.is_empty() { defaut } else { valeur }.to_owned();
    Some(match nom {
        "nru" => candidature.nru.to_string(),
        "structure" => ou(formulaire.valeur("denomination"), "votre structure"),
        "produit" => candidature.titre.clone(),
        "version" => ou(formulaire.valeur("version"), "à préciser"),
        "profils" => {
            let profils: Vec<&str> = candidature.profils().iter().map(|profil| profil.libelle()).collect();
            ou(&profils.join(", "), "à choisir")
        }
        "referent" => candidature.referent.as_ref().map_or("l’agence", |acteur| &acteur.nom).to_owned(),
        CHAPITRE => chapitre.to_owned(),
        _ => return None,
    })
}

/// The templates of a kind, filled in for this candidature; `chapitre` is what is sent back.
pub(crate) async fn load(
    tx: &mut Tx,
    genre: &str,
    candidature: &Candidature,
    chapitre: &str,
) -> Result<Vec<ModeleMessage>, Erreur> {
    let mut modeles = tx.load_modeles().await?;
    modeles.retain(|modele| modele.genre == genre);
    for modele in &mut modeles {
        modele.texte = rendre(&modele.texte, |nom| valeur(candidature, chapitre, nom));
    }
    Ok(modeles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_stands_between_braces_on_one_line() {
        use Morceau::{Texte, Variable};
        for (texte, attendu) in [
            ("Bonjour", vec![Texte("Bonjour")]),
            ("Le {nru}.", vec![Texte("Le "), Variable("nru"), Texte(".")]),
            ("{ nru }", vec![Texte(""), Variable("nru"), Texte("")]),
            ("a { b", vec![Texte("a {"), Texte(" b")]),
            ("{a{nru}", vec![Texte("{"), Texte("a"), Variable("nru"), Texte("")]),
            ("{a\n}", vec![Texte("{"), Texte("a\n}")]),
        ] {
            assert_eq!(morceaux(texte), attendu, "{texte}");
        }
    }

    #[test]
    fn an_unknown_variable_is_named_with_those_that_exist() {
        assert_eq!(verifier("Bonjour {structure}, {nru} {", "message"), Ok(()));
        assert_eq!(verifier("{chapitre}", CORRECTION), Ok(()));
        for (texte, genre, attendu) in [
            (
                "{siret}",
                "message",
                "La variable {siret} n’existe pas. Variables connues : {nru}, {structure}",
            ),
            ("{}", "message", "La variable {} n’existe pas"),
            ("{chapitre}", "refus", "ne sert que dans une demande de correction"),
        ] {
            let refus = verifier(texte, genre).unwrap_err();
            assert!(refus.contains(attendu), "{refus}");
        }
        assert_eq!(apercu("{nru} de {structure}, {inconnue}"), "BCDFGHJKLM de Logimed, {inconnue}");
    }
}
