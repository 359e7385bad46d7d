//! Who may do what: the permission matrix of spec guichets §5, in this one place.
//!
//! Rule: a person acts on an object in one or more [`Qualite`]s (their role in the structure that owns it, their right
//! on the produit, their roles at the agency); an act is allowed when one of them allows it. Whoever has no quality at
//! all on an object must not learn that it exists: the edge answers 404, not 403.

use std::fmt;

use serde::{Deserialize, Serialize};

/// In what quality somebody stands before an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Qualite {
    Mandataire,
    Responsable,
    /// Collaborator of a produit with the right « gestion ».
    Gestion,
    /// Collaborator with the right « dépôt ».
    Depot,
    /// Collaborator with the right « lecture ».
    Lecture,
    /// Member of the structure without any right on the produit at hand.
    Membre,
    Verificateur,
    College,
    Signataire,
    Administrateur,
    Auditeur,
    Cnda,
    Systeme,
}

impl Qualite {
    pub const AGENCE: [Self; 6] = [
        Self::Verificateur,
        Self::College,
        Self::Signataire,
        Self::Administrateur,
        Self::Auditeur,
        Self::Cnda,
    ];

    pub fn libelle(self) -> &'static str {
        match self {
            Self::Mandataire => "mandataire",
            Self::Responsable => "responsable",
            Self::Gestion => "collaborateur (gestion)",
            Self::Depot => "collaborateur (dépôt)",
            Self::Lecture => "collaborateur (lecture)",
            Self::Membre => "salarié",
            Self::Verificateur => "vérificateur",
            Self::College => "membre du collège",
            Self::Signataire => "signataire",
            Self::Administrateur => "administrateur",
            Self::Auditeur => "auditeur",
            Self::Cnda => "CNDA",
            Self::Systeme => "système",
        }
    }
}

impl fmt::Display for Qualite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.libelle())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Objet {
    Comptes,
    Produit,
    Formulaire,
    Preuve,
    /// Points de vérification and notes internes: the industriel never sees them.
    Instruction,
    Messagerie,
    Autorisation,
    Habilitation,
    College,
    Audit,
    Referentiel,
    Faq,
    /// Queues, message templates and settings of the agency.
    Agence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Acte {
    Lire,
    Ecrire,
    Soumettre,
    Juger,
    Signer,
    Administrer,
}

/// The matrix: a row for each object, a column for each quality in the order of [`COLONNES`], and in each cell the
/// letters of the acts allowed: R lire, W écrire, S soumettre, V juger, G signer, A administrer.
#[rustfmt::skip]
const MATRICE: [(Objet, [&str; COLONNES.len()]); 13] = [
    //                    Mand.  Resp.  Gest.  Dépôt  Lect.  Membre Vérif. Coll.  Sign.  Admin. Audit. CNDA
    (Objet::Comptes,      ["RWA", "RWA", "",    "",    "",    "R",   "",    "",    "",    "R",   "",    "" ]),
    (Objet::Produit,      ["RWA", "RWA", "RWA", "RW",  "R",   "",    "R",   "R",   "",    "RWA", "R",   "" ]),
    (Objet::Formulaire,   ["RWS", "RWS", "RWS", "RW",  "R",   "",    "RV",  "R",   "R",   "RV",  "R",   "" ]),
    (Objet::Preuve,       ["RWS", "RWS", "RWS", "RWS", "R",   "",    "RV",  "R",   "",    "R",   "R",   "" ]),
    (Objet::Instruction,  ["",    "",    "",    "",    "",    "",    "RW",  "R",   "",    "RW",  "R",   "" ]),
    (Objet::Messagerie,   ["RW",  "RW",  "RW",  "RW",  "R",   "",    "RW",  "RW",  "",    "R",   "",    "" ]),
    (Objet::Autorisation, ["R",   "R",   "R",   "R",   "R",   "",    "RV",  "R",   "",    "RA",  "R",   "R"]),
    (Objet::Habilitation, ["R",   "R",   "R",   "R",   "R",   "",    "R",   "RV",  "RG",  "RA",  "R",   "R"]),
    (Objet::College,      ["",    "",    "",    "",    "",    "",    "R",   "RV",  "R",   "RA",  "",    "" ]),
    (Objet::Audit,        ["RS",  "RS",  "RS",  "R",   "",    "",    "R",   "R",   "",    "RA",  "RW",  "" ]),
    (Objet::Referentiel,  ["R",   "R",   "R",   "R",   "R",   "R",   "R",   "R",   "R",   "RWA", "R",   "R"]),
    (Objet::Faq,          ["R",   "R",   "R",   "R",   "R",   "R",   "R",   "R",   "R",   "RWA", "R",   "R"]),
    (Objet::Agence,       ["",    "",    "",    "",    "",    "",    "RW",  "R",   "R",   "RW",  "R",   "" ]),
];

const COLONNES: [Qualite; 12] = [
    Qualite::Mandataire,
    Qualite::Responsable,
    Qualite::Gestion,
    Qualite::Depot,
    Qualite::Lecture,
    Qualite::Membre,
    Qualite::Verificateur,
    Qualite::College,
    Qualite::Signataire,
    Qualite::Administrateur,
    Qualite::Auditeur,
    Qualite::Cnda,
];

impl Acte {
    const fn lettre(self) -> char {
        match self {
            Self::Lire => 'R',
            Self::Ecrire => 'W',
            Self::Soumettre => 'S',
            Self::Juger => 'V',
            Self::Signer => 'G',
            Self::Administrer => 'A',
        }
    }
}

/// Whether one of the `qualites` allows `acte` on `objet`.
pub fn permis(qualites: &[Qualite], objet: Objet, acte: Acte) -> bool {
    qualites
        .iter()
        .any(|qualite| *qualite == Qualite::Systeme || cellule(*qualite, objet).contains(acte.lettre()))
}

/// One cell of the matrix; empty where the quality has no column, so that what is not written is refused.
fn cellule(qualite: Qualite, objet: Objet) -> &'static str {
    let colonne = COLONNES.iter().position(|autre| *autre == qualite);
    let ligne = MATRICE.iter().find(|(autre, _)| *autre == objet);
    colonne.zip(ligne).map_or("", |(colonne, (_, cellules))| cellules[colonne])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn la_matrice_dit_qui_peut_quoi() {
        let cas: [(&[Qualite], Objet, Acte, bool); 21] = [
            (&[Qualite::Mandataire], Objet::Comptes, Acte::Administrer, true),
            (&[Qualite::Depot], Objet::Comptes, Acte::Administrer, false),
            (&[Qualite::Depot], Objet::Formulaire, Acte::Ecrire, true),
            (&[Qualite::Depot], Objet::Formulaire, Acte::Soumettre, false),
            (&[Qualite::Depot], Objet::Preuve, Acte::Soumettre, true),
            (&[Qualite::Lecture], Objet::Preuve, Acte::Ecrire, false),
            (&[Qualite::Lecture], Objet::Messagerie, Acte::Lire, true),
            (&[Qualite::Mandataire], Objet::Instruction, Acte::Lire, false),
            (&[Qualite::Verificateur], Objet::Preuve, Acte::Juger, true),
            (&[Qualite::Verificateur], Objet::Habilitation, Acte::Signer, false),
            (&[Qualite::Verificateur, Qualite::Signataire], Objet::Habilitation, Acte::Signer, true),
            (&[Qualite::College], Objet::Habilitation, Acte::Juger, true),
            (&[Qualite::Administrateur], Objet::Habilitation, Acte::Juger, false),
            (&[Qualite::Cnda], Objet::Autorisation, Acte::Lire, true),
            (&[Qualite::Cnda], Objet::Preuve, Acte::Lire, false),
            (&[Qualite::Responsable], Objet::Audit, Acte::Soumettre, true),
            (&[Qualite::Depot], Objet::Audit, Acte::Soumettre, false),
            (&[Qualite::Lecture], Objet::Audit, Acte::Lire, false),
            (&[Qualite::Administrateur], Objet::Audit, Acte::Ecrire, false),
            (&[Qualite::Membre], Objet::Produit, Acte::Lire, false),
            (&[], Objet::Faq, Acte::Lire, false),
        ];
        for (qualites, objet, acte, attendu) in cas {
            assert_eq!(permis(qualites, objet, acte), attendu, "{qualites:?} {objet:?} {acte:?}");
        }
    }
}
