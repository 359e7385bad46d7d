//! Sealing what a session is outside this process: whoever holds the store without the key file holds nothing.
//!
//! Rule: the first key of the file seals, each of them opens. To replace a key, put the new one first; take the old one
//! away once the sessions that it sealed have ended. What is sealed for one session can't be opened as another.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use service::Alea;
use zeroize::Zeroizing;

/// First byte of what is sealed: the form of what follows.
const FORME: u8 = 1;
/// How many bytes tell the keys apart.
const NOM: usize = 4;
const EN_TETE: usize = 1 + NOM + NONCE_LEN;

/// Why there are no keys. Never shows one.
#[derive(Debug, thiserror::Error)]
pub enum Erreur {
    #[error("clés des sessions : {} illisible", chemin.display())]
    Fichier { chemin: PathBuf, source: std::io::Error },
    #[error("clés des sessions : {}, ligne {ligne} : 32 octets en base64 attendus", chemin.display())]
    Cle { chemin: PathBuf, ligne: usize },
    #[error("clés des sessions : {} n’en contient aucune", chemin.display())]
    Vide { chemin: PathBuf },
}

/// Something that no key of the file opens, or that isn't what was sealed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("session scellée par une clé inconnue, ou altérée")]
pub(crate) struct Inviolable;

#[derive(Debug)]
struct Cle {
    nom: [u8; NOM],
    cle: RandomizedNonceKey,
}

/// The keys.
#[derive(Debug)]
pub(crate) struct Sceau(Vec<Cle>);

impl Sceau {
    /// Reads the keys, one a line in base64; lines that begin with `#` say something to people.
    pub(crate) fn lire(chemin: &Path) -> Result<Self, Erreur> {
        let texte = std::fs::read_to_string(chemin).map(Zeroizing::new);
        let texte = texte.map_err(|source| Erreur::Fichier { chemin: chemin.to_owned(), source })?;
        let lignes = (1..).zip(texte.lines().map(str::trim));
        let cles: Vec<_> = lignes
            .filter(|(_, ligne)| !ligne.is_empty() && !ligne.starts_with('#'))
            .map(|(rang, ligne)| {
                Cle::lire(ligne).ok_or_else(|| Erreur::Cle { chemin: chemin.to_owned(), ligne: rang })
            })
            .collect::<Result<_, _>>()?;
        if cles.is_empty() {
            return Err(Erreur::Vide { chemin: chemin.to_owned() });
        }
        Ok(Self(cles))
    }

    /// The same, making a file of one key that only this account can read when there is none.
    pub(crate) fn lire_ou_creer(chemin: &Path, alea: &Alea) -> Result<Self, Erreur> {
        let fichier = OpenOptions::new().write(true).create_new(true).mode(0o600).open(chemin);
        match fichier {
            Ok(mut fichier) => {
                let cle = Zeroizing::new(alea.octets::<32>());
                let ligne = Zeroizing::new(format!("{}\n", BASE64_STANDARD.encode(*cle)));
                let ecrit = fichier.write_all(ligne.as_bytes()).and_then(|()| fichier.sync_all());
                ecrit.map_err(|source| Erreur::Fichier { chemin: chemin.to_owned(), source })?;
            }
            Err(erreur) if erreur.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(Erreur::Fichier { chemin: chemin.to_owned(), source }),
        }
        Self::lire(chemin)
    }

    /// Seals `clair` for the session of this fingerprint.
    pub(crate) fn sceller(&self, empreinte: &str, clair: &[u8]) -> Result<Vec<u8>, Inviolable> {
        let premiere = self.0.first().ok_or(Inviolable)?;
        let mut chiffre = Zeroizing::new(clair.to_vec());
        let (nonce, etiquette) = premiere
            .cle
            .seal_in_place_separate_tag(Aad::from(liens(premiere.nom, empreinte)), &mut chiffre)
            .map_err(|_| Inviolable)?;
        let mut scelle = Vec::with_capacity(EN_TETE + chiffre.len() + etiquette.as_ref().len());
        scelle.push(FORME);
        scelle.extend_from_slice(&premiere.nom);
        scelle.extend_from_slice(nonce.as_ref());
        scelle.extend_from_slice(&chiffre);
        scelle.extend_from_slice(etiquette.as_ref());
        Ok(scelle)
    }

    /// Opens what was sealed for the session of this fingerprint.
    pub(crate) fn desceller(&self, empreinte: &str, scelle: &[u8]) -> Result<Zeroizing<Vec<u8>>, Inviolable> {
        let (en_tete, chiffre) = scelle.split_at_checked(EN_TETE).ok_or(Inviolable)?;
        let (nom, nonce) = en_tete[1..].split_at(NOM);
        if en_tete[0] != FORME {
            return Err(Inviolable);
        }
        // Two keys may share a name, once in four thousand million.
        self.0
            .iter()
            .filter(|cle| cle.nom == nom)
            .find_map(|cle| cle.ouvrir(empreinte, nonce, chiffre))
            .ok_or(Inviolable)
    }
}

impl Cle {
    fn lire(ligne: &str) -> Option<Self> {
        let octets = Zeroizing::new(BASE64_STANDARD.decode(ligne).ok()?);
        let cle = RandomizedNonceKey::new(&AES_256_GCM_SIV, &octets).ok()?;
        let nom = *digest(&SHA256, &octets).as_ref().first_chunk()?;
        Some(Self { nom, cle })
    }

    fn ouvrir(&self, empreinte: &str, nonce: &[u8], chiffre: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut octets = Zeroizing::new(chiffre.to_vec());
        let longueur =
            self.cle.open_in_place(nonce, Aad::from(liens(self.nom, empreinte)), &mut octets).ok()?.len();
        octets.truncate(longueur);
        Some(octets)
    }
}

/// What is bound to a sealed session without being in it.
fn liens(nom: [u8; NOM], empreinte: &str) -> Vec<u8> {
    [&[FORME], &nom[..], empreinte.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fichier(lignes: &[&str]) -> tempfile::NamedTempFile {
        let fichier = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(fichier.path(), lignes.join("\n")).unwrap();
        fichier
    }

    fn cle(graine: u64) -> String {
        BASE64_STANDARD.encode(Alea::graine(graine).octets::<32>())
    }

    #[test]
    fn the_first_key_seals_and_each_one_opens() {
        let ancien = Sceau::lire(fichier(&[&cle(1)]).path()).unwrap();
        let rotation = Sceau::lire(fichier(&["# en service", &cle(2), "", &cle(1)]).path()).unwrap();
        let nouveau = Sceau::lire(fichier(&[&cle(2)]).path()).unwrap();
        let avant = ancien.sceller("e", b"jeton").unwrap();
        let apres = rotation.sceller("e", b"jeton").unwrap();
        for (qui, sceau, scelle, attendu) in [
            ("the old key, what it sealed", &ancien, &avant, true),
            ("both, what the old one sealed", &rotation, &avant, true),
            ("both, what the new one sealed", &rotation, &apres, true),
            ("the new key alone, what it sealed", &nouveau, &apres, true),
            ("the new key alone, what the old one sealed", &nouveau, &avant, false),
            ("the old key, what the new one sealed", &ancien, &apres, false),
        ] {
            assert_eq!(
                sceau.desceller("e", scelle).is_ok_and(|clair| &**clair == b"jeton"),
                attendu,
                "{qui}"
            );
        }
        assert_ne!(avant, ancien.sceller("e", b"jeton").unwrap(), "a nonce each time");
        assert!(!avant.windows(5).any(|fenetre| fenetre == b"jeton"));
    }

    #[test]
    fn what_is_sealed_opens_whole_for_its_session_or_not_at_all() {
        let sceau = Sceau::lire(fichier(&[&cle(1)]).path()).unwrap();
        let scelle = sceau.sceller("e", b"jeton").unwrap();
        assert_eq!(sceau.desceller("autre", &scelle), Err(Inviolable));
        for place in 0..scelle.len() {
            let mut altere = scelle.clone();
            altere[place] ^= 1;
            assert_eq!(sceau.desceller("e", &altere), Err(Inviolable), "{place}");
            assert_eq!(sceau.desceller("e", &scelle[..place]), Err(Inviolable), "{place}");
        }
    }

    #[test]
    fn a_key_file_is_made_once_for_its_owner_alone_and_a_bad_one_says_where() {
        use std::os::unix::fs::PermissionsExt as _;
        let dossier = tempfile::tempdir().unwrap();
        let chemin = dossier.path().join("cles");
        let alea = Alea::systeme();
        let scelle = Sceau::lire_ou_creer(&chemin, &alea).unwrap().sceller("e", b"x").unwrap();
        assert_eq!(chemin.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Sceau::lire_ou_creer(&chemin, &alea).unwrap().desceller("e", &scelle).is_ok());

        for (lignes, attendu) in [
            (vec!["# rien"], "n’en contient aucune"),
            (vec!["#", "AAAA"], "ligne 2 : 32 octets"),
            (vec!["pas du base64 !"], "ligne 1"),
        ] {
            let erreur = Sceau::lire(fichier(&lignes).path()).unwrap_err().to_string();
            assert!(erreur.contains(attendu), "{erreur}");
        }
    }
}
