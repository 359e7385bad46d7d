//! The fields of the formulaire administratif, as one list: key, label, help, who must fill it in, and its rule.
//!
//! Rule: the list is what the page, the submission, the instruction and the history read; a field exists here or not
//! at all. Sources: spec guichets §2.3; the bounds that no source gives are ours.

use jiff::civil::Date;

use crate::{
    formulaire::{Contexte, Formulaire},
    identifiant::{
        ClientId, CodePostal, Courriel, Datapass, Nie, Nil, Nru, Pays, Siret, Telephone, VersionLogiciel,
    },
    produit::Faute,
    referentiel::{Guichet, Profil},
};

/// How a field is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forme {
    Texte {
        max: usize,
    },
    Date,
    /// Value and label of each choice.
    Choix(&'static [(&'static str, &'static str)]),
    Pays,
    Profils,
    Case,
    /// A habilitation of this profile: its NRU, or its PDF.
    Habilitation(Profil),
}

/// When a field must be filled in.
#[derive(Clone, Copy)]
pub enum Obligation {
    Toujours,
    Facultatif,
    Si(fn(&Formulaire) -> bool),
}

pub struct Champ {
    pub cle: &'static str,
    pub section: Section,
    pub libelle: &'static str,
    pub aide: &'static str,
    pub forme: Forme,
    pub obligation: Obligation,
    /// `None` for both guichets.
    pub guichet: Option<Guichet>,
    /// Whether the answers given so far make the field appear at all.
    pub visible: fn(&Formulaire) -> bool,
    /// Whether it stays open after validation (spec guichets §1.3).
    pub reste_ouvert: bool,
    regle: fn(&str) -> Result<(), String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Entreprise,
    Siege,
    Representant,
    Contact,
    Logiciel,
    Raccordement,
    Profils,
    Composants,
    Liens,
    Engagement,
}

impl Section {
    pub const TOUTES: [Self; 10] = [
        Self::Entreprise,
        Self::Siege,
        Self::Representant,
        Self::Contact,
        Self::Logiciel,
        Self::Profils,
        Self::Raccordement,
        Self::Composants,
        Self::Liens,
        Self::Engagement,
    ];

    pub fn titre(self) -> &'static str {
        match self {
            Self::Entreprise => "Informations de l’entreprise",
            Self::Siege => "Adresse du siège social",
            Self::Representant => "Représentant légal",
            Self::Contact => "Contact pour l’habilitation",
            Self::Logiciel => "Logiciel",
            Self::Profils => "Profils",
            Self::Raccordement => "Raccordement à Pro Santé Connect",
            Self::Composants => "Composants additionnels",
            Self::Liens => "Liens avec d’autres candidatures",
            Self::Engagement => "Engagement",
        }
    }

    pub fn ancre(self) -> &'static str {
        match self {
            Self::Entreprise => "entreprise",
            Self::Siege => "adresse",
            Self::Representant => "representant",
            Self::Contact => "contact",
            Self::Logiciel => "logiciel",
            Self::Profils => "profils",
            Self::Raccordement => "raccordement",
            Self::Composants => "composants",
            Self::Liens => "liens",
            Self::Engagement => "engagement",
        }
    }
}

impl Champ {
    pub fn concerne(&self, guichet: Guichet) -> bool {
        self.guichet.is_none_or(|autre| autre == guichet)
    }

    pub fn visible(&self, formulaire: &Formulaire) -> bool {
        (self.visible)(formulaire)
    }

    pub fn obligatoire(&self, formulaire: &Formulaire) -> bool {
        match self.obligation {
            Obligation::Toujours => true,
            Obligation::Facultatif => false,
            Obligation::Si(condition) => condition(formulaire),
        }
    }

    /// What is wrong with the value of this field, if anything.
    pub fn faute(&self, formulaire: &Formulaire, contexte: &Contexte) -> Option<Faute> {
        if let Forme::Habilitation(profil) = self.forme {
            return self.faute_habilitation(profil, formulaire, contexte);
        }
        let valeur = formulaire.valeur(self.cle);
        if valeur.is_empty() {
            return self.obligatoire(formulaire).then(|| Faute::new(self.cle, self.manque()));
        }
        let resultat = match self.forme {
            Forme::Texte { max } if valeur.chars().count() > max => {
                Err(format!("{max} caractères au plus ; vous en avez {}.", valeur.chars().count()))
            }
            Forme::Choix(choix) if !choix.iter().any(|(cle, _)| *cle == valeur) => {
                Err("Choisissez une valeur de la liste.".to_owned())
            }
            Forme::Profils => profils(valeur, contexte.guichet),
            Forme::Date => date(valeur, contexte.aujourdhui),
            _ => (self.regle)(valeur),
        };
        let resultat = match (self.cle, resultat) {
            // The rule of the code postal needs the country, which stands in another field.
            ("siege_code_postal", Ok(())) => code_postal(valeur, formulaire.valeur("siege_pays")),
            (_, autre) => autre,
        };
        resultat.err().map(|message| Faute::new(self.cle, message))
    }

    fn manque(&self) -> &'static str {
        match self.forme {
            Forme::Case => "Cochez cette case pour continuer.",
            Forme::Choix(_) | Forme::Pays => "Choisissez une valeur.",
            Forme::Profils => "Cochez au moins un profil.",
            _ => "Ce champ est obligatoire.",
        }
    }

    fn faute_habilitation(
        &self,
        profil: Profil,
        formulaire: &Formulaire,
        contexte: &Contexte,
    ) -> Option<Faute> {
        let Some(liee) = formulaire.habilitations.get(self.cle) else {
            return self.obligatoire(formulaire).then(|| {
                Faute::new(
                    self.cle,
                    format!("Donnez le NRU ou le PDF de l’habilitation « {} ».", profil.libelle()),
                )
            });
        };
        let faute = |message: String| Some(Faute::new(self.cle, message));
        if liee.profil != profil {
            return faute(format!(
                "Cette habilitation est celle d’un profil « {} » ; celle d’un « {} » est attendue.",
                liee.profil.libelle(),
                profil.libelle()
            ));
        }
        if let Err(raison) = &liee.en_vigueur {
            return faute(raison.clone());
        }
        if liee.fin < contexte.aujourdhui {
            return faute(format!(
                "Cette habilitation a pris fin le {}.",
                crate::calendrier::date_fr(liee.fin)
            ));
        }
        None
    }
}

fn profils(valeur: &str, guichet: Guichet) -> Result<(), String> {
    let connus = Profil::du_guichet(guichet);
    if valeur.split(',').all(|coche| connus.iter().any(|profil| profil.code() == coche.trim())) {
        Ok(())
    } else {
        Err("Ce profil n’est pas de ce guichet.".to_owned())
    }
}

fn date(valeur: &str, aujourdhui: Date) -> Result<(), String> {
    let date: Date = valeur.parse().map_err(|_| "Donnez une date, par exemple 2027-03-31.".to_owned())?;
    if date < aujourdhui { Err("Cette date est passée.".to_owned()) } else { Ok(()) }
}

fn code_postal(valeur: &str, pays: &str) -> Result<(), String> {
    match pays.parse::<Pays>() {
        Ok(pays) => CodePostal::lire(valeur, &pays).map(drop).map_err(|refus| refus.to_string()),
        // Without a country the fault stands at the country.
        Err(_) => Ok(()),
    }
}

fn lire<T: std::str::FromStr<Err: std::fmt::Display>>(valeur: &str) -> Result<(), String> {
    valeur.parse::<T>().map(drop).map_err(|refus| refus.to_string())
}

fn pays(valeur: &str) -> Result<(), String> {
    let pays: Pays = valeur.parse().map_err(|refus: <Pays as std::str::FromStr>::Err| refus.to_string())?;
    if pays.est_ue() {
        Ok(())
    } else {
        Err("Le fournisseur de service est une personne morale immatriculée dans l’Union européenne."
            .to_owned())
    }
}

fn libre(_: &str) -> Result<(), String> {
    Ok(())
}

fn toujours(_: &Formulaire) -> bool {
    true
}

fn elu(formulaire: &Formulaire) -> bool {
    formulaire.a_profil(Profil::ELU)
}

fn opsu(formulaire: &Formulaire) -> bool {
    formulaire.a_profil(Profil::OpSU)
}

fn opsp(formulaire: &Formulaire) -> bool {
    formulaire.a_profil(Profil::OpSP)
}

fn opsu_et_opsp(formulaire: &Formulaire) -> bool {
    opsu(formulaire) && opsp(formulaire)
}

/// Matrix of spec guichets §3.3: alone, an OpSU shows the habilitation of the proxy's opérateur; with both profiles
/// only when the proxy used is not the one that the candidate operates.
fn opsp_tiers(formulaire: &Formulaire) -> bool {
    opsu(formulaire) && (!opsp(formulaire) || formulaire.coche("proxy_tiers"))
}

fn segur(formulaire: &Formulaire) -> bool {
    !formulaire.valeur("dispositif_segur").is_empty()
}

const FORMES_JURIDIQUES: &[(&str, &str)] = &[
    ("SA", "Société anonyme (SA)"),
    ("SAS", "Société par actions simplifiée (SAS)"),
    ("SASU", "SAS unipersonnelle (SASU)"),
    ("SARL", "Société à responsabilité limitée (SARL)"),
    ("EURL", "SARL unipersonnelle (EURL)"),
    ("SNC", "Société en nom collectif (SNC)"),
    ("SCA", "Société en commandite par actions (SCA)"),
    ("SCS", "Société en commandite simple (SCS)"),
    ("SCOP", "Société coopérative de production (SCOP)"),
    ("SCIC", "Société coopérative d’intérêt collectif (SCIC)"),
    ("SE", "Société européenne (SE)"),
    ("GIE", "Groupement d’intérêt économique (GIE)"),
    ("GIP", "Groupement d’intérêt public (GIP)"),
    ("GCS", "Groupement de coopération sanitaire (GCS)"),
    ("ASSOCIATION", "Association loi de 1901"),
    ("FONDATION", "Fondation"),
    ("MUTUELLE", "Mutuelle"),
    ("ETABLISSEMENT_PUBLIC", "Établissement public (EPA, EPIC, EPS)"),
    ("COLLECTIVITE", "Collectivité territoriale"),
    ("SOCIETE_UE", "Autre société de l’Union européenne"),
    ("AUTRE", "Autre personne morale"),
];

const CIVILITES: &[(&str, &str)] = &[("Mme", "Madame"), ("M.", "Monsieur")];

const OUI_AUCUN: &[(&str, &str)] =
    &[("oui", "Oui, je les décris ci-dessous"), ("aucun", "Aucun composant additionnel")];

const DISPOSITIFS_SEGUR: &[(&str, &str)] = &[
    ("DPI", "DPI — dossier patient informatisé"),
    ("PFI", "PFI — plateforme d’intermédiation"),
    ("LGC", "LGC — logiciel de gestion de cabinet"),
    ("SGL", "SGL — système de gestion de laboratoire"),
    ("RIS", "RIS — système d’information de radiologie"),
    ("DRIMbox", "DRIMbox"),
    ("LGO", "LGO — logiciel de gestion d’officine"),
    ("DUI-MS1", "DUI — personnes âgées, handicap, domicile (MS1)"),
    ("DUI-MS2", "DUI — protection de l’enfance, personnes en difficulté (MS2)"),
    ("DUI-MS3", "DUI — accueil, hébergement, insertion (MS3)"),
    ("SF", "Logiciel de sage-femme"),
    ("CD", "Logiciel de chirurgien-dentiste"),
    ("PARAMED", "Logiciel de profession paramédicale"),
];

const COURT: Forme = Forme::Texte { max: 255 };

/// A field for both guichets, always visible and obligatory, closed after validation: most of them.
const fn champ(
    cle: &'static str,
    section: Section,
    libelle: &'static str,
    aide: &'static str,
    forme: Forme,
    regle: fn(&str) -> Result<(), String>,
) -> Champ {
    Champ {
        cle,
        section,
        libelle,
        aide,
        forme,
        obligation: Obligation::Toujours,
        guichet: None,
        visible: toujours,
        reste_ouvert: false,
        regle,
    }
}

const fn ouvert(champ: Champ) -> Champ {
    Champ { reste_ouvert: true, ..champ }
}

const fn facultatif(champ: Champ) -> Champ {
    Champ { obligation: Obligation::Facultatif, ..champ }
}

const fn pour(guichet: Guichet, visible: fn(&Formulaire) -> bool, champ: Champ) -> Champ {
    Champ { guichet: Some(guichet), visible, ..champ }
}

use Section::{
    Composants, Contact, Engagement, Entreprise, Liens, Logiciel, Profils, Raccordement, Representant, Siege,
};

/// Every field, in the order of the page.
pub static CHAMPS: &[Champ] = &[
    champ("denomination", Entreprise, "Dénomination sociale", "", COURT, libre),
    champ("siret", Entreprise, "SIRET", "14 chiffres ; les espaces sont acceptés.", COURT, lire::<Siret>),
    champ(
        "forme_juridique",
        Entreprise,
        "Forme juridique",
        "Le candidat est une personne morale.",
        Forme::Choix(FORMES_JURIDIQUES),
        libre,
    ),
    champ("siege_voie", Siege, "Numéro et voie", "", COURT, libre),
    facultatif(champ("siege_complement", Siege, "Complément d’adresse", "", COURT, libre)),
    champ("siege_code_postal", Siege, "Code postal", "", Forme::Texte { max: 12 }, libre),
    champ("siege_commune", Siege, "Commune", "", COURT, libre),
    champ("siege_pays", Siege, "Pays", "Un pays de l’Union européenne.", Forme::Pays, pays),
    ouvert(champ("representant_civilite", Representant, "Civilité", "", Forme::Choix(CIVILITES), libre)),
    ouvert(champ("representant_nom", Representant, "Nom", "", COURT, libre)),
    ouvert(champ("representant_prenom", Representant, "Prénom", "", COURT, libre)),
    ouvert(champ("representant_fonction", Representant, "Fonction", "", COURT, libre)),
    ouvert(champ("representant_courriel", Representant, "Courriel", "", COURT, lire::<Courriel>)),
    ouvert(champ("representant_telephone", Representant, "Téléphone", "", COURT, lire::<Telephone>)),
    ouvert(champ("contact_nom", Contact, "Nom", "Cette personne reçoit l’habilitation.", COURT, libre)),
    ouvert(champ("contact_prenom", Contact, "Prénom", "", COURT, libre)),
    ouvert(champ("contact_fonction", Contact, "Fonction", "", COURT, libre)),
    ouvert(champ(
        "contact_courriel",
        Contact,
        "Courriel",
        "De préférence une boîte partagée et durable.",
        COURT,
        lire::<Courriel>,
    )),
    ouvert(champ("contact_telephone", Contact, "Téléphone", "", COURT, lire::<Telephone>)),
    champ("logiciel", Logiciel, "Dénomination du logiciel", "", Forme::Texte { max: 120 }, libre),
    ouvert(champ(
        "version",
        Logiciel,
        "Numéro de version du logiciel",
        "Reste modifiable après la validation ; gardez-le égal à celui du test d’intrusion.",
        Forme::Texte { max: 40 },
        lire::<VersionLogiciel>,
    )),
    ouvert(champ("date_depot", Logiciel, "Date prévisionnelle de dépôt des preuves", "", Forme::Date, libre)),
    champ(
        "profils",
        Profils,
        "Profil(s) du candidat",
        "Un ou deux profils. Le choix est figé une fois le formulaire validé.",
        Forme::Profils,
        libre,
    ),
    pour(
        Guichet::Editeur,
        elu,
        champ(
            "nie",
            Profils,
            "NIE (numéro d’identification éditeur)",
            "Donné par le CNDA à l’inscription de l’entreprise.",
            COURT,
            lire::<Nie>,
        ),
    ),
    pour(
        Guichet::Editeur,
        elu,
        champ(
            "nil",
            Profils,
            "NIL (numéro d’identification du logiciel)",
            "Donné par le CNDA à la création du logiciel.",
            COURT,
            lire::<Nil>,
        ),
    ),
    pour(
        Guichet::Editeur,
        elu,
        champ(
            "proxy",
            Profils,
            "Proxy e-Santé utilisé",
            "Nom ou NRU du proxy. Un logiciel qui utilise plusieurs proxies dépose un dossier pour chacun.",
            COURT,
            libre,
        ),
    ),
    pour(
        Guichet::Operateur,
        opsu_et_opsp,
        facultatif(champ(
            "proxy_tiers",
            Profils,
            "Le logiciel utilisateur passe par un autre proxy que celui que j’opère",
            "",
            Forme::Case,
            libre,
        )),
    ),
    pour(
        Guichet::Operateur,
        opsu,
        Champ {
            obligation: Obligation::Si(opsu),
            ..champ(
                "habilitation_elu",
                Profils,
                "Habilitation de l’éditeur du logiciel utilisateur",
                "Le NRU suffit ; à défaut, le PDF signé.",
                Forme::Habilitation(Profil::ELU),
                libre,
            )
        },
    ),
    pour(
        Guichet::Operateur,
        opsp,
        Champ {
            obligation: Obligation::Si(opsp),
            ..champ(
                "habilitation_elp",
                Profils,
                "Habilitation de l’éditeur du Proxy e-Santé",
                "Le NRU suffit ; à défaut, le PDF signé.",
                Forme::Habilitation(Profil::ELP),
                libre,
            )
        },
    ),
    pour(
        Guichet::Operateur,
        opsp_tiers,
        Champ {
            obligation: Obligation::Si(opsp_tiers),
            ..champ(
                "habilitation_opsp",
                Profils,
                "Habilitation de l’opérateur du Proxy e-Santé",
                "Le NRU suffit ; à défaut, le PDF signé.",
                Forme::Habilitation(Profil::OpSP),
                libre,
            )
        },
    ),
    champ(
        "datapass",
        Raccordement,
        "Numéro de demande Datapass",
        "Le numéro de la demande (D…), et non celui de l’habilitation (H…). Un opérateur tiers donne le sien.",
        COURT,
        lire::<Datapass>,
    ),
    pour(
        Guichet::Editeur,
        toujours,
        champ(
            "client_id",
            Raccordement,
            "Client ID du bac à sable (EDC BAS)",
            "Un nouveau Client ID, égal au CN du certificat Pro Santé Connect.",
            COURT,
            lire::<ClientId>,
        ),
    ),
    pour(
        Guichet::Operateur,
        toujours,
        champ(
            "client_id",
            Raccordement,
            "Client ID de production (EDC)",
            "Un nouveau Client ID, égal au CN du certificat Pro Santé Connect.",
            COURT,
            lire::<ClientId>,
        ),
    ),
    champ(
        "composants",
        Composants,
        "Votre logiciel intègre-t-il des composants additionnels ?",
        "Un composant d’un autre fournisseur, ou le vôtre s’il est suivi à part.",
        Forme::Choix(OUI_AUCUN),
        libre,
    ),
    facultatif(champ(
        "nru_elu",
        Liens,
        "NRU de l’éditeur de logiciel utilisateur",
        "Recommandé : il rapproche vos dossiers.",
        COURT,
        lire::<Nru>,
    )),
    facultatif(champ(
        "nru_elp",
        Liens,
        "NRU de l’éditeur de Proxy e-Santé",
        "Recommandé : il rapproche vos dossiers.",
        COURT,
        lire::<Nru>,
    )),
    facultatif(champ(
        "dispositif_segur",
        Liens,
        "Dispositif Ségur lié",
        "",
        Forme::Choix(DISPOSITIFS_SEGUR),
        libre,
    )),
    Champ {
        visible: segur,
        ..facultatif(champ("nru_segur", Liens, "NRU de la candidature Ségur", "", COURT, lire::<Nru>))
    },
    champ(
        "cgu",
        Engagement,
        "J’accepte les conditions générales d’utilisation de Pro Santé Connect et les audits de conformité",
        "",
        Forme::Case,
        libre,
    ),
];

/// The field of this key for this guichet.
pub fn trouver(cle: &str, guichet: Guichet) -> Option<&'static Champ> {
    CHAMPS.iter().find(|champ| champ.cle == cle && champ.concerne(guichet))
}
