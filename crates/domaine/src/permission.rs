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

/// Whether one of the `qualites` allows `acte` on `objet`.
pub fn permis(qualites: &[Qualite], objet: Objet, acte: Acte) -> bool {
    qualites.iter().any(|qualite| actes(*qualite, objet).contains(&acte))
}

/// One cell of the matrix: the acts that a quality has on an object.
pub fn actes(qualite: Qualite, objet: Objet) -> &'static [Acte] {
    use Acte::{Administrer as A, Ecrire as W, Juger as V, Lire as R, Signer as G, Soumettre as S};
    use Objet as O;
    use Qualite as Q;
    match (objet, qualite) {
        (_, Q::Systeme) => &[R, W, S, V, G, A],

        (O::Comptes, Q::Mandataire | Q::Responsable) => &[R, W, A],
        (O::Comptes, Q::Membre | Q::Administrateur) => &[R],

        (O::Produit, Q::Mandataire | Q::Responsable | Q::Gestion | Q::Administrateur) => &[R, W, A],
        (O::Produit, Q::Depot) => &[R, W],
        (O::Produit, Q::Lecture | Q::Verificateur | Q::College | Q::Auditeur) => &[R],

        (O::Formulaire, Q::Mandataire | Q::Responsable | Q::Gestion) => &[R, W, S],
        (O::Formulaire, Q::Depot) => &[R, W],
        (O::Formulaire, Q::Verificateur | Q::Administrateur) => &[R, V],
        (O::Formulaire, Q::Lecture | Q::College | Q::Signataire | Q::Auditeur) => &[R],

        (O::Preuve, Q::Mandataire | Q::Responsable | Q::Gestion | Q::Depot) => &[R, W, S],
        (O::Preuve, Q::Verificateur) => &[R, V],
        (O::Preuve, Q::Lecture | Q::College | Q::Administrateur | Q::Auditeur) => &[R],

        (O::Instruction, Q::Verificateur | Q::Administrateur) => &[R, W],
        (O::Instruction, Q::College | Q::Auditeur) => &[R],

        (
            O::Messagerie,
            Q::Mandataire | Q::Responsable | Q::Gestion | Q::Depot | Q::Verificateur | Q::College,
        ) => &[R, W],
        (O::Messagerie, Q::Lecture | Q::Administrateur) => &[R],

        (O::Autorisation, Q::Administrateur) => &[R, A],
        (O::Autorisation, Q::Verificateur) => &[R, V],
        (
            O::Autorisation,
            Q::Mandataire
            | Q::Responsable
            | Q::Gestion
            | Q::Depot
            | Q::Lecture
            | Q::College
            | Q::Auditeur
            | Q::Cnda,
        ) => &[R],

        (O::Habilitation, Q::College) => &[R, V],
        (O::Habilitation, Q::Signataire) => &[R, G],
        (O::Habilitation, Q::Administrateur) => &[R, A],
        (
            O::Habilitation,
            Q::Mandataire
            | Q::Responsable
            | Q::Gestion
            | Q::Depot
            | Q::Lecture
            | Q::Verificateur
            | Q::Auditeur
            | Q::Cnda,
        ) => &[R],

        (O::College, Q::College) => &[R, V],
        (O::College, Q::Administrateur) => &[R, A],
        (O::College, Q::Verificateur | Q::Signataire) => &[R],

        (O::Audit, Q::Auditeur) => &[R, W],
        (O::Audit, Q::Administrateur) => &[R, A],
        (O::Audit, Q::Mandataire | Q::Responsable | Q::Verificateur | Q::College) => &[R],

        (O::Referentiel | O::Faq, Q::Administrateur) => &[R, W, A],
        (O::Referentiel | O::Faq, _) => &[R],

        (O::Agence, Q::Verificateur | Q::Administrateur) => &[R, W],
        (O::Agence, Q::College | Q::Signataire | Q::Auditeur) => &[R],

        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn la_matrice_dit_qui_peut_quoi() {
        let cas: [(&[Qualite], Objet, Acte, bool); 17] = [
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
            (&[Qualite::Membre], Objet::Produit, Acte::Lire, false),
            (&[], Objet::Faq, Acte::Lire, false),
        ];
        for (qualites, objet, acte, attendu) in cas {
            assert_eq!(permis(qualites, objet, acte), attendu, "{qualites:?} {objet:?} {acte:?}");
        }
    }
}
