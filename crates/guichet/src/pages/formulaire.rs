//! Pages of `formulaire`.

pub mod composant;
pub mod enregistrer;
pub mod habilitation;
pub mod preremplir;
pub mod soumettre;
pub mod voir;
