//! The fields of the formulaire administratif, as one list: key, label, help, who must fill it in, and its rule.
//!
//! Rule: the list is what the page, the submission, the instruction and the history read; a field exists here or not
//! at all. Sources: spec guichets §2.3; the bounds that no source gives are ours.

pub use super::section::Section;
use super::{
    Formulaire,
    regle::{libre, lire, pays},
};
use crate::{
    identifiant::{ClientId, Courriel, Datapass, Nie, Nil, Nru, Siret, Telephone, VersionLogiciel},
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

#[derive(Clone, Copy)]
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
    /// Fields whose answer makes this one appear or changes what is right in it: it unlocks with them.
    pub depend_de: &'static [&'static str],
    pub(super) regle: fn(&str) -> Result<(), String>,
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
        depend_de: &[],
        regle,
    }
}

const fn ouvert(champ: Champ) -> Champ {
    Champ { reste_ouvert: true, ..champ }
}

const fn facultatif(champ: Champ) -> Champ {
    Champ { obligation: Obligation::Facultatif, ..champ }
}

const fn pour(guichet: Guichet, champ: Champ) -> Champ {
    Champ { guichet: Some(guichet), ..champ }
}

/// A field that the profiles (and perhaps the case « proxy tiers ») make appear.
const fn selon_profils(guichet: Guichet, visible: fn(&Formulaire) -> bool, champ: Champ) -> Champ {
    Champ { guichet: Some(guichet), visible, depend_de: &["profils", "proxy_tiers"], ..champ }
}

const fn habilitation(
    visible: fn(&Formulaire) -> bool,
    cle: &'static str,
    libelle: &'static str,
    profil: Profil,
) -> Champ {
    let aide = "Le NRU suffit ; à défaut, le PDF signé.";
    selon_profils(
        Guichet::Operateur,
        visible,
        champ(cle, Profils, libelle, aide, Forme::Habilitation(profil), libre),
    )
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
    Champ {
        depend_de: &["siege_pays"],
        ..champ("siege_code_postal", Siege, "Code postal", "", Forme::Texte { max: 12 }, libre)
    },
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
    selon_profils(
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
    selon_profils(
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
    selon_profils(
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
    selon_profils(
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
    habilitation(opsu, "habilitation_elu", "Habilitation de l’éditeur du logiciel utilisateur", Profil::ELU),
    habilitation(opsp, "habilitation_elp", "Habilitation de l’éditeur du Proxy e-Santé", Profil::ELP),
    habilitation(
        opsp_tiers,
        "habilitation_opsp",
        "Habilitation de l’opérateur du Proxy e-Santé",
        Profil::OpSP,
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
        depend_de: &["dispositif_segur"],
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
