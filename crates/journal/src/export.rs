//! Traces as a file: NDJSON and JSON, with which the chain can be checked again, and CSV, to be looked at in a spreadsheet.
//!
//! Rule: NDJSON and JSON hold one trace a line, the exact text that the fingerprint covers beside the fingerprints. CSV
//! gives that up: a cell that a spreadsheet would take for a formula is written with an apostrophe before it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    base::{Base, Erreur, Resultat},
    chaine::empreinte,
    lecture::{Envoi, Intervalle},
    ligne::Ligne,
    lot::Lot,
};

/// How many lots are read at once.
const PAGE: i64 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An array with one trace a line.
    Json,
    /// One trace a line (<https://github.com/ndjson/ndjson-spec>).
    Ndjson,
    /// RFC 4180, in UTF-8, with a line of titles.
    Csv,
}

/// A line of a JSON or NDJSON export.
#[derive(Serialize, Deserialize)]
pub(crate) struct LigneExport<'a> {
    pub(crate) noeud: Cow<'a, str>,
    pub(crate) rang: i64,
    pub(crate) precedente: Cow<'a, str>,
    pub(crate) empreinte: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) trace: &'a RawValue,
}

const TITRES: &str = "noeud,rang,empreinte,timestamp,type,clientId,IdRPPS,ipAddress,ports,proxy_id_session,\
session_state,dn,nomApiPsc,methode,path,statut,dureeMs,cause,jeton,purge\r\n";

pub(crate) async fn exporter(
    base: &Base,
    format: Format,
    intervalle: Intervalle,
    envoi: &Envoi<Vec<u8>>,
) -> Resultat<()> {
    let mut morceau = match format {
        Format::Json => b"[".to_vec(),
        Format::Ndjson => Vec::new(),
        Format::Csv => TITRES.as_bytes().to_vec(),
    };
    let mut premiere = true;
    let etendues = base.lire().await?.etendues(intervalle.microsecondes()).await?;
    for (noeud, mut premier, dernier) in etendues {
        loop {
            let lots = base.lire().await?.lots_suivants(&noeud, (premier, dernier), PAGE).await?;
            let Some(lu) = lots.last() else { break };
            premier = lu.rang + lu.nombre;
            for lot in &lots {
                ecrire_lot(lot, format, &mut premiere, &mut morceau)?;
            }
            if !envoi.donner(vec![std::mem::take(&mut morceau)]).await {
                return Ok(());
            }
        }
    }
    if format == Format::Json {
        morceau.extend_from_slice(b"\n]\n");
    }
    envoi.donner(vec![morceau]).await;
    Ok(())
}

fn ecrire_lot(lot: &Lot, format: Format, premiere: &mut bool, morceau: &mut Vec<u8>) -> Resultat<()> {
    let mut precedente = lot.precedente.clone();
    for (rang, ligne) in lot.lignes() {
        let illisible = |source| Erreur::Illisible { noeud: lot.noeud.clone(), rang, source };
        let propre = empreinte(&precedente, &lot.noeud, rang, ligne);
        if format == Format::Csv {
            csv(&lot.noeud, rang, &propre, &serde_json::from_str(ligne).map_err(illisible)?, morceau);
        } else {
            if format == Format::Json {
                morceau.extend_from_slice(if *premiere { b"\n" } else { b",\n" });
            }
            let export = LigneExport {
                noeud: Cow::Borrowed(&lot.noeud),
                rang,
                precedente: Cow::Borrowed(&precedente),
                empreinte: Cow::Borrowed(&propre),
                trace: serde_json::from_str(ligne).map_err(illisible)?,
            };
            serde_json::to_writer(&mut *morceau, &export).map_err(illisible)?;
            if format == Format::Ndjson {
                morceau.push(b'\n');
            }
        }
        *premiere = false;
        precedente = propre;
    }
    Ok(())
}

fn csv(noeud: &str, rang: i64, empreinte: &str, ligne: &Ligne<'_>, morceau: &mut Vec<u8>) {
    let texte = |texte: &Option<Cow<'_, str>>| texte.as_deref().unwrap_or_default().to_owned();
    let appel = ligne.appel.as_ref();
    let resultat = ligne.resultat.as_ref();
    let ports: Vec<_> = ligne.ports.iter().map(u16::to_string).collect();
    let genre = serde_json::to_value(ligne.genre).ok().and_then(|genre| genre.as_str().map(str::to_owned));
    let purge = ligne.purge.as_ref().map(|purge| {
        format!("{} traces avant {}, jusqu’au rang {}", purge.traces, purge.avant, purge.dernier_rang)
    });
    let cellules = [
        noeud.to_owned(),
        rang.to_string(),
        empreinte.to_owned(),
        ligne.timestamp.to_string(),
        genre.unwrap_or_default(),
        texte(&ligne.client_id),
        texte(&ligne.id_rpps),
        texte(&ligne.adresse),
        ports.join(" "),
        texte(&ligne.session),
        texte(&ligne.session_state),
        texte(&ligne.dn),
        appel.map(|appel| appel.api.to_string()).unwrap_or_default(),
        appel.map(|appel| appel.methode.to_string()).unwrap_or_default(),
        appel.map(|appel| appel.chemin.to_string()).unwrap_or_default(),
        resultat.map(|resultat| resultat.statut.to_string()).unwrap_or_default(),
        resultat.map(|resultat| resultat.duree_ms.to_string()).unwrap_or_default(),
        resultat.and_then(|resultat| resultat.cause.as_deref()).unwrap_or_default().to_owned(),
        ligne.jeton.as_ref().map(|jeton| jeton.api.to_string()).unwrap_or_default(),
        purge.unwrap_or_default(),
    ];
    morceau.extend_from_slice(cellules.map(|texte| cellule(&texte)).join(",").as_bytes());
    morceau.extend_from_slice(b"\r\n");
}

/// A cell between quotes when it needs them, and never a formula for the spreadsheet that opens it.
fn cellule(texte: &str) -> String {
    // Control characters have no business in a cell, and a leading tab hides a formula from a careless look.
    let plat: String = texte.chars().map(|lettre| if lettre.is_control() { ' ' } else { lettre }).collect();
    let formule = plat.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let garde = if formule { "'" } else { "" };
    if formule || plat.contains([',', '"', ';']) {
        format!("\"{garde}{}\"", plat.replace('"', "\"\""))
    } else {
        plat
    }
}

#[cfg(test)]
mod tests {
    use super::cellule;

    #[test]
    fn a_cell_is_never_a_formula() {
        for (texte, attendu) in [
            ("", ""),
            ("simple", "simple"),
            ("CN=lps,C=FR", "\"CN=lps,C=FR\""),
            ("dit \"oui\"", "\"dit \"\"oui\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("+33", "\"'+33\""),
            ("-2", "\"'-2\""),
            ("@SOMME(A1)", "\"'@SOMME(A1)\""),
            ("\t=cmd|' /C calc'!A0", "\"' =cmd|' /C calc'!A0\""),
            ("\r\n=1", "\"'  =1\""),
            ("＝1", "\"'＝1\""),
            ("a\nb", "a b"),
        ] {
            assert_eq!(cellule(texte), attendu, "{texte:?}");
        }
    }
}
