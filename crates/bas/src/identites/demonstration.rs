//! The identities that the sandbox comes with. All fictitious: RPPS numbers of the test series, companies whose SIREN
//! begins with `0000`, FINESS numbers of a department that doesn't exist.

use oidc::psc::{Activite, AutreId, Exercice, Profil, RefPro};

use super::{Identite, Moyen, Reponse};

/// Where somebody practises.
struct Lieu {
    nom: &'static str,
    /// Technical identifier of the structure.
    id: &'static str,
    siret: &'static str,
    finess: &'static str,
    secteur: &'static str,
    voie: &'static str,
    code_postal: &'static str,
    bureau: &'static str,
}

const CABINET: Lieu = Lieu {
    nom: "Cabinet du Dr Exemple",
    id: "R10000000010001",
    siret: "00004100400019",
    finess: "",
    secteur: "SA07",
    voie: "DES ESSAIS",
    code_postal: "99100",
    bureau: "99100 FICTIVILLE",
};
const HOPITAL: Lieu = Lieu {
    nom: "Centre hospitalier de Fictiville",
    id: "F990000011",
    siret: "00004200200015",
    finess: "990000011",
    secteur: "SA01",
    voie: "DE L HOPITAL",
    code_postal: "99000",
    bureau: "99000 FICTIVILLE CEDEX",
};
const CLINIQUE: Lieu = Lieu {
    nom: "Clinique des Trois Modèles",
    id: "F990000029",
    siret: "00004300000011",
    finess: "990000029",
    secteur: "SA02",
    voie: "DES TROIS MODELES",
    code_postal: "99200",
    bureau: "99200 MODELE SUR MER",
};
const OFFICINE: Lieu = Lieu {
    nom: "Pharmacie de la Démonstration",
    id: "F990000037",
    siret: "00004400800016",
    finess: "990000037",
    secteur: "SA33",
    voie: "DE LA DEMONSTRATION",
    code_postal: "99100",
    bureau: "99100 FICTIVILLE",
};
const MAISON: Lieu = Lieu {
    nom: "Maison de santé L’Échantillon",
    id: "F990000045",
    siret: "00004500500012",
    finess: "990000045",
    secteur: "SA08",
    voie: "DE L ECHANTILLON",
    code_postal: "99300",
    bureau: "99300 ESSAI LES BAINS",
};

/// `mode`: `L` for a practice of one's own, `S` for an employee.
fn activite(lieu: &Lieu, mode: &str) -> Activite {
    let texte = str::to_owned;
    Activite {
        code_mode_exercice: texte(mode),
        code_secteur_dactivite: texte(lieu.secteur),
        code_genre_activite: texte("GENR01"),
        numero_siret_site: texte(lieu.siret),
        numero_siren_site: lieu.siret.chars().take(9).collect(),
        numero_finess_site: texte(lieu.finess),
        numero_finess_etablissement_juridique: texte(lieu.finess),
        identifiant_technique_de_la_structure: texte(lieu.id),
        raison_sociale_site: texte(lieu.nom),
        numero_voie: texte("1"),
        code_type_de_voie: texte("R"),
        libelle_voie: texte(lieu.voie),
        bureau_cedex: texte(lieu.bureau),
        code_postal: texte(lieu.code_postal),
        code_pays: texte("99000"),
        telephone: texte("0199000000"),
        code_departement: texte("99"),
        autorite_denregistrement: texte("BAC_A_SABLE"),
        ..Activite::default()
    }
}

/// `savoir_faire`: type and code (`S`, `SM54`), empty when there is none.
fn exercice(
    profession: &str,
    categorie: &str,
    savoir_faire: (&str, &str),
    activites: Vec<Activite>,
) -> Exercice {
    Exercice {
        code_profession: profession.to_owned(),
        code_categorie_professionnelle: categorie.to_owned(),
        code_type_savoir_faire: savoir_faire.0.to_owned(),
        code_savoir_faire: savoir_faire.1.to_owned(),
        activities: activites,
        ..Exercice::default()
    }
}

fn identite(
    national_id: &str,
    (civilite, prenom, nom): (&str, &str, &str),
    structure: Option<&Lieu>,
    exercices: Vec<Exercice>,
) -> Identite {
    let origine = if national_id.starts_with("ANS") { "EDIT" } else { "RPPS" };
    let civilite_exercice = |profession: &str| match profession {
        "10" | "40" => "DR".to_owned(),
        "21" => "PH".to_owned(),
        _ => String::new(),
    };
    let exercices: Vec<Exercice> = exercices
        .into_iter()
        .map(|exercice| Exercice {
            code_civilite_dexercice: civilite_exercice(&exercice.code_profession),
            nom_dexercice: nom.to_owned(),
            prenom_dexercice: prenom.to_owned(),
            ..exercice
        })
        .collect();
    let roles = exercices
        .iter()
        .filter(|exercice| !exercice.code_profession.is_empty())
        .map(|exercice| format!("{}^1.2.250.1.213.1.1.5.5", exercice.code_profession))
        .collect();
    let profil = Profil {
        national_id: national_id.to_owned(),
        family_name: nom.to_owned(),
        given_name: prenom.to_owned(),
        civilite: civilite.to_owned(),
        genre_activite: "GENR01".to_owned(),
        secteur_activite: structure
            .map(|lieu| format!("{}^1.2.250.1.71.4.2.4", lieu.secteur))
            .unwrap_or_default(),
        structure: structure.map(|lieu| lieu.nom.to_owned()).unwrap_or_default(),
        structure_id: structure.map(|lieu| lieu.id.to_owned()).unwrap_or_default(),
        roles,
        psi_locale: "1.2.250.1.213.1.3.1.1".to_owned(),
        mode_acces_raison: String::new(),
        acces_regulation_medicale: "FAUX".to_owned(),
        uit_version: "1.0".to_owned(),
        palier_authentification: "APPPRIP3^1.2.250.1.213.1.5.1.1.1".to_owned(),
        autres_ids: vec![AutreId {
            identifiant: national_id.to_owned(),
            origine: origine.to_owned(),
            qualite: 1,
        }],
        ref_pro: RefPro { civilite: civilite.to_owned(), exercices },
    };
    Identite { profil, actif: true, ecps: Moyen::Actif, carte: Moyen::Actif, reponse: Reponse::Manuelle }
}

/// Sixteen people: each is there for something that a product must cope with.
pub(super) fn identites() -> Vec<Identite> {
    let mut toutes = professionnels();
    toutes.extend(cas_particuliers());
    toutes.extend(automates());
    toutes
}

fn liberal(lieu: &Lieu) -> Vec<Activite> {
    vec![activite(lieu, "L")]
}

fn salarie(lieu: &Lieu) -> Vec<Activite> {
    vec![activite(lieu, "S")]
}

const RIEN: (&str, &str) = ("", "");
const GENERALE: (&str, &str) = ("S", "SM54");
const CARDIOLOGIE: (&str, &str) = ("S", "SM04");

fn professionnels() -> Vec<Identite> {
    vec![
        identite(
            "899700000011",
            ("MME", "Camille", "GÉNÉRALISTE"),
            Some(&CABINET),
            vec![exercice("10", "C", GENERALE, liberal(&CABINET))],
        ),
        identite(
            "899700000029",
            ("M", "Malik", "CARDIOLOGUE"),
            Some(&CLINIQUE),
            vec![exercice("10", "C", CARDIOLOGIE, liberal(&CLINIQUE))],
        ),
        identite(
            "899700000037",
            ("MME", "Odile", "OFFICINE"),
            Some(&OFFICINE),
            vec![exercice("21", "C", RIEN, liberal(&OFFICINE))],
        ),
        identite(
            "899700000045",
            ("M", "Ivan", "INFIRMIER"),
            Some(&MAISON),
            vec![exercice("60", "C", RIEN, liberal(&MAISON))],
        ),
        // Employed at three places: which one is meant can't be guessed.
        identite(
            "899700000052",
            ("MME", "Hanna", "HOSPITALIÈRE"),
            Some(&HOPITAL),
            vec![exercice(
                "10",
                "C",
                ("S", "SM26"),
                vec![activite(&HOPITAL, "S"), activite(&CLINIQUE, "S"), activite(&MAISON, "L")],
            )],
        ),
        // A member of staff, known by the structure's number: the identifier holds a slash.
        identite(
            "500000009900015/CPAT00001",
            ("MME", "Sonia", "SECRÉTAIRE"),
            Some(&HOPITAL),
            vec![exercice("", "", RIEN, salarie(&HOPITAL))],
        ),
    ]
}

fn cas_particuliers() -> Vec<Identite> {
    vec![
        identite(
            "899700000060",
            ("M", "Élie", "ÉTUDIANT"),
            Some(&HOPITAL),
            vec![exercice("10", "E", RIEN, salarie(&HOPITAL))],
        ),
        identite(
            "899700000078",
            ("M", "René", "SANSACTIVITÉ"),
            None,
            vec![exercice("10", "C", GENERALE, Vec::new())],
        ),
        // Two fields of knowledge are two lines of practice.
        identite(
            "899700000086",
            ("MME", "Deborah", "DEUXSAVOIRS"),
            Some(&CLINIQUE),
            vec![
                exercice("10", "C", CARDIOLOGIE, liberal(&CLINIQUE)),
                exercice("10", "C", ("CAPA", "C32"), salarie(&HOPITAL)),
            ],
        ),
        identite(
            "899700000094",
            ("M", "Gwenaël-Zoé", "D’ÇA-VÀ L’ŒUVRÉ"),
            Some(&MAISON),
            vec![exercice("70", "C", RIEN, liberal(&MAISON))],
        ),
        Identite {
            actif: false,
            ..identite(
                "899700000102",
                ("M", "Raoul", "RADIÉ"),
                Some(&CABINET),
                vec![exercice("40", "C", RIEN, liberal(&CABINET))],
            )
        },
        Identite {
            ecps: Moyen::Absent,
            carte: Moyen::Absent,
            ..identite(
                "899700000110",
                ("MME", "Sacha", "SANSAPPAREIL"),
                Some(&MAISON),
                vec![exercice("50", "C", RIEN, liberal(&MAISON))],
            )
        },
        identite(
            "899700000128",
            ("MME", "Paula", "PODOLOGUE"),
            Some(&CABINET),
            vec![exercice("80", "C", RIEN, liberal(&CABINET))],
        ),
    ]
}

/// Those that answer by themselves, for tests that nobody watches.
fn automates() -> Vec<Identite> {
    vec![
        Identite {
            reponse: Reponse::Approuver,
            ..identite(
                "ANS20260101090001",
                ("M", "Auto", "APPROUVE"),
                Some(&CABINET),
                vec![exercice("10", "C", GENERALE, liberal(&CABINET))],
            )
        },
        Identite {
            reponse: Reponse::Refuser,
            ..identite(
                "ANS20260101090002",
                ("MME", "Auto", "REFUSE"),
                Some(&CABINET),
                vec![exercice("60", "C", RIEN, salarie(&CABINET))],
            )
        },
        Identite {
            reponse: Reponse::Jamais,
            ..identite(
                "ANS20260101090003",
                ("M", "Auto", "MUET"),
                Some(&CABINET),
                vec![exercice("21", "C", RIEN, salarie(&CABINET))],
            )
        },
    ]
}
