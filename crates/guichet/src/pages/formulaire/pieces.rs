//! The PDFs that go with the form: licences, attestations, habilitations.
//!
//! Rule: a file once received is not asked again because another field was refused: the form carries on the number of
//! its upload, in the hidden field of `cache`.

use std::collections::BTreeMap;

use domaine::preuve::Fichier;
use web::{FormulaireFichiers, Partie, Saisie};

use crate::{
    acces::Ici,
    app::App,
    depot::{self, Recu, RefusDepot, Source},
    erreur::Erreur,
};

/// Largest PDF, in bytes.
const TAILLE_MAX: u64 = 20 << 20;
/// Largest form with its PDFs, in bytes.
pub const CORPS_MAX: usize = 64 << 20;

/// What a form with files sent.
#[derive(Default)]
pub(super) struct Envoi {
    pub saisie: Saisie,
    recus: BTreeMap<String, Recu>,
    /// Field and text of what was refused.
    pub erreurs: Vec<(String, String)>,
}

impl Envoi {
    pub(super) fn fichier(&self, nom: &str) -> Option<&Fichier> {
        self.recus.get(nom).map(|recu| &recu.fichier)
    }

    fn ranger(&mut self, nom: &str, recu: Result<Recu, RefusDepot>) -> Result<(), Erreur> {
        match recu {
            Ok(recu) => {
                self.saisie.ajouter(&cache(nom), &recu.televersement);
                self.recus.insert(nom.to_owned(), recu);
            }
            Err(refus) => self.erreurs.push((nom.to_owned(), refus.texte()?)),
        }
        Ok(())
    }

    /// Forgets the uploads, whose files are now used.
    pub(super) async fn oublier(&self, app: &App, ici: &Ici) -> Result<(), Erreur> {
        for recu in self.recus.values() {
            depot::oublier(app, ici, &recu.televersement).await?;
        }
        Ok(())
    }
}

/// Hidden field with the number of the upload of the field `nom`.
pub(super) fn cache(nom: &str) -> String {
    format!("recu.{nom}")
}

/// Reads the form; of its files, those of the fields `attendus`.
pub(super) async fn lire(
    app: &App,
    ici: &Ici,
    mut formulaire: FormulaireFichiers,
    attendus: &[&str],
) -> Result<Envoi, Erreur> {
    let mut envoi = Envoi::default();
    let mut televersements = BTreeMap::new();
    while let Some(partie) = formulaire.suivant().await? {
        match partie {
            Partie::Texte { nom, valeur } => match attendus.iter().find(|un| cache(un) == nom) {
                Some(attendu) if !valeur.is_empty() => {
                    televersements.insert(*attendu, valeur);
                }
                Some(_) => {}
                None => envoi.saisie.ajouter(&nom, &valeur),
            },
            Partie::Fichier { nom, nom_fichier, mut flux } => {
                if attendus.contains(&nom.as_str()) {
                    let source = Source::Flux { flux: &mut flux, nom: &nom_fichier };
                    let recu = depot::recevoir(app, ici, source, &["pdf"], TAILLE_MAX).await;
                    envoi.ranger(&nom, recu)?;
                }
            }
        }
    }
    for (nom, televersement) in televersements {
        if !envoi.recus.contains_key(nom) {
            let source = Source::Televersement(&televersement);
            let recu = depot::recevoir(app, ici, source, &["pdf"], TAILLE_MAX).await;
            envoi.ranger(nom, recu)?;
        }
    }
    Ok(envoi)
}
