//! The page of the vérificateur: each field with its value, what changed, the advice, and the verdict to give.

use std::collections::BTreeMap;

use askama::Template;
use domaine::{
    avis::VerdictAvis,
    calendrier::date_heure_fr,
    candidature::{
        Candidature,
        administratif::{CORRECTION, MODIFIE},
    },
    evenement::Evenement,
    formulaire::{
        EtatFormulaire,
        champs::{Champ, Section},
    },
    permission::{Acte, Objet},
};
use registre::ModeleMessage;
use web::{Cadre, Champs, Choix, Genre, Saisie};

use super::{
    avis::{self, Avis},
    saisie::{AVIS, MODELE, MOTIF, VU, Vu, cle},
};
use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur, pages::formulaire::vue};

#[derive(Template)]
#[template(path = "instruction/formulaire.html")]
pub(super) struct Page {
    cadre: Cadre,
    f: Champs,
    base: String,
    sur: String,
    sous: String,
    etat: &'static str,
    genre: Genre,
    /// The form waits for verdicts.
    a_juger: bool,
    sections: Vec<SectionVue>,
    composants: Vec<vue::ComposantVu>,
    modeles: Vec<Choix>,
    changes: usize,
    juges: usize,
    total: usize,
}

struct SectionVue {
    ancre: &'static str,
    titre: &'static str,
    champs: Vec<ChampVu>,
}

struct ChampVu {
    cle: &'static str,
    libelle: &'static str,
    intitule: String,
    valeur: String,
    /// Value at the last review, when it has changed since.
    avant: Option<String>,
    avis: Vec<(Genre, &'static str, String)>,
    /// Names of the fields of its verdict.
    nom_avis: String,
    nom_motif: String,
    nom_modele: String,
    nom_vu: String,
    vu: String,
    /// The verdict that stands, as a sentence.
    verdict: Option<(Genre, String)>,
}

/// The templates of messages offered for a correction.
pub(super) async fn modeles(app: &App, candidature: &Candidature) -> Result<Vec<ModeleMessage>, Erreur> {
    let mut tx = app.registre.lire().await?;
    crate::modeles::load(&mut tx, crate::modeles::CORRECTION, candidature, "formulaire administratif").await
}

pub(super) async fn page(
    app: &App,
    ici: &Ici,
    candidature: &Candidature,
    saisie: Option<Saisie>,
    erreurs: Vec<(String, String)>,
) -> Result<Page, Erreur> {
    let formulaire = &candidature.formulaire;
    let avis = avis::avis(app, candidature, ici.structure()?, ici.produit()?).await?;
    let evenements = app.registre.lire().await?.load_evenements(&candidature.sujet(), true).await?;
    let changes = changements(evenements.iter().map(|lu| &lu.evenement));
    let a_juger = formulaire.soumis() && ici.peut(Objet::Formulaire, Acte::Juger);
    let mut f = saisie.map_or_else(Champs::vides, Champs::depuis);
    let mut sections = Vec::new();
    let (mut juges, mut total) = (0, 0);
    let retape: Vec<String> = [AVIS, MOTIF]
        .into_iter()
        .flat_map(|prefixe| formulaire.champs(candidature.guichet).map(move |champ| nom(prefixe, champ.cle)))
        .filter(|nom| !f.valeur(nom).is_empty())
        .collect();
    for section in Section::TOUTES {
        let mut champs = Vec::new();
        for champ in formulaire.champs(candidature.guichet).filter(|champ| champ.section == section) {
            let avant = changes.get(&champ.intitule()).cloned();
            let verdict = formulaire.verdicts.get(champ.cle);
            let vu = Vu::de(verdict, avant.is_some());
            total += 1;
            juges += usize::from(vu.verdict.is_some());
            // What was typed wins over what stands; a conflict shows both.
            let touche = retape.iter().any(|autre| autre.ends_with(&format!(".{}", champ.cle)));
            if let Some((conforme, motif)) = vu.verdict.as_ref().filter(|_| !touche) {
                f = f.avec(&nom(AVIS, champ.cle), cle(*conforme)).avec(&nom(MOTIF, champ.cle), motif);
            }
            champs.push(champ_vu(candidature, champ, &avis, avant, &vu));
        }
        if !champs.is_empty() {
            sections.push(SectionVue { ancre: section.ancre(), titre: section.titre(), champs });
        }
    }
    for (cle, texte) in erreurs {
        f.refuser(&cle, texte);
    }
    let fil = vue::fil(ici, candidature);
    let fil: Vec<(&str, &str)> = fil.iter().map(|(libelle, url)| (libelle.as_str(), url.as_str())).collect();
    let chemin = format!("/candidatures/{}/instruction/formulaire", candidature.id);
    let modeles = modeles(app, candidature).await?;
    Ok(Page {
        cadre: cadre(app, Some(ici), "Instruction du formulaire", &chemin, &fil),
        f,
        base: format!("/candidatures/{}", candidature.id),
        sur: format!("{} · {}", candidature.nru, candidature.titre),
        sous: match &formulaire.etat {
            EtatFormulaire::Soumis { le } => {
                format!("{}, soumis le {}", formulaire.valeur("denomination"), date_heure_fr(*le))
            }
            _ => formulaire.valeur("denomination").to_owned(),
        },
        etat: formulaire.etat.libelle(),
        genre: vue::genre(&formulaire.etat),
        a_juger,
        changes: sections
            .iter()
            .flat_map(|section| &section.champs)
            .filter(|champ| champ.avant.is_some())
            .count(),
        sections,
        composants: vue::composants(candidature, formulaire.etat.deja_soumis()),
        modeles: modeles.iter().map(|modele| Choix::nouveau(&modele.id, &modele.titre)).collect(),
        juges,
        total,
    })
}

fn nom(prefixe: &str, cle: &str) -> String {
    format!("{prefixe}{cle}")
}

fn champ_vu(
    candidature: &Candidature,
    champ: &Champ,
    avis: &Avis,
    avant: Option<String>,
    vu: &Vu,
) -> ChampVu {
    let formulaire = &candidature.formulaire;
    let valeur = match formulaire.habilitations.get(champ.cle) {
        Some(liee) => {
            let source = if liee.fichier.is_some() { " (PDF joint)" } else { "" };
            format!("{}, {} {}{source}", liee.numero, liee.logiciel, liee.version)
        }
        None => champ.lisible(formulaire.valeur(champ.cle)),
    };
    ChampVu {
        cle: champ.cle,
        libelle: champ.libelle,
        intitule: champ.intitule(),
        valeur,
        avant,
        avis: avis
            .get(champ.cle)
            .into_iter()
            .flatten()
            .map(|(verdict, texte)| (genre_avis(*verdict), verdict.libelle(), texte.clone()))
            .collect(),
        nom_avis: nom(AVIS, champ.cle),
        nom_motif: nom(MOTIF, champ.cle),
        nom_modele: nom(MODELE, champ.cle),
        nom_vu: nom(VU, champ.cle),
        vu: vu.texte(),
        verdict: formulaire.verdicts.get(champ.cle).map(|verdict| {
            let mot = if verdict.conforme { "Conforme" } else { "À corriger" };
            let suite =
                if verdict.motif.is_empty() { String::new() } else { format!(" : {}", verdict.motif) };
            let ancien = if vu.verdict.is_none() { ", sur l’ancienne valeur" } else { "" };
            let texte = format!("{mot}{suite} ({}, {}{ancien})", verdict.par, date_heure_fr(verdict.le));
            (if verdict.conforme { Genre::Succes } else { Genre::Attention }, texte)
        }),
    }
}

fn genre_avis(verdict: VerdictAvis) -> Genre {
    match verdict {
        VerdictAvis::Conforme => Genre::Succes,
        VerdictAvis::Remarque => Genre::Attention,
        VerdictAvis::Indetermine => Genre::Neutre,
        VerdictAvis::NonConforme => Genre::Erreur,
    }
}

/// The fields changed since the form was last sent back, by their labels, with the value that was judged then.
fn changements<'a>(evenements: impl Iterator<Item = &'a Evenement>) -> BTreeMap<String, String> {
    let mut changes: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut renvoye = false;
    for evenement in evenements {
        if evenement.acte == CORRECTION {
            renvoye = true;
            changes.clear();
        } else if renvoye && evenement.acte == MODIFIE {
            for difference in &evenement.differences {
                let (_, apres) = changes
                    .entry(difference.champ.clone())
                    .or_insert_with(|| (difference.avant.clone(), String::new()));
                apres.clone_from(&difference.apres);
            }
        }
    }
    changes
        .into_iter()
        .filter(|(_, (avant, apres))| avant != apres)
        .map(|(champ, (avant, _))| (champ, avant))
        .collect()
}

#[cfg(test)]
mod tests {
    use domaine::evenement::{Acteur, Sujet};
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn only_what_changed_since_the_last_review_is_shown() {
        let evenement = |acte: &str, differences: &[(&str, &str, &str)]| {
            let nu =
                Evenement::new(Sujet::new("candidature", 1), acte, &Acteur::systeme(), Timestamp::UNIX_EPOCH);
            differences
                .iter()
                .fold(nu, |suite, (champ, avant, apres)| suite.difference(*champ, *avant, *apres))
        };
        let premiers = [evenement(MODIFIE, &[("SIRET", "", "1")])];
        assert!(changements(premiers.iter()).is_empty());
        let tous = [
            evenement(MODIFIE, &[("SIRET", "", "1")]),
            evenement(CORRECTION, &[]),
            evenement(MODIFIE, &[("SIRET", "1", "2"), ("Voie", "a", "b")]),
            evenement("Champs du formulaire vérifiés", &[("Pays", "", "conforme")]),
            evenement(MODIFIE, &[("SIRET", "2", "3"), ("Voie", "b", "a")]),
        ];
        let attendu = BTreeMap::from([("SIRET".to_owned(), "1".to_owned())]);
        assert_eq!(changements(tous.iter()), attendu);
    }
}
