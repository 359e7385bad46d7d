//! Identities of our own nouns: a UUID that remembers at compile time which noun it names.
//!
//! Mixing up the identity of a produit with that of a candidature is a compile error, not a bug found in production.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Identity of a noun `N`, shown and stored as a hyphenated UUID.
pub struct Id<N> {
    valeur: Uuid,
    nom: PhantomData<fn() -> N>,
}

impl<N> Id<N> {
    pub const fn new(valeur: Uuid) -> Self {
        Self { valeur, nom: PhantomData }
    }
}

impl<N> Clone for Id<N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for Id<N> {}

impl<N> PartialEq for Id<N> {
    fn eq(&self, autre: &Self) -> bool {
        self.valeur == autre.valeur
    }
}

impl<N> Eq for Id<N> {}

impl<N> PartialOrd for Id<N> {
    fn partial_cmp(&self, autre: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(autre))
    }
}

impl<N> Ord for Id<N> {
    fn cmp(&self, autre: &Self) -> std::cmp::Ordering {
        self.valeur.cmp(&autre.valeur)
    }
}

impl<N> std::hash::Hash for Id<N> {
    fn hash<H: std::hash::Hasher>(&self, etat: &mut H) {
        self.valeur.hash(etat);
    }
}

impl<N> fmt::Debug for Id<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.valeur, f)
    }
}

impl<N> fmt::Display for Id<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.valeur, f)
    }
}

impl<N> FromStr for Id<N> {
    type Err = uuid::Error;

    /// # Errors
    /// When the text is not a UUID.
    fn from_str(texte: &str) -> Result<Self, Self::Err> {
        texte.parse().map(Self::new)
    }
}

impl<N> Serialize for Id<N> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.valeur.serialize(s)
    }
}

impl<'de, N> Deserialize<'de> for Id<N> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Uuid::deserialize(d).map(Self::new)
    }
}
