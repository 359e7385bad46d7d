//! The page of a candidature: its NRU, its steps, what is missing for the next one, and everything that hangs on it.
//!
//! Rule: one page for both sides; the industriel finds where to act, the agency where to instruct.

use askama::Template;
use axum::{extract::State, response::Response};
use domaine::{
    autorisation::{self, Autorisation, EtatAutorisation},
    calendrier::{date_fr, jour},
    candidature::{Candidature, Etat},
    chapitre::{Chapitre, EtatChapitre},
    formulaire::EtatFormulaire,
    permission::{Acte, Objet},
    referentiel::Guichet,
};
use registre::Tx;
use web::{Cadre, Choix, Etape, Genre};

use super::{
    fil,
    remplacer::remplacable,
    reprendre::{Offre, offre},
};
use crate::{
    acces::Ici,
    app::App,
    avancement::{self, Carte, Compteurs, Suite, texte_non_lus},
    cadre::cadre,
    erreur::Erreur,
    pages::{
        instruction::{Attente, NoteVue, choix_referents, load_referents, notes_sur},
        produit::{Acces, acces},
    },
};

/// The formulaire as its step shows it.
struct Formulaire {
    etat: &'static str,
    genre: Genre,
    pourcentage: u8,
    /// Whether the percentage still says something.
    en_saisie: bool,
    url: String,
    geste: &'static str,
    /// « Démarrer » is an act, the rest are links.
    demarrer: bool,
    /// Whether it waits for the agency.
    a_instruire: bool,
}

/// The card « Autorisation d’accès ».
struct CarteAutorisation {
    numero: String,
    etat: String,
    genre: Genre,
    fin: String,
    pdf: String,
    /// What to do while there is none.
    attente: String,
    /// Address of the chapter that opens the right to it; empty once it is valid.
    chapitre: String,
}

struct CarteHabilitation {
    numero: String,
    profil: &'static str,
    etat: &'static str,
    genre: Genre,
    fin: String,
    pdf: String,
}

/// What only the agency sees: who is in charge, since when the industriel waits, the notes on the dossier.
struct Agence {
    referents: Vec<Choix>,
    /// Identity of the person in charge; empty when there is none.
    referent: String,
    moi: String,
    peut_affecter: bool,
    peut_noter: bool,
    attente: Option<Attente>,
    notes: Vec<NoteVue>,
}

/// What the person may do here.
#[expect(clippy::struct_excessive_bools, reason = "each is one link of the page, shown or not")]
struct Droits {
    demarrer: bool,
    abandonner: bool,
    remplacer: bool,
    preuves: bool,
    messagerie: bool,
    collaborateurs: bool,
    instruire_formulaire: bool,
    instruire: bool,
}

#[derive(Template)]
#[template(path = "candidature/voir.html")]
struct Page {
    cadre: Cadre,
    titre: String,
    nru: String,
    adresse: String,
    produit_url: String,
    guichet: &'static str,
    editeur: bool,
    etat: &'static str,
    genre: Genre,
    /// Why the candidature is at rest or at its end, with the motive that was given.
    fin: Option<(Genre, String, String)>,
    denomination: String,
    siret: String,
    profils: Vec<&'static str>,
    referentiel: String,
    referent: String,
    remplace: String,
    renouvelle: String,
    /// Preuves of the candidature that this one replaces or renews, for whoever may deposit.
    reprise: Option<Offre>,
    /// Those of the old one are offered once the form of this one is valid.
    reprise_a_venir: bool,
    creee_le: String,
    attente_depuis: String,
    etapes: Vec<Etape>,
    suite: Option<Suite>,
    formulaire: Formulaire,
    compteurs: String,
    chapitres: Vec<Carte>,
    autorisation: Option<CarteAutorisation>,
    college: String,
    habilitations: Vec<CarteHabilitation>,
    habilitee: bool,
    agence: bool,
    interne: Option<Agence>,
    droits: Droits,
    acces: Vec<Acces>,
    non_lus: i64,
    texte_non_lus: String,
    envoi: String,
}

/// How many things to do are shown before the rest is folded away.
const GESTES: usize = 6;

impl Page {
    /// Address of an act on this candidature.
    fn sous(&self, acte: &str) -> String {
        format!("{}/{acte}", self.adresse)
    }

    fn premiers(&self) -> &[avancement::Geste] {
        self.suite.as_ref().map_or(&[], |suite| &suite.gestes[..suite.gestes.len().min(GESTES)])
    }

    fn suivants(&self) -> &[avancement::Geste] {
        self.suite.as_ref().map_or(&[], |suite| &suite.gestes[suite.gestes.len().min(GESTES)..])
    }
}

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    let candidature = &ici.candidature()?.valeur;
    let (structure, produit) = (ici.structure()?, ici.produit()?);
    let mut tx = app.registre.lire().await?;
    let autorisation = tx.load_autorisation(candidature.id).await?;
    let habilitations = habilitations(&app, &ici, &mut tx, candidature).await?;
    let non_lus = tx.compter_non_lus(candidature.id, ici.personne.id, ici.agence()).await?;
    let college = college(&mut tx, candidature).await?;
    let interne = if ici.agence() { Some(Agence::charger(&app, &ici, &mut tx).await?) } else { None };
    let depose = ici.peut(Objet::Preuve, Acte::Ecrire);
    let reprise = if depose { offre(&app, &mut tx, candidature).await? } else { None };
    let contexte = app.contexte(candidature.guichet);
    let url = avancement::url(candidature);
    let compteurs = Compteurs::de(candidature);
    let droits = Droits::de(&ici, candidature);
    let aujourdhui = app.aujourdhui();
    let page = Page {
        cadre: cadre(&app, Some(&ici), &candidature.titre, &url, &fil(&ici, "", "")[..1]),
        titre: candidature.titre.clone(),
        nru: candidature.nru.to_string(),
        produit_url: if ici.peut(Objet::Produit, Acte::Lire) {
            format!("/produits/{}", produit.id)
        } else {
            String::new()
        },
        guichet: candidature.guichet.libelle(),
        editeur: candidature.guichet == Guichet::Editeur,
        etat: candidature.etat.libelle(),
        genre: avancement::genre(&candidature.etat),
        fin: fin(candidature),
        denomination: structure.denomination.clone(),
        siret: structure.siret.lisible(),
        profils: candidature.profils().iter().map(|profil| profil.libelle()).collect(),
        referentiel: candidature.referentiel.clone(),
        referent: candidature.referent.as_ref().map_or_else(String::new, |acteur| acteur.nom.clone()),
        remplace: candidature.remplace.as_ref().map_or_else(String::new, ToString::to_string),
        renouvelle: candidature.renouvelle.clone().unwrap_or_default(),
        reprise,
        reprise_a_venir: depose && candidature.remplace.is_some() && candidature.chapitres.is_empty(),
        creee_le: date_fr(jour(candidature.creee_le)),
        attente_depuis: candidature.attente_agence.map_or_else(String::new, |le| date_fr(jour(le))),
        etapes: avancement::etapes(candidature, &contexte),
        suite: Suite::de(candidature, app.referentiel_de(&candidature.referentiel)?, &contexte),
        formulaire: Formulaire::de(candidature, candidature.formulaire.pourcentage(&contexte), &droits),
        compteurs: if compteurs.chapitres == 0 { String::new() } else { compteurs.texte() },
        chapitres: candidature.chapitres.iter().map(|chapitre| Carte::de(candidature, chapitre)).collect(),
        autorisation: (candidature.guichet == Guichet::Editeur && ici.peut(Objet::Autorisation, Acte::Lire))
            .then(|| CarteAutorisation::de(candidature, autorisation.as_deref(), aujourdhui)),
        college,
        habilitations,
        habilitee: matches!(candidature.etat, Etat::Habilitee { .. }),
        agence: ici.agence(),
        interne,
        acces: acces(structure, produit),
        droits,
        non_lus,
        texte_non_lus: texte_non_lus(non_lus),
        envoi: app.alea.jeton(),
        adresse: url,
    };
    Ok(web::page(&page))
}

async fn habilitations(
    app: &App,
    ici: &Ici,
    tx: &mut Tx,
    candidature: &Candidature,
) -> Result<Vec<CarteHabilitation>, Erreur> {
    if !ici.peut(Objet::Habilitation, Acte::Lire) {
        return Ok(Vec::new());
    }
    let le = app.maintenant();
    let habilitations = tx.load_habilitations_candidature(candidature.id).await?;
    Ok(habilitations
        .iter()
        .map(|habilitation| CarteHabilitation {
            numero: habilitation.numero().to_owned(),
            profil: habilitation.contenu.profil.libelle(),
            etat: habilitation.libelle_etat(le),
            genre: avancement::genre_habilitation(habilitation, le),
            fin: date_fr(habilitation.contenu.fin),
            pdf: match habilitation.document() {
                Some(_) => format!("/habilitations/{}/pdf", habilitation.numero()),
                None => String::new(),
            },
        })
        .collect())
}

async fn college(tx: &mut Tx, candidature: &Candidature) -> Result<String, Erreur> {
    Ok(match &candidature.etat {
        Etat::DepotComplet => "Le dossier est complet : l’agence l’inscrit à une session.".to_owned(),
        Etat::EnCollege { session } => match tx.load_session_college(*session).await? {
            Some(session) => format!("Inscrit à la session du {}.", date_fr(session.date)),
            None => "Inscrit à une session.".to_owned(),
        },
        Etat::Habilitee { le } => format!("Décision favorable le {}.", date_fr(jour(*le))),
        Etat::Refusee { le, .. } if !candidature.chapitres.is_empty() => {
            format!("Décision défavorable le {}.", date_fr(jour(*le)))
        }
        _ => "Le collège se prononce une fois tous les chapitres validés.".to_owned(),
    })
}

fn fin(candidature: &Candidature) -> Option<(Genre, String, String)> {
    match &candidature.etat {
        Etat::Refusee { motif, le } => {
            let irrecevable = matches!(candidature.formulaire.etat, EtatFormulaire::Irrecevable { .. });
            let quoi = if irrecevable { "Candidature irrecevable" } else { "Candidature refusée" };
            Some((Genre::Erreur, format!("{quoi} le {}", date_fr(jour(*le))), motif.clone()))
        }
        Etat::Abandonnee { motif, le } => {
            Some((Genre::Neutre, format!("Candidature abandonnée le {}", date_fr(jour(*le))), motif.clone()))
        }
        Etat::Dormante { depuis, .. } => Some((
            Genre::Attention,
            format!("En sommeil depuis le {}", date_fr(jour(*depuis))),
            "Rien n’est perdu : la première action sur le formulaire ou sur une preuve réveille le dossier."
                .to_owned(),
        )),
        _ => None,
    }
}

impl Agence {
    async fn charger(app: &App, ici: &Ici, tx: &mut Tx) -> Result<Self, Erreur> {
        let candidature = ici.candidature()?;
        let lit_notes = ici.peut(Objet::Instruction, Acte::Lire);
        let ecrit = ici.peut(Objet::Instruction, Acte::Ecrire);
        let notes = if lit_notes { tx.load_notes(candidature.id).await? } else { Vec::new() };
        let referents = if ecrit { load_referents(tx).await? } else { Vec::new() };
        let referent = candidature.referent.as_ref().and_then(|acteur| acteur.personne);
        let delai = app.config.agence.delai_jours;
        Ok(Self {
            referents: choix_referents(&referents),
            referent: referent.map_or_else(String::new, |id| id.to_string()),
            moi: if referents.iter().any(|personne| personne.id == ici.personne.id) {
                ici.personne.id.to_string()
            } else {
                String::new()
            },
            peut_affecter: ecrit && !candidature.etat.terminee(),
            peut_noter: ecrit,
            attente: candidature
                .attente_agence
                .map(|depuis| Attente::depuis(depuis, app.maintenant(), delai)),
            notes: notes_sur(&notes, "dossier"),
        })
    }
}

impl Droits {
    fn de(ici: &Ici, candidature: &Candidature) -> Self {
        let ouverte = !candidature.etat.terminee();
        let ecrire = ici.peut(Objet::Formulaire, Acte::Ecrire);
        let soumettre = ici.peut(Objet::Formulaire, Acte::Soumettre);
        Self {
            demarrer: ecrire && candidature.etat == Etat::Creee,
            abandonner: soumettre && ouverte,
            remplacer: soumettre && remplacable(candidature),
            preuves: ici.peut(Objet::Preuve, Acte::Lire),
            messagerie: ici.peut(Objet::Messagerie, Acte::Lire),
            collaborateurs: !ici.agence() && ici.peut(Objet::Produit, Acte::Administrer),
            instruire_formulaire: ici.agence() && ici.peut(Objet::Formulaire, Acte::Juger),
            instruire: ici.agence() && ici.peut(Objet::Instruction, Acte::Lire),
        }
    }
}

impl Formulaire {
    fn de(candidature: &Candidature, pourcentage: u8, droits: &Droits) -> Self {
        let formulaire = &candidature.formulaire;
        let ouvert = !candidature.etat.terminee() && !droits.instruire_formulaire;
        let (genre, geste) = match &formulaire.etat {
            EtatFormulaire::ACompleter | EtatFormulaire::EnSaisie if pourcentage == 100 && ouvert => {
                (Genre::Info, "Relire et soumettre")
            }
            EtatFormulaire::ACompleter | EtatFormulaire::EnSaisie if ouvert => (Genre::Neutre, "Reprendre"),
            EtatFormulaire::ACorriger { .. } if ouvert => (Genre::Attention, "Corriger"),
            EtatFormulaire::ACompleter | EtatFormulaire::EnSaisie => (Genre::Neutre, "Consulter"),
            EtatFormulaire::ACorriger { .. } => (Genre::Attention, "Consulter"),
            EtatFormulaire::Soumis { .. } => (Genre::Info, "Consulter"),
            EtatFormulaire::Valide { .. } => (Genre::Succes, "Consulter"),
            EtatFormulaire::Irrecevable { .. } => (Genre::Erreur, "Consulter"),
        };
        Self {
            etat: formulaire.etat.libelle(),
            genre,
            pourcentage,
            en_saisie: matches!(formulaire.etat, EtatFormulaire::ACompleter | EtatFormulaire::EnSaisie),
            url: format!("{}/formulaire", avancement::url(candidature)),
            geste,
            demarrer: droits.demarrer,
            a_instruire: formulaire.soumis(),
        }
    }
}

impl CarteAutorisation {
    fn de(
        candidature: &Candidature,
        autorisation: Option<&Autorisation>,
        aujourdhui: jiff::civil::Date,
    ) -> Self {
        let url = avancement::url(candidature);
        let prerequis = candidature.chapitre(autorisation::CHAPITRE);
        let valide = prerequis.is_some_and(Chapitre::valide);
        let soumis = prerequis.is_some_and(|chapitre| {
            matches!(chapitre.etat, EtatChapitre::Soumis { .. } | EtatChapitre::EnInstruction { .. })
        });
        let mut carte = Self {
            numero: String::new(),
            etat: "En attente".to_owned(),
            genre: Genre::Neutre,
            fin: String::new(),
            pdf: String::new(),
            attente: String::new(),
            chapitre: match prerequis {
                Some(chapitre) if !valide && !soumis => format!("{url}/chapitres/{}", chapitre.code),
                _ => String::new(),
            },
        };
        let Some(autorisation) = autorisation else {
            let attente = if soumis {
                "L’agence examine le chapitre « Prérequis Maturité Technique » : sa validation ouvre l’accès aux environnements de test pour trois mois."
            } else if valide {
                "Les prérequis sont validés : l’autorisation est en cours d’établissement."
            } else {
                "Complétez d’abord le chapitre « Prérequis Maturité Technique » : sa validation ouvre l’accès aux environnements de test pour trois mois."
            };
            attente.clone_into(&mut carte.attente);
            return carte;
        };
        let etat = autorisation.etat(aujourdhui);
        (carte.genre, carte.etat) = match etat {
            EtatAutorisation::Active { jours } if jours <= 30 => {
                (Genre::Attention, format!("Active, encore {jours} j"))
            }
            EtatAutorisation::Active { .. } => (Genre::Succes, etat.libelle().to_owned()),
            EtatAutorisation::Expiree => (Genre::Attention, etat.libelle().to_owned()),
            EtatAutorisation::Revoquee => (Genre::Erreur, etat.libelle().to_owned()),
        };
        if let Some(revocation) = &autorisation.revocation {
            carte.attente.clone_from(&revocation.motif);
        }
        carte.numero.clone_from(&autorisation.numero);
        carte.fin = date_fr(autorisation.fin);
        carte.chapitre.clear();
        if autorisation.document.is_some() {
            carte.pdf = format!("{url}/autorisation");
        } else if autorisation.revocation.is_none() {
            "Le document se prépare : rechargez la page dans un instant.".clone_into(&mut carte.attente);
        }
        carte
    }
}
