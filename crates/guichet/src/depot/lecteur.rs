//! The pieces of an upload, read as one file.
//!
//! Rule: one piece is in memory at a time, whatever the size of the file. Only for a thread that may block.

use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;
use thiserror::Error;
use tokio::runtime::Handle;

use crate::{erreur::Erreur, fichiers::Magasin};

/// The store failed: nothing that the file could be blamed for.
#[derive(Debug, Error)]
#[error("magasin de fichiers")]
pub(super) struct PanneMagasin(#[source] Erreur);

pub(super) struct Lecteur {
    magasin: Magasin,
    televersement: String,
    /// Where each piece ends, in bytes from the beginning.
    fins: Vec<u64>,
    position: u64,
    piece: Option<(usize, Bytes)>,
    execution: Handle,
}

impl Lecteur {
    pub(super) async fn ouvrir(magasin: Magasin, televersement: String, pieces: i64) -> Result<Self, Erreur> {
        let mut fins = Vec::new();
        let mut fin = 0;
        for rang in 0..pieces {
            fin += magasin.taille_piece(&televersement, rang).await?;
            fins.push(fin);
        }
        Ok(Self { magasin, televersement, fins, position: 0, piece: None, execution: Handle::current() })
    }

    /// In bytes.
    pub(super) fn taille(&self) -> u64 {
        self.fins.last().copied().unwrap_or(0)
    }

    /// What is left of the piece that holds the position; empty at the end.
    fn suite(&mut self) -> io::Result<Bytes> {
        let rang = self.fins.partition_point(|fin| *fin <= self.position);
        if rang >= self.fins.len() {
            return Ok(Bytes::new());
        }
        let octets = match &self.piece {
            Some((autre, octets)) if *autre == rang => octets.clone(),
            _ => {
                let numero = i64::try_from(rang).map_err(io::Error::other)?;
                let lecture = self.magasin.lire_piece(&self.televersement, numero);
                let octets = self
                    .execution
                    .block_on(lecture)
                    .map_err(|erreur| io::Error::other(PanneMagasin(erreur)))?;
                self.piece = Some((rang, octets.clone()));
                octets
            }
        };
        let debut = rang.checked_sub(1).map_or(0, |avant| self.fins[avant]);
        let saut = usize::try_from(self.position - debut).map_err(io::Error::other)?;
        Ok(octets.slice(saut.min(octets.len())..))
    }
}

impl Read for Lecteur {
    fn read(&mut self, tampon: &mut [u8]) -> io::Result<usize> {
        let suite = self.suite()?;
        let lus = suite.len().min(tampon.len());
        tampon[..lus].copy_from_slice(&suite[..lus]);
        self.position += lus as u64;
        Ok(lus)
    }
}

impl Seek for Lecteur {
    fn seek(&mut self, vers: SeekFrom) -> io::Result<u64> {
        let position = match vers {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(ecart) => self.taille().checked_add_signed(ecart),
            SeekFrom::Current(ecart) => self.position.checked_add_signed(ecart),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
