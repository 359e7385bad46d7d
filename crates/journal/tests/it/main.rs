//! The journal as its users see it, on both databases.

mod abime;
mod appui;
mod chaine;
mod export;
mod lecture;
mod mort;
mod panne;
mod retrait;
