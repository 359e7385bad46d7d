//! The files that come with a text: those of a message, of a report, of an answer.
//!
//! Rule: what was received once is not asked for again: when the form is refused, its files are offered as kept.

use domaine::preuve::Fichier;
use web::{FormulaireFichiers, Partie, Saisie};

use crate::{
    acces::Ici,
    app::App,
    depot::{self, RefusDepot, Source},
    erreur::Erreur,
};

/// Largest file of a text, in bytes.
pub(in crate::pages) const PIECE_MAX: u64 = 50 * 1024 * 1024;
/// Most files of a text.
pub(in crate::pages) const PIECES_MAX: usize = 10;
/// Largest form, in bytes: ten files and the text.
pub const CORPS_MAX: usize = 501 * 1024 * 1024;

/// What may be attached.
const EXTENSIONS: [&str; 18] = [
    "pdf", "docx", "odt", "xlsx", "ods", "csv", "txt", "log", "json", "xml", "har", "png", "jpg", "jpeg",
    "zip", "pem", "crt", "cer",
];

/// What was read of the form.
#[derive(Default)]
pub(in crate::pages) struct Lu {
    pub(in crate::pages) saisie: Saisie,
    /// Identity of the upload, file.
    pub(in crate::pages) pieces: Vec<(String, Fichier)>,
    pub(in crate::pages) fautes: Vec<String>,
    /// Uploads that are whole but not scanned yet: identity, name.
    pub(in crate::pages) en_attente: Vec<(String, String)>,
}

impl Lu {
    /// The files that need not be sent again: identity of the upload, name.
    pub(in crate::pages) fn gardes(&self) -> Vec<(String, String)> {
        let recus = self.pieces.iter().map(|(id, fichier)| (id.clone(), fichier.nom.to_string()));
        recus.chain(self.en_attente.iter().cloned()).collect()
    }

    pub(in crate::pages) fn fichiers(&self) -> Vec<Fichier> {
        self.pieces.iter().map(|(_, fichier)| fichier.clone()).collect()
    }

    /// Forgets the uploads, whose files the act has taken.
    pub(in crate::pages) async fn oublier(self, app: &App, ici: &Ici) -> Result<(), Erreur> {
        for (upload, _) in self.pieces {
            depot::oublier(app, ici, &upload).await?;
        }
        Ok(())
    }

    async fn recevoir(
        &mut self,
        app: &App,
        ici: &Ici,
        source: Source<'_, '_>,
        nom: &str,
    ) -> Result<(), Erreur> {
        match depot::recevoir(app, ici, source, &EXTENSIONS, PIECE_MAX).await {
            Ok(recu) => self.pieces.push((recu.televersement, recu.fichier)),
            Err(RefusDepot::Antivirus { televersement, .. }) => {
                self.fautes.push(format!(
                    "{nom} : l’antivirus ne répond pas. Le fichier est gardé, renvoyez le formulaire dans un instant."
                ));
                self.en_attente.push((televersement, nom.to_owned()));
            }
            Err(refus) => self.fautes.push(format!("{nom} : {}", refus.texte()?)),
        }
        Ok(())
    }
}

/// Reads a form whose files come under `champ`.
pub(in crate::pages) async fn lire(
    app: &App,
    ici: &Ici,
    champ: &str,
    mut formulaire: FormulaireFichiers,
) -> Result<Lu, Erreur> {
    let mut lu = Lu::default();
    let mut nombre = 0;
    while let Some(partie) = formulaire.suivant().await? {
        match partie {
            Partie::Texte { nom, valeur } if nom == "garde" => {
                nombre += 1;
                if nombre <= PIECES_MAX {
                    lu.recevoir(app, ici, Source::Televersement(&valeur), "Pièce jointe").await?;
                }
            }
            Partie::Texte { nom, valeur } => lu.saisie.ajouter(&nom, &valeur),
            Partie::Fichier { nom, nom_fichier, mut flux } if nom == champ => {
                nombre += 1;
                if nombre <= PIECES_MAX {
                    let source = Source::Flux { flux: &mut flux, nom: &nom_fichier };
                    lu.recevoir(app, ici, source, &nom_fichier).await?;
                }
            }
            Partie::Fichier { .. } => {}
        }
    }
    if nombre > PIECES_MAX {
        lu.fautes.push(format!("{PIECES_MAX} pièces jointes au plus ({nombre} ici)."));
    }
    Ok(lu)
}
