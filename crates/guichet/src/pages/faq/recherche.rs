//! A search of the FAQ as its URL tells it: words, choices of each facet, page.
//!
//! Rule: the URL says everything, so that a search can be sent to a colleague; what it names and we don't know is
//! passed over.

use std::collections::BTreeMap;

use registre::{FiltreFaq, TrouvailleFaq};
use url::form_urlencoded::Serializer;
use web::Saisie;

use crate::faq::{
    mots::racines,
    vocabulaire::{self, Facette, facettes},
};

/// Characters read of the words typed.
const MOTS_MAX: usize = 200;

#[derive(Clone, Debug, Default)]
pub(super) struct Recherche {
    pub(super) mots: String,
    pub(super) page: u32,
    choix: BTreeMap<String, Vec<String>>,
}

/// A facet as the page offers it.
pub(super) struct FacetteVue {
    pub(super) cle: &'static str,
    pub(super) titre: &'static str,
    pub(super) choix: Vec<ChoixVu>,
    pub(super) ouverte: bool,
}

pub(super) struct ChoixVu {
    pub(super) code: &'static str,
    pub(super) libelle: &'static str,
    /// Written above the first dispositif of a couloir.
    pub(super) couloir: Option<&'static str>,
    pub(super) compte: usize,
    pub(super) coche: bool,
}

/// A choice that can be taken back.
pub(super) struct Retrait {
    pub(super) libelle: String,
    pub(super) url: String,
}

impl Recherche {
    pub(super) fn lire(requete: &str) -> Self {
        let saisie = Saisie::lire(requete.as_bytes());
        let choix = facettes()
            .iter()
            .map(|Facette { cle, codes, .. }| {
                let demandes = saisie.tous(cle);
                let retenus = codes
                    .iter()
                    .filter(|code| demandes.contains(&code.code.as_str()))
                    .map(|code| code.code.clone())
                    .collect();
                ((*cle).to_owned(), retenus)
            })
            .collect();
        Self {
            mots: saisie.texte("mots").chars().take(MOTS_MAX).collect(),
            page: saisie.texte("page").parse().unwrap_or(1),
            choix,
        }
    }

    pub(super) fn filtre(&self) -> FiltreFaq {
        FiltreFaq { facettes: self.choix.clone(), racines: racines(&self.mots), tout: false }
    }

    /// Words were typed, but only such as « comment » or « est-ce ».
    pub(super) fn mots_muets(&self) -> bool {
        !self.mots.is_empty() && racines(&self.mots).is_empty()
    }

    pub(super) fn filtree(&self) -> bool {
        self.choix.values().any(|codes| !codes.is_empty())
    }

    /// The address of this search, first page.
    pub(super) fn url(&self) -> String {
        let mut requete = Serializer::new(String::new());
        if !self.mots.is_empty() {
            requete.append_pair("mots", &self.mots);
        }
        for Facette { cle, .. } in facettes() {
            for code in self.choix.get(*cle).into_iter().flatten() {
                requete.append_pair(cle, code);
            }
        }
        let requete = requete.finish();
        if requete.is_empty() { "/faq".to_owned() } else { format!("/faq?{requete}") }
    }

    fn sans(&self, facette: &str, code: &str) -> Self {
        let mut autre = self.clone();
        if let Some(codes) = autre.choix.get_mut(facette) {
            codes.retain(|autre| autre != code);
        }
        autre
    }

    pub(super) fn sans_facettes(&self) -> Self {
        Self { mots: self.mots.clone(), ..Self::default() }
    }

    /// Each choice made, with the address of the search without it.
    pub(super) fn retraits(&self) -> Vec<Retrait> {
        let mut retraits = Vec::new();
        if !self.mots.is_empty() {
            let url = Self { mots: String::new(), ..self.clone() }.url();
            retraits.push(Retrait { libelle: format!("« {} »", self.mots), url });
        }
        for Facette { cle, .. } in facettes() {
            for code in self.choix.get(*cle).into_iter().flatten() {
                let libelle = vocabulaire::libelle(cle, code).unwrap_or(code).to_owned();
                retraits.push(Retrait { libelle, url: self.sans(cle, code).url() });
            }
        }
        retraits
    }

    /// The facets with what each choice would give; a choice that gives nothing isn't offered, unless it is made.
    pub(super) fn facettes(&self, trouvaille: &TrouvailleFaq) -> Vec<FacetteVue> {
        facettes()
            .iter()
            .map(|Facette { cle, titre, codes }| {
                let faits = self.choix.get(*cle).map_or(&[][..], Vec::as_slice);
                let comptes = trouvaille.comptes.get(*cle);
                let mut couloir = None;
                let mut choix = Vec::new();
                for code in codes {
                    let compte = comptes.and_then(|comptes| comptes.get(&code.code)).copied().unwrap_or(0);
                    let coche = faits.contains(&code.code);
                    if compte == 0 && !coche {
                        continue;
                    }
                    let sien = code.couloir.as_deref();
                    let nouveau = if sien == couloir { None } else { sien };
                    couloir = sien;
                    choix.push(ChoixVu {
                        code: &code.code,
                        libelle: &code.libelle,
                        couloir: nouveau.and_then(|code| vocabulaire::libelle("couloir", code)),
                        compte,
                        coche,
                    });
                }
                let ouverte = !faits.is_empty() || (*cle == "theme" && !self.filtree());
                FacetteVue { cle, titre, choix, ouverte }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l_adresse_dit_toute_la_recherche() {
        for (requete, url) in [
            ("", "/faq"),
            ("mots=&page=3", "/faq"),
            ("mots=client+id&page=2", "/faq?mots=client+id"),
            ("theme=comptes&theme=preuves&offre=mssante", "/faq?offre=mssante&theme=comptes&theme=preuves"),
            ("theme=inconnu&autre=x", "/faq"),
            ("mots=%3Cscript%3E%26a%3Db", "/faq?mots=%3Cscript%3E%26a%3Db"),
            ("page=-1", "/faq"),
        ] {
            let recherche = Recherche::lire(requete);
            assert_eq!(recherche.url(), url, "{requete}");
            assert_eq!(Recherche::lire(url.trim_start_matches("/faq").trim_start_matches('?')).url(), url);
        }
        assert_eq!(Recherche::lire("page=4").page, 4);
        assert_eq!(Recherche::lire("page=beaucoup").page, 1);
    }

    #[test]
    fn chaque_choix_se_retire_seul() {
        let recherche = Recherche::lire("mots=preuve&theme=comptes&theme=preuves&dispositif=RIS&page=2");
        let urls: Vec<String> = recherche.retraits().into_iter().map(|retrait| retrait.url).collect();
        assert_eq!(
            urls,
            [
                "/faq?dispositif=RIS&theme=comptes&theme=preuves",
                "/faq?mots=preuve&theme=comptes&theme=preuves",
                "/faq?mots=preuve&dispositif=RIS&theme=preuves",
                "/faq?mots=preuve&dispositif=RIS&theme=comptes",
            ]
        );
        assert_eq!(recherche.sans_facettes().url(), "/faq?mots=preuve");
    }
}
