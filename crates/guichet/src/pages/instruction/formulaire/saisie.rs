//! The verdicts as the page sends them, field by field, with what it showed of the verdicts before.
//!
//! Rule: a field in which nothing was changed is not judged again; a motif without an answer means « à corriger ».

use std::collections::BTreeMap;

use domaine::{
    candidature::{Candidature, Refus, administratif::Jugement},
    formulaire::{VerdictChamp, rapprochement::Conflit},
};
use jiff::Timestamp;
use registre::ModeleMessage;
use web::Saisie;

/// Prefix of the answer, of the motif, of the chosen template and of what the page showed.
pub(super) const AVIS: &str = "avis.";
pub(super) const MOTIF: &str = "motif.";
pub(super) const MODELE: &str = "modele.";
pub(super) const VU: &str = "vu.";
pub(super) const CONFORME: &str = "conforme";
pub(super) const A_CORRIGER: &str = "a_corriger";

/// What stood on the page when it was shown: the instant of the verdict, and the verdict unless it was stale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Vu {
    pub le: Option<Timestamp>,
    pub verdict: Option<(bool, String)>,
}

impl Vu {
    /// `stale` when the value has changed since the verdict, which then is only told, not answered for.
    pub(super) fn de(verdict: Option<&VerdictChamp>, stale: bool) -> Self {
        Self {
            le: verdict.map(|verdict| verdict.le),
            verdict: verdict.filter(|_| !stale).map(|verdict| (verdict.conforme, verdict.motif.clone())),
        }
    }

    /// As a hidden field: instant to the nanosecond, answer, motif.
    pub(super) fn texte(&self) -> String {
        let le = self.le.map_or_else(String::new, |le| le.to_string());
        match &self.verdict {
            Some((conforme, motif)) => format!("{le}|{}|{motif}", cle(*conforme)),
            None => format!("{le}||"),
        }
    }

    fn lire(texte: &str) -> Self {
        let mut parties = texte.splitn(3, '|');
        let le = parties.next().and_then(|le| le.parse().ok());
        let conforme = match parties.next() {
            Some(CONFORME) => Some(true),
            Some(A_CORRIGER) => Some(false),
            _ => None,
        };
        let motif = parties.next().unwrap_or_default().to_owned();
        Self { le, verdict: conforme.map(|conforme| (conforme, motif)) }
    }
}

pub(super) fn cle(conforme: bool) -> &'static str {
    if conforme { CONFORME } else { A_CORRIGER }
}

/// What was typed for one field; `None` without an answer.
fn tape(saisie: &Saisie, cle: &str, modeles: &[ModeleMessage]) -> Option<(bool, String)> {
    let motif = saisie.texte(&format!("{MOTIF}{cle}"));
    let modele = saisie.texte(&format!("{MODELE}{cle}"));
    let modele = modeles.iter().find(|un| un.id == modele).map_or("", |un| un.texte.trim());
    let motif = if motif.is_empty() { modele } else { motif };
    match saisie.texte(&format!("{AVIS}{cle}")) {
        CONFORME => Some((true, String::new())),
        A_CORRIGER => Some((false, motif.to_owned())),
        _ if !motif.is_empty() => Some((false, motif.to_owned())),
        _ if !saisie.texte("reste").is_empty() => Some((true, String::new())),
        _ => None,
    }
}

/// The verdicts that differ from what the page showed; else key and text of what is missing.
pub(super) fn lire(
    saisie: &Saisie,
    candidature: &Candidature,
    modeles: &[ModeleMessage],
) -> Result<BTreeMap<String, Jugement>, Vec<(String, String)>> {
    let mut jugements = BTreeMap::new();
    let mut erreurs = Vec::new();
    for champ in candidature.formulaire.champs(candidature.guichet) {
        let vu = saisie.texte(&format!("{VU}{}", champ.cle));
        if vu.is_empty() {
            continue;
        }
        let vu = Vu::lire(vu);
        let Some((conforme, motif)) = tape(saisie, champ.cle, modeles) else { continue };
        if !conforme && motif.is_empty() {
            let texte = format!("{} : dites ce qui est à corriger.", champ.intitule());
            erreurs.push((champ.cle.to_owned(), texte));
        } else if vu.verdict != Some((conforme, motif.clone())) {
            jugements.insert(champ.cle.to_owned(), Jugement { conforme, motif, vu: vu.le });
        }
    }
    if erreurs.is_empty() { Ok(jugements) } else { Err(erreurs) }
}

/// Refuses a decision when a verdict stands that the page neither showed nor sent.
pub(super) fn exige_verdicts_vus(candidature: &Candidature, saisie: &Saisie) -> Result<(), Refus> {
    let verdicts = &candidature.formulaire.verdicts;
    let inconnus: Vec<Conflit> = verdicts
        .iter()
        .filter(|(cle, verdict)| {
            let vu = Vu::lire(saisie.texte(&format!("{VU}{cle}")));
            let tape = tape(saisie, cle, &[]);
            vu.le != Some(verdict.le)
                && tape.is_none_or(|(conforme, motif)| {
                    conforme != verdict.conforme || (!motif.is_empty() && motif != verdict.motif)
                })
        })
        .map(|(cle, verdict)| Conflit {
            cle: cle.clone(),
            enregistre: verdict.phrase(),
            par: verdict.par.nom.clone(),
        })
        .collect();
    if inconnus.is_empty() { Ok(()) } else { Err(Refus::Conflit(inconnus)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_page_showed_comes_back() {
        let le = Timestamp::new(1_700_000_000, 123_456_789).expect("in range");
        for vu in [
            Vu::default(),
            Vu { le: Some(le), verdict: None },
            Vu { le: Some(le), verdict: Some((true, String::new())) },
            Vu { le: Some(le), verdict: Some((false, "a | b\nc".to_owned())) },
        ] {
            assert_eq!(Vu::lire(&vu.texte()), vu);
        }
    }

    #[test]
    fn an_answer_is_read_with_its_motif() {
        let modele = ModeleMessage {
            id: "m1".to_owned(),
            genre: "correction".to_owned(),
            titre: String::new(),
            texte: "Texte type".to_owned(),
        };
        let a_corriger = |motif: &str| Some((false, motif.to_owned()));
        for (corps, attendu) in [
            ("", None),
            ("avis.siret=conforme&motif.siret=x", Some((true, String::new()))),
            ("avis.siret=a_corriger&motif.siret=x", a_corriger("x")),
            ("avis.siret=a_corriger&modele.siret=m1", a_corriger("Texte type")),
            ("avis.siret=a_corriger&modele.siret=m1&motif.siret=x", a_corriger("x")),
            ("motif.siret=x", a_corriger("x")),
            ("reste=conforme", Some((true, String::new()))),
            ("reste=conforme&motif.siret=x", a_corriger("x")),
        ] {
            let saisie = Saisie::lire(corps.as_bytes());
            assert_eq!(tape(&saisie, "siret", std::slice::from_ref(&modele)), attendu, "{corps}");
        }
    }
}
