//! The questions that ship with the program, and how they enter the registry.
//!
//! Rule: what is stored is compared with the fingerprint of the shipped text from which it came. Still equal, it
//! follows a newer shipped text; different, the agency has rewritten it and it stays.

use std::collections::BTreeMap;

use domaine::{
    evenement::{Acteur, Evenement},
    faq::{Etat, Question, Redaction},
};
use jiff::{Timestamp, civil::Date};
use registre::{Erreur, Registre, Resultat, Versionne};
use serde::Deserialize;

use super::{INDEX, empreinte, index, vocabulaire::ranger};

/// Several processes that open one database at once may stand in each other's way.
const ESSAIS: usize = 5;

const FICHIERS: [(&str, &str); 8] = [
    ("candidature.toml", include_str!("../../../../faq/candidature.toml")),
    ("comptes-produits.toml", include_str!("../../../../faq/comptes-produits.toml")),
    ("habilitation.toml", include_str!("../../../../faq/habilitation.toml")),
    ("portail.toml", include_str!("../../../../faq/portail.toml")),
    ("preuves.toml", include_str!("../../../../faq/preuves.toml")),
    ("segur-cnda.toml", include_str!("../../../../faq/segur-cnda.toml")),
    ("technique.toml", include_str!("../../../../faq/technique.toml")),
    ("test-intrusion.toml", include_str!("../../../../faq/test-intrusion.toml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fichier {
    question: Vec<Ecrite>,
}

/// A question as the files write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ecrite {
    id: i64,
    question: String,
    reponse: String,
    mise_a_jour: toml::value::Datetime,
    offres: Vec<String>,
    couloirs: Vec<String>,
    dispositifs: Vec<String>,
    produits: Vec<String>,
    themes: Vec<String>,
    liens: Vec<String>,
}

impl Ecrite {
    fn question(self) -> Question {
        let facettes = [
            ("offre", self.offres),
            ("couloir", self.couloirs),
            ("dispositif", self.dispositifs),
            ("produit", self.produits),
            ("theme", self.themes),
        ];
        let facettes = facettes.map(|(cle, codes)| (cle.to_owned(), codes)).into();
        let redaction = Redaction {
            question: self.question,
            reponse: self.reponse.trim().to_owned(),
            facettes: ranger(&facettes),
            liens: self.liens,
        };
        let mise_a_jour: Date =
            self.mise_a_jour.to_string().parse().expect("the shipped dates are read by the tests");
        let livree = empreinte_de(&redaction, mise_a_jour);
        Question { id: self.id, redaction, etat: Etat::Publiee, mise_a_jour, livree, index: INDEX.clone() }
    }
}

/// Every shipped question.
pub(super) fn livrees() -> Vec<Question> {
    FICHIERS
        .iter()
        .flat_map(|(_, texte)| {
            let fichier: Fichier =
                toml::from_str(texte).expect("the shipped questions are read by the tests");
            fichier.question.into_iter().map(Ecrite::question)
        })
        .collect()
}

/// Fingerprint of a text: two are equal when nothing that a reader sees differs.
fn empreinte_de(redaction: &Redaction, mise_a_jour: Date) -> String {
    let mut texte = format!("{mise_a_jour}\0{}\0{}", redaction.question, redaction.reponse);
    for (facette, codes) in &redaction.facettes {
        texte.push('\0');
        texte.push_str(facette);
        for code in codes {
            texte.push('\u{1}');
            texte.push_str(code);
        }
    }
    for lien in &redaction.liens {
        texte.push('\0');
        texte.push_str(lien);
    }
    empreinte(texte.as_bytes())
}

/// What has to be written, with the event of a text that changes under its readers.
fn ecarts(
    gardees: Vec<Versionne<Question>>,
    livrees: Vec<Question>,
    le: Timestamp,
) -> Vec<(Versionne<Question>, Option<Evenement>)> {
    let mut gardees: BTreeMap<i64, Versionne<Question>> =
        gardees.into_iter().map(|question| (question.id, question)).collect();
    let mut ecarts = Vec::new();
    for livree in livrees {
        let Some(gardee) = gardees.remove(&livree.id) else {
            ecarts.push((Versionne::nouveau(livree), None));
            continue;
        };
        let intacte = empreinte_de(&gardee.redaction, gardee.mise_a_jour) == gardee.livree;
        if !intacte || gardee.livree == livree.livree {
            gardees.insert(gardee.id, gardee);
            continue;
        }
        let etat = gardee.etat;
        let reecrite = gardee.valeur.clone().rediger(livree.redaction.clone(), etat, &Acteur::systeme(), le);
        ecarts.push((gardee.vers(Question { etat, ..livree }), reecrite.map(|(_, evenement)| evenement)));
    }
    // Texts that stay, found under rules of search that have changed since.
    for gardee in gardees.into_values().filter(|gardee| gardee.index != *INDEX) {
        let index = INDEX.clone();
        ecarts.push((gardee.vers(Question { index, ..gardee.valeur.clone() }), None));
    }
    ecarts
}

/// Brings the registry up to date with what is shipped; writes nothing when nothing differs.
pub async fn semer(registre: &Registre, le: Timestamp) -> Resultat<()> {
    let livrees = livrees();
    let gardees = registre.lire().await?.load_questions().await?;
    if ecarts(gardees, livrees.clone(), le).is_empty() {
        return Ok(());
    }
    for essai in 1.. {
        match ecrire(registre, livrees.clone(), le).await {
            Err(Erreur::Conflit) if essai < ESSAIS => {}
            resultat => return resultat,
        }
    }
    Ok(())
}

async fn ecrire(registre: &Registre, livrees: Vec<Question>, le: Timestamp) -> Resultat<()> {
    let mut tx = registre.ecrire().await?;
    let gardees = tx.load_questions().await?;
    for (question, evenement) in ecarts(gardees, livrees, le) {
        tx.save_question(&question, &index(&question)).await?;
        if let Some(evenement) = evenement {
            // The votes were about the former answer.
            if evenement.differences.iter().any(|difference| difference.champ == "reponse") {
                tx.oublier_votes(question.id).await?;
            }
            tx.save_evenement(&evenement).await?;
        }
    }
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use domaine::{referentiel::Referentiel, structure::Personne};
    use registre::FiltreFaq;
    use test_support::base::bases;

    use super::*;
    use crate::{
        faq::{lien, mots::racines},
        ouverture::REFERENTIEL,
    };

    fn le() -> Timestamp {
        "2026-11-21T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn la_liste_est_celle_du_dossier() {
        let dossier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../faq");
        let mut fichiers: Vec<String> = std::fs::read_dir(dossier)
            .unwrap()
            .map(|fichier| fichier.unwrap().file_name().into_string().unwrap())
            .filter(|nom| nom != "facettes.toml")
            .collect();
        fichiers.sort();
        assert_eq!(fichiers, FICHIERS.map(|(nom, _)| nom));
    }

    #[test]
    fn chaque_question_livree_est_bien_formee() {
        let referentiel = Referentiel::lire(REFERENTIEL).unwrap();
        let mut vus = BTreeSet::new();
        for (nom, texte) in FICHIERS {
            let fichier: Fichier = toml::from_str(texte).unwrap_or_else(|faute| panic!("{nom}: {faute}"));
            for ecrite in fichier.question {
                let id = ecrite.id;
                assert!(vus.insert(id), "{id} is there twice");
                for (facette, codes) in [
                    ("offre", &ecrite.offres),
                    ("couloir", &ecrite.couloirs),
                    ("dispositif", &ecrite.dispositifs),
                    ("produit", &ecrite.produits),
                    ("theme", &ecrite.themes),
                ] {
                    for code in codes {
                        let connu = crate::faq::vocabulaire::libelle(facette, code);
                        assert!(connu.is_some(), "{id}: {facette} {code}");
                    }
                }
                assert!(!ecrite.themes.is_empty(), "{id} has no theme");
                let question = ecrite.question();
                assert!(question.redaction.fautes(Etat::Publiee).is_empty(), "{id}");
                for texte in &question.redaction.liens {
                    assert!(lien(texte, &referentiel).is_some(), "{id}: {texte}");
                }
            }
        }
        assert_eq!(vus.len(), livrees().len());
    }

    async fn chercher(registre: &Registre, mots: &str, choix: &[(&str, &[&str])]) -> Vec<i64> {
        let facettes = choix
            .iter()
            .map(|(facette, codes)| {
                ((*facette).to_owned(), codes.iter().map(|code| (*code).to_owned()).collect())
            })
            .collect();
        let filtre = FiltreFaq { facettes, racines: racines(mots), tout: false };
        registre.lire().await.unwrap().chercher_questions(&filtre).await.unwrap().ids
    }

    #[tokio::test]
    async fn les_mots_et_les_facettes_trouvent_sur_les_deux_bases() {
        for base in bases() {
            let registre = Registre::ouvrir(&base.url).await.unwrap();
            semer(&registre, le()).await.unwrap();
            let nom = base.nom;
            assert_eq!(chercher(&registre, "", &[]).await.len(), livrees().len(), "{nom}");
            for (mots, attendue) in [
                ("Qu’est-ce que le NRU ?", 112),
                ("prolonger autorisation acces", 702),
                ("renouvellement de l’habilitation", 705),
                ("renouveler habilitation", 705),
                ("conservation dossier", 802),
                ("plan d'assurance securite", 314),
            ] {
                let trouvees = chercher(&registre, mots, &[]).await;
                assert!(trouvees.iter().take(3).any(|id| *id == attendue), "{nom}: {mots}: {trouvees:?}");
            }
            assert!(chercher(&registre, "preuve rechauffement", &[]).await.is_empty(), "{nom}: all words");
            assert_eq!(
                chercher(&registre, "habilitation", &[]).await,
                chercher(&registre, "habilitations", &[]).await,
                "{nom}"
            );
            // The start of a word that is still being typed.
            assert!(chercher(&registre, "intrus", &[]).await.contains(&404), "{nom}");

            let comptes = chercher(&registre, "", &[("theme", &["comptes"])]).await;
            let portail = chercher(&registre, "", &[("theme", &["portail"])]).await;
            let deux = chercher(&registre, "", &[("theme", &["comptes", "portail"])]).await;
            let attendues: BTreeSet<i64> = comptes.iter().chain(&portail).copied().collect();
            assert_eq!(deux, attendues.into_iter().collect::<Vec<_>>(), "{nom}: codes of one facet add up");
            let croisees =
                chercher(&registre, "", &[("theme", &["comptes"]), ("produit", &["guichets"])]).await;
            assert!(!croisees.is_empty() && croisees.len() < comptes.len(), "{nom}: facets restrict");
            assert!(croisees.iter().all(|id| comptes.contains(id)), "{nom}");
            // A dispositif is found under its couloir.
            let couloir = chercher(&registre, "", &[("couloir", &["imagerie"])]).await;
            let dispositif = chercher(&registre, "", &[("dispositif", &["RIS"])]).await;
            assert!(!dispositif.is_empty() && dispositif.iter().all(|id| couloir.contains(id)), "{nom}");
        }
    }

    #[tokio::test]
    async fn semer_deux_fois_ne_change_rien_et_l_agence_garde_son_texte() {
        for base in bases() {
            let registre = Registre::ouvrir(&base.url).await.unwrap();
            semer(&registre, le()).await.unwrap();

            // 802 is rewritten by the agency, 803 only archived, 804 still holds an older shipped text.
            let mut tx = registre.ecrire().await.unwrap();
            let lue = tx.load_question(802).await.unwrap().unwrap();
            let redaction = Redaction { reponse: "À nous.".to_owned(), ..lue.redaction.clone() };
            let (reecrite, _) =
                lue.valeur.clone().rediger(redaction, Etat::Publiee, &Acteur::systeme(), le()).unwrap();
            tx.save_question(&lue.vers(reecrite), &BTreeMap::new()).await.unwrap();
            let lue = tx.load_question(803).await.unwrap().unwrap();
            let archivee = Question { etat: Etat::Archivee, ..lue.valeur.clone() };
            tx.save_question(&lue.vers(archivee), &BTreeMap::new()).await.unwrap();
            let lue = tx.load_question(804).await.unwrap().unwrap();
            let mut ancienne = lue.valeur.clone();
            ancienne.redaction.reponse = "Un texte livré jadis.".to_owned();
            ancienne.livree = empreinte_de(&ancienne.redaction, ancienne.mise_a_jour);
            ancienne.index = String::new();
            let personne = domaine::id::Id::<Personne>::new(domaine_uuid());
            tx.save_question(&lue.vers(ancienne), &BTreeMap::new()).await.unwrap();
            tx.voter(804, personne, false, le()).await.unwrap();
            tx.commit().await.unwrap();

            semer(&registre, le()).await.unwrap();
            let mut tx = registre.lire().await.unwrap();
            let nom = base.nom;
            let version = |question: Option<Versionne<Question>>| question.unwrap().version;
            assert_eq!(version(tx.load_question(801).await.unwrap()), 1, "{nom}: untouched");
            let agence = tx.load_question(802).await.unwrap().unwrap();
            assert_eq!(agence.redaction.reponse, "À nous.", "{nom}");
            let archivee = tx.load_question(803).await.unwrap().unwrap();
            assert_eq!((archivee.etat, archivee.version), (Etat::Archivee, 2), "{nom}");
            let suivie = tx.load_question(804).await.unwrap().unwrap();
            let livree = livrees().into_iter().find(|question| question.id == 804).unwrap();
            assert_eq!(suivie.redaction, livree.redaction, "{nom}");
            assert_eq!(tx.load_vote(804, personne).await.unwrap(), None, "{nom}");
            let evenements = tx.load_evenements(&domaine::faq::sujet(804), true).await.unwrap();
            assert_eq!(evenements.len(), 1, "{nom}");
            drop(tx);

            semer(&registre, le()).await.unwrap();
            let suivie = registre.lire().await.unwrap().load_question(804).await.unwrap().unwrap();
            assert_eq!(suivie.version, 3, "{nom}: nothing to write any more");
        }
    }

    fn domaine_uuid() -> uuid::Uuid {
        uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001)
    }

    #[tokio::test]
    async fn un_vote_par_personne_qui_peut_changer() {
        for base in bases() {
            let registre = Registre::ouvrir(&base.url).await.unwrap();
            semer(&registre, le()).await.unwrap();
            let personne = domaine::id::Id::<Personne>::new(domaine_uuid());
            let mut tx = registre.ecrire().await.unwrap();
            for (utile, oui, non) in [(true, 1, 0), (true, 1, 0), (false, 0, 1)] {
                tx.voter(112, personne, utile, le()).await.unwrap();
                let votes = tx.load_votes_question(112).await.unwrap();
                assert_eq!((votes.utile, votes.inutile), (oui, non), "{}", base.nom);
                assert_eq!(tx.load_votes().await.unwrap().get(&112), Some(&votes), "{}", base.nom);
                assert_eq!(tx.load_vote(112, personne).await.unwrap(), Some(utile), "{}", base.nom);
            }
        }
    }
}
