//! Receiving files: from the bytes that somebody sends to a file that the dossier may show.
//!
//! Rule: bytes go to the store piece by piece, and a piece counts once it is safe there. A file is kept under its
//! SHA-256 only after it was found whole, to be what its name says, without danger, and after the antivirus has spoken.
//! Each refusal names the rule. `contenu` says what is looked at.

mod archive;
mod contenu;
mod lecteur;
mod texte;

use std::io;

use bytes::{Bytes, BytesMut};
use domaine::{
    evenement::Evenement,
    identifiant::{NomFichier, RefusNomFichier},
    preuve::{Analyse, Fichier},
};
use futures::stream;
use jiff::SignedDuration;
use registre::{FichierGarde, Televersement};
use thiserror::Error;
use web::{RefusFormulaire, formulaire::Flux};

pub use self::contenu::RefusContenu;
use self::{contenu::Examen, lecteur::Lecteur};
use crate::{
    acces::Ici,
    antivirus::{self, Constat},
    app::App,
    erreur::Erreur,
    fichiers::PIECE,
};

/// Largest resumable upload, in bytes: 2 GiB.
pub const TAILLE_MAX: u64 = 2 << 30;
/// How much one person may have under way: bytes, and uploads.
const OCTETS_PAR_PERSONNE: i64 = 16 << 30;
const TELEVERSEMENTS_PAR_PERSONNE: i64 = 200;
/// An upload that no form has claimed is forgotten after this.
const ABANDON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Where the bytes come from.
pub enum Source<'a, 'f> {
    /// A part of the form that is being read.
    Flux { flux: &'a mut Flux<'f>, nom: &'a str },
    /// A resumable upload of the same person, finished before.
    Televersement(&'a str),
}

/// A file that was accepted. Its use is written by the act (`tx.save_usage_fichier`), and the upload forgotten after it
/// ([`oublier`]); until then the same upload can be shown again.
#[derive(Clone, Debug)]
pub struct Recu {
    pub fichier: Fichier,
    pub televersement: String,
}

#[derive(Debug, Error)]
pub enum RefusDepot {
    #[error(transparent)]
    Nom(#[from] RefusNomFichier),
    #[error("L’extension .{extension} n’est pas acceptée ici. Formats acceptés : {admises}.")]
    Extension { extension: String, admises: String },
    #[error("Le fichier n’a pas d’extension. Formats acceptés : {0}.")]
    SansExtension(String),
    #[error("Le fichier est vide.")]
    Vide,
    #[error("Le fichier dépasse la taille permise ici ({}).", taille_lisible(*.max))]
    TropGros { max: u64 },
    #[error("Ce téléversement n’existe plus. Choisissez de nouveau le fichier.")]
    Inconnu,
    #[error("Le téléversement n’est pas terminé ({} reçus sur {}). Reprenez-le, puis envoyez le formulaire.", taille_lisible(*.recu), taille_lisible(*.taille))]
    Incomplet { recu: u64, taille: u64 },
    #[error("Trop de téléversements sont en cours pour votre compte. Terminez-les ou annulez-en.")]
    TropDeTeleversements,
    #[error(transparent)]
    Contenu(RefusContenu),
    #[error(
        "L’antivirus a reconnu « {signature} » dans ce fichier : il n’est pas accepté et n’est pas conservé."
    )]
    Virus { signature: String },
    /// The bytes are kept under `televersement`: sending the form again is enough.
    #[error("L’antivirus ne répond pas. Votre fichier est reçu : renvoyez le formulaire dans un instant.")]
    Antivirus { televersement: String, source: io::Error },
    #[error("erreur interne")]
    Interne(#[source] Erreur),
}

impl RefusDepot {
    /// The sentence for the field; a fault of ours remains an error.
    ///
    /// # Errors
    /// What is no refusal: the store, the database, the antivirus, a broken connection.
    pub fn texte(self) -> Result<String, Erreur> {
        match self {
            Self::Interne(erreur) => Err(erreur),
            Self::Antivirus { source, .. } => Err(Erreur::Antivirus(source)),
            Self::Contenu(RefusContenu::Io(erreur)) => Err(Erreur::Lecture(erreur)),
            refus => Ok(refus.to_string()),
        }
    }

    /// Whether the bytes themselves are bad, so that there is no point in keeping them.
    fn definitif(&self) -> bool {
        match self {
            Self::Contenu(refus) => !matches!(refus, RefusContenu::Io(_)),
            Self::Virus { .. } | Self::Vide => true,
            _ => false,
        }
    }
}

impl<E: Into<Erreur>> From<E> for RefusDepot {
    fn from(erreur: E) -> Self {
        Self::Interne(erreur.into())
    }
}

/// « 4,2 Mo », for people.
pub fn taille_lisible(octets: u64) -> String {
    const UNITES: [&str; 3] = ["Ko", "Mo", "Go"];
    if octets < 1024 {
        return format!("{octets} o");
    }
    let mut dixiemes = octets * 10 / 1024;
    let mut unite = 0;
    while dixiemes >= 10_240 && unite < UNITES.len() - 1 {
        dixiemes /= 1024;
        unite += 1;
    }
    let (entier, reste) = (dixiemes / 10, dixiemes % 10);
    if entier >= 10 || reste == 0 {
        format!("{entier}\u{a0}{}", UNITES[unite])
    } else {
        format!("{entier},{reste}\u{a0}{}", UNITES[unite])
    }
}

/// Receives a file, or takes a finished upload: `extensions` in lower case, `max` in bytes.
///
/// # Errors
/// [`RefusDepot`], whose sentence names the rule.
pub async fn recevoir(
    app: &App,
    ici: &Ici,
    source: Source<'_, '_>,
    extensions: &[&str],
    max: u64,
) -> Result<Recu, RefusDepot> {
    let televersement = match source {
        Source::Flux { flux, nom } => {
            let nom = NomFichier::assainir(nom)?;
            exiger_extension(&nom, extensions)?;
            lire_flux(app, ici, flux, &nom, max).await?
        }
        Source::Televersement(id) => charger(app, ici, id).await?,
    };
    let resultat = accepter(app, &televersement, extensions, max).await;
    if let Err(refus) = &resultat {
        if let RefusDepot::Virus { signature } = refus {
            noter_virus(app, ici, &televersement.nom, signature).await?;
        }
        if refus.definitif() {
            supprimer(app, &televersement).await?;
        }
    }
    resultat
}

/// A finished upload of this person.
async fn charger(app: &App, ici: &Ici, id: &str) -> Result<Televersement, RefusDepot> {
    let televersement = app.registre.lire().await?.load_televersement(id).await?;
    let televersement = televersement.filter(|un| un.personne == ici.personne.id);
    televersement.ok_or(RefusDepot::Inconnu)
}

fn exiger_extension(nom: &NomFichier, extensions: &[&str]) -> Result<String, RefusDepot> {
    let extension = nom.extension();
    if extensions.contains(&extension.as_str()) {
        return Ok(extension);
    }
    let admises = extensions.iter().map(|une| format!(".{une}")).collect::<Vec<_>>().join(", ");
    if extension.is_empty() {
        return Err(RefusDepot::SansExtension(admises));
    }
    Err(RefusDepot::Extension { extension, admises })
}

async fn lire_flux(
    app: &App,
    ici: &Ici,
    flux: &mut Flux<'_>,
    nom: &NomFichier,
    max: u64,
) -> Result<Televersement, RefusDepot> {
    let mut televersement = ouvrir(app, ici, nom, 0).await?;
    let mut ecrivain = Ecrivain::reprendre(app, &televersement);
    let fin = loop {
        match flux.morceau().await {
            Ok(Some(morceau)) if ecrivain.total() + morceau.len() as u64 > max => {
                break Err(RefusDepot::TropGros { max });
            }
            Ok(Some(morceau)) => {
                if let Err(erreur) = ecrivain.ajouter(&morceau).await {
                    break Err(erreur.into());
                }
            }
            Ok(None) => break ecrivain.finir().await.map_err(RefusDepot::from),
            Err(RefusFormulaire::TropGros) => break Err(RefusDepot::TropGros { max }),
            Err(refus) => break Err(refus.into()),
        }
    };
    (televersement.recu, televersement.parties) = ecrivain.avance();
    televersement.taille = televersement.recu;
    if let Err(refus) = fin {
        supprimer(app, &televersement).await?;
        return Err(refus);
    }
    let mut tx = app.registre.ecrire().await?;
    tx.clore_televersement(&televersement.id).await?;
    tx.commit().await?;
    Ok(televersement)
}

/// Begins an upload of `taille` bytes.
///
/// # Errors
/// [`RefusDepot::TropDeTeleversements`] when the person has too much under way.
pub async fn ouvrir(
    app: &App,
    ici: &Ici,
    nom: &NomFichier,
    taille: i64,
) -> Result<Televersement, RefusDepot> {
    let televersement = Televersement {
        id: app.alea.jeton(),
        personne: ici.personne.id,
        nom: nom.to_string(),
        taille,
        recu: 0,
        parties: 0,
        cree_le: app.maintenant(),
    };
    let mut tx = app.registre.ecrire().await?;
    let (nombre, octets) = tx.compter_televersements(ici.personne.id).await?;
    if nombre >= TELEVERSEMENTS_PAR_PERSONNE || octets.saturating_add(taille) > OCTETS_PAR_PERSONNE {
        return Err(RefusDepot::TropDeTeleversements);
    }
    tx.creer_televersement(&televersement).await?;
    tx.commit().await?;
    Ok(televersement)
}

/// Checks a whole upload and keeps it under its content.
async fn accepter(
    app: &App,
    televersement: &Televersement,
    extensions: &[&str],
    max: u64,
) -> Result<Recu, RefusDepot> {
    let nom = NomFichier::assainir(&televersement.nom)?;
    let extension = exiger_extension(&nom, extensions)?;
    let (recu, taille) = (televersement.recu.unsigned_abs(), televersement.taille.unsigned_abs());
    if recu < taille {
        return Err(RefusDepot::Incomplet { recu, taille });
    }
    if taille == 0 {
        return Err(RefusDepot::Vide);
    }
    if taille > max {
        return Err(RefusDepot::TropGros { max });
    }
    let Examen { sha256, mime } = examiner(app, televersement, extension).await?;
    let analyse = analyser(app, televersement).await?;
    app.magasin.assembler(&televersement.id, televersement.parties, &sha256).await?;
    let garde = FichierGarde {
        sha256: sha256.clone(),
        taille: televersement.taille,
        mime: mime.to_owned(),
        depose_le: app.maintenant(),
    };
    let mut tx = app.registre.ecrire().await?;
    tx.save_fichier(&garde).await?;
    tx.commit().await?;
    let fichier = Fichier { sha256, taille, nom, mime: mime.to_owned(), analyse };
    Ok(Recu { fichier, televersement: televersement.id.clone() })
}

async fn examiner(app: &App, televersement: &Televersement, extension: String) -> Result<Examen, RefusDepot> {
    let id = televersement.id.clone();
    let lecteur = Lecteur::ouvrir(app.magasin.clone(), id, televersement.parties).await?;
    if lecteur.taille() != televersement.taille.unsigned_abs() {
        return Err(Erreur::Interne("the pieces of an upload don't add up").into());
    }
    let examen = tokio::task::spawn_blocking(move || contenu::examiner(lecteur, &extension)).await;
    examen.map_err(|_| Erreur::Interne("the examination of a file panicked"))?.map_err(RefusDepot::Contenu)
}

async fn analyser(app: &App, televersement: &Televersement) -> Result<Analyse, RefusDepot> {
    let Some(config) = &app.config.antivirus else { return Ok(Analyse::NonAnalyse) };
    let depart = (app.magasin.clone(), televersement.id.clone(), 0, televersement.parties);
    let flux = stream::unfold(depart, async |(magasin, id, rang, fin)| {
        if rang == fin {
            return None;
        }
        let piece = magasin.lire_piece(&id, rang).await.map_err(io::Error::other);
        Some((piece, (magasin, id, rang + 1, fin)))
    });
    match antivirus::analyser(config, flux).await {
        Ok(Constat::Sain) => Ok(Analyse::Sain { le: app.maintenant() }),
        Ok(Constat::Infecte(signature)) => Err(RefusDepot::Virus { signature }),
        Ok(Constat::TropGros) => {
            tracing::warn!(
                taille = televersement.taille,
                "a file is larger than clamd accepts (StreamMaxLength)"
            );
            Ok(Analyse::NonAnalyse)
        }
        Err(source) => {
            tracing::error!(%source, "the antivirus is out of reach");
            Err(RefusDepot::Antivirus { televersement: televersement.id.clone(), source })
        }
    }
}

/// What the antivirus found is written in the history of the dossier.
async fn noter_virus(app: &App, ici: &Ici, nom: &str, signature: &str) -> Result<(), Erreur> {
    tracing::warn!(personne = %ici.personne.id, signature, "infected file refused");
    let Ok(candidature) = ici.candidature() else { return Ok(()) };
    let evenement = Evenement::new(
        candidature.sujet(),
        format!("Fichier refusé par l’antivirus : {nom}"),
        &ici.acteur(),
        app.maintenant(),
    )
    .motif(signature);
    let mut tx = app.registre.ecrire().await?;
    tx.save_evenement(&evenement).await?;
    tx.commit().await?;
    Ok(())
}

/// Forgets an upload whose file is now used, or that its sender gave up.
pub async fn oublier(app: &App, ici: &Ici, id: &str) -> Result<(), Erreur> {
    match charger(app, ici, id).await {
        Ok(televersement) => supprimer(app, &televersement).await,
        Err(RefusDepot::Interne(erreur)) => Err(erreur),
        Err(_) => Ok(()),
    }
}

async fn supprimer(app: &App, televersement: &Televersement) -> Result<(), Erreur> {
    // One more than what was acknowledged: a piece may have been written by a sender that was cut before the end.
    app.magasin.supprimer_pieces(&televersement.id, televersement.parties + 1).await?;
    let mut tx = app.registre.ecrire().await?;
    tx.supprimer_televersement(&televersement.id).await?;
    tx.commit().await?;
    Ok(())
}

/// Forgets the uploads that no form has claimed for seven days.
pub async fn menage(app: &App) -> Result<(), Erreur> {
    let avant = app.maintenant().saturating_sub(ABANDON).unwrap_or(jiff::Timestamp::MIN);
    let abandonnes = app.registre.lire().await?.load_televersements_abandonnes(avant).await?;
    for televersement in &abandonnes {
        supprimer(app, televersement).await?;
    }
    Ok(())
}

/// Writes the bytes of an upload, a piece at a time.
pub struct Ecrivain {
    app: App,
    id: String,
    recu: i64,
    parties: i64,
    tampon: BytesMut,
}

impl Ecrivain {
    /// At the end of what is already safe.
    pub fn reprendre(app: &App, televersement: &Televersement) -> Self {
        Self {
            app: app.clone(),
            id: televersement.id.clone(),
            recu: televersement.recu,
            parties: televersement.parties,
            tampon: BytesMut::new(),
        }
    }

    /// Bytes received, safe or not yet.
    pub fn total(&self) -> u64 {
        self.recu.unsigned_abs() + self.tampon.len() as u64
    }

    /// Bytes and pieces that are safe.
    pub fn avance(&self) -> (i64, i64) {
        (self.recu, self.parties)
    }

    /// # Errors
    /// A conflict when somebody else sends at the same place.
    pub async fn ajouter(&mut self, octets: &[u8]) -> Result<(), Erreur> {
        self.tampon.extend_from_slice(octets);
        while self.tampon.len() >= PIECE {
            let piece = self.tampon.split_to(PIECE).freeze();
            self.ecrire(piece).await?;
        }
        Ok(())
    }

    /// Makes safe what is left, however short.
    ///
    /// # Errors
    /// As [`Ecrivain::ajouter`].
    pub async fn finir(&mut self) -> Result<(), Erreur> {
        if self.tampon.is_empty() {
            return Ok(());
        }
        let piece = self.tampon.split().freeze();
        self.ecrire(piece).await
    }

    /// The transaction holds the row while the piece is written: of two senders, one writes and the other conflicts, so
    /// that a piece that counts is never written over.
    async fn ecrire(&mut self, piece: Bytes) -> Result<(), Erreur> {
        let octets = i64::try_from(piece.len()).map_err(|_| Erreur::Interne("a piece without end"))?;
        let mut tx = self.app.registre.ecrire().await?;
        tx.avancer_televersement(&self.id, self.recu, octets).await?;
        self.app.magasin.ecrire_piece(&self.id, self.parties, piece).await?;
        tx.commit().await?;
        self.recu += octets;
        self.parties += 1;
        Ok(())
    }
}
