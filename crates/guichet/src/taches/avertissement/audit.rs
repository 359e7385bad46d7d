//! The notices of an audit: who is told of each step, and in which words.
//!
//! Rule: a mail names the audit and the habilitation, and tells nothing of what was found.

use domaine::{audit::Audit, calendrier::date_fr};
use jiff::civil::Date;
use registre::Tx;
use serde::{Deserialize, Serialize};

use super::{Avertissement, Cercle, demander, texte::Courrier};
use crate::{app::App, erreur::Erreur};

/// What happened in an audit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AvisAudit {
    Notifie,
    Replanifie,
    /// The provisional report was sent: the holder answers through that day.
    Communique {
        jusqu_au: Date,
    },
    /// To the auditeurs.
    Observe,
    RapportFinal,
    Conclu {
        conforme: bool,
    },
    PlanDemande {
        avant: Date,
    },
    /// To the auditeurs: each écart has its action.
    PlanComplet,
    Recontrole {
        prevu_le: Date,
    },
    /// To the holder and the administrateurs, who decide.
    SuspensionProposee,
    /// To the holder and the collège, which decides.
    RetraitPropose,
    /// What is expected of the holder by that day, which is near or past; past, the auditeurs are told too.
    AttenduDuTitulaire {
        quoi: String,
        avant: Date,
        passe: bool,
    },
    /// To the auditeurs: what they had to do by that day.
    AttenduDeLAgence {
        quoi: String,
        avant: Date,
    },
}

/// Asks for a notice in the transaction of the act that it tells.
pub async fn avertir_audit(tx: &mut Tx, app: &App, audit: &Audit, avis: AvisAudit) -> Result<(), Erreur> {
    demander(tx, app, audit.candidature, avertissement_audit(audit, avis), None).await
}

pub(in crate::taches) fn avertissement_audit(audit: &Audit, avis: AvisAudit) -> Avertissement {
    let (numero, habilitation) = (audit.numero.clone(), audit.habilitation_numero.clone());
    Avertissement::Audit { numero, habilitation, avis }
}

pub(super) fn courriers(numero: &str, habilitation: &str, avis: &AvisAudit) -> Vec<Courrier> {
    use AvisAudit as A;
    use Cercle::{Administrateurs, Auditeurs, College, Deposants};
    let audit = format!("L’audit {numero} de l’habilitation {habilitation}");
    let vers = |a, objet: &str, corps: String| Courrier::vers(a, objet, corps, format!("/audits/{numero}"));
    let titulaire = |objet: &str, corps: String| vec![vers(Deposants, objet, corps)];
    match avis {
        A::Notifie => titulaire(
            "Audit de conformité notifié",
            format!(
                "L’agence mène un audit de conformité de votre habilitation {habilitation} : il porte le numéro {numero}. Son périmètre et ses dates sont sur le site."
            ),
        ),
        A::Replanifie => titulaire(
            "Audit de conformité replanifié",
            format!("{audit} a changé de périmètre ou de dates. Ils sont sur le site."),
        ),
        A::Communique { jusqu_au } => titulaire(
            "Rapport provisoire d’audit",
            format!(
                "{audit} a donné lieu à un rapport provisoire, à lire sur le site. Vous pouvez y présenter vos observations jusqu’au {} inclus.",
                date_fr(*jusqu_au)
            ),
        ),
        A::Observe => vec![vers(
            Auditeurs,
            "Observations reçues",
            format!("Le titulaire a présenté des observations sur l’audit {numero}."),
        )],
        A::RapportFinal => {
            titulaire("Rapport final d’audit", format!("{audit} a son rapport final, à lire sur le site."))
        }
        A::Conclu { conforme: true } => {
            titulaire("Audit clos, conforme", format!("{audit} est clos : il conclut à la conformité."))
        }
        A::Conclu { conforme: false } => titulaire(
            "Écarts constatés",
            format!("{audit} conclut à des écarts. Un plan d’actions vous sera demandé."),
        ),
        A::PlanDemande { avant } => titulaire(
            "Plan d’actions demandé",
            format!(
                "{audit} conclut à des écarts. Proposez sur le site, pour chacun, une action et sa date, au plus tard le {}.",
                date_fr(*avant)
            ),
        ),
        A::PlanComplet => vec![vers(
            Auditeurs,
            "Plan d’actions complet",
            format!("Le titulaire a proposé une action pour chaque écart de l’audit {numero}."),
        )],
        A::Recontrole { prevu_le } => titulaire(
            "Recontrôle décidé",
            format!("{audit} donne lieu à un recontrôle, prévu le {}.", date_fr(*prevu_le)),
        ),
        A::SuspensionProposee => proposition(vers, Administrateurs, ("Suspension", "proposée"), &audit),
        A::RetraitPropose => proposition(vers, College, ("Retrait", "proposé"), &audit),
        A::AttenduDuTitulaire { quoi, avant, passe: false } => titulaire(
            "Échéance d’audit proche",
            format!(
                "{audit} attend de vous : {}. C’est à faire au plus tard le {}.",
                minuscule(quoi),
                date_fr(*avant)
            ),
        ),
        A::AttenduDuTitulaire { quoi, avant, .. } => vec![
            vers(
                Deposants,
                "Échéance d’audit passée",
                format!("{audit} attendait de vous, pour le {} : {}.", date_fr(*avant), minuscule(quoi)),
            ),
            vers(
                Auditeurs,
                "Échéance d’audit passée",
                format!("{audit} attendait du titulaire, pour le {} : {}.", date_fr(*avant), minuscule(quoi)),
            ),
        ],
        A::AttenduDeLAgence { quoi, avant } => vec![vers(
            Auditeurs,
            "Audit en retard",
            format!("{audit} attend de vous, depuis le {} : {}.", date_fr(*avant), minuscule(quoi)),
        )],
    }
}

/// The proposal, to the holder and to those who decide.
fn proposition(
    vers: impl Fn(Cercle, &str, String) -> Courrier,
    decide: Cercle,
    (quoi, propose): (&str, &str),
    audit: &str,
) -> Vec<Courrier> {
    let mot = quoi.to_lowercase();
    vec![
        vers(
            Cercle::Deposants,
            &format!("{quoi} {propose} à la suite d’un audit"),
            format!(
                "{audit} se termine par une proposition de {mot} de l’habilitation. Rien n’est décidé : l’habilitation reste comme elle est jusque-là. Le motif est sur le site."
            ),
        ),
        vers(
            decide,
            &format!("{quoi} d’habilitation à décider"),
            format!(
                "{audit} se termine par une proposition de {mot}. La décision vous revient, sur la page de l’habilitation."
            ),
        ),
    ]
}

fn minuscule(quoi: &str) -> String {
    let mut lettres = quoi.chars();
    lettres.next().map_or_else(String::new, |premiere| premiere.to_lowercase().chain(lettres).collect())
}
