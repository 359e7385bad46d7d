//! Removing what is past its keeping, from this node's chain and from those that nobody writes any more.
//!
//! Rule: a purge is a trace at the end of the chain that it shortens, so that the beginning that is missing is told. A node
//! that is back meanwhile is not disturbed: its head has moved, and the purge is not made.

use jiff::{SignedDuration, Timestamp};

use crate::{
    base::{Base, Erreur, Resultat, Tx},
    lecture::en_tete,
    ligne,
    lot::Tete,
    segment::Trouvee,
    trace::{Fait, Genre, Purge, Trace},
};

/// A node that has written nothing for so long no longer purges its own chain.
const SILENCE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What to remove, and when it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coupe {
    pub(crate) avant: Timestamp,
    pub(crate) maintenant: Timestamp,
}

impl Coupe {
    /// Shortens a chain whose head is `tete`. Its new head and how many traces went; `None` when nothing is that old. `par`: the
    /// node that does it, when the chain is not its own.
    pub(crate) async fn faire(
        self,
        base: &Base,
        noeud: &str,
        tete: &Tete,
        par: Option<&str>,
    ) -> Resultat<Option<(Tete, u64)>> {
        let mut tx = base.ecrire().await?;
        let purge = tx.delete_debut(noeud, self.avant.as_microsecond()).await?;
        let Some((dernier_rang, empreinte, traces)) = purge else { return Ok(None) };
        let purge = Purge { avant: self.avant, traces, dernier_rang, empreinte: &empreinte, par };
        let trace = Trace {
            instant: self.maintenant,
            client_id: None,
            id_rpps: None,
            origine: None,
            fait: Fait::Purge(purge),
        };
        let mut octets = Vec::new();
        ligne::ecrire(&trace, &mut octets);
        let ligne = String::from_utf8_lossy(&octets);
        let mut apres = tete.clone();
        let mut lots = Vec::new();
        let trouvee = Trouvee { instant: self.maintenant.as_microsecond(), ligne: &ligne };
        apres.accrocher(noeud, &[trouvee], &mut lots);
        apres.purge_rang = dernier_rang;
        apres.purge_empreinte.clone_from(&empreinte);
        if !tx.save_tete(noeud, tete, &apres).await? {
            return Err(Erreur::Evince);
        }
        tx.save_lots(&lots).await?;
        tx.commit().await?;
        tracing::info!(noeud, traces, dernier_rang, "traces purgées");
        Ok(Some((apres, u64::try_from(traces).unwrap_or(0))))
    }

    /// The same for every other node that writes nothing any more.
    pub(crate) async fn faire_aux_muets(self, base: &Base, soi: &str) -> Resultat<u64> {
        let mut total = 0;
        let noeuds = base.lire().await?.noeuds().await?;
        for noeud in noeuds {
            if noeud == soi {
                continue;
            }
            let Some(tete) = self.muet(&mut base.lire().await?, &noeud).await? else { continue };
            match self.faire(base, &noeud, &tete, Some(soi)).await {
                Ok(fait) => total += fait.map_or(0, |(_, traces)| traces),
                // It writes again.
                Err(Erreur::Evince) => {}
                Err(erreur) => return Err(erreur),
            }
        }
        Ok(total)
    }

    /// The head of a chain that nobody writes any more and that holds something else than what a purge said of it.
    async fn muet(self, tx: &mut Tx, noeud: &str) -> Resultat<Option<Tete>> {
        let Some(tete) = tx.load_tete(noeud).await? else { return Ok(None) };
        let derniere = tx.fin_de_chaine(noeud).await?;
        let limite = self.maintenant.saturating_sub(SILENCE).unwrap_or(Timestamp::MIN).as_microsecond();
        if derniere.is_none_or(|fin| fin >= limite) {
            return Ok(None);
        }
        let restants = tx.lots_suivants(noeud, (tete.purge_rang + 1, i64::MAX), 2).await?;
        let purgee = match restants.as_slice() {
            [seul] => seul.lignes().all(|(rang, ligne)| {
                en_tete(noeud, rang, ligne).is_ok_and(|(genre, _)| genre == Genre::Purge)
            }),
            _ => false,
        };
        Ok((!purgee).then_some(tete))
    }
}
