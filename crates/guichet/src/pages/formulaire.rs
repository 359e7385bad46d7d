//! Pages of `formulaire`: the formulaire administratif as the industriel fills it in.
//!
//! Rule: everything is one form, so that whatever button is pressed, what was typed is saved first; nothing that
//! somebody else wrote meanwhile is overwritten unseen.

mod brouillon;
pub mod composant;
mod conflit;
pub mod enregistrer;
pub mod habilitation;
pub mod pieces;
pub mod preremplir;
pub mod soumettre;
pub mod voir;
pub(crate) mod vue;
