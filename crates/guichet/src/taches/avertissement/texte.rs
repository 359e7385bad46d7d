//! The words of each notice.
//!
//! Rule: an object of a few words and one or two sentences that say what to do next; the NRU is added to the object.

use domaine::{calendrier::date_fr, candidature::Candidature};

use super::{Avertissement as A, Cercle};

/// One mail to a circle of people.
pub(super) struct Courrier {
    pub a: Cercle,
    pub objet: String,
    pub corps: String,
    /// Path on this site.
    pub chemin: String,
}

impl Courrier {
    pub(super) fn vers(
        a: Cercle,
        objet: impl Into<String>,
        corps: impl Into<String>,
        chemin: String,
    ) -> Self {
        Self { a, objet: objet.into(), corps: corps.into(), chemin }
    }
}

pub(super) fn courriers(avertissement: &A, candidature: &Candidature) -> Vec<Courrier> {
    match avertissement {
        A::FormulaireSoumis | A::FormulaireACorriger | A::FormulaireValide | A::FormulaireIrrecevable => {
            formulaire(avertissement, candidature)
        }
        A::ChapitreSoumis { .. }
        | A::ChapitreACorriger { .. }
        | A::ChapitreValide { .. }
        | A::ChapitreRouvert { .. } => chapitre(avertissement, candidature),
        A::AutorisationAccordee
        | A::AutorisationProlongee
        | A::AutorisationRevoquee
        | A::AutorisationFin { .. } => autorisation(avertissement, candidature),
        A::HabilitationSignee { .. }
        | A::HabilitationSuspendue { .. }
        | A::HabilitationRetablie { .. }
        | A::HabilitationRetiree { .. }
        | A::HabilitationRemplacee { .. }
        | A::HabilitationFin { .. }
        | A::DependanceTouchee { .. }
        | A::DependanceFin { .. }
        | A::DependanceRetablie { .. } => habilitation(avertissement, candidature),
        A::Audit { numero, habilitation, avis } => super::audit::courriers(numero, habilitation, avis),
        _ => dossier(avertissement, candidature),
    }
}

/// To those who deposit.
fn industriel(objet: &str, corps: String, chemin: String) -> Vec<Courrier> {
    vec![Courrier::vers(Cercle::Deposants, objet, corps, chemin)]
}

fn formulaire(avertissement: &A, candidature: &Candidature) -> Vec<Courrier> {
    let racine = format!("/candidatures/{}", candidature.id);
    let nru = &candidature.nru;
    match avertissement {
        A::FormulaireSoumis => vec![
            Courrier::vers(
                Cercle::Instruction,
                "Formulaire à instruire",
                format!("Le formulaire administratif de la candidature {nru} vient d’être soumis."),
                format!("{racine}/instruction/formulaire"),
            ),
            Courrier::vers(
                Cercle::Deposants,
                "Formulaire bien reçu",
                format!(
                    "Le formulaire administratif de votre candidature {nru} est soumis. L’agence l’examine ; vous serez averti de sa réponse."
                ),
                racine,
            ),
        ],
        A::FormulaireACorriger => industriel(
            "Formulaire à corriger",
            format!(
                "L’agence demande des corrections au formulaire administratif de votre candidature {nru}. Les champs concernés et leurs motifs vous attendent sur le site."
            ),
            format!("{racine}/formulaire"),
        ),
        A::FormulaireValide => industriel(
            "Formulaire validé",
            format!(
                "Le formulaire administratif de votre candidature {nru} est validé. Le dépôt des preuves est ouvert."
            ),
            racine,
        ),
        A::FormulaireIrrecevable => industriel(
            "Candidature irrecevable",
            format!("L’agence a déclaré votre candidature {nru} irrecevable. Le motif est sur le site."),
            racine,
        ),
        _ => Vec::new(),
    }
}

fn chapitre(avertissement: &A, candidature: &Candidature) -> Vec<Courrier> {
    let racine = format!("/candidatures/{}", candidature.id);
    let nru = &candidature.nru;
    let titre =
        |code: &str| candidature.chapitre(code).map_or_else(|| code.to_owned(), |un| un.titre.clone());
    match avertissement {
        A::ChapitreSoumis { code } => vec![
            Courrier::vers(
                Cercle::Instruction,
                "Chapitre à instruire",
                format!("Le chapitre « {} » de la candidature {nru} vient d’être soumis.", titre(code)),
                format!("{racine}/instruction/chapitres/{code}"),
            ),
            Courrier::vers(
                Cercle::Deposants,
                "Chapitre bien reçu",
                format!(
                    "Le chapitre « {} » de votre candidature {nru} est soumis. L’agence l’examine ; vous serez averti de sa réponse.",
                    titre(code)
                ),
                racine,
            ),
        ],
        A::ChapitreACorriger { code } => industriel(
            "Preuves à corriger",
            format!(
                "L’agence demande des corrections au chapitre « {} » de votre candidature {nru}. Les preuves concernées et leurs motifs vous attendent sur le site.",
                titre(code)
            ),
            format!("{racine}/chapitres/{code}"),
        ),
        A::ChapitreValide { code } => industriel(
            "Chapitre validé",
            format!("Le chapitre « {} » de votre candidature {nru} est validé.", titre(code)),
            racine,
        ),
        A::ChapitreRouvert { code } => industriel(
            "Chapitre rouvert",
            format!(
                "L’agence a rouvert le chapitre « {} » de votre candidature {nru}. Le motif est sur le site.",
                titre(code)
            ),
            format!("{racine}/chapitres/{code}"),
        ),
        _ => Vec::new(),
    }
}

fn dossier(avertissement: &A, candidature: &Candidature) -> Vec<Courrier> {
    let racine = format!("/candidatures/{}", candidature.id);
    let nru = &candidature.nru;
    match avertissement {
        A::DepotComplet => vec![
            Courrier::vers(
                Cercle::Deposants,
                "Dossier complet",
                format!(
                    "Toutes les preuves de votre candidature {nru} sont validées. Le dossier attend une session du collège."
                ),
                racine.clone(),
            ),
            Courrier::vers(
                Cercle::Administrateurs,
                "Dossier à inscrire au collège",
                format!(
                    "Le dossier {nru} est complet : il peut être inscrit à l’ordre du jour d’une session."
                ),
                racine,
            ),
        ],
        A::InscritAuCollege => industriel(
            "Dossier inscrit au collège",
            format!(
                "Votre candidature {nru} est à l’ordre du jour d’une session du collège. Vous serez averti de la décision."
            ),
            racine,
        ),
        A::DecisionDuCollege => industriel(
            "Décision du collège",
            format!("Le collège a rendu sa décision sur votre candidature {nru}. Elle est sur le site."),
            racine,
        ),
        A::CandidatureAbandonnee => vec![
            Courrier::vers(
                Cercle::Deposants,
                "Candidature abandonnée",
                format!(
                    "La candidature {nru} est close par abandon. Ce qui a été déposé est conservé le temps prévu, puis effacé."
                ),
                racine.clone(),
            ),
            Courrier::vers(
                Cercle::Instruction,
                "Candidature abandonnée",
                format!("La candidature {nru} est close par abandon."),
                racine,
            ),
        ],
        A::MessageRecu { agence } => vec![Courrier::vers(
            if *agence { Cercle::Deposants } else { Cercle::Instruction },
            "Nouveau message",
            format!("Un message vous attend dans la messagerie de la candidature {nru}."),
            format!("{racine}/messages"),
        )],
        A::PreuveFin { chapitre, attendue, titre, fin, passee } => {
            let (objet, texte) = if *passee {
                ("Preuve périmée", format!("n’est plus valable depuis le {}", date_fr(*fin)))
            } else {
                ("Preuve bientôt périmée", format!("est valable jusqu’au {}", date_fr(*fin)))
            };
            industriel(
                objet,
                format!(
                    "La preuve {attendue} « {titre} » de votre candidature {nru} {texte}. Prévoyez ce qui la remplacera ; une fois le chapitre soumis, écrivez à l’agence par la messagerie."
                ),
                format!("{racine}/chapitres/{chapitre}"),
            )
        }
        A::CorrectionAttendue { jours } => industriel(
            "Corrections attendues",
            format!(
                "Votre candidature {nru} attend vos corrections depuis {jours} jours. Elle avancera dès que vous les aurez soumises."
            ),
            racine,
        ),
        A::DelaiAgence { pourcent } => delai(*pourcent, candidature, &racine),
        A::Inactivite { mois } => industriel(
            "Candidature sans activité",
            format!(
                "Rien n’a bougé sur votre candidature {nru} depuis {mois} mois. Sans activité pendant six mois, elle est mise en sommeil ; elle se réveille à votre premier acte."
            ),
            racine,
        ),
        A::MiseEnSommeil => industriel(
            "Candidature en sommeil",
            format!(
                "Faute d’activité depuis six mois, votre candidature {nru} est en sommeil : elle n’est plus prioritaire. Rien n’est perdu, elle se réveille à votre premier acte."
            ),
            racine,
        ),
        _ => Vec::new(),
    }
}

fn autorisation(avertissement: &A, candidature: &Candidature) -> Vec<Courrier> {
    let nru = &candidature.nru;
    let (objet, corps) = match avertissement {
        A::AutorisationAccordee => (
            "Autorisation d’accès accordée",
            format!(
                "L’autorisation d’accès aux environnements de test de la candidature {nru} est accordée pour trois mois. Téléchargez-la et déposez-la sur le portail du CNDA."
            ),
        ),
        A::AutorisationProlongee => (
            "Autorisation d’accès prolongée",
            format!(
                "L’autorisation d’accès aux environnements de test de la candidature {nru} est prolongée de trois mois. Un nouveau document est à télécharger."
            ),
        ),
        A::AutorisationFin { fin, passee: false } => (
            "Fin prochaine de l’autorisation d’accès",
            format!(
                "L’autorisation d’accès aux environnements de test de la candidature {nru} prend fin le {}. Si vos tests durent, demandez sa prolongation par la messagerie.",
                date_fr(*fin)
            ),
        ),
        A::AutorisationFin { fin, .. } => (
            "Autorisation d’accès expirée",
            format!(
                "L’autorisation d’accès aux environnements de test de la candidature {nru} a pris fin le {}. Pour la prolonger, écrivez par la messagerie.",
                date_fr(*fin)
            ),
        ),
        _ => (
            "Autorisation d’accès révoquée",
            format!(
                "L’autorisation d’accès aux environnements de test de la candidature {nru} est révoquée. Le motif est sur le site."
            ),
        ),
    };
    let chemin = format!("/candidatures/{}/autorisation/fiche", candidature.id);
    let mut courriers = Vec::new();
    if *avertissement == A::AutorisationRevoquee {
        courriers.push(Courrier::vers(Cercle::Cnda, objet, corps.clone(), chemin.clone()));
    }
    courriers.push(Courrier::vers(Cercle::Deposants, objet, corps, chemin));
    courriers
}

fn habilitation(avertissement: &A, candidature: &Candidature) -> Vec<Courrier> {
    let nru = &candidature.nru;
    let (numero, objet, corps) = match avertissement {
        A::HabilitationSignee { numero } => (
            numero,
            "Habilitation délivrée",
            format!(
                "L’habilitation {numero} de la candidature {nru} est signée. Le document est à télécharger sur le site, et l’habilitation paraît au registre public."
            ),
        ),
        A::HabilitationSuspendue { numero } => (
            numero,
            "Habilitation suspendue",
            format!(
                "L’habilitation {numero} est suspendue : le registre public le montre. Le motif est sur le site."
            ),
        ),
        A::HabilitationRetablie { numero } => (
            numero,
            "Habilitation rétablie",
            format!("La suspension de l’habilitation {numero} est levée : elle est de nouveau en vigueur."),
        ),
        A::HabilitationRetiree { numero } => (
            numero,
            "Habilitation retirée",
            format!("L’habilitation {numero} est retirée. Le motif est sur le site."),
        ),
        A::HabilitationRemplacee { numero, par } => (
            numero,
            "Habilitation remplacée",
            format!(
                "L’habilitation {numero} est remplacée par {par}, délivrée pour le même produit et le même profil."
            ),
        ),
        A::HabilitationFin { numero, fin, passee: false } => (
            numero,
            "Fin prochaine de l’habilitation",
            format!(
                "L’habilitation {numero} prend fin le {}. Pour la renouveler, déposez à temps une nouvelle candidature : il n’y a pas de renouvellement automatique.",
                date_fr(*fin)
            ),
        ),
        A::HabilitationFin { numero, fin, .. } => (
            numero,
            "Habilitation expirée",
            format!("L’habilitation {numero} a pris fin le {}.", date_fr(*fin)),
        ),
        A::DependanceTouchee { numero, etat } => (
            numero,
            "Habilitation dont vous dépendez",
            format!(
                "L’habilitation {numero}, sur laquelle s’appuie votre candidature {nru}, est {etat}. Prenez contact avec son titulaire ; au besoin, écrivez à l’agence par la messagerie."
            ),
        ),
        A::DependanceFin { numero, fin } => (
            numero,
            "Habilitation dont vous dépendez",
            format!(
                "L’habilitation {numero}, sur laquelle s’appuie votre candidature {nru}, prend fin le {}. Demandez à son titulaire ce qu’il prévoit.",
                date_fr(*fin)
            ),
        ),
        A::DependanceRetablie { numero } => (
            numero,
            "Habilitation dont vous dépendez",
            format!(
                "L’habilitation {numero}, sur laquelle s’appuie votre candidature {nru}, est de nouveau en vigueur."
            ),
        ),
        _ => return Vec::new(),
    };
    let chemin = match avertissement {
        // Somebody else's: its public page is all that they may see.
        A::DependanceTouchee { .. } | A::DependanceFin { .. } | A::DependanceRetablie { .. } => {
            format!("/registre/{numero}")
        }
        _ => format!("/habilitations/{numero}"),
    };
    vec![Courrier::vers(Cercle::Responsables, objet, corps, chemin)]
}

fn delai(pourcent: i32, candidature: &Candidature, racine: &str) -> Vec<Courrier> {
    let nru = &candidature.nru;
    let corps = if pourcent >= 100 {
        format!("Le délai de réponse de l’agence est dépassé sur la candidature {nru}.")
    } else {
        format!("{pourcent} % du délai de réponse de l’agence sont écoulés sur la candidature {nru}.")
    };
    let un =
        |cercle| Courrier::vers(cercle, "Réponse attendue de l’agence", corps.clone(), racine.to_owned());
    if pourcent >= 100 {
        vec![un(Cercle::Instruction), un(Cercle::Administrateurs)]
    } else {
        vec![un(Cercle::Instruction)]
    }
}
