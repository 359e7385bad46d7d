//! A form with files, read part by part: no file is ever whole in memory, and nothing is read before the CSRF token,
//! which is the header `X-CSRF-Token` or the very first field.
//!
//! The whole body is bound by axum's `DefaultBodyLimit` (2 MB unless the route layers another): a route that takes
//! files says how much with `DefaultBodyLimit::max`.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use bytes::Bytes;
use futures::Stream;
use http::StatusCode;

use super::saisie::normaliser;
use super::{CHAMP_CSRF, Garde, LIMITE, RefusFormulaire, type_est};

/// A form `multipart/form-data` whose CSRF token was checked; its parts come in the order sent.
#[derive(Debug)]
pub struct FormulaireFichiers(Multipart);

/// A part of a form with files.
#[derive(Debug)]
pub enum Partie<'a> {
    /// A plain field, cleaned like those of a [`Saisie`](super::Saisie); also a file field left empty.
    Texte { nom: String, valeur: String },
    /// A file. `nom_fichier` is only its last component, at most 255 characters, for people to read: never a path.
    Fichier { nom: String, nom_fichier: String, flux: Flux<'a> },
}

/// The bytes of a file as they come.
#[derive(Debug)]
pub struct Flux<'a>(Box<Field<'a>>);

impl Flux<'_> {
    /// Type that the browser claims: worth a hint, never a decision.
    pub fn type_annonce(&self) -> Option<&str> {
        self.0.content_type()
    }

    /// Next bytes, `None` at the end.
    pub async fn morceau(&mut self) -> Result<Option<Bytes>, RefusFormulaire> {
        self.0.chunk().await.map_err(|faute| refus(&faute))
    }
}

impl Stream for Flux<'_> {
    type Item = Result<Bytes, RefusFormulaire>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0).poll_next(cx).map_err(|faute| refus(&faute))
    }
}

impl<S: Send + Sync> FromRequest<S> for FormulaireFichiers {
    type Rejection = RefusFormulaire;

    async fn from_request(requete: Request, etat: &S) -> Result<Self, RefusFormulaire> {
        let (parts, corps) = requete.into_parts();
        let garde = Garde::de(&parts)?;
        if !type_est(&parts.headers, "multipart/form-data") {
            return Err(RefusFormulaire::TypeInattendu);
        }
        // A token in the header is checked before the body is touched.
        if garde.a_entete() {
            garde.verifier(None)?;
        }
        let mut parties = Multipart::from_request(Request::from_parts(parts, corps), etat)
            .await
            .map_err(|_| RefusFormulaire::TypeInattendu)?;
        if !garde.a_entete() {
            let premiere = parties.next_field().await.map_err(|faute| refus(&faute))?;
            let jeton = match premiere {
                Some(partie) if partie.name() == Some(CHAMP_CSRF) => lire_texte(partie, 1024).await?,
                _ => return Err(RefusFormulaire::JetonAbsent),
            };
            garde.verifier(Some(&jeton))?;
        }
        Ok(Self(parties))
    }
}

impl FormulaireFichiers {
    /// Next part, `None` at the end. What is left unread of the part before is skipped.
    pub async fn suivant(&mut self) -> Result<Option<Partie<'_>>, RefusFormulaire> {
        let Some(champ) = self.0.next_field().await.map_err(|faute| refus(&faute))? else { return Ok(None) };
        let nom = champ.name().unwrap_or_default().to_owned();
        let nom_fichier = champ.file_name().map(nom_de_fichier).unwrap_or_default();
        if nom_fichier.is_empty() {
            return Ok(Some(Partie::Texte { nom, valeur: lire_texte(champ, LIMITE).await? }));
        }
        Ok(Some(Partie::Fichier { nom, nom_fichier, flux: Flux(Box::new(champ)) }))
    }
}

async fn lire_texte(mut champ: Field<'_>, limite: usize) -> Result<String, RefusFormulaire> {
    let mut octets = Vec::new();
    while let Some(morceau) = champ.chunk().await.map_err(|faute| refus(&faute))? {
        if octets.len() + morceau.len() > limite {
            return Err(RefusFormulaire::TropGros);
        }
        octets.extend_from_slice(&morceau);
    }
    Ok(normaliser(&String::from_utf8_lossy(&octets)))
}

fn nom_de_fichier(annonce: &str) -> String {
    let dernier = annonce.rsplit(['/', '\\']).next().unwrap_or_default();
    normaliser(dernier).replace(['\n', '\t'], " ").chars().take(255).collect()
}

fn refus(faute: &MultipartError) -> RefusFormulaire {
    if faute.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return RefusFormulaire::TropGros;
    }
    tracing::warn!(cause = faute.body_text(), "a form with files was not read to its end");
    RefusFormulaire::Illisible
}

#[cfg(test)]
mod tests {
    use super::nom_de_fichier;

    #[test]
    fn file_names_are_no_paths() {
        for (annonce, attendu) in [
            ("rapport.pdf", "rapport.pdf"),
            ("C:\\Users\\moi\\rapport.pdf", "rapport.pdf"),
            ("../../etc/passwd", "passwd"),
            ("a\r\nb.pdf", "a b.pdf"),
            ("dossier/", ""),
            ("e\u{301}tat.pdf", "état.pdf"),
        ] {
            assert_eq!(nom_de_fichier(annonce), attendu, "{annonce:?}");
        }
    }
}
