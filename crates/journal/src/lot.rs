//! Lots, the groups in which traces are kept, and the head of each node's chain: all the SQL of the journal.
//!
//! Rule: lots are added at the head and removed at the tail; the head moves in the same transaction, and only for the
//! process that opened the chain last.

use std::collections::BTreeMap;

use crate::{
    base::{Erreur, Rangee, Resultat, Tx, V},
    chaine::empreinte,
    segment::Trouvee,
};

/// A lot ends at whichever comes first. A minute at most, so that a search by time knows how far before it a lot may begin.
const LOT_TRACES: usize = 512;
const LOT_OCTETS: usize = 256 * 1024;
pub(crate) const LOT_MICROSECONDES: i64 = 60_000_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lot {
    pub(crate) noeud: String,
    /// Rank of the first trace.
    pub(crate) rang: i64,
    pub(crate) nombre: i64,
    pub(crate) debut: i64,
    pub(crate) fin: i64,
    pub(crate) precedente: String,
    pub(crate) empreinte: String,
    pub(crate) donnees: String,
}

/// Where a chain stands.
#[derive(Clone, Debug)]
pub(crate) struct Tete {
    pub(crate) ouverture: i64,
    /// Rank and fingerprint of the last trace; 0 and nothing before the first.
    pub(crate) rang: i64,
    pub(crate) empreinte: String,
    /// How far each segment is in the lots.
    pub(crate) segments: BTreeMap<i64, usize>,
    /// Rank and fingerprint of the last purged trace.
    pub(crate) purge_rang: i64,
    pub(crate) purge_empreinte: String,
}

impl Tete {
    /// Hangs traces at the end of the chain, in as many lots as their bounds ask for.
    pub(crate) fn accrocher(&mut self, noeud: &str, traces: &[Trouvee<'_>], lots: &mut Vec<Lot>) {
        let mut ouvert: Option<Lot> = None;
        for trace in traces {
            if let Some(lot) = ouvert.take_if(|lot| lot.est_plein(trace)) {
                lots.push(lot);
            }
            let lot = ouvert.get_or_insert_with(|| Lot {
                noeud: noeud.to_owned(),
                rang: self.rang + 1,
                nombre: 0,
                debut: trace.instant,
                fin: trace.instant,
                precedente: self.empreinte.clone(),
                empreinte: String::new(),
                donnees: String::new(),
            });
            self.rang += 1;
            self.empreinte = empreinte(&self.empreinte, noeud, self.rang, trace.ligne);
            lot.nombre += 1;
            lot.debut = lot.debut.min(trace.instant);
            lot.fin = lot.fin.max(trace.instant);
            lot.empreinte.clone_from(&self.empreinte);
            if lot.nombre > 1 {
                lot.donnees.push('\n');
            }
            lot.donnees.push_str(trace.ligne);
        }
        lots.extend(ouvert);
    }
}

impl Lot {
    fn est_plein(&self, suivante: &Trouvee<'_>) -> bool {
        usize::try_from(self.nombre).is_ok_and(|nombre| nombre >= LOT_TRACES)
            || self.donnees.len() + suivante.ligne.len() > LOT_OCTETS
            || self.fin.max(suivante.instant) - self.debut.min(suivante.instant) > LOT_MICROSECONDES
    }

    /// The lines with their ranks.
    pub(crate) fn lignes(&self) -> impl Iterator<Item = (i64, &str)> {
        (self.rang..).zip(self.donnees.split('\n'))
    }

    fn lu(rangee: &Rangee) -> Resultat<Self> {
        Ok(Self {
            noeud: rangee.texte("noeud")?,
            rang: rangee.entier("rang")?,
            nombre: rangee.entier("nombre")?,
            debut: rangee.entier("debut")?,
            fin: rangee.entier("fin")?,
            precedente: rangee.texte("precedente")?,
            empreinte: rangee.texte("empreinte")?,
            donnees: rangee.texte("donnees")?,
        })
    }
}

fn tete(noeud: &str, rangee: &Rangee) -> Resultat<Tete> {
    let segments = serde_json::from_str(&rangee.texte("segments")?);
    Ok(Tete {
        ouverture: rangee.entier("ouverture")?,
        rang: rangee.entier("rang")?,
        empreinte: rangee.texte("empreinte")?,
        segments: segments.map_err(|source| Erreur::Illisible {
            noeud: noeud.to_owned(),
            rang: 0,
            source,
        })?,
        purge_rang: rangee.entier("purge_rang")?,
        purge_empreinte: rangee.texte("purge_empreinte")?,
    })
}

impl Tx {
    /// Takes the chain of a node for writing, from whoever had it.
    pub(crate) async fn prendre_chaine(&mut self, noeud: &str) -> Resultat<Tete> {
        let rangee = self
            .rangee(
                "INSERT INTO trace_chaine (noeud, ouverture, rang, empreinte, segments, purge_rang, purge_empreinte)
                 VALUES ($1, 1, 0, '', '{}', 0, '')
                 ON CONFLICT (noeud) DO UPDATE SET ouverture = trace_chaine.ouverture + 1
                 RETURNING ouverture, rang, empreinte, segments, purge_rang, purge_empreinte",
                &[V::T(noeud)],
            )
            .await?
            .ok_or(Erreur::Evince)?;
        tete(noeud, &rangee)
    }

    pub(crate) async fn load_tete(&mut self, noeud: &str) -> Resultat<Option<Tete>> {
        self.rangee(
            "SELECT ouverture, rang, empreinte, segments, purge_rang, purge_empreinte
             FROM trace_chaine WHERE noeud = $1",
            &[V::T(noeud)],
        )
        .await?
        .map(|rangee| tete(noeud, &rangee))
        .transpose()
    }

    /// Moves the head from `avant` to `apres`; `false` when it is not at `avant` any more.
    pub(crate) async fn save_tete(&mut self, noeud: &str, avant: &Tete, apres: &Tete) -> Resultat<bool> {
        let segments = serde_json::to_string(&apres.segments).map_err(|source| Erreur::Illisible {
            noeud: noeud.to_owned(),
            rang: apres.rang,
            source,
        })?;
        let touchees = self
            .executer(
                "UPDATE trace_chaine
                 SET rang = $1, empreinte = $2, segments = $3, purge_rang = $4, purge_empreinte = $5
                 WHERE noeud = $6 AND ouverture = $7 AND rang = $8",
                &[
                    V::E(apres.rang),
                    V::T(&apres.empreinte),
                    V::T(&segments),
                    V::E(apres.purge_rang),
                    V::T(&apres.purge_empreinte),
                    V::T(noeud),
                    V::E(avant.ouverture),
                    V::E(avant.rang),
                ],
            )
            .await?;
        Ok(touchees == 1)
    }

    pub(crate) async fn save_lots(&mut self, lots: &[Lot]) -> Resultat<()> {
        for lot in lots {
            self.executer(
                "INSERT INTO trace_lot (noeud, rang, nombre, debut, fin, precedente, empreinte, donnees)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                &[
                    V::T(&lot.noeud),
                    V::E(lot.rang),
                    V::E(lot.nombre),
                    V::E(lot.debut),
                    V::E(lot.fin),
                    V::T(&lot.precedente),
                    V::T(&lot.empreinte),
                    V::T(&lot.donnees),
                ],
            )
            .await?;
        }
        Ok(())
    }

    /// The lots that may hold a trace strictly between two instants, by their beginning, after a given one.
    pub(crate) async fn lots_entre(
        &mut self,
        (apres, avant): (i64, i64),
        (debut, noeud, rang): (i64, &str, i64),
        max: i64,
    ) -> Resultat<Vec<Lot>> {
        self.rangees(
            "SELECT noeud, rang, nombre, debut, fin, precedente, empreinte, donnees FROM trace_lot
             WHERE debut > $1 AND debut < $2 AND fin > $3 AND (debut, noeud, rang) > ($4, $5, $6)
             ORDER BY debut, noeud, rang LIMIT $7",
            &[
                V::E(apres.saturating_sub(LOT_MICROSECONDES).saturating_sub(1)),
                V::E(avant),
                V::E(apres),
                V::E(debut),
                V::T(noeud),
                V::E(rang),
                V::E(max),
            ],
        )
        .await?
        .iter()
        .map(Lot::lu)
        .collect()
    }

    /// For each node, the rank of its first and last lot that may hold a trace strictly between two instants.
    pub(crate) async fn etendues(&mut self, (apres, avant): (i64, i64)) -> Resultat<Vec<(String, i64, i64)>> {
        self.rangees(
            "SELECT noeud, MIN(rang) AS premier, MAX(rang) AS dernier FROM trace_lot
             WHERE debut > $1 AND debut < $2 AND fin > $3 GROUP BY noeud ORDER BY noeud",
            &[V::E(apres.saturating_sub(LOT_MICROSECONDES).saturating_sub(1)), V::E(avant), V::E(apres)],
        )
        .await?
        .iter()
        .map(|rangee| Ok((rangee.texte("noeud")?, rangee.entier("premier")?, rangee.entier("dernier")?)))
        .collect()
    }

    /// The lots of a node in the order of its chain, from a rank to another.
    pub(crate) async fn lots_suivants(
        &mut self,
        noeud: &str,
        (premier, dernier): (i64, i64),
        max: i64,
    ) -> Resultat<Vec<Lot>> {
        self.rangees(
            "SELECT noeud, rang, nombre, debut, fin, precedente, empreinte, donnees FROM trace_lot
             WHERE noeud = $1 AND rang >= $2 AND rang <= $3 ORDER BY rang LIMIT $4",
            &[V::T(noeud), V::E(premier), V::E(dernier), V::E(max)],
        )
        .await?
        .iter()
        .map(Lot::lu)
        .collect()
    }

    /// Every node that has a chain, or lots without one.
    pub(crate) async fn noeuds(&mut self) -> Resultat<Vec<String>> {
        self.rangees("SELECT noeud FROM trace_chaine UNION SELECT noeud FROM trace_lot ORDER BY noeud", &[])
            .await?
            .iter()
            .map(|rangee| rangee.texte("noeud"))
            .collect()
    }

    /// The latest instant of the last lot of a chain.
    pub(crate) async fn fin_de_chaine(&mut self, noeud: &str) -> Resultat<Option<i64>> {
        self.rangee("SELECT fin FROM trace_lot WHERE noeud = $1 ORDER BY rang DESC LIMIT 1", &[V::T(noeud)])
            .await?
            .map(|rangee| rangee.entier("fin"))
            .transpose()
    }

    /// Removes the beginning of a chain, as far as every trace is older than `avant` (microseconds). The rank and
    /// fingerprint of the last trace removed, and how many there were; `None` when there was nothing to remove.
    pub(crate) async fn delete_debut(
        &mut self,
        noeud: &str,
        avant: i64,
    ) -> Resultat<Option<(i64, String, i64)>> {
        let garde = self
            .rangee(
                "SELECT rang FROM trace_lot WHERE noeud = $1 AND fin >= $2 ORDER BY rang LIMIT 1",
                &[V::T(noeud), V::E(avant)],
            )
            .await?
            .map_or(Ok(i64::MAX), |rangee| rangee.entier("rang"))?;
        let Some(dernier) = self
            .rangee(
                "SELECT rang, nombre, empreinte FROM trace_lot WHERE noeud = $1 AND rang < $2
                 ORDER BY rang DESC LIMIT 1",
                &[V::T(noeud), V::E(garde)],
            )
            .await?
        else {
            return Ok(None);
        };
        let premier = self
            .rangee("SELECT rang FROM trace_lot WHERE noeud = $1 ORDER BY rang LIMIT 1", &[V::T(noeud)])
            .await?
            .ok_or(Erreur::Evince)?
            .entier("rang")?;
        self.executer("DELETE FROM trace_lot WHERE noeud = $1 AND rang < $2", &[V::T(noeud), V::E(garde)])
            .await?;
        let dernier_rang = dernier.entier("rang")? + dernier.entier("nombre")? - 1;
        Ok(Some((dernier_rang, dernier.texte("empreinte")?, dernier_rang - premier + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tete() -> Tete {
        Tete {
            ouverture: 1,
            rang: 0,
            empreinte: String::new(),
            segments: BTreeMap::new(),
            purge_rang: 0,
            purge_empreinte: String::new(),
        }
    }

    #[test]
    fn a_lot_ends_by_number_by_size_and_by_time() {
        let gros = "x".repeat(LOT_OCTETS / 2);
        for (nom, traces, attendus) in [
            ("nothing", vec![], vec![]),
            ("number", (0..1025).map(|i| (i, "{}")).collect(), vec![512, 512, 1]),
            ("size", (0..5).map(|i| (i, gros.as_str())).collect(), vec![2, 2, 1]),
            ("time", vec![(0, "{}"), (LOT_MICROSECONDES, "{}"), (LOT_MICROSECONDES + 1, "{}")], vec![2, 1]),
            ("a clock set back", vec![(LOT_MICROSECONDES * 9, "{}"), (0, "{}"), (5, "{}")], vec![1, 2]),
        ] {
            let traces: Vec<_> =
                traces.into_iter().map(|(instant, ligne)| Trouvee { instant, ligne }).collect();
            let (mut tete, mut lots) = (tete(), Vec::new());
            tete.accrocher("n", &traces, &mut lots);
            assert_eq!(lots.iter().map(|lot| lot.nombre).collect::<Vec<_>>(), attendus, "{nom}");
            assert_eq!(usize::try_from(tete.rang).unwrap(), traces.len(), "{nom}");
            let mut precedente = String::new();
            let mut rang = 1;
            for lot in &lots {
                assert_eq!((lot.rang, &lot.precedente), (rang, &precedente), "{nom}");
                assert!(lot.fin - lot.debut <= LOT_MICROSECONDES, "{nom}");
                rang += lot.nombre;
                precedente.clone_from(&lot.empreinte);
            }
            assert_eq!(precedente, tete.empreinte, "{nom}");
        }
    }
}
