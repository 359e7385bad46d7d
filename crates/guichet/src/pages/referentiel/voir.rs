//! The catalogue of exigences of one profile, as people read it, with the questions of the FAQ that explain them.
//!
//! Rule: the points de vérification belong to the agency; nobody else sees them, here or anywhere.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use domaine::{
    permission::{Acte, Objet, permis},
    referentiel::{Exigence, Nature, PreuveAttendue, Profil, Referentiel},
};
use registre::Tx;
use serde::Deserialize;
use web::{Cadre, Genre, Lien};

use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur};

#[derive(Deserialize)]
pub struct Choix {
    #[serde(default)]
    profil: String,
    #[serde(default)]
    version: String,
}

struct VueChapitre {
    code: String,
    titre: String,
    description: String,
    attendues: usize,
    exigences: Vec<VueExigence>,
}

struct VueExigence {
    id: String,
    reference: String,
    nature: &'static str,
    genre: Genre,
    enonce: String,
    aide: String,
    scenarios: Vec<(String, Vec<VuePreuve>)>,
    questions: Vec<(i64, String)>,
}

struct VuePreuve {
    id: String,
    titre: String,
    formes: String,
    nombre: String,
    validite: String,
    modele: String,
    points: Vec<String>,
}

#[derive(Template)]
#[template(path = "referentiel/voir.html")]
struct Page {
    cadre: Cadre,
    titre: String,
    version: String,
    courante: bool,
    profil: &'static str,
    onglets: Vec<Lien>,
    chapitres: Vec<VueChapitre>,
}

pub async fn voir(State(app): State<App>, ici: Ici, Query(choix): Query<Choix>) -> Result<Response, Erreur> {
    let version = if choix.version.is_empty() { &app.referentiel } else { &choix.version };
    let referentiel = app.referentiels.get(version).ok_or(Erreur::Introuvable)?;
    let profil = choix.profil.parse().unwrap_or(Profil::ELU);
    let agence = permis(&ici.personne.roles_agence, Objet::Instruction, Acte::Lire);
    let mut tx = app.registre.lire().await?;
    let page = Page {
        cadre: cadre(&app, Some(&ici), "Référentiel", "/referentiel", &[]),
        titre: referentiel.titre.clone(),
        version: referentiel.version.clone(),
        courante: referentiel.version == app.referentiel,
        profil: profil.libelle(),
        onglets: onglets(profil, &choix.version),
        chapitres: chapitres(&mut tx, referentiel, profil, agence).await?,
    };
    Ok(web::page(&page))
}

fn onglets(profil: Profil, version: &str) -> Vec<Lien> {
    Profil::TOUS
        .into_iter()
        .map(|autre| {
            let mut requete = url::form_urlencoded::Serializer::new(String::new());
            requete.append_pair("profil", autre.code());
            if !version.is_empty() {
                requete.append_pair("version", version);
            }
            Lien::nouveau(autre.libelle(), &format!("/referentiel?{}", requete.finish()))
                .actif(autre == profil)
        })
        .collect()
}

async fn chapitres(
    tx: &mut Tx,
    referentiel: &Referentiel,
    profil: Profil,
    agence: bool,
) -> Result<Vec<VueChapitre>, Erreur> {
    let liens = tx.load_liens_faq().await?;
    let questions =
        |exigence: &Exigence| liens.get(&format!("exigence:{}", exigence.id)).cloned().unwrap_or_default();
    Ok(referentiel
        .chapitres_pour(&[profil])
        .into_iter()
        .map(|chapitre| VueChapitre {
            code: chapitre.code.clone(),
            titre: chapitre.titre.clone(),
            description: chapitre.description.clone(),
            attendues: referentiel.attendues(&chapitre.code, &[profil]).len(),
            exigences: referentiel
                .exigences_du(&chapitre.code)
                .into_iter()
                .filter(|exigence| exigence.preuves().any(|preuve| preuve.profils.contains(&profil)))
                .map(|exigence| VueExigence::de(exigence, profil, agence, questions(exigence)))
                .collect(),
        })
        .collect())
}

impl VueExigence {
    fn de(exigence: &Exigence, profil: Profil, agence: bool, questions: Vec<(i64, String)>) -> Self {
        Self {
            id: exigence.id.clone(),
            reference: exigence.ref_officielle.clone(),
            nature: exigence.nature.libelle(),
            genre: if exigence.nature == Nature::Exigence { Genre::Info } else { Genre::Neutre },
            enonce: exigence.enonce.clone(),
            aide: exigence.aide.clone(),
            scenarios: exigence
                .scenarios
                .iter()
                .map(|scenario| {
                    let preuves = scenario.preuves.iter().filter(|preuve| preuve.profils.contains(&profil));
                    (scenario.texte.clone(), preuves.map(|preuve| VuePreuve::de(preuve, agence)).collect())
                })
                .filter(|(_, preuves): &(String, Vec<VuePreuve>)| !preuves.is_empty())
                .collect(),
            questions,
        }
    }
}

impl VuePreuve {
    fn de(preuve: &PreuveAttendue, agence: bool) -> Self {
        Self {
            id: preuve.id.clone(),
            titre: preuve.titre.clone(),
            formes: preuve.kinds.iter().map(|kind| kind.libelle()).collect::<Vec<_>>().join(", "),
            nombre: nombre(preuve.min, preuve.max),
            validite: match preuve.validite_mois {
                None => String::new(),
                Some(mois) => format!("datée de moins de {mois} mois"),
            },
            modele: preuve.modele.clone(),
            points: if agence { preuve.points_de_verification.clone() } else { Vec::new() },
        }
    }
}

fn nombre(min: u32, max: u32) -> String {
    match (min, max) {
        (0, 1) => "facultative".to_owned(),
        (0, max) => format!("facultative, {max} éléments au plus"),
        (1, 1) => "un élément".to_owned(),
        (min, max) if min == max => format!("{min} éléments"),
        (min, max) => format!("de {min} à {max} éléments"),
    }
}

#[cfg(test)]
mod tests {
    use super::nombre;

    #[test]
    fn bounds_read_as_a_phrase() {
        for (min, max, texte) in [
            (0, 1, "facultative"),
            (0, 3, "facultative, 3 éléments au plus"),
            (1, 1, "un élément"),
            (2, 2, "2 éléments"),
            (1, 5, "de 1 à 5 éléments"),
        ] {
            assert_eq!(nombre(min, max), texte);
        }
    }
}
