//! What each site needs around its pages: the frame and its blocks (askama), the stylesheet, forms that can't be
//! read without their CSRF check, the session cookie, error pages, static files, security headers.
//!
//! The rule: everything works without JavaScript and with the keyboard; scripts only make it more pleasant, and the
//! content security policy leaves no room for inline script or style.
//!
//! Another crate reaches the templates with an `askama.toml` beside its `Cargo.toml`
//! (`dirs = ["templates", "../web/templates"]`), then `{% extends "base.html" %}` and
//! `{% import "ui.html" as ui %}`. The macros are listed at the head of `templates/ui.html`, the classes at the head
//! of `assets/style.css`.

pub mod assets;
mod cadre;
mod champs;
pub mod entetes;
pub mod erreur;
pub mod formulaire;
pub mod htmx;
pub mod markdown;
mod page;
pub mod session;
mod typographie;

pub use cadre::{Avis, Cadre, Etape, EtatEtape, Genre, Lien, Pagination, PersonneVue};
pub use champs::{Champs, Choix};
pub use erreur::PageErreur;
pub use formulaire::{Formulaire, FormulaireFichiers, Partie, RefusFormulaire, Saisie};
pub use page::{page, page_avec};
pub use session::{CookieSession, JetonSession, SessionWeb};
pub use typographie::insecables;
