//! Proving that nothing was changed: every chain read again from its beginning, in the database or in an export.
//!
//! Rule: a chain begins at rank 1, or right after what the last purge says it removed, and that purge is itself a trace in
//! the chain: a beginning that is missing without one is a fault, like a missing end.

use std::{
    borrow::Cow,
    io::{self, BufRead},
};

use thiserror::Error;

use crate::{
    base::{Base, Resultat, Tx},
    chaine::empreinte,
    export::LigneExport,
    lecture::en_tete,
    ligne::Ligne,
    lot::{Lot, Tete},
    trace::Genre,
};

/// How many lots are read at once.
const PAGE: i64 = 16;

/// What was found, node by node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rapport {
    pub chaines: Vec<Chaine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chaine {
    pub noeud: String,
    /// Rank of the first trace kept; 1, or what follows a purge. In an export, where it begins.
    pub premier: i64,
    /// Rank and fingerprint of the last trace that was found good; 0 when there is none.
    pub dernier: i64,
    pub empreinte: String,
    pub traces: u64,
    pub rupture: Option<Rupture>,
}

/// Where a chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("au rang {rang}, {raison}")]
pub struct Rupture {
    pub rang: i64,
    pub raison: &'static str,
}

impl Rapport {
    pub fn intact(&self) -> bool {
        self.chaines.iter().all(|chaine| chaine.rupture.is_none())
    }

    pub fn traces(&self) -> u64 {
        self.chaines.iter().map(|chaine| chaine.traces).sum()
    }
}

pub(crate) async fn verifier(base: &Base) -> Resultat<Rapport> {
    let mut tx = base.lire().await?;
    let mut rapport = Rapport::default();
    for noeud in tx.noeuds().await? {
        rapport.chaines.push(verifier_noeud(&mut tx, noeud).await?);
    }
    Ok(rapport)
}

async fn verifier_noeud(tx: &mut Tx, noeud: String) -> Resultat<Chaine> {
    let tete = tx.load_tete(&noeud).await?;
    let mut chaine =
        Chaine { noeud, premier: 1, dernier: 0, empreinte: String::new(), traces: 0, rupture: None };
    let Some(tete) = tete else {
        chaine.rupture = Some(Rupture { rang: 1, raison: "la tête de la chaîne manque" });
        return Ok(chaine);
    };
    chaine.premier = tete.purge_rang + 1;
    chaine.dernier = tete.purge_rang;
    chaine.empreinte.clone_from(&tete.purge_empreinte);
    // What the last trace of a purge says was removed.
    let mut purge = (0, String::new());
    loop {
        let lots = tx.lots_suivants(&chaine.noeud, (chaine.dernier + 1, i64::MAX), PAGE).await?;
        if lots.is_empty() {
            break;
        }
        for lot in &lots {
            if let Err(rupture) = chaine.suivre(lot, &mut purge) {
                chaine.rupture = Some(rupture);
                return Ok(chaine);
            }
        }
    }
    chaine.rupture = chaine.finir(&tete, &purge).err();
    Ok(chaine)
}

impl Chaine {
    fn suivre(&mut self, lot: &Lot, purge: &mut (i64, String)) -> Result<(), Rupture> {
        let rang = self.dernier + 1;
        let rompue = |raison| Err(Rupture { rang, raison });
        if lot.rang != rang {
            return rompue("une ou plusieurs traces manquent");
        }
        if lot.precedente != self.empreinte {
            return rompue("la trace ne suit pas la précédente");
        }
        let (mut debut, mut fin, mut dernier) = (i64::MAX, i64::MIN, self.dernier);
        let mut propre = self.empreinte.clone();
        for (rang, ligne) in lot.lignes() {
            let Ok((genre, instant)) = en_tete(&lot.noeud, rang, ligne) else {
                return Err(Rupture { rang, raison: "la trace est illisible" });
            };
            propre = empreinte(&propre, &lot.noeud, rang, ligne);
            debut = debut.min(instant.as_microsecond());
            fin = fin.max(instant.as_microsecond());
            dernier = rang;
            if genre == Genre::Purge {
                *purge = purge_dite(ligne).unwrap_or_default();
            }
        }
        if propre != lot.empreinte {
            return rompue("le texte d’une trace de ce lot a changé");
        }
        // By these a lot is found; they must say what its lines say.
        if lot.nombre != dernier - self.dernier || (lot.debut, lot.fin) != (debut, fin) {
            return rompue("le classement du lot a changé");
        }
        self.traces += u64::try_from(lot.nombre).unwrap_or(0);
        self.dernier = dernier;
        self.empreinte = propre;
        Ok(())
    }

    fn finir(&self, tete: &Tete, purge: &(i64, String)) -> Result<(), Rupture> {
        if (tete.rang, &tete.empreinte) != (self.dernier, &self.empreinte) {
            return Err(Rupture { rang: self.dernier + 1, raison: "la fin de la chaîne manque" });
        }
        if (purge.0, &purge.1) != (tete.purge_rang, &tete.purge_empreinte) {
            return Err(Rupture {
                rang: self.premier,
                raison: "le début manque sans la trace de purge qui le dirait",
            });
        }
        Ok(())
    }
}

/// Rank and fingerprint of the last trace that a purge removed.
fn purge_dite(ligne: &str) -> Option<(i64, String)> {
    let ligne: Ligne<'_> = serde_json::from_str(ligne).ok()?;
    let purge = ligne.purge?;
    Some((purge.dernier_rang, purge.empreinte.into_owned()))
}

/// Checks a JSON or NDJSON export line by line: what is in it follows without a gap, from its first line on.
///
/// A cut end can't be seen in a file alone: compare the last fingerprint with the database's.
///
/// # Errors
/// When the file can't be read. A line that is no trace is a rupture, not an error.
pub fn verifier_export(lecture: impl BufRead) -> io::Result<Rapport> {
    let mut rapport = Rapport::default();
    for ligne in lecture.split(b'\n') {
        let ligne = ligne?;
        let texte = String::from_utf8_lossy(&ligne);
        let texte = texte.trim().trim_end_matches(',');
        if matches!(texte, "" | "[" | "]") {
            continue;
        }
        let Ok(lue) = serde_json::from_str::<LigneExport<'_>>(texte) else {
            rapport.illisible();
            break;
        };
        if !rapport.suivre(&lue) {
            break;
        }
    }
    Ok(rapport)
}

impl Rapport {
    /// `false` when the rest makes no sense any more.
    fn suivre(&mut self, lue: &LigneExport<'_>) -> bool {
        if self.chaines.last().is_none_or(|chaine| chaine.noeud != lue.noeud) {
            self.chaines.push(Chaine {
                noeud: lue.noeud.to_string(),
                premier: lue.rang,
                dernier: lue.rang - 1,
                empreinte: lue.precedente.to_string(),
                traces: 0,
                rupture: None,
            });
        }
        let Some(chaine) = self.chaines.last_mut() else { return false };
        let raison = if lue.rang != chaine.dernier + 1 {
            Some("une ou plusieurs traces manquent")
        } else if lue.precedente != chaine.empreinte {
            Some("la trace ne suit pas la précédente")
        } else if lue.empreinte
            != Cow::<str>::Owned(empreinte(&chaine.empreinte, &lue.noeud, lue.rang, lue.trace.get()))
        {
            Some("le texte de la trace a changé")
        } else {
            None
        };
        if let Some(raison) = raison {
            chaine.rupture = Some(Rupture { rang: chaine.dernier + 1, raison });
            return false;
        }
        chaine.dernier = lue.rang;
        chaine.empreinte = lue.empreinte.to_string();
        chaine.traces += 1;
        true
    }

    fn illisible(&mut self) {
        let raison = "une ligne n’est pas une trace exportée";
        match self.chaines.last_mut() {
            Some(chaine) => chaine.rupture = Some(Rupture { rang: chaine.dernier + 1, raison }),
            None => self.chaines.push(Chaine {
                noeud: String::new(),
                premier: 0,
                dernier: 0,
                empreinte: String::new(),
                traces: 0,
                rupture: Some(Rupture { rang: 0, raison }),
            }),
        }
    }
}
