//! The parts of the formulaire administratif, in the order of the page.
//!
//! Rule: the anchor is part of the addresses that mails and the FAQ give: it never changes; a title may.

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
