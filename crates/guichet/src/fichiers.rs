//! The bytes: pieces of uploads under way and files by content, in an object store.
//!
//! Rule: a piece is acknowledged only once it is in the store, so a crash loses nothing that was acknowledged; a file
//! takes its name from its SHA-256 once it is whole, sniffed and scanned, so nothing half-done is ever shown.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    ObjectStore, ObjectStoreExt as _, PutPayload, WriteMultipart, local::LocalFileSystem, path::Path as Cle,
};

use crate::erreur::Erreur;

/// Size of one piece of an upload, in bytes: what a cut connection can lose at most.
pub const PIECE: usize = 4 * 1024 * 1024;

#[derive(Clone, Debug)]
pub struct Magasin(Arc<dyn ObjectStore>);

impl Magasin {
    /// A store in a local folder, made if it is not there.
    pub fn local(dossier: &Path) -> Result<Self, Erreur> {
        std::fs::create_dir_all(dossier)
            .map_err(|_| Erreur::Interne("the folder of the files can't be made"))?;
        // Acknowledged means written to the disk, not only to the memory of the system.
        let local = LocalFileSystem::new_with_prefix(dossier)?.with_fsync(true);
        Ok(Self(Arc::new(local)))
    }

    fn cle_fichier(sha256: &str) -> Cle {
        let debut = sha256.get(..2).unwrap_or("xx");
        Cle::from(format!("fichiers/{debut}/{sha256}"))
    }

    fn cle_piece(televersement: &str, rang: i64) -> Cle {
        Cle::from(format!("televersements/{televersement}/{rang:06}"))
    }

    pub async fn ecrire_piece(&self, televersement: &str, rang: i64, octets: Bytes) -> Result<(), Erreur> {
        self.0.put(&Self::cle_piece(televersement, rang), PutPayload::from_bytes(octets)).await?;
        Ok(())
    }

    pub async fn lire_piece(&self, televersement: &str, rang: i64) -> Result<Bytes, Erreur> {
        Ok(self.0.get(&Self::cle_piece(televersement, rang)).await?.bytes().await?)
    }

    /// In bytes.
    pub async fn taille_piece(&self, televersement: &str, rang: i64) -> Result<u64, Erreur> {
        Ok(self.0.head(&Self::cle_piece(televersement, rang)).await?.size)
    }

    pub async fn supprimer_pieces(&self, televersement: &str, nombre: i64) -> Result<(), Erreur> {
        for rang in 0..nombre {
            match self.0.delete(&Self::cle_piece(televersement, rang)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(erreur) => return Err(erreur.into()),
            }
        }
        Ok(())
    }

    pub async fn existe(&self, sha256: &str) -> Result<bool, Erreur> {
        match self.0.head(&Self::cle_fichier(sha256)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(erreur) => Err(erreur.into()),
        }
    }

    /// Gathers the pieces of an upload under the name of its content. Doing it twice changes nothing.
    pub async fn assembler(&self, televersement: &str, nombre: i64, sha256: &str) -> Result<(), Erreur> {
        if self.existe(sha256).await? {
            return Ok(());
        }
        let envoi = self.0.put_multipart(&Self::cle_fichier(sha256)).await?;
        let mut ecriture = WriteMultipart::new(envoi);
        for rang in 0..nombre {
            let piece = self.lire_piece(televersement, rang).await?;
            ecriture.wait_for_capacity(4).await?;
            ecriture.put(piece);
        }
        ecriture.finish().await?;
        Ok(())
    }

    /// Keeps a document that the guichet made; gives its SHA-256.
    pub async fn garder(&self, octets: Vec<u8>) -> Result<String, Erreur> {
        let sha256 = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &octets));
        if !self.existe(&sha256).await? {
            self.0.put(&Self::cle_fichier(&sha256), PutPayload::from(octets)).await?;
        }
        Ok(sha256)
    }

    /// Erases a content; one that is not there is as good as erased.
    pub async fn supprimer(&self, sha256: &str) -> Result<(), Erreur> {
        match self.0.delete(&Self::cle_fichier(sha256)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(erreur) => Err(erreur.into()),
        }
    }

    /// The whole content: for documents and checks, never for large files.
    pub async fn lire(&self, sha256: &str) -> Result<Bytes, Erreur> {
        Ok(self.0.get(&Self::cle_fichier(sha256)).await?.bytes().await?)
    }

    /// The content as it comes, from `debut` (bytes) to `fin` excluded.
    pub async fn flux(
        &self,
        sha256: &str,
        debut: u64,
        fin: u64,
    ) -> Result<BoxStream<'static, Result<Bytes, object_store::Error>>, Erreur> {
        let options = object_store::GetOptions {
            range: Some(object_store::GetRange::Bounded(debut..fin)),
            ..object_store::GetOptions::default()
        };
        let lu = self.0.get_opts(&Self::cle_fichier(sha256), options).await?;
        Ok(lu.into_stream().into_stream().boxed())
    }
}
