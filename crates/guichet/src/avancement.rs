//! How far a candidature has come, in the words of its pages: the counters of the guide, its steps, and what to do next
//! with the address where it is done.
//!
//! Rule: nothing here shows a verdict that the agency has not sent yet: a preuve counts as validated with its chapter.

use domaine::{
    candidature::{
        Candidature, Etat,
        manque::{AFaire, Ou},
    },
    chapitre::{Chapitre, EtatChapitre},
    formulaire::{Contexte, EtatFormulaire},
    habilitation::{EtatHabilitation, Habilitation},
    referentiel::Referentiel,
};
use jiff::Timestamp;
use web::{Etape, EtatEtape, Genre};

/// Address of the page of a candidature.
pub(crate) fn url(candidature: &Candidature) -> String {
    format!("/candidatures/{}", candidature.id)
}

/// How many chapters and preuves are submitted and validated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compteurs {
    pub(crate) chapitres: usize,
    pub(crate) soumis: usize,
    pub(crate) valides: usize,
    pub(crate) preuves: usize,
    pub(crate) preuves_soumises: usize,
    pub(crate) preuves_validees: usize,
}

impl Compteurs {
    pub(crate) fn de(candidature: &Candidature) -> Self {
        let mut compteurs = Self::default();
        for chapitre in &candidature.chapitres {
            let (chargees, attendues) = chapitre.chargees();
            compteurs.chapitres += 1;
            compteurs.preuves += attendues;
            if chapitre.soumis() {
                compteurs.soumis += 1;
                compteurs.preuves_soumises += chargees;
            }
            if chapitre.valide() {
                compteurs.valides += 1;
                compteurs.preuves_validees += chargees;
            }
        }
        compteurs
    }

    pub(crate) fn texte(&self) -> String {
        let Self { chapitres, soumis, valides, preuves, preuves_soumises, preuves_validees } = self;
        format!(
            "{soumis}/{chapitres} {} dont {valides} {} · {preuves_soumises}/{preuves} {} dont {preuves_validees} {}",
            accorde(*chapitres, "chapitre soumis", "chapitres soumis"),
            accorde(*valides, "validé", "validés"),
            accorde(*preuves, "preuve soumise", "preuves soumises"),
            accorde(*preuves_validees, "validée", "validées"),
        )
    }
}

/// French counts 0 and 1 as singular, but a ratio (« 0/4 chapitres ») follows the whole.
fn accorde(nombre: usize, un: &'static str, plusieurs: &'static str) -> &'static str {
    if nombre == 1 { un } else { plusieurs }
}

/// « 3 messages non lus », or nothing.
pub(crate) fn texte_non_lus(nombre: i64) -> String {
    match nombre {
        0 => String::new(),
        1 => "1 message non lu".to_owned(),
        n => format!("{n} messages non lus"),
    }
}

/// The tone of a state.
pub(crate) fn genre(etat: &Etat) -> Genre {
    match etat {
        Etat::Creee | Etat::Abandonnee { .. } => Genre::Neutre,
        Etat::FormulaireEnCours
        | Etat::FormulaireSoumis
        | Etat::DepotOuvert
        | Etat::DepotComplet
        | Etat::EnCollege { .. } => Genre::Info,
        Etat::FormulaireACorriger | Etat::Dormante { .. } => Genre::Attention,
        Etat::Habilitee { .. } => Genre::Succes,
        Etat::Refusee { .. } => Genre::Erreur,
    }
}

/// The tone of a chapter.
pub(crate) fn genre_chapitre(etat: &EtatChapitre) -> Genre {
    match etat {
        EtatChapitre::ACompleter => Genre::Neutre,
        EtatChapitre::Soumis { .. } | EtatChapitre::EnInstruction { .. } => Genre::Info,
        EtatChapitre::ACorriger { .. } => Genre::Attention,
        EtatChapitre::Valide { .. } => Genre::Succes,
    }
}

/// The tone of a habilitation at an instant.
pub(crate) fn genre_habilitation(habilitation: &Habilitation, le: Timestamp) -> Genre {
    match &habilitation.etat {
        EtatHabilitation::Projet => Genre::Info,
        EtatHabilitation::Active { .. } if habilitation.expiree(le) => Genre::Erreur,
        EtatHabilitation::Active { .. } => Genre::Succes,
        EtatHabilitation::Suspendue { .. } => Genre::Attention,
        EtatHabilitation::Retiree { .. } => Genre::Erreur,
        EtatHabilitation::Remplacee { .. } => Genre::Neutre,
    }
}

/// One thing to do; `url` is empty when there is only to wait.
#[derive(Clone, Debug)]
pub(crate) struct Geste {
    pub(crate) texte: String,
    pub(crate) url: String,
}

/// What the next step takes.
#[derive(Clone, Debug)]
pub(crate) struct Suite {
    pub(crate) etape: String,
    pub(crate) gestes: Vec<Geste>,
}

impl Suite {
    /// `None` at the end of the road.
    pub(crate) fn de(
        candidature: &Candidature,
        referentiel: &Referentiel,
        contexte: &Contexte,
    ) -> Option<Self> {
        let suivant = candidature.suivant(contexte)?;
        let gestes = suivant.a_faire.iter().map(|a_faire| geste(candidature, referentiel, a_faire)).collect();
        Some(Self { etape: suivant.etape.to_lowercase(), gestes })
    }

    /// Whether the industriel has something to do, or only to wait.
    pub(crate) fn a_moi(&self) -> bool {
        self.gestes.iter().any(|geste| !geste.url.is_empty())
    }

    /// The first thing to do, or what is waited for, in one line.
    pub(crate) fn premier(&self) -> Option<Geste> {
        let premier = self.gestes.iter().find(|geste| !geste.url.is_empty()).or(self.gestes.first())?;
        // One empty field out of twenty says less than how many there are.
        match premier.url.split_once("/formulaire#") {
            Some((base, _)) if self.gestes.len() > 1 => Some(Geste {
                texte: format!(
                    "compléter le formulaire administratif, il reste {} points",
                    self.gestes.len()
                ),
                url: format!("{base}/formulaire"),
            }),
            _ => Some(premier.clone()),
        }
    }
}

fn geste(candidature: &Candidature, referentiel: &Referentiel, a_faire: &AFaire) -> Geste {
    let base = url(candidature);
    let adresse = match &a_faire.ou {
        Ou::Attente => String::new(),
        Ou::Formulaire { champ: None } => format!("{base}/formulaire"),
        Ou::Formulaire { champ: Some(champ) } => format!("{base}/formulaire#c-{champ}"),
        Ou::Chapitre { code, attendue: None } => format!("{base}/chapitres/{code}"),
        Ou::Chapitre { code, attendue: Some(attendue) } => {
            format!("{base}/chapitres/{code}/preuves/{attendue}")
        }
    };
    // A number says nothing to whoever deposits: the preuve attendue is told by its title.
    let texte = match &a_faire.ou {
        Ou::Chapitre { code, attendue: Some(attendue) } => {
            let titre = referentiel.attendue(attendue).map_or(attendue.as_str(), |slot| &slot.titre);
            let chapitre = candidature.chapitre(code).map_or(code.as_str(), |chapitre| &chapitre.titre);
            format!("{chapitre} : {titre} ({attendue})")
        }
        _ => abrege(&a_faire.texte).to_owned(),
    };
    Geste { texte, url: adresse }
}

/// In a list of what is missing, the name of an empty field says it all.
fn abrege(texte: &str) -> &str {
    ["Ce champ est obligatoire.", "Choisissez une valeur."]
        .into_iter()
        .find_map(|fin| texte.strip_suffix(fin))
        .map_or(texte, |libelle| libelle.trim_end_matches([' ', '\u{a0}', ':']))
}

/// The four steps of a candidature, as the band at the head of its page shows them.
pub(crate) fn etapes(candidature: &Candidature, contexte: &Contexte) -> Vec<Etape> {
    use EtatEtape::{AVenir, Bloquee, Courante, Faite};
    let formulaire = &candidature.formulaire;
    let finie = matches!(candidature.etat, Etat::Refusee { .. } | Etat::Abandonnee { .. });
    let courante = |faite: bool| {
        if faite {
            Faite
        } else if finie {
            Bloquee
        } else {
            Courante
        }
    };
    let depot = !candidature.chapitres.is_empty();
    let compteurs = Compteurs::de(candidature);
    let depot_fait = depot && compteurs.valides == compteurs.chapitres;
    let habilitee = matches!(candidature.etat, Etat::Habilitee { .. });
    let en_college = matches!(candidature.etat, Etat::DepotComplet | Etat::EnCollege { .. });
    let refusee_en_college = depot_fait && matches!(candidature.etat, Etat::Refusee { .. });
    let detail_formulaire = match &formulaire.etat {
        EtatFormulaire::ACompleter | EtatFormulaire::EnSaisie => {
            format!("complétée à {} %", formulaire.pourcentage(contexte))
        }
        etat => etat.libelle().to_lowercase(),
    };
    let detail_depot = if depot {
        format!("{}/{} validés", compteurs.valides, compteurs.chapitres)
    } else {
        "après validation du formulaire".to_owned()
    };
    let (etat_college, detail_college) = match &candidature.etat {
        Etat::DepotComplet => (Courante, "à inscrire"),
        Etat::EnCollege { .. } => (Courante, "inscrit à une session"),
        Etat::Habilitee { .. } => (Faite, "favorable"),
        Etat::Refusee { .. } if refusee_en_college => (Bloquee, "refus"),
        _ => (AVenir, "après validation des preuves"),
    };
    let base = url(candidature);
    vec![
        Etape::nouvelle("Formulaire administratif", courante(formulaire.valide()))
            .url(&format!("{base}/formulaire"))
            .detail(&detail_formulaire),
        Etape::nouvelle(
            "Dépôt des preuves",
            if !depot || en_college || habilitee { si(depot, Faite, AVenir) } else { courante(depot_fait) },
        )
        .url("#etape-2")
        .detail(&detail_depot),
        Etape::nouvelle("Collège", etat_college).url("#etape-3").detail(detail_college),
        Etape::nouvelle("Habilitation", si(habilitee, Faite, AVenir)).url("#etape-4").detail(if habilitee {
            "accordée"
        } else {
            "valable trois ans"
        }),
    ]
}

fn si<T>(condition: bool, oui: T, non: T) -> T {
    if condition { oui } else { non }
}

/// A chapter as its card shows it.
#[derive(Clone, Debug)]
pub(crate) struct Carte {
    pub(crate) titre: String,
    pub(crate) url: String,
    /// Where the agency instructs it.
    pub(crate) instruction: String,
    pub(crate) chargees: usize,
    pub(crate) attendues: usize,
    pub(crate) genre: Genre,
    pub(crate) etat: &'static str,
    /// What the card invites to do.
    pub(crate) invite: &'static str,
    /// Whether it waits for the agency.
    pub(crate) a_instruire: bool,
}

impl Carte {
    pub(crate) fn de(candidature: &Candidature, chapitre: &Chapitre) -> Self {
        let (chargees, attendues) = chapitre.chargees();
        let invite = match &chapitre.etat {
            EtatChapitre::ACompleter if chapitre.complet() => "Complet : soumettre",
            EtatChapitre::ACompleter => "Compléter",
            EtatChapitre::ACorriger { .. } if chapitre.a_faire().is_empty() => "Corrigé : soumettre",
            EtatChapitre::ACorriger { .. } => "Corriger",
            EtatChapitre::Soumis { .. }
            | EtatChapitre::EnInstruction { .. }
            | EtatChapitre::Valide { .. } => "Consulter",
        };
        Self {
            titre: chapitre.titre.clone(),
            url: format!("{}/chapitres/{}", url(candidature), chapitre.code),
            instruction: format!("{}/instruction/chapitres/{}", url(candidature), chapitre.code),
            chargees,
            attendues,
            genre: genre_chapitre(&chapitre.etat),
            etat: chapitre.etat.libelle(),
            invite,
            a_instruire: matches!(
                chapitre.etat,
                EtatChapitre::Soumis { .. } | EtatChapitre::EnInstruction { .. }
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Compteurs, abrege, texte_non_lus};

    #[test]
    fn counters_read_like_the_guide() {
        let compteurs = Compteurs { chapitres: 4, preuves: 15, ..Compteurs::default() };
        assert_eq!(
            compteurs.texte(),
            "0/4 chapitres soumis dont 0 validés · 0/15 preuves soumises dont 0 validées"
        );
        let une = Compteurs { chapitres: 1, soumis: 1, valides: 1, preuves: 1, ..Compteurs::default() };
        assert_eq!(une.texte(), "1/1 chapitre soumis dont 1 validé · 0/1 preuve soumise dont 0 validées");
    }

    #[test]
    fn an_empty_field_is_told_by_its_name() {
        for (texte, court) in [
            ("SIRET : Ce champ est obligatoire.", "SIRET"),
            ("Forme juridique\u{a0}: Choisissez une valeur.", "Forme juridique"),
            ("SIRET : Il manque un chiffre.", "SIRET : Il manque un chiffre."),
        ] {
            assert_eq!(abrege(texte), court);
        }
    }

    #[test]
    fn unread_messages_are_told_only_when_there_are_some() {
        for (nombre, texte) in [(0, ""), (1, "1 message non lu"), (3, "3 messages non lus")] {
            assert_eq!(texte_non_lus(nombre), texte);
        }
    }
}
