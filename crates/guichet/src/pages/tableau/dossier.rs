//! What a person of a structure may see of it, gathered at once for the dashboard.

use std::collections::BTreeMap;

use domaine::{
    audit::{Audit, Partie},
    autorisation::{Autorisation, EtatAutorisation},
    calendrier::date_fr,
    candidature::{Candidature, Etat},
    habilitation::{EtatHabilitation, Habilitation},
    permission::{Acte, Objet, permis},
    produit::Produit,
    structure::{Personne, Structure},
};
use jiff::civil::Date;
use registre::Tx;
use web::Genre;

use crate::{
    acces::qualites_sur,
    app::App,
    avancement::{self, Compteurs, Suite, texte_non_lus},
    echeances::{self, Echeance},
    erreur::Erreur,
};

/// Everything the dashboard reads.
pub(super) struct Espace {
    pub(super) produits: Vec<Produit>,
    pub(super) dossiers: Vec<Dossier>,
    pub(super) documents: Vec<Document>,
    /// The audits in which something is asked of the structure, and this person may read it.
    pub(super) audits: Vec<Audit>,
}

/// A candidature as its card shows it.
pub(super) struct Dossier {
    pub(super) candidature: Candidature,
    pub(super) titre: String,
    pub(super) url: String,
    pub(super) guichet: &'static str,
    pub(super) nru: String,
    pub(super) profils: String,
    pub(super) genre: Genre,
    pub(super) etat: &'static str,
    /// Percentage of the formulaire while it is being filled in.
    pub(super) pourcentage: Option<u8>,
    /// Submitted and validated chapters, once they exist.
    pub(super) compteurs: String,
    /// Preuves deposited and expected.
    pub(super) chargees: (usize, usize),
    pub(super) non_lus: i64,
    pub(super) texte_non_lus: String,
    pub(super) suite: Option<Suite>,
    pub(super) terminee: bool,
    /// Preuves that stop being good, near or far.
    pub(super) echeances: Vec<Echeance>,
}

/// An autorisation or a habilitation, with its end.
pub(super) struct Document {
    pub(super) numero: String,
    pub(super) nature: String,
    pub(super) titre: String,
    pub(super) candidature: String,
    pub(super) fin: String,
    pub(super) dernier_jour: Date,
    pub(super) genre: Genre,
    pub(super) etat: String,
    /// Address of the PDF; empty while it is not made.
    pub(super) pdf: String,
    pub(super) autorisation: bool,
    /// Whether its end still matters: the dossier lives, nothing stands in its place.
    pub(super) compte: bool,
}

pub(super) async fn charger(
    app: &App,
    tx: &mut Tx,
    personne: &Personne,
    structure: &Structure,
) -> Result<Espace, Erreur> {
    let mut produits = tx.load_produits(structure.id).await?;
    produits
        .retain(|produit| permis(&qualites_sur(personne, structure, produit), Objet::Produit, Acte::Lire));
    let visibles: BTreeMap<_, _> = produits.iter().map(|produit| (produit.id, produit)).collect();
    let mut dossiers = Vec::new();
    let mut documents = Vec::new();
    for candidature in tx.load_candidatures_structure(structure.id).await? {
        if !visibles.contains_key(&candidature.produit) {
            continue;
        }
        if let Some(autorisation) = tx.load_autorisation(candidature.id).await? {
            documents.push(Document::autorisation(&autorisation, &candidature, app.aujourdhui()));
        }
        let non_lus = tx.compter_non_lus(candidature.id, personne.id, false).await?;
        let echeances = echeances::de(app, &candidature).await?;
        dossiers.push(Dossier::de(app, candidature, non_lus, echeances)?);
    }
    for habilitation in tx.load_habilitations_structure(structure.id).await? {
        if visibles.contains_key(&habilitation.produit) {
            documents.push(Document::habilitation(&habilitation, app.maintenant()));
        }
    }
    let mut audits = tx.load_audits_structure(structure.id).await?;
    audits.retain(|audit| {
        let lisible = |produit: &&Produit| {
            permis(&qualites_sur(personne, structure, produit), Objet::Audit, Acte::Lire)
        };
        audit.attente().is_some_and(|attente| attente.de == Partie::Titulaire)
            && visibles.get(&audit.produit).is_some_and(lisible)
    });
    Ok(Espace { produits, dossiers, documents, audits })
}

impl Dossier {
    fn de(
        app: &App,
        candidature: Candidature,
        non_lus: i64,
        echeances: Vec<Echeance>,
    ) -> Result<Self, Erreur> {
        let contexte = app.contexte(candidature.guichet);
        let en_saisie =
            matches!(candidature.etat, Etat::Creee | Etat::FormulaireEnCours | Etat::FormulaireACorriger);
        let compteurs = Compteurs::de(&candidature);
        let chargees = candidature
            .chapitres
            .iter()
            .map(domaine::chapitre::Chapitre::chargees)
            .fold((0, 0), |(faites, toutes), (fait, total)| (faites + fait, toutes + total));
        Ok(Self {
            titre: candidature.titre.clone(),
            url: avancement::url(&candidature),
            guichet: candidature.guichet.libelle(),
            nru: candidature.nru.to_string(),
            profils: candidature
                .profils()
                .iter()
                .map(|profil| profil.code())
                .collect::<Vec<_>>()
                .join(" et "),
            genre: avancement::genre(&candidature.etat),
            etat: candidature.etat.libelle(),
            pourcentage: en_saisie.then(|| candidature.formulaire.pourcentage(&contexte)),
            compteurs: if compteurs.chapitres == 0 { String::new() } else { compteurs.texte() },
            chargees,
            non_lus,
            texte_non_lus: texte_non_lus(non_lus),
            suite: Suite::de(&candidature, app.referentiel_de(&candidature.referentiel)?, &contexte),
            terminee: candidature.etat.terminee(),
            echeances,
            candidature,
        })
    }
}

impl Document {
    fn autorisation(autorisation: &Autorisation, candidature: &Candidature, aujourdhui: Date) -> Self {
        let etat = autorisation.etat(aujourdhui);
        let (genre, texte) = match etat {
            EtatAutorisation::Active { jours } if jours <= 30 => {
                (Genre::Attention, format!("Active, encore {jours} j"))
            }
            EtatAutorisation::Active { .. } => (Genre::Succes, etat.libelle().to_owned()),
            EtatAutorisation::Expiree => (Genre::Neutre, etat.libelle().to_owned()),
            EtatAutorisation::Revoquee => (Genre::Erreur, etat.libelle().to_owned()),
        };
        let url = avancement::url(candidature);
        Self {
            numero: autorisation.numero.clone(),
            nature: "Autorisation d’accès".to_owned(),
            titre: candidature.titre.clone(),
            fin: date_fr(autorisation.fin),
            dernier_jour: autorisation.fin,
            genre,
            etat: texte,
            pdf: if autorisation.document.is_some() { format!("{url}/autorisation") } else { String::new() },
            candidature: url,
            autorisation: true,
            compte: !candidature.etat.terminee() && etat != EtatAutorisation::Revoquee,
        }
    }

    fn habilitation(habilitation: &Habilitation, le: jiff::Timestamp) -> Self {
        let contenu = &habilitation.contenu;
        Self {
            numero: contenu.numero.clone(),
            nature: format!("Habilitation {}", contenu.profil.code()),
            titre: format!("{} {}", contenu.logiciel, contenu.version),
            candidature: format!("/candidatures/{}", habilitation.candidature),
            fin: date_fr(contenu.fin),
            dernier_jour: contenu.fin,
            genre: avancement::genre_habilitation(habilitation, le),
            etat: habilitation.libelle_etat(le).to_owned(),
            pdf: match habilitation.document() {
                Some(_) => format!("/habilitations/{}/pdf", contenu.numero),
                None => String::new(),
            },
            autorisation: false,
            compte: matches!(
                habilitation.etat,
                EtatHabilitation::Active { .. } | EtatHabilitation::Suspendue { .. }
            ),
        }
    }
}
