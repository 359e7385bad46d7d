//! The automatic checks of what is deposited: they read, compare and give their reasons.
//!
//! Rule: an advice, never a verdict (spec guichets §3.7). A check that can't be made says so rather than nothing, and
//! what it says of other dossiers is for the agency alone ([`visibles`]).

mod certificat;
mod signature;

use bytes::Bytes;
use domaine::{
    avis::{self, Avis, VerdictAvis},
    candidature::Candidature,
    chapitre::Emplacement,
    identifiant::ClientId,
    preuve::{Analyse, Contenu, Fichier, Preuve},
    referentiel::{Controle, Kind, PreuveAttendue},
    test_intrusion::juger,
};

use crate::{app::App, erreur::Erreur};

/// Largest file that is read whole for a check, in bytes.
const LECTURE_MAX: u64 = 64 << 20;

/// What a check needs to know.
struct Affaire<'a> {
    app: &'a App,
    candidature: &'a Candidature,
    kind: Kind,
    contenu: &'a Contenu,
}

/// Runs the checks that the slot asks for, on one item.
pub(crate) async fn controler(
    app: &App,
    candidature: &Candidature,
    attendue: &PreuveAttendue,
    kind: Kind,
    contenu: &Contenu,
) -> Result<Vec<Avis>, Erreur> {
    if matches!(contenu, Contenu::NonApplicable { .. }) {
        return Ok(Vec::new());
    }
    let affaire = Affaire { app, candidature, kind, contenu };
    let mut tous = Vec::new();
    for controle in &attendue.controles {
        tous.extend(affaire.controler(*controle).await?);
    }
    if let Contenu::Fichier(fichier) = contenu
        && !attendue.controles.contains(&Controle::Fichier)
    {
        tous.push(affaire.fichier(fichier).await?);
    }
    Ok(tous)
}

/// The advice again, for every current item of a chapter, as of now.
pub(crate) async fn recontroler(
    app: &App,
    candidature: &Candidature,
    code: &str,
) -> Result<Vec<(domaine::id::Id<Preuve>, Vec<Avis>)>, Erreur> {
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let emplacements = candidature.chapitre(code).map_or(&[] as &[Emplacement], |c| &c.emplacements);
    let mut tous = Vec::new();
    for slot in emplacements {
        let Some(attendue) = referentiel.attendue(&slot.attendue) else { continue };
        for preuve in slot.courantes() {
            let avis = controler(app, candidature, attendue, preuve.kind, &preuve.contenu).await?;
            tous.push((preuve.id, avis));
        }
    }
    Ok(tous)
}

/// The advice that somebody may read: what concerns other dossiers stays in the agency.
pub(crate) fn visibles(avis: &[Avis], agence: bool) -> impl Iterator<Item = &Avis> {
    avis.iter().filter(move |un| agence || un.controle != Controle::Fichier)
}

fn indetermine(controle: Controle, raison: &str) -> Avis {
    Avis::conforme(controle).avec(VerdictAvis::Indetermine, raison)
}

impl Affaire<'_> {
    /// `None` when the check says nothing of such an item.
    async fn controler(&self, controle: Controle) -> Result<Option<Avis>, Erreur> {
        let avis = match controle {
            Controle::CertCn if self.kind == Kind::CertificatPem => self.certificat().await?,
            Controle::PdfSignature => return self.signature().await,
            Controle::TiAge | Controle::TiVersion | Controle::TiSeuils => {
                return Ok(self.test_intrusion(controle));
            }
            Controle::Sbom if self.kind == Kind::Sbom => {
                self.sur_octets(controle, avis::sbom::controler).await?
            }
            Controle::AcrValues if self.kind == Kind::Har => {
                self.sur_octets(controle, avis::har::controler).await?
            }
            Controle::AcrValues => match self.contenu {
                Contenu::Texte(texte) => avis::har::controler(texte.as_bytes()),
                _ => return Ok(None),
            },
            Controle::PlatinesSession if self.kind == Kind::RapportConformite => self.rapport().await?,
            Controle::SessionSignee if self.kind == Kind::JsonSigne => match self.client_id() {
                Ok(client) => {
                    let lire = |octets: &[u8]| avis::donnees_session::controler(octets, &client);
                    self.sur_octets(controle, lire).await?
                }
                Err(raison) => indetermine(controle, raison),
            },
            Controle::HabilitationLiee => self.habilitations_liees(),
            Controle::UrlCgu if matches!(self.contenu, Contenu::Lien(_)) => indetermine(
                controle,
                "La page n’a pas été consultée : le guichet n’appelle pas de site extérieur.",
            ),
            Controle::Siret => self.siret(),
            Controle::Datapass => avis::datapass(self.candidature.formulaire.valeur("datapass")),
            Controle::Fichier => match self.contenu {
                Contenu::Fichier(fichier) => self.fichier(fichier).await?,
                _ => return Ok(None),
            },
            Controle::CertCn
            | Controle::Sbom
            | Controle::PlatinesSession
            | Controle::SessionSignee
            | Controle::UrlCgu => return Ok(None),
        };
        Ok(Some(avis))
    }

    fn client_id(&self) -> Result<ClientId, &'static str> {
        let saisi = self.candidature.formulaire.valeur("client_id");
        saisi.parse().map_err(|_| "Le Client ID du formulaire n’est pas lisible.")
    }

    /// The bytes of the file, unless it is too large or the item is no file.
    async fn octets(&self) -> Result<Option<Bytes>, Erreur> {
        match self.contenu {
            Contenu::Fichier(fichier) if fichier.taille <= LECTURE_MAX => {
                Ok(Some(self.app.magasin.lire(&fichier.sha256).await?))
            }
            _ => Ok(None),
        }
    }

    async fn sur_octets(&self, controle: Controle, lire: impl FnOnce(&[u8]) -> Avis) -> Result<Avis, Erreur> {
        let octets = self.octets().await?;
        Ok(octets.map_or_else(
            || indetermine(controle, "Ce fichier est trop gros pour être contrôlé automatiquement."),
            |octets| lire(&octets),
        ))
    }

    async fn certificat(&self) -> Result<Avis, Erreur> {
        let client = match self.client_id() {
            Ok(client) => client,
            Err(raison) => return Ok(indetermine(Controle::CertCn, raison)),
        };
        let (guichet, le) = (self.candidature.guichet, self.app.maintenant());
        self.sur_octets(Controle::CertCn, |octets| certificat::controler(octets, &client, guichet, le)).await
    }

    async fn signature(&self) -> Result<Option<Avis>, Erreur> {
        let Contenu::Fichier(fichier) = self.contenu else { return Ok(None) };
        if fichier.mime != "application/pdf" {
            return Ok(None);
        }
        let attendue = self.kind == Kind::PdfSigne;
        let (racines, le) = (&self.app.autorites_signature, self.app.maintenant());
        let lire = |octets: &[u8]| signature::controler(octets, racines, le, attendue);
        self.sur_octets(Controle::PdfSignature, lire).await.map(Some)
    }

    fn test_intrusion(&self, controle: Controle) -> Option<Avis> {
        let Contenu::TestIntrusion(fiche) = self.contenu else { return None };
        let Ok(version) = self.candidature.formulaire.valeur("version").parse() else {
            return Some(indetermine(controle, "La version du formulaire n’est pas lisible."));
        };
        let Ok(referentiel) = self.app.referentiel_de(&self.candidature.referentiel) else { return None };
        let profils = self.candidature.profils();
        let jugement = juger(fiche, &profils, &referentiel.seuils_ti, &version, self.app.aujourdhui());
        jugement.avis().into_iter().find(|avis| avis.controle == controle)
    }

    async fn rapport(&self) -> Result<Avis, Erreur> {
        let controle = Controle::PlatinesSession;
        let Contenu::Fichier(fichier) = self.contenu else {
            return Ok(indetermine(controle, "Ce n’est pas un fichier."));
        };
        if fichier.mime != "application/json" {
            let raison = "Seul un rapport en JSON est lu automatiquement : joignez-le si l’outil le donne.";
            return Ok(indetermine(controle, raison));
        }
        let client = match self.client_id() {
            Ok(client) => client,
            Err(raison) => return Ok(indetermine(controle, raison)),
        };
        let le = self.app.maintenant();
        self.sur_octets(controle, |octets| avis::session_conformite::controler(octets, &client, le)).await
    }

    fn habilitations_liees(&self) -> Avis {
        let liees = &self.candidature.formulaire.habilitations;
        let depart = Avis::conforme(Controle::HabilitationLiee);
        if liees.is_empty() {
            return depart.avec(VerdictAvis::Indetermine, "Aucune habilitation n’est liée au formulaire.");
        }
        let aujourdhui = self.app.aujourdhui();
        liees.values().fold(depart, |avis, liee| match &liee.en_vigueur {
            Err(raison) => avis.avec(VerdictAvis::NonConforme, format!("{} : {raison}.", liee.numero)),
            Ok(()) if liee.fin < aujourdhui => {
                avis.avec(VerdictAvis::NonConforme, format!("{} a expiré.", liee.numero))
            }
            Ok(()) => avis,
        })
    }

    fn siret(&self) -> Avis {
        let avis = Avis::conforme(Controle::Siret);
        match self.candidature.formulaire.valeur("siret").parse::<domaine::identifiant::Siret>() {
            Ok(_) => avis,
            Err(refus) => avis.avec(VerdictAvis::NonConforme, refus.to_string()),
        }
    }

    /// For the agency: the same bytes elsewhere, no analysis.
    async fn fichier(&self, fichier: &Fichier) -> Result<Avis, Erreur> {
        let mut tx = self.app.registre.lire().await?;
        let autres = tx.load_autres_usages(&fichier.sha256, self.candidature.id).await?;
        let mut avis = Avis::conforme(Controle::Fichier);
        if fichier.analyse == Analyse::NonAnalyse {
            avis = avis.avec(VerdictAvis::Remarque, "Ce fichier n’a pas été analysé par un antivirus.");
        }
        if !autres.is_empty() {
            let raison =
                format!("Le même fichier est déposé dans d’autres candidatures : {}.", autres.join(", "));
            avis = avis.avec(VerdictAvis::Remarque, raison);
        }
        Ok(avis)
    }
}
